/** Reports of others: invented lists, forms, X-ARF and EVE. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import {
  type InboundReport,
  type InboundResult,
  ledgerReport,
  readReportRows,
  readReports,
} from '../../src/publish/inbound.ts';
import { parseTime } from '../../src/publish/inbound-time.ts';
import { blanked, looksLikePerson, portOf, socketsOf } from '../../src/publish/inbound-value.ts';
import { book } from '../ledger/lead-helpers.ts';

const utc = (text: string): number => Date.parse(text) * 1000;
const only = ({ reports, faults }: InboundResult): InboundReport => {
  expect(faults).toEqual([]);
  expect(reports).toHaveLength(1);
  return reports[0] as InboundReport;
};

const LIST = `挖矿IP清单（虚构）,,,,,,,,,
填报单位：某省平台（虚构）,,,,,,,,,
序号,IP地址,端口,矿池名称,目的端口,币种,首次发现时间,最近发现时间,下发次数,备注
1,192.0.2.10,40001,pool.example,3333,门罗币,2026-11-03 10:14:07,2026-11-09 19:40:55,3,机房
2,198.51.100.7：5533,,203.0.113.200,3333,BTC,2026/11/3,2026年11月9日,,
3,192.0.2.999,,,,,,,,
4,192.0.2.11,99999,,,,,,,
5,192.0.2.12,,,,,昨天,,,
6,192.0.2.13,,,,,2026-11-09,2026-11-03,,
7,192.0.2.0/24,,,,,,,,
8,,,,,,,,,
`;

describe('IP lists', () => {
  const result = readReports('list.csv', LIST);

  test('find their headings below the titles', () => {
    expect(result.kind).toBe('ip_list');
    expect(result.reports).toHaveLength(2);
    expect(result.reports[0]).toMatchObject({
      source: 'ip_list',
      ip: '192.0.2.10',
      port: 40_001,
      pool: 'pool.example:3333',
      coin: '门罗币',
      first: utc('2026-11-03T10:14:07+08:00'),
      last: utc('2026-11-09T19:40:55+08:00'),
      count: 3,
      text: '机房; 序号: 1',
    });
    expect(result.reports[1]).toMatchObject({
      ip: '198.51.100.7',
      port: 5533,
      pool: '203.0.113.200:3333',
      first: utc('2026-11-03T00:00:00+08:00'),
      last: utc('2026-11-10T00:00:00+08:00') - 1,
    });
  });

  test('name every row that cannot be taken', () => {
    expect(result.faults.map(({ row, reason }) => [row, reason])).toEqual([
      [6, 'bad_address'],
      [7, 'bad_port'],
      [8, 'bad_time'],
      [9, 'bad_time'],
      [10, 'bad_address'],
      [11, 'no_address'],
    ]);
    for (const { message } of result.faults) expect(message).not.toMatch(/[\r\n]/);
  });

  test.each(['utf8', 'gb18030', 'utf16le'])('in %s', (encoding) => {
    const bytes = iconv.encode(LIST, encoding, { addBOM: encoding !== 'gb18030' });
    expect(readReports('list.csv', bytes)).toEqual(result);
  });

  test('in English, with tabs', () => {
    const text = 'ip\tport\tpool\tfirst_seen\tlast_seen\n192.0.2.1\t1\tpool.example\t2026-11-03T00:00:00Z\t\n';
    expect(only(readReports('list.tsv', text))).toMatchObject({ ip: '192.0.2.1', first: utc('2026-11-03T00:00:00Z') });
  });

  test('several addresses in a cell are several reports', () => {
    const rows = [
      ['编号', 'IP'],
      ['S-1', '192.0.2.1、192.0.2[.]2:80，2001:DB8::1'],
    ];
    const { reports } = readReportRows(rows);
    expect(reports.map(({ ip, port, reference }) => [ip, port, reference])).toEqual([
      ['192.0.2.1', null, 'S-1 192.0.2.1'],
      ['192.0.2.2', 80, 'S-1 192.0.2.2'],
      ['2001:db8::1', null, 'S-1 2001:db8::1'],
    ]);
  });

  test('a newer list brings the same line up to date, another time is another report', () => {
    const read = (first: string, last: string, count: string): InboundReport =>
      only(
        readReportRows([
          ['IP', '首次发现时间', '最近发现时间', '下发次数'],
          ['192.0.2.1', first, last, count],
        ]),
      );
    const before = read('2026-11-01', '2026-11-02', '1');
    expect(read('2026-11-01', '2026-11-09', '2').reference).toBe(before.reference);
    expect(read('2026-11-03', '2026-11-09', '2').reference).not.toBe(before.reference);
  });

  test('units are subjects, people are sealed', () => {
    const head = ['IP', '单位名称', '统一社会信用代码', '联系人', '联系电话', '说明'];
    const rows = [
      head,
      ['192.0.2.1', '某某科技有限公司（虚构）', '91350100M000100Y43', '王小明', '13800000000', '电话13800000000'],
      ['192.0.2.2', '王小明', '', '', '', ''],
      ['192.0.2.3', '某某店', '110101199003070011', '', '', ''],
    ];
    const { reports } = readReportRows(rows);
    expect(reports[0]).toMatchObject({
      subject: { name: '某某科技有限公司（虚构）', uscc: '91350100M000100Y43' },
      text: '电话***',
      sealed: { 联系人: '王小明', 联系电话: '13800000000', 说明: '电话13800000000' },
    });
    expect(reports[1]).toMatchObject({ subject: null, sealed: { 单位名称: '王小明' } });
    expect(reports[2]).toMatchObject({
      subject: { name: '某某店', uscc: null },
      sealed: { 统一社会信用代码: '110101199003070011' },
    });
    for (const { sealed: _, ...open } of reports) expect(JSON.stringify(open)).not.toMatch(/王小明|1380000|19900307/);
  });
});

describe('hotline', () => {
  const HEAD = ['举报编号', '举报时间', '被举报单位', '地址', '法人', '举报内容', '举报人', '联系电话'];
  const ROW = [
    ...[
      'JB-7',
      '2026-11-20 09:30',
      '某某物流有限公司（虚构）',
      '虚构市朝阳路1号',
      '李四',
      '夜间噪声大，找李四13900000000',
    ],
    ...['张三', '13800000000'],
  ];

  test('a table', () => {
    const report = only(readReportRows([HEAD, ROW]));
    expect(report).toMatchObject({
      kind: 'hotline',
      reference: 'JB-7',
      received: utc('2026-11-20T09:30:00+08:00'),
      ip: null,
      subject: { name: '某某物流有限公司（虚构）', uscc: null },
      place: '虚构市朝阳路1号',
      text: '夜间噪声大，找李四***',
      sealed: { 法人: '李四', 举报人: '张三', 联系电话: '13800000000', 举报内容: '夜间噪声大，找李四13900000000' },
    });
    const { sealed, ...open } = report;
    expect(JSON.stringify(open)).not.toMatch(/张三|1380000|1390000/);
  });

  test('a form with its headings in the first column', () => {
    const form = HEAD.map((heading, index) => [heading, ROW[index] as string]);
    expect(only(readReportRows([['举报登记表（虚构）', ''], ...form]))).toEqual(only(readReportRows([HEAD, ROW])));
  });

  test('a report that says nothing is a fault', () => {
    const { faults } = readReportRows([HEAD, ['JB-8', '2026-11-20', '', '', '', '', '张三', '']]);
    expect(faults).toMatchObject([{ row: 2, reason: 'says_nothing' }]);
  });
});

describe('Shadowserver', () => {
  test('times are UTC, digits of the region count', () => {
    const text =
      'timestamp,ip,port,protocol,asn,geo,region,city,tag,hits\n"2026-11-03 02:14:07","198.51.100.17",5533,tcp,64500,CN,640500,ZHONGWEI,"mining;stratum",214\n';
    const report = only(readReports('report.csv', text));
    expect(report).toMatchObject({
      kind: 'shadowserver',
      ip: '198.51.100.17',
      port: 5533,
      protocol: 'tcp',
      first: utc('2026-11-03T02:14:07Z'),
      region: '640500',
      count: 214,
      text: 'tag: mining;stratum; asn: 64500; geo: CN',
      place: 'ZHONGWEI',
    });
  });

  test('answers to our own leads are not reports', () => {
    const { kind, faults } = readReports('f.csv', 'lead_id,status,uscc,unit_name\nL-1,attributed,,\n');
    expect(kind).toBeNull();
    expect(faults[0]).toMatchObject({ reason: 'feedback' });
  });
});

const XARF4 = {
  xarf_version: '4.2.0',
  report_id: '7d9e6f6a-0a5f-4a5b-9c1c-000000000001',
  timestamp: '2026-11-03T02:14:07Z',
  reporter: { org: 'Example abuse desk', contact: 'desk@abuse.example', domain: 'abuse.example' },
  source_identifier: '198.51.100.17',
  source_port: 5533,
  category: 'connection',
  type: 'infected-host',
  protocol: 'tcp',
  destination_ip: '203.0.113.200',
  destination_port: 3333,
  tags: ['malware:coinminer'],
  evidence: [{ content_type: 'text/plain', payload: 'AAAA' }],
};
const XARF3 = {
  Version: '3',
  ReporterInfo: {
    ReporterOrg: 'Example CERT',
    ReporterContactName: 'Max Beispiel',
    ReporterOrgEmail: 'cert@cert.example',
  },
  Disclosure: true,
  Report: {
    ReportClass: 'Activity',
    ReportType: 'InfectedHost',
    Date: 'Tue, 03 Nov 2026 02:14:07 +0000',
    Source: { IP: '198.51.100.18', Type: 'ipv4' },
    SourcePort: '5534',
  },
};

describe('X-ARF', () => {
  test('version 4', () => {
    expect(only(readReports('x.json', JSON.stringify(XARF4)))).toMatchObject({
      kind: 'xarf',
      source: 'Example abuse desk',
      reference: XARF4.report_id,
      ip: '198.51.100.17',
      port: 5533,
      first: utc('2026-11-03T02:14:07Z'),
      pool: '203.0.113.200:3333',
      text: 'connection/infected-host; tags: malware:coinminer; evidence: 1',
      sealed: { reporter_contact: 'desk@abuse.example' },
    });
  });

  test('version 3, its reporter sealed', () => {
    const report = only(readReports('x.json', JSON.stringify(XARF3)));
    expect(report).toMatchObject({
      source: 'Example CERT',
      ip: '198.51.100.18',
      port: 5534,
      received: utc('2026-11-03T02:14:07Z'),
    });
    expect(report.reference).toMatch(/^h-[0-9a-f]{24}$/);
    expect(report.sealed).toMatchObject({ reporter_name: 'Max Beispiel' });
  });

  test('several in a list or one a line, bad ones named', () => {
    const many = [
      XARF4,
      { ...XARF4, source_identifier: 'www.example' },
      { ...XARF4, timestamp: 'x' },
      { ...XARF4, xarf_version: '9' },
      5,
      {},
    ];
    const result = readReports('x.json', JSON.stringify(many));
    expect(result.reports).toHaveLength(1);
    expect(result.faults.map(({ row, reason }) => [row, reason])).toEqual([
      ...[
        [2, 'bad_report'],
        [3, 'bad_report'],
        [4, 'bad_report'],
        [5, 'no_object'],
        [6, 'unknown_record'],
      ],
    ]);
    const lines = [JSON.stringify(XARF4), '{"cut', JSON.stringify(XARF3)].join('\r\n');
    expect(readReports('x.jsonl', lines)).toMatchObject({
      reports: [{}, {}],
      faults: [{ row: 2, reason: 'bad_json' }],
    });
  });

  test('inside a mail is refused with what to do', () => {
    const mail = 'From: desk@abuse.example\nMIME-Version: 1.0\nContent-Type: multipart/report\n\n--b\n';
    expect(readReports('m.eml', mail).faults).toMatchObject([
      { reason: 'mail', message: expect.stringContaining('save the JSON part') },
    ]);
  });
});

describe('EVE', () => {
  const alert = (more: object = {}, signature = 'ET COINMINER Example check-in'): string =>
    JSON.stringify({
      timestamp: '2026-11-03T10:14:07.123456+0800',
      event_type: 'alert',
      src_ip: '192.0.2.10',
      src_port: 40_001,
      dest_ip: '198.51.100.7',
      dest_port: 3333,
      proto: 'TCP',
      alert: { signature_id: 1, signature, category: 'Misc' },
      ...more,
    });

  test('alerts of one conversation and day are one report', () => {
    const text = [
      alert(),
      alert({ timestamp: '2026-11-03T11:00:00.000000+0800' }),
      alert({ timestamp: '2026-11-05T11:00:00.000000+0800' }),
    ].join('\n');
    const { reports } = readReports('eve.json', text);
    expect(reports).toHaveLength(2);
    expect(reports[0]).toMatchObject({
      ip: '192.0.2.10',
      port: 40_001,
      pool: '198.51.100.7:3333',
      count: 2,
      first: utc('2026-11-03T02:14:07.123Z') + 456,
      last: utc('2026-11-03T03:00:00Z'),
    });
  });

  test('what does not speak of mining is left out and counted', () => {
    const text = [alert({}, 'ET SCAN Example'), '{"event_type":"dns","timestamp":"x"}', alert()].join('\n');
    expect(readReports('eve.json', text)).toMatchObject({ kind: 'eve', reports: [{}], skipped: 2, faults: [] });
  });

  const turned = { src_ip: '198.51.100.7', src_port: 3333, dest_ip: '192.0.2.10', dest_port: 40_001 };
  const same = { src_port: 3333, dest_port: 3334 };
  test.each([
    ['the opener of the flow', { ...turned, ...same, flow: { src_ip: '192.0.2.10' } }],
    ['the direction', { ...turned, ...same, direction: 'to_client' }],
    ['the ports', turned],
    ['alert.source', { ...turned, ...same, alert: { signature: 'coinminer', source: { ip: '192.0.2.10' } } }],
  ])('the miner of an answer is told by %s', (_, more) => {
    expect(only(readReports('eve.json', alert(more)))).toMatchObject({ ip: '192.0.2.10' });
  });
});

describe('any input', () => {
  test.each([
    ['nothing', '', 'empty'],
    ['blanks', ' \n\t', 'empty'],
    ['a table of other things', 'a,b,c\n1,2,3\n', 'no_headings'],
    ['a spreadsheet', Buffer.from('PK\u0003\u0004xxxx', 'latin1'), 'spreadsheet'],
    ['too much', new Uint8Array(64 * 1024 * 1024 + 1), 'too_large'],
  ])('%s', (_, input, reason) => {
    expect(readReports('x', input).faults).toMatchObject([{ reason }]);
  });

  test('an open quote or an endless cell costs its own row', () => {
    const open = `IP,说明\n192.0.2.1,"open\n192.0.2.2,fine\n${'192.0.2.3,x\n'.repeat(100)}`;
    const result = readReports('q.csv', open);
    expect(result.reports.length).toBeGreaterThanOrEqual(101);
    expect(result.faults).toMatchObject([{ row: 2, reason: 'bad_record' }]);
    const long = readReports('l.csv', `IP,说明\n192.0.2.1,"${'x'.repeat(10 << 20)}"\n192.0.2.2,fine\n`);
    expect(long.reports.map(({ ip }) => ip)).toEqual(['192.0.2.2']);
    expect(long.faults).toMatchObject([{ row: 2 }]);
  });

  test('what is endless is given up', () => {
    const lines = readReports('e.json', '{\n'.repeat(30_000));
    expect(lines.faults.length).toBeLessThanOrEqual(1001);
    const rows = readReports('r.csv', `IP\n${'192.0.2.1\n'.repeat(600_001)}`);
    expect(rows.reports.length).toBe(500_000);
    expect(rows.faults.map(({ reason }) => reason)).toEqual(['too_many', 'bad_record']);
    const wide = readReports('w.csv', `IP\n192.0.2.1${','.repeat(1000)}\n192.0.2.2\n`);
    expect(wide.reports).toHaveLength(1);
    expect(wide.faults).toMatchObject([{ row: 2, reason: 'too_many_columns' }]);
  });

  test('deep JSON and odd names harm nothing', () => {
    expect(readReports('d.json', '['.repeat(200_000)).reports).toEqual([]);
    const odd = readReportRows([
      ['IP', 'constructor', '__proto__电话'],
      ['192.0.2.1', 'x', '1'],
    ]);
    expect(only(odd).text).toBe('constructor: x');
    expect(({} as { x?: string }).x).toBeUndefined();
  });

  test('many faults are counted, not listed', () => {
    const { faults } = readReports('f.csv', `IP\n${'x\n'.repeat(5000)}`);
    expect(faults).toHaveLength(1001);
    expect(faults.at(-1)?.message).toContain('4000 more');
  });

  test('random bytes and mutilated files', () => {
    const seeds = [LIST, JSON.stringify(XARF4), JSON.stringify(XARF3)];
    const total = (input: Uint8Array | string): void => {
      for (const report of readReports('f', input).reports) {
        expect(report.reference).not.toBe('');
        expect(JSON.stringify(report).isWellFormed()).toBe(true);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), total), { numRuns: 300, seed: 7 });
    const cut = fc.tuple(fc.constantFrom(...seeds), fc.nat(800), fc.string({ unit: 'binary', maxLength: 20 }));
    fc.assert(
      fc.property(cut, ([seed, at, insert]) => total(seed.slice(0, at) + insert + seed.slice(at))),
      { numRuns: 500, seed: 7 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.oneof(fc.constantFrom('IP', '举报时间', '内容', '192.0.2.1'), fc.string()))),
        (rows) => {
          readReportRows(rows);
        },
      ),
      { numRuns: 300, seed: 7 },
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(...Object.keys(XARF4), 'Report', 'ReporterInfo', 'event_type', 'alert'),
          fc.jsonValue(),
        ),
        (value) => total(JSON.stringify(value)),
      ),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('values', () => {
  test.each([
    ['2026-11-20', 480, 'first', '2026-11-20T00:00:00+08:00'],
    ['2026/11/20 8:15', 480, 'first', '2026-11-20T08:15:00+08:00'],
    ['20261120081502', 480, 'first', '2026-11-20T08:15:02+08:00'],
    ['2026年11月20日 8时15分', 480, 'first', '2026-11-20T08:15:00+08:00'],
    ['2026-11-20T08:15:02Z', 480, 'first', '2026-11-20T08:15:02Z'],
    ['2026-11-20T08:15:02.5+0530', 480, 'first', '2026-11-20T08:15:02.500+05:30'],
    ['46346', 480, 'first', '2026-11-20T00:00:00+08:00'],
    ['46346.5', 480, 'last', '2026-11-20T12:00:00+08:00'],
    ['2026-11-20 24:00:00', 0, 'first', '2026-11-21T00:00:00Z'],
  ] as const)('time %s', (text, offset, edge, expected) => {
    expect(parseTime(text, offset, edge)).toBe(utc(expected));
  });
  test.each(['2026-02-30', '2026-13-01', '2026-11-20 25:00', '1.2.3', '2026-11-20T08:15:02+9900', 'x'.repeat(99)])(
    'no time %s',
    (text) => {
      expect(parseTime(text, 0, 'first')).toBeNull();
    },
  );

  test('addresses and ports', () => {
    expect(socketsOf('[2001:db8::1]:80')).toEqual([{ ip: '2001:db8::1', port: 80 }]);
    expect(socketsOf('192.0.2.1-9')).toHaveProperty('fault');
    expect(socketsOf('192.0.2.1:70000')).toHaveProperty('fault');
    expect([portOf(''), portOf('80.0'), portOf('８０'), portOf('x'), portOf('65536')]).toEqual([
      null,
      80,
      80,
      undefined,
      undefined,
    ]);
  });

  test('people', () => {
    expect(blanked('身份证110101199003070011 手机+86 138-0000-0000 座机010-00000000 a@b.example')).toBe(
      '身份证*** 手机*** 座机*** ***',
    );
    expect(['张三', '欧阳小明', '王先生', '某某店', '中国移动', 'Acme'].map(looksLikePerson)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('into the ledger', () => {
  test('a report becomes a lead once', () => {
    const { reports } = readReports('list.csv', LIST, { source: '某省平台（虚构）' });
    const report = ledgerReport(reports[0] as InboundReport);
    expect(report).toMatchObject({
      source: '某省平台（虚构）',
      ip: '192.0.2.10',
      port: 40_001,
      pool: 'pool.example:3333',
      coin: '门罗币',
    });
    const { cases, storage } = book();
    const take = (): { lead: string; added: boolean } => cases.recordReport(report, { time: 1e15, actor: 'tester' });
    const { lead, added } = take();
    expect(added).toBe(true);
    expect(take()).toEqual({ lead, added: false });
    expect(storage.lead(lead)).toMatchObject({ status: 'waiting', reports: [{ source: '某省平台（虚构）' }] });
  });

  test.each([
    [
      'hotline',
      readReportRows([
        ['举报时间', '地址', '内容'],
        ['2026-11-20', '虚构路1号', '噪声'],
      ]),
    ],
    ['xarf', readReports('x', JSON.stringify([XARF4, XARF3]))],
  ])('%s is taken too', (_, { reports }) => {
    const { cases } = book();
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports)
      expect(cases.recordReport(ledgerReport(report), { time: 1e15, actor: 't' }).added).toBe(true);
  });
});

test('the examples of docs/exchange.md are read as it says', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'exchange.md'), 'utf8');
  const examples = [...page.matchAll(/```(?:csv|json)\n(.*?)```/gs)].map(([, text]) =>
    readReports('example', text as string),
  );
  expect(examples.map(({ kind, reports, faults }) => [kind, reports.length, faults.length])).toEqual([
    ['ip_list', 3, 0],
    ['hotline', 1, 0],
    ['shadowserver', 1, 0],
    ['xarf', 1, 0],
  ]);
  const open = examples.flatMap(({ reports }) => reports).map(({ sealed: _, ...rest }) => rest);
  expect(JSON.stringify(open)).not.toMatch(/张三|李四|13800000000|desk@/);
});
