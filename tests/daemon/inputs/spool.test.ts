import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SpoolInputConfig } from '../../../src/daemon/config/types.ts';
import { createSpoolInput, type SpoolDriver } from '../../../src/daemon/inputs/spool.ts';
import { moveFile } from '../../../src/daemon/inputs/spool-dispose.ts';
import { listFiles } from '../../../src/daemon/inputs/spool-file.ts';
import type { SpoolPosition } from '../../../src/daemon/inputs/spool-position.ts';
import { SpoolStore } from '../../../src/daemon/inputs/spool-store.ts';
import { FakeContext, packet, pcap } from './fake-context.ts';

let root: string;
let spool: string;
let context: FakeContext;
const drivers: SpoolDriver[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'poolprint-spool-'));
  spool = join(root, 'spool');
  mkdirSync(spool);
  context = new FakeContext();
});
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.stop();
  rmSync(root, { recursive: true, force: true });
});

function config(more: Partial<SpoolInputConfig> = {}): SpoolInputConfig {
  const fixed = {
    kind: 'spool',
    name: 'tap',
    point: 'pop-1',
    directory: spool,
    pattern: '*',
    format: 'capture',
  } as const;
  return { ...fixed, whenDone: 'keep', moveTo: null, settle: 30, rescan: 5, samplingRate: null, ...more };
}

function start(more: Partial<SpoolInputConfig> = {}, position: unknown = null, on = context): SpoolDriver {
  const driver = createSpoolInput(config(more), on, { watch: false });
  drivers.push(driver);
  driver.start(position);
  return driver;
}

/** Writes a file that changed `age` seconds ago by the clock of the context. */
function put(name: string | Buffer, bytes: Uint8Array, age = 0): string | Buffer {
  const path = typeof name === 'string' ? join(spool, name) : Buffer.concat([Buffer.from(`${spool}/`), name]);
  writeFileSync(path, bytes);
  touch(path, age);
  return path;
}
function touch(path: string | Buffer, age = 0): void {
  const seconds = context.now / 1e6 - age;
  utimesSync(path, seconds, seconds);
}
async function look(driver: SpoolDriver, seconds = 5): Promise<void> {
  context.advance(seconds);
  await driver.idle();
}
/** A position as a checkpoint takes it: everything fed is in the state. */
const save = (driver: SpoolDriver, on = context): unknown =>
  JSON.parse(
    JSON.stringify(
      driver.position((input) =>
        Math.max(0, ...on.feeds.filter((feed) => feed.input === input).map(({ taken }) => taken)),
      ),
    ),
  );

describe('which files, and in which order', () => {
  test('by the time at which they began, not by name', async () => {
    put('b.pcap', pcap(100, ['b']), 99);
    put('a.pcap', pcap(300, ['a']), 99);
    put('c.pcap.gz', gzipSync(pcap(200, ['c'])), 99);
    await start().idle();
    expect(context.taken).toEqual(['b', 'c', 'a']);
  });

  test('flow logs by name, numbers by value', async () => {
    put('flows.10', Buffer.from('ten\n'), 99);
    put('flows.9', Buffer.from('nine\n'), 50);
    await start({ format: 'goflow2' }).idle();
    expect(context.taken).toEqual(['nine', 'ten']);
  });

  test('complete when a newer one of the series has begun, or after the settling time; others wait', async () => {
    put('cap1', pcap(100, ['1']));
    put('cap2', pcap(200, ['2']));
    put('other', pcap(50, ['o']));
    const driver = start();
    await driver.idle();
    expect(context.taken).toEqual(['1']);
    expect(driver.status()).toMatchObject({ state: 'waiting', filesWaiting: 2, files: 1, packets: 1, problem: null });
    await look(driver, 35);
    expect(context.taken).toEqual(['1', 'o', '2']);
    expect(driver.status()).toMatchObject({ filesWaiting: 0, bytesWaiting: 0, files: 3, lag: 0 });
  });

  test('a compressed file is not complete because another one has begun; later ones of its series wait for it', async () => {
    const whole = gzipSync(pcap(100, ['1', 'x'.repeat(200), '3']));
    put('cap1.gz', whole.subarray(0, whole.length - 12));
    put('cap2.gz', gzipSync(pcap(200, ['4'])), 99);
    const driver = start();
    await driver.idle();
    expect(context.taken).toEqual([]);
    put('cap1.gz', whole);
    await look(driver, 35);
    expect(context.taken).toEqual(['1', 'x'.repeat(200), '3', '4']);
    expect(driver.status().filesCutShort).toBe(0);
  });

  test('an original and its compressed copy are one capture, at every step of compressing it', async () => {
    put('cap1', pcap(100, ['1']), 99);
    put('cap1.gz', gzipSync(pcap(100, ['1'])), 99);
    put('cap2', pcap(200, ['2']), 99);
    const driver = start();
    await driver.idle();
    unlinkSync(join(spool, 'cap1'));
    execFileSync('gzip', [join(spool, 'cap2')]);
    await look(driver);
    expect(context.taken).toEqual(['1', '2']);
    put('cap3', pcap(300, ['3']));
    await look(driver);
    execFileSync('gzip', [join(spool, 'cap3')]);
    await look(driver, 60);
    expect(context.taken).toEqual(['1', '2', '3']);
    expect(driver.status()).toMatchObject({ files: 3, filesFailed: 0, problem: null });
    // Nor for the next process, when the originals are forgotten; and not when somebody only looks after rights.
    const later = new FakeContext({ firstInput: 4 });
    later.now = context.now;
    const next = start({}, save(driver), later);
    await next.idle();
    for (const name of readdirSync(spool)) chmodSync(join(spool, name), 0o600);
    await look(driver);
    later.advance(5);
    await next.idle();
    expect([context.taken, later.taken]).toEqual([['1', '2', '3'], []]);
  });

  test('a ring: an old name with new content is a new file', async () => {
    put('cap0', pcap(100, ['1']));
    put('cap1', pcap(200, ['2']));
    const driver = start();
    await driver.idle();
    context.advance(1);
    writeFileSync(join(spool, 'cap0'), pcap(300, ['3'])); // same inode, as tcpdump -W does
    touch(join(spool, 'cap0'));
    await look(driver);
    expect(context.taken).toEqual(['1', '2']);
    await look(driver, 60);
    expect(context.taken).toEqual(['1', '2', '3']);
  });

  test('overwritten before it was read: counted and told', async () => {
    put('cap0', pcap(100, ['lost']));
    const driver = start();
    await driver.idle();
    context.advance(1);
    put('cap0', pcap(300, ['3', '4']));
    await look(driver, 40);
    expect(context.taken).toEqual(['3', '4']);
    expect(driver.status().filesFailed).toBe(1);
    expect(context.lines.join()).toContain('overwritten before it was read');
  });

  test('a file that grows after it was taken as complete: the rest follows, nothing twice', async () => {
    put('a.pcap', pcap(100, ['1', '2']), 99);
    const driver = start();
    await driver.idle();
    appendFileSync(join(spool, 'a.pcap'), packet(103, '3'));
    touch(join(spool, 'a.pcap'));
    await look(driver, 60);
    expect(context.taken).toEqual(['1', '2', '3']);
    expect(context.feeds.map(({ input, skip }) => [input, skip])).toEqual([
      [1, 0],
      [1, 2],
    ]);
    expect(driver.status()).toMatchObject({ files: 1, packets: 3 });
  });

  test('links, folders, empty files and names that do not match are left alone; names may hold any bytes', async () => {
    writeFileSync(join(root, 'outside'), pcap(1, ['outside']));
    symlinkSync(join(root, 'outside'), join(spool, 'link.pcap'));
    symlinkSync('/nowhere', join(spool, 'dead.pcap'));
    mkdirSync(join(spool, 'folder.pcap'));
    put('empty.pcap', Buffer.alloc(0), 99);
    put('.hidden.pcap', pcap(1, ['hidden']), 99);
    put('other.txt', pcap(1, ['other']), 99);
    put(Buffer.from('strange\xff\x01\n.pcap', 'latin1'), pcap(7, ['strange']), 99);
    const driver = start({ pattern: '*.pcap' });
    await driver.idle();
    expect(context.taken).toEqual(['strange']);
    expect(driver.status()).toMatchObject({ files: 1, filesFailed: 0, filesWaiting: 0 });
    expect(context.feeds[0]?.name).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('what goes wrong', () => {
  test('no capture, cut short, gone, no permission: counted once, told, never tried in a loop', async () => {
    put('bad', Buffer.from('this is not a capture of packets at all'), 99);
    put('cut', pcap(10, ['1', '2']).subarray(0, -1), 99);
    put('growing', pcap(20, ['never']));
    const driver = start();
    await driver.idle();
    expect(driver.status()).toMatchObject({ files: 2, filesFailed: 1, filesCutShort: 1 });
    expect(driver.status().problem).toMatch(/^bad: not a packet capture/);
    unlinkSync(join(spool, 'growing'));
    await look(driver);
    expect(driver.status().filesFailed).toBe(1); // missing once may be a file that is being renamed
    await look(driver);
    expect(driver.status()).toMatchObject({ files: 2, filesFailed: 2 });
    expect(driver.status().problem).toMatch(/^growing: gone or overwritten before it was read \(1 in all\)/);
    for (let turn = 0; turn < 4; turn++) await look(driver, 60);
    expect(context.feeds).toHaveLength(2);
    expect(context.taken).toEqual(['1']);
  });

  test('a gzip that is cut off counts as cut short; a folder with no right to read waits', async () => {
    const whole = gzipSync(pcap(10, ['1', 'y'.repeat(5000)]), { level: 0 });
    put('cut.gz', whole.subarray(0, 3000), 99);
    const driver = start();
    await driver.idle();
    expect(driver.status()).toMatchObject({ filesCutShort: 1, filesFailed: 0 });
    renameSync(spool, `${spool}-away`);
    await look(driver);
    expect(driver.status()).toMatchObject({
      state: 'restarting',
      problem: `${spool}: no such folder; looking again every 5 s`,
    });
    renameSync(`${spool}-away`, spool);
    put('new', pcap(99, ['new']), 99);
    await look(driver);
    expect(driver.status()).toMatchObject({ state: 'waiting', problem: null });
    expect(context.taken).toEqual(['1', 'new']);
  });

  test.skipIf(process.getuid?.() === 0)(
    'a file without read permission is counted once and read once it has it',
    async () => {
      put('secret', pcap(10, ['1']), 99);
      chmodSync(join(spool, 'secret'), 0);
      const driver = start();
      await driver.idle();
      await look(driver);
      expect(driver.status()).toMatchObject({ filesFailed: 1, problem: 'secret: permission denied' });
      chmodSync(join(spool, 'secret'), 0o600);
      await look(driver);
      expect(context.taken).toEqual(['1']);
    },
  );

  test('a move without a folder to move to is refused', () => {
    expect(start({ whenDone: 'move' }).status()).toMatchObject({ state: 'failed' });
    expect(start({ whenDone: 'move', moveTo: `${spool}/.` }).status()).toMatchObject({ state: 'failed' });
  });
});

describe('restart', () => {
  test('goes on in the middle of a file, under its number, and reads no file twice', async () => {
    let stop: Promise<void> | null = null;
    let position: unknown = null;
    const first: FakeContext = new FakeContext({
      onFeed: (feed) => {
        // The first piece ends within the second file.
        if (feed.input === 2 && stop === null) {
          position = save(driver, first);
          stop = driver.stop();
        }
        return undefined;
      },
    });
    const long = Array.from({ length: 40 }, (_, at) => `${at}`.padEnd(20_000, '.'));
    put('a', pcap(100, ['a']), 99);
    put('b', pcap(200, long), 99);
    put('c', pcap(900, ['c']), 99);
    const driver = start({}, null, first);
    await first.until(() => stop !== null);
    await stop;
    expect(first.feeds.map(({ ended }) => ended)).toEqual([true, false]);
    expect(save(driver, first)).toEqual(position);

    context.nextInput = 3;
    const second = start({}, position);
    expect(save(second)).toEqual(position); // before anything is found again
    await second.idle();
    expect([...first.taken, ...context.taken]).toEqual(['a', ...long, 'c']);
    expect(context.feeds.map(({ input }) => input)).toEqual([2, 3]);
    expect(context.feeds[0]?.skip).toBeGreaterThan(0);
  });

  test('the file under way is gone: told; compressed meanwhile: gone on with', async () => {
    put('a', pcap(100, ['1', '2', '3']), 99);
    const driver = start();
    await driver.idle();
    const { done } = save(driver) as { done: { taken: number }[] };
    const position = { version: 1, done: [], current: { ...done[0], taken: 1 } };
    execFileSync('gzip', [join(spool, 'a')]);
    const second = new FakeContext();
    await start({}, position, second).idle();
    expect(second.taken).toEqual(['2', '3']);
    unlinkSync(join(spool, 'a.gz'));
    const later = new FakeContext();
    const third = start({}, position, later);
    await third.idle();
    later.advance(5);
    await third.idle();
    expect(third.status()).toMatchObject({ filesFailed: 1 });
    expect(third.status().problem).toContain('a: gone');
  });

  test('what is no position is told and passed over', async () => {
    put('a', pcap(100, ['1']), 99);
    for (const odd of [
      7,
      'x',
      {},
      { version: 1, done: [{}], current: null },
      { version: 2, done: [], current: null },
    ]) {
      const own = new FakeContext();
      await start({}, odd, own).idle();
      expect(own.taken).toEqual(['1']);
      expect(own.lines.join()).toContain('cannot be read');
    }
  });

  test('memory: what is gone from the directory is forgotten', async () => {
    for (let at = 0; at < 20; at++) put(`f${at}`, pcap(100 + at, [`${at}`]), 99);
    const driver = start();
    await driver.idle();
    expect((save(driver) as { done: unknown[] }).done).toHaveLength(20);
    for (let at = 0; at < 19; at++) unlinkSync(join(spool, `f${at}`));
    await look(driver);
    await look(driver);
    expect((save(driver) as { done: unknown[] }).done).toHaveLength(1);
  });
});

describe('when done', () => {
  test('deleted only after the position that counts the file is on disk', async () => {
    put('a', pcap(100, ['1']), 9999);
    put('bad', Buffer.from('this is not a capture of packets at all'), 9999);
    const driver = start({ whenDone: 'delete' });
    await driver.idle();
    driver.committed();
    await look(driver);
    expect(existsSync(join(spool, 'a'))).toBe(true);
    save(driver);
    await look(driver);
    expect(existsSync(join(spool, 'a'))).toBe(true);
    driver.committed();
    await driver.idle();
    expect(readdirSync(spool)).toEqual(['bad']); // what could not be read stays for a person
  });

  test.each([
    ['eth2.100-1.pcap', 'eth2.200-2.pcap', false],
    ['vlan1000-1.pcap', 'vlan1001-2.pcap', false],
    ['enp3s0f1_1.pcap', 'enp3s0f0_2.pcap', false],
    ['eth0.20261122.pcap', 'eth0.20261123.pcap', true],
    ['eth0.1.pcap', 'eth0.2.pcap', true],
    ['dump001_eth0.pcap', 'dump002_eth0.pcap', true],
    ['cap001-20261122.pcap', 'cap002-20261122.pcap', true],
    ['cap1.pcap.20261122', 'cap2.pcap.20261122', true],
    ['trace.pcap1', 'trace.pcap2', true],
  ])('%s and %s: one series %s', async (first, second, one) => {
    put(first, pcap(100, ['1']));
    put(second, pcap(200, ['2']));
    const driver = start();
    await driver.idle();
    expect(context.taken).toEqual(one ? ['1'] : []);
  });

  test('empty files do not stand for the last one that holds something', async () => {
    put('tap0-1.pcap', pcap(100, ['1']), 99);
    put('tap0-2.pcap', pcap(200, ['2']), 90);
    put('tap0-3.pcap', pcap(300, []), 9999);
    put('tap0-4.pcap', new Uint8Array(0), 9999);
    const driver = start({ whenDone: 'delete' });
    await driver.idle();
    save(driver);
    driver.committed();
    await driver.idle();
    expect(readdirSync(spool).sort()).toEqual(['tap0-2.pcap', 'tap0-4.pcap']);
  });

  test('the file changed last stays too, though another began later', async () => {
    put('tap0-1.pcap', pcap(100, ['1']), 90);
    put('tap0-2.pcap', pcap(200, ['2']), 99);
    put('tap0-3.pcap', pcap(150, ['3']), 99);
    const driver = start({ whenDone: 'delete' });
    await driver.idle();
    save(driver);
    driver.committed();
    await driver.idle();
    expect(readdirSync(spool).sort()).toEqual(['tap0-1.pcap', 'tap0-2.pcap']);
  });

  test('two interfaces in one spool are two series', async () => {
    put('eth2-20260101-120000.pcap', pcap(100, ['1']));
    put('eth3-20260101-120100.pcap', pcap(160, ['2']));
    put('ens1f0_00001_20260101.pcap', pcap(170, ['3']));
    put('ens1f0_00002_20260101.pcap', pcap(180, ['4']));
    const driver = start();
    await driver.idle();
    // A newer one of its own series tells that a file is complete.
    expect(context.taken).toEqual(['3']);
  });

  test('the last file of a series stays until another follows, or for sixty times as long: it may still be open', async () => {
    put('tap0-1.pcap', pcap(100, ['1']), 99);
    put('tap0-2.pcap', pcap(200, ['2']), 99);
    put('tap1-1.pcap', pcap(300, ['3']), 99);
    put('tap2-1.pcap.gz', gzipSync(pcap(400, ['4'])), 99);
    const driver = start({ whenDone: 'delete' });
    await driver.idle();
    save(driver);
    driver.committed();
    await driver.idle();
    expect(readdirSync(spool).sort()).toEqual(['tap0-2.pcap', 'tap1-1.pcap']);
    // The writer of a silent link: its next packet comes long after `settle`.
    await look(driver, 600);
    appendFileSync(join(spool, 'tap1-1.pcap'), packet(900, '5'));
    touch(join(spool, 'tap1-1.pcap'));
    put('tap0-3.pcap', pcap(900, ['6']));
    await look(driver, 60);
    await look(driver, 60);
    expect(context.taken).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(readdirSync(spool).sort()).toEqual(['tap0-3.pcap', 'tap1-1.pcap']);
    save(driver);
    driver.committed();
    await look(driver, 1800);
    expect(readdirSync(spool)).toEqual([]);
  });

  test('a restart with the position deletes what the crash left, but not what has grown', async () => {
    put('a', pcap(100, ['1']), 9999);
    put('b', pcap(200, ['2']), 9999);
    const position = await start()
      .idle()
      .then(() => save(drivers[0] as SpoolDriver));
    appendFileSync(join(spool, 'b'), packet(201, '3'));
    touch(join(spool, 'b'));
    const driver = start({ whenDone: 'delete' }, position);
    await driver.idle();
    expect(readdirSync(spool)).toEqual(['b']);
    await look(driver, 60);
    await look(driver, 1800);
    expect(context.taken).toEqual(['1', '2', '3']);
    expect(readdirSync(spool)).toEqual(['b']); // no position tells of its rest yet
    save(driver);
    driver.committed();
    await driver.idle();
    expect(readdirSync(spool)).toEqual([]);
  });

  test('moved under its name, or one that is free; a failing move is told and tried again', async () => {
    const done = join(root, 'done');
    put('a', pcap(100, ['1']), 9999);
    const driver = start({ whenDone: 'move', moveTo: done });
    await driver.idle();
    save(driver);
    driver.committed();
    await driver.idle();
    expect(driver.status().problem).toBe(`a: cannot be moved to ${done}: no such file`);
    mkdirSync(done);
    writeFileSync(join(done, 'a'), 'of somebody else');
    writeFileSync(join(done, 'a.1'), 'of somebody else');
    const { mtimeMs } = statSync(join(spool, 'a'));
    await look(driver);
    expect(readdirSync(done).sort()).toEqual(['a', 'a.1', 'a.2']);
    expect(readFileSync(join(done, 'a'), 'latin1')).toBe('of somebody else');
    expect(readFileSync(join(done, 'a.2'))).toEqual(pcap(100, ['1']));
    expect(statSync(join(done, 'a.2')).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(spool)).toEqual([]);
    expect(driver.status().problem).toBe(null);
  });

  test('across file systems: copied whole, and not doubled after a move that was cut off', async () => {
    const done = join(root, 'done');
    mkdirSync(done);
    const mayGo = () => true;
    const other: typeof renameSync = () => {
      throw Object.assign(new Error('cross-device'), { code: 'EXDEV' });
    };
    const bytes = pcap(100, ['1']);
    put('a', bytes);
    await moveFile(spool, Buffer.from('a'), done, mayGo, other);
    expect(readdirSync(done)).toEqual(['a']);
    expect(readFileSync(join(done, 'a'))).toEqual(bytes);
    put('a', bytes);
    await moveFile(spool, Buffer.from('a'), done, mayGo, other);
    expect([readdirSync(done), readdirSync(spool)]).toEqual([['a'], []]);
    put('a', bytes);
    const full: typeof renameSync = () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    put('b', bytes);
    await expect(moveFile(spool, Buffer.from('b'), done, mayGo, full)).rejects.toThrow('full');
    expect([readdirSync(done), readdirSync(spool)]).toEqual([['a'], ['a', 'b']]);
  });
});

test('waits where the engine is behind, and tells how far', async () => {
  let release: (() => void) | null = null;
  const slow = new FakeContext({
    onFeed: () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  });
  put('a', pcap(100, ['1']), 90);
  put('b', pcap(200, ['2']), 60);
  const driver = start({}, null, slow);
  await slow.until(() => release !== null);
  expect(driver.status()).toMatchObject({ state: 'running', filesWaiting: 1, lag: 90 });
  expect(slow.feeds).toHaveLength(1);
  (release as unknown as () => void)();
  await slow.until(() => slow.feeds.length === 2);
  expect(slow.feeds[0]?.ended).toBe(true);
  await slow.until(() => slow.taken.length === 2);
  (release as unknown as () => void)();
  await driver.idle();
  expect(driver.status()).toMatchObject({ state: 'waiting', lag: 0 });
});

describe('a directory that changes while it is looked through', () => {
  const all = () => true;
  async function readOne(): Promise<SpoolStore> {
    put('a', pcap(100, ['1']), 99);
    const driver = start();
    await driver.idle();
    const store = new SpoolStore(spool, true);
    for (const record of (save(driver) as SpoolPosition).done) store.records.set(record.key, record);
    return store;
  }

  test('a file that one listing misses is not forgotten, one that two miss is', async () => {
    const store = await readOne();
    const files = await listFiles(spool, all);
    await store.look([], 0);
    await store.look(files, 0);
    expect([...store.entries.values()].map(({ done }) => done)).toEqual([true]);
    await store.look([], 0);
    await store.look([], 0);
    expect(store.records.size).toBe(0);
  });

  test('a name that has gone, or leads to another file, since it was listed', async () => {
    const store = await readOne();
    appendFileSync(join(spool, 'a'), packet(101, '2'));
    const stale = await listFiles(spool, all);
    renameSync(join(spool, 'a'), join(spool, 'b'));
    await store.look(stale, 0);
    expect([store.records.size, store.entries.size]).toEqual([1, 0]);
    const fresh = await listFiles(spool, all);
    await store.look(fresh, 0);
    expect([...store.entries.values()].map(({ done }) => done)).toEqual([false]);
    appendFileSync(join(spool, 'b'), packet(102, '3'));
    const again = await listFiles(spool, all);
    renameSync(join(spool, 'b'), join(spool, 'c'));
    put('b', pcap(900, ['other']), 99);
    await store.look(again, 0);
    expect([store.records.size, store.entries.size]).toEqual([1, 0]);
    await store.look(await listFiles(spool, all), 0);
    const found = [...store.entries.values()].map(({ facts, begin, done }) => [facts.text, begin, done]);
    expect(found.sort()).toEqual([
      ['b', 900e6, false],
      ['c', 100e6, false],
    ]);
  });
});
