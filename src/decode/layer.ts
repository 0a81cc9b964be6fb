// hot: the vocabulary every decoder of this folder shares.
import type { Packet } from './packet.ts';

/**
 * What a decoder answers: a `Decoded` value (0…3) when it is finished, or the layer that follows, which starts at
 * `Layer.off`. The decoders never call each other up the stack, so nesting costs no call depth and one loop bounds it.
 */
export type Step = number;

/** Nothing to do: no network header was reached (= `Decoded.None`). */
export const DONE_NONE = 0;
/** = `Decoded.Network`, `Decoded.Transport`, `Decoded.Fragment`. */
export const DONE_NETWORK = 1;
export const DONE_TRANSPORT = 2;
export const DONE_FRAGMENT = 3;
/** IPv4 or IPv6 by its version nibble. */
export const NEXT_IP = 4;
export const NEXT_ETHERNET = 5;
/** Payload named by an EtherType, which stands in `Layer.type`. */
export const NEXT_ETHERTYPE = 6;
export const NEXT_LLC = 7;
export const NEXT_PPP = 8;
export const NEXT_PPPOE = 9;
export const NEXT_MPLS = 10;
export const NEXT_HDLC = 11;
export const NEXT_GRE = 12;
export const NEXT_ERSPAN = 13;
/** Two-byte-aligned guess over IP protocol 115 (L2TPv3 data). */
export const NEXT_L2TP3 = 14;
/** Tunnels named by nothing but a UDP port: all of them are guesses, and all are at least this number. */
export const FIRST_UDP_TUNNEL = 15;
export const NEXT_VXLAN = 15;
export const NEXT_GENEVE = 16;
export const NEXT_GTPU = 17;
export const NEXT_TEREDO = 18;
export const NEXT_L2TP = 19;

/** EtherTypes acted upon (IEEE registry). */
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_PPP = 0x880b;
export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_MPLS_MULTICAST = 0x8848;
export const ETHERTYPE_PPPOE_SESSION = 0x8864;
export const ETHERTYPE_QINQ = 0x88a8;
export const ETHERTYPE_ERSPAN_III = 0x22eb;
export const ETHERTYPE_ERSPAN_II = 0x88be;
export const ETHERTYPE_FABRICPATH = 0x8903;
export const ETHERTYPE_QINQ_OLD = 0x9100;
export const ETHERTYPE_TEB = 0x6558;

/** Where the next layer lies: captured bytes [off, end), and one past its last byte on the wire (`wire >= end`). */
export class Layer {
  off = 0;
  end = 0;
  wire = 0;
  /** EtherType, for NEXT_ETHERTYPE. */
  type = 0;
}

/** Counts an anomaly and keeps the first one of the packet. */
export function note(p: Packet, counters: Float64Array, anomaly: number): void {
  counters[anomaly] = (counters[anomaly] ?? 0) + 1;
  if (p.anomaly === 0) p.anomaly = anomaly;
}

/** Counts an anomaly that ends decoding of this packet below it. */
export function stop(p: Packet, counters: Float64Array, anomaly: number): Step {
  note(p, counters, anomaly);
  return DONE_NONE;
}
