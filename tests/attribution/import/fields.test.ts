/** Dates, address fields, persons: the cells. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endOf, monthOf, parseMoment, startOf } from '../../../src/attribution/import/dates.ts';
import { isCitizenNumber, isPerson, looksPersonal } from '../../../src/attribution/import/personal.ts';
import { canonicalAddress, parseRange } from '../../../src/attribution/import/ranges.ts';
import { numberOf, useOf } from '../../../src/attribution/import/rows.ts';
import { CITIZEN } from './samples.ts';

describe('dates are local, UTC+8, unless a zone stands there', () => {
  const cases: readonly (readonly [text: string, iso: string | null])[] = [
    ['2026-11-20', '2026-11-19T16:00:00.000Z'],
    ['2026/11/20', '2026-11-19T16:00:00.000Z'],
    ['2026.1.2', '2026-01-01T16:00:00.000Z'],
    ['20261120', '2026-11-19T16:00:00.000Z'],
    ['2026年11月20日', '2026-11-19T16:00:00.000Z'],
    ['2026年11月20日 8时15分02秒', '2026-11-20T00:15:02.000Z'],
    ['2026-11-20 08:15:02', '2026-11-20T00:15:02.000Z'],
    ['2026-11-20T08:15', '2026-11-20T00:15:00.000Z'],
    ['20261120081502', '2026-11-20T00:15:02.000Z'],
    ['２０２６－１１－２０', '2026-11-19T16:00:00.000Z'],
    ['2026-11-20T08:15:02Z', '2026-11-20T08:15:02.000Z'],
    ['2026-11-20 08:15:02.250 +0800', '2026-11-20T00:15:02.250Z'],
    ['2026-11-20T08:15:02-05:30', '2026-11-20T13:45:02.000Z'],
    ['2026-11-20 24:00:00', '2026-11-20T16:00:00.000Z'],
    // Serial numbers of spreadsheets.
    ['46346', '2026-11-19T16:00:00.000Z'],
    ['46346.5', '2026-11-20T04:00:00.000Z'],
    ['2024-02-29', '2024-02-28T16:00:00.000Z'],
    ['2026-02-29', null],
    ['2026-13-01', null],
    ['2026-11-20 25:00', null],
    ['20-11-2026', null],
    ['1', null],
    ['', null],
    ['=NOW()', null],
    ['9'.repeat(100), null],
  ];
  test.each(cases)('%s', (text, iso) => {
    const time = startOf(text);
    expect(time === null ? null : new Date(time / 1000).toISOString()).toBe(iso);
  });

  test('a day as an end is included, a time is not', () => {
    expect(endOf('2026-11-20')).toBe(startOf('2026-11-21'));
    expect(endOf('2026-11-20 08:00')).toBe(startOf('2026-11-20 08:00'));
    expect(monthOf('2026-12')).toEqual({ from: startOf('2026-12-01'), to: startOf('2027-01-01') });
    expect(monthOf('2026-13')).toBeNull();
  });

  test('any text gives a whole number or nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
        ),
        (text) => {
          const moment = parseMoment(text);
          expect(moment === null || Number.isSafeInteger(moment.time)).toBe(true);
        },
      ),
    );
  });
});

describe('address fields', () => {
  const cases: readonly (readonly [start: string, end: string, expected: string])[] = [
    ['192.0.2.1', '', '192.0.2.1 192.0.2.1'],
    ['192.0.2.1', '192.0.2.9', '192.0.2.1 192.0.2.9'],
    ['192.0.2.1-192.0.2.9', '', '192.0.2.1 192.0.2.9'],
    ['192.0.2.1 - 192.0.2.9', '192.0.2.9', '192.0.2.1 192.0.2.9'],
    ['192.0.2.1—192.0.2.9', '', '192.0.2.1 192.0.2.9'],
    ['192.0.2.1-9', '', '192.0.2.1 192.0.2.9'],
    ['１９２.0.2.1～192.0.2.9', '', '192.0.2.1 192.0.2.9'],
    ['192.0.2.77/26', '', '192.0.2.64 192.0.2.127'],
    ['0.0.0.0/0', '', '0.0.0.0 255.255.255.255'],
    ['192.000.002.001', '', '192.0.2.1 192.0.2.1'],
    ['2001:DB8:0:0::1', '', '2001:db8::1 2001:db8::1'],
    ['2001:db8:40:7::/57', '', '2001:db8:40:: 2001:db8:40:7f:ffff:ffff:ffff:ffff'],
    ['::ffff:192.0.2.1', '', '192.0.2.1 192.0.2.1'],
    ['::/96', '', ':: ::ffff:ffff'],
    ['::ffff:192.0.2.77/120', '', '192.0.2.0 192.0.2.255'],
    ['::ffff:192.0.2.77/20', '', 'bad_start_ip'],
    ['::/80', '', 'bad_start_ip'],
    ['::fffe:0:1/95', '', 'bad_start_ip'],
    ['::/79', '', ':: ::1:ffff:ffff:ffff'],
    ['192.0.2.9', '192.0.2.1', 'start_after_end'],
    ['2001:db8::2', '2001:db8::1', 'start_after_end'],
    ['192.0.2.1', '2001:db8::1', 'bad_end_ip'],
    ['192.0.2.1', '192.0.2.256', 'bad_end_ip'],
    ['192.0.2', '', 'bad_start_ip'],
    ['192.0.2.010', '', 'bad_start_ip'],
    ['0x7f.0.0.1', '', 'bad_start_ip'],
    ['192.0.2.0/33', '', 'bad_start_ip'],
    ['192.0.2.0/24/8', '', 'bad_start_ip'],
    ['fe80::1%eth0', '', 'bad_start_ip'],
    ['', '192.0.2.1', 'bad_start_ip'],
    ['=1+1', '', 'bad_start_ip'],
  ];
  test.each(cases)('%s | %s', (start, end, expected) => {
    const range = parseRange(start, end);
    expect(typeof range === 'string' ? range : `${range.first} ${range.last}`).toBe(expected);
  });

  test('what comes out is canonical and comes out again', () => {
    const part = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
    const address = fc.oneof(
      fc.ipV4(),
      fc.array(part, { minLength: 8, maxLength: 8 }).map((parts) => parts.join(':')),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 130 }), (text, length) => {
        const one = canonicalAddress(text);
        if (one !== null) expect(canonicalAddress(one)).toBe(one);
        const range = parseRange(`${text}/${length}`);
        if (typeof range !== 'string') expect(parseRange(range.first, range.last)).toEqual(range);
      }),
    );
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void parseRange(a, b)));
  });
});

describe('persons', () => {
  test('the check digit of the standard, and no other', () => {
    expect(isCitizenNumber(CITIZEN)).toBe(true);
    expect(isCitizenNumber('110105194912310021')).toBe(false);
    expect(isCitizenNumber('91440000MA00TE4T6L')).toBe(false);
  });

  const cases = [
    ['id type by text', { name: '某某', idType: '居民身份证' }, true],
    ['passport by code', { name: '某某有限公司', idType: '7' }, true],
    ['code 9 in a filing', { name: '某某有限公司', idType: '9' }, false],
    ['code 9 in the data-centre system', { name: '某某', idType: '9', isms: true }, true],
    ['licence', { name: '示例', idType: '工商营业执照', idNumber: '91440000MA00TE4T6L' }, false],
    ['a citizen number under a licence', { name: '某某', idType: '1', idNumber: CITIZEN }, true],
    ['a firm named 法人 with a citizen number', { name: '某某有限公司', idNumber: CITIZEN }, true],
    ['nature 5', { name: '示例', nature: '5' }, true],
    ['nature 企业 and a short name', { name: '张三', nature: '企业' }, false],
    ['a bare name', { name: '欧阳某某' }, true],
    ['a name with a dot', { name: '阿依古丽·买买提' }, true],
    ['a bare firm', { name: '示例公司' }, false],
    ['nothing', { name: '' }, false],
  ] as const;
  test.each(cases)('%s', (_, source, expected) => expect(isPerson(source)).toBe(expected));

  test('cells that point to somebody', () => {
    for (const text of ['联系 13800000000', '+86 13800000000', `证 ${CITIZEN}`, 'noc@example.cn'])
      expect(looksPersonal(text)).toBe(true);
    for (const text of ['203.0.113.254', '0955-0000000', '91440000MA00TE4T6L', '2026-11-20 08:15:02'])
      expect(looksPersonal(text)).toBe(false);
  });
});

test('numbers and use modes', () => {
  expect(['6300kVA', '1,234.5', '8 千瓦', '-1', '1e9', '', 'x'].map(numberOf)).toEqual([
    6300,
    1234.5,
    8,
    null,
    null,
    null,
    null,
  ]);
  expect(['0', '静态', '1', '动态分配', '2', '3', '专线', '4', ''].map(useOf)).toEqual([
    ...['static', 'static', 'dynamic', 'dynamic', 'reserved', 'line', 'line', null, null],
  ]);
});
