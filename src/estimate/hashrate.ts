import { poissonLimits } from './poisson.ts';

/** What one conversation contributes: shares of known difficulty and the time in which they were found. */
export interface ShareEvidence {
  /** Accepted shares whose difficulty is known, and the hashes that finding them takes on average. */
  readonly shares: number;
  readonly work: number;
  /** Mining time in microseconds, and the integral of dt / hashes per share over it. */
  readonly active: number;
  readonly exposure: number;
  /** Intervals of mining time, microseconds since the epoch, in order. */
  readonly intervals: readonly (readonly [number, number])[];
}

export interface HashrateEstimate {
  /** 95 % limits and most likely value, in hashes (or solutions) per second. */
  readonly low: number;
  readonly mid: number;
  readonly high: number;
  readonly sharesUsed: number;
  readonly observedSeconds: number;
}

/**
 * Average hashrate of one or more conversations of the same miner. Shares are a Poisson process whose rate is
 * hashrate / (hashes per share), so with a changing difficulty the maximum-likelihood rate of one conversation is
 * shares / integral(dt / hashes per share), and its precision depends on the number of shares alone. Conversations at the
 * same time add up; those one after another share the time: the sum is taken over the union of their mining time.
 * Null without a share, or with less than a minute of mining time.
 */
export function estimateHashrate(parts: readonly ShareEvidence[]): HashrateEstimate | null {
  let shares = 0;
  let hashes = 0;
  const intervals: (readonly [number, number])[] = [];
  for (const part of parts) {
    if (!(part.exposure > 0)) continue;
    shares += part.shares;
    hashes += (part.shares / part.exposure) * part.active;
    for (const interval of part.intervals) intervals.push(interval);
  }
  return estimateFromTotals(shares, hashes, intervals);
}

/** The same from sums: shares, the hashes that each conversation's own rate makes in its time, and mining time. */
export function estimateFromTotals(
  shares: number,
  hashes: number,
  intervals: readonly (readonly [number, number])[],
): HashrateEstimate | null {
  const time = unionLength(intervals);
  if (shares === 0 || time < 60_000_000) return null;
  const mid = (hashes / time) * 1e6;
  const { low, high } = poissonLimits(shares);
  return {
    low: (mid * low) / shares,
    mid,
    high: (mid * high) / shares,
    sharesUsed: shares,
    observedSeconds: time / 1e6,
  };
}

/** Total length of the union of intervals. */
export function unionLength(intervals: readonly (readonly [number, number])[]): number {
  return mergeIntervals(intervals, Number.POSITIVE_INFINITY).reduce((total, [from, to]) => total + to - from, 0);
}

/** The union of intervals as disjoint ones in order; beyond `limit` the two with the smallest gap between become one. */
export function mergeIntervals(intervals: readonly (readonly [number, number])[], limit: number): [number, number][] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...intervals].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = merged[merged.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  while (merged.length > limit) {
    let at = 1;
    for (let i = 2; i < merged.length; i++) {
      if (gapBefore(merged, i) < gapBefore(merged, at)) at = i;
    }
    (merged[at - 1] as [number, number])[1] = (merged[at] as [number, number])[1];
    merged.splice(at, 1);
  }
  return merged;
}

function gapBefore(merged: readonly (readonly [number, number])[], at: number): number {
  return (merged[at] as readonly [number, number])[0] - (merged[at - 1] as readonly [number, number])[1];
}
