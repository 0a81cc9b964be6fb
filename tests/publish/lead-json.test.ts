import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEPARTMENTS, parseFieldSets } from '../../src/publish/field-sets.ts';
import { applyFieldSet } from '../../src/publish/hand-over.ts';
import { jsonLines } from '../../src/publish/json.ts';
import { leadJsonLine } from '../../src/publish/lead-json.ts';
import { EMPTY_LEAD, leads } from './lead-arbitrary.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const schema = JSON.parse(readFileSync(join(ROOT, 'docs/lead.schema.json'), 'utf8'));
const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(
  schema,
);
const faults = (value: unknown): unknown => (validate(value) ? [] : validate.errors);
const fieldSets = parseFieldSets(readFileSync(join(ROOT, 'signatures/reference/field-sets.csv'), 'utf8'));

describe('a lead as JSON', () => {
  test('follows the schema, whatever is in it', () => {
    fc.assert(
      fc.property(leads, (lead) => {
        expect(faults(JSON.parse(leadJsonLine(lead)))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('the schema refuses what is no lead', () => {
    expect(faults(EMPTY_LEAD)).toEqual([]);
    expect(faults({ ...EMPTY_LEAD, more: 1 })).not.toEqual([]);
    expect(faults({ ...EMPTY_LEAD, status: 'gone' })).not.toEqual([]);
    expect(faults({ ...EMPTY_LEAD, first_seen: '2026-11-20' })).not.toEqual([]);
    expect(faults({ ...EMPTY_LEAD, id: 'L-640502-2026-000001' })).not.toEqual([]);
    const { aliases: _, ...less } = EMPTY_LEAD;
    expect(faults(less)).not.toEqual([]);
  });

  test('every member of every object stands in the schema, and is closed', () => {
    const open: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (node === null || typeof node !== 'object') return;
      const { type, properties, additionalProperties } = node as Record<string, unknown>;
      if (type === 'object' && properties !== undefined && additionalProperties !== false) open.push(path);
      for (const [name, member] of Object.entries(node)) walk(member, `${path}/${name}`);
    };
    walk(schema, '');
    expect(open).toEqual([]);
  });

  test('a reduced lead follows it too, for every department', () => {
    fc.assert(
      fc.property(leads, fc.constantFrom(...DEPARTMENTS), (lead, department) => {
        const reduced = applyFieldSet(lead, department, { fieldSets, documentNumber: '虚构〔2026〕1号' });
        expect(faults(JSON.parse(leadJsonLine(reduced)))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('controls are escaped just as in the output of replay', () => {
    const text = `${Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join('')}\ufeff\ud800`;
    const [line] = jsonLines({ detections: [], coverage: { text } as never, summary: {} as never });
    const lead = leadJsonLine({ text } as never);
    expect(lead).toBe(line);
    expect(JSON.parse(lead)).toEqual({ text });
  });
});
