/** How much of a message is looked at: the first public key. */
export const ENTROPY_BYTES = 64;

/**
 * Do the first bytes of a message look like a key or ciphertext? Fed in pieces of any size; holds a bitmap of 256 bits and
 * two counters. For 64 random bytes the answer is wrong with a probability of 1.4e-7: fewer than 44 different values
 * 1.2e-7, 46 or more printable ones 1.7e-8. For 32 bytes it is 7.5e-8: fewer than 22 values 6.9e-8, 28 or more printable
 * 5.4e-9. Text in Base64 or hexadecimal fails as printable, most binary formats for their zeros. Compressed or
 * encrypted data of another protocol passes, so the test says what a message is not, never what it is.
 */
export class Entropy {
  private readonly seen: Int32Array = new Int32Array(8);
  private distinct = 0;
  private printable = 0;
  count = 0;

  reset(): void {
    this.seen.fill(0);
    this.distinct = 0;
    this.printable = 0;
    this.count = 0;
  }

  /** Takes from [off, end) what is missing of the first 64 bytes. */
  feed(bytes: Uint8Array, off: number, end: number): void {
    const stop = Math.min(end, off + ENTROPY_BYTES - this.count);
    for (let i = off; i < stop; i++) {
      const c = bytes[i] as number;
      const bit = 1 << (c & 31);
      const word = this.seen[c >> 5] as number;
      if ((word & bit) === 0) {
        this.seen[c >> 5] = word | bit;
        this.distinct++;
      }
      if (c >= 0x20 && c < 0x7f) this.printable++;
      this.count++;
    }
  }

  /** Meaningful for 64 bytes or for 32; false for any other number. */
  get random(): boolean {
    if (this.count === ENTROPY_BYTES) return this.distinct >= 44 && this.printable < 46;
    return this.count === 32 && this.distinct >= 22 && this.printable < 28;
  }
}

const scratch: Entropy = new Entropy();

/** The same for the first 64 bytes of [off, end), or its 32 bytes; keeps nothing. */
export function looksRandom(bytes: Uint8Array, off: number, end: number): boolean {
  scratch.reset();
  scratch.feed(bytes, off, end);
  return scratch.random;
}
