import type { Paint } from './style.ts';
import { pad, shorten, textWidth } from './text.ts';

type Format = Parameters<Paint>[0];

/** A piece of a line with its colour; '' = plain. The text must be safe to print (`visible`). */
export interface Span {
  readonly text: string;
  readonly format: Format | '';
}
export type Line = readonly Span[];

export function span(text: string, format: Format | '' = ''): Span {
  return { text, format };
}

/** A line cut to `width` columns (null = as long as it is) and painted. */
export function paintLine(line: Line, width: number | null, paint: Paint): string {
  let room = width ?? Number.POSITIVE_INFINITY;
  let out = '';
  for (const { text, format } of line) {
    if (room <= 0) break;
    const shown = textWidth(text) > room ? shorten(text, room, 0) : text;
    out += format === '' ? shown : paint(format, shown);
    room = shown === text ? room - textWidth(text) : 0;
  }
  return out;
}

export interface Cells {
  readonly title: string;
  /** One per row. */
  readonly cells: readonly Span[];
  readonly right?: boolean;
  /** Narrowest useful width; without it never shortened. */
  readonly shrinkTo?: number;
  /** Who goes first where the terminal is too narrow; without it, it stays. */
  readonly dropOrder?: number;
}

const GAP = '  ';

/** Lines of a table that fits into `width` columns as far as it can, its titles first. Columns without content are left out. */
export function tableLines(columns: readonly Cells[], width: number | null): Line[] {
  let shown = columns.filter(({ cells }) => cells.some(({ text }) => text !== ''));
  const natural = ({ title, cells }: Cells): number =>
    cells.reduce((most, { text }) => Math.max(most, textWidth(text)), textWidth(title));
  let widths = shown.map(natural);
  while (width !== null && !narrow(shown, widths, width)) {
    const order = shown.map(({ dropOrder }) => dropOrder ?? Number.POSITIVE_INFINITY);
    const first = Math.min(...order);
    if (!Number.isFinite(first)) break;
    shown = shown.filter((_, at) => at !== order.indexOf(first));
    widths = shown.map(natural);
  }
  const row = (of: (column: Cells) => Span): Line =>
    shown.flatMap((column, at) => {
      const { text, format } = of(column);
      const cell = shorten(text, Math.max(1, widths[at] as number), 0.3);
      const last = at === shown.length - 1;
      const padded = last && column.right !== true ? cell : pad(cell, widths[at] as number, column.right);
      return [span(padded, format), ...(last ? [] : [span(GAP)])];
    });
  const rows = shown[0]?.cells.length ?? 0;
  const lines = [row(({ title }) => span(title, 'bold'))];
  for (let at = 0; at < rows; at++) lines.push(row(({ cells }) => cells[at] ?? span('')));
  return rows === 0 ? [] : lines;
}

/** Narrows the widest columns that may be until all fit; false where that is not enough. */
function narrow(columns: readonly Cells[], widths: number[], width: number): boolean {
  let excess = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width;
  for (; excess > 0; excess--) {
    let widest = -1;
    for (const [at, { shrinkTo }] of columns.entries()) {
      const wide = widths[at] as number;
      if (shrinkTo !== undefined && wide > shrinkTo && wide > (widths[widest] ?? 0)) widest = at;
    }
    if (widest < 0) return false;
    (widths[widest] as number)--;
  }
  return true;
}
