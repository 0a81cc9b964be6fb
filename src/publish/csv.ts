/** The ledger as CSV (RFC 4180) in the two encodings that offices use, safe to open in a spreadsheet program. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import iconv from 'iconv-lite';
import type { Lead } from '../ledger/types.ts';
import { type CellValue, type Column, type ColumnContext, cellOf } from './columns.ts';
import { LEDGER_COLUMNS } from './columns-ledger.ts';

export const CSV_ENCODINGS = ['utf-8', 'gb18030'] as const;
export type CsvEncoding = (typeof CSV_ENCODINGS)[number];

export interface CsvOptions {
  readonly encoding: CsvEncoding;
  readonly columns?: readonly Column[];
  /** Words of the heading row; `id` for programs. */
  readonly headings?: 'zh' | 'en' | 'id';
  readonly context: ColumnContext;
}

export interface CsvBytes {
  readonly bytes: Uint8Array;
  /** Characters that the encoding does not have: `〓` (U+3013) or U+FFFD stands there. */
  readonly replaced: number;
}

/** Begins like a formula to some spreadsheet program, in half or full width, or with what it skips before one. */
const FORMULA = /^'*[=+\-@\t\r\n\u3000 ＝＋－＠]/;
/** Control characters but tab and line ends, and format characters that hide or turn text. */
const CONTROL =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * A cell as text. Text that begins like a formula (after any apostrophes) gets an apostrophe before it; a number is a
 * number, also a negative one. Control characters are dropped.
 */
export function csvCell(value: CellValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (typeof value === 'object') return value.day;
  const text = value.replace(CONTROL, '');
  return FORMULA.test(text) ? `'${text}` : text;
}

/** The text behind a cell that `csvCell` wrote. */
export function plainCell(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

/** Rows as CSV bytes: CRLF, text quoted, UTF-8 with byte order mark (unless `bom` is false) or GB18030. */
export function csvBytes(
  rows: readonly (readonly CellValue[])[],
  encoding: CsvEncoding,
  { bom = true }: { readonly bom?: boolean } = {},
): CsvBytes {
  const cells = rows.map((row) => row.map((value) => (typeof value === 'number' ? value : csvCell(value))));
  const text = stringify(cells, { record_delimiter: 'windows', quoted_string: true, cast: { number: String } });
  if (encoding === 'utf-8') {
    const whole = text.toWellFormed();
    const replaced = whole === text ? 0 : countDifferent(text, whole);
    return { bytes: new TextEncoder().encode(bom ? `\ufeff${whole}` : whole), replaced };
  }
  const bytes = iconv.encode(text, 'gb18030');
  if (iconv.decode(bytes, 'gb18030') === text) return { bytes: new Uint8Array(bytes), replaced: 0 };
  const { whole, replaced } = visible(text);
  return { bytes: new Uint8Array(iconv.encode(whole, 'gb18030')), replaced };
}

function countDifferent(a: string, b: string): number {
  let count = 0;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) count++;
  return count;
}

/** Replaces each character that does not come back from GB18030. */
function visible(text: string): { readonly whole: string; readonly replaced: number } {
  const known = new Map<string, boolean>();
  let replaced = 0;
  const parts: string[] = [];
  for (const character of text) {
    let same = character < '\u0080' || known.get(character);
    if (same === undefined) {
      same = character.isWellFormed() && iconv.decode(iconv.encode(character, 'gb18030'), 'gb18030') === character;
      known.set(character, same);
    }
    if (!same) replaced++;
    parts.push(same ? character : '〓');
  }
  return { whole: parts.join(''), replaced };
}

/** Leads as a table, one heading row, one row each. */
export function leadsCsv(leads: readonly Lead[], options: CsvOptions): CsvBytes {
  const { encoding, columns = LEDGER_COLUMNS, headings = 'zh', context } = options;
  return csvBytes(
    [
      columns.map((column) => column[headings]),
      ...leads.map((lead, at) => columns.map((column) => cellOf(column, lead, context, at))),
    ],
    encoding,
  );
}

/** Cells of a CSV that `csvBytes` wrote, without its apostrophes. Not for files of others: those go through readers of their own. */
export function readCsvCells(bytes: Uint8Array, encoding: CsvEncoding): string[][] {
  const text = iconv.decode(Buffer.from(bytes), encoding, { stripBOM: true });
  const rows = parse(text, { record_delimiter: '\r\n', skip_empty_lines: false }) as string[][];
  return rows.map((row) => row.map(plainCell));
}
