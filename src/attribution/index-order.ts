// hot: a look-up of the registry runs through here three times.
/**
 * Intervals sorted by their start, and the question which of them reach a point: among those that start early enough, find
 * backwards the next whose end is late enough. Maxima over blocks of 16 ends, and over 16 such blocks and so on, skip what
 * ends too early; an answer of k intervals costs O((k + 1) · 16 · log16 n) however the intervals lie.
 */

const BITS = 4;
const LAST = 15;

type Ends = Uint32Array | Float64Array;

/**
 * Maxima of blocks of 16 values, of 16 blocks, …. Value i stands at `values[(i << shift) + offset]`: what is read together
 * lies together, which saves most of a look-up's cache misses.
 */
export function blockMaxima<T extends Ends>(values: T, shift: number, offset: number, count: number): T[] {
  const Type = values.constructor as new (length: number) => T;
  const levels: T[] = [];
  let length = count;
  while (length > 1 || levels.length === 0) {
    const below = levels[levels.length - 1];
    const level = new Type(Math.ceil(length / (LAST + 1)));
    for (let i = 0; i < length; i++) {
      const value = (below === undefined ? values[(i << shift) + offset] : below[i]) as number;
      if ((i & LAST) === 0 || value > (level[i >> BITS] as number)) level[i >> BITS] = value;
    }
    levels.push(level);
    length = level.length;
  }
  return levels;
}

/**
 * Start of the block scan below: the end (inclusive) of the nearest block at or before `i`, a block's end, whose maximum is
 * at least `least`; -1 where none ends at or after `low`.
 */
function previousBlock(levels: readonly Ends[], low: number, i: number, least: number): number {
  let level = 0;
  let block = i >> BITS;
  while (level + 1 < levels.length && (block & LAST) === LAST) {
    block >>= BITS;
    level++;
  }
  for (;;) {
    if (((levels[level] as Ends)[block] as number) >= least) {
      if (level === 0) return (block << BITS) | LAST;
      level--;
      block = (block << BITS) | LAST;
      continue;
    }
    block--;
    if (block < 0 || (block + 1) * (1 << (BITS * (level + 1))) <= low) return -1;
    while (level + 1 < levels.length && (block & LAST) === LAST) {
      block >>= BITS;
      level++;
    }
  }
}

/** Greatest j in [low, i] whose value is at least `least`, or -1. */
export function previousReaching(
  values: Uint32Array,
  shift: number,
  offset: number,
  levels: readonly Uint32Array[],
  low: number,
  i: number,
  least: number,
): number {
  let at = i;
  while (at >= low) {
    const stop = Math.max(at & ~LAST, low);
    for (; at >= stop; at--) if ((values[(at << shift) + offset] as number) >= least) return at;
    if (at < low) return -1;
    at = previousBlock(levels, low, at, least);
  }
  return -1;
}

/** Greatest j in [low, i] whose value is greater than `least`, or -1: ends of half-open intervals of time. */
export function previousAfter(
  values: Float64Array,
  shift: number,
  offset: number,
  levels: readonly Float64Array[],
  low: number,
  i: number,
  least: number,
): number {
  let at = i;
  while (at >= low) {
    const stop = Math.max(at & ~LAST, low);
    for (; at >= stop; at--) if ((values[(at << shift) + offset] as number) > least) return at;
    if (at < low) return -1;
    at = previousBlock(levels, low, at, least);
  }
  return -1;
}

/** Greatest j in [low, high) whose value is at most `most`; low - 1 where none is. Values stand at `i << shift`. */
export function lastAtMost(values: Uint32Array, shift: number, low: number, high: number, most: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((values[middle << shift] as number) <= most) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

/** `lastAtMost` for times. */
export function lastNotAfter(values: Float64Array, shift: number, low: number, high: number, most: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((values[middle << shift] as number) <= most) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}
