/**
 * Times as Chinese exports write them: local time, UTC+8 without summer time, unless a zone stands there. Microseconds
 * since the epoch.
 */
const HOUR = 3600e6;
const DAY = 24 * HOUR;
const LOCAL = 8 * HOUR;

export interface Moment {
  readonly time: number;
  /** Only a day was given: as an end it means the end of that day. */
  readonly dayOnly: boolean;
}

const DATE = /^(\d{4})(?:-|\/|\.|年)(\d{1,2})(?:-|\/|\.|月)(\d{1,2})日?(?:[T ]+(.+))?$/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(\d\d)?)?$/;
const CLOCK = /^(\d{1,2})(?::|时)(\d{1,2})(?:(?::|分)(\d{1,2})(?:\.(\d{1,9}))?秒?)?分?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i;
/** Days since 1899-12-30 as Excel counts: 1954 to 2119. */
const SERIAL = /^(?:[2-7]\d{4})(?:\.\d{1,12})?$/;

/**
 * A date with or without time: `2026-11-20`, `2026/11/20 08:15:02`, `20261120081502`, `2026年11月20日`, ISO 8601 with zone,
 * or the serial number of a spreadsheet. Null where it is none, or no day of the calendar between 1980 and 2199.
 */
export function parseMoment(text: string): Moment | null {
  if (text.length > 60) return null;
  const plain = /[^\x20-\x7e]/.test(text) ? text.normalize('NFKC').trim() : text;
  if (SERIAL.test(plain)) return serial(Number(plain));
  const compact = COMPACT.exec(plain);
  if (compact) {
    const [, y, m, d, h, min, s] = compact;
    const day = dayOf(Number(y), Number(m), Number(d));
    if (day === null) return null;
    if (h === undefined) return { time: day - LOCAL, dayOnly: true };
    const clock = clockOf(Number(h), Number(min), Number(s ?? 0));
    return clock === null ? null : { time: day + clock - LOCAL, dayOnly: false };
  }
  const date = DATE.exec(plain);
  if (!date) return null;
  const day = dayOf(Number(date[1]), Number(date[2]), Number(date[3]));
  if (day === null) return null;
  const rest = date[4]?.trim();
  if (rest === undefined || rest === '') return { time: day - LOCAL, dayOnly: true };
  const clock = CLOCK.exec(rest);
  if (!clock) return null;
  const time = clockOf(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0));
  if (time === null) return null;
  const fraction = clock[4] === undefined ? 0 : Math.floor(Number(`0.${clock[4]}`) * 1e6 + 1e-3);
  return { time: day + time + fraction - zoneOf(clock[5]), dayOnly: false };
}

/** Start of an interval; null where the text is no date. */
export function startOf(text: string): number | null {
  return parseMoment(text)?.time ?? null;
}

/** Exclusive end of an interval: a day alone is included. */
export function endOf(text: string): number | null {
  const moment = parseMoment(text);
  return moment && (moment.dayOnly ? moment.time + DAY : moment.time);
}

/** A month, `2026-10` or `202610` or `2026年10月`, as half-open interval. */
export function monthOf(text: string): { from: number; to: number } | null {
  const found = /^(\d{4})(?:-|\/|\.|年)?(\d{1,2})月?$/.exec(text.length > 20 ? '' : text.normalize('NFKC').trim());
  if (!found) return null;
  const [year, month] = [Number(found[1]), Number(found[2])];
  const from = dayOf(year, month, 1);
  const to = month === 12 ? dayOf(year + 1, 1, 1) : dayOf(year, month + 1, 1);
  return from === null || to === null ? null : { from: from - LOCAL, to: to - LOCAL };
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

function zoneOf(zone: string | undefined): number {
  if (zone === undefined) return LOCAL;
  if (!/^[+-]/.test(zone)) return 0;
  const digits = zone.replace(/\D/g, '');
  const offset = Number(digits.slice(0, 2)) * HOUR + Number(digits.slice(2)) * 60e6;
  return zone[0] === '-' ? -offset : offset;
}

function serial(days: number): Moment | null {
  const whole = Math.floor(days);
  // To the second: the fraction of a serial number is no finer.
  const seconds = Math.round((days - whole) * 86_400);
  return { time: Date.UTC(1899, 11, 30) * 1000 + whole * DAY + seconds * 1e6 - LOCAL, dayOnly: days === whole };
}
