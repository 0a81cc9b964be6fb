/** Every bundled capture, cut by midnight anywhere: the days together say what the run says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { detectAt, FIRST_DAY, MIDNIGHT, sharesOf, timesOf } from './days.ts';
import { EXHAUSTIVE } from './run.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const FILES = readdirSync(CAPTURES).filter((name) => /\.pcap(ng)?$/.test(name));
const RUNS = EXHAUSTIVE ? 40 : 3;

const RANK = { confirmed: 0, probable: 1, suspected: 2 } as const;

/** Everything but the dialect, which may not be known yet at midnight. */
const endpoint = (d: DetectionRow): string => `${d.miner.ip} ${d.pool.ip ?? d.pool.host} ${d.pool.port}`;

function surest(detections: readonly DetectionRow[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const d of detections) found.set(endpoint(d), Math.min(RANK[d.confidence], found.get(endpoint(d)) ?? 9));
  return found;
}

describe.each(FILES)('%s', (name) => {
  const bytes = readFileSync(join(CAPTURES, name));
  const times = timesOf(bytes);

  test('cut by midnight', { timeout: 120_000 }, () => {
    if (times.length === 0) return;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: times.length - 1 }), (at) => {
        const shift = MIDNIGHT - (times[at] as number);
        const run = detectAt([bytes], shift, {}).detections;
        const { detections, summary } = detectAt([bytes], shift);
        expect(
          sharesOf(detections.filter((d) => d.shares.submitted + d.shares.accepted + d.shares.rejected > 0)),
        ).toEqual(sharesOf(run.filter((d) => d.shares.submitted + d.shares.accepted + d.shares.rejected > 0)));
        expect(summary.detections.total).toBe(detections.length);
        expect(new Set(detections.map((d) => d.id)).size).toBe(detections.length);
        const sure = surest(run);
        for (const d of detections) {
          // A day is never surer than the run; where shares went out it is as sure, but for what the first day could not know.
          const want = sure.get(endpoint(d));
          if (want === undefined) continue;
          expect(RANK[d.confidence], `${endpoint(d)} on ${d.window.from}`).toBeGreaterThanOrEqual(want);
          if (d.shares.submitted > 0 && !d.window.from.startsWith(FIRST_DAY)) expect(RANK[d.confidence]).toBe(want);
        }
      }),
      { numRuns: RUNS, seed: 20_241_004 },
    );
  });
});
