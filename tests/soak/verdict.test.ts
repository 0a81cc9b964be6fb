import { describe, expect, test } from 'vitest';
import type { DaemonStatus, InputStatus } from '../../src/daemon/status.ts';
import { COLUMNS, csvRow, type Sample } from './sample.ts';
import {
  type Bounds,
  costOfStrangers,
  descriptorGrowth,
  growth,
  judge,
  liveGrowth,
  type Outcome,
  slopeOf,
} from './verdict.ts';

const BOUNDS: Bounds = { slope: 60, judged: 600, descriptors: 3, packets: 1000 };

function sampleAt(seconds: number, more: Partial<Sample> = {}): Sample {
  const zero = Object.fromEntries(COLUMNS.map((name) => [name, 0])) as Record<keyof Sample, number>;
  return { ...zero, descriptors: 30, rss_mib: 500, packets: 2000, ...more, seconds };
}

/** 30 minutes, one sample every 10 s. */
function samplesOf(more: (seconds: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: 180 }, (_, i) => sampleAt((i + 1) * 10, more((i + 1) * 10)));
}

function input(more: Partial<InputStatus> = {}): InputStatus {
  const plain = { name: 'flows', point: 'flows', state: 'running', recordFaults: {}, exporters: [], kernelDrops: 0 };
  return { ...plain, datagrams: 0, records: 0, templates: 0, sequenceGaps: 0, ...more } as InputStatus;
}

function outcome(more: Partial<Outcome> = {}, inputs: readonly InputStatus[] = [input()]): Outcome {
  return {
    samples: samplesOf(),
    status: { inputs } as unknown as DaemonStatus,
    expected: new Set(['stratum-v1']),
    found: new Set(['stratum-v1', 'kaspa']),
    points: new Set(['flows']),
    strangers: 0,
    alone: [],
    wrong: [],
    failures: [],
    ...more,
  };
}

describe('slope', () => {
  test('by least squares', () => {
    expect(slopeOf([])).toBe(0);
    expect(slopeOf([[1, 5]])).toBe(0);
    expect(
      slopeOf([
        [0, 1],
        [1, 3],
        [2, 5],
      ]),
    ).toBeCloseTo(2);
    // Worked by hand: means 1.5 and 3.5, sums 7 and 5.
    expect(
      slopeOf([
        [0, 2],
        [1, 2],
        [2, 4],
        [3, 6],
      ]),
    ).toBeCloseTo(1.4);
  });

  test('over the last half: what fills at the start is no growth', () => {
    const samples = samplesOf((seconds) => ({ rss_mib: Math.min(500, seconds) }));
    expect(growth(samples, 'rss_mib')).toBeCloseTo(0);
    expect(
      growth(
        samplesOf((seconds) => ({ rss_mib: 100 + seconds / 36 })),
        'rss_mib',
      ),
    ).toBeCloseTo(100);
  });
});

test('garbage is no growth of what is alive', () => {
  const sawtooth = (least: (s: number) => number): Sample[] =>
    samplesOf((s) => ({ heap_mib: least(s) + ((s / 10) % 6) * 50 }));
  expect(Math.abs(liveGrowth(sawtooth(() => 300)))).toBeLessThan(1e-6);
  expect(liveGrowth(sawtooth((s) => s / 36))).toBeCloseTo(100, 0);
});

describe('verdict', () => {
  test('sound', () => {
    expect(judge(outcome(), BOUNDS)).toEqual([]);
  });

  test.each<[string, Outcome, RegExp]>([
    [
      'memory grows',
      outcome({ samples: samplesOf((s) => ({ rss_mib: 500 + s / 36 })) }),
      /grows by 100\.0 MiB an hour/,
    ],
    [
      'descriptors grow',
      outcome({ samples: samplesOf((s) => ({ descriptors: 30 + Math.floor(s / 60) })) }),
      /descriptors more/,
    ],
    ['a dialect is missing', outcome({ found: new Set(['kaspa']) }), /not detected: stratum-v1/],
    ['a point is missing', outcome({ points: new Set() }), /nothing was detected at point flows/],
    ['too few packets', outcome({ samples: samplesOf(() => ({ packets: 999 })) }), /999 packets/],
    ['a checkpoint failed', outcome({ samples: samplesOf(() => ({ failures: 1 })) }), /1 checkpoints or writes/],
    ['an input is down', outcome({}, [input({ state: 'restarting' })]), /input flows is restarting/],
    ['standard error', outcome({ wrong: ['UnhandledPromiseRejection'] }), /1 lines on standard error.*Unhandled/],
    ['the daemon died', outcome({ failures: ['the daemon ended by itself: SIGSEGV'] }), /ended by itself/],
    [
      'strangers cost something',
      outcome({ alone: ['datagrams of nobody listed left templates = 1'] }),
      /templates = 1/,
    ],
    ['no sample', outcome({ samples: [] }), /no sample/],
  ])('not sound: %s', (_, what, line) => {
    const broken = judge(what, BOUNDS);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatch(line);
  });

  test('a short run says nothing about memory', () => {
    const samples = samplesOf((s) => ({ rss_mib: 500 + s })).slice(0, 60);
    expect(judge(outcome({ samples }), BOUNDS)).toEqual([]);
  });

  test('strangers are counted one by one, less what the kernel dropped', () => {
    const exporters = [{ address: '127.0.0.1' }] as unknown as InputStatus['exporters'];
    const judged = (refused: number, kernelDrops: number): string[] =>
      judge(
        outcome({ strangers: 100 }, [input({ exporters, kernelDrops, recordFaults: { not_allowed: refused } })]),
        BOUNDS,
      );
    expect(judged(100, 0)).toEqual([]);
    expect(judged(90, 10)).toEqual([]);
    expect(judged(89, 10)).toHaveLength(1);
    expect(judged(101, 0)).toHaveLength(1);
  });

  test('a descriptor that comes and goes is no leak', () => {
    const samples = samplesOf((s) => ({ descriptors: 30 + (s % 20 === 0 ? 2 : 0) }));
    expect(descriptorGrowth(samples)).toBeLessThanOrEqual(2);
    expect(judge(outcome({ samples }), BOUNDS)).toEqual([]);
  });
});

describe('strangers alone', () => {
  const status = (more: Partial<InputStatus>): DaemonStatus => ({ inputs: [input(more)] }) as unknown as DaemonStatus;

  test('cost a counter', () => {
    expect(costOfStrangers(status({ recordFaults: { not_allowed: 50 } }), 'flows', 50)).toEqual([]);
  });

  test.each<[string, Partial<InputStatus>]>([
    ['counted as datagrams', { datagrams: 1, recordFaults: { not_allowed: 50 } }],
    ['templates learnt', { templates: 1, recordFaults: { not_allowed: 50 } }],
    ['another fault', { recordFaults: { not_allowed: 50, truncated: 1 } }],
    ['not counted', { recordFaults: { not_allowed: 49 } }],
  ])('%s', (_, more) => {
    expect(costOfStrangers(status(more), 'flows', 50)).toHaveLength(1);
  });

  test('no such input', () => {
    expect(costOfStrangers(status({}), 'other', 50)).toEqual(['there is no input other']);
  });
});

test('a row of the table has a number for each column', () => {
  const cells = csvRow(sampleAt(10, { rss_mib: 1.23456 }))
    .trim()
    .split(',');
  expect(cells).toHaveLength(COLUMNS.length);
  expect(cells.every((cell) => Number.isFinite(Number(cell)))).toBe(true);
  expect(cells.slice(0, 2)).toEqual(['10', '1.235']);
});
