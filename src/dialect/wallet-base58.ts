import { blake256 } from '@noble/hashes/blake1.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58, base58xrp } from '@scure/base';
import { decodeOrNull, endsWithHash, shapeOf, type WalletShape } from './wallet-shape.ts';

/**
 * Version bytes (one or two, big-endian) of base58check addresses with a 20-byte hash and the coins that use them (likeliest
 * first); behind them, how such an address begins. From each coin's chainparams.cpp (base58Prefixes PUBKEY_ADDRESS, SCRIPT_ADDRESS);
 * ZEC: Zcash protocol specification, 5.6.1.1; TRX: 0x41, TRON protocol documentation.
 */
const VERSIONS: ReadonlyMap<number, readonly string[]> = new Map([
  [0x00, ['BTC', 'BCH', 'XEC', 'RXD', 'BSV']], // 1
  [0x05, ['BTC', 'BCH', 'LTC', 'VTC']], // 3
  [0x07, ['FIRO']], // 34
  [0x10, ['DASH', 'RTM']], // 7
  [0x16, ['DOGE']], // 9A
  [0x17, ['BTG', 'CLORE']], // A
  [0x1e, ['DOGE', 'DGB']], // D
  [0x21, ['EVR']], // E
  [0x26, ['BTG']], // G
  [0x30, ['LTC']], // L
  [0x32, ['LTC', 'MONA', 'MEWC']], // M
  [0x34, ['NMC']], // MN
  [0x35, ['XNA']], // N
  [0x37, ['PPC']], // P
  [0x3c, ['RVN', 'VRSC', 'KMD', 'RTM']], // R
  [0x3f, ['DGB']], // S
  [0x41, ['TRX']], // T
  [0x47, ['VTC']], // V
  [0x4c, ['DASH']], // X
  [0x52, ['FIRO']], // aZ
  [0x55, ['KMD', 'VRSC']], // b
  [0x5c, ['EVR']], // e
  [0x66, ['VRSC']], // i
  [0x75, ['PPC', 'XNA']], // p
  [0x7a, ['RVN', 'CLORE', 'MEWC']], // r
  [0x1cb8, ['ZEC', 'FLUX', 'ZCL']], // t1
  [0x1cbd, ['ZEC', 'FLUX', 'ZCL']], // t3
  [0x2089, ['ZEN']], // zn
  [0x2096, ['ZEN']], // zs
]);

/**
 * Beginnings that make a text of the right length an address even where its checksum is wrong. Other letters of the table
 * above stand before too many ordinary words.
 */
const TELLING: readonly (readonly [shape: RegExp, coins: readonly string[]])[] = [
  [/^t[13].{33}$/, ['ZEC', 'FLUX', 'ZCL']],
  [/^z[ns].{33}$/, ['ZEN']],
  [/^1.{25,33}$/, ['BTC', 'BCH', 'XEC', 'RXD', 'BSV']],
  [/^3.{25,33}$/, ['BTC', 'BCH', 'LTC', 'VTC']],
  [/^[LM].{32,33}$/, ['LTC']],
  [/^D.{32,33}$/, ['DOGE', 'DGB']],
  [/^X.{33}$/, ['DASH']],
  [/^R.{33}$/, ['RVN', 'VRSC', 'KMD', 'RTM']],
  [/^T.{33}$/, ['TRX']],
  [/^V.{33}$/, ['VTC']],
  [/^G.{33}$/, ['BTG']],
];

const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{25,}$/;

/** Base58 addresses but those of the CryptoNote family. `text` is at most some hundred characters long. */
export function readBase58(text: string): WalletShape | null {
  if (text.startsWith('ak_')) return readAeternity(text);
  if (!BASE58.test(text)) return null;
  if (text.length <= 36) return readHash20(text);
  if (text.length <= 52) return readKey(text);
  // Tari: network and features stand as one character each, then the rest in base58; nothing of it is verified here.
  return /^1[24]/.test(text) && text.length >= 85 && text.length <= 93 ? shapeOf(['XTM'], null) : null;
}

/** base58check with a double SHA-256 and a 20-byte hash; XRP with its own alphabet; Decred with BLAKE-256. */
function readHash20(text: string): WalletShape | null {
  const bytes = decodeOrNull(base58.decode, text);
  if (bytes !== null && (bytes.length === 25 || bytes.length === 26)) {
    const body = bytes.subarray(0, -4);
    const version = bytes.length === 25 ? (bytes[0] ?? 0) : ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
    // Decred: 0x073f, "Ds" (dcrd, chaincfg/mainnetparams.go).
    if (version === 0x073f) return shapeOf(['DCR'], endsWithHash(bytes, blake256(blake256(body)), 4));
    if (endsWithHash(bytes, sha256(sha256(body)), 4)) {
      const coins = VERSIONS.get(version);
      return coins ? shapeOf(coins, true) : null;
    }
  }
  const xrp = text.startsWith('r') ? decodeOrNull(base58xrp.decode, text) : null;
  if (xrp?.length === 25 && xrp[0] === 0 && endsWithHash(xrp, sha256(sha256(xrp.subarray(0, 21))), 4)) {
    return shapeOf(['XRP'], true);
  }
  const telling = TELLING.find(([shape]) => shape.test(text));
  return telling ? shapeOf(telling[1], false) : null;
}

/** Addresses of 32 bytes and more. */
function readKey(text: string): WalletShape | null {
  const bytes = decodeOrNull(base58.decode, text);
  if (bytes === null) return null;
  // Ergo: network and type byte (main net: 1 to 3), content, four bytes of BLAKE2b-256 (ergo documentation, "Address").
  if (text.startsWith('9') && text.length === 51) {
    return shapeOf(['ERG'], endsWithHash(bytes, blake2b(bytes.subarray(0, -4), { dkLen: 32 }), 4));
  }
  // Alephium: type byte 0 to 3 and a 32-byte hash, no checksum (Alephium documentation, "Address format").
  if (text.length >= 44 && bytes.length === 33 && (bytes[0] ?? 9) <= 3) return shapeOf(['ALPH'], null);
  // Solana: the 32-byte public key alone.
  return bytes.length === 32 ? shapeOf(['SOL'], null, false) : null;
}

/** Aeternity: ak_ and base58check of a 32-byte key (aeternity protocol, node/api/api_encoding.md). */
function readAeternity(text: string): WalletShape | null {
  const tail = text.slice(3);
  if (!BASE58.test(tail) || tail.length < 44 || tail.length > 54) return null;
  const bytes = decodeOrNull(base58.decode, tail);
  const valid = bytes?.length === 36 && endsWithHash(bytes, sha256(sha256(bytes.subarray(0, 32))), 4);
  return shapeOf(['AE'], valid);
}
