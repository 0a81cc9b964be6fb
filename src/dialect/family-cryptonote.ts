// Jobs and targets of the CryptoNote family, over JSON lines and CoinHive's WebSocket alike.
// Source: xmrig src/base/net/stratum/Job.cpp; https://github.com/xmrig/xmrig-proxy/blob/master/doc/STRATUM.md;
// https://github.com/MoneroOcean/nodejs-pool lib/pool.js and xmr-node-proxy lib/xmr.js (jobs for proxies).
import type { MiningSession } from './session.ts';
import { asNumber, asRecord, asText, hexNumber, isHex } from './value.ts';

/** The algorithm where the job names none. */
export const UNNAMED = 'cryptonight-or-randomx';
const YADA = 'rx/yada';

/** Algorithms that one coin alone uses, by XMRig's names (https://xmrig.com/docs/algorithms). RandomX itself tells none. */
const COIN_OF_ALGORITHM: ReadonlyMap<string, string> = new Map([
  ['rx/wow', 'WOW'],
  ['rx/arq', 'ARQ'],
  ['rx/graft', 'GRFT'],
  ['rx/sfx', 'SFX'],
  ['rx/yada', 'YDA'],
  ['cn/ccx', 'CCX'],
  ['cn/rto', 'RTO'],
  ['cn/upx2', 'UPX'],
  ['cn/xao', 'XAO'],
  ['cn-heavy/tube', 'TUBE'],
  ['cn-pico/tlo', 'TLO'],
]);

/** `{blob, job_id, target}` with hex of a believable length, or what a pool sends to a proxy in its place. */
export function isCryptonoteJob(value: unknown): boolean {
  const job = asRecord(value);
  if (job === null || !isId(job['job_id'])) return false;
  if (isTemplateJob(job)) return true;
  const { blob, target } = job;
  if (!isHex(blob, 80, 4096) || !isHex(target, 4, 64)) return false;
  return isNamed(job) || (TARGET_DIGITS.has(target.length) && !DIGEST_DIGITS.has(blob.length));
}

/** Digits of targets: 32, 64 or 256 bits. Others are believed only where the job says more. */
const TARGET_DIGITS: ReadonlySet<number> = new Set([8, 16, 64]);
/** Digits of SHA-384 and SHA-512, which queues of jobs carry too. */
const DIGEST_DIGITS: ReadonlySet<number> = new Set([96, 128]);

/** Members that jobs of other services do not have beside a blob and a target. */
function isNamed(job: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof job['algo'] === 'string' ||
    typeof job['variant'] === 'string' ||
    isHex(job['seed_hash'], 64) ||
    typeof job['height'] === 'number'
  );
}

/** A whole block template to be split among miners, with the difficulty of a share as a number. */
function isTemplateJob(job: Readonly<Record<string, unknown>>): boolean {
  if (typeof job['reserved_offset'] !== 'number' && typeof job['height'] !== 'number') return false;
  return isHex(job['blocktemplate_blob'], 80, 65_536) && asNumber(job['target_diff']) > 0;
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value.length > 0) || typeof value === 'number';
}

/** Whether a login begins as addresses of the family do: 90 and more digits in base 58. Prefixes are many, so none is asked. */
export function isCryptonoteAddress(login: string): boolean {
  return /^[1-9A-HJ-NP-Za-km-z]{90}/.test(login);
}

/** Takes over a job: its id, what a share of it is worth, and the algorithm where it is named. */
export function takeCryptonoteJob(s: MiningSession, value: unknown): void {
  const job = asRecord(value);
  if (job === null) return;
  const algorithm = asText(job['algo']) ?? asText(job['variant']);
  if (algorithm !== null && algorithm.length <= 32) {
    s.algorithm = algorithm;
    s.coin(COIN_OF_ALGORITHM.get(algorithm) ?? null);
  } else s.algorithm ??= UNNAMED;
  const hashes = isTemplateJob(job)
    ? asNumber(job['target_diff'])
    : cryptonoteDifficulty(job['target'], s.algorithm === YADA);
  s.setNext(hashes, hashes, 'hashes per share');
  const id = job['job_id'];
  s.job(typeof id === 'number' ? String(id) : asText(id), hashes);
}

/**
 * Difficulty of a CryptoNote target: up to 8 hex digits = 32-bit little-endian, difficulty (2^32 - 1) / target;
 * up to 16 = 64-bit little-endian, 2^64 / target; 64 = 256-bit little-endian. YadaCoin writes the 64 bits as a number,
 * most significant digit first and without leading zeros if it likes.
 */
export function cryptonoteDifficulty(target: unknown, bigEndian: boolean = false): number {
  if (!isHex(target, bigEndian ? 1 : 4, 64)) return Number.NaN;
  if (bigEndian) return quotient(target.length <= 16 ? 2 ** 64 : 2 ** 256, hexNumber(target));
  const digits = target.length % 2 === 0 ? target : `0${target}`;
  const value = hexNumber((digits.match(/../g) ?? []).reverse().join(''));
  if (digits.length <= 8) return Math.floor(quotient(2 ** 32 - 1, value));
  if (digits.length <= 16) return Math.floor(quotient(2 ** 64, value));
  return quotient(2 ** 256, value);
}

function quotient(range: number, target: number): number {
  return target > 0 ? range / target : Number.NaN;
}
