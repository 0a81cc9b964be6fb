/** The ledger (台账) as a workbook: full list, key list and the explanation of every column. */
import stringWidth from 'string-width';
import type { Lead } from '../ledger/types.ts';
import { type CellValue, type Column, type ColumnContext, cellOf, type RegionNames } from './columns.ts';
import { LEDGER_COLUMNS } from './columns-ledger.ts';
import { type SheetCell, type SheetContent, workbookBytes } from './xlsx.ts';

export interface WorkbookOptions {
  /** Day of the table in China, YYYY-MM-DD. */
  readonly day: string;
  /** 填报单位. */
  readonly unit: string;
  readonly title?: string;
  readonly columns?: readonly Column[];
  /** Names of the divisions of a GB/T 2260 code. */
  readonly regionNames?: (code: string) => RegionNames | null;
  /** Lines for the explanation sheet: field set, recipient, document. */
  readonly notes?: readonly string[];
}

const TITLE = '虚拟货币“挖矿”项目台账';
const FULL = '全部清单';
const KEY = '重点清单';
const EXPLANATION = '填表说明';
/** Title, unit line, Chinese and English headings. */
const HEAD_ROWS = 4;
/** Columns that stay in sight: number and project. */
const LEFT = 2;
/** Characters that a landscape A3 page holds at a readable size. */
const PAGE_WIDTH = 210;
const STATEMENT = '本表为网络监测线索，须经现场核查和用电计量核实，不作为认定“挖矿”行为的证据。';

const BORDER = { borderStyle: 'thin', borderColor: '#808080' } as const;
const TITLE_STYLE = {
  fontFamily: '方正小标宋简体',
  fontSize: 20,
  align: 'center',
  alignVertical: 'center',
  height: 36,
} as const;
const HEAD_STYLE = {
  height: 30,
  ...BORDER,
  fontWeight: 'bold',
  align: 'center',
  alignVertical: 'center',
  backgroundColor: '#DDE6F0',
  wrap: true,
} as const;
const CELL_STYLE = { ...BORDER, alignVertical: 'top', wrap: true } as const;

/**
 * The workbook of leads as given (reduce them first). Everything that is no figure or day is a text cell. Throws a
 * HandOverError where there are more leads than a sheet has rows.
 */
export async function ledgerWorkbook(leads: readonly Lead[], options: WorkbookOptions): Promise<Uint8Array> {
  const columns = options.columns ?? LEDGER_COLUMNS;
  const key = leads.filter(({ flags }) => flags.some(({ flag }) => flag === 'key'));
  return workbookBytes([
    listSheet(FULL, leads, columns, options),
    listSheet(KEY, key, columns, options),
    explanationSheet(columns, options),
  ]);
}

/** Letters of a column counted from 0: A, B … Z, AA. */
export function columnLetters(at: number): string {
  const rest = at % 26;
  const letter = String.fromCharCode(65 + rest);
  return at < 26 ? letter : columnLetters((at - rest) / 26 - 1) + letter;
}

function spanned(cell: SheetCell, width: number): (SheetCell | null)[] {
  return [width > 1 ? { ...cell, span: width } : cell, ...Array<null>(Math.max(0, width - 1)).fill(null)];
}

const LINE_POINTS = 13.5;
const MAX_LINES = 12;

/** A row high enough for its longest cell: spreadsheet programs do not find that out for files of others. */
function bodyRow(values: readonly CellValue[], widths: readonly number[]): SheetCell[] {
  const lines = values.map((value, at) => {
    if (typeof value !== 'string') return 1;
    const width = Math.max(1, (widths[at] ?? 10) - 1);
    const parts = value.slice(0, 1000).split('\n', MAX_LINES);
    return parts.reduce((sum, part) => sum + Math.max(1, Math.ceil(stringWidth(part) / width)), 0);
  });
  const height = Math.min(MAX_LINES, Math.max(1, ...lines)) * LINE_POINTS + 2;
  return values.map((value) => ({ value, style: { ...CELL_STYLE, height } }));
}

function listSheet(
  name: string,
  leads: readonly Lead[],
  columns: readonly Column[],
  { day, unit, title = TITLE, regionNames = () => null }: WorkbookOptions,
): SheetContent {
  const width = Math.max(3, columns.length);
  const third = Math.floor(width / 3);
  const context: ColumnContext = { day, unit, regionNames };
  const last = HEAD_ROWS + Math.max(1, leads.length);
  const plain = (value: CellValue, align: 'left' | 'center' | 'right'): SheetCell => ({
    value,
    style: { align } as object,
  });
  return {
    name,
    headings: [1, HEAD_ROWS],
    leftColumns: columns.length > LEFT ? ['A', columnLetters(LEFT - 1)] : null,
    pagesWide: Math.max(1, Math.ceil(columns.reduce((sum, column) => sum + column.width, 0) / PAGE_WIDTH)),
    lists: columns.flatMap(({ codes }, at) =>
      codes === null
        ? []
        : { column: columnLetters(at), first: HEAD_ROWS + 1, last, values: Object.values(codes).map(({ zh }) => zh) },
    ),
    rows: [
      spanned({ value: name === KEY ? `${title}（${KEY}）` : title, style: TITLE_STYLE }, width),
      [
        ...spanned(plain(`填报单位：${unit}`, 'left'), third),
        ...spanned(plain(`填报时间：${day}`, 'center'), third),
        ...spanned(plain('单位：万千瓦时', 'right'), width - 2 * third),
      ],
      columns.map(({ zh }) => ({ value: zh, style: HEAD_STYLE })),
      columns.map(({ en }) => ({ value: en, style: HEAD_STYLE })),
      ...leads.map((lead, row) =>
        bodyRow(
          columns.map((column) => cellOf(column, lead, context, row)),
          columns.map((column) => column.width),
        ),
      ),
      [],
      [
        ...spanned(plain('填表人：', 'left'), third),
        ...spanned(plain('审核人：', 'left'), third),
        ...spanned(plain('联系电话：', 'left'), width - 2 * third),
      ],
      spanned(plain(STATEMENT, 'left'), width),
    ],
    widths: columns.map((column) => column.width),
    frozenRows: HEAD_ROWS,
    frozenColumns: Math.min(LEFT, columns.length),
  };
}

const EXPLANATION_HEADS = ['栏目', 'English', '含义', '可填代码', '依据', '格式'] as const;
const WIDTHS = [24, 26, 40, 40, 28, 20] as const;
const KINDS = { text: '文本', number: '数字', day: '日期（2026-11-20）' } as const;

function explanationSheet(columns: readonly Column[], { notes = [] }: WorkbookOptions): SheetContent {
  const line = (text: string): (SheetCell | null)[] => spanned({ value: text }, EXPLANATION_HEADS.length);
  return {
    name: EXPLANATION,
    headings: [1, 2],
    leftColumns: null,
    pagesWide: 1,
    lists: [],
    rows: [
      spanned({ value: EXPLANATION, style: TITLE_STYLE }, EXPLANATION_HEADS.length),
      EXPLANATION_HEADS.map((value) => ({ value, style: HEAD_STYLE })),
      ...columns.map((column) =>
        bodyRow(
          [
            column.zh,
            column.en,
            column.meaning,
            Object.values(column.codes ?? {})
              .map(({ zh, en }) => `${zh} ${en}`)
              .join('；'),
            column.source,
            KINDS[column.kind],
          ],
          WIDTHS,
        ),
      ),
      [],
      line('状态流程：待核 → 属实、不属实或无法归属 → 整改中 → 已停 → 已核验 → 销号；任一状态后再次发现为复燃。'),
      line(
        '“1283号”指《关于整治虚拟货币“挖矿”活动的通知》（发改运行〔2021〕1283号）。栏目为综合公开要求拟定，非官方表样。',
      ),
      line(STATEMENT),
      ...notes.map(line),
    ],
    widths: WIDTHS,
    frozenRows: 2,
    frozenColumns: 0,
  };
}
