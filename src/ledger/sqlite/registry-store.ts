/** The registry in SQLite: rows are only ever added; a later statement marks the earlier one as superseded. */
import { hash } from 'node:crypto';
import type { RegistryKind, RegistryRow, StoredRow } from '../../attribution/types.ts';
import { LedgerError } from '../ledger-error.ts';
import type { RegistrySource, RegistryStorage } from '../store.ts';
import type { Connection } from './connection.ts';
import type { Database } from './database.ts';
import { KeyIndex } from './key-index.ts';
import { naturalKey } from './natural-key.ts';
import { blockDigest, DIGEST_BYTES, KEY_BYTES, OpenBlock, PURGED, packSealed, sealedText } from './registry-block.ts';
import { decodeRow, type RowArray, rowText } from './registry-codec.ts';
import { RegistryReader } from './registry-read.ts';

/** Contradicting rows with one natural key that an import may keep beside each other; more replace the oldest. */
const MOST_BESIDE = 16;

/** The import under way: one source recorded at one time. Rows seen in it are not superseded by it. */
interface Import {
  readonly source: string;
  readonly recordedAt: number;
  /** A bit for each row id that this import gave or found unchanged. */
  seen: Uint8Array;
}

interface Counts {
  added: number;
  unchanged: number;
  superseded: number;
}

/** A row as it comes, with what it is compared by. */
interface Incoming {
  readonly row: number;
  readonly kind: RegistryKind;
  readonly text: string;
  readonly digest: Buffer;
  readonly natural: string;
  readonly key: Buffer;
  readonly sealed: string | null;
}

/** Id of the next row. */
function nextRow(db: Database): number {
  return (
    (db.get('SELECT first + count FROM registry_block ORDER BY first DESC LIMIT 1')?.[0] as number | undefined) ?? 1
  );
}

/** Clears the bits of rows that a transaction undone had given out. */
function forgetFrom(bits: Uint8Array, id: number): void {
  const byte = id >>> 3;
  if (byte >= bits.length) return;
  bits[byte] = (bits[byte] as number) & ((1 << (id & 7)) - 1);
  bits.fill(0, byte + 1);
}

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

function incoming({ row, value }: { readonly row: number; readonly value: RegistryRow }): Incoming {
  const text = rowText(value);
  const natural = naturalKey(value);
  const key = sha256(natural).subarray(0, KEY_BYTES);
  return { row, kind: value.kind, text, digest: sha256(text), natural, key, sealed: sealedText(value.sealed) };
}

export class SqliteRegistryStore implements RegistryStorage {
  readonly #connection: Connection;
  readonly #reader: RegistryReader;
  #index: KeyIndex | null = null;
  #import: Import | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#reader = new RegistryReader(connection.db);
    connection.onReset(() => {
      this.#index = null;
      this.#reader.reset();
      if (this.#import !== null) forgetFrom(this.#import.seen, nextRow(connection.db));
    });
  }

  addRows(
    source: string,
    rows: readonly { readonly row: number; readonly value: RegistryRow }[],
    recordedAt: number,
  ): Counts {
    return this.#connection.transaction(() => {
      const counts: Counts = { added: 0, unchanged: 0, superseded: 0 };
      if (rows.length === 0) return counts;
      if (this.#import?.source !== source || this.#import.recordedAt !== recordedAt) {
        this.#import = { source, recordedAt, seen: new Uint8Array(1024) };
      }
      const writer = new BatchWriter(this.#connection, this.#reader, this.#keyIndex(), this.#import);
      for (const row of rows) writer.take(incoming(row), counts);
      writer.finish();
      if (counts.added > 0) {
        this.#connection.append({
          time: recordedAt,
          actor: this.#connection.around.actor,
          action: 'registry.rows',
          lead: null,
          detail: { source, batch: writer.batch, ...counts },
          personal: null,
        });
      }
      return counts;
    });
  }

  /** The index of rows in force, read once from the keys of all blocks. */
  #keyIndex(): KeyIndex {
    if (this.#index !== null) return this.#index;
    const db = this.#connection.db;
    const total = (db.get('SELECT coalesce(sum(count), 0) FROM registry_block')?.[0] as number) ?? 0;
    const index = new KeyIndex(this.#connection.around.random, total + 10_000);
    const gone = new Set(db.all('SELECT row FROM registry_superseded').map(([row]) => row as number));
    const sql = 'SELECT first, count, keys FROM registry_block WHERE first > ? ORDER BY first LIMIT ?';
    for (const [first, count, keys] of db.paged(sql, 0, 256)) {
      if (!(keys instanceof Uint8Array) || keys.byteLength !== (count as number) * KEY_BYTES) {
        throw this.#reader.damaged(`block ${first} of the registry`);
      }
      const view = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
      for (let at = 0; at < (count as number); at++) {
        const id = (first as number) + at;
        if (!gone.has(id)) index.add(view, at * KEY_BYTES, id);
      }
    }
    this.#index = index;
    return index;
  }

  putSource(source: RegistrySource): void {
    this.#connection.transaction(() => {
      const text = JSON.stringify(source);
      const sql = 'INSERT OR REPLACE INTO registry_source VALUES (?, ?, ?)';
      this.#connection.db.run(sql, source.name, source.importedAt, text);
      this.#connection.record('source', [source.name, source.importedAt], [text]);
    });
  }

  sources(): RegistrySource[] {
    const rows = this.#connection.db.all('SELECT text FROM registry_source ORDER BY imported_at, name');
    try {
      return rows.map(([text]) => JSON.parse(text as string) as RegistrySource);
    } catch {
      throw this.#reader.damaged('the list of imports');
    }
  }

  rows(knownAt: number | null, kinds?: readonly RegistryKind[]): Iterable<StoredRow> {
    return this.#reader.rows(knownAt, kinds);
  }

  row(id: number): StoredRow | null {
    return this.#reader.row(id);
  }

  readSealed(
    ids: readonly number[],
    why: { readonly time: number; readonly actor: string; readonly purpose: string; readonly document: string },
  ): ReadonlyMap<number, Readonly<Record<string, string>>> {
    if (this.#connection.inTransaction) {
      // The entry must be on the disk before anybody sees the fields, whatever becomes of the transaction.
      throw new LedgerError('sealed fields are read outside of a transaction: the entry about it must stand first');
    }
    const rows = [...new Set(ids)].sort((a, b) => a - b);
    this.#connection.append({
      time: why.time,
      actor: why.actor,
      action: 'sealed.read',
      lead: null,
      detail: { purpose: why.purpose, document: why.document, count: rows.length, rows },
      personal: null,
    });
    const found = new Map<number, Readonly<Record<string, string>>>();
    for (const id of rows) {
      const block = this.#reader.blockOf(id);
      const text = block === null ? undefined : this.#reader.sealed(block.first).get(id - block.first);
      if (text !== undefined && text !== PURGED) found.set(id, JSON.parse(text) as Record<string, string>);
    }
    return found;
  }

  counts(): Readonly<Record<string, number>> {
    return this.#reader.counts();
  }
}

/** Writes the rows of one batch; everything it finds out about earlier rows goes through the natural key. */
class BatchWriter {
  readonly #connection: Connection;
  readonly #reader: RegistryReader;
  readonly #index: KeyIndex;
  readonly #import: Import;
  readonly batch: number;
  #block: OpenBlock;
  readonly #superseded: number[] = [];
  #wrote = false;

  constructor(connection: Connection, reader: RegistryReader, index: KeyIndex, under: Import) {
    this.#connection = connection;
    this.#reader = reader;
    this.#index = index;
    this.#import = under;
    const { db } = connection;
    this.batch = ((db.get('SELECT max(id) FROM registry_batch')?.[0] as number | null) ?? 0) + 1;
    this.#block = new OpenBlock(nextRow(db));
  }

  #see(id: number): void {
    const byte = id >>> 3;
    if (byte >= this.#import.seen.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#import.seen.length * 2));
      grown.set(this.#import.seen);
      this.#import.seen = grown;
    }
    this.#import.seen[byte] = (this.#import.seen[byte] as number) | (1 << (id & 7));
  }

  #wasSeen(id: number): boolean {
    return (((this.#import.seen[id >>> 3] ?? 0) >> (id & 7)) & 1) === 1;
  }

  /** Digest, row and sealed fields of an earlier row, from this block or the database. */
  #earlier(id: number): { digest: Buffer; row: () => RegistryRow; sealed: () => string | null } | null {
    const at = id - this.#block.first;
    if (at >= 0) {
      const { digests, texts, sealed } = this.#block;
      const row = (): RegistryRow => decodeRow(JSON.parse(texts[at] as string) as RowArray);
      return { digest: digests[at] as Buffer, row, sealed: () => sealed.get(at) ?? null };
    }
    const block = this.#reader.blockOf(id);
    if (block === null) return null;
    const place = id - block.first;
    return {
      digest: block.digests.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES),
      row: () => this.#reader.value(block, place),
      sealed: () => this.#reader.sealed(block.first).get(place) ?? null,
    };
  }

  take(row: Incoming, counts: Counts): void {
    const rivals: number[] = [];
    for (const id of this.#index.find(row.key)) {
      const earlier = this.#earlier(id);
      if (earlier === null) continue;
      if (earlier.digest.equals(row.digest) && sameSealed(earlier.sealed(), row.sealed)) {
        this.#see(id);
        counts.unchanged += 1;
        return;
      }
      // Two keys may have one hash; only the same key is the same statement.
      if (naturalKey(earlier.row()) === row.natural) rivals.push(id);
    }
    const beside = rivals.filter((id) => this.#wasSeen(id)).sort((a, b) => a - b);
    const surplus = beside.length >= MOST_BESIDE ? beside[0] : undefined;
    for (const id of rivals) if (!this.#wasSeen(id) || id === surplus) this.#supersede(id, row.key, counts);
    const id = this.#block.add(row.kind, row.row, row.text, row.digest, row.key, row.sealed);
    this.#index.add(row.key, 0, id);
    this.#see(id);
    counts.added += 1;
    if (this.#block.full) this.#write();
  }

  #supersede(id: number, key: Buffer, counts: Counts): void {
    this.#index.remove(key, id);
    this.#superseded.push(id);
    counts.superseded += 1;
  }

  #write(): void {
    const block = this.#block;
    if (block.count === 0) return;
    const { db, around } = this.#connection;
    if (!this.#wrote) {
      // First, so that blocks of this batch can be read while it is being written.
      const { source, recordedAt } = this.#import;
      db.run('INSERT INTO registry_batch VALUES (?, ?, ?)', this.batch, source, recordedAt);
      this.#connection.record('batch', [this.batch], [source, recordedAt]);
    }
    const { count, kinds, digests, keys, data } = block.pack();
    const sql = 'INSERT INTO registry_block VALUES (?, ?, ?, ?, ?, ?, ?)';
    db.run(sql, block.first, this.batch, count, kinds, digests, keys, data);
    this.#connection.record('block', [block.first], [blockDigest(this.batch, count, kinds, digests, keys, data)]);
    if (block.sealed.size > 0) {
      const sealed = packSealed(block.sealed, around.random);
      db.run('INSERT INTO registry_sealed VALUES (?, ?)', block.first, sealed);
      this.#connection.record('sealed', [block.first], [hash('sha256', sealed)]);
    }
    this.#wrote = true;
    this.#block = new OpenBlock(block.first + count);
  }

  finish(): void {
    this.#write();
    const { db } = this.#connection;
    if (this.#superseded.length === 0) return;
    for (const id of this.#superseded.sort((a, b) => a - b)) {
      db.run('INSERT INTO registry_superseded VALUES (?, ?)', id, this.batch);
    }
    this.#connection.record('superseded', [this.batch], [supersededDigest(this.#superseded)]);
  }
}

/** Fields that were purged cannot be compared: importing the same file again must not bring them back. */
function sameSealed(earlier: string | null, now: string | null): boolean {
  return earlier === now || (earlier === PURGED && now !== null);
}

/** Digest of the rows that a batch superseded, in the order of their ids. */
export function supersededDigest(rows: readonly number[]): string {
  return hash('sha256', rows.join());
}
