/**
 * Stratum V2 behind Noise as it looks from outside: random bytes of the right lengths (§4.5 and §4.6 of
 * https://github.com/stratum-mining/sv2-spec). Nothing is encrypted, so nothing can be decrypted.
 */
import type { Random } from '../random.ts';
import { concat, u8, u16le, utf8 } from './bytes.ts';

const FRAME_HEADER = 6;
const MAC = 16;

/** Act 1: the client's key, 64 bytes since February 2024, 32 before. */
export function noiseAct1(rng: Random, old = false): Uint8Array {
  return rng.bytes(old ? 32 : 64);
}

/** Act 2: the server's key, its static key, a certificate of 74 bytes, the latter two with authentication codes. */
export function noiseAct2(rng: Random, old = false): Uint8Array {
  const key = old ? 32 : 64;
  return rng.bytes(key + key + MAC + 74 + MAC);
}

/** A frame in clear (see sv2.ts) as it is sent: header and payload, each with its authentication code. */
export function noiseSealed(rng: Random, frame: Uint8Array): Uint8Array {
  return rng.bytes(FRAME_HEADER + MAC + frame.length - FRAME_HEADER + MAC);
}

/** Choice of algorithms before October 2022, optionally with the length its sender put in front of every message. */
export function noiseProposal(algorithms: readonly string[], prefixed: boolean): Uint8Array {
  const proposal = concat(utf8('STR3'), u8(algorithms.length), ...algorithms.map(utf8));
  return prefixed ? concat(u16le(proposal.length), proposal) : proposal;
}
