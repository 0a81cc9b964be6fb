import { blake2b } from '@noble/hashes/blake2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { hex } from '@scure/base';
import { endsWithHash, shapeOf, type WalletShape } from './wallet-shape.ts';

/** Coins with Ethereum's addresses; the first stands for all where nothing else tells. */
const EVM_COINS = [
  ...['ETH', 'ETC', 'ETHW', 'ETHF', 'OCTA', 'UBQ', 'CLO', 'EXP', 'EGAZ', 'REDE', 'ALT', 'QUAI', 'CFX'],
  ...['BNB', 'MATIC', 'AVAX', 'SHIB', 'USDT', 'ZIL'],
] as const;

/** Addresses written in hexadecimal digits. */
export function readHex(text: string): WalletShape | null {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return shapeOf(EVM_COINS, hasMixedCaseChecksum(text.slice(2)));
  // Kadena: k: and an ed25519 key.
  if (/^k:[0-9a-f]{64}$/.test(text)) return shapeOf(['KDA'], null);
  // Iron Fish: a public address without checksum. The donation log-in of XMRig and any hash look the same.
  if (/^[0-9a-f]{64}$/.test(text)) return shapeOf(['IRON'], null, false);
  // Siacoin: 32 bytes and six bytes of their BLAKE2b-256.
  if (/^[0-9a-f]{76}$/.test(text)) {
    const bytes = hex.decode(text);
    const valid = endsWithHash(bytes, blake2b(bytes.subarray(0, 32), { dkLen: 32 }), 6);
    return valid ? shapeOf(['SC'], true) : null;
  }
  return null;
}

/** EIP-55: the case of a letter is a bit of the hash. All in one case means that there is no checksum. */
function hasMixedCaseChecksum(digits: string): boolean | null {
  const lower = digits.toLowerCase();
  if (digits === lower || digits === digits.toUpperCase()) return null;
  const hash = hex.encode(keccak_256(new TextEncoder().encode(lower)));
  for (let i = 0; i < digits.length; i++) {
    const digit = digits[i] ?? '';
    if (digit >= '0' && digit <= '9') continue;
    if (digit < 'a' !== Number.parseInt(hash[i] ?? '0', 16) >= 8) return false;
  }
  return true;
}
