import type { CoverageRow } from '../../detect/detection.ts';
import { Latency } from '../latency.ts';
import { type Batch, type IntakeOptions, LedgerIntake } from './ledger-intake.ts';
import type { Report } from './reporter.ts';

/** Detections written in one transaction, and ones that wait at most before no more are asked for. */
const BATCH = 200;
const MAX_WAITING = 20_000;
/** Seconds before a write that failed is tried again. */
const RETRY = 5;

export interface WriterOptions extends Omit<IntakeOptions, 'ledger'> {
  /** Carries out one request of the ledger, as `IntakeOptions` says. Null: there is none. */
  readonly ledger: IntakeOptions['ledger'] | null;
  /** Appends lines to the file of detections; throws where that fails. Null: there is none. */
  readonly append: ((lines: string) => void) | null;
  /** These are written down. */
  readonly onWritten: (point: string, reports: readonly Report[]) => void;
  readonly after: (seconds: number, run: () => void) => () => void;
}

/**
 * Writes detections down, in order, one batch after the other; what the ledger refuses for a while waits, what it can never take
 * counts as written.
 */
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
  private readonly intake: LedgerIntake | null;
  private running: Promise<void> | null = null;
  private retry: (() => void) | null = null;
  private closed = false;

  constructor(options: WriterOptions) {
    this.options = options;
    this.intake = options.ledger === null ? null : new LedgerIntake({ ...options, ledger: options.ledger });
  }

  /** Detections that the ledger can never take as they are, put aside. */
  get refused(): number {
    return this.intake?.refused ?? 0;
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

  private async write(batch: Batch): Promise<void> {
    const { append, clock } = this.options;
    const { reports } = batch;
    const began = clock();
    let taken = reports.length;
    if (this.intake !== null) {
      taken = await this.intake.take(batch);
      this.latency.add((clock() - began) / 1e6);
    }
    // Also what the ledger refuses for ever: here it is not lost.
    if (append !== null && reports.length > 0) append(reports.map(({ row }) => `${JSON.stringify(row)}\n`).join(''));
    this.writes++;
    this.detectionsWritten += taken;
    this.lastWrite = clock();
  }
}
