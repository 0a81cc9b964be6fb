/** Schema versions, one file each. A version once released never changes: what follows is a new file. */
import { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../ledger-error.ts';
import { BASE } from './migrations/0001-base.ts';

/** In order; the schema version is the number of those applied, kept in `PRAGMA user_version`. */
const MIGRATIONS: readonly string[] = [BASE];

export const SCHEMA_VERSION: number = MIGRATIONS.length;
/** `PRAGMA application_id`, "PPLG": what tells a ledger from any other SQLite file (https://sqlite.org/fileformat2.html 1.3.15). */
export const APPLICATION_ID = 0x50504c47;

/** The number a PRAGMA gives. */
export function pragma(
  db: DatabaseSync,
  name: 'user_version' | 'application_id' | 'data_version' | 'page_size',
): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}

/** Brings the schema from its version to the present one, in one transaction. */
export function migrate(db: DatabaseSync): void {
  const from = pragma(db, 'user_version');
  if (from === SCHEMA_VERSION) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const sql of MIGRATIONS.slice(from)) db.exec(sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function schemaOf(db: DatabaseSync): string {
  const rows = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").all();
  return JSON.stringify(rows.map((row) => JSON.stringify(Object.values(row))).sort());
}

/**
 * Refuses what is no ledger, what a newer version wrote, and tables or triggers other than those of its version: an
 * altered trigger would let history be changed.
 */
export function checkSchema(db: DatabaseSync, path: string): void {
  const version = pragma(db, 'user_version');
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new LedgerError(`${path}: is a database of another program, not a ledger; name the right file`);
  }
  if (version > SCHEMA_VERSION) {
    throw new LedgerError(
      `${path}: written by a newer poolprint (schema ${version}, this one knows ${SCHEMA_VERSION}); update poolprint`,
    );
  }
  const fresh = new DatabaseSync(':memory:');
  try {
    for (const sql of MIGRATIONS.slice(0, version)) fresh.exec(sql);
    if (version < 1 || schemaOf(fresh) !== schemaOf(db)) {
      throw new LedgerError(`${path}: tables or triggers are not as poolprint made them; restore a backup`);
    }
  } finally {
    fresh.close();
  }
}
