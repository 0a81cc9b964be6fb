/** Ledgers and disks that cannot be used: one line each, the right exit code, nothing lost. */
import { type ChildProcess, execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Case, capture, example, FARM, LAUNCH, ONE_LINE, rowsOf } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

const ROOT = process.getuid?.() === 0;
const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LANG: 'C', POOLPRINT_ACTOR: 'tester' };

function poolprint(words: readonly string[], nobody = false): SpawnSyncReturns<string> {
  const rights = nobody && ROOT ? { uid: 65_534, gid: 65_534 } : {};
  return spawnSync(process.execPath, [LAUNCH, ...words], { env, encoding: 'utf8', ...rights });
}

const READING = [
  ['leads', 'list'],
  ['leads', 'show', FARM],
  ['leads', 'link', FARM],
  ['registry', 'list'],
  ['registry', 'lookup', '198.51.100.35', '--at', '2026-11-04'],
  ['report', 'weekly'],
  ['ledger', 'verify'],
  ['ledger', 'purge', '--dry-run'],
];
const WRITING = [
  ['leads', 'set', FARM, 'status=true'],
  ['leads', 'merge', FARM, 'L0'],
  ['leads', 'split', FARM, 'L0'],
  ['leads', 'export'],
  ['leads', 'attribute'],
  ['ledger', 'anchor'],
  ['ledger', 'purge'],
];
const MAKING = [
  ['leads', 'import', example('national-list.csv')],
  ['registry', 'import', example('customers.csv')],
];

describe('no ledger', () => {
  test.each([...READING, ...WRITING].map((words) => [words]))('%j', async (words) => {
    const own = new Case();
    const { code, stdout, stderr } = await own.run(...words);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/town\.ledger: there is no such ledger/);
    expect(readdirSync(own.folder)).toEqual([]);
    own.cleanUp();
  });
});

describe.each([
  [
    'text',
    () => Buffer.from('this is no ledger at all, but a text that somebody named so\n'.repeat(40)),
    /is no ledger|not a ledger|no ledger/,
  ],
  ['empty', () => Buffer.alloc(0), /no ledger|not a ledger/],
  ['another database', () => database((db) => db.exec('CREATE TABLE x (y)')), /no ledger|not a ledger/],
  ['a newer version', () => newer(), /newer/],
  ['cut off', () => readFileSync(town.ledger).subarray(0, 20_000), /./],
] as const)('%s', (_, content, message) => {
  test.each([...READING, ...WRITING, ...MAKING].map((words) => [words]))('%j', async (words) => {
    const own = new Case();
    const bytes = content();
    writeFileSync(own.ledger, bytes);
    const { code, stderr, stdout } = await own.run(...words);
    expect([words, code]).toEqual([words, 1]);
    // What is found in a damaged file is listed; anything else is one line.
    if (words[1] !== 'verify') expect([stdout, stderr]).toEqual(['', expect.stringMatching(ONE_LINE)]);
    expect(stdout + stderr).toMatch(message);
    expect(stderr).not.toContain('internal error');
    expect(readFileSync(own.ledger).equals(bytes)).toBe(true);
    own.cleanUp();
  });
});

function database(change: (db: DatabaseSync) => void, from: string | null = null): Buffer {
  const own = new Case();
  if (from !== null) copyFileSync(from, own.ledger);
  const db = new DatabaseSync(own.ledger);
  change(db);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  const bytes = readFileSync(own.ledger);
  own.cleanUp();
  return bytes;
}

function newer(): Buffer {
  return database((db) => db.exec('PRAGMA user_version = 9999'), town.ledger);
}

describe('replay --ledger', () => {
  test('a ledger that fails is one line, and what was found is printed all the same', async () => {
    const own = new Case();
    own.put('town.ledger', 'no ledger');
    const { code, stdout, stderr } = await own.replay(capture('example-city.pcap'), '--json', '--quiet');
    expect(code).toBe(1);
    expect(rowsOf(stdout).filter(({ type }) => type === 'detection').length).toBe(6);
    expect(stderr).toMatch(ONE_LINE);
    const table = await own.replay(capture('example-city.pcap'));
    expect([table.code, table.stdout]).toEqual([1, expect.stringContaining('198.51.100.35')]);
    const nowhere = await own.run(
      'replay',
      capture('example-city.pcap'),
      '--quiet',
      '--ledger',
      own.at('no', 'folder'),
    );
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(ONE_LINE)]);
    own.cleanUp();
  });
});

describe('rights', () => {
  test('a file and a folder that may not be written: reading works, writing is one line', async () => {
    const own = town.fork();
    // A log left beside would have to be written even for reading.
    await own.ok('ledger', 'verify');
    chmodSync(own.ledger, 0o444);
    chmodSync(own.folder, 0o555);
    const before = readFileSync(own.ledger);
    for (const words of [
      ...WRITING.filter((one) => !one.includes('L0') && !one.includes('purge')),
      ...MAKING,
      ['replay', capture('example-city.pcap'), '--quiet'],
    ]) {
      const { status, stderr } = poolprint([...words, '--ledger', own.ledger], true);
      expect([words, status]).toEqual([words, 1]);
      expect(stderr).toMatch(ONE_LINE);
    }
    for (const words of [
      ['leads', 'list'],
      ['ledger', 'verify'],
      ['registry', 'list'],
    ]) {
      const { status, stderr, stdout } = poolprint([...words, '--ledger', own.ledger], true);
      expect([words, status, stderr]).toEqual([words, 0, '']);
      expect(stdout.length).toBeGreaterThan(0);
    }
    expect(readFileSync(own.ledger).equals(before)).toBe(true);
    const fresh = poolprint([...(MAKING[1] as string[]), '--ledger', own.at('new.ledger')], true);
    expect([fresh.status, fresh.stderr]).toEqual([1, expect.stringMatching(ONE_LINE)]);
    chmodSync(own.folder, 0o700);
    own.cleanUp();
  }, 120_000);
});

describe('a second writer', () => {
  test('waits its turn, then says so in one line; readers go on; nothing is lost', async () => {
    const own = town.fork();
    const db = new DatabaseSync(own.ledger);
    db.exec('BEGIN IMMEDIATE');
    const { code, stderr } = await own.run('leads', 'set', FARM, 'status=true');
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE)]);
    expect(stderr).toMatch(/another|busy|locked|in use/);
    expect((await own.leads()).length).toBe(4);
    db.exec('ROLLBACK');
    db.close();
    await own.ok('leads', 'set', FARM, 'status=true');
    own.cleanUp();
  }, 60_000);

  test('two real ones at once: both are kept', async () => {
    const own = new Case();
    const rows = (start: number): string =>
      `SUBSCRIBERID,BEGINTIME,ENDTIME,IPV4ADDRESS\n${Array.from({ length: 20_000 }, (_, at) => `k${start + at},20261101000000,20261102000000,10.${start % 200}.${at >> 8}.${at & 255}\n`).join('')}`;
    const files = [own.put('a.csv', rows(1)), own.put('b.csv', rows(50_002))];
    const children = files.map((file) =>
      spawn(process.execPath, [LAUNCH, 'registry', 'import', file, '--ledger', own.ledger], { env, stdio: 'ignore' }),
    );
    const codes = await Promise.all(children.map(async (child) => ((await once(child, 'exit')) as [number])[0]));
    expect(codes).toEqual([0, 0]);
    const listed = await own.rows('registry', 'list');
    expect(listed.at(-1)).toMatchObject({ rows: { session: 40_000 } });
    expect((await own.run('ledger', 'verify')).code).toBe(0);
    own.cleanUp();
  }, 120_000);
});

describe('kill -9', () => {
  /** Starts a command, and kills all of it at the given change in the folder of its ledger. */
  async function killed(
    own: Case,
    words: readonly string[],
    change: number,
    signal: NodeJS.Signals = 'SIGKILL',
  ): Promise<boolean> {
    const child: ChildProcess = spawn(process.execPath, [LAUNCH, ...words, '--ledger', own.ledger], {
      env,
      stdio: 'ignore',
      detached: true,
    });
    let seen = 0;
    let hit = false;
    const watcher = watch(own.folder, () => {
      seen += 1;
      if (seen < change || hit || child.exitCode !== null || child.pid === undefined) return;
      hit = true;
      // The launcher may have started a process of its own: all of its group goes.
      process.kill(-child.pid, signal);
    });
    await once(child, 'exit');
    watcher.close();
    return hit;
  }

  const SESSIONS = 200_000;
  test('registry import of 200,000 rows: what was acknowledged is there, and a second run completes', async () => {
    const own = new Case();
    const lines = Array.from(
      { length: SESSIONS },
      (_, at) => `k${at},20261101000000,20261102000000,10.${at >> 16}.${(at >> 8) & 255}.${at & 255}\n`,
    );
    const file = own.put('sessions.csv', `SUBSCRIBERID,BEGINTIME,ENDTIME,IPV4ADDRESS\n${lines.join('')}`);
    let hits = 0;
    for (const change of [1, 12, 45]) {
      if (await killed(own, ['registry', 'import', file], change)) hits += 1;
      if (existsSync(own.ledger)) expect((await own.run('ledger', 'verify')).stdout).toMatch(/^verifies: /);
    }
    if (await killed(own, ['registry', 'import', file], 30, 'SIGTERM')) hits += 1;
    expect(hits).toBeGreaterThan(1);
    const { status, stdout } = poolprint(['registry', 'import', file, '--ledger', own.ledger]);
    expect(status).toBe(0);
    expect(stdout).toContain('200,000 rows, 0 bad');
    const listed = await own.rows('registry', 'list');
    expect(listed.at(-1)).toMatchObject({ rows: { session: SESSIONS } });
    expect((await own.run('ledger', 'verify')).code).toBe(0);
    own.cleanUp();
  }, 300_000);

  test('replay --ledger: what came before holds, and a second run makes the same leads', async () => {
    const whole = town.fork();
    const words = [
      'replay',
      capture('example-city.pcap'),
      '--quiet',
      '--nat',
      'outside',
      '--clock-error',
      '1',
      '--home',
      '198.51.100.0/24',
    ];
    const wanted = await whole.ok('leads', 'export', '--no-history');
    let hits = 0;
    for (const change of [1, 2, 4, 6, 8]) {
      const own = new Case();
      await own.register();
      if (await killed(own, words, change)) hits += 1;
      expect((await own.run('ledger', 'verify')).stdout).toMatch(/^verifies: /);
      expect(poolprint([...words, '--ledger', own.ledger]).status).toBe(0);
      expect(await own.ok('leads', 'export', '--no-history')).toBe(wanted);
      expect((await own.run('ledger', 'verify')).code).toBe(0);
      own.cleanUp();
    }
    expect(hits).toBeGreaterThan(0);
    whole.cleanUp();
  }, 300_000);
});

/** A disk of 3 MB; null where none can be had. */
function smallDisk(folder: string): string | null {
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    console.warn('full disk: not tested, a tmpfs can be mounted by root alone');
    return null;
  }
}

test('a full disk: one line, nothing lost, and it goes on once there is room', async () => {
  const own = new Case();
  const disk = smallDisk(own.at('disk'));
  if (disk === null) return own.cleanUp();
  try {
    const ledger = own.at('disk', 'l');
    expect(poolprint(['registry', 'import', example('customers.csv'), '--ledger', ledger]).status).toBe(0);
    const lines = Array.from(
      { length: 60_000 },
      (_, at) => `k${at},20261101000000,20261102000000,10.1.${at >> 8}.${at & 255}\n`,
    );
    const file = own.put('sessions.csv', `SUBSCRIBERID,BEGINTIME,ENDTIME,IPV4ADDRESS\n${lines.join('')}`);
    const full = poolprint(['registry', 'import', file, '--ledger', ledger]);
    expect([full.status, full.stderr]).toEqual([1, expect.stringMatching(ONE_LINE)]);
    expect(full.stderr).toMatch(/full|space/);
    const replayed = poolprint(['replay', capture('example-city.pcap'), '--quiet', '--ledger', ledger]);
    expect(replayed.stdout).toContain('198.51.100.35');
    if (replayed.status !== 0) expect([replayed.status, replayed.stderr]).toEqual([1, expect.stringMatching(ONE_LINE)]);
    const read = poolprint(['registry', 'list', '--json', '--ledger', ledger]);
    expect(read.stdout).toContain('customers.csv');
    expect(poolprint(['ledger', 'verify', '--ledger', ledger]).status).toBe(0);
    expect(statSync(ledger).size).toBeLessThan(3 << 20);
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    expect(poolprint(['registry', 'import', file, '--ledger', ledger]).status).toBe(0);
    expect(poolprint(['ledger', 'verify', '--ledger', ledger]).status).toBe(0);
    // An export onto a full disk leaves neither a file nor an entry.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk]);
    const out = await town.run('leads', 'export', '--format', 'json', '--out', own.at('disk', 'out.jsonl'));
    expect([out.code, out.stderr]).toEqual([
      1,
      expect.stringMatching(/no space left on device; nothing was handed over or noted\n$/),
    ]);
    expect(readdirSync(disk)).toEqual([]);
    execFileSync('umount', [disk]);
  } finally {
    execFileSync('umount', [disk]);
    own.cleanUp();
  }
}, 120_000);
