/** Tunnels and tags around Ethernet frames, and other link types. Sources stand at each kind. */
import { concat, u8, u16be, u32be } from './wire/bytes.ts';
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  type RawFrame,
} from './wire/frame.ts';
import {
  addressBytes,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethernet,
  ipPacket,
  PROTOCOL_UDP,
  udpDatagram,
} from './wire/packet.ts';

export const ENCAPSULATIONS = [
  'vlan',
  'qinq',
  'pppoe',
  'mpls',
  'gre',
  'ipip',
  '6in4',
  'vxlan',
  'geneve',
  'gtpu',
  'erspan',
  'l2tp',
  'teredo',
] as const;
export type Encapsulation = (typeof ENCAPSULATIONS)[number];

export interface EncapsulationOptions {
  /** Outer addresses on the client's and on the server's side; IPv4. */
  readonly outerClient?: string;
  readonly outerServer?: string;
  /** VLAN id, MPLS label, VXLAN/GENEVE network, GRE key, GTP TEID, PPPoE or ERSPAN session. */
  readonly id?: number;
  /** Inner id of a QinQ pair. */
  readonly innerId?: number;
}

const VLAN = 0x8100;
const SERVICE_VLAN = 0x88a8;
const PPPOE_SESSION = 0x8864;
const MPLS_UNICAST = 0x8847;
const OUTER_CLIENT_MAC = u8(0x02, 0, 0, 0, 1, 0x0a);
const OUTER_SERVER_MAC = u8(0x02, 0, 0, 0, 1, 0x01);

function isIpv6(packet: Uint8Array): boolean {
  return packet[0]! >> 4 === 6;
}

/** Outer Ethernet and IPv4 header around `payload`, in the direction of the frame. */
function carry(frame: RawFrame, options: EncapsulationOptions, protocol: number, payload: Uint8Array): Uint8Array {
  const client = addressBytes(options.outerClient ?? '198.51.100.201');
  const server = addressBytes(options.outerServer ?? '203.0.113.201');
  const up = frame.from === 'client';
  const packet = ipPacket(up ? client : server, up ? server : client, protocol, payload, { ttl: 62 });
  return up
    ? ethernet(OUTER_SERVER_MAC, OUTER_CLIENT_MAC, ETHERTYPE_IPV4, packet)
    : ethernet(OUTER_CLIENT_MAC, OUTER_SERVER_MAC, ETHERTYPE_IPV4, packet);
}

function carryUdp(frame: RawFrame, options: EncapsulationOptions, port: number, payload: Uint8Array): Uint8Array {
  // Source ports: the well-known one both ways, as GTP-U, L2TP and Teredo servers do.
  return carry(frame, options, PROTOCOL_UDP, udpDatagram(port, port, payload));
}

function wrap(frame: RawFrame, kind: Encapsulation, options: EncapsulationOptions): Uint8Array {
  const { data } = frame;
  const macs = data.subarray(0, 12);
  const typed = data.subarray(12);
  const packet = data.subarray(14);
  const etherType = data.subarray(12, 14);
  const id = options.id ?? 100;
  switch (kind) {
    case 'vlan': // IEEE 802.1Q
      return concat(macs, u16be(VLAN), u16be(id), typed);
    case 'qinq': // IEEE 802.1ad
      return concat(macs, u16be(SERVICE_VLAN), u16be(id), u16be(VLAN), u16be(options.innerId ?? 200), typed);
    case 'pppoe': {
      // RFC 2516 §5; PPP protocol numbers 0x0021 and 0x0057
      const ppp = concat(u16be(isIpv6(packet) ? 0x0057 : 0x0021), packet);
      return concat(macs, u16be(PPPOE_SESSION), u8(0x11, 0), u16be(id), u16be(ppp.length), ppp);
    }
    case 'mpls': // RFC 3032 §2.1: two labels, the second with the bottom-of-stack bit
      return concat(
        macs,
        u16be(MPLS_UNICAST),
        u32be(((id << 12) | 62) >>> 0),
        u32be((((id + 1) << 12) | 0x100 | 62) >>> 0),
        packet,
      );
    case 'gre': // RFC 2784 with the key of RFC 2890
      return carry(frame, options, 47, concat(u16be(0x2000), etherType, u32be(id), packet));
    case 'ipip': // RFC 2003
      return carry(frame, options, 4, packet);
    case '6in4': // RFC 4213 §3
      return carry(frame, options, 41, packet);
    case 'vxlan': // RFC 7348 §5
      return carryUdp(frame, options, 4789, concat(u8(0x08, 0, 0, 0), u32be((id << 8) >>> 0), data));
    case 'geneve': // RFC 8926 §3.4, one option of 4 bytes (class 0x0103, type 1)
      return carryUdp(
        frame,
        options,
        6081,
        concat(u8(2, 0), u16be(0x6558), u32be((id << 8) >>> 0), u16be(0x0103), u8(1, 1), u32be(0), data),
      );
    case 'gtpu': {
      // 3GPP TS 29.281 §5.1: version 1, G-PDU (255), with a sequence number
      const optional = concat(u16be(1), u8(0, 0));
      const length = optional.length + packet.length;
      return carryUdp(frame, options, 2152, concat(u8(0x32, 0xff), u16be(length), u32be(id), optional, packet));
    }
    case 'erspan': // draft-foschiano-erspan-03 §4.2: type II in GRE with a sequence number
      return carry(
        frame,
        options,
        47,
        concat(u16be(0x1000), u16be(0x88be), u32be(1), u16be(0x1000), u16be(id & 0x3ff), u32be(0), data),
      );
    case 'l2tp': {
      // RFC 2661 §3.1: data message with length; PPP with address and control field
      const ppp = concat(u8(0xff, 0x03), u16be(isIpv6(packet) ? 0x0057 : 0x0021), packet);
      const header = concat(u16be(0x4002), u16be(8 + ppp.length), u16be(1), u16be(id));
      return carryUdp(frame, options, 1701, concat(header, ppp));
    }
    case 'teredo': // RFC 4380 §5.1.1: bare IPv6 in UDP
      return carryUdp(frame, options, 3544, packet);
  }
}

/**
 * Puts every frame into a tunnel or behind a tag. Frames must be plain Ethernet; `6in4` and `teredo` need IPv6 inside,
 * `ipip` IPv4. Kinds may be nested by calling again, innermost first, as long as the result is Ethernet over IP.
 */
export function encapsulate(
  frames: readonly RawFrame[],
  kind: Encapsulation,
  options: EncapsulationOptions = {},
): RawFrame[] {
  return frames.map((frame) => ({ ...frame, data: wrap(frame, kind, options) }));
}

export const LINK_TYPES = ['raw', 'null', 'sll', 'sll2'] as const;
export type LinkKind = (typeof LINK_TYPES)[number];

/** The same packets as captured on another kind of interface (https://www.tcpdump.org/linktypes.html). */
export function onLink(frames: readonly RawFrame[], kind: LinkKind): RawFrame[] {
  return frames.map((frame) => {
    if (frame.linkType !== LINKTYPE_ETHERNET) return frame;
    const packet = frame.data.subarray(14);
    const etherType = isIpv6(packet) ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
    const address = concat(frame.data.subarray(6, 12), u16be(0));
    // Packet type: 0 = sent to us, 4 = sent by us; the capturing host is the client here.
    const packetType = frame.from === 'client' ? 4 : 0;
    switch (kind) {
      case 'raw':
        return { ...frame, linkType: LINKTYPE_RAW, data: packet };
      case 'null': // family in the byte order of the capturing host: little-endian here, 30 = IPv6 on Darwin
        return { ...frame, linkType: LINKTYPE_NULL, data: concat(u8(isIpv6(packet) ? 30 : 2, 0, 0, 0), packet) };
      case 'sll':
        return {
          ...frame,
          linkType: LINKTYPE_LINUX_SLL,
          data: concat(u16be(packetType), u16be(1), u16be(6), address, u16be(etherType), packet),
        };
      case 'sll2':
        return {
          ...frame,
          linkType: LINKTYPE_LINUX_SLL2,
          data: concat(u16be(etherType), u16be(0), u32be(2), u16be(1), u8(packetType, 6), address, packet),
        };
    }
    return frame;
  });
}
