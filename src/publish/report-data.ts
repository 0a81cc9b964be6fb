/**
 * Figures of the weekly, regional and departmental reports as plain data. Pure: the same leads in any order give the same
 * report, byte for byte. Energy is added up; hashrates stand by algorithm and are never added across algorithms.
 */
import { CATEGORY_TERMS, FLAG_TERMS, STATUS_TERMS } from '../common/terms.ts';
import type { Band } from '../estimate/types.ts';
import type { Category, Flag, Lead, Status } from '../ledger/types.ts';
import { type KeyLead, type KeyList, keyListOf } from './report-key-list.ts';

export interface ReportOptions {
  /** ISO 8601 instants, [from, to). Days and weekdays are those of China (UTC+8). */
  readonly from: string;
  readonly to: string;
  /** Last week's report: differences, and the key list that was to be cleared. */
  readonly previous?: Report | null;
}

/** Figures of a set of leads, in the order in which they are printed. */
export interface ReportFigures {
  /** Leads on the list: all but those waiting for a person and those judged not true. */
  readonly listed: number;
  /** Of these the ones not stopped: open, true, unattributable, rectifying, restarted. */
  readonly running: number;
  /** Closed leads, and their share of those listed; null where none is listed. */
  readonly cleared: number;
  readonly clear_rate: number | null;
  /** Past their deadline at `to` and not closed. */
  readonly overdue: number;
  readonly by_status: Readonly<Record<Status, number>>;
  /** Of running leads: power and energy of 30 days, summed edge by edge; three decimals. */
  readonly energy: {
    readonly site_kw: Band;
    readonly kwh_per_month: Band;
    readonly assessed_kwh_per_month: Band;
    /** Running leads by method of their estimate; `none` have no figure in the sums. */
    readonly methods: Readonly<Record<string, number>>;
  };
  /** Of running leads, base units a second; one entry per algorithm and unit. */
  readonly hashrates: readonly ({ readonly algorithm: string; readonly unit: string } & Band)[];
}

export interface ReportRow extends ReportFigures {
  readonly key: string;
}

/** Leads that came to a state within the period. A lead that passed several counts in each where its history is given. */
export interface ReportMoves {
  readonly new: number;
  readonly rectifying: number;
  readonly stopped: number;
  readonly cleared: number;
  readonly restarted: number;
}

/** A report; rows are sorted by key, those of categories and flags stand in the ledger's order. */
export interface Report {
  readonly type: 'report';
  readonly version: 1;
  readonly kind: 'weekly' | 'region' | 'department';
  readonly from: string;
  readonly to: string;
  readonly total: ReportFigures;
  readonly moves: ReportMoves;
  /** Now minus the previous report; null without one. */
  readonly delta: {
    readonly listed: number;
    readonly running: number;
    readonly cleared: number;
    readonly overdue: number;
    readonly kwh_per_month: number;
  } | null;
  readonly by_category: readonly ReportRow[];
  readonly by_flag: readonly ReportRow[];
  /** Two and four digits of GB/T 2260; `unknown` where a lead has no region. */
  readonly by_province: readonly ReportRow[];
  readonly by_prefecture: readonly ReportRow[];
  readonly by_department: readonly ReportRow[];
  readonly key_list: KeyList;
  /** Provinces (or, where there is but one, prefectures) by clear rate, the best first; equal rates share a rank. */
  readonly ranking: readonly { readonly rank: number; readonly key: string; readonly clear_rate: number }[];
}

const STATUS_ORDER = Object.keys(STATUS_TERMS) as Status[];
const CATEGORY_ORDER = Object.keys(CATEGORY_TERMS) as Category[];
const FLAG_ORDER = Object.keys(FLAG_TERMS) as Flag[];
const OFF_LIST: ReadonlySet<Status> = new Set(['waiting', 'not_true']);
const RUNNING: ReadonlySet<Status> = new Set(['open', 'true', 'unattributable', 'rectifying', 'restarted']);
const UNKNOWN = 'unknown';
const DAY = 86_400_000;

/** The whole ledger. */
export function weeklyReport(leads: Iterable<Lead>, options: ReportOptions): Report {
  return build('weekly', leads, options);
}

/** Leads of one region: `region` is a code of 2, 4 or 6 digits, or null for leads without one. */
export function regionReport(
  leads: Iterable<Lead>,
  options: ReportOptions & { readonly region: string | null },
): Report {
  const { region } = options;
  return build(
    'region',
    only(leads, (lead) => (region === null ? lead.region === null : lead.region?.startsWith(region) === true)),
    options,
  );
}

/** Leads that a department owns; null for those nobody owns. */
export function departmentReport(
  leads: Iterable<Lead>,
  options: ReportOptions & { readonly department: string | null },
): Report {
  return build(
    'department',
    only(leads, (lead) => lead.department === options.department),
    options,
  );
}

function* only(leads: Iterable<Lead>, keep: (lead: Lead) => boolean): Generator<Lead> {
  for (const lead of leads) if (keep(lead)) yield lead;
}

/** What of a lead a report needs; detections and accounts are let go at once. */
interface Counted extends KeyLead {
  readonly overdue: boolean;
  readonly groups: readonly string[];
  readonly energy: Lead['energy'];
  readonly hashrates: Lead['hashrates'];
}

function build(kind: Report['kind'], leads: Iterable<Lead>, options: ReportOptions): Report {
  const [from, to] = [Date.parse(options.from), Date.parse(options.to)];
  if (!(from < to))
    throw new RangeError(`the period ${options.from} to ${options.to} is none: give two times in order`);
  const counted: Counted[] = [];
  const moves = { new: 0, rectifying: 0, stopped: 0, cleared: 0, restarted: 0 };
  for (const lead of leads) {
    counted.push(take(lead, to));
    countMoves(lead, from, to, moves);
  }
  // Sums of fractions depend on their order.
  counted.sort((a, b) => (a.id < b.id ? -1 : 1));
  const groups = new Map<string, Sum>();
  const total = new Sum();
  for (const lead of counted) {
    total.add(lead);
    for (const name of lead.groups) {
      let sum = groups.get(name);
      if (sum === undefined) groups.set(name, (sum = new Sum()));
      sum.add(lead);
    }
  }
  const figures = total.figures();
  const rows = (group: string, order?: readonly string[]): ReportRow[] => rowsOf(groups, group, order);
  const by_province = rows('province');
  const by_prefecture = rows('prefecture');
  const provinces = by_province.filter(({ key }) => key !== UNKNOWN);
  return {
    type: 'report',
    version: 1,
    kind,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    total: figures,
    moves,
    delta: options.previous == null ? null : deltaOf(figures, options.previous.total),
    by_category: rows('category', CATEGORY_ORDER),
    by_flag: rows('flag', FLAG_ORDER),
    by_province,
    by_prefecture,
    by_department: rows('department'),
    key_list: keyListOf(counted, to, options.previous?.key_list ?? null),
    ranking: rankingOf(provinces.length === 1 ? by_prefecture : provinces),
  };
}

function take(lead: Lead, to: number): Counted {
  const { region } = lead;
  const [province, prefecture] = areasOf(region);
  return {
    id: lead.id,
    status: lead.status,
    overdue: isOverdue(lead, to),
    key: lead.flags.some(({ flag }) => flag === 'key'),
    groups: [
      `category ${lead.category}`,
      ...new Set(lead.flags.map(({ flag }) => `flag ${flag}`)),
      `province ${province}`,
      `prefecture ${prefecture}`,
      `department ${lead.department ?? UNKNOWN}`,
    ],
    energy: lead.energy,
    hashrates: lead.hashrates,
  };
}

/** Province and prefecture of a code; the Corps is one area of its own. */
function areasOf(region: string | null): readonly [string, string] {
  if (region === null) return [UNKNOWN, UNKNOWN];
  if (region === 'XPCC') return [region, region];
  const province = region.slice(0, 2);
  return [province, region.length >= 4 ? region.slice(0, 4) : `${province}00`];
}

/** A deadline given as a day lasts to its end in China. */
function isOverdue(lead: Lead, to: number): boolean {
  if (lead.deadline === null || lead.status === 'closed' || OFF_LIST.has(lead.status)) return false;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(lead.deadline);
  const end = day ? Date.parse(`${lead.deadline}T00:00:00+08:00`) + DAY : Date.parse(lead.deadline);
  return end <= to;
}

const MOVE_OF: ReadonlyMap<string, Exclude<keyof ReportMoves, 'new'>> = new Map([
  ['rectifying', 'rectifying'],
  ['stopped', 'stopped'],
  ['closed', 'cleared'],
  ['restarted', 'restarted'],
] as const);

/** New: first known (by traffic or a report) within the period. The others: the state began within it. */
function countMoves(lead: Lead, from: number, to: number, moves: Record<keyof ReportMoves, number>): void {
  const within = (time: string | null): boolean => {
    const at = time === null ? Number.NaN : Date.parse(time);
    return at >= from && at < to;
  };
  if (OFF_LIST.has(lead.status)) return;
  const known = [lead.first_seen, ...lead.reports.map(({ received }) => received)]
    .filter((time) => time !== null)
    .sort();
  if (within(known[0] ?? null)) moves.new++;
  const reached = new Set(within(lead.status_since) ? [lead.status as string] : []);
  for (const { time, detail } of lead.history ?? []) {
    if (typeof detail['status'] === 'string' && within(time)) reached.add(detail['status']);
  }
  for (const status of reached) {
    const move = MOVE_OF.get(status);
    if (move !== undefined) moves[move]++;
  }
}

/** Sums over leads, in the order in which they are added. */
class Sum {
  private readonly byStatus = new Map<Status, number>();
  private readonly methods = new Map<string, number>();
  private readonly hashrates = new Map<
    string,
    { algorithm: string; unit: string; low: number; mid: number; high: number }
  >();
  private overdue = 0;
  private readonly site = zero();
  private readonly month = zero();
  private readonly assessed = zero();

  add(lead: Counted): void {
    this.byStatus.set(lead.status, (this.byStatus.get(lead.status) ?? 0) + 1);
    if (lead.overdue) this.overdue++;
    if (!RUNNING.has(lead.status)) return;
    const method = lead.energy?.method ?? 'none';
    this.methods.set(method, (this.methods.get(method) ?? 0) + 1);
    if (lead.energy !== null) {
      grow(this.site, lead.energy.siteKw);
      grow(this.month, lead.energy.kwhPerMonth);
      grow(this.assessed, lead.energy.assessedKwhPerMonth);
    }
    for (const { algorithm, unit, low, mid, high } of lead.hashrates) {
      const key = JSON.stringify([algorithm, unit]);
      const sum = this.hashrates.get(key);
      if (sum === undefined) this.hashrates.set(key, { algorithm, unit, low, mid, high });
      else grow(sum, { low, mid, high });
    }
  }

  figures(): ReportFigures {
    const count = (status: Status): number => this.byStatus.get(status) ?? 0;
    const countAll = (set: readonly Status[]): number => set.reduce((sum, status) => sum + count(status), 0);
    const listed = countAll(STATUS_ORDER.filter((status) => !OFF_LIST.has(status)));
    const cleared = count('closed');
    return {
      listed,
      running: countAll([...RUNNING]),
      cleared,
      clear_rate: listed === 0 ? null : Math.round((cleared / listed) * 1e4) / 1e4,
      overdue: this.overdue,
      by_status: Object.fromEntries(STATUS_ORDER.map((status) => [status, count(status)])) as Record<Status, number>,
      energy: {
        site_kw: rounded(this.site),
        kwh_per_month: rounded(this.month),
        assessed_kwh_per_month: rounded(this.assessed),
        methods: Object.fromEntries([...this.methods].sort(byFirst)),
      },
      hashrates: [...this.hashrates].sort(byFirst).map(([, sum]) => sum),
    };
  }
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function zero(): { low: number; mid: number; high: number } {
  return { low: 0, mid: 0, high: 0 };
}

function grow(sum: { low: number; mid: number; high: number }, band: Band): void {
  sum.low += band.low;
  sum.mid += band.mid;
  sum.high += band.high;
}

function rounded({ low, mid, high }: Band): Band {
  return { low: places3(low), mid: places3(mid), high: places3(high) };
}

function places3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function rowsOf(groups: ReadonlyMap<string, Sum>, group: string, order?: readonly string[]): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const [name, sum] of groups) {
    if (name.startsWith(`${group} `)) rows.push({ key: name.slice(group.length + 1), ...sum.figures() });
  }
  const place = (key: string): number => order?.indexOf(key) ?? 0;
  return rows.sort((a, b) => place(a.key) - place(b.key) || (a.key < b.key ? -1 : 1));
}

function deltaOf(now: ReportFigures, before: ReportFigures): NonNullable<Report['delta']> {
  return {
    listed: now.listed - before.listed,
    running: now.running - before.running,
    cleared: now.cleared - before.cleared,
    overdue: now.overdue - before.overdue,
    kwh_per_month: places3(now.energy.kwh_per_month.mid - before.energy.kwh_per_month.mid),
  };
}

function rankingOf(rows: readonly ReportRow[]): Report['ranking'] {
  const rated = rows.flatMap(({ key, clear_rate }) => (clear_rate === null ? [] : [{ key, clear_rate }]));
  rated.sort((a, b) => b.clear_rate - a.clear_rate || (a.key < b.key ? -1 : 1));
  let rank = 0;
  return rated.map(({ key, clear_rate }, at) => {
    if (rated[at - 1]?.clear_rate !== clear_rate) rank = at + 1;
    return { rank, key, clear_rate };
  });
}
