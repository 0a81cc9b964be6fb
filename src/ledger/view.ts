/** The lead out of its nodes and decisions: a pure function of both; every list sorted, so that equal sets give equal bytes. */
import type { Candidate, Place, Remark } from '../attribution/types.ts';
import { canonicalJson } from '../common/canonical-json.ts';
import type { Activity, DetectionRow } from '../detect/detection.ts';
import type { EnergyInput } from '../estimate/types.ts';
import { byText, sortedUnique } from './combine.ts';
import type { Decisions, ReportRecord } from './decisions.ts';
import { categoryOf, deadlineOf, flagsOf, isoOrNull, type StatusNow, statusOf, trafficRemarks } from './fields.ts';
import { accountsOf, endpointOf, type Item, type NodeFacts } from './node-facts.ts';
import { sitePlace } from './node-key.ts';
import { leadRates, mostConnections } from './rates.ts';
import type { LeadServices, LeadSettings } from './services.ts';
import { CONFIDENCES } from './strength.ts';
import { isoTime, micros } from './times.ts';
import type { Lead, LeadAccount, LeadAddress, LeadDetection, LeadKey, LeadLink, LeadSubject } from './types.ts';

const ACTIVITIES: Readonly<Record<Activity, number>> = { probe: 0, attempt: 1, mining: 2, proxy: 3 };
const KEY_ORDER: Readonly<Record<LeadKey['kind'], number>> = { subject_site: 0, address: 1, report: 2 };

/** The lead `id` of `nodes` (one at least, `id` among them). Links to other leads and coverage are added when it is read. */
export function buildLead(
  id: string,
  nodes: readonly NodeFacts[],
  decisions: Decisions,
  services: LeadServices,
  settings: LeadSettings,
): Lead {
  const items = itemsOf(nodes);
  const key = keyOfLead(id, nodes);
  const candidates = candidatesOf(items);
  const subject = key.kind === 'subject_site' ? subjectOf(key.subject, candidates) : null;
  const reports = [...decisions.reports.values()].sort(
    (a, b) => byText(a.source, b.source) || byText(a.reference, b.reference),
  );
  const places = placesOf(subject, candidates, reports);
  const own = items.filter(({ placement }) => !placement.shared).map(({ row }) => row);
  const first = items.map(({ row }) => row.first_seen).sort(byText)[0] ?? null;
  const last =
    items
      .map(({ row }) => row.last_seen)
      .sort(byText)
      .at(-1) ?? null;
  const status = statusOf(items, decisions);
  const category = categoryOf(items, decisions, settings);
  const identified = services.identify({
    subject,
    candidates,
    places,
    powerAccounts: [...decisions.powerAccounts].sort(byText),
    from: first === null ? null : micros(first),
    to: last === null ? null : micros(last),
  });
  const region = decisions.region ?? regionOf(subject, places);
  const rates = leadRates(own);
  const placed = items.map(ownConversations);
  const known = (rows: readonly DetectionRow[]): DetectionRow | undefined =>
    rows.findLast((row) => row.hardware_class !== 'unknown');
  const hardware = (known(own) ?? known(placed))?.hardware_class ?? 'unknown';
  const coins = sortedUnique(items.flatMap(({ row }) => row.coins));
  const addresses = addressesOf(items, reports);
  const involvement = decisions.involvement ?? 'unknown';
  const energy =
    first === null || last === null || items.length === 0
      ? null
      : services.estimate({
          ...identified.energy,
          date: last.slice(0, 10),
          rates,
          connections: mostConnections(placed),
          hardwareClass: hardware,
          addresses: addresses.length,
          region,
          category: category === 'existing' || category === 'new' ? category : 'unknown',
          passive: involvement === 'passive',
          miningFrom: first.slice(0, 10),
          miningTo: stopDay(status, decisions),
          freePower: false,
        } satisfies EnergyInput);
  return {
    type: 'lead',
    version: 1,
    id,
    number: decisions.number,
    key,
    status: status.status,
    status_since: isoOrNull(status.since),
    category,
    involvement,
    site_type: decisions.siteType ?? identified.siteType,
    flags: flagsOf(identified, coins, rates, energy, decisions, settings),
    activity: greatestOf(
      items.map(({ row }) => row.activity),
      ACTIVITIES,
    ),
    confidence: greatestOf(
      items.map(({ row }) => row.confidence),
      CONFIDENCES,
    ),
    first_seen: first,
    last_seen: last,
    region,
    subject: subject === null ? reportedSubject(reports) : partyOf(subject),
    parties: partiesOf(candidates),
    places,
    missing: remarksOf([
      ...items.flatMap(({ answers }) => answers.flatMap((answer) => answer.missing)),
      ...trafficRemarks(items, key.kind === 'address'),
      ...(items.length === 0 && reports.length > 0 ? [TO_BE_VERIFIED] : []),
    ]),
    contradictions: remarksOf([
      ...items.flatMap(({ answers }) => answers.flatMap((answer) => answer.contradictions)),
      ...decisions.remarks.values(),
    ]),
    addresses,
    pools: poolsOf(items),
    coins,
    accounts: leadAccounts(items),
    agents: sortedUnique(own.flatMap((row) => row.agents)),
    hardware_class: hardware,
    hashrates: rates,
    energy,
    power_accounts: sortedUnique([...decisions.powerAccounts, ...identified.powerAccounts]),
    department: decisions.department,
    deadline: deadlineOf(status, decisions, settings),
    reports: reports.map(({ source, reference, received }) => ({ source, reference, received: isoTime(received) })),
    detections: items.map(leadDetection),
    links: ownLinks(id, decisions),
    observed: { seconds: 0, until: null, quiet_seconds: 0 },
    aliases: nodes
      .map((node) => node.id)
      .filter((node) => node !== id)
      .sort(byText),
  };
}

const TO_BE_VERIFIED: Remark = {
  code: 'to_be_verified',
  text: 'Reported; no traffic seen yet that confirms it.',
};

/** Detections in order. One whose subscribers all belong to this lead is not shared with another. */
function itemsOf(nodes: readonly NodeFacts[]): Item[] {
  const byDetection = new Map<string, Item[]>();
  for (const item of nodes.flatMap((node) => node.items)) {
    const list = byDetection.get(item.row.id);
    if (list === undefined) byDetection.set(item.row.id, [item]);
    else list.push(item);
  }
  const items = [...byDetection.values()].flatMap((list) => {
    const [first] = list;
    if (first === undefined || list.length < 2 || list.length < first.placements) return list;
    const answers = list.flatMap((item) => item.answers);
    return [{ ...first, answers, placement: { ...first.placement, ports: null, shared: false } }];
  });
  return items.sort(
    (a, b) =>
      byText(a.row.first_seen, b.row.first_seen) ||
      byText(a.row.id, b.row.id) ||
      byText(a.placement.node, b.placement.node),
  );
}

/** A subject at a site before an address before a report; of equals the node that names the lead, then the least. */
function keyOfLead(id: string, nodes: readonly NodeFacts[]): LeadKey {
  const sorted = [...nodes].sort(
    (a, b) =>
      Number(a.items.length === 0 && a.key.kind !== 'report') -
        Number(b.items.length === 0 && b.key.kind !== 'report') ||
      KEY_ORDER[a.key.kind] - KEY_ORDER[b.key.kind] ||
      Number(a.id !== id) - Number(b.id !== id) ||
      byText(a.id, b.id),
  );
  return (sorted[0] as NodeFacts).key;
}

/** Every candidate of every attribution: one per role and subject, the best graded; sorted by surety. */
function candidatesOf(items: readonly Item[]): Candidate[] {
  const best = new Map<string, { value: Candidate; text: string }>();
  for (const value of items.flatMap(({ answers }) => answers.flatMap((answer) => answer.candidates))) {
    const key = canonicalJson([value.role, value.subject]);
    const text = canonicalJson(value);
    const other = best.get(key);
    const more = other === undefined ? 1 : leastGrade(value) - leastGrade(other.value);
    if (more > 0 || (more === 0 && text < (other?.text ?? ''))) best.set(key, { value, text });
  }
  return [...best.values()]
    .sort((a, b) => leastGrade(b.value) - leastGrade(a.value) || byText(a.text, b.text))
    .map(({ value }) => value);
}

function leastGrade({ grades }: Candidate): number {
  return Math.min(grades.subscriber, grades.enterprise, grades.address);
}

function subjectOf(subject: string, candidates: readonly Candidate[]): Candidate | null {
  return candidates.find((candidate) => candidate.subject === subject) ?? null;
}

/** A party as a lead shows it; the name of a natural person stays in the sealed fields. */
function partyOf(candidate: Candidate): LeadSubject {
  const { subject, role, name, uscc, person, grades, because } = candidate;
  return { key: subject, role, name: person ? null : name, uscc, person, grades, because };
}

function partiesOf(candidates: readonly Candidate[]): LeadSubject[] {
  return candidates.map(partyOf).sort((a, b) => byText(a.role, b.role) || byText(a.key, b.key));
}

function reportedSubject(reports: readonly ReportRecord[]): LeadSubject | null {
  const found = reports.find(({ subject, uscc }) => subject !== null || uscc !== null);
  if (found === undefined) return null;
  const { subject: name, uscc, source } = found;
  const grades = { subscriber: 0, enterprise: 0, address: 0 };
  const key = uscc === null ? `reported:${name}` : `uscc:${uscc}`;
  return { key, role: 'reported', name, uscc, person: false, grades, because: `named in a report of ${source}` };
}

function placesOf(
  subject: Candidate | null,
  candidates: readonly Candidate[],
  reports: readonly ReportRecord[],
): Place[] {
  const found = new Map<string, Place>();
  const add = (place: Place): void => void found.set(canonicalJson(place), place);
  const shown = subject === null ? likely(candidates) : [subject];
  for (const candidate of shown) candidate.places.forEach(add);
  if (shown.length === 0) {
    for (const { region, kind } of candidates.flatMap(({ places }) => places)) {
      if (region !== null) add({ kind, region, text: null, detail: null });
    }
  }
  for (const { region, place } of reports) {
    if (region !== null || place !== null) add({ kind: 'site', region, text: place, detail: null });
  }
  return [...found].sort(([a], [b]) => byText(a, b)).map(([, place]) => place);
}

const NAMING = new Set(['line_subscriber', 'site_operator', 'filing_unit']);

/**
 * Whose places an unattributed lead may show: those of the one subject that somebody names. Where several fit, or nobody but
 * the carrier is known, an address would send an inspector to a door that is not the miner's; the region is left.
 */
function likely(candidates: readonly Candidate[]): readonly Candidate[] {
  const named = candidates.filter(({ role }) => NAMING.has(role));
  const subjects = new Set(named.map(({ uscc, subject }) => uscc ?? subject));
  return subjects.size === 1 ? named : [];
}

/** Region of the site, else of any place, the most exact first. */
function regionOf(subject: Candidate | null, places: readonly Place[]): string | null {
  const site = subject === null ? null : sitePlace(subject);
  if (site !== null && site.region !== null) return site.region;
  const regions = sortedUnique(places.flatMap(({ region }) => region ?? []));
  const exact = regions.filter((region) => !region.endsWith('00'));
  return exact[0] ?? regions[0] ?? null;
}

function greatestOf<T extends string>(list: readonly T[], order: Readonly<Record<T, number>>): T | null {
  return list.reduce<T | null>((best, each) => (best === null || order[each] > order[best] ? each : best), null);
}

function stopDay(now: StatusNow, decisions: Decisions): string | null {
  const ended = now.status === 'stopped' || now.status === 'inspected' || now.status === 'closed';
  return ended ? (decisions.status?.date ?? isoOrNull(now.since)?.slice(0, 10) ?? null) : null;
}

function remarksOf(remarks: readonly Remark[]): Remark[] {
  const found = new Map(remarks.map(({ code, text }) => [canonicalJson([code, text]), { code, text }]));
  return [...found].sort(([a], [b]) => byText(a, b)).map(([, remark]) => remark);
}

function addressesOf(items: readonly Item[], reports: readonly ReportRecord[]): LeadAddress[] {
  const found = new Map<
    string,
    { ip: string; realm: string | null; nat: string; times: string[]; ports: Set<number> }
  >();
  const at = (ip: string, realm: string | null, nat: string) => {
    const key = canonicalJson([ip, realm, nat]);
    const address = found.get(key) ?? { ip, realm, nat, times: [], ports: new Set<number>() };
    found.set(key, address);
    return address;
  };
  for (const item of items) {
    const { row } = item;
    const address = at(row.miner.ip, row.vantage.realm, row.vantage.nat);
    address.times.push(row.first_seen, row.last_seen);
    for (const port of portsOf(item)) address.ports.add(port);
  }
  const seen = new Set(items.map(({ row }) => row.miner.ip));
  for (const { ip, port, from, to } of reports) {
    if (ip === null || seen.has(ip)) continue;
    const address = at(ip, null, 'none');
    for (const time of [from, to]) if (time !== null) address.times.push(isoTime(time));
    if (port !== null) address.ports.add(port);
  }
  return [...found]
    .sort(([a], [b]) => byText(a, b))
    .map(([, { ip, realm, nat, times, ports }]) => {
      times.sort(byText);
      return {
        ip,
        realm,
        nat,
        first_seen: times[0] ?? '1970-01-01T00:00:00.000000Z',
        last_seen: times.at(-1) ?? '1970-01-01T00:00:00.000000Z',
        ports: [...ports].sort((a, b) => a - b),
      };
    });
}

function portsOf({ row, placement }: Item): number[] {
  const ports = placement.ports ?? row.conversations.map(({ miner_port }) => miner_port);
  return [...new Set(ports)].sort((a, b) => a - b);
}

function poolsOf(items: readonly Item[]): Lead['pools'] {
  const found = new Map(
    items.map(({ row }) => {
      const pool = { endpoint: endpointOf(row), name: row.pool.name, ip: row.pool.ip };
      return [canonicalJson([pool.endpoint, pool.ip, pool.name]), pool];
    }),
  );
  return [...found].sort(([a], [b]) => byText(a, b)).map(([, pool]) => pool);
}

function leadAccounts(items: readonly Item[]): LeadAccount[] {
  const found = new Map<
    string,
    { workers: Set<string>; logins: string[]; account: string; wallet: LeadAccount['wallet'] }
  >();
  for (const { login, account, worker, wallet } of items.flatMap((item) => [...accountsOf(item)])) {
    const key = canonicalJson([account, wallet]);
    const each = found.get(key) ?? { workers: new Set<string>(), logins: [], account, wallet };
    each.logins.push(login);
    if (worker !== null) each.workers.add(worker);
    found.set(key, each);
  }
  return [...found]
    .sort(([a], [b]) => byText(a, b))
    .map(([, { workers, logins, account, wallet }]) => ({
      login: logins.sort(byText)[0] as string,
      account,
      workers: sortedUnique(workers),
      wallet,
    }));
}

const NO_SHARES = { submitted: 0, accepted: 0, rejected: 0 };

function leadDetection(item: Item): LeadDetection {
  const { row, placement } = item;
  const { low, mid, high, unit } = row.hashrate ?? { low: 0, mid: 0, high: 0, unit: '' };
  const ports = portsOf(item);
  const signatures = row.indications.map(({ signature, version }) => ({ id: signature, version }));
  const unique = new Map(signatures.map((each) => [`${each.id}@${each.version}`, each]));
  return {
    id: row.id,
    sensor: row.sensor,
    day: row.first_seen.slice(0, 10),
    first_seen: row.first_seen,
    last_seen: row.last_seen,
    activity: row.activity,
    confidence: row.confidence,
    ip: row.miner.ip,
    realm: row.vantage.realm,
    nat: row.vantage.nat,
    ports,
    pool: endpointOf(row),
    pool_ip: row.pool.ip,
    pool_port: row.pool.port,
    transport: row.transport,
    dialect: row.dialect,
    coins: row.coins,
    algorithm: row.algorithm,
    hashrate: row.hashrate === null || placement.shared ? null : { low, mid, high, unit },
    shares: placement.shared ? NO_SHARES : row.shares,
    flows: placement.shared ? ports.length : row.flows,
    signatures: [...unique].sort(([a], [b]) => byText(a, b)).map(([, each]) => each),
    shared: placement.shared,
  };
}

function ownLinks(id: string, decisions: Decisions): LeadLink[] {
  const links = [...decisions.links.values()];
  if (decisions.restartOf !== null) links.push({ lead: id, kind: 'restart_of', value: decisions.restartOf });
  return sortLinks(links);
}

/** Sorted by kind, value and lead. */
export function sortLinks(links: readonly LeadLink[]): LeadLink[] {
  return [...links].sort((a, b) => byText(a.kind, b.kind) || byText(a.value, b.value) || byText(a.lead, b.lead));
}

/** The detection with the conversations that belong to this lead: how many there were is known even where counts are shared. */
function ownConversations({ row, placement: { ports } }: Item): DetectionRow {
  if (ports === null) return row;
  return { ...row, conversations: row.conversations.filter(({ miner_port: port }) => ports.includes(port)) };
}
