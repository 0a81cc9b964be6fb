/** Reports as aligned lines for a terminal or a letter, and as rows for a CSV file; Chinese and English. */
import stringWidth from 'string-width';
import { CATEGORY_TERMS, DEPARTMENT_TERMS, FLAG_TERMS, STATUS_TERMS, termOf } from '../common/terms.ts';
import type { Report, ReportFigures, ReportRow } from './report-data.ts';

export interface ReportTextOptions {
  readonly language: 'en' | 'zh';
  /** Name of a region by its code; without it the code is printed. */
  readonly regionName?: (code: string) => string | null;
}

const WORDS = {
  weekly: { en: 'Weekly report', zh: '“挖矿”整治周报' },
  region: { en: 'Report of a region', zh: '“挖矿”整治地区报表' },
  department: { en: 'Report of a department', zh: '“挖矿”整治部门报表' },
  period: { en: 'Period', zh: '统计时段' },
  moves: { en: 'In the period', zh: '本期变动' },
  delta: { en: 'Against the previous report', zh: '较上期' },
  statuses: { en: 'By status', zh: '按状态' },
  by_category: { en: 'By category', zh: '按类别' },
  by_flag: { en: 'By focus', zh: '按重点' },
  by_province: { en: 'By province', zh: '按省份' },
  by_prefecture: { en: 'By prefecture', zh: '按地市' },
  by_department: { en: 'By department', zh: '按责任部门' },
  ranking: { en: 'By clear rate', zh: '销号率排名' },
  hashrates: { en: 'Hashrate by algorithm (never added up)', zh: '分算法算力（不得相加）' },
  key_list: { en: 'Key list', zh: '重点清单' },
  total: { en: 'Total', zh: '合计' },
  item: { en: 'Item', zh: '项目' },
  count: { en: 'Count', zh: '数量' },
  rank: { en: 'Rank', zh: '名次' },
  unknown: { en: 'unknown', zh: '待定' },
  new: { en: 'new', zh: '新增' },
  rectifying: { en: 'in rectification', zh: '整改中' },
  stopped: { en: 'stopped', zh: '已停' },
  cleared: { en: 'cleared', zh: '销号' },
  restarted: { en: 'restarted', zh: '复燃' },
  listed: { en: 'Listed', zh: '在册' },
  running: { en: 'Running', zh: '未停' },
  clearedHead: { en: 'Cleared', zh: '销号' },
  clearRate: { en: 'Clear rate', zh: '销号率' },
  overdue: { en: 'Overdue', zh: '超期' },
  kw: { en: 'kW (low – mid – high)', zh: '功率 千瓦（低–中–高）' },
  kwh: { en: 'MWh a month (low – mid – high)', zh: '月用电 万千瓦时（低–中–高）' },
  assessed: { en: 'MWh assessed', zh: '考核电量 万千瓦时（中）' },
  kwhDelta: { en: 'MWh a month (mid)', zh: '月用电 万千瓦时（中）' },
  algorithm: { en: 'Algorithm', zh: '算法' },
  unit: { en: 'Unit', zh: '单位' },
  rate: { en: 'Low – mid – high', zh: '低–中–高' },
  frozen: { en: 'frozen on', zh: '冻结日' },
  batch: { en: 'to clear', zh: '待销号' },
  clearBy: { en: 'clear by', zh: '销号期限' },
  due: { en: 'previous batch, due', zh: '上批期限' },
  left: { en: 'not cleared', zh: '未销号' },
  gone: { en: 'left the list otherwise', zh: '其他原因移出' },
} as const;
type Word = keyof typeof WORDS;

const SECTIONS = ['by_category', 'by_flag', 'by_province', 'by_prefecture', 'by_department'] as const;
const COLUMNS: readonly Word[] = ['listed', 'running', 'clearedHead', 'clearRate', 'overdue', 'kw', 'kwh', 'assessed'];
const MOVES = ['new', 'rectifying', 'stopped', 'cleared', 'restarted'] as const;
const DELTAS = ['listed', 'running', 'cleared', 'overdue'] as const;

interface Table {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/** The day in China of an instant, or of the one a millisecond before the end of a period. */
function chinaDay(instant: string, before: number): string {
  return new Date(Date.parse(instant) + 8 * 3_600_000 + before).toISOString().slice(0, 10);
}

/** The report as lines, columns aligned by their width in a terminal; ends without a line break. */
export function renderReportText(report: Report, options: ReportTextOptions): string {
  const say = (word: Word): string => WORDS[word][options.language];
  const lines = [
    say(report.kind),
    `${say('period')}: ${chinaDay(report.from, 0)} – ${chinaDay(report.to, -1)} (UTC+8)`,
  ];
  for (const { title, rows } of tablesOf(report, options)) lines.push('', title, ...aligned(rows));
  return lines.join('\n');
}

/** Rows of a CSV file: section, then the cells of its table; the first row names the report. The writer makes cells safe. */
export function reportCsvRows(report: Report, options: ReportTextOptions): string[][] {
  const say = (word: Word): string => WORDS[word][options.language];
  const rows = [[say(report.kind), report.from, report.to]];
  for (const table of tablesOf(report, options)) for (const row of table.rows) rows.push([table.title, ...row]);
  return rows;
}

function tablesOf(report: Report, options: ReportTextOptions): Table[] {
  const { language } = options;
  const say = (word: Word): string => WORDS[word][language];
  const counts = (items: readonly (readonly [string, string | number])[]): string[][] => [
    [say('item'), say('count')],
    ...items.map(([name, value]) => [name, String(value)]),
  ];
  const tables: Table[] = [
    { title: say('moves'), rows: counts(MOVES.map((move) => [say(move), report.moves[move]])) },
    { title: say('total'), rows: [COLUMNS.map(say), cellsOf(report.total, language)] },
  ];
  const { delta } = report;
  if (delta !== null) {
    const items = DELTAS.map(
      (name) => [say(name === 'cleared' ? 'clearedHead' : name), signed(delta[name], 0)] as const,
    );
    const energy = [say('kwhDelta'), signed(delta.kwh_per_month / energyUnit(language), 2)] as const;
    tables.push({ title: say('delta'), rows: counts([...items, energy]) });
  }
  const statuses = Object.entries(report.total.by_status).filter(([, count]) => count > 0);
  tables.push({
    title: say('statuses'),
    rows: counts(statuses.map(([status, count]) => [termOf(STATUS_TERMS, status, language), count])),
  });
  for (const section of SECTIONS) {
    if (report[section].length === 0) continue;
    const rows = report[section].map((row) => [nameOf(section, row, options), ...cellsOf(row, language)]);
    tables.push({ title: say(section), rows: [[say('item'), ...COLUMNS.map(say)], ...rows] });
  }
  if (report.ranking.length > 0) {
    const rows = report.ranking.map((row) => [String(row.rank), regionName(row.key, options), percent(row.clear_rate)]);
    tables.push({ title: say('ranking'), rows: [[say('rank'), say('item'), say('clearRate')], ...rows] });
  }
  if (report.total.hashrates.length > 0) {
    const rows = report.total.hashrates.map((rate) => [plain(rate.algorithm), ...rateCells(rate)]);
    tables.push({ title: say('hashrates'), rows: [[say('algorithm'), say('unit'), say('rate')], ...rows] });
  }
  const { key_list: list } = report;
  const items: [string, string | number][] = [
    [say('frozen'), list.frozen_on],
    [say('batch'), list.batch.length],
    [say('clearBy'), list.clear_by],
  ];
  if (list.due !== null) {
    const { clear_by, cleared, left, gone } = list.due;
    items.push([say('due'), clear_by], [say('cleared'), cleared.length], [say('left'), left.length]);
    items.push([say('gone'), gone.length]);
  }
  tables.push({ title: say('key_list'), rows: counts(items) });
  return tables;
}

function cellsOf(figures: ReportFigures, language: 'en' | 'zh'): string[] {
  const { energy } = figures;
  const unit = energyUnit(language);
  return [
    String(figures.listed),
    String(figures.running),
    String(figures.cleared),
    figures.clear_rate === null ? '–' : percent(figures.clear_rate),
    String(figures.overdue),
    band(energy.site_kw, 1, 1),
    band(energy.kwh_per_month, unit, 2),
    (energy.assessed_kwh_per_month.mid / unit).toFixed(2),
  ];
}

/** kWh in the unit shown: 万千瓦时 or MWh. */
function energyUnit(language: 'en' | 'zh'): number {
  return language === 'zh' ? 10_000 : 1000;
}

function band({ low, mid, high }: { low: number; mid: number; high: number }, unit: number, places: number): string {
  return [low, mid, high].map((value) => (value / unit).toFixed(places)).join(' – ');
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** Unit with the prefix that suits the middle value, and the band in it. */
function rateCells(rate: Report['total']['hashrates'][number]): [string, string] {
  const step = Math.floor(Math.log10(Math.max(1, rate.mid)) / 3);
  const prefix = PREFIXES[Math.min(PREFIXES.length - 1, step)] ?? '';
  return [`${prefix}${plain(rate.unit)}`, band(rate, 1000 ** PREFIXES.indexOf(prefix), 2)];
}

function signed(value: number, places: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(places)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function nameOf(section: (typeof SECTIONS)[number], row: ReportRow, options: ReportTextOptions): string {
  if (section === 'by_category') return termOf(CATEGORY_TERMS, row.key, options.language);
  if (section === 'by_flag') return termOf(FLAG_TERMS, row.key, options.language);
  if (row.key === 'unknown') return WORDS.unknown[options.language];
  if (section === 'by_department') return plain(termOf(DEPARTMENT_TERMS, row.key, options.language));
  return regionName(row.key, options);
}

function regionName(code: string, options: ReportTextOptions): string {
  if (code === 'unknown') return WORDS.unknown[options.language];
  const name = options.regionName?.(code) ?? null;
  return plain(name === null ? code : `${code} ${name}`);
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Names that people typed: nothing a terminal acts upon, bounded. */
function plain(text: string): string {
  return text.slice(0, 200).replace(HIDDEN, '�');
}

/** Columns side by side; all but the first that hold only figures stand to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = (rows[0] ?? []).map((_, at) => {
    const cells = rows.map((row) => row[at] ?? '');
    const right = at > 0 && cells.slice(1).every((cell) => /^[-+–\d]/.test(cell));
    return { width: cells.reduce((most, cell) => Math.max(most, stringWidth(cell)), 0), right };
  });
  return rows.map((row) =>
    columns
      .map(({ width, right }, at) => {
        const cell = row[at] ?? '';
        const fill = ' '.repeat(Math.max(0, width - stringWidth(cell)));
        return right ? fill + cell : cell + fill;
      })
      .join('  ')
      .trimEnd(),
  );
}
