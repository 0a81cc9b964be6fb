import { expect, test } from 'vitest';
import {
  endpoint,
  formatBytes,
  formatCount,
  formatDuration,
  formatRange,
  formatRate,
  formatSpan,
} from '../../src/cli/units.ts';

test.each([
  [0, 'H/s', '0 H/s'],
  [0.5, 'H/s', '0.500 H/s'],
  [1, 'H/s', '1.00 H/s'],
  [999, 'H/s', '999 H/s'],
  [999.6, 'H/s', '1.00 kH/s'],
  [1000, 'Sol/s', '1.00 kSol/s'],
  [95.24e12, 'H/s', '95.2 TH/s'],
  [123.4e18, 'H/s', '123 EH/s'],
  [5e30, 'H/s', '5000000 YH/s'],
  [6.1e6, ' packets/s', '6.10 M packets/s'],
  [Number.NaN, 'H/s', '0 H/s'],
  [Number.POSITIVE_INFINITY, 'H/s', '0 H/s'],
])('formatRate(%d, %s) = %s', (value, unit, expected) => {
  expect(formatRate(value, unit)).toBe(expected);
});

test.each([
  [83.1e12, 95.2e12, 108e12, '95.2 ±13 TH/s'],
  [95e12, 95e12, 95e12, '95.0 TH/s'],
  [0, 500, 1500, '500 ±1000 H/s'],
  [0.8e6, 17.1e6, 95e6, '17.1 -16+78 MH/s'],
  [1.51e6, 1.55e6, 1.6e6, '1.55 ±0.05 MH/s'],
])('formatRange(%d, %d, %d) = %s', (low, mid, high, expected) => {
  expect(formatRange(low, mid, high, 'H/s')).toBe(expected);
});

test.each([
  [0, '0 s'],
  [0.123, '0.12 s'],
  [59.4, '59 s'],
  [61, '1 min 1 s'],
  [3731, '1 h 2 min'],
  [90_000, '1 d 1 h'],
  [Number.NaN, '0 s'],
])('formatDuration(%d) = %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});

test.each([
  ['2024-05-01T10:00:03.1Z', '2024-05-01T10:00:03.9Z', '2024-05-01 10:00:03'],
  ['2024-05-01T10:00:03.1Z', '2024-05-01T10:00:09.9Z', '2024-05-01 10:00:03–10:00:09'],
  ['2024-05-01T10:00:03.1Z', '2024-05-01T10:20:11.0Z', '2024-05-01 10:00–10:20'],
  ['2024-05-01T10:00:03.1Z', '2024-06-02T10:20:11.0Z', '2024-05-01 10:00–06-02 10:20'],
  ['2023-12-31T23:59:59.1Z', '2024-01-01T00:00:01.0Z', '2023-12-31 23:59–2024-01-01 00:00'],
])('formatSpan(%s, %s)', (first, last, expected) => {
  expect(formatSpan(first, last)).toBe(expected);
});

test('counts, bytes and endpoints', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect(formatBytes(812)).toBe('812 B');
  expect(formatBytes(12_345_678)).toBe('12.3 MB');
  expect(endpoint('2001:db8::1', 443)).toBe('[2001:db8::1]:443');
  expect(endpoint('pool.example.com', 3333)).toBe('pool.example.com:3333');
});
