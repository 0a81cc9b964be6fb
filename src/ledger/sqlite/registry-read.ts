/** Reading the registry: blocks, the rows in them, and which of them are superseded. */
import { LRUCache } from 'lru-cache';
import type { RegistryKind, RegistryRow, StoredRow } from '../../attribution/types.ts';
import { LedgerError } from '../ledger-error.ts';
import type { Database } from './database.ts';
import { BLOCK_ROWS, type BlockRows, DIGEST_BYTES, unpackBlock, unpackSealed } from './registry-block.ts';
import { decodeRow, KIND_BITS } from './registry-codec.ts';

export interface Batch {
  readonly id: number;
  readonly source: string;
  readonly recordedAt: number;
}

/** A block read: its rows as stored, and where they come from. */
export interface Block extends BlockRows {
  readonly first: number;
  readonly batch: Batch;
  readonly digests: Buffer;
  /** All digests as hex, one after the other: cutting a text is cheaper than making one a row. */
  readonly hex: string;
}

/** Blocks kept in memory for look-ups of single rows. */
const KEPT_BLOCKS = 24;

export class RegistryReader {
  readonly #db: Database;
  readonly #batches = new Map<number, Batch>();
  readonly #blocks = new LRUCache<number, Block>({ max: KEPT_BLOCKS });
  readonly #sealed = new LRUCache<number, ReadonlyMap<number, string>>({ max: KEPT_BLOCKS });

  constructor(db: Database) {
    this.#db = db;
  }

  /** Forgets what was read: the file may be another now. */
  reset(): void {
    this.#batches.clear();
    this.#blocks.clear();
    this.#sealed.clear();
  }

  batch(id: number): Batch {
    let batch = this.#batches.get(id);
    if (batch === undefined) {
      const row = this.#db.get('SELECT source, recorded_at FROM registry_batch WHERE id = ?', id);
      if (row === undefined) throw this.damaged(`batch ${id} of the registry`);
      batch = { id, source: row[0] as string, recordedAt: row[1] as number };
      this.#batches.set(id, batch);
    }
    return batch;
  }

  damaged(what: string): LedgerError {
    return new LedgerError(`${this.#db.path}: ${what} is damaged; run ledger verify, restore a backup`);
  }

  unpack(first: number, batch: number, count: number, digests: unknown, data: unknown): Block {
    try {
      if (!(digests instanceof Uint8Array) || !(data instanceof Uint8Array)) throw new Error('no blobs');
      if (digests.byteLength !== count * DIGEST_BYTES) throw new Error('digests of other rows');
      const view = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
      return { first, batch: this.batch(batch), digests: view, hex: view.toString('hex'), ...unpackBlock(data, count) };
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      throw this.damaged(`block ${first} of the registry`);
    }
  }

  /** The block that holds a row, or null. */
  blockOf(id: number): Block | null {
    // Blocks hold a bounded number of rows, so the one with the row is found without looking further back.
    const row = this.#db.get(
      'SELECT first, batch, count FROM registry_block WHERE first <= ? AND first > ? ORDER BY first DESC LIMIT 1',
      id,
      id - BLOCK_ROWS,
    );
    if (row === undefined) return null;
    const [first, batch, count] = row as readonly [number, number, number];
    if (id >= first + count) return null;
    let block = this.#blocks.get(first);
    if (block === undefined) {
      const [digests, data] = this.#db.get('SELECT digests, data FROM registry_block WHERE first = ?', first) ?? [];
      block = this.unpack(first, batch, count, digests, data);
      this.#blocks.set(first, block);
    }
    return block;
  }

  /** Sealed fields of a block by place, canonical JSON or PURGED; empty where it never had any. */
  sealed(first: number): ReadonlyMap<number, string> {
    let sealed = this.#sealed.get(first);
    if (sealed === undefined) {
      const data = this.#db.get('SELECT data FROM registry_sealed WHERE block = ?', first)?.[0];
      try {
        sealed = data instanceof Uint8Array ? unpackSealed(data) : new Map<number, string>();
      } catch {
        throw this.damaged(`sealed fields of block ${first} of the registry`);
      }
      this.#sealed.set(first, sealed);
    }
    return sealed;
  }

  /** Row at a place of a block; `by` is the batch that superseded it. */
  stored(block: Block, at: number, by: number | undefined): StoredRow {
    return {
      id: block.first + at,
      digest: block.hex.slice(at * 2 * DIGEST_BYTES, (at + 1) * 2 * DIGEST_BYTES),
      source: block.batch.source,
      row: block.numbers[at] as number,
      recordedAt: block.batch.recordedAt,
      supersededAt: by === undefined ? null : this.batch(by).recordedAt,
      value: this.value(block, at),
    };
  }

  value(block: Block, at: number): RegistryRow {
    try {
      return decodeRow(block.rows[at] as Parameters<typeof decodeRow>[0]);
    } catch {
      throw this.damaged(`row ${block.first + at} of the registry`);
    }
  }

  row(id: number): StoredRow | null {
    if (!Number.isSafeInteger(id) || id < 1) return null;
    const block = this.blockOf(id);
    if (block === null) return null;
    const by = this.#db.get('SELECT batch FROM registry_superseded WHERE row = ?', id)?.[0];
    return this.stored(block, id - block.first, by as number | undefined);
  }

  /** Rows in force now, or those known at a time; blocks one after the other, one in memory. */
  *rows(knownAt: number | null, kinds: readonly RegistryKind[] | undefined): Iterable<StoredRow> {
    const mask = kinds === undefined ? -1 : kinds.reduce((bits, kind) => bits | (KIND_BITS[kind] ?? 0), 0);
    const wanted = kinds === undefined ? null : new Set<RegistryKind>(kinds);
    const sql =
      'SELECT first, batch, count, digests, data, kinds FROM registry_block WHERE first > ? ORDER BY first LIMIT ?';
    for (const [first, batch, count, digests, data, bits] of this.#db.paged(sql, 0, 16)) {
      if (((bits as number) & mask) === 0) continue;
      if (knownAt !== null && this.batch(batch as number).recordedAt > knownAt) continue;
      const block = this.unpack(first as number, batch as number, count as number, digests, data);
      const superseded = this.#supersededIn(block.first, block.rows.length);
      for (let at = 0; at < block.rows.length; at++) {
        const by = superseded?.get(block.first + at);
        if (by !== undefined && (knownAt === null || this.batch(by).recordedAt <= knownAt)) continue;
        const row = this.stored(block, at, by);
        if (wanted === null || wanted.has(row.value.kind)) yield row;
      }
    }
  }

  /** Rows in force by kind. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    const add = (kind: string, rows: number): void => {
      counts[kind] = (counts[kind] ?? 0) + rows;
    };
    const sql =
      'SELECT first, count, kinds, batch, digests, data FROM registry_block WHERE first > ? ORDER BY first LIMIT ?';
    for (const [first, count, kinds, batch, digests, data] of this.#db.paged(sql, 0, 16)) {
      const gone = this.#supersededIn(first as number, count as number);
      const only = Object.entries(KIND_BITS).find(([, bit]) => bit === kinds)?.[0];
      const left = (count as number) - (gone?.size ?? 0);
      if (left === 0) continue;
      if (only !== undefined) add(only, left);
      else {
        const block = this.unpack(first as number, batch as number, count as number, digests, data);
        for (let at = 0; at < block.rows.length; at++) {
          if (gone?.has(block.first + at) !== true) add(this.value(block, at).kind, 1);
        }
      }
    }
    return counts;
  }

  #supersededIn(first: number, count: number): Map<number, number> | null {
    const sql = 'SELECT row, batch FROM registry_superseded WHERE row >= ? AND row < ?';
    const rows = this.#db.all(sql, first, first + count);
    return rows.length === 0 ? null : new Map(rows as unknown as [number, number][]);
  }
}
