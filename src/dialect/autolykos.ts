// Ergo (Autolykos 2): Bitcoin's log-in, a job of nine values whose target is a decimal number.
// Source: https://github.com/oliverw/miningcore src/Miningcore/Blockchain/Ergo (ErgoPool.cs, ErgoJob.cs).
// Look-alikes: Bitcoin jobs have nine values too, the fifth an array; Nexa shares have the same form with the pool's
// extranonce of 4 bytes at the third place.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asText, isHex } from './value.ts';

/** `[job, height, message, "", "", version, target in decimal digits, "", clean]`. */
function isJob(params: readonly unknown[]): boolean {
  return params.length === 9 && Number.isInteger(params[1]) && isHex(params[2], 64) && hashesOf(params[6]) > 0;
}

/** Expected hashes per share for a decimal target: 2^256 / target; NaN where it is none. */
function hashesOf(target: unknown): number {
  return typeof target === 'string' && /^[1-9]\d{0,77}$/.test(target) ? 2 ** 256 / Number(target) : Number.NaN;
}

/** `[worker, job, extranonce2, time, nonce]`: the nonce of 8 bytes ends in the extranonce that fills it up. */
function shareFit(params: readonly unknown[]): Fit {
  const [, , extra, time, nonce] = params;
  if (params.length !== 5 || typeof time !== 'string' || !isHex(nonce, 16) || !isHex(extra, 4, 16)) return Fit.Never;
  return nonce.toLowerCase().endsWith(extra.toLowerCase()) ? Fit.Sure : Fit.Possible;
}

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    if (!isJob(params)) return;
    s.algorithm = 'autolykos2';
    s.coin('ERG');
    const hashes = hashesOf(params[6]);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(asText(params[0]), hashes);
  },
  onOther(s, m) {
    // The difficulty is 1 throughout: the target in the job has it all.
    if (m.method === 'mining.set_difficulty' || m.method === 'mining.set_extranonce') s.fromPool(m);
  },
};

export const autolykos: Dialect = {
  id: 'autolykos',
  title: { en: 'Ergo Stratum (Autolykos 2)', zh: 'Ergo Stratum（Autolykos 2）' },
  group: 'mining',
  priority: 3,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return shareFit(params);
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
    if (m.method === 'mining.submit' && shareFit(asArray(m.value['params'])) === Fit.Sure) {
      s.coin('ERG');
      s.algorithm = 'autolykos2';
    }
    feedMining(s, m, variant);
  },
};
