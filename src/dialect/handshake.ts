// Handshake (Blake2b with SHA-3): Bitcoin's log-in, jobs with the roots of Handshake's header.
// Source: https://github.com/HandshakeAlliance/hstratum: docs/spec.md describes jobs of twelve values, lib/primitives.js
// sends nine and expects a mask of 32 bytes as the sixth value of a share; both kinds of jobs are read.
// Look-alike: Bitcoin. A share without the mask cannot be told from one of Bitcoin's and is not claimed.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asText, isHex } from './value.ts';

const HASHES_PER_DIFFICULTY = 2 ** 32;

/**
 * `[job, previous, merkle root, witness root, tree root, reserved root, version, bits, time]`, or
 * `[job, previous, coinbase 1, coinbase 2, [branches], tree root, filter root, reserved root, version, bits, time, clean]`.
 */
function isJob(params: readonly unknown[]): boolean {
  const roots = params.length === 9 ? [1, 2, 3, 4, 5] : params.length === 12 ? [1, 5, 6, 7] : [];
  if (roots.length === 0 || !roots.every((n) => isHex(params[n], 64))) return false;
  if (params.length === 12 && !Array.isArray(params[4])) return false;
  const first = roots[roots.length - 1] as number;
  return [1, 2, 3].every((n) => isHex(params[first + n], 8));
}

/** `[user, job, extranonce 2, time, nonce, mask]`; nonces come with 8 digits or filled up to 64. */
function isShare(params: readonly unknown[]): boolean {
  return params.length === 6 && isHex(params[3], 8) && isHex(params[4], 8, 64) && isHex(params[5], 64);
}

function known(s: MiningSession): void {
  s.algorithm = 'blake2b-sha3';
  s.coin('HNS');
}

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    if (!isJob(params)) return;
    known(s);
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    if (m.method === 'mining.set_difficulty') {
      s.fromPool(m);
      const difficulty = asNumber(params[0]);
      s.setNext(difficulty * HASHES_PER_DIFFICULTY, difficulty, 'difficulty');
    } else if (m.method === 'mining.set_extranonce') s.fromPool(m);
  },
};

export const handshake: Dialect = {
  id: 'handshake',
  title: { en: 'Handshake Stratum', zh: 'Handshake Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return isShare(params) ? Fit.Sure : Fit.Never;
      case 'mining.configure':
      case 'mining.hello':
      case 'mining.set_target':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind !== 'json') return;
    if (m.method === 'mining.submit' && isShare(asArray(m.value['params']))) known(s);
    feedMining(s, m, variant);
  },
};
