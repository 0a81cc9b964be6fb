/**
 * Detections of leads as alert lines in the EVE format of Suricata (https://docs.suricata.io, output/eve), for a SIEM that
 * reads Suricata already. As Suricata does: one line for each signature that held and each conversation it held in.
 */
import { createHash } from 'node:crypto';
import type { LeadDetection } from '../ledger/types.ts';
import { communityId } from './eve-community-id.ts';
import { addressOf, compactObject, instant, list, plain, type Reduced, type ReducedLead, whole } from './stix-value.ts';

export interface EveOptions {
  /** Seed of the Community ID: the `community-id-seed` of the sensors it shall match, 0 by default. */
  readonly communityIdSeed?: number;
}

/** The class `coin-mining` of Suricata's classification file. */
const CATEGORY = 'Crypto Currency Mining Activity Detected';
const SEVERITY: Readonly<Record<string, number>> = { confirmed: 1, probable: 2, suspected: 3 };
/** Names that Suricata gives to application protocols. */
const APP_PROTOCOLS: Readonly<Record<string, string>> = {
  tls: 'tls',
  wss: 'tls',
  https: 'tls',
  http: 'http',
  ws: 'http',
  quic: 'quic',
};

/**
 * Lines without their newline, ASCII alone. `src_ip` is the miner and `dest_ip` the pool, and so are `alert.source` and
 * `alert.target`. Detections without a full address of the miner or without a time give no line. Total on reduced leads.
 */
export function* eveAlerts(leads: Iterable<ReducedLead>, options: EveOptions = {}): Generator<string> {
  for (const lead of leads) {
    for (const detection of list(lead.detections)) yield* alertsOf(lead, detection, options);
  }
}

/**
 * The number of a signature, from its name: 1,500,000,000 and up, above every range that is handed out to rule writers, and
 * within 31 bits.
 */
export function signatureNumber(id: string): number {
  return 1_500_000_000 + (createHash('sha256').update(id, 'utf8').digest().readUInt32BE(0) >>> 3);
}

function* alertsOf(lead: ReducedLead, detection: Reduced<LeadDetection>, options: EveOptions): Generator<string> {
  const source = addressOf(detection.ip);
  const first = instant(detection.first_seen, 'first');
  if (source === undefined || source.prefix || first === undefined) return;
  const pool = addressOf(detection.pool_ip);
  const target = pool?.prefix === false ? pool.value : undefined;
  const last = instant(detection.last_seen, 'last');
  const talks = talksOf(detection, first, last);
  const dstPort = whole(detection.pool_port, 0, 65_535);
  const transport = detection.transport ?? 'tcp';
  const protocol = transport === 'quic' || transport === 'udp' ? 'udp' : 'tcp';
  const named = list(detection.signatures).flatMap(({ id, version }) => {
    const name = plain(id, 128);
    return name === undefined ? [] : [{ name, rev: whole(version, 0, 2 ** 31) ?? 0 }];
  });
  const signatures = named.length > 0 ? named : [{ name: 'detection', rev: 0 }];
  const metadata = metadataOf(lead, detection, source.value, first, last);
  for (const { port, start, end, alone } of talks) {
    const tuple = { srcIp: source.value, srcPort: port ?? 0, dstIp: target ?? '', dstPort: dstPort ?? 0 };
    const known = port !== undefined && target !== undefined && dstPort !== undefined;
    const community = known ? communityId({ protocol, ...tuple }, options.communityIdSeed ?? 0) : null;
    const ends = { src_ip: source.value, src_port: port, dest_ip: target, dest_port: dstPort };
    for (const { name, rev } of signatures) {
      const line = compactObject({
        timestamp: offsetTime(start),
        flow_id: flowNumber([tuple, plain(detection.id, 256), start]),
        event_type: 'alert',
        ...ends,
        proto: protocol.toUpperCase(),
        app_proto: APP_PROTOCOLS[transport],
        direction: 'to_server',
        ip_v: source.family,
        host: plain(detection.sensor, 128),
        community_id: community ?? undefined,
        alert: compactObject({
          action: 'allowed',
          gid: 1,
          signature_id: signatureNumber(name),
          rev,
          signature: `POOLPRINT ${plain(detection.activity, 32) ?? 'mining'} ${name}`,
          category: CATEGORY,
          severity: SEVERITY[detection.confidence ?? ''] ?? 3,
          source: compactObject({ ip: source.value, port }),
          target: target === undefined ? undefined : compactObject({ ip: target, port: dstPort }),
          metadata: { ...metadata, poolprint_signature: [`${name}:${rev}`] },
        }),
        flow: alone ? flowOf(ends, start, end) : undefined,
      });
      yield ascii(JSON.stringify(line));
    }
  }
}

interface Talk {
  readonly port: number | undefined;
  readonly start: string;
  readonly end: string | undefined;
  /** The times are this conversation's own. */
  readonly alone: boolean;
}

/**
 * The conversations of the detection that are its lead's. A port without a listed conversation stands with the times of the
 * whole detection, which are its own where there is no other.
 */
function talksOf(detection: Reduced<LeadDetection>, first: string, last: string | undefined): Talk[] {
  const ports = list(detection.ports).filter((port): port is number => whole(port, 0, 65_535) !== undefined);
  const wanted = new Set(ports);
  const told = list(detection.conversations).flatMap(({ port, first_seen, last_seen }): Talk[] => {
    const start = instant(first_seen, 'first');
    if (start === undefined || typeof port !== 'number' || !wanted.has(port)) return [];
    return [{ port, start, end: instant(last_seen, 'last'), alone: true }];
  });
  for (const { port } of told) if (port !== undefined) wanted.delete(port);
  const others: readonly (number | undefined)[] =
    ports.length > 0 ? ports.filter((port) => wanted.has(port)) : [undefined];
  const alone = ports.length === 1;
  return [...told, ...others.map((port) => ({ port, start: first, end: last, alone }))];
}

function flowOf(ends: object, first: string, last: string | undefined): object {
  return compactObject({ ...ends, start: offsetTime(first), end: last === undefined ? undefined : offsetTime(last) });
}

/** What EVE has no field for, as Suricata carries metadata of rules: lists of texts. */
function metadataOf(
  lead: ReducedLead,
  detection: Reduced<LeadDetection>,
  miner: string,
  first: string,
  last: string | undefined,
): Record<string, string[]> {
  const fields = {
    poolprint_miner: miner,
    poolprint_pool: detection.pool,
    lead: lead.id,
    lead_number: lead.number,
    detection: detection.id,
    activity: detection.activity,
    confidence: detection.confidence,
    dialect: detection.dialect,
    algorithm: detection.algorithm,
    first_seen: first,
    last_seen: last,
  };
  const entries = Object.entries(fields).flatMap(([name, value]) => {
    const text = plain(value, 256);
    return text === undefined ? [] : [[name, [text]] as const];
  });
  const coins = list(detection.coins).flatMap((coin) => plain(coin, 32) ?? []);
  return { ...Object.fromEntries(entries), ...(coins.length > 0 ? { coin: coins } : {}) };
}

/** Suricata's form of a time: microseconds and an offset without colon. */
function offsetTime(time: string): string {
  return `${time.slice(0, -1)}+0000`;
}

/** A number within 53 bits that all lines of one conversation share. */
function flowNumber(parts: unknown): number {
  const hash = createHash('sha256').update(JSON.stringify(parts), 'utf8').digest();
  return (hash.readUInt32BE(0) >>> 11) * 2 ** 32 + hash.readUInt32BE(4);
}

/** As Suricata writes by default: nothing above ASCII, so no character can change how a line is shown. */
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
