/** What the ledger stores of a hand-over: to whom, why, on which document, what, and what it hashes to. */
import { createHash } from 'node:crypto';
import type { Lead } from '../ledger/types.ts';
import { type Department, departmentOf, type FieldSets, HandOverError } from './field-sets.ts';
import { dayOf } from './hand-over-reduce.ts';

export interface HandOver {
  readonly department: string;
  /** Who gets it: office, not a person. */
  readonly recipient: string;
  /** The article it rests on, e.g. `1283 art. 19`. */
  readonly purpose: string;
  readonly documentNumber: string | null;
  readonly fieldSets: FieldSets;
  readonly format: string;
  readonly leads: readonly Pick<Lead, 'id' | 'number'>[];
  /** What was handed over, as it left. */
  readonly bytes: Uint8Array;
  /** Day in China by which answers are asked for, YYYY-MM-DD, or null. */
  readonly feedbackBy: string | null;
}

/** What the ledger stores of a hand-over, as the detail of its entry. */
export interface HandOverRecord extends Readonly<Record<string, unknown>> {
  readonly department: Department;
  readonly recipient: string;
  readonly purpose: string;
  readonly document: string | null;
  readonly field_set: string;
  readonly format: string;
  readonly count: number;
  readonly leads: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
  readonly sm3: string;
  readonly feedback_by: string | null;
}

/** The record of a hand-over. Throws a HandOverError where recipient or purpose is missing or the deadline is no day. */
export function handOverRecord(handOver: HandOver): HandOverRecord {
  const text = (what: string, value: string): string => {
    const trimmed = value.trim();
    if (trimmed !== '' && trimmed.length <= 200) return trimmed;
    throw new HandOverError(`a hand-over needs ${what} of 1 to 200 characters; state it`);
  };
  const { feedbackBy, bytes, leads } = handOver;
  if (feedbackBy !== null && dayOf(`${feedbackBy}T00:00:00Z`) !== feedbackBy) {
    throw new HandOverError(
      `the feedback deadline ${JSON.stringify(feedbackBy.slice(0, 40))} is no day such as 2026-11-27`,
    );
  }
  return {
    department: departmentOf(handOver.department),
    recipient: text('a recipient', handOver.recipient),
    purpose: text('a purpose (article number)', handOver.purpose),
    document: handOver.documentNumber?.trim() || null,
    field_set: handOver.fieldSets.version,
    format: handOver.format,
    count: leads.length,
    leads: leads.map(({ id, number }) => number ?? id).sort(),
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sm3: createHash('sm3').update(bytes).digest('hex'),
    feedback_by: feedbackBy,
  };
}
