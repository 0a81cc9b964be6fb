/**
 * Where the text of a WebSocket message lies under its mask in `run` (RFC 6455 §5.3: the four bytes before the payload are
 * the key); -1 where it does not, such as a message in several frames or a compressed one.
 */
export function findMasked(run: Uint8Array, text: Uint8Array): number {
  const end = run.length - text.length;
  for (let at = 4; at <= end; at++) {
    let i = 0;
    // After the first four bytes each is compared with the one four before it: the key is the same for both.
    while (i < text.length && ((run[at + i] as number) ^ (run[at - 4 + (i & 3)] as number)) === text[i]) i++;
    if (i === text.length) return at;
  }
  return -1;
}
