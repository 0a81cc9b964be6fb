/** 复燃: mining traffic after a lead was stopped, inspected or closed. */
import type { DetectionRow } from '../detect/detection.ts';
import type { Decisions } from './decisions.ts';
import { type Item, ownPart } from './node-facts.ts';
import { ENDED } from './status.ts';
import { opensLead } from './strength.ts';
import { endOfChinaDay, isoTime, micros } from './times.ts';

/** Changed detections with what was known of each before; null for new ones. */
export type Fresh = ReadonlyMap<string, DetectionRow | null>;

/**
 * The detail of the entry `lead.restarted`, or null. Traffic counts from the end of the day on which mining is said to have
 * stopped, without one from the decision; only what was not known already.
 */
export function recurrence(
  decisions: Decisions,
  items: readonly Item[],
  fresh: Fresh,
): Readonly<Record<string, unknown>> | null {
  const decided = decisions.status;
  if (decided === null || !ENDED.has(decided.status)) return null;
  const since = (decided.date === null ? null : endOfChinaDay(decided.date)) ?? decided.since;
  const again = items.filter(({ row, placement: { ports } }) => {
    const known = fresh.get(row.id);
    if (known === undefined || !opensLead(row) || (micros(row.last_seen) ?? 0) <= since) return false;
    const before = known === null ? null : ownPart(known, { ports });
    return before === null || row.last_seen > before.last_seen || !opensLead(before);
  });
  if (again.length === 0) return null;
  return {
    status: 'restarted',
    previous: decided.status,
    restart_of: decided.date ?? isoTime(decided.since),
    detections: again.map(({ row }) => row.id).slice(0, 16),
    remark: 'restarted',
    text:
      'Traffic after the lead had ended. Mining that begins anew counts as new (doubled energy, notice 1283 article 6): ' +
      'a person decides the category.',
  };
}
