import ipaddr from 'ipaddr.js';

/** An address as a flow record has it: signed 32-bit words in network order, IPv4 in the first alone. */
export interface AddressWords {
  word0: number;
  word1: number;
  word2: number;
  word3: number;
}

/** Longest IPv6 address as text: eight groups with a dotted quad at the end. */
const MAX_TEXT = 45;

/** One address for the whole program, filled by `parseAddress`; copy what is kept. */
export const ADDRESS: AddressWords = { word0: 0, word1: 0, word2: 0, word3: 0 };

/**
 * Reads an address as text into `ADDRESS`: 4 or 6, or 0 where it is none. IPv4-mapped addresses (RFC 4291 §2.5.5.2) are IPv4.
 * Zones, ports, prefix lengths and octets with leading zeros (which some programs read as octal) are refused.
 */
export function parseAddress(text: string): 0 | 4 | 6 {
  const { length } = text;
  if (length < 2 || length > MAX_TEXT) return 0;
  return text.includes(':') ? parseIpv6(text) : parseQuad(text);
}

const DOT = 0x2e;
const COLON = 0x3a;

function parseQuad(text: string): 0 | 4 {
  const { length } = text;
  if (length > 15) return 0;
  let word = 0;
  let octet = -1;
  let octets = 0;
  for (let i = 0; i <= length; i++) {
    const c = i === length ? DOT : text.charCodeAt(i);
    if (c === DOT) {
      if (octet < 0 || octets === 4) return 0;
      word = (word << 8) | octet;
      octets++;
      octet = -1;
      continue;
    }
    const digit = c - 0x30;
    if (digit < 0 || digit > 9 || octet === 0) return 0;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return 0;
  }
  if (octets !== 4) return 0;
  ADDRESS.word0 = word;
  ADDRESS.word1 = ADDRESS.word2 = ADDRESS.word3 = 0;
  return 4;
}

/** The library tells by exceptions, which are dear: what cannot be an address never reaches it. */
function parseIpv6(text: string): 0 | 4 | 6 {
  let colons = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === COLON) colons++;
    else if (!(c === DOT || (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66))) return 0;
  }
  if (colons < 2 || colons > 8 || !ipaddr.IPv6.isValid(text)) return 0;
  const { parts } = ipaddr.IPv6.parse(text);
  const word = (at: number): number => ((parts[at] ?? 0) << 16) | (parts[at + 1] ?? 0);
  const last = word(6);
  if (word(0) === 0 && word(2) === 0 && word(4) === 0xffff) {
    ADDRESS.word0 = last;
    ADDRESS.word1 = ADDRESS.word2 = ADDRESS.word3 = 0;
    return 4;
  }
  ADDRESS.word0 = word(0);
  ADDRESS.word1 = word(2);
  ADDRESS.word2 = word(4);
  ADDRESS.word3 = last;
  return 6;
}

/** An address in canonical text form (RFC 5952), IPv4-mapped ones as IPv4; null where it is none. */
export function canonicalText(text: string): string | null {
  const version = parseAddress(text);
  if (version === 0) return null;
  const { word0, word1, word2, word3 } = ADDRESS;
  const words = version === 4 ? [word0] : [word0, word1, word2, word3];
  const bytes = words.flatMap((w) => [w >>> 24, (w >>> 16) & 0xff, (w >>> 8) & 0xff, w & 0xff]);
  return ipaddr.fromByteArray(bytes).toString();
}
