/** Energy per hash by algorithm and date, and the names under which detections know the algorithms. */
import { efficiencyUnit, type WorkKind } from './energy-units.ts';
import { dayNumber, type Parsed, type RowOrigin, readTable, type TableVersion, versionOf } from './tables.ts';
import type { Band } from './types.ts';

export type EfficiencyCondition = '' | 'hydro' | 'free_power';

export interface EfficiencyRow extends RowOrigin {
  readonly algorithm: string;
  readonly kind: WorkKind;
  readonly unit: string;
  /** Days YYYY-MM-DD, inclusive; null is open. */
  readonly from: string | null;
  readonly to: string | null;
  readonly condition: EfficiencyCondition;
  /** Joule per base unit; of `free_power` rows only `high` counts. */
  readonly joules: Band;
  readonly basis: 'fleet' | 'hardware';
  readonly remark: string;
}

export interface EfficiencyTable extends TableVersion {
  readonly byAlgorithm: ReadonlyMap<string, readonly EfficiencyRow[]>;
}

/** What holds for an algorithm on a day. */
export interface Efficiency {
  readonly row: EfficiencyRow;
  /** Joule per base unit. */
  readonly joules: Band;
  /** The day lies outside all rows: the nearest was taken. */
  readonly nearest: boolean;
  /** The row that raised `high` because power is free, or null. */
  readonly free: EfficiencyRow | null;
}

const COLUMNS = ['algorithm', 'unit', 'valid_from', 'valid_to', 'condition', 'low', 'mid', 'high', 'basis', 'remark'];
const CONDITIONS = ['', 'hydro', 'free_power'] as const;
const MOST = 1e12;

/** Parses efficiency.csv; faults carry file and line. */
export function parseEfficiency(text: string, fileName: string): Parsed<EfficiencyTable> {
  const byAlgorithm = new Map<string, EfficiencyRow[]>();
  const { table: rows, faults } = readTable(text, fileName, COLUMNS, (row): EfficiencyRow | null => {
    const algorithm = row.needed('algorithm');
    const condition = row.word('condition', CONDITIONS);
    const unit = efficiencyUnit(row.text('unit'));
    if (unit === null) row.fault('unit is not known: write e.g. J/TH, J/kSol');
    const worst = condition === 'free_power' ? row.neededNumber('high', 1e-9, MOST) : null;
    const band = worst === null ? row.band(1e-9, MOST) : { low: worst, mid: worst, high: worst };
    const factor = unit?.factor ?? 1;
    const from = row.day('valid_from', 'first');
    const to = row.day('valid_to', 'last');
    if (from !== null && to !== null && from > to) row.fault('valid_from lies after valid_to: swap them');
    const value: EfficiencyRow = {
      ...row.origin(),
      algorithm,
      kind: unit?.kind ?? 'H',
      unit: row.text('unit'),
      from,
      to,
      condition,
      joules: { low: band.low / factor, mid: band.mid / factor, high: band.high / factor },
      basis: row.word('basis', ['fleet', 'hardware'] as const),
      remark: row.text('remark'),
    };
    const list = byAlgorithm.get(algorithm) ?? [];
    const clash = list.find((other) => other.condition === condition && overlap(other, value));
    if (clash !== undefined) row.fault(`overlaps in time with the row of line ${clash.line}: end one before the other`);
    if (!row.good) return null;
    byAlgorithm.set(algorithm, [...list, value]);
    return value;
  });
  return { table: { ...versionOf('efficiency', rows, text), byAlgorithm }, faults };
}

function overlap(a: EfficiencyRow, b: EfficiencyRow): boolean {
  return (a.to === null || b.from === null || a.to >= b.from) && (b.to === null || a.from === null || b.to >= a.from);
}

/**
 * Band of an algorithm (the table's own id) on a day; null where the table has no row of it. A day outside all rows takes
 * the nearest one. Free power keeps old machines running: `high` is then the worst of both rows.
 */
export function efficiencyOn(
  table: EfficiencyTable,
  algorithm: string,
  date: string,
  conditions: { readonly freePower: boolean; readonly hydro: boolean },
): Efficiency | null {
  const rows = table.byAlgorithm.get(algorithm) ?? [];
  const hydro = conditions.hydro ? nearestRow(rows, 'hydro', date) : null;
  const usual = nearestRow(rows, '', date);
  const found = hydro !== null && hydro.distance === 0 ? hydro : usual;
  if (found === null) return null;
  const free = conditions.freePower ? nearestRow(rows, 'free_power', date) : null;
  const { joules } = found.row;
  const raised = free !== null && free.row.joules.high > joules.high ? free.row : null;
  return {
    row: found.row,
    joules: raised === null ? joules : { ...joules, high: raised.joules.high },
    nearest: found.distance > 0,
    free: raised,
  };
}

function nearestRow(
  rows: readonly EfficiencyRow[],
  condition: EfficiencyCondition,
  date: string,
): { readonly row: EfficiencyRow; readonly distance: number } | null {
  const day = dayNumber(date) ?? Number.POSITIVE_INFINITY;
  let best: { row: EfficiencyRow; distance: number } | null = null;
  for (const row of rows) {
    if (row.condition !== condition) continue;
    const from = dayNumber(row.from ?? '') ?? Number.NEGATIVE_INFINITY;
    const to = dayNumber(row.to ?? '') ?? Number.POSITIVE_INFINITY;
    const distance = day < from ? from - day : day > to ? day - to : 0;
    // Of two equally near the later one: a date that cannot be read takes the newest.
    if (
      best === null ||
      distance < best.distance ||
      (distance === best.distance && (row.from ?? '') > (best.row.from ?? ''))
    ) {
      best = { row, distance };
    }
  }
  return best;
}
