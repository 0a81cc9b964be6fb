/** Detections of one address that only probes that are written within `PERIOD`: a scanner has no end of them. */
const MOST = 1000;
const PERIOD = 14 * 86_400e6;

/**
 * Keeps an address that tries one pool after the other from filling the ledger: the first thousand detections show what it
 * is. Work is never left out, whoever does it.
 */
export class ProbeLimit {
  /** Detections not written for it, each once. */
  leftOut = 0;
  /** Detections written by address, since a wall clock, µs. */
  private readonly written: Map<string, { readonly since: number; count: number }> = new Map();

  /** Whether one more detection of an address that only probes may be written, which then counts. `now`: wall clock, µs. */
  admits(address: string, now: number): boolean {
    let known = this.written.get(address);
    if (known === undefined || !isNear(now, known.since)) {
      known = { since: now, count: 0 };
      this.written.set(address, known);
    }
    if (known.count >= MOST) return false;
    known.count++;
    return true;
  }

  /** Lets go of what is too long ago to count. */
  dropOld(now: number): void {
    for (const [address, { since }] of this.written) if (!isNear(now, since)) this.written.delete(address);
  }
}

/** A clock that was ahead and is set back must not count for ever. */
function isNear(now: number, since: number): boolean {
  return now >= since && now - since <= PERIOD;
}
