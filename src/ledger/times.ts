/** Times of the ledger: microseconds since the epoch inside, ISO 8601 UTC outside, days of China where people count. */

/** China has one zone and no summer time since 1991. */
const CHINA_OFFSET_MS = 8 * 3_600_000;
export const MICROS_PER_HOUR = 3_600_000_000;

/** Microseconds of an ISO 8601 time with up to six digits of seconds; null where it is none. */
export function micros(iso: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z$/.exec(iso);
  if (match === null) return null;
  const seconds = Date.parse(`${match[1]}Z`);
  return Number.isNaN(seconds) ? null : seconds * 1000 + Number((match[2] ?? '').padEnd(6, '0'));
}

/** ISO 8601 UTC with microseconds; the epoch for what is no time. */
export function isoTime(time: number): string {
  const millis = Math.floor(time / 1000);
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) return '1970-01-01T00:00:00.000000Z';
  return `${date.toISOString().slice(0, -1)}${String(Math.round(time - millis * 1000)).padStart(3, '0')}Z`;
}

/** The day in China (UTC+8), YYYY-MM-DD. */
export function chinaDay(time: number): string {
  const date = new Date(Math.floor(time / 1000) + CHINA_OFFSET_MS);
  return Number.isNaN(date.getTime()) ? '1970-01-01' : date.toISOString().slice(0, 10);
}

/** The end of a day in China, microseconds; null where the text is no day of the calendar. */
export function endOfChinaDay(day: string): number | null {
  if (!isDay(day)) return null;
  return (Date.parse(`${day}T00:00:00Z`) - CHINA_OFFSET_MS) * 1000 + 24 * MICROS_PER_HOUR;
}

/** A day that the calendar has, as YYYY-MM-DD. */
export function isDay(day: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return false;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === day;
}
