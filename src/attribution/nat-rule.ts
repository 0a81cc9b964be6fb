/**
 * Deterministic NAT (RFC 7422, https://www.rfc-editor.org/rfc/rfc7422): which inside address had an outside address and
 * port, by arithmetic instead of a log. Pure functions.
 */
import ipaddr from 'ipaddr.js';
import type { NatRule } from './types.ts';

/** An address as a number with its family; IPv4 and IPv6 are never mixed. */
interface Numbered {
  readonly six: boolean;
  readonly value: bigint;
}

function numbered(text: string): Numbered | null {
  const six = text.includes(':');
  if (six ? !ipaddr.IPv6.isValid(text) || text.includes('%') : !ipaddr.IPv4.isValidFourPartDecimal(text)) return null;
  let value = 0n;
  for (const byte of ipaddr.parse(text).toByteArray()) value = (value << 8n) | BigInt(byte);
  return { six, value };
}

function textOf(value: bigint, six: boolean): string {
  const bytes: number[] = [];
  for (let shift = six ? 120n : 24n; shift >= 0n; shift -= 8n) bytes.push(Number((value >> shift) & 0xffn));
  const address = ipaddr.fromByteArray(bytes);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** How many addresses first … last are; null where they are none, of two families or upside down. */
function countOf(first: string, last: string): bigint | null {
  const a = numbered(first);
  const b = numbered(last);
  return a === null || b === null || a.six !== b.six || b.value < a.value ? null : b.value - a.value + 1n;
}

/**
 * Ports for each inside address: (65536 − R) / (C + D), rounded down (RFC 7422 section 2). `reserved` R ports below the
 * first one, `ratio` C inside addresses to an outside address, `dynamic` D shares kept for allocation on demand.
 * RFC 7422's own example: R = 1024, C = 14, D = 2 gives 4032.
 */
export function portsPerUser(reserved: number, ratio: number, dynamic: number = 0): number {
  return Math.floor((65536 - reserved) / (ratio + dynamic));
}

/**
 * Why a rule cannot be, in one line that says what to correct, or null. `first` and `last` are the outside addresses;
 * `dynamic` is D where the source gives it.
 */
export function natRuleProblem(
  rule: NatRule,
  first: string,
  last: string,
  dynamic: number | null = null,
): string | null {
  const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  if (!whole(rule.firstPort, 0, 65535)) return `first port ${rule.firstPort} is not within 0 – 65535`;
  if (!whole(rule.ratio, 1, 65536)) return `ratio ${rule.ratio} is not within 1 – 65536`;
  if (!whole(rule.portsPerUser, 1, 65536)) return `ports per user ${rule.portsPerUser} is not within 1 – 65536`;
  const outside = countOf(first, last);
  if (outside === null) return 'outside addresses are not a range';
  const inside = countOf(rule.insideFirst, rule.insideLast);
  if (inside === null) return 'inside addresses are not a range';
  const most = portsPerUser(rule.firstPort, rule.ratio);
  if (rule.portsPerUser > most) {
    return (
      `${rule.ratio} users of ${rule.portsPerUser} ports do not fit into ${65536 - rule.firstPort} ports from ` +
      `${rule.firstPort}: at most ${most} each (RFC 7422)`
    );
  }
  if (dynamic !== null) {
    if (!whole(dynamic, 0, 65536)) return `dynamic reserve ${dynamic} is not within 0 – 65536`;
    const exact = portsPerUser(rule.firstPort, rule.ratio, dynamic);
    if (rule.portsPerUser !== exact) {
      return `ports per user ${rule.portsPerUser} disagree with (65536 − ${rule.firstPort}) / (${rule.ratio} + ${dynamic}) = ${exact}`;
    }
  }
  if (inside > outside * BigInt(rule.ratio)) {
    return `${inside} inside addresses do not fit onto ${outside} outside addresses with ratio ${rule.ratio}`;
  }
  return null;
}

/**
 * Inside address behind `outside` and `port` (0 – 65535), or null where the rule gives that port to nobody. `first` is
 * the first outside address of the rule's row; addresses are canonical text.
 */
export function insideOf(rule: NatRule, first: string, outside: string, port: number): string | null {
  const from = numbered(first);
  const at = numbered(outside);
  const base = numbered(rule.insideFirst);
  const end = numbered(rule.insideLast);
  if (from === null || at === null || base === null || end === null) return null;
  if (from.six !== at.six || base.six !== end.six || at.value < from.value) return null;
  if (!Number.isInteger(port) || port < rule.firstPort || port > 65535) return null;
  const offset = port - rule.firstPort;
  const sequential = rule.order === 'sequential';
  const user = sequential ? Math.floor(offset / rule.portsPerUser) : offset % rule.ratio;
  const nth = sequential ? offset % rule.portsPerUser : Math.floor(offset / rule.ratio);
  if (!(user < rule.ratio) || !(nth < rule.portsPerUser)) return null;
  const inside = base.value + (at.value - from.value) * BigInt(rule.ratio) + BigInt(user);
  return inside > end.value ? null : textOf(inside, base.six);
}

/**
 * The inverse: outside address and port that the `nth` port (from 0) of an inside address comes out of, or null where
 * the rule has no such user or port.
 */
export function outsideOf(
  rule: NatRule,
  first: string,
  inside: string,
  nth: number,
): { readonly address: string; readonly port: number } | null {
  const from = numbered(first);
  const at = numbered(inside);
  const base = numbered(rule.insideFirst);
  const end = numbered(rule.insideLast);
  if (from === null || at === null || base === null || end === null) return null;
  if (at.six !== base.six || base.six !== end.six || at.value < base.value || at.value > end.value) return null;
  if (!Number.isInteger(nth) || nth < 0 || nth >= rule.portsPerUser) return null;
  const index = at.value - base.value;
  const user = Number(index % BigInt(rule.ratio));
  const port =
    rule.firstPort + (rule.order === 'sequential' ? user * rule.portsPerUser + nth : user + nth * rule.ratio);
  const address = from.value + index / BigInt(rule.ratio);
  if (port > 65535 || address >= 1n << (from.six ? 128n : 32n)) return null;
  return { address: textOf(address, from.six), port };
}
