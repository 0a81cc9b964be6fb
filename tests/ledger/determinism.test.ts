/** The same detections in any order, in any batches, once or twice: the same leads, byte for byte. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/common/canonical-json.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { createCasebook } from '../../src/ledger/casebook.ts';
import { combineParts } from '../../src/ledger/combine.ts';
import { memoryStore } from '../../src/ledger/memory-store.ts';
import { openLedger } from '../../src/ledger/sqlite/ledger.ts';
import type { LeadStorage } from '../../src/ledger/store.ts';
import { type Attribute, at, attribution, coverage, DAY, detection, salts, services, T0 } from './lead-helpers.ts';

const HOUR = 3600;

/** Few values each, so that detections meet: same ids, same workers, gaps around the limits. */
const sketch = fc.record({
  host: fc.integer({ min: 1, max: 6 }),
  nat: fc.constantFrom('none' as const, 'none' as const, 'outside' as const),
  from: fc.integer({ min: 0, max: 40 }).map((hours) => hours * HOUR),
  length: fc.constantFrom(0, 600, HOUR, 5 * HOUR),
  activity: fc.constantFrom('mining' as const, 'mining' as const, 'proxy' as const, 'attempt' as const),
  confidence: fc.constantFrom('confirmed' as const, 'probable' as const, 'suspected' as const),
  worker: fc.constantFrom('hall3', 'hall4', 'rig1', null),
  account: fc.constantFrom('account-one', 'account-two', null),
  accepted: fc.integer({ min: 0, max: 9 }),
  mid: fc.constantFrom(null, 10, 33.3),
  pool: fc.constantFrom('a.example', 'b.example'),
  ports: fc.array(fc.integer({ min: 1000, max: 1006 }), { maxLength: 3 }),
});

const rows = fc.array(sketch, { minLength: 1, maxLength: 14 }).map((list) =>
  list.map(({ host, length, ports, ...rest }) =>
    detection({
      ...rest,
      id: `d-${host}-${rest.nat}-${rest.pool}-${Math.floor(rest.from / DAY)}`,
      ip: `192.0.2.${host}`,
      to: rest.from + length,
      ports: ports.map((port, i) => [port, rest.from + i, rest.from + length] as const),
    }),
  ),
);

/** Static lines for one host, ports of subscribers for another, a change of hands for a third. */
const attribute: Attribute = (o) => {
  if (o.ip === '192.0.2.1') return attribution(o, 'acct:static', 90);
  if (o.ip === '192.0.2.2') return o.port === null ? null : attribution(o, `acct:p${o.port % 2}`, 70);
  if (o.ip === '192.0.2.3') return attribution(o, 'acct:weak', o.from < (T0 + DAY) * 1e6 ? 30 : 60);
  return null;
};

const COVERAGE = [coverage(0, 10 * HOUR, ['192.0.2.0/24']), coverage(8 * HOUR, 3 * DAY, ['192.0.2.0/29'])];

/** A report of the address of a lease that changes hands, one of a static line, one that nothing confirms. */
const REPORTS = ['192.0.2.5', '192.0.2.1', '203.0.113.9'].map((ip, i) => ({
  source: 'list',
  reference: `${i}`,
  ip,
  from: (T0 + 5 * HOUR) * 1e6,
}));

/** Records the batches, coverage with the first and the reports before the batch of number `reportsAt`. */
function exported(
  batches: readonly (readonly DetectionRow[])[],
  reportsAt: number,
  storage: LeadStorage = memoryStore(salts()),
): string {
  const cases = createCasebook(storage, services(attribute, 3));
  const report = (): void => REPORTS.forEach((each) => void cases.recordReport(each, at(T0)));
  batches.forEach((batch, i) => {
    if (i === reportsAt) report();
    cases.record(batch, i === 0 ? COVERAGE : [], at(T0 + i));
  });
  if (reportsAt >= batches.length) report();
  return [...cases.exportLeads({}, { observedAt: null })].map((lead) => canonicalJson(lead)).join('\n');
}

/** A list cut into batches at some places. */
function cut<T>(list: readonly T[], places: readonly number[]): T[][] {
  const ends = [...new Set(places.map((place) => place % (list.length + 1)))].sort((a, b) => a - b);
  return [...ends, list.length].map((end, i) => list.slice(i === 0 ? 0 : ends[i - 1], end));
}

describe('leads are a function of the set of detections', () => {
  test('whatever the order, the batches, and repetitions', () => {
    fc.assert(
      fc.property(
        rows.chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 }),
            fc.array(fc.nat(40), { maxLength: 6 }),
            fc.nat(8),
          ),
        ),
        ([list, shuffled, places, reportsAt]) => {
          expect(exported(cut(shuffled, places), reportsAt)).toBe(exported([list], 0));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('one by one, too', () => {
    fc.assert(
      fc.property(rows, (list) => {
        expect(
          exported(
            [...list].reverse().map((row) => [row]),
            3,
          ),
        ).toBe(exported([list], 1));
      }),
      { numRuns: 60 },
    );
  });

  test('and the same in the embedded database', () => {
    const folder = mkdtempSync(join(tmpdir(), 'poolprint-leads-'));
    let files = 0;
    try {
      fc.assert(
        fc.property(rows, fc.array(fc.nat(40), { maxLength: 3 }), (list, places) => {
          const ledger = openLedger(join(folder, `${files++}.ledger`), {
            mode: 'create',
            now: () => T0 * 1e6,
            random: salts(),
          });
          try {
            expect(exported(cut([...list].reverse(), places), 1, ledger.leads)).toBe(exported([list], 0));
            expect(ledger.verify().faults).toEqual([]);
          } finally {
            ledger.close();
          }
        }),
        { numRuns: 8 },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);

  test('parts combine the same in any order, never below any of them', () => {
    const parts = rows.map((list) => list.map((row) => ({ ...row, id: 'one' })));
    fc.assert(
      fc.property(
        parts.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const whole = combineParts(list);
          expect(canonicalJson(combineParts([...shuffled, ...list]))).toBe(canonicalJson(whole));
          for (const part of list) {
            expect(whole.shares.accepted).toBeGreaterThanOrEqual(part.shares.accepted);
            expect(whole.bytes[0]).toBeGreaterThanOrEqual(part.bytes[0]);
            expect(whole.first_seen <= part.first_seen && whole.last_seen >= part.last_seen).toBe(true);
          }
          const sum = list.reduce((total, { shares }) => total + shares.accepted, 0);
          expect(whole.shares.accepted).toBeLessThanOrEqual(sum);
          expect(whole.shares.accepted).toBeLessThanOrEqual(whole.shares.submitted);
        },
      ),
      { numRuns: 200 },
    );
  });
});
