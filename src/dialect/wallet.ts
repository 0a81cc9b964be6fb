import { readBareCash, readBech32, readNimiq, readPrefixed } from './wallet-base32.ts';
import { readBase58 } from './wallet-base58.ts';
import { readCryptonote } from './wallet-cryptonote.ts';
import { readHex } from './wallet-hex.ts';
import type { WalletShape } from './wallet-shape.ts';

/** An address to which a pool pays. */
export interface Wallet {
  readonly coin: string;
  readonly address: string;
  /** Whether the checksum is right; null where the format has none. */
  readonly valid: boolean | null;
}

/** Longer texts are no addresses; the cost of a look grows with the square of the length. */
const MAX_LENGTH = 256;
const MIN_LENGTH = 25;

/** The form of a text as an address of some coin, or null. Never throws. */
export function readWalletShape(text: string): WalletShape | null {
  if (text.length < MIN_LENGTH || text.length > MAX_LENGTH) return null;
  return (
    readHex(text) ??
    readPrefixed(text) ??
    readNimiq(text) ??
    readBech32(text) ??
    readCryptonote(text) ??
    readBareCash(text) ??
    readBase58(text)
  );
}

/**
 * The wallet that a text is, by form and checksum; null where it has the form of none. Where several coins share the form, the
 * first of `hints` among them is taken, else the coin that mines most in that form. What only a known coin makes a wallet
 * (64 hexadecimal digits) is one with such a hint alone. Never throws; texts beyond 256 characters are none.
 */
export function readWallet(text: string, hints: readonly string[] = []): Wallet | null {
  const shape = readWalletShape(text);
  if (shape === null) return null;
  const hinted = hints.find((coin) => shape.coins.includes(coin));
  const coin = hinted ?? (shape.sure ? shape.coins[0] : undefined);
  return coin === undefined ? null : { coin, address: text, valid: shape.valid };
}
