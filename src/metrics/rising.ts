/** Counters that are set from absolute values, and never go down. */
import { LRUCache } from 'lru-cache';

/** Series of one counter that are remembered: more than all its labels can make, and what left the status. */
const MAX_REMEMBERED = 10_000;

interface Series {
  readonly labels: readonly string[];
  /** What was counted before the source began anew. */
  base: number;
  last: number;
  /** A reading below `last` that waits for the next one to confirm it; -1 = none. */
  lower: number;
}

/**
 * What to show for one counter, series by series. A reading below the one before is either late (a thread answered with an older
 * count) or the source began anew (an input made again after a reload). A single lower reading is therefore held at the last
 * value; a second one that is still below it, and not below the first, counts as a new beginning and is added on top.
 */
export class Rising {
  readonly #series: LRUCache<string, Series> = new LRUCache({ max: MAX_REMEMBERED });

  /** Takes a reading; returns what the counter shows. A value that is no count (negative, not finite) changes nothing. */
  next(labels: readonly string[], value: number): number {
    const key = JSON.stringify(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { labels: [...labels], base: 0, last: 0, lower: -1 };
      this.#series.set(key, series);
    }
    if (Number.isFinite(value) && value >= 0) advance(series, value);
    return series.base + series.last;
  }

  /** Every series that is remembered, with what it shows. */
  *shown(): IterableIterator<readonly [labels: readonly string[], value: number]> {
    for (const series of this.#series.values()) yield [series.labels, series.base + series.last];
  }
}

function advance(series: Series, value: number): void {
  if (value >= series.last) {
    series.last = value;
    series.lower = -1;
  } else if (series.lower >= 0 && value >= series.lower) {
    series.base += series.last;
    series.last = value;
    series.lower = -1;
  } else {
    series.lower = value;
  }
}
