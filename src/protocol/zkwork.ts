const CONNECT = 128;
/** Message id, worker type, address type, three version bytes, length of the name. */
const FIXED = 7;
/** Little-endian length of the message in front of it. */
const PREFIX = 4;
/** `aleo1` and 58 characters of Bech32m (https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki). */
const ADDRESS = 63;
const ADDRESS_START: Uint8Array = Uint8Array.from(Buffer.from('aleo1'));
const MAX_NAME = 255;
const BECH32: Uint8Array = charset('qpzry9x8gf2tvdw0s3jn54khce6mua7l');
/** Worker and address types are small numbers: device classes and kinds of account. */
const MAX_TYPE = 15;

export interface ZkworkConnect {
  readonly workerType: number;
  readonly addressType: number;
  /** Version of the program. */
  readonly version: readonly [number, number, number];
  readonly name: string;
  readonly address: string;
}

/**
 * Is [off, end) the first message of an Aleo worker to a zk.work pool (https://docs.rs/zkwork_aleo_protocol)? The message
 * is 128, worker type, address type, three version bytes, length of the name, name, address; on the wire a 32-bit
 * little-endian length stands before it, which the description of the package leaves out, so both are read. 1 = yes, 0 =
 * needs more bytes, -1 = no. Strict: the address has to be one of Aleo, the whole character by character. Draft: read in
 * the source of the program, not seen on the wire.
 */
export function probeZkwork(bytes: Uint8Array, off: number, end: number): number {
  if (end <= off) return 0;
  const bare = bytes[off] === CONNECT ? probeConnect(bytes, off, end) : -1;
  // 0x80 is as well the low byte of a length of 128.
  return bare === 1 ? 1 : Math.max(bare, probeFramed(bytes, off, end));
}

/** The connect message at the start of [off, end); null where probeZkwork does not say yes. */
export function readZkworkConnect(bytes: Uint8Array, off: number, end: number): ZkworkConnect | null {
  if (end <= off || probeZkwork(bytes, off, end) !== 1) return null;
  const at = bytes[off] === CONNECT && probeConnect(bytes, off, end) === 1 ? off : off + PREFIX;
  const nameEnd = at + FIXED + (bytes[at + 6] as number);
  return {
    workerType: bytes[at + 1] as number,
    addressType: bytes[at + 2] as number,
    version: [bytes[at + 3] as number, bytes[at + 4] as number, bytes[at + 5] as number],
    name: textOf(bytes, at + FIXED, nameEnd),
    address: textOf(bytes, nameEnd, nameEnd + ADDRESS),
  };
}

function probeFramed(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left > 2 && bytes[off + 2] !== 0) return -1;
  if (left > 3 && bytes[off + 3] !== 0) return -1;
  if (left < 2) return 0;
  const length = (bytes[off] as number) | ((bytes[off + 1] as number) << 8);
  if (length < FIXED + ADDRESS || length > FIXED + MAX_NAME + ADDRESS) return -1;
  if (left <= PREFIX) return 0;
  const at = off + PREFIX;
  if (end > at + FIXED - 1 && FIXED + (bytes[at + 6] as number) + ADDRESS !== length) return -1;
  return probeConnect(bytes, at, end);
}

/** The message from its id on, as far as it is there. */
function probeConnect(bytes: Uint8Array, at: number, end: number): number {
  const left = end - at;
  if (left > 0 && bytes[at] !== CONNECT) return -1;
  if (left > 1 && (bytes[at + 1] as number) > MAX_TYPE) return -1;
  if (left > 2 && (bytes[at + 2] as number) > MAX_TYPE) return -1;
  if (left < FIXED) return 0;
  const nameEnd = at + FIXED + (bytes[at + 6] as number);
  for (let i = at + FIXED; i < nameEnd && i < end; i++) {
    const c = bytes[i] as number;
    if (c < 0x20 || c === 0x7f) return -1;
  }
  for (let i = 0; i < ADDRESS && nameEnd + i < end; i++) {
    const c = bytes[nameEnd + i] as number;
    if (i < ADDRESS_START.length ? c !== ADDRESS_START[i] : BECH32[c] === 0) return -1;
  }
  return end >= nameEnd + ADDRESS ? 1 : 0;
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

function charset(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const c of characters) table[c.charCodeAt(0)] = 1;
  return table;
}
