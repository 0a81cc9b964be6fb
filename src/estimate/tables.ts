/** The reference tables behind the estimates: CSV text in, checked rows and faults with file and line out. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { CsvError, parse } from 'csv-parse/sync';
import type { Band } from './types.ts';

/** One thing wrong with a table: where, what and what to do, one line. `line` counts from 1; 0 concerns the whole file. */
export interface TableFault {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** What a parser gives: rows that hold, and everything that does not. Rows with a fault are left out. */
export interface Parsed<T> {
  readonly table: T;
  readonly faults: readonly TableFault[];
}

/** Name and version of a table as estimates carry them. */
export interface TableVersion {
  readonly name: string;
  /** Greatest version of its rows, and the first eight hex digits of the SHA-256 of its text: `2026.11+1f2e3d4c`. */
  readonly version: string;
}

/** Every row of every table says which issue of the figures it is, when they were last looked at, and where they are from. */
export interface RowOrigin {
  readonly line: number;
  readonly version: string;
  readonly date: string;
  readonly source: string;
}

const MAX_TEXT = 8 * 1024 * 1024;
const MAX_ROWS = 5000;
const MAX_COLUMNS = 64;
const MAX_FAULTS = 100;
const MAX_RECORD = 64 * 1024;
const ORIGIN = ['version', 'date', 'source'];

/** One row under its column names, with checks that report to the file's faults. */
export class TableRow {
  readonly line: number;
  private readonly cells: ReadonlyMap<string, string>;
  private readonly report: (line: number, message: string) => void;
  private ok = true;

  constructor(line: number, cells: ReadonlyMap<string, string>, report: (line: number, message: string) => void) {
    this.line = line;
    this.cells = cells;
    this.report = report;
  }

  /** False once a check failed: the row is not to be used. */
  get good(): boolean {
    return this.ok;
  }

  fault(message: string): void {
    this.ok = false;
    this.report(this.line, message);
  }

  text(column: string): string {
    return this.cells.get(column) ?? '';
  }

  needed(column: string): string {
    const text = this.text(column);
    if (text === '') this.fault(`${column} is empty: fill it in`);
    return text;
  }

  /** One of some words; empty where it is and `words` has ''. */
  word<W extends string>(column: string, words: readonly W[]): W {
    const text = this.text(column);
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    this.fault(`${column} is ${shown(text)}: write one of ${words.map((word) => word || '(empty)').join(', ')}`);
    return words[0] as W;
  }

  /** A plain decimal number within limits; null where the cell is empty. */
  number(column: string, least: number, most: number): number | null {
    const text = this.text(column);
    if (text === '') return null;
    const value = NUMBER.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    this.fault(`${column} is ${shown(text)}: write a number from ${least} to ${most}`);
    return null;
  }

  neededNumber(column: string, least: number, most: number): number {
    const value = this.number(column, least, most);
    if (value === null && this.text(column) === '') this.fault(`${column} is empty: write a number`);
    return value ?? least;
  }

  /** Columns low, mid and high, in order of size. */
  band(least: number, most: number): Band {
    const [low, mid, high] = ['low', 'mid', 'high'].map((column) => this.neededNumber(column, least, most));
    if (!(low! <= mid! && mid! <= high!)) this.fault('low, mid and high are not in order of size: sort them');
    return { low: low!, mid: mid!, high: high! };
  }

  /** YYYY-MM-DD, or YYYY-MM for its first (`edge` first) or last day; null where the cell is empty. */
  day(column: string, edge: 'first' | 'last'): string | null {
    const text = this.text(column);
    if (text === '') return null;
    const full = /^\d{4}-\d{2}$/.test(text) ? monthEdge(text, edge) : text;
    if (dayNumber(full) !== null) return full;
    this.fault(`${column} is ${shown(text)}: write a day as YYYY-MM-DD or a month as YYYY-MM`);
    return null;
  }

  origin(): RowOrigin {
    const version = this.needed('version');
    const date = this.needed('date');
    if (date !== '' && dayNumber(date) === null) this.fault(`date is ${shown(date)}: write YYYY-MM-DD`);
    return { line: this.line, version, date, source: this.needed('source') };
  }
}

const NUMBER = /^\d{1,30}(?:\.\d{1,30})?(?:e[+-]?\d{1,2})?$/i;

/**
 * Reads a table: UTF-8 text, a byte order mark and CRLF allowed, lines that begin with # are comments, the first other line
 * names the columns in any order. `take` makes a row's value, or null where it does not hold. Never throws.
 */
export function readTable<R extends RowOrigin>(
  text: string,
  file: string,
  columns: readonly string[],
  take: (row: TableRow) => R | null,
): Parsed<readonly R[]> {
  const faults: TableFault[] = [];
  const report = (line: number, message: string): void => {
    if (faults.length < MAX_FAULTS) faults.push({ file, line, message });
    else if (faults.length === MAX_FAULTS) faults.push({ file, line: 0, message: 'has more faults: mend these first' });
  };
  const rows: R[] = [];
  let heading: readonly string[] | null = null;
  for (const { line, cells } of recordsOf(text, report)) {
    if (heading === null) {
      heading = cells.map((cell) => cell.trim());
      if (!checkHeading(heading, [...columns, ...ORIGIN], line, report)) break;
      continue;
    }
    if (cells.length !== heading.length) {
      report(line, `has ${cells.length} cells where the heading has ${heading.length}: quote cells that hold a comma`);
      continue;
    }
    const row = new TableRow(line, new Map(heading.map((name, i) => [name, (cells[i] ?? '').trim()])), report);
    const value = take(row);
    if (value !== null && row.good) rows.push(value);
  }
  if (heading === null && faults.length === 0) report(0, `is empty: begin with ${[...columns, ...ORIGIN].join(',')}`);
  return { table: rows, faults };
}

function checkHeading(
  heading: readonly string[],
  columns: readonly string[],
  line: number,
  report: (line: number, message: string) => void,
): boolean {
  if (heading.length > MAX_COLUMNS) {
    report(line, `names ${heading.length} columns where ${MAX_COLUMNS} are allowed: this is no such table`);
    return false;
  }
  const missing = columns.filter((name) => !heading.includes(name));
  const twice = heading.filter((name, i) => heading.indexOf(name) !== i);
  if (missing.length > 0) report(line, `lacks the columns ${missing.join(', ')}: add them to the heading`);
  if (twice.length > 0) report(line, `names ${shown(twice.join(', '))} twice: rename one`);
  return missing.length === 0 && twice.length === 0;
}

function recordsOf(
  text: string,
  report: (line: number, message: string) => void,
): readonly { readonly line: number; readonly cells: readonly string[] }[] {
  if (text.length > MAX_TEXT) {
    report(0, `has ${text.length} characters where ${MAX_TEXT} are allowed: this is no such table`);
    return [];
  }
  const found: { line: number; cells: string[] }[] = [];
  try {
    parse(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: MAX_RECORD,
      to: MAX_ROWS + 2,
      on_record: (cells: string[], { lines }): null => {
        found.push({ line: lines, cells });
        return null;
      },
    });
  } catch (error) {
    // A quote that never ends swallows the rest; what came before is read.
    if (!(error instanceof CsvError)) throw error;
    report(Number(error['lines']) || 0, `is no CSV from here on (${error.code}): check the quotes`);
  }
  if (found.length > MAX_ROWS + 1) report(0, `has more than ${MAX_ROWS} rows: the rest is not read`);
  return found.slice(0, MAX_ROWS + 1);
}

/** Name and version under which a table is quoted. */
export function versionOf(name: string, rows: readonly RowOrigin[], text: string): TableVersion {
  let newest = '';
  for (const { version } of rows) if (version > newest) newest = version;
  const plain = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  const digest = bytesToHex(sha256(new TextEncoder().encode(plain))).slice(0, 8);
  return { name, version: `${newest || '0'}+${digest}` };
}

/** Days since 1970-01-01 of YYYY-MM-DD in the years 1900 to 9999; null for anything else. */
export function dayNumber(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < '1900') return null;
  const time = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) return null;
  return time / 86_400_000;
}

/** YYYY-MM-DD of a day number. */
export function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/** First or last day of a month YYYY-MM; text that is no month comes back as no day. */
function monthEdge(month: string, edge: 'first' | 'last'): string {
  const first = dayNumber(`${month}-01`);
  if (first === null) return month;
  return edge === 'first' ? dayText(first) : dayText(lastOfMonth(first));
}

/** Last day of the month of a day. */
export function lastOfMonth(day: number): number {
  const date = new Date(day * 86_400_000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0) / 86_400_000;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
