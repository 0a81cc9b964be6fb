/**
 * Rows are kept in blocks of up to 500 in one record, compressed: a million rows are 2,000 records with no index but
 * their number, which is what makes importing and reading them fast. Row ids count on within the block.
 */
import { hash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { RegistryKind, Sealed } from '../../attribution/types.ts';
import { canonicalJson } from '../../common/canonical-json.ts';
import { SALT_BYTES } from '../chain.ts';
import { KIND_BITS, type RowArray } from './registry-codec.ts';

export const BLOCK_ROWS = 500;
/** Text of a block at which it is closed before it has all its rows: cells of many megabytes stay apart. */
export const BLOCK_CHARS = 4_000_000;
export const DIGEST_BYTES = 32;
export const KEY_BYTES = 8;
/** A block decompressed; cells of a row are bounded by what the importers let in. */
const MAX_BLOCK_BYTES = 512 * 1024 * 1024;

/** Rows on their way into a block. */
export class OpenBlock {
  readonly first: number;
  readonly texts: string[] = [];
  readonly digests: Buffer[] = [];
  readonly keys: Buffer[] = [];
  readonly numbers: number[] = [];
  /** By place in the block; canonical JSON of the sealed fields. */
  readonly sealed: Map<number, string> = new Map();
  #kinds = 0;
  #chars = 0;

  constructor(first: number) {
    this.first = first;
  }

  add(kind: RegistryKind, row: number, text: string, digest: Buffer, key: Buffer, sealed: string | null): number {
    const at = this.texts.length;
    this.texts.push(text);
    this.digests.push(digest);
    this.keys.push(key);
    this.numbers.push(row);
    this.#kinds |= KIND_BITS[kind];
    this.#chars += text.length;
    if (sealed !== null) this.sealed.set(at, sealed);
    return this.first + at;
  }

  get count(): number {
    return this.texts.length;
  }

  get full(): boolean {
    return this.texts.length >= BLOCK_ROWS || this.#chars >= BLOCK_CHARS;
  }

  /** Columns of the record after `first` and `batch`. */
  pack(): { readonly count: number; readonly kinds: number; digests: Buffer; keys: Buffer; data: Buffer } {
    return {
      count: this.count,
      kinds: this.#kinds,
      digests: Buffer.concat(this.digests),
      keys: Buffer.concat(this.keys),
      data: compress(`[[${this.numbers.join()}],[${this.texts.join()}]]`),
    };
  }
}

function compress(text: string): Buffer {
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
}

function decompress(data: Uint8Array): unknown {
  return JSON.parse(zstdDecompressSync(data, { maxOutputLength: MAX_BLOCK_BYTES }).toString('utf8'));
}

export interface BlockRows {
  readonly numbers: readonly number[];
  readonly rows: readonly RowArray[];
}

/** Rows of a block as stored. Throws where the bytes are not those of a block. */
export function unpackBlock(data: Uint8Array, count: number): BlockRows {
  const parsed = decompress(data);
  if (!Array.isArray(parsed) || parsed.length !== 2) throw new Error('no block of rows');
  const [numbers, rows] = parsed as [unknown, unknown];
  if (!Array.isArray(numbers) || !Array.isArray(rows) || numbers.length !== count || rows.length !== count) {
    throw new Error('a block of other than its count of rows');
  }
  return { numbers, rows };
}

/** Digest of a block's record: everything in it. */
export function blockDigest(batch: number, count: number, kinds: number, ...blobs: readonly Uint8Array[]): string {
  return hash('sha256', JSON.stringify([batch, count, kinds, ...blobs.map((blob) => hash('sha256', blob))]));
}

/** Sealed fields of a block by place, canonical JSON each. */
export type SealedPart = ReadonlyMap<number, string>;

/** Stands for sealed fields that were there and are purged. */
export const PURGED = '';

/** Packed with a salt, so that the digest in the chain says nothing once this is erased. */
export function packSealed(sealed: SealedPart, random: (bytes: number) => Uint8Array): Buffer {
  const salt = Buffer.from(random(SALT_BYTES)).toString('hex');
  return compress(JSON.stringify([salt, [...sealed].sort(([a], [b]) => a - b)]));
}

export function unpackSealed(data: Uint8Array): Map<number, string> {
  const parsed = decompress(data);
  if (!Array.isArray(parsed) || !Array.isArray(parsed[1])) throw new Error('no block of sealed fields');
  return new Map(parsed[1] as [number, string][]);
}

export function sealedText(sealed: Sealed | null): string | null {
  return sealed === null || Object.keys(sealed).length === 0 ? null : canonicalJson(sealed);
}
