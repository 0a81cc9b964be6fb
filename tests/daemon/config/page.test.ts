/** What is published about the configuration is what the loader does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/daemon/config/load.ts';
import { CONFIG_PAGE, configPage, publishedSchema, SCHEMA_FILE } from '../../pages/config-schema.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'deploy', 'poolprint.yaml');
const example = readFileSync(EXAMPLE, 'utf8');
/** The example with everything in it that is commented out. */
const whole = example
  .replace(/^(\s*)# (?=(?:- )?[a-z_]+:(?: |$)| {2}[a-z_]+:)/gm, '$1')
  .replace(/^ {2}path: poolprint.ledger.*\n/m, '');

const validate = new Ajv({ strict: false }).compile(publishedSchema());

describe('docs/config.schema.json', () => {
  test('is the one the loader uses', () => {
    const committed: unknown = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'));
    expect(committed).toEqual(JSON.parse(JSON.stringify(publishedSchema())));
  });

  test.each<[text: string, sound: boolean]>([
    ['{sensor: s, inputs: [{name: a, kind: live, interface: e}]}', true],
    ['{sensor: s, http: off, ledger: {}, inputs: [{name: a, kind: pipe}]}', true],
    ['{sensor: s, inputs: []}', false],
    ['{sensor: s, inputs: [{name: a, kind: live}]}', false],
    ['{sensor: s, limits: off, inputs: [{name: a, kind: pipe}]}', false],
    ['{sensor: s, colour: red, inputs: [{name: a, kind: pipe}]}', false],
    ['{sensor: s, timeouts: {flow_idle: 30}, inputs: [{name: a, kind: pipe}]}', false],
    ['{sensor: s, threads: 65, inputs: [{name: a, kind: pipe}]}', false],
  ])('%s: %s', (text, sound) => {
    expect(validate(load(text))).toBe(sound);
  });
});

test('the tables of docs/daemon-config.md are made of the keys', () => {
  const page = readFileSync(CONFIG_PAGE, 'utf8');
  expect(page).toBe(configPage(page));
});

describe('deploy/poolprint.yaml', () => {
  test.each([
    ['as it is', example, 2],
    ['with all that is commented out', whole, 5],
  ])('is sound %s', (_, text, inputs) => {
    const { config, warnings } = readConfig(text, EXAMPLE, {});
    expect([config.inputs.length, warnings]).toEqual([inputs, []]);
    validate(load(text));
    expect(validate.errors).toBeNull();
  });

  test('shows defaults as they are', () => {
    const { config } = readConfig(whole, EXAMPLE, {});
    const least =
      'sensor: s\ninputs: [{name: a, kind: pipe, path: p}]\nresolver: {servers: [192.0.2.53]}\nledger: {}\n';
    const plain = readConfig(least, EXAMPLE, {}).config;
    const { limits, overload, checkpoint, http, resolver, log, threads, watch, stateDirectory, ledger } = plain;
    expect(config).toMatchObject({
      limits,
      overload,
      checkpoint,
      http,
      resolver,
      log,
      threads,
      watch,
      stateDirectory,
      ledger,
    });
  });

  test('names the schema on its first line', () => {
    expect(example.split('\n', 1)[0]).toBe('# yaml-language-server: $schema=../docs/config.schema.json');
  });
});
