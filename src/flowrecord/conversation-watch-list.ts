import { ConversationCounts } from './conversation-counts.ts';
import type { Ends } from './conversation-roles.ts';
import { FIRST, HALF, LAST, MAX_16, RECORDS, RST_CONNECTIONS, WATCH, WORDS } from './conversation-table.ts';
import { type ConversationDay, Watched } from './conversation-watch.ts';

/** Of the watched, so many may be unlisted. */
const UNLISTED_SHARE = 0.5;
/** An unlisted one that was silent for so long (µs) gives way to another. */
const STALE = 600_000_000;
/** A log tells the name when a connection begins and its record when it ends: a named one waits so long (µs) for its first. */
const NAMED_TIMEOUT = 86_400_000_000;
/** Candidates among which the one that gives way is chosen. */
export const SAMPLE = 16;

/** Who knows servers, and takes what is told. */
export interface ConversationOwner {
  /** Whether a server (version, words of its address, port) is a known mining endpoint. Once per new conversation and end. */
  isListed(version: number, w0: number, w1: number, w2: number, w3: number, port: number): boolean;
  /** Whether the client of a new conversation is known to have looked the server up as one. */
  isNamed(ends: Ends, time: number): boolean;
  /** A watched conversation ended: it was idle for too long or gave way. Its sums can still be read. */
  onEnd(conversation: Watched): void;
  /** A day of a watched conversation gave way to newer ones. */
  onDayEnd(conversation: Watched, day: ConversationDay): void;
  /** A record of a watched conversation is about to be counted, from `start` on. */
  onRecordWatched(conversation: Watched, start: number): void;
}

export interface ConversationStoreOptions {
  /** Conversations kept at once, at least 16; 156 bytes each, and 8 to 16 for the index. */
  readonly capacity: number;
  /** Conversations of which days, connections and the series of records are kept; up to 14 KiB each. */
  readonly watchCapacity: number;
  /** A conversation without records for so long (µs) has ended. */
  readonly idleTimeout: number;
  /** Number that nobody outside knows, so that keys cannot be made to collide. No result depends on it. */
  readonly seed: number;
  /** By port: not 0 where it is that of a service known by name or list. */
  readonly knownPorts: Uint8Array;
}

/** Which conversations are watched. */
export class WatchList extends ConversationCounts {
  expired = 0;
  evicted = 0;
  /** Conversations that would have been watched, had there been room. */
  unwatched = 0;
  watchedCount = 0;
  protected unlistedCount = 0;
  /** Time as last told by `turn`, µs. */
  protected now = 0;
  protected readonly idleTimeout: number;
  protected readonly owner: ConversationOwner;
  private readonly watched: (Watched | null)[] = [];
  private readonly freeWatched: number[] = [];
  private watchHand = 0;
  private nextNumber = 0;
  private readonly watchCapacity: number;

  constructor(options: ConversationStoreOptions, owner: ConversationOwner) {
    super(Math.max(SAMPLE, options.capacity), options.seed);
    this.watchCapacity = Math.max(2, options.watchCapacity);
    this.idleTimeout = options.idleTimeout;
    this.owner = owner;
  }

  /** The conversation if it is watched. */
  watchedOf(index: number): Watched | null {
    const at = this.ints[index * WORDS + WATCH] as number;
    return at === 0 ? null : (this.watched[at - 1] ?? null);
  }

  *allWatched(): Generator<Watched> {
    for (const w of this.watched) if (w !== null) yield w;
  }

  /** Ends watched conversations to which nothing came since they were told of, and that are idle for too long at `time` (µs). */
  expireWatched(time: number): void {
    for (const w of this.watched) {
      if (w === null || w.changed) continue;
      if (!this.isIdle(w.index, time)) continue;
      this.expired++;
      this.remove(w.index);
    }
  }

  /** Ends every watched conversation. */
  endAll(): void {
    for (const w of this.watched) if (w !== null) this.remove(w.index);
  }

  protected isIdle(index: number, time: number): boolean {
    const heard = this.watchedOf(index)?.heard ?? Number.NEGATIVE_INFINITY;
    const silence = time - Math.max(this.doubles[index * HALF + LAST] as number, heard);
    if (silence <= this.idleTimeout) return false;
    const base = index * WORDS;
    const named = this.ints[base + RECORDS] === 0 && this.ints[base + RECORDS + 1] === 0;
    return !named || silence > NAMED_TIMEOUT;
  }

  protected watch(index: number, listed: boolean): Watched | null {
    if (!listed && this.unlistedCount >= this.watchCapacity * UNLISTED_SHARE && !this.dropStale()) {
      this.unwatched++;
      return null;
    }
    if (this.watchedCount >= this.watchCapacity && !this.dropWatched(listed)) {
      this.unwatched++;
      return null;
    }
    const place = this.freeWatched.pop() ?? this.watched.length;
    const known = (this.ints[index * WORDS + RST_CONNECTIONS] as number) & MAX_16;
    const time = this.doubles[index * HALF + FIRST] as number;
    const watched = new Watched(this.nextNumber++, index, listed, Math.max(0, known - 1), time);
    this.watched[place] = watched;
    this.ints[index * WORDS + WATCH] = place + 1;
    this.watchedCount++;
    if (!listed) this.unlistedCount++;
    return watched;
  }

  protected unwatch(watched: Watched): void {
    this.owner.onEnd(watched);
    const place = (this.ints[watched.index * WORDS + WATCH] as number) - 1;
    this.ints[watched.index * WORDS + WATCH] = 0;
    this.watched[place] = null;
    this.freeWatched.push(place);
    this.watchedCount--;
    if (!watched.listed) this.unlistedCount--;
  }

  protected remove(index: number): void {
    const watched = this.watchedOf(index);
    if (watched !== null) this.unwatch(watched);
    this.erase(index);
  }

  /** Of some unlisted ones the one silent for longest gives way, if that is long. */
  private dropStale(): boolean {
    const oldest = this.oldestWatched((w) => !w.listed);
    if (oldest === null || this.now - (this.doubles[oldest.index * HALF + LAST] as number) < STALE) return false;
    this.unwatch(oldest);
    return true;
  }

  private dropWatched(forListed: boolean): boolean {
    const oldest = this.oldestWatched((w) => !w.listed) ?? (forListed ? this.oldestWatched(() => true) : null);
    if (oldest === null) return false;
    // A listed one that gives way leaves the table too, so that it is watched again when it goes on.
    if (oldest.listed) this.remove(oldest.index);
    else this.unwatch(oldest);
    this.evicted++;
    return true;
  }

  private oldestWatched(among: (w: Watched) => boolean): Watched | null {
    let oldest: Watched | null = null;
    let last = Number.POSITIVE_INFINITY;
    for (let n = 0, left = SAMPLE; n < this.watched.length && left > 0; n++) {
      this.watchHand = (this.watchHand + 1) % this.watched.length;
      const w = this.watched[this.watchHand];
      if (!w || !among(w)) continue;
      left--;
      const seen = this.doubles[w.index * HALF + LAST] as number;
      if (seen < last) [oldest, last] = [w, seen];
    }
    return oldest;
  }
}
