// KawPow and its ProgPoW sisters (Ravencoin, Firo, Clore, Neurai, Meowcoin, …): mining.* with a job of seven values.
// Source: https://github.com/kralverde/ravencoin-stratum-proxy (stratum-converter.py), xmrig EthStratumClient.cpp.
// Look-alike: plain Ethereum Stratum sends the same share. There the login is a wallet with 0x, or `worker` stands beside
// the params; a share without either, by an account, may be of both and is only possible for each.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asText, hexNumber, isHex, targetToHashes } from './value.ts';

/** Zano's addresses, whose shares look the same; Firo's begin like some of them and are much shorter. */
const ZANO = /^(?:Z[x-z]|iZ|aZ|aiZ)[1-9A-HJ-NP-Za-km-z]{80,}/;

/** Ravencoin's address; the other coins share their first letter with others. */
const RAVENCOIN = /^R[1-9A-HJ-NP-Za-km-z]{33}(?:\.|$)/;

/** `[job, header hash, seed hash, target, clean, height, bits]`; hashes and target of 32 bytes. */
function isJob(params: readonly unknown[]): boolean {
  return (
    params.length === 7 &&
    isHex(params[1], 64) &&
    isHex(params[2], 64) &&
    isHex(params[3], 64) &&
    typeof params[4] === 'boolean' &&
    typeof params[5] === 'number' &&
    isHex(params[6], 8)
  );
}

/** `[worker, job, nonce, header hash, mix hash]`. */
function isShare(params: readonly unknown[]): boolean {
  return params.length === 5 && isHex(params[2], 16) && isHex(params[3], 64) && isHex(params[4], 64);
}

function readTarget(s: MiningSession, target: unknown): number {
  const hashes = targetToHashes(target);
  s.setNext(hashes, hashes, 'hashes per share');
  return hashes;
}

const variant: MiningVariant = {
  // Reports of the hashrate are answered as shares are.
  countsUnseen: false,
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    if (!isJob(params)) return;
    s.algorithm = 'kawpow';
    // Miners go by the job's own target; mining.set_target repeats it.
    s.job(asText(params[0]), readTarget(s, params[3]));
  },
  onOther(s, m, params) {
    if (m.method === 'mining.set_target') {
      s.fromPool(m);
      readTarget(s, params[0]);
    } else if (m.method === 'mining.set_extranonce') s.fromPool(m);
    else if (m.method === 'eth_submitHashrate') {
      s.fromMiner(m);
      s.request(m, 'other');
      s.report(hexNumber(params[0]), asText(params[1]) ?? '');
    }
  },
};

export const kawpow: Dialect = {
  id: 'kawpow',
  title: { en: 'KawPow (ProgPoW family)', zh: 'KawPow（ProgPoW 系）' },
  group: 'mining',
  priority: 6,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        if (!isShare(params) || typeof m.value['worker'] === 'string') return Fit.Never;
        return /^0x/.test(asText(params[0]) ?? '') || ZANO.test(asText(params[0]) ?? '') ? Fit.Never : Fit.Possible;
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind !== 'json') return;
    if (m.method === 'mining.authorize' || m.method === 'mining.submit') {
      if (RAVENCOIN.test(asText(asArray(m.value['params'])[0]) ?? '')) s.coin('RVN');
    }
    feedMining(s, m, variant);
  },
};
