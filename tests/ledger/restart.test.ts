import { describe, expect, test } from 'vitest';
import { all, at, attribution, book, DAY, detection, only, type Sketch, T0 } from './lead-helpers.ts';

/** A lead stopped on 2026-03-05, and closed unless told otherwise. */
function closed(last: 'stopped' | 'inspected' | 'closed' = 'closed') {
  const made = book();
  made.cases.record([detection(), detection({ from: 5 * DAY })], [], at(T0));
  const { id } = only(made.cases);
  for (const status of ['true', 'stopped', 'inspected', 'closed']) {
    const stop = status === 'stopped' ? { date: '2026-03-05', method: 'power cut' } : {};
    made.cases.setStatus(id, { status, ...stop }, at(T0 + 10 * DAY));
    if (status === last) break;
  }
  return { ...made, id, later: (sketch: Sketch) => made.cases.record([detection(sketch)], [], at(T0 + 30 * DAY)) };
}

describe('traffic after the end', () => {
  test.each(['stopped', 'inspected', 'closed'] as const)('restarts a lead that was %s, with a link', (last) => {
    const { cases, later, id } = closed(last);
    later({ from: 20 * DAY });
    const lead = only(cases);
    expect(lead.status).toBe('restarted');
    expect(lead.links).toContainEqual({ lead: id, kind: 'restart_of', value: '2026-03-05' });
    expect(lead.contradictions.find(({ code }) => code === 'restarted')?.text).toContain('a person decides');
    expect(lead.deadline).not.toBeNull();
    // The category is proposed, not changed.
    expect(lead.category).toBe('new');
  });

  test('what was known when it was closed, and the same read again, restarts nothing', () => {
    const { cases, later } = closed();
    later({ from: 5 * DAY });
    later({ from: 5 * DAY, to: 5 * DAY + 600 });
    expect(only(cases).status).toBe('closed');
  });

  test('traffic read late but older than the stop, attempts and suspicions restart nothing', () => {
    const { cases, later } = closed();
    later({ from: 2 * DAY });
    later({ from: 20 * DAY, activity: 'attempt' });
    later({ from: 21 * DAY, confidence: 'suspected' });
    expect(only(cases).status).toBe('closed');
    expect(only(cases).detections).toHaveLength(5);
  });

  test('traffic between the stop and the closing that was read afterwards restarts', () => {
    const { cases, later } = closed();
    later({ from: 7 * DAY });
    expect(only(cases).status).toBe('restarted');
  });

  test('a new address of the same worker restarts it, too', () => {
    const { cases, later } = closed();
    later({ from: 6 * DAY, ip: '192.0.2.200' });
    expect(only(cases)).toMatchObject({ status: 'restarted', addresses: [{}, {}] });
  });

  test('the same detections again change nothing more', () => {
    const { later, storage } = closed();
    later({ from: 20 * DAY });
    const before = [...storage.entries({})].length;
    later({ from: 20 * DAY });
    expect([...storage.entries({})].length).toBe(before);
  });
});

test('traffic that a late log brings to an ended lead restarts it', () => {
  let late = false;
  const { cases } = book((o) => (o.ip === '192.0.2.10' || late ? attribution(o, 'acct:k1', 90) : null));
  cases.record([detection()], [], at(T0));
  const { id } = only(cases);
  for (const status of ['true', 'stopped', 'inspected', 'closed']) {
    const stop = status === 'stopped' ? { date: '2026-03-05', method: 'power cut' } : {};
    cases.setStatus(id, { status, ...stop }, at(T0 + 10 * DAY));
  }
  cases.record([detection({ ip: '192.0.2.77', from: 20 * DAY, account: 'someone-else' })], [], at(T0 + 30 * DAY));
  expect(
    all(cases)
      .map(({ status }) => status)
      .sort(),
  ).toEqual(['closed', 'open']);
  late = true;
  cases.reattribute(at(T0 + 31 * DAY));
  expect(only(cases)).toMatchObject({ id, status: 'restarted' });
});
