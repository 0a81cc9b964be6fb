import { countOf, textOf } from './text-value.ts';

/**
 * Names of IP protocols by number (IANA protocol-numbers), cut to five letters as nfdump prints them; `-` where none is known.
 */
const SHORT_NAMES =
  'hopopt icmp igmp ggp ipip st tcp cbt egp igp bbn nvpii pup argus encom xnet chaos udp mux dcn hmp prm xns trnk1 trnk2 leaf1 ' +
  'leaf2 rdp irtp iso-4 netbk mfesp meinp dccp 3pc idpr xtp ddp - tp++ il ipv6 sdrp rte6 frag6 idrp rsvp gre mhrp bna esp ah ' +
  'inlsp swipe narp mobil tlsp skip icmp6 nohe6 opts6 host cftp - satnt klan rvd ippc fs - visa ipcv cpnx cphb wsn pvp bsatm ' +
  'sunnd wbmon wbexp isoip vmtp svmtp vines ttp nsigp dgp tcf eigrp ospf s-rpc larp mtp ax.25 - micp sccsp ethip encap - gmtp ' +
  'ifmp pnni pim aris scps qnx a/n ipcmp snp cpqpp ipxip vrrp pgm 0hop l2tp ddx iatp stp srp uti smp sm ptp isis4 fire crtp ' +
  'crudp - iplt sps pipe sctp fc - mhead udp-l mpls';

/** What other programs print. */
const LONG_NAMES: readonly (readonly [name: string, protocol: number])[] = [
  ['ipv4', 4],
  ['ipv6-route', 43],
  ['ipv6-frag', 44],
  ['icmpv6', 58],
  ['ipv6-icmp', 58],
  ['udplite', 136],
];
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ...SHORT_NAMES.split(' ')
    .map((name, protocol) => [name, protocol] as const)
    .filter(([name]) => name !== '-'),
  ...LONG_NAMES,
]);

const ICMP = 1;
const ICMPV6 = 58;
export const TCP = 6;

/** Protocol number from a name or a number; -1 where it is neither. */
export function protocolOf(value: unknown): number {
  const number = countOf(typeof value === 'string' ? value.trim() : value);
  if (number >= 0) return number <= 255 ? number : -1;
  return PROTOCOLS.get(textOf(value).trim().toLowerCase()) ?? -1;
}

/** ICMP has no ports; programs put type and code there. */
export function hasPorts(protocol: number): boolean {
  return protocol !== ICMP && protocol !== ICMPV6;
}
