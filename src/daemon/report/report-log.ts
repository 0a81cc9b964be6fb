/** What was reported of detections, and which of it the ledger has: only that may be told to the state on disk. */
import type { DetectionRow } from '../../detect/detection.ts';
import { isSurer, packetsOf, sharesOf } from './standing.ts';

/** What was reported of one detection; survives the process. */
export interface Reported {
  readonly confidence: DetectionRow['confidence'];
  readonly activity: DetectionRow['activity'];
  /** Wall clock of the last report, µs, and how many there were. */
  at: number;
  times: number;
  /** What it stood for then: packets, share messages and answers, last packet. */
  packets: number;
  shares: number;
  last: string;
  evidence: boolean;
}

/** What was reported so long ago is of no use any more, µs. */
const REPORTED_FOR = 14 * 86_400e6;

/** The reports of one observation point by detection id, from the moment they are handed out. */
export class ReportLog {
  private readonly reported: Map<string, Reported>;
  private readonly changed: Set<string> = new Set();
  private readonly removed: Set<string> = new Set();
  /** What is written down; and the reports handed out that nobody has said to be, oldest first. */
  private readonly acknowledged: Map<string, Reported>;
  private readonly underWay: Map<string, Reported[]> = new Map();

  /** `reported`: what an earlier process wrote down. */
  constructor(reported: Iterable<readonly [string, Reported]>) {
    this.reported = new Map(reported);
    this.acknowledged = new Map(this.reported);
  }

  /** What was reported of it last, written down or not. */
  get(id: string): Reported | undefined {
    return this.reported.get(id);
  }

  /** A report of it was handed out that is not written down yet. */
  isUnderWay(id: string): boolean {
    return this.underWay.has(id);
  }

  /** It stands for what it stood for when it was reported last. */
  covers(row: DetectionRow): boolean {
    const known = this.reported.get(row.id);
    if (known === undefined || known.last !== row.last_seen) return false;
    return known.packets === packetsOf(row) && known.shares === sharesOf(row);
  }

  /** Notes that it is handed out at wall clock `now`, µs; `all`: with its packets, because nothing follows. */
  add(row: DetectionRow, now: number, all: boolean): { readonly fresh: boolean; readonly surer: boolean } {
    const known = this.reported.get(row.id);
    const surer = known === undefined || isSurer(row, known);
    const reported: Reported = {
      confidence: row.confidence,
      activity: row.activity,
      at: now,
      times: (known?.times ?? 0) + 1,
      packets: packetsOf(row),
      shares: sharesOf(row),
      last: row.last_seen,
      evidence: surer || all || (known?.evidence ?? false),
    };
    this.reported.set(row.id, reported);
    const waiting = this.underWay.get(row.id);
    if (waiting === undefined) this.underWay.set(row.id, [reported]);
    else waiting.push(reported);
    return { fresh: known === undefined, surer };
  }

  /** Detections by confidence. */
  open(): Record<DetectionRow['confidence'], number> {
    const counts = { suspected: 0, probable: 0, confirmed: 0 };
    for (const { confidence } of this.reported.values()) counts[confidence]++;
    return counts;
  }

  /** What changed in what is written down since the last call, for the state on disk; null = gone. */
  takeChanged(): (readonly [string, Reported | null])[] {
    const changes = [
      ...[...this.changed].map((id) => [id, this.acknowledged.get(id) ?? null] as const),
      ...[...this.removed].map((id) => [id, null] as const),
    ];
    this.changed.clear();
    this.removed.clear();
    return changes;
  }

  /** All that is written down. */
  all(): [string, Reported][] {
    return [...this.acknowledged];
  }

  /** The oldest report of each of these is written down: from now on the state on disk may say so. */
  written(ids: Iterable<string>): void {
    for (const id of ids) {
      const waiting = this.underWay.get(id);
      const first = waiting?.shift();
      if (first === undefined) continue;
      if (waiting?.length === 0) this.underWay.delete(id);
      this.acknowledged.set(id, first);
      this.changed.add(id);
      this.removed.delete(id);
    }
  }

  /** Detections that are none any more (another dialect, another pool) leave nothing behind for ever. */
  dropOld(now: number): void {
    for (const [id, { at }] of this.reported) if (now - at > REPORTED_FOR && !this.underWay.has(id)) this.drop(id);
  }

  /** Nothing more comes of it: whatever is found under its id later is new. */
  drop(id: string): void {
    this.reported.delete(id);
    this.acknowledged.delete(id);
    this.changed.delete(id);
    this.removed.add(id);
  }
}
