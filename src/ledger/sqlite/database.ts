/** A SQLite file with cached statements, and every failure as one line for a person. */
import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { LedgerError } from '../ledger-error.ts';
import { fileError } from './copies.ts';

export type Value = string | number | null | Uint8Array;
export type Row = readonly Value[];

/** Primary result codes (https://sqlite.org/rescode.html): what they mean here and what helps. */
const FAILURES: Readonly<Record<number, string>> = {
  5: 'another poolprint is writing to it; try again when that is done',
  6: 'another poolprint is writing to it; try again when that is done',
  8: 'cannot be written (read-only file, folder or medium); change the permissions or copy it elsewhere',
  10: 'reading or writing failed (disk or file system); check the disk, what was acknowledged is kept',
  11: 'is damaged (not readable as a database); restore a backup',
  13: 'the disk is full; free space and try again, what was acknowledged is kept',
  14: 'cannot be opened; check that the folder exists and may be read and written',
  18: 'a value is too large for the database',
  26: 'is not a ledger (no SQLite database); name the right file or restore a backup',
};

/** The failure as a LedgerError; errors that do not come from the database are given back as they are. */
export function ledgerError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'ERR_OUT_OF_RANGE') return new LedgerError(`${path}: ${FAILURES[11]}`, 1, { cause: error });
  if (error.code !== 'ERR_SQLITE_ERROR') return error;
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
  const meaning = FAILURES[code & 0xff] ?? `the database refused: ${error.message}`;
  return new LedgerError(`${path}: ${meaning}`, 1, { cause: error });
}

/** Statements are prepared once and kept; rows come as arrays, which are faster than objects. */
export class Database {
  readonly path: string;
  readonly raw: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, raw: DatabaseSync) {
    this.path = path;
    this.raw = raw;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.raw.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw ledgerError(error, this.path);
    }
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return this.#guard(() => Number(this.#prepare(sql).run(...values).changes));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#prepare(sql).all(...values) as unknown as Row[]);
  }

  exec(sql: string): void {
    this.#guard(() => this.raw.exec(sql));
  }

  /** All rows, a page at a time by their key (first column), so that the caller may write and stop as it likes. */
  *paged(sql: string, start: Value, size: number): Iterable<Row> {
    let last = start;
    for (;;) {
      const page = this.all(sql, last, size);
      yield* page;
      const tail = page.at(-1);
      if (tail === undefined || page.length < size) return;
      last = tail[0] ?? null;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.raw.isOpen) this.#guard(() => this.raw.close());
  }
}

/** Says in one line why a file cannot be a ledger, before SQLite takes an empty file for an empty database. */
export function checkFile(path: string): void {
  let stat: Stats | undefined;
  try {
    stat = statSync(path, { throwIfNoEntry: false });
    const folder = dirname(path);
    if (stat === undefined && statSync(folder, { throwIfNoEntry: false }) === undefined) {
      throw new LedgerError(`${path}: the folder ${folder} does not exist; create it`);
    }
  } catch (error) {
    throw fileError(error, path);
  }
  if (stat === undefined) throw new LedgerError(`${path}: there is no such ledger; name the right file or create one`);
  if (!stat.isFile()) throw new LedgerError(`${path}: is no file; name a ledger`);
  if (stat.size === 0)
    throw new LedgerError(`${path}: is empty (zero bytes), not a ledger; restore a backup or remove it`);
  // SQLite takes what is shorter than its smallest page for an empty database too.
  if (stat.size < 512) throw new LedgerError(`${path}: ${FAILURES[26]}`);
}

/** Opens the file. A ledger on a medium that cannot be written is read as unchanging where no log lies beside it. */
export function openFile(path: string, readOnly: boolean, timeout: number): Database {
  checkFile(path);
  try {
    return new Database(path, open(path, readOnly, timeout));
  } catch (error) {
    throw ledgerError(error, path);
  }
}

function open(path: string, readOnly: boolean, timeout: number): DatabaseSync {
  const options = { readOnly, timeout, enableForeignKeyConstraints: false, defensive: true };
  let raw = new DatabaseSync(path, options);
  try {
    raw.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    raw.close();
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    if (
      !readOnly ||
      (code !== 14 && code !== 8) ||
      (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
    ) {
      throw error;
    }
    const url = pathToFileURL(path);
    url.searchParams.set('immutable', '1');
    raw = new DatabaseSync(url, options);
  }
  // Nothing in the file may call functions of its own choosing.
  raw.exec('PRAGMA trusted_schema = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -32768');
  return raw;
}
