import type { EvidenceFrame } from './options.ts';

/** Order of evidence: capture time, then file and packet. */
export function byTime(a: EvidenceFrame, b: EvidenceFrame): number {
  return a.time - b.time || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.packet - b.packet);
}
