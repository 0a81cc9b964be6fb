/** A reporter at its desk: a book, a clock that only the test moves, and what a checkpoint would have saved. */
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import type { Reported } from '../../src/daemon/report/report-log.ts';
import { type Report, Reporter } from '../../src/daemon/report/reporter.ts';
import { type Made, MIDNIGHT, madeFacts, throughJson, told } from './made-facts.ts';

export const CONTEXT = {
  sensor: 's/p',
  nat: 'none',
  realm: null,
  clockError: 0,
  from: 0,
  to: 0,
  fileOf: () => 'f',
} as const;
export const SECOND: number = 1e6;
export const MINUTE: number = 60 * SECOND;

/** One point with its clock; `disk` is what a checkpoint would have saved. */
export class Desk {
  book: KeyBook = new KeyBook(10_000);
  now: number = MIDNIGHT + 3600 * SECOND;
  readonly disk: Map<string, Reported> = new Map();
  reporter: Reporter = new Reporter(this.book, () => CONTEXT);
  private number = 0;

  /** A conversation that is open, or goes on (`n`). */
  open(made: Made, n: number = this.number++): number {
    this.book.apply(told({ open: [[n, [madeFacts(made)]]] }), 0);
    return n;
  }

  end(made: Made): void {
    this.book.apply(told({ ended: [madeFacts(made)] }), 0);
  }

  due(seconds: number, all = false): Report[] {
    this.now += seconds * SECOND;
    return this.reporter.due(this.now, all);
  }

  written(reports: readonly Report[]): void {
    this.reporter.written(reports.map(({ row }) => row.id));
  }

  checkpoint(fresh = false): void {
    const changed = this.reporter.takeChanged();
    if (fresh) this.disk.clear();
    for (const [id, what] of fresh ? this.reporter.all() : changed) {
      if (what === null) this.disk.delete(id);
      else this.disk.set(id, throughJson(what));
    }
  }

  /** A new process with the books as they are and what the disk says was reported. */
  restart(): void {
    const { ended, open } = ((): ReturnType<KeyBook['changes']> => {
      this.book.changeAll();
      return this.book.changes();
    })();
    this.book = new KeyBook(10_000);
    this.book.restore(
      throughJson(ended.flatMap(([, f]) => (f === null ? [] : [f]))),
      throughJson(open.flatMap(([, f]) => (f === null ? [] : [f]))),
    );
    this.reporter = new Reporter(this.book, () => CONTEXT, this.disk);
  }
}
