import { fill } from './messages.ts';
import type { Paint } from './style.ts';
import { pad, shorten, textWidth, visible } from './text.ts';

const GAP = '  ';
/** Narrowest useful last column; before it gets narrower, columns that may go are dropped. */
const MIN_LAST = 24;

export interface PlainColumn {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
  /** Who goes first where a terminal is too narrow; columns without it stay. */
  readonly dropOrder?: number;
  readonly paint?: (text: string, row: number) => string;
}

export interface PlainTableOptions {
  readonly paint: Paint;
  /** Columns of the terminal to fit into; null = as wide as it needs. */
  readonly width: number | null;
  /** Says which columns were dropped, `{list}`, and what joins their names. */
  readonly leftOut: string;
  readonly and: string;
}

interface Sized extends PlainColumn {
  readonly cells: readonly string[];
  readonly width: number;
}

/**
 * Lines of a table, header first: `rows` are cells in the order of `columns`, made safe to print here. Where a terminal
 * is too narrow the last column gives way, then whole columns do, which a last line says. No rows: no lines.
 */
export function plainTable(
  columns: readonly PlainColumn[],
  rows: readonly (readonly string[])[],
  { paint, width, leftOut, and }: PlainTableOptions,
): string[] {
  if (rows.length === 0) return [];
  const sized = columns.map((column, at): Sized => {
    const cells = rows.map((row) => visible(row[at] ?? ''));
    const widest = cells.reduce((most, cell) => Math.max(most, textWidth(cell)), textWidth(column.title));
    return { ...column, cells, width: widest };
  });
  const dropped = width === null ? [] : columnsToDrop(sized, width);
  const shown = sized.filter((column) => !dropped.includes(column));
  const last = shown.length - 1;
  const widths = shown.map((column) => column.width);
  if (width !== null) {
    const room = width - totalWidth(shown) + (widths[last] ?? 0);
    widths[last] = Math.max(1, Math.min(widths[last] ?? 0, room));
  }
  const line = (textOf: (column: Sized) => string, dress: (text: string, column: Sized) => string): string =>
    shown
      .map((column, at) => {
        const own = widths[at] ?? 0;
        const text = at === last ? shorten(textOf(column), own, 0) : textOf(column);
        return dress(at === last && column.right !== true ? text : pad(text, own, column.right), column);
      })
      .join(GAP)
      .trimEnd();
  const lines = [
    line(
      ({ title }) => title,
      (text) => paint('bold', text),
    ),
    ...rows.map((_, row) =>
      line(
        ({ cells }) => cells[row] ?? '',
        (text, column) => column.paint?.(text, row) ?? text,
      ),
    ),
  ];
  if (dropped.length > 0) {
    const list = dropped.map(({ title }) => title).join(and);
    lines.push('', paint('dim', fill(leftOut, { list })));
  }
  return lines;
}

/** Columns to leave out, in the order they stand in, so that the last one keeps its least width if that can be had. */
function columnsToDrop(columns: readonly Sized[], width: number): readonly Sized[] {
  const last = columns.at(-1);
  const least = Math.min(MIN_LAST, last?.width ?? 0);
  const candidates = columns
    .filter(({ dropOrder }) => dropOrder !== undefined)
    .sort((a, b) => (a.dropOrder ?? 0) - (b.dropOrder ?? 0));
  const fits = (without: readonly Sized[]): boolean => {
    const shown = columns.filter((column) => !without.includes(column));
    return totalWidth(shown) - (last?.width ?? 0) + least <= width;
  };
  let dropped: readonly Sized[] = [];
  for (const next of candidates) if (!fits(dropped)) dropped = [...dropped, next];
  // Where a wide column went, a narrow one dropped before it may find room again.
  for (const back of dropped.toReversed()) {
    const fewer = dropped.filter((column) => column !== back);
    if (fits(fewer)) dropped = fewer;
  }
  return columns.filter((column) => dropped.includes(column));
}

function totalWidth(columns: readonly Sized[]): number {
  return columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
}
