/** Longest CRYPTO stream that is kept; a ClientHello with two post-quantum key shares has about 4 KiB. */
export const MAX_CRYPTO: number = 16 * 1024;

const CLIENT_HELLO = 1;
const HANDSHAKE_HEADER = 4;

/** What `addFrames` found. */
export const Added = {
  /** Every frame was understood. */
  Ok: 0,
  /** A frame is cut off, not allowed in an Initial packet, or beyond the limit; those before it were taken. */
  Malformed: 1,
} as const;
export type Added = (typeof Added)[keyof typeof Added];

/**
 * The CRYPTO stream of one connection attempt, put together from frames in any order (RFC 9000 §19.6). Where frames
 * overlap, the first bytes stay. Holds twice the bytes of the stream, at most 32 KiB.
 */
export class CryptoStream {
  private data: Uint8Array = new Uint8Array(0);
  /** 1 for every byte of `data` that has come. */
  private have: Uint8Array = new Uint8Array(0);
  /** Bytes without a hole from the start. */
  private whole = 0;

  /** Bytes allocated. */
  get heldBytes(): number {
    return this.data.length * 2;
  }

  /** -1: what has come is no ClientHello, or one longer than the limit. 0: not yet complete. Else its length with header. */
  get helloLength(): number {
    if (this.whole > 0 && this.data[0] !== CLIENT_HELLO) return -1;
    if (this.whole < HANDSHAKE_HEADER) return 0;
    const [, a = 0, b = 0, c = 0] = this.data;
    const length = HANDSHAKE_HEADER + ((a << 16) | (b << 8) | c);
    if (length > MAX_CRYPTO) return -1;
    return this.whole >= length ? length : 0;
  }

  /** Bytes [0, length) of the stream, a view. */
  prefix(length: number): Uint8Array {
    return this.data.subarray(0, length);
  }

  clear(): void {
    this.data = new Uint8Array(0);
    this.have = new Uint8Array(0);
    this.whole = 0;
  }

  /** Takes the CRYPTO frames out of the opened payload of an Initial packet (frames allowed there: RFC 9000 §12.4). */
  addFrames(bytes: Uint8Array): Added {
    const end = bytes.length;
    let p = 0;
    while (p < end) {
      const type = bytes[p++];
      if (type === 0x00 || type === 0x01) continue; // PADDING, PING
      if (type === 0x06) {
        const offset = varint(bytes, p, end);
        p += varintSize(bytes, p);
        const length = varint(bytes, p, end);
        p += varintSize(bytes, p);
        if (offset < 0 || length < 0 || length > end - p || offset > MAX_CRYPTO - length) return Added.Malformed;
        this.add(offset, bytes, p, length);
        p += length;
      } else if (type === 0x02 || type === 0x03) {
        p = skipAck(bytes, p, end, type === 0x03);
        if (p < 0) return Added.Malformed;
      } else return type === 0x1c ? Added.Ok : Added.Malformed; // after CONNECTION_CLOSE nothing matters
    }
    return Added.Ok;
  }

  private add(offset: number, bytes: Uint8Array, from: number, length: number): void {
    this.grow(offset + length);
    const { data, have } = this;
    for (let i = 0; i < length; i++) {
      if (have[offset + i] !== 0) continue;
      have[offset + i] = 1;
      data[offset + i] = bytes[from + i] as number;
    }
    while (this.whole < have.length && have[this.whole] === 1) this.whole++;
  }

  private grow(needed: number): void {
    if (needed <= this.data.length) return;
    const capacity = Math.min(MAX_CRYPTO, Math.max(512, needed, this.data.length * 2));
    const data = new Uint8Array(capacity);
    const have = new Uint8Array(capacity);
    data.set(this.data);
    have.set(this.have);
    this.data = data;
    this.have = have;
  }
}

/** Offset after an ACK frame (RFC 9000 §19.3), -1 where it is cut off. */
function skipAck(bytes: Uint8Array, off: number, end: number, ecn: boolean): number {
  let p = off;
  let left = 4; // largest, delay, range count, first range
  for (let field = 0; left > 0; field++, left--) {
    const value = varint(bytes, p, end);
    if (value < 0) return -1;
    if (field === 2) left += Math.min(value, end) * 2 + (ecn ? 3 : 0);
    p += varintSize(bytes, p);
  }
  return p;
}

/** Bytes of the variable-length integer at `p` (RFC 9000 §16); 1 where `p` lies beyond the bytes. */
export function varintSize(bytes: Uint8Array, p: number): number {
  return p < bytes.length ? 1 << ((bytes[p] as number) >>> 6) : 1;
}

/** The variable-length integer at `p`, exact up to 2^53; -1 where it reaches beyond `end`. */
export function varint(bytes: Uint8Array, p: number, end: number): number {
  if (p >= end) return -1;
  const size = varintSize(bytes, p);
  if (size > end - p) return -1;
  let value = (bytes[p] as number) & 0x3f;
  for (let i = 1; i < size; i++) value = value * 256 + (bytes[p + i] as number);
  return value;
}
