/** Address fields of filings: one address, CIDR, `a-b`, or start and end in two columns. Canonical text out. */
import ipaddr from 'ipaddr.js';

export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** Return codes of the filing interface (YD/T 2431 annex B) with the machine-readable reason. */
export const RANGE_FAULTS = {
  start_after_end: { code: '2002', words: 'the start address lies behind the end address' },
  bad_start_ip: { code: '2006', words: 'the start address is no IP address' },
  bad_end_ip: { code: '2007', words: 'the end address is no IP address of the same family' },
} as const;
export type RangeFault = keyof typeof RANGE_FAULTS;

interface Address {
  readonly v6: boolean;
  /** IPv4: number; IPv6: bytes. */
  readonly value: number;
  readonly bytes: readonly number[];
}

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/**
 * Addresses from a start field, which may hold a whole range, and an end field, which may be empty. CIDR with host bits
 * set means its network.
 */
export function parseRange(start: string, end: string = ''): AddressRange | RangeFault {
  const from = plain(start);
  const to = plain(end);
  if (from.length > 100 || from === '') return 'bad_start_ip';
  if (to.length > 100) return 'bad_end_ip';
  const split = /^([^-~]+)[-~]([^-~]+)$/.exec(from);
  if (split && (to === '' || to === split[2])) return between(split[1] as string, split[2] as string);
  if (from.includes('/')) {
    const network = parseCidr(from);
    if (network === null) return 'bad_start_ip';
    if (to === '' || to === from) return network;
    const last = parseCidr(to)?.last ?? canonicalAddress(to);
    return last === null ? 'bad_end_ip' : between(network.first, last);
  }
  return between(from, to === '' ? from : to);
}

/** Canonical text (RFC 5952) of an address, IPv4-mapped ones as IPv4; null where it is none. */
export function canonicalAddress(text: string): string | null {
  const address = read(plain(text));
  return address && written(address);
}

function plain(text: string): string {
  const cut = text.length > 300 ? text.slice(0, 300) : text;
  const ascii = /[^\x20-\x7e]/.test(cut)
    ? cut
        .normalize('NFKC')
        .replace(/[—–−至到]+/g, '-')
        .replace(/[～∼]/g, '~')
    : cut;
  return ascii.includes(' ') ? ascii.replace(/ +/g, '') : ascii;
}

function between(start: string, end: string): AddressRange | RangeFault {
  const first = read(start);
  if (first === null) return 'bad_start_ip';
  if (start === end) {
    const text = written(first);
    return { first: text, last: text };
  }
  // `192.0.2.1-20`: the last part alone.
  const last = read(!first.v6 && /^\d{1,3}$/.test(end) ? start.replace(/\d+$/, end) : end);
  if (last === null || last.v6 !== first.v6) return 'bad_end_ip';
  if (compare(first, last) > 0) return 'start_after_end';
  return { first: written(first), last: written(last) };
}

function parseCidr(text: string): AddressRange | null {
  const [address = '', length = '', more] = text.split('/');
  const base = read(address);
  if (base === null || more !== undefined || !/^\d{1,3}$/.test(length)) return null;
  // The length of an IPv4-mapped network counts from the beginning of the IPv6 address.
  const bits = Number(length) - (!base.v6 && address.includes(':') ? 96 : 0);
  if (bits < 0 || bits > (base.v6 ? 128 : 32)) return null;
  if (!base.v6) {
    const size = 2 ** (32 - bits);
    const first = Math.floor(base.value / size) * size;
    return { first: v4Text(first), last: v4Text(first + size - 1) };
  }
  const first = [...base.bytes];
  const last = [...base.bytes];
  for (let i = 0; i < 16; i++) {
    const kept = Math.max(0, Math.min(8, bits - i * 8));
    const mask = (0xff00 >> kept) & 0xff;
    first[i] = (first[i] as number) & mask;
    last[i] = (last[i] as number) | (0xff & ~mask);
  }
  // A network may end among the IPv4-mapped addresses without starting there: `::/80` has no range of one family.
  const range = between(v6Text(first), v6Text(last));
  return typeof range === 'string' ? null : range;
}

function read(text: string): Address | null {
  const v4 = V4.exec(text);
  if (v4) {
    // Zeros before a number mean octal to some programs; where all parts are filled up to three digits they are padding.
    const padded = text.length === 15;
    let value = 0;
    for (let i = 1; i <= 4; i++) {
      const part = v4[i] as string;
      const number = Number(part);
      if (number > 255 || (part.length > 1 && part[0] === '0' && !padded)) return null;
      value = value * 256 + number;
    }
    return { v6: false, value, bytes: [] };
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  const parsed = ipaddr.IPv6.parse(text);
  if (parsed.isIPv4MappedAddress()) {
    const value = parsed.toIPv4Address().octets.reduce((sum, octet) => sum * 256 + octet, 0);
    return { v6: false, value, bytes: [] };
  }
  return { v6: true, value: 0, bytes: parsed.toByteArray() };
}

function compare(a: Address, b: Address): number {
  if (!a.v6) return a.value - b.value;
  for (let i = 0; i < 16; i++) {
    const difference = (a.bytes[i] as number) - (b.bytes[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function written(address: Address): string {
  return address.v6 ? v6Text(address.bytes) : v4Text(address.value);
}

/** The IPv4 address of a number. */
export function v4Text(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function v6Text(bytes: readonly number[]): string {
  return new ipaddr.IPv6([...bytes]).toRFC5952String();
}
