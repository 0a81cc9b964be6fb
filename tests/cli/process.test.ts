import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversation } from '../generate/conversation.ts';
import { writePcap } from '../generate/pcap.ts';

const LAUNCH = fileURLToPath(new URL('../../src/cli/launch.ts', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/cli/launch.js', import.meta.url));
const STRANGE = 'a b;\x1b[31m矿.pcap';

let folder: string;
let mining: Uint8Array;

/** A miner that logs in, gets work and finds one share. */
function miningCapture(): Uint8Array {
  const job = [
    'bf',
    '4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000',
    '01',
    '02',
    [],
    '20000000',
    '1c2ac4af',
    '504e86b9',
    true,
  ];
  const lines: ['client' | 'server', object][] = [
    ['client', { id: 1, method: 'mining.subscribe', params: ['cgminer/4.11.1'] }],
    ['server', { id: 1, result: [[['mining.notify', 'ae68']], '08000002', 4], error: null }],
    ['client', { id: 2, method: 'mining.authorize', params: ['account.rig01', 'secret-password'] }],
    ['server', { id: 2, result: true, error: null }],
    ['server', { id: null, method: 'mining.set_difficulty', params: [1024] }],
    ['server', { id: null, method: 'mining.notify', params: job }],
    ['client', { id: 3, method: 'mining.submit', params: ['account.rig01', 'bf', '00000001', '504e86ed', 'b2957c02'] }],
    ['server', { id: 3, result: true, error: null }],
  ];
  const messages = lines.map(([from, value], index) => ({ from, at: 0.1 + index, text: `${JSON.stringify(value)}\n` }));
  const client = { ip: '10.0.0.5', port: 46_838 };
  const server = { ip: '203.0.113.5', port: 3333 };
  return writePcap(conversation({ client, server, start: 1_714_557_603_000_000, messages }));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-cli-'));
  mining = miningCapture();
  writeFileSync(join(folder, 'mining.pcap'), mining);
  writeFileSync(join(folder, 'cut.pcap'), mining.subarray(0, mining.length - 10));
  writeFileSync(join(folder, 'quiet.pcap'), mining.subarray(0, 24));
  writeFileSync(join(folder, 'zero.pcap'), '');
  writeFileSync(join(folder, 'text.pcap'), 'this is not a capture at all, but plain text');
  writeFileSync(join(folder, STRANGE), mining);
  mkdirSync(join(folder, 'empty'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LANG: 'C' };

function poolprint(args: readonly string[], input: Uint8Array | string = ''): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [LAUNCH, ...args], { cwd: folder, env, input, encoding: 'utf8' });
}

describe('exit codes', () => {
  test.each([
    [0, ['replay', 'mining.pcap']],
    [0, ['replay', 'cut.pcap']],
    [0, ['replay', 'quiet.pcap']],
    [0, ['--help']],
    [1, ['replay', 'zero.pcap']],
    [1, ['replay', 'text.pcap']],
    [1, ['replay', 'missing.pcap']],
    [1, ['replay', 'mining.pcap', 'zero.pcap']],
    [2, []],
    [2, ['replay']],
    [2, ['replay', 'empty']],
    [2, ['replay', 'mining.pcap', '--filter', 'tcp port (']],
    [2, ['replay', 'mining.pcap', '--home', '10/8']],
    [2, ['replay', 'mining.pcap', '--only', 'no.such-signature']],
    [2, ['replay', 'mining.pcap', '--signatures', 'empty']],
    [3, ['replay', 'cut.pcap', '--strict']],
    [0, ['replay', 'mining.pcap', '--strict']],
    [4, ['replay', 'mining.pcap', '--fail-on-detection']],
    [0, ['replay', 'quiet.pcap', '--fail-on-detection']],
  ])('%d: %j', (code, args) => {
    const { status, stderr } = poolprint(args);
    expect([status, stderr]).toEqual([code, expect.stringMatching(/^(poolprint: [^\n]+\n)*$/)]);
    expect(stderr).not.toMatch(/internal error|^\s+at /m);
  });
});

test('what others found is printed although one input is broken', () => {
  const { stdout, stderr, status } = poolprint(['replay', 'zero.pcap', 'mining.pcap']);
  expect(status).toBe(1);
  expect(stdout).toMatch(/confirmed +mining +10\.0\.0\.5 +203\.0\.113\.5:3333 +stratum-v1/);
  expect(stderr).toContain('zero.pcap');
});

test('JSON fits its schema, is the same every time, and from standard input but for the name', () => {
  const schema = JSON.parse(readFileSync(new URL('../../docs/replay.schema.json', import.meta.url), 'utf8')) as object;
  const ajv = new Ajv({ allowUnionTypes: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  const { stdout, stderr } = poolprint(['replay', '--json', 'mining.pcap', '--home', '10.0.0.0/8']);
  expect(stderr).toBe('');
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const row of rows) expect(validate(row), JSON.stringify(validate.errors)).toBe(true);
  expect(rows.map(({ type }) => type)).toEqual(['detection', 'coverage', 'summary']);
  expect(rows[0]).toMatchObject({
    miner: { ip: '10.0.0.5' },
    confidence: 'confirmed',
    activity: 'mining',
    shares: { submitted: 1, accepted: 1, rejected: 0 },
  });
  expect(stdout).not.toContain('secret-password');
  expect(poolprint(['replay', '--json', 'mining.pcap', '--home', '10.0.0.0/8']).stdout).toBe(stdout);
  const piped = poolprint(['replay', '--json', '-', '--home', '10.0.0.0/8'], mining).stdout;
  expect(piped.replaceAll('"file":"-"', '"file":"mining.pcap"')).toBe(stdout);
});

test('a hostile file name is shown harmlessly', () => {
  const { stdout, status } = poolprint(['replay', '--explain', '--', STRANGE]);
  expect(status).toBe(0);
  expect(stdout).toContain("tshark -r $'a b;\\x1b[31m矿.pcap' -Y frame.number==");
  expect(stdout).not.toContain('\x1b');
  expect(stdout).not.toContain('secret-password');
});

test('evidence is written beside the table; where it cannot be, the table comes all the same', () => {
  const good = poolprint(['replay', 'mining.pcap', '--evidence', 'out']);
  expect([good.status, good.stderr.includes('cannot')]).toEqual([0, false]);
  const names = readdirSync(join(folder, 'out')).sort();
  expect(names).toEqual([
    expect.stringMatching(/^10\.0\.0\.5_203\.0\.113\.5-3333_stratum-v1_[0-9a-f]{12}\.pcapng$/),
    'manifest.json',
  ]);
  const again = poolprint(['replay', '--json', join('out', names[0] ?? '')]);
  expect(JSON.parse(again.stdout.split('\n')[0] ?? '')).toMatchObject({ type: 'detection', confidence: 'confirmed' });
  const bad = poolprint(['replay', 'mining.pcap', '--evidence', join('mining.pcap', 'out')]);
  expect(bad.status).toBe(1);
  expect(bad.stdout).toContain('203.0.113.5:3333');
  expect(bad.stderr).toMatch(/^poolprint: cannot write evidence to mining\.pcap\/out: not a folder\n/);
});

test.skipIf(!existsSync('/dev/full'))('a full disk under standard output gives 1', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const child = spawnSync(process.execPath, [LAUNCH, 'replay', 'mining.pcap'], {
      cwd: folder,
      env,
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    expect(child.status).toBe(1);
    expect(child.stderr).toContain('poolprint: cannot write to standard output: no space left on device\n');
  } finally {
    closeSync(full);
  }
});

/** Text of a stream, and the exit of its process, as it ends. */
function ending(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

test('a reader that goes away is no error', async () => {
  const child = spawn(process.execPath, [LAUNCH, 'replay', '--json', 'mining.pcap'], { cwd: folder, env });
  const end = ending(child);
  child.stdout.destroy();
  expect(await end).toMatchObject({ code: 0, stderr: '' });
});

describe.skipIf(process.platform === 'win32')('signals', () => {
  // Once a pipe has taken this much more than it holds, the program has read its beginning.
  const idle = writePcap(
    conversation({
      client: { ip: '10.0.0.9', port: 50_000 },
      server: { ip: '203.0.113.80', port: 8080 },
      start: 1_714_557_700_000_000,
      messages: [{ from: 'server', at: 1, bytes: new Uint8Array(4_000_000).fill(120) }],
    }),
  ).subarray(24);

  async function interrupted(command: readonly string[], signal: NodeJS.Signals): ReturnType<typeof ending> {
    const child = spawn(command[0] ?? '', [...command.slice(1), 'replay', '-'], { cwd: folder, env });
    const end = ending(child);
    child.stdin.on('error', () => undefined);
    child.stdin.write(mining);
    await new Promise((resolve) => child.stdin.write(idle, resolve));
    child.kill(signal);
    return end;
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: %d, after what was found', async (signal, code) => {
    const result = await interrupted([process.execPath, LAUNCH], signal);
    expect([result.code, result.stderr]).toEqual([code, expect.not.stringContaining('error')]);
    expect(result.stdout).toContain('203.0.113.5:3333');
    expect(result.stdout).toContain('Interrupted');
  });

  test('an older Node starts the newer one, and signals and exit codes pass through', async (task) => {
    const old = olderNode();
    if (old === null || !existsSync(BUILT)) {
      const reason = old === null ? 'no Node older than 24 in PATH' : 'not built';
      console.warn(`skipped: ${reason}`);
      task.skip(reason);
      return;
    }
    expect(spawnSync(old, [BUILT, '--version'], { encoding: 'utf8' }).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(spawnSync(old, [BUILT, 'replay', 'mining.pcap', '--fail-on-detection'], { cwd: folder }).status).toBe(4);
    const result = await interrupted([old, BUILT], 'SIGTERM');
    expect(result.code).toBe(143);
    expect(result.stdout).toContain('203.0.113.5:3333');
    // Away from the packages there is no newer Node to find.
    const alone = join(folder, 'launch.mjs');
    writeFileSync(alone, readFileSync(BUILT));
    const refused = spawnSync(old, [alone, '--version'], { encoding: 'utf8' });
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^poolprint: needs Node\.js 24 or newer, this is [^\n]+\n$/);
  });
});

function olderNode(): string | null {
  for (const part of (process.env['PATH'] ?? '').split(delimiter)) {
    const binary = join(part, 'node');
    if (!existsSync(binary)) continue;
    const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
    const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1]);
    if (major >= 20 && major < 24) return binary;
  }
  return null;
}
