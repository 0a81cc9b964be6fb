import { describe, expect, test } from 'vitest';
import { all, at, book, DAY, detection, only, T0 } from './lead-helpers.ts';

const HOUR = 3600;
/** Two leads of different accounts. */
function two() {
  const made = book();
  const a = detection({ ip: '192.0.2.1', account: 'account-a' });
  const b = detection({ ip: '192.0.2.2', account: 'account-b' });
  made.cases.record([a, b], [], at(T0));
  const byIp = (ip: string): string => all(made.cases).find(({ addresses }) => addresses[0]?.ip === ip)?.id ?? '';
  return { ...made, a: byIp('192.0.2.1'), b: byIp('192.0.2.2') };
}

describe('merging and splitting by a person', () => {
  test('keeps id and decisions of the target; splitting gives both back what they had', () => {
    for (const swap of [false, true]) {
      const { cases, a, b } = two();
      const [target, source] = swap ? [b, a] : [a, b];
      cases.setStatus(target, { status: 'true' }, at(T0 + 1));
      cases.setStatus(source, { status: 'not_true' }, at(T0 + 2));
      cases.setPowerAccount(source, '0012345678', true, at(T0 + 3));
      expect(cases.merge(target, source, 'one hall', at(T0 + 4))).toBe(target);
      const lead = only(cases);
      expect(lead).toMatchObject({ id: target, status: 'true', aliases: [source], power_accounts: ['0012345678'] });
      expect(lead.links).toContainEqual({ lead: source, kind: 'merged_from', value: '2026-03-02' });
      // New traffic of either address belongs to it.
      cases.record([detection({ ip: '192.0.2.2', account: 'account-b', from: DAY })], [], at(T0 + DAY));
      expect(only(cases).detections).toHaveLength(3);
      expect(cases.split(target, [source], 'two halls after all', at(T0 + 5))).toEqual([target, source]);
      expect(cases.lead(target)).toMatchObject({ status: 'true', aliases: [], power_accounts: [] });
      expect(cases.lead(target)?.links.map(({ kind }) => kind)).not.toContain('merged_from');
      expect(cases.lead(source)).toMatchObject({ status: 'not_true', aliases: [], power_accounts: ['0012345678'] });
      expect(cases.lead(target, { history: true })?.history?.map(({ action }) => action)).toContain('lead.split');
      expect(cases.merge(source, target, 'again', at(T0 + 6))).toBe(source);
      expect(only(cases).id).toBe(source);
    }
  });

  test('what was split never joins again by itself, not even over a third', () => {
    const { cases } = book();
    const first = { ip: '192.0.2.1', from: 0, to: HOUR };
    const second = { ip: '192.0.2.2', from: 2 * HOUR, to: 3 * HOUR };
    cases.record([detection(first), detection(second)], [], at(T0));
    const lead = only(cases);
    cases.setStatus(lead.id, { status: 'true' }, at(T0 + 1));
    const [kept, born] = cases.split(lead.id, [lead.aliases[0] as string], 'different halls', at(T0 + 2));
    expect([kept, born]).toEqual([lead.id, lead.aliases[0]]);
    // Both keep what was decided about the whole.
    expect(all(cases).map(({ status }) => status)).toEqual(['true', 'true']);
    cases.record([detection({ ...second, id: 'more', from: 3 * HOUR, to: 4 * HOUR })], [], at(T0 + 3));
    cases.record([detection({ ip: '192.0.2.3', from: 5 * HOUR, to: 6 * HOUR })], [], at(T0 + 4));
    const sizes = all(cases).map(({ addresses }) => addresses.length);
    expect(sizes.sort()).toEqual([1, 2]);
  });

  test('the part with the id of the lead keeps it, whichever part is named', () => {
    const { cases, a, b } = two();
    cases.merge(a, b, 'r', at(T0));
    expect(cases.split(a, [a], 'r', at(T0))).toEqual([a, b]);
  });

  test('wrong requests are one clear line', () => {
    const { cases, a, b } = two();
    expect(() => cases.merge(a, a, 'r', at(T0))).toThrow('are one lead already');
    expect(() => cases.split(a, [a], 'r', at(T0))).toThrow('some but not all');
    expect(() => cases.split(a, [b], 'r', at(T0))).toThrow(`it has no node ${b}`);
    expect(() => cases.merge(a, 'L-none', 'r', at(T0))).toThrow('no lead "L-none"');
  });
});

describe('reports', () => {
  const report = { source: 'hotline', reference: '17', ip: '192.0.2.10', from: (T0 + 100) * 1e6 };

  test('wait until traffic of the address confirms them, in either order', () => {
    for (const reportFirst of [true, false]) {
      const { cases } = book();
      if (!reportFirst) cases.record([detection()], [], at(T0));
      cases.recordReport(report, at(T0));
      if (reportFirst) {
        expect(only(cases)).toMatchObject({
          status: 'waiting',
          key: { kind: 'report' },
          reports: [{ reference: '17' }],
        });
        expect(only(cases).missing.map(({ code }) => code)).toContain('to_be_verified');
        cases.record([detection()], [], at(T0));
      }
      const lead = only(cases);
      expect(lead).toMatchObject({ status: 'open', key: { kind: 'address' }, reports: [{ source: 'hotline' }] });
      expect(lead.missing.map(({ code }) => code)).not.toContain('to_be_verified');
    }
  });

  test('of another time or address stay apart; the same report again changes nothing', () => {
    const { cases } = book();
    cases.record([detection()], [], at(T0));
    cases.recordReport({ ...report, from: (T0 + 9 * DAY) * 1e6 }, at(T0));
    cases.recordReport({ ...report, reference: '18', ip: '192.0.2.11' }, at(T0));
    expect(all(cases)).toHaveLength(3);
    expect(cases.recordReport({ ...report, reference: '18', ip: '192.0.2.11' }, at(T0)).added).toBe(false);
    // Corrected under its number, it finds its traffic.
    expect(cases.recordReport(report, at(T0)).added).toBe(true);
    expect(all(cases)).toHaveLength(2);
  });

  test('say how often they were handed down', () => {
    const { cases } = book();
    cases.recordReport({ ...report, count: 3 }, at(T0));
    cases.recordReport({ ...report, reference: '18' }, at(T0));
    const counts = all(cases).flatMap(({ reports }) => reports.map(({ reference, count }) => [reference, count]));
    expect(counts.sort()).toEqual([
      ['17', 3],
      ['18', null],
    ]);
    // A new count under the same number is a new content.
    expect(cases.recordReport({ ...report, count: 4 }, at(T0)).added).toBe(true);
  });

  test('that several leads fit join none', () => {
    const { cases } = book();
    cases.record([detection(), detection({ id: 'east', realm: 'east', account: 'east-farm' })], [], at(T0));
    cases.recordReport(report, at(T0));
    expect(all(cases)).toHaveLength(3);
  });

  test('keep what names people out of the chain, and refuse nonsense in one line', () => {
    const { cases, storage } = book();
    cases.recordReport({ ...report, personal: { caller: 'Li Si (invented)' } }, at(T0));
    expect(JSON.stringify([...storage.entries({})].map(({ detail }) => detail))).not.toContain('Li Si');
    for (const [bad, words] of [
      [{ ip: 'nonsense' }, 'the address is none'],
      [{ port: 70_000 }, 'the port must be'],
      [{ from: Number.NaN }, 'the time is none'],
      [{ reference: ' ' }, 'needs a source and a reference'],
    ] as const) {
      expect(() => cases.recordReport({ ...report, ...bad }, at(T0))).toThrow(words);
    }
  });
});
