/**
 * A cursor over elements of ASN.1 in DER (ITU-T X.690), all of one level: tag (one byte), length, content. Nothing is copied.
 * Lengths in a longer form than needed are let pass, indefinite ones and tags of several bytes are not.
 */

export const DerTag = {
  Boolean: 0x01,
  Integer: 0x02,
  OctetString: 0x04,
  Oid: 0x06,
  Utf8String: 0x0c,
  NumericString: 0x12,
  PrintableString: 0x13,
  T61String: 0x14,
  Ia5String: 0x16,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  VisibleString: 0x1a,
  UniversalString: 0x1c,
  BmpString: 0x1e,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** Characters of a text that are kept. */
const MAX_TEXT = 256;

export class DerReader {
  readonly bytes: Uint8Array;
  /** The element read last: its tag, where it begins, and its content [start, stop). */
  tag = 0;
  at: number;
  start: number;
  stop: number;
  /** A length or tag was not understood: no more can be read on this level. */
  broken = false;
  private readonly end: number;

  constructor(bytes: Uint8Array, off: number, end: number) {
    this.bytes = bytes;
    this.at = off;
    this.start = off;
    this.stop = off;
    this.end = end;
  }

  /** Tag of the next element, -1 at the end. */
  get nextTag(): number {
    return !this.broken && this.stop < this.end ? (this.bytes[this.stop] as number) : -1;
  }

  /** Goes to the next element; false, without moving, at the end, where it is damaged, or has not the `expected` tag. */
  read(expected?: number): boolean {
    const tag = this.nextTag;
    if (tag < 0 || (expected !== undefined && tag !== expected)) return false;
    const { bytes, end } = this;
    let p = this.stop + 1;
    let length = p < end ? (bytes[p] as number) : 0x80;
    p++;
    if (length >= 0x80) {
      const count = length & 0x7f;
      // Three bytes of length are more than any handshake message has.
      if (count === 0 || count > 3 || count > end - p) length = -1;
      else {
        length = 0;
        for (let i = 0; i < count; i++) length = length * 256 + (bytes[p++] as number);
      }
    }
    if (length < 0 || length > end - p || (tag & 0x1f) === 0x1f) {
      this.broken = true;
      return false;
    }
    this.tag = tag;
    this.at = this.stop;
    this.start = p;
    this.stop = p + length;
    return true;
  }

  /** A cursor over the content of the element read last. */
  inside(): DerReader {
    return new DerReader(this.bytes, this.start, this.stop);
  }

  /** Is the content of the element read last exactly these bytes? */
  is(content: readonly number[]): boolean {
    if (this.stop - this.start !== content.length) return false;
    return content.every((byte, i) => this.bytes[this.start + i] === byte);
  }
}

/**
 * Text of a string element, at most 256 characters of it, control characters replaced; null where the tag is none of a
 * string. T61String is read as ISO 8859-1, which is what is written into it in practice.
 */
export function derText(element: DerReader): string | null {
  const { start } = element;
  const stop = Math.min(element.stop, start + 4 * MAX_TEXT);
  const raw = Buffer.from(element.bytes.buffer, element.bytes.byteOffset + start, stop - start);
  let text: string;
  switch (element.tag) {
    case DerTag.Utf8String:
      text = raw.toString('utf8');
      break;
    case DerTag.PrintableString:
    case DerTag.Ia5String:
    case DerTag.T61String:
    case DerTag.VisibleString:
    case DerTag.NumericString:
      text = raw.toString('latin1');
      break;
    case DerTag.BmpString:
      text = wide(raw, 2);
      break;
    case DerTag.UniversalString:
      text = wide(raw, 4);
      break;
    default:
      return null;
  }
  // What is cut may not leave half of a pair of surrogates behind.
  return text
    .slice(0, MAX_TEXT)
    .toWellFormed()
    .replace(/[\x00-\x1f\x7f-\x9f]/g, '\ufffd');
}

/** Big-endian characters of two or four bytes. */
function wide(raw: Buffer, size: 2 | 4): string {
  let text = '';
  for (let i = 0; raw.length - i >= size; i += size) {
    const code = size === 2 ? raw.readUInt16BE(i) : raw.readUInt32BE(i);
    text += size === 2 ? String.fromCharCode(code) : String.fromCodePoint(code > 0x10ffff ? 0xfffd : code);
  }
  return text;
}

/**
 * Seconds since the epoch of a UTCTime (years 1950 to 2049) or GeneralizedTime element (RFC 5280 §4.1.2.5); seconds may be
 * missing, a zone of hours and minutes may stand for `Z`. NaN where it is none.
 */
export function derTime(element: DerReader): number {
  if (element.tag !== DerTag.UtcTime && element.tag !== DerTag.GeneralizedTime) return Number.NaN;
  if (element.stop - element.start > 24) return Number.NaN;
  const raw = Buffer.from(element.bytes.buffer, element.bytes.byteOffset + element.start, element.stop - element.start);
  const text = raw.toString('latin1');
  const short = element.tag === DerTag.UtcTime;
  const form = short
    ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-])(\d\d)(\d\d))$/
    : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-])(\d\d)(\d\d))$/;
  const parts = form.exec(text);
  if (parts === null) return Number.NaN;
  const [written, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const year = short ? written + (written < 50 ? 2000 : 1900) : written;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const zone = (Number(parts[8] ?? 0) * 60 + Number(parts[9] ?? 0)) * (parts[7] === '-' ? -60 : 60);
  return dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 in the Gregorian calendar, for years from 0 on. */
function dayNumber(year: number, month: number, day: number): number {
  let days = day - 1 - 719_528; // 1970-01-01 is day 719,528 from 0000-01-01
  for (let m = 1; m < month; m++) days += daysIn(year, m);
  if (year > 0) {
    const before = year - 1;
    days += year * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) + 1;
  }
  return days;
}
