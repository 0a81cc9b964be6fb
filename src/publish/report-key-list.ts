/**
 * The key list (重点清单): frozen every Thursday, and the batch of the week before is to be cleared by Friday. Days are
 * those of China (UTC+8).
 */
import type { Status } from '../ledger/types.ts';

/** What the list asks of a lead; `key` is the flag. */
export interface KeyLead {
  readonly id: string;
  readonly status: Status;
  readonly key: boolean;
}

export interface KeyList {
  /** Thursday whose list this is, YYYY-MM-DD, and the Friday of the following week by which it is to be cleared. */
  readonly frozen_on: string;
  readonly clear_by: string;
  /** Key leads not closed yet: the batch, sorted. */
  readonly batch: readonly string[];
  /** The batch of the previous report; null without one. `cleared` are closed, `gone` left the list in another way. */
  readonly due: {
    readonly clear_by: string;
    readonly cleared: readonly string[];
    readonly left: readonly string[];
    readonly gone: readonly string[];
  } | null;
}

const DAY = 86_400_000;
const CHINA = 8 * 3_600_000;
const THURSDAY = 4;

/** The list at the last Thursday before `to` (milliseconds), and what became of the previous one. */
export function keyListOf(leads: readonly KeyLead[], to: number, previous: KeyList | null): KeyList {
  const byId = new Map(leads.map((lead) => [lead.id, lead]));
  // The last day of the period: `to` itself is no longer in it.
  const last = Math.floor((to - 1 + CHINA) / DAY);
  const frozen = last - ((new Date(last * DAY).getUTCDay() - THURSDAY + 7) % 7);
  const batch = leads
    .filter((lead) => lead.key && lead.status !== 'closed' && lead.status !== 'not_true' && lead.status !== 'waiting')
    .map(({ id }) => id);
  return {
    frozen_on: dayText(frozen),
    clear_by: dayText(frozen + 8),
    batch,
    due: previous === null ? null : dueOf(previous, byId),
  };
}

function dueOf(previous: KeyList, byId: ReadonlyMap<string, KeyLead>): NonNullable<KeyList['due']> {
  const cleared: string[] = [];
  const left: string[] = [];
  const gone: string[] = [];
  for (const id of previous.batch) {
    const lead = byId.get(id);
    if (lead === undefined || lead.status === 'not_true' || lead.status === 'waiting') gone.push(id);
    else (lead.status === 'closed' ? cleared : left).push(id);
  }
  return { clear_by: previous.clear_by, cleared, left, gone };
}

function dayText(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}
