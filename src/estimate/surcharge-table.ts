/** The differential price of electricity for mining: rules by region and time. */
import Big from 'big.js';
import { dayNumber, type Parsed, type RowOrigin, readTable, type TableVersion, versionOf } from './tables.ts';

export const BASES = ['', 'mining_kwh', 'all_kwh_of_account', 'all_if_inseparable'] as const;
export const START_RULES = ['', 'list_date', 'established_start', 'fixed_lookback_months'] as const;

/** One rule; '' and null stand for "not known". */
export interface SurchargeRow extends RowOrigin {
  /** 2, 4 or 6 digits of GB/T 2260, XPCC, or CN for all. */
  readonly region: string;
  readonly name: string;
  /** Yuan per kWh; null where a region has no known figure of its own. */
  readonly amount: Big | null;
  readonly taxIncluded: '' | 'yes' | 'no';
  /** Day numbers, inclusive; infinite where open. */
  readonly from: number;
  readonly to: number;
  readonly basis: (typeof BASES)[number];
  readonly startRule: (typeof START_RULES)[number];
  readonly lookbackMonths: number;
  readonly partMonth: '' | 'daily' | 'whole';
  readonly stacking: '' | 'yes' | 'no';
  readonly document: string | null;
  readonly status: string;
  readonly remark: string;
}

export interface SurchargeTable extends TableVersion {
  readonly byRegion: ReadonlyMap<string, readonly SurchargeRow[]>;
}

const COLUMNS = [
  'region',
  'name',
  'amount',
  'tax_included',
  'valid_from',
  'valid_to',
  'basis',
  'start_rule',
  'lookback_months',
  'part_month',
  'stacking',
  'document_no',
  'status',
  'remark',
];
export const NATIONAL = 'CN';

/** Parses surcharge.csv; faults carry file and line. Without a row CN nothing is charged where a region has no figure. */
export function parseSurcharge(text: string, fileName: string): Parsed<SurchargeTable> {
  const byRegion = new Map<string, SurchargeRow[]>();
  const { table: rows, faults } = readTable(text, fileName, COLUMNS, (row): SurchargeRow | null => {
    const region = row.needed('region');
    if (!/^(?:CN|XPCC|\d{2}|\d{4}|\d{6})$/.test(region)) {
      row.fault('region is no code: write CN, XPCC or 2, 4 or 6 digits');
    }
    const amount = row.number('amount', 0, 100);
    const places = /\.(\d+)/.exec(row.text('amount'))?.[1]?.length ?? 0;
    if (places > 4 || /e/i.test(row.text('amount')))
      row.fault('amount has more than four places: unit prices have four');
    const from = dayNumber(row.day('valid_from', 'first') ?? '') ?? Number.NEGATIVE_INFINITY;
    const to = dayNumber(row.day('valid_to', 'last') ?? '') ?? Number.POSITIVE_INFINITY;
    if (from > to) row.fault('valid_from lies after valid_to: swap them');
    const startRule = row.word('start_rule', START_RULES);
    const months = row.number('lookback_months', 0, 120);
    if (months !== null && !Number.isInteger(months)) row.fault('lookback_months is no whole number: write one');
    if (startRule === 'fixed_lookback_months' && months === null) row.fault('lookback_months is empty: write a number');
    const value: SurchargeRow = {
      ...row.origin(),
      region,
      name: row.needed('name'),
      amount: amount === null || !row.good ? null : new Big(row.text('amount')),
      taxIncluded: row.word('tax_included', ['', 'yes', 'no'] as const),
      from,
      to,
      basis: row.word('basis', BASES),
      startRule,
      lookbackMonths: months ?? 0,
      partMonth: row.word('part_month', ['', 'daily', 'whole'] as const),
      stacking: row.word('stacking', ['', 'yes', 'no'] as const),
      document: row.text('document_no') || null,
      status: row.needed('status'),
      remark: row.text('remark'),
    };
    const list = byRegion.get(region) ?? [];
    const clash = list.find((other) => other.from <= to && other.to >= from);
    if (clash !== undefined) row.fault(`overlaps in time with the row of line ${clash.line}: end one before the other`);
    if (!row.good) return null;
    byRegion.set(region, [...list, value]);
    return value;
  });
  const gaps = byRegion.has(NATIONAL)
    ? []
    : [{ file: fileName, line: 0, message: 'lacks the row CN that holds where a region has no figure: add it' }];
  return { table: { ...versionOf('surcharge', rows, text), byRegion }, faults: [...faults, ...gaps] };
}

/** Rules of a region, the narrowest area that has any: 440305, then 4403, then 44. [] where none. */
export function rulesOf(table: SurchargeTable, region: string): readonly SurchargeRow[] {
  for (const code of region === 'XPCC' ? [region] : [region, region.slice(0, 4), region.slice(0, 2)]) {
    const rows = table.byRegion.get(code);
    if (rows !== undefined) return rows;
  }
  return [];
}
