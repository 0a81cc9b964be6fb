/**
 * Deadlines in working days. Saturdays and Sundays are off; public holidays and the weekends worked in exchange for them
 * are not known here, so a deadline near a holiday is a proposal that a person sets right.
 */
import { chinaDay } from './times.ts';

const DAY_MS = 86_400_000;
const MAX_DAYS = 3660;

/** The day in China on which `days` working days after `from` (microseconds) have passed, YYYY-MM-DD. */
export function addWorkingDays(from: number, days: number): string {
  let date = Date.parse(`${chinaDay(from)}T00:00:00Z`);
  let left = Math.min(MAX_DAYS, Math.max(0, Math.trunc(days) || 0));
  while (left > 0) {
    date += DAY_MS;
    if (!isWeekend(date)) left -= 1;
  }
  // Nothing falls due on a day off.
  while (isWeekend(date)) date += DAY_MS;
  return new Date(date).toISOString().slice(0, 10);
}

function isWeekend(date: number): boolean {
  const day = new Date(date).getUTCDay();
  return day === 0 || day === 6;
}
