/**
 * What a transaction wrote, as a list of records with the SHA-256 of each: part of the entry that closes it. So every
 * record of every table has its entry, and one changed behind the ledger's back is found. Null: deleted.
 */
import { hash } from 'node:crypto';

type Column = string | number | null;
/** As text columns hold it: UTF-8 has no lone surrogates. */
const stored = (columns: readonly Column[]): string =>
  JSON.stringify(columns.map((column) => (typeof column === 'string' ? column.toWellFormed() : column)));

/** Digest of a record: SHA-256 (hex) of the JSON of its columns. */
export function recordDigest(...columns: readonly Column[]): string {
  return hash('sha256', stored(columns));
}

/** Records of transactions within transactions: what an inner one wrote falls with it. */
export class Manifest {
  #layers: Map<string, string | null>[] = [];

  push(): void {
    this.#layers.push(new Map());
  }

  /** Ends the innermost: its records join the outer ones, or are dropped. */
  pop(keep: boolean): void {
    const layer = this.#layers.pop();
    const outer = this.#layers.at(-1);
    if (!keep || layer === undefined || outer === undefined) return;
    for (const [key, digest] of layer) outer.set(key, digest);
  }

  put(key: string, digest: string | null): void {
    this.#layers.at(-1)?.set(key, digest);
  }

  /** Everything written so far, null where nothing. */
  take(): Record<string, string | null> | null {
    const all = this.#layers.flatMap((layer) => [...layer]);
    return all.length === 0 ? null : Object.fromEntries(all);
  }

  clear(): void {
    this.#layers = [];
  }
}

export const RECORDS = [
  'part',
  'placement',
  'node',
  'lead',
  'tokens',
  'coverage',
  'evidence',
  'capture',
  'setting',
  'source',
  'batch',
  'block',
  'superseded',
  'sealed',
  'personal',
] as const;
export type RecordKind = (typeof RECORDS)[number];

/** Name of a record in the list: what it is and its key, as a JSON array. */
export function recordName(kind: RecordKind, ...key: readonly (string | number)[]): string {
  return stored([kind, ...key]);
}
