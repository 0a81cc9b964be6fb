// hot: the cheap test of the first payload bytes of a flow; reads a handful of bytes, allocates nothing.
import { probeDatum } from './datum.ts';
import { probeDnsTcp } from './dns.ts';
import { probeHttp } from './http-head.ts';
import { probeNoise } from './noise.ts';
import { probeSocks } from './socks.ts';
import { probeSv2 } from './sv2.ts';
import { probeWebSocketFrame } from './websocket.ts';
import { probeZkwork } from './zkwork.ts';

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
  /** A TLS handshake record with a ClientHello or ServerHello. */
  Tls: 7,
  Socks: 8,
  /** DNS over TCP: asked for by `lookAtDns` only. */
  Dns: 9,
  /** A binary protocol known by its first message: DATUM, zk.work; the key of a Noise handshake. */
  Datum: 10,
  Zkwork: 11,
  Noise: 12,
  /** None of ours, but a signature knows how it begins: never said here. */
  Start: 13,
} as const;
export type Look = (typeof Look)[keyof typeof Look];

/** How far into a packet a line start is searched where a connection is met in the middle. */
const SEARCH_LIMIT = 4096;

/** [off, end) is the very start of a direction of a connection. */
export function lookAtStart(bytes: Uint8Array, off: number, end: number): Look {
  const look = lookAtKnown(bytes, off, end);
  return look === Look.No ? lookAtBinary(bytes, off, end) : look;
}

function lookAtBinary(bytes: Uint8Array, off: number, end: number): Look {
  const length = end - off;
  if (length < 8) return Look.No;
  if (bytes[off + 2] === 0x87 && bytes[off + 3] === 0xd7) {
    const datum = probeDatum(bytes, off, end);
    return datum === 1 ? Look.Datum : datum === 0 ? Look.More : Look.No;
  }
  if ((bytes[off] === 0x80 || bytes[off + 4] === 0x80) && probeZkwork(bytes, off, end) === 1) return Look.Zkwork;
  // The client waits for the answer to its key, so that the key comes alone.
  return (length === 64 || length === 32) && probeNoise(bytes, off, end) === 1 ? Look.Noise : Look.No;
}

function lookAtKnown(bytes: Uint8Array, off: number, end: number): Look {
  let at = off;
  while (at < end && isBlank(bytes[at] as number)) at++;
  if (at === end) return Look.More;
  const first = bytes[at] as number;
  if (first === 0x7b || first === 0x5b) return Look.Json;
  if (first === 0x00 || (first === 0x01 && at === off)) {
    const sv2 = probeSv2(bytes, at, end);
    if (sv2 === 1) return Look.Sv2;
    // The answer of a SOCKS4 proxy begins with a zero too.
    const socks = first === 0x00 ? probeSocks(bytes, at, end, 'server') : -1;
    return socks === 1 ? Look.Socks : sv2 === 0 || socks === 0 ? Look.More : Look.No;
  }
  if (first === 0x16 || first === 0x15) return lookAtTls(bytes, off, end);
  if (first === 0x04 || first === 0x05) {
    const socks = probeSocks(bytes, off, end);
    return socks === 1 ? Look.Socks : socks === 0 ? Look.More : Look.No;
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
  // Hellos tell themselves even where the opening of the connection was not seen.
  if (first === 0x16) return lookAtTls(bytes, off, end) === Look.Tls ? Look.Tls : Look.No;
  if (!isText(bytes, off, end)) return Look.No;
  const stop = Math.min(end, off + SEARCH_LIMIT) - 1;
  for (let i = off; i < stop; i++) {
    if (bytes[i] === 0x0a && (bytes[i + 1] === 0x7b || bytes[i + 1] === 0x5b)) return Look.Json;
  }
  return Look.Text;
}

/** A TLS record (RFC 8446 §5.1) that begins a ClientHello or a ServerHello. */
function lookAtTls(bytes: Uint8Array, off: number, end: number): Look {
  // A warning may come first: the server does not know the name (RFC 6066 §3).
  if (bytes[off] === 0x15) {
    if (end - off < 13) return end - off > 5 && bytes[off + 1] === 0x03 && bytes[off + 5] === 1 ? Look.More : Look.No;
    const warning = bytes[off + 1] === 0x03 && bytes[off + 4] === 2 && bytes[off + 5] === 1;
    return warning && bytes[off + 7] === 0x16 && bytes[off + 12] === 2 ? Look.Tls : Look.No;
  }
  if (end - off < 6) return end - off < 2 || bytes[off + 1] === 0x03 ? Look.More : Look.No;
  if (bytes[off + 1] !== 0x03 || (bytes[off + 2] as number) > 4) return Look.No;
  const type = bytes[off + 5];
  return type === 1 || type === 2 ? Look.Tls : Look.No;
}

/** The start of a direction of a connection with port 53: DNS messages behind their length (RFC 7766)? */
export function lookAtDns(bytes: Uint8Array, off: number, end: number): Look {
  const dns = probeDnsTcp(bytes, off, end);
  return dns === 1 ? Look.Dns : dns === 0 ? Look.More : Look.No;
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
