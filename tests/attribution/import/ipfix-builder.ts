/** Builds IPFIX messages (RFC 7011) and NetFlow v9 packets (RFC 3954) byte by byte for tests. */

/** Element number and length in bytes; 65535 is variable. */
export type Field = readonly [element: number, length: number];

export function uint(value: number, length: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value), i = 0; i < length; i++, rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return bytes;
}

export function ip(text: string): number[] {
  if (!text.includes(':')) return text.split('.').map(Number);
  const [head = '', tail = ''] = text.split('::');
  const parts = (side: string): number[] =>
    side === '' ? [] : side.split(':').map((part) => Number.parseInt(part, 16));
  const [a, b] = [parts(head), parts(tail)];
  return [...a, ...Array<number>(8 - a.length - b.length).fill(0), ...b].flatMap((part) => uint(part, 2));
}

function set(id: number, body: readonly number[]): number[] {
  return [...uint(id, 2), ...uint(body.length + 4, 2), ...body];
}

export function templateSet(id: number, fields: readonly Field[], setId: number = 2): number[] {
  return set(setId, [
    ...uint(id, 2),
    ...uint(fields.length, 2),
    ...fields.flatMap(([e, l]) => [...uint(e, 2), ...uint(l, 2)]),
  ]);
}

export function dataSet(id: number, records: readonly (readonly number[])[], padding: number = 0): number[] {
  return set(id, [...records.flat(), ...Array<number>(padding).fill(0)]);
}

/** One message; `seconds` is its export time. */
export function message(sets: readonly (readonly number[])[], seconds: number, domain: number = 1): Uint8Array {
  const body = sets.flat();
  return Uint8Array.from([
    ...uint(10, 2),
    ...uint(body.length + 16, 2),
    ...uint(seconds, 4),
    ...uint(0, 4),
    ...uint(domain, 4),
    ...body,
  ]);
}

/** One NetFlow v9 packet; `count` is its number of records, templates included. */
export function packet9(
  sets: readonly (readonly number[])[],
  count: number,
  seconds: number,
  source: number = 1,
): Uint8Array {
  const header = [
    ...uint(9, 2),
    ...uint(count, 2),
    ...uint(1000, 4),
    ...uint(seconds, 4),
    ...uint(0, 4),
    ...uint(source, 4),
  ];
  return Uint8Array.from([...header, ...sets.flat()]);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A NAT44 session record: time in ms, inside, outside, protocol, event, VRF. */
export const SESSION: readonly Field[] = [
  [323, 8],
  [8, 4],
  [225, 4],
  [7, 2],
  [227, 2],
  [12, 4],
  [11, 2],
  [4, 1],
  [230, 1],
  [234, 4],
];

export function session(ms: number, event: number, who: number, port: number, vrf: number = 12): number[] {
  return [
    ...uint(ms, 8),
    ...ip(`100.64.0.${who}`),
    ...ip('203.0.113.7'),
    ...uint(40_000, 2),
    ...uint(port, 2),
    ...ip('192.0.2.4'),
    ...uint(3333, 2),
    6,
    event,
    ...uint(vrf, 4),
  ];
}

/** A port block record. */
export const BLOCK: readonly Field[] = [
  [323, 8],
  [8, 4],
  [225, 4],
  [361, 2],
  [362, 2],
  [230, 1],
];

export function block(ms: number, event: number, who: number, first: number, last: number): number[] {
  return [...uint(ms, 8), ...ip(`100.64.0.${who}`), ...ip('203.0.113.7'), ...uint(first, 2), ...uint(last, 2), event];
}
