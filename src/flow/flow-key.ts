// hot: two calls per packet.
import type { Packet } from '../decode/packet.ts';

/**
 * Mixes the two endpoints of a packet so that both directions give the same number; `context` from `flowContext`. `seed` is
 * a secret of the run: without it, traffic can be made whose flows all fall into one slot. No result depends on it.
 */
export function flowHash(p: Packet, context: number, seed: number): number {
  let s = Math.imul(p.source0 ^ seed, 0x9e3779b1);
  let d = Math.imul(p.destination0 ^ seed, 0x9e3779b1);
  if (p.ipVersion === 6) {
    s = Math.imul((s ^ (s >>> 15)) + p.source1, 0xc2b2ae35);
    d = Math.imul((d ^ (d >>> 15)) + p.destination1, 0xc2b2ae35);
    s = Math.imul((s ^ (s >>> 15)) + p.source2, 0x27d4eb2f);
    d = Math.imul((d ^ (d >>> 15)) + p.destination2, 0x27d4eb2f);
    s = Math.imul((s ^ (s >>> 15)) + p.source3, 0x165667b1);
    d = Math.imul((d ^ (d >>> 15)) + p.destination3, 0x165667b1);
  }
  s = Math.imul((s ^ (s >>> 15)) + p.sourcePort, 0x85ebca6b);
  d = Math.imul((d ^ (d >>> 15)) + p.destinationPort, 0x85ebca6b);
  let h = (Math.imul(s ^ (s >>> 13), 0x2c1b3c6d) + Math.imul(d ^ (d >>> 13), 0x2c1b3c6d) + context) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/**
 * Part of the key beside addresses and ports: protocol, IP version and, where either address is private, VLAN tags and
 * virtual network. Global addresses mean the same host in every VLAN, and the two directions of one conversation often
 * carry different tags there; private ones are reused from customer to customer.
 */
export function flowContext(p: Packet): number {
  const kind = (p.protocol << 1) | (p.ipVersion === 6 ? 1 : 0);
  if (p.vlan === 0 && p.virtualNetwork === 0 && p.outerVlan === 0) return kind;
  if (!isPrivate(p.ipVersion, p.source0) && !isPrivate(p.ipVersion, p.destination0)) return kind;
  const mixed =
    Math.imul(p.vlan + 1, 0x9e3779b1) ^
    Math.imul(p.outerVlan + 1, 0x85ebca6b) ^
    Math.imul(p.virtualNetwork, 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 15)) << 9) | kind;
}

/** RFC 1918, RFC 6598 (100.64/10), RFC 3927; RFC 4193 (fc00::/7) and link-local fe80::/10. */
function isPrivate(version: number, first: number): boolean {
  if (version === 6) return (first & 0xfe000000) === (0xfc000000 | 0) || (first & 0xffc00000) === (0xfe800000 | 0);
  const top = first >>> 24;
  if (top === 10) return true;
  const two = first >>> 16;
  return two === 0xc0a8 || (two & 0xfff0) === 0xac10 || (two & 0xffc0) === 0x6440 || two === 0xa9fe;
}
