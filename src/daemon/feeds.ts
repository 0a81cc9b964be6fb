import type { RecordPipeline } from '../engine/records/record-pipeline.ts';
import { createRecordReader } from '../flowrecord/readers.ts';
import type { FlowRecord, LogFormat, RecordName, RecordReader, RecordSink } from '../flowrecord/record.ts';
import type { EngineHost } from './engine/host.ts';
import type { Feed, FeedEnd } from './inputs/input.ts';

/** Bytes of a log after which the event loop gets a turn. */
const TURN = 256 * 1024;
/** Names of inputs remembered: older ones stand in no open detection. */
const MAX_NAMES = 100_000;

/** How an input is met by the engine. */
export interface FeedOptions {
  readonly point: string;
  /** Its packets are captured as they are read. */
  readonly live: boolean;
  /** Sampling rate of logs that do not tell it. */
  readonly samplingRate: number | null;
}

/** Numbers inputs, remembers their names, and opens ways into the engine. */
export class Feeds {
  private readonly names: Map<number, string>;
  private fresh: (readonly [number, string])[] = [];
  private next: number;
  /** Numbers of inputs that go on: an interface that is open for months is the oldest of all and still needs its name. */
  private readonly opened: Set<number> = new Set();
  private readonly host: EngineHost;
  private readonly records: (point: string) => RecordPipeline;
  private readonly clock: () => number;
  /** By point: when something of a live input was fed last, since the last look; wall clock, µs. */
  private fedAt: Map<string, number> = new Map();
  /** By point: the least lag of live inputs, µs: the clocks' difference, or the age of a recording. */
  private readonly leastLag: Map<string, number> = new Map();
  /** By point: how late live input was when it was looked at last, µs. */
  private readonly lagThen: Map<string, number> = new Map();
  /** Records taken by input number. */
  private readonly recordsTaken: Map<number, () => number> = new Map();

  constructor(
    host: EngineHost,
    records: (point: string) => RecordPipeline,
    clock: () => number,
    names: ReadonlyMap<number, string>,
  ) {
    this.host = host;
    this.records = records;
    this.clock = clock;
    this.names = new Map(names);
    // No spreading: a hundred thousand arguments are more than a stack holds.
    let newest = 0;
    for (const input of this.names.keys()) newest = Math.max(newest, input);
    this.next = newest + 1;
  }

  /** Name of a file or device by its number; `?` where it is too old to be remembered. */
  nameOf(input: number): string {
    return this.names.get(input) ?? '?';
  }

  /** A number for an input, under which it stands in evidence. */
  number(name: string): number {
    const input = this.next++;
    this.remember(input, name);
    return input;
  }

  private remember(input: number, name: string): void {
    this.names.set(input, name);
    this.fresh.push([input, name]);
    this.opened.add(input);
    if (this.names.size <= MAX_NAMES) return;
    for (const known of this.names.keys()) {
      if (this.opened.has(known)) continue;
      this.names.delete(known);
      break;
    }
  }

  /** Numbers given since the last call, with old ones that are still in use; and the oldest of the others that is known. */
  takeFresh(): { readonly inputs: readonly (readonly [number, string])[]; readonly oldestInput: number } {
    const oldestInput = this.next - MAX_NAMES;
    const lasting = [...this.opened].filter((input) => input < oldestInput);
    const inputs = [...lasting.map((input) => [input, this.nameOf(input)] as const), ...this.fresh];
    this.fresh = [];
    return { inputs, oldestInput };
  }

  /** These could not be written: `takeFresh` names them again. */
  giveBack(inputs: readonly (readonly [number, string])[]): void {
    this.fresh = [...inputs, ...this.fresh].slice(-MAX_NAMES);
  }

  /** By point: how far live inputs are behind, seconds: by how much what was read of them was late, and waits in the engine. */
  async takeLags(): Promise<Map<string, number>> {
    const fed = this.fedAt;
    this.fedAt = new Map();
    const lags = new Map<string, number>();
    if (fed.size === 0) return lags;
    const asked = this.clock();
    await this.host.catchUp();
    const waited = this.clock() - asked;
    for (const [point, at] of fed) {
      const last = this.host.lastTime(point);
      if (last <= 0) continue;
      this.lagThen.set(point, at + waited - last);
      const lag = at - last;
      // A recording that is played into a pipe is as late as its age from the beginning on: what counts is what is added.
      const least = Math.min(lag, this.leastLag.get(point) ?? Number.POSITIVE_INFINITY);
      this.leastLag.set(point, least);
      lags.set(point, Math.max(0, lag - least + waited) / 1e6);
    }
    return lags;
  }

  /** Records taken of an open log. */
  taken(input: number): number | null {
    return this.recordsTaken.get(input)?.() ?? null;
  }

  open(
    format: 'capture' | LogFormat,
    name: string,
    resume: { readonly skip: number; readonly input: number } | undefined,
    options: FeedOptions,
  ): Feed {
    const input = resume?.input ?? this.next++;
    this.remember(input, name);
    this.next = Math.max(this.next, input + 1);
    const skip = resume?.skip ?? 0;
    if (format === 'capture') return this.openCapture(input, name, skip, options);
    return this.openLog(format, input, skip, options);
  }

  private openCapture(input: number, name: string, skip: number, { point, live }: FeedOptions): Feed {
    const { host, clock } = this;
    host.open(input, point, name, skip);
    // The engine forgets an input that has ended.
    let total: number | null = null;
    const lag = (now: number): number | null => {
      if (host.threads > 1) return this.lagThen.get(point) ?? null;
      const last = host.lastTime(point);
      return last > 0 ? now - last : null;
    };
    return {
      input,
      get taken() {
        return total ?? host.taken(input);
      },
      get lastTime() {
        return Math.max(0, host.lastTime(point));
      },
      lag,
      get stopped() {
        return host.stopped(input);
      },
      feed: (bytes, off, end) => {
        const wait = host.feed(input, bytes, off, end);
        if (live) this.fedAt.set(point, clock());
        return wait;
      },
      end: async (): Promise<FeedEnd> => {
        const { packets, damage, failure } = await host.end(input);
        this.opened.delete(input);
        total = packets;
        return { packets, records: 0, damage, failure };
      },
    };
  }

  private openLog(format: LogFormat, input: number, skip: number, { point, samplingRate }: FeedOptions): Feed {
    const reader: RecordReader = createRecordReader(format, { input, samplingRate, time: this.clock() });
    const sink = new LogSink(this.records(point), skip);
    this.recordsTaken.set(input, () => sink.taken);
    let sinceTurn = 0;
    return {
      input,
      get taken() {
        return sink.taken;
      },
      get lastTime() {
        return sink.lastTime;
      },
      lag: (now) => (sink.lastTime > 0 ? now - sink.lastTime : null),
      get stopped() {
        return reader.failure !== null || reader.damage !== null;
      },
      feed: (bytes, off, end) => {
        reader.feed(bytes, off, end, sink);
        sinceTurn += end - off;
        if (sinceTurn < TURN) return undefined;
        sinceTurn = 0;
        return new Promise((resolve) => {
          setImmediate(resolve);
        });
      },
      end: async (): Promise<FeedEnd> => {
        reader.finish(sink);
        this.recordsTaken.delete(input);
        this.opened.delete(input);
        const { failure, damage } = reader;
        return { packets: 0, records: sink.taken, damage, failure };
      },
    };
  }
}

/** Passes over what an earlier process has worked off: records and names, in the order in which they stand. */
class LogSink implements RecordSink {
  taken = 0;
  lastTime = 0;
  private readonly skip: number;
  private readonly sink: RecordSink;

  constructor(sink: RecordSink, skip: number) {
    this.sink = sink;
    this.skip = skip;
  }

  onRecord(record: FlowRecord): void {
    if (++this.taken <= this.skip) return;
    if (record.end > this.lastTime) this.lastTime = record.end;
    this.sink.onRecord(record);
  }

  onName(name: RecordName): void {
    if (++this.taken <= this.skip) return;
    this.sink.onName?.(name);
  }
}
