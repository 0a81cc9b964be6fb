import { describe, expect, test } from 'vitest';
import { LeadError } from '../../src/ledger/lead-error.ts';
import { TRANSITIONS } from '../../src/ledger/status.ts';
import { STATUSES } from '../../src/ledger/types.ts';
import { at, book, DAY, detection, only, T0 } from './lead-helpers.ts';

/** A book with one lead that went through some statuses. */
function led(...path: string[]) {
  const made = book();
  made.cases.record([detection()], [], at(T0));
  const { id } = only(made.cases);
  path.forEach((status, i) => {
    const stop = status === 'stopped' ? { date: '2026-03-05', method: 'power cut' } : {};
    made.cases.setStatus(id, { status, ...stop }, at(T0 + (10 + i) * DAY));
  });
  return { ...made, id };
}

describe('status flow', () => {
  test('from pending to cleared, with history and deadlines', () => {
    const { cases, id } = led('true', 'rectifying', 'stopped', 'inspected', 'closed');
    const lead = cases.lead(id, { history: true });
    expect(lead).toMatchObject({ status: 'closed', status_since: '2026-03-16T00:00:00.000000Z', deadline: null });
    const steps = lead?.history?.filter(({ action }) => action === 'lead.status').map(({ detail }) => detail['status']);
    expect(steps).toEqual(['true', 'rectifying', 'stopped', 'inspected', 'closed']);
  });

  test('a wrong step names what is allowed, in one line', () => {
    const { cases, id } = led('true');
    const wrong = (status: string) => () => cases.setStatus(id, { status }, at(T0 + DAY));
    expect(wrong('closed')).toThrow(LeadError);
    expect(wrong('closed')).toThrow(
      /^L[0-9a-f]{24}: status true \(属实\) cannot become closed \(销号\); allowed: rectifying/,
    );
    expect(wrong('nonsense\n')).toThrow(/^[^\n]+$/);
    expect(only(cases).status).toBe('true');
  });

  test('stopped needs a day that has come, and a method', () => {
    const { cases, id } = led('true');
    const stop = (more: object) => () => cases.setStatus(id, { status: 'stopped', ...more }, at(T0 + DAY));
    expect(stop({})).toThrow('needs the day');
    expect(stop({ date: '2026-02-30', method: 'm' })).toThrow('is no day');
    expect(stop({ date: '2026-04-01', method: 'm' })).toThrow('has not come yet');
    stop({ date: '2026-03-02', method: 'm' })();
    expect(only(cases).status).toBe('stopped');
  });

  test('every status can be reached and left, and restarting is possible from all but waiting', () => {
    for (const status of STATUSES) {
      expect(TRANSITIONS[status].length).toBeGreaterThan(0);
      if (status !== 'waiting' && status !== 'restarted') expect(TRANSITIONS[status]).toContain('restarted');
      if (status !== 'waiting') expect(Object.values(TRANSITIONS).some((list) => list.includes(status))).toBe(true);
    }
  });

  test('an unknown lead is one clear line', () => {
    expect(() => book().cases.setStatus('L-1', { status: 'open' }, at(T0))).toThrow(/^no lead "L-1"/);
  });
});

describe('fields', () => {
  test('a person goes before the rules; bad values are named', () => {
    const { cases, id, storage } = led();
    expect(only(cases)).toMatchObject({ category: 'new', involvement: 'unknown', region: null });
    expect(only(cases).flags.map(({ flag }) => flag)).toEqual(['bitcoin']);
    cases.setFields(id, { category: 'building', involvement: 'passive', region: '640502', department: 'NDRC' }, at(T0));
    cases.setFlag(id, 'bitcoin', false, 'checked on site', at(T0));
    cases.setFlag(id, 'key', true, 'list of week 10', at(T0));
    cases.setPowerAccount(id, '0012345678', true, at(T0));
    expect(only(cases)).toMatchObject({
      category: 'building',
      involvement: 'passive',
      region: '640502',
      department: 'NDRC',
      flags: [{ flag: 'key', rule: 'person: list of week 10' }],
      power_accounts: ['0012345678'],
    });
    expect(() => cases.setFields(id, { category: 'old' }, at(T0))).toThrow('allowed: existing, new');
    expect(() => cases.setFlag(id, 'large', true, 'r', at(T0))).toThrow('allowed: industrial');
    cases.addNote(id, 'Zhang San (invented) called', at(T0));
    cases.addDocument(id, { number: 'D-7', title: 'Inspection', date: '2026-03-03', sha256: null }, at(T0));
    expect(cases.file(id)).toMatchObject({
      notes: [{ note: 'Zhang San (invented) called' }],
      documents: [{ number: 'D-7' }],
    });
    // Texts that may name people are not in the chain itself.
    expect(JSON.stringify([...storage.entries({})].map(({ detail }) => detail))).not.toContain('Zhang');
  });

  test('evidence of an older start makes a lead existing; the reference date decides', () => {
    const { cases, id } = led();
    cases.addRunningEvidence(id, '2021-09-03', 'electricity bill', at(T0));
    expect(only(cases).category).toBe('existing');
    const later = led();
    later.cases.addRunningEvidence(later.id, '2021-09-04', 'electricity bill', at(T0));
    expect(only(later.cases).category).toBe('new');
  });

  test('industrial scale by power and by hashrate', () => {
    const power = book(undefined, {}, 150);
    power.cases.record([detection()], [], at(T0));
    expect(only(power.cases).flags.find(({ flag }) => flag === 'industrial')?.rule).toContain('150 kW >= 100 kW');
    const rate = book(undefined, { industrialRates: { sha256d: 100 } });
    rate.cases.record([detection()], [], at(T0));
    expect(only(rate.cases).flags.map(({ flag }) => flag)).toContain('industrial');
  });

  test('display numbers count by region and year, once for a lead', () => {
    const { cases, id } = led();
    cases.record([detection({ ip: '192.0.2.77', account: 'another-farm' })], [], at(T0));
    const other = [...cases.exportLeads({})].find((lead) => lead.id !== id)?.id ?? '';
    expect(cases.giveNumber(id, '640502', 2026, at(T0))).toBe('L-640502-2026-000001');
    expect(cases.giveNumber(id, '640502', 2027, at(T0))).toBe('L-640502-2026-000001');
    expect(cases.giveNumber(other, '640502', 2026, at(T0))).toBe('L-640502-2026-000002');
    expect(cases.lead('L-640502-2026-000002')?.id).toBe(other);
  });
});
