import { setImmediate as turn } from 'node:timers/promises';
import { isClockSet } from '../common/clock.ts';
import type { CoverageRow } from '../detect/detection.ts';
import type { EngineHost } from './engine/host.ts';
import type { Feeds } from './feeds.ts';
import type { InputDriver, Log } from './inputs/input.ts';
import type { Point } from './points.ts';
import type { Report } from './report/reporter.ts';
import type { Writer } from './report/writer.ts';
import type { Tallies } from './tallies.ts';

/** µs between two writings of coverage. */
const COVERAGE_EVERY = 3600e6;

/** What is looked at, and who is told. */
export interface RoundsOptions {
  readonly points: () => Iterable<Point>;
  readonly drivers: () => Iterable<InputDriver>;
  readonly feeds: Pick<Feeds, 'takeLags'>;
  readonly host: Pick<EngineHost, 'send'>;
  readonly writer: Pick<Writer, 'full' | 'add'>;
  readonly tallies: Pick<Tallies, 'add'>;
  /** Wall clock, µs. */
  readonly clock: () => number;
  readonly log: Log;
}

/** What is looked at in every point from time to time: what it has to tell, days that are over, overload. */
export class Rounds {
  private readonly options: RoundsOptions;

  /** More was due than one look takes: `report`, or `closeDays`, should be called again soon. */
  moreToReport = false;
  moreToClose = false;

  constructor(options: RoundsOptions) {
    this.options = options;
  }

  /**
   * Hands new and changed detections to the writer, `all`: those that would wait too; none while too many wait there. Between
   * points the event loop gets a turn.
   */
  async report(all = false): Promise<void> {
    const { points, writer, clock, log } = this.options;
    this.moreToReport = false;
    if (writer.full) return;
    const now = clock();
    for (const point of points()) {
      try {
        const reports = point.reporter.due(now, all);
        const coverage = all || now - point.coverageAt > COVERAGE_EVERY ? point.coverage() : [];
        if (coverage.length > 0) point.coverageAt = now;
        this.hand(point, reports, coverage);
        this.moreToReport ||= point.reporter.hasMore;
      } catch (error) {
        // What one point cannot tell must not keep the others, or the end of the process, from theirs.
        log.error({ point: point.config.name, error }, 'detections of a point cannot be told');
      }
      await turn();
    }
  }

  /** Tells days that are over for the last time, and lets go of them. Rejects where the engine has failed. */
  async closeDays(): Promise<void> {
    const { points, host, clock } = this.options;
    const now = clock();
    this.moreToClose = false;
    for (const point of points()) {
      const { reports, keys, day, hasMore } = point.reporter.close(
        isClockSet(now) ? Math.min(point.lastTime, now) : point.lastTime,
        now,
      );
      this.moreToClose ||= hasMore;
      // When those days were watched is written before the engine lets go of it.
      const over = point.endsDays(day, now);
      this.hand(point, reports, over ? point.coverage() : []);
      await host.send({ kind: 'forget', point: point.config.name, keys, day, watched: over ? day : 0 });
      point.recordsIfAny?.settleDays(day);
      point.recordsIfAny?.forgetWatched(over ? day : 0);
    }
  }

  /**
   * Tells the engine what to put aside at points whose live inputs outrun it. Looks are a second apart. Rejects where
   * the engine has failed.
   */
  async lookForOverload(): Promise<void> {
    const { points, feeds, host, log } = this.options;
    const live = this.liveCounts();
    const lags = await feeds.takeLags();
    for (const point of points()) {
      const { name } = point.config;
      const { lost, seen } = live.get(name) ?? { lost: 0, seen: 0 };
      const shed = point.overload.look(lags.get(name) ?? 0, lost - point.lost, Math.max(0, seen - point.seen));
      point.lost = lost;
      point.seen = seen;
      if (shed === null) continue;
      await host.send({ kind: 'shed', point: name, ...shed });
      log.warn(
        { point: name, share: shed.share, patience: shed.patience / 1e6 },
        shed.patience === Number.POSITIVE_INFINITY ? 'overload is over: all flows are looked at' : 'overload',
      );
    }
  }

  /** Packets lost in the kernel and seen, by point, over its live inputs. */
  private liveCounts(): Map<string, { readonly lost: number; readonly seen: number }> {
    const live = new Map<string, { readonly lost: number; readonly seen: number }>();
    for (const driver of this.options.drivers()) {
      const { kind, point, kernelDrops, packets } = driver.status();
      if (kind !== 'live') continue;
      const known = live.get(point) ?? { lost: 0, seen: 0 };
      live.set(point, { lost: known.lost + kernelDrops, seen: known.seen + packets });
    }
    return live;
  }

  private hand(point: Point, reports: readonly Report[], coverage: readonly CoverageRow[]): void {
    const { writer, tallies, log } = this.options;
    for (const report of reports) {
      tallies.add(point.config.name, report);
      if (!report.surer) continue;
      const { row } = report;
      log.info(
        {
          detection: row.id,
          point: point.config.name,
          confidence: row.confidence,
          activity: row.activity,
          dialect: row.dialect,
          miner: row.miner.ip,
          pool: row.pool.host ?? row.pool.ip,
          port: row.pool.port,
        },
        report.fresh ? 'detection' : 'detection is surer',
      );
    }
    if (reports.length > 0 || coverage.length > 0) writer.add(point.config.name, reports, coverage);
  }
}
