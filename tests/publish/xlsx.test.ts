import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { strFromU8, unzipSync } from 'fflate';
import readExcelFile from 'read-excel-file/node';
import sax from 'sax';
import { describe, expect, test } from 'vitest';
import type { Lead } from '../../src/ledger/types.ts';
import { LEDGER_COLUMNS } from '../../src/publish/columns-ledger.ts';
import { columnLetters, ledgerWorkbook } from '../../src/publish/workbook.ts';
import { cellText, MAX_CELL } from '../../src/publish/xlsx.ts';
import { hostileText, leads } from './lead-arbitrary.ts';
import { fullLead } from './lead-full.ts';

const OPTIONS = {
  day: '2026-11-22',
  unit: '虚构县发展改革局',
  regionNames: () => ({ province: '宁夏回族自治区', city: '中卫市', county: '沙坡头区' }),
  notes: ['字段集 2026.11；虚构公函〔2026〕7号'],
};

/** Leads with what spreadsheets spoil: formulas, long digits, leading zeros, controls, ten megabytes. */
function nasty(): Lead[] {
  const lead = fullLead();
  const subject = lead.subject as NonNullable<Lead['subject']>;
  const named = (name: string): Lead => ({ ...lead, subject: { ...subject, name, uscc: '110101199003070000' } });
  return [
    lead,
    named('=HYPERLINK("http://192.0.2.1","x")'),
    named("+cmd|'/c calc'!A1"),
    named('<b>&"虚构"</b>\u0000\u001b[31m\u202e'),
    named('x'.repeat(10_000_000)),
    named('_x003D_1+1'),
    named('第一行\r\n第二行'),
  ];
}

const files = (bytes: Uint8Array): Map<string, string> =>
  new Map(Object.entries(unzipSync(bytes)).map(([name, content]) => [name, strFromU8(content)]));

/** Throws where XML is not well formed. */
function elements(xml: string): { readonly name: string; readonly attributes: Readonly<Record<string, string>> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = [];
  const parser = sax.parser(true);
  parser.onopentag = ({ name, attributes }) =>
    void found.push({ name, attributes: attributes as Record<string, string> });
  parser.onerror = (error) => {
    throw error;
  };
  parser.write(xml).close();
  return found;
}

const book = await ledgerWorkbook(nasty(), OPTIONS);
const parts = files(book);
const sheet = (at: number): string => parts.get(`xl/worksheets/sheet${at}.xml`) ?? '';

describe('the file', () => {
  test('has the entries of a workbook with three sheets, all well formed', () => {
    for (const name of [
      '[Content_Types].xml',
      '_rels/.rels',
      'xl/workbook.xml',
      'xl/styles.xml',
      'xl/sharedStrings.xml',
    ]) {
      expect(parts.has(name)).toBe(true);
    }
    expect([...parts.keys()].filter((name) => name.startsWith('xl/worksheets/sheet')).length).toBe(3);
    expect([...parts.keys()][0]).toBe('[Content_Types].xml');
    for (const xml of parts.values()) expect(elements(xml).length).toBeGreaterThan(0);
    const names = elements(parts.get('xl/workbook.xml') ?? '').filter(({ name }) => name === 'sheet');
    expect(names.map(({ attributes }) => attributes['name'])).toEqual(['全部清单', '重点清单', '填表说明']);
  });

  test('children of every sheet stand in the order of the specification', () => {
    const order = [
      'sheetPr',
      'sheetViews',
      'cols',
      'sheetData',
      'mergeCells',
      'dataValidations',
      'pageMargins',
      'pageSetup',
      'headerFooter',
    ];
    for (const at of [1, 2, 3]) {
      const seen = elements(sheet(at))
        .map(({ name }) => order.indexOf(name))
        .filter((index) => index >= 0);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.length).toBeGreaterThanOrEqual(at === 3 ? 7 : 9);
    }
  });

  test('no formula anywhere', () => {
    for (const [name, xml] of parts)
      if (name.includes('worksheets')) expect(elements(xml).filter((each) => each.name === 'f')).toEqual([]);
  });

  test('heading frozen, printed on A3 landscape, as many pages wide as can be read, headings repeated', () => {
    const all = elements(sheet(1));
    const attributes = (name: string) => all.find((each) => each.name === name)?.attributes;
    expect(attributes('pane')).toMatchObject({ ySplit: '4', state: 'frozen' });
    expect(attributes('pageSetup')).toMatchObject({
      paperSize: '8',
      orientation: 'landscape',
      fitToWidth: '5',
      fitToHeight: '0',
    });
    expect(attributes('pageSetUpPr')).toMatchObject({ fitToPage: '1' });
    expect(parts.get('xl/workbook.xml')).toContain(
      '<definedName name="_xlnm.Print_Titles" localSheetId="0">\'全部清单\'!$A:$B,\'全部清单\'!$1:$4</definedName>',
    );
    expect(all.filter(({ name }) => name === 'mergeCell').map((each) => each.attributes['ref'])).toContain(
      `A1:${columnLetters(LEDGER_COLUMNS.length - 1)}1`,
    );
  });

  test('drop-downs for every column of codes, over its own cells', () => {
    const found = elements(sheet(1)).filter(({ name }) => name === 'dataValidation');
    const coded = LEDGER_COLUMNS.flatMap(({ codes }, at) =>
      codes === null ? [] : `${columnLetters(at)}5:${columnLetters(at)}11`,
    );
    expect(found.map(({ attributes }) => attributes['sqref'])).toEqual(coded);
    expect(coded.length).toBeGreaterThanOrEqual(8);
    expect(sheet(1)).toContain('<formula1>&quot;存量,增量,在建,拟建,待定&quot;</formula1>');
  });

  test('the same leads give the same bytes', async () => {
    expect(Buffer.compare(await ledgerWorkbook(nasty(), OPTIONS), book)).toBe(0);
  });

  test('letters of columns', () => {
    expect([0, 25, 26, 51, 52, 701, 702].map(columnLetters)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']);
  });
});

describe('cells', () => {
  test('hold what XML and the format can hold', () => {
    expect(cellText('a\u0000b\u001b\u202ec\ufffe')).toBe('abc');
    expect(cellText('_x0041_')).toBe('_x005F_x0041_');
    expect(cellText('x'.repeat(MAX_CELL))).toHaveLength(MAX_CELL);
    expect(cellText('x'.repeat(MAX_CELL + 1))).toMatch(/x…（已截断）$/);
    fc.assert(
      fc.property(hostileText, fc.nat(3), (text, times) => {
        const cell = cellText(text.repeat(1 + times * 20_000));
        expect(cell.length).toBeLessThanOrEqual(MAX_CELL);
        expect(cell.isWellFormed()).toBe(true);
        expect(cell).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
      }),
      { numRuns: 50 },
    );
  });

  test('any leads make a well-formed book', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(leads, { maxLength: 3 }), async (some) => {
        for (const xml of files(await ledgerWorkbook(some, OPTIONS)).values()) elements(xml);
      }),
      { numRuns: 20 },
    );
  });

  test('come back through another reader: text as text, numbers as numbers, days as days', async () => {
    const sheets = await readExcelFile(Buffer.from(book));
    const rows = sheets[0]?.data ?? [];
    expect(rows[0]?.[0]).toBe('虚拟货币“挖矿”项目台账');
    expect(rows[2]?.slice(0, 5)).toEqual(['序号', '项目编号', '项目名称', '所属企业', '统一社会信用代码']);
    const cell = (row: number, id: string) => rows[row]?.[LEDGER_COLUMNS.findIndex((column) => column.id === id)];
    expect(cell(4, 'no')).toBe(1);
    expect(cell(4, 'power_account')).toBe('0064000012345678');
    expect(cell(5, 'uscc')).toBe('110101199003070000');
    expect(cell(4, 'surcharge_from')).toEqual(new Date('2026-09-17T00:00:00Z'));
    expect(cell(4, 'surcharge')).toBe(0.3123);
    expect(cell(5, 'enterprise')).toBe('=HYPERLINK("http://192.0.2.1","x")');
    expect(String(cell(8, 'enterprise'))).toHaveLength(MAX_CELL);
    expect(cell(4, 'county')).toBe('沙坡头区');
    expect(sheets[1]?.data.length).toBe(rows.length);
    expect(sheets[2]?.data.flat()).toContain('字段集 2026.11；虚构公函〔2026〕7号');
    expect(sheets[2]?.data.length).toBeGreaterThan(LEDGER_COLUMNS.length);
    expect([cell(4, 'confidence'), cell(4, 'activity'), cell(4, 'grade')]).toEqual(['已证实', '挖矿', '80 高']);
    const explained = new Map(sheets[2]?.data.map((row) => [row[0], String(row[2])]));
    for (const name of ['可信度', '活动', '归属等级']) expect(explained.get(name)?.length).toBeGreaterThan(4);
  });

  test('the key list has the leads that stand on it, alone', async () => {
    const lead = fullLead();
    const sheets = await readExcelFile(
      Buffer.from(await ledgerWorkbook([lead, { ...lead, id: 'x', number: null, flags: [] }], OPTIONS)),
    );
    const ids = (at: number) =>
      sheets[at]?.data
        .slice(4)
        .map((row) => row[1])
        .filter((id) => /^[Lx]/.test(String(id)));
    expect(ids(0)).toEqual(['L-640502-2026-000123', 'x']);
    expect(ids(1)).toEqual(['L-640502-2026-000123']);
  });
});

const SOFFICE = ['/usr/bin/soffice', '/usr/local/bin/soffice', '/opt/libreoffice/program/soffice'].find(existsSync);
if (SOFFICE === undefined) console.log('LibreOffice is not installed: the workbook is not converted back by it');

test.skipIf(SOFFICE === undefined)(
  'LibreOffice opens it: codes, long numbers, zeros, days intact, formulas inert',
  { timeout: 120_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'poolprint-xlsx-'));
    try {
      writeFileSync(join(folder, 'book.xlsx'), book);
      const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`;
      const filter = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false';
      execFileSync(
        SOFFICE ?? '',
        [profile, '--headless', '--convert-to', filter, '--outdir', folder, join(folder, 'book.xlsx')],
        {
          stdio: 'pipe',
          timeout: 110_000,
        },
      );
      const rows = parse(readFileSync(join(folder, 'book.csv')), { relax_column_count: true, bom: true }) as string[][];
      const cell = (row: number, id: string) => rows[row]?.[LEDGER_COLUMNS.findIndex((column) => column.id === id)];
      expect(rows[2]).toEqual(LEDGER_COLUMNS.map(({ zh }) => zh));
      expect(cell(4, 'uscc')).toBe('91640500MA76TEST0X');
      expect(cell(5, 'uscc')).toBe('110101199003070000');
      expect(cell(4, 'power_account')).toBe('0064000012345678');
      expect(cell(4, 'surcharge_from')).toBe('2026-09-17');
      expect(cell(4, 'updated')).toBe('2026-11-22');
      expect(cell(5, 'enterprise')).toBe('=HYPERLINK("http://192.0.2.1","x")');
      expect(cell(6, 'enterprise')).toBe("+cmd|'/c calc'!A1");
      expect(cell(7, 'enterprise')).toBe('<b>&"虚构"</b>[31m');
      expect(cell(8, 'enterprise')).toHaveLength(MAX_CELL);
      expect(cell(9, 'enterprise')).toBe('_x003D_1+1');
      expect(cell(10, 'enterprise')).toBe('第一行\n第二行');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
