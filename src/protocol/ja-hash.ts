/**
 * MD5 (RFC 1321) and SHA-256 (FIPS 180-4) of short texts, for fingerprints only. Made here because a cryptographic library
 * in FIPS mode refuses MD5 by throwing, and because this folder stays a function of its bytes.
 */

const BLOCK = 64;

/** RFC 1321 §3.4: shift amounts of the four rounds, and 2^32 × |sin(i)|. */
const MD5_SHIFTS: Uint8Array = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);
const MD5_SINES: Int32Array = Int32Array.from({ length: 64 }, (_, i) =>
  Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32),
);

/** FIPS 180-4 §4.2.2 and §5.3.3: fractional parts of the cube and square roots of the first primes. */
const PRIMES: readonly number[] = firstPrimes(64);
const SHA_CUBES: Int32Array = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const SHA_SQUARES: Int32Array = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const SCHEDULE: Int32Array = new Int32Array(64);

/** 32 hexadecimal digits; each character of the text is one byte (its low eight bits). */
export function md5Hex(text: string): string {
  const view = padded(text, true);
  let a0 = 0x67452301;
  let b0 = 0xefcdab89 | 0;
  let c0 = 0x98badcfe | 0;
  let d0 = 0x10325476;
  for (let at = 0; at < view.byteLength; at += BLOCK) {
    let a = a0;
    let b = b0;
    let c = c0;
    let d = d0;
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      let mix: number;
      let word: number;
      if (round === 0) {
        mix = (b & c) | (~b & d);
        word = i;
      } else if (round === 1) {
        mix = (d & b) | (~d & c);
        word = (5 * i + 1) & 15;
      } else if (round === 2) {
        mix = b ^ c ^ d;
        word = (3 * i + 5) & 15;
      } else {
        mix = c ^ (b | ~d);
        word = (7 * i) & 15;
      }
      const sum = (mix + a + (MD5_SINES[i] as number) + view.getInt32(at + 4 * word, true)) | 0;
      const shift = MD5_SHIFTS[4 * round + (i & 3)] as number;
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  return hexOf([a0, b0, c0, d0], true);
}

/** 64 hexadecimal digits; each character of the text is one byte (its low eight bits). */
export function sha256Hex(text: string): string {
  const view = padded(text, false);
  const state = Int32Array.from(SHA_SQUARES);
  const w = SCHEDULE;
  for (let at = 0; at < view.byteLength; at += BLOCK) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const early = w[i - 15] as number;
      const late = w[i - 2] as number;
      const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
      const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
      w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
    }
    compress(state, w);
  }
  return hexOf([...state], false);
}

/** One block of FIPS 180-4 §6.2.2. */
function compress(state: Int32Array, w: Int32Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g);
    const first =
      (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + (SHA_CUBES[i] as number) + (w[i] as number)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  const round = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (round[i] as number);
}

/** The text's bytes, 0x80, zeros, and the length in bits in the last eight bytes, in whole blocks. */
function padded(text: string, littleEndian: boolean): DataView {
  const length = Math.ceil((text.length + 9) / BLOCK) * BLOCK;
  const view = new DataView(new ArrayBuffer(length));
  for (let i = 0; i < text.length; i++) view.setUint8(i, text.charCodeAt(i) & 0xff);
  view.setUint8(text.length, 0x80);
  const low = (text.length << 3) >>> 0;
  const high = Math.floor(text.length / 2 ** 29);
  view.setUint32(length - 8, littleEndian ? low : high, littleEndian);
  view.setUint32(length - 4, littleEndian ? high : low, littleEndian);
  return view;
}

function hexOf(words: readonly number[], littleEndian: boolean): string {
  const view = new DataView(new ArrayBuffer(4));
  let text = '';
  for (const word of words) {
    view.setInt32(0, word, littleEndian);
    text += view.getUint32(0).toString(16).padStart(8, '0');
  }
  return text;
}

function rotate(value: number, count: number): number {
  return (value >>> count) | (value << (32 - count));
}

/** First 32 bits of the fractional part. */
function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32);
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
