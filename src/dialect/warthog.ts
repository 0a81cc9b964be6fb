// Warthog: Stratum without coinbase, jobs of seven values, shares that begin with the job.
// Source: https://github.com/warthog-network/Warthog, "Stratum Protocol for Warthog".
// Look-alikes: Bitcoin (nine values, a list of branches), KawPow and Aleo (seven values, longer ones), and the same answer
// to a subscription as Bitcoin's.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asText, isHex } from './value.ts';

const variant: MiningVariant = {
  shareJob: 0,
  shareWorker: -1,
  onNotify(s, _m, params) {
    s.algorithm = 'janushash';
    s.coin('WART');
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    if (m.method !== 'mining.set_difficulty') return;
    s.fromPool(m);
    // The target is 1 / difficulty, without Bitcoin's factor 2^32.
    const hashes = asNumber(params[0]);
    s.setNext(hashes, hashes, 'hashes per share');
  },
};

export const warthog: Dialect = {
  id: 'warthog',
  title: { en: 'Warthog Stratum', zh: 'Warthog Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        if (isShare(params)) return Fit.Sure;
        // Some servers take the worker first, as Bitcoin's do.
        return isShare(params.slice(1)) ? Fit.Possible : Fit.Never;
      case 'mining.subscribe':
        return typeof params[1] === 'string' && /Stratum\/\d/.test(params[1]) ? Fit.Never : Fit.Possible;
      case 'mining.authorize':
      case 'mining.set_difficulty':
        return Fit.Possible;
      case 'mining.set_target':
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

/** `[job, previous hash, Merkle prefix of one or two hashes, version, bits, time, clean]`. */
function isJob(params: readonly unknown[]): boolean {
  return (
    params.length === 7 &&
    isHex(params[1], 64) &&
    (isHex(params[2], 64) || isHex(params[2], 128)) &&
    (isHex(params[3], 8) || typeof params[3] === 'number') &&
    isHex(params[4], 8) &&
    isHex(params[5], 8) &&
    typeof params[6] === 'boolean'
  );
}

/** `[job, extra nonce, time, nonce]`. */
function isShare(params: readonly unknown[]): boolean {
  return params.length === 4 && isHex(params[1], 2, 20) && isHex(params[2], 8) && isHex(params[3], 8);
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asArray(m.value['params']);
  if (m.method === 'mining.submit' && params.length === 5) {
    s.fromMiner(m);
    s.share(m, asText(params[1]));
    s.workerLogin(asText(params[0]));
  } else feedMining(s, m, variant);
}
