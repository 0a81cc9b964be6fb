/** What counts as watched, with windows by day. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CoverageRow } from '../../src/detect/detection.ts';
import { MAX_SILENCE, Watch } from '../../src/engine/records/watch.ts';
import { bitcoinExample } from '../generate/catalogue/mining.ts';
import { conversation, delay, merge, type RawFrame, writePcap } from '../generate/index.ts';
import { DAY, detectAt, MIDNIGHT } from './days.ts';

const MINUTE = 60_000_000;

function stretches(times: readonly number[]): (readonly [number, number])[] {
  const watch = new Watch([], 1);
  for (const time of times) if (!watch.holds(time)) watch.turn(time);
  return watch.finish().map(({ from, to }) => [(from - MIDNIGHT) / MINUTE, (to - MIDNIGHT) / MINUTE] as const);
}
const minutes = (...list: readonly number[]): number[] => list.map((m) => MIDNIGHT + m * MINUTE);

describe('stretches', () => {
  test.each<[string, readonly number[], readonly (readonly [number, number])[]]>([
    ['nothing', [], []],
    ['one packet', [5], [[5, 5]]],
    ['ten minutes are no silence', [0, 10, 20], [[0, 20]]],
    [
      'more is',
      [0, 10, 20.1],
      [
        [0, 10],
        [20.1, 20.1],
      ],
    ],
    [
      'midnight divides',
      [-3, 4],
      [
        [-3, 0],
        [0, 4],
      ],
    ],
    [
      'not where nothing came around it',
      [-8, 4],
      [
        [-8, -8],
        [4, 4],
      ],
    ],
    ['backwards', [20, 10, 0], [[0, 20]]],
    ['a gap that is filled later', [0, 30, 8, 22, 15], [[0, 30]]],
    [
      'two hours at once',
      [0, 60, 1, 61, 2, 62],
      [
        [0, 2],
        [60, 62],
      ],
    ],
  ])('%s', (_name, times, want) => {
    expect(stretches(minutes(...times))).toEqual(want);
  });

  test('the order of packets makes no difference', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2000, max: 2000 }), { maxLength: 60 }), (list) => {
        const times = minutes(...list.map((n) => n / 2));
        expect(stretches(times)).toEqual(stretches(times.toSorted((a, b) => a - b)));
      }),
      { seed: 5 },
    );
  });

  test('hostile times are bounded, and rather less counts as watched than more', () => {
    const watch = new Watch([], 1);
    for (let n = 0; n < 20_000; n++) {
      const time = n * (MAX_SILENCE + 1);
      if (!watch.holds(time)) watch.turn(time);
    }
    const found = watch.finish();
    expect(found.length).toBeLessThanOrEqual(8192);
    expect(found.reduce((sum, s) => sum + s.to - s.from, 0)).toBe(0);
  });
});

describe('coverage by day', () => {
  const mining = (start: number, ip: string): RawFrame[] =>
    conversation({
      client: { ip, port: 4000 },
      server: { ip: '203.0.113.60', port: 3333 },
      start,
      messages: bitcoinExample().messages,
    });
  const frames = merge(
    mining(MIDNIGHT - 100_000_000, '10.1.0.1'),
    delay(mining(MIDNIGHT - 100_000_000, '10.2.0.1'), 3 * 3600e6),
  );
  const home = ['10.1.0.0/16', '10.2.0.0/16'];
  const { coverage, coverageDays = [] } = detectAt([writePcap(frames)], 0, { daily: true, home });
  const flows = (c: CoverageRow): number[] => c.customer_prefixes.map((p) => p.flows);

  test('a row for each stretch of a day; a connection counts in each that it was seen in', () => {
    expect(coverageDays.map((c) => [c.from?.slice(0, 13), c.to?.slice(0, 13), ...flows(c)])).toEqual([
      ['2024-10-03T23', '2024-10-04T00', 1, 0],
      ['2024-10-04T00', '2024-10-04T00', 1, 0],
      ['2024-10-04T02', '2024-10-04T03', 0, 1],
    ]);
    expect(coverageDays[0]?.to).toBe('2024-10-04T00:00:00.000000Z');
    expect(coverageDays[1]?.from).toBe('2024-10-04T00:00:00.000000Z');
    for (const row of coverageDays) expect(row).toMatchObject({ type: 'coverage', version: 1, loss: coverage.loss });
  });

  test('the row of the run is what it was', () => {
    expect(coverage).toEqual(detectAt([writePcap(frames)], 0, { home }).coverage);
    expect(flows(coverage)).toEqual([1, 1]);
  });

  test('no packets, no rows', () => {
    expect(detectAt([writePcap([])], 0).coverageDays).toEqual([]);
    expect(detectAt([writePcap(frames)], DAY, {}).coverageDays).toEqual([]);
  });
});
