import type { HttpHead } from './message.ts';

/** Limits of a head: bytes, header lines, characters of a value and of the target, characters of the text form. */
export const MAX_HEAD: number = 64 * 1024;
export const MAX_HEADERS = 200;
const MAX_VALUE = 2048;
const MAX_TEXT = 4096;

const SP = 0x20;
const STATUS_START: Uint8Array = Uint8Array.from(Buffer.from('HTTP/1.'));
const ABSOLUTE_START: Uint8Array = Uint8Array.from(Buffer.from('http'));
const CONNECT: Uint8Array = Uint8Array.from(Buffer.from('CONNECT'));
/** Longest method we take for one, and how much of a request line is looked at before it is believed. */
const MAX_METHOD = 16;
const ENOUGH = 512;

/** Headers whose value is a secret: kept for account reading, never shown. */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);

/**
 * Cheap test of the first bytes: 1 = yes (request line or status line of HTTP/1.x, RFC 9112 §3 and §4), 0 = needs more
 * bytes, -1 = no. Reads [off, end) only, no allocation, at most a few hundred bytes.
 */
export function probeHttp(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left <= 0) return 0;
  if (bytes[off] === 0x48 && (left === 1 || bytes[off + 1] === 0x54)) return probeStatusLine(bytes, off, end, left);
  let p = off;
  const methodEnd = Math.min(end, off + MAX_METHOD + 1);
  while (p < methodEnd && isMethodByte(bytes[p] as number)) p++;
  if (p === methodEnd) return p - off <= MAX_METHOD ? 0 : -1;
  if (bytes[p] !== SP || p - off < 3) return -1;
  return probeTarget(bytes, off, p, end);
}

/** A complete head without its blank line, [off, end): the parsed form and its text, or null where it is no HTTP/1.x. */
export function parseHead(bytes: Uint8Array, off: number, end: number): { head: HttpHead; text: string } | null {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset + off, end - off).toString('latin1');
  // A bare CR ends a line for some servers (RFC 9112 §2.2); no secret may hide behind one.
  const lines = source.split(/\r?\n|\r/);
  if (lines.length > MAX_HEADERS + 2) return null;
  const first = lines[0] as string;
  const start = parseFirstLine(first);
  if (start === null) return null;
  const headers = new Map<string, string>();
  const shown: string[] = [first];
  let name = '';
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line === '') continue;
    if (line[0] === ' ' || line[0] === '\t') {
      // obs-fold (RFC 9112 §5.2): the line before goes on; read as one space.
      if (name === '') continue;
      headers.set(name, `${headers.get(name) ?? ''} ${line.trim()}`.trim().slice(0, MAX_VALUE));
      if (!SECRET.has(name)) shown.push(line);
      continue;
    }
    const colon = line.indexOf(':');
    name = colon > 0 ? line.slice(0, colon).trim().toLowerCase().slice(0, 256) : '';
    if (name === '') continue;
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, (before === undefined ? value : `${before}, ${value}`).slice(0, MAX_VALUE));
    shown.push(SECRET.has(name) ? `${line.slice(0, colon)}: ***` : line);
  }
  return { head: { ...start, headers }, text: shown.join('\n').slice(0, MAX_TEXT) };
}

function parseFirstLine(line: string): Omit<HttpHead, 'headers'> | null {
  const status = /^HTTP\/1\.\d (\d{3})(?: |$)/.exec(line);
  if (status !== null) return { kind: 'response', method: '', target: '', status: Number(status[1]) };
  const request = /^([A-Z][A-Z-]{2,15}) ([^ ]+) +HTTP\/1\.\d$/.exec(line);
  if (request === null) return null;
  return {
    kind: 'request',
    method: request[1] as string,
    target: (request[2] as string).slice(0, MAX_VALUE),
    status: 0,
  };
}

/** `HTTP/1.x ddd`, as far as it is there. */
function probeStatusLine(bytes: Uint8Array, off: number, end: number, left: number): number {
  if (!startsLike(bytes, off, end, STATUS_START)) return -1;
  if (left > 7 && !isDigit(bytes[off + 7] as number)) return -1;
  if (left > 8 && bytes[off + 8] !== SP) return -1;
  for (let i = 9; i < 12 && i < left; i++) if (!isDigit(bytes[off + i] as number)) return -1;
  return left >= 12 ? 1 : 0;
}

/** From the space after the method: origin, absolute, asterisk or (CONNECT only) authority form, then the version. */
function probeTarget(bytes: Uint8Array, off: number, space: number, end: number): number {
  let p = space + 1;
  if (p === end) return 0;
  const c = bytes[p] as number;
  const connect = space - off === CONNECT.length && startsLike(bytes, off, space, CONNECT);
  if (connect ? c <= SP : c !== 0x2f && c !== 0x2a && !startsLike(bytes, p, end, ABSOLUTE_START)) return -1;
  const stop = Math.min(end, p + ENOUGH);
  while (p < stop && (bytes[p] as number) > SP && bytes[p] !== 0x7f) p++;
  if (p === stop) return p < end || p - space > ENOUGH ? 1 : 0;
  const version = Math.min(end, p + 8);
  while (p < version && bytes[p] === SP) p++;
  if (p === end) return 0;
  if (!startsLike(bytes, p, end, STATUS_START)) return -1;
  if (end - p <= STATUS_START.length) return 0;
  return isDigit(bytes[p + STATUS_START.length] as number) ? 1 : -1;
}

/** Do [off, end) and `word` agree as far as both go? */
function startsLike(bytes: Uint8Array, off: number, end: number, word: Uint8Array): boolean {
  const count = Math.min(end - off, word.length);
  for (let i = 0; i < count; i++) if (bytes[off + i] !== word[i]) return false;
  return true;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}
function isMethodByte(c: number): boolean {
  return (c >= 0x41 && c <= 0x5a) || c === 0x2d;
}
