/** What the chain keeps for ever names no natural person, no account and no street; what may be purged lies beside it. */
import { describe, expect, test } from 'vitest';
import type { Attribution, Observation } from '../../src/attribution/types.ts';
import { memoryStore } from '../../src/ledger/memory-store.ts';
import type { LeadStorage } from '../../src/ledger/store.ts';
import { at, attribution, book, DAY, detection, only, salts, T0 } from './lead-helpers.ts';

/** An invented person on an invented line. */
const person = (o: Observation): Attribution => {
  const found = attribution(o, 'acct:person-7730', 95);
  const [one] = found.candidates;
  const best = one ? { ...one, name: '甲某（虚构）', person: true, account: 'person-7730' } : null;
  return { ...found, best, candidates: best ? [best] : [] };
};
const details = (storage: LeadStorage): string => JSON.stringify([...storage.entries({})].map(({ detail }) => detail));

describe('details of entries', () => {
  test("after the intake of a person's lead and all that followed", () => {
    let asked = person;
    const { cases, storage } = book((o) => asked(o));
    cases.record([detection()], [], at(T0));
    const { id } = only(cases);
    cases.setPowerAccount(id, '0064000012345678', true, at(T0 + 1));
    cases.setStatus(id, { status: 'true', person: '乙某（虚构）' }, at(T0 + 2));
    expect(only(cases).power_accounts).toEqual(['0064000012345678']);
    // The line turns out to be another's: decisions follow the traffic.
    asked = (o) => {
      const found = person(o);
      const best = found.best && { ...found.best, subject: 'acct:person-8841' };
      return { ...found, best, candidates: best ? [best] : [] };
    };
    expect(cases.reattribute(at(T0 + DAY)).moved).toBe(1);
    expect(only(cases)).toMatchObject({ status: 'true', power_accounts: ['0064000012345678'] });
    const text = details(storage);
    expect([...storage.entries({ actions: ['lead.taken_over'] })]).toHaveLength(1);
    for (const secret of ['person-7730', 'person-8841', 'road 1', '甲某', '乙某', '0064000012345678']) {
      expect(text).not.toContain(secret);
    }
    cases.setPowerAccount(only(cases).id, '0064000012345678', false, at(T0 + 2 * DAY));
    expect(only(cases).power_accounts).toEqual([]);
  });

  test("a firm's power account stays in the chain", () => {
    const { cases, storage } = book((o) => attribution(o, 'uscc:invented', 90));
    cases.record([detection()], [], at(T0));
    cases.setPowerAccount(only(cases).id, '0064000012345678', true, at(T0 + 1));
    expect(details(storage)).toContain('0064000012345678');
    expect(only(cases).power_accounts).toEqual(['0064000012345678']);
  });

  test('splitting keeps the power accounts of both parts beside the chain', () => {
    const { cases, storage } = book();
    cases.record(
      ['192.0.2.1', '192.0.2.2'].map((ip, i) => detection({ ip, from: i * 7200, to: i * 7200 + 3600 })),
      [],
      at(T0),
    );
    const { id, aliases } = only(cases);
    cases.setPowerAccount(id, '0064000012345678', true, at(T0 + 1));
    const [a, b] = cases.split(id, [...aliases], 'two halls', at(T0 + 2));
    expect([a, b].map((each) => cases.lead(each)?.power_accounts)).toEqual([
      ['0064000012345678'],
      ['0064000012345678'],
    ]);
    expect(details(storage)).not.toContain('0064000012345678');
  });
});

describe('reports', () => {
  const place = { region: '640502', text: '虚构路9号2单元' };
  const report = { source: 'hotline', reference: '17', ip: '192.0.2.10', place };

  test.each<[string, object, boolean]>([
    ['nobody named', {}, false],
    ['a name alone that is a person', { subject: { name: '张甲乙', uscc: null } }, false],
    ['a unit by its name', { subject: { name: '虚构矿业有限公司', uscc: null } }, true],
    ['a unit by its code', { subject: { name: null, uscc: '91640500MA76TEST0X' } }, true],
  ])('with %s', (_, more, told) => {
    const { cases, storage } = book();
    const full = { ...report, ...more, personal: { caller: '丙某（虚构）' } };
    expect(cases.recordReport(full, at(T0)).added).toBe(true);
    expect(details(storage).includes('虚构路9号')).toBe(told);
    expect(details(storage)).toContain('640502');
    for (const secret of ['张甲乙', '丙某']) expect(details(storage)).not.toContain(secret);
    // It is known while it lasts, and the same again is the same.
    expect(only(cases).places.map(({ text }) => text)).toEqual([place.text]);
    expect(cases.recordReport(full, at(T0 + 1)).added).toBe(false);
    const moved = { ...full, place: { ...place, text: '虚构路10号' } };
    expect(cases.recordReport(moved, at(T0 + 2)).added).toBe(true);
    expect(only(cases).places.map(({ text }) => text)).toEqual(['虚构路10号']);
  });

  test('whose personal part was purged keep their region, and are known again', () => {
    const inner = memoryStore(salts());
    let purged = false;
    const storage: LeadStorage = new Proxy(inner, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        if (name !== 'entries') return value.bind(target) as unknown;
        return (filter: Parameters<LeadStorage['entries']>[0]) =>
          [...target.entries(filter)].map((each) =>
            purged && each.personal !== null ? { ...each, personal: null, purged: true } : each,
          );
      },
    });
    const { cases } = book(undefined, {}, null, storage);
    cases.recordReport(report, at(T0));
    purged = true;
    expect(cases.recordReport(report, at(T0 + 1)).added).toBe(false);
    cases.addNote(only(cases).id, 'invented', at(T0 + 2));
    expect(only(cases).places).toEqual([{ kind: 'site', region: '640502', text: null, detail: null }]);
  });
});
