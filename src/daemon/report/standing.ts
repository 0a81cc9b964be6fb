/** What a row, or the facts of a key, stand for when it is decided whether they are reported. */
import { DAY } from '../../detect/day.ts';
import type { DetectionRow } from '../../detect/detection.ts';
import type { KeyFacts } from '../../detect/key-facts.ts';

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
  const { indications, carried, worked, severalMiners, submitted, attempts } = facts;
  const names = [...indications, ...carried].map(({ value }) => value.indication.signature);
  return `${names.join(' ')} ${worked} ${severalMiners} ${submitted > 0} ${attempts.length}`;
}

/** Miner, pool, port, dialect and day of a row, as in the key of its facts. */
export function keyOfRow(row: DetectionRow): string {
  const day = Math.floor((Date.parse(row.window.from) * 1000) / DAY);
  return JSON.stringify([row.miner.ip, row.pool.ip ?? row.pool.host, row.pool.port, row.dialect, day]);
}
