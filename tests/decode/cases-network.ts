import {
  type Case,
  FLOW,
  FOUR,
  FRAGMENT,
  link,
  NETWORK,
  NONE,
  PAYLOAD,
  row,
  SEEN,
  SIX,
  TCP4,
  TRANSPORT,
} from './case.ts';
import { ethernet, IPV4, IPV6, ipv4, ipv6, TCP, tcp, UDP, udp } from './wire.ts';

export const NETWORKS: readonly Case[] = [
  // RFC 791, appendix A, example 1: one data octet, protocol 1, and example 2 as a fragment.
  row(
    'RFC 791 example 1',
    '45150015006f00007b010000c0000201c633640200',
    NETWORK,
    {
      ...FOUR,
      protocol: 1,
      networkLength: 1,
      sourcePort: 0,
    },
    [],
    101,
  ),
  link('IPv4 options', 1, ethernet(IPV4, ipv4(TCP, tcp(PAYLOAD), { options: '94040000' })), { network: 38 }),
  link('TCP options', 1, ethernet(IPV4, ipv4(TCP, tcp(PAYLOAD, '020405b401010402'))), { payload: 62 }),
  link('total length 0: segmentation offload', 1, ethernet(IPV4, ipv4(TCP, tcp(PAYLOAD), { total: 0 }))),
  row('total length beyond the frame', ethernet(IPV4, ipv4(TCP, tcp(PAYLOAD), { total: 900 })), TRANSPORT, SEEN, [
    'ip.length_exceeds_frame',
  ]),
  row('total length below the header', ethernet(IPV4, ipv4(TCP, tcp(PAYLOAD), { total: 19 })), NONE, {}, [
    'ipv4.total_length_too_small',
  ]),
  row('header length below 20', ethernet(IPV4, `44${TCP4.slice(2)}`), NONE, {}, ['ipv4.header_too_small']),
  row('ICMP', ethernet(IPV4, ipv4(1, '0800f7ff00000000')), NETWORK, { ...FOUR, protocol: 1, networkLength: 8 }),
  row('AH over IPv4', ethernet(IPV4, ipv4(51, `06040000${'00'.repeat(20)}${tcp(PAYLOAD)}`)), TRANSPORT, SEEN),
  row('IPv4 fragment', ethernet(IPV4, ipv4(UDP, '00'.repeat(16), { piece: 0x2003, id: 0xbeef })), FRAGMENT, {
    ...FOUR,
    fragmentId: 0xbeef,
    fragmentOffset: 24,
    fragmentMore: 1,
    network: 34,
    networkEnd: 50,
    networkLength: 16,
    sourcePort: 0,
  }),
  row('IPv6 fragment', ethernet(IPV6, ipv6(44, `11000579fedcba98${'00'.repeat(16)}`)), FRAGMENT, {
    ...SIX,
    protocol: 17,
    fragmentId: 0xfedcba98 | 0,
    fragmentOffset: 0x0578,
    fragmentMore: 1,
    network: 62,
    networkEnd: 78,
  }),
  row('IPv6 atomic fragment', ethernet(IPV6, ipv6(44, `0600000011111111${tcp(PAYLOAD)}`)), TRANSPORT, {
    ...SIX,
    ...FLOW,
    fragmentId: 0,
  }),
  row(
    'IPv6 hop-by-hop, routing, destination, AH',
    ethernet(
      IPV6,
      ipv6(
        0,
        `2b00050200000000${`3c02${'00'.repeat(22)}`}3300010400000000${`06040000${'00'.repeat(20)}`}${tcp(PAYLOAD)}`,
      ),
    ),
    TRANSPORT,
    { ...SIX, ...FLOW },
  ),
  row('IPv6 no next header', ethernet(IPV6, ipv6(59, '')), NETWORK, { ...SIX, protocol: 59, networkLength: 0 }),
  row(
    'IPv6 too many extensions',
    ethernet(IPV6, ipv6(60, `${'3c00010400000000'.repeat(14)}0600010400000000${tcp(PAYLOAD)}`)),
    NETWORK,
    { ...SIX, protocol: 60 },
    ['ipv6.too_many_extensions'],
  ),
  row('IPv6 extension beyond the packet', ethernet(IPV6, ipv6(60, '0609010400000000')), NETWORK, { ...SIX }, [
    'ipv6.truncated_extension',
  ]),
  row('IPv6 payload length 0', ethernet(IPV6, ipv6(TCP, tcp(PAYLOAD), 0)), TRANSPORT, { ...SIX, ...FLOW }),
  row('TCP data offset 4', ethernet(IPV4, ipv4(TCP, tcp(PAYLOAD).replace('5018', '4018'))), NETWORK, { ...FOUR }, [
    'tcp.data_offset_too_small',
  ]),
  row('TCP header beyond the packet', ethernet(IPV4, ipv4(TCP, tcp('').replace('5018', 'f018'))), NETWORK, FOUR, [
    'tcp.truncated_header',
  ]),
  row('UDP length 7', ethernet(IPV4, ipv4(UDP, udp('abcd', 53, 1, 7))), NETWORK, { ...FOUR, protocol: 17 }, [
    'udp.length_too_small',
  ]),
  row('UDP length 0', ethernet(IPV4, ipv4(UDP, udp('abcd', 53, 1, 0))), TRANSPORT, { ...FOUR, payloadLength: 2 }),
  row('UDP shorter than IP', ethernet(IPV4, ipv4(UDP, udp('abcdef', 53, 1, 9))), TRANSPORT, {
    payloadLength: 1,
    payloadEnd: 43,
  }),
];
