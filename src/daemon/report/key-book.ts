import { type KeyFacts, keyOf, mergeFacts, type Order, uniteViews } from '../../detect/key-facts.ts';
import type { FactsTold } from '../../engine/told.ts';

/** What has changed since the last call of `changes`, for the state on disk. */
export interface BookChanges {
  readonly ended: readonly (readonly [key: string, facts: KeyFacts | null])[];
  readonly open: readonly (readonly [number: number, facts: readonly KeyFacts[] | null])[];
}

/** One source of facts within a point: packets, or flow records. */
export type BookSource = 0 | 1;
const SOURCES = 2;
/** After a key: what flow records tell of it stands apart from what packets tell. */
const RECORDS = ' records';

/**
 * Everything that is known of the mining keys of one observation point: facts of what ended, added up, and beside them the
 * newest facts of each thing that is open. At any moment their sum is what all traffic so far told, each packet once.
 */
export class KeyBook {
  /** By key, of flow records with `RECORDS` after it. */
  private readonly ended: Map<string, KeyFacts> = new Map();
  private readonly open: Map<number, readonly KeyFacts[]> = new Map();
  /** Numbers of open things by key; keys by miner and by pool address. */
  private readonly openOf: Map<string, Set<number>> = new Map();
  private readonly byMiner: Map<string, Set<string>> = new Map();
  private readonly byPool: Map<string, Set<string>> = new Map();
  private readonly changedEnded: Set<string> = new Set();
  private readonly changedOpen: Set<number> = new Set();
  private readonly dirty: Set<string> = new Set();
  private readonly limit: number;
  /** Keys under which facts of an earlier process stand: a connection that went on is one, not two. */
  private readonly resumed: Set<string> = new Set();
  /** Facts that found no room, because their key is none of those kept. */
  dropped = 0;
  /** Keys by what they rest on (`rankOf`). */
  private readonly counts: [number, number, number] = [0, 0, 0];

  /** `limit`: keys at once. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Keys that are open. */
  get size(): number {
    return this.counts[0] + this.counts[1] + this.counts[2];
  }

  /** Takes the news of a source. Numbers of different sources are told apart. */
  apply(told: FactsTold, source: BookSource): void {
    for (const facts of told.ended) this.add(facts);
    for (const number of told.closed) this.replace(number * SOURCES + source, []);
    for (const [number, facts] of told.open) this.replace(number * SOURCES + source, facts);
  }

  /** Facts that an earlier process left behind: what was open then has ended. */
  restore(ended: Iterable<KeyFacts>, open: Iterable<readonly KeyFacts[]>): void {
    for (const facts of ended) this.resume(facts);
    for (const list of open) for (const facts of list) this.resume(cutOff(facts));
  }

  /** Makes the next `changes` name everything. */
  changeAll(): void {
    for (const key of this.ended.keys()) this.changedEnded.add(key);
    for (const number of this.open.keys()) this.changedOpen.add(number);
  }

  private resume(facts: KeyFacts): void {
    this.add(facts);
    const key = keyOf(facts);
    if (this.hasEnded(key)) this.resumed.add(key);
  }

  private add(facts: KeyFacts): void {
    const key = keyOf(facts);
    if (!this.admits(key)) return;
    const place = facts.records === true ? key + RECORDS : key;
    const known = this.ended.get(place);
    if (known !== undefined) mergeFacts(known, facts);
    else {
      if (!this.stands(key)) this.counts[rankOf(key)]++;
      this.ended.set(place, facts);
      this.index(key, facts);
    }
    this.changedEnded.add(place);
    this.dirty.add(key);
  }

  private hasEnded(key: string): boolean {
    return this.ended.has(key) || this.ended.has(key + RECORDS);
  }

  private stands(key: string): boolean {
    return this.openOf.has(key) || this.hasEnded(key);
  }

  private admits(key: string): boolean {
    if (this.stands(key)) return true;
    // Anybody can look up names from a million addresses: that must not shut out those who mine.
    let below = 0;
    for (let rank = rankOf(key); rank >= 0; rank--) below += this.counts[rank as Rank];
    if (this.size < this.limit && below < this.limit * SHARES[rankOf(key)]) return true;
    this.dropped++;
    return false;
  }

  private replace(number: number, facts: readonly KeyFacts[]): void {
    const before = this.open.get(number) ?? [];
    for (const old of before) {
      const key = keyOf(old);
      const numbers = this.openOf.get(key);
      numbers?.delete(number);
      if (numbers?.size === 0) {
        this.openOf.delete(key);
        if (!this.hasEnded(key)) this.counts[rankOf(key)]--;
      }
      this.dirty.add(key);
    }
    const kept: KeyFacts[] = [];
    for (const f of facts) {
      const key = keyOf(f);
      if (!this.admits(key)) continue;
      kept.push(f);
      const numbers = this.openOf.get(key);
      if (numbers !== undefined) numbers.add(number);
      else {
        this.openOf.set(key, new Set([number]));
        if (!this.hasEnded(key)) this.counts[rankOf(key)]++;
      }
      this.index(key, f);
      this.dirty.add(key);
    }
    if (kept.length > 0) this.open.set(number, kept);
    else this.open.delete(number);
    this.changedOpen.add(number);
    // What nothing is known of any more is of nobody.
    for (const old of before) {
      const key = keyOf(old);
      if (!this.stands(key)) this.unindex(key);
    }
  }

  private index(key: string, { miner, pool }: KeyFacts): void {
    put(this.byMiner, miner, key);
    if (pool !== null) put(this.byPool, pool, key);
  }

  /**
   * Keys that changed since the last call, and those it left, in the order in which they changed: until they and what is open of
   * them are `most`, at least one.
   */
  takeDirty(most: number = Number.POSITIVE_INFINITY): string[] {
    const keys: string[] = [];
    let taken = 0;
    for (const key of this.dirty) {
      if (taken >= most) break;
      taken += 1 + (this.openOf.get(key)?.size ?? 0);
      keys.push(key);
      this.dirty.delete(key);
    }
    return keys;
  }

  /** Whether keys changed that `takeDirty` did not give yet. */
  get hasDirty(): boolean {
    return this.dirty.size > 0;
  }

  /** What changed since the last call, for the state on disk. */
  changes(): BookChanges {
    const ended = [...this.changedEnded].map((key) => [key, this.ended.get(key) ?? null] as const);
    const open = [...this.changedOpen].map((number) => [number, this.open.get(number) ?? null] as const);
    this.changedEnded.clear();
    this.changedOpen.clear();
    return { ended, open };
  }

  /** All that is known of a key; null where nothing is (any more). */
  facts(key: string): KeyFacts | null {
    const packets = this.sum(key, undefined);
    const records = this.sum(key, true);
    return packets !== null && records !== null ? uniteViews(packets, records) : (packets ?? records);
  }

  /** What packets, or flow records, told of a key. */
  private sum(key: string, records: true | undefined): KeyFacts | null {
    const ended = this.ended.get(records === true ? key + RECORDS : key);
    // Merging replaces lists and never changes one: a flat copy is enough.
    let all: KeyFacts | null = ended === undefined ? null : { ...ended };
    for (const number of this.openOf.get(key) ?? []) {
      for (const facts of this.open.get(number) ?? []) {
        if (facts.records !== records || keyOf(facts) !== key) continue;
        if (all === null) all = { ...facts };
        else mergeFacts(all, facts);
      }
    }
    return all !== null && this.resumed.has(key) ? joinResumed(all) : all;
  }

  /** Keys of an address as miner, and those of others with it as pool: the `most` that were met last. */
  keysOf(miner: string, most: number = Number.POSITIVE_INFINITY): readonly string[] {
    return [...(this.byMiner.get(miner) ?? [])].slice(-most);
  }

  keysTo(pool: string, most: number = Number.POSITIVE_INFINITY): readonly string[] {
    return [...(this.byPool.get(pool) ?? [])].slice(-most);
  }

  isMiner(address: string): boolean {
    return this.byMiner.has(address);
  }

  /** All keys with the day each is of; null where a key has none. */
  *days(): Generator<readonly [key: string, day: number | null]> {
    const seen = new Set<string>();
    for (const facts of this.ended.values()) {
      const key = keyOf(facts);
      if (!seen.has(key)) yield [key, facts.day];
      seen.add(key);
    }
    for (const list of this.open.values()) {
      for (const facts of list) {
        const key = keyOf(facts);
        if (!seen.has(key)) yield [key, facts.day];
        seen.add(key);
      }
    }
  }

  /** Forgets a key: all of it was reported, and its day is over. */
  forget(key: string): void {
    if (this.stands(key)) this.counts[rankOf(key)]--;
    for (const place of [key, key + RECORDS]) {
      this.ended.delete(place);
      this.changedEnded.add(place);
    }
    for (const number of this.openOf.get(key) ?? []) {
      const rest = (this.open.get(number) ?? []).filter((f) => keyOf(f) !== key);
      if (rest.length > 0) this.open.set(number, rest);
      else this.open.delete(number);
      this.changedOpen.add(number);
    }
    this.openOf.delete(key);
    this.dirty.delete(key);
    this.resumed.delete(key);
    this.unindex(key);
  }

  /** A key begins with miner and pool (`keyOf`). */
  private unindex(key: string): void {
    const [miner, pool] = JSON.parse(key) as [string, string | null];
    drop(this.byMiner, miner, key);
    if (pool !== null) drop(this.byPool, pool, key);
  }
}

/** 0: a look-up alone; 1: a conversation of which nothing was read; 2: a dialect was spoken. */
type Rank = 0 | 1 | 2;
/** Share of the room that keys of a rank and those below it may take. */
const SHARES = [0.5, 0.75, 1] as const;

/** By the end of a key, which is port, dialect and day (`keyOf`). */
function rankOf(key: string): Rank {
  if (!/,null(?:,\d+)?\]$/.test(key)) return 2;
  return /,null,null(?:,\d+)?\]$/.test(key) ? 0 : 1;
}

function put(map: Map<string, Set<string>>, name: string, key: string): void {
  const keys = map.get(name);
  if (keys === undefined) map.set(name, new Set([key]));
  else keys.add(key);
}

function drop(map: Map<string, Set<string>>, name: string, key: string): void {
  const keys = map.get(name);
  keys?.delete(key);
  if (keys?.size === 0) map.delete(name);
}

/** How long a connection may have been unseen, while the program was not running, to be taken for the same one, µs. */
const MAX_BREAK = 3_600_000_000;

/** Facts of what was open when the process ended. */
export function cutOff(facts: KeyFacts): KeyFacts {
  const conversations = facts.conversations.map(({ order, value }) => ({
    order,
    value: { ...value, cut: true as const },
  }));
  return { ...facts, conversations };
}

/**
 * A connection that was open when the program ended and was met again in the middle is one connection. One that had ended by
 * then is not: its ports may be used again.
 */
function joinResumed(facts: KeyFacts): KeyFacts {
  const joined: KeyFacts['conversations'] = [];
  let less = 0;
  for (const row of facts.conversations) {
    const before = joined.findIndex(
      ({ order, value }) =>
        value.cut === true &&
        value.port === row.value.port &&
        !row.value.opened &&
        order[0] <= row.order[0] &&
        row.order[0] - value.lastSeen <= MAX_BREAK,
    );
    const earlier = joined[before];
    if (earlier === undefined) {
      joined.push(row);
      continue;
    }
    less++;
    const order: Order = earlier.order;
    const lastSeen = Math.max(earlier.value.lastSeen, row.value.lastSeen);
    // It is open again, or was cut off once more.
    joined[before] = { order, value: { ...row.value, opened: earlier.value.opened, lastSeen } };
  }
  return { ...facts, conversations: joined, flows: facts.flows - less };
}
