/** Frame magic number and the pattern of skippable frames (RFC 8878 §3.1.1 and §3.1.2), 32 bits little-endian. */
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

const Field = { Magic: 0, SkippableSize: 1, Descriptor: 2, Block: 3, Checksum: 4 } as const;
type Field = (typeof Field)[keyof typeof Field];
const WIDTH = [4, 4, 1, 3, 4] as const;

/**
 * Finds the frame boundaries of a zstd stream without decoding it, because Node's decoder drops what follows the first
 * frame when one write holds several (nodejs/node#64741). Takes the stream in pieces of any size; constant memory.
 */
export class ZstdFrames {
  /** True before, between and after frames: only there may a stream end. */
  between = true;
  /** True once bytes were met that begin no frame; they start at the returned offset, or up to 3 bytes before it. */
  foreign = false;
  private field: Field = Field.Magic;
  /** Bytes of the present field taken so far, and their value. */
  private have = 0;
  private value = 0;
  /** Bytes of header rest, block content or skippable content still to pass over, before `next`. */
  private pending = 0;
  private next: Field = Field.Magic;
  private checksum = false;

  /** Walks [off, end) and returns the end of the present frame (skippable frames count), or `end`. */
  advance(bytes: Uint8Array, off: number, end: number): number {
    while (off < end && !this.foreign) {
      if (this.pending > 0) {
        const step = Math.min(this.pending, end - off);
        this.pending -= step;
        off += step;
      } else {
        this.between = false;
        this.value += (bytes[off++] as number) * 2 ** (8 * this.have++);
        if (this.have < WIDTH[this.field]) continue;
        this.take(this.value);
        this.have = this.value = 0;
      }
      if (this.pending > 0 || this.foreign) continue;
      this.field = this.next;
      if (this.field !== Field.Magic) continue;
      this.between = true;
      return off;
    }
    return off;
  }

  /** Acts on one whole field: says what to pass over and which field comes next. */
  private take(value: number): void {
    switch (this.field) {
      case Field.Magic:
        this.next = value === FRAME_MAGIC ? Field.Descriptor : Field.SkippableSize;
        this.foreign = value !== FRAME_MAGIC && value - (value % 16) !== SKIPPABLE_MAGIC;
        break;
      case Field.SkippableSize:
        this.pending = value;
        this.next = Field.Magic;
        break;
      case Field.Descriptor: {
        // Frame_Header_Descriptor, RFC 8878 §3.1.1.1.1: window, dictionary and content size fields follow.
        const single = (value & 0x20) !== 0;
        const sizeFlag = value >>> 6;
        const contentSize = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
        this.pending = (single ? 0 : 1) + ([0, 1, 2, 4][value & 3] as number) + contentSize;
        this.checksum = (value & 4) !== 0;
        this.next = Field.Block;
        break;
      }
      case Field.Block: {
        // Block_Header, §3.1.1.2: last block, type (1 = one byte repeated), size.
        const end = this.checksum ? Field.Checksum : Field.Magic;
        this.pending = ((value >>> 1) & 3) === 1 ? 1 : value >>> 3;
        this.next = (value & 1) === 1 ? end : Field.Block;
        break;
      }
      default:
        this.next = Field.Magic;
    }
  }
}
