import { LRUCache } from 'lru-cache';
import { readWalletShape, type Wallet } from './wallet.ts';
import type { WalletShape } from './wallet-shape.ts';

/** The wallet in a login, before the coin that is mined is known. */
export interface AccountWallet extends Wallet {
  /** All coins whose addresses look like this; `coin` is the first of them. */
  readonly coins: readonly string[];
  /** False where only a known coin makes it a wallet. */
  readonly sure: boolean;
}

/** A login taken apart. */
export interface Account {
  /** As sent. */
  readonly login: string;
  /** Pool account or wallet, without coin, worker and the rest. */
  readonly account: string;
  readonly worker: string | null;
  readonly wallet: AccountWallet | null;
  /** Payment id beside a wallet or inside an integrated address, hexadecimal. */
  readonly paymentId?: string | null;
  /** Share difficulty asked for in the login. */
  readonly difficulty?: number | null;
}

/** Coins that multi-coin pools take before the address (`COIN:address.worker#referral`). */
const COINS: ReadonlySet<string> = new Set([
  ...[
    'ADA',
    'AE',
    'ALEO',
    'ALPH',
    'APT',
    'ARB',
    'ATOM',
    'AVAX',
    'BAT',
    'BCH',
    'BNB',
    'BSV',
    'BTC',
    'BTG',
    'BTT',
    'CFX',
  ],
  ...[
    'CHZ',
    'CKB',
    'CLORE',
    'DASH',
    'DCR',
    'DGB',
    'DOGE',
    'DOT',
    'EOS',
    'ERG',
    'ETC',
    'ETH',
    'ETHW',
    'FIRO',
    'FLUX',
    'FTM',
  ],
  ...['GRIN', 'HBAR', 'HNS', 'ICX', 'IRON', 'KAS', 'KDA', 'KLS', 'KMD', 'LINK', 'LTC', 'LUNC', 'MANA', 'MATIC', 'NANO'],
  ...[
    'NEAR',
    'NEO',
    'NEXA',
    'NIM',
    'PEPE',
    'POL',
    'PYI',
    'QTUM',
    'RVN',
    'SAL',
    'SC',
    'SHIB',
    'SKY',
    'SOL',
    'SUI',
    'SUSHI',
  ],
  ...[
    'TON',
    'TRX',
    'UNI',
    'USDC',
    'USDT',
    'VET',
    'VRSC',
    'VTC',
    'WIN',
    'WOW',
    'XEC',
    'XEL',
    'XLM',
    'XMR',
    'XNA',
    'XRP',
  ],
  ...['XTM', 'XTZ', 'XVG', 'ZANO', 'ZEC', 'ZEN', 'ZEPH', 'ZIL'],
]);

/** An e-mail address as an account (MinerGate), or behind a slash beside one. */
const EMAIL_ACCOUNT = /^[^/@\s]+@[^/@+\s]+\.[A-Za-z]{2,}(?=$|[/+])/;
const EMAIL_BESIDE = /\/[^/]*@[^/]*/g;
/** What ends an account: worker, e-mail, difficulty (`+50000`), options (`,d=65536`). */
const SEPARATOR = /[./+]|[,;](?=[a-z]{1,4}=)/;
/** A coin, or the wish to mine alone, before the account. */
const COIN_BEFORE = /^([A-Z]{2,6}):/;
const SOLO_BEFORE = /^solo:/i;
/** The dot in `cfx:type.user:` ends no account. */
const KIND_BEFORE = /^cfx:type\.(?:user|contract|builtin|null):/i;
const PAYMENT_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{64})$/i;
const DIFFICULTY = /\+(\d{1,15})(?=$|[./+#])|[+,;./]d=(\d{1,15})(?=$|\D)/;

/** A checksum costs some ten microseconds, and HTTP miners log in with every request. Some 300 KiB. */
const known = new LRUCache<string, { readonly shape: WalletShape | null }>({ max: 1024 });

function shapeOfText(text: string): WalletShape | null {
  let entry = known.get(text);
  if (entry === undefined) {
    entry = { shape: readWalletShape(text) };
    known.set(text, entry);
  }
  return entry.shape;
}

/**
 * Takes a login apart as pools do: `wallet.worker`, `account.worker`, `0xwallet/worker/email`, `wallet.paymentid.worker`,
 * `wallet#paymentid`, `wallet+difficulty`, `account.worker,d=difficulty`, `COIN:wallet.worker#referral`, `solo:wallet.worker`.
 * `worker` is what the dialect sent beside it and wins. Passwords are not looked at. Never throws.
 */
export function splitLogin(login: string, worker: string | null): Account {
  const { text, coin } = withoutPrefix(login);
  const stop = accountEnd(text);
  const account = (stop < 0 ? text : text.slice(0, stop)) || login;
  const rest = stop < 0 ? '' : coin === null ? text.slice(stop) : (text.slice(stop).split('#', 1)[0] ?? '');
  const { name, paymentId, difficulty } = readRest(rest);
  const shape = shapeOfText(account);
  return {
    login,
    account,
    worker: worker !== null && worker !== '' ? worker : name,
    wallet: walletOf(account, shape, coin),
    paymentId: paymentId ?? shape?.paymentId ?? null,
    difficulty,
  };
}

/** The login behind `COIN:` or `solo:`. A prefix that belongs to the address itself stays. */
function withoutPrefix(login: string): { readonly text: string; readonly coin: string | null } {
  const coin = COIN_BEFORE.exec(login)?.[1];
  if (coin !== undefined && COINS.has(coin)) {
    const text = login.slice(coin.length + 1);
    if (text !== '' && shapeOfText(login.slice(0, endOrAll(login))) === null) return { text, coin };
  }
  return { text: SOLO_BEFORE.test(login) && login.length > 5 ? login.slice(5) : login, coin: null };
}

/** Where the account ends; -1 where it is the whole text. */
function accountEnd(text: string): number {
  const email = EMAIL_ACCOUNT.exec(text)?.[0].length;
  if (email !== undefined) return email;
  const from = KIND_BEFORE.exec(text)?.[0].length ?? 0;
  const found = text.slice(from).search(SEPARATOR);
  const stop = found < 0 ? -1 : found + from;
  // `wallet#paymentid`; other names may hold the sign.
  const hash = text.indexOf('#');
  if (hash > 0 && (stop < 0 || hash < stop) && shapeOfText(text.slice(0, hash)) !== null) return hash;
  return stop;
}

function endOrAll(text: string): number {
  const end = accountEnd(text);
  return end < 0 ? text.length : end;
}

/** What stands behind the account: of several names the last is the worker. */
function readRest(rest: string): {
  readonly name: string | null;
  readonly paymentId: string | null;
  readonly difficulty: number | null;
} {
  if (rest === '') return { name: null, paymentId: null, difficulty: null };
  const asked = DIFFICULTY.exec(rest);
  const parts = rest
    .replace(EMAIL_BESIDE, '')
    .split(/[./]/)
    .map((part) => part.replace(/[,;+][a-z]{1,4}=.*$/i, '').replace(/\+\d+$/, ''))
    .filter((part) => part !== '' && !/^[+#]|@|^d=\d/.test(part));
  const names = parts.filter((part) => !PAYMENT_ID.test(part));
  const payment =
    parts.find((part) => PAYMENT_ID.test(part)) ?? /^#([0-9a-f]{16}(?:[0-9a-f]{48})?)(?=$|[./+])/i.exec(rest)?.[1];
  return {
    name: names[names.length - 1] ?? null,
    paymentId: payment ?? null,
    difficulty: asked ? Number(asked[1] ?? asked[2]) : null,
  };
}

/** A coin named before the address is what is paid out, whatever the address looks like. */
function walletOf(address: string, shape: WalletShape | null, named: string | null): AccountWallet | null {
  if (named !== null) {
    const fits = shape?.coins.includes(named) === true;
    return { coin: named, coins: [named], address, valid: fits ? shape.valid : null, sure: true };
  }
  if (shape === null) return null;
  return { coin: shape.coins[0] ?? '', coins: shape.coins, address, valid: shape.valid, sure: shape.sure };
}
