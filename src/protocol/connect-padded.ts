const P = 0x50;
const DASH = 0x2d;
/** `P` and ten characters. */
const HEADER = 11;
/** AES block: the encrypted body is a whole number of them. */
const BLOCK = 16;
const MAX_BODY = 1024 * 1024;

/**
 * Length of the message that follows a padded header of miner-proxy (https://github.com/perrornet/miner-proxy, older
 * framing): `P`, the length in decimal digits, `-` up to ten characters, as in `P128-------`. -1 where [off, end) does not
 * begin with one, 0 where more bytes are needed. The bytes after it are encrypted, so this shows the program, not what is
 * carried. The later framing, a 32-bit big-endian length and blocks of 16 bytes, has no mark to know it by.
 */
export function paddedProxyLength(bytes: Uint8Array, off: number, end: number): number {
  let p = off;
  if (p < end && bytes[p++] !== P) return -1;
  let length = 0;
  let dashes = 0;
  for (; p < end && p < off + HEADER; p++) {
    const c = bytes[p] as number;
    if (c === DASH && p > off + 1) dashes++;
    else if (dashes > 0 || c < 0x30 || c > 0x39 || (p === off + 1 && c === 0x30)) return -1;
    else length = length * 10 + c - 0x30;
  }
  if (length > MAX_BODY) return -1;
  if (p < off + HEADER) return 0;
  return dashes > 0 && length % BLOCK === 0 ? length : -1;
}
