const EMPTY: Uint8Array = new Uint8Array(0);
const FIRST_CAPACITY = 256;
/** Capacity kept when a buffer is cleared; a larger one is given back, so that idle flows hold little. */
const KEPT_CAPACITY = 4096;

/** Bytes gathered over several pieces of a stream. Grows by doubling up to a limit that is never passed. */
export class ByteBuffer {
  /** Content is `bytes[0…length)`; replaced when the buffer grows. */
  bytes: Uint8Array = EMPTY;
  length = 0;
  private readonly limit: number;

  /** `limit`: most bytes it will ever hold. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many more bytes fit. */
  get room(): number {
    return this.limit - this.length;
  }

  /** Adds [off, end) of `source` as far as the limit allows; says how many bytes were added. */
  append(source: Uint8Array, off: number, end: number): number {
    const count = Math.min(end - off, this.limit - this.length);
    if (count <= 0) return 0;
    this.grow(this.length + count);
    if (count < 32) for (let i = 0; i < count; i++) this.bytes[this.length + i] = source[off + i] as number;
    else this.bytes.set(source.subarray(off, off + count), this.length);
    this.length += count;
    return count;
  }

  /** Forgets the content; the bytes handed out before are no longer valid. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_CAPACITY) this.bytes = EMPTY;
  }

  private grow(needed: number): void {
    if (needed <= this.bytes.length) return;
    const capacity = Math.min(this.limit, Math.max(FIRST_CAPACITY, needed, this.bytes.length * 2));
    const larger = new Uint8Array(capacity);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** Index of the first `value` in [off, end), -1 without. Unlike `indexOf`, never looks beyond `end`. */
export function findByte(bytes: Uint8Array, value: number, off: number, end: number): number {
  for (let i = off; i < end; i++) if (bytes[i] === value) return i;
  return -1;
}
