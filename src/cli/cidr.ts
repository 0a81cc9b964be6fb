import ipaddr from 'ipaddr.js';
import { UsageError } from './exit.ts';

/**
 * A prefix in canonical form (RFC 5952 for IPv6) with its host bits cleared: `10.1.2.3/8` becomes `10.0.0.0/8`. A bare
 * address means itself alone. Throws a UsageError for anything else, also for shorthand such as `10/8`.
 */
export function parsePrefix(text: string, option: string): string {
  const { IPv4, IPv6 } = ipaddr;
  const prefix = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
  if (IPv4.isValidCIDRFourPartDecimal(prefix)) {
    return `${IPv4.networkAddressFromCIDR(prefix)}/${lengthOf(prefix)}`;
  }
  if (prefix.includes(':') && !prefix.includes('%') && IPv6.isValidCIDR(prefix)) {
    return `${IPv6.networkAddressFromCIDR(prefix).toRFC5952String()}/${lengthOf(prefix)}`;
  }
  throw new UsageError(`${option}: '${text}' is not a prefix such as 10.0.0.0/8 or 2001:db8::/32`);
}

function lengthOf(prefix: string): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}
