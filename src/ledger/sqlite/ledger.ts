/** The embedded ledger: one SQLite file for leads, registry and history (docs/ledger-storage.md). */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../ledger-error.ts';
import type { LeadStorage, RegistryStorage } from '../store.ts';
import { filterTime } from '../store-filter.ts';
import { type Anchor, type AnchorCheck, compareAnchor, parseAnchor } from './anchor.ts';
import { Connection } from './connection.ts';
import { fileError, putInPlace, setAside } from './copies.ts';
import { Database, ledgerError, openFile } from './database.ts';
import { extractLinks, type Link } from './extract.ts';
import { SqliteLeadStore } from './lead-store.ts';
import { checkSchema, migrate, pragma } from './migrations.ts';
import { type PurgeReport, purgeLedger, RETENTION, type RetentionPolicy } from './purge.ts';
import { SqliteRegistryStore } from './registry-store.ts';
import { type VerifyReport, verifyLedger } from './verify.ts';

export type { Anchor, AnchorCheck, PurgeReport, RetentionPolicy, VerifyReport };
export { RETENTION };

/** Who does something, and when: microseconds since the epoch. */
export interface Act {
  readonly now: number;
  readonly actor: string;
}

export interface OpenOptions {
  /** `read` changes nothing; `write` wants an existing ledger; `create` makes one where there is none. */
  readonly mode: 'read' | 'write' | 'create';
  /** Microseconds since the epoch. */
  readonly now: () => number;
  /** Unpredictable bytes: salts, the ledger's id. */
  readonly random: (bytes: number) => Uint8Array;
  /** Name in entries that the store itself makes; default `poolprint`. */
  readonly actor?: string;
  /** Milliseconds to wait while another process writes; default 5,000. */
  readonly busyTimeout?: number;
  /** Size the file may grow to, bytes; beyond it writing fails as on a full disk. */
  readonly maxBytes?: number;
}

export interface Ledger {
  readonly path: string;
  /** Random, given at creation; anchors name it. */
  readonly id: string;
  readonly leads: LeadStorage;
  readonly registry: RegistryStorage;
  /** Checks the whole file; never throws for what is in it. */
  verify(): VerifyReport;
  /** Appends the entry `anchor` and gives the head with it, to be kept outside. */
  anchor(act: Act): Anchor;
  /** Compares a kept anchor (the text of its line or file); `verify` says whether what lies before it holds together. */
  checkAnchor(text: string): AnchorCheck;
  /** What is needed to compute the links of these entries again, for an extract that leaves the house. */
  links(seqs: readonly number[]): ReadonlyMap<number, Link>;
  /** Writes a complete copy under a new name and verifies it; the entry `backup` is in both. */
  backup(path: string, act: Act): VerifyReport;
  purge(policy: RetentionPolicy, options: Act & { readonly dryRun: boolean }): PurgeReport;
  close(): void;
}

const BUSY_TIMEOUT = 5000;

/** Settings of a connection that writes. FULL: an acknowledged transaction survives loss of power, not only of the process. */
function prepareWriting(raw: DatabaseSync, maxBytes: number | undefined): void {
  raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
  if (maxBytes !== undefined)
    raw.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pragma(raw, 'page_size')))}`);
}

const mark = (random: (bytes: number) => Uint8Array): string => Buffer.from(random(6)).toString('hex');

/** Makes an empty ledger, complete before it gets its name. */
function create(path: string, options: OpenOptions): void {
  putInPlace(path, mark(options.random), (unfinished) => {
    let opened: DatabaseSync | null = null;
    try {
      const raw = new DatabaseSync(unfinished);
      opened = raw;
      raw.exec('PRAGMA page_size = 4096');
      migrate(raw);
      prepareWriting(raw, undefined);
      const connection = new Connection(new Database(path, raw), true, surroundings(options));
      const id = Buffer.from(options.random(16)).toString('hex');
      connection.transaction(() => {
        new SqliteLeadStore(connection).putSetting('ledger_id', id);
        connection.append({
          time: options.now(),
          actor: options.actor ?? 'poolprint',
          action: 'ledger.created',
          lead: null,
          detail: { ledger_id: id, schema: pragma(raw, 'user_version') },
          personal: null,
        });
      });
    } catch (error) {
      throw ledgerError(error, path);
    } finally {
      opened?.close();
    }
  });
}

function surroundings(options: OpenOptions): Connection['around'] {
  return { now: options.now, random: options.random, actor: options.actor ?? 'poolprint' };
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Two processes may begin on the same new name at once: the one that comes second takes what the first has made. */
function createUnlessThere(path: string, options: OpenOptions): void {
  try {
    create(path, options);
  } catch (error) {
    if (!exists(path)) throw error;
  }
}

/**
 * Opens a ledger. Throws a LedgerError, one line, for a file that is none, is damaged, was written by a newer version,
 * or cannot be read or written; nothing is changed then.
 */
export function openLedger(path: string, options: OpenOptions): Ledger {
  if (options.mode === 'create' && !exists(path)) createUnlessThere(path, options);
  const readOnly = options.mode === 'read';
  const db = openFile(path, readOnly, options.busyTimeout ?? BUSY_TIMEOUT);
  try {
    checkSchema(db.raw, path);
    if (!readOnly) {
      migrate(db.raw);
      prepareWriting(db.raw, options.maxBytes);
    }
    return new SqliteLedger(db, options);
  } catch (error) {
    db.close();
    throw ledgerError(error, path);
  }
}

class SqliteLedger implements Ledger {
  readonly path: string;
  readonly id: string;
  readonly leads: LeadStorage;
  readonly registry: RegistryStorage;
  readonly #connection: Connection;
  readonly #options: OpenOptions;

  constructor(db: Database, options: OpenOptions) {
    this.path = db.path;
    this.#options = options;
    this.#connection = new Connection(db, options.mode !== 'read', surroundings(options));
    this.leads = new SqliteLeadStore(this.#connection);
    this.registry = new SqliteRegistryStore(this.#connection);
    this.id = this.leads.setting('ledger_id') ?? '';
  }

  verify(): VerifyReport {
    return verifyLedger(this.#connection.db);
  }

  anchor({ now, actor }: Act): Anchor {
    const before = this.#connection.head();
    this.#connection.append({ time: now, actor, action: 'anchor', lead: null, detail: { ...before }, personal: null });
    const { seq, sha256, sm3 } = this.#connection.head();
    const time = filterTime(now);
    return { type: 'anchor', version: 1, ledger_id: this.id, seq, sha256, sm3, time, entries: seq };
  }

  checkAnchor(text: string): AnchorCheck {
    return compareAnchor(this.#connection.db, parseAnchor(text));
  }

  links(seqs: readonly number[]): ReadonlyMap<number, Link> {
    return extractLinks(this.#connection.db, seqs);
  }

  backup(path: string, { now, actor }: Act): VerifyReport {
    if (this.#connection.inTransaction) throw new LedgerError('a backup is made outside of a transaction');
    const note = (action: string): number =>
      this.#connection.append({
        time: now,
        actor,
        action,
        lead: null,
        detail: { file: basename(path) },
        personal: null,
      });
    let noted = false;
    let report: VerifyReport | null = null;
    try {
      putInPlace(path, mark(this.#options.random), (unfinished) => {
        note('backup');
        noted = true;
        this.#connection.db.run('VACUUM INTO ?', unfinished);
        report = verifyCopy(unfinished, path);
      });
    } catch (error) {
      // The entry had to come before the copy, to be in it.
      if (noted) note('backup.failed');
      throw error;
    }
    return report as unknown as VerifyReport;
  }

  purge(policy: RetentionPolicy, options: Act & { readonly dryRun: boolean }): PurgeReport {
    return purgeLedger(this.#connection, policy, options);
  }

  close(): void {
    this.#connection.db.close();
  }
}

/** A copy that does not verify is no backup. */
function verifyCopy(file: string, name: string): VerifyReport {
  const db = openFile(file, true, BUSY_TIMEOUT);
  try {
    checkSchema(db.raw, name);
    const report = verifyLedger(db);
    if (report.ok) return report;
    const [first] = report.faults;
    throw new LedgerError(
      `${name}: does not verify (${report.faultsTotal} faults, first: ${first?.where}); run ledger verify`,
    );
  } finally {
    db.close();
  }
}

/** Fails where another process has the ledger open; a file that is no database cannot be. */
function checkUnused(path: string): void {
  let raw: DatabaseSync | null = null;
  try {
    raw = new DatabaseSync(path, { timeout: 0 });
    raw.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK');
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    if (code === 5 || code === 6) throw new LedgerError(`${path}: another poolprint has it open; end that first`);
  } finally {
    raw?.close();
  }
}

/**
 * Makes a ledger from a backup, which must verify. Where there is one of that name already it is set aside, not deleted,
 * and only with `replace`. The entry `ledger.restored` is the first of the new life. Gives the name of the one set aside.
 */
export function restoreLedger(
  backup: string,
  path: string,
  options: Omit<OpenOptions, 'mode'> & { readonly actor: string; readonly replace: boolean },
): { readonly aside: string | null; readonly report: VerifyReport } {
  const report = verifyCopy(backup, backup);
  const there = exists(path);
  if (there && !options.replace) throw new LedgerError(`${path}: is there already; say that it is to be replaced`, 2);
  if (there) checkUnused(path);
  let aside: string | null = null;
  const suffix = mark(options.random);
  const make = (unfinished: string): void => {
    const source = openFile(backup, true, BUSY_TIMEOUT);
    try {
      source.run('VACUUM INTO ?', unfinished);
    } finally {
      source.close();
    }
    const copy = openLedger(unfinished, { ...options, mode: 'write' });
    try {
      const { seq, sha256, sm3 } = report.head;
      const detail = { file: basename(backup), seq, sha256, sm3 };
      const entry = { time: options.now(), actor: options.actor, action: 'ledger.restored', lead: null, detail };
      copy.leads.append({ ...entry, personal: null });
    } finally {
      copy.close();
    }
  };
  putInPlace(path, suffix, make, () => {
    if (there) aside = setAside(path, suffix);
  });
  return { aside, report };
}
