/** Broken and hostile inputs: never a throw beside the one-line error, never a row lost silently, bounded memory. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { detectEncoding, namedEncoding, TextStream } from '../../../src/attribution/import/decode-text.ts';
import { fileInput, ImportError } from '../../../src/attribution/import/registry-import.ts';
import { CsvRows } from '../../../src/attribution/import/table.ts';
import { convertXls } from '../../../src/attribution/import/xls.ts';
import type { AddressRow, SiteRow } from '../../../src/attribution/types.ts';
import {
  CODE,
  csv,
  ENCODED,
  FIRM,
  type Imported,
  imported,
  pieces,
  TABLES,
  type TableRow,
  XML,
  xlsx,
} from './samples.ts';

const B = TABLES['filing-b'] as readonly TableRow[];
const [HEAD, ROW] = B as [TableRow, TableRow];
const HEADING = csv([HEAD]);
const LINE = csv([ROW]);

async function attempt(input: Parameters<typeof imported>[0]): Promise<Imported | string> {
  try {
    return await imported(input);
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    expect(error.message).not.toMatch(/[\r\n]/);
    return error.message;
  }
}

describe('cells', () => {
  test('formulas stay text, the guard of Excel is taken off, control characters go', async () => {
    const table = [
      ['account', 'name', 'install_address', 'id_number', '说明'],
      ['k1', '=HYPERLINK("http://example.cn","示例公司")', '@SUM(A1)', `="${CODE}"`, "+cmd|' /C calc'!A0"],
      ['k2\u0000\u0007', FIRM, '示例区', '', ''],
    ];
    const { rows } = await imported(csv(table));
    expect(rows[0]?.value).toMatchObject({
      party: { name: '=HYPERLINK("http://example.cn","示例公司")', code: CODE },
      places: [{ text: '@SUM(A1)' }],
      extra: { 说明: "+cmd|' /C calc'!A0" },
    });
    expect((rows[1]?.value as SiteRow | undefined)?.key).toBe('k2');
    expect((await imported(xlsx({ a: table }))).rows[0]).toEqual(rows[0]);
  });

  test('headings like those of objects are ordinary', async () => {
    const { rows } = await imported(
      csv([
        ['account', 'name', 'install_address', '__proto__', 'constructor'],
        ['k1', FIRM, '示例区', 'a', 'b'],
      ]),
    );
    expect(Object.entries(rows[0]?.value.extra ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  for (const [name, cell] of [
    ['of 10 MB', 'x'.repeat(10 << 20)],
    ['of 10 MB in quotes', `"${'x'.repeat(10 << 20)}"`],
    ['of 100 KB', 'x'.repeat(100_000)],
  ] as const) {
    test(`a cell ${name} is a fault of its row`, async () => {
      const { rows, faults } = await imported(`${HEADING}${LINE}203.0.113.1,,${cell},0\r\n${LINE}${LINE}`);
      expect(rows.map(({ row }) => row)).toEqual([2, 4, 5]);
      expect(faults).toHaveLength(1);
      expect(faults[0]?.row).toBe(3);
      expect(faults[0]?.reason).toMatch(/_too_long$/);
    });
  }

  test('a quoted cell of 10 MB in 100,000 lines costs no row but its own', async () => {
    const cell = `"${'x'.repeat(99).concat('\n').repeat(100_000)}"`;
    const { rows, faults } = await imported(`${HEADING}${LINE}203.0.113.1,,${cell},0\r\n${LINE.repeat(30)}`);
    expect(rows.length).toBeGreaterThanOrEqual(30);
    expect(faults.length).toBeGreaterThan(0);
  });

  test('a quotation mark that is never closed costs one row', async () => {
    for (const after of [1, 19, 21, 5000]) {
      const { rows, faults } = await imported(
        `${HEADING}${LINE}"203.0.113.1,203.0.113.2,分配\r\n${LINE.repeat(after)}`,
      );
      expect([after, rows.length, faults.map(({ row, reason }) => `${row} ${reason}`)]).toEqual([
        after,
        after + 1,
        ['3 bad_quotes'],
      ]);
    }
  });

  test('quotation marks inside cells are letters', async () => {
    const line = LINE.replace('某某云谷2号楼3层机房', '5"机柜').replace('示例区云谷路1号2号楼', '"甲"座');
    const { rows, faults } = await imported(HEADING + line.repeat(3));
    expect(faults).toEqual([]);
    expect(rows).toHaveLength(3);
    expect((rows[2]?.value as AddressRow | undefined)?.places[1]?.text).toBe('5"机柜');
  });

  test('line breaks in a quoted cell', async () => {
    const { rows } = await imported(
      csv([HEAD, ROW.map((cell) => (cell.startsWith('示例区') ? '示例区\r\n云谷路1号' : cell)), ROW]),
    );
    expect(rows.map(({ row }) => row)).toEqual([2, 3]);
    expect((rows[0]?.value as AddressRow | undefined)?.places[0]?.text).toBe('示例区\r\n云谷路1号');
  });

  test('too many columns', async () => {
    const { rows, faults } = await imported(`${HEADING}${','.repeat(5000)}\n${LINE}`);
    expect(faults).toMatchObject([{ row: 2, reason: 'too_many_columns' }]);
    expect(rows).toHaveLength(1);
  });
});

describe('encodings', () => {
  const decode = (bytes: Uint8Array, size: number, encoding = detectEncoding(bytes, true)): string => {
    let text = '';
    const stream = new TextStream(encoding.encoding, (piece) => {
      text += piece;
    });
    for (let at = encoding.bom; at < bytes.length; at += size) stream.push(bytes.subarray(at, at + size));
    stream.end();
    return text;
  };

  test.each(Object.entries(ENCODED))('%s in pieces of any size', (_, encode) => {
    const text = csv(B);
    for (const size of [1, 2, 3, 5, 64, 100_000]) expect(decode(encode(text), size)).toBe(text);
  });

  test('the beginning may be cut inside a character', () => {
    const text = csv(B).repeat(400);
    for (const [name, encode] of Object.entries(ENCODED)) {
      const bytes = encode(text);
      for (const shift of [0, 1, 2, 3])
        expect(name).toContain(detectEncoding(bytes.subarray(0, 65536 - shift), false).encoding);
    }
  });

  test('ASCII at first, GB18030 far below: read and said', async () => {
    const ascii = '203.0.113.1,,,0,,,,,Example Ltd,,,4,,,,,,,\n'.repeat(3000);
    const head = '起始IP,结束IP,分配方式,使用方式,分配时间,网关IP,网关物理地址,来源单位,使用单位名称';
    const english = HEADING.replace(
      head,
      'start_ip,end_ip,allocation,use,allocated,gateway_ip,gateway_address,source_unit,name',
    );
    const plain = english.replace(/[^\x00-\x7f]+/g, (word) => (word === '单位性质' ? 'nature' : 'c'));
    const { rows, notes } = await imported(
      Buffer.concat([Buffer.from(plain + ascii), ENCODED['gb18030']?.(LINE) ?? Buffer.alloc(0)]),
    );
    expect(rows.at(-1)?.value.party?.name).toBe(FIRM);
    expect(notes).toEqual(['after plain ASCII at its beginning the text turned out to be gb18030']);
  });

  test('files glued together, lines that fit nothing, a wrong encoding forced', async () => {
    const gbk = ENCODED['gb18030']?.(LINE) ?? Buffer.alloc(0);
    const glued = await imported(Buffer.concat([Buffer.from(HEADING + LINE.repeat(3)), gbk, Buffer.from(LINE)]));
    expect(glued.rows.map(({ value }) => value.party?.name)).toEqual(Array(5).fill(FIRM));
    expect(glued.notes).toEqual(['1 lines did not fit and were read in the other of UTF-8 and GB18030']);
    const damaged = await imported(
      Buffer.concat([Buffer.from(HEADING + LINE), Buffer.from([0xff, 0xff, 0x0a]), Buffer.from(LINE)]),
    );
    expect(damaged.rows).toHaveLength(2);
    expect(damaged.notes.join()).toMatch(/2 characters fit no encoding/);
    await expect(imported(Buffer.from(csv(B), 'utf16le'), { encoding: 'gbk' })).rejects.toThrow(ImportError);
    expect((await imported(gbkOf(csv(B)), { encoding: 'GB2312' })).rows).toHaveLength(2);
    expect(['UTF-8', 'gbk', 'GB_2312', 'utf16', 'UTF-16BE'].map(namedEncoding)).toEqual([
      'utf-8',
      'gb18030',
      'gb18030',
      'utf-16le',
      'utf-16be',
    ]);
  });
  const gbkOf = (text: string): Uint8Array => (ENCODED['gb18030'] as (text: string) => Uint8Array)(text);

  test('zero bytes do not make UTF-16 of a table', async () => {
    const { rows, shapes } = await imported(`${HEADING}${LINE.replace('分配', '分\0配')}\0\0\0\n${LINE}`);
    expect(shapes[0]?.encoding).toBe('utf-8');
    expect(rows).toHaveLength(2);
  });
});

describe('XML', () => {
  test('cut anywhere: no throw, no wrong row, the cut is told', async () => {
    const whole = (await imported(XML)).rows;
    const bytes = Buffer.from(XML);
    for (let end = 0; end < bytes.length - 1; end += 3) {
      const result = await attempt(bytes.subarray(0, end));
      if (typeof result === 'string') continue;
      expect(whole.slice(0, result.rows.length)).toEqual(result.rows);
      if (end < bytes.lastIndexOf('</isp>')) expect(result.faults.at(-1)?.reason).toMatch(/truncated|bad_xml/);
    }
  });

  test('billion laughs, outside entities, deep nesting, a long element', async () => {
    const laughs = `<!DOCTYPE x [<!ENTITY a "${'ha'.repeat(100)}">${[...'bcdefghij'].map((c, i) => `<!ENTITY ${c} "${`&${'abcdefghi'[i]};`.repeat(10)}">`).join('')}<!ENTITY f SYSTEM "file:///etc/passwd">]>`;
    const bomb = await imported(
      `${laughs}<x><Inetnum><StartIp>192.0.2.1</StartIp><Dwmc>&j;&f;公司</Dwmc></Inetnum></x>`,
    );
    expect(bomb.rows[0]?.value.party?.name).toBe('&j;&f;公司');
    expect(bomb.notes.join()).toMatch(/2 entities .* not expanded/);
    const deep = await imported(`<Inetnum>${'<a>'.repeat(100_000)}`);
    expect(deep.faults).toMatchObject([{ reason: 'bad_xml' }]);
    const long = await imported(
      `<x><Inetnum><StartIp>192.0.2.1</StartIp><Dwmc>${'x'.repeat(10 << 20)}</Dwmc></Inetnum><Inetnum><StartIp>192.0.2.2</StartIp><Dwmc>${FIRM}</Dwmc></Inetnum></x>`,
    );
    expect(long.faults).toMatchObject([{ row: 1, reason: 'cell_too_long' }]);
    expect(long.rows).toMatchObject([{ row: 2 }]);
  });
});

describe('workbooks and archives', () => {
  test('numbers as Excel stores them: dates as serials, long codes, floats', async () => {
    const table = [
      ['户号', '起', '止', '电量kWh'],
      ['4.2E+9', '46266', '46295', '1234.5600000000001'],
    ];
    const { rows } = await imported(xlsx({ a: table }, [0, 1, 2, 3]));
    expect(rows[0]?.value).toMatchObject({
      key: '4200000000',
      valid: {
        from: Date.parse('2026-09-01T00:00:00+08:00') * 1000,
        to: Date.parse('2026-10-01T00:00:00+08:00') * 1000,
      },
      meter: { kwh: 1234.56 },
    });
  });

  test('inline texts, rich texts, formulas with results, gaps, hidden sheets', async () => {
    const files = {
      'xl/workbook.xml': strToU8(
        '<w><workbookPr/><sheets><sheet name="h" state="veryHidden" r:id="r1"/><sheet name="a" state="visible" r:id="r2"/></sheets></w>',
      ),
      'xl/_rels/workbook.xml.rels': strToU8(
        '<R><Relationship Id="r1" Target="/xl/worksheets/none.xml"/><Relationship Id="r2" Target="/xl/worksheets/s.xml"/></R>',
      ),
      'xl/sharedStrings.xml': strToU8('<sst><si><r><t>户</t></r><r><t>号</t></r><rPh><t>hu</t></rPh></si></sst>'),
      'xl/worksheets/s.xml': strToU8(
        '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>用电地址</t></is></c><c r="D1" t="str"><f>"容"&amp;"量"</f><v>容量</v></c></row>' +
          '<row r="3"><c r="A3" t="str"><v>0012</v></c><c r="B3" t="inlineStr"><is><t>示例区</t></is></c><c t="e"><v>#N/A</v></c><c><f>1+1</f><v>630</v></c></row></sheetData></worksheet>',
      ),
    };
    const { rows } = await imported(zipSync(files));
    expect(rows).toMatchObject([
      { row: 3, value: { key: '0012', meter: { capacityKva: 630 }, places: [{ text: '示例区' }] } },
    ]);
    const dated = { ...files, 'xl/workbook.xml': strToU8('<w><workbookPr date1904="1"/></w>') };
    expect(await attempt(zipSync(dated))).toMatch(/counts days from 1904/);
  });

  test('several tables in an archive, with what was left out', async () => {
    const files = {
      'a/备案.csv': Buffer.from(ENCODED['gb18030']?.(csv(B)) ?? []),
      'b.xlsx': xlsx({ 读我: [['说明']], 用户: TABLES['isms'] ?? [] }),
      'c.xml': strToU8(XML),
      'readme.txt': strToU8('hello'),
      '__MACOSX/._b': strToU8('x'),
    };
    const { shapes, rows, notes, faults } = await imported(zipSync(files));
    expect(shapes.map(({ layout, because }) => `${layout} ${because.split(':')[0]}`)).toEqual([
      'filing-b a/备案.csv',
      'isms b.xlsx 用户',
      'filing-c c.xml',
    ]);
    expect(rows).toHaveLength(5);
    expect(notes.join('\n')).toMatch(/left out 读我[\s\S]*left out readme\.txt/);
    expect(faults[0]?.message).toMatch(/^c\.xml: /);
  });

  test('cut anywhere, or with any byte changed: an error of one line or what could be read', async () => {
    const bytes = zipSync({ 'a.csv': strToU8(csv(B)), 'b.xlsx': xlsx({ a: B }) });
    for (let end = 1; end < bytes.length; end += 11)
      expect(typeof (await attempt(bytes.subarray(0, end)))).toBe('string');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        await attempt(changed);
      }),
      { numRuns: 300 },
    );
  });

  test('a bomb stops early', async () => {
    const bomb = zipSync({ 'a.csv': Buffer.concat([Buffer.from(HEADING), Buffer.alloc(24 << 20, '\n')]) });
    expect(await attempt(bomb)).toMatch(/a\.csv: it unpacks to more than 300 times its size/);
    const sheet = Buffer.concat([Buffer.from('<worksheet><sheetData>'), Buffer.alloc(24 << 20, ' ')]);
    const book = {
      'xl/workbook.xml': strToU8('<w><sheet name="a" r:id="r"/></w>'),
      'xl/_rels/workbook.xml.rels': strToU8('<R><Relationship Id="r" Target="s.xml"/></R>'),
    };
    expect(await attempt(zipSync({ ...book, 'xl/s.xml': sheet }))).toMatch(/300 times/);
  });

  test.skipIf(spawnSync('soffice', ['--version']).status !== 0)(
    'binary XLS as LibreOffice itself writes it',
    async () => {
      const folder = await mkdtemp(`${tmpdir()}/poolprint-test-`);
      try {
        const table = TABLES['filing-a'] as readonly TableRow[];
        await writeFile(`${folder}/fpxx.csv`, csv(table));
        const options = [
          `-env:UserInstallation=${pathToFileURL(`${folder}/profile`).href}`,
          '--headless',
          '--infilter=CSV:44,34,76,1',
        ];
        spawnSync('soffice', [...options, '--convert-to', 'xls', '--outdir', folder, `${folder}/fpxx.csv`]);
        const { rows, shapes } = await imported(await fileInput(`${folder}/fpxx.xls`));
        expect(shapes).toMatchObject([{ layout: 'filing-a', encoding: 'xls' }]);
        expect(rows).toEqual((await imported(csv(table))).rows);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    120_000,
  );

  test('binary XLS: by LibreOffice, or one line that says what to do', async () => {
    const ole = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(512)]);
    const convert = (path: string) => convertXls(path, 'no-such-program-here');
    await expect(imported(ole, { convertXls: convert })).rejects.toThrow(
      /binary XLS needs LibreOffice .*: install it, or save as XLSX or CSV/,
    );
    let disposed = 0;
    const folder = await mkdtemp(`${tmpdir()}/poolprint-test-`);
    await writeFile(`${folder}/s.csv`, csv(B));
    const files = [{ name: '表1', path: `${folder}/s.csv` }];
    const dispose = async (): Promise<void> => {
      disposed++;
      await rm(folder, { recursive: true });
    };
    const result = await imported(zipSync({ 'old.xls': ole }), { convertXls: async () => ({ files, dispose }) });
    expect(result.shapes).toMatchObject([{ layout: 'filing-b', encoding: 'xls' }]);
    expect(result.rows).toEqual((await imported(csv(B))).rows);
    expect(disposed).toBe(1);
  });
});

describe('properties', () => {
  test('rows do not depend on where the text is cut, and the short cut for plain blocks changes nothing', () => {
    const cell = fc.oneof(
      fc.constantFrom('', 'a', '"', '""', 'a"b', 'x\ny', ' , ', '示例'),
      fc.string({ maxLength: 5 }),
    );
    const line = fc
      .array(
        fc.oneof(
          cell,
          cell.map((text) => `"${text.replaceAll('"', '""')}"`),
        ),
        { maxLength: 4 },
      )
      .map((cells) => cells.join(','));
    const read = (text: string, size: number): string => {
      const got: unknown[] = [];
      const rows = new CsvRows(',', '\n', {
        row: (cells, row) => got.push([row, cells]),
        bad: (row, reason) => got.push([row, reason]),
      });
      for (let at = 0; at < text.length; at += size) rows.push(text.slice(at, at + size));
      rows.end();
      return JSON.stringify(got);
    };
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.integer({ min: 1, max: 50 }), (lines, size) => {
        const text = `${lines.join('\n')}\n`;
        expect(read(text, size)).toBe(read(text, 1 << 20));
        const plain = text.replaceAll('"', '');
        // A quoted row at the end sends the whole block through the parser.
        const quoted = JSON.parse(read(`${plain}"end"\n`, 1 << 20)) as unknown[];
        expect(quoted.slice(0, -1)).toEqual(JSON.parse(read(plain, size)));
      }),
    );
  });

  test('no input throws, and the same input gives the same rows', async () => {
    const samples = [
      ...Object.values(TABLES).map((table) => Buffer.from(csv(table))),
      Buffer.from(XML),
      Buffer.from(xlsx({ a: B })),
      ...Object.values(ENCODED).map((encode) => Buffer.from(encode(csv(B)))),
    ];
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ maxLength: 4 }),
      gone: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.array(change, { maxLength: 6 }),
        fc.integer({ min: 1, max: 3000 }),
        async (sample, changes, size) => {
          let bytes = sample;
          for (const { at, bytes: put, gone } of changes) {
            const from = Math.floor(at * bytes.length);
            bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + gone)]);
          }
          const once = await attempt(pieces(bytes, size));
          const again = await attempt(pieces(bytes, 100_000));
          expect(again).toEqual(once);
          if (typeof once !== 'string')
            for (const { row } of [...once.rows, ...once.faults]) expect(row).toBeGreaterThan(0);
        },
      ),
      { numRuns: 400 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => void (await attempt(bytes))),
      { numRuns: 300 },
    );
  });
});
