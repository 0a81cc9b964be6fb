import { keccak_256 } from '@noble/hashes/sha3.js';
import { base58xmr, hex } from '@scure/base';
import { decodeOrNull, endsWithHash, shapeOf, type WalletShape } from './wallet-shape.ts';

interface Family {
  readonly coin: string;
  /** How the addresses begin. */
  readonly begins: RegExp;
  /** Network tags (varint before the keys) of plain and integrated addresses; null: the beginning alone tells. */
  readonly tags: readonly number[] | null;
  readonly integrated: readonly number[] | null;
}

/**
 * Coins with addresses of the CryptoNote family: a varint tag, two 32-byte keys, in integrated addresses an 8-byte payment id,
 * four bytes of Keccak-256, all in base58 by blocks of eight bytes (CryptoNote standard 007; Monero's and each coin's
 * cryptonote_config.h, CRYPTONOTE_PUBLIC_*_BASE58_PREFIX; Zano's currency_config.h).
 */
const FAMILIES: readonly Family[] = [
  { coin: 'XMR', begins: /^[48]/, tags: [18, 42], integrated: [19] },
  { coin: 'WOW', begins: /^W/, tags: [4146, 12208], integrated: [6810] },
  { coin: 'SAL', begins: /^SaLv/, tags: [0x3ef318, 0xf5ef318], integrated: [0x55ef318] },
  { coin: 'SAL', begins: /^SC1/, tags: null, integrated: null },
  { coin: 'ZEPH', begins: /^ZEPH/, tags: [0x6241d18c0, 0x8dd58c0], integrated: [0xc4f7d18c0] },
  { coin: 'ZANO', begins: /^(?:Zx|iZ|aZx|aiZX)/, tags: [0xc5, 0x98c8], integrated: [0x3678, 0x8a49] },
];

const CHARACTERS = /^[1-9A-HJ-NP-Za-km-z]{90,125}$/;
const KEYS = 64;
const PAYMENT_ID = 8;
const CHECKSUM = 4;
/** Tags have up to 36 bits. */
const MAX_TAG_BYTES = 6;

/** CryptoNote addresses, 90 to 125 characters. A wrong checksum leaves an address where beginning and length are right. */
export function readCryptonote(text: string): WalletShape | null {
  if (!CHARACTERS.test(text)) return null;
  const family = FAMILIES.find(({ begins }) => begins.test(text));
  if (!family) return null;
  const bytes = decodeOrNull(base58xmr.decode, text);
  // A block that stands for more than eight bytes can hold: a letter was changed.
  if (bytes === null) return hasLength(text, family) ? shapeOf([family.coin], false) : null;
  const tag = readVarint(bytes);
  const rest = bytes.length - tag.size - KEYS - CHECKSUM;
  if (tag.size === 0 || (rest !== 0 && rest !== PAYMENT_ID)) {
    return hasLength(text, family) ? shapeOf([family.coin], false) : null;
  }
  const tags = rest === 0 ? family.tags : family.integrated;
  const known = tags === null || tags.includes(tag.value);
  if (!known || !endsWithHash(bytes, keccak_256(bytes.subarray(0, -CHECKSUM)), CHECKSUM)) {
    return shapeOf([family.coin], false);
  }
  const end = tag.size + KEYS;
  return { ...shapeOf([family.coin], true), paymentId: rest === 0 ? null : hex.encode(bytes.slice(end, end + rest)) };
}

/** The lengths of plain and integrated addresses, for texts that cannot be decoded. */
function hasLength(text: string, family: Family): boolean {
  return family.coin === 'XMR' ? text.length === 95 || text.length === 106 : text.length >= 95;
}

/** Seven bits a byte, least significant first; size 0 where there is none. */
function readVarint(bytes: Uint8Array): { readonly value: number; readonly size: number } {
  let value = 0;
  for (let i = 0; i < MAX_TAG_BYTES && i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, size: i + 1 };
  }
  return { value: 0, size: 0 };
}
