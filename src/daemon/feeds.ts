import type { RecordPipeline } from '../engine/record-pipeline.ts';
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
  private readonly host: EngineHost;
  private readonly records: (point: string) => RecordPipeline;
  private readonly clock: () => number;
  /** By point: how far behind the packets of live inputs were when they were read, at most, since the last look; µs. */
  private readonly behind: Map<string, number> = new Map();
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
    this.next = Math.max(0, ...this.names.keys()) + 1;
  }

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
    if (this.names.size > MAX_NAMES) this.names.delete(this.names.keys().next().value as number);
  }

  /** Numbers given since the last call, and the oldest that is still known. */
  takeFresh(): { readonly inputs: readonly (readonly [number, string])[]; readonly oldestInput: number } {
    const inputs = this.fresh;
    this.fresh = [];
    return { inputs, oldestInput: this.next - MAX_NAMES };
  }

  /** These could not be written: `takeFresh` names them again. */
  giveBack(inputs: readonly (readonly [number, string])[]): void {
    this.fresh = [...inputs, ...this.fresh].slice(-MAX_NAMES);
  }

  /** How far live inputs of a point are behind, at most, since the last call, seconds; 0 where none was read. */
  takeLag(point: string): number {
    const lag = this.behind.get(point) ?? 0;
    this.behind.delete(point);
    return lag / 1e6;
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
    const { host, clock, behind } = this;
    host.open(input, point, name, skip);
    // The engine forgets an input that has ended.
    let total: number | null = null;
    return {
      input,
      get taken() {
        return total ?? host.taken(input);
      },
      get lastTime() {
        return Math.max(0, host.lastTime(point));
      },
      get stopped() {
        return host.stopped(input);
      },
      feed: (bytes, off, end) => {
        const wait = host.feed(input, bytes, off, end);
        if (live) {
          const last = host.lastTime(point);
          if (last > 0) behind.set(point, Math.max(behind.get(point) ?? 0, clock() - last));
        }
        return wait;
      },
      end: async (): Promise<FeedEnd> => {
        const { packets, damage, failure } = await host.end(input);
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
