/**
 * The surcharge that mining owes on its electricity: for every day on which it ran, that day's energy times the rate in force
 * on it (notice 发改运行〔2021〕1283号, article 13, and the rules of provinces).
 */
import Big from 'big.js';
import { moneyOf, unitPrice } from './money.ts';
import { NATIONAL, rulesOf, type SurchargeRow, type SurchargeTable } from './surcharge-table.ts';
import { dayNumber, dayText, lastOfMonth } from './tables.ts';
import type { Band, SurchargeResult } from './types.ts';

export interface SurchargeInput {
  /** Energy of 30 days, kWh. */
  readonly kwhPerMonth: Band;
  /** Day of the calculation, YYYY-MM-DD. */
  readonly date: string;
  /** GB/T 2260 digits, XPCC, or null. */
  readonly region: string | null;
  /** First and last day of mining; `miningTo` null where it goes on. */
  readonly miningFrom: string;
  readonly miningTo: string | null;
  /** Day on which the site was put on the list of the region; null where it stands on none. */
  readonly listedOn: string | null;
  /** `miningFrom` is the established start, not merely the first day seen. */
  readonly startEstablished: boolean;
  /** The energy was read from the account's meter. */
  readonly metered: boolean;
}

/** Days ahead at which a rule that ends is announced. */
const EXPIRY_NOTICE = 365;
/** Energy is given for months of so many days. */
const MONTH = 30;
/** The notice reaches the mainland. */
const OUTSIDE: ReadonlySet<string> = new Set(['71', '81', '82']);

/** A stretch of days under one rule. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly row: SurchargeRow;
}

/**
 * Surcharge a month and to date. Null where a date cannot be read, the region lies outside the notice's reach, or mining
 * would begin after it ended or after `date`. Notes are `code: words`.
 */
export function surchargeOf(input: SurchargeInput, table: SurchargeTable): SurchargeResult | null {
  const date = dayNumber(input.date);
  const start = dayNumber(input.miningFrom);
  const stop = input.miningTo === null ? date : dayNumber(input.miningTo);
  if (date === null || start === null || stop === null) return null;
  const end = Math.min(stop, date);
  const region = input.region !== null && /^(?:\d{2}|\d{4}|\d{6}|XPCC)$/.test(input.region) ? input.region : null;
  if (start > end || OUTSIDE.has(region?.slice(0, 2) ?? '')) return null;
  const own = region === null ? [] : rulesOf(table, region);
  const national = table.byRegion.get(NATIONAL) ?? [];
  const row = ruleOn(own, national, end);
  const notes: string[] = [];
  if (region === null) notes.push('region_unknown: no region is known, the national rate is taken');
  if (row === null) notes.push(`not_in_force: no surcharge was in force on ${dayText(end)}`);
  else noteRule(notes, row, own, end, input);

  let factor = new Big(0);
  let unlisted = new Big(0);
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const rates = new Set<string>();
  for (const stretch of stretches(own, national, earliestStart(own, start, end, input), end)) {
    const from = Math.max(stretch.from, startUnder(stretch.row, start, end, input) ?? Number.POSITIVE_INFINITY);
    const amount = stretch.row.amount ?? new Big(0);
    if (stretch.row.startRule === 'list_date' && input.listedOn === null) {
      unlisted = unlisted.plus(amount.times(Math.max(0, stretch.to - Math.max(stretch.from, start) + 1)));
    }
    const days = chargedDays(stretch, from, end, input.miningTo !== null && stop <= date);
    if (days === null) continue;
    factor = factor.plus(amount.times(days.to - days.from + 1));
    first = Math.min(first, days.from);
    last = Math.max(last, days.to);
    rates.add(unitPrice(amount));
  }
  if (rates.size > 1) notes.push(`rate_changed: rates of ${[...rates].join(', ')} yuan/kWh held one after another`);
  if (unlisted.gt(0)) {
    const amount = moneyOf(input.kwhPerMonth, unlisted.div(MONTH));
    notes.push(
      `not_listed: the rule counts from the day of the list, which is not known: nothing is due for that time yet; from the first day of mining it would be ${amount.low} to ${amount.high} yuan (mid ${amount.mid})`,
    );
  }
  const rate = row?.amount ?? new Big(0);
  return {
    rate: unitPrice(rate),
    region: row?.region ?? NATIONAL,
    isDefault: row === null || row.region === NATIONAL,
    document: row?.document ?? null,
    status: row?.status ?? 'not in force',
    yuanPerMonth: moneyOf(input.kwhPerMonth, rate),
    yuanToDate: moneyOf(input.kwhPerMonth, factor.div(MONTH)),
    from: dayText(first <= last ? first : end),
    to: dayText(first <= last ? last : end),
    notes,
  };
}

/** The rule with a figure that holds on a day: the region's own, else the national one. */
function ruleOn(own: readonly SurchargeRow[], national: readonly SurchargeRow[], day: number): SurchargeRow | null {
  const holds = (row: SurchargeRow): boolean => row.amount !== null && row.from <= day && day <= row.to;
  return own.find(holds) ?? national.find(holds) ?? null;
}

/** Days `from` to `to` cut where a rule begins or ends, with the rule of each piece. */
function* stretches(
  own: readonly SurchargeRow[],
  national: readonly SurchargeRow[],
  from: number,
  to: number,
): Generator<Stretch> {
  const cuts = new Set([from]);
  for (const row of [...own, ...national]) {
    for (const cut of [row.from, row.to + 1]) if (cut > from && cut <= to) cuts.add(cut);
  }
  const starts = [...cuts].sort((a, b) => a - b);
  for (let i = 0; i < starts.length; i++) {
    const begin = starts[i] as number;
    const row = ruleOn(own, national, begin);
    if (row !== null) yield { from: begin, to: (starts[i + 1] ?? to + 1) - 1, row };
  }
}

/** First day that any rule of the region may reach back to, months rounded down. */
function earliestStart(own: readonly SurchargeRow[], start: number, end: number, input: SurchargeInput): number {
  let earliest = start;
  for (const row of own) earliest = Math.min(earliest, startUnder(row, start, end, input) ?? start);
  return firstOfMonth(earliest);
}

/** First day that a rule charges, before its validity is looked at; null where it charges none. */
function startUnder(row: SurchargeRow, start: number, end: number, input: SurchargeInput): number | null {
  if (row.startRule === 'list_date') {
    const listed = input.listedOn === null ? null : dayNumber(input.listedOn);
    return listed === null ? null : Math.max(start, listed);
  }
  if (row.startRule === 'fixed_lookback_months' && !input.startEstablished) {
    return Math.min(start, monthsBefore(end, row.lookbackMonths) + 1);
  }
  return start;
}

/** Days of a stretch that are charged; whole months where the rule wants them. Null where none. */
function chargedDays(
  stretch: Stretch,
  start: number,
  end: number,
  ended: boolean,
): { readonly from: number; readonly to: number } | null {
  if (!(start <= stretch.to)) return null;
  const whole = stretch.row.partMonth === 'whole';
  const from = Math.max(whole ? firstOfMonth(start) : start, stretch.from);
  const to = whole && ended && stretch.to === end ? Math.min(lastOfMonth(end), stretch.row.to) : stretch.to;
  return { from, to };
}

function noteRule(
  notes: string[],
  row: SurchargeRow,
  own: readonly SurchargeRow[],
  end: number,
  input: SurchargeInput,
): void {
  const name = own[0]?.name ?? '';
  if (row.region === NATIONAL && own.length > 0) {
    const unknown = own.find((rule) => rule.from <= end && end <= rule.to && rule.amount === null);
    const lapsed = own.filter((rule) => rule.to < end).at(-1);
    const dated = unknown !== undefined && Number.isFinite(unknown.from);
    if (dated) notes.push(`amount_unknown: ${name} has a rule of its own whose figure is not known; default taken`);
    else if (lapsed !== undefined) {
      notes.push(
        `rule_lapsed: the rule of ${name} ended on ${dayText(lapsed.to)}; default taken, check for a new rule`,
      );
    } else notes.push(`default_rate: no figure of ${name}'s own is in force or known; the national rate is taken`);
  } else if (row.region === NATIONAL && input.region !== null && own.length === 0) {
    notes.push(`default_rate: region ${input.region} is not in the table; the national rate is taken`);
  }
  if (Number.isFinite(row.to) && row.to - end <= EXPIRY_NOTICE) {
    notes.push(`rule_expires: the basis of ${row.name} expires on about ${dayText(row.to)}; check for a new rule`);
  }
  if (row.startRule === 'fixed_lookback_months' && !input.startEstablished) {
    notes.push(`lookback: the start is not established, at least ${row.lookbackMonths} months are counted`);
  }
  if (row.basis === 'all_kwh_of_account' && !input.metered) {
    notes.push('whole_account: the rule charges all energy of the account; the estimate covers the mining alone');
  }
  if (row.basis === 'all_if_inseparable' && !input.metered) {
    notes.push('inseparable: where mining is not metered apart the rule charges all energy of the account');
  }
  if ((row.basis === 'mining_kwh' || row.basis === '') && input.metered) {
    notes.push('mining_only: the rule as known charges the energy of mining; the meter may count other use too');
  }
  if (row.taxIncluded === 'yes') notes.push('tax_included: the rate includes tax');
  if (row.remark !== '') notes.push(`remark: ${row.remark}`);
}

function firstOfMonth(day: number): number {
  return dayNumber(`${dayText(day).slice(0, 7)}-01`) ?? day;
}

/** The same day so many months earlier, the month's last where it has no such day. */
function monthsBefore(day: number, months: number): number {
  const date = new Date(day * 86_400_000);
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1) / 86_400_000;
  return Math.min(first + date.getUTCDate() - 1, lastOfMonth(first));
}
