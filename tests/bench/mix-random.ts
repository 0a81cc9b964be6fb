/** Seeded random numbers for generated traffic: the same seed gives the same bytes on every machine. */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  constructor(seed: number) {
    this.a = hash32(seed);
    this.b = hash32(seed ^ 0x9e3779b9);
    this.c = hash32(seed ^ 0x85ebca6b);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Next unsigned 32-bit number (sfc32, Chris Doty-Humphrey's small fast counting generator). */
  next(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    this.c |= 0;
    return t >>> 0;
  }

  /** Whole number in [0, n), n up to 2^32. */
  below(n: number): number {
    return Math.floor((this.next() / 4294967296) * n);
  }
}

/** 32-bit mixing function (lowbias32, https://nullprogram.com/blog/2018/07/31/); unsigned result. */
export function hash32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
