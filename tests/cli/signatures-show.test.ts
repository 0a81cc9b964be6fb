import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultSignatureDirectory } from '../../src/signature/directory.ts';
import { fileOf } from '../signature/build.ts';
import { ALL, at, cleanUp, prepare, put, rowsOf, run, signatures } from './signatures-run.ts';

beforeAll(prepare);
afterAll(cleanUp);

describe('list', () => {
  test('a line for each, aligned', async () => {
    const { code, stdout, stderr } = await signatures('list');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(ALL.length + 1);
    expect(lines[0]).toMatch(/^id +version +status +kind +dialect +weight +tests +title$/);
    const title = lines[0]?.indexOf('title') ?? 0;
    for (const [index, { title: own }] of ALL.entries()) expect(lines[index + 1]?.slice(title)).toBe(own.en);
  });

  test.each([
    [['--status', 'draft'], ['demo.three']],
    [
      ['--status', 'draft', '--status', 'stable'],
      ['demo.one', 'demo.three', 'demo.two'],
    ],
    [['--kind', 'tls'], []],
    [
      ['--dialect', 'demo', '--kind', 'payload', '--status', 'stable'],
      ['demo.one', 'demo.two'],
    ],
    [['--dialect', 'none'], []],
  ])('%j', async (argv, ids) => {
    const { code, stdout, stderr } = await signatures('list', '--json', '--signatures', at('old'), ...argv);
    expect([code, stderr]).toEqual([0, '']);
    const rows = rowsOf({ code, stdout, stderr }) as { type: string; signature: { id: string } }[];
    expect(rows.map(({ type, signature }) => [type, signature.id])).toEqual(ids.map((id) => ['signature', id]));
    const plain = await signatures('list', '--signatures', at('old'), ...argv);
    expect(plain.stderr).toBe(ids.length === 0 ? 'No signature fits.\n' : '');
    expect(plain.stdout.split('\n').length).toBe(ids.length === 0 ? 1 : ids.length + 2);
  });

  test('several folders make one set', async () => {
    const found = await signatures('list', '--json', '--signatures', at('nested'), '--signatures', at('old'));
    expect(rowsOf(found)).toHaveLength(4);
  });

  test('Chinese is aligned and cut by its width', async () => {
    const wide = await run(['signatures', 'list', '--signatures', at('old')], { LANG: 'zh_CN.UTF-8' });
    expect(wide.stdout.split('\n')).toEqual([
      '编号        版本  状态  类别  协议  权重  测试  名称',
      'demo.one       1  稳定  载荷  demo  0.95     2  演示',
      'demo.three     1  草案  载荷  demo   0.5     2  演示',
      'demo.two       1  稳定  载荷  demo  0.95     2  演示',
      '',
    ]);
  });

  test.each([150, 120, 100, 80, 60])('fits into %d columns; what is left out is said', async (width) => {
    const { stdout } = await run(['signatures', 'list', '--lang', 'en'], { COLUMNS: String(width) });
    const lines = stdout.trimEnd().split('\n');
    const said = lines.filter((line) => line.startsWith('Columns left out'));
    for (const line of lines) if (!said.includes(line)) expect(line.length).toBeLessThanOrEqual(width);
    expect(said).toHaveLength(width > 120 ? 0 : 1);
    expect(lines[0]).toMatch(/^id .*title$/);
    expect(stdout).toContain(ALL[0]?.id);
    if (width === 80) expect(lines[0]).toMatch(/^id +status +/);
    if (width === 100) expect(said[0]).toContain('tests; a wider');
  });

  test('colour only where it is wanted', async () => {
    expect((await signatures('list')).stdout).not.toContain('\x1b');
    expect((await signatures('list', '--color', 'always')).stdout).toContain('\x1b[1m');
    expect((await signatures('list', '--json', '--color', 'always')).stdout).not.toContain('\x1b');
  });
});

describe('show', () => {
  test('every member', async () => {
    const { code, stdout, stderr } = await signatures('show', 'cryptonote.login');
    const signature = ALL.find(({ id }) => id === 'cryptonote.login');
    expect([code, stderr]).toEqual([0, '']);
    const { title, lookAlikes, references, line, version } = signature!;
    for (const text of [
      `cryptonote.login v${version}\n`,
      title.en,
      title.zh,
      `${join(defaultSignatureDirectory(), 'cryptonote.yaml')}:${line}\n`,
      'all:\n',
      '- {method: [login]}\n',
      '0.9: one such message proves mining',
      lookAlikes.en,
      lookAlikes.zh,
      ...references,
      'miner, must hold: {"id":1,"jsonrpc"',
      'miner, must not hold: {"id":"0"',
      'tcp, ws',
    ]) {
      expect(stdout).toContain(text);
    }
  });

  test('several, a prefix, JSON that can be read back', async () => {
    const rows = rowsOf(await signatures('show', '--json', 'coinhive.*', 'stratum.notify')) as {
      signature: Record<string, unknown>;
    }[];
    const wanted = ALL.filter(({ id }) => id.startsWith('coinhive.') || id === 'stratum.notify');
    expect(wanted.length).toBeGreaterThan(2);
    expect(rows.map(({ signature }) => signature['id'])).toEqual(wanted.map(({ id }) => id));
    for (const [index, { signature }] of rows.entries()) {
      const { look_alikes, ...rest } = signature;
      expect({ ...rest, lookAlikes: look_alikes }).toEqual(wanted[index]);
    }
  });

  test('what the weight means', async () => {
    const weights = [
      [{ weight: 0.9 }, '0.9: one such message proves mining'],
      [{ weight: 0.85 }, '0.85: strong, but one more sign is wanted'],
      [{ weight: 0.6 }, '0.6: asks for work, proves nothing alone'],
      [{ weight: 0.3 }, '0.3: a hint'],
      [{ weight: 0.8, status: 'draft' }, '0.8: a draft, never proves anything alone'],
      [{ weight: 1, status: 'retired' }, '1: retired, never holds'],
    ] as const;
    for (const [change, text] of weights) {
      put('weight.yaml', fileOf(change));
      expect((await signatures('show', 'demo.one', '--signatures', at('weight.yaml'))).stdout).toContain(text);
    }
  });

  test('hostile texts are shown harmlessly', async () => {
    put('hostile.yaml', fileOf({ title: { en: 'a\u001b[2Jb\u202e', zh: '演\n示' } }));
    const { stdout } = await signatures('show', 'demo.one', '--signatures', at('hostile.yaml'));
    expect(stdout).toContain('a\\x1b[2Jb\\u202e');
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  });
});

test('search: words in both languages, and where they were found', async () => {
  const { code, stdout, stderr } = await signatures('search', '份额', 'CryptoNote');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^id +status +dialect +found in +title\n/);
  expect(stdout).toMatch(/^cryptonote\.submit +stable +cryptonote +.*title/m);
  expect(stdout).not.toMatch(/^stratum/m);
  expect((await signatures('search', '份额 CryptoNote')).stdout).toBe(stdout);
  const rows = rowsOf(await signatures('search', '--json', 'mining.submit')) as { found_in: string[] }[];
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row).toMatchObject({ type: 'signature', found_in: expect.any(Array) });
  const none = await signatures('search', 'nosuchword');
  expect(none).toEqual({ code: 0, stdout: '', stderr: 'No signature fits.\n' });
});

test('stats: totals, dialects, what is missing', async () => {
  const { code, stdout, stderr } = await signatures('stats', '--signatures', at('old'));
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('3 signatures: 1 draft, 2 stable; 3 payload\n');
  expect(stdout).toContain('2 prove mining alone (weight 0.9 or more); 3 positive and 3 negative tests\n');
  expect(stdout).toMatch(/^demo +2 +1 +0 +2 +6$/m);
  expect(stdout).toMatch(/^Dialects without a stable signature: .*cryptonote/m);
  expect(stdout).toMatch(/^Dialects the program has no reader for: demo$/m);
  const [row] = rowsOf(await signatures('stats', '--json', '--signatures', at('old')));
  expect(row).toMatchObject({
    type: 'signature_stats',
    version: 1,
    signatures: 3,
    proving: 2,
    status: { draft: 1, stable: 2, retired: 0 },
    without_stable: expect.arrayContaining(['cryptonote']),
    unknown_dialects: ['demo'],
  });
});

describe('diff', () => {
  test('what changed, and the promises broken', async () => {
    const { code, stdout, stderr } = await signatures('diff', at('old'), at('new'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      '- demo.two v1',
      '  ! the id is gone, but ids are stable for ever: bring it back with status: retired',
      '+ demo.four v1  Demonstration',
      '~ demo.one v1',
      '  ! the meaning changed (match), but the version did not: raise it',
      '    match.all: - {method: [demo.one]}',
      '    match.all: + {method: [demo.one, demo.1]}',
      '~ demo.three v1 → v2',
      '    status: draft → stable',
      '    weight: 0.5 → 0.9',
      '1 added, 1 removed, 2 changed, 0 the same',
      'Promises broken: 2',
      '',
    ]);
  });

  test('--strict exits with 1 for broken promises only', async () => {
    expect((await signatures('diff', '--strict', at('old'), at('new'))).code).toBe(1);
    expect((await signatures('diff', '--strict', at('new/b.yaml'), at('new'))).code).toBe(0);
    const same = await signatures('diff', '--strict', at('old'), at('old/a.yaml'));
    expect([same.code, same.stdout]).toEqual([0, 'No differences in 3 signatures.\n']);
  });

  test('JSON', async () => {
    const rows = rowsOf(await signatures('diff', '--json', at('old'), at('new')));
    expect(rows.map(({ change, id, fault }) => [change, id, fault])).toEqual([
      ['removed', 'demo.two', 'removed'],
      ['added', 'demo.four', null],
      ['changed', 'demo.one', 'unversioned'],
      ['changed', 'demo.three', null],
      [undefined, undefined, undefined],
    ]);
    expect(rows[2]).toMatchObject({ meaning: ['match'], before: { version: 1 }, after: { version: 1 } });
    expect(rows[4]).toEqual({
      type: 'signature_diff',
      version: 1,
      added: 1,
      removed: 1,
      changed: 2,
      unchanged: 0,
      faults: 2,
    });
  });

  test('Chinese', async () => {
    expect((await signatures('diff', '--lang', 'zh', at('old'), at('new'))).stdout).toContain('违反约定：2 处');
  });
});
