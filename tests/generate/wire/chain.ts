/** Pieces of block chains that pools send: coinbases, hashes, targets, addresses. */
import { createHash } from 'node:crypto';
import type { Random } from '../random.ts';
import { concat, fromHex, reversedHex, toHex, u8, u32le, u64le, utf8 } from './bytes.ts';

/** Two to the 256th: hashes (or solutions) expected for a share are this divided by the target. */
const TWO_256 = 1n << 256n;

/** 256-bit target that takes `work` hashes on average, as 64 hexadecimal digits, big-endian. */
export function targetHex(work: number): string {
  return (TWO_256 / BigInt(work) - 1n).toString(16).padStart(64, '0');
}

/** Target of a Bitcoin-style share difficulty: 0xffff × 2^208 / difficulty. */
export function bitcoinTarget(difficulty: number): bigint {
  return (0xffffn << 208n) / BigInt(difficulty);
}

/** CryptoNote job target: (2^32 - 1) / difficulty, 4 bytes little-endian; difficulty 256 is ffffff00. */
export function cryptonoteTarget(difficulty: number): string {
  return toHex(u32le(Math.floor(0xffff_ffff / difficulty)));
}

/** A block hash as explorers print it: `zeros` leading zero bytes, the rest made up. */
export function blockHash(rng: Random, zeros: number): string {
  return '00'.repeat(zeros) + rng.hex(32 - zeros);
}

/** Stratum V1 sends the previous hash with the order of its eight 32-bit words turned round. */
export function stratumPreviousHash(hash: string): string {
  return (hash.match(/.{8}/g) ?? []).reverse().join('');
}

export interface Coinbase {
  readonly first: string;
  readonly second: string;
}

/**
 * The two halves of a coinbase transaction around `extranonce` bytes: height as BIP 34 asks, time, pool tag; one output
 * to a version 0 witness program (the example of BIP 173) and a witness commitment (BIP 141).
 */
export function coinbase(height: number, time: number, tag: string, extranonce: number, commitment: string): Coinbase {
  const heightBytes = u32le(height).subarray(0, 3);
  const script = concat(u8(3), heightBytes, u8(4), u32le(time), u8(tag.length), utf8(tag), u8(extranonce));
  const input = concat(u32le(2), u8(1), new Uint8Array(32), u32le(0xffffffff), u8(script.length + extranonce));
  const payout = fromHex('0014751e76e8199196d454941c45d1b3a323f1433bd6');
  const witness = concat(fromHex('6a24aa21a9ed'), fromHex(commitment));
  const outputs = [
    concat(u64le(316_250_000), u8(payout.length), payout),
    concat(u64le(0), u8(witness.length), witness),
  ];
  return {
    first: toHex(concat(input, script)),
    second: toHex(concat(u32le(0xffffffff), u8(outputs.length), ...outputs, u32le(0))),
  };
}

/** SHA-256 applied twice. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  const once = createHash('sha256').update(bytes).digest();
  return new Uint8Array(createHash('sha256').update(once).digest());
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Base58Check address of a made-up key hash: twenty times the byte `fill` after the version bytes. */
export function base58Address(version: readonly number[], fill: number): string {
  const payload = concat(u8(...version), new Uint8Array(20).fill(fill));
  const bytes = concat(payload, sha256d(payload).subarray(0, 4));
  let value = BigInt(`0x${toHex(bytes)}`);
  let text = '';
  for (; value > 0n; value /= 58n) text = BASE58[Number(value % 58n)] + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}

/** Block header field given as a hexadecimal number, in the byte order of the header. */
export function headerField(hex: string): string {
  return reversedHex(hex);
}

/** Example address of BIP 173. */
export const BITCOIN_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
/** Example addresses of EIP-55. */
export const ETHEREUM_ADDRESS = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
export const OTHER_ETHEREUM_ADDRESS = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
/** Login of the example in xmrig-proxy's doc/STRATUM.md. */
export const MONERO_ADDRESS =
  '48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD';
