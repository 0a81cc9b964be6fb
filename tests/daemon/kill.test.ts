/** The daemon is killed while it works: nothing is doubled, nothing is lost beyond what is stated (see kill-run.ts). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { compareFlows, compareSpool } from './kill-check.ts';
import { isOpen } from './kill-daemon.ts';
import { recordsIn } from './kill-flows.ts';
import { killRun, summaryOf } from './kill-run.ts';

/** ms; a kill takes a few seconds where the machine is busy. */
const LONGEST = 240_000;

test('ten kills', { timeout: LONGEST }, async () => {
  const report = await killRun({ kills: 10, seed: 3, threads: 1, keep: false, tell: () => undefined });
  expect(report.violations, summaryOf(report).join('\n')).toEqual([]);
  expect(report.any).toBeGreaterThanOrEqual(5);
  expect(report.spool.expected).toBeGreaterThan(50);
  expect(report.flows.counted).toBeGreaterThan(0);
});

function row(more: Partial<DetectionRow> = {}): DetectionRow {
  const found = {
    id: 'a',
    sensor: 's/tap',
    window: { kind: 'day', from: '2025-01-01T00:00:00.000000Z', to: '2025-01-02T00:00:00.000000Z' },
    first_seen: '2025-01-01T10:00:00.000000Z',
    last_seen: '2025-01-01T10:10:00.000000Z',
    activity: 'mining',
    confidence: 'confirmed',
    dialect: 'kaspa',
    miner: { ip: '10.20.0.1' },
    pool: { ip: '203.0.113.1', port: 3333, host: null, name: null },
    shares: { submitted: 10, accepted: 9, rejected: 1 },
    packets: [100, 90],
    bytes: [1000, 900],
    flows: 2,
    ...more,
  };
  return found as DetectionRow;
}
const by = (...rows: DetectionRow[]): Map<string, DetectionRow> => new Map(rows.map((r) => [r.id, r]));
const at = (time: string): number => Date.parse(`2025-01-01T${time}Z`) * 1000;
const SPANS = [{ from: at('10:00:00'), to: at('10:10:00') }];
const compare = (found: Map<string, DetectionRow>, cuts: number[] = []): ReturnType<typeof compareSpool> =>
  compareSpool(by(row()), found, SPANS, cuts);

describe('the comparison finds', () => {
  test('nothing where all is equal', () => expect(compare(by(row())).violations).toEqual([]));
  test('what is missing', () => expect(compare(by()).violations.join()).toMatch(/^not found/));
  test('what is invented', () =>
    expect(compare(by(row(), row({ id: 'b', miner: { ip: '10.20.0.9' } }))).violations.join()).toMatch(/invented/));
  test('what is less, unless a kill cut it', () => {
    const less = by(row({ packets: [99, 90] }));
    expect(compare(less).violations.join()).toMatch(/^falls short/);
    expect(compare(less, [at('10:11:00')]).violations.join()).toMatch(/^falls short/);
    expect(compare(less, [at('10:05:00')]).violations).toEqual([]);
  });
  test('what is doubled, whether a kill cut it or not', () => {
    for (const more of [
      { flows: 3 },
      { packets: [101, 90] },
      { shares: { submitted: 11, accepted: 9, rejected: 1 } },
    ]) {
      const twice = by(row(more as Partial<DetectionRow>));
      expect(compare(twice, [at('10:05:00')]).violations.join(), JSON.stringify(more)).toMatch(/counted twice/);
    }
  });
  test('shares that stand under two names', () => {
    const { violations, changed } = compare(by(row(), row({ id: 'b', dialect: 'other' })), [at('10:05:00')]);
    expect(changed).toHaveLength(1);
    expect(violations.join()).toMatch(/shares twice/);
  });
});

describe('records of flows', () => {
  const sums = (...bits: number[]): number => bits.reduce((n, bit) => n + 100_000 + 2 ** bit, 0);
  test('are told by their sum', () => {
    expect(recordsIn(0)).toEqual([]);
    expect(recordsIn(sums(0, 3, 11))).toEqual([0, 3, 11]);
    expect(recordsIn(sums(3, 3))).toBeNull();
    expect(recordsIn(sums(0, 0, 1))).toBeNull();
  });
  test('may be lost in a gap alone', () => {
    const sent = new Map([
      [
        '10.20.0.1',
        [
          { bit: 0, at: 1000 },
          { bit: 1, at: 2000 },
        ],
      ],
    ]);
    const found = by(row({ packets: [sums(0), sums(0)] }));
    expect(compareFlows(sent, found, [{ from: 1500, to: 2500 }], 0).violations).toEqual([]);
    expect(compareFlows(sent, found, [{ from: 2100, to: 2500 }], 0).violations).toHaveLength(2);
    expect(compareFlows(sent, by(row({ packets: [sums(0, 0), sums(0)] })), [], 0).violations.join()).toMatch(/twice/);
    expect(compareFlows(new Map(), found, [], 0).violations.join()).toMatch(/invented/);
  });
});

test('an open transaction shows in the log of a database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-wal-'));
  const path = join(folder, 'a.sqlite');
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA cache_size = 10; CREATE TABLE t (x TEXT) STRICT');
  database.exec(`INSERT INTO t VALUES ('a')`);
  expect(isOpen(`${path}-wal`)).toBe(false);
  database.exec('BEGIN');
  // More than the cache holds: it spills into the log.
  for (let i = 0; i < 200; i++) database.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(3000));
  expect(isOpen(`${path}-wal`)).toBe(true);
  database.exec('COMMIT');
  expect(isOpen(`${path}-wal`)).toBe(false);
  database.close();
  writeFileSync(`${path}-wal`, 'torn');
  expect(isOpen(`${path}-wal`)).toBe(true);
  rmSync(folder, { recursive: true });
});
