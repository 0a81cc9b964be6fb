import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lead } from '../../src/ledger/types.ts';
import { Case, capture, example, FARM, HOUSEHOLD, isPlain, ONE_LINE, type Row } from './case-town.ts';

let town: Case;
beforeAll(async () => {
  town = new Case();
  await town.found();
}, 60_000);
afterAll(() => town.cleanUp());

describe('reports', () => {
  test('a national list: traffic confirms one row, another waits, a bad one is named; the same again adds nothing', async () => {
    const own = town.fork();
    const words = ['leads', 'import', example('national-list.csv'), '--source', '国家监测平台（虚构）'];
    expect(await own.ok(...words, '--dry-run')).toContain('ip_list, 2 rows, 1 bad: nothing taken in (--dry-run)');
    expect((await own.leads()).length).toBe(4);
    const text = await own.ok(...words);
    expect(text).toContain('row 4: IP地址 "198.51.100.300": no IP address');
    expect(text).toContain('ip_list, 2 rows, 1 bad: 2 new, 2 leads');
    const leads = await own.leads();
    expect(leads.length).toBe(5);
    const met = leads.find(({ addresses }) => addresses.some(({ ip }) => ip === '198.51.100.18')) as Lead;
    expect(met.reports.map(({ source }) => source)).toEqual(['国家监测平台（虚构）']);
    const [waiting] = await own.leads('--status', 'waiting');
    expect(waiting?.missing.map(({ code }) => code)).toContain('to_be_verified');
    const before = await own.ok('leads', 'export', '--no-history');
    const [row] = await own.rows(...words);
    expect(row).toMatchObject({ type: 'leads_import', version: 1, kind: 'ip_list', rows: 2, added: 0 });
    expect(await own.ok('leads', 'export', '--no-history')).toBe(before);
    own.cleanUp();
  });

  test('into a ledger that is not there yet', async () => {
    const own = new Case();
    expect(await own.ok('leads', 'import', example('national-list.csv'))).toContain('2 new, 2 leads');
    own.cleanUp();
  });

  test.each([
    ['a folder', '.', [], 1, /cannot be read: is a folder/],
    ['no such file', 'nowhere.csv', [], 1, /cannot be read: no such file/],
    ['something else', 'other.txt', [], 1, /other\.txt: /],
    ['binary', 'other.bin', [], 1, /neither text nor a workbook/],
    ['an archive', 'other.zip', [], 1, /other\.zip: /],
    ['an unknown encoding', 'other.txt', ['--encoding', 'klingon'], 2, /--encoding: .*klingon/],
    ['another encoding', 'other.txt', ['--encoding', 'utf-16le'], 1, /other\.txt: /],
  ])('%s', async (_, name, words, code, message) => {
    town.put('other.txt', 'nothing,of\nthe,kind\n');
    town.put('other.bin', Buffer.from([0, 1, 2, 3, 0, 255, 254, 0, 0, 9]));
    town.put('other.zip', Buffer.from('PK\u0003\u0004 no archive at all'));
    const outcome = await town.run('leads', 'import', town.at(name), ...words);
    expect(outcome.code).toBe(code);
    const said = outcome.stdout + outcome.stderr;
    expect(said).toMatch(message);
    expect(said.trimEnd().split('\n').length).toBe(1);
    expect(isPlain(said)).toBe(true);
    if (code === 2) expect(outcome.stderr).toMatch(ONE_LINE);
  });
});

describe('answers', () => {
  const head =
    '线索编号,归属状态,开始时间,结束时间,客户类型,统一社会信用代码,单位名称,装机地址,行政区划,业务号,答复单位,答复时间\n';
  const open = async (own: Case): Promise<Lead> => (await own.leads()).find(({ subject }) => subject === null) as Lead;

  test('a carrier in GB18030: the unattributed lead becomes the lead of a subject', async () => {
    const own = town.fork();
    const lead = await open(own);
    const row = `${lead.id},已定位,2026-11-01 00:00:00,2026-11-30 00:00:00,单位,126405020000067T92,示例区人民医院（虚构）,示例区康复路3号门诊楼2层,640502,k7730018,示例省电信公司（虚构）,2026-11-05 10:00:00\nL000000000000000000000000,已定位,,,,,,,,,,\n`;
    const file = own.put('answer.csv', iconv.encode(head + row, 'gb18030'));
    const text = await own.ok('leads', 'import', file);
    expect(text).toContain('row 3: lead "L000000000000000000000000" is not in this ledger');
    expect(text).toContain('2 rows for the registry, 2 detections belong elsewhere now');
    expect(text).toContain('feedback_carrier, 1 rows, 1 bad: 1 new, 1 leads');
    const after = await own.lead(lead.id);
    expect(after.subject).toMatchObject({ name: '示例区人民医院（虚构）', uscc: '126405020000067T92' });
    expect(after.places.map(({ text: place }) => place)).toContain('示例区康复路3号门诊楼2层');
    expect(after.history?.map(({ action }) => action)).toContain('lead.feedback');
    const before = await own.ok('leads', 'export');
    const again = await own.rows('leads', 'import', file);
    expect(again[0]).toMatchObject({ type: 'leads_import', kind: 'feedback_carrier', added: 0 });
    // The same answer in another row of another file is no other answer.
    const moved = own.put('again.csv', `${head}\n\n${row}`);
    expect((await own.rows('leads', 'import', moved))[0]).toMatchObject({ added: 0 });
    expect((await own.ok('leads', 'export', '--no-history')).length).toBeGreaterThan(0);
    expect(JSON.stringify((await own.lead(lead.id)).history)).toBe(
      JSON.stringify((JSON.parse(before.split('\n').find((line) => line.includes(lead.id)) as string) as Lead).history),
    );
    expect(await own.ok('registry', 'list')).toContain('feedback answer.csv');
    expect((await own.run('ledger', 'verify')).code).toBe(0);
    own.cleanUp();
  });

  test('a natural person in an answer stays sealed', async () => {
    const own = town.fork();
    const lead = await open(own);
    const file = own.put(
      'person.csv',
      `${head}${lead.id},已定位,2026-11-01,2026-11-30,个人,,赵某某,示例区滨河路18号6栋2单元302室,640502,k1,孙某某,\n`,
    );
    await own.ok('leads', 'import', file);
    const after = await own.lead(lead.id);
    expect(after.subject).toMatchObject({ person: true, name: null });
    expect(await own.ok('leads', 'export')).not.toMatch(/赵某某|孙某某/);
    expect(await own.ok('leads', 'show', lead.id, '--sealed', '--document', 'D', '--purpose', 'P')).toContain('赵某某');
    // Another name is another answer, although all that is open is the same.
    const other = own.put(
      'other.csv',
      `${head}${lead.id},已定位,2026-11-01,2026-11-30,个人,,周某某,示例区滨河路18号6栋2单元302室,640502,k1,孙某某,\n`,
    );
    expect((await own.rows('leads', 'import', other))[0]).toMatchObject({ added: 1 });
    own.cleanUp();
  });

  describe('one address, several ports behind it', () => {
    const SHARED = '198.51.100.17';
    /** Without a registry both subscribers of the address are one lead. */
    const shared = async (): Promise<{ own: Case; lead: Lead; ports: readonly number[] }> => {
      const own = new Case();
      await own.replay(capture('example-city.pcap'), '--quiet');
      const lead = (await own.leads()).find(({ addresses }) => addresses.some(({ ip }) => ip === SHARED)) as Lead;
      return { own, lead, ports: lead.addresses.flatMap(({ ports }) => ports) };
    };
    const columns = 'lead_id,ip,port,status,unit_name,uscc,install_address,region,operator_ref\n';
    const college = '示例职业学院（虚构）,126405020000045T0C,示例区书院路5号信息楼1层机房,640502';
    const lookup = async (own: Case, socket: string): Promise<string> =>
      own.ok('registry', 'lookup', socket, '--nat', 'outside', '--at', '2026-11-03T23:55:00Z', '--clock-error', '1');

    test('an answer names the customer of its port and of no other', async () => {
      const { own, lead, ports } = await shared();
      expect(ports).toEqual(expect.arrayContaining([5533, 7801]));
      const text = `${columns}${lead.id},${SHARED},7801,attributed,${college},k7730012\n${lead.id},${SHARED},5533,no_log,,,,,\n`;
      const said = await own.ok('leads', 'import', own.put('ports.csv', text));
      expect(said).toContain('2 rows for the registry');
      expect(said).toContain('feedback_carrier, 2 rows, 0 bad: 2 new');
      expect(await lookup(own, `${SHARED}:7801`)).toContain('示例职业学院（虚构）');
      expect(await lookup(own, `${SHARED}:5533`)).toMatch(/^unattributed/);
      const leads = await own.leads();
      const named = leads.filter(({ subject }) => subject !== null);
      expect(named.map(({ subject }) => subject?.uscc)).toEqual(['126405020000045T0C']);
      expect(named.flatMap(({ addresses }) => addresses.flatMap((address) => address.ports))).toEqual([7801]);
      own.cleanUp();
    });

    test('two customers without an account of the carrier stay two', async () => {
      const { own, lead } = await shared();
      const hospital = '示例区人民医院（虚构）,126405020000067T92,示例区康复路3号门诊楼2层,640502';
      const text = `${columns}${lead.id},${SHARED},7801,attributed,${college},\n${lead.id},${SHARED},5533,attributed,${hospital},\n`;
      await own.ok('leads', 'import', own.put('two.csv', text));
      expect(await lookup(own, `${SHARED}:7801`)).toContain('示例职业学院（虚构）');
      expect(await lookup(own, `${SHARED}:5533`)).toContain('示例区人民医院（虚构）');
      expect(await lookup(own, `${SHARED}:5533`)).not.toContain('示例职业学院');
      own.cleanUp();
    });

    test.each([
      ['no port', `${SHARED},`, /198\.51\.100\.17 is shared, and the lead has \d+ ports of it; state ip and port/],
      ['neither', ',', /state ip and port/],
      ['a port of nobody', `${SHARED},9`, /port 9 is none of the lead/],
      ['another address', '198.51.100.99,7801', /198\.51\.100\.99 is no address of the lead/],
    ])('%s: kept, a fault, nobody named', async (_, socket, message) => {
      const { own, lead } = await shared();
      const file = own.put('vague.csv', `${columns}${lead.id},${socket},attributed,${college},k7730012\n`);
      for (const words of [['--dry-run'], []]) {
        const [row] = await own.rows('leads', 'import', file, ...words);
        expect(row).toMatchObject({ rows: 1, added: words.length === 0 ? 1 : 0 });
        expect(row?.['faults']).toMatchObject([{ row: 2, message: expect.stringMatching(message) }]);
      }
      expect(await lookup(own, `${SHARED}:7801`)).toMatch(/^unattributed/);
      expect((await own.leads()).every(({ subject }) => subject === null)).toBe(true);
      expect((await own.lead(lead.id)).history?.map(({ action }) => action)).toContain('lead.feedback');
      own.cleanUp();
    });

    test('the times of the list sent count; an answer for times after the traffic names nobody', async () => {
      const { own, lead } = await shared();
      const head = `timestamp,last_seen,valid_from,${columns}`;
      const line = `${lead.id},${SHARED},7801,attributed,${college},\n`;
      const late = own.put('late.csv', `${head},,2026-11-20 00:00:00,${line}`);
      const [row] = await own.rows('leads', 'import', late);
      expect(row?.['faults']).toMatchObject([{ message: expect.stringMatching(/do not meet the traffic/) }]);
      expect((await own.leads()).every(({ subject }) => subject === null)).toBe(true);
      const asked = own.put('asked.csv', `${head}2026-11-03 23:54:00,2026-11-03 23:56:00,,${line}`);
      await own.ok('leads', 'import', asked);
      expect(await lookup(own, `${SHARED}:7801`)).toContain('示例职业学院（虚构）');
      const later = ['--nat', 'outside', '--at', '2026-11-04T00:05:00Z'];
      expect(await own.ok('registry', 'lookup', `${SHARED}:7801`, ...later)).toMatch(/^unattributed/);
      own.cleanUp();
    });
  });

  test('departments answer: kept, shown, and nothing is decided', async () => {
    const own = town.fork();
    const rows = `线索编号,核查结果,核查时间,文号,备注,电量,矿机台数\n${FARM},属实,2026-11-05,某检〔2026〕1号,机房内116台（虚构）,"9,840",116\n${HOUSEHOLD},不属实,,,,,\n${HOUSEHOLD},,,,,,\n${FARM},也许,,,,,\n`;
    const file = own.put('found.csv', rows);
    const text = await own.ok('leads', 'import', file);
    expect(text).toContain(`row 2: ${FARM}: true`);
    expect(text).toContain('row 4: ');
    expect(text).toContain('is not true, not_true');
    expect(text).toContain('feedback_department, 2 rows');
    const lead = await own.lead(FARM);
    expect(lead.status).toBe('open');
    expect(await own.ok('leads', 'show', FARM)).toContain('机房内116台（虚构）');
    // Words of a person lie beside the chain, not in it.
    expect(JSON.stringify(lead.history)).not.toContain('机房内116台');
    expect((await own.rows('leads', 'import', file))[0]).toMatchObject({ added: 0 });
    own.cleanUp();
  });

  test('by display number, from a workbook', async () => {
    const own = town.fork();
    await own.ok('leads', 'export', FARM, '--for', 'energy', '--purpose', '1283 art. 13');
    const { number } = await own.lead(FARM);
    expect(number).toBe('L-640502-2026-000001');
    const { default: writeXlsx } = await import('write-excel-file/node');
    const cells = [
      ['线索编号', '核查结果'],
      [number, '属实'],
    ].map((line) => line.map((value) => ({ type: String, value: value ?? '' })));
    const path = own.at('found.xlsx');
    const made = await writeXlsx(cells as never);
    own.put('found.xlsx', new Uint8Array(await made.toBuffer()));
    const [row] = (await own.rows('leads', 'import', path)) as [Row];
    expect(row).toMatchObject({ kind: 'feedback_department', added: 1, leads: [FARM] });
    own.cleanUp();
  });

  test('a carrier that found nobody changes nothing', async () => {
    const own = town.fork();
    const lead = await open(own);
    const file = own.put('nobody.csv', `lead_id,status\n${lead.id},no_log\n`);
    expect(await own.ok('leads', 'import', file)).toContain('1 new, 1 leads');
    expect((await own.lead(lead.id)).subject).toBeNull();
    own.cleanUp();
  });
});
