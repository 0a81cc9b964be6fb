import { describe, expect, test } from 'vitest';
import { all, at, attribution, book, DAY, detection, only, type Sketch, T0 } from './lead-helpers.ts';

const HOUR = 3600;
/** Leads that these detections make, as sorted lists of addresses. */
function groups(...sketches: Sketch[]): string[][] {
  const { cases } = book();
  cases.record(sketches.map(detection), [], at(T0));
  return all(cases)
    .map((lead) => lead.addresses.map(({ ip }) => ip).sort())
    .sort();
}

describe('the same worker under a new address', () => {
  const first = { ip: '192.0.2.1', from: 0, to: 5 * HOUR };
  const second = { ip: '192.0.2.2', from: 6 * HOUR, to: 9 * HOUR };

  test('after a lease change is the same lead, with the least id', () => {
    const { cases } = book();
    cases.record([detection(first)], [], at(T0));
    const [before] = all(cases);
    cases.record([detection(second)], [], at(T0));
    const lead = only(cases);
    expect(lead.addresses.map(({ ip }) => ip)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(lead.id <= (before?.id ?? '')).toBe(true);
    expect(lead.aliases).toHaveLength(1);
    expect(cases.lead(before?.id ?? '')?.id).toBe(lead.id);
  });

  test.each<[string, Sketch, Sketch]>([
    ['another account', first, { ...second, account: 'other-account' }],
    ['another worker', first, { ...second, worker: 'hall4' }],
    ['a generic worker', { ...first, worker: 'Rig-1' }, { ...second, worker: 'Rig-1' }],
    ['a number as worker', { ...first, worker: '001' }, { ...second, worker: '001' }],
    ['a short account', { ...first, account: 'abc' }, { ...second, account: 'abc' }],
    ['no worker', { ...first, worker: null }, { ...second, worker: null }],
    ['another realm', first, { ...second, realm: 'other' }],
    ['at the same time', first, { ...second, from: 4 * HOUR }],
    ['after too long', first, { ...second, from: 54 * HOUR, to: 55 * HOUR }],
    ['outside an address translation', { ...first, nat: 'outside' }, { ...second, nat: 'outside' }],
  ])('%s joins nothing', (_, a, b) => {
    expect(groups(a, b)).toEqual([['192.0.2.1'], ['192.0.2.2']]);
  });

  test('there and back is still one; a clash spoils only those that clash', () => {
    const back = { ...first, id: 'back', from: 10 * HOUR, to: 11 * HOUR };
    expect(groups(first, second, back)).toEqual([['192.0.2.1', '192.0.2.2']]);
    const clash = { ip: '192.0.2.3', from: 8 * HOUR, to: 12 * HOUR };
    expect(groups(first, second, clash)).toEqual([['192.0.2.1'], ['192.0.2.2'], ['192.0.2.3']]);
    const later = { ip: '192.0.2.4', from: 20 * HOUR, to: 21 * HOUR };
    const next = { ip: '192.0.2.5', from: 22 * HOUR, to: 23 * HOUR };
    expect(groups(second, clash, later, next)).toEqual([['192.0.2.2'], ['192.0.2.3'], ['192.0.2.4', '192.0.2.5']]);
  });

  test('a clash that shows later takes the lead apart again', () => {
    const { cases } = book();
    cases.record([detection(first), detection(second)], [], at(T0));
    expect(all(cases)).toHaveLength(1);
    cases.record([detection({ ip: '192.0.2.9', from: 0, to: 9 * HOUR })], [], at(T0));
    expect(all(cases)).toHaveLength(3);
  });

  test('a name at too many addresses names no machine', () => {
    const many = Array.from({ length: 70 }, (_, i) => ({ ip: `192.0.2.${i + 1}`, from: i * HOUR, to: i * HOUR + 60 }));
    expect(groups(...many)).toHaveLength(70);
    expect(groups(...many.slice(0, 64))).toHaveLength(1);
  });
});

describe('hashrate of a lead', () => {
  test('rates at the same time add up, those one after another share the time', () => {
    const together = book();
    together.cases.record([detection({ id: 'a', pool: 'a' }), detection({ id: 'b', pool: 'b', mid: 50 })], [], at(T0));
    expect(only(together.cases).hashrates.map(({ mid }) => mid)).toEqual([150]);
    const inTurn = book();
    inTurn.cases.record(
      [detection({ id: 'a', to: HOUR }), detection({ id: 'b', pool: 'b', from: HOUR, to: 2 * HOUR, mid: 50 })],
      [],
      at(T0),
    );
    expect(only(inTurn.cases).hashrates.map(({ mid }) => mid)).toEqual([75]);
  });

  test('of the last day with shares; never a sum over algorithms', () => {
    const { cases } = book();
    cases.record(
      [
        detection({ mid: 900 }),
        detection({ from: DAY, mid: 70 }),
        detection({ from: DAY, pool: 'b', mid: 5, algorithm: 'scrypt' }),
        detection({ from: 2 * DAY, mid: null }),
      ],
      [],
      at(T0),
    );
    expect(only(cases).hashrates.map(({ algorithm, mid }) => [algorithm, mid])).toEqual([
      ['scrypt', 5],
      ['sha256d', 70],
    ]);
  });
});

describe('the registry changes', () => {
  test('traffic and decisions go to the subject; the address is free again', () => {
    let named = false;
    const { cases } = book((o) =>
      named && o.ip === '192.0.2.10' && o.from < (T0 + DAY) * 1e6 ? attribution(o, 'acct:k1', 90) : null,
    );
    cases.record([detection()], [], at(T0));
    const address = only(cases);
    cases.setStatus(address.id, { status: 'true', document: 'D-1' }, at(T0 + 10));
    cases.giveNumber(address.id, '640502', 2026, at(T0 + 11));
    named = true;
    expect(cases.reattribute(at(T0 + 20))).toEqual({ detections: 1, moved: 1 });
    const lead = only(cases);
    expect(lead).toMatchObject({ key: { subject: 'acct:k1' }, status: 'true', number: 'L-640502-2026-000001' });
    expect(lead.aliases).toEqual([address.id]);
    expect(cases.lead(address.id)?.id).toBe(lead.id);
    expect(cases.reattribute(at(T0 + 21))).toEqual({ detections: 1, moved: 0 });
    // Somebody else has the address now: a lead of its own, without what was decided about the first.
    cases.record([detection({ from: 3 * DAY, account: 'someone-else' })], [], at(T0 + 30));
    expect(all(cases)).toHaveLength(2);
    const fresh = cases.lead(address.id);
    expect(fresh).toMatchObject({ id: address.id, status: 'open', number: null });
    expect(cases.lead(lead.id)).toMatchObject({ status: 'true', aliases: [] });
  });
});
