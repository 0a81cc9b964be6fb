/**
 * Rows out of an XLSX workbook (ECMA-376 part 1, 18.3). The sheets are read as a stream of XML events, so a large sheet needs
 * no memory of its own; only the shared texts are kept. Cells come as text: numbers as Excel stores them, dates as their
 * serial numbers, formulas as their last result.
 */
import sax from 'sax';
import { ImportError, shown } from './import-error.ts';
import { giveRow, type RowSink } from './table.ts';
import type { ZipEntry } from './zip.ts';

/** Characters of shared texts kept in memory. */
const TEXT_LIMIT = 96 << 20;
const SMALL = 16 << 20;
const CELLS = 1024;
const DEPTH = 64;

export interface Sheet {
  readonly name: string;
  read(sink: RowSink): void;
}

export function isWorkbook(entries: readonly ZipEntry[]): boolean {
  return entries.some(({ name }) => name === 'xl/workbook.xml');
}

/** The sheets of a workbook in its order. Throws `ImportError` where it cannot be read. */
export function sheetsOf(entries: readonly ZipEntry[], name: string): Sheet[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const sheets: { name: string; id: string }[] = [];
  const targets = new Map<string, string>();
  walk(byName.get('xl/workbook.xml'), {
    open: (tag, attributes) => {
      if (tag === 'sheet' && !/hidden/i.test(attributes['state'] ?? '') && sheets.length < 1000) {
        sheets.push({ name: attributes['name'] ?? '', id: attributes['r:id'] ?? attributes['id'] ?? '' });
      }
      if (tag === 'workbookPr' && /^(?:1|true)$/.test(attributes['date1904'] ?? '')) {
        throw new ImportError(
          `${shown(name)}: counts days from 1904: switch that off in Excel's options and save again`,
        );
      }
    },
  });
  walk(byName.get('xl/_rels/workbook.xml.rels'), {
    open: (tag, { Id, Target }) => {
      if (tag === 'Relationship' && Id && Target)
        targets.set(Id, Target.replace(/^\//, '').replace(/^(?!xl\/)/, 'xl/'));
    },
  });
  let texts: string[] | null = null;
  const found: Sheet[] = [];
  for (const { name: title, id } of sheets) {
    const entry = byName.get(targets.get(id) ?? '');
    if (!entry) continue;
    found.push({
      name: title,
      read: (sink) => {
        texts ??= sharedTexts(byName.get('xl/sharedStrings.xml'), name);
        readSheet(entry, texts, sink);
      },
    });
  }
  if (found.length === 0) throw new ImportError(`${shown(name)}: no visible sheet in the workbook`);
  return found;
}

interface Handlers {
  open?(tag: string, attributes: Readonly<Record<string, string | undefined>>): void;
  close?(tag: string): void;
  text?(text: string): void;
  /** Damage: nothing follows. */
  damaged?(message: string): void;
}

/** Reads one part. Elements by local name; entities of a document type are not expanded; damage ends the reading. */
function walk(entry: ZipEntry | undefined, on: Handlers, limit: number = SMALL): void {
  if (!entry) return;
  const parser = sax.parser(true, { position: false });
  let stop: Error | null = null;
  let depth = 0;
  parser.onerror = (error) => {
    stop ??= error;
  };
  parser.onopentag = ({ name, attributes }) => {
    if (++depth > DEPTH) stop ??= new Error('nested too deep');
    else if (stop === null) on.open?.(local(name), attributes as Record<string, string>);
  };
  parser.onclosetag = (name) => {
    depth--;
    if (stop === null) on.close?.(local(name));
  };
  parser.ontext = parser.oncdata = (text) => {
    if (stop === null) on.text?.(text);
  };
  const decoder = new TextDecoder('utf-8');
  const write = (text: string): void => {
    if (stop !== null) return;
    try {
      parser.write(text);
    } catch (error) {
      if (error instanceof ImportError) throw error;
      stop ??= error as Error;
    }
  };
  try {
    entry.read((bytes) => write(decoder.decode(bytes, { stream: true })), limit);
    if (stop === null) parser.close();
  } catch (error) {
    if (error instanceof ImportError) {
      if (!on.damaged || !error.message.includes('damaged')) throw error;
    }
    stop ??= error as Error;
  }
  if (stop !== null) on.damaged?.(shown((stop as Error).message.split('\n')[0] ?? '', 120));
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function sharedTexts(entry: ZipEntry | undefined, name: string): string[] {
  const texts: string[] = [];
  let current: string[] = [];
  let inside = false;
  let phonetic = 0;
  let size = 0;
  const handlers: Handlers = {
    open: (tag) => {
      if (tag === 'si') current = [];
      if (tag === 'rPh') phonetic++;
      inside = tag === 't' && phonetic === 0;
    },
    text: (text) => {
      if (!inside) return;
      size += text.length + 16;
      if (size > TEXT_LIMIT)
        throw new ImportError(`${shown(name)}: too much text for a workbook: save it as CSV UTF-8`);
      current.push(text);
    },
    close: (tag) => {
      inside = false;
      if (tag === 'rPh') phonetic--;
      if (tag === 'si') texts.push(current.join(''));
    },
  };
  walk(entry, handlers, TEXT_LIMIT * 4);
  return texts;
}

/** Longer texts are cut there; the row becomes a fault, since `giveRow` finds them too long. */
const CUT = 65 * 1024;

function readSheet(entry: ZipEntry, texts: readonly string[], sink: RowSink): void {
  let row = 0;
  let cells: string[] = [];
  let column = 0;
  let type = '';
  let value = '';
  let taking = false;
  const handlers: Handlers = {
    open: (tag, attributes) => {
      taking = false;
      if (tag === 'row') {
        const given = Number(attributes['r']);
        row = Number.isSafeInteger(given) && given > row && given <= 1 << 24 ? given : row + 1;
        cells = [];
        column = 0;
      } else if (tag === 'c') {
        column = columnOf(attributes['r'] ?? '') ?? column;
        type = attributes['t'] ?? 'n';
        value = '';
      } else taking = tag === 'v' || tag === 't';
    },
    text: (text) => {
      if (taking && value.length < CUT) value += text.slice(0, CUT - value.length);
    },
    close: (tag) => {
      taking = false;
      if (tag === 'c') {
        if (column < CELLS) {
          while (cells.length < column) cells.push('');
          cells[column] = cellText(type, value, texts);
        }
        column++;
      } else if (tag === 'row') giveRow(cells, row, sink);
    },
    damaged: (message) =>
      sink.bad(row + 1, 'damaged_sheet', `the sheet is damaged from here on (${message}): save it again`),
  };
  walk(entry, handlers, 4 * 2 ** 30);
}

/** Column of a reference such as `AB12`, from 0; null where there is none. */
function columnOf(reference: string): number | null {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0];
  if (letters === undefined) return null;
  let column = 0;
  for (let i = 0; i < letters.length; i++) column = column * 26 + letters.charCodeAt(i) - 64;
  return column - 1;
}

function cellText(type: string, value: string, texts: readonly string[]): string {
  if (type === 's') return texts[Number(value)] ?? '';
  if (type === 'e') return '';
  if (type === 'n' && /[eE.]/.test(value)) {
    // 4.4E17 is how Excel stores a long number; 15 digits are all it ever keeps.
    const number = Number(value);
    if (Number.isSafeInteger(number)) return String(number);
    if (Number.isFinite(number) && Math.abs(number) < 1e15) return String(Number(number.toPrecision(15)));
  }
  return value;
}
