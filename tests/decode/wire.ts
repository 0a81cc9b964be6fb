/** Headers as hex strings, put together from the inside out: `ethernet(IPV4, ipv4(6, tcp('aa')))`. */

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const TCP = 6;
export const UDP = 17;

/** `value` as `bytes` bytes in network order. */
export function be(value: number, bytes: number): string {
  return (value >>> 0)
    .toString(16)
    .padStart(bytes * 2, '0')
    .slice(-bytes * 2);
}

/** The same in little endian. */
export function le(value: number, bytes: number): string {
  return be(value, bytes).match(/../g)!.reverse().join('');
}

export function size(hex: string): number {
  return hex.length / 2;
}

export function ethernet(type: number, payload: string): string {
  return `020000000002020000000001${be(type, 2)}${payload}`;
}

/** A tag of the type that the header before it announced: identifier, then the next type. */
export function tag(id: number, type: number, payload: string): string {
  return be(0x2000 | id, 2) + be(type, 2) + payload;
}

export interface Ipv4Options {
  readonly total?: number;
  readonly options?: string;
  readonly id?: number;
  /** Flags and offset word. */
  readonly piece?: number;
  readonly source?: string;
  readonly destination?: string;
}

export function ipv4(protocol: number, payload: string, o: Ipv4Options = {}): string {
  const options = o.options ?? '';
  const header = 20 + size(options);
  return [
    be(0x40 | (header / 4), 1),
    '00',
    be(o.total ?? header + size(payload), 2),
    be(o.id ?? 0x1234, 2),
    be(o.piece ?? 0x4000, 2),
    '40',
    be(protocol, 1),
    '0000',
    o.source ?? 'c0000201',
    o.destination ?? 'c6336402',
    options,
    payload,
  ].join('');
}

export const SOURCE6 = '20010db8000000010000000000000001';
export const DESTINATION6 = '20010db8000000020000000880000002';

export function ipv6(protocol: number, payload: string, length: number = size(payload)): string {
  return `60000000${be(length, 2)}${be(protocol, 1)}40${SOURCE6}${DESTINATION6}${payload}`;
}

export function tcp(payload: string, options = '', sourcePort = 0xc001, destinationPort = 3333): string {
  const offset = be(((20 + size(options)) / 4) << 4, 1);
  return `${be(sourcePort, 2)}${be(destinationPort, 2)}fedcba9801234567${offset}18faf000000000${options}${payload}`;
}

export function udp(
  payload: string,
  destinationPort = 53,
  sourcePort = 0xc002,
  length: number = 8 + size(payload),
): string {
  return `${be(sourcePort, 2)}${be(destinationPort, 2)}${be(length, 2)}0000${payload}`;
}

/** RFC 3032 label stack entry. */
export function label(value: number, bottom: boolean): string {
  return `${be((value << 4) | (bottom ? 1 : 0), 3)}40`;
}

export function pppoe(payload: string): string {
  return `11000007${be(size(payload), 2)}${payload}`;
}

export function gre(type: number, payload: string, flags = 0, fields = ''): string {
  return be(flags, 2) + be(type, 2) + fields + payload;
}

export function vxlan(network: number, payload: string): string {
  return `08000000${be(network, 3)}00${payload}`;
}

export function geneve(type: number, network: number, payload: string, options = ''): string {
  return `${be(size(options) / 4, 1)}00${be(type, 2)}${be(network, 3)}00${options}${payload}`;
}

/** GTP-U T-PDU; `extra` is the optional word with extension headers, counted into the length. */
export function gtpu(payload: string, flags = 0x30, extra = ''): string {
  return `${be(flags, 1)}ff${be(size(extra) + size(payload), 2)}0000abcd${extra}${payload}`;
}

export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0) throw new Error('odd number of hex digits');
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
