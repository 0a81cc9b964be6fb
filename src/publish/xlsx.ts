/** A workbook from plain cells: text stays text, days are days, nothing is ever a formula, the same cells give the same bytes. */
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import writeExcelFile, { type CellObject, type SheetData } from 'write-excel-file/universal';
import type { CellValue } from './columns.ts';
import { HandOverError } from './field-sets.ts';
import { printFeature, type SheetExtras } from './xlsx-features.ts';

/** Limits of the format: characters of a cell, rows of a sheet. */
export const MAX_CELL = 32_767;
export const MAX_ROWS = 1_048_576;

export interface SheetCell {
  readonly value: CellValue;
  readonly style?: Partial<CellObject>;
  /** Columns that it spans; those it covers follow as null. */
  readonly span?: number;
}

export interface SheetContent extends SheetExtras {
  readonly rows: readonly (readonly (SheetCell | null)[])[];
  readonly widths: readonly number[];
  readonly frozenRows: number;
  readonly frozenColumns: number;
}

const CUT = '…（已截断）';
/** Control characters, lone surrogates and non-characters, which XML 1.0 cannot hold; and format characters that hide text. */
const UNSAFE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]/g;

/**
 * Text as a cell can hold it: no control characters, no direction marks, at most 32,767 characters, cut with a mark.
 * `_x0041_` is a character to spreadsheet programs, so its underscore is written as one.
 */
export function cellText(text: string): string {
  const clean = text
    .slice(0, MAX_CELL * 2)
    .toWellFormed()
    .replace(UNSAFE, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_');
  if (clean.length <= MAX_CELL) return clean;
  return (
    clean
      .slice(0, MAX_CELL - CUT.length)
      .toWellFormed()
      .replace(/\ufffd$/, '') + CUT
  );
}

function cellObject(cell: SheetCell | null): CellObject | null {
  if (cell === null) return null;
  const { value, style = {}, span } = cell;
  const shared = { ...style, ...(span === undefined ? {} : { columnSpan: span }) };
  if (value === null || value === '') return { ...shared } as CellObject;
  if (typeof value === 'number' && Number.isFinite(value)) return { ...shared, type: Number, value };
  if (typeof value === 'object') {
    return { ...shared, type: Date, value: new Date(`${value.day}T00:00:00Z`), format: 'yyyy-mm-dd' };
  }
  // `@` is the format Text: digits are never read as a number.
  return { ...shared, type: String, value: cellText(String(value)), format: '@' };
}

/** A fixed time in the local zone, as ZIP stores it. */
const ZIP_TIME = '1980-01-01T00:00:00';

/**
 * The bytes of an XLSX workbook. Throws a HandOverError for a sheet with more rows than the format has. Sheet names are
 * at most 31 characters without `[]:*?/\`.
 */
export async function workbookBytes(sheets: readonly SheetContent[]): Promise<Uint8Array> {
  for (const { name, rows } of sheets) {
    if (rows.length > MAX_ROWS) {
      throw new HandOverError(`sheet ${name}: ${rows.length} rows, XLSX has ${MAX_ROWS}; split the list or write CSV`);
    }
  }
  const blob = await writeExcelFile(
    sheets.map((sheet) => ({
      data: sheet.rows.map((row) => row.map(cellObject)) as SheetData,
      sheet: sheet.name,
      columns: sheet.widths.map((width) => ({ width })),
      orientation: 'landscape' as const,
      stickyRowsCount: sheet.frozenRows,
      stickyColumnsCount: sheet.frozenColumns,
    })),
    { fontFamily: '宋体', fontSize: 10, features: [printFeature(sheets)] },
  ).toBlob();
  return fixedZip(new Uint8Array(await blob.arrayBuffer()));
}

/** The same entries, sorted but for the list of types that readers expect first, with a fixed time. */
function fixedZip(bytes: Uint8Array): Uint8Array {
  const FIRST = '[Content_Types].xml';
  const files = Object.entries(unzipSync(bytes)).sort(
    ([a], [b]) => Number(b === FIRST) - Number(a === FIRST) || (a < b ? -1 : 1),
  );
  return zipSync(
    Object.fromEntries(files.map(([name, content]) => [name, name.endsWith('.xml') ? kept(content) : content])),
    { mtime: ZIP_TIME, level: 6 },
  );
}

/** Spaces at the ends of a text and line ends within it are kept only where the markup says so. */
function kept(content: Uint8Array): Uint8Array {
  const text = strFromU8(content);
  return text.includes('<t>') ? strToU8(text.replaceAll('<t>', '<t xml:space="preserve">')) : content;
}
