// hot: questionName and the reading of names allocate nothing but the final string.

/** Longest name in octets on the wire (RFC 1035 §2.3.4), and how often pointers may be followed within one name. */
const MAX_NAME = 255;
const MAX_JUMPS = 64;

const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Text of the name under way: an escaped byte takes four characters. */
const text: Uint8Array = new Uint8Array(4 * MAX_NAME);
const textBuffer: Buffer = Buffer.from(text.buffer);

/** A name as `readName` found it. One object, refilled by every call. */
export interface NameReading {
  /** Lower case, without the last dot; '' is the root. Unusual bytes as `\DDD`, a dot within a label as `\.` (RFC 4343 §2.1). */
  name: string;
  /** Offset after the name where it stands, not where pointers lead; -1 where there is no sound name. */
  next: number;
}

const reading: NameReading = { name: '', next: -1 };

/**
 * The name at `p` of the message [start, end) (RFC 1035 §4.1.4). Pointers lead only backwards and at most 64 times, so that
 * no message can make it loop.
 */
export function readName(bytes: Uint8Array, start: number, p: number, end: number): Readonly<NameReading> {
  reading.next = -1;
  reading.name = '';
  let at = p;
  let next = -1;
  let low = p;
  let octets = 1;
  let length = 0;
  for (let jumps = 0; ; ) {
    if (at >= end) return reading;
    const label = bytes[at] as number;
    if (label === 0) break;
    if (label >= 0xc0) {
      if (end - at < 2 || ++jumps > MAX_JUMPS) return reading;
      if (next < 0) next = at + 2;
      at = start + (((label & 0x3f) << 8) | (bytes[at + 1] as number));
      if (at >= low) return reading;
      low = at;
      continue;
    }
    octets += label + 1;
    if (label > 63 || label >= end - at || octets > MAX_NAME) return reading;
    if (length > 0) text[length++] = DOT;
    const stop = at + 1 + label;
    for (let i = at + 1; i < stop; i++) length = putByte(bytes[i] as number, length);
    at = stop;
  }
  reading.next = next < 0 ? at + 1 : next;
  reading.name = textBuffer.toString('latin1', 0, length);
  return reading;
}

function putByte(byte: number, at: number): number {
  let length = at;
  if (byte > 0x20 && byte < 0x7f) {
    if (byte === DOT || byte === BACKSLASH) text[length++] = BACKSLASH;
    text[length++] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    return length;
  }
  text[length++] = BACKSLASH;
  text[length++] = 0x30 + Math.floor(byte / 100);
  text[length++] = 0x30 + (Math.floor(byte / 10) % 10);
  text[length++] = 0x30 + (byte % 10);
  return length;
}

/** A name as ASCII text: `bytes[off … end)`. */
export interface NameRange {
  readonly bytes: Uint8Array;
  readonly off: number;
  readonly end: number;
}

const question: { readonly bytes: Uint8Array; readonly off: number; end: number } = {
  bytes: new Uint8Array(256),
  off: 0,
  end: 0,
};

/**
 * The name of the first question of the DNS message [off, end), written out dotted, in lower case, without the last dot: one
 * object, refilled by every call. Null where there is none, and where it has bytes that no host name has (outside printable
 * ASCII, a dot or backslash within a label): such a name equals none that an index may hold.
 */
export function questionName(bytes: Uint8Array, off: number, end: number): NameRange | null {
  const into = question.bytes;
  let p = off + 12;
  let octets = 1;
  let length = 0;
  for (;;) {
    if (p >= end) return null;
    const label = bytes[p++] as number;
    if (label === 0) break;
    // Nothing lies before the first question that a pointer could lead to.
    octets += label + 1;
    if (label > 63 || label > end - p || octets > MAX_NAME) return null;
    if (length > 0) into[length++] = DOT;
    for (const stop = p + label; p < stop; p++) {
      const byte = bytes[p] as number;
      if (byte <= 0x20 || byte >= 0x7f || byte === DOT || byte === BACKSLASH) return null;
      into[length++] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    }
  }
  question.end = length;
  return length > 0 ? question : null;
}
