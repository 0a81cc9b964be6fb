/**
 * Seeded pseudo-random numbers for generated captures and tests: Marsaglia's xorshift128 ("Xorshift RNGs", Journal of
 * Statistical Software 8(14), 2003). Same seed, same sequence, on every machine.
 */
export interface Random {
  /** Next value, 0 … 2^32 - 1. */
  u32(): number;
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform whole number in [low, high]. */
  int(low: number, high: number): number;
  /** Exponentially distributed with the given mean: the waiting time of a Poisson process. */
  exponential(mean: number): number;
  bytes(length: number): Uint8Array;
  /** Lower-case hexadecimal text of `length` random bytes. */
  hex(length: number): string;
  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  // A small seed would give a slow start, so each state word goes through an integer hash first.
  let counter = seed >>> 0;
  const word = (): number => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let value = counter;
    value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return (value ^ (value >>> 15)) >>> 0;
  };
  let x = word() | 1;
  let y = word();
  let z = word();
  let w = word();
  const u32 = (): number => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
  const float = (): number => u32() / 0x1_0000_0000;
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => u32() >>> 24);
  return {
    u32,
    float,
    int: (low, high) => low + Math.floor(float() * (high - low + 1)),
    exponential: (mean) => -Math.log(1 - float()) * mean,
    bytes,
    hex: (length) => Buffer.from(bytes(length)).toString('hex'),
    pick: (list) => list[Math.floor(float() * list.length)]!,
  };
}

/**
 * Times of a Poisson process in [from, to), seconds. `mean` gives the expected waiting time in force at a moment, so that
 * a change of share difficulty changes the pace from there on.
 */
export function poissonTimes(rng: Random, from: number, to: number, mean: (at: number) => number): number[] {
  const times: number[] = [];
  for (let at = from + rng.exponential(mean(from)); at < to; at += rng.exponential(mean(at))) times.push(at);
  return times;
}
