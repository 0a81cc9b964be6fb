// hot: first look at the start of a direction; reads a handful of bytes, allocates nothing.

/** Who sends the direction that is looked at: the one who wants to be connected, or the proxy. */
export type SocksSide = 'client' | 'server';

/** Methods a client may offer (RFC 1928 §3 and the list of IANA): 0 none, 1 GSSAPI, 2 user and password. */
const MAX_METHODS = 16;
const NO_METHOD = 0xff;
/** Longest user name of SOCKS4 we believe, and longest name of 4a. */
export const MAX_SOCKS4_TEXT = 255;

/**
 * Is [off, end) the start of a direction of SOCKS4, 4a (https://www.openssh.com/txt/socks4.protocol, socks4a.protocol) or
 * SOCKS5 (RFC 1928, RFC 1929)? 1 = yes, 0 = needs more bytes, -1 = no. Without `side` either direction will do. Strict: a
 * first piece holds the opening exactly, or is followed by what must follow. A SOCKS4 reply is two bytes of sense and six
 * of anything, so it counts only where it stands alone or the six are zero.
 */
export function probeSocks(bytes: Uint8Array, off: number, end: number, side?: SocksSide): number {
  if (end <= off) return 0;
  const first = bytes[off] as number;
  if (first === 4) return side === 'server' ? -1 : probeClient4(bytes, off, end);
  if (first === 0) return side === 'client' ? -1 : probeServer4(bytes, off, end);
  if (first !== 5) return -1;
  const client = side === 'server' ? -1 : probeClient5(bytes, off, end);
  return client === 1 || side === 'client' ? client : Math.max(client, probeServer5(bytes, off, end));
}

/** 05, number of methods, methods; then nothing, a request, or the name of the user. */
function probeClient5(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left < 2) return 0;
  const count = bytes[off + 1] as number;
  if (count < 1 || count > MAX_METHODS) return -1;
  let user = false;
  const methodsEnd = off + 2 + count;
  for (let i = off + 2; i < methodsEnd && i < end; i++) {
    const method = bytes[i] as number;
    if (method === NO_METHOD || (method > 9 && method < 0x80)) return -1;
    for (let j = off + 2; j < i; j++) if (bytes[j] === method) return -1;
    if (method === 2) user = true;
  }
  if (end < methodsEnd) return 0;
  if (end === methodsEnd) return 1;
  const next = bytes[methodsEnd];
  if (next === 1) return user ? 1 : -1;
  return next === 5 ? probeBody5(bytes, methodsEnd + 1, end, 1, 3) : -1;
}

/** 05 and the chosen method; then nothing, or the outcome of the sub-negotiation and the reply. */
function probeServer5(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left < 2) return 0;
  const method = bytes[off + 1];
  if (method !== 0 && method !== 2 && method !== NO_METHOD) return -1;
  if (left === 2) return 1;
  if (method === NO_METHOD) return -1;
  let p = off + 2;
  if (method === 2) {
    if (bytes[p] !== 1) return -1;
    p += 2;
    if (p >= end) return 1;
  }
  return bytes[p] === 5 ? probeBody5(bytes, p + 1, end, 0, 8) : -1;
}

/** Command or reply code within bounds, the reserved byte, the type of the address: as far as they are there. */
function probeBody5(bytes: Uint8Array, p: number, end: number, low: number, high: number): number {
  if (p < end && ((bytes[p] as number) < low || (bytes[p] as number) > high)) return -1;
  if (p + 1 < end && bytes[p + 1] !== 0) return -1;
  const type = p + 2 < end ? (bytes[p + 2] as number) : 1;
  return type === 1 || type === 3 || type === 4 ? 1 : -1;
}

/** 04 01 port address user NUL, and a name with its NUL where the address is 0.0.0.x. */
function probeClient4(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left > 1 && bytes[off + 1] !== 1) return -1;
  if (left > 3 && bytes[off + 2] === 0 && bytes[off + 3] === 0) return -1;
  if (left > 4 && (bytes[off + 4] as number) >= 224) return -1;
  if (left < 8) return 0;
  let named = false;
  if (bytes[off + 4] === 0) {
    if (bytes[off + 5] !== 0 || bytes[off + 6] !== 0 || bytes[off + 7] === 0) return -1;
    named = true;
  }
  const user = textEnd(bytes, off + 8, end, 0x20);
  if (user < 0 || !named) return user < 0 ? user + 1 : 1;
  const name = textEnd(bytes, user + 1, end, 0x2d);
  return name < 0 ? name + 1 : name > user + 1 ? 1 : -1;
}

/** 00, code 5a…5d, six bytes without meaning. */
function probeServer4(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left < 2) return 0;
  const code = bytes[off + 1] as number;
  if (code < 0x5a || code > 0x5d) return -1;
  if (left < 8) return 0;
  if (left === 8) return 1;
  for (let i = off + 2; i < off + 8; i++) if (bytes[i] !== 0) return -1;
  return 1;
}

/** Place of the NUL that ends a text of characters from `low` to 7e; -1 = more bytes needed, -2 = no such text. */
function textEnd(bytes: Uint8Array, from: number, end: number, low: number): number {
  const stop = Math.min(end, from + MAX_SOCKS4_TEXT + 1);
  for (let i = from; i < stop; i++) {
    const c = bytes[i] as number;
    if (c === 0) return i;
    if (c < low || c > 0x7e) return -2;
  }
  return stop === end && end - from <= MAX_SOCKS4_TEXT ? -1 : -2;
}
