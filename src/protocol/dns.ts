import { Anomaly } from '../common/anomaly.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { DNS_HEADER, glanceDns } from './dns-message.ts';
import type { StreamParser } from './parser.ts';

export {
  type DnsAddress,
  type DnsAnswer,
  type DnsMessage,
  DnsType,
  glanceDns,
  MAX_ANSWERS,
  readDns,
} from './dns-message.ts';
export { type NameRange, questionName } from './dns-name.ts';

const PREFIX = 2;
/** A message and its length in front: the length field allows no more. */
export const MAX_DNS_TCP: number = PREFIX + 0xffff;

export interface DnsTcpHandler {
  /** One whole message [off, end), without its length, valid during the call only. */
  onDnsMessage(bytes: Uint8Array, off: number, end: number): void;
  /** Index into ANOMALIES. */
  onDnsAnomaly(anomaly: number): void;
}

/** The length and a header that some DNS message may have, as far as they are there (RFC 1035 §4.1.1, RFC 6895 §2). */
function isFrameStart(bytes: Uint8Array, p: number, left: number): boolean {
  if (left >= PREFIX && (bytes[p] as number) === 0 && (bytes[p + 1] as number) < DNS_HEADER) return false;
  if (left >= 5 && (((bytes[p + 4] as number) >> 3) & 0x0f) > 6) return false; // operation codes 0 to 6
  // Zone transfers leave the question out of all but the first message (RFC 5936 §2.2.1).
  return (left < 7 || bytes[p + 6] === 0) && (left < 8 || (bytes[p + 7] as number) <= 1);
}

/**
 * Does the start of a direction of a TCP connection look like DNS? 1 = a length, then a query or an answer; 0 = so far it
 * may, more bytes decide; -1 = no. Reads [off, end) only, allocates nothing.
 */
export function probeDnsTcp(bytes: Uint8Array, off: number, end: number): number {
  if (!isFrameStart(bytes, off, end - off)) return -1;
  if (end - off < PREFIX + DNS_HEADER + 5) return 0;
  const length = ((bytes[off] as number) << 8) | (bytes[off + 1] as number);
  return glanceDns(bytes, off + PREFIX, Math.min(end, off + PREFIX + length)) ? 1 : -1;
}

/**
 * DNS messages of one direction of a TCP connection: each follows its length in two bytes (RFC 7766 §8). Starts in step:
 * the owner has probed. Holds at most one message of 64 KiB. Out of step, it waits for a piece that begins with a length and
 * a query or an answer.
 */
export class DnsTcpParser implements StreamParser {
  private readonly handler: DnsTcpHandler;
  private readonly frame: ByteBuffer = new ByteBuffer(MAX_DNS_TCP);
  /** Size of the message under way with its length field; 0 while that is incomplete. */
  private size = 0;
  /** Bytes of a message with a hole still to pass over. */
  private skip = 0;
  private lost = false;

  constructor(handler: DnsTcpHandler) {
    this.handler = handler;
  }

  /** False while bytes are ignored until a plausible message begins. */
  get inStep(): boolean {
    return !this.lost;
  }

  get heldBytes(): number {
    return this.frame.length;
  }

  push(bytes: Uint8Array, off: number, end: number): void {
    if (this.lost) {
      if (probeDnsTcp(bytes, off, end) !== 1) return;
      this.lost = false;
    }
    let p = off;
    while (p < end && !this.lost) {
      if (this.skip > 0) {
        const count = Math.min(this.skip, end - p);
        this.skip -= count;
        p += count;
      } else if (this.frame.length === 0 && end - p >= PREFIX + DNS_HEADER) p = this.whole(bytes, p, end);
      else p = this.gather(bytes, p, end);
    }
  }

  gap(lost: number): void {
    const expected = this.skip > 0 ? this.skip : this.size - this.frame.length;
    // Inside a message of known size the next one is found by counting.
    if (lost > 0 && this.size + this.skip > 0 && lost <= expected) this.skip = expected - lost;
    else {
      this.skip = 0;
      this.lost = true;
    }
    this.size = 0;
    this.frame.clear();
  }

  finish(): void {
    this.frame.clear();
    this.size = 0;
    this.skip = 0;
    this.lost = false;
  }

  /** Length and header lie in the piece; the message is taken from there where it is complete. */
  private whole(bytes: Uint8Array, p: number, end: number): number {
    if (!this.accept(bytes, p, PREFIX + DNS_HEADER)) return end;
    const size = PREFIX + (((bytes[p] as number) << 8) | (bytes[p + 1] as number));
    if (size > end - p) {
      this.frame.append(bytes, p, end);
      this.size = size;
      return end;
    }
    this.handler.onDnsMessage(bytes, p + PREFIX, p + size);
    return p + size;
  }

  /** Gathers the header, then the message, over several pieces; says how far it came. */
  private gather(bytes: Uint8Array, p: number, end: number): number {
    const wanted = (this.size > 0 ? this.size : PREFIX + DNS_HEADER) - this.frame.length;
    const next = p + Math.min(wanted, end - p);
    this.frame.append(bytes, p, next);
    const { bytes: held, length } = this.frame;
    if (this.size === 0) {
      if (!this.accept(held, 0, length)) {
        this.frame.clear();
        return next;
      }
      // The whole header is judged before the rest of the message is gathered.
      if (length === PREFIX + DNS_HEADER) this.size = PREFIX + (((held[0] as number) << 8) | (held[1] as number));
    }
    if (this.size > 0 && length === this.size) {
      this.handler.onDnsMessage(held, PREFIX, length);
      this.frame.clear();
      this.size = 0;
    }
    return next;
  }

  private accept(bytes: Uint8Array, p: number, left: number): boolean {
    if (isFrameStart(bytes, p, left)) return true;
    this.lost = true;
    this.handler.onDnsAnomaly(Anomaly['dns.malformed']);
    return false;
  }
}
