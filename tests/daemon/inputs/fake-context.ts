/** A context for drivers: timers that only the test fires, and feeds that keep what came out of the bytes. */
import { Buffer } from 'node:buffer';
import { CaptureReader } from '../../../src/capture/reader.ts';
import type { Feed, FeedEnd, InputContext, Log } from '../../../src/daemon/inputs/input.ts';

export interface FeedRecord {
  readonly input: number;
  readonly name: string;
  readonly format: string;
  readonly skip: number;
  ended: boolean;
  taken: number;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

export interface FakeOptions {
  /** Called with each feed piece; a promise makes the driver wait. */
  readonly onFeed?: (feed: FeedRecord) => Promise<void> | undefined;
  readonly firstInput?: number;
}

/** Time stands still until `advance`; `now` in µs. */
export class FakeContext implements InputContext {
  now: number = Date.UTC(2026, 0, 1) * 1000;
  readonly feeds: FeedRecord[] = [];
  /** Packets (as the number in their first four bytes) or lines, in the order in which they came. */
  readonly taken: string[] = [];
  readonly lines: string[] = [];
  nextInput: number;
  private timers: Timer[] = [];
  private order = 0;
  private readonly options: FakeOptions;
  private watchers: { readonly test: () => boolean; readonly resolve: () => void }[] = [];
  readonly log: Log = {
    debug: (_facts, message) => this.said(message),
    info: (_facts, message) => this.said(message),
    warn: (_facts, message) => this.said(message),
    error: (_facts, message) => this.said(message),
  };
  readonly clock = (): number => this.now;

  constructor(options: FakeOptions = {}) {
    this.options = options;
    this.nextInput = options.firstInput ?? 1;
  }

  after(seconds: number, run: () => void): () => void {
    const timer = { due: this.now + seconds * 1e6, order: this.order++, run };
    this.timers.push(timer);
    this.looked();
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Seconds until each timer that is set. */
  waits(): number[] {
    return this.timers.map(({ due }) => Math.round((due - this.now) / 1e6)).sort((a, b) => a - b);
  }

  /** Moves the clock and fires what comes due, in order. */
  advance(seconds: number): void {
    const until = this.now + seconds * 1e6;
    for (;;) {
      const next = this.timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.now = Math.max(this.now, next.due);
      next.run();
    }
    this.now = until;
  }

  /** Settles once `test` holds; it is asked whenever something reaches the context. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.watchers.push({ test, resolve }));
  }

  private said(line: string): void {
    this.lines.push(line);
    this.looked();
  }

  looked(): void {
    for (const watcher of this.watchers.filter(({ test }) => test())) {
      this.watchers = this.watchers.filter((other) => other !== watcher);
      watcher.resolve();
    }
  }

  open(format: string, name: string, resume?: { readonly skip: number; readonly input: number }): Feed {
    const skip = resume?.skip ?? 0;
    const record: FeedRecord = { input: resume?.input ?? this.nextInput++, name, format, skip, ended: false, taken: 0 };
    this.feeds.push(record);
    const feed = format === 'capture' ? this.captureFeed(record) : this.lineFeed(record);
    this.looked();
    return feed;
  }

  private done(record: FeedRecord): Promise<void> | undefined {
    const wait = this.options.onFeed?.(record);
    this.looked();
    return wait;
  }

  private captureFeed(record: FeedRecord): Feed {
    const reader = new CaptureReader(record.input);
    let lastTime = 0;
    const sink = {
      onFrame: (frame: { bytes: Uint8Array; offset: number; end: number; time: number }): void => {
        record.taken++;
        lastTime = frame.time;
        if (record.taken <= record.skip) return;
        this.taken.push(Buffer.from(frame.bytes.subarray(frame.offset, frame.end)).toString('latin1'));
      },
    };
    return {
      input: record.input,
      get taken() {
        return record.taken;
      },
      get lastTime() {
        return lastTime;
      },
      lag: (now) => (lastTime > 0 ? now - lastTime : null),
      get stopped() {
        return reader.stopped;
      },
      feed: (bytes, off, end) => {
        const copy = bytes.slice(off, end);
        reader.feed(copy, new DataView(copy.buffer), 0, copy.length, sink);
        return this.done(record);
      },
      end: async (): Promise<FeedEnd> => {
        reader.finish();
        record.ended = true;
        this.looked();
        const failure = reader.failure?.message ?? null;
        return { packets: reader.packets, records: 0, damage: reader.damage, failure };
      },
    };
  }

  private lineFeed(record: FeedRecord): Feed {
    let rest = '';
    return {
      input: record.input,
      get taken() {
        return record.taken;
      },
      lastTime: 0,
      lag: () => null,
      stopped: false,
      feed: (bytes, off, end) => {
        const lines = (rest + Buffer.from(bytes.subarray(off, end)).toString('latin1')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (++record.taken > record.skip) this.taken.push(line);
        return this.done(record);
      },
      end: async (): Promise<FeedEnd> => {
        if (rest !== '' && ++record.taken > record.skip) this.taken.push(rest);
        record.ended = true;
        this.looked();
        return { packets: 0, records: record.taken, damage: null, failure: null };
      },
    };
  }
}

/** Gives the event loop turns until `test` holds: for what a child program or the kernel does. The test's own time limit ends it. */
export async function eventually(test: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise(setImmediate);
}

/** A little-endian pcap of Ethernet with one packet per text, one second apart from `seconds` on. */
export function pcap(seconds: number, texts: readonly string[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262144, 16);
  header.writeUInt32LE(1, 20);
  return Buffer.concat([header, ...texts.map((text, at) => packet(seconds + at, text))]);
}

export function packet(seconds: number, text: string): Buffer {
  const bytes = Buffer.alloc(16 + text.length);
  bytes.writeUInt32LE(seconds, 0);
  bytes.writeUInt32LE(text.length, 8);
  bytes.writeUInt32LE(text.length, 12);
  bytes.write(text, 16, 'latin1');
  return bytes;
}
