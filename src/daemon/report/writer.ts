import { createHash } from 'node:crypto';
import type { CoverageRow, DetectionRow, SummaryRow } from '../../detect/detection.ts';
import { ofDetection } from '../../engine/evidence-order.ts';
import type { EvidenceFrame } from '../../engine/options.ts';
import { partDigest } from '../../ledger/combine.ts';
import type { EvidenceRecord } from '../../ledger/store.ts';
import { evidenceCapture } from '../../publish/evidence.ts';
import type { Log } from '../inputs/input.ts';
import { Latency } from '../latency.ts';
import type { LedgerRequest } from '../ledger/messages.ts';
import type { Report } from './reporter.ts';

/** Detections written in one transaction, and ones that wait at most before no more are asked for. */
const BATCH = 200;
const MAX_WAITING = 20_000;
/** Packets kept of one detection, bytes and frames. */
const MAX_CAPTURE = 1024 * 1024;
const MAX_FRAMES = 256;
/** Seconds before a write that failed is tried again. */
const RETRY = 5;

/** What is written for one observation point at once. */
interface Batch {
  readonly point: string;
  readonly reports: readonly Report[];
  readonly coverage: readonly CoverageRow[];
}

export interface WriterOptions {
  /** Carries out one request of the ledger; rejects where it is refused. Null: there is none. */
  readonly ledger: ((request: LedgerRequest) => Promise<unknown>) | null;
  /** Appends lines to the file of detections; throws where that fails. Null: there is none. */
  readonly append: ((lines: string) => void) | null;
  /** Frames behind keys of a point; null where none are kept. */
  readonly evidence: ((point: string, keys: readonly string[]) => Promise<Map<string, EvidenceFrame[]>>) | null;
  readonly vantage: (point: string) => Pick<DetectionRow['vantage'], 'nat' | 'realm'>;
  /** These are written down. */
  readonly onWritten: (point: string, reports: readonly Report[]) => void;
  readonly signatureSet: () => SummaryRow['signature_set'];
  readonly program: { readonly program: string; readonly version: string };
  readonly clock: () => number;
  readonly after: (seconds: number, run: () => void) => () => void;
  readonly log: Log;
}

/** Writes detections down, in order, one batch after the other; what the ledger refuses for a while waits. */
export class Writer {
  readonly latency: Latency = new Latency();
  writes = 0;
  failures = 0;
  detectionsWritten = 0;
  /** Wall clock of the last write, µs; and why the last one failed, null where it did not. */
  lastWrite = 0;
  problem: string | null = null;
  private readonly queue: Batch[] = [];
  private readonly options: WriterOptions;
  private running: Promise<void> | null = null;
  private retry: (() => void) | null = null;
  private closed = false;

  constructor(options: WriterOptions) {
    this.options = options;
  }

  /** Detections that wait. */
  get pending(): number {
    return this.queue.reduce((n, { reports }) => n + reports.length, 0);
  }

  /** Nothing more should be asked for: what is not reported stays in the books. */
  get full(): boolean {
    return this.pending >= MAX_WAITING;
  }

  add(point: string, reports: readonly Report[], coverage: readonly CoverageRow[]): void {
    for (let i = 0; i < reports.length || (i === 0 && coverage.length > 0); i += BATCH) {
      this.queue.push({ point, reports: reports.slice(i, i + BATCH), coverage: i === 0 ? coverage : [] });
    }
    this.run();
  }

  /** Settles once nothing waits, or once a write has failed. */
  async drained(): Promise<void> {
    this.run();
    await this.running;
  }

  /** Nothing is written any more; what waits is left to the next process. */
  close(): void {
    this.closed = true;
    this.retry?.();
    this.retry = null;
  }

  private run(): void {
    if (this.running !== null || this.queue.length === 0 || this.closed) return;
    this.retry?.();
    this.retry = null;
    this.running = this.work().finally(() => {
      this.running = null;
    });
  }

  private async work(): Promise<void> {
    for (let batch = this.queue[0]; batch !== undefined && !this.closed; batch = this.queue[0]) {
      try {
        await this.write(batch);
      } catch (error) {
        this.failures++;
        const reason = error instanceof Error ? error.message : String(error);
        if (this.problem !== reason) {
          this.options.log.error({ problem: reason, waiting: this.pending }, 'detections cannot be written; they wait');
        }
        this.problem = reason;
        if (!this.closed) this.retry = this.options.after(RETRY, () => this.run());
        return;
      }
      this.queue.shift();
      if (this.problem !== null) this.options.log.info({}, 'detections can be written again');
      this.problem = null;
      this.options.onWritten(batch.point, batch.reports);
    }
  }

  private async write({ point, reports, coverage }: Batch): Promise<void> {
    const { ledger, append, clock, vantage } = this.options;
    const began = clock();
    const detections = reports.map(({ row }) => row);
    if (ledger !== null) {
      const evidence = await this.evidenceRecords(point, reports);
      const request = { kind: 'record', detections, coverage, evidence, vantage: vantage(point) } as const;
      await ledger(request);
      this.latency.add((clock() - began) / 1e6);
    }
    if (append !== null && detections.length > 0) append(detections.map((row) => `${JSON.stringify(row)}\n`).join(''));
    this.writes++;
    this.detectionsWritten += detections.length;
    this.lastWrite = clock();
  }

  private async evidenceRecords(point: string, reports: readonly Report[]): Promise<EvidenceRecord[]> {
    const wanted = reports.filter(({ evidence }) => evidence);
    if (this.options.evidence === null || wanted.length === 0) return [];
    const keys = wanted.map(({ key }) => key);
    const frames = await this.options.evidence(point, keys);
    return wanted.flatMap(({ row, key }) => this.recordOf(row, frames.get(key) ?? []));
  }

  private recordOf(row: DetectionRow, frames: readonly EvidenceFrame[]): EvidenceRecord[] {
    if (frames.length === 0) return [];
    const proving = new Set(row.indications.map((i) => `${i.file}\n${i.packet}`));
    const proves = (f: EvidenceFrame): boolean => proving.has(`${f.file}\n${f.of ?? f.packet}`);
    const [from, to] = [Date.parse(row.window.from) * 1000, Date.parse(row.window.to) * 1000];
    const own = frames.filter((f) => (f.time >= from && f.time < to) || proves(f));
    if (own.length === 0) return [];
    const kept = ofDetection(own, proves, MAX_FRAMES);
    const source = {
      detections: [row],
      evidence: new Map([[row.id, kept]]),
      summary: { sensor: row.sensor, signature_set: this.options.signatureSet() },
    };
    const capture = evidenceCapture(row, source, this.options.program, MAX_CAPTURE);
    if (capture === null) return [];
    const digest = (algorithm: string): string => createHash(algorithm).update(capture.bytes).digest('hex');
    return [
      {
        detection: row.id,
        digest: partDigest(row),
        recordedAt: this.options.clock(),
        capture: capture.bytes,
        sha256: digest('sha256'),
        sm3: digest('sm3'),
        bytes: capture.bytes.length,
        packets: capture.packets,
      },
    ];
  }
}
