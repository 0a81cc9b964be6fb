/**
 * Fills a spool directory as a rotating capture program would: `node feed-spool.ts ORDER`, ORDER being a JSON SpoolOrder. Ends on
 * SIGTERM. Some files are cut off, some are noise, some compressed, some of these cut off; what one of them would have held comes
 * whole with the next, so that the load is the same all the time. Time of capture runs one hour a file from 80 days ago, so that
 * days end while the daemon runs. What cannot be read the daemon leaves alone, and this clears it away.
 */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Random } from '../bench/mix-random.ts';
import { readPcap, writePcap } from '../generate/pcap.ts';
import type { RawFrame } from '../generate/wire/frame.ts';
import { captureFiles } from './tape.ts';

export interface SpoolOrder {
  readonly directory: string;
  readonly captures: readonly string[];
  /** Seconds from one file to the next. */
  readonly every: number;
  readonly seed: number;
}

export interface SpoolProgress {
  readonly files: number;
  readonly truncated: number;
  readonly garbage: number;
  readonly compressed: number;
  readonly cutCompressed: number;
}

/** Days back at which the first file begins, and time from one file to the next; µs. */
const BACK = 80 * 86_400e6;
const STEP = 3600e6;
/** Captures in one file, and the longest time that one may take, µs. */
const TOGETHER = 4;
const LONGEST = 3000e6;
const MAX_FILE = 4 << 20;
/** Files older than this (ms) are no longer of use to anybody. */
const CLEAR_AFTER = 60_000;
const PCAP_MAGIC = Buffer.from([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);

/** Captures of one link type in order of time, each from 0 on. */
function readCaptures(folders: readonly string[]): RawFrame[][] {
  const found: RawFrame[][] = [];
  for (const path of captureFiles(folders)) {
    if (statSync(path).size > MAX_FILE) continue;
    let frames: RawFrame[];
    try {
      frames = readPcap(readFileSync(path));
    } catch {
      // A capture of a kind that this small reader does not know.
      continue;
    }
    const [first] = frames;
    if (first === undefined || frames.some(({ linkType }) => linkType !== first.linkType)) continue;
    const begin = frames.reduce((least, { time }) => Math.min(least, time), Number.POSITIVE_INFINITY);
    const own = frames.map((frame) => ({ ...frame, time: frame.time - begin })).filter(({ time }) => time <= LONGEST);
    found.push(own);
  }
  return found;
}

/** Captures by link type, a few together: what one file holds. */
function groups(captures: readonly RawFrame[][]): RawFrame[][] {
  const byLink = new Map<number, RawFrame[][]>();
  for (const frames of captures) {
    const link = frames[0]?.linkType;
    if (link === undefined) continue;
    byLink.set(link, [...(byLink.get(link) ?? []), frames]);
  }
  const made: RawFrame[][] = [];
  for (const list of byLink.values()) {
    for (let i = 0; i < list.length; i += TOGETHER) {
      made.push(
        list
          .slice(i, i + TOGETHER)
          .flat()
          .sort((a, b) => a.time - b.time),
      );
    }
  }
  return made;
}

class Rotation {
  private readonly order: SpoolOrder;
  private readonly contents: readonly RawFrame[][];
  private readonly random: Random;
  private readonly start: number;
  /** Groups of captures that were written whole. */
  private whole = 0;
  private readonly count = { files: 0, truncated: 0, garbage: 0, compressed: 0, cutCompressed: 0 };

  /** `start`: capture time of the first file, µs. */
  constructor(order: SpoolOrder, start: number) {
    this.order = order;
    this.contents = groups(readCaptures(order.captures));
    this.random = new Random(order.seed);
    this.start = start;
  }

  progress(): SpoolProgress {
    return this.count;
  }

  /** Writes the next file and moves it into place. */
  next(): void {
    const { count, random } = this;
    const number = count.files++;
    const [bytes, suffix] = this.content(number, random.below(10));
    const { directory } = this.order;
    const part = join(directory, '.part');
    writeFileSync(part, bytes);
    renameSync(part, join(directory, `soak-${String(number).padStart(7, '0')}.pcap${suffix}`));
  }

  private content(number: number, kind: number): [bytes: Uint8Array, suffix: string] {
    const { count, random } = this;
    if (kind === 0) {
      count.garbage++;
      return [this.garbage(), ''];
    }
    const frames = this.contents[this.whole % this.contents.length] ?? [];
    const base = this.start + number * STEP;
    const bytes = writePcap(frames.map((frame) => ({ ...frame, time: Math.floor(base + frame.time) })));
    if (kind === 1) {
      count.truncated++;
      return [bytes.subarray(0, 24 + random.below(bytes.length - 24)), ''];
    }
    if (kind === 2) {
      count.compressed++;
      count.cutCompressed++;
      const packed = gzipSync(bytes);
      return [packed.subarray(0, 20 + random.below(packed.length - 20)), '.gz'];
    }
    this.whole++;
    if (kind > 3) return [bytes, ''];
    count.compressed++;
    return [gzipSync(bytes), '.gz'];
  }

  private garbage(): Uint8Array {
    const { random } = this;
    const noise = Buffer.alloc(1 + random.below(20_000));
    for (let i = 0; i < noise.length; i++) noise[i] = random.next() & 0xff;
    if (random.below(2) === 0 && noise.length > PCAP_MAGIC.length) PCAP_MAGIC.copy(noise);
    return noise;
  }

  /** Takes away what nobody will read any more. `now`: wall clock, ms. */
  clear(now: number): void {
    const { directory } = this.order;
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const facts = statSync(path, { throwIfNoEntry: false });
      if (facts !== undefined && now - facts.mtimeMs > CLEAR_AFTER) rmSync(path, { force: true });
    }
  }
}

async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '{}') as SpoolOrder;
  const rotation = new Rotation(order, Date.now() * 1000 - BACK);
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  while (!stop.signal.aborted) {
    rotation.next();
    rotation.clear(Date.now());
    process.stdout.write(`${JSON.stringify(rotation.progress())}\n`);
    await pause(order.every * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

await main();
