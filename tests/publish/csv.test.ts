import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import type { Lead } from '../../src/ledger/types.ts';
import type { CellValue } from '../../src/publish/columns.ts';
import { columnsOf, LEDGER_COLUMNS } from '../../src/publish/columns-ledger.ts';
import { CSV_ENCODINGS, csvBytes, csvCell, leadsCsv, plainCell, readCsvCells } from '../../src/publish/csv.ts';
import { CARRIER_COLUMNS, carrierCsv } from '../../src/publish/csv-carrier.ts';
import { type Department, parseFieldSets } from '../../src/publish/field-sets.ts';
import { applyFieldSet } from '../../src/publish/hand-over.ts';
import { EMPTY_LEAD, hostileText, leads } from './lead-arbitrary.ts';
import { fullLead, MARKERS } from './lead-full.ts';

const context = { day: '2026-11-22', unit: '虚构县发展改革局', regionNames: () => null };
const utf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** What a cell keeps of a text: all but controls, format characters and lone surrogates. */
const kept = (text: string): string =>
  text.replaceAll(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    '',
  );

describe('cells', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ['+86', "'+86"],
    ['-5', "'-5"],
    ['@x', "'@x"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    [' =1', "' =1"],
    ['＝1', "'＝1"],
    ["'=1", "''=1"],
    ["'quoted'", "'quoted'"],
    ['0012', '0012'],
    ['\u0000=1', "'=1"],
    [-5.5, '-5.5'],
    [Number.NaN, ''],
    [{ day: '2026-11-20' }, '2026-11-20'],
    [null, ''],
  ] as readonly (readonly [CellValue, string])[])('%j is written as %j', (value, written) => {
    expect(csvCell(value)).toBe(written);
    if (typeof value === 'string') expect(plainCell(written)).toBe(kept(value));
  });
});

describe('round trip', () => {
  test.each(CSV_ENCODINGS)('any cells come back from %s', (encoding) => {
    fc.assert(
      fc.property(
        fc.array(fc.array(hostileText, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }).map((rows) => {
          const width = Math.min(...rows.map((row) => row.length));
          return rows.map((row) => row.slice(0, width));
        }),
        (rows) => {
          const { bytes, replaced } = csvBytes(rows, encoding);
          const back = readCsvCells(bytes, encoding);
          const wanted = rows.map((row) => row.map(kept));
          if (replaced === 0) expect(back).toEqual(wanted);
          else expect(back.map((row) => row.length)).toEqual(rows.map((row) => row.length));
          // Nothing in the file begins like a formula, also for a reader that knows nothing of apostrophes.
          for (const cell of parse(iconv.decode(Buffer.from(bytes), encoding), {
            record_delimiter: '\r\n',
            bom: true,
          }).flat()) {
            expect(cell).not.toMatch(/^[=+\-@\t\r]/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('every character of the planes in use but private ones comes back from GB18030, or is counted', () => {
    let text = '';
    for (let code = 0xa0; code < 0x30000; code++) {
      if ((code >= 0xd800 && code < 0xf900) || /\p{C}/u.test(String.fromCodePoint(code))) continue;
      text += String.fromCodePoint(code);
    }
    const { bytes, replaced } = csvBytes([['x', text]], 'gb18030');
    const back = readCsvCells(bytes, 'gb18030')[0]?.[1] ?? '';
    const got = [...back];
    const wanted = [...kept(text)];
    expect(got.length).toBe(wanted.length);
    expect(got.filter((character, at) => character !== wanted[at]).length).toBe(replaced);
    expect(replaced).toBeLessThan(100);
  });

  test('what an encoding does not have is replaced where one sees it, and counted', () => {
    const gb = csvBytes([['a\ud800b', 'ok']], 'gb18030');
    expect(gb.replaced).toBe(1);
    expect(readCsvCells(gb.bytes, 'gb18030')).toEqual([['a〓b', 'ok']]);
    const utf = csvBytes([['a\ud800b', 'ok']], 'utf-8');
    expect(utf.replaced).toBe(1);
    expect(readCsvCells(utf.bytes, 'utf-8')).toEqual([['a\ufffdb', 'ok']]);
  });

  test('UTF-8 begins with its mark, lines end with CRLF, numbers stand bare', () => {
    expect(
      utf8(
        csvBytes(
          [
            ['甲', -1.5],
            ['say "x"', null],
          ],
          'utf-8',
        ).bytes,
      ),
    ).toBe('\ufeff"甲",-1.5\r\n"say ""x""",""\r\n');
    expect(csvBytes([['甲', 1]], 'gb18030').bytes).toEqual(
      new Uint8Array([0x22, 0xbc, 0xd7, 0x22, 0x2c, 0x31, 13, 10]),
    );
  });
});

describe('leads as CSV', () => {
  test('all columns in order, codes with their zeros, days as days', () => {
    const rows = readCsvCells(leadsCsv([fullLead()], { encoding: 'gb18030', context }).bytes, 'gb18030');
    expect(rows[0]).toEqual(LEDGER_COLUMNS.map(({ zh }) => zh));
    const cell = (zh: string) => rows[1]?.[rows[0]?.indexOf(zh) ?? -1];
    expect(cell('电力户号')).toBe('0064000012345678');
    expect(cell('统一社会信用代码')).toBe('91640500MA76TEST0X');
    expect(cell('差别电价开始日期')).toBe('2026-09-17');
    expect(cell('首次发现时间')).toBe('2026-11-03 10:14:07');
    expect(cell('类别')).toBe('拟建');
    expect(cell('进展状态')).toBe('整改中');
    expect(cell('耗电量（万千瓦时/月）')).toBe('7.6543');
    expect(cell('数据来源（低—中—高）')).toBe('实测：7.5432—7.6543—7.9876');
    expect(cell('算力（含单位）')).toBe('sha256d-marker 987.1 MH/s—987.1 MH/s—987.1 MH/s');
    expect(cell('更新时间')).toBe('2026-11-22');
    expect(cell('可信度')).toBe('已证实');
    expect(cell('活动')).toBe('挖矿');
    expect(cell('归属等级')).toBe('80 高');
    // It still runs: the end of the estimate's span is no end of the surcharge.
    expect(cell('差别电价停止日期')).toBe('');
  });

  const cellsOf = (lead: Lead): Readonly<Record<string, string | undefined>> => {
    const [head = [], row = []] = readCsvCells(
      leadsCsv([lead], { encoding: 'utf-8', headings: 'id', context }).bytes,
      'utf-8',
    );
    return Object.fromEntries(head.map((id, at) => [id, row[at]]));
  };

  test('a lead without subject names no address and says that nobody is named', () => {
    const named = cellsOf(fullLead());
    expect([named['address'], named['other_address']]).toEqual([
      expect.stringContaining('虚构路17号'),
      expect.stringContaining('虚构备案路5号'),
    ]);
    const cells = cellsOf({ ...fullLead(), subject: null });
    expect([cells['address'], cells['other_address'], cells['power_address']]).toEqual(['', '', '']);
    expect(cells['grade']).toBe('0 无法归属');
    expect(cells['region']).toBe('640502199');
  });

  test.each(['stopped', 'inspected', 'closed'] as const)(
    'the surcharge of a lead that is %s ends when it stopped',
    (status) => {
      const step = { seq: 1, time: '2026-11-13T00:00:00Z', actor: 'a', action: 'lead.status' };
      const history = [{ ...step, detail: { status: 'stopped', date: '2026-11-12' } }];
      expect(cellsOf({ ...fullLead(), status, history })['surcharge_to']).toBe('2026-11-12');
      expect(cellsOf({ ...fullLead(), status, history, energy: null })['surcharge_to']).toBe('');
    },
  );

  test('chosen columns, headings for programs', () => {
    const { columns, unknown } = columnsOf(['project', 'nonsense', 'power_account']);
    expect(unknown).toEqual(['nonsense']);
    const { bytes } = leadsCsv([fullLead()], { encoding: 'utf-8', columns, headings: 'id', context });
    expect(readCsvCells(bytes, 'utf-8')).toEqual([
      ['project', 'power_account'],
      ['L-640502-2026-000123', '0064000012345678'],
    ]);
  });

  test('any lead in both encodings: as many rows and cells as there should be', () => {
    fc.assert(
      fc.property(fc.array(leads, { maxLength: 3 }), fc.constantFrom(...CSV_ENCODINGS), (some, encoding) => {
        const rows = readCsvCells(leadsCsv(some, { encoding, context }).bytes, encoding);
        expect(rows.map((row) => row.length)).toEqual(Array(some.length + 1).fill(LEDGER_COLUMNS.length));
      }),
      { numRuns: 100 },
    );
  });

  test('columns have ids and headings of their own', () => {
    for (const name of ['id', 'zh', 'en'] as const) {
      expect(new Set(LEDGER_COLUMNS.map((column) => column[name])).size).toBe(LEDGER_COLUMNS.length);
    }
  });
});

describe('a lead handed over as a table', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'signatures/reference/field-sets.csv'), 'utf8');
  const options = { fieldSets: parseFieldSets(text), documentNumber: '虚构公函〔2026〕7号' };

  test('cells of withheld fields are empty, not filled with placeholders', () => {
    const cells = (department: Department) => {
      const lead = applyFieldSet(fullLead(), department, options);
      const [head = [], row = []] = readCsvCells(
        leadsCsv([lead], { encoding: 'utf-8', headings: 'id', context }).bytes,
        'utf-8',
      );
      return Object.fromEntries(head.map((id, at) => [id, row[at]]));
    };
    expect(cells('carrier')).toMatchObject({
      status: '',
      category: '',
      enterprise: '',
      state_owned: '',
      tariff: '',
      ip: '198.51.100.77；2001:db8:7:8::99',
    });
    expect(cells('finance')).toMatchObject({
      status: '整改中',
      ip: '',
      energy: '',
      wallets: 'MARKCOIN:bc1qmarkerwallet',
      first_seen: '2026-11-03',
    });
    expect(cells('miit')).toMatchObject({
      ip: '198.51.100.0/24；2001:db8:7::/48',
      ports: '',
      address: '',
      region: '640502',
    });
    expect(cells('energy')).toMatchObject({ power_account: '0064000012345678', surcharge_from: '2026-09-17', ip: '' });
    expect(cells('tax')).toMatchObject({ surcharge_from: '2026-09', surcharge_to: '', power_account: '' });
    // Who is told no subject is told no grade of one, but what was met and how surely.
    expect(cells('carrier')).toMatchObject({ grade: '', confidence: '已证实', activity: '挖矿' });
    expect(cells('finance')).toMatchObject({ grade: '80 高' });
  });
});

describe('lists for carriers', () => {
  const asnOf = (ip: string) => (ip.startsWith('198.51.100.') ? 64_500 : null);
  const files = carrierCsv([fullLead()], { day: '2026-11-22', asnOf });

  test('one file for each system, unknown ones in that of AS 0', () => {
    expect(files.map(({ asn, name, rows }) => [asn, name, rows])).toEqual([
      [0, '2026-11-22-poolprint-mining-as0.csv', 1],
      [64_500, '2026-11-22-poolprint-mining-as64500.csv', 1],
    ]);
  });

  test('the columns in their order, times in UTC', () => {
    expect(utf8(files[1]?.bytes ?? new Uint8Array()).split('\r\n')).toEqual([
      CARRIER_COLUMNS.map((name) => `"${name}"`).join(','),
      '"2026-11-03 02:14:07","2026-11-03 02:14:07","198.51.100.77",45871,"tcp","203.0.113.200",3333,64500,"640502199","mining;stratum-marker","sha256d-marker","share-accepted",214,95,"L-640502-2026-000123","amber"',
      '',
    ]);
    expect(CARRIER_COLUMNS.join()).toBe(
      'timestamp,last_seen,ip,port,protocol,dst_ip,dst_port,asn,region,tag,algo,evidence_class,hits,confidence,lead_id,tlp',
    );
  });

  test('no wallet, account, worker, subject or place, also of a lead in full', () => {
    const text = files.map(({ bytes }) => utf8(bytes)).join('');
    const secrets = [
      MARKERS.wallet,
      MARKERS.worker,
      MARKERS.enterprise,
      MARKERS.power_account,
      ['marker-account', '虚构', 'pool.marker'],
    ].flat();
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  test('one row for each lead, address and port; each with its own conversation', () => {
    const [detection] = fullLead().detections;
    if (detection === undefined) throw new Error('no detection');
    const address = {
      ...EMPTY_LEAD.key,
      kind: undefined,
      ip: '198.51.100.1',
      realm: null,
      nat: 'none',
      first_seen: '',
      last_seen: '',
      ports: [1, 2],
    };
    const at = (ports: number[], pool_ip: string, last_seen: string) => ({
      ...detection,
      ip: '198.51.100.1',
      realm: null,
      nat: 'none',
      ports,
      pool_ip,
      last_seen,
    });
    const lead = {
      ...EMPTY_LEAD,
      addresses: [address],
      detections: [at([1, 2], '203.0.113.1', '2026-11-04T00:00:00Z'), at([2], '203.0.113.2', '2026-11-05T00:00:00Z')],
    };
    const [file] = carrierCsv([lead, lead], { day: '2026-11-22', asnOf: () => 64_500, tlp: 'green' });
    const rows = parse(utf8(file?.bytes ?? new Uint8Array()), { columns: true }) as Record<string, string>[];
    expect(rows.map(({ port, dst_ip, last_seen, hits, tlp }) => [port, dst_ip, last_seen, hits, tlp])).toEqual([
      ['1', '203.0.113.1', '2026-11-04 00:00:00', '214', 'green'],
      ['2', '203.0.113.2', '2026-11-05 00:00:00', '428', 'green'],
      ['1', '203.0.113.1', '2026-11-04 00:00:00', '214', 'green'],
      ['2', '203.0.113.2', '2026-11-05 00:00:00', '428', 'green'],
    ]);
  });

  test('a port has the times of its own conversations; those an hour or more apart are rows of their own', () => {
    const [detection] = fullLead().detections;
    if (detection === undefined) throw new Error('no detection');
    const of = { ip: '198.51.100.1', realm: null, nat: 'outside' };
    const talk = (port: number, from: string, to: string) => ({
      port,
      first_seen: `2026-11-04T${from}:00.000000Z`,
      last_seen: `2026-11-04T${to}:00.000000Z`,
    });
    const lead = {
      ...EMPTY_LEAD,
      addresses: [{ ...of, first_seen: '', last_seen: '', ports: [1, 2, 3] }],
      detections: [
        {
          ...detection,
          ...of,
          first_seen: '2026-11-04T00:00:00.000000Z',
          last_seen: '2026-11-04T23:00:00.000000Z',
          ports: [1, 2, 3],
          shares: { submitted: 0, accepted: 0, rejected: 0 },
          flows: 9,
          conversations: [
            talk(1, '00:00', '02:00'),
            talk(2, '05:00', '05:10'),
            talk(1, '02:59', '03:00'),
            talk(1, '04:00', '23:00'),
          ],
        },
      ],
    };
    const [file] = carrierCsv([lead], { day: '2026-11-22', asnOf: () => 64_500 });
    const rows = parse(utf8(file?.bytes ?? new Uint8Array()), { columns: true }) as Record<string, string>[];
    expect(
      rows.map((row) => [row['port'], row['timestamp']?.slice(11), row['last_seen']?.slice(11), row['hits']]),
    ).toEqual([
      ['1', '00:00:00', '03:00:00', '2'],
      ['1', '04:00:00', '23:00:00', '1'],
      ['2', '05:00:00', '05:10:00', '1'],
      // No conversation of it is listed: the times of the detection.
      ['3', '00:00:00', '23:00:00', '9'],
    ]);
  });

  test('any leads give a row at least for each of their addresses and ports', () => {
    fc.assert(
      fc.property(fc.array(leads, { maxLength: 3 }), (some) => {
        const rows = carrierCsv(some, { day: '2026-11-22', asnOf: () => null }).reduce(
          (sum, file) => sum + file.rows,
          0,
        );
        const wanted = some.flatMap((lead) => lead.addresses.map(({ ports }) => Math.max(1, ports.length)));
        expect(rows).toBeGreaterThanOrEqual(wanted.reduce((sum, count) => sum + count, 0));
      }),
      { numRuns: 100 },
    );
  });
});
