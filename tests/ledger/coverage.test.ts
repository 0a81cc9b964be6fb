import { describe, expect, test } from 'vitest';
import { at, book, coverage, DAY, detection, iso, only, T0 } from './lead-helpers.ts';

const HOME = ['192.0.2.0/24'];
/** What is observed of a lead with traffic in the first hour of day 0. */
function observed(...rows: ReturnType<typeof coverage>[]) {
  const { cases } = book();
  cases.record([detection()], rows, at(T0));
  return only(cases);
}

describe('observed time', () => {
  test('without coverage a lead is never quiet, and says so', () => {
    const lead = observed();
    expect(lead.observed).toEqual({ seconds: 0, until: null, quiet_seconds: 0 });
    expect(lead.missing.map(({ code }) => code)).toContain('not_observed');
  });

  test('quiet counts from the last traffic, in observed time alone', () => {
    const lead = observed(coverage(0, 7200, HOME), coverage(DAY, DAY + 1000, HOME));
    expect(lead.observed).toEqual({ seconds: 8200, until: iso(T0 + DAY + 1000), quiet_seconds: 4600 });
    expect(lead.missing.map(({ code }) => code)).not.toContain('not_observed');
  });

  test('no prefixes, other prefixes, and prefixes without a flow do not count', () => {
    const silent = coverage(0, DAY, HOME);
    const noFlow = { ...silent, customer_prefixes: [{ prefix: '192.0.2.0/24', flows: 0 }] };
    for (const row of [coverage(0, DAY, []), coverage(0, DAY, ['198.51.100.0/24']), noFlow]) {
      expect(observed(row).observed.seconds).toBe(0);
    }
  });

  test('two sensors at once count once, and one elsewhere counts for nobody here', () => {
    const { cases } = book();
    cases.record([detection(), detection({ id: 'two', sensor: 'sensor-2' })], [], at(T0));
    cases.record([detection({ ip: '192.0.2.240', realm: 'other', sensor: 'sensor-3', account: 'zzz' })], [], at(T0));
    cases.record([], [coverage(0, 5000, HOME), coverage(4000, 9000, HOME, 'sensor-2')], at(T0));
    cases.record([], [coverage(0, DAY, HOME, 'sensor-3'), coverage(0, DAY, HOME, 'sensor-4')], at(T0));
    const lead = [...cases.exportLeads({})].find(({ addresses }) => addresses[0]?.ip === '192.0.2.10');
    expect(lead?.observed.seconds).toBe(9000);
    cases.record([], [coverage(DAY, DAY + 500, HOME, 'sensor-4')], {
      ...at(T0),
      vantage: { nat: 'none', realm: null },
    });
    expect(cases.lead(lead?.id ?? '')?.observed.seconds).toBe(9500);
  });

  test('all addresses of a lead must be watched', () => {
    const { cases } = book();
    cases.record([detection(), detection({ ip: '2001:db8::7', from: 7200 })], [], at(T0));
    cases.record([], [coverage(0, DAY, HOME)], at(T0));
    expect(only(cases).observed.seconds).toBe(0);
    cases.record([], [coverage(DAY / 2, 2 * DAY, ['2001:db8::/48'])], at(T0));
    expect(only(cases).observed).toMatchObject({ seconds: DAY / 2, quiet_seconds: DAY / 2 });
  });

  test('what came after the time asked for does not count', () => {
    const { cases } = book();
    cases.record([detection()], [coverage(0, DAY, HOME)], at(T0));
    const [lead] = [...cases.exportLeads({}, { observedAt: (T0 + 4000) * 1e6 })];
    expect(lead?.observed).toEqual({ seconds: 4000, until: iso(T0 + 4000), quiet_seconds: 400 });
  });

  test('odd rows are no trouble', () => {
    const row = coverage(0, 100, ['nonsense', '300.0.0.0/8', '192.0.2.0/99', '::/0', '']);
    expect(observed(row, { ...row, from: null }, { ...row, to: 'never' }).observed.seconds).toBe(0);
  });
});
