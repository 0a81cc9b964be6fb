// Plain Ethereum Stratum ("stratum1" of ethminer): mining.* methods, a job of hashes with 0x.
// Source: ethereum-mining/ethminer libpoolprotocols/stratum/EthStratumClient.cpp.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asText, hexNumber, isHex, isPort, targetToHashes } from './value.ts';

const variant: MiningVariant = {
  // Reports of the hashrate are answered as shares are.
  countsUnseen: false,
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    s.algorithm = 'ethash';
    // [job, header, seed, target, clean]
    const hashes = targetToHashes(params[3]);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(asText(params[0]), hashes);
  },
  onOther(s, m, params) {
    if (m.method === 'eth_submitHashrate') {
      s.fromMiner(m);
      s.request(m, 'other');
      s.report(hexNumber(params[0]), asText(params[1]) ?? '');
    }
  },
};

export const ethStratum: Dialect = {
  id: 'eth-stratum',
  title: { en: 'Ethereum Stratum (plain)', zh: '以太坊 Stratum（普通）' },
  group: 'mining',
  priority: 4,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return params.length === 5 &&
          isHex(params[1], 64) &&
          isHex(params[2], 64) &&
          isHex(params[3], 64) &&
          typeof params[4] === 'boolean'
          ? Fit.Sure
          : Fit.Never;
      case 'mining.submit':
        if (params.length !== 5 || !isHex(params[2], 16) || !isHex(params[3], 64) || !isHex(params[4], 64))
          return Fit.Never;
        // KawPow shares are the same, but for the wallet and the worker beside them.
        return typeof m.value['worker'] === 'string' || asText(params[0])?.startsWith('0x') ? Fit.Sure : Fit.Possible;
      case 'mining.subscribe':
        if (params.length === 4 && isPort(params[3])) return Fit.Never;
        return typeof params[1] === 'string' && /Stratum\/\d/.test(params[1]) ? Fit.Never : Fit.Possible;
      case 'mining.configure':
      case 'mining.hello':
      case 'mining.set_target':
        return Fit.Never;
      case 'mining.authorize':
      case 'mining.extranonce.subscribe':
        return Fit.Possible;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};
