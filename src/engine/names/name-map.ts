// hot: find, once per new conversation; nearly all of them miss.
import { LRUCache } from 'lru-cache';

/** Default of entries kept; with their names some 15 MiB. */
export const MAX_NAMES = 65_536;

/** Least time to live that is assumed, how long programs go on using an address after it, and the most of both; seconds. */
const MIN_TTL = 300;
const GRACE = 3600;
const MAX_VALID = 24 * 3600;
const MICROSECONDS = 1e6;
/** Longest name that DNS allows as text (RFC 1035 §2.3.4). */
const MAX_NAME = 253;

/** A count that has reached this stays: it can no longer be known how many entries are behind it. */
const FULL = 255;

interface Entry {
  name: string;
  /** Capture times in µs between which the name holds. */
  from: number;
  until: number;
  /** Time of the newest answer that gave it. */
  newest: number;
  readonly slot: number;
}

/**
 * Which name a client looked up to get an address: (client, address) → name. All times are capture times, so the same input
 * gives the same names. Holds at most `limit` entries; the one least recently added or found gives way.
 */
export class NameMap {
  /** Entries that gave way to others. */
  evicted = 0;
  /** When the newest answer of what `find` found last was seen, µs. */
  answered = 0;
  private readonly entries: LRUCache<string, Entry>;
  /** How many entries fall into each slot by hash: a zero answers most misses without making a key. */
  private readonly counts: Uint8Array;
  private readonly mask: number;

  /** `limit`: entries kept, at least 1. The table of counts takes 8 to 16 bytes for each. */
  constructor(limit: number = MAX_NAMES) {
    const slots = 1 << (32 - Math.clz32(Math.max(1, limit) * 8 - 1));
    this.counts = new Uint8Array(slots);
    this.mask = slots - 1;
    this.entries = new LRUCache({
      max: Math.max(1, limit),
      dispose: (entry, _key, reason): void => this.forget(entry, reason === 'evict'),
    });
  }

  get size(): number {
    return this.entries.size;
  }

  /**
   * An answer told a client that `name` has an address. Client and address as in a decoded packet: version, then signed words
   * in network order, IPv4 in the first alone. `time` in µs, `ttl` in seconds. The name holds from `time` for the time to live
   * (300 s at least) and an hour, a day at most. Of several names the one with the newest answer stays.
   */
  add(
    clientVersion: number,
    c0: number,
    c1: number,
    c2: number,
    c3: number,
    addressVersion: number,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    name: string,
    time: number,
    ttl: number,
  ): void {
    // Hosts talk within one version: an address of the other one is never asked for.
    if (clientVersion !== addressVersion || name.length > MAX_NAME || name === '') return;
    const seconds = Math.min(Math.max(ttl, MIN_TTL) + GRACE, MAX_VALID);
    const until = time + seconds * MICROSECONDS;
    const key = keyOf(clientVersion, c0, c1, c2, c3, a0, a1, a2, a3);
    const known = this.entries.get(key);
    if (known !== undefined) {
      if (known.name === name && time <= known.until && until >= known.from) {
        // Asked again while it held: it never ceased to.
        known.from = Math.min(known.from, time);
        known.until = Math.max(known.until, until);
        known.newest = Math.max(known.newest, time);
      } else if (time >= known.newest) {
        known.name = name;
        known.from = time;
        known.until = until;
        known.newest = time;
      }
      return;
    }
    const slot = hashOf(clientVersion, c0, c1, c2, c3, a0, a1, a2, a3) & this.mask;
    const count = this.counts[slot] as number;
    if (count < FULL) this.counts[slot] = count + 1;
    this.entries.set(key, { name, from: time, until, newest: time, slot });
  }

  /** The name under which the client looked up the address, where that holds at `time` (µs); null without. */
  find(
    version: number,
    c0: number,
    c1: number,
    c2: number,
    c3: number,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    time: number,
  ): string | null {
    if (this.entries.size === 0) return null;
    if (this.counts[hashOf(version, c0, c1, c2, c3, a0, a1, a2, a3) & this.mask] === 0) return null;
    const entry = this.entries.get(keyOf(version, c0, c1, c2, c3, a0, a1, a2, a3));
    // What no longer holds stays until it is pushed out: another file may go back in time.
    if (entry === undefined || time < entry.from || time > entry.until) return null;
    this.answered = entry.newest;
    return entry.name;
  }

  /** The newest `limit` entries that hold at `time` (µs), as plain data. */
  exportState(time: number, limit: number): NameRow[] {
    const rows: NameRow[] = [];
    // The cache gives the one used last first.
    for (const [key, entry] of this.entries.entries()) {
      if (rows.length >= limit) break;
      if (entry.until < time) continue;
      rows.push([
        Array.from({ length: key.length }, (_, i) => key.charCodeAt(i)),
        entry.name,
        entry.from,
        entry.until,
        entry.newest,
      ]);
    }
    return rows.reverse();
  }

  /** Takes what `exportState` gave; what does not look like it is passed over. */
  importState(rows: unknown): void {
    if (!Array.isArray(rows)) return;
    for (const row of rows) {
      if (!Array.isArray(row)) continue;
      const [units, name, from, until, newest] = row as unknown[];
      if (!Array.isArray(units) || (units.length !== 4 && units.length !== 16)) continue;
      if (!units.every((unit) => Number.isInteger(unit) && unit >= 0 && unit <= 0xffff)) continue;
      if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) continue;
      if (![from, until, newest].every((time) => Number.isFinite(time))) continue;
      const [word, version] = [wordsOf(units as number[]), units.length === 4 ? 4 : 6];
      const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = version === 4 ? [word[0]] : word.slice(0, 4);
      const [a0 = 0, a1 = 0, a2 = 0, a3 = 0] = version === 4 ? [word[1]] : word.slice(4);
      const key = keyOf(version, c0, c1, c2, c3, a0, a1, a2, a3);
      if (this.entries.has(key)) continue;
      const slot = hashOf(version, c0, c1, c2, c3, a0, a1, a2, a3) & this.mask;
      const count = this.counts[slot] as number;
      if (count < FULL) this.counts[slot] = count + 1;
      const times = { from: from as number, until: until as number, newest: newest as number };
      this.entries.set(key, { name, ...times, slot });
    }
  }

  private forget(entry: Entry, evicted: boolean): void {
    const count = this.counts[entry.slot] as number;
    if (count < FULL) this.counts[entry.slot] = count - 1;
    if (evicted) this.evicted++;
  }
}

/** An entry as plain data: both addresses in units of 16 bits, the name, and the times of `Entry`. */
export type NameRow = readonly [
  addresses: readonly number[],
  name: string,
  from: number,
  until: number,
  newest: number,
];

/** Signed words of 32 bits out of units of 16. */
function wordsOf(units: readonly number[]): number[] {
  const words: number[] = [];
  for (let i = 0; i < units.length; i += 2) words.push(((units[i] as number) << 16) | (units[i + 1] as number));
  return words;
}

/** Both addresses as UTF-16 units; the lengths differ with the version. */
function keyOf(
  version: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
): string {
  // fromCharCode keeps the low 16 bits of each number.
  if (version === 4) return String.fromCharCode(c0 >>> 16, c0, a0 >>> 16, a0);
  const client = String.fromCharCode(c0 >>> 16, c0, c1 >>> 16, c1, c2 >>> 16, c2, c3 >>> 16, c3);
  return client + String.fromCharCode(a0 >>> 16, a0, a1 >>> 16, a1, a2 >>> 16, a2, a3 >>> 16, a3);
}

/** Like the hash of the flow table, from client to server. */
function hashOf(
  version: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
): number {
  let h = Math.imul(c0, 0x9e3779b1) ^ Math.imul(a0, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  if (version === 6) {
    h = Math.imul(h ^ (h >>> 13) ^ c1, 0xc2b2ae35) + a1;
    h = Math.imul(h ^ (h >>> 13) ^ c2, 0x27d4eb2f) + a2;
    h = Math.imul(h ^ (h >>> 13) ^ c3, 0x165667b1) + a3;
  }
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
