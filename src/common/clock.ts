/** 2026-01-01T00:00:00Z, µs. */
const PROGRAM_WRITTEN = 1_767_225_600_000_000;

/** Whether a wall clock (µs) was set at all: a machine without a battery begins in 1970 until somebody tells it the time. */
export function isClockSet(now: number): boolean {
  return now >= PROGRAM_WRITTEN;
}
