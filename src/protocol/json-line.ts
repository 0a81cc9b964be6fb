import { Anomaly } from '../common/anomaly.ts';
import type { StreamParser } from './parser.ts';

/** Longest line that is put together, in bytes; a Stratum notify of 17,514 hex digits has been seen in the wild. */
export const MAX_LINE: number = 128 * 1024;

/** A buffer that may stay for the next line. */
const SMALL_BUFFER = 4096;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;

export interface LineHandler {
  /** One line that starts like JSON, without its end: [off, end) of `bytes`, valid during the call only. */
  onLine(bytes: Uint8Array, off: number, end: number): void;
  /** A line that does not start like JSON was passed over. */
  onOtherLine(): void;
  onLineAnomaly(anomaly: number): void;
}

/**
 * Cuts one direction of a stream into lines (LF, CR LF) and hands on those that start with `{` or `[`. After a gap (and
 * where a stream is met in the middle, which is one) what comes before the next line end is dropped unless the first piece
 * starts like JSON. A last line without its end is handed on at `finish` and before a gap where it closes like JSON.
 * Holds at most MAX_LINE bytes; longer lines are dropped and counted.
 */
export class LineParser implements StreamParser {
  private buffer: Uint8Array | null = null;
  private length = 0;
  /** Dropping until the next line end. */
  private skipping = false;
  /** The next piece may begin inside a line. */
  private unsure = false;
  private readonly handler: LineHandler;

  constructor(handler: LineHandler) {
    this.handler = handler;
  }

  /** Bytes of the unfinished line; its buffer is at most twice as large. */
  get heldBytes(): number {
    return this.length;
  }

  push(bytes: Uint8Array, off: number, end: number): void {
    let start = off;
    if (this.unsure && off < end) {
      this.unsure = false;
      this.skipping = bytes[off] !== OPEN_BRACE && bytes[off] !== OPEN_BRACKET;
    }
    while (start < end) {
      const stop = lineEnd(bytes, start, end);
      if (stop < 0) {
        this.keep(bytes, start, end);
        return;
      }
      if (this.skipping) {
        this.skipping = false;
        this.length = 0;
      } else if (this.length > 0) {
        this.keep(bytes, start, stop);
        if (!this.skipping) this.line(this.buffer as Uint8Array, 0, this.length);
        this.shrink();
        this.skipping = false;
        this.length = 0;
      } else if (stop - start > MAX_LINE) this.handler.onLineAnomaly(Anomaly['json.line_too_long']);
      else this.line(bytes, start, stop);
      start = stop + 1;
    }
  }

  gap(): void {
    this.finish();
    this.unsure = true;
  }

  finish(): void {
    if (!this.skipping && this.length > 0) {
      const buffer = this.buffer as Uint8Array;
      const last = trimEnd(buffer, 0, this.length);
      const byte = buffer[last - 1];
      if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.line(buffer, 0, last);
    }
    this.shrink();
    this.length = 0;
    this.skipping = false;
  }

  private line(bytes: Uint8Array, off: number, end: number): void {
    let from = off;
    while (from < end && isSpace(bytes[from] as number)) from++;
    const to = trimEnd(bytes, from, end);
    if (from >= to) return;
    const first = bytes[from];
    if (first === OPEN_BRACE || first === OPEN_BRACKET) this.handler.onLine(bytes, from, to);
    else this.handler.onOtherLine();
  }

  /** One long line must not hold its room for the life of a connection. */
  private shrink(): void {
    if (this.buffer !== null && this.buffer.length > SMALL_BUFFER) this.buffer = null;
  }

  private keep(bytes: Uint8Array, off: number, end: number): void {
    if (this.skipping) return;
    const need = this.length + (end - off);
    if (need > MAX_LINE) {
      this.handler.onLineAnomaly(Anomaly['json.line_too_long']);
      this.skipping = true;
      this.length = 0;
      this.buffer = null;
      return;
    }
    if (!this.buffer || this.buffer.length < need) {
      const grown = new Uint8Array(Math.min(MAX_LINE, Math.max(512, need * 2)));
      if (this.buffer && this.length > 0) grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    }
    this.buffer.set(bytes.subarray(off, end), this.length);
    this.length = need;
  }
}

function lineEnd(bytes: Uint8Array, off: number, end: number): number {
  for (let i = off; i < end; i++) if (bytes[i] === LF) return i;
  return -1;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR || byte === LF || byte === 0;
}

function trimEnd(bytes: Uint8Array, off: number, end: number): number {
  let to = end;
  while (to > off && isSpace(bytes[to - 1] as number)) to--;
  return to;
}
