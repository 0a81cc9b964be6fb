import {
  chmodSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFlowLogInput } from '../../../src/daemon/inputs/flow-log.ts';
import { rotationOf } from '../../../src/daemon/inputs/flow-log-rotation.ts';
import type { InputDriver } from '../../../src/daemon/inputs/input.ts';
import { eventually, FakeContext } from './fake-context.ts';

let root: string;
let path: string;
let context: FakeContext;
let driver: InputDriver | null = null;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'poolprint-rotation-'));
  path = join(root, 'eve.json');
  context = new FakeContext();
});
afterEach(async () => {
  await driver?.stop();
  driver = null;
  rmSync(root, { recursive: true, force: true });
});

function start(position: unknown = null, log = path): void {
  const config = {
    kind: 'flow-log',
    name: 'eve',
    point: 'pop-1',
    path: log,
    format: 'eve',
    follow: true,
    samplingRate: null,
  } as const;
  driver = createFlowLogInput(config, context);
  driver.start(position);
}
async function look(times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    await eventually(() => context.waits().length > 0);
    context.advance(1);
  }
  await eventually(() => context.waits().length > 0);
}
/** As a kill leaves it, with `taken` lines of each file worked off (all where it is not told). */
const save = (taken = Number.POSITIVE_INFINITY): unknown =>
  JSON.parse(
    JSON.stringify(
      driver?.position((input) =>
        Math.min(taken, ...context.feeds.filter((feed) => feed.input === input).map((feed) => feed.taken)),
      ),
    ),
  );
/** The next process: nothing of the earlier one but the position. */
async function restart(position: unknown, log = path): Promise<void> {
  await driver?.stop();
  context = new FakeContext({ firstInput: context.nextInput });
  start(position, log);
  await look(0);
}
/** A file that was changed last at `seconds`. */
function write(name: string, text: string, seconds: number): void {
  writeFileSync(join(root, name), text);
  touch(name, seconds);
}
function touch(name: string, seconds: number): void {
  utimesSync(join(root, name), seconds, seconds);
}
const move = (from: string, to: string): void => renameSync(join(root, from), join(root, to));

/** Reads `a` of a log, and leaves while it was rotated `times` over: the files hold `a b`, `c`, `d` …, the last one has the name. */
async function rotatedMeanwhile(times: number): Promise<unknown> {
  write('eve.json', 'a\n', 1000);
  start();
  await look(0);
  const position = save();
  await driver?.stop();
  write('eve.json', 'a\nb\n', 1001);
  for (let i = 1; i <= times; i++) {
    for (let n = i - 1; n > 0; n--) move(`eve.json.${n}`, `eve.json.${n + 1}`);
    move('eve.json', 'eve.json.1');
    write('eve.json', `${'bcdefg'[i]}\n`, 1001 + i);
  }
  return position;
}

test('names that rotation gives', () => {
  const eve = rotationOf('eve.json');
  for (const name of ['eve.json.1', 'eve.json-20261122', 'eve.json.2026-11-22_01', 'eve.1.json', 'eve-20261122.json'])
    expect([name, eve(name)]).toEqual([name, 'plain']);
  for (const name of ['eve.json.1.gz', 'eve.json-20261122.xz', 'eve.1.json.zst', 'eve.json.2.lz4', 'eve.json.3.bz2'])
    expect([name, eve(name)]).toEqual([name, 'compressed']);
  for (const name of [
    'eve.json',
    'eve.json.',
    'eve.json.gz',
    'eve.json.tmp',
    'eve.json.1.tmp',
    'eve.json~',
    'event.json',
    'eve-dns.json',
    'eve.json.1.json',
    'x.json',
    '',
  ])
    expect([name, eve(name)]).toEqual([name, null]);
  // Of programs with several threads, each with a log of its own.
  expect(rotationOf('eve.1.json')('eve.10.json')).toBeNull();
  expect(rotationOf('wan.json')('wan2.json')).toBeNull();
  expect(rotationOf('wan.json')('wan.json2')).toBeNull();
  expect(rotationOf('eve.1.json')('eve.1.2.json')).toBe('plain');
  expect(rotationOf('log')('log.1')).toBe('plain');
  expect(rotationOf('.log')('.log.1')).toBe('plain');
});

describe('found again after a restart', () => {
  test('with the number before the ending, or under any other name of the folder', async () => {
    const log = join(root, 'json_streaming_conn.log');
    for (const name of ['json_streaming_conn.1.log', 'kept by hand']) {
      writeFileSync(log, 'a\n');
      context = new FakeContext();
      start(null, log);
      await look(0);
      const position = save();
      await driver?.stop();
      writeFileSync(log, 'a\nb\n');
      renameSync(log, join(root, name));
      writeFileSync(log, 'c\n');
      await restart(position, log);
      await look(5);
      expect([name, context.taken]).toEqual([name, ['b', 'c']]);
      expect(context.lines).toEqual([]);
      await driver?.stop();
      unlinkSync(join(root, name));
    }
  });

  test('another file that has its inode by now is not it', async () => {
    writeFileSync(path, '');
    start();
    await look(0);
    const position = save();
    await driver?.stop();
    // Nothing was taken of it, so that its beginning tells nothing.
    move('eve.json', 'stats.log');
    writeFileSync(join(root, 'stats.log'), 'x\n');
    writeFileSync(path, 'c\n');
    await restart(position);
    expect(context.taken).toEqual(['c']);
    expect(context.lines).toHaveLength(1);
  });
});

describe('rotated several times', () => {
  test('while nobody read: each file from the one under way on, in order, and none that is older', async () => {
    const position = await rotatedMeanwhile(3);
    write('eve.json.4', 'old\n', 900);
    write('eve.json.old', 'no name of rotation\n', 2000);
    symlinkSync('eve.json.4', join(root, 'eve.json.9'));
    await restart(position);
    await look(5);
    expect(context.taken).toEqual(['b', 'c', 'd', 'e']);
    expect(context.feeds.map(({ input, skip }) => [input, skip])).toEqual([
      [1, 1],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
    expect(context.lines).toEqual([]);
    await restart(save());
    await look(5);
    expect(context.taken).toEqual([]);
  });

  test('dates for names, and the same time of change: the order of names', async () => {
    const position = await rotatedMeanwhile(1);
    move('eve.json.1', 'eve.json-20261108');
    write('eve.json-20261110', 'd\n', 1001);
    write('eve.json-20261109', 'c2\n', 1001);
    write('eve.json-20261107', 'old\n', 1001);
    await restart(position);
    await look(5);
    expect(context.taken).toEqual(['b', 'c2', 'd', 'c']);
  });

  test('killed in the middle of each file', async () => {
    let position = await rotatedMeanwhile(3);
    write('eve.json.2', 'c\nc2\n', 1002);
    const seen: string[] = [];
    for (const wanted of ['eve.json.3', 'eve.json.2', 'eve.json.1', 'eve.json']) {
      await driver?.stop();
      let go: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      let reached = false;
      context = new FakeContext({
        firstInput: context.nextInput,
        onFeed: (feed) => {
          if (feed.name !== join(root, wanted)) return undefined;
          reached = true;
          return held;
        },
      });
      start(position);
      await eventually(() => {
        if (!reached) context.advance(1);
        return reached;
      });
      // The engine had worked off one line of it; what it was given beyond that is lost with the process.
      position = save(wanted === 'eve.json.3' ? 2 : 1);
      seen.push(...context.taken.filter((line) => line !== 'c2'));
      go();
    }
    await restart(position);
    await look(5);
    expect(seen).toEqual(['b', 'c', 'd', 'e']);
    expect(context.taken).toEqual([]);
  });

  test('killed after the first line of a rotated file: its rest, then those after it', async () => {
    const before = await rotatedMeanwhile(3);
    write('eve.json.2', 'c\nc2\n', 1002);
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    context = new FakeContext({
      firstInput: context.nextInput,
      onFeed: (feed) => (feed.name.endsWith('.2') ? held : undefined),
    });
    start(before);
    await eventually(() => context.taken.includes('c2'));
    const position = save(1);
    go();
    // Rotated once more before the next process.
    for (const n of [3, 2, 1]) move(`eve.json.${n}`, `eve.json.${n + 1}`);
    move('eve.json', 'eve.json.1');
    write('eve.json', 'f\n', 1005);
    await restart(position);
    await look(5);
    expect(context.taken).toEqual(['c2', 'd', 'e', 'f']);
  });

  test('killed when a file was read to its end and no other was there', async () => {
    for (const gone of [false, true]) {
      context = new FakeContext();
      writeFileSync(path, '');
      start();
      await look(0);
      writeFileSync(path, 'a\n');
      await look();
      move('eve.json', 'eve.json.1');
      await look(6);
      expect(driver?.status().files).toBe(1);
      const position = save();
      // As much was known of its beginning as of any other file's.
      expect(position).toMatchObject({ headLength: 2, taken: 1 });
      if (gone) unlinkSync(join(root, 'eve.json.1'));
      await restart(position);
      await look(5);
      write('eve.json', 'b\n', 4_000_000_000);
      await look();
      expect(context.taken).toEqual(['b']);
      expect(context.lines).toEqual([]);
      await driver?.stop();
    }
  });

  test('a name that comes back to a file that was read to its end', async () => {
    writeFileSync(path, 'a\n');
    start();
    await look(0);
    move('eve.json', 'away');
    await look(6);
    expect(driver?.status()).toMatchObject({ files: 1, state: 'waiting' });
    writeFileSync(join(root, 'away'), 'a\nb\n');
    move('away', 'eve.json');
    await look(2);
    expect(context.taken).toEqual(['a', 'b']);
    expect(context.lines).toEqual([]);
  });

  test('between two looks of one process', async () => {
    writeFileSync(path, 'a\n');
    touch('eve.json', 1000);
    start();
    await look();
    move('eve.json', 'eve.json.2');
    write('eve.json.1', 'b\n', 1001);
    write('eve.json', 'c\n', 1002);
    await look(11);
    expect(context.taken).toEqual(['a', 'b', 'c']);
    expect(context.feeds).toHaveLength(3);
  });

  test('a file that was read and is written to late is not read again', async () => {
    write('eve.json', 'a\n', 1000);
    start();
    await look(0);
    move('eve.json', 'eve.json.1');
    write('eve.json', 'b\n', 1001);
    await look(6);
    expect(context.taken).toEqual(['a', 'b']);
    const position = save();
    await driver?.stop();
    write('eve.json.1', 'a\nlate\n', 1500);
    move('eve.json.1', 'eve.json.2');
    move('eve.json', 'eve.json.1');
    write('eve.json', 'c\n', 1600);
    await restart(position);
    await look(5);
    expect(context.taken).toEqual(['c']);
  });

  test('without the file that was under way: those that are newer than it was', async () => {
    const position = await rotatedMeanwhile(2);
    write('eve.json.3', 'old\n', 999);
    unlinkSync(join(root, 'eve.json.2'));
    await restart(position);
    await look(5);
    expect(context.taken).toEqual(['c', 'd']);
    expect(context.lines).toEqual(['flow log: the file that was under way is gone; what was left of it is lost']);
  });

  test('a position of an earlier version, without times', async () => {
    const { mtime: _, read: __, ...earlier } = (await rotatedMeanwhile(2)) as Record<string, unknown>;
    await restart(earlier);
    await look(5);
    expect(context.taken).toEqual(['b', 'c', 'd']);
    unlinkSync(join(root, 'eve.json.2'));
    await restart(earlier);
    expect(context.taken).toEqual(['d']);
  });

  test.skipIf(process.getuid?.() === 0)('one that may not be read keeps nobody waiting', async () => {
    const position = await rotatedMeanwhile(3);
    chmodSync(join(root, 'eve.json.2'), 0);
    await restart(position);
    await look(5);
    expect(context.taken).toEqual(['b', 'd', 'e']);
    expect(context.lines).toEqual(['flow log: left out: eve.json.2: permission denied']);
  });

  test('compressed files are left out and named', async () => {
    const position = await rotatedMeanwhile(3);
    move('eve.json.1', 'eve.json.1.gz');
    write('eve.json.2.gz', 'half of it', 1500); // its original is still there
    write('eve.json.7.gz', 'old', 900);
    await restart(position);
    await look(5);
    expect(context.taken).toEqual(['b', 'c', 'e']);
    expect(context.lines).toEqual(['flow log: rotated and compressed before it was read, and left out: eve.json.1.gz']);
    unlinkSync(join(root, 'eve.json.3'));
    await restart(position);
    await look(5);
    expect(context.lines.at(-1)).toBe(
      'flow log: rotated and compressed before it was read, and left out: eve.json.1.gz',
    );
    expect(context.lines).toHaveLength(2);
  });

  test('cut in place after a copy was made: the copy is not read', async () => {
    write('eve.json', 'a\nb\n', 1000);
    start();
    await look(0);
    const position = save();
    await driver?.stop();
    write('eve.json.1', 'a\nb\n', 1500);
    write('eve.json', 'c\n', 1600);
    await restart(position);
    expect(context.taken).toEqual(['c']);
  });
});
