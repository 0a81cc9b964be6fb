/** Counters and state of one input, kept by its driver and told as InputStatus. */
import type { LogFormat } from '../../flowrecord/record.ts';
import type { InputKind, InputState, InputStatus } from '../status.ts';
import type { Feed, FeedEnd } from './input.ts';

/** A stream that has given nothing for so long (µs) is not behind: nothing came. */
const QUIET = 2_000_000;
/** A stream whose first packet is older than this (µs) is an old capture played back, for which lag means nothing. */
const REPLAYED = 60_000_000;
const MAX_PROBLEM = 500;

/** Mutable side of an InputStatus. Everything that counts counts from the start of the process and never goes back. */
export class Tally {
  state: InputState = 'starting';
  files = 0;
  filesFailed = 0;
  filesCutShort = 0;
  kernelDrops = 0;
  childDrops = 0;
  restarts = 0;
  bytes = 0;
  private readonly name: string;
  private readonly point: string;
  private readonly kind: InputKind;
  private readonly format: 'capture' | LogFormat;
  private trouble: string | null = null;
  /** Packets or records of feeds that ended. */
  private taken = 0;
  private feed: Feed | null = null;
  /** Worked off by an earlier process or reading, and not of this process. */
  private skipped = 0;
  private newest = 0;
  private waiting = false;
  private replayed: boolean | null = null;
  private lastFed = 0;
  private lagThen = 0;

  constructor(
    config: { readonly name: string; readonly point: string },
    kind: InputKind,
    format: 'capture' | LogFormat,
  ) {
    this.name = config.name;
    this.point = config.point;
    this.kind = kind;
    this.format = format;
  }

  get problem(): string | null {
    return this.trouble;
  }

  set problem(line: string | null) {
    this.trouble = line === null ? null : plain(line);
  }

  /** A feed that begins; `skipped`: what of it an earlier reading has taken. */
  opened(feed: Feed, skipped: number): void {
    this.feed = feed;
    this.skipped = skipped;
    this.replayed = null;
    this.lagThen = 0;
  }

  /** About to feed: until `fed` the engine is what is waited for. */
  feeding(bytes: number): void {
    this.bytes += bytes;
    this.waiting = true;
  }

  /** `now`: wall clock, µs. */
  fed(now: number): void {
    this.waiting = false;
    this.lastFed = now;
    const time = this.feed?.lastTime ?? 0;
    if (time === 0) return;
    this.newest = Math.max(this.newest, time);
    const lag = this.feed?.lag(now) ?? null;
    if (lag === null) return;
    this.replayed ??= lag > REPLAYED;
    this.lagThen = lag;
  }

  /** The feed is closed; `end` null: left before its end. Gives what was taken of it in all. */
  closed(end: FeedEnd | null, countAsFile: boolean): number {
    const taken = this.feed?.taken ?? 0;
    this.taken += Math.max(0, taken - this.skipped);
    this.newest = Math.max(this.newest, this.feed?.lastTime ?? 0);
    this.feed = null;
    this.waiting = false;
    this.lagThen = 0;
    if (end !== null && countAsFile) {
      this.files++;
      if (end.failure !== null) this.filesFailed++;
      else if (end.damage !== null) this.filesCutShort++;
    }
    return taken;
  }

  /** Seconds by which a stream is behind at `now` (µs): 0 while nothing comes, and for an old capture played back. */
  streamLag(now: number): number {
    if (this.feed === null || this.replayed === true) return 0;
    const lag = this.waiting ? this.feed.lag(now) : null;
    return Math.max(0, lag ?? (now - this.lastFed > QUIET ? 0 : this.lagThen)) / 1e6;
  }

  status(own: Pick<InputStatus, 'lag'> & Partial<InputStatus>): InputStatus {
    const taken = this.taken + Math.max(0, (this.feed?.taken ?? 0) - this.skipped);
    return {
      name: this.name,
      kind: this.kind,
      point: this.point,
      state: this.state,
      problem: this.trouble,
      packets: this.format === 'capture' ? taken : 0,
      bytes: this.bytes,
      records: this.format === 'capture' ? 0 : taken,
      datagrams: 0,
      files: this.files,
      filesFailed: this.filesFailed,
      filesCutShort: this.filesCutShort,
      filesWaiting: 0,
      bytesWaiting: 0,
      kernelDrops: this.kernelDrops,
      childDrops: this.childDrops,
      restarts: this.restarts,
      lastTime: Math.max(this.newest, this.feed?.lastTime ?? 0),
      recordFaults: {},
      recordsLost: 0,
      sequenceGaps: 0,
      exporterRestarts: 0,
      templates: 0,
      exporters: [],
      ...own,
    };
  }
}

/** One line without control characters, of bounded length: names of files and words of child programs may hold anything. */
export function plain(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, MAX_PROBLEM);
}
