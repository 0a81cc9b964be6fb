import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, MAX_FAULTS } from '../../../src/daemon/config/config-error.ts';
import { effectiveRows, effectiveYaml } from '../../../src/daemon/config/effective.ts';
import { INPUTS, SECTIONS } from '../../../src/daemon/config/keys.ts';
import { readConfig } from '../../../src/daemon/config/load.ts';
import { KEYS, variableOf } from '../../../src/daemon/config/overrides.ts';
import { type Env, FILE, LEAST, read } from './reading.ts';

describe('what holds in the end', () => {
  test('names the origin of every value', () => {
    const env = { POOLPRINT_LOG_LEVEL: 'debug', POOLPRINT_RESOLVER: 'off' };
    const loaded = read(`${LEAST}http:\n  port: 1\n`, env, { flags: [['threads', '2']] });
    const origins = new Map(effectiveRows(loaded).map(({ path, origin }) => [path.join('.'), origin]));
    expect(Object.fromEntries(origins)).toMatchObject({
      sensor: `${FILE}:1`,
      threads: '--set threads',
      'inputs.0.kind': `${FILE}:3`,
      'inputs.0.snaplen': 'default',
      'http.address': 'default',
      'http.port': `${FILE}:5`,
      'log.level': 'environment POOLPRINT_LOG_LEVEL',
      resolver: 'environment POOLPRINT_RESOLVER',
      ledger: 'default',
    });
  });

  /** Texts that YAML would take for something else, and odd ones. */
  const word = fc.oneof(
    fc.constantFrom(
      '1e3',
      'true',
      'null',
      '~',
      '0x10',
      'off',
      'a: b',
      '#x',
      '- x',
      '010',
      '矿池 1',
      "it's",
      '.5',
      '<<',
      '"',
    ),
    fc.stringMatching(/^[ -~]{1,12}$/).filter((text) => text.trim() === text && !text.includes('  ')),
  );
  const configuration = fc.record({
    sensor: word,
    threads: fc.integer({ min: 1, max: 64 }),
    detections_file: fc.option(word),
    points: fc.constant([{ name: 'unused' }, { name: 'p.1', nat: 'inside', realm: 'r', home: ['10.0.0.0/8'] }]),
    inputs: fc.uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,8}$/),
        kind: fc.constant('pipe'),
        path: word,
        point: fc.constantFrom('p.1', 'p2'),
      }),
      { minLength: 1, maxLength: 4, selector: ({ path }) => path, comparator: 'IsStrictlyEqual' },
    ),
    ledger: fc.oneof(fc.constant('off'), fc.record({ actor: word, mmdb: fc.array(word, { maxLength: 2 }) })),
    timeouts: fc.record({ flow_idle: fc.constantFrom('10s', '90s', '1.5m', '1d', '12345ms') }),
    overload: fc.record({ least_share: fc.double({ min: 0.001, max: 1, noNaN: true }) }),
    limits: fc.record({ reassembly: fc.constantFrom('1MiB', '1024MiB', '1025MiB', '2GiB') }),
  });

  test('printed as YAML and read again is the same', () => {
    fc.assert(
      fc.property(configuration, (value) => {
        const names = value.inputs.map(({ name }) => name);
        fc.pre(new Set(names).size === names.length);
        const loaded = read(JSON.stringify(value));
        const again = read(effectiveYaml(effectiveRows(loaded)).join('\n'));
        expect(again.config).toEqual(loaded.config);
      }),
      { numRuns: 200 },
    );
  });
});

describe('never throws anything but a ConfigError', () => {
  const total = (text: string, env: Env = {}): void => {
    try {
      const loaded = readConfig(text, 'x.yaml', env, { readFile: () => text });
      effectiveYaml(effectiveRows(loaded));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.message.split('\n').length).toBeLessThanOrEqual(MAX_FAULTS + 1);
      expect(error.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    }
  };

  test('on any text', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), (text) => total(text)));
  });

  test('on any value below any key that there is', () => {
    const kinds = Object.keys(INPUTS);
    const keys = [...Object.values(INPUTS), ...Object.values(SECTIONS).map(({ keys: own }) => own)].flatMap((own) =>
      Object.keys(own),
    );
    const names = fc.oneof(
      fc.constantFrom('kind', 'points', 'inputs', ...KEYS.keys(), ...Object.keys(SECTIONS), ...keys),
      fc.string(),
    );
    const value = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(...kinds, 'off', null, true, -0, 1e21, '30s', '1GiB', '10.0.0.0/8'),
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.array(fc.tuple(names, tie('tree')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
      ),
    })).tree;
    const top = fc.dictionary(
      fc.oneof(fc.constantFrom('points', 'inputs', 'sensor', ...Object.keys(SECTIONS)), names),
      value,
    );
    fc.assert(
      fc.property(top, (tree) => total(JSON.stringify(tree))),
      { numRuns: 300 },
    );
  });

  test('on any environment', () => {
    const name = fc.oneof(
      fc.constantFrom(...[...KEYS.keys()].flatMap((key) => [variableOf(key), `${variableOf(key)}_FILE`])),
      fc.string().map((text) => `POOLPRINT_${text}`),
      fc.constantFrom('STATE_DIRECTORY', 'RUNTIME_DIRECTORY', 'POOLPRINT_HTTP'),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'binary' })), (env) => total(LEAST, env)),
      { numRuns: 300 },
    );
  });
});
