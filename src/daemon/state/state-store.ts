import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { KeyFacts } from '../../detect/key-facts.ts';
import type { BookChanges } from '../report/key-book.ts';
import { isFacts } from './facts-shape.ts';

/** Name of the file in the state directory, and the form of what stands in it. */
const FILE = 'daemon-state.sqlite';
const FORM = 1;

/** The folder or the file in it cannot be used; one line. */
export class StateError extends Error {
  readonly exitCode: number = 1;
}

/** What an earlier process left behind. */
export interface SavedState {
  /** Facts of what ended and of what was open, by observation point. */
  readonly books: Map<string, { readonly ended: KeyFacts[]; readonly open: (readonly KeyFacts[])[] }>;
  /** Values by name: positions of inputs, templates, names learnt, what was reported. */
  readonly values: Map<string, unknown>;
  /** Names of files by the number of their input. */
  readonly inputs: ReadonlyMap<number, string>;
}

/** What one checkpoint writes. */
export interface Checkpoint {
  readonly books: readonly (readonly [point: string, BookChanges])[];
  /** Null removes the value. */
  readonly values: readonly (readonly [name: string, value: unknown])[];
  readonly inputs: readonly (readonly [number: number, name: string])[];
  /** Inputs with a lower number are no longer named anywhere, unless they stand in `inputs`. */
  readonly oldestInput: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS ended (point TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (point, key)) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS open (point TEXT NOT NULL, number INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (point, number)) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS input (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
`;

/**
 * What must survive the end of the process, in one SQLite file: every checkpoint is one transaction, so that the facts and the
 * positions of the inputs always fit together. Throws StateError where the folder or the file cannot be used.
 */
export class StateStore {
  private readonly path: string;
  private readonly database: DatabaseSync;
  private readonly statements: Readonly<Record<'value' | 'ended' | 'open' | 'input', StatementSync>>;
  private readonly removals: Readonly<Record<'ended' | 'open' | 'inputs' | 'value', StatementSync>>;

  constructor(directory: string) {
    const path = join(directory, FILE);
    this.path = path;
    let database: DatabaseSync | null = null;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o750 });
      database = new DatabaseSync(path);
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      // Taken at once and kept: two processes over one state would count everything twice.
      database.exec('BEGIN EXCLUSIVE; COMMIT;');
      const form = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
      if (form > FORM) throw new StateError(`${path}: written by a newer version of the program; install that one`);
      database.exec(`${SCHEMA} PRAGMA user_version = ${FORM};`);
      this.statements = {
        value: database.prepare('INSERT INTO value VALUES (?, ?) ON CONFLICT DO UPDATE SET data = excluded.data'),
        ended: database.prepare('INSERT INTO ended VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data'),
        open: database.prepare('INSERT INTO open VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data'),
        input: database.prepare('INSERT OR REPLACE INTO input VALUES (?, ?)'),
      };
      this.removals = {
        ended: database.prepare('DELETE FROM ended WHERE point = ? AND key = ?'),
        open: database.prepare('DELETE FROM open WHERE point = ? AND number = ?'),
        inputs: database.prepare('DELETE FROM input WHERE number < ?'),
        value: database.prepare('DELETE FROM value WHERE name = ?'),
      };
      this.database = database;
    } catch (error) {
      database?.close();
      throw unusable(path, error);
    }
  }

  /**
   * What the last checkpoint left. Rows that cannot be read are passed over and counted in `damaged`. Throws StateError where
   * the file is damaged below its rows.
   */
  load(): SavedState & { readonly damaged: number } {
    try {
      return this.read();
    } catch (error) {
      throw unusable(this.path, error);
    }
  }

  private read(): SavedState & { readonly damaged: number } {
    let damaged = 0;
    const parse = <T>(text: unknown): T | null => {
      try {
        return JSON.parse(String(text)) as T;
      } catch {
        damaged++;
        return null;
      }
    };
    const books = new Map<string, { ended: KeyFacts[]; open: (readonly KeyFacts[])[] }>();
    const bookOf = (point: string): { ended: KeyFacts[]; open: (readonly KeyFacts[])[] } => {
      const known = books.get(point) ?? { ended: [], open: [] };
      books.set(point, known);
      return known;
    };
    for (const row of this.database.prepare('SELECT point, data FROM ended').iterate()) {
      const facts = parse<KeyFacts>(row['data']);
      if (facts === null) continue;
      if (isFacts(facts)) bookOf(String(row['point'])).ended.push(facts);
      else damaged++;
    }
    for (const row of this.database.prepare('SELECT point, data FROM open ORDER BY number').iterate()) {
      const facts = parse<KeyFacts[]>(row['data']);
      if (facts === null) continue;
      if (Array.isArray(facts) && facts.every(isFacts)) bookOf(String(row['point'])).open.push(facts);
      else damaged++;
    }
    const values = new Map<string, unknown>();
    let unplaced = false;
    for (const row of this.database.prepare('SELECT name, data FROM value').iterate()) {
      const name = String(row['name']);
      const before = damaged;
      const value = parse<unknown>(row['data']);
      if (value !== null) values.set(name, value);
      // Its files are read anew: what is known of them would count twice. The ledger has what was told of them.
      if (damaged > before && name.startsWith('position ')) unplaced = true;
    }
    if (unplaced) books.clear();
    const inputs = new Map<number, string>();
    for (const row of this.database.prepare('SELECT number, name FROM input').iterate()) {
      inputs.set(Number(row['number']), String(row['name']));
    }
    return { books, values, inputs, damaged };
  }

  /**
   * Writes one checkpoint, whole or not at all. `fresh`: `books` hold everything, and nothing else is true any more. Throws
   * where the disk does not take it.
   */
  write({ books, values, inputs, oldestInput }: Checkpoint, fresh: boolean): void {
    const { database, statements, removals } = this;
    database.exec('BEGIN IMMEDIATE');
    try {
      if (fresh) database.exec('DELETE FROM open; DELETE FROM ended;');
      for (const [point, { ended, open }] of books) {
        for (const [key, facts] of ended) {
          if (facts === null) removals.ended.run(point, key);
          else statements.ended.run(point, key, JSON.stringify(facts));
        }
        for (const [number, facts] of open) {
          if (facts === null) removals.open.run(point, number);
          else statements.open.run(point, number, JSON.stringify(facts));
        }
      }
      for (const [name, value] of values) {
        if (value === null || value === undefined) removals.value.run(name);
        else statements.value.run(name, JSON.stringify(value));
      }
      removals.inputs.run(oldestInput);
      for (const [number, name] of inputs) statements.input.run(number, name);
      database.exec('COMMIT');
    } catch (error) {
      // A full disk has ended the transaction already; what is told is why.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.database.close();
  }
}

function unusable(path: string, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (/locked|busy/i.test(reason)) {
    return new StateError(`${path}: cannot be used: another daemon is using it; choose another state_directory`);
  }
  const damaged = /malformed|not a database/i.test(reason);
  const remedy = damaged ? 'move it away to begin anew (the ledger counts nothing twice)' : 'mend it';
  return new StateError(`${path}: cannot be used: ${reason}; ${remedy}, or choose another state_directory`);
}
