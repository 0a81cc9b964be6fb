import { expect, test } from 'vitest';
import { loadSignatures } from '../../src/signature/load.ts';
import { signatureStats } from '../../src/signature/stats.ts';
import { signaturesOf } from './build.ts';

test('counts by status, kind and dialect', () => {
  const extra = { miner: '{"method":"x"}', expect: 'none' };
  const signatures = signaturesOf(
    { id: 'b.one', dialect: 'b', tests: [{ miner: '{"method":"demo.one"}', expect: 'indication' }, extra, extra] },
    { id: 'b.two', dialect: 'b', weight: 0.89, status: 'draft', kind: 'http' },
    { id: 'a.one', dialect: 'a', status: 'draft', weight: 0.5 },
    { id: 'a.old', dialect: 'a', status: 'retired', weight: 1 },
    { id: 'shared.one', dialect: null, weight: 0.9 },
  );
  const stats = signatureStats(signatures, ['c', 'b']);
  expect(stats).toMatchObject({
    signatures: 5,
    tests: { positive: 5, negative: 6 },
    status: { draft: 2, stable: 2, retired: 1 },
    kind: { payload: 4, http: 1, tls: 0 },
    proving: 2,
    withoutStable: ['a', 'c'],
    unknownDialects: ['a'],
  });
  expect(stats.dialects).toEqual([
    { dialect: 'a', status: { draft: 1, stable: 0, retired: 1 }, tests: 4, proving: 0 },
    { dialect: 'b', status: { draft: 1, stable: 1, retired: 0 }, tests: 5, proving: 1 },
    { dialect: 'c', status: { draft: 0, stable: 0, retired: 0 }, tests: 0, proving: 0 },
    { dialect: null, status: { draft: 0, stable: 1, retired: 0 }, tests: 2, proving: 1 },
  ]);
});

test('nothing counts as nothing', () => {
  expect(signatureStats([])).toMatchObject({ signatures: 0, proving: 0, dialects: [], withoutStable: [] });
});

test('sums over dialects are the totals of the signatures that come along', () => {
  const { signatures } = loadSignatures();
  const stats = signatureStats(signatures);
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  expect(stats.signatures).toBe(signatures.length);
  expect(sum(Object.values(stats.status))).toBe(signatures.length);
  expect(sum(Object.values(stats.kind))).toBe(signatures.length);
  expect(sum(stats.dialects.map(({ proving }) => proving))).toBe(stats.proving);
  expect(sum(stats.dialects.map(({ tests }) => tests))).toBe(stats.tests.positive + stats.tests.negative);
  expect(stats.unknownDialects).toEqual([]);
});
