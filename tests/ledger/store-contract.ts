/** What every LeadStorage must do; run against the one in memory and the one in SQLite. */
import { describe, expect, test } from 'vitest';
import type { LeadStorage } from '../../src/ledger/store.ts';
import type { Status } from '../../src/ledger/types.ts';
import { coverage, entry, evidence, lead, part, placement, START } from './store-samples.ts';

export function describeStore(name: string, open: () => LeadStorage): void {
  describe(`LeadStorage: ${name}`, () => {
    test('entries come back in order, filtered, chained', () => {
      const store = open();
      const first = store.append(entry('lead.opened', 'L1'));
      store.append(entry('lead.set', 'L2', { personal: { name: '虚构人' } }));
      store.append(entry('lead.set', 'L1', { detail: { b: 1, a: [null, 'x'] } }));
      expect(first).toBeGreaterThan(0);
      const of = (filter: Parameters<LeadStorage['entries']>[0]): number[] =>
        [...store.entries(filter)].map(({ seq }) => seq - first);
      expect(of({ leads: ['L1'] })).toEqual([0, 2]);
      expect(of({ leads: ['L1', 'L2'], actions: ['lead.set'] })).toEqual([1, 2]);
      expect(of({ actions: ['lead.set'], after: first + 1 })).toEqual([2]);
      expect(of({ leads: [] })).toEqual([]);
      const [, second, third] = [...store.entries({ leads: ['L1', 'L2'] })];
      expect(second).toMatchObject({ personal: { name: '虚构人' }, purged: false, actor: 'tester', time: START });
      expect(third?.detail).toEqual({ b: 1, a: [null, 'x'] });
      expect(second?.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(second?.sm3).toMatch(/^[0-9a-f]{64}$/);
      expect(new Set([second?.sha256, second?.sm3, third?.sha256, third?.sm3]).size).toBe(4);
    });

    test('an entry is readable in the transaction that appends it', () => {
      const store = open();
      store.transaction(() => {
        const seq = store.append(entry('lead.opened', 'L1'));
        store.putLead(lead('L1'));
        expect([...store.entries({ leads: ['L1'] })].map((one) => one.seq)).toEqual([seq]);
        expect(store.append(entry('lead.set', 'L1'))).toBe(seq + 1);
      });
      expect([...store.entries({ leads: ['L1'] })].map((one) => one.action)).toEqual(['lead.opened', 'lead.set']);
    });

    test('more entries than a page', () => {
      const store = open();
      store.transaction(() => {
        for (let i = 0; i < 1234; i++) store.append(entry('lead.set', `L${i % 2}`, { detail: { i } }));
      });
      const seen = [...store.entries({ leads: ['L1'] })].map(({ detail }) => detail['i']);
      expect(seen).toEqual(Array.from({ length: 617 }, (_, i) => 2 * i + 1));
    });

    test('what throws leaves nothing', () => {
      const store = open();
      store.putSetting('kept', 'yes');
      const work = (): void =>
        store.transaction(() => {
          store.append(entry('lead.opened', 'L9'));
          store.putPart(part('d9'));
          store.putPlacements('d9', [placement('d9', 'n9')]);
          store.putNode({ id: 'n9', key: { kind: 'report', source: 's', reference: 'r' }, lead: 'L9' });
          store.putLead(lead('L9', { number: 'L-1', aliases: ['old'] }));
          store.putTokens('L9', [{ kind: 'worker', value: 'w' }]);
          store.putCoverage(coverage('s9'));
          store.putEvidence(evidence('d9', Buffer.from('x')));
          store.putSetting('kept', 'no');
          throw new Error('stop');
        });
      expect(work).toThrow('stop');
      expect([...store.entries({ leads: ['L9'] })]).toEqual([]);
      expect([store.parts('d9'), store.placementsOf('d9'), store.placementsAt('n9')]).toEqual([[], [], []]);
      expect([store.node('n9'), store.lead('L9'), store.lead('L-1'), store.lead('old')]).toEqual([
        null,
        null,
        null,
        null,
      ]);
      expect([store.nodesOf('L9'), store.leadsWithToken('worker', 'w', 9), store.evidence('d9')]).toEqual([[], [], []]);
      expect([...store.coverage(), ...store.detectionIds(), ...store.nodes()]).toEqual([]);
      expect(store.setting('kept')).toBe('yes');
    });

    test('an inner transaction is undone alone', () => {
      const store = open();
      store.transaction(() => {
        const seq = store.append(entry('a', 'L1'));
        store.putSetting('outer', '1');
        expect(() =>
          store.transaction(() => {
            expect(store.append(entry('b', 'L1'))).toBe(seq + 1);
            store.putSetting('inner', '1');
            throw new Error('inner');
          }),
        ).toThrow('inner');
        expect(store.append(entry('c', 'L1'))).toBe(seq + 1);
      });
      expect([...store.entries({ leads: ['L1'] })].map(({ action }) => action)).toEqual(['a', 'c']);
      expect([store.setting('outer'), store.setting('inner')]).toEqual(['1', null]);
    });

    test('parts: once each, sorted', () => {
      const store = open();
      const [a, b] = [part('d1', { flows: 2 }), part('d1', { flows: 3 })];
      expect([store.putPart(a), store.putPart(b), store.putPart(a), store.putPart(part('d0'))]).toEqual([
        ...[true, true, false, true],
      ]);
      expect(store.parts('d1')).toEqual([a, b].sort((x, y) => (x.digest < y.digest ? -1 : 1)));
      expect(store.parts('none')).toEqual([]);
      expect([...store.detectionIds()]).toEqual(['d0', 'd1']);
    });

    test('placements replace, and are found by node', () => {
      const store = open();
      store.putPlacements('d2', [placement('d2', 'n1', { ports: [1024, 2048], shared: true }), placement('d2', 'n2')]);
      store.putPlacements('d1', [placement('d1', 'n1')]);
      expect(store.placementsAt('n1').map(({ detection }) => detection)).toEqual(['d1', 'd2']);
      expect(store.placementsAt('n1')[1]).toEqual(placement('d2', 'n1', { ports: [1024, 2048], shared: true }));
      store.putPlacements('d2', [placement('d2', 'n3')]);
      expect(store.placementsAt('n1').map(({ detection }) => detection)).toEqual(['d1']);
      expect(store.placementsAt('n2')).toEqual([]);
      store.putPlacements('d2', []);
      expect([store.placementsOf('d2'), store.placementsAt('n3')]).toEqual([[], []]);
    });

    test('nodes move between leads', () => {
      const store = open();
      const key = { kind: 'address', ip: '192.0.2.1', realm: null, nat: 'none' } as const;
      store.putNode({ id: 'nb', key, lead: 'L1' });
      store.putNode({ id: 'na', key, lead: 'L1' });
      expect(store.nodesOf('L1').map(({ id }) => id)).toEqual(['na', 'nb']);
      store.putNode({ id: 'nb', key, lead: 'L2' });
      expect([store.nodesOf('L1').length, store.node('nb')?.lead, store.node('nx')]).toEqual([1, 'L2', null]);
      expect([...store.nodes()].map(({ id }) => id)).toEqual(['na', 'nb']);
    });

    test('a lead by id, number, alias; gone when deleted', () => {
      const store = open();
      const one = lead('L1', { number: 'L-640502-2026-000001', aliases: ['Lold', 'Lolder'] });
      store.putLead(one);
      expect(['L1', 'L-640502-2026-000001', 'Lolder'].map((name) => store.lead(name))).toEqual([one, one, one]);
      expect(Object.keys(store.lead('L1') ?? {})).toEqual(Object.keys(one));
      store.putLead({ ...one, aliases: ['Lold'] });
      expect([store.lead('Lolder'), store.lead('Lold')?.id]).toEqual([null, 'L1']);
      store.putTokens('L1', [{ kind: 'wallet', value: 'x' }]);
      store.deleteLead('L1');
      store.deleteLead('L1');
      expect([store.lead('L1'), store.lead('Lold'), store.leadsWithToken('wallet', 'x', 5)]).toEqual([null, null, []]);
    });

    test('filters', () => {
      const store = open();
      const put = (id: string, status: Status, region: string | null, more = {}): void =>
        store.putLead(lead(id, { status, region, ...more }));
      put('L1', 'open', '640502');
      put('L2', 'closed', '640521', { category: 'new', flags: [{ flag: 'key', rule: 'r' }] });
      put('L3', 'open', '110101', {
        flags: [
          { flag: 'park', rule: 'r' },
          { flag: 'bitcoin', rule: 'r' },
        ],
      });
      put('L4', 'waiting', null, { confidence: null, first_seen: null, last_seen: null });
      put('L5', 'open', '640502', {
        first_seen: '2026-07-05T00:00:00.000000Z',
        last_seen: '2026-07-06T00:00:00.000001Z',
      });
      const ids = (filter: Parameters<LeadStorage['leads']>[0]): string[] =>
        [...store.leads(filter)].map(({ id }) => id);
      expect(ids({})).toEqual(['L1', 'L2', 'L3', 'L4', 'L5']);
      expect(store.leadCounts()).toEqual([
        { status: 'closed', region: '640521', count: 1 },
        { status: 'open', region: '110101', count: 1 },
        { status: 'open', region: '640502', count: 2 },
        { status: 'waiting', region: null, count: 1 },
      ]);
      expect(ids({ region: '640000' })).toEqual(['L1', 'L2', 'L5']);
      expect(ids({ region: '640500', status: ['closed', 'waiting'] })).toEqual(['L2']);
      expect(ids({ region: '640502' })).toEqual(['L1', 'L5']);
      expect(ids({ region: "x' OR 1=1 --" })).toEqual([]);
      expect(ids({ status: ["open') OR 1=1 --", 'waiting'] })).toEqual(['L4']);
      expect(ids({ category: ['new'] })).toEqual(['L2']);
      expect(ids({ confidence: ['confirmed'], ids: ['L4', 'L1'] })).toEqual(['L1']);
      expect(ids({ flags: ['bitcoin', 'key'] })).toEqual(['L2', 'L3']);
      expect(ids({ ids: [] })).toEqual([]);
      // Seen in [from, to): the last sight counts at `from`, the first does not at `to`.
      const sixth = Date.UTC(2026, 6, 6) * 1000;
      expect(ids({ from: sixth + 1 })).toEqual(['L5']);
      expect(ids({ from: sixth + 2 })).toEqual([]);
      expect(ids({ to: Date.UTC(2026, 6, 5) * 1000 })).toEqual(['L1', 'L2', 'L3']);
      expect(ids({ to: Date.UTC(2026, 6, 5) * 1000 + 1 })).toEqual(['L1', 'L2', 'L3', 'L5']);
    });

    test('leads can be written while they are listed', () => {
      const store = open();
      for (const id of ['L1', 'L2', 'L3']) store.putLead(lead(id));
      for (const one of store.leads({})) {
        store.putLead({ ...one, status: 'closed' });
        store.deleteLead('L2');
      }
      expect([...store.leads({})].map(({ id, status }) => `${id} ${status}`)).toEqual(['L1 closed', 'L3 closed']);
    });

    test('tokens', () => {
      const store = open();
      const hostile = "w'); DROP TABLE lead; --\u0000\ud800 =1+1";
      store.putTokens('L2', [
        { kind: 'worker', value: hostile },
        { kind: 'worker', value: hostile },
      ]);
      store.putTokens('L1', [
        { kind: 'worker', value: hostile },
        { kind: 'pool', value: 'p' },
      ]);
      expect(store.leadsWithToken('worker', hostile, 10)).toEqual(['L1', 'L2']);
      expect(store.leadsWithToken('worker', hostile, 1)).toEqual(['L1']);
      expect(store.leadsWithToken('pool', hostile, 10)).toEqual([]);
      store.putTokens('L1', []);
      expect(store.leadsWithToken('worker', hostile, 10)).toEqual(['L2']);
    });

    test('coverage and evidence: once each', () => {
      const store = open();
      const [a, b] = [coverage('s1'), coverage('s2', { from: null })];
      expect([store.putCoverage(a), store.putCoverage({ ...a }), store.putCoverage(b)]).toEqual([true, false, true]);
      expect([...store.coverage()]).toHaveLength(2);
      expect([...store.coverage()]).toEqual(expect.arrayContaining([a, b]));
      const proof = evidence('d1', Buffer.from([1, 2, 3]));
      expect([store.putEvidence(proof), store.putEvidence(proof)]).toEqual([true, false]);
      expect(store.evidence('d1').map((e) => ({ ...e, capture: [...(e.capture ?? [])] }))).toEqual([
        { ...proof, capture: [1, 2, 3] },
      ]);
      store.putEvidence({ ...evidence('d2', Buffer.from('y')), capture: null });
      expect(store.evidence('d2')[0]?.capture).toBeNull();
    });

    test('settings', () => {
      const store = open();
      expect(store.setting('reference')).toBeNull();
      store.putSetting('reference', '2021-09-24');
      store.putSetting('reference', '2021-09-25\u0000é');
      expect(store.setting('reference')).toBe('2021-09-25\u0000é');
    });

    test('what was given or got can be changed without changing what is stored', () => {
      const store = open();
      const given = { a: [1] };
      store.append(entry('x', 'L1', { detail: given }));
      given.a.push(2);
      const got = [...store.entries({ leads: ['L1'] })][0]?.detail as { a: number[] };
      got.a.push(3);
      expect([...store.entries({ leads: ['L1'] })][0]?.detail).toEqual({ a: [1] });
    });

    test('text of strangers: long, lone surrogates, markup', () => {
      const store = open();
      const login = `${'=cmd|x'.repeat(200_000)}\ud800<script>\u0000`;
      const record = part('d1', { agents: [login] });
      store.putPart(record);
      expect(store.parts('d1')).toEqual([record]);
      store.append(entry('x\ud800', 'L1', { actor: 'a\ud800\u0000b', detail: { login } }));
      const [stored] = [...store.entries({ leads: ['L1'] })];
      expect(stored?.actor).toBe('a\ufffd\u0000b');
    });
  });
}
