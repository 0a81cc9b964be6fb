/**
 * Where a detection belongs: to a subject at a site where the registry names one surely enough, else to its address.
 * The id of a node derives from its key alone, so that every ledger gives the same.
 */
import { createHash } from 'node:crypto';
import type { Attribution, Candidate, Observation, Place } from '../attribution/types.ts';
import { canonicalJson } from '../common/canonical-json.ts';
import type { ConversationRow, DetectionRow } from '../detect/detection.ts';
import { byText } from './combine.ts';
import type { LeadServices, LeadSettings } from './services.ts';
import type { Placement } from './store.ts';
import { micros } from './times.ts';
import type { LeadKey } from './types.ts';

/** `L` and the first 24 hex digits of the SHA-256 of the canonical key. */
export function nodeId(key: LeadKey): string {
  return `L${createHash('sha256').update(canonicalJson(key)).digest('hex').slice(0, 24)}`;
}

/** Places of a site in the order in which they say where machines stand; registered and filing addresses do not. */
const SITE_PLACES = ['install', 'site', 'power'] as const;

/** The place of a candidate that says where it is, or null. */
export function sitePlace(candidate: Candidate): Place | null {
  for (const kind of SITE_PLACES) {
    const found = candidate.places
      .filter((place) => place.kind === kind && (place.text !== null || place.region !== null))
      .sort((a, b) => byText(canonicalJson(a), canonicalJson(b)));
    if (found[0] !== undefined) return found[0];
  }
  return null;
}

/** The key under which an attribution (or its lack) puts an observation. */
export function keyOf(
  observation: Pick<Observation, 'ip' | 'realm' | 'nat'>,
  attribution: Attribution | null,
  services: Pick<LeadServices, 'siteKey'>,
  threshold: number,
): LeadKey {
  const best = attribution?.best ?? null;
  if (best === null || (attribution?.overall ?? 0) < threshold) {
    const { ip, realm, nat } = observation;
    return { kind: 'address', ip, realm, nat };
  }
  const place = sitePlace(best);
  return { kind: 'subject_site', subject: best.subject, site: (place && services.siteKey(place)) ?? 'unknown' };
}

function observationOf(row: DetectionRow, conversation: ConversationRow | null): Observation {
  const from = micros(conversation?.first_seen ?? row.first_seen) ?? 0;
  return {
    ip: row.miner.ip,
    port: conversation?.miner_port ?? null,
    protocol: row.transport === 'quic' || row.transport === 'dns' ? 'udp' : 'tcp',
    from,
    to: Math.max(from, micros(conversation?.last_seen ?? row.last_seen) ?? 0),
    nat: row.vantage.nat,
    realm: row.vantage.realm,
    clockError: row.vantage.clock_error_s,
    opened: conversation?.opened_in_view ?? false,
  };
}

export interface Placed extends Placement {
  readonly key: LeadKey;
}

/**
 * The nodes of a detection, sorted by id. Each conversation is attributed on its own, with its port and times: behind an
 * address translation several subscribers share the address, and a dynamic line changes hands within a day. Where they lead
 * to several nodes, each placement names its ports and the detection is shared.
 */
export function placeDetection(row: DetectionRow, services: LeadServices, settings: LeadSettings): Placed[] {
  const conversations = row.conversations.length > 0 ? row.conversations : [null];
  const found = new Map<string, { key: LeadKey; own: ConversationRow[]; answers: Attribution[] }>();
  for (const conversation of conversations) {
    const observation = observationOf(row, conversation);
    const attribution = services.attribute(observation);
    const key = keyOf(observation, attribution, services, settings.threshold);
    const id = nodeId(key);
    const node = found.get(id) ?? { key, own: [], answers: [] };
    if (conversation !== null) node.own.push(conversation);
    if (attribution !== null) node.answers.push(attribution);
    found.set(id, node);
  }
  const shared = found.size > 1;
  return [...found]
    .sort(([a], [b]) => byText(a, b))
    .map(([node, { key, own, answers }]) => ({
      detection: row.id,
      node,
      key,
      ports: shared ? [...new Set(own.map(({ miner_port: port }) => port))].sort((a, b) => a - b) : null,
      ...(shared ? { conversations: beginnings(own) } : {}),
      shared,
      attribution: unite(answers),
    }));
}

function beginnings(list: readonly ConversationRow[]): (readonly [number, string])[] {
  return list
    .map(({ miner_port: port, first_seen: from }) => [port, from] as const)
    .sort((a, b) => a[0] - b[0] || byText(a[1], b[1]));
}

/** Candidates kept of one placement: more stand behind no line. */
const MAX_CANDIDATES = 64;

/** One answer of several: the one with the highest grade, with the candidates and remarks of all. */
function unite(answers: readonly Attribution[]): Attribution | null {
  const sorted = answers
    .map((answer) => ({ answer, text: canonicalJson(answer) }))
    .sort((a, b) => b.answer.overall - a.answer.overall || byText(a.text, b.text))
    .map(({ answer }) => answer);
  const [best] = sorted;
  if (best === undefined) return null;
  const all = <T>(pick: (answer: Attribution) => readonly T[]): T[] => [
    ...new Map(sorted.flatMap(pick).map((each) => [canonicalJson(each), each])).values(),
  ];
  return {
    ...best,
    candidates: all((answer) => answer.candidates).slice(0, MAX_CANDIDATES),
    missing: all((answer) => answer.missing),
    contradictions: all((answer) => answer.contradictions),
  };
}
