import { describe, expect, test } from 'vitest';
import { addWorkingDays } from '../../src/ledger/deadlines.ts';
import { chinaDay, endOfChinaDay, isDay, isoTime, micros } from '../../src/ledger/times.ts';
import { at, book, DAY, detection, only, T0 } from './lead-helpers.ts';

const time = (text: string): number => Date.parse(text) * 1000;

describe('working days', () => {
  test.each([
    ['2026-03-02T01:00:00Z', 3, '2026-03-05'], // Monday
    ['2026-03-05T01:00:00Z', 3, '2026-03-10'], // Thursday, over a weekend
    ['2026-03-06T15:59:59Z', 1, '2026-03-09'], // Friday in China
    ['2026-03-06T16:00:00Z', 1, '2026-03-09'], // already Saturday in China
    ['2026-03-07T01:00:00Z', 0, '2026-03-09'], // nothing falls due on a day off
    ['2026-03-02T01:00:00Z', 20, '2026-03-30'],
    ['2026-03-02T01:00:00Z', Number.NaN, '2026-03-02'],
  ])('%s + %d', (from, days, expected) => {
    expect(addWorkingDays(time(from), days)).toBe(expected);
  });

  test('a lead has the deadline of its status until a person sets one; a new status has its own', () => {
    const { cases } = book();
    cases.record([detection()], [], at(T0));
    const { id, deadline } = only(cases);
    expect(deadline).toBe('2026-03-05');
    cases.setFields(id, { deadline: '2026-04-01' }, at(T0 + 1));
    expect(only(cases).deadline).toBe('2026-04-01');
    cases.setStatus(id, { status: 'true' }, at(T0 + DAY));
    expect(only(cases).deadline).toBe('2026-03-10');
    expect(() => cases.setFields(id, { deadline: 'soon' }, at(T0))).toThrow('is no day');
  });
});

test('times and days', () => {
  expect(micros('2026-03-02T00:00:00.000001Z')).toBe(T0 * 1e6 + 1);
  expect(isoTime(T0 * 1e6 + 1)).toBe('2026-03-02T00:00:00.000001Z');
  expect([micros('2026-03-02'), micros('2026-13-02T00:00:00Z'), micros('')]).toEqual([null, null, null]);
  expect(chinaDay(time('2026-03-02T16:00:00Z'))).toBe('2026-03-03');
  expect(endOfChinaDay('2026-03-02')).toBe(time('2026-03-02T16:00:00Z'));
  expect([isDay('2026-02-29'), isDay('2028-02-29'), isDay('x')]).toEqual([false, true, false]);
});
