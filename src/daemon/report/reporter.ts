import { isClockSet } from '../../common/clock.ts';
import { type BuildContext, buildDetections } from '../../detect/build.ts';
import { DAY } from '../../detect/day.ts';
import type { DetectionRow } from '../../detect/detection.ts';
import type { KeyFacts } from '../../detect/key-facts.ts';
import type { KeyBook } from './key-book.ts';
import { ProbeLimit } from './probe-limit.ts';
import { type Reported, ReportLog } from './report-log.ts';
import { growthOf, isSurer, keyOfRow, LONGEST, patienceOf, pauseOf, signsOf, UNCERTAIN } from './standing.ts';

/** A detection as it stands, to be written down. */
export interface Report {
  readonly row: DetectionRow;
  /** It was not reported before, by this process or an earlier one. */
  readonly fresh: boolean;
  /** It is new, or surer than before. */
  readonly surer: boolean;
  /** Its packets are wanted: it is new, surer than before, or over. */
  readonly evidence: boolean;
  /** Key of its facts, for its packets. */
  readonly key: string;
}

/** Keys looked at in one go: some 0.1 ms each, with neighbours 0.4 ms, in which nothing else is done. */
const AT_ONCE = 200;
/** Of what changed, so many keys and conversations of theirs that are open: some 6 to 50 µs each. */
const CHANGES_AT_ONCE = 3000;
/** Keys of the same address that are looked at with one: a scanner has a hundred thousand, and eight show what it is. */
const NEIGHBOURS = 256;
/** A day is closed when traffic is so far beyond it, and its keys have not changed for so long by the clock; µs. */
const DAY_GRACE = 2 * 3600e6;
const QUIET = 600e6;

/** Of days that are over: what is still to be written, keys that are forgotten, and the first day that is not over. */
export interface Closed {
  readonly reports: Report[];
  readonly keys: string[];
  readonly day: number;
  readonly hasMore: boolean;
}

interface KeyState {
  /** Something came since it was looked at, or what was found then is not reported yet. */
  changed: boolean;
  /** Wall clock, µs: before which it need not be looked at. */
  due: number;
  /** What its verdict may depend on: where that changes, it is looked at. */
  signs: string;
  /** Once its day is over: what it stood for, and since when (wall clock, µs) that has not changed. */
  stood: string;
  since: number;
  /** Wall clock, µs, when it was met. */
  readonly first: number;
  day: number | null;
  id: string | null;
  /** It was counted as one of too many. */
  leftOut: boolean;
}

/**
 * Decides when the detections of one observation point are written down: at once when they are new or surer, then ever more
 * rarely while they only grow, and for the last time when their day is over.
 */
export class Reporter {
  private readonly book: KeyBook;
  private readonly patience: number;
  private readonly context: () => BuildContext;
  /** In the order in which they are looked at: those that were go behind the others, so that none waits for ever. */
  private readonly keys: Map<string, KeyState> = new Map();
  private readonly log: ReportLog;
  /** Keys were due at the last look that it had no time for. */
  private behind = false;
  private readonly probes: ProbeLimit = new ProbeLimit();
  /** Facts of keys, as long as one look lasts. */
  private readonly factsNow: Map<string, KeyFacts | null> = new Map();

  /**
   * `context`: as for one run; windows come from the facts. `reported`: by detection id, of an earlier process. `patience`: what
   * is new waits so long, µs: its first messages may name a dialect that the next ones make another.
   */
  constructor(
    book: KeyBook,
    context: () => BuildContext,
    reported: Iterable<readonly [string, Reported]> = [],
    patience: number = 0,
  ) {
    this.patience = patience;
    this.book = book;
    this.context = context;
    this.log = new ReportLog(reported);
  }

  /** The last `due` left keys for the next one: it need not wait for the usual time. */
  get hasMore(): boolean {
    return this.behind;
  }

  /** Detections that were not written because their address has too many that only probe. */
  get probesLeftOut(): number {
    return this.probes.leftOut;
  }

  /** Detections open now, by confidence. */
  open(): Record<DetectionRow['confidence'], number> {
    return this.log.open();
  }

  /** What changed in what is written down since the last call, for the state on disk; null = gone. */
  takeChanged(): (readonly [string, Reported | null])[] {
    return this.log.takeChanged();
  }

  /** All that is written down. */
  all(): [string, Reported][] {
    return this.log.all();
  }

  /** The oldest report of each of these is written down: from now on the state on disk may say so. */
  written(ids: Iterable<string>): void {
    this.log.written(ids);
  }

  /** Detections to be written down now, `now` = wall clock, µs. `all`: everything that changed, because the process ends. */
  due(now: number, all: boolean = false): Report[] {
    this.factsNow.clear();
    this.takeChanges(now, all ? Number.POSITIVE_INFINITY : CHANGES_AT_ONCE);
    const look = this.whatIsDue(now, all);
    if (look.size === 0) return [];
    this.putLast(look);
    const reports = this.reportsOf(this.built(look), look, now, all);
    const touched = this.touchedBy(reports, look);
    if (!all) this.putOff(touched);
    if (touched.size > 0) reports.push(...this.reportsOf(this.built(touched), touched, now, all));
    this.factsNow.clear();
    return reports;
  }

  private facts(key: string): KeyFacts | null {
    let facts = this.factsNow.get(key);
    if (facts === undefined) {
      facts = this.book.facts(key);
      this.factsNow.set(key, facts);
    }
    return facts;
  }

  private takeChanges(now: number, most: number): void {
    const states = this.book.takeDirty(most).map((key) => [key, this.stateOf(key, now)] as const);
    this.behind = this.book.hasDirty;
    // All are marked before the first is looked at: facts that cannot be told must not lose the others.
    for (const [, state] of states) state.changed = true;
    for (const [key, state] of states) {
      const signs = signsOf(this.facts(key));
      if (signs !== state.signs) state.due = 0;
      state.signs = signs;
    }
  }

  private stateOf(key: string, now: number): KeyState {
    const known = this.keys.get(key);
    if (known !== undefined) return known;
    const unknown = { signs: '', stood: '', day: null, id: null, leftOut: false };
    const state: KeyState = { changed: true, due: 0, since: now, first: now, ...unknown };
    this.keys.set(key, state);
    return state;
  }

  private whatIsDue(now: number, all: boolean): Set<string> {
    const look = new Set<string>();
    for (const [key, { changed, due }] of this.keys) {
      // A clock that was ahead and is set back must not put off anything.
      if (!changed || (due > now && due <= now + LONGEST && !all)) continue;
      if (look.size >= AT_ONCE && !all) {
        this.behind = true;
        break;
      }
      look.add(key);
    }
    return look;
  }

  private putLast(looked: Iterable<string>): void {
    for (const key of looked) {
      const state = this.keys.get(key);
      if (state === undefined || !this.keys.delete(key)) continue;
      this.keys.set(key, state);
    }
  }

  /** Leaves as many as may be looked at in one go; the others are due at the next. */
  private putOff(touched: Set<string>): void {
    for (const key of [...touched].slice(AT_ONCE)) {
      touched.delete(key);
      const state = this.keys.get(key);
      if (state === undefined) continue;
      state.changed = true;
      state.due = 0;
      this.behind = true;
    }
  }

  /** Keys of miners that others were found to mine through, which are proxies now, and of those found to probe. */
  private touchedBy(reports: readonly Report[], look: ReadonlySet<string>): Set<string> {
    // Each once: a scanner may have a thousand of the reports and a hundred thousand keys.
    const miners = new Set<string>();
    for (const { row, surer } of reports) {
      if (!surer) continue;
      if (row.pool.ip !== null && row.pool.ip !== row.miner.ip) miners.add(row.pool.ip);
      if (row.activity === 'probe') miners.add(row.miner.ip);
    }
    const keys = new Set<string>();
    for (const miner of miners) {
      for (const key of this.book.keysOf(miner, NEIGHBOURS)) if (!look.has(key)) keys.add(key);
    }
    return keys;
  }

  /** Rows of these keys with their neighbours at hand: what shows only when detections are seen together needs them. */
  private built(look: ReadonlySet<string>): Map<string, DetectionRow> {
    const { book } = this;
    const addresses = new Set<string>();
    for (const key of look) {
      const [miner, pool] = JSON.parse(key) as [string, string | null];
      addresses.add(miner);
      if (pool !== null && book.isMiner(pool)) addresses.add(pool);
    }
    const wanted = new Map<string, KeyFacts>();
    const want = (key: string): void => {
      const facts = wanted.has(key) ? null : this.facts(key);
      if (facts !== null) wanted.set(key, facts);
    };
    for (const key of look) want(key);
    for (const address of addresses) {
      for (const key of book.keysOf(address, NEIGHBOURS)) want(key);
      for (const key of book.keysTo(address, NEIGHBOURS)) want(key);
    }
    const rows = new Map<string, DetectionRow>();
    for (const row of buildDetections([...wanted.values()], this.context())) rows.set(keyOfRow(row), row);
    return rows;
  }

  private reportsOf(
    rows: ReadonlyMap<string, DetectionRow>,
    look: ReadonlySet<string>,
    now: number,
    all: boolean,
  ): Report[] {
    const reports: Report[] = [];
    for (const key of look) {
      const state = this.keys.get(key);
      if (state === undefined) continue;
      const facts = this.facts(key);
      const row = rows.get(key);
      state.day = facts?.day ?? state.day;
      state.changed = false;
      if (facts === null || row === undefined) {
        // Too little for a detection as yet: it is looked at again when something changes.
        state.due = now + UNCERTAIN;
        if (facts === null) {
          this.book.forget(key);
          this.keys.delete(key);
        }
        continue;
      }
      state.id = row.id;
      const until = state.first + this.patience * patienceOf(row);
      const before = this.log.get(row.id);
      const works = row.activity === 'mining' && before?.activity !== 'mining' && before?.activity !== 'proxy';
      if (!all && (before === undefined || works) && now >= state.first && now < until) {
        state.changed = true;
        state.due = until;
        continue;
      }
      const probes = row.activity === 'probe' && (before === undefined || before.activity === 'attempt');
      if (probes && !this.probes.admits(row.miner.ip, now)) {
        if (before === undefined && !state.leftOut) this.probes.leftOut++;
        state.leftOut = true;
        // Where a share is submitted or accepted its signs change, and it is told at once.
        state.due = now + LONGEST;
        continue;
      }
      const report = this.reportOf(row, key, now, all);
      if (report !== null) reports.push(report);
      else state.changed = !this.log.covers(row);
      state.due = now + pauseOf(row, this.log.get(row.id)?.times ?? 1);
    }
    return reports;
  }

  private reportOf(row: DetectionRow, key: string, now: number, all: boolean): Report | null {
    const known = this.log.get(row.id);
    if (known !== undefined && !isSurer(row, known)) {
      if (this.log.covers(row)) return null;
      if (!all && now >= known.at && now - known.at < growthOf(row, known)) return null;
    }
    const { fresh, surer } = this.log.add(row, now, all);
    return { row, fresh, surer, evidence: surer || all, key };
  }

  /**
   * What of days that are over at capture time `time` was not reported yet, and the keys of which all was written down: they
   * are forgotten here, and the caller tells the engine so. `now`: wall clock. Times in µs. `hasMore`: others are over, too, and
   * the next call need not wait for the usual time.
   */
  close(time: number, now: number): Closed {
    const day = Math.floor((time - DAY_GRACE) / DAY);
    // Days that never come, of packets whose clock is wrong, would stay for ever.
    const last = isClockSet(now) ? Math.floor(now / DAY) + 1 : Number.POSITIVE_INFINITY;
    const over: string[] = [];
    let hasMore = false;
    this.factsNow.clear();
    for (const [key, state] of this.keys) {
      if (state.day === null || (state.day >= day && state.day <= last) || !this.isQuiet(key, state, now)) continue;
      // It waits for the ledger, and must not keep the others from theirs meanwhile.
      if (state.id !== null && this.log.isUnderWay(state.id)) continue;
      if (over.length >= AT_ONCE) {
        hasMore = true;
        break;
      }
      over.push(key);
    }
    this.log.dropOld(now);
    this.probes.dropOld(now);
    if (over.length === 0) return { reports: [], keys: [], day, hasMore };
    this.putLast(over);
    const look = new Set(over);
    const reports = this.reportsOf(this.built(look), look, now, true);
    const keys: string[] = [];
    for (const key of over) {
      const id = this.keys.get(key)?.id ?? null;
      if (id !== null && this.log.isUnderWay(id)) continue;
      keys.push(key);
      this.keys.delete(key);
      this.book.forget(key);
      if (id !== null) this.log.drop(id);
    }
    this.factsNow.clear();
    return { reports, keys, day, hasMore };
  }

  /** Conversations that go on over midnight are told of again and again: what counts is whether the day still grows. */
  private isQuiet(key: string, state: KeyState, now: number): boolean {
    const facts = this.book.facts(key);
    const { flows = 0, lookups = 0, packets = [], lastSeen = 0, submitted = 0, accepted = 0 } = facts ?? {};
    const stood = `${flows} ${lookups} ${packets} ${lastSeen} ${submitted} ${accepted}`;
    if (stood === state.stood && now >= state.since) return now - state.since > QUIET;
    state.stood = stood;
    state.since = now;
    return false;
  }
}
