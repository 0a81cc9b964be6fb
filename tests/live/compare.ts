import { isDeepStrictEqual } from 'node:util';
import type { DetectionRow } from '../../src/detect/detection.ts';

/** What has to be equal in every detection. */
const FIELDS = ['miner', 'pool', 'transport', 'dialect', 'confidence', 'activity', 'shares'] as const;
/** What else does not depend on when each packet was stamped. */
const FURTHER = [
  'coins',
  'algorithm',
  'accounts',
  'agents',
  'hardware_class',
  'difficulty',
  'reported_hashrate',
  'flows',
  'packets',
  'bytes',
  'picked_up',
  'seen',
  'via',
] as const;

export interface Comparison {
  readonly expected: number;
  readonly found: number;
  readonly equal: number;
  /** Equal also in accounts, agents, flows, packets, bytes and signatures. */
  readonly whollyEqual: number;
  /** One line each. */
  readonly differences: readonly string[];
  readonly remarks: readonly string[];
}

/** Who mined where, in which dialect: what names a detection apart from the day. */
export function nameOf({ miner, pool, dialect }: DetectionRow): string {
  return `${miner.ip} -> ${pool.host ?? pool.ip}:${pool.port} ${dialect ?? 'no dialect'}`;
}

/** Compares detections one by one; `key` says which belong together. */
export function compare(
  expected: readonly DetectionRow[],
  found: Iterable<DetectionRow>,
  key: (row: DetectionRow) => string,
): Comparison {
  const rest = new Map<string, DetectionRow>();
  for (const row of found) rest.set(key(row), row);
  const count = rest.size;
  const differences: string[] = [];
  const remarks: string[] = [];
  let [equal, wholly] = [0, 0];
  for (const row of expected) {
    const other = rest.get(key(row));
    rest.delete(key(row));
    if (other === undefined) {
      differences.push(`${nameOf(row)} (${row.confidence}, ${row.activity}): missing`);
      continue;
    }
    const unequal = FIELDS.filter((field) => !isDeepStrictEqual(row[field], other[field]));
    for (const field of unequal) {
      differences.push(`${nameOf(row)}: ${field} ${JSON.stringify(row[field])} became ${JSON.stringify(other[field])}`);
    }
    if (unequal.length > 0) continue;
    equal++;
    const further: string[] = FURTHER.filter((field) => !isDeepStrictEqual(row[field], other[field]));
    if (!isDeepStrictEqual(signatures(row), signatures(other))) further.push('signatures');
    if (further.length === 0) wholly++;
    else remarks.push(`${nameOf(row)}: also differs in ${further.join(', ')}`);
  }
  for (const row of rest.values()) {
    const later = expected.find((other) => isSamePool(row, other));
    const why = later === undefined ? 'not expected' : `not expected: told early, later seen as ${nameOf(later)}`;
    differences.push(`${nameOf(row)} (${row.confidence}, ${row.activity}): ${why}`);
  }
  return { expected: expected.length, found: count, equal, whollyEqual: wholly, differences, remarks };
}

/** The same miner and pool: what was told before all of it had been seen, and what it turned out to be. */
function isSamePool(row: DetectionRow, other: DetectionRow): boolean {
  if (row.miner.ip !== other.miner.ip) return false;
  if (row.pool.host !== null && row.pool.host === other.pool.host) return true;
  return row.pool.ip !== null && row.pool.ip === other.pool.ip && row.pool.port === other.pool.port;
}

function signatures({ indications }: DetectionRow): string[] {
  return indications.map(({ signature, from, excerpt }) => `${signature} ${from} ${excerpt}`).sort();
}
