import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvBytes, readCsvCells } from '../../src/publish/csv.ts';
import { feedbackTime, readFeedback } from '../../src/publish/feedback.ts';
import { CARRIER_WORDS, FEEDBACK_HEADINGS, RESULT_WORDS } from '../../src/publish/feedback-columns.ts';
import { hostileText } from './lead-arbitrary.ts';

const ID = 'L00112233445566778899aabb';
const leadOf = (reference: string) => (reference === 'L-640500-2026-000123' || reference === ID ? ID : null);
const read = (input: string | string[][]) => readFeedback(input, { leadOf });
const NUMBER = 'L-640500-2026-000123';
const micros = (text: string): number => Date.parse(text) * 1000;

/** Of the public examples of GB 32100: a valid code. */
const USCC = '91350100M000100Y43';

describe('answers of carriers', () => {
  test('every field', () => {
    const text = `lead_id,ip,port,timestamp,last_seen,status,valid_from,valid_to,customer_type,uscc,unit_name,install_address,region,line_type,operator_ref,工单号,answered_by,answered_at
${NUMBER},198.51.100.17,7801,2026-11-03 02:14:07,2026-11-03 02:20:00,attributed,2026-11-03 02:00:00Z,2026-11-09T20:00:00+08:00,enterprise,${USCC},虚构矿业有限公司,虚构路17号,640502,static,REF-1,GD-9,虚构电信,2026-11-20 09:00
`;
    expect(read(text)).toEqual({
      kind: 'carrier',
      faults: [],
      rows: [
        {
          kind: 'carrier',
          row: 2,
          lead_id: NUMBER,
          lead: ID,
          status: 'attributed',
          ip: '198.51.100.17',
          port: 7801,
          // The list sent has UTC, unlike what people write.
          asked_from: micros('2026-11-03T02:14:07Z'),
          asked_to: micros('2026-11-03T02:20:00Z'),
          valid_from: micros('2026-11-03T02:00:00Z'),
          valid_to: micros('2026-11-09T12:00:00Z'),
          customer_type: 'enterprise',
          uscc: USCC,
          unit_name: '虚构矿业有限公司',
          person: false,
          install_address: '虚构路17号',
          region: '640502',
          line_type: 'static',
          operator_ref: 'REF-1',
          request: 'GD-9',
          answered_by: '虚构电信',
          answered_at: micros('2026-11-20T01:00:00Z'),
          sealed: null,
        },
      ],
    });
  });

  test.each<[ip: string, port: string, wanted: readonly unknown[] | RegExp]>([
    ['', '', [null, null]],
    ['198.51.100.17', '', ['198.51.100.17', null]],
    ['198.51.100.17：7801', '', ['198.51.100.17', 7801]],
    ['198.51.100.17:7801', '7801', ['198.51.100.17', 7801]],
    ['2001:DB8:0::7', '7801.0', ['2001:db8::7', 7801]],
    ['', '7801', [null, 7801]],
    ['198.51.100.17；198.51.100.18', '', /is not one IP address/],
    ['198.51.100.0/24', '', /is not one IP address/],
    ['line 7', '', /is not one IP address/],
    ['198.51.100.17', '7801；5533', /is not one port/],
    ['198.51.100.17', '70000', /is not one port/],
    ['198.51.100.17:7801', '5533', /differ/],
  ])('address %j and port %j', (ip, port, wanted) => {
    const { rows, faults } = read([
      ['线索编号', '归属状态', 'IP地址', '端口'],
      [NUMBER, '已定位', ip, port],
    ]);
    if (wanted instanceof RegExp) {
      // Nobody knows what was answered: better no answer than one for another line.
      expect(rows).toEqual([]);
      expect(faults).toMatchObject([{ row: 2, reason: 'value', message: expect.stringMatching(wanted) }]);
    } else {
      expect(faults).toEqual([]);
      expect(rows.map((row) => (row.kind === 'carrier' ? [row.ip, row.port] : null))).toEqual([wanted]);
    }
  });

  test('Chinese headings below a title, partial answers kept', () => {
    const { rows, faults } = read([
      ['虚构查询结果', '', ''],
      ['线索编号', '归属状态', '装机地址'],
      [NUMBER, '已定位', ''],
      [ID, '动态地址', '虚构路1号'],
      ['', '', ''],
    ]);
    expect(faults).toEqual([]);
    expect(rows).toMatchObject([
      { row: 3, status: 'attributed', install_address: null, uscc: null },
      { row: 4, lead_id: ID, status: 'dynamic', install_address: '虚构路1号' },
    ]);
  });

  test('names of natural persons are sealed', () => {
    const { rows } = read(
      `lead_id,status,customer_type,unit_name,answered_by\n${NUMBER},attributed,个人,张三甲乙丙,李四\n${NUMBER},attributed,,王五,虚构公司\n`,
    );
    expect(rows).toMatchObject([
      { person: true, unit_name: null, answered_by: null, sealed: { name: '张三甲乙丙', answered_by: '李四' } },
      { person: true, unit_name: null, answered_by: '虚构公司', sealed: { name: '王五' } },
    ]);
  });

  test('faults by row and reason; the rest is kept', () => {
    const { rows, faults } = read(
      [
        'lead_id,status,uscc,valid_from,valid_to,region',
        `L-0,attributed,,,,`,
        `,attributed,,,,`,
        `${NUMBER},maybe,,,,`,
        `${NUMBER},,,,,`,
        `${NUMBER},attributed,91350100M000100Y44,soon,2026-02-31,64`,
        `${NUMBER},attributed,,2026-11-09,2026-11-03,`,
      ].join('\n'),
    );
    expect(faults.map(({ row, reason }) => [row, reason])).toEqual([
      [2, 'unknown_lead'],
      [3, 'lead_id'],
      [4, 'value'],
      [5, 'empty'],
      [6, 'value'],
      [6, 'value'],
      [6, 'value'],
      [6, 'value'],
      [7, 'value'],
    ]);
    expect(rows.map(({ row }) => row)).toEqual([6, 7]);
    expect(rows[0]).toMatchObject({ uscc: null, valid_from: null, valid_to: null, region: null });
    expect(rows[1]).toMatchObject({ valid_from: null, valid_to: null });
    for (const { message } of faults) expect(message).not.toMatch(/[\r\n]/);
  });
});

describe('answers of departments', () => {
  test('every field, in Chinese', () => {
    const { kind, rows, faults } = read(
      `线索编号\t核查结果\t核查日期\t文号\t备注\t用电量（千瓦时）\t矿机台数\n${NUMBER}\t属实\t2026年11月20日\t虚构〔2026〕9号\t已断电\t12,345.5 度\t42台\n${NUMBER}\t不属实\t\t\t\t\t\n`,
    );
    expect(faults).toEqual([]);
    expect(kind).toBe('department');
    expect(rows).toMatchObject([
      {
        row: 2,
        result: 'true',
        visited_at: '2026-11-20',
        document: '虚构〔2026〕9号',
        note: '已断电',
        kwh: 12_345.5,
        machines: 42,
      },
      { row: 3, result: 'not_true', visited_at: null, kwh: null },
    ]);
  });

  test('a row without a result but with something else is kept, one with nothing is not', () => {
    const { rows, faults } = read(`lead_id,result,kwh,machines\n${NUMBER},,5,\n${NUMBER},,,\n${NUMBER},perhaps,,1.5\n`);
    expect(rows).toMatchObject([{ row: 2, result: null, kwh: 5 }]);
    expect(faults.map(({ row, reason }) => [row, reason])).toEqual([
      [3, 'empty'],
      [4, 'value'],
      [4, 'value'],
      [4, 'empty'],
    ]);
  });
});

describe('files', () => {
  test.each(['utf-8', 'gb18030'] as const)('a list of ours filled in and saved in %s comes back', (encoding) => {
    const { bytes } = csvBytes(
      [
        ['线索编号', '核查结果', '备注'],
        [NUMBER, '属实', '=虚构'],
      ],
      encoding,
    );
    expect(read(readCsvCells(bytes, encoding)).rows).toMatchObject([{ result: 'true', note: '=虚构' }]);
    const text = new TextDecoder(encoding).decode(bytes);
    expect(read(text).rows).toMatchObject([{ result: 'true', note: '=虚构' }]);
  });

  test('headings that say neither', () => {
    expect(read('a,b\n1,2\n').faults).toMatchObject([{ row: 0, reason: 'heading' }]);
    expect(read('lead_id,b\n1,2\n').faults).toMatchObject([{ row: 0, reason: 'heading' }]);
    expect(read('').faults).toMatchObject([{ reason: 'heading' }]);
  });

  test('words and headings mean one thing each', () => {
    for (const words of [FEEDBACK_HEADINGS, CARRIER_WORDS, RESULT_WORDS]) {
      const all = Object.values(words).flat();
      expect(all.filter((word, at) => all.indexOf(word) !== at)).toEqual([]);
    }
  });

  test('any text, any cells: never a throw, faults name rows that are there', () => {
    const line = fc.array(fc.oneof(hostileText, fc.constantFrom(NUMBER, '属实', 'attributed', '2026-11-20', '"')), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.boolean(),
        fc.constantFrom(',', '\t', ';'),
        (lines, carrier, comma) => {
          const table = [['lead_id', carrier ? 'status' : 'result', 'kwh', 'valid_from', 'unit_name'], ...lines];
          const fromRows = read(table);
          expect(fromRows.kind).toBe(carrier ? 'carrier' : 'department');
          for (const { row } of [...fromRows.faults, ...fromRows.rows]) expect(row).toBeLessThanOrEqual(table.length);
          const fromText = read(table.map((cells) => cells.join(comma)).join('\n'));
          expect(Array.isArray(fromText.rows)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('long cells and many faults are bounded', () => {
    const { rows } = read([
      ['lead_id', 'result', 'note'],
      [NUMBER, '属实', 'x'.repeat(10_000_000)],
    ]);
    expect(rows).toMatchObject([{ note: 'x'.repeat(10_000) }]);
    const many = read([['lead_id', 'result'], ...Array.from({ length: 30_000 }, () => ['nobody', '属实'])]);
    expect(many.faults.length).toBe(10_001);
    expect(many.faults.at(-1)).toMatchObject({ reason: 'too_many' });
  });

  test.each([
    ['2026-11-20', micros('2026-11-19T16:00:00Z')],
    ['2026/1/2 3:04', micros('2026-01-01T19:04:00Z')],
    ['2026-11-20 08:00:00.5 UTC', micros('2026-11-20T08:00:00Z') + 500_000],
    ['2026-11-20T08:00:00-05:30', micros('2026-11-20T13:30:00Z')],
    ['2026-02-30', null],
    ['2026-11-20 24:00', null],
    ['20 Nov', null],
  ])('time %s', (text, wanted) => {
    expect(feedbackTime(text)).toBe(wanted);
  });
});
