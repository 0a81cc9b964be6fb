// Nervos CKB (Eaglesong), the dialect with mining.* methods.
// Source: https://github.com/leifjacky/ckb-gominer-demo (README.md).
// Look-alikes: plain Ethereum jobs have five values too, a seed at the third place; EthereumStratum/1.0.0 shares have three
// values with at most 16 digits of nonce, so a share by an account with so short a nonce may be of both.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asText, isHex, targetToHashes } from './value.ts';

/** `[job, header hash, height, parent hash, clean]`. */
function isJob(params: readonly unknown[]): boolean {
  return (
    params.length === 5 &&
    isHex(params[1], 64) &&
    Number.isInteger(params[2]) &&
    isHex(params[3], 64) &&
    typeof params[4] === 'boolean'
  );
}

/** `[login, job, rest of the nonce]`: the nonce has 16 bytes, in older pools 8, and the pool sets the first ones. */
function shareFit(params: readonly unknown[]): Fit {
  const [login, , nonce] = params;
  if (params.length !== 3 || typeof login !== 'string' || login.startsWith('0x')) return Fit.Never;
  if (!isHex(nonce, 8, 32) || nonce.startsWith('0x')) return Fit.Never;
  return /^ck[bt]1/.test(login) || nonce.length > 16 ? Fit.Sure : Fit.Possible;
}

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    if (!isJob(params)) return;
    s.algorithm = 'eaglesong';
    s.coin('CKB');
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    if (m.method === 'mining.set_target') {
      s.fromPool(m);
      const hashes = targetToHashes(params[0]);
      s.setNext(hashes, hashes, 'hashes per share');
    } else if (m.method === 'mining.set_extranonce') s.fromPool(m);
  },
};

export const ckbA: Dialect = {
  id: 'ckb-a',
  title: { en: 'CKB Stratum (mining.*)', zh: 'CKB Stratum（mining.*）' },
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
      case 'mining.set_difficulty':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind !== 'json') return;
    if (m.method === 'mining.submit' && shareFit(asArray(m.value['params'])) === Fit.Sure) {
      s.coin('CKB');
      s.algorithm = 'eaglesong';
    }
    feedMining(s, m, variant);
  },
};
