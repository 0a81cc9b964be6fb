import { RECORD_FAULTS, type RecordCounts } from '../../src/flowrecord/record.ts';

/** Faults by name, those that are not 0. */
export function faultsOf(counts: RecordCounts): Record<string, number> {
  return Object.fromEntries(RECORD_FAULTS.map((name, i) => [name, counts.faults[i] ?? 0]).filter(([, n]) => n !== 0));
}
