import { describe, expect, test } from 'vitest';
import { MiningSession, SLEEP } from '../../src/dialect/session.ts';
import { estimateHashrate, type ShareEvidence, unionLength } from '../../src/estimate/hashrate.ts';
import { poissonLimits, regularizedGamma } from '../../src/estimate/poisson.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import { createRandom, poissonTimes, type Random } from '../generate/index.ts';

describe('poissonLimits', () => {
  // Exact 95 % limits of a Poisson count as tables print them (Garwood 1936; ICRU, APHO).
  test.each([
    [0, 0, 3.689],
    [1, 0.0253, 5.572],
    [2, 0.2422, 7.225],
    [3, 0.6187, 8.767],
    [4, 1.0899, 10.242],
    [5, 1.6235, 11.668],
    [10, 4.7954, 18.39],
    [20, 12.2165, 30.888],
    [50, 37.111, 65.919],
    [100, 81.364, 121.627],
  ])('%i events: %d to %d', (n, low, high) => {
    const limits = poissonLimits(n);
    expect(limits.low).toBeCloseTo(low, 3);
    expect(limits.high).toBeCloseTo(high, 3);
  });

  test('many events: like a normal distribution, and no loss of precision', () => {
    for (const n of [1e4, 1e6, 1e8]) {
      const { low, high } = poissonLimits(n);
      expect((n - low) / Math.sqrt(n)).toBeCloseTo(1.96, 1);
      expect((high - n) / Math.sqrt(n)).toBeCloseTo(1.96, 1);
    }
  });

  test('the gamma function behind it', () => {
    expect(regularizedGamma(1, 2)).toBeCloseTo(1 - Math.exp(-2), 12);
    expect(regularizedGamma(3, 4)).toBeCloseTo(1 - Math.exp(-4) * (1 + 4 + 8), 12);
    expect(regularizedGamma(0.5, 1)).toBeCloseTo(0.8427007929497149, 10); // erf(1)
    expect(regularizedGamma(5, 0)).toBe(0);
  });
});

/** A message as far as a session looks at it. */
function said(side: 0 | 1, id: string): JsonMessage {
  const place = { input: 0, packet: 1, time: 0, from: 0, to: 0 };
  return {
    kind: 'json',
    side,
    place,
    transport: 'tcp',
    value: {},
    method: null,
    id,
    http: null,
    wsPath: null,
    text: '',
  };
}

interface Plan {
  /** Hashes a share from a time on (seconds). */
  readonly difficulties: readonly { readonly at: number; readonly hashes: number }[];
  readonly rate: number;
  readonly seconds: number;
  /** A job every so many seconds. */
  readonly jobEvery: number;
}

/** A session as a dialect feeds it: jobs, shares from a Poisson process, answers. */
function mine(plan: Plan, rng: Random, offset = 0): ShareEvidence {
  const inForce = (at: number): number => plan.difficulties.findLast((d) => d.at <= at)?.hashes ?? Number.NaN;
  const events: { at: number; job: boolean }[] = [];
  for (const { at } of plan.difficulties) events.push({ at, job: true });
  for (let at = plan.jobEvery; at <= plan.seconds; at += plan.jobEvery) events.push({ at, job: true });
  // Thinned from the fastest pace, so that a change of difficulty changes the pace at once.
  const fastest = Math.min(...plan.difficulties.map((d) => d.hashes));
  for (const at of poissonTimes(rng, 0, plan.seconds, () => fastest / plan.rate)) {
    if (rng.float() < fastest / inForce(at)) events.push({ at, job: false });
  }
  events.sort((a, b) => a.at - b.at);
  const s = new MiningSession();
  events.forEach(({ at, job }, n) => {
    const time = 1.7e15 + (offset + at) * 1e6;
    s.tick(time);
    if (job) {
      s.setNext(inForce(at), inForce(at), 'hashes per share');
      s.job(`job ${inForce(at)}`);
      return;
    }
    s.share(said(0, `n:${n}`), `job ${inForce(at)}`);
    s.tick(time + 40_000);
    expect(s.answered(said(1, `n:${n}`))).toBe('share');
    s.accept();
  });
  const { sharesUsed, work, activeMicroseconds, exposure, intervals } = s;
  return { shares: sharesUsed, work, active: activeMicroseconds, exposure, intervals };
}

const STEADY: Plan = { difficulties: [{ at: 0, hashes: 20_000 }], rate: 1000, seconds: 1200, jobEvery: 60 };
const CHANGING: Plan = {
  difficulties: [
    { at: 0, hashes: 5000 },
    { at: 300, hashes: 40_000 },
    { at: 500, hashes: 10_000 },
    { at: 900, hashes: 80_000 },
  ],
  rate: 1000,
  seconds: 1800,
  jobEvery: 45,
};
const RUNS = 1500;

describe('estimateHashrate on simulated miners', () => {
  test.each([
    ['one difficulty', STEADY],
    ['difficulty that changes', CHANGING],
    ['few shares', { ...STEADY, seconds: 240 }],
  ])('%s: unbiased, and 95 %% limits that hold', (_, plan) => {
    const rng = createRandom(4711);
    let covered = 0;
    let counted = 0;
    let sum = 0;
    for (let n = 0; n < RUNS; n++) {
      const estimate = estimateHashrate([mine(plan, rng)]);
      // Without a share there is no estimate; the limits speak of the rest.
      if (estimate === null) continue;
      counted++;
      sum += estimate.mid;
      if (estimate.low <= plan.rate && plan.rate <= estimate.high) covered++;
    }
    expect(counted).toBeGreaterThan(RUNS * 0.99);
    expect(Math.abs(sum / counted / plan.rate - 1)).toBeLessThan(0.03);
    // Garwood's limits hold in at least 95 % of cases, a little more with few shares; chance moves 1500 runs by 0.6 %.
    expect(covered / counted).toBeGreaterThan(0.938);
    expect(covered / counted).toBeLessThan(0.985);
  });

  test('two rigs at the same time add up; one after the other they do not', () => {
    const rng = createRandom(5);
    let together = 0;
    let after = 0;
    for (let n = 0; n < 300; n++) {
      together += estimateHashrate([mine(STEADY, rng), mine(STEADY, rng)])!.mid;
      after += estimateHashrate([mine(STEADY, rng), mine(STEADY, rng, 5000)])!.mid;
    }
    expect(together / 300 / (2 * STEADY.rate)).toBeCloseTo(1, 1);
    expect(after / 300 / STEADY.rate).toBeCloseTo(1, 1);
  });

  test('a pause in which nobody spoke is no mining time', () => {
    const s = new MiningSession();
    s.setNext(1000, 1000, 'hashes per share');
    const times = [0, 60, 120, 120 + SLEEP / 1e6 + 1, 520];
    for (const at of times) {
      s.tick(1e15 + at * 1e6);
      s.job('j');
    }
    expect(s.activeMicroseconds).toBe((120 + 520 - 121 - SLEEP / 1e6) * 1e6);
    expect(unionLength(s.intervals)).toBe(s.activeMicroseconds);
  });

  test('a share counts at the difficulty of its own job, and only where that is known', () => {
    const s = new MiningSession();
    s.share(said(0, 'n:1'), 'unseen');
    s.answered(said(1, 'n:1'));
    s.accept();
    expect([s.accepted, s.sharesUsed]).toEqual([1, 0]);
    for (const hashes of [1000, 8000]) {
      s.setNext(hashes, hashes, 'hashes per share');
      s.job(`job ${hashes}`);
    }
    s.share(said(0, 'n:2'), 'job 1000');
    s.share(said(0, 'n:3'), 'job 8000');
    s.share(said(0, 'n:4'), 'unheard of');
    for (const id of ['n:3', 'n:2', 'n:4']) {
      s.answered(said(1, id));
      s.accept();
    }
    expect([s.submitted, s.accepted, s.sharesUsed, s.work]).toEqual([4, 4, 3, 1000 + 8000 + 8000]);
  });

  test('none without a share, with less than a minute, or with unknown difficulty', () => {
    const part: ShareEvidence = { shares: 5, work: 5000, active: 6e7, exposure: 6e4, intervals: [[0, 6e7]] };
    expect(estimateHashrate([part])?.mid).toBeCloseTo(5000 / 60, 6);
    expect(estimateHashrate([])).toBeNull();
    expect(estimateHashrate([{ ...part, shares: 0 }])).toBeNull();
    expect(estimateHashrate([{ ...part, intervals: [[0, 5.9e7]] }])).toBeNull();
    expect(estimateHashrate([{ ...part, exposure: 0 }])).toBeNull();
    expect(estimateHashrate([{ ...part, exposure: Number.NaN }])).toBeNull();
  });
});

describe('unionLength', () => {
  test.each([
    [[], 0],
    [[[0, 10]], 10],
    [
      [
        [0, 10],
        [10, 20],
      ],
      20,
    ],
    [
      [
        [0, 10],
        [5, 20],
      ],
      20,
    ],
    [
      [
        [5, 20],
        [0, 10],
      ],
      20,
    ],
    [
      [
        [0, 100],
        [10, 20],
        [30, 40],
      ],
      100,
    ],
    [
      [
        [0, 10],
        [20, 30],
      ],
      20,
    ],
  ] as const)('%j is %i long', (intervals, length) => {
    expect(unionLength(intervals)).toBe(length);
  });
});
