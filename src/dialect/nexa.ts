// Nexa (NexaPow): Bitcoin's log-in, a job of header commitment, height and bits.
// Source: https://github.com/oliverw/miningcore and its forks, src/Miningcore/Blockchain/Nexa (NexaJob.cs, NexaJobManager.cs).
// Look-alikes: jobs of EthereumStratum/1.0.0 have four values with a second hash; Ergo's shares have the same form, but
// their nonce ends in the extranonce at the third place.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asText, isHex } from './value.ts';

const HASHES_PER_DIFFICULTY = 2 ** 32;

/** `[job, header commitment, height, bits]`. */
function isJob(params: readonly unknown[]): boolean {
  return params.length === 4 && isHex(params[1], 64) && Number.isInteger(params[2]) && isHex(params[3], 8);
}

/** `[login, job, the pool's extranonce of 4 bytes, time, nonce of 8 bytes]`. */
function shareFit(params: readonly unknown[]): Fit {
  const [login, , extra, time, nonce] = params;
  if (params.length !== 5 || typeof time !== 'string' || !isHex(extra, 8) || !isHex(nonce, 16)) return Fit.Never;
  if (typeof login === 'string' && login.startsWith('nexa:')) return Fit.Sure;
  return nonce.toLowerCase().endsWith(extra.toLowerCase()) ? Fit.Never : Fit.Possible;
}

function known(s: MiningSession): void {
  s.algorithm = 'nexapow';
  s.coin('NEXA');
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

export const nexa: Dialect = {
  id: 'nexa',
  title: { en: 'Nexa Stratum', zh: 'Nexa Stratum' },
  group: 'mining',
  priority: 4,
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
    if (m.method === 'mining.submit' && shareFit(asArray(m.value['params'])) === Fit.Sure) known(s);
    feedMining(s, m, variant);
  },
};
