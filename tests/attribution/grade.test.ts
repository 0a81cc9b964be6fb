import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ageCap,
  GRADE_CAPS,
  GRADE_RULES,
  type GradeRuleName,
  grade,
  gradeLabel,
  overallGrade,
} from '../../src/attribution/grade.ts';
import { CONTRADICTION_CODES, MISSING_CODES } from '../../src/attribution/resolve-remarks.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'attribution.md'), 'utf8');
const MONTH = 30.4375 * 86_400e6;

describe('grades', () => {
  test('are those of their rule where nothing speaks against it', () => {
    expect(grade('nat-session-customer', [])).toEqual({
      grades: { subscriber: 95, enterprise: 90, address: 90 },
      because: GRADE_RULES['nat-session-customer'][3],
    });
  });

  test('are bounded by each cap, whose words are added where it bites', () => {
    const { grades, because } = grade('line-verified', ['code_missing', 'tunnelled', 'tunnelled']);
    expect(grades).toEqual({ subscriber: 40, enterprise: 40, address: 30 });
    expect(because.split('; ')).toHaveLength(3);
    expect(grade('filing-pool', ['several_subscribers']).because).toBe(GRADE_RULES['filing-pool'][3]);
  });

  test('never rise by a cap, for every rule and cap', () => {
    for (const rule of Object.keys(GRADE_RULES) as GradeRuleName[]) {
      const free = grade(rule, []).grades;
      for (const cap of Object.keys(GRADE_CAPS) as (keyof typeof GRADE_CAPS)[]) {
        const bounded = grade(rule, [cap]).grades;
        for (const part of ['subscriber', 'enterprise', 'address'] as const) {
          expect(bounded[part]).toBe(
            Math.min(free[part], GRADE_CAPS[cap][['subscriber', 'enterprise', 'address'].indexOf(part) as 0]),
          );
        }
      }
    }
  });

  test('make the least of three overall, with a label', () => {
    expect(overallGrade({ subscriber: 95, enterprise: 0, address: 90 })).toBe(0);
    expect([100, 90, 89, 70, 69, 40, 39, 1, 0].map(gradeLabel)).toEqual([
      '确认',
      '确认',
      '高',
      '高',
      '中',
      '中',
      '低',
      '低',
      '无法归属',
    ]);
  });

  test.each([
    [0, null],
    [11.9, null],
    [12.1, 'filing_older_than_12_months'],
    [24.1, 'filing_older_than_24_months'],
    [60.1, 'filing_older_than_60_months'],
    [-5, null],
  ] as const)('age by %f months: %s', (months, cap) => expect(ageCap(1e15, 1e15 + months * MONTH)).toBe(cap));
});

describe('docs/attribution.md', () => {
  const rows = new Map(
    [...PAGE.matchAll(/^\| `([a-z0-9_-]+)` +\| +(\d+) +\| +(\d+) +\| +(\d+) +\|/gm)].map(([, name, ...numbers]) => [
      name as string,
      numbers.map(Number),
    ]),
  );

  test('has every rule and every cap as they are, and no others', () => {
    const expected = Object.entries({ ...GRADE_RULES, ...GRADE_CAPS }).map(
      ([name, [s, e, a]]) => [name, [s, e, a]] as const,
    );
    expect(rows).toEqual(new Map(expected));
  });

  test('names every code of what is missing and what contradicts', () => {
    const named = new Set([...PAGE.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name));
    expect([...MISSING_CODES, ...CONTRADICTION_CODES].filter((code) => !named.has(code))).toEqual([]);
  });
});
