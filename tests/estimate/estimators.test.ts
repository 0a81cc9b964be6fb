import { describe, expect, test } from 'vitest';
import { compareEstimators } from './estimators.ts';

/** Enough that chance moves an error by about one hundredth of itself; the seed is fixed. */
const RUNS = 4000;

describe('the estimator in use against sum of difficulty over time', () => {
  const rows = compareEstimators(RUNS);

  test.each(rows)('$scenario: unbiased, and 95 % limits that hold', ({ inUse }) => {
    expect(Math.abs(inUse.bias)).toBeLessThan(0.03);
    // Garwood limits are never too narrow for a Poisson count.
    expect(inUse.covered).toBeGreaterThan(0.94);
  });

  test.each(rows)('$scenario: its error is the smaller one, or the same where the difficulty is constant', (row) => {
    if (row.scenario.startsWith('constant')) expect(row.inUse.error).toBeCloseTo(row.sumOverTime.error, 10);
    else expect(row.inUse.error).toBeLessThan(row.sumOverTime.error);
  });

  test('the usual one is too sure of itself where the difficulty has jumped', () => {
    const jumped = rows.find(({ scenario }) => scenario.includes('64 times the'));
    expect(jumped?.sumOverTime.covered).toBeLessThan(0.8);
  });
});
