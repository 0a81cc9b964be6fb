/**
 * Two ways to get a hashrate from shares, compared on simulated miners whose rate is known: the one in use, shares over the
 * integral of dt / difficulty, and the usual one, sum of difficulties over time. `node tests/estimate/estimators.ts` prints
 * the table of docs/decisions/0006; the seed is fixed.
 */
import { estimateHashrate } from '../../src/estimate/hashrate.ts';
import { createRandom, type Random } from '../generate/random.ts';

/** How far an estimator was off, relative to the true rate, and how often the truth lay within its 95 % limits. */
export interface Score {
  readonly bias: number;
  readonly error: number;
  readonly covered: number;
}

export interface Comparison {
  readonly scenario: string;
  readonly shares: number;
  readonly inUse: Score;
  readonly sumOverTime: Score;
}

/** Ten minutes; a share of difficulty UNIT takes a minute. */
const SECONDS = 600;
const RATE = 1e9;
const UNIT = RATE * 60;

/** Difficulty in force from `at` on. A scenario may look at the shares found so far, as pools do. */
type Difficulty = (at: number, shares: readonly number[], now: number) => number;

const SCENARIOS: readonly (readonly [name: string, step: number, difficulty: Difficulty])[] = [
  ['constant, 20 shares expected', SECONDS, () => UNIT / 2],
  ['one minute, then 8 times the difficulty', 60, (at) => (at < 60 ? UNIT / 8 : UNIT)],
  ['one minute, then 64 times the difficulty', 60, (at) => (at < 60 ? UNIT / 16 : UNIT * 4)],
  ['halved and doubled every minute', 60, (at) => ((at / 60) % 2 === 0 ? UNIT / 4 : UNIT)],
  // A pool that wants six shares a minute and looks once a minute.
  ['adjusted by the pool, from 64 times too low', 60, (at, shares, now) => adjusted(at, shares, now)],
];

function adjusted(at: number, shares: readonly number[], now: number): number {
  if (at === 0) return UNIT / 6 / 64;
  const found = shares.filter((time) => time >= at - 60).length;
  return now * Math.min(4, Math.max(0.25, found / 6));
}

interface Run {
  readonly shares: number;
  readonly work: number;
  readonly exposure: number;
}

function mine(rng: Random, step: number, difficulty: Difficulty): Run {
  const times: number[] = [];
  let work = 0;
  let exposure = 0;
  let now = Number.NaN;
  for (let at = 0; at < SECONDS; at += step) {
    now = difficulty(at, times, now);
    for (let t = at + rng.exponential(now / RATE); t < at + step; t += rng.exponential(now / RATE)) {
      times.push(t);
      work += now;
    }
    exposure += (step * 1e6) / now;
  }
  return { shares: times.length, work, exposure };
}

/** Runs every scenario `runs` times. */
export function compareEstimators(runs: number, seed: number = 6): Comparison[] {
  return SCENARIOS.map(([scenario, step, difficulty], index) => {
    const rng = createRandom(seed + index);
    const inUse = new Tally();
    const sumOverTime = new Tally();
    let shares = 0;
    for (let i = 0; i < runs; i++) {
      const run = mine(rng, step, difficulty);
      shares += run.shares;
      const active = SECONDS * 1e6;
      const estimate = estimateHashrate([{ ...run, active, intervals: [[0, active]] }]);
      // Without a share there is no estimate; both are told the same runs.
      if (estimate === null) continue;
      inUse.add(estimate.mid / RATE, estimate.low / RATE, estimate.high / RATE);
      const usual = run.work / SECONDS / RATE;
      // Its limits by the same rule, as if only the number of shares counted.
      sumOverTime.add(usual, (usual * estimate.low) / estimate.mid, (usual * estimate.high) / estimate.mid);
    }
    return { scenario, shares: shares / runs, inUse: inUse.score(), sumOverTime: sumOverTime.score() };
  });
}

class Tally {
  private runs = 0;
  private sum = 0;
  private squares = 0;
  private covered = 0;

  add(estimate: number, low: number, high: number): void {
    this.runs++;
    this.sum += estimate - 1;
    this.squares += (estimate - 1) ** 2;
    if (low <= 1 && high >= 1) this.covered++;
  }

  score(): Score {
    const { runs } = this;
    return { bias: this.sum / runs, error: Math.sqrt(this.squares / runs), covered: this.covered / runs };
  }
}

if (import.meta.main) {
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  const cells = ({ bias, error, covered }: Score): string[] => [percent(bias), percent(error), percent(covered)];
  for (const { scenario, shares, inUse, sumOverTime } of compareEstimators(20_000)) {
    const row = [scenario, shares.toFixed(1), ...cells(inUse), ...cells(sumOverTime)];
    process.stdout.write(`| ${row.join(' | ')} |\n`);
  }
}
