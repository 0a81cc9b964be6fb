import { describe, expect, it } from 'vitest';
import { broadbandLayout, mobileLayout } from '../../../src/attribution/import/session.ts';
import {
  addressRange,
  canonicalAddress,
  isPrivateAddress,
  portRange,
} from '../../../src/attribution/import/session-fields.ts';
import { timeOf, zoneMinutes } from '../../../src/attribution/import/session-time.ts';
import { at, briefs, importBytes, NOW, runTable } from './session-harness.ts';

const HEADER = 'SUBSCRIBERID,BEGINTIME,ENDTIME,IPV4ADDRESS,IPV6ADDRESS,NAT_BEGIN_PORT,NAT_END_PORT,CITY_ID';

describe('home-broadband export', () => {
  it('gives the block and the prefix of the sheet in UTC', () => {
    const row = 'k7730011,20261103081502,20261109235959,198.51.100.17,2001:db8:40:7::/64,5120,6143,6405';
    const result = runTable(broadbandLayout, `${HEADER}\n${row}`);
    expect(briefs(result)).toEqual([
      'nat_block 198.51.100.17:5120-6143 2026-11-03T00:15:02Z 2026-11-09T15:59:59Z k7730011',
      'session 2001:db8:40:7::-2001:db8:40:7:ffff:ffff:ffff:ffff 2026-11-03T00:15:02Z 2026-11-09T15:59:59Z k7730011',
    ]);
    expect(result.rows[0]?.extra).toEqual({ city: '6405', begin: '20261103081502', end: '20261109235959' });
    expect(result.faults).toEqual([]);
  });

  it.each([
    [
      'no port block is a plain session',
      'a1,20261103081502,,198.51.100.17,,,,',
      ['session 198.51.100.17 2026-11-03T00:15:02Z open a1'],
    ],
    [
      'a private address has the city as realm',
      'a1,20261103081502,,100.64.0.9,,,,6405',
      ['session 100.64.0.9@6405 2026-11-03T00:15:02Z open a1'],
    ],
    [
      'several prefixes',
      'a1,20261103081502,20261103081502,,2001:db8::1;2001:db8:1::/56,,,',
      [
        'session 2001:db8:1::-2001:db8:1:ff:ffff:ffff:ffff:ffff 2026-11-03T00:15:02Z 2026-11-03T00:15:03Z a1',
        'session 2001:db8::1 2026-11-03T00:15:02Z 2026-11-03T00:15:03Z a1',
      ],
    ],
  ])('%s', (_name, row, expected) => {
    expect(briefs(runTable(broadbandLayout, `${HEADER}\n${row}`))).toEqual(expected);
  });

  it.each([
    ['bad_time', 'a1,20261303081502,,198.51.100.17,,,,'],
    ['bad_time', 'a1,20261103081502,soon,198.51.100.17,,,,'],
    ['end_before_start', 'a1,20261103081502,20261103081501,198.51.100.17,,,,'],
    ['bad_address', 'a1,20261103081502,,198.51.100.300,,,,'],
    ['bad_address', 'a1,20261103081502,,,2001:db8::/129,,,'],
    ['bad_ports', 'a1,20261103081502,,198.51.100.17,,6143,5120,'],
    ['bad_ports', 'a1,20261103081502,,198.51.100.17,,5120,70000,'],
    ['no_address', 'a1,20261103081502,,,,,,'],
  ])('reports %s and goes on', (reason, row) => {
    const good = 'a2,20261103081502,,198.51.100.18,,,,';
    const result = runTable(broadbandLayout, `${HEADER}\n${row}\n${good}`);
    expect(result.faults.map((f) => [f.row, f.reason])).toEqual([[2, reason]]);
    expect(result.rows).toHaveLength(1);
    expect(result.faults[0]?.message).not.toContain('\n');
  });

  it('is recognised with its columns in any order', async () => {
    const text =
      'NAT_END_PORT,NAT_BEGIN_PORT,IPV4ADDRESS,ENDTIME,BEGINTIME,SUBSCRIBERID\n6143,5120,198.51.100.17,,20261103081502,a1\n';
    const result = await importBytes(Buffer.from(text));
    expect(result.shapes[0]?.layout).toBe('session-broadband');
    expect(briefs(result)).toEqual(['nat_block 198.51.100.17:5120-6143 2026-11-03T00:15:02Z open a1']);
  });
});

const MOBILE =
  '用户永久标识,私网IP,私网端口,源端口,源公网IP,目的IP,目的端口,协议,URL,登录小区号,基站标识,网络类型(3=5G 2=4G 1=3G),开始时间,结束时间,NAT设备标识,DNN,手机号';

describe('mobile core record', () => {
  const row =
    '460000000000001,10.9.8.7,40000,5533,203.0.113.9,192.0.2.4,3333,6,example.test/x,CELL-1,BS-7,3,20261103081502,20261103091502,NAT-3,cmnet,13800000000';

  it('keeps the tuple and the cell, seals the person, drops the destination', () => {
    const result = runTable(mobileLayout, `${MOBILE}\n${row}`);
    expect(briefs(result)).toEqual([
      'nat_session 203.0.113.9:5533-5533/tcp 2026-11-03T00:15:02Z 2026-11-03T01:15:02Z 10.9.8.7@NAT-3',
    ]);
    const [out] = result.rows;
    expect(out?.extra).toMatchObject({ cell: 'CELL-1', base_station: 'BS-7', network: '5G', nat_device: 'NAT-3' });
    expect(out?.sealed).toEqual({ subscriber: '460000000000001', phone: '13800000000' });
    const open = JSON.stringify({ ...out, sealed: null });
    for (const secret of ['46000', '13800000000', 'example.test', '192.0.2.4']) expect(open).not.toContain(secret);
  });

  it('gives accounts that only a key can make', () => {
    const account = (key: string): string | null =>
      runTable(mobileLayout, `${MOBILE}\n${row}`, { 'pseudonym-key': key }).rows[0]?.account ?? null;
    expect(account('')).toBeNull();
    expect(account('one')).toMatch(/^sub-[0-9a-f]{24}$/);
    expect(account('one')).toBe(account('one'));
    expect(account('one')).not.toBe(account('two'));
  });

  it('refuses a translated address without its port', () => {
    const without = row.replace(',5533,', ',,');
    expect(runTable(mobileLayout, `${MOBILE}\n${without}`).faults[0]?.reason).toBe('need_source_port');
  });

  it('is recognised by its Chinese headings in GB18030', async () => {
    const iconv = await import('iconv-lite');
    const bytes = iconv.default.encode(`${MOBILE}\n${row}\n`, 'gb18030');
    const result = await importBytes(bytes, { settings: { 'realm-map': 'NAT-3=BNG-A' } });
    expect(result.shapes[0]?.layout).toBe('session-mobile');
    expect(result.rows[0]?.inside).toEqual({ address: '10.9.8.7', realm: 'BNG-A' });
  });
});

describe('cells', () => {
  it.each([
    ['20261103081502', '2026-11-03T00:15:02Z'],
    ['20261103', '2026-11-02T16:00:00Z'],
    ['1793664902', '2026-11-03T00:15:02Z'],
    ['1793664902000', '2026-11-03T00:15:02Z'],
    ['1793664902000000000', '2026-11-03T00:15:02Z'],
    ['2026-11-03 08:15:02', '2026-11-03T00:15:02Z'],
    ['2026/11/3 8:15', '2026-11-03T00:15:00Z'],
    ['2026-11-03T00:15:02.5Z', '2026-11-03T00:15:02.500Z'],
    ['2026-11-03T08:15:02+08:00', '2026-11-03T00:15:02Z'],
    ['Nov  3 08:15:02', '2026-11-03T00:15:02Z'],
    ['Dec 31 23:59:59', '2025-12-31T15:59:59Z'],
    ['Nov  3 2026 08:15:02 CST', '2026-11-03T00:15:02Z'],
    ['Tue Nov  3 08:15:02 2026', '2026-11-03T00:15:02Z'],
    ['2026 Nov 3 08:15:02', '2026-11-03T00:15:02Z'],
    ['Nov 3 08:15:02:72 2026', '2026-11-03T00:15:02.720Z'],
  ])('reads the time %s', (text, iso) => {
    expect(timeOf(text, 480, NOW)).toBe(at(iso));
  });

  it.each([
    '',
    '2026-02-30 00:00:00',
    '20260230000000',
    'Nov 31 08:15:02',
    '2026-11-03 25:00:00',
    'Nov  3 2026 08:15:02 EST',
    '99999999999999',
  ])('does not take %s for a time', (text) => {
    expect(timeOf(text, 480, NOW)).toBeNull();
  });

  it('knows zones, addresses, prefixes and ports', () => {
    expect([zoneMinutes('+0800'), zoneMinutes('UTC'), zoneMinutes('-03:30'), zoneMinutes('+99')]).toEqual([
      480,
      0,
      -210,
      null,
    ]);
    expect(canonicalAddress('2001:DB8:0:0::1')).toBe('2001:db8::1');
    expect(canonicalAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(['010.0.0.1', '1.2.3', '1.2.3.4:80', 'fe80::1%eth0', '0x7f.1'].map(canonicalAddress)).toEqual(
      Array(5).fill(null),
    );
    expect(addressRange('192.0.2.77/24')).toEqual({ first: '192.0.2.0', last: '192.0.2.255' });
    expect(addressRange('::ffff:192.0.2.77/120')).toEqual({ first: '192.0.2.0', last: '192.0.2.255' });
    expect(addressRange('::/80')).toBeNull();
    expect(
      ['10.1.1.1', '172.31.0.1', '172.32.0.1', '100.127.0.1', 'fd00::1', '2001:db8::1'].map(isPrivateAddress),
    ).toEqual([true, true, false, true, true, false]);
    expect([portRange('1024-2047'), portRange('5'), portRange('9-5'), portRange('1', '2')]).toEqual([
      [1024, 2047],
      [5, 5],
      null,
      [1, 2],
    ]);
  });
});
