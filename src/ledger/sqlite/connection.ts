/** Transactions: changes, their list and their entries reach the disk together or not at all. */
import { GENESIS, type Head, type SealedEntry, sealEntry } from '../chain.ts';
import { LedgerError } from '../ledger-error.ts';
import type { NewEntry } from '../store.ts';
import { type Database, ledgerError } from './database.ts';
import { Manifest, type RecordKind, recordDigest, recordName } from './manifest.ts';
import { pragma } from './migrations.ts';

/** What comes from outside: time and randomness. */
export interface Surroundings {
  /** Microseconds since the epoch. */
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Name for changes that no entry of the caller explains. */
  readonly actor: string;
}

const unhex = (text: string): Buffer => Buffer.from(text, 'hex');
/** Hex text of a column that should hold bytes. */
export const hexOf = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';

/** One open ledger: its database, the head of its chain, the transaction under way. */
export class Connection {
  readonly db: Database;
  readonly around: Surroundings;
  readonly #writable: boolean;
  #head: Head = GENESIS;
  /** Head as of this state of the file; another process may have written since. */
  #dataVersion = -1;
  #depth = 0;
  /** Appended, not yet linked: the last of a transaction carries the list of records. */
  #pending: NewEntry | null = null;
  #lastActor: string;
  readonly #manifest = new Manifest();
  readonly #onReset: (() => void)[] = [];

  constructor(db: Database, writable: boolean, around: Surroundings) {
    this.db = db;
    this.around = around;
    this.#writable = writable;
    this.#lastActor = around.actor;
  }

  /** Called where what was kept in memory may no longer be what the file holds. */
  onReset(action: () => void): void {
    this.#onReset.push(action);
  }

  get inTransaction(): boolean {
    return this.#depth > 0;
  }

  /** Moves the log into the database and empties it; readers that are under way may keep it from being cut. */
  truncateLog(): void {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Head of the chain as stored, from the file. */
  head(): Head {
    const row = this.db.get('SELECT seq, sha256, sm3 FROM entry ORDER BY seq DESC LIMIT 1');
    return row === undefined ? GENESIS : { seq: row[0] as number, sha256: hexOf(row[1]), sm3: hexOf(row[2]) };
  }

  #begin(): void {
    if (!this.#writable) throw new LedgerError(`${this.db.path}: was opened for reading only; nothing was changed`);
    this.db.exec('BEGIN IMMEDIATE');
    const version = pragma(this.db.raw, 'data_version');
    if (version !== this.#dataVersion) {
      this.#dataVersion = version;
      this.#reset();
    }
  }

  #reset(): void {
    this.#head = this.head();
    for (const action of this.#onReset) action();
  }

  /** Runs `work` in a transaction; an inner one is undone alone where it throws and the outer one goes on. */
  transaction<T>(work: () => T): T {
    const inner = this.#depth > 0;
    const before = { head: this.#head, pending: this.#pending, actor: this.#lastActor };
    const savepoint = `level_${this.#depth}`;
    if (inner) this.db.exec(`SAVEPOINT ${savepoint}`);
    else this.#begin();
    this.#depth += 1;
    this.#manifest.push();
    try {
      const result = work();
      if (inner) this.db.exec(`RELEASE ${savepoint}`);
      else this.#commit();
      this.#manifest.pop(true);
      return result;
    } catch (error) {
      this.#manifest.pop(false);
      this.#pending = before.pending;
      this.#lastActor = before.actor;
      this.#undo(inner ? savepoint : null);
      if (inner) this.#head = before.head;
      throw ledgerError(error, this.db.path);
    } finally {
      this.#depth -= 1;
    }
  }

  #undo(savepoint: string | null): void {
    // A full disk may have ended the transaction already.
    if (this.db.raw.isTransaction) {
      this.db.exec(savepoint === null ? 'ROLLBACK' : `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
    }
    if (savepoint === null) this.#reset();
    else for (const action of this.#onReset) action();
  }

  #commit(): void {
    const records = this.#manifest.take();
    if (records !== null && this.#pending === null) {
      this.#pending = {
        time: this.around.now(),
        actor: this.#lastActor,
        action: 'records.written',
        lead: null,
        detail: { records: Object.keys(records).length },
        personal: null,
      };
    }
    this.#link(records);
    this.db.exec('COMMIT');
  }

  /** A record was written (its columns) or deleted (null). */
  record(
    kind: RecordKind,
    key: readonly (string | number)[],
    columns: readonly (string | number | null)[] | null,
  ): void {
    this.#manifest.put(recordName(kind, ...key), columns === null ? null : recordDigest(...columns));
  }

  /** Appends an entry and gives its number; in a transaction it is there with the rest. */
  append(entry: NewEntry): number {
    return this.transaction(() => {
      this.#link(null);
      this.#pending = entry;
      this.#lastActor = entry.actor;
      return this.#head.seq + 1;
    });
  }

  /** Links what was appended in the transaction under way, so that it can be read. */
  settle(): void {
    if (this.#depth > 0) this.#link(null);
  }

  #link(records: Record<string, string | null> | null): void {
    if (this.#pending === null) return;
    const sealed = sealEntry(this.#head, this.#pending, records, this.around.random);
    this.#insert(sealed);
    this.#head = sealed.head;
    this.#pending = null;
  }

  #insert({ header, detail, personal, content, head }: SealedEntry): void {
    this.db.run(
      'INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      header.seq,
      header.time,
      header.actor,
      header.action,
      header.lead,
      ...[header.detail.sha256, header.detail.sm3].map(unhex),
      ...[header.personal?.sha256, header.personal?.sm3, header.content?.sha256, header.content?.sm3].map((digest) =>
        digest === undefined ? null : unhex(digest),
      ),
      ...[head.sha256, head.sm3].map(unhex),
    );
    for (const [table, part] of [
      ['entry_detail', detail],
      ['entry_personal', personal],
      ['entry_content', content],
    ] as const) {
      if (part !== null) this.db.run(`INSERT INTO ${table} VALUES (?, ?, ?)`, header.seq, part.salt, part.text);
    }
  }
}
