/** Behind a carrier's address translation: what of a shared detection is said of which subscriber. */
import { describe, expect, test } from 'vitest';
import type { Attribution, Observation } from '../../src/attribution/types.ts';
import { goesOut } from '../../src/ledger/strength.ts';
import type { Lead } from '../../src/ledger/types.ts';
import { type Attribute, all, at, attribution, book, DAY, detection, iso, only, T0 } from './lead-helpers.ts';

const HOUR = 3600;
const left: Attribute = (o) => attribution(o, o.port !== null && o.port < 2000 ? 'acct:left' : 'acct:right', 80);
const subjectOf = ({ key }: Lead): string => (key.kind === 'subject_site' ? key.subject : key.kind);
const bySubject = (leads: readonly Lead[]): Record<string, Lead> =>
  Object.fromEntries(leads.map((lead) => [subjectOf(lead), lead]));
const codes = (lead: Lead | undefined): string[] => lead?.missing.map(({ code }) => code) ?? [];

describe('a detection shared by a miner and somebody who only knocked', () => {
  const ports = [
    [1001, 0, 5 * HOUR],
    [1002, 6 * HOUR, 7 * HOUR],
    [2001, 3 * HOUR, 3 * HOUR + 20],
  ] as const;
  const shared = detection({ nat: 'outside', from: 0, to: 7 * HOUR, ports, flows: 3 });

  test('the miner has a lead, the other waits', () => {
    const { cases, storage } = book(left);
    cases.record([shared], [], at(T0));
    const leads = bySubject(all(cases));
    expect(leads['acct:left']).toMatchObject({ status: 'open', activity: 'mining', confidence: 'confirmed' });
    expect(leads['acct:right']).toMatchObject({ status: 'waiting', activity: 'attempt', deadline: null });
    expect(codes(leads['acct:right'])).toContain('short_conversation');
    expect(codes(leads['acct:left'])).not.toContain('short_conversation');
    expect([...storage.entries({ actions: ['lead.opened'] })].map(({ lead }) => lead)).toEqual([
      leads['acct:left']?.id,
    ]);
    expect(Object.values(leads).map(goesOut).sort()).toEqual([false, true]);
  });

  test('each has the times, ports and conversations that are his', () => {
    const { cases } = book(left);
    cases.record([shared], [], at(T0));
    const { 'acct:left': miner, 'acct:right': other } = bySubject(all(cases));
    expect([miner?.first_seen, miner?.last_seen]).toEqual([iso(T0), iso(T0 + 7 * HOUR)]);
    const own = { first_seen: iso(T0 + 3 * HOUR), last_seen: iso(T0 + 3 * HOUR + 20) };
    expect(other).toMatchObject({
      ...own,
      addresses: [{ ...own, ports: [2001] }],
      detections: [{ ...own, ports: [2001], flows: 1, activity: 'attempt', conversations: [{ port: 2001, ...own }] }],
    });
    expect(miner?.detections[0]?.conversations?.map(({ port }) => port)).toEqual([1001, 1002]);
    expect(miner?.detections[0]?.flows).toBe(2);
  });

  test('299 s are too short, 300 s are not; a single long one is enough', () => {
    for (const [lengths, status] of [
      [[299], 'waiting'],
      [[300], 'open'],
      [[10, 299, 20], 'waiting'],
      [[10, 300, 20], 'open'],
    ] as const) {
      const { cases } = book(left);
      const own = lengths.map((length, i) => [2001 + i, HOUR * i, HOUR * i + length] as const);
      cases.record([detection({ nat: 'outside', ports: [[1001, 0, HOUR], ...own] })], [], at(T0));
      expect(bySubject(all(cases))['acct:right']?.status).toBe(status);
    }
  });

  test('a port that changed hands belongs to each for his own time', () => {
    const noon = (T0 + 12 * HOUR) * 1e6;
    const { cases } = book((o) => attribution(o, o.from < noon ? 'acct:left' : 'acct:right', 80));
    const same = [
      [1001, 0, 5 * HOUR],
      [1001, 13 * HOUR, 13 * HOUR + 30],
    ] as const;
    cases.record([detection({ nat: 'outside', from: 0, to: 14 * HOUR, ports: same })], [], at(T0));
    const leads = bySubject(all(cases));
    expect(leads['acct:left']).toMatchObject({ status: 'open', last_seen: iso(T0 + 5 * HOUR) });
    expect(leads['acct:right']).toMatchObject({ status: 'waiting', first_seen: iso(T0 + 13 * HOUR) });
  });

  test('one subscriber alone is judged by the whole detection, however short; so are leads put together', () => {
    const { cases } = book((o) => attribution(o, 'acct:one', 80));
    cases.record([detection({ nat: 'outside', ports: [[1001, 0, 20]] })], [], at(T0));
    expect(only(cases)).toMatchObject({ status: 'open', activity: 'mining' });
    const { cases: two } = book(left);
    two.record([shared], [], at(T0));
    const [a = '', b = ''] = all(two).map(({ id }) => id);
    two.merge(a, b, 'one household', at(T0 + DAY));
    expect(only(two)).toMatchObject({ activity: 'mining', detections: [{ shared: false, flows: 3 }] });
    expect(codes(only(two))).not.toContain('short_conversation');
  });

  test('a lead that ended restarts by its own mining, not by that of a neighbour', () => {
    const { cases } = book(left);
    const day = (from: number, right: number) =>
      detection({
        nat: 'outside',
        id: `day-${from}`,
        from,
        to: from + 5 * HOUR,
        ports: [
          [1001, from, from + 5 * HOUR],
          [2001, from, from + right],
        ],
      });
    cases.record([day(0, HOUR)], [], at(T0));
    const right = (): Lead | undefined => bySubject(all(cases))['acct:right'];
    cases.setStatus(right()?.id ?? '', { status: 'true' }, at(T0 + DAY));
    const stop = { status: 'stopped', date: '2026-03-03', method: 'unplugged' };
    cases.setStatus(right()?.id ?? '', stop, at(T0 + 2 * DAY));
    cases.record([day(3 * DAY, 20)], [], at(T0 + 4 * DAY));
    expect(right()?.status).toBe('stopped');
    // The same day read again with more of it: the neighbour was known to mine for longer, his own conversation is new.
    const whole = day(5 * DAY, HOUR);
    const neighbour = whole.conversations.filter(({ miner_port: port }) => port === 1001);
    cases.record([{ ...whole, conversations: neighbour, flows: 1 }], [], at(T0 + 6 * DAY));
    expect(right()?.status).toBe('stopped');
    cases.record([whole], [], at(T0 + 6 * DAY));
    expect(right()?.status).toBe('restarted');
  });
});

describe('what goes out by itself', () => {
  const judge = (...sketches: Parameters<typeof detection>[0][]) => {
    const { cases } = book();
    cases.record(sketches.map(detection), [], at(T0));
    const { id } = only(cases);
    return { cases, id, goes: () => goesOut(only(cases)) };
  };

  test('sure mining, and what a person opened; nothing that waits or is not true', () => {
    const sure = judge({});
    expect(sure.goes()).toBe(true);
    sure.cases.setStatus(sure.id, { status: 'not_true' }, at(T0 + DAY));
    expect(sure.goes()).toBe(false);
    // Mining here and a sure attempt there are no sure mining.
    const weak = judge({ confidence: 'suspected' }, { id: 'other', activity: 'attempt', pool: 'b.example' });
    expect(only(weak.cases)).toMatchObject({ activity: 'mining', confidence: 'confirmed' });
    expect(weak.goes()).toBe(false);
    weak.cases.setStatus(weak.id, { status: 'open' }, at(T0 + DAY));
    expect(weak.goes()).toBe(true);
  });

  test('not what weak evidence opened again', () => {
    const { cases, id, goes } = judge({ confidence: 'suspected', kind: 'behaviour' });
    cases.setStatus(id, { status: 'not_true' }, at(T0 + 10));
    cases.record([detection({ id: 'later', from: DAY, confidence: 'suspected', kind: 'dns' })], [], at(T0 + DAY));
    expect(only(cases).status).toBe('open');
    expect(goes()).toBe(false);
    cases.setStatus(id, { status: 'true' }, at(T0 + 2 * DAY));
    expect(goes()).toBe(true);
  });
});

describe('places of an unattributed lead', () => {
  const weak = (o: Observation): Attribution => attribution(o, 'acct:maybe', 60);

  test('only the region of a candidate below the threshold; the candidate stays a party', () => {
    const { cases } = book(weak);
    cases.record([detection()], [], at(T0));
    const lead = only(cases);
    expect(lead).toMatchObject({ subject: null, region: '640502', parties: [{ key: 'acct:maybe' }] });
    expect(lead.places).toEqual([{ kind: 'install', region: '640502', text: null, detail: null }]);
    expect(JSON.stringify(lead)).not.toContain('acct:maybe road');
  });

  test('a place that a report names is shown', () => {
    const { cases } = book(weak);
    const report = { source: 's', reference: 'r', ip: '192.0.2.10', place: { region: '640502', text: 'Hall 3' } };
    cases.recordReport(report, at(T0));
    cases.record([detection()], [], at(T0));
    expect(
      only(cases)
        .places.map(({ text }) => text)
        .sort(),
    ).toEqual(['Hall 3', null]);
  });
});
