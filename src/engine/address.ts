import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Canonical text of an address given as signed 32-bit words: dotted quad, or RFC 5952 for IPv6. */
export function addressText(version: number, w0: number, w1: number, w2: number, w3: number): string {
  if (version === 4) return `${w0 >>> 24}.${(w0 >>> 16) & 0xff}.${(w0 >>> 8) & 0xff}.${w0 & 0xff}`;
  const groups = [w0, w1, w2, w3].flatMap((w) => [w >>> 16, w & 0xffff]);
  // IPv4-mapped addresses are written with the quad (RFC 5952 §5).
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return `::ffff:${addressText(4, w3, 0, 0, 0)}`;
  let best = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > length) {
      best = i;
      length = n;
    }
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  return best < 0 ? text(0, 8) : `${text(0, best)}::${text(best + length, 8)}`;
}

/** An address as text in its canonical form, IPv4-mapped ones as IPv4; null for a name. */
export function canonicalAddress(text: string): string | null {
  // The library tells names from addresses by exceptions, which cost more than all else about a name.
  // Zones (RFC 6874) name an interface of the sender and are none of an address here.
  if (isIP(text) === 0 || text.includes('%')) return null;
  const bytes = ipaddr.process(text).toByteArray();
  const word = (n: number): number =>
    ((bytes[n] ?? 0) << 24) | ((bytes[n + 1] ?? 0) << 16) | ((bytes[n + 2] ?? 0) << 8) | (bytes[n + 3] ?? 0);
  return addressText(bytes.length === 4 ? 4 : 6, word(0), word(4), word(8), word(12));
}
