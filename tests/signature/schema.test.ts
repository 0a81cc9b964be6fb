import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { defaultSignatureDirectory } from '../../src/signature/directory.ts';
import { publishedSchema, SCHEMA_FILE } from './schema.ts';

describe('published schema', () => {
  test('is the one the loader uses', () => {
    const committed: unknown = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'));
    expect(committed).toEqual(JSON.parse(JSON.stringify(publishedSchema())));
  });

  const validate = new Ajv({ strict: false }).compile(publishedSchema());
  const files = readdirSync(defaultSignatureDirectory()).filter((name) => name.endsWith('.yaml'));

  test.each(files)('%s fits it and names it on its first line', (name) => {
    const text = readFileSync(join(defaultSignatureDirectory(), name), 'utf8');
    expect(text.split('\n', 1)[0]).toBe('# yaml-language-server: $schema=schema.json');
    validate(load(text));
    expect(validate.errors).toBeNull();
  });

  test('refuses an unknown member', () => {
    expect(validate([{ id: 'a.b', colour: 'red' }])).toBe(false);
  });
});
