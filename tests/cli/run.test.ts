/** `poolprint run` as a process: how it starts, what it says where it cannot, and how it ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const LAUNCH = fileURLToPath(new URL('../../src/cli/launch.ts', import.meta.url));
const CAPTURES = fileURLToPath(new URL('../../captures/', import.meta.url));
const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LANG: 'C' };
const SPOOL = '{name: tap, kind: spool, directory: in, settle: 1s, rescan: 1s}';

let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-run-'));
  children = [];
  mkdirSync(join(folder, 'in'));
  copyFileSync(join(CAPTURES, 'ethproxy.pcap'), join(folder, 'in', 'a.pcap'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function configure(text = `inputs: [${SPOOL}]\n`, http = 'http: off'): void {
  const head = `sensor: s\nstate_directory: state\ndetections_file: detections.ndjson\nlog: {format: text}\nreport: {interval: 1s}\ncheckpoint: {interval: 1s}\n${http}\n`;
  writeFileSync(join(folder, 'poolprint.yaml'), head + text);
}

const detections = (): number =>
  existsSync(join(folder, 'detections.ndjson'))
    ? new Set(
        readFileSync(join(folder, 'detections.ndjson'), 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => (JSON.parse(line) as { id: string }).id),
      ).size
    : 0;

interface Running {
  readonly child: ChildProcess;
  /** What it has said on standard error so far. */
  said(): string;
  /** Settles once it has said this. */
  says(what: string): Promise<void>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [LAUNCH, 'run', '--config', 'poolprint.yaml', ...args], { cwd: folder, env });
  children.push(child);
  let text = '';
  let waiting: (() => void)[] = [];
  child.stdout.resume();
  child.stderr.on('data', (piece: Buffer) => {
    text += piece.toString('utf8');
    for (const look of waiting) look();
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const says = (what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!text.includes(what)) return;
        waiting = waiting.filter((other) => other !== look);
        resolve();
      };
      waiting.push(look);
      ended.then(() => reject(new Error(`it ended without saying "${what}": ${text}`)));
      look();
    });
  return { child, said: () => text, says, ended };
}

function run(...args: readonly string[]): { code: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [LAUNCH, 'run', ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { code: status, stderr };
}

describe('ends', () => {
  test('on SIGTERM with 0, everything written', async () => {
    configure();
    const daemon = start();
    await daemon.says('detection');
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(daemon.said()).toMatch(/INFO {2}stopped\s*$/);
    expect(detections()).toBe(1);
  });

  test('on SIGINT with 130', async () => {
    configure();
    const daemon = start();
    await daemon.says('running');
    daemon.child.kill('SIGINT');
    expect(await daemon.ended).toEqual({ code: 130, signal: null });
  });

  test('with --drain once the spool is worked off, and not because of what never ends', async () => {
    const collector = '{name: flows, kind: collector, address: 127.0.0.1, port: 40957, exporters: [127.0.0.1]}';
    configure(`inputs: [${SPOOL}, ${collector}, {name: gone, kind: spool, directory: none, rescan: 1s}]\n`);
    const daemon = start('--drain');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(detections()).toBe(1);
    // Once more there is nothing left to do.
    const again = start('--drain');
    expect((await again.ended).code).toBe(0);
    expect(again.said()).not.toContain('INFO  detection ');
  });
});

test('SIGHUP reloads, a fault is refused, and it runs on', async () => {
  configure();
  const daemon = start();
  await daemon.says('running');
  configure(`inputs: [${SPOOL}]\nunheard: of\n`);
  daemon.child.kill('SIGHUP');
  await daemon.says('reload refused; nothing changed');
  configure(`inputs: [${SPOOL}, {name: more, kind: spool, directory: in2}]\n`);
  daemon.child.kill('SIGHUP');
  await daemon.says('added=["more"]');
  daemon.child.kill('SIGTERM');
  expect((await daemon.ended).code).toBe(0);
});

describe('cannot start', () => {
  test.each<[string, string, RegExp]>([
    ['a key that nobody knows', 'inputs: []\nunheard: of\n', /poolprint\.yaml:\d+:\d+: /],
    ['two faults at once', 'threads: 0\nlog: {level: loud}\n', /threads[^\n]*\n[^\n]*level/],
  ])('%s: 2, and a line for every fault', (_, text, lines) => {
    writeFileSync(join(folder, 'poolprint.yaml'), `sensor: s\nstate_directory: state\n${text}`);
    const { code, stderr } = run('--config', 'poolprint.yaml');
    expect(code).toBe(2);
    expect(stderr).toMatch(lines);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('no configuration at all, signatures that are not there: 2', () => {
    expect(run('--config', 'none.yaml').code).toBe(2);
    configure(`inputs: [${SPOOL}]\nsignatures: {paths: [none]}\n`);
    const { code, stderr } = run('--config', 'poolprint.yaml');
    expect(code).toBe(2);
    expect(stderr).toMatch(/none/);
  });

  const oneLine = (stderr: string): string => {
    const lines = stderr
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('poolprint:'));
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(lines).toHaveLength(1);
    return lines[0] as string;
  };

  test('state that is none, a ledger that is none: 1 with one line', () => {
    configure();
    mkdirSync(join(folder, 'state'));
    writeFileSync(join(folder, 'state', 'daemon-state.sqlite'), 'no database, but a text of some length in its place');
    const state = run('--config', 'poolprint.yaml');
    expect(state.code).toBe(1);
    expect(oneLine(state.stderr)).toMatch(/daemon-state\.sqlite: cannot be used/);
    rmSync(join(folder, 'state'), { recursive: true });
    configure(`inputs: [${SPOOL}]\nledger: {path: poolprint.yaml}\n`);
    const ledger = run('--config', 'poolprint.yaml');
    expect(ledger.code).toBe(1);
    expect(oneLine(ledger.stderr)).toMatch(/poolprint\.yaml/);
  });

  test('state that another daemon has: 1, and that one runs on', async () => {
    configure();
    const daemon = start();
    await daemon.says('running');
    const { code, stderr } = run('--config', 'poolprint.yaml');
    expect(code).toBe(1);
    expect(oneLine(stderr)).toMatch(/another daemon is using it/);
    daemon.child.kill('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
  });

  test('a port that is taken: 1 with one line', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    configure(undefined, `http: {port: ${port}}`);
    const daemon = start();
    const { code } = await daemon.ended;
    server.close();
    expect(code).toBe(1);
    expect(oneLine(daemon.said())).toContain(String(port));
  });
});
