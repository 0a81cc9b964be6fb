/** Ethernet, IPv4, IPv6, TCP and UDP headers: RFC 791, 8200, 9293, 768; everything in network byte order. */
import { concat, internetChecksum, u8, u16be, u32be } from './bytes.ts';

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/** Text form of an IPv4 or IPv6 address to 4 or 16 bytes. IPv6 may use one `::`. */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(8 - front.length - back.length).fill(0);
  return concat(...[...front, ...middle, ...back].map(u16be));
}

export interface IpOptions {
  readonly ttl?: number;
  readonly id?: number;
  /** IPv4 flags and fragment offset word; 0x4000 = do not fragment. */
  readonly fragment?: number;
}

/** One IP packet around `payload`; the version follows from the addresses (4 or 16 bytes each). */
export function ipPacket(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  payload: Uint8Array,
  options: IpOptions = {},
): Uint8Array {
  const ttl = options.ttl ?? 64;
  if (source.length === 16) {
    return concat(u32be(0x60000000), u16be(payload.length), u8(protocol, ttl), source, destination, payload);
  }
  const header = concat(
    u8(0x45, 0),
    u16be(20 + payload.length),
    u16be(options.id ?? 0),
    u16be(options.fragment ?? 0x4000),
    u8(ttl, protocol, 0, 0),
    source,
    destination,
  );
  header.set(u16be(internetChecksum(header)), 10);
  return concat(header, payload);
}

function pseudoHeader(source: Uint8Array, destination: Uint8Array, protocol: number, length: number): Uint8Array {
  return source.length === 16
    ? concat(source, destination, u32be(length), u8(0, 0, 0, protocol))
    : concat(source, destination, u8(0, protocol), u16be(length));
}

/** Writes the TCP checksum of `segment` (header and payload) in place, RFC 9293 §3.1. */
export function sealTcp(source: Uint8Array, destination: Uint8Array, segment: Uint8Array): void {
  segment[16] = 0;
  segment[17] = 0;
  const pseudo = pseudoHeader(source, destination, PROTOCOL_TCP, segment.length);
  segment.set(u16be(internetChecksum(pseudo, segment)), 16);
}

export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  /** Option bytes, a multiple of four. */
  readonly options: Uint8Array;
  readonly payload: Uint8Array;
}

export function tcpSegment(source: Uint8Array, destination: Uint8Array, fields: TcpFields): Uint8Array {
  const segment = concat(
    u16be(fields.sourcePort),
    u16be(fields.destinationPort),
    u32be(fields.sequence),
    u32be(fields.acknowledgment),
    u8(((20 + fields.options.length) / 4) << 4, fields.flags),
    u16be(fields.window),
    u32be(0),
    fields.options,
    fields.payload,
  );
  sealTcp(source, destination, segment);
  return segment;
}

/** UDP datagram without checksum (0 = none), as tunnels over IPv4 usually send it. */
export function udpDatagram(sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array {
  return concat(u16be(sourcePort), u16be(destinationPort), u16be(8 + payload.length), u16be(0), payload);
}

export function ethernet(destination: Uint8Array, source: Uint8Array, type: number, payload: Uint8Array): Uint8Array {
  return concat(destination, source, u16be(type), payload);
}
