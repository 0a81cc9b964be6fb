/** Bytes of a report as text, and CSV text as rows. */
import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';

/** The text of a file in UTF-8, GB18030 (GBK) or UTF-16; what fits nothing becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  return new TextDecoder(encoding).decode(bytes);
}

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'gb18030' {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  return isUtf8(bytes) ? 'utf-8' : 'gb18030';
}

/** A quoted cell over more lines than this is taken for a quote that somebody forgot to close. */
const MAX_CELL_LINES = 50;
const MAX_RECORD = 1 << 20;
/** Rows that are read, and cells of a row that are kept: one more than readers take, so that they see the excess. */
const MAX_ROWS = 600_000;
const KEPT_COLUMNS = 257;
/** More separators than this are no table of ours; read line by line they cost little. */
const MAX_SEPARATORS = 16_000_000;

/**
 * The rows of CSV text, separated by comma, tab, semicolon or bar, whichever gives the first lines most columns. Where a
 * quote is never closed every line is read by itself, so one bad cell costs its own row. Faults name rows.
 */
export function csvRows(text: string, fault: (row: number, message: string) => void): readonly (readonly string[])[] {
  const delimiter = delimiterOf(text.slice(0, 65_536));
  const rows = isModest(text, delimiter) ? parsed(text, delimiter) : null;
  const closed = rows?.every((row) => row.every((cell) => cell.length < 100 || lineCount(cell) <= MAX_CELL_LINES));
  const found = rows !== null && closed === true ? rows : lineRows(text, delimiter, fault);
  if (found.length < MAX_ROWS) return found;
  fault(MAX_ROWS, `the file has ${MAX_ROWS} rows or more: split it; the rest was not read`);
  return found.slice(0, MAX_ROWS - 1);
}

function lineRows(text: string, delimiter: string, fault: (row: number, message: string) => void): string[][] {
  return text.split(/\r\n|\n|\r/, MAX_ROWS).map((line, index) => {
    const record = line.length > MAX_RECORD ? null : alone(line, delimiter);
    if (record === null) {
      fault(index + 1, 'a quotation mark is opened and not closed, or the line is too long: correct it');
    }
    return record?.[0] ?? [];
  });
}

/** A line by itself; without quotation marks it needs no parser. */
function alone(line: string, delimiter: string): string[][] | null {
  return line.includes('"') ? parsed(line, delimiter) : [line.split(delimiter, KEPT_COLUMNS)];
}

/** Not so many cells that the parser would take minutes over them. */
function isModest(text: string, delimiter: string): boolean {
  let separators = 0;
  for (let at = text.indexOf(delimiter); at >= 0; at = text.indexOf(delimiter, at + 1)) separators++;
  return separators <= MAX_SEPARATORS;
}

function parsed(text: string, delimiter: string): string[][] | null {
  try {
    return parse(text, {
      delimiter,
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: false,
      max_record_size: MAX_RECORD,
      to: MAX_ROWS,
      on_record: (record: string[]) => (record.length > KEPT_COLUMNS ? record.slice(0, KEPT_COLUMNS) : record),
    });
  } catch {
    return null;
  }
}

function delimiterOf(head: string): string {
  const lines = head.split(/\r\n|\n|\r/, 20);
  let [best, most] = [',', 0];
  for (const delimiter of [',', '\t', ';', '|']) {
    const columns = Math.max(...lines.map((line) => line.split(delimiter).length));
    if (columns > most) [best, most] = [delimiter, columns];
  }
  return best;
}

function lineCount(cell: string): number {
  let count = 1;
  for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count++;
  return count;
}
