/** Takes detections and coverage into the ledger: idempotent, and the same whatever the order and the batches. */
import { canonicalJson } from '../common/canonical-json.ts';
import type { CoverageRow, DetectionRow } from '../detect/detection.ts';
import { combineParts, partDigest, sortedUnique } from './combine.ts';
import type { PlacedCoverage } from './coverage.ts';
import type { Desk } from './desk.ts';
import { handOn, noMoves, replaceDetection } from './moves.ts';
import { NodeReader } from './node-facts.ts';
import type { Change, RecordContext } from './services.ts';

/** What a batch brought. */
export interface Recorded {
  /** Parts that were new, and those known already. */
  readonly added: number;
  readonly known: number;
  readonly coverage: number;
  readonly evidence: number;
}

/**
 * Records detections, coverage rows and evidence in one transaction, each change with its entry. A detection may come again
 * with other contents: see `combineParts`. What is known already changes nothing.
 */
export function record(
  desk: Desk,
  detections: readonly DetectionRow[],
  coverage: readonly CoverageRow[],
  context: RecordContext,
): Recorded {
  const { storage } = desk;
  const { time, actor } = context;
  const change: Change = { time, actor };
  return storage.transaction(() => {
    const fresh = new Map<string, DetectionRow | null>();
    const digests = new Map<string, string[]>();
    let known = 0;
    for (const row of detections) {
      const earlier = fresh.has(row.id) ? [] : storage.parts(row.id).map((part) => part.row);
      const digest = partDigest(row);
      if (!storage.putPart({ detection: row.id, digest, recordedAt: time, row })) {
        known += 1;
        continue;
      }
      if (!fresh.has(row.id)) fresh.set(row.id, earlier.length === 0 ? null : combineParts(earlier));
      digests.set(row.id, [...(digests.get(row.id) ?? []), digest]);
    }
    const moves = noMoves();
    const reader = new NodeReader(storage);
    for (const id of sortedUnique(fresh.keys())) {
      const row = reader.row(id);
      learnVantage(desk, row);
      const { nodes } = replaceDetection(desk, row, reader, moves);
      for (const node of nodes) {
        const detail = { detection: id, parts: digests.get(id) ?? [] };
        storage.append({ ...change, action: 'detection.recorded', lead: node, detail, personal: null });
      }
    }
    const rows = recordCoverage(desk, coverage, context);
    const evidence = recordEvidence(desk, context);
    handOn(desk, moves, true, change);
    if (moves.nodes.size > 0) desk.regroup({ ...moves, fresh }, change, reader);
    return { added: [...digests.values()].flat().length, known, coverage: rows, evidence };
  });
}

const VANTAGE = 'sensor-vantage:';

/** Remembers from where a sensor looks, for its coverage rows. */
function learnVantage({ storage }: Desk, { sensor, vantage: { nat, realm } }: DetectionRow): void {
  const name = `${VANTAGE}${sensor}`;
  const before = storage.setting(name);
  const after = canonicalJson(sortedUnique([...(JSON.parse(before ?? '[]') as string[]), canonicalJson([nat, realm])]));
  if (before !== after) storage.putSetting(name, after);
}

/** Where a sensor looks from, as its detections told; null where they told nothing, or several places. */
export function vantageOf({ storage }: Desk, sensor: string): PlacedCoverage['vantage'] | null {
  const [only, other] = JSON.parse(storage.setting(`${VANTAGE}${sensor}`) ?? '[]') as string[];
  if (only === undefined || other !== undefined) return null;
  const [nat, realm] = JSON.parse(only) as [DetectionRow['vantage']['nat'], string | null];
  return { nat, realm };
}

function recordCoverage({ storage }: Desk, rows: readonly CoverageRow[], context: RecordContext): number {
  const { time, actor, vantage } = context;
  let added = 0;
  for (const row of rows) {
    const placed: PlacedCoverage = vantage === undefined ? row : { ...row, vantage };
    if (!storage.putCoverage(placed)) continue;
    added += 1;
    const { sensor, from, to, customer_prefixes: prefixes } = row;
    const detail = { sensor, from, to, prefixes: prefixes.length };
    storage.append({ time, actor, action: 'coverage.recorded', lead: null, detail, personal: null });
  }
  return added;
}

function recordEvidence({ storage }: Desk, { time, actor, evidence = [] }: RecordContext): number {
  let added = 0;
  for (const each of evidence) {
    if (!storage.putEvidence(each)) continue;
    added += 1;
    const { detection, sha256, sm3, bytes, packets } = each;
    const lead = storage.placementsOf(detection)[0]?.node ?? null;
    const detail = { detection, sha256, sm3, bytes, packets };
    storage.append({ time, actor, action: 'evidence.recorded', lead, detail, personal: null });
  }
  return added;
}
