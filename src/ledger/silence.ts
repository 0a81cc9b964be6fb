/** A lead judged 不属实: later detections attach silently, unless they are of a stronger kind than the judgement had seen. */
import type { Decisions } from './decisions.ts';
import type { Item } from './node-facts.ts';
import { isStronger, strengthOf } from './strength.ts';

/** The detail of the entry `lead.reopened`, or null where the silence holds. */
export function reopening(decisions: Decisions, items: readonly Item[]): Readonly<Record<string, unknown>> | null {
  if (decisions.status?.status !== 'not_true') return null;
  const now = strengthOf(items.map(({ row }) => row));
  if (!isStronger(now, decisions.status.seen ?? { kind: -1, confidence: -1 })) return null;
  return {
    status: 'open',
    previous: 'not_true',
    evidence: now,
    remark: 'reopened_stronger_evidence',
    text: 'Judged not true before; evidence of a stronger kind arrived since.',
  };
}
