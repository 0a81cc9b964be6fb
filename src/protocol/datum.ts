import { looksRandom } from './noise-entropy.ts';

const HEADER = 4;
/** Key over the first header of a connection, little-endian; later headers have one that both sides agreed on. */
const FIRST_KEY = 0xdc871829;
const LENGTH_MASK = 0x3fffff;
/** Bits 22…31 of the first header: reserved 0, signed, sealed to a public key, no channel, command 1. */
const FIRST_FLAGS = 0x0b000000;
/** Four public keys, an empty version text, 5 bytes, one byte of padding, signature, seal; and a generous upper bound. */
const MIN_BODY: number = 128 + 5 + 1 + 64 + 48;
const MAX_BODY = 1024;

export interface DatumHello {
  /** Bytes after the header. */
  readonly bodyLength: number;
}

/**
 * Is [off, end) the first message of a DATUM gateway to its pool (header layout: src/datum_protocol.h of
 * https://github.com/OCEAN-xyz/datum_gateway)? A 32-bit little-endian header under a fixed key: 22 bits of length, 2
 * reserved, signed, sealed, channel, 5 bits of command. 1 = yes, 0 = needs more bytes, -1 = no. Strict: the gateway waits
 * for an answer, so its first burst is header and body and nothing else, and the body, sealed, looks random. For random
 * bytes of a fitting length the answer is 1 with a probability of 2^-32.
 */
export function probeDatum(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  // Bits 8…21 of a length up to 1,024; the upper two bytes are constant.
  if (left > 1 && ((bytes[off + 1] as number) ^ 0x18) > MAX_BODY >> 8) return -1;
  if (left > 2 && bytes[off + 2] !== 0x87) return -1;
  if (left > 3 && bytes[off + 3] !== 0xd7) return -1;
  if (left < HEADER) return 0;
  const length = bodyLength(bytes, off);
  if (length < MIN_BODY || length > MAX_BODY || left - HEADER > length) return -1;
  if (left - HEADER < 64) return 0;
  if (!looksRandom(bytes, off + HEADER, end)) return -1;
  return left - HEADER === length ? 1 : 0;
}

/** The fact that `probeDatum` proves; null unless [off, end) is the whole first burst of the client. */
export function readDatumHello(bytes: Uint8Array, off: number, end: number): DatumHello | null {
  return probeDatum(bytes, off, end) === 1 ? { bodyLength: bodyLength(bytes, off) } : null;
}

/** Length of the body by the first header; -1 where its other bits are not those of a first message. */
function bodyLength(bytes: Uint8Array, off: number): number {
  const word =
    (bytes[off] as number) |
    ((bytes[off + 1] as number) << 8) |
    ((bytes[off + 2] as number) << 16) |
    ((bytes[off + 3] as number) << 24);
  const header = (word ^ FIRST_KEY) >>> 0;
  return header - (header & LENGTH_MASK) === FIRST_FLAGS ? header & LENGTH_MASK : -1;
}
