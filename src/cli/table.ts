import type { Activity, Confidence, DetectionRow } from '../detect/detection.ts';
import { fill, type Messages } from './messages.ts';
import { ACTIVITY_STYLE, CONFIDENCE_STYLE, type Paint } from './style.ts';
import { pad, shorten, textWidth, visible } from './text.ts';
import { endpoint, formatCount, formatRange, formatSpan } from './units.ts';

export interface TableOptions {
  readonly messages: Messages;
  readonly paint: Paint;
  /** Columns of the terminal to fit into; null for a file or pipe, which gets everything. */
  readonly width: number | null;
}

type ColumnName = keyof Messages['columns'];

interface Column {
  readonly name: ColumnName;
  readonly cell: (row: DetectionRow, messages: Messages) => string;
  /** Narrowest useful width; columns without one (addresses, numbers) are never shortened. */
  readonly shrinkTo?: number;
  /** How much of a shortened cell comes from its end. */
  readonly tailShare?: number;
  readonly right?: boolean;
  /** Who goes first where a terminal is too narrow; columns without it stay. */
  readonly dropOrder?: number;
}

const GAP = '  ';
const MAX_ACCOUNT = 34;
const MAX_AGENT = 24;
const MAX_COINS = 3;
const CONFIDENCE_RANK: Readonly<Record<Confidence, number>> = { confirmed: 0, probable: 1, suspected: 2 };
const ACTIVITY_RANK: Readonly<Record<Activity, number>> = { mining: 0, proxy: 1, attempt: 2, probe: 3 };

const COLUMNS: readonly Column[] = [
  { name: 'confidence', cell: (row, messages) => messages.confidence[row.confidence] },
  { name: 'activity', cell: (row, messages) => messages.activity[row.activity] },
  { name: 'miner', cell: (row) => visible(row.miner.ip) },
  { name: 'pool', cell: (row) => visible(poolName(row)) },
  { name: 'dialect', cell: (row) => visible(row.dialect ?? ''), dropOrder: 6 },
  { name: 'coins', cell: coinsCell, dropOrder: 3 },
  { name: 'account', cell: accountCell, shrinkTo: 12, dropOrder: 7 },
  { name: 'agent', cell: agentCell, shrinkTo: 8, tailShare: 0, dropOrder: 2 },
  { name: 'shares', cell: sharesCell, right: true, dropOrder: 5 },
  { name: 'hashrate', cell: hashrateCell, right: true, dropOrder: 8 },
  { name: 'seen', cell: (row) => formatSpan(row.first_seen, row.last_seen), dropOrder: 4 },
  { name: 'flows', cell: (row) => (row.flows > 1 ? formatCount(row.flows) : ''), right: true, dropOrder: 1 },
];

/** Pool as people name it: host and port, or address and port. */
export function poolName(row: DetectionRow): string {
  return endpoint(row.pool.host ?? row.pool.ip ?? row.pool.name ?? '?', row.pool.port);
}

function accountCell(row: DetectionRow): string {
  const first = row.accounts[0];
  if (first === undefined) return '';
  const account = shorten(visible(first.account === '' ? first.login : first.account), 20);
  const worker = first.worker === null || first.worker === '' ? '' : `.${visible(first.worker)}`;
  return withMore(shorten(account + worker, MAX_ACCOUNT), row.accounts.length);
}

function coinsCell(row: DetectionRow): string {
  const coins = visible(row.coins.slice(0, MAX_COINS).join(','));
  return row.coins.length > MAX_COINS ? `${coins} +${row.coins.length - MAX_COINS}` : coins;
}

function agentCell(row: DetectionRow): string {
  return row.agents[0] === undefined ? '' : withMore(shorten(visible(row.agents[0]), MAX_AGENT, 0), row.agents.length);
}

function withMore(text: string, count: number): string {
  return count > 1 ? `${text} +${count - 1}` : text;
}

function sharesCell(row: DetectionRow): string {
  if (row.shares.submitted === 0 && row.shares.accepted === 0) return '';
  return `${formatCount(row.shares.accepted)}/${formatCount(row.shares.submitted)}`;
}

function hashrateCell(row: DetectionRow): string {
  if (row.hashrate === null) return '';
  return formatRange(row.hashrate.low, row.hashrate.mid, row.hashrate.high, visible(row.hashrate.unit));
}

/** Surest first; among equals those at work first, then most shares, then the order of appearance. */
export function sortForPeople(rows: readonly DetectionRow[]): DetectionRow[] {
  return rows.toSorted(
    (a, b) =>
      CONFIDENCE_RANK[a.confidence] - CONFIDENCE_RANK[b.confidence] ||
      ACTIVITY_RANK[a.activity] - ACTIVITY_RANK[b.activity] ||
      b.shares.submitted - a.shares.submitted ||
      compare(a.first_seen, b.first_seen) ||
      compare(a.id, b.id),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Lines of the table, header first; columns that would be empty are left out. No detections: no lines. */
export function renderTable(detections: readonly DetectionRow[], options: TableOptions): string[] {
  if (detections.length === 0) return [];
  const { messages, paint } = options;
  const rows = sortForPeople(detections);
  const all = COLUMNS.map((column) => {
    const cells = rows.map((row) => column.cell(row, messages));
    return { column, cells, width: naturalWidth(cells, messages.columns[column.name]) };
  });
  const filled = all.filter(({ column, cells }) => !blank(column, cells));
  const dropped = fitColumns(filled, options);
  const shown = filled.filter((item) => !dropped.includes(item));
  const lines = [
    shown
      .map(({ column, width }) =>
        paint('bold', pad(shorten(messages.columns[column.name], width), width, column.right)),
      )
      .join(GAP)
      .trimEnd(),
  ];
  rows.forEach((row, index) => {
    const cells = shown.map(({ column, cells: texts, width }, at) => {
      const text = shorten(texts[index] ?? '', width, column.tailShare);
      const last = at === shown.length - 1 && column.right !== true;
      return paintCell(column.name, row, last ? text : pad(text, width, column.right), paint);
    });
    lines.push(cells.join(GAP).trimEnd());
  });
  if (dropped.length > 0) {
    const list = dropped.map(({ column }) => messages.columns[column.name]).join(messages.and);
    lines.push('', paint('dim', fill(messages.leftOut, { list })));
  }
  return lines;
}

function naturalWidth(cells: readonly string[], header: string): number {
  let widest = textWidth(header);
  for (const cell of cells) widest = Math.max(widest, textWidth(cell));
  return widest;
}

function blank(column: Column, cells: readonly string[]): boolean {
  return column.name !== 'miner' && column.name !== 'pool' && cells.every((cell) => cell === '');
}

interface Sized {
  readonly column: Column;
  readonly cells: readonly string[];
  width: number;
}

/** Narrows columns until they fit, widest shrinkable one first; where that is not enough, says which to drop. */
function fitColumns(columns: readonly Sized[], { width, messages }: TableOptions): readonly Sized[] {
  if (width === null) return [];
  const dropped: Sized[] = [];
  const shown = (): Sized[] => columns.filter((item) => !dropped.includes(item));
  for (;;) {
    if (shrink(shown(), totalWidth(shown()) - width)) break;
    const next = shown()
      .filter(({ column }) => column.dropOrder !== undefined)
      .sort((a, b) => (a.column.dropOrder ?? 0) - (b.column.dropOrder ?? 0))[0];
    if (next === undefined) break;
    dropped.push(next);
    for (const item of columns) item.width = naturalWidth(item.cells, messages.columns[item.column.name]);
  }
  // Where a wide column went, a narrow one dropped before it may find room again.
  return dropped.toReversed().filter((item) => {
    if (totalWidth(shown()) + GAP.length + item.width > width) return true;
    dropped.splice(dropped.indexOf(item), 1);
    return false;
  });
}

function totalWidth(columns: readonly Sized[]): number {
  return columns.reduce((sum, item) => sum + item.width + GAP.length, -GAP.length);
}

/** Takes `excess` columns from the shrinkable ones; false where they do not have that much to give. */
function shrink(columns: readonly Sized[], excess: number): boolean {
  for (let left = excess; left > 0; left--) {
    const widest = columns
      .filter((item) => item.column.shrinkTo !== undefined && item.width > item.column.shrinkTo)
      .sort((a, b) => b.width - a.width)[0];
    if (widest === undefined) return false;
    widest.width--;
  }
  return true;
}

function paintCell(name: ColumnName, row: DetectionRow, text: string, paint: Paint): string {
  if (name === 'confidence') return paint(CONFIDENCE_STYLE[row.confidence], text);
  if (name === 'activity') return paint(ACTIVITY_STYLE[row.activity], text);
  return text;
}
