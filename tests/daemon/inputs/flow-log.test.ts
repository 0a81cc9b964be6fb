import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFlowLogInput } from '../../../src/daemon/inputs/flow-log.ts';
import type { InputDriver } from '../../../src/daemon/inputs/input.ts';
import { eventually, FakeContext } from './fake-context.ts';

let root: string;
let path: string;
let context: FakeContext;
let driver: InputDriver | null = null;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'poolprint-log-'));
  path = join(root, 'eve.json');
  context = new FakeContext();
});
afterEach(async () => {
  await driver?.stop();
  driver = null;
  rmSync(root, { recursive: true, force: true });
});

function start(follow: boolean, position: unknown = null): InputDriver {
  const config = {
    kind: 'flow-log',
    name: 'eve',
    point: 'pop-1',
    path,
    format: 'eve',
    follow,
    samplingRate: null,
  } as const;
  driver = createFlowLogInput(config, context);
  driver.start(position);
  return driver;
}
const state = (wanted: string): Promise<void> =>
  eventually(() => driver?.status().state === wanted && context.waits().length > 0);
/** Fires the timer that looks for more, and waits until it looks again; `times` over. */
async function look(times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    await eventually(() => context.waits().length > 0);
    context.advance(1);
  }
  await eventually(() => context.waits().length > 0);
}
const save = (): unknown =>
  JSON.parse(
    JSON.stringify(
      driver?.position((input) =>
        Math.max(0, ...context.feeds.filter((feed) => feed.input === input).map(({ taken }) => taken)),
      ),
    ),
  );
async function restart(position: unknown): Promise<void> {
  await driver?.stop();
  const { taken, nextInput, now } = context;
  context = new FakeContext({ firstInput: nextInput });
  context.now = now;
  context.taken.push(...taken);
  start(true, position);
}

describe('read once', () => {
  test('to its end, compressed or not, and nothing again after a restart', async () => {
    writeFileSync(path, 'a\nb\nc');
    const log = start(false);
    await eventually(() => log.status().state === 'done');
    expect(context.taken).toEqual(['a', 'b', 'c']);
    expect(log.status()).toMatchObject({ records: 3, files: 1, bytes: 5 });
    const position = save();
    await log.stop();
    expect(log.status().state).toBe('done');
    const again = start(false, position);
    await eventually(() => again.status().state === 'done');
    expect(context.taken).toEqual(['a', 'b', 'c']);
    writeFileSync(path, gzipSync('d\ne\n'));
    const packed = start(false);
    await eventually(() => packed.status().state === 'done');
    expect(context.taken).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('a file that is not there is a state, and tried again', async () => {
    const log = start(false);
    await state('restarting');
    expect(log.status().problem).toBe(`${path}: no such file; trying again in 5 s`);
    writeFileSync(path, 'a\n');
    context.advance(5);
    await eventually(() => log.status().state === 'done');
    expect(context.taken).toEqual(['a']);
  });
});

describe('followed', () => {
  test('what is written later, half lines too, and a file that comes later', async () => {
    const log = start(true);
    await state('waiting');
    expect(log.status().problem).toBe(null);
    writeFileSync(path, 'a\nb');
    await look();
    await eventually(() => log.status().state === 'waiting' && context.taken.length === 1);
    appendFileSync(path, 'b\nc\n');
    await look();
    expect(context.taken).toEqual(['a', 'bb', 'c']);
    expect(context.feeds).toHaveLength(1);
  });

  test('rotation: the rest of the old file, then the new one', async () => {
    writeFileSync(path, 'a\n');
    start(true);
    await state('waiting');
    appendFileSync(path, 'b\n');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'c\n');
    await look(5);
    expect(context.taken).toEqual(['a', 'b']);
    await look();
    expect(context.taken).toEqual(['a', 'b', 'c']);
    expect(context.feeds.map(({ input }) => input)).toEqual([1, 2]);
  });

  test('renamed first and told later: the old file is read until it has given nothing for 5 s', async () => {
    writeFileSync(path, 'a\n');
    start(true);
    await state('waiting');
    renameSync(path, `${path}.1`);
    await look(3);
    appendFileSync(`${path}.1`, 'b\nhal');
    await look(5);
    appendFileSync(`${path}.1`, 'f\n');
    writeFileSync(path, 'c\n');
    await look(5);
    expect(context.taken).toEqual(['a', 'b', 'half']);
    expect(driver?.status().files).toBe(0);
    await look();
    expect(context.taken).toEqual(['a', 'b', 'half', 'c']);
    expect(driver?.status().files).toBe(1);
  });

  test('the same where no file has the name, and where it comes back', async () => {
    writeFileSync(path, 'a\n');
    const log = start(true);
    await state('waiting');
    renameSync(path, `${path}.tmp`);
    await look(4);
    appendFileSync(`${path}.tmp`, 'b\n');
    renameSync(`${path}.tmp`, path);
    await look(9);
    appendFileSync(path, 'c\n');
    await look();
    expect(context.taken).toEqual(['a', 'b', 'c']);
    expect(context.feeds).toHaveLength(1);
    unlinkSync(path);
    await look(5);
    expect(log.status().files).toBe(0);
    await look();
    expect(log.status()).toMatchObject({ files: 1, state: 'waiting', problem: null });
    writeFileSync(path, 'd\n');
    await look();
    expect(context.taken).toEqual(['a', 'b', 'c', 'd']);
  });

  test('told to stop while it waits for the rest of the old file', async () => {
    writeFileSync(path, 'a\nhal');
    const log = start(true);
    await state('waiting');
    renameSync(path, `${path}.1`);
    await look(2);
    const position = save();
    appendFileSync(`${path}.1`, 'f\n');
    writeFileSync(path, 'c\n');
    await log.stop();
    expect(context.taken).toEqual(['a']);
    await restart(position);
    await look(6);
    expect(context.taken).toEqual(['a', 'half', 'c']);
  });

  test('a name that is a symbolic link: its file is followed, and another one that it comes to lead to', async () => {
    writeFileSync(join(root, 'one'), 'a\n');
    writeFileSync(join(root, 'two'), 'c\n');
    symlinkSync('one', path);
    start(true);
    await look(7);
    appendFileSync(join(root, 'one'), 'b\n');
    await look();
    symlinkSync('two', `${path}.new`);
    renameSync(`${path}.new`, path);
    await look(7);
    expect(context.taken).toEqual(['a', 'b', 'c']);
    expect(context.feeds).toHaveLength(2);
  });

  test('cut and written anew in place', async () => {
    writeFileSync(path, 'a\nb\nc\n');
    start(true);
    await state('waiting');
    truncateSync(path, 0);
    appendFileSync(path, 'd\n');
    await look();
    await eventually(() => context.taken.length === 4);
    expect(context.taken).toEqual(['a', 'b', 'c', 'd']);
    expect(context.feeds).toHaveLength(2);
  });

  test('a restart goes on behind what was taken, in a file that has grown, or was rotated meanwhile', async () => {
    writeFileSync(path, '');
    start(true);
    await state('waiting');
    appendFileSync(path, 'a\nb\nhal');
    await look();
    const position = save();
    appendFileSync(path, 'f\nc\n');
    await restart(position);
    await state('waiting');
    expect(context.taken).toEqual(['a', 'b', 'half', 'c']);
    const later = save();
    await driver?.stop();
    appendFileSync(path, 'd\n');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'e\n');
    await restart(later);
    await look(6);
    expect(context.taken).toEqual(['a', 'b', 'half', 'c', 'd', 'e']);
    expect(context.feeds.map(({ input }) => input)).toEqual([1, 2]);
  });

  test('a restart that finds another file in its place begins with it, and says what is lost', async () => {
    writeFileSync(path, 'a\n');
    start(true);
    await state('waiting');
    const position = save();
    await driver?.stop();
    unlinkSync(path);
    writeFileSync(`${path}.new`, 'x\n');
    renameSync(`${path}.new`, path);
    await restart(position);
    await state('waiting');
    expect(context.taken).toEqual(['a', 'x']);
    for (const odd of [7, {}, { version: 1 }, 'x']) {
      await restart(odd);
      await state('waiting');
      expect(context.taken.at(-1)).toBe('x');
    }
  });
});
