/** Words from the network and from files that would like to be markup, formulas or escapes. Everything is invented. */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversation } from '../generate/conversation.ts';
import { writePcap } from '../generate/pcap.ts';
import { Case, isPlain } from './case-town.ts';

const ESCAPE = '\u001b[2J\u001b]0;owned\u0007';
const TURNED = '\u202egnp.exe\u202c';
const FORMULA = `=cmd|' /C calc'!A0`;
const SCRIPT = '<script>alert(1)</script><img src=x onerror=alert(2)>';

/** A miner whose login, worker and program are hostile. */
function hostileCapture(): Uint8Array {
  const login = `${FORMULA}.${SCRIPT}${ESCAPE}${TURNED}`;
  const job = [
    'bf',
    '4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000',
    '01',
    '02',
    [],
    '20000000',
    '1c2ac4af',
    '504e86b9',
    true,
  ];
  const lines: ['client' | 'server', object][] = [
    ['client', { id: 1, method: 'mining.subscribe', params: [`@SUM(1+1)*${SCRIPT}${ESCAPE}${TURNED}`] }],
    ['server', { id: 1, result: [[['mining.notify', 'ae68']], '08000002', 4], error: null }],
    ['client', { id: 2, method: 'mining.authorize', params: [login, 'x'] }],
    ['server', { id: 2, result: true, error: null }],
    ['server', { id: null, method: 'mining.set_difficulty', params: [1024] }],
    ['server', { id: null, method: 'mining.notify', params: job }],
    ['client', { id: 3, method: 'mining.submit', params: [login, 'bf', '00000001', '504e86ed', 'b2957c02'] }],
    ['server', { id: 3, result: true, error: null }],
  ];
  const messages = lines.map(([from, value], index) => ({ from, at: 0.1 + index, text: `${JSON.stringify(value)}\n` }));
  const client = { ip: '198.51.100.35', port: 46_838 };
  return writePcap(
    conversation({ client, server: { ip: '203.0.113.5', port: 3333 }, start: Date.UTC(2026, 10, 4) * 1000, messages }),
  );
}

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

/** A firm with hostile name and address on the line of that miner. */
function hostileFiling(): string {
  const head =
    'IP地址段名称,单位名称,单位所属分类,单位性质,所属地市,所属区县,单位所属行业分类,详细地址,联系人姓名(客户侧),联系人电话(客户侧),网关物理位置,使用方式,业务类型,使用状态,设备所属机房,单位证件类型,单位证件号码,产品实例标识,变更时间,分配时间';
  const cells = [
    '198.51.100.32-198.51.100.47',
    `${FORMULA}${SCRIPT}${ESCAPE}${TURNED}有限公司`,
    '其他',
    '企业',
    '中卫市',
    '沙坡头区',
    SCRIPT,
    `-2+3${SCRIPT}${ESCAPE}${TURNED}路1号`,
    '某人',
    '13800000001',
    `+1${SCRIPT}`,
    '静态',
    '互联网专线',
    '在用',
    ESCAPE,
    '统一社会信用代码',
    '91640502MA00TE5T22',
    'k1',
    '2026-10-12 09:30:00',
    '2026-06-18',
  ];
  return `${head}\n${cells.map(quoted).join(',')}\n`;
}

/** The same firm in the list of customers, so that it is the subject. */
function hostileCustomers(): string {
  const head = '账号,客户名称,证件类型,证件号码,区划代码,装机地址,生效日期';
  const name = `${FORMULA}${SCRIPT}${ESCAPE}${TURNED}有限公司`;
  const cells = [
    'k1',
    name,
    '统一社会信用代码',
    '91640502MA00TE5T22',
    '640502',
    `-2+3${SCRIPT}${ESCAPE}${TURNED}路1号`,
    '2026-06-20',
  ];
  return `${head}\n${cells.map(quoted).join(',')}\n`;
}

let own: Case;
let id: string;
beforeAll(async () => {
  own = new Case();
  own.put('hostile.pcap', hostileCapture());
  own.put('资源\u001b[31m.csv', hostileFiling());
  own.put('customers.csv', hostileCustomers());
  const imported = await own.run('registry', 'import', own.at('资源\u001b[31m.csv'), own.at('customers.csv'));
  expect([imported.code, isPlain(imported.stdout + imported.stderr)]).toEqual([0, true]);
  const replayed = await own.run('replay', '--ledger', own.ledger, own.at('hostile.pcap'));
  expect([replayed.code, isPlain(replayed.stdout + replayed.stderr)]).toEqual([0, true]);
  const [lead] = await own.leads();
  id = lead?.id ?? '';
  expect(lead?.subject?.name).toContain('script');
}, 60_000);
afterAll(() => own.cleanUp());

test.each([
  [['leads', 'list']],
  [['leads', 'list', '--lang', 'zh']],
  [['leads', 'list', '--json']],
  [['leads', 'show']],
  [['leads', 'show', '--json']],
  [['leads', 'set', 'key=yes', '--note', `${SCRIPT}${ESCAPE}${TURNED}`, '--document', ESCAPE]],
  [['leads', 'link']],
  [['registry', 'list']],
  [['registry', 'list', '--json']],
  [['registry', 'lookup', '198.51.100.35', '--at', '2026-11-04']],
  [['registry', 'lookup', '198.51.100.35', '--at', '2026-11-04', '--json']],
  [['report', 'weekly']],
  [['report', 'weekly', '--csv']],
  [['report', 'department', '--department', `${SCRIPT}${ESCAPE}`]],
  [['leads', 'export']],
  [['leads', 'export', '--format', 'stix']],
  [['leads', 'export', '--format', 'eve']],
  [['ledger', 'verify', '--json']],
])('nothing raw on the terminal: %j', async (words) => {
  const named =
    words[1] === 'show' || words[1] === 'set' || words[1] === 'link'
      ? [...words.slice(0, 2), id, ...words.slice(2)]
      : words;
  const { code, stdout, stderr } = await own.run(...named);
  expect([code, stderr]).toEqual([0, '']);
  expect(isPlain(stdout)).toBe(true);
});

test('a CSV on the terminal has its mark and line ends, and nothing else', async () => {
  const text = await own.ok('leads', 'export', '--format', 'csv');
  expect(isPlain(text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'))).toBe(true);
});

describe('files', () => {
  const START = /^[=+\-@\t\r\n＝＋－＠]/;

  test.each([['utf-8'], ['gb18030']])('formulas are inert in CSV (%s)', async (encoding) => {
    const out = own.at(`${encoding}.csv`);
    await own.ok('leads', 'export', '--format', 'csv', '--encoding', encoding, '--out', out);
    const text = new TextDecoder(encoding).decode(readFileSync(out));
    const cells = (parse(text, { bom: true }) as string[][]).flat();
    expect(cells.some((cell) => cell.includes('cmd|'))).toBe(true);
    expect(cells.filter((cell) => START.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell))).toEqual([]);
  });

  test('a workbook has no formula and no raw markup', async () => {
    await own.ok('leads', 'export', '--format', 'xlsx', '--out', own.at('x.xlsx'));
    const parts = Object.entries(unzipSync(readFileSync(own.at('x.xlsx')))).map(
      ([name, bytes]) => [name, Buffer.from(bytes).toString()] as const,
    );
    const sheets = parts
      .filter(([name]) => /\.xml$/.test(name))
      .map(([, text]) => text)
      .join('\n');
    expect(sheets).toContain('cmd|');
    expect(sheets).not.toMatch(/<f[ >]/);
    expect(sheets).not.toContain('<script');
    expect(sheets).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202e]/);
  });

  test('a dossier escapes HTML', async () => {
    await own.ok('leads', 'export', '--format', 'dossier', '--unit', SCRIPT, '--out', own.at('dossier'));
    for (const name of readdirSync(own.at('dossier'))) {
      const html = own.text(`dossier/${name}`);
      expect(html).toContain('&lt;script&gt;');
      expect(html).not.toMatch(/<script|<img/i);
      expect(html).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202e]/);
    }
  });

  test('lists for carriers and a hand-over', async () => {
    await own.ok('leads', 'export', '--format', 'shadowserver', '--out', own.at('carrier'));
    await own.ok(
      'leads',
      'export',
      '--for',
      'ndrc',
      '--purpose',
      SCRIPT,
      '--recipient',
      FORMULA,
      '--format',
      'xlsx',
      '--out',
      own.at('h.xlsx'),
    );
    expect(isPlain(await own.ok('leads', 'show', id))).toBe(true);
  });
});

describe('input', () => {
  const HUGE = 'A'.repeat(10 * 1024 * 1024);

  test('cells of 10 MB cost a row or are cut, never the program', async () => {
    const fresh = new Case();
    const lines = [
      '账号,客户名称,证件类型,证件号码,区划代码,装机地址,生效日期',
      `k1,"${HUGE}",,,640502,示例路1号,2024-05-01`,
      'k2,示例商贸有限公司（虚构）,,,640502,示例路2号,2024-05-01',
      `k3,示例,,,640502,"${'"'.repeat(2 * 1024 * 1024)}",2024-05-01`,
    ];
    const file = fresh.put('customers.csv', `${lines.join('\n')}\n`);
    const { stdout, stderr } = await fresh.run('registry', 'import', file);
    expect(isPlain(stdout + stderr)).toBe(true);
    expect((stdout + stderr).length).toBeLessThan(20_000);
    expect(stderr).not.toContain('internal error');
    const [row] = await fresh.rows('registry', 'list');
    expect(row).toMatchObject({ type: 'registry_source' });
    fresh.cleanUp();
  });

  test.each([
    [
      'a huge cell in a list',
      `序号,IP地址,端口,矿池,币种,首次发现时间\n1,198.51.100.18,1,"${HUGE}",XMR,2026-11-03 08:00:00\n`,
    ],
    ['a huge first line', HUGE],
    ['an answer with a huge note', `lead_id,result,note\nL0,属实,"${HUGE}"\n`],
    ['quotes without end', `lead_id,result\n"${HUGE}`],
    ['nothing', ''],
    ['line ends', '\r\n'.repeat(100_000)],
    ['deep JSON', '['.repeat(1_000_000)],
    ['hostile cells', `序号,IP地址,端口,矿池,币种,首次发现时间\n${ESCAPE},${ESCAPE},x,y,${TURNED},z\n`],
  ])('leads import: %s', async (_, text) => {
    const fresh = new Case();
    const { code, stdout, stderr } = await fresh.run('leads', 'import', fresh.put('in.csv', text));
    expect([0, 1]).toContain(code);
    expect(isPlain(stdout + stderr)).toBe(true);
    expect((stdout + stderr).length).toBeLessThan(20_000);
    expect(stderr).not.toContain('internal error');
    fresh.cleanUp();
  });
});
