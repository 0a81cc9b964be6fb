/** Facts and positions in one transaction; a failure loses nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Checkpointer } from '../../src/daemon/checkpointer.ts';
import type { EngineTold } from '../../src/daemon/engine/core.ts';
import { InlineHost } from '../../src/daemon/engine/host.ts';
import { Feeds } from '../../src/daemon/feeds.ts';
import type { InputDriver } from '../../src/daemon/inputs/input.ts';
import type { Point } from '../../src/daemon/points.ts';
import { type Checkpoint, StateStore } from '../../src/daemon/state/state-store.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';
import { conversation, writePcap } from '../generate/index.ts';
import { miningMessages } from './mining.ts';
import { FakeWorld } from './world.ts';

const CAPTURE = writePcap(
  conversation({
    client: { ip: '192.0.2.7', port: 40_000 },
    server: { ip: '203.0.113.5', port: 3333 },
    start: 1_714_557_603_000_000,
    messages: miningMessages(30),
  }),
);

/** A driver that has fed one capture up to somewhere. */
class FakeDriver implements Pick<InputDriver, 'position' | 'committed'> {
  input = 0;
  commits = 0;
  positions: number[] = [];

  position(taken: (input: number) => number): unknown {
    const now = taken(this.input);
    this.positions.push(now);
    return { taken: now };
  }

  committed(): void {
    this.commits++;
  }
}

let folder: string;
let store: StateStore;
let world: FakeWorld;
let host: InlineHost;
let feeds: Feeds;
let point: Point;
let driver: FakeDriver;
let checkpointer: Checkpointer;
let failing: string | null;
let written: Checkpoint[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-checkpoint-'));
  store = new StateStore(folder);
  world = new FakeWorld();
  failing = null;
  written = [];
  const limits = { flows: 4096, conversations: 4096, reassemblyBytes: 2 ** 24, idleTimeout: 9e8, activeTimeout: 36e8 };
  host = new InlineHost({
    seed: 7,
    points: [{ name: 'p', home: [] }],
    limits,
    evidence: false,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
  });
  feeds = new Feeds(host, () => point.records, world.clock, new Map());
  point = world.point('p');
  driver = new FakeDriver();
  const watched = {
    write: (checkpoint: Checkpoint, fresh: boolean): void => {
      if (failing !== null) throw new Error(failing);
      written.push(checkpoint);
      store.write(checkpoint, fresh);
    },
  };
  checkpointer = new Checkpointer({
    host,
    store: watched as unknown as StateStore,
    feeds,
    point: () => point,
    points: () => [point],
    drivers: () => [['tap', driver as unknown as InputDriver]],
    values: () => [],
    clock: world.clock,
    log: world.log,
  });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Feeds the bytes of the capture from one share of it to another. */
function feed(from: number, to: number): void {
  if (driver.input === 0) {
    const opened = feeds.open('capture', 'a.pcap', undefined, { point: 'p', live: false, samplingRate: null });
    driver.input = opened.input;
  }
  const at = (share: number): number => Math.floor(CAPTURE.length * share);
  host.feed(driver.input, CAPTURE, at(from), at(to));
}

/** Packets of the one detection that the state tells, and where the input stands. */
function saved(): { packets: number; taken: number; input: string | undefined } {
  const { books, values, inputs } = store.load();
  const { ended = [], open = [] } = books.get('p') ?? {};
  const packets = [...ended, ...open.flat()].reduce((n, f) => n + f.packets[0] + f.packets[1], 0);
  const { taken } = (values.get('position tap') ?? { taken: 0 }) as { taken: number };
  return { packets, taken, input: inputs.get(driver.input) };
}

test('facts and position are of the same moment, and the driver hears when they are safe', async () => {
  feed(0, 0.5);
  await checkpointer.run();
  const half = saved();
  expect(half.packets).toBe(half.taken);
  expect(half.taken).toBeGreaterThan(5);
  expect(driver.commits).toBe(1);
  expect(half.input).toBe('a.pcap');
  feed(0.5, 1);
  expect(saved()).toEqual(half);
  await checkpointer.run();
  expect(saved().packets).toBe(saved().taken);
  expect(saved().taken).toBeGreaterThan(half.taken);
  expect([checkpointer.writes, checkpointer.failures]).toEqual([2, 0]);
});

describe('a disk that takes nothing for a while', () => {
  test('loses nothing: facts, position, names of files and what was reported', async () => {
    failing = 'disk full';
    feed(0, 0.5);
    await checkpointer.run();
    expect(checkpointer).toMatchObject({ writes: 0, failures: 1, problem: 'disk full' });
    expect(driver.commits).toBe(0);
    const reports = point.reporter.due(world.now, true);
    point.reporter.written(reports.map(({ row }) => row.id));
    await checkpointer.run();
    feed(0.5, 0.9);
    await checkpointer.run();
    // Said once, not three times.
    expect(world.lines.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
    failing = null;
    await checkpointer.run();
    const now = saved();
    expect(now.packets).toBe(now.taken);
    expect(now.input).toBe('a.pcap');
    expect(store.load().values.has(`reported p ${reports[0]?.row.id}`)).toBe(true);
    expect(checkpointer.problem).toBeNull();
    expect(world.lines.at(-1)).toContain('can be written again');
  });

  test('what closed meanwhile is gone from the state afterwards', async () => {
    feed(0, 1);
    await checkpointer.run();
    const reports = point.reporter.due(world.now, true);
    point.reporter.written(reports.map(({ row }) => row.id));
    await checkpointer.run();
    expect([...store.load().values.keys()].filter((name) => name.startsWith('reported'))).toHaveLength(1);
    checkpointer.write(await host.finish());
    failing = 'disk full';
    const late = point.lastTime + 3 * 86_400e6;
    point.reporter.close(late, world.now);
    world.now += 700e6;
    const { reports: rest, keys } = point.reporter.close(late, world.now);
    point.reporter.written(rest.map(({ row }) => row.id));
    if (keys.length === 0) expect(point.reporter.close(late, world.now).keys).toHaveLength(1);
    failing = null;
    await checkpointer.run();
    expect(store.load().books.size).toBe(0);
    expect([...store.load().values.keys()].filter((name) => name.startsWith('reported'))).toEqual([]);
  });
});

test('one that is asked for while another is under way follows it', async () => {
  await checkpointer.run();
  const first = checkpointer.run();
  const second = checkpointer.run();
  const third = checkpointer.run();
  expect(second).toBe(third);
  feed(0, 1);
  await Promise.all([first, second]);
  expect(checkpointer.writes).toBe(3);
  expect(saved().packets).toBe(saved().taken);
  expect(saved().taken).toBeGreaterThan(5);
});

test('only what changed is written', async () => {
  feed(0, 1);
  await checkpointer.run();
  await checkpointer.run();
  expect(written.map(({ books }) => books[0]?.[1].open.length)).toEqual([1, 0]);
  expect(written[1]?.inputs).toEqual([]);
});

test('an engine that is gone is a failure, not an end', async () => {
  const tell = host.tell.bind(host);
  host.tell = async () => await Promise.reject(new Error('a worker thread has stopped'));
  await checkpointer.run();
  expect(checkpointer).toMatchObject({ failures: 1, problem: 'a worker thread has stopped' });
  host.tell = tell;
  feed(0, 1);
  await checkpointer.run();
  expect(saved().packets).toBe(saved().taken);
});

test('the more there is to write, the rarer', () => {
  expect(checkpointer.pause(5, 0.1)).toBe(5);
  expect(checkpointer.pause(5, 2)).toBe(10);
});

test('news of a whole engine may be given directly', async () => {
  feed(0, 1);
  const told: EngineTold = await host.finish();
  checkpointer.write(told);
  expect(saved().packets).toBe(saved().taken);
  expect(store.load().books.get('p')?.open).toEqual([]);
});
