import { RECORD_FAULTS, type RecordFault } from './record.ts';

/** Index of each fault: `counts.faults[Fault.truncated]++`. */
export const Fault: Readonly<Record<RecordFault, number>> = Object.freeze(
  Object.fromEntries(RECORD_FAULTS.map((name, index) => [name, index])) as Record<RecordFault, number>,
);
