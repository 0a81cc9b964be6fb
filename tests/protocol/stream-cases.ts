import type { StreamParser } from '../../src/protocol/parser.ts';

/** Bytes of a string, one per character (ISO 8859-1). */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s+/g, ''), 'hex'));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** The same bytes inside a larger array with other bytes around, so that a read outside [off, end) shows. */
export function embed(bytes: Uint8Array, filler: number): { bytes: Uint8Array; off: number; end: number } {
  const around = new Uint8Array(bytes.length + 26).fill(filler);
  around.set(bytes, 13);
  return { bytes: around, off: 13, end: 13 + bytes.length };
}

/** Feeds `bytes` cut at the given positions (ascending), each piece from its own surroundings. */
export function feed(parser: StreamParser, bytes: Uint8Array, cuts: readonly number[]): void {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const piece = embed(bytes.subarray(from, cut), 0x7b);
    parser.push(piece.bytes, piece.off, piece.end);
    piece.bytes.fill(0xee); // what a parser keeps, it must have copied
    from = cut;
  }
}

/**
 * Every way a stream is cut in the split tests: whole, in two at every position (thinned out for long streams), byte by
 * byte, and in pieces of 3 and 7.
 */
export function cuttings(length: number): number[][] {
  const cuts: number[][] = [[]];
  const step = Math.max(1, Math.floor(length / 600));
  for (let i = 1; i < length; i += step) cuts.push([i]);
  for (const size of [1, 3, 7]) {
    const pieces: number[] = [];
    for (let i = size; i < length; i += size) pieces.push(i);
    cuts.push(pieces);
  }
  return cuts;
}

/** A small reproducible generator (xorshift32): bytes that depend on the seed alone. */
export function randomBytes(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let x = (seed * 2654435761) | 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = (x >>> 8) & 0xff;
  }
  return bytes;
}
