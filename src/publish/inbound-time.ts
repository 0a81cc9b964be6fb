/** Times of reports: in Chinese lists local (UTC+8, no summer time), elsewhere UTC, unless a zone stands there. */
const MINUTE = 60e6;
const DAY = 86_400e6;
export const CHINA_MINUTES = 480;

const DATE = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ,]+(\S.{0,39}))?$/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(\d\d)?)?$/;
const CLOCK = /^(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:[.,](\d{1,9}))?秒?)?分? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i;
/** Days since 1899-12-30 as spreadsheets count: 1954 to 2119. */
const SERIAL = /^[2-7]\d{4}(?:\.\d{1,12})?$/;

/**
 * Microseconds since the epoch of a date with or without time: `2026-11-20`, `2026/11/20 08:15:02`, `20261120081502`,
 * `2026年11月20日 8时15分`, ISO 8601, or the number of days of a spreadsheet. A day alone is its first or its last moment.
 * Null where the text is none, or no day of the calendar between 1980 and 2200. `offset`: minutes east of UTC.
 */
export function parseTime(text: string, offset: number, edge: 'first' | 'last'): number | null {
  if (text.length > 60) return null;
  const plain = text.normalize('NFKC').trim();
  const whole = (start: number): number => start - offset * MINUTE + (edge === 'last' ? DAY - 1 : 0);
  if (SERIAL.test(plain)) return serial(Number(plain), offset, whole);
  const compact = COMPACT.exec(plain);
  const date = compact ?? DATE.exec(plain);
  if (date === null) return null;
  const day = dayOf(Number(date[1]), Number(date[2]), Number(date[3]));
  if (day === null) return null;
  if (date[4] === undefined) return whole(day);
  if (compact !== null) {
    const clock = clockOf(Number(compact[4]), Number(compact[5]), Number(compact[6] ?? 0));
    return clock === null ? null : day + clock - offset * MINUTE;
  }
  const match = CLOCK.exec(date[4].trim());
  if (match === null) return null;
  const clock = clockOf(Number(match[1]), Number(match[2]), Number(match[3] ?? 0));
  const zone = zoneOf(match[5], offset);
  if (clock === null || zone === null) return null;
  const fraction = Number((match[4] ?? '').padEnd(6, '0').slice(0, 6));
  return day + clock + fraction - zone * MINUTE;
}

function serial(days: number, offset: number, whole: (start: number) => number): number {
  const start = Date.UTC(1899, 11, 30) * 1000 + Math.floor(days) * DAY;
  if (Number.isInteger(days)) return whole(start);
  // To the second: the fraction of such a number is no finer.
  return start + Math.round((days % 1) * 86_400) * 1e6 - offset * MINUTE;
}

function dayOf(year: number, month: number, day: number): number | null {
  if (year < 1980 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return null;
  const time = Date.UTC(year, month - 1, day);
  return new Date(time).getUTCDate() === day ? time * 1000 : null;
}

function clockOf(hour: number, minute: number, second: number): number | null {
  // 24:00:00 ends a day; a leap second is the second before it.
  if (hour > 24 || minute > 59 || second > 60 || (hour === 24 && minute + second > 0)) return null;
  return (hour * 3600 + minute * 60 + Math.min(second, 59)) * 1e6;
}

function zoneOf(zone: string | undefined, offset: number): number | null {
  if (zone === undefined) return offset;
  if (!/^[+-]/.test(zone)) return 0;
  const digits = zone.replace(/\D/g, '');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 14 || minutes > 59) return null;
  return (hours * 60 + minutes) * (zone[0] === '-' ? -1 : 1);
}
