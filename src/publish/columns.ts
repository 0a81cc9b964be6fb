/** Columns of the ledger (台账) as tables print it: XLSX and CSV have the same ones. */
import type { PlaceKind } from '../attribution/types.ts';
import { METHOD_TERMS, type Terms, termOf } from '../common/terms.ts';
import type { Lead } from '../ledger/types.ts';
import type { FieldName } from './field-sets.ts';
import type { HandOverLead } from './hand-over.ts';
import { dayOf } from './hand-over-reduce.ts';

/** Text, a number that is one, or a day (YYYY-MM-DD); null is an empty cell. */
export type CellValue = string | number | { readonly day: string } | null;

export interface Column {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  /** `text` stays text whatever it looks like: codes, account and phone numbers. */
  readonly kind: 'text' | 'number' | 'day';
  /** Words that the column may hold; a drop-down in XLSX. */
  readonly codes: Terms | null;
  /** Width in characters. */
  readonly width: number;
  /** What it means, for the explanation sheet. */
  readonly meaning: string;
  /** Where the demand for it comes from. */
  readonly source: string;
  /** Field of the field sets it belongs to: empty where that is withheld. */
  readonly field: FieldName | null;
  /** The cell; null for columns that people fill in. `at` counts rows from 0. */
  readonly value: ((lead: Lead, context: ColumnContext, at: number) => CellValue) | null;
}

/** Names of the divisions of a code, as far as known. */
export interface RegionNames {
  readonly province: string | null;
  readonly city: string | null;
  readonly county: string | null;
}

export interface ColumnContext {
  /** Day of the table in China, YYYY-MM-DD. */
  readonly day: string;
  /** 填报单位; empty where unknown. */
  readonly unit: string;
  readonly regionNames: (code: string) => RegionNames | null;
}

/** The cell of a column for a lead: empty where the hand-over withheld its field. */
export function cellOf(column: Column, lead: Lead, context: ColumnContext, at: number): CellValue {
  if (column.field !== null && withheld(lead, column.field)) return null;
  return column.value?.(lead, context, at) ?? null;
}

function withheld(lead: Lead | HandOverLead, field: FieldName): boolean {
  return 'hand_over' in lead && lead.hand_over.withheld.includes(field);
}

/** Items of one cell, each once. */
export const joined = (items: readonly (string | null | undefined)[]): string =>
  [...new Set(items.filter((item): item is string => item != null && item !== ''))].join('；');

/** A day of an ISO time or a day; what is neither stands as text. */
export function dayCell(time: string | null | undefined): CellValue {
  if (time == null || time === '') return null;
  if (!/^\d{4}-\d{2}-\d{2}/.test(time)) return time;
  // A day is a day already: it has no time that could fall on another one in China.
  const day = /^\d{4}-\d{2}-\d{2}$/.test(time) ? time : dayOf(time);
  return day === null || Number.isNaN(Date.parse(day)) ? time : { day };
}

/** An exact time as people in China read it, UTC+8 to the second; a day stays one. */
export function localTime(time: string | null): CellValue {
  if (time === null || !time.includes('T')) return dayCell(time);
  const at = Date.parse(time);
  if (Number.isNaN(at)) return time;
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Addresses of some kinds, with their details; none where nobody is named: an office would go to a door on a guess. */
export function placeText(lead: Lead, kinds: readonly PlaceKind[]): string {
  if (lead.subject === null) return '';
  return joined(
    kinds.flatMap((kind) =>
      lead.places.filter((place) => place.kind === kind).map(({ text, detail }) => (text ?? '') + (detail ?? '')),
    ),
  );
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'] as const;

/** A rate with its prefix, four digits: `123.4 TH/s`. */
export function rateText(value: number, unit: string): string {
  if (!Number.isFinite(value) || value <= 0) return `0 ${unit}`;
  const step = Math.min(PREFIXES.length - 1, Math.max(0, Math.floor(Math.log10(value) / 3)));
  return `${Number((value / 1000 ** step).toPrecision(4))} ${PREFIXES[step]}${unit}`;
}

/** Figure in units of 10,000, at most four decimals. */
export const tenThousands = (value: number): number => Number((value / 10_000).toFixed(4));

/** Where the energy figure is from, with its band in 10,000 kWh a month: `按份额推算：1.2—1.5—2` . */
export function energySource(lead: Lead): string | null {
  const { energy } = lead;
  if (energy === null) return null;
  const method = termOf(METHOD_TERMS, energy.method, 'zh');
  const { low, mid, high } = energy.kwhPerMonth;
  return `${method}：${[low, mid, high].map(tenThousands).join('—')}`;
}

/** The day on which mining stopped: of the last such step of the history, else since when the lead is stopped. */
export function stopDay(lead: Lead): CellValue {
  const step = lead.history?.findLast(({ detail }) => detail['status'] === 'stopped')?.detail['date'];
  const ended = lead.status === 'stopped' || lead.status === 'inspected' || lead.status === 'closed';
  if (!ended) return null;
  return dayCell(typeof step === 'string' ? step : lead.status === 'stopped' ? lead.status_since : null);
}

export const YES_NO: Terms = { yes: { en: 'yes', zh: '是' }, no: { en: 'no', zh: '否' } };
export const TARIFF_TERMS: Terms = {
  residential: { en: 'residential', zh: '居民' },
  commercial: { en: 'commercial', zh: '一般工商业' },
  industrial: { en: 'industrial', zh: '大工业' },
};
export const SUPPLY_TERMS: Terms = {
  public: { en: 'public grid', zh: '公网' },
  dedicated: { en: 'dedicated line', zh: '专线' },
  captive: { en: 'captive plant', zh: '自备' },
};

export type Value = Column['value'];
interface More {
  readonly kind?: Column['kind'];
  readonly codes?: Terms;
  readonly width?: number;
}

/** A column; `value` null where people fill it in. */
export function column(
  id: string,
  zh: string,
  en: string,
  field: FieldName | null,
  value: Value,
  meaning: string,
  source: string,
  { kind = 'text', codes, width = 14 }: More = {},
): Column {
  return { id, zh, en, kind, codes: codes ?? null, width, meaning, source, field, value };
}

/** Whether a lead has a flag, 是 or 否. */
export const flagged: (flag: string) => Value = (flag) => (lead) =>
  termOf(YES_NO, lead.flags.some((each) => each.flag === flag) ? 'yes' : 'no', 'zh');

/** A word of the lead in Chinese. */
export const words: (terms: Terms, key: (lead: Lead) => string) => Value =
  (terms, key) =>
  (lead): CellValue =>
    termOf(terms, key(lead), 'zh');

/** Meaning of a column that people fill in. */
export const BY_HAND: string = '人工填写';
