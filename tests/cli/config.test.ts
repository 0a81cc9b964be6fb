import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configCommand } from '../../src/cli/config-command.ts';
import { CONFIG_GROUP, type ConfigAction } from '../../src/cli/config-options.ts';
import type { GivenArguments } from '../../src/cli/group.ts';
import { loadConfig } from '../../src/daemon/config/load.ts';
import { Case, type Outcome } from './case-town.ts';

let place: Case;
beforeAll(() => {
  place = new Case();
  place.put('good.yaml', 'sensor: s\ninputs:\n  - {name: tap, kind: pipe, path: "-"}\nlimits: {keys: 1000}\n');
  place.put('bad.yaml', 'sensor: s\nthread: 1\ninputs: []\n');
});
afterAll(() => place.cleanUp());

const run = (action: ConfigAction, given: GivenArguments = {}, env: Record<string, string> = {}): Promise<Outcome> =>
  place.with((environment) => configCommand(action, given, { ...environment, env }));

describe('config check', () => {
  test('one line about a sound one, warnings apart', async () => {
    const file = place.at('good.yaml');
    expect(await run('check', { file }, { POOLPRINT_HTTP_PROT: '1' })).toEqual({
      code: 0,
      stdout: `${file}: sound: 1 input (pipe), 1 point, no ledger, metrics at 127.0.0.1:9477, at most 900.1 MiB\n`,
      stderr: 'poolprint: environment POOLPRINT_HTTP_PROT: overrides nothing: did you mean POOLPRINT_HTTP_PORT?\n',
    });
    const { stdout } = await run('check', { config: file, set: ['http.address=::1', 'http.port=9100'] });
    expect(stdout).toContain('metrics at [::1]:9100');
    expect((await run('check', { set: ['http=off'] }, { POOLPRINT_CONFIG: file })).stdout).toContain('no metrics');
  });

  test('a line for every fault', async () => {
    const { code, stdout, stderr } = await run('check', { file: place.at('bad.yaml') });
    expect([code, stderr]).toEqual([2, '']);
    expect(stdout.split('\n').map((line) => line.slice(line.indexOf('bad.yaml')))).toEqual([
      "bad.yaml:2:1: there is no key 'thread'; did you mean threads?",
      'bad.yaml:3:9: inputs: a list is not a list of 1 to 256 inputs: begin each with "- name:"',
      '',
    ]);
    const missing = await run('check', { file: place.at('none.yaml') });
    expect([missing.code, missing.stdout]).toEqual([2, expect.stringMatching(/none\.yaml: cannot be read \(ENOENT\)/)]);
  });

  test('as JSON', async () => {
    const file = place.at('good.yaml');
    expect(JSON.parse((await run('check', { file, json: true })).stdout)).toEqual({
      ...{ type: 'config_check', version: 1, sound: true, faults: 0, file, inputs: 1, points: 1 },
      ...{ memory_bytes: expect.any(Number), warnings: [], live: null },
    });
    const rows = (await run('check', { file: place.at('bad.yaml'), json: true })).stdout.trim().split('\n');
    expect(rows.map((row) => JSON.parse(row).type)).toEqual(['config_fault', 'config_fault', 'config_check']);
  });

  test('--live tries what it names', async () => {
    const given = { file: place.at('good.yaml'), live: true, set: [`state_directory=${place.at('state')}`] };
    const good = await run('check', given);
    expect([good.code, good.stdout]).toEqual([
      0,
      expect.stringMatching(/: sound: .*; everything it names can be used\n$/),
    ]);
    const bad = await run('check', { ...given, set: [...given.set, 'signatures.endpoints=none.csv'] });
    expect([bad.code, bad.stdout]).toEqual([
      1,
      expect.stringMatching(/^signatures\.endpoints: .*none\.csv: .*\n.*: sound: .*; 1 thing cannot be used\n$/),
    ]);
    expect(JSON.parse((await run('check', { ...given, json: true })).stdout)).toMatchObject({ live: [] });
  });

  test.each<[GivenArguments, RegExp]>([
    [{ file: 'a', config: 'b' }, /^a file is named twice/],
    [{ set: ['threads'] }, /^--set: 'threads' is not KEY=VALUE$/],
    [{ set: ['=1'] }, /^--set: '=1' is not KEY=VALUE$/],
  ])('refuses %j', async (given, message) => {
    await expect(run('check', given)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  });
});

describe('config show', () => {
  test('is a configuration that means the same, with origins and memory', async () => {
    const file = place.at('good.yaml');
    const { code, stdout } = await run('show', { file, set: ['threads=2'] }, { POOLPRINT_LOG_LEVEL: 'warn' });
    expect(code).toBe(0);
    const again = loadConfig(stdout, file, {});
    const config = loadConfig(readFileSync(file, 'utf8'), file, {});
    expect(again).toEqual({ ...config, threads: 2, log: { level: 'warn', format: 'json' } });
    expect(stdout).toMatch(/^sensor: s +# .*good\.yaml:1$/m);
    expect(stdout).toMatch(/^threads: 2 +# --set threads$/m);
    expect(stdout).toMatch(/^ {2}level: warn +# environment POOLPRINT_LOG_LEVEL$/m);
    expect(stdout).toMatch(/^resolver: off +# default$/m);
    expect(stdout).toMatch(/^# {3}point tap: flows +52\.5 MiB$/m);
    expect(stdout).toMatch(/^# {3}together +\d+\.\d MiB$/m);
  });

  test('as JSON', async () => {
    const { stdout } = await run('show', { file: place.at('good.yaml'), json: true });
    const row = JSON.parse(stdout) as { values: unknown[]; memory: { bytes: number }[]; memory_bytes: number };
    expect(row).toMatchObject({ type: 'config', version: 1 });
    expect(row.values).toContainEqual({
      path: ['inputs', 0, 'path'],
      value: '-',
      origin: `${place.at('good.yaml')}:3`,
    });
    expect(row.memory.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(row.memory_bytes);
  });
});

test('config schema prints the published one', async () => {
  const { code, stdout } = await run('schema');
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ title: 'Configuration of poolprint run' })]);
  expect(Object.keys(CONFIG_GROUP.actions)).toEqual(['check', 'show', 'schema']);
});
