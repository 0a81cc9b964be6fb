import type { RecordCounts, RecordReader, RecordSink } from './record.ts';
import { BAD_LINE, BLANK, LINE_TOO_LONG, type LogOptions, Output, PASSED, TAKEN } from './text-output.ts';
import { type EntrySink, LineSplitter, ObjectSplitter } from './text-split.ts';
import { isObject, type JsonObject } from './text-value.ts';

/** Reads the entries (lines or JSON objects) of one format. */
export interface EntryParser {
  /** What the format is called, for people. */
  readonly title: string;
  /** Reads one entry and gives on what it tells. Answers TAKEN, PASSED, BLANK or the index of a fault. Never throws. */
  read(text: string, output: Output): number;
}

/** So many entries that cannot be read, and none that can: the input is something else. */
const PATIENCE = 1000;
const SHOWN = 60;
const CARRIAGE_RETURN = 0x0d;
/** An empty list, nothing at all, or what nfdump prints where nothing matched. */
const EMPTY_JSON = /^\uFEFF?\s*(?:\[|No match|$)/;
const CURLY = 0x7b;

/** A text log, cut into entries that a parser reads. Memory: two entries. */
export class TextReader implements RecordReader, EntrySink {
  failure: string | null = null;
  damage: { readonly offset: number; readonly reason: string } | null = null;
  private readonly parser: EntryParser;
  private readonly splitter: LineSplitter | ObjectSplitter;
  private readonly output: Output;
  /** Bytes that are no UTF-8 become U+FFFD. */
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly whole: boolean;
  private known = 0;
  private bad = 0;
  private firstBad = '';
  /** The stream's first bytes. */
  private readonly head = new Uint8Array(SHOWN);
  private headLength = 0;

  /** `entries`: whether the format has one entry a line, or objects over as many lines as they take. */
  constructor(parser: EntryParser, options: LogOptions, entries: 'lines' | 'objects') {
    this.parser = parser;
    this.whole = entries === 'objects';
    this.splitter = this.whole ? new ObjectSplitter() : new LineSplitter();
    this.output = new Output(options);
  }

  get counts(): RecordCounts {
    return this.output.counts;
  }

  feed(bytes: Uint8Array, off: number, end: number, sink: RecordSink): void {
    if (this.failure !== null || end <= off) return;
    for (let i = off; i < end && this.headLength < SHOWN; i++) this.head[this.headLength++] = bytes[i] as number;
    this.output.sink = sink;
    this.splitter.feed(bytes, off, end, this);
  }

  finish(sink: RecordSink): void {
    if (this.failure !== null) return;
    this.output.sink = sink;
    const rest = this.splitter.rest();
    if (rest !== null) this.last(rest.bytes, rest.offset);
    if (this.known > 0) return;
    if (this.bad > 0) this.give(this.bad);
    // A JSON file without an object may be empty, or none.
    if (this.bad > 0 || !this.whole || rest !== null) return;
    this.note(this.head, 0, this.headLength);
    if (!EMPTY_JSON.test(this.firstBad)) this.give(0);
  }

  onEntry(bytes: Uint8Array, off: number, end: number, offset: number): void {
    if (this.failure !== null) return;
    const result = this.parse(bytes, off, end, offset);
    if (result === TAKEN || result === PASSED) this.known++;
    else if (result !== BLANK) this.fault(result, bytes, off, end);
  }

  onTooLong(_offset: number): void {
    if (this.failure === null) this.fault(LINE_TOO_LONG, NOTHING, 0, 0);
  }

  onBroken(_offset: number): void {
    if (this.failure === null) this.fault(BAD_LINE, NOTHING, 0, 0);
  }

  private parse(bytes: Uint8Array, off: number, end: number, offset: number): number {
    let from = off;
    let to = end;
    if (to > from && bytes[to - 1] === CARRIAGE_RETURN) to--;
    if (offset === 0 && to - from >= 3 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf)
      from += 3;
    if (to === from) return BLANK;
    this.output.begin();
    return this.parser.read(this.decoder.decode(bytes.subarray(from, to)), this.output);
  }

  /** What the stream ends with: a whole line without its line feed, or half an entry. */
  private last(bytes: Uint8Array, offset: number): void {
    const result = this.whole ? BAD_LINE : this.parse(bytes, 0, bytes.length, offset);
    if (result === TAKEN || result === PASSED) this.known++;
    else if (result === BAD_LINE) {
      this.damage = { offset, reason: `cut off in the middle of ${this.whole ? 'an object' : 'a line'}` };
      if (this.known > 0 || bytes[0] === CURLY) return;
      this.note(bytes, 0, bytes.length);
      this.bad++;
    } else if (result !== BLANK) this.fault(result, bytes, 0, bytes.length);
  }

  private fault(index: number, bytes: Uint8Array, off: number, end: number): void {
    const { faults } = this.output.counts;
    faults[index] = (faults[index] as number) + 1;
    if (this.known > 0) return;
    this.note(bytes, off, end);
    this.bad++;
    if (this.bad === PATIENCE) this.give(PATIENCE);
  }

  private note(bytes: Uint8Array, off: number, end: number): void {
    if (this.bad === 0) this.firstBad = this.decoder.decode(bytes.subarray(off, Math.min(end, off + SHOWN)));
  }

  private give(bad: number): void {
    const shown = JSON.stringify(this.firstBad.trim());
    const what = this.whole ? 'object' : 'line';
    const none = bad === 0 ? `holds no ${what}` : `none of its first ${bad} ${what}s can be read`;
    this.failure = `not ${this.parser.title}: ${none} (begins ${shown}); set the format that it is`;
  }
}

const NOTHING = new Uint8Array(0);

/** An object out of one line; null where the line holds none. */
export function parseObject(text: string): JsonObject | null {
  // Blanks before the brace are legal, and nobody writes them.
  if (!text.startsWith('{') && text.trimStart()[0] !== '{') return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
