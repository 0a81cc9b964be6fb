/** One table, text or binary stream: its beginning decides the layout, then all of it goes through that layout's reader. */
import type { RegistryRow, RowFault, SourceShape } from '../types.ts';
import { detectEncoding, type Encoding, markOf, TextStream } from './decode-text.ts';
import { ImportError, shown } from './import-error.ts';
import { type Context, FITS, type Head, type Layout, type Reader, type Verdict } from './layout.ts';
import { CELL_LIMIT, CsvRows, headRows, newlineOf, type RowSink, separatorOf } from './table.ts';

const HEAD_BYTES = 64 * 1024;
const HEAD_ROWS = 10;

/** Where an import goes. What these throw ends the import and comes out of it. */
export interface ImportSink {
  /** Once per table, before its first row: a workbook or archive can have several. */
  shape(shape: SourceShape): void;
  row(row: number, value: RegistryRow): void;
  fault(fault: RowFault): void;
  /** Bytes of the input gone through since the last call. */
  progress(bytes: number): void;
  /** One line worth showing that is no fault. */
  note?(text: string): void;
}

/** What all parts of one import share. */
export interface PartSetting {
  readonly layouts: readonly Layout[];
  /** Id of the layout that must be taken, or null. */
  readonly forced: string | null;
  readonly encoding: Encoding | null;
  readonly now: number;
  readonly clockError: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly sink: ImportSink;
}

interface Choice {
  readonly layout: Layout;
  readonly verdict: Verdict;
}

/** The layout of a head. Throws `ImportError` where none fits, two fit equally, or the forced one lacks columns. */
export function chooseLayout(head: Head, layouts: readonly Layout[], forced: string | null): Choice {
  const name = shown(head.name);
  if (forced !== null) {
    const layout = layouts.find(({ id }) => id === forced);
    if (!layout)
      throw new ImportError(
        `unknown layout "${shown(forced, 40)}"; there are ${layouts.map(({ id }) => id).join(', ')}`,
      );
    const verdict = layout.detect(head);
    if (layout.input === 'table' && verdict.score < FITS)
      throw new ImportError(`${name} is not ${forced}: ${lacking(verdict)}`);
    return { layout, verdict: { ...verdict, because: `asked for; ${verdict.because}` } };
  }
  const found = layouts.map((layout) => ({ layout, verdict: layout.detect(head) }));
  found.sort((a, b) => b.verdict.score - a.verdict.score);
  const [best, second] = found;
  if (!best || best.verdict.score < FITS) {
    const near =
      best && best.verdict.score > 0 ? `nearest is ${best.layout.id}: ${lacking(best.verdict)}` : 'nothing comes near';
    throw new ImportError(`${name}: no layout fits; ${near}. Name one with --layout, or correct the headings`);
  }
  if (second && best.verdict.score - second.verdict.score < 1) {
    const ids = `${best.layout.id} and ${second.layout.id}`;
    throw new ImportError(`${name}: ${ids} fit equally well: name the right one with --layout`);
  }
  return { layout: best.layout, verdict: best.verdict };
}

function lacking({ missing, because }: Verdict): string {
  return missing && missing.length > 0 ? `it lacks ${missing.map((one) => shown(one, 60)).join(', ')}` : because;
}

/** Opens the chosen reader, telling the shape first. `label` names the part in an archive or workbook. */
function openReader<Piece>(
  choice: Choice,
  layout: { open(context: Context): Reader<Piece> },
  head: Head,
  setting: PartSetting,
  label: string | null,
): Reader<Piece> {
  const { sink, now, clockError, settings } = setting;
  const header = choice.verdict.header == null ? [] : (head.rows[choice.verdict.header] ?? []);
  const prefix = label === null ? '' : `${shown(label, 60)}: `;
  const because = `${prefix}${shown(choice.verdict.because, 300)}`;
  sink.shape({ layout: choice.layout.id, encoding: head.encoding, because });
  const context: Context = {
    head,
    header,
    now,
    clockError,
    settings,
    row: (row, value) => sink.row(row, value),
    fault: (fault) => sink.fault(prefix === '' ? fault : { ...fault, message: prefix + fault.message }),
    note: (text) => sink.note?.(prefix + text),
  };
  return layout.open(context);
}

function badRow(sink: ImportSink, label: string | null): RowSink['bad'] {
  const prefix = label === null ? '' : `${shown(label, 60)}: `;
  return (row, reason, message) => sink.fault({ row, reason, code: null, message: prefix + message });
}

/** Bytes in pieces; text, table or binary by what they begin with. Throws `ImportError` when nothing fits. */
export class BytePart {
  readonly #name: string;
  readonly #label: string | null;
  readonly #setting: PartSetting;
  /** What to show for the encoding where the bytes were made from something else. */
  readonly #shownAs: string | null;
  #head: Uint8Array[] = [];
  #size = 0;
  #take: ((bytes: Uint8Array) => void) | null = null;
  #finish: () => void = () => undefined;

  constructor(name: string, label: string | null, setting: PartSetting, shownAs: string | null = null) {
    this.#name = name;
    this.#label = label;
    this.#setting = setting;
    this.#shownAs = shownAs;
  }

  push(bytes: Uint8Array): void {
    // Rows of one step are in memory together, so a step is small, however the pieces come.
    for (let at = 0; at < bytes.length; at += HEAD_BYTES) this.#step(bytes.subarray(at, at + HEAD_BYTES));
  }

  #step(bytes: Uint8Array): void {
    if (this.#take) {
      this.#take(bytes);
      return;
    }
    this.#head.push(new Uint8Array(bytes));
    this.#size += bytes.length;
    if (this.#size >= HEAD_BYTES) this.#decide(false);
  }

  end(): void {
    if (!this.#take) this.#decide(true);
    this.#finish();
  }

  #decide(whole: boolean): void {
    const all = Buffer.concat(this.#head);
    this.#head = [];
    if (all.length === 0) throw new ImportError(`${shown(this.#name)} is empty`);
    const bytes = all.subarray(0, HEAD_BYTES);
    const detected = detectEncoding(bytes, whole);
    const encoding = this.#setting.encoding ?? detected.encoding;
    const mark = markOf(bytes);
    const bom = mark?.encoding === encoding ? mark.bom : 0;
    const text =
      detected.binary && this.#setting.encoding === null ? null : headText(bytes.subarray(bom), encoding, whole);
    const separator = separatorOf(text ?? '');
    const head: Head = {
      name: this.#name,
      bytes,
      text,
      encoding: this.#shownAs ?? (text === null ? 'binary' : bom > 0 ? `${encoding} with byte order mark` : encoding),
      rows: text === null || text.trimStart().startsWith('<') ? [] : headRows(text, separator),
    };
    const choice = this.#choose(head);
    this.#open(choice, head, separator, encoding, bom);
    this.#take?.(all);
  }

  #choose(head: Head): Choice {
    if (head.text !== null && /^\s*<[\s\S]{0,4000}(?:<table|office:spreadsheet)/i.test(head.text)) {
      const what = 'a web page or XML spreadsheet under another name';
      throw new ImportError(
        `${shown(head.name)} is ${what}: open it in Excel or LibreOffice and save it as XLSX or CSV`,
      );
    }
    return chooseLayout(head, this.#setting.layouts, this.#setting.forced);
  }

  #open(choice: Choice, head: Head, separator: ReturnType<typeof separatorOf>, encoding: Encoding, bom: number): void {
    const { layout } = choice;
    if (layout.input === 'bytes') {
      const reader = openReader(choice, layout, head, this.#setting, this.#label);
      this.#take = (bytes) => reader.feed(bytes, 0);
      this.#finish = () => reader.end();
      return;
    }
    const { push, end } = this.#consumer(choice, head, separator);
    const stream = new TextStream(encoding, push);
    let skip = bom;
    this.#take = (bytes) => {
      stream.push(skip > 0 ? bytes.subarray(skip) : bytes);
      skip = 0;
    };
    this.#finish = () => {
      stream.end();
      end();
      const note = (text: string): void => this.#setting.sink.note?.(`${this.#label ? `${this.#label}: ` : ''}${text}`);
      if (stream.switched) note(`after plain ASCII at its beginning the text turned out to be ${stream.switched}`);
      if (stream.otherLines > 0)
        note(`${stream.otherLines} lines did not fit and were read in the other of UTF-8 and GB18030`);
      if (stream.replaced > 0)
        note(`${stream.replaced} characters fit no encoding and were replaced; is ${encoding} right?`);
    };
  }

  #consumer({ layout, verdict }: Choice, head: Head, separator: ReturnType<typeof separatorOf>): Consumer {
    const choice = { layout, verdict };
    const bad = badRow(this.#setting.sink, this.#label);
    if (layout.input === 'table') {
      const reader = openReader(choice, layout, head, this.#setting, this.#label);
      const skip = verdict.header == null ? 0 : verdict.header + 1;
      const row: RowSink['row'] = (cells, number) => {
        if (number > skip) reader.feed(cells, number);
      };
      const csv = new CsvRows(separator, newlineOf(head.text ?? ''), { row, bad });
      return {
        push: (text) => csv.push(text),
        end: () => {
          csv.end();
          reader.end();
        },
      };
    }
    if (layout.input === 'lines') {
      const reader = openReader(choice, layout, head, this.#setting, this.#label);
      const lines = new Lines(newlineOf(head.text ?? ''), (line, row) => reader.feed(line, row), bad);
      return {
        push: (text) => lines.push(text),
        end: () => {
          lines.end();
          reader.end();
        },
      };
    }
    if (layout.input !== 'text') throw new ImportError(`${shown(head.name)}: ${layout.id} reads no text`);
    const reader = openReader(choice, layout, head, this.#setting, this.#label);
    return { push: (text) => reader.feed(text, 0), end: () => reader.end() };
  }
}

interface Consumer {
  push(text: string): void;
  end(): void;
}

function headText(bytes: Uint8Array, encoding: Encoding, whole: boolean): string {
  let text = '';
  const stream = new TextStream(encoding, (piece) => {
    text += piece;
  });
  stream.push(bytes);
  // The last line may be cut inside a character; without any line end that is all there is.
  if (whole || text === '') stream.end();
  return text;
}

/** Lines of bounded length. */
class Lines {
  readonly #newline: string;
  readonly #line: (line: string, row: number) => void;
  readonly #bad: RowSink['bad'];
  #text = '';
  #row = 0;
  #skipping = false;

  constructor(newline: string, line: (line: string, row: number) => void, bad: RowSink['bad']) {
    this.#newline = newline;
    this.#line = line;
    this.#bad = bad;
  }

  push(text: string): void {
    const all = this.#text === '' ? text : this.#text + text;
    let from = 0;
    for (let end = all.indexOf(this.#newline); end >= 0; end = all.indexOf(this.#newline, from)) {
      this.#give(all.slice(from, end));
      from = end + 1;
    }
    this.#text = all.slice(from);
    if (this.#text.length > CELL_LIMIT) {
      if (!this.#skipping) this.#tooLong(this.#row + 1);
      this.#skipping = true;
      this.#text = '';
    }
  }

  end(): void {
    if (this.#text !== '' || this.#skipping) this.#give(this.#text);
    this.#text = '';
  }

  #give(line: string): void {
    this.#row++;
    if (this.#skipping) this.#skipping = false;
    else if (line.length > CELL_LIMIT) this.#tooLong(this.#row);
    else this.#line(line.endsWith('\r') ? line.slice(0, -1) : line, this.#row);
  }

  #tooLong(row: number): void {
    this.#bad(row, 'line_too_long', `the line is longer than ${CELL_LIMIT} characters`);
  }
}

/** Rows of a sheet; the first ten decide. Throws `ImportError` when nothing fits. */
export class SheetPart implements RowSink {
  readonly #name: string;
  readonly #label: string | null;
  readonly #setting: PartSetting;
  readonly bad: RowSink['bad'];
  #held: { cells: string[]; row: number }[] = [];
  #reader: Reader<readonly string[]> | null = null;
  #skip = 0;
  /** Whether there was any row. */
  filled: boolean = false;

  constructor(name: string, label: string | null, setting: PartSetting) {
    this.#name = name;
    this.#label = label;
    this.#setting = setting;
    this.bad = badRow(setting.sink, label);
  }

  row(cells: string[], row: number): void {
    this.filled = true;
    if (this.#reader === null && row <= HEAD_ROWS) {
      this.#held.push({ cells, row });
      return;
    }
    if (this.#reader === null) this.#decide();
    if (row > this.#skip) this.#reader?.feed(cells, row);
  }

  end(): void {
    if (this.#reader === null && this.filled) this.#decide();
    this.#reader?.end();
  }

  #decide(): void {
    const rows: string[][] = [];
    for (const { cells, row } of this.#held) {
      while (rows.length < row - 1) rows.push([]);
      rows.push(cells);
    }
    const head: Head = { name: this.#name, bytes: new Uint8Array(0), text: null, encoding: 'xlsx', rows };
    const tables = this.#setting.layouts.filter(({ input }) => input === 'table');
    const choice = chooseLayout(head, tables, this.#setting.forced);
    if (choice.layout.input !== 'table') return;
    this.#reader = openReader(choice, choice.layout, head, this.#setting, this.#label);
    this.#skip = choice.verdict.header == null ? 0 : choice.verdict.header + 1;
    for (const { cells, row } of this.#held) if (row > this.#skip) this.#reader.feed(cells, row);
    this.#held = [];
  }
}
