/** Every option that a help shows is read by its command. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GROUPS } from '../../src/cli/cli.ts';
import { Case, COLLEGE, example, FARM, HOUSEHOLD } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

const CONFIG = join(import.meta.dirname, '..', '..', 'deploy', 'poolprint.yaml');

type Given = Record<string, unknown>;

/** Arguments with which each command runs to its end; several where an option matters in one case only. */
const RUNS: Readonly<Record<string, readonly ((own: Case) => Given | Promise<Given>)[]>> = {
  'registry import': [() => ({ files: [example('filing.csv')] })],
  'registry list': [() => ({})],
  'registry lookup': [
    () => ({ address: '198.51.100.35', at: '2026-11-04', sealed: true, document: 'D', purpose: 'P' }),
  ],
  'leads list': [() => ({})],
  'leads show': [() => ({ ids: [HOUSEHOLD], sealed: true, document: 'D', purpose: 'P' })],
  'leads set': [() => ({ id: FARM, fields: ['status=true'] })],
  'leads merge': [() => ({ id: FARM, into: COLLEGE })],
  'leads split': [
    async (own) => {
      await own.ok('leads', 'merge', FARM, COLLEGE);
      return { id: COLLEGE, parts: [FARM] };
    },
  ],
  'leads link': [() => ({ id: FARM, other: COLLEGE })],
  'leads export': [
    (own) => ({ format: 'csv', for: 'police', purpose: 'P', document: 'D', sealed: true, out: own.at('a') }),
    () => ({ format: 'stix' }),
  ],
  'leads import': [() => ({ files: [example('national-list.csv')] })],
  'leads attribute': [() => ({})],
  'report weekly': [() => ({})],
  'report region': [() => ({})],
  'report department': [() => ({})],
  'ledger verify': [() => ({})],
  'ledger anchor': [() => ({})],
  'ledger backup': [(own) => ({ file: own.at('b') })],
  'ledger restore': [
    async (own) => {
      await own.ok('ledger', 'backup', own.at('b'));
      return { file: own.at('b'), ledger: own.at('c') };
    },
  ],
  'ledger settings': [() => ({}), () => ({ pairs: ['deadline.open=5'] })],
  'ledger purge': [() => ({})],
  'config check': [() => ({ file: CONFIG })],
  'config show': [() => ({ file: CONFIG })],
};

const ACTIONS = GROUPS.filter(({ spec }) => spec.name !== 'evidence').flatMap(({ spec, run }) =>
  Object.entries(spec.actions).map(([action, its]) => ({ name: `${spec.name} ${action}`, action, its, run })),
);

describe('is read', () => {
  test.each(ACTIONS)('$name', async ({ name, action, its, run }) => {
    const read = new Set<string>();
    for (const given of RUNS[name] ?? []) {
      const own = town.fork();
      const values: Given = await given(own);
      const watched = new Proxy(values, {
        get(target, key) {
          read.add(String(key));
          return Reflect.get(target, key);
        },
      });
      const { code, stderr } = await own.with((environment) => run(action, watched, environment));
      expect([code, stderr]).toEqual([0, '']);
      own.cleanUp();
    }
    const declared = [...Object.keys(its.options ?? {}), ...Object.keys(its.positionals ?? {})];
    expect(declared.filter((option) => !read.has(option))).toEqual([]);
  });
});

describe('help', () => {
  test.each(ACTIONS)('$name', async ({ name, its }) => {
    const { code, stdout, stderr } = await town.run(...name.split(' '), '--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const option of Object.keys(its.options ?? {})) expect(stdout).toContain(`--${option}`);
    for (const positional of Object.keys(its.positionals ?? {})) expect(stdout).toContain(positional);
  });

  test('groups name their commands; an unknown one is a usage error', async () => {
    for (const { spec } of GROUPS) {
      const { code, stdout } = await town.run(spec.name, '--help');
      expect(code).toBe(0);
      for (const action of Object.keys(spec.actions)) expect(stdout).toContain(`${spec.name} ${action}`);
      expect((await town.run(spec.name)).stderr).toMatch(/no command given: name one of/);
      expect((await town.run(spec.name, 'nonsense')).code).toBe(2);
    }
  });
});
