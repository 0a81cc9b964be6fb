import { Anomaly } from '../common/anomaly.ts';
import { ByteBuffer, findByte } from './byte-buffer.ts';
import {
  type BodyPlan,
  Capture,
  Coding,
  decodeBody,
  Framing,
  MAX_BODY,
  MAX_CODED_BODY,
  planBody,
} from './http-body.ts';
import { MAX_HEAD, MAX_HEADERS, parseHead, probeHttp } from './http-head.ts';
import type { HttpHead } from './message.ts';
import type { StreamParser } from './parser.ts';

export { MAX_BODY } from './http-body.ts';
export { probeHttp } from './http-head.ts';

export interface HttpHandler {
  /** A complete head. `text`: first line and headers, at most 4096 characters, values of secret headers as '***'. */
  onHttpHead(head: HttpHead, text: string): void;
  /**
   * A body that may be JSON, transfer and content coding removed, at most MAX_BODY bytes, [off, end) valid during the call
   * only. `complete` is false where it was cut: too long, lost bytes, end of stream, undecodable. Not called when empty.
   */
  onHttpBody(head: HttpHead, body: Uint8Array, off: number, end: number, complete: boolean): void;
  /**
   * The stream stops being HTTP: a 101 response, a proxy's "Connection established", or no HTTP after an Upgrade or CONNECT
   * request. Everything after goes to onHttpRaw. Not called for `upgrade()`, whose caller knows.
   */
  onHttpUpgrade(head: HttpHead): void;
  onHttpRaw(bytes: Uint8Array, off: number, end: number): void;
  /** Index into ANOMALIES. */
  onHttpAnomaly(anomaly: number): void;
}

/**
 * `head`: at or inside a head; `body`; `lost`: after a gap, waiting for a head; `malformed`: the same after bytes that are
 * no HTTP; `raw`: after a switch of protocols.
 */
export type HttpState = 'head' | 'body' | 'lost' | 'malformed' | 'raw';

const Mode = { Head: 0, Search: 1, Peek: 2, Length: 3, Size: 4, Chunk: 5, ChunkEnd: 6, Trailer: 7, Close: 8, Raw: 9 };
const LF = 0x0a;
const CR = 0x0d;
/** Longest chunk-size line and chunk; a lying size is only counted down, never allocated. */
const MAX_SIZE_LINE = 1024;
const MAX_CHUNK = 2 ** 40;

const NO_PLAN: BodyPlan = {
  framing: Framing.None,
  length: 0,
  capture: Capture.Drop,
  coding: Coding.None,
  tooLong: false,
};

/**
 * HTTP/1.x messages of one direction of a connection, requests or responses (RFC 9112), lenient towards line ends and
 * folding. Holds at most one head (64 KiB) and one body (256 KiB). After a gap outside a body of known length, or after
 * bytes that are no HTTP, it goes on at the next bytes that look like a head.
 */
export class HttpParser implements StreamParser {
  private readonly handler: HttpHandler;
  private mode: number = Mode.Head;
  /** Head under way, or the first bytes of a body that may be a status line. */
  private readonly text: ByteBuffer = new ByteBuffer(MAX_HEAD);
  private lineStart = 0;
  private lines = 0;
  /** First line seen whole or believed; until then every piece is tested. */
  private believed = false;
  /** State shown while a head found by searching is not complete; '' = the head was expected. */
  private searching: 'lost' | 'malformed' | '' = '';
  /** Request after which the protocol may change. */
  private offer: HttpHead | null = null;
  /** Head of the body under way. */
  private head: HttpHead | null = null;
  private plan: BodyPlan = NO_PLAN;
  private capture: Capture = Capture.Drop;
  private readonly body: ByteBuffer = new ByteBuffer(MAX_BODY);
  /** Bytes left of the body or chunk; while a size line is read, the size so far. */
  private remaining = 0;
  private sizeDigits = 0;
  private sizeLength = 0;
  private sizeOver = false;

  constructor(handler: HttpHandler) {
    this.handler = handler;
  }

  get state(): HttpState {
    if (this.mode === Mode.Raw) return 'raw';
    if (this.searching !== '') return this.searching;
    return this.mode === Mode.Head ? 'head' : 'body';
  }

  /** Bytes held for an unfinished message. */
  get heldBytes(): number {
    return this.text.length + this.body.length;
  }

  /** The owner knows that this direction now speaks another protocol: what is held and what follows goes to onHttpRaw. */
  upgrade(): void {
    if (this.mode === Mode.Raw) return;
    this.body.clear();
    this.mode = Mode.Raw;
    this.searching = '';
    this.offer = null;
    if (this.text.length > 0) this.handler.onHttpRaw(this.text.bytes, 0, this.text.length);
    this.text.clear();
  }

  push(bytes: Uint8Array, off: number, end: number): void {
    let p = off;
    while (p < end) p = this.step(bytes, p, end);
  }

  gap(lost: number): void {
    if (this.mode === Mode.Raw) return;
    if (this.mode === Mode.Peek) this.flushPeek();
    const counted = this.mode === Mode.Length || this.mode === Mode.Chunk;
    if (counted && lost > 0 && lost <= this.remaining) {
      this.cutBody();
      this.consume(lost);
      return;
    }
    // Between an offer to switch and the first byte after it, the next byte still decides.
    if (this.mode === Mode.Head && this.offer !== null && this.text.length === 0) return;
    this.cutBody();
    this.search(this.searching === '' ? 'lost' : this.searching);
  }

  finish(): void {
    if (this.mode === Mode.Peek) this.flushPeek();
    if (this.mode === Mode.Close) this.endBody(true);
    this.cutBody();
    if (this.mode === Mode.Raw) return;
    this.search('lost');
    this.searching = '';
    this.mode = Mode.Head;
  }

  /** Works on [p, end) in the present mode; returns the first byte not used, always beyond p or in another mode. */
  private step(bytes: Uint8Array, p: number, end: number): number {
    switch (this.mode) {
      case Mode.Head:
        return this.readHead(bytes, p, end);
      case Mode.Search:
        return this.findHead(bytes, p, end);
      case Mode.Peek:
        return this.peek(bytes, p, end);
      case Mode.Length:
      case Mode.Chunk: {
        const count = Math.min(this.remaining, end - p);
        this.take(bytes, p, p + count, count === this.remaining && this.mode === Mode.Length);
        this.consume(count);
        return p + count;
      }
      case Mode.Size:
        return this.readSize(bytes, p, end);
      case Mode.ChunkEnd:
        return this.readChunkEnd(bytes, p);
      case Mode.Trailer:
        return this.readTrailer(bytes, p, end);
      case Mode.Close:
        this.take(bytes, p, end, false);
        return end;
      default:
        this.handler.onHttpRaw(bytes, p, end);
        return end;
    }
  }

  private readHead(bytes: Uint8Array, off: number, end: number): number {
    let p = off;
    // Empty lines before a message are tolerated (RFC 9112 §2.2).
    while (this.text.length === 0 && p < end && (bytes[p] === CR || bytes[p] === LF)) p++;
    const again = this.text.length === 0 ? p + 1 : p;
    while (p < end) {
      const feed = findByte(bytes, LF, p, end);
      const stop = feed < 0 ? end : feed + 1;
      if (this.text.append(bytes, p, stop) < stop - p) return this.fail(bytes, stop, end);
      p = stop;
      if (!this.believed) {
        const verdict = probeHttp(this.text.bytes, 0, this.text.length);
        // A head may begin inside what was taken for its first line: after the rest of a body, say.
        if (verdict < 0) return this.switchOrFail(bytes, p, again, end);
        this.believed = verdict > 0;
      }
      if (feed < 0) return p;
      const length = this.text.length - this.lineStart;
      if (length === 1 || (length === 2 && this.text.bytes[this.lineStart] === CR)) {
        return this.endHead() ? p : this.fail(bytes, p, end);
      }
      if (++this.lines > MAX_HEADERS + 1) return this.fail(bytes, p, end);
      this.lineStart = this.text.length;
    }
    return p;
  }

  private endHead(): boolean {
    const parsed = parseHead(this.text.bytes, 0, this.lineStart);
    if (parsed === null) return false;
    this.resetHead();
    this.searching = '';
    const { head } = parsed;
    this.mode = Mode.Head;
    this.offer = null;
    this.handler.onHttpHead(head, parsed.text);
    if (this.mode === Mode.Raw) return true;
    if (head.status === 101 || isTunnel(head, parsed.text)) {
      this.mode = Mode.Raw;
      this.handler.onHttpUpgrade(head);
      return true;
    }
    if (head.method === 'CONNECT' || (head.kind === 'request' && head.headers.has('upgrade'))) this.offer = head;
    this.startBody(head);
    return true;
  }

  private startBody(head: HttpHead): void {
    const plan = planBody(head);
    this.head = head;
    this.plan = plan;
    this.capture = plan.capture;
    this.remaining = plan.length;
    if (plan.tooLong) this.handler.onHttpAnomaly(Anomaly['http.body_too_long']);
    if (plan.framing === Framing.Bad) {
      this.handler.onHttpAnomaly(Anomaly['http.malformed']);
      this.search('malformed');
    } else if (plan.framing === Framing.None) this.mode = Mode.Head;
    // The answer to a HEAD request has no body, and only the next status line tells.
    else if (head.kind === 'response') this.mode = Mode.Peek;
    else this.enterBody();
  }

  private enterBody(): void {
    this.sizeDigits = 0;
    this.sizeLength = 0;
    this.sizeOver = false;
    const framing = this.plan.framing;
    if (framing === Framing.Chunked) this.remaining = 0;
    this.mode = framing === Framing.Length ? Mode.Length : framing === Framing.Chunked ? Mode.Size : Mode.Close;
  }

  /** First bytes after a response head: a body, or the next status line instead of it. */
  private peek(bytes: Uint8Array, off: number, end: number): number {
    if (this.text.length === 0 && bytes[off] !== 0x48) {
      this.enterBody();
      return off;
    }
    let p = off;
    while (p < end) {
      this.text.append(bytes, p, ++p);
      const verdict = probeHttp(this.text.bytes, 0, this.text.length);
      if (verdict < 0) {
        this.flushPeek();
        return p;
      }
      if (verdict > 0) {
        this.believed = true;
        this.mode = Mode.Head;
        return p;
      }
    }
    return p;
  }

  /** What was held was body after all. */
  private flushPeek(): void {
    const held = this.text.bytes.slice(0, this.text.length);
    this.text.clear();
    this.enterBody();
    this.push(held, 0, held.length);
  }

  private readSize(bytes: Uint8Array, off: number, end: number): number {
    let p = off;
    while (p < end) {
      const c = bytes[p++] as number;
      this.sizeLength++;
      if (c === LF) {
        if (this.sizeDigits === 0) return this.fail(bytes, p - 1, end);
        this.mode = this.remaining > 0 ? Mode.Chunk : Mode.Trailer;
        this.sizeLength = 0;
        return p;
      }
      const digit = this.sizeOver ? -1 : hexDigit(c);
      if (digit >= 0) {
        this.sizeDigits++;
        this.remaining = this.remaining * 16 + digit;
      } else if (this.sizeDigits === 0 || (!this.sizeOver && c !== 0x3b && c !== 0x20 && c !== 0x09 && c !== CR)) {
        return this.fail(bytes, p - 1, end);
      } else this.sizeOver = true; // an extension, or white space before the line end
      if (this.sizeLength > MAX_SIZE_LINE || this.remaining > MAX_CHUNK) return this.fail(bytes, p - 1, end);
    }
    return p;
  }

  /** The line end after a chunk. */
  private readChunkEnd(bytes: Uint8Array, p: number): number {
    if (bytes[p] === LF) this.enterBody();
    else if (bytes[p] !== CR) return this.fail(bytes, p, p);
    return p + 1;
  }

  /** Trailer lines up to an empty one; `sizeLength` counts the line, `sizeDigits` the whole. */
  private readTrailer(bytes: Uint8Array, off: number, end: number): number {
    for (let p = off; p < end; p++) {
      if (++this.sizeDigits > MAX_HEAD) return this.fail(bytes, p, end);
      if (bytes[p] !== LF) {
        if (bytes[p] !== CR) this.sizeLength++;
      } else if (this.sizeLength > 0) this.sizeLength = 0;
      else {
        this.endBody(true);
        return p + 1;
      }
    }
    return end;
  }

  /** Body bytes; `whole` = they end a body of known length. */
  private take(bytes: Uint8Array, off: number, end: number, whole: boolean): void {
    if (this.capture === Capture.Drop) return;
    let p = off;
    if (this.capture === Capture.Look) {
      while (p < end && isSpace(bytes[p] as number)) p++;
      if (p === end) return;
      this.capture = bytes[p] === 0x7b || bytes[p] === 0x5b ? Capture.Keep : Capture.Drop;
      if (this.capture === Capture.Drop) return;
    }
    const coded = this.plan.coding !== Coding.None;
    if (whole && !coded && this.body.length === 0) {
      this.capture = Capture.Drop;
      this.handler.onHttpBody(this.head as HttpHead, bytes, p, end, true);
      return;
    }
    const room = coded ? MAX_CODED_BODY - this.body.length : this.body.room;
    this.body.append(bytes, p, Math.min(end, p + room));
    if (end - p <= room) return;
    this.handler.onHttpAnomaly(Anomaly['http.body_too_long']);
    this.cutBody();
  }

  /** Counts down a body of known length or a chunk. */
  private consume(count: number): void {
    this.remaining -= count;
    if (this.remaining > 0) return;
    if (this.mode === Mode.Length) this.endBody(true);
    else this.mode = Mode.ChunkEnd;
  }

  /** The body goes no further, or not in one piece: hands on what there is, once. */
  private cutBody(): void {
    this.emitBody(false);
    this.capture = Capture.Drop;
  }

  private endBody(complete: boolean): void {
    this.emitBody(complete);
    this.head = null;
    this.mode = Mode.Head;
  }

  private emitBody(complete: boolean): void {
    const length = this.body.length;
    if (length === 0 || this.head === null || this.capture === Capture.Drop) return;
    const decoded =
      complete && this.plan.coding !== Coding.None ? decodeBody(this.plan.coding, this.body.bytes, length) : null;
    if (decoded !== null) {
      if (decoded.length > 0) this.handler.onHttpBody(this.head, decoded, 0, decoded.length, true);
    } else {
      const whole = complete && this.plan.coding === Coding.None;
      this.handler.onHttpBody(this.head, this.body.bytes, 0, length, whole);
    }
    this.body.clear();
  }

  /** The first bytes of a message, up to `p`, are no HTTP: after an offer to switch the other protocol begins. */
  private switchOrFail(bytes: Uint8Array, p: number, again: number, end: number): number {
    const offer = this.offer;
    if (offer === null) return this.fail(bytes, again, end);
    this.offer = null;
    this.handler.onHttpUpgrade(offer);
    this.upgrade();
    return p;
  }

  /** The bytes before `again` are no HTTP; a head is sought from there on. */
  private fail(bytes: Uint8Array, again: number, end: number): number {
    if (this.searching === '') this.handler.onHttpAnomaly(Anomaly['http.malformed']);
    this.cutBody();
    this.search(this.searching === '' ? 'malformed' : this.searching);
    return this.findHead(bytes, again, end);
  }

  private search(state: 'lost' | 'malformed'): void {
    this.resetHead();
    this.head = null;
    this.offer = null;
    this.searching = state;
    this.mode = Mode.Search;
  }

  private findHead(bytes: Uint8Array, off: number, end: number): number {
    for (let p = off; p < end; p++) {
      if (probeHttp(bytes, p, end) < 0) continue;
      this.mode = Mode.Head;
      return p;
    }
    return end;
  }

  private resetHead(): void {
    this.text.clear();
    this.lineStart = 0;
    this.lines = 0;
    this.believed = false;
  }
}

/** A proxy's answer to CONNECT, known by its words where the request was not seen. */
function isTunnel(head: HttpHead, text: string): boolean {
  if (head.status < 200 || head.status > 299 || head.headers.has('content-length')) return false;
  return /^HTTP\/1\.\d \d{3} connection established/i.test(text);
}

function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
function isSpace(c: number): boolean {
  return c === 0x20 || c === LF || c === CR || c === 0x09;
}
