// hot: every byte of a log passes here once.

/** Longest line or object, in bytes, its line feed not counted; what is longer is skipped to its end and reported. */
export const MAX_ENTRY = 65_536;

/** Takes what a splitter cuts out of a stream. */
export interface EntrySink {
  /** Bytes [off, end) are one entry; valid during the call. `offset`: of its first byte in the stream. */
  onEntry(bytes: Uint8Array, off: number, end: number, offset: number): void;
  /** An entry longer than MAX_ENTRY began at `offset`. */
  onTooLong(offset: number): void;
  /** What began at `offset` was broken off. */
  onBroken(offset: number): void;
}

/** Cuts a stream of pieces of any size into entries, in bounded memory. */
export interface Splitter {
  feed(bytes: Uint8Array, off: number, end: number, sink: EntrySink): void;
  /** What is left at the end of the stream; null where nothing is. */
  rest(): { readonly bytes: Uint8Array; readonly offset: number } | null;
}

const LINE_FEED = 0x0a;

/** An entry that reaches over the pieces' ends. */
class Carry {
  private bytes = new Uint8Array(1024);
  length = 0;

  /** False where it would become longer than an entry may be. */
  add(bytes: Uint8Array, off: number, end: number): boolean {
    const length = this.length + (end - off);
    // One byte more for the carriage return.
    if (length > MAX_ENTRY + 1) return false;
    if (length > this.bytes.length) {
      const wider = new Uint8Array(Math.min(MAX_ENTRY + 1, Math.max(length, this.bytes.length * 2)));
      wider.set(this.bytes.subarray(0, this.length));
      this.bytes = wider;
    }
    this.bytes.set(bytes.subarray(off, end), this.length);
    this.length = length;
    return true;
  }

  get all(): Uint8Array {
    return this.bytes;
  }
}

/** Lines, without their line feed. */
export class LineSplitter implements Splitter {
  private readonly carry = new Carry();
  private skipping = false;
  /** Of the next byte fed, and of the first byte of the line being read. */
  private position = 0;
  private start = 0;

  feed(bytes: Uint8Array, off: number, end: number, sink: EntrySink): void {
    // A view of the piece alone: a search must not run on behind it. Buffer's is the fastest.
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset + off, end - off);
    let at = 0;
    for (;;) {
      const feed = piece.indexOf(LINE_FEED, at);
      if (feed < 0) break;
      this.line(piece, at, feed, sink);
      at = feed + 1;
      this.start = this.position + at;
    }
    this.position += piece.length;
    if (at < piece.length && !this.skipping && !this.carry.add(piece, at, piece.length)) this.tooLong(sink);
  }

  rest(): { readonly bytes: Uint8Array; readonly offset: number } | null {
    const { carry } = this;
    return carry.length === 0 ? null : { bytes: carry.all.subarray(0, carry.length), offset: this.start };
  }

  private line(piece: Uint8Array, off: number, end: number, sink: EntrySink): void {
    if (this.skipping) {
      this.skipping = false;
      return;
    }
    const { carry } = this;
    if (carry.length === 0) {
      if (end - off > MAX_ENTRY + 1) sink.onTooLong(this.start);
      else sink.onEntry(piece, off, end, this.start);
      return;
    }
    if (!carry.add(piece, off, end)) {
      this.tooLong(sink);
      this.skipping = false;
      return;
    }
    const { length } = carry;
    carry.length = 0;
    sink.onEntry(carry.all, 0, length, this.start);
  }

  private tooLong(sink: EntrySink): void {
    this.carry.length = 0;
    this.skipping = true;
    sink.onTooLong(this.start);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** `[`, `,`, `]`, tab, carriage return, space. */
function isLead(c: number): boolean {
  return c === 0x5b || c === 0x2c || c === 0x5d || c === 0x09 || c === 0x0d || c === 0x20;
}

/**
 * JSON objects on the top level or in one array, over as many lines as they take: `[{…},{…}]`, one a line, or one after the
 * other. What stands between them (brackets, commas, blanks, text that programs print) is passed over. A string with a line
 * feed in it, or an object that begins in the first column within another, is damage: the broken object is reported and the
 * next one that begins a line is read.
 */
export class ObjectSplitter implements Splitter {
  private readonly carry = new Carry();
  private position = 0;
  private start = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** Passing over what is left of a broken or too long object. */
  private skipping = false;
  /** Nothing, or nothing but blanks and what joins objects, stands before the next byte on its line. */
  private lineStart = true;
  private lineLead = true;

  feed(bytes: Uint8Array, off: number, end: number, sink: EntrySink): void {
    let from = this.depth > 0 ? off : -1;
    for (let i = off; i < end; i++) {
      if (this.depth > 0) {
        i = this.plain(bytes, i, end, off);
        if (i === end) break;
      }
      const c = bytes[i] as number;
      const { lineStart } = this;
      this.lineStart = c === LINE_FEED;
      if (this.depth === 0) {
        if (c !== OPEN) {
          // Blanks, brackets and commas before an object leave it the first of its line.
          if (c === LINE_FEED) this.lineLead = true;
          else if (!isLead(c)) this.lineLead = false;
          continue;
        }
        if (this.skipping && !this.lineLead) continue;
        this.begin(i - off);
        from = i;
      } else if (this.position + (i - off) - this.start >= MAX_ENTRY) {
        this.drop();
        sink.onTooLong(this.start);
      } else if (this.inString) {
        if (c === LINE_FEED) {
          this.drop();
          sink.onBroken(this.start);
        } else if (this.escaped) this.escaped = false;
        else if (c === BACKSLASH) this.escaped = true;
        else if (c === QUOTE) this.inString = false;
      } else if (c === QUOTE) this.inString = true;
      else if (c === OPEN) {
        if (!lineStart) this.depth++;
        else {
          this.drop();
          sink.onBroken(this.start);
          this.begin(i - off);
          from = i;
        }
      } else if (c === CLOSE && --this.depth === 0) this.finish(bytes, from, i + 1, sink);
    }
    this.position += end - off;
    if (this.depth > 0) this.carry.add(bytes, from, end);
  }

  /** First byte from `from` on within an object that may change the state. */
  private plain(bytes: Uint8Array, from: number, end: number, off: number): number {
    // Not past the longest object: there the state changes too.
    const limit = Math.min(end, this.start + MAX_ENTRY - this.position + off);
    if (this.escaped || from >= limit) return from;
    let i = from;
    if (this.inString) {
      for (; i < limit; i++) {
        const c = bytes[i] as number;
        if (c === QUOTE || c === BACKSLASH || c === LINE_FEED) break;
      }
    } else {
      for (; i < limit; i++) {
        const c = bytes[i] as number;
        if (c === QUOTE || c === OPEN || c === CLOSE || c === LINE_FEED) break;
      }
    }
    if (i > from) this.lineStart = false;
    return i;
  }

  rest(): { readonly bytes: Uint8Array; readonly offset: number } | null {
    if (this.depth === 0) return null;
    return { bytes: this.carry.all.subarray(0, this.carry.length), offset: this.start };
  }

  private begin(at: number): void {
    this.skipping = false;
    this.depth = 1;
    this.start = this.position + at;
  }

  private drop(): void {
    this.depth = 0;
    this.lineLead = this.lineStart;
    this.inString = this.escaped = false;
    this.skipping = true;
    this.carry.length = 0;
  }

  private finish(bytes: Uint8Array, from: number, end: number, sink: EntrySink): void {
    const { carry, start } = this;
    if (carry.length === 0) {
      sink.onEntry(bytes, from, end, start);
      return;
    }
    carry.add(bytes, from, end);
    const { length } = carry;
    carry.length = 0;
    sink.onEntry(carry.all, 0, length, start);
  }
}
