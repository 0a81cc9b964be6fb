/** How strong the evidence of detections is, and which of them open a lead by themselves. */
import type { Confidence, DetectionRow, IndicationKind } from '../detect/detection.ts';
import type { Strength } from './decisions.ts';
import type { Lead } from './types.ts';

const KINDS: Readonly<Record<IndicationKind, number>> = {
  behaviour: 0,
  endpoint: 1,
  dns: 1,
  tls: 1,
  http: 1,
  payload: 2,
};
export const CONFIDENCES: Readonly<Record<Confidence, number>> = { suspected: 0, probable: 1, confirmed: 2 };

/** Only mining and proxy, confirmed or probable, open a lead; everything else waits for a person. */
export function opensLead(row: Pick<DetectionRow, 'activity' | 'confidence'>): boolean {
  return (row.activity === 'mining' || row.activity === 'proxy') && row.confidence !== 'suspected';
}

/**
 * Whether a lead may be handed over without naming it: it is neither waiting nor judged not true, and mining was seen surely
 * enough or a person opened it. Without such traffic only persons take a lead out of `waiting`; one that weak evidence alone
 * opened again waits for a person to look at it.
 */
export function goesOut(lead: Pick<Lead, 'status' | 'detections' | 'contradictions'>): boolean {
  if (lead.status === 'waiting' || lead.status === 'not_true') return false;
  if (lead.detections.some(opensLead)) return true;
  return lead.status !== 'open' || !lead.contradictions.some(({ code }) => code === 'reopened_stronger_evidence');
}

/** The strongest kind and the greatest confidence among detections; signs against mining do not count. -1 for none. */
export function strengthOf(rows: Iterable<Pick<DetectionRow, 'activity' | 'confidence' | 'indications'>>): Strength {
  let kind = -1;
  let confidence = -1;
  let work = 0;
  for (const row of rows) {
    confidence = Math.max(confidence, CONFIDENCES[row.confidence]);
    if (opensLead(row)) work = 1;
    for (const { kind: each, weight } of row.indications) if (weight > 0) kind = Math.max(kind, KINDS[each]);
  }
  return { kind, confidence, work };
}

/** Whether `now` holds evidence of a stronger kind, or surer, than all that `seen` held. */
export function isStronger(now: Strength, seen: Strength): boolean {
  // A login that led nowhere was judged; shares that were accepted are something else.
  return now.kind > seen.kind || now.confidence > seen.confidence || (now.work ?? 0) > (seen.work ?? 1);
}
