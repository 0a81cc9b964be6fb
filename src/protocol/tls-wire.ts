// hot: used for every first segment that looks like a ClientHello; allocates nothing.
/** Numbers, names and small readers of the TLS wire format that more than one file needs. */

// Record header (RFC 8446 §5.1): type, version (2), length (2).
export const RECORD_HEADER = 5;
export const RECORD_HANDSHAKE = 22;
/** TLSCiphertext.length of RFC 5246 §6.2.3, the most of all versions. */
export const MAX_RECORD: number = 16_384 + 2048;

// Handshake header (RFC 8446 §4): type, length (3).
export const MESSAGE_HEADER = 4;
export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;

// https://www.iana.org/assignments/tls-extensiontype-values
export const EXTENSION_SERVER_NAME = 0;
export const EXTENSION_ALPN = 16;

const MAX_HOST_NAME = 253;
const MAX_LABEL = 63;
const DOT = 0x2e;

/** Two bytes, big-endian. The caller has tested the bound. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Three bytes, big-endian. The caller has tested the bound. */
export function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** GREASE values of RFC 8701 §2: 0x0a0a, 0x1a1a, … 0xfafa. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** A content type and version that a record may have. [at, at + 5) lies in the bytes. */
export function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at] as number;
  if (type < 20 || type > 24 || bytes[at + 1] !== 3 || (bytes[at + 2] as number) > 4) return false;
  return u16(bytes, at + 3) <= MAX_RECORD;
}

/**
 * Is [off, end) a host name: labels of letters, digits, `-` and `_`, 1 to 63 each, 253 in all? Gives its end without a
 * final dot, -1 where it is none.
 */
export function hostNameEnd(bytes: Uint8Array, off: number, end: number): number {
  const stop = end > off && bytes[end - 1] === DOT ? end - 1 : end;
  if (stop <= off || stop - off > MAX_HOST_NAME) return -1;
  let label = 0;
  for (let i = off; i < stop; i++) {
    const byte = bytes[i] as number;
    if (byte === DOT) {
      if (label === 0) return -1;
      label = 0;
    } else if (!isHostByte(byte) || ++label > MAX_LABEL) return -1;
  }
  return label === 0 ? -1 : stop;
}

function isHostByte(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f;
}

/**
 * Position of the first host_name in the content [off, end) of a server_name extension (RFC 6066 §3); its length is the
 * two bytes before. -1 without.
 */
export function serverNameAt(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < 2) return -1;
  const list = u16(bytes, off);
  if (list > end - off - 2) return -1;
  const stop = off + 2 + list;
  let p = off + 2;
  while (stop - p >= 3) {
    const length = u16(bytes, p + 1);
    if (length > stop - p - 3) return -1;
    if (bytes[p] === 0) return p + 3;
    p += 3 + length;
  }
  return -1;
}

/**
 * Position of the first protocol name from `at` on in the content [off, end) of an ALPN extension (RFC 7301 §3.1), its
 * length is the byte before; -1 without. `at` = 0 for the first, else the end of the one before.
 */
export function protocolNameAt(bytes: Uint8Array, off: number, end: number, at: number): number {
  if (end - off < 2) return -1;
  const list = u16(bytes, off);
  if (list > end - off - 2) return -1;
  const stop = off + 2 + list;
  const p = at === 0 ? off + 2 : at;
  if (stop - p < 1) return -1;
  return (bytes[p] as number) > stop - p - 1 ? -1 : p + 1;
}

/** Is the protocol name [off, end) a GREASE value? */
export function isGreaseName(bytes: Uint8Array, off: number, end: number): boolean {
  return end - off === 2 && isGrease(u16(bytes, off));
}
