import { constants, inflateRawSync } from 'node:zlib';
import { Anomaly } from '../common/anomaly.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { StreamParser } from './parser.ts';

/** Longest message handed on, in clear and compressed; a longer one is skipped without being held. */
export const MAX_WEBSOCKET_MESSAGE: number = 64 * 1024;

export interface WebSocketHandler {
  /** A whole message, not empty. `opcode`: 1 text, 2 binary; [off, end) is valid during the call only. */
  onWebSocketMessage(opcode: number, bytes: Uint8Array, off: number, end: number): void;
  /** Index into ANOMALIES. */
  onWebSocketAnomaly(anomaly: number): void;
}

// RFC 6455 §5.2: FIN RSV1-3 opcode | MASK length7 | length 16 or 64 bits, big-endian | masking key | payload.
const FIN = 0x80;
const RSV1 = 0x40;
const RSV23 = 0x30;
const MASK = 0x80;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PONG = 10;
/** History a permessage-deflate sender may refer to (RFC 7692 §7.1.2), and the bytes it takes off each message. */
const WINDOW = 32 * 1024;
const TAIL: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

const NOTHING: Uint8Array = new Uint8Array(0);

/** What is done with the payload of the frame under way. */
const Use = { Skip: 0, Gather: 1 };

/**
 * Messages of one direction of a WebSocket connection (RFC 6455, permessage-deflate of RFC 7692), from the first byte after
 * the handshake or from a frame boundary. Holds at most one message of 64 KiB and, once a compressed message was met, 32 KiB
 * of history. After a gap that does not end inside a frame of known length, and after bytes that are no frame, it waits for
 * a piece that begins with a plausible frame.
 */
export class WebSocketParser implements StreamParser {
  private readonly handler: WebSocketHandler;
  private readonly header: Uint8Array = new Uint8Array(14);
  private headerLength = 0;
  /** Payload bytes of the present frame not yet seen, and how many were; 0 between frames. */
  private remaining = 0;
  private position = 0;
  private use: number = Use.Skip;
  private final = false;
  private control = false;
  private masked = false;
  private readonly key: Uint8Array = new Uint8Array(4);
  /** Message under way: opcode (0 = none), compressed or not, its bytes, and whether it is only passed over. */
  private opcode = 0;
  private compressed = false;
  private dropped = false;
  private readonly message: ByteBuffer = new ByteBuffer(MAX_WEBSOCKET_MESSAGE);
  private history: Uint8Array = NOTHING;
  private lost = false;
  /** Fragments without a beginning are no fault before the first message. */
  private begun = false;

  constructor(handler: WebSocketHandler) {
    this.handler = handler;
  }

  /** False while bytes are ignored until a plausible frame begins. */
  get inStep(): boolean {
    return !this.lost;
  }

  /** Bytes held for an unfinished message and as history. */
  get heldBytes(): number {
    return this.message.length + this.headerLength + this.history.length;
  }

  push(bytes: Uint8Array, off: number, end: number): void {
    if (this.lost) {
      if (!startsWithFrame(bytes, off, end)) return;
      this.lost = false;
    }
    let p = off;
    while (p < end && !this.lost) p = this.remaining > 0 ? this.payload(bytes, p, end) : this.head(bytes, p, end);
  }

  gap(lost: number): void {
    this.dropMessage();
    if (lost > 0 && this.remaining > 0 && lost <= this.remaining) {
      this.use = Use.Skip;
      this.remaining -= lost;
      this.position += lost;
      if (this.remaining === 0) this.endFrame();
      return;
    }
    this.remaining = 0;
    this.headerLength = 0;
    this.opcode = 0;
    this.dropped = false;
    this.begun = false;
    this.history = NOTHING;
    this.lost = true;
  }

  finish(): void {
    this.gap(-1);
    this.lost = false;
  }

  /** Collects a header byte by byte as far as it goes. */
  private head(bytes: Uint8Array, off: number, end: number): number {
    let p = off;
    while (p < end) {
      this.header[this.headerLength++] = bytes[p++] as number;
      if (this.headerLength < 2) continue;
      if (this.headerLength < headerSize(this.header[1] as number)) continue;
      const length = isHeader(this.header, 0) ? payloadLength(this.header, 0) : -1;
      if (length < 0) return this.fail(end);
      this.startFrame(length);
      return p;
    }
    return p;
  }

  private startFrame(length: number): void {
    const first = this.header[0] as number;
    const code = first & 0x0f;
    this.masked = ((this.header[1] as number) & MASK) !== 0;
    if (this.masked) this.key.set(this.header.subarray(this.headerLength - 4, this.headerLength));
    this.headerLength = 0;
    this.final = (first & FIN) !== 0;
    this.control = code >= CLOSE;
    this.remaining = length;
    this.position = 0;
    if (!this.control) this.continueMessage(code, (first & RSV1) !== 0, length);
    this.use = this.control || this.dropped ? Use.Skip : Use.Gather;
    if (length === 0) this.endFrame();
  }

  private continueMessage(code: number, compressed: boolean, length: number): void {
    if (code === CONTINUATION) {
      if (this.opcode === 0 && !this.dropped) {
        if (this.begun) this.handler.onWebSocketAnomaly(Anomaly['websocket.malformed']);
        this.dropped = true;
        this.history = NOTHING;
      }
    } else {
      // A new message inside another: the older one can no longer be completed.
      if (this.opcode !== 0) {
        this.handler.onWebSocketAnomaly(Anomaly['websocket.malformed']);
        this.dropMessage();
      }
      this.begun = true;
      this.opcode = code;
      this.compressed = compressed;
      this.dropped = false;
      this.message.clear();
    }
    if (this.dropped || length <= this.message.room) return;
    this.handler.onWebSocketAnomaly(Anomaly['websocket.message_too_long']);
    this.dropMessage();
  }

  private payload(bytes: Uint8Array, off: number, end: number): number {
    const count = Math.min(this.remaining, end - off);
    const next = off + count;
    this.remaining -= count;
    if (this.use === Use.Gather) {
      // The usual case on the way to a browser: a whole message in clear, handed on in place.
      const plain = !this.masked && !this.compressed && this.final;
      if (plain && this.position === 0 && this.remaining === 0 && this.message.length === 0) {
        const opcode = this.opcode;
        this.opcode = 0;
        this.handler.onWebSocketMessage(opcode, bytes, off, next);
        return next;
      }
      const start = this.message.length;
      this.message.append(bytes, off, next);
      if (this.masked) unmask(this.message.bytes, start, this.message.length, this.key, this.position);
    }
    this.position += count;
    if (this.remaining === 0) this.endFrame();
    return next;
  }

  private endFrame(): void {
    if (this.control || !this.final) return;
    const opcode = this.opcode;
    this.opcode = 0;
    if (this.dropped) {
      this.dropped = false;
      return;
    }
    if (this.compressed) this.inflate(opcode);
    else if (this.message.length > 0)
      this.handler.onWebSocketMessage(opcode, this.message.bytes, 0, this.message.length);
    this.message.clear();
  }

  /**
   * RFC 7692 §7.2.2. The history kept is always the newest unbroken one: what a message refers to beyond it makes the
   * decoder fail, never decode wrongly.
   */
  private inflate(opcode: number): void {
    const input = Buffer.concat([this.message.bytes.subarray(0, this.message.length), TAIL]);
    let output: Uint8Array;
    try {
      output = inflateRawSync(input, {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MAX_WEBSOCKET_MESSAGE,
        ...(this.history.length > 0 ? { dictionary: this.history } : {}),
      });
    } catch (error) {
      this.history = NOTHING;
      const tooLong = error instanceof RangeError;
      const name = tooLong ? 'websocket.message_too_long' : 'websocket.inflate_failed';
      this.handler.onWebSocketAnomaly(Anomaly[name]);
      return;
    }
    this.remember(output);
    if (output.length > 0) this.handler.onWebSocketMessage(opcode, output, 0, output.length);
  }

  private remember(output: Uint8Array): void {
    const older = Math.min(this.history.length, Math.max(0, WINDOW - output.length));
    const newer = Math.min(WINDOW, output.length);
    const history = new Uint8Array(older + newer);
    history.set(this.history.subarray(this.history.length - older));
    history.set(output.subarray(output.length - newer), older);
    this.history = history;
  }

  /** Passes over the rest of the message; a compressed one leaves a hole in the history. */
  private dropMessage(): void {
    if (this.opcode !== 0 && this.compressed) this.history = NOTHING;
    this.message.clear();
    if (this.opcode !== 0) this.dropped = true;
    this.opcode = 0;
  }

  private fail(end: number): number {
    this.handler.onWebSocketAnomaly(Anomaly['websocket.malformed']);
    this.gap(-1);
    return end;
  }
}

/**
 * Does [off, end) start with a plausible data frame, met in the middle of a connection? 1 = one or more whole frames tile it
 * exactly, and the first is a single text or binary message, in clear, from '{' or '[' to '}' or ']'; 0 = so far it may be;
 * -1 = no. Reads [off, end) only, allocates nothing.
 */
export function probeWebSocketFrame(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left <= 0) return 0;
  const first = bytes[off] as number;
  if (first !== (FIN | TEXT) && first !== (FIN | BINARY)) return -1;
  if (left < 2) return 0;
  const size = headerSize(bytes[off + 1] as number);
  if (left < size) return 0;
  const length = payloadLength(bytes, off);
  if (length < 2 || length > MAX_WEBSOCKET_MESSAGE) return -1;
  if (left === size) return 0;
  const open = payloadByte(bytes, off, size, 0);
  if (open !== 0x7b && open !== 0x5b) return -1;
  if (length > left - size) return 0;
  let last = length - 1;
  while (last > 0 && isSpace(payloadByte(bytes, off, size, last))) last--;
  if (payloadByte(bytes, off, size, last) !== open + 2) return -1;
  return tiling(bytes, off, end);
}

/** Frames from `off` on: 1 = they end exactly at `end`, 0 = the last is incomplete, -1 = one is no frame. */
function tiling(bytes: Uint8Array, off: number, end: number): number {
  let p = off;
  while (p < end) {
    const left = end - p;
    const size = left < 2 ? 2 : headerSize(bytes[p + 1] as number);
    if (!isFirstByte(bytes[p] as number)) return -1;
    if (left < size) return 0;
    if (!isHeader(bytes, p)) return -1;
    const length = payloadLength(bytes, p);
    if (length < 0) return -1;
    if (length > left - size) return 0;
    p += size + length;
  }
  return 1;
}

/** After a loss: frames that end with the piece, or one that looks like JSON and goes on. */
function startsWithFrame(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off < 2) return false;
  const fit = tiling(bytes, off, end);
  return fit > 0 || (fit === 0 && probeWebSocketFrame(bytes, off, end) >= 0 && end - off > 14);
}

/** Header bytes, from the second one: 2, and those of the long length and of the masking key. */
function headerSize(second: number): number {
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & MASK) !== 0 ? 4 : 0);
}

/** Payload length of a header that is there whole; -1 where it is not the shortest form, or over 2^32. */
function payloadLength(bytes: Uint8Array, off: number): number {
  const short = (bytes[off + 1] as number) & 0x7f;
  if (short < 126) return short;
  const low = (bytes[off + 2] as number) * 256 + (bytes[off + 3] as number);
  if (short === 126) return low < 126 ? -1 : low;
  if (low !== 0 || bytes[off + 4] !== 0 || bytes[off + 5] !== 0) return -1;
  const long =
    (bytes[off + 6] as number) * 0x1000000 +
    ((bytes[off + 7] as number) << 16) +
    ((bytes[off + 8] as number) << 8) +
    (bytes[off + 9] as number);
  return long < 0x10000 ? -1 : long;
}

/** RFC 6455 §5.2 and §5.5: no unknown opcode or reserved bit; control frames are whole. */
function isFirstByte(first: number): boolean {
  if ((first & RSV23) !== 0) return false;
  const code = first & 0x0f;
  if (code > BINARY) return code >= CLOSE && code <= PONG && (first & (FIN | RSV1)) === FIN;
  return code !== CONTINUATION || (first & RSV1) === 0;
}
function isHeader(bytes: Uint8Array, off: number): boolean {
  const first = bytes[off] as number;
  return isFirstByte(first) && ((first & 0x0f) < CLOSE || ((bytes[off + 1] as number) & 0x7f) <= 125);
}

function payloadByte(bytes: Uint8Array, off: number, size: number, index: number): number {
  const value = bytes[off + size + index] as number;
  if (((bytes[off + 1] as number) & MASK) === 0) return value;
  return value ^ (bytes[off + size - 4 + (index & 3)] as number);
}

function unmask(bytes: Uint8Array, off: number, end: number, key: Uint8Array, position: number): void {
  for (let i = off; i < end; i++) bytes[i] = (bytes[i] as number) ^ (key[(position + i - off) & 3] as number);
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}
