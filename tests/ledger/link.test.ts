import { describe, expect, test } from 'vitest';
import { all, at, book, detection, type Sketch, T0 } from './lead-helpers.ts';

/** Kinds by which the leads of these detections are linked with the first one. */
function kinds(settings: { rareLeads?: number }, ...sketches: Sketch[]): string[] {
  const { cases } = book(undefined, settings);
  cases.record(
    sketches.map((sketch, i) =>
      detection({ account: `account-${i}`, worker: `name${'abcdefgh'[i]}`, pool: `pool${i}`, ...sketch }),
    ),
    [],
    at(T0),
  );
  const lead = all(cases).find(({ addresses }) => addresses[0]?.ip === sketches[0]?.ip);
  return [...new Set(lead?.links.map(({ kind }) => kind))].sort();
}

describe('links', () => {
  const [a, b] = [{ ip: '192.0.2.1' }, { ip: '198.51.100.1' }];

  test.each<[string, Sketch, Sketch, string[]]>([
    ['nothing in common', a, b, []],
    ['a wallet', { ...a, wallet: 'wallet-one' }, { ...b, wallet: 'wallet-one' }, ['wallet']],
    ['an account', { ...a, account: 'same-account' }, { ...b, account: 'same-account' }, ['account']],
    ['a short account', { ...a, account: 'abc' }, { ...b, account: 'abc' }, []],
    ['a worker pattern', { ...a, worker: 'hall3-017' }, { ...b, worker: 'HALL12-4' }, ['worker']],
    ['a generic worker', { ...a, worker: 'rig1' }, { ...b, worker: 'rig2' }, []],
    ['a pool endpoint', { ...a, pool: 'small.example' }, { ...b, pool: 'small.example' }, ['pool']],
    ['a range', a, { ip: '192.0.2.200' }, ['range']],
    ['a range of IPv6', { ip: '2001:db8:1::1' }, { ip: '2001:db8:1:2::3' }, ['range']],
    ['a range in another realm', { ip: '10.0.0.1', realm: 'x' }, { ip: '10.0.0.2', realm: 'y' }, []],
  ])('%s', (_, one, other, expected) => {
    expect(kinds({}, one, other)).toEqual(expected);
  });

  test('a pool or range that many share links nothing', () => {
    const many = Array.from({ length: 4 }, (_, i) => ({ ip: `192.0.2.${i + 1}`, pool: 'big.example' }));
    expect(kinds({ rareLeads: 4 }, ...many)).toEqual(['pool', 'range']);
    expect(kinds({ rareLeads: 3 }, ...many)).toEqual([]);
  });

  test('are bounded', () => {
    const { cases } = book();
    const rows = Array.from({ length: 60 }, (_, i) =>
      detection({ ip: `10.${i}.0.1`, wallet: 'one-wallet', worker: null }),
    );
    cases.record(rows, [], at(T0));
    for (const lead of all(cases)) expect(lead.links.length).toBe(32);
  });

  test('a person links two leads, and takes it back; both say so', () => {
    const { cases } = book();
    cases.record(
      [
        detection({ ...a, account: 'account-1' }),
        detection({ ...b, account: 'account-2', pool: 'p2', worker: 'other' }),
      ],
      [],
      at(T0),
    );
    const [one = '', other = ''] = all(cases).map(({ id }) => id);
    cases.link(one, other, 'person', 'the same owner says the landlord', true, at(T0));
    expect(cases.lead(one)?.links).toEqual([
      { lead: other, kind: 'person', value: 'the same owner says the landlord' },
    ]);
    expect(cases.lead(other)?.links.map(({ lead }) => lead)).toEqual([one]);
    cases.link(one, other, 'person', '', false, at(T0));
    expect(cases.lead(other)?.links).toEqual([]);
    expect(() => cases.link(one, one, 'person', '', true, at(T0))).toThrow('nothing to link');
    expect(() => cases.link(one, other, 'Bad kind', '', true, at(T0))).toThrow('is no kind of link');
  });
});
