import { bech32, bech32m } from '@scure/base';
import { shapeOf, type WalletShape } from './wallet-shape.ts';

/** How the data of a bech32 address is read. */
type Kind = 'segwit' | 'bech32' | 'bech32m' | 'either';

/**
 * Human-readable parts of bech32 addresses, their coin, and which checksum they carry. Segwit addresses (BIP 173, BIP 350)
 * begin with the witness version: version 0 has bech32, later ones bech32m. SLIP 173 registers the prefixes; CKB: RFC 21
 * of Nervos (full addresses bech32m, older ones bech32); HS: Handshake's address.js; ALEO, XCH, ZIL: each coin's
 * documentation.
 */
const HRPS: ReadonlyMap<string, readonly [coin: string, kind: Kind]> = new Map([
  ['bc', ['BTC', 'segwit']],
  ['ltc', ['LTC', 'segwit']],
  ['vtc', ['VTC', 'segwit']],
  ['dgb', ['DGB', 'segwit']],
  ['btg', ['BTG', 'segwit']],
  ['mona', ['MONA', 'segwit']],
  ['grs', ['GRS', 'segwit']],
  ['nc', ['NMC', 'segwit']],
  ['bm', ['BTM', 'segwit']],
  ['bn', ['BTM', 'segwit']],
  ['hs', ['HNS', 'segwit']],
  ['ckb', ['CKB', 'either']],
  ['aleo', ['ALEO', 'bech32m']],
  ['grin', ['GRIN', 'bech32']],
  ['xch', ['XCH', 'bech32m']],
  ['zil', ['ZIL', 'bech32']],
] as const);

const BECH32 = /^([a-z]{2,4})1([02-9ac-hj-np-z]{14,120})$/;

/** Bech32 and bech32m addresses, in lower or upper case, of the coins in the table. */
export function readBech32(text: string): WalletShape | null {
  const upper = text === text.toUpperCase();
  if (!upper && text !== text.toLowerCase()) return null;
  const parts = BECH32.exec(upper ? text.toLowerCase() : text);
  const known = HRPS.get(parts?.[1] ?? '');
  if (!parts || !known) return null;
  const [coin, kind] = known;
  return shapeOf([coin], hasBech32Checksum(text, kind));
}

function hasBech32Checksum(text: string, kind: Kind): boolean {
  // The limit of 90 characters is the library's default; CKB and others go beyond.
  const plain = bech32.decodeUnsafe(text, false);
  const modified = bech32m.decodeUnsafe(text, false);
  if (kind !== 'segwit') return (kind !== 'bech32m' && !!plain) || (kind !== 'bech32' && !!modified);
  const words = plain?.words ?? modified?.words;
  const version = words?.[0] ?? 99;
  const size = words === undefined ? 0 : Math.floor(((words.length - 1) * 5) / 8);
  if (version > 16 || size < 2 || size > 40) return false;
  return version === 0 ? !!plain && (size === 20 || size === 32) : !!modified || (isHandshake(text) && !!plain);
}

/** Handshake kept bech32 for all versions. */
function isHandshake(text: string): boolean {
  return /^hs1/i.test(text);
}

/** Bech32 words of Xelis: the separator is a colon in the place of the one. Source: xelis-common, crypto/bech32.rs. */
function readXelis(data: string): WalletShape | null {
  return /^[02-9ac-hj-np-z]{40,100}$/.test(data) ? shapeOf(['XEL'], !!bech32.decodeUnsafe(`xel1${data}`, false)) : null;
}

/** Alphabets of the cashaddr family; Conflux orders its own (CIP-37). */
const CASHADDR = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const CONFLUX = 'abcdefghjkmnprstuvwxyz0123456789';
/** Halves (20 bits each) of the generator of the 40-bit BCH code (Bitcoin Cash specification, cashaddr). */
const GENERATOR_HIGH = [0x98f2b, 0x79b76, 0xf33e5, 0xae2ea, 0x1e4f4] as const;
const GENERATOR_LOW = [0xc8e61, 0xd99e2, 0xfb3c4, 0xbe2a8, 0x3e470] as const;

/** Whether the last eight letters are the checksum of prefix and payload. */
function hasCashChecksum(prefix: string, data: string, alphabet: string): boolean {
  let high = 0;
  let low = 1;
  const step = (value: number): void => {
    const top = high >>> 15;
    high = ((high & 0x7fff) << 5) | (low >>> 15);
    low = ((low & 0x7fff) << 5) ^ value;
    for (let i = 0; i < 5; i++) {
      if (((top >>> i) & 1) === 0) continue;
      high ^= GENERATOR_HIGH[i] ?? 0;
      low ^= GENERATOR_LOW[i] ?? 0;
    }
  };
  for (let i = 0; i < prefix.length; i++) step(prefix.charCodeAt(i) & 31);
  step(0);
  for (let i = 0; i < data.length; i++) {
    const value = alphabet.indexOf(data[i] ?? '');
    if (value < 0) return false;
    step(value);
  }
  return high === 0 && low === 1;
}

/**
 * Prefixes of the cashaddr family: coin and the lengths of the part behind the colon. Bitcoin Cash and eCash: cashaddr; Kaspa
 * (rusty-kaspa, crypto/addresses) and its forks use the same code with their own prefix; Nexa: nexaaddr.
 */
const PREFIXES: ReadonlyMap<string, readonly [coin: string, from: number, to: number]> = new Map([
  ['bitcoincash', ['BCH', 42, 42]],
  ['ecash', ['XEC', 42, 42]],
  ['kaspa', ['KAS', 61, 63]],
  ['karlsen', ['KLS', 61, 63]],
  ['pyrin', ['PYI', 61, 63]],
  ['spectre', ['SPR', 61, 63]],
  ['nexellia', ['NXL', 61, 63]],
  ['hoosat', ['HTN', 61, 63]],
  ['sedra', ['SDR', 61, 63]],
  ['nexa', ['NEXA', 40, 100]],
]);

/** Addresses of the form prefix, colon, base 32: the cashaddr family, Conflux, Xelis. */
export function readPrefixed(text: string): WalletShape | null {
  const colon = text.indexOf(':');
  if (colon < 2 || colon > 12) return null;
  const upper = text === text.toUpperCase();
  const lower = upper ? text.toLowerCase() : text;
  if (lower !== text.toLowerCase()) return null;
  const prefix = lower.slice(0, colon);
  const data = lower.slice(colon + 1);
  if (prefix === 'xel') return readXelis(data);
  if (prefix === 'cfx') return readConflux(data);
  const known = PREFIXES.get(prefix);
  if (!known || data.length < known[1] || data.length > known[2] || !/^[02-9ac-hj-np-z]+$/.test(data)) return null;
  return shapeOf([known[0]], hasCashChecksum(prefix, data, CASHADDR));
}

/** Conflux (CIP-37): an optional kind (`type.user:`), which the checksum does not cover, then 42 letters. */
function readConflux(data: string): WalletShape | null {
  const letters = data.replace(/^type\.(?:user|contract|builtin|null):/, '');
  return /^[a-hjkmnpr-z0-9]{42}$/.test(letters) ? shapeOf(['CFX'], hasCashChecksum('cfx', letters, CONFLUX)) : null;
}

/** An address of the cashaddr family whose prefix was left out: the checksum tells which it was. */
export function readBareCash(text: string): WalletShape | null {
  if (!/^[qpzr][02-9ac-hj-np-z]{41}(?:[02-9ac-hj-np-z]{19,21})?$/.test(text)) return null;
  for (const [prefix, [coin, from, to]] of PREFIXES) {
    if (text.length < from || text.length > to) continue;
    if (hasCashChecksum(prefix, text, CASHADDR)) return shapeOf([coin], true);
  }
  return text.length === 42 ? shapeOf(['BCH', 'XEC'], false) : null;
}

const NIMIQ = /^NQ\d\d(?: ?[0-9A-HJ-NP-VXY]{4}){8}$/;

/** Nimiq: as an IBAN, country NQ, two check digits modulo 97, 32 characters, blanks allowed (Nimiq core, address.rs). */
export function readNimiq(text: string): WalletShape | null {
  if (!NIMIQ.test(text)) return null;
  const bare = text.replaceAll(' ', '');
  let rest = 0;
  for (const character of bare.slice(4) + bare.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return shapeOf(['NIM'], rest === 1);
}
