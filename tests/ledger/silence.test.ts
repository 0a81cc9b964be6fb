import { describe, expect, test } from 'vitest';
import { at, book, DAY, detection, only, type Sketch, T0 } from './lead-helpers.ts';

/** The lead after a judgement 不属实 on the first detection and the arrival of the second. */
function judged(first: Sketch, second: Sketch) {
  const { cases } = book();
  cases.record([detection(first)], [], at(T0));
  const { id } = only(cases);
  cases.setStatus(id, { status: 'not_true', reason: 'a node, not a miner' }, at(T0 + 10));
  cases.record([detection({ from: DAY, ...second })], [], at(T0 + DAY));
  return { lead: only(cases), cases };
}

describe('a lead judged not true', () => {
  test.each<[string, Sketch, Sketch]>([
    ['the same again', {}, {}],
    ['a weaker kind', {}, { kind: 'tls' }],
    ['a name after a name', { kind: 'dns', confidence: 'probable' }, { kind: 'endpoint', confidence: 'probable' }],
    ['less sure', { confidence: 'probable' }, { confidence: 'suspected' }],
  ])('stays silent on %s', (_, first, second) => {
    const { lead } = judged(first, second);
    expect(lead.status).toBe('not_true');
    expect(lead.detections).toHaveLength(2);
  });

  test.each<[string, Sketch, Sketch]>([
    ['a name after behaviour', { kind: 'behaviour' }, { kind: 'http' }],
    ['payload after a name', { kind: 'tls' }, { kind: 'payload' }],
    ['surer evidence', { confidence: 'probable' }, { confidence: 'confirmed' }],
    ['work after a login alone', { activity: 'attempt' }, { activity: 'mining' }],
  ])('is opened again by %s', (_, first, second) => {
    const { lead, cases } = judged(first, second);
    expect(lead.status).toBe('open');
    expect(lead.contradictions.map(({ code }) => code)).toContain('reopened_stronger_evidence');
    const actions = cases.lead(lead.id, { history: true })?.history?.map(({ action }) => action);
    expect(actions?.filter((action) => action === 'lead.reopened')).toHaveLength(1);
    // Judged again, with all of that seen, it is silent again.
    cases.setStatus(lead.id, { status: 'not_true' }, at(T0 + 2 * DAY));
    cases.record([detection({ ...second, from: 3 * DAY })], [], at(T0 + 3 * DAY));
    expect(only(cases).status).toBe('not_true');
  });

  test('counts against its signatures', () => {
    const { cases } = judged({}, {});
    cases.record([detection({ ip: '192.0.2.99', account: 'another-farm' })], [], at(T0));
    expect(cases.signatureStats().get('sig-payload@1')).toEqual({ leads: 2, true: 0, not_true: 1 });
    const other = [...cases.exportLeads({ status: ['open'] })][0]?.id ?? '';
    cases.setStatus(other, { status: 'true' }, at(T0 + DAY));
    expect(cases.signatureStats().get('sig-payload@1')).toEqual({ leads: 2, true: 1, not_true: 1 });
  });
});
