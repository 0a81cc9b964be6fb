import { describe, expect, test } from 'vitest';
import { combineParts } from '../../src/ledger/combine.ts';
import { all, at, attribution, book, DAY, detection, only, T0 } from './lead-helpers.ts';

describe('parts of one detection', () => {
  const half = (from: number, to: number, accepted: number) =>
    detection({ id: 'one', from, to, accepted, ports: [[40_000 + from, from, to]] });

  test('apart from each other add up', () => {
    const both = combineParts([half(0, 100, 7), half(200, 300, 5)]);
    expect(both.shares).toEqual({ submitted: 14, accepted: 12, rejected: 2 });
    expect([both.flows, both.packets, both.bytes]).toEqual([2, [200, 200], [20_000, 24_000]]);
    expect(both.conversations.map(({ miner_port }) => miner_port)).toEqual([40_000, 40_200]);
    expect(both.hashrate?.observed_seconds).toBe(200);
    expect(both.hashrate?.mid).toBe(100);
  });

  test('meeting in one instant add up, two of the same instant do not', () => {
    expect(combineParts([half(0, 100, 7), half(100, 300, 5)]).shares.accepted).toBe(12);
    expect(combineParts([half(100, 100, 7), half(100, 100, 5)]).shares.accepted).toBe(7);
  });

  test('within another and not larger is subsumed, overlapping takes the greater', () => {
    expect(combineParts([half(0, 300, 9), half(100, 200, 4)]).shares.accepted).toBe(9);
    expect(combineParts([half(0, 200, 9), half(100, 300, 11)]).shares.accepted).toBe(11);
    // Three in a row: the outer two do not overlap.
    expect(combineParts([half(0, 100, 6), half(50, 250, 9), half(200, 300, 6)]).shares.accepted).toBe(12);
  });

  test('each signature with the earliest time at which it held, whichever part ended first', () => {
    const held = (from: number, to: number, second: string) => {
      const row = half(from, to, 1);
      return {
        ...row,
        indications: row.indications.map((each) => ({ ...each, time: `2026-11-10T00:00:${second}.000000Z` })),
      };
    };
    const [short, long] = [held(100, 200, '30'), held(0, 300, '05')];
    for (const parts of [
      [short, long],
      [long, short],
    ]) {
      expect(new Set(combineParts(parts).indications.map(({ time }) => time))).toEqual(
        new Set(['2026-11-10T00:00:05.000000Z']),
      );
    }
  });

  test('surest confidence and activity, all signs', () => {
    const weak = detection({ id: 'one', confidence: 'suspected', kind: 'behaviour', activity: 'attempt' });
    const both = combineParts([weak, detection({ id: 'one', to: 50 })]);
    expect([both.confidence, both.activity]).toEqual(['confirmed', 'mining']);
    expect(both.indications.map(({ signature }) => signature).sort()).toEqual(['sig-behaviour', 'sig-payload']);
  });
});

describe('recording', () => {
  test('twice is once, also in the chain', () => {
    const { cases, storage } = book();
    expect(cases.record([detection()], [], at(T0)).added).toBe(1);
    const entries = [...storage.entries({})].length;
    expect(cases.record([detection()], [], at(T0 + 9))).toEqual({ added: 0, known: 1, coverage: 0, evidence: 0 });
    expect([...storage.entries({})].length).toBe(entries);
    expect(only(cases).detections).toHaveLength(1);
  });

  test('only mining and proxy, confirmed or probable, open a lead', () => {
    for (const [activity, confidence, status] of [
      ['mining', 'confirmed', 'open'],
      ['proxy', 'probable', 'open'],
      ['mining', 'suspected', 'waiting'],
      ['attempt', 'confirmed', 'waiting'],
      ['probe', 'confirmed', 'waiting'],
    ] as const) {
      const { cases } = book();
      cases.record([detection({ activity, confidence })], [], at(T0));
      expect(only(cases).status).toBe(status);
    }
  });

  test('stronger evidence opens a waiting lead, weaker attaches to an open one', () => {
    const { cases, storage } = book();
    cases.record([detection({ activity: 'attempt' })], [], at(T0));
    cases.record([detection({ from: DAY })], [], at(T0 + DAY));
    cases.record([detection({ from: 2 * DAY, activity: 'attempt', confidence: 'suspected' })], [], at(T0 + DAY));
    expect(only(cases)).toMatchObject({ status: 'open', confidence: 'confirmed' });
    expect(only(cases).detections).toHaveLength(3);
    expect([...storage.entries({ actions: ['lead.opened'] })]).toHaveLength(1);
  });

  test('a failure in the middle leaves nothing', () => {
    const { cases, storage } = book(() => {
      throw new Error('broken');
    });
    expect(() => cases.record([detection()], [], at(T0))).toThrow('broken');
    expect([[...storage.entries({})], [...storage.detectionIds()]]).toEqual([[], []]);
  });
});

describe('attribution of conversations', () => {
  const ports = [
    [1001, 0, 60],
    [1002, 60, 120],
    [2001, 120, 180],
  ] as const;
  const byPort = (grade: number) => (o: Parameters<NonNullable<Parameters<typeof book>[0]>>[0]) =>
    attribution(o, o.port !== null && o.port < 2000 ? 'acct:left' : 'acct:right', grade);

  test('several subscribers behind one address: several leads, no counts claimed', () => {
    const { cases } = book(byPort(80));
    cases.record([detection({ nat: 'outside', ports, accepted: 50 })], [], at(T0));
    const leads = all(cases);
    expect(leads.map(({ key }) => key.kind === 'subject_site' && key.subject).sort()).toEqual([
      'acct:left',
      'acct:right',
    ]);
    for (const lead of leads) {
      expect(lead.hashrates).toEqual([]);
      expect(lead.detections[0]).toMatchObject({ shared: true, hashrate: null, shares: { accepted: 0 } });
      expect(lead.missing.map(({ code }) => code)).toContain('shared_detections');
    }
    expect(leads.map((lead) => lead.addresses[0]?.ports).sort()).toEqual([[1001, 1002], [2001]]);
  });

  test('below the threshold the address stays, with its candidates', () => {
    const { cases } = book(byPort(39));
    cases.record([detection({ nat: 'outside', ports })], [], at(T0));
    const lead = only(cases);
    expect(lead.key).toEqual({ kind: 'address', ip: '192.0.2.10', realm: null, nat: 'outside' });
    expect(lead.subject).toBeNull();
    expect(lead.parties.map(({ key }) => key)).toEqual(['acct:left', 'acct:right']);
    expect(lead.missing.map(({ code }) => code)).toContain('several_subscribers');
  });

  test('more flows than conversations listed is said', () => {
    const { cases } = book();
    cases.record([detection({ flows: 200 })], [], at(T0));
    expect(only(cases).missing.map(({ code }) => code)).toContain('conversations_not_all_listed');
  });

  test('a subject at two sites is two leads; an unknown site is one too', () => {
    const { cases } = book((o) => {
      const found = attribution(o, 'acct:one', 90);
      const [place] = found.best?.places ?? [];
      const places = o.ip.endsWith('1') ? [] : place ? [{ ...place, text: o.ip }] : [];
      return { ...found, best: found.best && { ...found.best, places } };
    });
    cases.record(
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((ip) => detection({ ip })),
      [],
      at(T0),
    );
    expect(
      all(cases)
        .map(({ key }) => key.kind === 'subject_site' && key.site)
        .sort(),
    ).toEqual(['192.0.2.2', '192.0.2.3', 'unknown']);
  });
});
