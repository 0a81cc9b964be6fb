/**
 * Times as session, lease and NAT logs write them, to microseconds since the epoch. Chinese exports carry local time
 * without a zone: UTC+8 all year, unless the source says otherwise or the setting `zone` does.
 */
import type { Context } from './layout.ts';

const MONTHS: Readonly<Record<string, number>> = {
  jan: 1,
  feb: 2,
  mar: 3,
  apr: 4,
  may: 5,
  jun: 6,
  jul: 7,
  aug: 8,
  sep: 9,
  oct: 10,
  nov: 11,
  dec: 12,
};
const DAY_US = 86_400_000_000;
/** Minutes east of UTC. */
export const CHINA_ZONE = 480;

/** Minutes east of UTC of `+08:00`, `+0800`, `+8`, `Z`, `UTC`, `CST` (China); null where unknown. */
export function zoneMinutes(text: string): number | null {
  const name = text.toUpperCase();
  if (name === 'Z' || name === 'UTC' || name === 'GMT') return 0;
  if (name === 'CST' || name === 'HKT' || name === 'BJT') return CHINA_ZONE;
  const found = /^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?$/.exec(name);
  if (found === null) return null;
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? '0');
  return minutes > 14 * 60 ? null : found[1] === '-' ? -minutes : minutes;
}

/** The zone of times without one: the setting `zone`, by default UTC+8. */
export function zoneOf(context: Context): number {
  return zoneMinutes(context.settings['zone'] ?? '') ?? CHINA_ZONE;
}

/** Microseconds since the epoch of a date and time in a zone, or null where there is no such time. */
export function instant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  micros: number,
  zone: number,
): number | null {
  if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const ms = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59));
  // 31 April would silently be 1 May.
  if (new Date(ms).getUTCDate() !== day) return null;
  const us = (ms - zone * 60_000) * 1000 + micros;
  return us < 0 ? null : us;
}

function microsOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/**
 * One time: `20261103081502` (or the day alone), epoch in s/ms/µs/ns, `2026-11-03 08:15:02.5+08:00` (also with `/`, `T`, no seconds), or
 * `Nov  3 08:15:02` with or without a year, weekday and zone. A year that is not there is the one that puts the time
 * last before `now` plus a day. Null where it is none of these.
 */
export function timeOf(text: string, zone: number, now: number): number | null {
  if (text.length < 8 || text.length > 48) return null;
  if (/^\d+$/.test(text)) return digitsTime(text, zone);
  const iso =
    /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\s?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s?([A-Z]{1,4}|[+-][\d:]{1,6})?$/i.exec(
      text,
    );
  if (iso !== null) {
    const offset = iso[8] === undefined ? zone : zoneMinutes(iso[8]);
    if (offset === null) return null;
    const [year, month, day] = [Number(iso[1]), Number(iso[2]), Number(iso[3])];
    return instant(
      year,
      month,
      day,
      Number(iso[4] ?? 0),
      Number(iso[5] ?? 0),
      Number(iso[6] ?? 0),
      microsOf(iso[7]),
      offset,
    );
  }
  return monthNameTime(text, zone, now);
}

function digitsTime(text: string, zone: number): number | null {
  if (text.length === 14) {
    const part = (from: number, to: number): number => Number(text.slice(from, to));
    return instant(part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14), 0, zone);
  }
  const number = Number(text);
  if (text.length === 8) {
    return instant(Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6)), 0, 0, 0, 0, zone);
  }
  if (text.length === 10) return number * 1_000_000;
  if (text.length === 13) return number * 1000;
  if (text.length === 16) return number;
  if (text.length === 19) return Math.floor(number / 1000);
  return null;
}

/** `[2026 ][Tue ]Nov  3 [2026 ]08:15:02[.123][ 2026][ CST][ 2026]`; the order of day and year varies by source. */
function monthNameTime(text: string, zone: number, now: number): number | null {
  const found =
    /^(?:(\d{4}) )?(?:[A-Z][a-z]{2},? +)?([A-Z][a-z]{2}) +(\d{1,2})(?:,? +(\d{4}))? +(\d{1,2}):(\d{2}):(\d{2})(?:[.:,](\d{1,9}))?(?: ([A-Z]{1,4}|[+-][\d:]{2,6}))?(?: (\d{4}))?$/.exec(
      text,
    );
  if (found === null) return null;
  const month = MONTHS[(found[2] ?? '').toLowerCase()];
  const offset = found[9] === undefined ? zone : zoneMinutes(found[9]);
  if (month === undefined || offset === null) return null;
  const at = (year: number): number | null =>
    instant(
      year,
      month,
      Number(found[3]),
      Number(found[5]),
      Number(found[6]),
      Number(found[7]),
      microsOf(found[8]),
      offset,
    );
  const written = found[1] ?? found[4] ?? found[10];
  if (written !== undefined) return at(Number(written));
  const thisYear = new Date(now / 1000).getUTCFullYear();
  // Up to eight years back: 29 February exists in one of them.
  for (let year = thisYear + 1; year >= thisYear - 8; year--) {
    const time = at(year);
    if (time !== null && time <= now + DAY_US) return time;
  }
  return null;
}
