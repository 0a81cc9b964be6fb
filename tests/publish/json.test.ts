import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import type { CoverageRow, DetectionRow, SummaryRow } from '../../src/detect/detection.ts';
import { jsonLines } from '../../src/publish/json.ts';
import { bareDetection, sampleCoverage, sampleDetection, sampleResult, sampleSummary } from '../cli/sample.ts';

const schema = JSON.parse(readFileSync(new URL('../../docs/replay.schema.json', import.meta.url), 'utf8')) as object;
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
formats.default(ajv);
const validate: ValidateFunction = ajv.compile(schema);

const FULL: readonly [string, DetectionRow | CoverageRow | SummaryRow][] = [
  ['detection', sampleDetection()],
  ['detection that knows nothing', bareDetection()],
  ['coverage', sampleCoverage()],
  ['coverage of nothing', sampleCoverage({ from: null, to: null, customer_prefixes: [] })],
  ['summary', sampleSummary([sampleDetection()])],
  [
    'summary with damaged inputs',
    sampleSummary([], {
      first_seen: null,
      last_seen: null,
      inputs: [
        { file: '-', format: 'pcap', packets: 1, bytes: 2, cut_short: { offset: 3, reason: 'x' }, error: null },
        { file: 'b', format: '', packets: 0, bytes: 0, cut_short: null, error: 'not a capture' },
      ],
    }),
  ],
];

describe('docs/replay.schema.json', () => {
  test.each(FULL)('accepts: %s', (_, row) => {
    expect(validate(row), JSON.stringify(validate.errors)).toBe(true);
  });

  test.each(FULL)('every field at every depth is required and no other is allowed: %s', (_, row) => {
    let changes = 0;
    for (const path of objectsOf(row, [])) {
      // Names of anomalies are data, not fields.
      if (path.at(-1) === 'anomalies') continue;
      for (const key of Object.keys(at(row, path))) {
        const less = structuredClone(row);
        delete at(less, path)[key];
        expect(validate(less), `without ${[...path, key].join('.')}`).toBe(false);
        changes++;
      }
      const more = structuredClone(row);
      at(more, path)['surprise'] = 1;
      expect(validate(more), `more in ${path.join('.')}`).toBe(false);
    }
    expect(changes).toBeGreaterThan(6);
  });

  test.each([
    ['time without microseconds', sampleDetection({ first_seen: '2024-05-01T10:00:03Z' })],
    ['address that is none', sampleDetection({ miner: { ip: 'miner' } })],
    ['unknown activity', sampleDetection({ activity: 'sleeping' as never })],
    ['score above 1', sampleDetection({ score: 1.1 })],
    ['not a number', sampleDetection({ score: JSON.parse(JSON.stringify({ x: Number.NaN })).x })],
    ['negative count', sampleDetection({ flows: -1 })],
    ['short id', sampleDetection({ id: 'abc' })],
    ['three directions', sampleDetection({ packets: [1, 2, 3] as never })],
  ])('refuses: %s', (_, row) => {
    expect(validate(row)).toBe(false);
  });
});

function objectsOf(value: unknown, path: readonly (string | number)[]): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, part]) => objectsOf(part, [...path, key]));
  return Array.isArray(value) ? inside : [path, ...inside];
}

function at(row: unknown, path: readonly (string | number)[]): Record<string, unknown> {
  let value = row as Record<string, unknown>;
  for (const key of path) value = value[key] as Record<string, unknown>;
  return value;
}

test('detections, then coverage, then the summary, and nothing a terminal would act upon', () => {
  const hostile = sampleDetection({ agents: ['\x1b[31m\x9b2J\u202e\u2028\x7f\ud800 矿工'] });
  const lines = [...jsonLines(sampleResult([hostile, bareDetection()]))];
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(['detection', 'detection', 'coverage', 'summary']);
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}]/u);
  expect(JSON.parse(lines[0] ?? '')).toEqual(hostile);
});
