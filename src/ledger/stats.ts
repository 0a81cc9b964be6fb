/** How the signatures did: leads in which they held, and how those were judged. */
import { HELD_TRUE } from './status.ts';
import type { Lead } from './types.ts';

export interface SignatureCounts {
  leads: number;
  true: number;
  not_true: number;
}

/** By `id@version`. A lead counts once for each signature; closed, stopped … ones were judged true. */
export function signatureStats(leads: Iterable<Lead>): Map<string, SignatureCounts> {
  const stats = new Map<string, SignatureCounts>();
  for (const lead of leads) {
    const held = new Set(
      lead.detections.flatMap((each) => each.signatures.map(({ id, version }) => `${id}@${version}`)),
    );
    for (const signature of held) {
      const counts = stats.get(signature) ?? { leads: 0, true: 0, not_true: 0 };
      stats.set(signature, counts);
      counts.leads += 1;
      if (HELD_TRUE.has(lead.status)) counts.true += 1;
      if (lead.status === 'not_true') counts.not_true += 1;
    }
  }
  return stats;
}
