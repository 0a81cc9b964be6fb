// hot: a few calls per flow record.
import type { FlowRecord } from './record.ts';

/**
 * Part of the key of a conversation beside addresses and server port: protocol, IP version and, where either address is
 * private, VLAN and VRF. Global addresses mean the same host everywhere; private ones are reused from customer to customer.
 */
export function recordContext(r: FlowRecord): number {
  const kind = (r.protocol << 1) | (r.ipVersion === 6 ? 1 : 0);
  if (r.vlan === 0 && r.vrf === 0) return kind;
  if (!isPrivate(r.ipVersion, r.source0) && !isPrivate(r.ipVersion, r.destination0)) return kind;
  const mixed = Math.imul(r.vlan + 1, 0x9e3779b1) ^ Math.imul(r.vrf, 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 15)) << 9) | kind;
}

/** RFC 1918, RFC 6598 (100.64/10), RFC 3927; RFC 4193 (fc00::/7) and link-local fe80::/10. */
export function isPrivate(version: number, first: number): boolean {
  if (version === 6) return (first & 0xfe000000) === (0xfc000000 | 0) || (first & 0xffc00000) === (0xfe800000 | 0);
  const top = first >>> 24;
  if (top === 10) return true;
  const two = first >>> 16;
  return two === 0xc0a8 || (two & 0xfff0) === 0xac10 || (two & 0xffc0) === 0x6440 || two === 0xa9fe;
}

/** Hash of client, server and server port for IPv4; `seed` is a secret of the run, on which no result depends. */
export function hash4(client: number, server: number, port: number, context: number, seed: number): number {
  let h = Math.imul(client ^ seed, 0x9e3779b1) ^ Math.imul(server + seed, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ port, 0x2c1b3c6d) + context;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/** Mixes the rest of an IPv6 address into a hash. */
export function hashWords(h: number, w1: number, w2: number, w3: number): number {
  let x = Math.imul(h ^ (h >>> 13) ^ w1, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 13) ^ w2, 0x27d4eb2f);
  x = Math.imul(x ^ (x >>> 13) ^ w3, 0x165667b1);
  return x ^ (x >>> 16);
}

/** Ports from which programs call by themselves: Linux begins at 32768, IANA at 49152 (RFC 6335 §6). */
const EPHEMERAL = 32_768;
/** Ports that only privileged programs open, on most systems. */
const SYSTEM = 1024;

/** How much a port looks like that of a server: 0 where a program took it by itself, more where it is a service's. */
export function serverRank(port: number, known: Uint8Array): number {
  if ((known[port] as number) !== 0) return 3;
  return port < SYSTEM ? 2 : port < EPHEMERAL ? 1 : 0;
}
