import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { describeSignatures, SIGNATURE_ACTIONS } from '../../src/cli/signatures-options.ts';
import { defaultSignatureDirectory } from '../../src/signature/directory.ts';
import { fileOf } from '../signature/build.ts';
import { ALL, at, cleanUp, LAUNCH, prepare, put, rowsOf, run, signatures } from './signatures-run.ts';

beforeAll(prepare);
afterAll(cleanUp);

describe('usage', () => {
  test.each([
    [[], 'no command given'],
    [['polish'], 'Unknown argument: polish'],
    [['list', 'more'], 'Unknown argument: more'],
    [['list', '--bogus'], 'Unknown argument: bogus'],
    [['list', '--status', 'good'], 'Invalid values'],
    [['list', '--kind', 'smoke'], 'Invalid values'],
    [['list', '--dialect', 'cryptonot'], "did you mean 'cryptonote'?"],
    [['list', '--lang', 'en', '--lang', 'zh'], '--lang is given twice'],
    [['list', '--signatures', ''], '--signatures'],
    [['show'], 'Not enough non-option arguments'],
    [['show', 'cryptonote.sumbit'], "no signature has the id 'cryptonote.sumbit'; did you mean 'cryptonote.submit'?"],
    [['show', 'cryptonot.*'], "did you mean 'cryptonote.*'?"],
    [['test', '\x1b[31mred'], '\\x1b[31mred'],
    [['search', ' '], 'no word'],
    [['diff', 'a'], 'Not enough non-option arguments'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await signatures(...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^poolprint: [^\n\x1b]+ \(see 'poolprint signatures --help'\)\n$/);
  });

  test.each([
    ['list', ['list', '--signatures', 'nowhere']],
    ['diff', ['diff', 'nowhere', 'elsewhere']],
    ['diff of a lone dash', ['diff', '-', 'elsewhere']],
    ['one of several folders', ['list', '--signatures', 'nowhere', '--signatures', defaultSignatureDirectory()]],
  ])('%s of what is not there: one line each, exit 2', async (_, argv) => {
    const { code, stdout, stderr } = await signatures(...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^poolprint: (nowhere|-): [^\n]+\n$/);
  });

  test('help names every command; docs name every command and option', async () => {
    const { code, stdout } = await signatures('--help');
    expect(code).toBe(0);
    const page = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
    for (const action of SIGNATURE_ACTIONS) {
      expect(stdout).toContain(`poolprint signatures ${action}`);
      expect(page).toContain(`\`signatures ${action}`);
      const help = (await signatures(action, '--help')).stdout;
      expect(help).toContain(`Usage: poolprint signatures ${action}`);
      expect(help).toContain('--json');
      const options = (help.match(/--[a-z][a-z-]*/g) ?? []).filter((name) => !page.includes(name));
      expect(options, action).toEqual([]);
    }
    expect(await describeSignatures(yargs([]), () => undefined).getHelp()).toContain('Exit codes');
  });
});

describe('lint', () => {
  test('the signatures that come along are sound', async () => {
    const { code, stdout, stderr } = await signatures('lint');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^${ALL.length} signatures in \\d+ files, no faults\\n$`));
  });

  test('every fault with its place, exit 2', async () => {
    const { code, stdout, stderr } = await signatures('lint', at('bad'));
    expect([code, stderr]).toEqual([2, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/bad\/a\.yaml:\d+:\d+: .*weight must be at most 1|bad\/a\.yaml:\d+:\d+: "colour" is not/);
    expect(stdout).toContain('"colour" is not a member of a signature');
    expect(stdout).toMatch(/bad\/b\.yaml:\d+:\d+: not readable as YAML/);
    expect(lines[3]).toBe('Faults: 3');
  });

  test('JSON', async () => {
    const bad = await signatures('lint', '--json', at('bad'));
    expect(bad.code).toBe(2);
    const rows = rowsOf(bad);
    expect(rows[0]).toEqual({
      type: 'signature_fault',
      version: 1,
      file: at('bad/a.yaml'),
      line: expect.any(Number),
      column: expect.any(Number),
      message: expect.any(String),
    });
    expect(rows.at(-1)).toEqual({ type: 'signature_lint', version: 1, files: null, signatures: null, faults: 3 });
    const good = rowsOf(await signatures('lint', '--json', at('old'), at('nested')));
    expect(good).toEqual([{ type: 'signature_lint', version: 1, files: 2, signatures: 4, faults: 0 }]);
  });

  test('files and folders together, ids shared between them included', async () => {
    expect((await signatures('lint', at('old/a.yaml'), at('nested'))).stdout).toContain('4 signatures in 2 files');
    const shared = await signatures('lint', at('old'), at('new/a.yaml'));
    expect(shared.code).toBe(2);
    expect(shared.stdout).toContain('id demo.one is taken by the signature at');
    expect((await signatures('lint', at('old'), at('empty'))).stdout).toMatch(/empty: holds no signature files/);
    expect((await signatures('lint', at('missing.yaml'))).code).toBe(2);
    expect((await signatures('lint', 'a\0b', at('old'))).code).toBe(2);
  });
});

describe('test', () => {
  test('all, or those named', async () => {
    const all = await signatures('test');
    expect([all.code, all.stderr]).toEqual([0, '']);
    const live = ALL.filter(({ status }) => status !== 'retired');
    const count = live.reduce((sum, { tests }) => sum + tests.length, 0);
    expect(all.stdout).toBe(`${count} tests of ${live.length} signatures passed\n`);
    const one = await signatures('test', 'cryptonote.submit', 'coinhive.*');
    const named = live.filter(({ id }) => id === 'cryptonote.submit' || id.startsWith('coinhive.'));
    expect(one.stdout).toContain(` tests of ${named.length} signatures passed`);
  });

  test('failures with place, reason and text; exit 1', async () => {
    const { code, stdout, stderr } = await signatures('test', '--signatures', at('failing'));
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout.split('\n')).toEqual([
      'a.yaml:2: demo.one v1, tests[1], miner, must not hold: holds, but must not',
      '    {"method":"demo.one","id":1}',
      expect.stringMatching(
        /^a\.yaml:2: demo\.one v1, tests\[2\], miner, must not hold: the (parsers refuse|text gives)/,
      ),
      '    no json',
      '2 of 5 tests failed',
      '',
    ]);
    expect((await signatures('test', 'demo.two', '--signatures', at('failing'))).code).toBe(0);
  });

  test('JSON', async () => {
    const rows = rowsOf(await signatures('test', '--json', '--signatures', at('failing')));
    expect(rows).toHaveLength(6);
    expect(rows[1]).toMatchObject({ signature: 'demo.one', index: 1, expect: 'none', ok: false, line: 2 });
    expect(rows.at(-1)).toEqual({ type: 'signature_tests', version: 1, tests: 5, failed: 2, signatures: 2 });
  });

  test('nothing tested is said', async () => {
    put('retired.yaml', fileOf({ status: 'retired' }));
    const { code, stdout } = await signatures('test', '--signatures', at('retired.yaml'));
    expect([code, stdout]).toEqual([0, 'No tests: retired signatures are not tested.\n']);
  });
});

describe('output', () => {
  test('a reader that went away changes no exit code, a full disk is 1', async () => {
    expect(await run(['signatures', 'list'], {}, 'EPIPE')).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['signatures', 'lint', at('bad')], {}, 'EPIPE')).toMatchObject({ code: 2, stderr: '' });
    const full = await run(['signatures', 'list'], {}, 'ENOSPC');
    expect([full.code, full.stderr]).toEqual([
      1,
      'poolprint: cannot write to standard output: no space left on device\n',
    ]);
  });

  test('a process whose reader is gone ends in silence', async () => {
    const child = spawn(process.execPath, [LAUNCH, 'signatures', 'show', '--json', ...ALL.map(({ id }) => id)]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, stderr]).toEqual([0, '']);
  });
});
