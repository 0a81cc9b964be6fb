// Jobs and targets of the CryptoNote family, over JSON lines and CoinHive's WebSocket alike.
// Source: xmrig src/base/net/stratum/Job.cpp; https://github.com/xmrig/xmrig-proxy/blob/master/doc/STRATUM.md
import type { MiningSession } from './session.ts';
import { asRecord, asText, hexNumber, isHex } from './value.ts';

/** `{blob, job_id, target}` with hex of a believable length. */
export function isCryptonoteJob(value: unknown): boolean {
  const job = asRecord(value);
  return job !== null && isHex(job['blob'], 80, 4096) && isHex(job['target'], 4, 64) && isId(job['job_id']);
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value.length > 0) || typeof value === 'number';
}

/** Takes over a job: its id, what a share of it is worth, and the algorithm where it is named. */
export function takeCryptonoteJob(s: MiningSession, value: unknown): void {
  const job = asRecord(value);
  if (job === null) return;
  const algorithm = asText(job['algo']) ?? asText(job['variant']);
  if (algorithm !== null && algorithm.length <= 32) s.algorithm = algorithm;
  else s.algorithm ??= 'cryptonight-or-randomx';
  const hashes = cryptonoteDifficulty(job['target']);
  s.setNext(hashes, hashes, 'hashes per share');
  const id = job['job_id'];
  s.job(typeof id === 'number' ? String(id) : asText(id), hashes);
}

/**
 * Difficulty of a CryptoNote target: up to 8 hex digits = 32-bit little-endian, difficulty (2^32 - 1) / target;
 * up to 16 = 64-bit little-endian, 2^64 / target; 64 = 256-bit little-endian.
 */
export function cryptonoteDifficulty(target: unknown): number {
  if (!isHex(target, 4, 64)) return Number.NaN;
  const digits = target.length % 2 === 0 ? target : `0${target}`;
  const value = hexNumber((digits.match(/../g) ?? []).reverse().join(''));
  if (!(value > 0)) return Number.NaN;
  if (digits.length <= 8) return Math.floor((2 ** 32 - 1) / value);
  if (digits.length <= 16) return Math.floor(2 ** 64 / value);
  return 2 ** 256 / value;
}
