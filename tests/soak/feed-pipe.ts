/**
 * Writes a never-ending capture into a FIFO: `node feed-pipe.ts ORDER`, ORDER being a JSON PipeOrder. Ends on SIGTERM. Once a
 * second one JSON line tells on standard output how far it is. Time of capture is wall clock: where the reader is slow the feeder
 * leaves packets out, as a network card would, instead of falling behind.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { varyAddresses } from '../bench/capture-frames.ts';
import { pcapHeader } from '../bench/mix-frame.ts';
import { hash32, Random } from '../bench/mix-random.ts';
import { changedPort } from './frame-ports.ts';
import { damage, Floods, IdleFlows, Transfers } from './frames.ts';
import { captureFiles, makeTape, type Tape } from './tape.ts';

export interface PipeOrder {
  readonly fifo: string;
  readonly captures: readonly string[];
  /** Packets a second. */
  readonly rate: number;
  readonly seed: number;
  /** Different addresses for repetitions. */
  readonly variants: number;
}

export interface PipeProgress {
  readonly packets: number;
  readonly floods: number;
  readonly damaged: number;
  readonly loops: number;
  /** Packets left out because the reader was slow. */
  readonly skipped: number;
}

/** Length of the fast tape, of the pauses of the slow one, and between two turns; µs. */
const SPAN = 20e6;
const PAUSE = 30e6;
const SLOW_SPAN = 900e6;
const SLOW_EVERY = 30e6;
const TURN = 20e3;
/** What is behind by more is left out, µs: as much as the buffer of a capture program holds. */
const LATE = 1e6;
/** Shares of the packets that come from captures and from floods, the rest from transfers; and one of how many of the first is damaged. */
const SHARE = 0.06;
const FLOODED = 0.3;
const DAMAGED = 200;
const BLOCK = 1 << 20;
const MAX_FRAME = 65_536;
const PORTS = 199;

interface Loop {
  readonly tape: Tape;
  readonly start: number;
  readonly mask: number;
  readonly step: number;
  next: number;
}

class Feeder {
  private readonly block = Buffer.alloc(BLOCK + MAX_FRAME + 16);
  private readonly view = new DataView(this.block.buffer, this.block.byteOffset, this.block.length);
  private readonly random: Random;
  private readonly floods: Floods;
  private readonly transfers: Transfers;
  private readonly idle = new IdleFlows();
  private readonly loops: Loop[] = [];
  private readonly fast: Tape;
  private readonly slow: Tape;
  private readonly order: PipeOrder;
  private readonly file: number;
  private used = 0;
  private loopCount = 0;
  private lastSlow = Number.NEGATIVE_INFINITY;
  private lastFast = Number.NEGATIVE_INFINITY;
  private packets = 0;
  private damaged = 0;
  private flooded = 0;
  private flooding = 0;
  private skipped = 0;
  /** Capture time of the next frame, µs: never goes back. */
  private time = 0;

  constructor(order: PipeOrder) {
    this.order = order;
    this.random = new Random(order.seed);
    this.floods = new Floods(this.random);
    this.transfers = new Transfers(this.random);
    const files = captureFiles(order.captures);
    this.fast = makeTape(files, SPAN, PAUSE);
    this.slow = makeTape(files, SLOW_SPAN, PAUSE);
    if (this.fast.frames.length === 0) throw new Error('no Ethernet captures in the folders named');
    this.file = openSync(order.fifo, 'w');
    this.block.set(pcapHeader());
    this.used = 24;
  }

  progress(): PipeProgress {
    const { packets, damaged, skipped, loopCount } = this;
    return { packets, floods: this.flooded, damaged, loops: loopCount, skipped };
  }

  /** All that is due between two times (µs). */
  turn(from: number, to: number): void {
    const quota = Math.round(((to - from) / 1e6) * this.order.rate);
    this.time = Math.max(this.time, from);
    this.begin(to);
    const before = this.packets;
    for (const loop of this.loops) this.play(loop, to);
    for (let i = this.loops.length - 1; i >= 0; i--) {
      const loop = this.loops[i] as Loop;
      if (loop.next >= loop.tape.frames.length) this.loops.splice(i, 1);
    }
    for (const n of this.idle.due(to)) this.add(this.idle.write(this.block, this.used + 16, n), 0);
    for (let left = quota - (this.packets - before); left > 0; left--) {
      this.flooding += FLOODED / (1 - SHARE);
      if (this.flooding >= 1) {
        this.flooding--;
        this.flooded++;
        this.add(this.floods.write(this.block, this.used + 16), 0);
      } else this.add(this.transfers.write(this.block, this.used + 16), 0);
    }
    this.time = Math.max(this.time, to);
    this.flush();
  }

  /** Nothing is sent of this time. */
  skip(from: number, to: number): void {
    this.skipped += Math.round(((to - from) / 1e6) * this.order.rate);
    for (const loop of this.loops) {
      const { frames } = loop.tape;
      while ((frames[loop.next]?.time ?? Number.POSITIVE_INFINITY) + loop.start <= to) loop.next++;
    }
  }

  /** Starts repetitions so that a share of all packets comes from captures. */
  private begin(now: number): void {
    const every = (this.fast.frames.length / (this.order.rate * SHARE)) * 1e6;
    if (now - this.lastSlow >= SLOW_EVERY) {
      this.lastSlow = now;
      this.start(this.slow, now, 0, this.loopCount);
    }
    // After a long break no more than one: the others were left out.
    if (now - this.lastFast > LATE + every) this.lastFast = now - every;
    for (; this.lastFast + every <= now; this.lastFast += every) {
      const variant = this.loopCount % this.order.variants;
      const mask = variant === 0 ? 0 : hash32(variant) & 0xffffff;
      this.start(this.fast, this.lastFast + every, mask, Math.floor(this.loopCount / this.order.variants));
    }
  }

  private start(tape: Tape, start: number, mask: number, step: number): void {
    this.loops.push({ tape, start, mask, step: step % PORTS, next: 0 });
    this.loopCount++;
  }

  private play(loop: Loop, to: number): void {
    const { tape, start, mask, step } = loop;
    const { frames, bytes } = tape;
    for (let frame = frames[loop.next]; frame !== undefined && frame.time + start <= to; frame = frames[++loop.next]) {
      const length = Math.min(frame.end - frame.offset, MAX_FRAME);
      const at = this.used + 16;
      bytes.copy(this.block, at, frame.offset, frame.offset + length);
      if (mask !== 0) varyAddresses(this.view, at, at + length, mask);
      if (step !== 0 && frame.port >= 0 && frame.port + 2 <= length) {
        this.view.setUint16(at + frame.port, changedPort(this.view.getUint16(at + frame.port), step));
      }
      if (this.packets % DAMAGED === DAMAGED - 1) {
        this.damaged++;
        this.add(damage(this.block, at, length, this.random), length);
      } else this.add(length, frame.original);
    }
  }

  /** Puts the header before a frame that stands at its place. */
  private add(length: number, original: number): void {
    const { view, used } = this;
    const micros = this.time++;
    view.setUint32(used, Math.floor(micros / 1e6), true);
    view.setUint32(used + 4, micros % 1e6, true);
    view.setUint32(used + 8, length, true);
    view.setUint32(used + 12, Math.max(original, length), true);
    this.used += 16 + length;
    this.packets++;
    if (this.used >= BLOCK) this.flush();
  }

  private flush(): void {
    for (let at = 0; at < this.used; ) at += writeSync(this.file, this.block, at, this.used - at);
    this.used = 0;
  }

  end(): void {
    closeSync(this.file);
  }
}

async function main(): Promise<void> {
  const feeder = new Feeder(JSON.parse(process.argv[2] ?? '{}') as PipeOrder);
  let ended = false;
  process.on('SIGTERM', () => {
    ended = true;
  });
  const clock = (): number => Math.floor((performance.timeOrigin + performance.now()) * 1000);
  let last = clock();
  let told = last;
  while (!ended) {
    const now = clock();
    if (now - last > LATE) {
      feeder.skip(last, now - LATE);
      last = now - LATE;
    }
    if (now > last) feeder.turn(last, now);
    last = Math.max(last, now);
    if (now - told >= 1e6) {
      told = now;
      process.stdout.write(`${JSON.stringify(feeder.progress())}\n`);
    }
    const rest = TURN - (clock() - now);
    if (rest > 1000) await pause(rest / 1000);
    else await turn();
  }
  feeder.end();
  process.stdout.write(`${JSON.stringify(feeder.progress())}\n`);
}

await main();
