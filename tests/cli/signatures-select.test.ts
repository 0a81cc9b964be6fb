import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSelectedSignatures } from '../../src/cli/signatures.ts';
import { SignatureError } from '../../src/signature/types.ts';
import { fileOf } from '../signature/build.ts';
import { ALL, at, cleanUp, LAUNCH, prepare, put } from './signatures-run.ts';

beforeAll(prepare);
afterAll(cleanUp);

describe('the signatures of a run', () => {
  const ids = async (
    directory: string | readonly string[] | null,
    only: string[] = [],
    without: string[] = [],
  ): Promise<string[]> => (await loadSelectedSignatures({ directory, only, without })).signatures.map(({ id }) => id);

  test('are those that come along, or those of a folder, a file or several instead', async () => {
    expect(await ids(null)).toEqual(ALL.map(({ id }) => id));
    expect(await ids(at('old'))).toEqual(['demo.one', 'demo.three', 'demo.two']);
    expect(await ids(at('new/b.yaml'))).toEqual(['demo.four', 'demo.three']);
    expect(await ids([at('new/b.yaml'), at('nested')])).toEqual(['deep.one', 'demo.four', 'demo.three']);
    await expect(ids([at('old'), at('new')])).rejects.toThrow(SignatureError);
    await expect(ids(at('empty'))).rejects.toThrow('holds no signatures');
  });

  test('--only and --without take ids and prefixes', async () => {
    const cryptonote = ALL.map(({ id }) => id).filter((id) => id.startsWith('cryptonote.'));
    expect(await ids(null, ['cryptonote.*'])).toEqual(cryptonote);
    expect(await ids(null, ['cryptonote.*'], ['cryptonote.login'])).toEqual(
      cryptonote.filter((id) => id !== 'cryptonote.login'),
    );
    expect(await ids(at('old'), [], ['demo.one'])).toEqual(['demo.three', 'demo.two']);
    expect(await ids(at('old'), ['demo.one', 'demo.*'])).toHaveLength(3);
  });

  test.each([
    [['demo.on'], [], "--only: no signature has the id 'demo.on'; did you mean 'demo.one'?"],
    [[], ['dmeo.*'], "--without: no signature has the id 'dmeo.*'; did you mean 'demo.*'?"],
    [['demo.one'], ['demo.*'], 'leave no signature'],
    [[], ['demo.*'], 'leave no signature'],
  ])('only %j, without %j', async (only, without, message) => {
    await expect(ids(at('old'), only, without)).rejects.toThrow(message);
    await expect(ids(at('old'), only, without)).rejects.toMatchObject({ exitCode: 2 });
  });

  test('only retired ones are as good as none', async () => {
    put('old-and-dead.yaml', fileOf({ id: 'demo.one' }, { id: 'demo.dead', status: 'retired' }));
    await expect(ids(at('old-and-dead.yaml'), ['demo.dead'])).rejects.toThrow('only retired signatures');
  });
});

describe('replay', () => {
  const CAPTURE = fileURLToPath(new URL('../../captures', import.meta.url));
  const replay = (...args: string[]): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [LAUNCH, 'replay', '--json', ...args], { encoding: 'utf8' });
  const capture = join(CAPTURE, 'cryptonote.pcap');

  test('lists joined by commas, repeated, and prefixes', () => {
    const { status, stdout, stderr } = replay(
      capture,
      '--only',
      'cryptonote.job,cryptonote.submit',
      '--only',
      'coinhive.*',
    );
    expect([status, stderr]).toEqual([0, '']);
    const found = [...stdout.matchAll(/"signature":"([^"]+)"/g)].map(([, id]) => id);
    expect([...new Set(found)].sort()).toEqual(['cryptonote.job', 'cryptonote.submit']);
  });

  test.each([
    [['--only', 'cryptonote.sumbit'], "did you mean 'cryptonote.submit'?"],
    [['--without', 'cryptonote.login,'], '--without: an id is empty'],
    [['--signatures', ''], '--signatures'],
  ])('%j: one line, exit 2', (args, message) => {
    const { status, stdout, stderr } = replay(capture, ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^poolprint: [^\n]+ \(see 'poolprint replay --help'\)\n$/);
  });

  test('signatures of several places replace those that come along', () => {
    const { status, stdout } = replay(capture, '--signatures', at('old'), '--signatures', at('nested'));
    expect(status).toBe(0);
    expect(stdout).not.toContain('"type":"detection"');
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ signature_set: { signatures: 4 } });
  });
});
