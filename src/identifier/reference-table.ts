/**
 * Reference tables as files: CSV in UTF-8 with a header line, and above it lines that begin with `#`, of which
 * `# version: …`, `# date: …` and the like are read. A user's own file has the same columns.
 */
import { parse } from 'csv-parse/sync';

/** Tables are small; a file that is not one of ours is cut here. */
export const MAX_TABLE_CHARACTERS: number = 16 * 1024 * 1024;

export interface TableFault {
  /** Line of the file, from 1; 0 for the whole file. */
  readonly line: number;
  /** One line: what, why, what to do. */
  readonly message: string;
}

export interface ReferenceRow {
  readonly line: number;
  /** A cell by column name, without spaces around it; empty where the row is short. */
  readonly get: (column: string) => string;
}

export interface ReferenceTable {
  /** `# version:` of the file, empty where it has none. */
  readonly version: string;
  readonly date: string;
  readonly rows: readonly ReferenceRow[];
  readonly faults: readonly TableFault[];
}

const META = /^#[ \t]*([a-z_]{1,20}):[ \t]*(.{0,400})$/;

function metaOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (let lines = 0; lines < 100 && text[at] === '#'; lines++) {
    const end = text.indexOf('\n', at);
    const line = (end < 0 ? text.slice(at) : text.slice(at, end)).trimEnd();
    const match = META.exec(line);
    if (match?.[1] !== undefined && !found.has(match[1])) found.set(match[1], (match[2] ?? '').trim());
    if (end < 0) break;
    at = end + 1;
  }
  return found;
}

/**
 * Reads a reference table. Total: a file that cannot be read as CSV or lacks one of `columns` gives no rows and one fault
 * that says so. Columns beyond those asked for are kept; the order of columns does not matter.
 */
export function parseReference(text: string, name: string, columns: readonly string[]): ReferenceTable {
  const head = text.slice(0, MAX_TABLE_CHARACTERS);
  const meta = metaOf(head);
  const version = meta.get('version') ?? '';
  const date = meta.get('date') ?? '';
  const fail = (line: number, message: string): ReferenceTable => ({
    version,
    date,
    rows: [],
    faults: [{ line, message }],
  });
  if (text.length > MAX_TABLE_CHARACTERS) {
    return fail(0, `${name}: larger than ${MAX_TABLE_CHARACTERS} characters; is it the right file?`);
  }
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(head, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      info: true,
      max_record_size: 65_536,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    }) as never;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '';
    return fail(0, `${name}: not readable as CSV: ${reason}`);
  }
  const header = (records[0]?.record ?? []).map((cell) => cell.trim());
  const missing = columns.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    return fail(records[0]?.info.lines ?? 0, `${name}: column ${missing.join(', ')} missing; keep the header line`);
  }
  const index = new Map(header.map((column, at) => [column, at]));
  const rows = records.slice(1).map(
    ({ record, info }): ReferenceRow => ({
      line: info.lines,
      get: (column) => (record[index.get(column) ?? -1] ?? '').trim(),
    }),
  );
  return { version, date, rows, faults: [] };
}
