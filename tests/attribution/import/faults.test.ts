/** Rows that cannot be taken: each is named with its row, its reason and its code, and the others are imported. */
import { describe, expect, test } from 'vitest';
import { chooseLayout } from '../../../src/attribution/import/part.ts';
import { ImportError, LAYOUTS } from '../../../src/attribution/import/registry-import.ts';
import type { AddressRow } from '../../../src/attribution/types.ts';
import { csv, FIRM, imported, pieces, TABLES, type TableRow, XML, xlsx } from './samples.ts';

const [B_HEAD, B_ROW] = TABLES['filing-b'] as [TableRow, TableRow];

/** The sample row of layout B with some columns replaced. */
function bRow(changes: Readonly<Record<string, string>>): TableRow {
  return B_HEAD.map((name, i) => changes[name] ?? (B_ROW[i] as string));
}

const failure = async (input: Parameters<typeof imported>[0], options = {}): Promise<string> =>
  imported(input, options).then(
    () => 'no error',
    (error: unknown) => {
      expect(error).toBeInstanceOf(ImportError);
      expect((error as Error).message).not.toMatch(/[\r\n]/);
      return (error as Error).message;
    },
  );

describe('rows of a filing', () => {
  const cases = [
    ['start behind end', { 起始IP: '203.0.113.50', 结束IP: '203.0.113.40' }, 'start_after_end', '2002'],
    ['no start', { 起始IP: '203.0.113.300' }, 'bad_start_ip', '2006'],
    ['no end', { 结束IP: 'x' }, 'bad_end_ip', '2007'],
    ['no name', { 使用单位名称: '' }, 'missing_field', '2031'],
    ['no date', { 分配时间: '2026-02-30' }, 'bad_date', '2030'],
  ] as const;
  test.each(cases)('%s', async (_, changes, reason, code) => {
    const { rows, faults } = await imported(csv([B_HEAD, B_ROW, bRow(changes), B_ROW]));
    expect(rows.map(({ row }) => row)).toEqual([2, 4]);
    expect(faults).toMatchObject([{ row: 3, reason, code }]);
    expect(faults[0]?.message).not.toMatch(/[\r\n]/);
  });

  const defects = [
    ['gateway', { 网关IP: '203.0.113' }, '2008'],
    ['use mode', { 使用方式: '别的' }, '2021'],
    ['province', { 省编码: '64' }, '2024'],
    ['city of another province', { 市编码: '110100' }, '2025'],
    ['county', { 县编码: '示例区' }, '2026'],
    ['licence of an operator', { 单位所属分类: '11' }, '2022'],
  ] as const;
  test.each(defects)('a wrong field that does no harm is a defect: %s', async (_, changes, code) => {
    const { rows, faults } = await imported(csv([B_HEAD, bRow(changes)]));
    expect(faults).toEqual([]);
    expect(rows[0]?.value.extra['defects']).toBe(code);
  });
});

describe('records not in force', () => {
  const changed = (id: string, cells: Readonly<Record<string, string>>): readonly TableRow[] => {
    const rows = TABLES[id] as readonly TableRow[];
    const at = rows.findIndex((row) => row.length > 2);
    const head = [...(rows[at] as TableRow), ...Object.keys(cells).filter((name) => !rows[at]?.includes(name))];
    return [head, head.map((name, i) => cells[name] ?? (rows[at + 1] as TableRow)[i] ?? '')];
  };
  const START = { 分配时间: '2020-01-01' };
  const END = Date.parse('2025-05-06T10:00:00+08:00') * 1000;
  test.each([
    ['resource', { ...START, 使用状态: '空闲' }, END],
    ['resource', { ...START, 管理状态: '已拆机' }, END],
    ['resource', { ...START, 管理状态: '停用', 变更时间: '' }, 'fault'],
    ['resource', { 管理状态: '注销' }, 'fault'],
    ['resource', { ...START, 使用状态: '预占' }, 'fault'],
    ['resource', { ...START, 使用状态: '预留' }, 'fault'],
    ['resource', { ...START, 管理状态: '待注销' }, null],
    ['resource', { ...START, 使用状态: '在用', 管理状态: '已启用' }, null],
    ['filing-a', { 状态: '注销' }, Date.parse('2025-04-12T09:30:00+08:00') * 1000],
    ['filing-a', { 状态: '停用', 变更时间: '2025-10-01' }, Date.parse('2025-10-01T00:00:00+08:00') * 1000],
    ['filing-a', { 状态: '已删除', 通过时间: '' }, 'fault'],
    ['filing-a', { 状态: '正常' }, null],
  ] as const)('%s %j', async (id, cells, end) => {
    const { rows, faults } = await imported(csv(changed(id, cells)));
    if (end === 'fault') {
      expect([rows, faults]).toMatchObject([[], [{ row: 2, reason: 'not_in_force', code: null }]]);
      expect(faults[0]?.message).toMatch(/not in force \("/);
    } else expect([faults, rows.map(({ value }) => value.valid.to)]).toEqual([[], [end]]);
  });

  test('XML: a state in words ends the record with its last change', async () => {
    const [state, ended] = ['<Status>注销</Status>', '<LastChangedTime>2026-01-02</LastChangedTime></BasicInfo>'];
    const text = XML.replace('<Status>1</Status>', state);
    expect((await imported(text)).faults[0]).toMatchObject({ row: 1, reason: 'not_in_force' });
    const { rows } = await imported(text.replace('</BasicInfo>', ended));
    expect(rows[0]?.value.valid.to).toBe(Date.parse('2026-01-02T00:00:00+08:00') * 1000);
  });

  test('a check of a resource row is one only where the dump has a time of it', async () => {
    const { rows } = await imported(csv(changed('resource', { ...START, 核查时间: '2026-11-20 08:00:00' })));
    expect(rows[0]?.value.checked).toBe(Date.parse('2026-11-20T08:00:00+08:00') * 1000);
  });
});

test('rows of the other tables', async () => {
  const cases: readonly (readonly [rows: readonly TableRow[], reason: string])[] = [
    [
      [
        ['户号', '起', '止', '电量kWh'],
        ['1', '2026-09-01', '2026-08-01', '5'],
      ],
      'end_before_start',
    ],
    [
      [
        ['户号', '起', '止', '电量kWh'],
        ['1', '2026-09-01', '2026-09-30', '-5'],
      ],
      'bad_number',
    ],
    [
      [
        ['户号', '起', '止', '电量kWh'],
        ['', '2026-09-01', '2026-09-30', '5'],
      ],
      'missing_field',
    ],
    [
      [
        ['户号', '起', '止', '电量kWh'],
        ['1', '', '', '5'],
      ],
      'bad_date',
    ],
    [
      [
        ['型号', '数量', '功率'],
        ['X1', '1.5', '3250'],
      ],
      'bad_number',
    ],
    [
      [
        ['机柜', 'PDU', '额定kW', '实测kW', '采样时间'],
        ['B-01', '1', '8', 'x', '2026-10-01'],
      ],
      'bad_number',
    ],
    [
      [
        ['机柜', 'PDU', '额定kW', '实测kW', '采样时间'],
        ['B-01', '1', '8', '5', 'x'],
      ],
      'bad_date',
    ],
    [
      [
        ['account', 'name', 'install_address'],
        ['', FIRM, '示例区'],
      ],
      'missing_field',
    ],
    [
      [
        ['203.0.113.0/24', 'CN', 'CN-NX', '', ''],
        ['203.0.113.0/33', 'CN', 'CN-NX', '', ''],
        ['192.0.2.0/24', 'CN', 'CN-NX', '', ''],
      ],
      'bad_start_ip',
    ],
  ];
  for (const [rows, reason] of cases) {
    const { faults } = await imported(csv(rows));
    expect(faults, reason).toMatchObject([{ row: 2, reason }]);
  }
});

describe('whole inputs that cannot be taken', () => {
  test('nothing fits: the nearest layout and what it lacks', async () => {
    const message = await failure(
      csv([
        ['起始IP', '分配方式', '单位性质'],
        ['203.0.113.1', '分配', '4'],
      ]),
    );
    expect(message).toMatch(/no layout fits; nearest is filing-b: it lacks 使用单位名称/);
    expect(await failure('hello\nworld\n')).toMatch(/nothing comes near/);
    expect(await failure('')).toMatch(/is empty/);
  });

  test('two fit equally', () => {
    const [layout] = LAYOUTS.filter(({ id }) => id === 'geofeed');
    if (!layout) throw new Error('no geofeed');
    const head = {
      name: 'x\u001b[31m.csv',
      bytes: new Uint8Array(0),
      text: '',
      encoding: 'utf-8',
      rows: [['192.0.2.0/24', 'CN', 'CN-NX']],
    };
    expect(() => chooseLayout(head, [layout, { ...layout, id: 'other' }], null)).toThrow(
      'x [31m.csv: geofeed and other fit equally well: name the right one with --layout',
    );
  });

  test('a layout that is asked for, or does not exist', async () => {
    const input = csv(TABLES['filing-b'] ?? []);
    expect((await imported(input, { layout: 'filing-b' })).shapes[0]?.because).toMatch(/^asked for; headings 起始IP/);
    expect(await failure(input, { layout: 'isms' })).toMatch(/is not isms: it lacks/);
    expect(await failure(input, { layout: 'nope' })).toMatch(/unknown layout "nope"; there are .*filing-a/);
    expect(await failure(input, { encoding: 'klingon' })).toMatch(/unknown encoding "klingon"/);
  });

  test('files that cannot be read', async () => {
    const { fileInput } = await import('../../../src/attribution/import/registry-import.ts');
    await expect(fileInput('/nonexistent/nope.csv')).rejects.toThrow(/nope.csv cannot be read \(ENOENT\)/);
    await expect(fileInput('/')).rejects.toThrow(/is a folder/);
    const input = { ...pieces(Buffer.alloc(0)), open: () => broken() };
    expect(await failure(input)).toMatch(/cannot be read \(EIO\)/);
    // biome-ignore lint/correctness/useYield: it fails before its first piece
    async function* broken(): AsyncGenerator<Uint8Array> {
      throw Object.assign(new Error('x'), { code: 'EIO' });
    }
  });

  test('a web page under the name of a table', async () => {
    expect(await failure('<html><body><table><tr><td>起始IP</td></tr></table></body></html>')).toMatch(
      /web page or XML spreadsheet/,
    );
  });
});

test('what the sink throws comes out, from CSV, workbooks and XML', async () => {
  const { importRegistry } = await import('../../../src/attribution/import/registry-import.ts');
  const full = new Error('disk full');
  const sink = {
    shape: () => 0,
    fault: () => 0,
    progress: () => 0,
    row: () => {
      throw full;
    },
  };
  for (const input of [Buffer.from(csv(TABLES['isms'] ?? [])), xlsx({ a: TABLES['isms'] ?? [] }), Buffer.from(XML)]) {
    await expect(importRegistry(pieces(input), { now: 0 }, sink)).rejects.toBe(full);
  }
});

test('titles above the headings, blank rows, row numbers as in the file', async () => {
  const title = ['工信部IP分配信息表', '', ''];
  const { rows, shapes } = await imported(csv([title, [''], ['填报单位：示例'], B_HEAD, [''], B_ROW, B_ROW]));
  expect(shapes[0]?.because).toContain('in row 4');
  expect(rows.map(({ row }) => row)).toEqual([6, 7]);
  expect((rows[0]?.value as AddressRow | undefined)?.first).toBe('203.0.113.32');
  const book = await imported(xlsx({ a: [title, [''], ['填报单位：示例'], B_HEAD, [''], B_ROW, B_ROW] }));
  expect(book.rows).toEqual(rows);
  const late = await failure(csv([...Array<TableRow>(10).fill(['说明']), B_HEAD, B_ROW]));
  expect(late).toMatch(/no layout fits/);
});
