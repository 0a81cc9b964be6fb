import type { EngineTold } from './engine/core.ts';
import type { EngineHost } from './engine/host.ts';
import type { Feeds } from './feeds.ts';
import type { InputDriver, Log } from './inputs/input.ts';
import { Latency } from './latency.ts';
import type { Point } from './points.ts';
import type { StateStore } from './state/state-store.ts';

/** Share of the time that checkpoints may take: where there is much to write, they become rarer. */
const SHARE = 0.2;
/** Names learnt are written every so many µs; where there are many, so that it takes a hundredth of the time. */
const NAMES_EVERY = 4e6;
const NAMES_SHARE = 0.01;

/** What a checkpoint is taken of, and where it goes. */
export interface CheckpointOptions {
  readonly host: EngineHost;
  readonly store: StateStore;
  readonly feeds: Feeds;
  /** Points by name; one is made where the engine tells of an unknown one. */
  readonly point: (name: string) => Point;
  readonly points: () => Iterable<Point>;
  readonly drivers: () => Iterable<readonly [name: string, driver: InputDriver]>;
  /** Other values to keep, by name. */
  readonly values: () => readonly (readonly [name: string, value: unknown])[];
  readonly clock: () => number;
  readonly log: Log;
}

/** Takes the news of the engine and writes them, with the positions of all inputs, in one transaction. */
export class Checkpointer {
  readonly latency: Latency = new Latency();
  writes = 0;
  failures = 0;
  /** Wall clock of the last one, µs. */
  last = 0;
  problem: string | null = null;
  /** Everything has to be written, because it is the first time or because the last attempt failed. */
  private fresh = true;
  private readonly options: CheckpointOptions;
  private running: Promise<void> | null = null;
  private following: Promise<void> | null = null;
  private namesAt = 0;
  private namesPause: number = NAMES_EVERY;
  /** What was written last, by name: the same object need not be written again. */
  private readonly written: Map<string, unknown> = new Map();

  constructor(options: CheckpointOptions) {
    this.options = options;
  }

  /** Seconds to wait until the next one, for an interval in seconds. */
  pause(interval: number, took: number): number {
    return Math.max(interval, took / SHARE);
  }

  /**
   * One checkpoint, of what is so when it is asked for: one that is under way may have looked before, so that another follows
   * it. Never rejects: a failure is a state.
   */
  run(): Promise<void> {
    if (this.running === null) {
      this.running = this.take().finally(() => {
        this.running = null;
      });
      return this.running;
    }
    this.following ??= this.running.then(() => {
      this.following = null;
      return this.run();
    });
    return this.following;
  }

  private async take(): Promise<void> {
    const { host, clock } = this.options;
    try {
      if (clock() - this.namesAt > this.namesPause) await this.takeNames();
      await host.tell((told) => this.write(told));
    } catch (error) {
      this.failed(error);
    }
  }

  private async takeNames(): Promise<void> {
    this.namesAt = this.options.clock();
    this.names = await this.options.host.names();
    const known = (this.names ?? {}) as Readonly<Record<string, unknown>>;
    for (const point of this.options.points()) point.learnFromPackets(known[point.config.name]);
    this.recordNames = [...this.options.points()].map(
      (point) => [`record names ${point.config.name}`, point.exportRecordNames()] as const,
    );
    this.namesPause = Math.max(NAMES_EVERY, (this.options.clock() - this.namesAt) / NAMES_SHARE);
  }

  private names: unknown = null;
  private recordNames: readonly (readonly [string, unknown])[] = [];

  /** Takes what was told and writes it, in one turn. */
  write(told: EngineTold): void {
    const { points, point, drivers, feeds, store, clock } = this.options;
    const began = clock();
    for (const each of told.points) {
      const known = point(each.name);
      known.last = each;
      known.book.apply(each.told, 0);
    }
    for (const each of points()) {
      const records = each.recordsIfAny?.tell();
      if (records !== undefined) each.book.apply(records, 1);
    }
    const taken = new Map(told.inputs);
    const takenOf = (input: number): number => feeds.taken(input) ?? taken.get(input) ?? 0;
    const values: (readonly [string, unknown])[] = [];
    const put = (name: string, value: unknown): void => {
      const same = !this.fresh && this.written.has(name) && this.written.get(name) === value;
      if (!same) values.push([name, value ?? null]);
    };
    for (const [name, driver] of drivers()) put(`position ${name}`, driver.position(takenOf));
    put('names', this.names);
    for (const [name, value] of this.recordNames) put(name, value);
    for (const [name, value] of this.options.values()) put(name, value);
    const fresh = this.fresh;
    const all = [...points()];
    for (const { config, reporter } of all) {
      const changed = reporter.takeChanged();
      const reported = fresh ? [...changed.filter(([, what]) => what === null), ...reporter.all()] : changed;
      for (const [id, what] of reported) values.push([`reported ${config.name} ${id}`, what]);
    }
    const named = feeds.takeFresh();
    try {
      const books = all.map(({ config, book }) => {
        if (fresh) book.changeAll();
        return [config.name, book.changes()] as const;
      });
      store.write({ books, values, ...named }, fresh);
      for (const [name, value] of values) if (!name.startsWith('reported ')) this.written.set(name, value);
    } catch (error) {
      // What was to be written is no longer marked as changed: next time all of it is.
      this.fresh = true;
      feeds.giveBack(named.inputs);
      this.failed(error);
      return;
    }
    this.fresh = false;
    if (this.problem !== null) this.options.log.info({}, 'the state can be written again');
    this.problem = null;
    this.writes++;
    this.last = clock();
    this.latency.add((this.last - began) / 1e6);
    for (const [, driver] of drivers()) driver.committed();
  }

  private failed(error: unknown): void {
    this.failures++;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.problem !== reason) this.options.log.error({ problem: reason }, 'the state cannot be written');
    this.problem = reason;
  }
}
