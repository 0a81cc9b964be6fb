import { LATENCY_BOUNDS, type LatencyHistogram } from './status.ts';

/** Counts how long something took, in the form that the status carries. */
export class Latency {
  private readonly counts: number[] = LATENCY_BOUNDS.map(() => 0);
  private count = 0;
  private sum = 0;

  /** One observation, seconds. */
  add(seconds: number): void {
    this.count++;
    this.sum += seconds;
    LATENCY_BOUNDS.forEach((bound, i) => {
      if (seconds <= bound) (this.counts[i] as number)++;
    });
  }

  /** As of now; a copy. */
  read(): LatencyHistogram {
    return { counts: [...this.counts], count: this.count, sum: this.sum };
  }
}
