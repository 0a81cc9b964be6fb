/** Waiting times between attempts, s. */
const FIRST = 1;
const LONGEST = 60;

/** Exponential back-off: 1 s, 2 s, … 60 s; what has run for a minute begins anew. */
export class BackOff {
  private wait = FIRST;

  /** Seconds until the next attempt. `ran`: seconds that the last one lasted; `permanent`: trying soon cannot help. */
  next(ran: number, permanent = false): number {
    if (permanent) return LONGEST;
    if (ran >= LONGEST) this.wait = FIRST;
    const seconds = this.wait;
    this.wait = Math.min(LONGEST, seconds * 2);
    return seconds;
  }

  reset(): void {
    this.wait = FIRST;
  }
}
