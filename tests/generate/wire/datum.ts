/** First message of a DATUM gateway (header layout: src/datum_protocol.h of https://github.com/OCEAN-xyz/datum_gateway). */
import type { Random } from '../random.ts';
import { concat, u32le } from './bytes.ts';

/** Header under the fixed first key, and a sealed body of `length` bytes. */
export function datumHello(rng: Random, length: number): Uint8Array {
  // Signed, sealed to a public key, command 1.
  const header = (length | (1 << 24) | (1 << 25) | (1 << 27)) >>> 0;
  return concat(u32le((header ^ 0xdc871829) | 0), rng.bytes(length));
}
