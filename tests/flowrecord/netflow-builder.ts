/** Builds export datagrams byte by byte for tests: NetFlow v5 and v9, IPFIX. All content is invented. */

import { IpfixReader } from '../../src/flowrecord/ipfix-file.ts';
import type { FlowRecord } from '../../src/flowrecord/record.ts';
import { RECORD_FAULTS, type RecordCounts, type RecordSink } from '../../src/flowrecord/record.ts';

/** Element, length in bytes (65535 is variable), private enterprise number. */
export type FieldSpec = readonly [element: number, length: number, enterprise?: number];

export function uint(value: number | bigint, length: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value), i = 0; i < length; i++, rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return bytes;
}

export const ip4 = (text: string): number[] => text.split('.').map(Number);
/** 2001:db8::n */
export const ip6 = (n: number): number[] => [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, ...uint(n, 4)];

const specifier = ([element, length, enterprise]: FieldSpec): number[] =>
  enterprise === undefined
    ? [...uint(element, 2), ...uint(length, 2)]
    : [...uint(element | 0x8000, 2), ...uint(length, 2), ...uint(enterprise, 4)];

export const set = (id: number, body: readonly number[]): number[] => [
  ...uint(id, 2),
  ...uint(body.length + 4, 2),
  ...body,
];
export const template = (id: number, fields: readonly FieldSpec[], setId: number = 2): number[] =>
  set(setId, [...uint(id, 2), ...uint(fields.length, 2), ...fields.flatMap(specifier)]);
export const optionsTemplate = (id: number, scopes: readonly FieldSpec[], fields: readonly FieldSpec[]): number[] =>
  set(3, [
    ...uint(id, 2),
    ...uint(scopes.length + fields.length, 2),
    ...uint(scopes.length, 2),
    ...[...scopes, ...fields].flatMap(specifier),
  ]);
export const v9Options = (id: number, scopes: readonly FieldSpec[], fields: readonly FieldSpec[]): number[] =>
  set(1, [
    ...uint(id, 2),
    ...uint(scopes.length * 4, 2),
    ...uint(fields.length * 4, 2),
    ...[...scopes, ...fields].flatMap(specifier),
  ]);
export const data = (id: number, ...records: readonly (readonly number[])[]): number[] => set(id, records.flat());

export function ipfix(
  sets: readonly (readonly number[])[],
  header: { readonly seconds?: number; readonly sequence?: number; readonly domain?: number } = {},
): Uint8Array {
  const body = sets.flat();
  return Uint8Array.from([
    ...uint(10, 2),
    ...uint(body.length + 16, 2),
    ...uint(header.seconds ?? T0, 4),
    ...uint(header.sequence ?? 0, 4),
    ...uint(header.domain ?? 1, 4),
    ...body,
  ]);
}

export function v9(
  sets: readonly (readonly number[])[],
  header: {
    readonly seconds?: number;
    readonly uptime?: number;
    readonly sequence?: number;
    readonly source?: number;
  } = {},
): Uint8Array {
  return Uint8Array.from([
    ...uint(9, 2),
    ...uint(sets.length, 2),
    ...uint(header.uptime ?? 100_000, 4),
    ...uint(header.seconds ?? T0, 4),
    ...uint(header.sequence ?? 0, 4),
    ...uint(header.source ?? 1, 4),
    ...sets.flat(),
  ]);
}

export function v5Record(port: number, first: number = 90_000, last: number = 95_000, protocol: number = 6): number[] {
  return [
    ...[...ip4('192.0.2.10'), ...ip4('198.51.100.20'), ...uint(0, 8), ...uint(7, 4), ...uint(4200, 4)],
    ...[...uint(first, 4), ...uint(last, 4), ...uint(port, 2), ...uint(3333, 2), 0, 0x1b, protocol, ...uint(0, 9)],
  ];
}

export function v5(
  records: readonly (readonly number[])[],
  header: {
    readonly uptime?: number;
    readonly sequence?: number;
    readonly sampling?: number;
    readonly count?: number;
    readonly nanos?: number;
  } = {},
): Uint8Array {
  return Uint8Array.from([
    ...[...uint(5, 2), ...uint(header.count ?? records.length, 2), ...uint(header.uptime ?? 100_000, 4)],
    ...[...uint(T0, 4), ...uint(header.nanos ?? 0, 4), ...uint(header.sequence ?? 0, 4), 0, 1],
    ...uint(header.sampling ?? 0, 2),
    ...records.flat(),
  ]);
}

/** 2026-11-03T00:00:00Z, seconds and microseconds. */
export const T0: number = Date.UTC(2026, 10, 3) / 1000;
export const TIME: number = T0 * 1e6;

/** Keeps copies of all records. */
export class Kept implements RecordSink {
  readonly records: FlowRecord[] = [];

  onRecord(record: FlowRecord): void {
    this.records.push(Object.assign(Object.create(Object.getPrototypeOf(record) as object), record) as FlowRecord);
  }

  get last(): FlowRecord {
    return this.records.at(-1) as FlowRecord;
  }
}

/** Faults that were counted, by name. */
export function faultsOf(counts: RecordCounts): Record<string, number> {
  const found: Record<string, number> = {};
  counts.faults.forEach((n, i) => {
    if (n > 0) found[RECORD_FAULTS[i] as string] = n;
  });
  return found;
}

/** Reads messages of IPFIX as those of a file. */
export function readMessages(...messages: readonly Uint8Array[]): { reader: IpfixReader; sink: Kept } {
  const reader = new IpfixReader();
  const sink = new Kept();
  for (const message of messages) reader.feed(message, 0, message.length, sink);
  reader.finish(sink);
  return { reader, sink };
}

/** Fields of both addresses and a packet count, and their values. */
export const ADDRESSES: readonly FieldSpec[] = [
  [8, 4],
  [12, 4],
  [2, 4],
];
export const addresses = (packets: number = 1): number[] => [
  ...ip4('192.0.2.1'),
  ...ip4('192.0.2.2'),
  ...uint(packets, 4),
];

/** A plain template of flows. */
export const PLAIN: readonly FieldSpec[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 1],
  [2, 8],
  [1, 8],
  [152, 8],
  [153, 8],
];

/** One flow of TCP; times in milliseconds since the epoch. */
export interface PlainFlow {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: number;
  readonly packets: number | bigint;
  readonly bytes: number | bigint;
  readonly start: number;
  readonly end: number;
}

/** A record of the template `PLAIN`. */
export function plainFlow(f: PlainFlow): number[] {
  return [
    ...[...ip4(f.source), ...ip4(f.destination), ...uint(f.sourcePort, 2), ...uint(f.destinationPort, 2), 6, f.flags],
    ...[...uint(f.packets, 8), ...uint(f.bytes, 8), ...uint(f.start, 8), ...uint(f.end, 8)],
  ];
}

/** One that always is the same but for what the test names. */
export function plain(port: number = 40_000, packets: number | bigint = 7, bytes: number | bigint = 4200): number[] {
  const ends = { source: '192.0.2.10', destination: '198.51.100.20', sourcePort: port, destinationPort: 3333 };
  return plainFlow({ ...ends, flags: 0x1b, packets, bytes, start: T0 * 1000 - 9000, end: T0 * 1000 - 1500 });
}
