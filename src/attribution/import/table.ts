/**
 * Rows out of CSV text. Records are framed by lines and the parity of quotes, and parsed in blocks by csv-parse: so a quote
 * that is never closed, or a cell without end, costs its own row and not the rest of the file, and memory stays bounded.
 */
import { parse } from 'csv-parse/sync';

/** Longest cell, and longest record with all its lines, in characters. */
export const CELL_LIMIT: number = 64 * 1024;
const RECORD_LIMIT = 1 << 20;
/** A quoted cell over more lines than this is taken for a quote that somebody forgot to close. */
const RECORD_LINES = 20;
const COLUMN_LIMIT = 1024;
const SEPARATORS = [',', '\t', ';', '|'] as const;
export type Separator = (typeof SEPARATORS)[number];

export interface RowSink {
  /** Cells are clean; `row` counts from 1, blank rows included but not given. */
  row(cells: string[], row: number): void;
  bad(row: number, reason: string, message: string): void;
}

/** A cell as text: trimmed, no control characters, and without the `="…"` by which Excel is made to keep digits as text. */
export function cleanCell(cell: string): string {
  let text = cell.trim();
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text))
    text = text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '').trim();
  if (text.startsWith('="') && text.endsWith('"') && text.length > 2)
    text = text.slice(2, -1).replaceAll('""', '"').trim();
  return text;
}

/** Checks and cleans the cells of one row and gives it on. */
export function giveRow(cells: readonly string[], row: number, sink: RowSink): void {
  if (cells.length > COLUMN_LIMIT) {
    sink.bad(row, 'too_many_columns', `${cells.length} columns, more than ${COLUMN_LIMIT}: is the separator right?`);
    return;
  }
  let filled = false;
  const clean = new Array<string>(cells.length);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as string;
    if (cell.length > CELL_LIMIT) {
      sink.bad(row, 'cell_too_long', `the cell in column ${i + 1} is longer than ${CELL_LIMIT} characters: shorten it`);
      return;
    }
    const text = cleanCell(cell);
    clean[i] = text;
    if (text !== '') filled = true;
  }
  if (filled) sink.row(clean, row);
}

/** The separator with which the text's first lines have the most columns. */
export function separatorOf(text: string): Separator {
  let best: Separator = ',';
  let most = 0;
  for (const separator of SEPARATORS) {
    let columns = 0;
    for (const cells of headRows(text, separator)) columns = Math.max(columns, cells.length);
    if (columns > most) [best, most] = [separator, columns];
  }
  return best;
}

/** The first 10 rows of a text whose beginning is given. */
export function headRows(text: string, separator: Separator): string[][] {
  const rows: string[][] = [];
  const csv = new CsvRows(separator, newlineOf(text), {
    row: (cells, row) => {
      while (rows.length < row - 1 && rows.length < 10) rows.push([]);
      if (rows.length < 10) rows.push(cells);
    },
    bad: () => undefined,
  });
  // A last line may be cut in its middle, which does no harm to a heading.
  csv.push(text.slice(0, 1 << 16));
  csv.end();
  return rows;
}

/** Lines end with LF (or CR LF); with CR alone only where no LF is met. */
export function newlineOf(text: string): '\n' | '\r' {
  return !text.includes('\n') && text.includes('\r') ? '\r' : '\n';
}

/** CSV text in pieces of any length in, rows out. */
export class CsvRows {
  readonly #separator: Separator;
  readonly #newline: '\n' | '\r';
  readonly #sink: RowSink;
  #text = '';
  /** Everything before is whole records; the scan goes on at `#scan`, `#lines` lines into the record at `#safe`. */
  #safe = 0;
  #scan = 0;
  #lines = 0;
  #odd = false;
  /** Where the next quote stands, if it was looked for. */
  #quote = -1;
  /** Ends of the whole records before `#safe`. */
  #ends: number[] = [];
  #skipping = false;
  #row = 0;
  readonly #formed: RegExp;

  constructor(separator: Separator, newline: '\n' | '\r', sink: RowSink) {
    this.#separator = separator;
    this.#newline = newline;
    this.#sink = sink;
    const comma = separator === '|' ? '\\|' : separator;
    const cell = `(?:[^"\\r\\n${comma}]*|"[^"]*(?:""[^"]*)*")`;
    this.#formed = new RegExp(`^${cell}(?:${comma}${cell})*[\\r\\n]*$`);
  }

  push(text: string): void {
    let piece = text;
    if (this.#skipping) {
      const end = piece.indexOf(this.#newline);
      if (end < 0) return;
      piece = piece.slice(end + 1);
      this.#skipping = false;
    }
    this.#text = this.#text === '' ? piece : this.#text + piece;
    this.#quote = -1;
    this.#frame();
    this.#flush();
    if (this.#text.length <= RECORD_LIMIT) return;
    if (this.#lines > 0) {
      this.#unclosed();
      this.#flush();
    } else {
      this.#tooLong();
      this.#skipping = true;
      this.#restart('');
    }
  }

  end(): void {
    // A last record whose quote stays open: its first line is the bad one, what follows is read as rows again.
    while (this.#odd && this.#lines > 0) {
      this.#unclosed();
      this.#frame();
    }
    if (this.#text.length > this.#safe) this.#cut(this.#text.length);
    this.#flush();
  }

  /** Finds whole records: lines with an even number of quotes in all. */
  #frame(): void {
    for (;;) {
      const end = this.#text.indexOf(this.#newline, this.#scan);
      if (end < 0) break;
      this.#countQuotes(end);
      this.#scan = end + 1;
      if (!this.#odd) {
        if (end - this.#safe > RECORD_LIMIT) {
          this.#flush();
          this.#tooLong();
          this.#restart(this.#text.slice(this.#scan));
        } else this.#cut(end + 1);
      } else if (++this.#lines > RECORD_LINES) {
        this.#unclosed();
      }
    }
  }

  #countQuotes(end: number): void {
    if (this.#quote < this.#scan) this.#quote = this.#text.indexOf('"', this.#scan);
    while (this.#quote >= 0 && this.#quote < end) {
      this.#odd = !this.#odd;
      this.#quote = this.#text.indexOf('"', this.#quote + 1);
    }
    if (this.#quote < 0) this.#quote = this.#text.length;
  }

  #cut(end: number): void {
    this.#safe = end;
    this.#ends.push(end);
    this.#lines = 0;
  }

  /** The first line of the record in hand becomes a record, right or wrong, and the scan goes on behind it. */
  #unclosed(): void {
    this.#cut(this.#text.indexOf(this.#newline, this.#safe) + 1);
    this.#scan = this.#safe;
    this.#odd = false;
    this.#quote = -1;
  }

  #tooLong(): void {
    this.#row++;
    this.#sink.bad(
      this.#row,
      'record_too_long',
      `the row is longer than ${RECORD_LIMIT} characters: shorten its cells`,
    );
  }

  #restart(text: string): void {
    this.#text = text;
    this.#safe = this.#scan = this.#lines = 0;
    this.#ends = [];
    this.#quote = -1;
    this.#odd = false;
  }

  #flush(): void {
    if (this.#safe === 0) return;
    const block = this.#text.slice(0, this.#safe);
    const ends = this.#ends;
    this.#text = this.#text.slice(this.#safe);
    this.#scan = Math.max(0, this.#scan - this.#safe);
    this.#safe = 0;
    this.#ends = [];
    this.#quote = -1;
    if (!block.includes('"')) {
      for (const cells of splitBlock(block, this.#separator, this.#newline)) giveRow(cells, ++this.#row, this.#sink);
      return;
    }
    // Well-formed records go to the parser together. The others, with quotes inside unquoted cells, could make it join
    // rows, so each of them goes alone.
    let from = 0;
    let begun = 0;
    for (const end of ends) {
      if (!this.#formed.test(block.slice(from, end))) {
        this.#records(block.slice(begun, from));
        this.#records(block.slice(from, end));
        begun = end;
      }
      from = end;
    }
    this.#records(block.slice(begun, from));
  }

  #records(text: string): void {
    if (text === '') return;
    const records = this.#parse(text);
    if (records === null) {
      this.#row++;
      this.#sink.bad(this.#row, 'bad_quotes', 'a quotation mark is opened and not closed: close it or leave it out');
    } else for (const cells of records) giveRow(cells, ++this.#row, this.#sink);
  }

  #parse(block: string): string[][] | null {
    try {
      return parse(block, {
        delimiter: this.#separator,
        record_delimiter: this.#newline === '\n' ? ['\r\n', '\n'] : ['\r'],
        relax_quotes: true,
        relax_column_count: true,
      });
    } catch {
      return null;
    }
  }
}

/** A block without any quotation mark needs no parser, and is three times as fast without. */
function splitBlock(block: string, separator: Separator, newline: '\n' | '\r'): string[][] {
  const lines = block.split(newline);
  if (lines.at(-1) === '') lines.pop();
  // A CR before the LF falls to the trimming of cells.
  return lines.map((line) => line.split(separator));
}
