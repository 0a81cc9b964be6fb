import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressText } from '../../src/engine/address.ts';
import { ADDRESS, canonicalText, parseAddress } from '../../src/flowrecord/text-address.ts';
import { protocolOf } from '../../src/flowrecord/text-protocol.ts';
import {
  commonNameOf,
  countOf,
  flagsOf,
  nameOf,
  numberOf,
  scaledTime,
  timeOf,
} from '../../src/flowrecord/text-value.ts';

const parsed = (text: string): string | null => {
  const version = parseAddress(text);
  const { word0, word1, word2, word3 } = ADDRESS;
  return version === 0 ? null : addressText(version, word0, word1, word2, word3);
};

test('every IPv4 address is read as it is written', () => {
  fc.assert(fc.property(fc.ipV4(), (text) => void expect(parsed(text)).toBe(text)));
});

test('every IPv6 address is read, to the same canonical text either way', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      expect(parsed(text)).not.toBeNull();
      expect(canonicalText(text)).toBe(parsed(text));
    }),
  );
});

test('addresses that are none', () => {
  for (const text of [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.',
    '.1.2.3',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4/8',
    '1..2.3',
  ]) {
    expect(parseAddress(text), text).toBe(0);
  }
  for (const text of [
    'fe80::1%eth0',
    '[2001:db8::1]',
    '2001:db8::1::2',
    '2001:db8::g',
    ':::',
    '1:2:3:4:5:6:7',
    'host.example',
    '12345::',
  ]) {
    expect(parseAddress(text), text).toBe(0);
  }
  expect(parsed('::ffff:192.0.2.1')).toBe('192.0.2.1');
  fc.assert(fc.property(fc.string({ maxLength: 50 }), (text) => void expect([0, 4, 6]).toContain(parseAddress(text))));
});

test('times', () => {
  const noon = Date.UTC(2026, 10, 21, 12) * 1000;
  expect(timeOf('2026-11-21T12:00:00Z')).toBe(noon);
  expect(timeOf('2026-11-21 12:00:00.5')).toBe(noon + 500_000);
  expect(timeOf('2026-11-21T20:00:00.000001+0800')).toBe(noon + 1);
  expect(timeOf('2026-11-21T07:30:00.123456789-04:30')).toBe(noon + 123_456);
  for (const text of [
    '2026-02-29T00:00:00',
    '2026-13-01T00:00:00',
    '2026-11-21T24:00:00',
    '2026-11-21',
    'x',
    '1969-01-01T00:00:00Z',
  ]) {
    expect(timeOf(text), text).toBeNaN();
  }
  expect(timeOf('2028-02-29T00:00:00')).toBe(Date.UTC(2028, 1, 29) * 1000);
  expect(scaledTime(1795312289.305988, 1e6)).toBe(1795312289305988);
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) expect(scaledTime(value, 1)).toBeNaN();
});

test('numbers', () => {
  expect(['0', '12', 9007199254740991, '9007199254740991'].map(countOf)).toEqual([
    0,
    12,
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  ]);
  expect(
    ['', '-1', '1.5', '1e3', ' 1', '9007199254740992', '99999999999999999', -1, 1.5, Number.NaN, null, {}].map(countOf),
  ).toEqual(Array(12).fill(-1));
  expect(['1.5', '-2', '    0.000', '1e-3', 7].map(numberOf)).toEqual([1.5, -2, 0, 0.001, 7]);
  expect(['', 'x', '1,5', '0x10', '1e9999999', ' '.repeat(30), null].map(numberOf)).toEqual(Array(7).fill(Number.NaN));
});

test('protocols and TCP flags', () => {
  expect(['TCP', 'udp', 6, '17', 'IPv6-ICMP', 'ICMP6', '047', 255].map(protocolOf)).toEqual([
    6, 17, 6, 17, 58, 58, 47, 255,
  ]);
  expect(['', 'x', 256, -1, null].map(protocolOf)).toEqual(Array(5).fill(-1));
  expect(['...AP.SF', 'CEUAPRSF', '0x 12', '0x12', 24].map(flagsOf)).toEqual([0x1b, 0xff, 0x12, 0x12, 24]);
  expect(['........', '', 'xyz', 0, -1, null].map(flagsOf)).toEqual(Array(6).fill(-1));
});

test('names', () => {
  expect(['Pool.Example.', 'a.b:8080', '*.pool.example', 'localhost', '矿池.example'].map(nameOf)).toEqual([
    ...['pool.example', 'a.b', '*.pool.example', 'localhost', '矿池.example'],
  ]);
  expect(['', '.', '203.0.113.9', '[2001:db8::1]', 'a b', 'a..b', `${'a'.repeat(254)}`, 'a/b', 7].map(nameOf)).toEqual(
    Array(9).fill(null),
  );
  expect(
    ['CN=a.example,O=x', 'C=US, O=a, Inc, CN=b.example', '/C=US/CN=c.example', 'O=CN-x'].map(commonNameOf),
  ).toEqual([...['a.example', 'b.example', 'c.example', null]]);
});
