/** What a row, or the facts of a key, stand for when it is decided whether they are reported. */
import { DAY } from '../../detect/day.ts';
import type { DetectionRow } from '../../detect/detection.ts';
import type { KeyFacts } from '../../detect/key-facts.ts';

const SURENESS = { suspected: 0, probable: 1, confirmed: 2 } as const;
const WORK = { attempt: 0, probe: 1, mining: 2, proxy: 3 } as const;
/** From one report of a detection that only grows to the next, µs. */
const GROWTH = [60e6, 300e6, 900e6, 3600e6];
/** What is not certain yet is looked at again after so long, µs. */
export const UNCERTAIN = 60e6;
/** No look is put off for longer, µs. */
export const LONGEST: number = Math.max(...GROWTH);

/** Whether a row says more than what was reported of it: of how sure it is, or of what is done. */
export function isSurer(row: DetectionRow, known: Pick<DetectionRow, 'confidence' | 'activity'>): boolean {
  return SURENESS[row.confidence] > SURENESS[known.confidence] || WORK[row.activity] > WORK[known.activity];
}

/** µs for which a detection that only grew is not reported again; `known`: as it was reported, and how often. */
export function growthOf(
  { activity }: DetectionRow,
  { activity: told, times }: Pick<DetectionRow, 'activity'> & { readonly times: number },
): number {
  // How much somebody probes is told when the day is over.
  if (activity === 'probe' && WORK[told] <= WORK.probe) return Number.POSITIVE_INFINITY;
  return GROWTH[Math.min(times, GROWTH.length) - 1] ?? 0;
}

/** µs until a detection that was looked at, and reported so many times, is looked at again if its signs stay the same. */
export function pauseOf({ confidence, activity }: DetectionRow, times: number): number {
  if (activity === 'probe') return LONGEST;
  if (confidence !== 'confirmed' || activity === 'attempt') return UNCERTAIN;
  return GROWTH[Math.min(times, GROWTH.length) - 1] ?? UNCERTAIN;
}

/**
 * How many times longer what is new waits. A look-up: the connection that it led to says more. Work that was delivered and
 * nothing done with it: whoever tries many pools gets a job from each, and ten minutes tell that from mining.
 */
export function patienceOf(row: DetectionRow): number {
  if (row.transport === 'dns') return 6;
  // Where nothing was read, the conversation had to last before it counted as work.
  const read = row.dialect !== null && row.activity === 'mining';
  return read && row.shares.submitted + row.shares.accepted === 0 ? 60 : 1;
}

export function packetsOf({ packets }: DetectionRow): number {
  return packets[0] + packets[1];
}

/** Segments that waited for lost ones are read when a conversation ends: shares may come without a packet. */
export function sharesOf({ shares }: DetectionRow): number {
  return shares.submitted + shares.accepted + shares.rejected;
}

/** What can make a detection surer, or its activity another one. */
export function signsOf(facts: KeyFacts | null): string {
  if (facts === null) return '';
  const { indications, carried, worked, workedUnread, severalMiners, submitted, accepted, attempts } = facts;
  const names = [...indications, ...carried].map(({ value }) => value.indication.signature);
  const signs = [worked, workedUnread, severalMiners, submitted > 0, accepted > 0, attempts.length];
  return `${names.join(' ')} ${signs.join(' ')}`;
}

/** Miner, pool, port, dialect and day of a row, as in the key of its facts. */
export function keyOfRow(row: DetectionRow): string {
  const day = Math.floor((Date.parse(row.window.from) * 1000) / DAY);
  return JSON.stringify([row.miner.ip, row.pool.ip ?? row.pool.host, row.pool.port, row.dialect, day]);
}
