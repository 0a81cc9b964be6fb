/** A spool under a random writer, with crashes at any moment: every packet of a complete file once, files in order. */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSpoolInput, type SpoolDriver } from '../../../src/daemon/inputs/spool.ts';
import type { SpoolPosition } from '../../../src/daemon/inputs/spool-position.ts';
import { FakeContext, packet, pcap } from './fake-context.ts';

const SETTLE = 30;
const RESCAN = 5;

type Step =
  | { readonly kind: 'rotate'; readonly packets: number; readonly big: boolean }
  | { readonly kind: 'rush'; readonly turns: number }
  | { readonly kind: 'append'; readonly packets: number }
  | { readonly kind: 'compressed'; readonly packets: number }
  | { readonly kind: 'tail'; readonly packets: number }
  | { readonly kind: 'rename' | 'delete' | 'checkpoint' | 'commit' | 'crash' | 'stop' }
  | { readonly kind: 'time'; readonly seconds: number };

type WhenDone = 'keep' | 'delete' | 'move';

const packets = fc.integer({ min: 0, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('rotate' as const), packets, big: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('append' as const), packets }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compressed' as const), packets }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tail' as const), packets }) },
  { weight: 3, arbitrary: fc.constantFrom({ kind: 'checkpoint' as const }, { kind: 'commit' as const }) },
  { weight: 3, arbitrary: fc.constantFrom({ kind: 'crash' as const }, { kind: 'stop' as const }) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'rename' as const }, { kind: 'delete' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('rush' as const), turns: fc.nat({ max: 6 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('time' as const), seconds: fc.constantFrom(1, 5, 6, 31, 60) }),
  },
);

/** The world: a writer, the directory, a driver, and what the state on disk says. */
class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'poolprint-model-'));
  private readonly done = mkdtempSync(join(tmpdir(), 'poolprint-model-done-'));
  /** Packets of every file that was neither deleted unread nor is still open, in the order in which they were written. */
  readonly written = new Map<string, string[]>();
  readonly mayBeLost = new Set<string>();
  /** Checkpoints taken in the middle of a file. */
  inTheMiddle = 0;
  /** Something was written behind what was complete by then: its order is not asked for. */
  late = false;
  private newest: string | null = null;
  private now = Date.UTC(2026, 0, 1) * 1000;
  private context = new FakeContext();
  private driver: SpoolDriver;
  /** Engine state on disk: packets worked off, next input number, position. */
  private saved: { readonly taken: readonly string[]; readonly next: number; readonly position: unknown } = {
    taken: [],
    next: 1,
    position: null,
  };
  private pending: typeof this.saved | null = null;
  private file = 0;
  private packet = 0;
  private changes = 0;
  private open: string | null = null;
  private readonly whenDone: WhenDone;

  constructor(whenDone: WhenDone) {
    this.whenDone = whenDone;
    this.driver = this.boot();
  }

  get taken(): readonly string[] {
    return this.context.taken;
  }

  async run({ kind, ...more }: Step): Promise<void> {
    const count = 'packets' in more ? more.packets : 0;
    if (kind === 'rotate') {
      this.open = `cap${this.file++}.pcap`;
      const big = 'big' in more && more.big;
      // Several pieces of reading, so that a process can die in the middle of a file.
      this.put(this.open, pcap(this.packet, this.some(this.open, big ? count * 4 : count, big ? 90_000 : 0)));
    } else if (kind === 'rush') {
      this.context.advance(60);
      this.now = this.context.now;
      // A feed waits for a turn of the event loop after each piece, so this stops behind the first piece of some file.
      const feeds = this.context.feeds.length;
      await Promise.race([this.driver.idle(), this.context.until(() => this.context.feeds.length > feeds)]);
      const turns = 'turns' in more ? more.turns : 0;
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      this.checkpoint();
      if ((this.pending?.position as SpoolPosition | undefined)?.current?.taken) this.inTheMiddle++;
    } else if (kind === 'append' && this.open !== null) this.append(this.open, count);
    else if (kind === 'tail') {
      const [name] = [...this.written.keys()].filter(
        (key) => key !== this.open && key.endsWith('.pcap') && this.has(key),
      );
      if (name === undefined) return;
      this.append(name, count);
    } else if (kind === 'compressed') {
      const name = `cap${this.file++}.pcap.gz`;
      this.put(name, gzipSync(pcap(this.packet, this.some(name, count))));
    } else if (kind === 'rename') {
      const [name] = readdirSync(this.folder).filter((entry) => entry !== this.open && entry.endsWith('.pcap'));
      if (name === undefined) return;
      // The same file under another name of its series.
      const other = name.replace('cap', 'cap0');
      renameSync(join(this.folder, name), join(this.folder, other));
      this.written.set(other, this.written.get(name) ?? []);
      this.written.delete(name);
      if (this.mayBeLost.delete(name)) this.mayBeLost.add(other);
    } else if (kind === 'delete') {
      const name = readdirSync(this.folder).find((entry) => entry !== this.open);
      if (name === undefined) return;
      unlinkSync(join(this.folder, name));
      this.mayBeLost.add(name);
    } else if (kind === 'time') {
      this.context.advance('seconds' in more ? more.seconds : 0);
      this.now = this.context.now;
      await this.driver.idle();
    } else if (kind === 'checkpoint') this.checkpoint();
    else if (kind === 'commit') await this.commit();
    else if (kind === 'stop') {
      await this.driver.stop();
      this.checkpoint();
      await this.commit();
      this.driver = this.boot();
    } else if (kind === 'crash') {
      // In the middle of whatever it does: what it reads from now on is never saved.
      const crashed = this.driver;
      this.driver = this.boot();
      await crashed.stop();
    }
  }

  /** Everything comes to rest and is read. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await this.run({ kind: 'time', seconds: 60 });
  }

  async end(): Promise<void> {
    await this.driver.stop();
    for (const folder of [this.folder, this.done]) rmSync(folder, { recursive: true });
  }

  private boot(): SpoolDriver {
    this.context = new FakeContext({ firstInput: this.saved.next, onFeed: () => new Promise(setImmediate) });
    this.context.now = this.now;
    this.context.taken.push(...this.saved.taken);
    this.pending = null;
    const driver = createSpoolInput(
      {
        kind: 'spool',
        name: 'tap',
        point: 'pop-1',
        directory: this.folder,
        pattern: '*',
        format: 'capture',
        whenDone: this.whenDone,
        moveTo: this.done,
        settle: SETTLE,
        rescan: RESCAN,
        samplingRate: null,
      },
      this.context,
      { watch: false },
    );
    driver.start(this.saved.position);
    return driver;
  }

  private checkpoint(): void {
    const { feeds, taken, nextInput } = this.context;
    const position = this.driver.position((input) =>
      Math.max(0, ...feeds.filter((feed) => feed.input === input).map((feed) => feed.taken)),
    );
    this.pending = { taken: [...taken], next: nextInput, position: JSON.parse(JSON.stringify(position)) };
  }

  private async commit(): Promise<void> {
    if (this.pending === null) return;
    this.saved = this.pending;
    this.pending = null;
    this.driver.committed();
    await this.driver.idle();
  }

  private some(name: string, count: number, size = 0): string[] {
    const texts = Array.from({ length: count }, () => `${this.packet++}`.padEnd(size, '.'));
    this.written.set(name, [...(this.written.get(name) ?? []), ...texts]);
    return texts;
  }

  private has(name: string): boolean {
    return readdirSync(this.folder).includes(name);
  }

  private put(name: string, bytes: Uint8Array): void {
    this.newest = name;
    writeFileSync(join(this.folder, name), bytes);
    this.touch(name);
  }

  private append(name: string, count: number): void {
    const first = this.packet;
    if (!this.has(name) || count === 0) return;
    if (name !== this.newest) this.late = true;
    const texts = this.some(name, count);
    appendFileSync(join(this.folder, name), Buffer.concat(texts.map((text, at) => packet(first + at, text))));
    this.touch(name);
  }

  private touch(name: string): void {
    // No two changes at one time, as with the clock of a file system: nothing else tells files of one size and inode apart.
    const seconds = (this.context.now - 500_000 + this.changes++) / 1e6;
    utimesSync(join(this.folder, name), seconds, seconds);
  }
}

test('every packet once, whatever the writer does and whenever the process dies', async () => {
  let crashes = 0;
  let packetsSeen = 0;
  let inTheMiddle = 0;
  let inOrder = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<WhenDone>('keep', 'delete', 'move'),
      fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }),
      async (whenDone, steps) => {
        const world = new World(whenDone);
        try {
          for (const one of steps) await world.run(one);
          await world.settle();
          const { taken } = world;
          expect(new Set(taken).size).toBe(taken.length);
          const due = [...world.written].filter(([name]) => !world.mayBeLost.has(name)).flatMap(([, texts]) => texts);
          expect(due.filter((text) => !taken.includes(text))).toEqual([]);
          const order = taken.map((text) => Number.parseInt(text, 10));
          if (!world.late) expect(order).toEqual([...order].sort((a, b) => a - b));
          inTheMiddle += world.inTheMiddle;
          inOrder += world.late ? 0 : 1;
          crashes += steps.filter(({ kind }) => kind === 'crash').length;
          packetsSeen += taken.length;
        } finally {
          await world.end();
        }
      },
    ),
    // Always the same sequences: what a run finds, the next one finds again.
    { numRuns: 120, seed: 20_261_122 },
  );
  expect(crashes).toBeGreaterThan(50);
  expect(packetsSeen).toBeGreaterThan(500);
  expect(inTheMiddle).toBeGreaterThan(10);
  expect(inOrder).toBeGreaterThan(20);
});
