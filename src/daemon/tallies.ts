import { LRUCache } from 'lru-cache';
import type { DetectionRow } from '../detect/detection.ts';
import type { Report } from './report/reporter.ts';
import type { DaemonStatus, NewestDetection } from './status.ts';

/** Newest detections shown. */
const MAX_NEWEST = 50;
/** Detections of which is remembered what signatures were counted. */
const MAX_COUNTED = 50_000;

/** Counts what was found since the process began, and remembers the newest. */
export class Tallies {
  readonly signatureHits: Record<string, number> = {};
  readonly newest: NewestDetection[] = [];
  private readonly counted: LRUCache<string, ReadonlySet<string>> = new LRUCache({ max: MAX_COUNTED });
  private readonly counts: Map<string, { readonly row: DetectionRow; count: number }> = new Map();

  /** Counts one report: what is new or surer once more, its signatures once each. */
  add(point: string, { row, surer }: Report): void {
    this.show(point, row);
    this.countSignatures(row);
    if (!surer) return;
    const key = `${row.dialect} ${row.confidence} ${row.activity}`;
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { row, count: 1 });
    else known.count++;
  }

  /** Each signature once for a detection, whenever it joins it. */
  private countSignatures({ id, indications }: DetectionRow): void {
    const before = this.counted.get(id);
    const now = new Set(indications.map(({ signature }) => signature));
    for (const signature of now) {
      if (before?.has(signature) !== true) this.signatureHits[signature] = (this.signatureHits[signature] ?? 0) + 1;
    }
    this.counted.set(id, new Set([...now, ...(before ?? [])]));
  }

  private show(point: string, row: DetectionRow): void {
    const pool = row.pool.name ?? row.pool.host ?? row.pool.ip ?? '?';
    const shown: NewestDetection = {
      time: row.last_seen,
      point,
      miner: row.miner.ip,
      pool: row.pool.port === null ? pool : `${pool}:${row.pool.port}`,
      dialect: row.dialect,
      confidence: row.confidence,
      activity: row.activity,
      coins: row.coins,
    };
    const same = this.newest.findIndex(
      (n) => n.point === point && n.miner === shown.miner && n.pool === shown.pool && n.dialect === shown.dialect,
    );
    if (same >= 0) this.newest.splice(same, 1);
    this.newest.unshift(shown);
    this.newest.length = Math.min(this.newest.length, MAX_NEWEST);
  }

  /** Detections by dialect, confidence and activity. */
  detections(): DaemonStatus['detections'] {
    return [...this.counts.values()].map(({ row, count }) => ({
      dialect: row.dialect ?? 'unknown',
      confidence: row.confidence,
      activity: row.activity,
      count,
    }));
  }
}
