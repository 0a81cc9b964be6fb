/** Addresses as numbers: what the index compares. */
import ipaddr from 'ipaddr.js';

/** Words of an address in network order, unsigned: one for IPv4, four for IPv6. */
export type AddressWords = readonly number[];

/**
 * The words of an address; null for anything that is none. IPv4 is a dotted quad of four decimals; IPv4-mapped IPv6
 * (RFC 4291 §2.5.5.2) counts as IPv4; zones (RFC 6874) are refused. Never throws.
 */
export function addressWordsOf(text: string): AddressWords | null {
  if (text.length > 45) return null;
  const four = dottedQuad(text);
  if (four >= 0) return [four];
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  const bytes = ipaddr.process(text).toByteArray();
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(i, i + 4);
    words.push(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  }
  return words;
}

/** A dotted quad as an unsigned number, -1 where it is none; a registry of a million rows asks this two million times. */
function dottedQuad(text: string): number {
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (digits === 0 || ++dots > 3) return -1;
      value = value * 256 + part;
      part = 0;
      digits = 0;
    } else if (code >= 0x30 && code <= 0x39) {
      // Leading zeros are octal to some programs (RFC 6943 §3.1.1): no address here.
      if (digits > 0 && part === 0) return -1;
      part = part * 10 + code - 0x30;
      digits++;
      if (part > 255) return -1;
    } else {
      return -1;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + part : -1;
}

/** Order of two addresses of one family. */
export function compareWords(a: AddressWords, b: AddressWords): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether an address means different customers in different places: RFC 1918, shared space of carriers (RFC 6598),
 * link-local (RFC 3927, RFC 4291) and unique local IPv6 (RFC 4193). Such an address is a key only together with its realm.
 */
export function isPrivateAddress(words: AddressWords): boolean {
  const a = words[0] as number;
  if (words.length === 4) return a >>> 25 === 0xfc >>> 1 || a >>> 22 === 0xfe80 >>> 6;
  const [first, second] = [a >>> 24, (a >>> 16) & 0xff];
  return (
    first === 10 ||
    (first === 172 && second >>> 4 === 1) ||
    (first === 192 && second === 168) ||
    (first === 100 && second >>> 6 === 1) ||
    (first === 169 && second === 254)
  );
}
