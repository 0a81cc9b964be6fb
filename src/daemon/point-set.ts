import type { CoverageRow } from '../detect/detection.ts';
import type { EngineHost } from './engine/host.ts';
import { Point } from './points.ts';
import type { Reported } from './report/report-log.ts';
import type { ResolverLink } from './resolver/resolver-link.ts';
import type { InUse } from './sources.ts';
import { isPoint, isReported } from './state/facts-shape.ts';
import type { SavedState } from './state/state-store.ts';

/** What points are made with. */
export interface PointSetOptions {
  readonly inUse: Readonly<InUse>;
  /** What an earlier process left behind. */
  readonly saved: Pick<SavedState, 'books' | 'values'>;
  readonly host: Pick<EngineHost, 'send'>;
  readonly resolver: Pick<ResolverLink, 'entries' | 'ownAddresses'>;
  /** Name of the file or device of an input, by its number. */
  readonly fileOf: (input: number) => string;
  readonly seed: number;
  /** Wall clock, µs. */
  readonly clock: () => number;
}

/** The observation points by name: those configured, those of inputs, and those of which something was saved. */
export class PointSet {
  private readonly options: PointSetOptions;
  private readonly points: Map<string, Point> = new Map();

  constructor(options: PointSetOptions) {
    this.options = options;
  }

  /** Whether there is such a point already. */
  has(name: string): boolean {
    return this.points.has(name);
  }

  /** The point of that name, made with what was saved of it where it is not yet known. */
  get(name: string): Point {
    const known = this.points.get(name);
    if (known !== undefined) return known;
    const { saved, host, resolver } = this.options;
    const point = this.create(name);
    const book = saved.books.get(name);
    if (book !== undefined) point.book.restore(book.ended, book.open);
    // Otherwise all that was known at the start would stay in memory for months.
    saved.books.delete(name);
    this.points.set(name, point);
    host.send({ kind: 'point', name, home: point.config.home }).catch(() => undefined);
    // What was resolved before there was this point.
    const { entries } = resolver;
    if (entries.length > 0) host.send({ kind: 'learn', entries }).catch(() => undefined);
    return point;
  }

  /** All of them, in the order in which they were made. */
  values(): Iterable<Point> {
    return this.points.values();
  }

  /** Values of the state that are the points' own, by name. */
  stateValues(): (readonly [name: string, value: unknown])[] {
    const points = [...this.points.values()];
    return [
      // A point that is no longer configured goes on to stand for what was seen there.
      ...points.map((point) => [`point ${point.config.name}`, point.config] as const),
      // What was watched and stands in no ledger yet.
      ...points.map((point) => [`watched ${point.config.name}`, point.coverage()] as const),
    ];
  }

  /** Coverage that an earlier process watched and may not have written; the ledger takes what it knows once. */
  watchedBefore(): (readonly [point: string, rows: CoverageRow[]])[] {
    return [...this.points.keys()].flatMap((name) => {
      const rows = this.options.saved.values.get(`watched ${name}`);
      return Array.isArray(rows) && rows.length > 0 ? [[name, rows as CoverageRow[]] as const] : [];
    });
  }

  private create(name: string): Point {
    const { inUse, saved, resolver, fileOf, seed, clock } = this.options;
    const { sensor, limits, timeouts, overload, points } = inUse.config;
    const mark = `reported ${name} `;
    const reported: [string, Reported][] = [];
    for (const [key, value] of saved.values) {
      if (!key.startsWith(mark)) continue;
      if (isReported(value)) reported.push([key.slice(mark.length), value]);
      saved.values.delete(key);
    }
    const before = saved.values.get(`point ${name}`);
    return new Point({
      sensor,
      config: points.find((p) => p.name === name) ?? (isPoint(before, name) ? before : Point.plain(name)),
      limits,
      timeouts,
      overload,
      fileOf,
      signatures: () => ({ set: inUse.sources.set, endpoints: inUse.sources.endpoints }),
      seed,
      clock,
      reported,
      recordNames: saved.values.get(`record names ${name}`),
      resolved: () => resolver.entries,
      ownAddresses: () => resolver.ownAddresses,
    });
  }
}
