/** Byte assembly for the generators: clear rather than fast. */

/** Joins pieces into one new array. */
export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16be(value: number): Uint8Array {
  return u8((value >>> 8) & 0xff, value & 0xff);
}

export function u32be(value: number): Uint8Array {
  return u8((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

export function u16le(value: number): Uint8Array {
  return u16be(value).reverse();
}

export function u24le(value: number): Uint8Array {
  return u8(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff);
}

export function u32le(value: number): Uint8Array {
  return u32be(value).reverse();
}

/** Whole numbers up to 2^53 as 8 little-endian bytes. */
export function u64le(value: number): Uint8Array {
  return concat(u32le((value % 0x1_0000_0000) | 0), u32le(Math.floor(value / 0x1_0000_0000)));
}

export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'));
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Bytes in reverse order, as hexadecimal text. */
export function reversedHex(hex: string): string {
  return toHex(fromHex(hex).reverse());
}

/** RFC 1071 checksum over the concatenation of `pieces`; a piece of odd length is padded with zero. */
export function internetChecksum(...pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i += 2) sum += (piece[i]! << 8) | (piece[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
