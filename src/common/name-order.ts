/**
 * Order of file names, the same on every machine and in every locale: runs of digits by their value, the rest byte by byte.
 * Rotated captures (`cap2` before `cap10`) come in the order in which they were written, which matters to connections that go
 * on from one to the next.
 */
export function compareNames(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const difference = BigInt(x) - BigInt(y);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
    }
    return Buffer.compare(Buffer.from(x), Buffer.from(y));
  }
  return left.length - right.length || Buffer.compare(Buffer.from(a), Buffer.from(b));
}
