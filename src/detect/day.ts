/** Microseconds of a UTC day; capture times know no leap seconds. */
export const DAY = 86_400_000_000;

/** UTC day of a capture time, in days since the epoch. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY);
}
