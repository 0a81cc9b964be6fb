/** The frame all generators and transforms pass on, and a look into plain TCP frames. */
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, PROTOCOL_TCP } from './packet.ts';

/** LINKTYPE_ numbers, https://www.tcpdump.org/linktypes.html. */
export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_LINUX_SLL2 = 276;

export type Side = 'client' | 'server';

export interface RawFrame {
  /** Microseconds since the Unix epoch (whole number) and the nanoseconds beyond (0…999). */
  readonly time: number;
  readonly nanos: number;
  readonly linkType: number;
  readonly data: Uint8Array;
  /** Who sent it: the side that opened the connection, or the one that answered. */
  readonly from: Side;
  /** Index of the message of the conversation whose bytes it carries; -1 without payload or unknown. */
  readonly message: number;
  /** Length on the wire where the snap length cut the frame. */
  readonly wireLength?: number;
}

/** Offsets into `frame.data` of a TCP frame that lies directly on IP directly on the link layer. */
export interface TcpLayout {
  /** IP header, TCP header, first payload byte, one past the last payload byte. */
  readonly ip: number;
  readonly tcp: number;
  readonly payload: number;
  readonly end: number;
  readonly ipVersion: 4 | 6;
  readonly sequence: number;
  readonly flags: number;
  /** `address:port` in hexadecimal of both ends. */
  readonly source: string;
  readonly destination: string;
}

function networkOffset(frame: RawFrame): number {
  const { data } = frame;
  const type = (at: number): number => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  const isIp = (value: number): boolean => value === ETHERTYPE_IPV4 || value === ETHERTYPE_IPV6;
  if (frame.linkType === LINKTYPE_RAW) return 0;
  if (frame.linkType === LINKTYPE_NULL) return 4;
  if (frame.linkType === LINKTYPE_LINUX_SLL) return isIp(type(14)) ? 16 : -1;
  if (frame.linkType === LINKTYPE_LINUX_SLL2) return isIp(type(0)) ? 20 : -1;
  if (frame.linkType !== LINKTYPE_ETHERNET) return -1;
  let at = 12;
  while (type(at) === 0x8100 || type(at) === 0x88a8) at += 4;
  return isIp(type(at)) ? at + 2 : -1;
}

/** Layout of a plain TCP frame; null for everything else (tunnels, fragments, other protocols, cut frames). */
export function tcpLayout(frame: RawFrame): TcpLayout | null {
  const ip = networkOffset(frame);
  const { data } = frame;
  if (ip < 0 || data.length < ip + 40) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const version = data[ip]! >> 4;
  let tcp: number;
  let end: number;
  let addresses: number;
  if (version === 4) {
    if (data[ip + 9] !== PROTOCOL_TCP || (view.getUint16(ip + 6) & 0x3fff) !== 0) return null;
    tcp = ip + (data[ip]! & 0x0f) * 4;
    end = ip + view.getUint16(ip + 2);
    addresses = ip + 12;
  } else if (version === 6) {
    if (data[ip + 6] !== PROTOCOL_TCP) return null;
    tcp = ip + 40;
    end = tcp + view.getUint16(ip + 4);
    addresses = ip + 8;
  } else {
    return null;
  }
  if (end > data.length || end < tcp + 20) return null;
  const payload = tcp + (data[tcp + 12]! >> 4) * 4;
  if (payload > end) return null;
  const size = version === 4 ? 4 : 16;
  const hex = (from: number, length: number): string => Buffer.from(data.subarray(from, from + length)).toString('hex');
  return {
    ip,
    tcp,
    payload,
    end,
    ipVersion: version,
    sequence: view.getUint32(tcp + 4),
    flags: data[tcp + 13]!,
    source: `${hex(addresses, size)}:${hex(tcp, 2)}`,
    destination: `${hex(addresses + size, size)}:${hex(tcp + 2, 2)}`,
  };
}

/** Stable order by time. */
export function byTime(frames: readonly RawFrame[]): RawFrame[] {
  return [...frames].sort((a, b) => a.time - b.time || a.nanos - b.nanos);
}
