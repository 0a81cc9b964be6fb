// Which chain a Bitcoin-style job belongs to, read from the job itself: height in the coinbase (BIP 34), compact target,
// time and version. Expected heights are extrapolated from one day on which each chain's height was known.
import { hexNumber, isHex } from './value.ts';

export interface CoinbaseFacts {
  coin: string | null;
  algorithm: string | null;
  height: number | null;
  /** Readable text the pool left in the block, e.g. `/slush/`. */
  tag: string | null;
}

interface Chain {
  readonly coin: string;
  readonly algorithm: string;
  /** Height at 2018-05-18 00:00 UTC and seconds per block. */
  readonly height: number;
  readonly spacing: number;
  /** Network difficulty that the chain has had since then, from and to (with a wide margin). */
  readonly difficulty: readonly [number, number];
  /** Last height at which no other chain shared all this. */
  readonly until?: number;
  /** Transactions carry a time, so the coinbase is shifted by four bytes. */
  readonly timed?: true;
}

const ANCHOR = 1_526_601_600;
const CHAINS: readonly Chain[] = [
  { coin: 'BTC', algorithm: 'sha256d', height: 523_347, spacing: 597, difficulty: [2.5e12, 1e17] },
  { coin: 'BCH', algorithm: 'sha256d', height: 530_844, spacing: 600, difficulty: [5e10, 2.2e12], until: 556_766 },
  { coin: 'LTC', algorithm: 'scrypt', height: 1_424_154, spacing: 149.5, difficulty: [5e5, 1e10] },
  { coin: 'DASH', algorithm: 'x11', height: 872_440, spacing: 157.5, difficulty: [5e6, 1e10] },
  { coin: 'VTC', algorithm: 'lyra2rev', height: 930_907, spacing: 150, difficulty: [1, 1e7] },
  { coin: 'PPC', algorithm: 'sha256d', height: 365_918, spacing: 500, difficulty: [1e8, 1e12], timed: true },
];
/** Relative tolerance of the extrapolated number of blocks since the anchor, and in blocks. */
const DRIFT = 0.03;
const SLACK = 3000;

/**
 * Facts of a Bitcoin-style job: `coinb1` (hex up to the extra nonce), `coinb2`, version, bits and time as the eight-digit
 * hex strings of `mining.notify`. Unknown stays null; never guesses between two chains.
 */
export function readCoinbase(
  coinb1: unknown,
  coinb2: unknown,
  version: unknown,
  bits: unknown,
  time: unknown,
): CoinbaseFacts {
  const facts: CoinbaseFacts = { coin: null, algorithm: null, height: null, tag: null };
  if (typeof coinb1 !== 'string' || !isHex(coinb1, 84, 100_000)) return facts;
  // version(8) [time(8), Peercoin-like] input count 01, null outpoint: 64 zeros and ffffffff.
  const outpoint = coinb1.indexOf(`01${'0'.repeat(64)}ffffffff`);
  if (outpoint !== 8 && outpoint !== 16) return facts;
  const script = coinb1.slice(outpoint + 74 + 2);
  const push = Number.parseInt(script.slice(0, 2), 16);
  if (push >= 1 && push <= 4 && script.length >= 2 + push * 2) {
    let height = 0;
    for (let i = push - 1; i >= 0; i--) height = height * 256 + Number.parseInt(script.slice(2 + i * 2, 4 + i * 2), 16);
    facts.height = height;
  }
  facts.tag =
    readableTag(script.slice(0, 400)) ??
    (typeof coinb2 === 'string' && isHex(coinb2, 2, 100_000) ? readableTag(scriptTail(coinb2)) : null);
  const timed = outpoint === 16;
  const blockTime = hexNumber(time);
  const difficulty = compactDifficulty(bits);
  if (!timed && isHex(version, 8) && version.slice(0, 4) === '0062') {
    // The version of an auxiliary chain carries its chain id; 0x62 is Dogecoin's.
    facts.coin = 'DOGE';
    facts.algorithm = 'scrypt';
    return facts;
  }
  if (facts.height === null || !(blockTime > ANCHOR - 4e8) || !(difficulty > 0)) return facts;
  const only = identifyChain(facts.height, blockTime, difficulty, timed);
  facts.coin = only?.coin ?? null;
  facts.algorithm = only?.algorithm ?? null;
  return facts;
}

/**
 * The one chain that had about this height at this time (Unix seconds) and this network difficulty; null if not exactly
 * one. `timed`: its transactions carry a time.
 */
export function identifyChain(
  height: number,
  time: number,
  difficulty: number,
  timed: boolean = false,
): { coin: string | null; algorithm: string } | null {
  const fitting = CHAINS.filter((chain) => {
    const blocks = (time - ANCHOR) / chain.spacing;
    const [low, high] = chain.difficulty;
    return (
      (chain.timed === true) === timed &&
      Math.abs(height - (chain.height + blocks)) <= SLACK + Math.abs(blocks) * DRIFT &&
      difficulty >= low &&
      difficulty <= high
    );
  });
  const only = fitting.length === 1 ? fitting[0] : undefined;
  if (!only) return null;
  // Bitcoin SV and eCash split off later and look alike since: the algorithm is certain, the coin is not.
  return { coin: only.until !== undefined && height > only.until ? null : only.coin, algorithm: only.algorithm };
}

/** Network difficulty of a compact target (nBits as eight hex digits, big-endian). */
export function compactDifficulty(bits: unknown): number {
  if (!isHex(bits, 8)) return Number.NaN;
  const value = hexNumber(bits);
  const exponent = Math.floor(value / 2 ** 24);
  const mantissa = value % 2 ** 24;
  return mantissa > 0 ? (0xffff / mantissa) * 256 ** (0x1d - exponent) : Number.NaN;
}

/** The part of coinb2 that still belongs to the script: up to the sequence number ffffffff or 00000000. */
function scriptTail(coinb2: string): string {
  const stop = coinb2.indexOf('ffffffff');
  return coinb2.slice(0, stop < 0 || stop > 200 ? 200 : stop);
}

/** The longest run of at least five printable characters with a letter, at most 40. */
function readableTag(hex: string): string | null {
  let best = '';
  let run = '';
  for (let i = 0; i + 2 <= hex.length; i += 2) {
    const code = Number.parseInt(hex.slice(i, i + 2), 16);
    if (code >= 0x20 && code < 0x7f) run += String.fromCharCode(code);
    else {
      if (run.length > best.length) best = run;
      run = '';
    }
  }
  if (run.length > best.length) best = run;
  best = best.trim().slice(0, 40);
  return best.length >= 5 && /[A-Za-z]{3}/.test(best) ? best : null;
}
