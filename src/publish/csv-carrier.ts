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

/** The row of one lead, address and port; port null where none is known. */
function rowOf(
  lead: Lead,
  address: LeadAddress,
  port: number | null,
  detections: readonly LeadDetection[],
  asn: number,
  tlp: string,
): CellValue[] {
  const last = detections.at(-1);
  const times = detections.length > 0 ? detections : [address];
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
    submitted > 0 ? submitted : detections.reduce((sum, { flows }) => sum + flows, 0),
    CONFIDENCE[lead.confidence ?? ''] ?? 0,
    lead.number ?? lead.id,
    tlp,
  ];
}

/** Files by autonomous system, in its order; rows in the order of leads, addresses and ports. UTF-8 without a mark. */
export function carrierCsv(leads: readonly Lead[], { day, asnOf, tlp = 'amber' }: CarrierOptions): CarrierFile[] {
  const files = new Map<number, CellValue[][]>();
  for (const lead of leads) {
    for (const address of lead.addresses) {
      const asn = asnOf(address.ip) ?? 0;
      const rows = files.get(asn) ?? [];
      files.set(asn, rows);
      const here = lead.detections
        .filter((detection) => same(detection, address))
        .sort((a, b) => (a.last_seen < b.last_seen ? -1 : a.last_seen > b.last_seen ? 1 : 0));
      const byPort = new Map<number, LeadDetection[]>(address.ports.map((port) => [port, []]));
      for (const detection of here) for (const port of detection.ports) byPort.get(port)?.push(detection);
      const ports = address.ports.length > 0 ? address.ports : [null];
      for (const port of ports) {
        rows.push(rowOf(lead, address, port, port === null ? here : (byPort.get(port) ?? []), asn, tlp));
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
