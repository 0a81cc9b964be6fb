/**
 * Lists for carriers in the manner of Shadowserver's reports: one file for each autonomous system, fixed columns, UTC. A
 * carrier gets addresses, ports and times, and no wallet, account or subject; additions to the columns come at their end.
 */
import type { Lead, LeadAddress, LeadDetection } from '../ledger/types.ts';
import type { CellValue } from './columns.ts';
import { csvBytes } from './csv.ts';

export const CARRIER_COLUMNS = [
  'timestamp',
  'last_seen',
  'ip',
  'port',
  'protocol',
  'dst_ip',
  'dst_port',
  'asn',
  'region',
  'tag',
  'algo',
  'evidence_class',
  'hits',
  'confidence',
  'lead_id',
  'tlp',
] as const;

export interface CarrierOptions {
  /** Day of the files' names, YYYY-MM-DD. */
  readonly day: string;
  /** Autonomous system of an address; null where unknown (file of AS 0). */
  readonly asnOf: (ip: string) => number | null;
  /** Traffic Light Protocol label, lower case. */
  readonly tlp?: string;
}

export interface CarrierFile {
  /** 0 where the system is unknown. */
  readonly asn: number;
  readonly name: string;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

const CONFIDENCE: Readonly<Record<string, number>> = { confirmed: 95, probable: 75, suspected: 40 };
const UDP: ReadonlySet<string> = new Set(['quic', 'dns', 'udp']);

/** `YYYY-MM-DD HH:MM:SS` in UTC; a day stays one; empty for what is no time. */
function stamp(time: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(time)) return time;
  const at = Date.parse(time);
  return Number.isNaN(at) ? '' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** What the traffic showed, the strongest first. */
function evidenceClass(detections: readonly LeadDetection[], lead: Lead): string {
  if (detections.some(({ shares }) => shares.accepted > 0)) return 'share-accepted';
  if (detections.some(({ shares }) => shares.submitted > 0)) return 'share-submitted';
  return detections.at(-1)?.activity ?? lead.activity ?? '';
}

const same = (a: Pick<LeadAddress, 'ip' | 'realm' | 'nat'>, b: Pick<LeadAddress, 'ip' | 'realm' | 'nat'>): boolean =>
  a.ip === b.ip && a.realm === b.realm && a.nat === b.nat;

/** Conversations of one port further apart than this may belong to different subscribers: each stretch is a row. */
const APART_MS = 3_600_000;

interface Times {
  readonly first_seen: string;
  readonly last_seen: string;
}

/** One stretch in which a port was in use: when, and the detections of it in order of their end. */
interface Use {
  readonly times: readonly Times[];
  readonly detections: readonly LeadDetection[];
  /** Conversations, as far as known. */
  readonly flows: number;
}

const byEnd = (a: Times, b: Times): number => (a.last_seen < b.last_seen ? -1 : a.last_seen > b.last_seen ? 1 : 0);

/**
 * When a port was in use, as its conversations tell, so that no carrier looks for a time in which somebody else had it. Where
 * none is listed, the times of the detections or else of the address.
 */
function usesOf(port: number | null, here: readonly LeadDetection[], address: LeadAddress): Use[] {
  const own = port === null ? here : here.filter(({ ports }) => ports.includes(port));
  const talks = own
    .flatMap((detection) =>
      (detection.conversations ?? []).flatMap((each) => (each.port === port ? [{ times: each, detection }] : [])),
    )
    .sort((a, b) => (a.times.first_seen < b.times.first_seen ? -1 : a.times.first_seen > b.times.first_seen ? 1 : 0));
  if (talks.length === 0) {
    const flows = own.reduce((sum, each) => sum + each.flows, 0);
    return [{ times: own.length > 0 ? own : [address], detections: own, flows }];
  }
  const uses: { times: Times[]; detections: Set<LeadDetection> }[] = [];
  let end = Number.NaN;
  for (const { times, detection } of talks) {
    let use = uses.at(-1);
    if (use === undefined || Date.parse(times.first_seen) - end >= APART_MS) {
      use = { times: [], detections: new Set() };
      uses.push(use);
      end = Number.NEGATIVE_INFINITY;
    }
    use.times.push(times);
    use.detections.add(detection);
    end = Math.max(end, Date.parse(times.last_seen));
  }
  return uses.map(({ times, detections }) => ({
    times,
    detections: [...detections].sort(byEnd),
    flows: times.length,
  }));
}

/** The row of one lead, address, port and stretch of time; port null where none is known. */
function rowOf(
  lead: Lead,
  address: LeadAddress,
  port: number | null,
  { times, detections, flows }: Use,
  asn: number,
  tlp: string,
): CellValue[] {
  const last = detections.at(-1);
  const sorted = (list: readonly string[]): string[] => [...list].sort();
  const submitted = detections.reduce((sum, { shares }) => sum + shares.submitted, 0);
  return [
    stamp(sorted(times.map(({ first_seen }) => first_seen))[0] ?? ''),
    stamp(sorted(times.map(({ last_seen }) => last_seen)).at(-1) ?? ''),
    address.ip,
    port,
    last === undefined ? '' : UDP.has(last.transport) ? 'udp' : 'tcp',
    last?.pool_ip ?? '',
    last?.pool_port ?? null,
    asn,
    lead.region ?? '',
    [lead.activity, last?.dialect].filter((tag) => tag != null).join(';'),
    last?.algorithm ?? '',
    evidenceClass(detections, lead),
    submitted > 0 ? submitted : flows,
    CONFIDENCE[lead.confidence ?? ''] ?? 0,
    lead.number ?? lead.id,
    tlp,
  ];
}

/** Files by autonomous system, in its order; rows in the order of leads, addresses, ports and times. UTF-8 without a mark. */
export function carrierCsv(leads: readonly Lead[], { day, asnOf, tlp = 'amber' }: CarrierOptions): CarrierFile[] {
  const files = new Map<number, CellValue[][]>();
  for (const lead of leads) {
    for (const address of lead.addresses) {
      const asn = asnOf(address.ip) ?? 0;
      const rows = files.get(asn) ?? [];
      files.set(asn, rows);
      const here = lead.detections.filter((detection) => same(detection, address)).sort(byEnd);
      const ports = address.ports.length > 0 ? address.ports : [null];
      for (const port of ports) {
        for (const use of usesOf(port, here, address)) rows.push(rowOf(lead, address, port, use, asn, tlp));
      }
    }
  }
  return [...files]
    .sort(([a], [b]) => a - b)
    .map(([asn, rows]) => ({
      asn,
      name: `${day}-poolprint-mining-as${asn}.csv`,
      rows: rows.length,
      bytes: csvBytes([[...CARRIER_COLUMNS], ...rows], 'utf-8', { bom: false }).bytes,
    }));
}
