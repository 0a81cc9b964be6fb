/** Longest name taken for a host: a DNS name has at most 253 characters (RFC 1035 §2.3.4). */
const MAX_HOST = 253;

/**
 * A host as a client names it to a proxy: a DNS name, or an IPv4 address as text. Lower case, without the dot of the root;
 * null where it holds characters that no host has, or is too long or empty.
 */
export function hostOf(text: string): string | null {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.length === 0 || name.length > MAX_HOST || !/^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/.test(name)) return null;
  if (name.includes('..')) return null;
  // Digits and dots alone are an address or nothing.
  return /^[0-9.]+$/.test(name) && !isIpv4(name) ? null : name;
}

/** Four decimal numbers up to 255, without leading zeros. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/** Text form of an IPv6 address (RFC 4291 §2.2), without zone; the last 32 bits may be an IPv4 address. */
export function isIpv6(text: string): boolean {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') continue;
    const parts = half.split(':');
    for (const [at, part] of parts.entries()) {
      const last = index === halves.length - 1 && at === parts.length - 1;
      if (last && isIpv4(part)) groups += 2;
      else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups++;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}
