/** What a filter of leads means, for every storage alike. */

/**
 * The codes a region stands for start with this: `640000` is a province and all in it, `640500` a prefecture, `640502` a
 * county (GB/T 2260).
 */
export function regionPrefix(region: string): string {
  if (!/^\d{6}$/.test(region)) return region;
  return region.endsWith('0000') ? region.slice(0, 2) : region.endsWith('00') ? region.slice(0, 4) : region;
}

/** Microseconds since the epoch as leads print times, comparable as text; clamped to what a number holds exactly (2255). */
export function filterTime(microseconds: number): string {
  const whole = Math.floor(Math.max(0, Math.min(microseconds || 0, Number.MAX_SAFE_INTEGER)));
  const micros = whole % 1000;
  return `${new Date((whole - micros) / 1000).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}
