/** deploy/README.md: its links, its files, its configuration, and every block of commands marked `run`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/daemon/config/load.ts';
import { DEPLOY, installed } from './promql.ts';

const ROOT = join(DEPLOY, '..');
const GUIDE = readFileSync(join(DEPLOY, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'poolprint-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Blocks by what stands behind their fence: `sh run daemon`. */
const BLOCKS = [...GUIDE.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', body = '']) => ({
  info,
  body,
}));
const blocks = (info: string): readonly string[] => BLOCKS.filter((b) => b.info === info).map(({ body }) => body);

/** Names of the commands that this build has. */
const HELP = spawnSync(process.execPath, [join(ROOT, 'src/cli/launch.ts'), '--help'], { encoding: 'utf8' }).stdout;
const has = (...commands: readonly string[]): boolean => commands.every((name) => HELP.includes(`poolprint ${name}`));

/** Runs a block in the checkout, writing into a folder of the test's own. */
function run(body: string, port = 9477): string {
  const script = body
    .replaceAll(/npx poolprint|node dist\/cli\/launch\.js/g, `'${process.execPath}' src/cli/launch.ts`)
    .replaceAll(/(?<![\w-])trial(?=\/)/g, folder)
    .replaceAll('127.0.0.1:9477', `127.0.0.1:${port}`);
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: { ...process.env, POOLPRINT_HTTP_PORT: String(port), LC_ALL: 'C.UTF-8', NO_COLOR: '1' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** As GitHub and most viewers make them. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

test('links lead somewhere', () => {
  const anchors = new Set([...GUIDE.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
  const targets = [...GUIDE.matchAll(/\]\(#([^)]+)\)/g)].map(([, target = '']) => target);
  expect(targets.length).toBeGreaterThan(8);
  expect(targets.filter((target) => !anchors.has(target))).toEqual([]);
});

test('files that it names are there', () => {
  const named = new Set(
    [...GUIDE.matchAll(/(?<![\w.])(?:\/opt\/poolprint\/)?(deploy\/[\w@./-]*\w|(?:tests|captures)\/[\w./-]*\w)/g)].map(
      ([, name = '']) => name,
    ),
  );
  expect(named.size).toBeGreaterThan(8);
  expect([...named].filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  const table = [...(GUIDE.split('| file | becomes |')[1]?.split('\n\n')[0] ?? '').matchAll(/^\| (.+?) \|/gm)]
    .flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
    .map((name) => (/^(?:tmpfiles|sysctl)/.test(name) ? `systemd/${name}` : name));
  expect(table.length).toBeGreaterThan(8);
  expect(table.filter((name) => !existsSync(join(DEPLOY, name)))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const scriptsNamed = [...GUIDE.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
  expect(scriptsNamed.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test('the configuration that it shows is sound', () => {
  const [yaml = '', ...more] = blocks('yaml config');
  expect(more).toEqual([]);
  const config = loadConfig(yaml, 'poolprint.yaml', { STATE_DIRECTORY: '/var/lib/poolprint' });
  expect(config.inputs.map(({ kind }) => kind)).toEqual(['pipe', 'spool', 'collector']);
  expect(config.inputs[0]).toMatchObject({ path: '/run/poolprint/capture-eth1.pcap' });
  expect(config.ledger?.path).toBe('/var/lib/poolprint/poolprint.ledger');
});

test('shell blocks are shell', () => {
  const scripts = BLOCKS.filter(({ info }) => info.startsWith('sh')).map(({ body }) => body);
  expect(scripts.length).toBeGreaterThan(15);
  for (const body of scripts) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: body, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  }
});

describe('blocks marked run', () => {
  test('each has a test', () => {
    const marked = BLOCKS.filter(({ info }) => /\brun\b/.test(info)).map(({ info }) => info);
    expect(marked).toEqual(['sh run', 'sh run daemon', 'sh run promtool', 'sh run ledger']);
  });

  test.skipIf(!installed('promtool'))('rules', () => {
    expect(run(blocks('sh run promtool')[0] ?? '')).toContain('SUCCESS');
  });

  test('back up, anchor, restore, verify', { timeout: 240_000 }, () => {
    execFileSync('mkdir', ['-p', folder]);
    expect(run(blocks('sh run ledger')[0] ?? '')).toContain('confirmed');
    expect(existsSync(join(folder, 'restored.ledger'))).toBe(true);
    expect(existsSync(join(folder, 'anchor.json'))).toBe(true);
  });

  test.skipIf(!has('config', 'run', 'top', 'leads') || !installed('curl'))(
    'a trial run: configuration, daemon, metrics, top, ledger',
    { timeout: 300_000 },
    async () => {
      const port = await freePort();
      expect(run(blocks('sh run')[0] ?? '', port)).toMatch(/sound/);
      const said = run(blocks('sh run daemon')[0] ?? '', port);
      expect(said).toMatch(/^poolprint_ready 1$/m);
      expect(said).toMatch(/^poolprint_detections_total\{[^}]*confidence="confirmed"[^}]*\} [1-9]/m);
      expect(said).toContain('confirmed mining');
    },
  );
});
