/** Prefixes of addresses in canonical text form. */
import ipaddr from 'ipaddr.js';

/** The prefix of `length` bits in which an address lies, in canonical form; null for what is no address. */
export function prefixOf(ip: string, length: number): string | null {
  if (ip.includes('%')) return null;
  if (ipaddr.IPv4.isValidFourPartDecimal(ip)) return length <= 32 ? canonicalPrefix(`${ip}/${length}`) : null;
  return ip.includes(':') && length <= 128 ? canonicalPrefix(`${ip}/${length}`) : null;
}

/** A prefix with its host bits cleared, IPv6 as in RFC 5952; null for what is none. */
export function canonicalPrefix(prefix: string): string | null {
  const { IPv4, IPv6 } = ipaddr;
  const length = prefix.slice(prefix.indexOf('/') + 1);
  if (IPv4.isValidCIDRFourPartDecimal(prefix)) return `${IPv4.networkAddressFromCIDR(prefix)}/${Number(length)}`;
  if (!prefix.includes(':') || prefix.includes('%') || !IPv6.isValidCIDR(prefix)) return null;
  return `${IPv6.networkAddressFromCIDR(prefix).toRFC5952String()}/${Number(length)}`;
}

/** An address in canonical text form, or null. */
export function canonicalAddress(ip: string): string | null {
  const text = ip.trim();
  const prefix = prefixOf(text, text.includes(':') ? 128 : 32);
  return prefix === null ? null : prefix.slice(0, prefix.indexOf('/'));
}
