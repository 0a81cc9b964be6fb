/** Captures as a program leaves them that rotates its files: one after the other, growing, some compressed afterwards. */
import { closeSync, openSync, readdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Frame } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { type Random, type RawFrame, writePcap } from '../generate/index.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
/** Before all traffic; every capture is moved behind the one before it. */
const BEGIN = Date.UTC(2025, 0, 1) * 1000;
const PCAP_HEADER = 24;
/** After so many captures comes a large file, of so many. */
const LARGE_EVERY = 30;
const LARGE_CAPTURES = 140;
const ETHERNET = 1;

export interface SpoolFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly packets: number;
  /** It is compressed once it is complete, and the original deleted. */
  readonly compressed: boolean;
  /** Capture times, µs: of its packets, in order. */
  readonly times: Float64Array;
}

/** Capture times of one capture moved in time, µs: what a kill within cannot change anything outside. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Source {
  readonly frames: readonly RawFrame[];
  readonly first: number;
  readonly last: number;
  readonly ethernet: boolean;
}

function framesOf(path: string): RawFrame[] {
  const bytes = new Uint8Array(readFileSync(path));
  const frames: RawFrame[] = [];
  const reader = new CaptureReader(0);
  const onFrame = (f: Frame): void => {
    const data = f.bytes.slice(f.offset, f.end);
    const { time, nanos, linkType, originalLength: wireLength } = f;
    frames.push({ time, nanos, linkType, data, from: 'client', message: -1, wireLength });
  };
  reader.feed(bytes, new DataView(bytes.buffer), 0, bytes.length, { onFrame });
  reader.finish();
  return frames;
}

function sources(): Source[] {
  return readdirSync(CAPTURES)
    .filter((name) => /\.pcap(ng)?$/.test(name))
    .sort()
    .map((name) => framesOf(join(CAPTURES, name)))
    .filter((frames) => frames.length > 0)
    .map((frames) => {
      const times = frames.map(({ time }) => time);
      const [first, last] = [Math.min(...times), Math.max(...times)];
      return { frames, first, last, ethernet: frames.every(({ linkType }) => linkType === ETHERNET) };
    });
}

/**
 * All captures, `rounds` times, each moved in time behind the one before: cut into small files in the middle of their
 * connections; and now and then one large file of many captures, which takes a while to read. `spans` gets the time of each.
 */
export function* rotatedFiles(rng: Random, rounds: number, spans: Span[]): Generator<SpoolFile> {
  const all = sources();
  let clock = BEGIN;
  let number = 0;
  const moved = ({ frames, first, last }: Source): RawFrame[] => {
    // Beyond the idle timeout of flows: many captures use the same addresses and ports, and mean other connections.
    const shift = clock + rng.int(1000, 1800) * 1e6 - first;
    clock = last + shift;
    spans.push({ from: first + shift, to: clock });
    return frames.map((frame) => ({ ...frame, time: frame.time + shift }));
  };
  const file = (frames: readonly RawFrame[], compressed: boolean): SpoolFile => ({
    name: `trace-${String(++number).padStart(6, '0')}.pcap`,
    bytes: writePcap(frames),
    packets: frames.length,
    compressed,
    times: Float64Array.from(frames, ({ time }) => time),
  });
  const ethernet = all.filter((source) => source.ethernet);
  for (let round = 0; round < rounds; round++) {
    for (const [i, source] of all.entries()) {
      if (i % LARGE_EVERY === LARGE_EVERY - 1) {
        const large = Array.from({ length: LARGE_CAPTURES }, () => moved(rng.pick(ethernet)));
        yield file(large.flat(), rng.float() < 0.3);
      }
      const frames = moved(source);
      for (let from = 0; from < frames.length; ) {
        const link = (frames[from] as RawFrame).linkType;
        let to = Math.min(frames.length, from + rng.int(8, 160));
        // A file has one link type.
        const other = frames.findIndex((f, at) => at > from && at < to && f.linkType !== link);
        if (other > 0) to = other;
        yield file(frames.slice(from, to), rng.float() < 0.15);
        from = to;
      }
    }
  }
}

/** Appends to the newest file of a folder, as tcpdump -G does with -U, and compresses those that are complete as gzip does. */
export class SpoolWriter {
  readonly written: SpoolFile[] = [];
  private readonly folder: string;
  private readonly rng: Random;
  private readonly files: Iterator<SpoolFile>;
  private current: { readonly file: SpoolFile; readonly handle: number; done: number } | null = null;
  private previous: SpoolFile | null = null;
  over = false;

  constructor(folder: string, rng: Random, files: Iterator<SpoolFile>) {
    this.folder = folder;
    this.rng = rng;
    this.files = files;
  }

  /** One write; at the end of a file the next one begins in the same step. */
  step(): void {
    if (this.over) return;
    const { current } = this;
    if (current === null) {
      this.begin();
      return;
    }
    const { file, handle } = current;
    const left = file.bytes.length - current.done;
    const count = Math.min(left, Math.max(256, Math.ceil(file.bytes.length / this.rng.int(1, 4))));
    writeSync(handle, file.bytes, current.done, count);
    current.done += count;
    if (current.done === file.bytes.length) this.begin();
  }

  /** Writes all that is left of the file under way; no other begins. */
  finish(): void {
    const { current } = this;
    if (current === null) return;
    writeSync(current.handle, current.file.bytes, current.done);
    closeSync(current.handle);
    this.current = null;
    this.over = true;
  }

  private begin(): void {
    const { current } = this;
    if (current !== null) closeSync(current.handle);
    if (this.previous?.compressed === true) this.compress(this.previous);
    this.previous = current?.file ?? null;
    const next = this.files.next();
    if (next.done === true) {
      this.current = null;
      this.over = true;
      return;
    }
    const file = next.value;
    const handle = openSync(join(this.folder, file.name), 'wx');
    writeSync(handle, file.bytes, 0, PCAP_HEADER);
    this.current = { file, handle, done: PCAP_HEADER };
    this.written.push(file);
  }

  private compress({ name, bytes }: SpoolFile): void {
    const path = join(this.folder, name);
    const { atime, mtime } = statSync(path);
    const target = openSync(`${path}.gz`, 'wx');
    writeSync(target, gzipSync(bytes, { level: 1 }));
    closeSync(target);
    utimesSync(`${path}.gz`, atime, mtime);
    unlinkSync(path);
  }
}
