/** What a writer does to a spool at any moment of the driver's work: before or after each of its file operations. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as fsp from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SpoolInputConfig } from '../../../src/daemon/config/types.ts';
import { createSpoolInput, type SpoolDriver } from '../../../src/daemon/inputs/spool.ts';
import { FakeContext, packet, pcap } from './fake-context.ts';

/** Called before and after each file operation that is waited for. */
const moments = vi.hoisted(() => ({ pass: (): void => undefined }));

type Call = (...args: never[]) => Promise<unknown>;

const watched = vi.hoisted(
  () =>
    function watched(real: Call): Call {
      return async function (this: unknown, ...args) {
        moments.pass();
        const result = await real.apply(this, args);
        moments.pass();
        return result;
      };
    },
);

vi.mock('node:fs/promises', async (original) => {
  const real = await original<Record<string, Call>>();
  const names = ['readdir', 'lstat', 'stat', 'open', 'unlink', 'rename', 'copyFile', 'utimes'];
  return { ...real, ...Object.fromEntries(names.map((name) => [name, watched(real[name] as Call)])) };
});

let handles: Record<string, Call>;
const methods = new Map<string, Call>();
beforeAll(async () => {
  const handle = await fsp.open('/dev/null');
  handles = Object.getPrototypeOf(handle) as Record<string, Call>;
  await handle.close();
  for (const name of ['stat', 'read', 'close']) {
    const real = handles[name] as Call;
    methods.set(name, real);
    handles[name] = watched(real);
  }
});
afterAll(() => {
  for (const [name, real] of methods) handles[name] = real;
});

let root: string;
let spool: string;
let done: string;
let context: FakeContext;
const drivers: SpoolDriver[] = [];

function begin(): void {
  root = mkdtempSync(join(tmpdir(), 'poolprint-race-'));
  spool = join(root, 'spool');
  done = join(root, 'done');
  mkdirSync(spool);
  mkdirSync(done);
  context = new FakeContext({
    onFeed: () => {
      moments.pass();
      return undefined;
    },
  });
}
async function end(): Promise<void> {
  moments.pass = () => undefined;
  for (const driver of drivers.splice(0)) await driver.stop();
  rmSync(root, { recursive: true, force: true });
}
beforeEach(begin);
afterEach(end);

const touch = (name: string, age = 0): void =>
  utimesSync(join(spool, name), context.now / 1e6 - age, context.now / 1e6 - age);

function put(name: string, bytes: Uint8Array, age = 0): void {
  writeFileSync(join(spool, name), bytes);
  touch(name, age);
}

function append(name: string, bytes: Uint8Array): void {
  if (!existsSync(join(spool, name))) return;
  appendFileSync(join(spool, name), bytes);
  touch(name);
}

function start(more: Partial<SpoolInputConfig> = {}): SpoolDriver {
  const fixed = {
    kind: 'spool',
    name: 'tap',
    point: 'pop-1',
    directory: spool,
    pattern: '*',
    format: 'capture',
  } as const;
  const rest = { whenDone: 'keep', moveTo: null, settle: 30, rescan: 5, samplingRate: null } as const;
  const driver = createSpoolInput({ ...fixed, ...rest, ...more }, context, { watch: false });
  drivers.push(driver);
  driver.start(null);
  return driver;
}

/** Longer than the last file of a series is kept. */
async function look(driver: SpoolDriver, seconds = 1800): Promise<void> {
  context.advance(seconds);
  await driver.idle();
}

/** What happens now happens at these looks at the latest; then everything comes to rest. */
async function settle(driver: SpoolDriver): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await look(driver);
  moments.pass = () => undefined;
  for (let turn = 0; turn < 3; turn++) await look(driver);
}

/** File systems keep their own time in steps of some milliseconds: waits for the next one. */
function nextTick(): void {
  const probe = join(root, 'probe');
  const tick = (): bigint => {
    writeFileSync(probe, 'x');
    return statSync(probe, { bigint: true }).ctimeNs;
  };
  for (const first = tick(); tick() === first; );
}

function commit(driver: SpoolDriver): Promise<void> {
  driver.position((input) => Math.max(0, ...context.feeds.filter((feed) => feed.input === input).map((f) => f.taken)));
  driver.committed();
  return driver.idle();
}

/**
 * Runs `story` in a fresh spool again and again, and lets `act` happen at its first moment, its second, and so on until it has
 * no more. The story calls `from` where these moments begin, and asks `acted` whether it has come to that.
 */
async function atEveryMoment(
  act: () => void,
  story: (from: () => void, acted: () => boolean) => Promise<void>,
): Promise<void> {
  for (let at = 1, left = 0; left === 0; at++) {
    left = at;
    const pass = (): void => {
      if (left > 0 && --left === 0) act();
    };
    const from = (): void => {
      moments.pass = pass;
    };
    await story(from, () => left === 0);
    await end();
    begin();
    // Fewer, and the operations would no longer be watched.
    if (left > 0) expect(at).toBeGreaterThan(5);
  }
}

const ways = ['delete', 'move'] as const;

/** Reads what is there and removes it; `from`: whatever is tried at every moment may happen from there on. */
async function readAndRemove(whenDone: (typeof ways)[number], from: () => void): Promise<ReturnType<typeof start>> {
  const driver = start({ whenDone, moveTo: done });
  await driver.idle();
  from();
  await commit(driver);
  await settle(driver);
  return driver;
}

describe('removed when done', () => {
  test.each(ways)('%s: a file that grows at that moment is read on', async (whenDone) => {
    let grown = false;
    const grow = (): void => {
      grown = existsSync(join(spool, 'a'));
      append('a', packet(102, '3'));
    };
    await atEveryMoment(grow, async (from) => {
      grown = false;
      put('a', pcap(100, ['1', '2']), 99);
      const driver = await readAndRemove(whenDone, from);
      expect(context.taken).toEqual(grown ? ['1', '2', '3'] : ['1', '2']);
      await commit(driver);
      expect(readdirSync(spool)).toEqual([]);
      expect(readdirSync(done)).toHaveLength(whenDone === 'move' ? 1 : 0);
    });
  });

  test.each(ways)('%s: a file that is renamed at that moment is not read again', async (whenDone) => {
    const renameIt = (): void => {
      if (existsSync(join(spool, 'a'))) renameSync(join(spool, 'a'), join(spool, 'b'));
    };
    await atEveryMoment(renameIt, async (from) => {
      put('a', pcap(100, ['1', '2']), 99);
      await readAndRemove(whenDone, from);
      expect(context.taken).toEqual(['1', '2']);
      expect(readdirSync(spool)).toEqual([]);
      expect(readdirSync(done)).toHaveLength(whenDone === 'move' ? 1 : 0);
    });
  });

  // With the time of change of its origin, as programs that copy can keep it.
  const changes: readonly (readonly [what: string, change: () => void])[] = [
    [
      'another file that takes the name',
      () => {
        put('.b', pcap(200, ['3', '4']), 99);
        renameSync(join(spool, '.b'), join(spool, 'a'));
      },
    ],
    [
      'new content in the same file',
      () => {
        nextTick();
        put('a', pcap(200, ['3', '4']), 99);
      },
    ],
  ];
  test.each(ways.flatMap((whenDone) => changes.map(([what, change]) => [whenDone, what, change] as const)))(
    '%s: %s at that moment is read',
    async (whenDone, _what, change) => {
      await atEveryMoment(change, async (from, acted) => {
        put('a', pcap(100, ['1', '2']), 99);
        await readAndRemove(whenDone, from);
        expect(context.taken).toEqual(acted() ? ['1', '2', '3', '4'] : ['1', '2']);
      });
    },
  );
});

describe('read', () => {
  test('a file that is renamed at that moment is read in its place, once', async () => {
    const renameIt = (): void => renameSync(join(spool, 'cap1'), join(spool, 'cap01'));
    await atEveryMoment(renameIt, async (from) => {
      put('cap1', pcap(100, ['1', '2']), 99);
      put('cap2', pcap(200, ['3']), 99);
      from();
      const driver = start();
      await driver.idle();
      await settle(driver);
      expect(context.taken).toEqual(['1', '2', '3']);
      expect(driver.status()).toMatchObject({ files: 2, filesFailed: 0, filesWaiting: 0 });
    });
  });

  test('a file that had nothing but its header grows at that moment, and is overwritten later', async () => {
    const grow = (): void => append('a', packet(100, '1'));
    await atEveryMoment(grow, async (from, acted) => {
      put('a', pcap(100, []), 99);
      from();
      const driver = start();
      await driver.idle();
      await settle(driver);
      const first = acted() ? ['1'] : [];
      expect(context.taken).toEqual(first);
      put('a', pcap(200, ['2', '3']));
      await settle(driver);
      expect(context.taken).toEqual([...first, '2', '3']);
    });
  });

  test('new content in the same file at that moment, of the same size and time of change', async () => {
    let began = 0;
    const overwrite = (): void => {
      nextTick();
      put('a', pcap(200, ['3', '4']), (context.now - began) / 1e6 + 99);
    };
    await atEveryMoment(overwrite, async (from, acted) => {
      began = context.now;
      put('a', pcap(100, ['1', '2']), 99);
      const driver = start();
      await driver.idle();
      from();
      await settle(driver);
      expect(context.taken).toEqual(acted() ? ['1', '2', '3', '4'] : ['1', '2']);
    });
  });
});
