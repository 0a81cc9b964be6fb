/** Every layout on its invented sample, in every encoding, as CSV and as workbook. */
import { describe, expect, test } from 'vitest';
import { LAYOUTS } from '../../../src/attribution/import/registry-import.ts';
import type { AddressRow, SiteRow } from '../../../src/attribution/types.ts';
import {
  aRow,
  CITIZEN,
  CODE,
  csv,
  ENCODED,
  FIRM,
  imported,
  pieces,
  TABLES,
  type TableRow,
  XML,
  xlsx,
} from './samples.ts';

const table = (id: string): readonly TableRow[] => TABLES[id] as readonly TableRow[];
const DAY = 86_400e6;
/** Local midnight, UTC+8. */
const local = (date: string): number => Date.parse(`${date}T00:00:00+08:00`) * 1000;

async function addresses(id: string): Promise<AddressRow[]> {
  const { rows } = await imported(csv(table(id)));
  return rows.map(({ value }) => value).filter((value) => value.family === 'address');
}
async function sites(id: string): Promise<SiteRow[]> {
  const { rows } = await imported(csv(table(id)));
  return rows.map(({ value }) => value).filter((value) => value.family === 'site');
}

describe('recognised', () => {
  for (const id of Object.keys(TABLES)) {
    test(`${id}: in every encoding, separator and container, with the same rows`, async () => {
      const plain = await imported(csv(table(id)));
      expect(plain.shapes).toHaveLength(1);
      expect(plain.shapes[0]).toMatchObject({ layout: id, encoding: 'utf-8' });
      expect(plain.faults).toEqual([]);
      expect(plain.rows.length).toBeGreaterThan(0);
      for (const [encoding, encode] of Object.entries(ENCODED)) {
        const other = await imported(encode(csv(table(id))));
        // Without any Chinese there is nothing to tell GB18030 by.
        if (encoding !== 'gb18030' || /[^\x00-\x7f]/.test(csv(table(id))))
          expect(other.shapes[0]?.encoding).toBe(encoding);
        expect(other.rows).toEqual(plain.rows);
      }
      for (const separator of ['\t', ';']) {
        expect((await imported(csv(table(id), separator, '\n'))).rows).toEqual(plain.rows);
      }
      expect((await imported(csv(table(id), ',', '\r'))).rows).toEqual(plain.rows);
      const book = await imported(xlsx({ 填表说明: [['本表为虚构示例']], 数据: table(id) }));
      expect(book.shapes).toMatchObject([{ layout: id, encoding: 'xlsx' }]);
      expect(book.rows).toEqual(plain.rows);
      expect(book.notes.join()).toContain('填表说明');
    });

    test(`${id}: columns in any order, an unknown one kept or sealed`, async () => {
      if (id === 'geofeed') return;
      const head = table(id).findIndex((row) => row.length > 2);
      const turned = table(id).map((row, i) =>
        i < head ? row : [...row, i === head ? '其他说明' : '甲', i === head ? '某经办人姓名' : '赵某'].reverse(),
      );
      const plain = await imported(csv(table(id)));
      const { rows, shapes } = await imported(csv(turned));
      expect(shapes[0]?.layout).toBe(id);
      expect(rows).toHaveLength(plain.rows.length);
      for (const { value } of rows) {
        expect(value.extra['其他说明']).toBe('甲');
        expect(value.sealed).toMatchObject({ 某经办人姓名: '赵某' });
        expect(JSON.stringify({ ...value, sealed: null })).not.toContain('赵某');
      }
    });
  }

  test('every layout of this kind has its sample', () => {
    const own = ['colocation', 'customer', 'filing-a', 'filing-b', 'filing-c', 'geofeed', 'house', 'isms', 'machine'];
    const all = [...own, 'meter-reading', 'power-account', 'rack-power', 'resource'];
    expect(LAYOUTS.map(({ id }) => id)).toEqual(expect.arrayContaining(all));
    expect([...Object.keys(TABLES), 'filing-c'].sort()).toEqual(all);
    expect(new Set(LAYOUTS.map(({ id }) => id)).size).toBe(LAYOUTS.length);
  });

  test('no personal data outside the sealed fields', async () => {
    for (const id of Object.keys(TABLES)) {
      const { rows } = await imported(csv(table(id)));
      for (const { value } of rows) {
        expect(JSON.stringify({ ...value, sealed: null })).not.toMatch(/13800000000|noc@example|张某|李某|张三|王某某/);
        expect(JSON.stringify({ ...value, sealed: null })).not.toContain(CITIZEN);
      }
    }
  });
});

describe('filing', () => {
  test('A: neighbouring addresses with equal attributes become one range; all else stays apart', async () => {
    const { rows } = await imported(csv(table('filing-a')));
    const values = rows.map(({ row, value }) => [row, (value as AddressRow).first, (value as AddressRow).last]);
    expect(values).toEqual([
      [3, '203.0.113.1', '203.0.113.4'],
      [7, '203.0.113.5', '203.0.113.5'],
      [8, '198.51.100.0', '198.51.100.255'],
    ]);
    expect(rows[0]?.value.extra).toMatchObject({ merged_rows: '4', region: '示例省 示例市 示例区' });
    expect(rows[0]?.value.extra['id']).toBeUndefined();
    expect(rows[0]?.value).toMatchObject({
      kind: 'filing',
      use: 'static',
      valid: { from: local('2025-03-11'), to: null },
      checked: Date.parse('2025-04-12T09:30:00+08:00') * 1000,
      party: { name: FIRM, code: null, person: false, nature: '企业', industry: '制造业' },
      places: [
        { kind: 'filing', region: null, text: '示例区云谷路1号2号楼', detail: null },
        { kind: 'gateway', text: '某某云谷2号楼3层机房' },
      ],
      sealed: { contact_name: '张某', contact_phone: '13800000000', contact_mail: 'noc@example.cn', operator: '李某' },
    });
  });

  test('A: a gap or another end of an octet', async () => {
    const [title, head] = table('filing-a');
    const ends = ['203.0.112.255', '203.0.113.0', '203.0.113.2'];
    const input = [title ?? [], head ?? [], ...ends.map((ip, i) => aRow(i, ip, ip))];
    const { rows } = await imported(csv(input));
    expect(rows.map(({ value }) => (value as AddressRow).last)).toEqual(['203.0.113.0', '203.0.113.2']);
  });

  test('B: codes kept as given, county code, IPv6, natural person sealed', async () => {
    const [firm, person] = await addresses('filing-b');
    expect(firm).toMatchObject({
      first: '203.0.113.32',
      last: '203.0.113.47',
      party: { name: FIRM, nature: '4', category: '5', industry: '7' },
      places: [{ kind: 'filing', region: '640502' }, { kind: 'gateway' }],
      extra: { source_unit: '某省电信公司', gateway_ip: '203.0.113.33', allocated: '2025-03-11' },
    });
    expect(person).toMatchObject({
      first: '2001:db8:40::',
      last: '2001:db8:40::ffff',
      use: 'dynamic',
      party: { name: null, code: null, person: true, nature: '5' },
      sealed: { name: '张三丰' },
    });
  });

  test('C: XML with CDATA, entities of XML itself, nothing of the document type', async () => {
    const { rows, faults, shapes } = await imported(XML);
    expect(shapes).toEqual([{ layout: 'filing-c', encoding: 'utf-8', because: 'element Inetnum' }]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      row: 1,
      value: {
        first: '203.0.113.64',
        last: '203.0.113.71',
        service: '7',
        party: { name: FIRM, code: CODE, category: '11' },
        places: [
          { kind: 'filing', region: '640502', text: '示例区云谷路1号 & 2号楼' },
          { kind: 'gateway', text: '某某机房' },
        ],
        extra: { devicename: 'BNG-01', netname: 'EXAMPLE', defects: '2022', status: '1' },
        sealed: { contact_name: '张某', admin_c: 'ZS1-AP' },
      },
    });
    expect(faults).toMatchObject([{ row: 2, reason: 'start_after_end', code: '2002' }]);
    for (const size of [1, 7, 100]) {
      expect((await imported(pieces(Buffer.from(XML), size))).rows).toEqual(rows);
    }
  });
});

describe('data centres', () => {
  test('ISMS: id number and rack; code 9 is a person here', async () => {
    const [firm, person] = await addresses('isms');
    expect(firm).toMatchObject({
      kind: 'isms',
      service: '7',
      party: { name: FIRM, code: CODE, person: false, nature: '4', licence: null },
      places: [
        { kind: 'registered', text: '示例区云谷路1号' },
        { kind: 'site', region: '640502', text: '某某云谷机房', detail: 'A区 A-01' },
      ],
      extra: { host_licence: 'B1-20210000' },
      sealed: { contact_id_number: CITIZEN, contact_mobile: '13800000000' },
    });
    expect(person).toMatchObject({
      party: { person: true, name: null },
      sealed: { name: '王某某', id_number: 'H00000000' },
    });
  });

  test('house segments', async () => {
    expect(await addresses('house')).toMatchObject([
      {
        kind: 'house',
        first: '198.51.100.32',
        use: 'static',
        party: { code: CODE },
        extra: { allocation_unit: '某某云谷数据中心' },
      },
    ]);
  });

  test('resource dump: CIDR, product instance, credit code', async () => {
    expect(await addresses('resource')).toMatchObject([
      {
        kind: 'resource',
        first: '198.51.100.64',
        last: '198.51.100.71',
        account: 'PI-0001',
        party: { code: CODE },
        // A change is no check.
        checked: null,
        extra: { changed: '2025-05-06 10:00:00' },
        sealed: { manager: '李某', contact_name: '张某' },
      },
    ]);
  });

  test('colocation: the customer and each of its ranges', async () => {
    const { rows } = await imported(csv(table('colocation')));
    expect(
      rows.map(({ value }) => [value.kind, 'first' in value ? `${value.first}-${value.last}` : value.key]),
    ).toEqual([
      ['customer', 'C001'],
      ['colocation', '198.51.100.72-198.51.100.75'],
      ['colocation', '198.51.100.80-198.51.100.80'],
    ]);
    expect(rows[1]?.value).toMatchObject({
      account: 'C001',
      valid: { from: 0, to: local('2027-01-01') + DAY },
      places: [{ kind: 'site', text: '某某云谷机房', detail: 'B-01' }],
    });
  });

  test('rack power: each sample holds until the next, whatever their order', async () => {
    const rows = await sites('rack-power');
    const at = (time: string): number => Date.parse(`2026-10-01T${time}+08:00`) * 1000;
    expect(rows.map(({ key, valid, machine }) => [key, valid.from, valid.to, machine?.watts])).toEqual([
      ['B-01/1', at('00:00'), at('00:15'), 7250],
      ['B-01/1', at('00:15'), null, 7500],
    ]);
    const [head, ...samples] = table('rack-power');
    const { rows: turned } = await imported(csv([head as TableRow, ...samples.reverse()]));
    expect(turned.map(({ value }) => value.valid).sort((a, b) => a.from - b.from)).toEqual(
      rows.map(({ valid }) => valid),
    );
  });
});

describe('customers and power', () => {
  test('customers: the last day is included', async () => {
    const [firm, person] = await sites('customer');
    expect(firm).toMatchObject({ key: 'k7730011', account: 'k7730011', party: { name: FIRM, code: CODE } });
    expect(firm?.places).toEqual([
      { kind: 'install', region: '640502', text: '示例区云谷路1号2号楼3层', detail: null },
    ]);
    expect(person).toMatchObject({
      valid: { from: local('2025-03-11'), to: local('2026-03-11') },
      party: { person: true, name: null, code: null },
      sealed: { name: '张某', id_number: CITIZEN, contact_phone: '13800000000' },
    });
  });

  test('power accounts: leading zeros, tariffs, a household is a person', async () => {
    const [factory, household, shop] = await sites('power-account');
    expect(factory).toMatchObject({
      key: '0012345678',
      meter: { kwh: null, capacityKva: 6300, tariff: 'industrial', supply: 'dedicated' },
      party: { name: FIRM, person: false },
      places: [{ kind: 'power', text: '示例区云谷路1号' }],
    });
    expect(household).toMatchObject({
      meter: { tariff: 'residential', supply: 'public' },
      party: { person: true },
      sealed: { name: '张三' },
    });
    expect(shop).toMatchObject({ meter: { tariff: 'commercial' }, party: { name: '示例超市', person: false } });
  });

  test('meter readings: the unit of the heading, spans and months', async () => {
    expect(await sites('meter-reading')).toMatchObject([
      { key: '0012345678', valid: { from: local('2026-09-01'), to: local('2026-10-01') }, meter: { kwh: 4_325_000 } },
    ]);
    const months = await imported(
      csv([
        ['户号', '电费年月', '电量kWh'],
        ['1', '202612', '1,234.5'],
      ]),
    );
    expect(months.rows[0]?.value).toMatchObject({
      valid: { from: local('2026-12-01'), to: local('2027-01-01') },
      meter: { kwh: 1234.5 },
    });
  });

  test('machines: watts and kilowatts', async () => {
    expect(await sites('machine')).toMatchObject([{ machine: { model: 'Example Miner X1', count: 120, watts: 3250 } }]);
    const input = [
      ['型号', '数量(台)', '功率(kW)'],
      ['X1', '2', '3.25'],
      ['X2', '2', '3400W'],
      ['X3', '1', ''],
    ];
    const { rows } = await imported(csv(input));
    expect(rows.map(({ value }) => (value as SiteRow).machine?.watts)).toEqual([3250, 3400, null]);
  });

  test('geofeed: city at most', async () => {
    expect(await addresses('geofeed')).toMatchObject([
      {
        kind: 'geofeed',
        first: '203.0.113.0',
        last: '203.0.113.255',
        party: null,
        places: [{ text: 'CN-NX Zhongwei' }],
      },
      { first: '2001:db8::', last: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff' },
    ]);
  });
});
