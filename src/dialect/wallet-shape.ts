/** What a text that has the form of an address tells. */
export interface WalletShape {
  /** Coins whose addresses look like this, the likeliest first; never empty. */
  readonly coins: readonly string[];
  /** Whether the checksum is right; null where the format has none. */
  readonly valid: boolean | null;
  /** False where so many other things look alike that only a known coin makes it a wallet (64 hexadecimal digits). */
  readonly sure: boolean;
  /** Payment id inside an integrated CryptoNote address, hexadecimal. */
  readonly paymentId: string | null;
}

/** A shape without payment id. */
export function shapeOf(coins: readonly string[], valid: boolean | null, sure = true): WalletShape {
  return { coins, valid, sure, paymentId: null };
}

/** Bytes of a text in some base, or null: the decoders of the library throw on what they cannot read. */
export function decodeOrNull(decode: (text: string) => Uint8Array, text: string): Uint8Array | null {
  try {
    return decode(text);
  } catch {
    return null;
  }
}

/** Whether `bytes` ends with the first bytes of `hash`. */
export function endsWithHash(bytes: Uint8Array, hash: Uint8Array, size: number): boolean {
  if (bytes.length < size) return false;
  for (let i = 0; i < size; i++) if (bytes[bytes.length - size + i] !== hash[i]) return false;
  return true;
}
