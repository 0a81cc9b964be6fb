/** What a spool knows of the files in its directory: which wait, and which were read. */
import type { FileHandle } from 'node:fs/promises';
import { beginningOf, type FileFacts, HEAD_BYTES, type Head, hashOf, headOf, openSame } from './spool-file.ts';
import { type SpoolEntry, uncompressedName } from './spool-order.ts';
import type { DoneRecord } from './spool-position.ts';

/** Shorter than any capture header: what such a file was could not be told. */
const TOO_SHORT = 24;
/** File systems keep times to 2 s at worst: a compressed file carries the time of its original (ns). */
const SAME_TIME = 2_000_000_000n;

/** What one look at the directory came to. */
export interface Look {
  /** Names of files that were there, waited, and are gone or were overwritten unread. */
  readonly vanished: readonly string[];
  /** None of the files in the listing was renamed or deleted meanwhile. */
  readonly whole: boolean;
}

/** Bounded by the directory: what is gone from it is forgotten. */
export class SpoolStore {
  readonly entries: Map<string, SpoolEntry> = new Map();
  /** Files that were read, by `device:inode`. */
  readonly records: Map<string, DoneRecord> = new Map();
  /** Files that could not be opened, with the time of their last change of any kind: tried again when that changes. */
  private readonly refused = new Map<string, bigint>();
  /**
   * Missing in the last listing; a file that is renamed while a directory is listed may be missing once. Null = was read.
   */
  private missing = new Map<string, SpoolEntry | null>();
  /** Missing in a look that did not count. */
  private passedOver = new Map<string, SpoolEntry>();
  private readonly directory: string;
  private readonly captures: boolean;

  constructor(directory: string, captures: boolean) {
    this.directory = directory;
    this.captures = captures;
  }

  /**
   * Takes over a listing. `now`: wall clock, µs. `listed`: no listed name was gone when its file was looked at. `again`:
   * another look follows at once where this one is not whole, so that what it misses does not count as missing.
   */
  async look(files: readonly FileFacts[], now: number, listed = true, again = false): Promise<Look> {
    const before = new Map([...this.entries, ...this.passedOver]);
    for (const [key, entry] of this.missing) if (entry !== null) before.set(key, entry);
    const byName = new Map([...this.records.values()].map((record) => [record.name, record]));
    const overwritten: string[] = [];
    let whole = listed;
    this.entries.clear();
    const names = new Set(files.map(({ text }) => text));
    const originals = new Set(files.map(({ text }) => uncompressedName(text)));
    for (const facts of files) {
      // A compressed copy beside its original is still being written, or tells nothing new.
      if (names.has(uncompressedName(facts.text) ?? '')) continue;
      const known = before.get(facts.key);
      const same = known?.facts.size === facts.size && known.facts.mtime === facts.mtime;
      // A program that copies can set the time of change, but not the one of which the file system itself keeps account.
      const untouched = same && known.facts.ctime === facts.ctime;
      if (known !== undefined && untouched && (!known.done || this.refused.get(facts.key) === undefined)) {
        this.entries.set(facts.key, { ...known, facts });
        continue;
      }
      const entry = {
        facts,
        compressed: false,
        begin: known?.begin ?? null,
        changed: same ? (known?.changed ?? now) : now,
        done: false,
      };
      const done = await this.isDone(facts, byName);
      // Renamed or deleted since the listing.
      if (done === null) {
        whole = false;
        continue;
      }
      entry.done = done;
      if (!entry.done && this.captures && facts.size > 0) {
        const beginning = await beginningOf(this.directory, facts);
        if (beginning === null) {
          whole = false;
          continue;
        }
        const { compressed, time } = beginning;
        const other =
          known !== undefined && !known.done && known.begin !== null && time !== null && time !== known.begin;
        // One that was compressed is there under another inode, and a new file may have got its own.
        if (other && !originals.has(known.facts.text)) overwritten.push(known.facts.text);
        entry.compressed = compressed;
        entry.begin = time;
      } else if (!entry.done) {
        entry.compressed = uncompressedName(facts.text) !== null;
      } else entry.begin = this.records.get(facts.key)?.begin ?? entry.begin;
      this.entries.set(facts.key, entry);
    }
    if (!whole && again) {
      for (const key of this.entries.keys()) this.missing.delete(key);
      this.passedOver = new Map([...before].filter(([key]) => !this.entries.has(key)));
      return { vanished: overwritten, whole };
    }
    this.passedOver.clear();
    return { vanished: [...overwritten, ...this.forget(before)], whole };
  }

  /** Nothing of the file will be read until it changes; what has no record is tried again by the next process. */
  refuse(entry: SpoolEntry): void {
    this.refused.set(entry.facts.key, entry.facts.ctime);
    entry.done = true;
  }

  /** The file in the directory that a record tells of, or its compressed successor; null = gone. */
  async find(record: DoneRecord): Promise<SpoolEntry | null> {
    const own = this.entries.get(record.key);
    if (own !== undefined && (await this.sameHead(own.facts, record)) === true) return own;
    for (const entry of this.entries.values()) if (isTwin(entry.facts, record)) return entry;
    return null;
  }

  private async isDone(facts: FileFacts, byName: ReadonlyMap<string, DoneRecord>): Promise<boolean | null> {
    if (this.refused.get(facts.key) === facts.ctime) return true;
    this.refused.delete(facts.key);
    const record = this.records.get(facts.key);
    if (record !== undefined) {
      const verdict = await this.compare(record, facts);
      if (verdict === 'gone') return null;
      if (verdict === 'same') return true;
      if (verdict === 'grown') return false;
      this.records.delete(facts.key);
    }
    const original = byName.get(uncompressedName(facts.text) ?? '');
    if (original === undefined || !isTwin(facts, original)) return false;
    const head = await this.headNow(facts);
    if (head === null) return null;
    const { key, text: name, size, mtime } = facts;
    const own = { key, name, size, mtime: String(mtime), head: head.hash, headLength: head.length };
    this.records.set(key, { ...original, ...own });
    return true;
  }

  /** Null: the file is gone. What cannot be read begins like any other. */
  private async headNow(facts: FileFacts): Promise<Head | null> {
    try {
      const handle = await openSame(this.directory, facts);
      if (handle === null) return null;
      try {
        return await headOf(handle, HEAD_BYTES);
      } finally {
        await handle.close();
      }
    } catch {
      return { hash: hashOf(new Uint8Array(0)), length: 0 };
    }
  }

  private async compare(record: DoneRecord, facts: FileFacts): Promise<'same' | 'grown' | 'other' | 'gone'> {
    const same = await this.sameHead(facts, record);
    if (same === null) return 'gone';
    if (!same) return 'other';
    if (facts.size > record.size && record.outcome === 'read') return 'grown';
    if (facts.size > record.size && record.headLength < TOO_SHORT) return 'other';
    this.records.set(record.key, { ...record, mtime: String(facts.mtime) });
    return 'same';
  }

  /** Does the file begin with the bytes of which the record tells? Null: it is gone. What cannot be read is left alone. */
  private async sameHead(facts: FileFacts, record: DoneRecord): Promise<boolean | null> {
    try {
      const handle = await openSame(this.directory, facts);
      if (handle === null) return null;
      try {
        return await hasHead(handle, record);
      } finally {
        await handle.close();
      }
    } catch {
      return true;
    }
  }

  /** Drops what two listings have missed; gives the names of files that were not read. */
  private forget(before: ReadonlyMap<string, SpoolEntry>): string[] {
    const originals = new Set([...this.entries.values()].map(({ facts }) => uncompressedName(facts.text)));
    const vanished: string[] = [];
    const missing = new Map<string, SpoolEntry | null>();
    for (const [key, entry] of before) {
      if (this.entries.has(key) || entry.done || entry.facts.size === 0) continue;
      // An original that gave way to its compressed copy has not vanished.
      if (!this.missing.has(key)) missing.set(key, entry);
      else if (!originals.has(entry.facts.text)) vanished.push(entry.facts.text);
    }
    for (const key of [...this.records.keys(), ...this.refused.keys()]) {
      if (this.entries.has(key) || missing.has(key)) continue;
      if (!this.missing.has(key)) missing.set(key, null);
      else {
        this.records.delete(key);
        this.refused.delete(key);
      }
    }
    this.missing = missing;
    return vanished;
  }
}

/** Does an open file begin with the bytes of which the record tells? */
export async function hasHead(handle: FileHandle, record: DoneRecord): Promise<boolean> {
  const { hash, length } = await headOf(handle, record.headLength);
  return length === record.headLength && hash === record.head;
}

/** Is it the compressed copy of a file that was read? Compressing programs keep the time of change. */
function isTwin(facts: FileFacts, record: DoneRecord): boolean {
  const apart = facts.mtime - BigInt(record.mtime);
  return uncompressedName(facts.text) === record.name && apart < SAME_TIME && apart > -SAME_TIME;
}
