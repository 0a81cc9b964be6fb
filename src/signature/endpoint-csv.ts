/**
 * A strict reader of the CSV that endpoint files are written in (RFC 4180, without line breaks inside quotes): UTF-8, a
 * byte order mark and CRLF allowed, lines that begin with # are comments, the first other line names the columns.
 */
import type { SignatureFault } from './types.ts';

/** Longest cell in UTF-16 code units; the longest in use, a list of ports, has a tenth of it. */
export const MAX_CELL = 8192;
/** A file of a wrong kind has a fault in every line; this many tell enough. */
export const MAX_FAULTS = 100;

/** One line as cells, in the order of the file's own columns. */
export interface CsvRow {
  /** From 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Index in the line at which each cell starts, its quote included; null where no cell is quoted. */
  readonly starts: readonly number[] | null;
}

export interface CsvTable {
  /** Place of each column asked for among the cells of a row, -1 where the file does not have it. */
  readonly places: readonly number[];
  readonly rows: readonly CsvRow[];
}

export type Report = (line: number, column: number, message: string) => void;

/** Gathers the faults of one file, a bounded number of them. */
export function faultReporter(file: string, faults: SignatureFault[]): Report {
  return (line, column, message) => {
    if (faults.length < MAX_FAULTS) faults.push({ file, line, column, message });
    else if (faults.length === MAX_FAULTS) {
      faults.push({ file, line: 0, column: 0, message: 'has more faults: they are listed once these are mended' });
    }
  };
}

/**
 * Cells of a text. `columns` are all that may occur, `required` those that must. Anything wrong goes to `report` with line
 * and column from 1; rows that cannot be read are left out. Never throws; time and memory are linear in the text.
 */
export function readCsv(
  text: string,
  columns: readonly string[],
  required: readonly string[],
  report: Report,
): CsvTable {
  const rows: CsvRow[] = [];
  let places: number[] | null = null;
  let width = 0;
  let line = 0;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const next = newline < 0 ? text.length : newline;
    const end = next > at && text.charCodeAt(next - 1) === 13 ? next - 1 : next;
    line++;
    const content = text.slice(at, end);
    at = next + 1;
    if (content === '' || content.charCodeAt(0) === 35) continue;
    const row = cellsOf(content, line, report);
    if (row === null) {
      if (places === null) break;
      continue;
    }
    if (places === null) {
      places = header(row, columns, required, report);
      if (places === null) break;
      width = row.cells.length;
    } else if (row.cells.length !== width) {
      const message = `has ${row.cells.length} cells where the heading has ${width}: put cells that hold a comma in quotes`;
      report(line, 1, message);
    } else rows.push(row);
  }
  if (line === 0 || (places === null && rows.length === 0 && !hasHeading(text))) {
    report(0, 0, `has no line that names its columns: begin with "${columns.join(',')}"`);
  }
  return { places: places ?? columns.map(() => -1), rows };
}

/** Whether any line is neither empty nor a comment; if so its faults were reported. */
function hasHeading(text: string): boolean {
  return /^\uFEFF?[^#\r\n\uFEFF]/m.test(text);
}

function header(row: CsvRow, columns: readonly string[], required: readonly string[], report: Report): number[] | null {
  let good = true;
  for (const [i, name] of row.cells.entries()) {
    const column = columnOf(row, i);
    if (!columns.includes(name)) {
      report(row.line, column, `"${short(name)}" is no column of this file: the columns are ${columns.join(', ')}`);
      good = false;
    } else if (row.cells.indexOf(name) !== i) {
      report(row.line, column, `the column "${name}" is named twice: name it once`);
      good = false;
    }
  }
  for (const name of required) {
    if (row.cells.includes(name)) continue;
    report(row.line, 1, `the column "${name}" is missing, and no row makes sense without it: add it`);
    good = false;
  }
  return good ? columns.map((name) => row.cells.indexOf(name)) : null;
}

/** Where the cell at `place` starts in its line, from 1. */
export function columnOf({ cells, starts }: CsvRow, place: number): number {
  if (starts !== null) return (starts[place] ?? 0) + 1;
  let column = 1;
  for (let i = 0; i < place; i++) column += (cells[i]?.length ?? 0) + 1;
  return column;
}

/** Cells of one line, or null after a fault. */
function cellsOf(content: string, line: number, report: Report): CsvRow | null {
  if (content.length <= MAX_CELL && !content.includes('"')) return { line, cells: content.split(','), starts: null };
  const cells: string[] = [];
  const starts: number[] = [];
  for (let at = 0; at <= content.length; ) {
    starts.push(at);
    let cell: string;
    if (content.charCodeAt(at) === 34) {
      let close = at;
      do close = content.indexOf('"', close + 1);
      while (close >= 0 && content.charCodeAt(close + 1) === 34 && ++close > 0);
      if (close < 0) {
        report(line, at + 1, 'a quote opens here and never closes on this line: close it, or double it inside quotes');
        return null;
      }
      if (close + 1 < content.length && content.charCodeAt(close + 1) !== 44) {
        report(
          line,
          close + 2,
          'text follows a closing quote: a comma belongs here, and quotes inside quotes are doubled',
        );
        return null;
      }
      cell = content.slice(at + 1, close).replaceAll('""', '"');
      at = close + 2;
    } else {
      const comma = content.indexOf(',', at);
      const end = comma < 0 ? content.length : comma;
      cell = content.slice(at, end);
      at = end + 1;
    }
    if (cell.length > MAX_CELL) {
      report(line, (starts.at(-1) ?? 0) + 1, `the cell has ${cell.length} characters and at most ${MAX_CELL} are read`);
      return null;
    }
    cells.push(cell);
  }
  return { line, cells, starts };
}

/** A cell as a message may show it. */
export function short(text: string): string {
  const clean = text.replace(/\p{C}/gu, '?');
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean;
}
