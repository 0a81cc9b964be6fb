import { Anomaly } from '../common/anomaly.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { StreamParser } from './parser.ts';
import { isTls13, parseClientHello, parseServerHello } from './tls-hello.ts';
import type { TlsFact, TlsHandler } from './tls-types.ts';
import {
  CLIENT_HELLO,
  isRecordHeader,
  MESSAGE_HEADER,
  RECORD_HANDSHAKE,
  RECORD_HEADER,
  SERVER_HELLO,
  u16,
  u24,
} from './tls-wire.ts';
import { parseCertificate } from './x509.ts';

export { parseClientHello } from './tls-hello.ts';

/** Longest handshake message that is put together, in bytes; certificate chains seen in the wild stay far below. */
export const TLS_MAX_MESSAGE: number = 64 * 1024;

// Handshake types (RFC 5246 §7.4, RFC 4680) that may come before the server's certificate.
const HELLO_REQUEST = 0;
const CERTIFICATE = 11;
const SUPPLEMENTAL_DATA = 23;

// Alerts (RFC 5246 §7.2): level, description. In clear they have these two bytes, encrypted ones have more.
const RECORD_ALERT = 21;
const ALERT_LENGTH = 2;
const WARNING = 1;

/** Longest record after the handshake: RFC 8446 §5.2, and RFC 5246 §6.2.3 in practice. */
const MAX_SEEN_RECORD = 16_384 + 256;

/**
 * One direction of a TLS stream over TCP from its first byte (RFC 5246, RFC 8446): on the client's side its first
 * ClientHello, on the server's side the ServerHello and, where it is in clear (TLS 1.2 and below), its certificate. Finds out
 * by itself which side it reads. What does not begin with a TLS handshake record ends quietly, SSLv2 hellos among them; only
 * warnings may come before (servers send unrecognized_name ahead of their ServerHello, RFC 6066 §3). Holds at most one message of 64 KiB, and nothing after `onTlsEnd`; from there on it only counts its way from record header to
 * record header, and only where the handler wants them.
 */
export class TlsParser implements StreamParser {
  private readonly handler: TlsHandler;
  private readonly header: Uint8Array = new Uint8Array(RECORD_HEADER);
  private headerLength = 0;
  /** Content type of the present record, and its bytes not yet seen. */
  private type = 0;
  private remaining = 0;
  /** Handshake message under way; null after the end. */
  private held: ByteBuffer | null = new ByteBuffer(MESSAGE_HEADER + TLS_MAX_MESSAGE);
  private helloMet = false;
  /** A whole ServerHello was reported, so a certificate may follow. */
  private answered = false;
  /** Nothing more is read at all. */
  private dead = false;
  /** After a gap: waiting for a piece that begins with a record. */
  private lost = false;

  constructor(handler: TlsHandler) {
    this.handler = handler;
  }

  /** A handshake record that begins with a ClientHello or ServerHello was met. */
  get isTls(): boolean {
    return this.helloMet;
  }

  /** Bytes held for a message or record header that is not complete. */
  get heldBytes(): number {
    return (this.held?.length ?? 0) + this.headerLength;
  }

  push(bytes: Uint8Array, off: number, end: number): void {
    if (this.dead) return;
    if (this.lost) {
      if (!startsWithRecord(bytes, off, end)) return;
      this.lost = false;
    }
    let p = off;
    while (p < end && !this.dead) p = this.remaining > 0 ? this.body(bytes, p, end) : this.head(bytes, p, end);
  }

  gap(lost: number): void {
    // What is missing in the handshake cannot be made up for: its messages have no mark to find them by.
    this.end();
    if (this.dead) return;
    this.headerLength = 0;
    if (lost > 0 && lost <= this.remaining && !this.lost) this.remaining -= lost;
    else {
      this.remaining = 0;
      this.lost = true;
    }
  }

  finish(): void {
    this.end();
    this.dead = true;
    this.headerLength = 0;
    this.remaining = 0;
  }

  private head(bytes: Uint8Array, off: number, end: number): number {
    let p = off;
    while (p < end && this.headerLength < RECORD_HEADER) this.header[this.headerLength++] = bytes[p++] as number;
    if (this.headerLength < RECORD_HEADER) return p;
    this.headerLength = 0;
    const type = this.header[0] as number;
    const length = u16(this.header, 3);
    const clear = type === RECORD_HANDSHAKE || (type === RECORD_ALERT && length === ALERT_LENGTH);
    if (!isRecordHeader(this.header, 0) || (!clear && !this.helloMet)) {
      if (this.held !== null && this.helloMet) this.handler.onTlsAnomaly(Anomaly['tls.malformed']);
      this.end();
      this.dead = true;
      return end;
    }
    this.type = type;
    this.remaining = length;
    this.handler.onTlsRecord?.(type, length);
    // ChangeCipherSpec, data or a long alert: what follows is encrypted.
    if (!clear) this.end();
    return p;
  }

  private body(bytes: Uint8Array, off: number, end: number): number {
    const next = off + Math.min(this.remaining, end - off);
    const first = this.remaining === ALERT_LENGTH;
    this.remaining -= next - off;
    if (this.held === null) return next;
    if (this.type === RECORD_HANDSHAKE) this.handshake(bytes, off, next, this.held);
    else if (first && bytes[off] !== WARNING) this.end();
    return next;
  }

  /** Handshake messages, which neither begin nor end with records. */
  private handshake(bytes: Uint8Array, off: number, end: number, held: ByteBuffer): void {
    let p = off;
    while (p < end && this.held !== null) {
      if (held.length === 0 && end - p >= MESSAGE_HEADER) {
        if (!this.accept(bytes, p)) return;
        const size = MESSAGE_HEADER + u24(bytes, p + 1);
        if (size <= end - p) {
          this.message(bytes, p, p + size);
          p += size;
          continue;
        }
      }
      const known = held.length >= MESSAGE_HEADER;
      const wanted = (known ? MESSAGE_HEADER + u24(held.bytes, 1) : MESSAGE_HEADER) - held.length;
      const next = p + Math.min(wanted, end - p);
      held.append(bytes, p, next);
      p = next;
      if (held.length < MESSAGE_HEADER) return;
      if (!known && !this.accept(held.bytes, 0)) return;
      if (held.length < MESSAGE_HEADER + u24(held.bytes, 1)) continue;
      this.message(held.bytes, 0, held.length);
      held.clear();
    }
  }

  /** Is the message whose header lies at `at` worth its bytes? If not, this was the end. */
  private accept(bytes: Uint8Array, at: number): boolean {
    const type = bytes[at] as number;
    const expected = this.answered
      ? type === CERTIFICATE || type === HELLO_REQUEST || type === SUPPLEMENTAL_DATA
      : type === CLIENT_HELLO || type === SERVER_HELLO;
    if (!expected) {
      this.end();
      return false;
    }
    this.helloMet = true;
    if (u24(bytes, at + 1) <= TLS_MAX_MESSAGE) return true;
    this.handler.onTlsAnomaly(Anomaly['tls.too_long']);
    this.end();
    return false;
  }

  private message(bytes: Uint8Array, off: number, end: number): void {
    const type = bytes[off];
    if (type === CLIENT_HELLO) {
      this.report(parseClientHello(bytes, off, end));
      // Whatever the client says in clear after this names nobody (its certificate is the server's affair).
      this.end();
    } else if (type === SERVER_HELLO) {
      const hello = parseServerHello(bytes, off, end);
      this.report(hello);
      this.answered = true;
      if (hello === null || isTls13(hello.version)) this.end();
    } else if (type === CERTIFICATE) {
      this.certificate(bytes, off + MESSAGE_HEADER, end);
      this.end();
    }
  }

  private report(fact: TlsFact | null): void {
    if (fact === null) this.handler.onTlsAnomaly(Anomaly['tls.malformed']);
    else this.handler.onTlsFact(fact);
  }

  /** RFC 5246 §7.4.2: length of the list (3), then certificates, each behind its length (3); the server's own is first. */
  private certificate(bytes: Uint8Array, off: number, end: number): void {
    const list = end - off < 3 ? -1 : u24(bytes, off);
    if (list === 0) return; // a server without a certificate
    const at = off + 6;
    if (list < 3 || list > end - off - 3 || u24(bytes, off + 3) > list - 3) {
      this.report(null);
      return;
    }
    const fact = parseCertificate(bytes, at, at + u24(bytes, off + 3));
    if (fact === null) this.handler.onTlsAnomaly(Anomaly['x509.malformed']);
    else this.handler.onTlsFact(fact);
  }

  private end(): void {
    if (this.held === null) return;
    this.held = null;
    if (!this.helloMet || this.handler.onTlsRecord === undefined) this.dead = true;
    this.handler.onTlsEnd();
  }
}

/** After a loss: does the piece begin with records, of which the last may go on beyond it? */
function startsWithRecord(bytes: Uint8Array, off: number, end: number): boolean {
  let p = off;
  while (end - p >= RECORD_HEADER) {
    if (!isRecordHeader(bytes, p)) return false;
    const length = u16(bytes, p + 3);
    const minor = bytes[p + 2] as number;
    if (minor === 0 || minor > 3 || length === 0 || length > MAX_SEEN_RECORD) return false;
    p += RECORD_HEADER + length;
  }
  return p > off;
}
