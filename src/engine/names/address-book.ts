// hot: find and isShared, once per closed conversation or flow record; nearly all of them miss.
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { addressText, canonicalAddress } from '../address.ts';

/** Default of addresses kept, and names of one address; a full book takes some 40 MiB. */
export const MAX_ADDRESSES = 65_536;
export const MAX_ADDRESS_NAMES = 8;
/** Share of the addresses that is kept for resolved ones, so that no flood of observed answers pushes those out. */
const RESOLVED_SHARE = 0.25;

/** Least time to live that is assumed, how long programs go on using an address after it, and the most of both; seconds. */
const MIN_TTL = 300;
const GRACE = 3600;
const MAX_VALID = 24 * 3600;
const MICROSECONDS = 1e6;
/** An address that answered for something else stays one of which that is known, seconds. */
const SHARED_FOR = 24 * 3600;
/** Longest name that DNS allows as text (RFC 1035 §2.3.4). */
const MAX_NAME = 253;
/** A count that has reached this stays: it can no longer be known how many entries are behind it. */
const FULL = 255;

/** `resolved`: by our own look-up at a configured resolver; `observed`: in an answer to somebody else, which may be forged. */
export const ADDRESS_SOURCES = ['resolved', 'observed'] as const;
export type AddressSource = (typeof ADDRESS_SOURCES)[number];

/** One name of one address as plain data: crosses threads, and stands in checkpoints. */
export interface BookEntry {
  /** Canonical text form. */
  readonly address: string;
  /** Lower case, without a final dot. */
  readonly name: string;
  readonly source: AddressSource;
  /** Microseconds since the epoch between which the name holds. */
  readonly from: number;
  readonly until: number;
}

/** A name that an address had. */
export interface BookName {
  readonly name: string;
  readonly source: AddressSource;
  readonly from: number;
  readonly until: number;
}

/** What is kept of a book over a restart, as JSON. */
export interface BookState {
  readonly version: 1;
  readonly entries: readonly BookEntry[];
  /** Addresses that answer for ordinary names too, and between which times (µs) that was seen or holds. */
  readonly shared: readonly { readonly address: string; readonly from: number; readonly until: number }[];
}

interface Held {
  name: string;
  from: number;
  until: number;
  /** Time of the newest answer that gave it. */
  newest: number;
}

interface Entry {
  readonly version: 4 | 6;
  readonly words: readonly [number, number, number, number];
  readonly names: Held[];
  sharedFrom: number;
  sharedUntil: number;
  readonly slot: number;
}

/** How long an answer holds, µs: its time to live (s), 300 s at least, and an hour of grace; a day at most. */
export function validityOf(ttl: number): number {
  return Math.min(Math.max(ttl, MIN_TTL) + GRACE, MAX_VALID) * MICROSECONDS;
}

const NOWHERE: ReadonlySet<string> = new Set(
  'unspecified broadcast multicast linkLocal loopback carrierGradeNat private uniqueLocal deprecatedSiteLocal discard'.split(
    ' ',
  ),
);
/** Addresses that proxies invent for names, and that are routed nowhere (RFC 2544 appendix C.2.2). */
const INVENTED = ipaddr.IPv4.parseCIDR('198.18.0.0/15');

/**
 * Whether an address in canonical text form can be that of a pool for everybody. Resolvers that block a name answer with
 * 0.0.0.0, loopback or a private address, and the same private address is another host in every network.
 */
export function isWorldwide(address: string): boolean {
  if (canonicalAddress(address) !== address) return false;
  const parsed = ipaddr.parse(address);
  if (NOWHERE.has(parsed.range())) return false;
  return !(parsed instanceof ipaddr.IPv4 && parsed.match(INVENTED));
}

/**
 * Which listed pool host names an address had, and when: address → names, each with its source and times of validity. All times
 * come in as parameters, so the same input gives the same book, in every thread that is told the same. Bounded in addresses and
 * names of each; the address least recently told of gives way.
 */
export class AddressBook {
  /** Addresses that gave way to others. */
  evicted = 0;
  /** Names of addresses that gave way to others of the same address. */
  evictedNames = 0;
  private readonly tables: Readonly<Record<AddressSource, LRUCache<string, Entry>>>;
  /** How many entries fall into each slot by hash: a zero answers most misses without making a key. */
  private readonly counts: Uint8Array;
  private readonly mask: number;

  /** `limit`: addresses kept, at least 2; a quarter of them for resolved ones. */
  constructor(limit: number = MAX_ADDRESSES) {
    const all = Math.max(2, Math.floor(limit));
    const resolved = Math.max(1, Math.floor(all * RESOLVED_SHARE));
    const slots = 1 << (32 - Math.clz32(all * 8 - 1));
    this.counts = new Uint8Array(slots);
    this.mask = slots - 1;
    this.tables = { resolved: this.table(resolved), observed: this.table(all - resolved) };
  }

  /** Addresses kept; one that is resolved and observed counts twice. */
  get size(): number {
    return this.tables.resolved.size + this.tables.observed.size;
  }

  /** Addresses learnt from a source. */
  sizeOf(source: AddressSource): number {
    return this.tables[source].size;
  }

  /**
   * An answer gave `name` (lower case, no final dot) the address: version, then signed words in network order, IPv4 in the first
   * alone. `time` in µs, `ttl` in seconds. Addresses that cannot be a pool's for everybody are passed over.
   */
  add(
    version: 4 | 6,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    name: string,
    source: AddressSource,
    time: number,
    ttl: number,
  ): void {
    const address = addressText(version, w0, w1, w2, w3);
    if (isWorldwide(address)) this.put([w0, w1, w2, w3], version, name, source, time, time + validityOf(ttl));
  }

  /**
   * The address answered for an ordinary name at `time` (µs). Noted only where the book has the address: everything else in the
   * DNS costs one look into a table of counters.
   */
  share(version: number, w0: number, w1: number, w2: number, w3: number, time: number): void {
    if (this.counts[hashOf(version, w0, w1, w2, w3) & this.mask] === 0) return;
    const key = keyOf(version, w0, w1, w2, w3);
    for (const source of ADDRESS_SOURCES) {
      const entry = this.tables[source].peek(key);
      if (entry !== undefined) noteShared(entry, time, time + SHARED_FOR * MICROSECONDS);
    }
  }

  /** Takes entries of other books or of the resolver. What is no address or name is passed over. */
  merge(entries: readonly BookEntry[]): void {
    for (const { address, name, source, from, until } of entries) {
      if (isWorldwide(address)) this.put(wordsOf(address), versionOf(address), name, source, from, until);
    }
  }

  /**
   * Names that the address had at some time from `time` to `until` (µs, default the one moment), resolved ones first. A name that
   * is both resolved and observed stands there once.
   */
  find(
    version: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    time: number,
    until: number = time,
  ): readonly BookName[] {
    if (this.counts[hashOf(version, w0, w1, w2, w3) & this.mask] === 0) return NONE;
    const key = keyOf(version, w0, w1, w2, w3);
    let found: BookName[] | null = null;
    for (const source of ADDRESS_SOURCES) {
      // Peeking leaves the order as the answers made it, which is the same in every thread.
      const entry = this.tables[source].peek(key);
      if (entry === undefined) continue;
      for (const held of entry.names) {
        if (held.from > until || held.until < time) continue;
        found ??= [];
        if (found.some(({ name }) => name === held.name)) continue;
        found.push({ name: held.name, source, from: held.from, until: held.until });
      }
    }
    return found ?? NONE;
  }

  /** Whether the address was known from `time` to `until` (µs) to answer for ordinary names too. */
  isShared(
    version: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    time: number,
    until: number = time,
  ): boolean {
    if (this.counts[hashOf(version, w0, w1, w2, w3) & this.mask] === 0) return false;
    const key = keyOf(version, w0, w1, w2, w3);
    return ADDRESS_SOURCES.some((source) => {
      const entry = this.tables[source].peek(key);
      return entry !== undefined && entry.sharedFrom <= until && entry.sharedUntil >= time;
    });
  }

  /** What holds at `time` (µs) or later, the address longest not told of first. */
  exportState(time: number): BookState {
    const entries: BookEntry[] = [];
    const shared: { address: string; from: number; until: number }[] = [];
    for (const source of ADDRESS_SOURCES) {
      for (const entry of [...this.tables[source].values()].reverse()) {
        const address = addressText(entry.version, ...entry.words);
        const held = entry.names.filter(({ until }) => until >= time);
        for (const { name, from, until } of held) entries.push({ address, name, source, from, until });
        if (held.length > 0 && entry.sharedUntil >= time)
          shared.push({ address, from: entry.sharedFrom, until: entry.sharedUntil });
      }
    }
    return { version: 1, entries, shared };
  }

  /** Takes what `exportState` gave. What does not look like it is passed over. Returns how many names were taken. */
  importState(state: unknown): number {
    if (typeof state !== 'object' || state === null || (state as BookState).version !== 1) return 0;
    const { entries, shared } = state as Record<string, unknown>;
    const taken = readBookEntries(entries);
    this.merge(taken);
    if (!Array.isArray(shared)) return taken.length;
    for (const one of shared.slice(0, MAX_ADDRESSES) as unknown[]) {
      if (typeof one !== 'object' || one === null) continue;
      const { address, from, until } = one as Record<string, unknown>;
      if (typeof address !== 'string' || !isSpan(from, until) || !isWorldwide(address)) continue;
      const key = keyOf(versionOf(address), ...wordsOf(address));
      for (const source of ADDRESS_SOURCES) {
        const entry = this.tables[source].peek(key);
        if (entry !== undefined) noteShared(entry, from as number, until as number);
      }
    }
    return taken.length;
  }

  private put(
    words: readonly [number, number, number, number],
    version: 4 | 6,
    name: string,
    source: AddressSource,
    from: number,
    until: number,
  ): void {
    if (name === '' || name.length > MAX_NAME || !(until >= from)) return;
    const table = this.tables[source];
    const key = keyOf(version, ...words);
    let entry = table.get(key);
    if (entry === undefined) {
      const slot = hashOf(version, ...words) & this.mask;
      entry = { version, words, names: [], sharedFrom: Infinity, sharedUntil: -Infinity, slot };
      const other = this.tables[source === 'resolved' ? 'observed' : 'resolved'].peek(key);
      if (other !== undefined) noteShared(entry, other.sharedFrom, other.sharedUntil);
      const count = this.counts[slot] as number;
      if (count < FULL) this.counts[slot] = count + 1;
      table.set(key, entry);
    }
    this.hold(entry.names, name, from, until);
  }

  private hold(names: Held[], name: string, from: number, until: number): void {
    const known = names.find((held) => held.name === name);
    if (known !== undefined) {
      if (from <= known.until && until >= known.from) {
        // Told again while it held: it never ceased to.
        known.from = Math.min(known.from, from);
        known.until = Math.max(known.until, until);
        known.newest = Math.max(known.newest, from);
      } else if (from >= known.newest) {
        known.from = from;
        known.until = until;
        known.newest = from;
      }
      return;
    }
    if (names.length >= MAX_ADDRESS_NAMES) {
      let first = 0;
      for (let i = 1; i < names.length; i++) {
        if ((names[i] as Held).until < (names[first] as Held).until) first = i;
      }
      names.splice(first, 1);
      this.evictedNames++;
    }
    names.push({ name, from, until, newest: from });
  }

  private table(max: number): LRUCache<string, Entry> {
    return new LRUCache({
      max,
      dispose: ({ slot }, _key, reason): void => {
        const count = this.counts[slot] as number;
        if (count < FULL) this.counts[slot] = count - 1;
        if (reason === 'evict') this.evicted++;
      },
    });
  }
}

const NONE: readonly BookName[] = Object.freeze([]);

/** Entries out of data from elsewhere, at most as many as a book can hold; what is none is left out. */
export function readBookEntries(given: unknown): BookEntry[] {
  if (!Array.isArray(given)) return [];
  const entries: BookEntry[] = [];
  for (const one of given.slice(0, MAX_ADDRESSES * MAX_ADDRESS_NAMES) as unknown[]) {
    if (typeof one !== 'object' || one === null) continue;
    const { address, name, source: given, from, until } = one as Record<string, unknown>;
    const source = ADDRESS_SOURCES.find((known) => known === given);
    if (typeof address !== 'string' || typeof name !== 'string' || source === undefined) continue;
    if (name === '' || name.length > MAX_NAME || !isSpan(from, until) || !isWorldwide(address)) continue;
    entries.push({ address, name, source, from: from as number, until: until as number });
  }
  return entries;
}

function isSpan(from: unknown, until: unknown): boolean {
  return Number.isFinite(from) && Number.isFinite(until) && (from as number) <= (until as number);
}

function noteShared(entry: Entry, from: number, until: number): void {
  entry.sharedFrom = Math.min(entry.sharedFrom, from);
  entry.sharedUntil = Math.max(entry.sharedUntil, until);
}

function versionOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Signed words in network order of an address in canonical text form. */
function wordsOf(address: string): [number, number, number, number] {
  const bytes = ipaddr.parse(address).toByteArray();
  const word = (n: number): number =>
    ((bytes[n] ?? 0) << 24) | ((bytes[n + 1] ?? 0) << 16) | ((bytes[n + 2] ?? 0) << 8) | (bytes[n + 3] ?? 0);
  return [word(0), word(4), word(8), word(12)];
}

/** The address as UTF-16 units; the lengths differ with the version. */
function keyOf(version: number, w0: number, w1: number, w2: number, w3: number): string {
  // fromCharCode keeps the low 16 bits of each number.
  if (version === 4) return String.fromCharCode(w0 >>> 16, w0);
  return String.fromCharCode(w0 >>> 16, w0, w1 >>> 16, w1, w2 >>> 16, w2, w3 >>> 16, w3);
}

function hashOf(version: number, w0: number, w1: number, w2: number, w3: number): number {
  let h = Math.imul(w0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  if (version === 6) {
    h = Math.imul(h ^ (h >>> 13) ^ w1, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 13) ^ w2, 0x27d4eb2f);
    h = Math.imul(h ^ (h >>> 13) ^ w3, 0x165667b1);
  }
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  return h ^ (h >>> 15);
}
