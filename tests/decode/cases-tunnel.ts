import {
  TUNNEL_6IN4,
  TUNNEL_ERSPAN,
  TUNNEL_GENEVE,
  TUNNEL_GRE,
  TUNNEL_GTPU,
  TUNNEL_IPIP,
  TUNNEL_L2TP,
  TUNNEL_MPLS,
  TUNNEL_PPPOE,
  TUNNEL_TEREDO,
  TUNNEL_VXLAN,
} from '../../src/decode/packet.ts';
import {
  type Case,
  FLOW,
  FOUR,
  FRAGMENT,
  FRAME4,
  INNER,
  INNER4,
  INSIDE,
  NETWORK,
  NONE,
  row,
  SIX,
  TCP6,
  TEN,
  TRANSPORT,
} from './case.ts';
import {
  be,
  ethernet,
  geneve,
  gre,
  gtpu,
  IPV4,
  IPV6,
  ipv4,
  ipv6,
  label,
  pppoe,
  size,
  TCP,
  tag,
  tcp,
  UDP,
  udp,
  vxlan,
} from './wire.ts';

function overUdp(port: number, payload: string, source = 0xc002): string {
  return ethernet(IPV4, ipv4(UDP, udp(payload, port, source)));
}

function nest(times: number): string {
  let packet = INNER4;
  for (let i = 0; i < times; i++) packet = ipv4(4, packet);
  return packet;
}

export const TUNNELS: readonly Case[] = [
  row('PPPoE', ethernet(0x8864, `${pppoe(`0021${INNER4}`)}0000`), TRANSPORT, {
    ...INSIDE,
    depth: 0,
    tunnels: TUNNEL_PPPOE,
    payloadEnd: 71,
  }),
  row('PPPoE in QinQ, IPv6', ethernet(0x88a8, tag(2, 0x8100, tag(1, 0x8864, pppoe(`0057${TCP6}`)))), TRANSPORT, {
    ...SIX,
    ...FLOW,
    vlan: 1,
    outerVlan: 2,
    tunnels: TUNNEL_PPPOE,
  }),
  row('PPPoE, bad code', ethernet(0x8864, `1109${pppoe(`0021${INNER4}`).slice(4)}`), NONE, {}, ['pppoe.bad_header']),
  row('MPLS, two labels, IPv4', ethernet(0x8847, label(16, false) + label(17, true) + INNER4), TRANSPORT, {
    ...INSIDE,
    depth: 0,
    tunnels: TUNNEL_MPLS,
  }),
  row('MPLS, IPv6', ethernet(0x8848, label(2, true) + TCP6), TRANSPORT, { ...SIX, ...FLOW, tunnels: TUNNEL_MPLS }),
  row('MPLS, pseudowire with control word', ethernet(0x8847, `${label(99, true)}00000000${FRAME4}`), TRANSPORT, {
    ...INSIDE,
    depth: 0,
  }),
  row(
    'MPLS, pseudowire without',
    ethernet(0x8847, label(99, true) + ethernet(0x8100, tag(4, IPV4, INNER4))),
    TRANSPORT,
    {
      ...INSIDE,
      depth: 0,
      vlan: 4,
    },
  ),
  row(
    'MPLS, pseudowire whose address begins with 4',
    ethernet(0x8847, `${label(99, true)}4${FRAME4.slice(1)}`),
    TRANSPORT,
    {
      ...INSIDE,
      depth: 0,
    },
  ),
  row('MPLS, associated channel', ethernet(0x8847, `${label(1, true)}10000021${'00'.repeat(20)}`), NONE),
  row('MPLS, unknown', ethernet(0x8847, `${label(99, true)}f0000021${'00'.repeat(20)}`), NONE, {}, [
    'mpls.unknown_payload',
  ]),
  row('MPLS, no bottom', ethernet(0x8847, label(99, false).repeat(20)), NONE, {}, ['tunnel.too_deep']),
  row('MPLS in IP', ethernet(IPV4, ipv4(137, label(99, true) + INNER4)), TRANSPORT, {
    ...INSIDE,
    tunnels: TUNNEL_MPLS,
  }),
  // RFC 2784: flags and version 0, protocol type.
  row('GRE, IPv4', ethernet(IPV4, ipv4(47, gre(IPV4, INNER4))), TRANSPORT, { ...INSIDE, tunnels: TUNNEL_GRE }),
  row(
    'GRE, checksum, key, sequence',
    ethernet(IPV4, ipv4(47, gre(IPV4, INNER4, 0xb000, 'abcd0000800000070000002a'))),
    TRANSPORT,
    {
      ...INSIDE,
      virtualNetwork: 0x80000007 | 0,
    },
  ),
  row(
    'GRE, routing',
    ethernet(IPV4, ipv4(47, gre(IPV6, TCP6, 0x4000, '00000000080000040a00000100000000'))),
    TRANSPORT,
    {
      ...SIX,
      ...FLOW,
      depth: 1,
    },
  ),
  row('GRE, Ethernet', ethernet(IPV4, ipv4(47, gre(0x6558, FRAME4, 0x2000, '00000007'))), TRANSPORT, {
    ...INSIDE,
    virtualNetwork: 7,
  }),
  row('NVGRE', ethernet(IPV4, ipv4(47, gre(0x6558, FRAME4, 0x2000, '12345699'))), TRANSPORT, {
    ...INSIDE,
    virtualNetwork: 0x123456,
  }),
  row('GRE, MPLS', ethernet(IPV4, ipv4(47, gre(0x8847, label(9, true) + INNER4))), TRANSPORT, {
    ...INSIDE,
    tunnels: TUNNEL_GRE | TUNNEL_MPLS,
  }),
  row('GRE, ERSPAN I', ethernet(IPV4, ipv4(47, gre(0x88be, FRAME4))), TRANSPORT, {
    ...INSIDE,
    tunnels: TUNNEL_GRE | TUNNEL_ERSPAN,
  }),
  row(
    'GRE, ERSPAN II',
    ethernet(IPV4, ipv4(47, gre(0x88be, `1001000100000000${FRAME4}`, 0x1000, '00000001'))),
    TRANSPORT,
    {
      ...INSIDE,
      tunnels: TUNNEL_GRE | TUNNEL_ERSPAN,
    },
  ),
  row(
    'GRE, ERSPAN III with subheader',
    ethernet(IPV4, ipv4(47, gre(0x22eb, `200100010000000000000001${'00'.repeat(8)}${FRAME4}`, 0x1000, '00000001'))),
    TRANSPORT,
    { ...INSIDE, tunnels: TUNNEL_GRE | TUNNEL_ERSPAN },
  ),
  row(
    'GRE, PPTP',
    ethernet(IPV4, ipv4(47, gre(0x880b, `ff0321${INNER4}`, 0x3081, `${be(3 + size(INNER4), 2)}00070000000100000001`))),
    TRANSPORT,
    {
      ...INSIDE,
      virtualNetwork: 0,
      tunnels: TUNNEL_GRE,
    },
  ),
  row('GRE, PPTP acknowledgement', ethernet(IPV4, ipv4(47, gre(0x880b, '', 0x2081, '0000000700000001'))), NETWORK, {
    ...FOUR,
    protocol: 47,
    tunnels: 0,
  }),
  row('GRE, WCCP', ethernet(IPV4, ipv4(47, gre(0x883e, `00010203${INNER4}`))), TRANSPORT, INSIDE),
  row('GRE, NHRP', ethernet(IPV4, ipv4(47, gre(0x2001, '00'.repeat(30)))), NETWORK, {
    ...FOUR,
    protocol: 47,
    tunnels: 0,
  }),
  row(
    'GRE, Ethernet with tag and ARP',
    ethernet(0x8100, tag(5, IPV4, ipv4(47, gre(0x6558, ethernet(0x8100, tag(6, 0x0806, '00'.repeat(28))))))),
    NETWORK,
    {
      ...FOUR,
      protocol: 47,
      vlan: 5,
      vlanTags: 1,
      tunnels: 0,
    },
  ),
  row('GRE, version 5', ethernet(IPV4, ipv4(47, gre(IPV4, INNER4, 5))), NETWORK, { ...FOUR, protocol: 47 }, [
    'gre.unknown_payload',
  ]),
  row('4in4', ethernet(IPV4, ipv4(4, INNER4)), TRANSPORT, { ...INSIDE, tunnels: TUNNEL_IPIP }),
  row('6in4', ethernet(IPV4, ipv4(41, TCP6)), TRANSPORT, { ...SIX, ...FLOW, depth: 1, tunnels: TUNNEL_6IN4 }),
  row('4in6', ethernet(IPV6, ipv6(4, INNER4)), TRANSPORT, { ...INSIDE, source1: 0, tunnels: TUNNEL_IPIP }),
  row('6in6', ethernet(IPV6, ipv6(41, TCP6)), TRANSPORT, { ...SIX, ...FLOW, depth: 1, tunnels: TUNNEL_IPIP }),
  row(
    'IP in IP, inside is none',
    ethernet(IPV4, ipv4(4, '00'.repeat(40))),
    NETWORK,
    { ...FOUR, protocol: 4, tunnels: 0 },
    ['ip.bad_version'],
  ),
  row('ICMP in IP in IP', ethernet(IPV4, ipv4(4, ipv4(1, '0800f7ff00000000', INNER))), NETWORK, { ...TEN, depth: 1 }),
  row(
    'fragment in GRE',
    ethernet(IPV4, ipv4(47, gre(IPV4, ipv4(UDP, '00'.repeat(8), { ...INNER, piece: 0x2000 })))),
    FRAGMENT,
    {
      ...TEN,
      depth: 1,
      fragmentMore: 1,
    },
  ),
  row('VXLAN', overUdp(4789, vxlan(0x123456, FRAME4)), TRANSPORT, {
    ...INSIDE,
    virtualNetwork: 0x123456,
    tunnels: TUNNEL_VXLAN,
  }),
  row('VXLAN on 8472, inner tag', overUdp(8472, vxlan(5, ethernet(0x8100, tag(77, IPV4, INNER4)))), TRANSPORT, {
    ...INSIDE,
    vlan: 77,
    virtualNetwork: 5,
  }),
  row('VXLAN, ARP inside', overUdp(4789, vxlan(5, ethernet(0x0806, '00'.repeat(46)))), TRANSPORT, {
    ...FOUR,
    protocol: 17,
    destinationPort: 4789,
    payloadLength: 68,
    virtualNetwork: 0,
    tunnels: 0,
  }),
  row('port 4789, no VXLAN', overUdp(4789, '00'.repeat(60)), TRANSPORT, { ...FOUR, payloadLength: 60, tunnels: 0 }),
  row(
    'VXLAN, inner length lies',
    overUdp(4789, vxlan(5, ethernet(IPV4, ipv4(TCP, tcp(''), { total: 999 })))),
    TRANSPORT,
    {
      ...FOUR,
      protocol: 17,
      tunnels: 0,
      virtualNetwork: 0,
    },
  ),
  row(
    'VXLAN, inner TCP is bad',
    overUdp(4789, vxlan(5, ethernet(IPV4, ipv4(TCP, '00'.repeat(20), INNER)))),
    NETWORK,
    {
      ...TEN,
      depth: 1,
      tunnels: TUNNEL_VXLAN,
      sourcePort: 0,
      payloadLength: 0,
    },
    ['tcp.data_offset_too_small'],
  ),
  row('VXLAN over IPv6', ethernet(IPV6, ipv6(UDP, udp(vxlan(9, FRAME4), 4789))), TRANSPORT, { ...INSIDE, source1: 0 }),
  row('GENEVE with options', overUdp(6081, geneve(0x6558, 0xabcdef, FRAME4, '0101020111111111')), TRANSPORT, {
    ...INSIDE,
    virtualNetwork: 0xabcdef,
    tunnels: TUNNEL_GENEVE,
  }),
  row('GENEVE, IPv6', overUdp(6081, geneve(IPV6, 1, TCP6)), TRANSPORT, { ...SIX, ...FLOW, depth: 1 }),
  row('GENEVE, options beyond the datagram', overUdp(6081, geneve(IPV4, 1, '').replace('0000', '3f00')), TRANSPORT, {
    ...FOUR,
    destinationPort: 6081,
  }),
  row('GTP-U', overUdp(2152, gtpu(INNER4)), TRANSPORT, { ...INSIDE, tunnels: TUNNEL_GTPU, virtualNetwork: 0 }),
  row(
    'GTP-U, sequence and PDU session container',
    overUdp(2152, gtpu(INNER4, 0x36, '0001008501100900')),
    TRANSPORT,
    INSIDE,
  ),
  row('GTP-U, extension of length 0', overUdp(2152, gtpu(INNER4, 0x34, '0000008500000100')), TRANSPORT, {
    ...FOUR,
    destinationPort: 2152,
    tunnels: 0,
  }),
  row('GTP-U, PDU session container', overUdp(2152, gtpu(TCP6, 0x34, '0000008501000100')), TRANSPORT, {
    ...SIX,
    ...FLOW,
    depth: 1,
  }),
  row('GTP-U echo', overUdp(2152, '320100040000000000010000'), TRANSPORT, { ...FOUR, tunnels: 0 }),
  row('Teredo', overUdp(3544, TCP6), TRANSPORT, { ...SIX, ...FLOW, depth: 1, tunnels: TUNNEL_TEREDO }),
  row(
    'Teredo, authentication and origin',
    overUdp(4000, `0001000011223344556677880000001111aabbccdd${TCP6}`, 3544),
    TRANSPORT,
    {
      ...SIX,
      ...FLOW,
      tunnels: TUNNEL_TEREDO,
    },
  ),
  row('port 3544, no Teredo', overUdp(3544, '6000000000ff'), TRANSPORT, { ...FOUR, tunnels: 0, payloadLength: 6 }),
  row('L2TPv2', overUdp(1701, `000200010002ff030021${INNER4}`, 1701), TRANSPORT, { ...INSIDE, tunnels: TUNNEL_L2TP }),
  row(
    'L2TPv2, length, sequence, offset',
    overUdp(1701, `4a02${be(18 + size(INNER4), 2)}00010002000000000002eeee0021${INNER4}`),
    TRANSPORT,
    INSIDE,
  ),
  row('L2TPv2 control', overUdp(1701, `c802000c0001000000000000`), TRANSPORT, { ...FOUR, destinationPort: 1701 }),
  row('L2TPv2, LCP', overUdp(1701, '000200010002ff03c02101010004'), TRANSPORT, { ...FOUR, tunnels: 0 }),
  row('L2TPv2, nonsense inside', overUdp(1701, '0002000100020200'), TRANSPORT, { ...FOUR, tunnels: 0 }),
  row('L2TPv3 over UDP', overUdp(1701, `0003000000000007${FRAME4}`), TRANSPORT, INSIDE),
  row(
    'L2TPv3 over IP, cookie and sublayer',
    ethernet(IPV4, ipv4(115, `00000007aabbccdd40000001${FRAME4}`)),
    TRANSPORT,
    {
      ...INSIDE,
      tunnels: TUNNEL_L2TP,
    },
  ),
  row('L2TPv3 control', ethernet(IPV4, ipv4(115, `00000000c8030014${'00'.repeat(16)}`)), NETWORK, {
    ...FOUR,
    protocol: 115,
  }),
  row(
    'VXLAN in GRE in PPPoE in QinQ',
    ethernet(
      0x88a8,
      tag(2, 0x8100, tag(1, 0x8864, pppoe(`0021${ipv4(47, gre(IPV4, ipv4(UDP, udp(vxlan(3, FRAME4), 4789))))}`))),
    ),
    TRANSPORT,
    {
      ...TEN,
      ...FLOW,
      depth: 2,
      vlan: 1,
      outerVlan: 2,
      tunnels: TUNNEL_PPPOE | TUNNEL_GRE | TUNNEL_VXLAN,
    },
  ),
  row('eight IP headers', ethernet(IPV4, nest(7)), TRANSPORT, { ...INSIDE, depth: 7 }),
  row('nine IP headers', ethernet(IPV4, nest(8)), NETWORK, { ...FOUR, depth: 7, protocol: 4 }, ['tunnel.too_deep']),
  row('endless frames in frames', ethernet(0x6558, ethernet(0x6558, '').repeat(60)), NONE, {}, ['tunnel.too_deep']),
];
