import { hash32 } from './mix-random.ts';

/** What a generated flow is: one number of flag bits, so that a flow costs a few typed-array slots. */
export const KIND_IPV6 = 1;
export const KIND_VLAN = 2;
export const KIND_UDP = 4;
export const TUNNEL_SHIFT = 3;
export const TALK_SHIFT = 6;

export const Tunnel = { None: 0, Gre: 1, Vxlan: 2, Gtpu: 3, IpInIp: 4 } as const;
export const Talk = { Opaque: 0, Json: 1, Http: 2, Tls: 3, Stratum: 4, Cryptonote: 5 } as const;

export const FIN = 0x01;
export const SYN = 0x02;
export const PSH = 0x08;
export const ACK = 0x10;

export const PCAP_HEADER_LENGTH = 24;
export const RECORD_HEADER_LENGTH = 16;
const ETHERNET = 14;
const IPV4 = 20;
const IPV6 = 40;
const TCP = 20;
const UDP = 8;

const OPAQUE_PORTS = [443, 443, 443, 443, 80, 8443, 993, 22, 5222, 3389, 9001, 3333];
const UDP_PORTS = [443, 443, 443, 3478, 5004, 27015, 51820, 4500];
const TALK_PORTS: readonly (readonly number[])[] = [
  OPAQUE_PORTS,
  [50001, 9090, 24224, 5170],
  [80, 80, 80, 8080],
  [443, 443, 8443, 993],
  [3333, 3333, 25, 443],
  [3333, 14444, 5555, 80],
];

/** Classic pcap file header (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html), little-endian, µs, Ethernet. */
export function pcapHeader(): Uint8Array {
  const view = new DataView(new ArrayBuffer(PCAP_HEADER_LENGTH));
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262144, true);
  view.setUint32(20, 1, true);
  return new Uint8Array(view.buffer);
}

/** Bytes of all headers in front of the payload of a flow of this kind. */
export function overhead(kind: number, id: number): number {
  let length = ETHERNET + (kind & KIND_VLAN ? 4 : 0);
  switch ((kind >> TUNNEL_SHIFT) & 7) {
    case Tunnel.Gre:
      length += IPV4 + greLength(id);
      break;
    case Tunnel.Vxlan:
      length += IPV4 + UDP + 8 + ETHERNET;
      break;
    case Tunnel.Gtpu:
      length += IPV4 + UDP + 8;
      break;
    case Tunnel.IpInIp:
      length += IPV4;
      break;
  }
  return length + (kind & KIND_IPV6 ? IPV6 : IPV4) + (kind & KIND_UDP ? UDP : TCP);
}

function greLength(id: number): number {
  return id & 1 ? 8 : 4; // half of the GRE tunnels carry a key (RFC 2890)
}

/**
 * Writes the headers of one frame at `off` (network byte order) around a payload that already stands at
 * `off + overhead(kind, id)`; checksums of IPv4, TCP and UDP are right, the outer UDP checksum of a tunnel is 0 as allowed.
 * `side` 0 = sent by the client. Client addresses are unique per flow id below 2^24.
 */
export function writeHeaders(
  view: DataView,
  off: number,
  kind: number,
  id: number,
  side: number,
  payloadLength: number,
  flags: number,
  sequence: number,
  acknowledgment: number,
): void {
  const v6 = (kind & KIND_IPV6) !== 0;
  const type = v6 ? 0x86dd : 0x0800;
  const transport = (kind & KIND_UDP ? UDP : TCP) + payloadLength;
  const inner = (v6 ? IPV6 : IPV4) + transport;
  const tunnel = (kind >> TUNNEL_SHIFT) & 7;
  let at = writeEthernet(
    view,
    off,
    side,
    kind & KIND_VLAN ? 100 + (id % 200) : 0,
    tunnel === Tunnel.None ? type : 0x0800,
  );
  if (tunnel === Tunnel.Gre) {
    const gre = greLength(id);
    at = writeOuter(view, at, id, side, 47, gre + inner);
    view.setUint16(at, gre === 8 ? 0x2000 : 0);
    view.setUint16(at + 2, type);
    if (gre === 8) view.setUint32(at + 4, id % 16);
    at += gre;
  } else if (tunnel === Tunnel.Vxlan) {
    at = writeOuter(view, at, id, side, 17, UDP + 8 + ETHERNET + inner);
    at = writeOuterUdp(view, at, 49152 + (hash32(id) & 0x3fff), 4789, UDP + 8 + ETHERNET + inner);
    view.setUint32(at, 0x08000000);
    view.setUint32(at + 4, (100 + (id % 16)) << 8);
    at = writeEthernet(view, at + 8, side, 0, type);
  } else if (tunnel === Tunnel.Gtpu) {
    at = writeOuter(view, at, id, side, 17, UDP + 8 + inner);
    at = writeOuterUdp(view, at, 2152, 2152, UDP + 8 + inner);
    view.setUint16(at, 0x30ff);
    view.setUint16(at + 2, inner);
    view.setUint32(at + 4, hash32(id * 2 + side));
    at += 8;
  } else if (tunnel === Tunnel.IpInIp) {
    at = writeOuter(view, at, id, side, v6 ? 41 : 4, inner);
  }
  const protocol = kind & KIND_UDP ? 17 : 6;
  let sum = protocol + transport;
  if (v6) {
    view.setUint32(at, 0x60000000);
    view.setUint16(at + 4, transport);
    view.setUint8(at + 6, protocol);
    view.setUint8(at + 7, 60);
    writeClient6(view, at + (side === 0 ? 8 : 24), id);
    writeServer6(view, at + (side === 0 ? 24 : 8), id, kind);
    sum += sumWords(view, at + 8, at + IPV6);
    at += IPV6;
  } else {
    const client = (0x0a000000 | (Math.imul(id, 0x9e3779b1) & 0xffffff)) >>> 0;
    const server = server4(id, kind);
    writeIpv4(view, at, protocol, inner, side === 0 ? client : server, side === 0 ? server : client, id + sequence);
    sum += sumWords(view, at + 12, at + IPV4);
    at += IPV4;
  }
  writeTransport(view, at, kind, id, side, transport, flags, sequence, acknowledgment, sum);
}

function writeTransport(
  view: DataView,
  at: number,
  kind: number,
  id: number,
  side: number,
  length: number,
  flags: number,
  sequence: number,
  acknowledgment: number,
  pseudoSum: number,
): void {
  const clientPort = 1024 + (hash32(id ^ 0x51ed270b) % 64000);
  const ports = kind & KIND_UDP ? UDP_PORTS : (TALK_PORTS[kind >> TALK_SHIFT] ?? OPAQUE_PORTS);
  const serverPort = ports[hash32(id ^ 0x2545f491) % ports.length] ?? 443;
  view.setUint16(at, side === 0 ? clientPort : serverPort);
  view.setUint16(at + 2, side === 0 ? serverPort : clientPort);
  if (kind & KIND_UDP) {
    view.setUint16(at + 4, length);
    view.setUint16(at + 6, 0);
    view.setUint16(at + 6, fold(pseudoSum + sumWords(view, at, at + length)) || 0xffff);
    return;
  }
  view.setUint32(at + 4, sequence);
  view.setUint32(at + 8, acknowledgment);
  view.setUint16(at + 12, 0x5000 | flags);
  view.setUint16(at + 14, 64240);
  view.setUint32(at + 16, 0);
  view.setUint16(at + 16, fold(pseudoSum + sumWords(view, at, at + length)));
}

function writeEthernet(view: DataView, at: number, side: number, vlan: number, type: number): number {
  // Two routers with locally administered addresses face each other across the tap.
  view.setUint32(at, 0x02000000);
  view.setUint16(at + 4, 2 - side);
  view.setUint32(at + 6, 0x02000000);
  view.setUint16(at + 10, 1 + side);
  if (vlan === 0) {
    view.setUint16(at + 12, type);
    return at + ETHERNET;
  }
  view.setUint16(at + 12, 0x8100);
  view.setUint16(at + 14, vlan);
  view.setUint16(at + 16, type);
  return at + ETHERNET + 4;
}

function writeOuter(view: DataView, at: number, id: number, side: number, protocol: number, length: number): number {
  const near = 0xc0000200 | (id & 63); // 192.0.2.0/24 and 198.51.100.0/24 (RFC 5737)
  const far = 0xc6336400 | (hash32(id) & 63);
  writeIpv4(view, at, protocol, IPV4 + length, side === 0 ? near : far, side === 0 ? far : near, id);
  return at + IPV4;
}

function writeOuterUdp(view: DataView, at: number, source: number, destination: number, length: number): number {
  view.setUint16(at, source);
  view.setUint16(at + 2, destination);
  view.setUint16(at + 4, length);
  view.setUint16(at + 6, 0);
  return at + UDP;
}

function writeIpv4(
  view: DataView,
  at: number,
  protocol: number,
  length: number,
  source: number,
  destination: number,
  identification: number,
): void {
  view.setUint16(at, 0x4500);
  view.setUint16(at + 2, length);
  view.setUint16(at + 4, identification);
  view.setUint16(at + 6, 0x4000);
  view.setUint8(at + 8, 60);
  view.setUint8(at + 9, protocol);
  view.setUint16(at + 10, 0);
  view.setUint32(at + 12, source);
  view.setUint32(at + 16, destination);
  view.setUint16(at + 10, fold(sumWords(view, at, at + IPV4)));
}

/** Server of a flow: 131,072 addresses of 198.18.0.0/15 (RFC 2544); the pools of mining flows are its last 64. */
function server4(id: number, kind: number): number {
  const host = hash32(id ^ 0x1b873593);
  return (0xc6120000 | (kind >> TALK_SHIFT >= Talk.Stratum ? 0x1ffc0 | (host & 63) : host & 0x1ffff)) >>> 0;
}

function writeClient6(view: DataView, at: number, id: number): void {
  view.setUint32(at, 0x20010db8); // RFC 3849
  view.setUint32(at + 4, 0xc0000000 | (id >>> 8));
  view.setUint32(at + 8, hash32(id));
  view.setUint32(at + 12, hash32(~id));
}

function writeServer6(view: DataView, at: number, id: number, kind: number): void {
  view.setUint32(at, 0x20010db8);
  view.setUint32(at + 4, 0x5e000000);
  view.setUint32(at + 8, 0);
  view.setUint32(at + 12, server4(id, kind) & 0x1ffff);
}

/** Sum of big-endian 16-bit words of [at, end), the last byte padded with zero (RFC 1071). */
function sumWords(view: DataView, at: number, end: number): number {
  let sum = 0;
  const even = end - ((end - at) & 1);
  for (let i = at; i < even; i += 2) sum += view.getUint16(i);
  return even < end ? sum + (view.getUint8(even) << 8) : sum;
}

function fold(sum: number): number {
  let value = sum;
  while (value > 0xffff) value = (value & 0xffff) + Math.floor(value / 0x10000);
  return ~value & 0xffff;
}
