import { Anomaly } from '../common/anomaly.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { StreamParser } from './parser.ts';
import {
  isSetupConnectionStart,
  isStrictSv2Header,
  isStrongSv2Type,
  isSv2Header,
  isSv2Payload,
  SV2_HEADER,
  sv2Extension,
  sv2Length,
} from './sv2-shape.ts';
import { Sv2Type } from './sv2-types.ts';

/** Longest payload that is gathered; a longer one is skipped without being held. */
export const SV2_MAX_PAYLOAD: number = 64 * 1024;

export interface Sv2Handler {
  /** One whole frame: extension without the channel bit, type, payload [off, end), valid during the call only. */
  onSv2Frame(extension: number, channel: boolean, type: number, bytes: Uint8Array, off: number, end: number): void;
  /** Index into ANOMALIES. */
  onSv2Anomaly(anomaly: number): void;
}

/**
 * Frames of one direction of a Stratum V2 connection in clear (§3.2 of https://github.com/stratum-mining/sv2-spec). Starts
 * in step: the owner has probed. Holds at most one frame of 64 KiB. Out of step, it waits for a piece that begins with a
 * frame whose header, length and fields fit.
 */
export class Sv2Parser implements StreamParser {
  private readonly handler: Sv2Handler;
  /** Header and payload of the frame under way. */
  private readonly frame: ByteBuffer = new ByteBuffer(SV2_HEADER + SV2_MAX_PAYLOAD);
  /** Size of that frame with its header; 0 while the header is incomplete. */
  private size = 0;
  /** Bytes of an over-long or damaged frame still to pass over. */
  private skip = 0;
  private lost = false;

  constructor(handler: Sv2Handler) {
    this.handler = handler;
  }

  /** False while bytes are ignored until a plausible frame begins. */
  get inStep(): boolean {
    return !this.lost;
  }

  /** Bytes held for an unfinished frame. */
  get heldBytes(): number {
    return this.frame.length;
  }

  push(bytes: Uint8Array, off: number, end: number): void {
    if (this.lost) {
      if (!startsWithFrame(bytes, off, end)) return;
      this.lost = false;
    }
    let p = off;
    while (p < end && !this.lost) {
      if (this.skip > 0) {
        const count = Math.min(this.skip, end - p);
        this.skip -= count;
        p += count;
      } else if (this.frame.length === 0 && end - p >= SV2_HEADER) p = this.whole(bytes, p, end);
      else p = this.gather(bytes, p, end);
    }
  }

  gap(lost: number): void {
    const expected = this.skip > 0 ? this.skip : this.size - this.frame.length;
    // Inside a frame of known size the next one is found by counting; its own content is gone.
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

  /** A header lies in the piece; the frame is taken from there where it is complete. */
  private whole(bytes: Uint8Array, p: number, end: number): number {
    const length = sv2Length(bytes, p);
    if (!this.accept(bytes, p, length)) return this.lost ? end : p + SV2_HEADER;
    if (end - p < SV2_HEADER + length) {
      this.size = SV2_HEADER + length;
      this.frame.append(bytes, p, end);
      return end;
    }
    this.emit(bytes, p, length);
    return p + SV2_HEADER + length;
  }

  private gather(bytes: Uint8Array, p: number, end: number): number {
    const wanted = (this.size || SV2_HEADER) - this.frame.length;
    const next = p + Math.min(wanted, end - p);
    this.frame.append(bytes, p, next);
    if (this.size === 0 && this.frame.length === SV2_HEADER) {
      const length = sv2Length(this.frame.bytes, 0);
      if (!this.accept(this.frame.bytes, 0, length)) {
        this.frame.clear();
        return next;
      }
      this.size = SV2_HEADER + length;
    }
    if (this.size > 0 && this.frame.length === this.size) {
      this.emit(this.frame.bytes, 0, this.size - SV2_HEADER);
      this.frame.clear();
      this.size = 0;
    }
    return next;
  }

  /** Judges a header; false = do not gather this frame (then `lost` or `skip` says how to go on). */
  private accept(bytes: Uint8Array, p: number, length: number): boolean {
    if (!isSv2Header(sv2Extension(bytes, p), bytes[p + 2] as number, length)) {
      this.lost = true;
      this.handler.onSv2Anomaly(Anomaly['sv2.malformed']);
      return false;
    }
    if (length <= SV2_MAX_PAYLOAD) return true;
    this.skip = length;
    this.handler.onSv2Anomaly(Anomaly['sv2.frame_too_long']);
    return false;
  }

  private emit(bytes: Uint8Array, p: number, length: number): void {
    const extension = sv2Extension(bytes, p);
    const start = p + SV2_HEADER;
    const type = bytes[p + 2] as number;
    this.handler.onSv2Frame(extension & 0x7fff, extension >= 0x8000, type, bytes, start, start + length);
  }
}

/**
 * Does [off, end) look like Stratum V2 in clear? 1 = it starts with SetupConnection or its answer, or consists, from the
 * middle of a connection, of whole mining-protocol frames that tile it exactly and one of which is telling; 0 = so far it
 * may, more bytes decide; -1 = no. Reads [off, end) only, allocates nothing.
 */
export function probeSv2(bytes: Uint8Array, off: number, end: number): number {
  let p = off;
  let strong = false;
  while (p < end) {
    const left = end - p;
    if (!isStrictSv2Header(bytes, p, left)) return -1;
    const type = left > 2 ? (bytes[p + 2] as number) : -1;
    if (left < SV2_HEADER) return 0;
    const length = sv2Length(bytes, p);
    if (length > SV2_MAX_PAYLOAD) return -1;
    const start = p + SV2_HEADER;
    if (length > end - start) {
      if (type === Sv2Type.SetupConnection) return isSetupConnectionStart(bytes, start, end) ? 0 : -1;
      return strong || isStrongSv2Type(type) || type <= Sv2Type.SetupConnectionError ? 0 : -1;
    }
    if (!isSv2Payload(type, bytes, start, start + length)) return -1;
    // What follows an opening is the parser's business, as long as it is a frame at all.
    if (p === off && type <= Sv2Type.SetupConnectionError) {
      p = start + length;
      return p === end || isStrictSv2Header(bytes, p, end - p) ? 1 : -1;
    }
    strong = strong || isStrongSv2Type(type);
    p = start + length;
  }
  return p === off ? 0 : strong ? 1 : -1;
}

/** A plausible frame after a loss: strict header, and fields that fit where the whole frame is there. */
function startsWithFrame(bytes: Uint8Array, off: number, end: number): boolean {
  const left = end - off;
  if (left < SV2_HEADER || !isStrictSv2Header(bytes, off, left)) return false;
  const length = sv2Length(bytes, off);
  if (length > SV2_MAX_PAYLOAD) return false;
  if (length > left - SV2_HEADER) return true;
  return isSv2Payload(bytes[off + 2] as number, bytes, off + SV2_HEADER, off + SV2_HEADER + length);
}
