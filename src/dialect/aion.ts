// Aion (Equihash 210,9): mining.* as JSON-RPC 2.0, a job of four values with the flag at the second place.
// Source: second-hand, a miner's notes of what one pool sent (job, set_target); the form of a share is not verified.
// Look-alikes: EthereumStratum/1.0.0 has two hashes before the flag, Aeternity one, ZIP-301 eight values.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asText, isHex, targetToHashes } from './value.ts';

/** Digits of a solution for Equihash 210,9: 512 indices of 22 bits, with or without its length before it. */
const SOLUTION = 2816;
const LENGTH_BEFORE = 6;

/** `[job, clean, target, header hash]`. */
function isJob(params: readonly unknown[]): boolean {
  return params.length === 4 && typeof params[1] === 'boolean' && isHex(params[2], 64) && isHex(params[3], 64);
}

function hasSolution(params: readonly unknown[]): boolean {
  return params.length >= 3 && params.length <= 6 && isHex(params.at(-1), SOLUTION, SOLUTION + LENGTH_BEFORE);
}

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    if (!isJob(params)) return;
    s.coin('AION');
    s.algorithm = 'equihash';
    s.rateUnit = 'Sol/s';
    // The target in the job is that of the block; what a share must reach is set apart.
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    if (m.method !== 'mining.set_target') return;
    s.fromPool(m);
    const solutions = targetToHashes(params[0]);
    s.setNext(solutions, solutions, 'solutions per share');
  },
};

export const aion: Dialect = {
  id: 'aion',
  title: { en: 'Aion Stratum', zh: 'Aion Stratum' },
  group: 'mining',
  priority: 0,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return hasSolution(params) ? Fit.Possible : Fit.Never;
      case 'mining.authorize':
      case 'mining.set_target':
        return Fit.Possible;
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};
