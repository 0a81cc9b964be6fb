// hot: the cheap test of the first payload bytes of a flow; reads a handful of bytes, allocates nothing.
import { probeHttp } from './http-head.ts';
import { probeSv2 } from './sv2.ts';
import { probeWebSocketFrame } from './websocket.ts';

/** What a stream may be by its first bytes. */
export const Look = {
  /** None of ours. */
  No: 0,
  /** Too few bytes to say. */
  More: 1,
  Json: 2,
  Http: 3,
  WebSocket: 4,
  Sv2: 5,
  /** Text in the middle of something: worth waiting for the next line. */
  Text: 6,
} as const;
export type Look = (typeof Look)[keyof typeof Look];

/** How far into a packet a line start is searched where a connection is met in the middle. */
const SEARCH_LIMIT = 4096;

/** [off, end) is the very start of a direction of a connection. */
export function lookAtStart(bytes: Uint8Array, off: number, end: number): Look {
  let at = off;
  while (at < end && isBlank(bytes[at] as number)) at++;
  if (at === end) return Look.More;
  const first = bytes[at] as number;
  if (first === 0x7b || first === 0x5b) return Look.Json;
  if (first === 0x00 || (first === 0x01 && at === off)) {
    const sv2 = probeSv2(bytes, at, end);
    return sv2 === 1 ? Look.Sv2 : sv2 === 0 ? Look.More : Look.No;
  }
  if (first < 0x41 || first > 0x5a) return Look.No;
  const http = probeHttp(bytes, at, end);
  if (http === 1) return Look.Http;
  // The PROXY protocol puts a line of text before the stream itself.
  if (first === 0x50 && startsWithProxy(bytes, at, end)) return Look.Json;
  return http === 0 ? Look.More : Look.No;
}

/** [off, end) lies somewhere in the middle of a direction, at the start of a segment. */
export function lookInside(bytes: Uint8Array, off: number, end: number): Look {
  const first = bytes[off] as number;
  if (first === 0x7b || first === 0x5b) return isText(bytes, off, end) ? Look.Json : Look.No;
  if (first >= 0x41 && first <= 0x5a && probeHttp(bytes, off, end) === 1) return Look.Http;
  if (first === 0x81 || first === 0x82 || first === 0x01) {
    if (probeWebSocketFrame(bytes, off, end) === 1) return Look.WebSocket;
  }
  if (first === 0x00 && probeSv2(bytes, off, end) === 1) return Look.Sv2;
  if (!isText(bytes, off, end)) return Look.No;
  const stop = Math.min(end, off + SEARCH_LIMIT) - 1;
  for (let i = off; i < stop; i++) {
    if (bytes[i] === 0x0a && (bytes[i + 1] === 0x7b || bytes[i + 1] === 0x5b)) return Look.Json;
  }
  return Look.Text;
}

/** A few bytes taken over the range are all printable ASCII or blanks. */
export function isText(bytes: Uint8Array, off: number, end: number): boolean {
  const step = Math.max(1, (end - off) >> 4);
  for (let i = off; i < end; i += step) if (!isTextByte(bytes[i] as number)) return false;
  return isTextByte(bytes[end - 1] as number);
}

function isTextByte(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const PROXY = [0x50, 0x52, 0x4f, 0x58, 0x59, 0x20]; // "PROXY "

function startsWithProxy(bytes: Uint8Array, off: number, end: number): boolean {
  for (let i = 0; i < PROXY.length; i++) {
    if (off + i >= end || bytes[off + i] !== PROXY[i]) return false;
  }
  return true;
}
