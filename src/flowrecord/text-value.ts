/** Values of text logs: numbers, times, protocols, TCP flags, names. All total: -1, NaN or null where there is none. */

/** An object out of JSON.parse. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A field of an object itself, never of its prototype. */
export function field(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text field; '' where there is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A field that is an object; null where it is none. */
export function objectOf(object: JsonObject, name: string): JsonObject | null {
  const value = field(object, name);
  return isObject(value) ? value : null;
}

/** A count, a port or an id as number or decimal digits, 0 up to 2^53; -1 where it is none. */
export function countOf(value: unknown): number {
  if (typeof value === 'number') return value >= 0 && Number.isSafeInteger(value) ? value : -1;
  if (typeof value !== 'string' || value.length === 0 || value.length > 16) return -1;
  let number = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return Number.isSafeInteger(number) ? number : -1;
}

/** A number with or without fraction and sign; NaN where it is none. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (
    typeof value !== 'string' ||
    value.length > 40 ||
    !/^ {0,16}[-+]?\d{1,20}(?:\.\d{0,20})?(?:[eE][-+]?\d{1,3})? ?$/.test(value)
  ) {
    return Number.NaN;
  }
  return Number(value);
}

/** Octets in front of the IP header: Ethernet, and each VLAN tag of at most so many. */
const ETHERNET = 14;
const TAG = 4;
const MAX_TAGS = 3;
const IP = 20;

/**
 * Octets of IP packets out of those of frames with so many VLAN tags: an unanswered SYN must not look like data, and all thresholds count from the IP header
 * on. Where less than a header would be left, the link is none of Ethernet and they stay.
 */
export function ipBytes(packets: number, bytes: number, tags: number): number {
  const before = packets * (ETHERNET + Math.min(tags, MAX_TAGS) * TAG);
  return bytes - before >= packets * IP ? bytes - before : bytes;
}

/** 2255-06-05: beyond it microseconds are no longer whole numbers. */
const LAST = Number.MAX_SAFE_INTEGER;

/** `value` in units of `unit` microseconds as whole microseconds since the epoch; NaN where it is no time. */
export function scaledTime(value: number, unit: number): number {
  const time = Math.round(value * unit);
  return time > 0 && time <= LAST ? time : Number.NaN;
}

/** As seconds this is the year 5138, as milliseconds 1973. */
const SECONDS_END = 1e11;

/** Seconds with or without fraction, or milliseconds, since the epoch, as µs; NaN where it is no time. */
export function epochTime(value: number): number {
  return scaledTime(value, value >= SECONDS_END ? 1e3 : 1e6);
}

/** What may follow the seconds: a fraction, and an offset from UTC. */
const REST = /^(?:[.,](\d{1,9}))?(?:Z|([-+])(\d\d):?(\d\d))?$/;
const T = 0x54;
const SPACE = 0x20;
const DASH = 0x2d;
const COLON = 0x3a;

/** Logs stay with one day for long: the last date read, and its midnight in seconds since the epoch. */
let lastDate = '';
let lastMidnight = Number.NaN;

/**
 * Date and time (ISO 8601, RFC 3339 and what programs make of them: a space for T, an offset without colon) in µs since the
 * epoch; NaN where it is none. Without an offset it is taken as UTC.
 */
export function timeOf(text: string): number {
  if (text.length < 19 || text.length > 40) return Number.NaN;
  const between = text.charCodeAt(10);
  if ((between !== T && between !== SPACE) || text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) {
    return Number.NaN;
  }
  const date = text.slice(0, 10);
  if (date !== lastDate) {
    lastMidnight = midnightOf(date);
    lastDate = date;
  }
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return Number.NaN;
  const rest = REST.exec(text.slice(19));
  if (rest === null) return Number.NaN;
  const [, fraction = '', sign, offsetHours = '', offsetMinutes = ''] = rest;
  const offset =
    sign === undefined ? 0 : (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60 : 60);
  const seconds = lastMidnight + hour * 3600 + minute * 60 + second - offset;
  const time = seconds * 1e6 + (fraction === '' ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6)));
  return time > 0 ? time : Number.NaN;
}

/** `YYYY-MM-DD` in seconds since the epoch; NaN where it is no day. */
function midnightOf(date: string): number {
  if (date.charCodeAt(4) !== DASH || date.charCodeAt(7) !== DASH) return Number.NaN;
  const year = digits(date, 0, 4);
  const month = digits(date, 5, 2);
  const day = digits(date, 8, 2);
  if (year < 0 || month < 0 || day < 0) return Number.NaN;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // 30 February would become March.
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return Number.NaN;
  return midnight.getTime() / 1000;
}

/** `length` decimal digits; -1 where there is anything else. */
function digits(text: string, off: number, length: number): number {
  let number = 0;
  for (let i = off; i < off + length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    // A comparison with NaN, beyond the end, is false.
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

const FLAG_LETTERS = 'FSRPAUEC';

/** TCP flags as nfdump prints them (`...AP.SF`, or `0x1b`), or a number; -1 where none is told: a TCP packet has a flag. */
export function flagsOf(value: unknown): number {
  if (typeof value === 'number') return value > 0 && value <= 0xffff ? value & 0xff : -1;
  const text = textOf(value).trim();
  if (text.length === 0 || text.length > 10) return -1;
  const hex = /^0x ?([0-9a-fA-F]{1,4})$/.exec(text);
  if (hex !== null) return flagsOf(Number.parseInt(hex[1] as string, 16));
  let flags = 0;
  for (const letter of text) {
    if (letter === '.') continue;
    const bit = FLAG_LETTERS.indexOf(letter);
    if (bit < 0) return -1;
    flags |= 1 << bit;
  }
  return flags === 0 ? -1 : flags;
}

/** RFC 1035 §2.3.4. */
const MAX_NAME = 253;
/** Letters, digits, hyphen, underscore; a leading wildcard as certificates have it; other scripts as they are. */
const NAME = /^(?:\*\.)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*$/u;

/** A host name in lower case without final dot and port; null where it is none, or an address. */
export function nameOf(value: unknown): string | null {
  let text = textOf(value);
  if (text.length < 2 || text.length > MAX_NAME + 7) return null;
  const colon = text.indexOf(':');
  if (colon >= 0) {
    if (!/^:\d{1,5}$/.test(text.slice(colon))) return null;
    text = text.slice(0, colon);
  }
  if (text.endsWith('.')) text = text.slice(0, -1);
  text = text.toLowerCase();
  if (text.length === 0 || text.length > MAX_NAME || !NAME.test(text) || /^[\d.]+$/.test(text)) return null;
  return text;
}

/** The common name out of a certificate's subject as text (`C=US, CN=host` or `CN=host,O=…`); null where there is none. */
export function commonNameOf(value: unknown): string | null {
  const text = textOf(value);
  if (text.length > 1024) return null;
  const found = /(?:^|[,/+] {0,2})CN ?= ?([^,/+]{1,260})/.exec(text);
  return found === null ? null : nameOf((found[1] as string).trim());
}
