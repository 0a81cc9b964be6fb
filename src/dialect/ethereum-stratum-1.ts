// EthereumStratum/1.0.0 (NiceHash).
// Source: nicehash/Specifications EthereumStratum_NiceHash_v1.0.0.txt
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asNumber, asText, hexNumber, isHex } from './value.ts';

/** The first target of this dialect is 2^224: difficulty 1 is 2^32 hashes. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

const variant: MiningVariant = {
  // Reports of the hashrate are answered as shares are.
  countsUnseen: false,
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    s.algorithm = 'ethash';
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    switch (m.method) {
      case 'mining.set_difficulty': {
        s.fromPool(m);
        const difficulty = asNumber(params[0]);
        s.setNext(difficulty * HASHES_PER_DIFFICULTY, difficulty, 'difficulty');
        break;
      }
      case 'mining.set_extranonce':
      case 'client.reconnect':
        s.fromPool(m);
        break;
      case 'eth_submitHashrate':
        s.fromMiner(m);
        s.request(m, 'other');
        s.report(hexNumber(params[0]), asText(params[1]) ?? '');
        break;
      default:
    }
  },
};

export const ethereumStratum1: Dialect = {
  id: 'ethereum-stratum-1',
  title: { en: 'EthereumStratum/1.0.0 (NiceHash)', zh: 'EthereumStratum/1.0.0（NiceHash）' },
  group: 'mining',
  priority: 3,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.subscribe':
        // Kaspa miners name it too; the job tells.
        return params[1] === 'EthereumStratum/1.0.0' ? Fit.Possible : Fit.Never;
      case 'mining.notify':
        return params.length === 4 && isHex(params[1], 64) && isHex(params[2], 64) && typeof params[3] === 'boolean'
          ? Fit.Sure
          : Fit.Never;
      case 'mining.submit':
        // [user, job, nonce without the extra nonce]: at least 5 of the 8 bytes. All of them, with 0x, is Kaspa's form.
        if (isHex(params[2], 16) && params[2].startsWith('0x') && !asText(params[0])?.startsWith('0x'))
          return Fit.Never;
        return params.length === 3 && isHex(params[2], 8, 16) ? Fit.Possible : Fit.Never;
      case 'mining.configure':
      case 'mining.hello':
      case 'mining.set_target':
        return Fit.Never;
      case 'mining.authorize':
      case 'mining.extranonce.subscribe':
      case 'mining.set_difficulty':
      case 'mining.set_extranonce':
        return Fit.Possible;
      case null: {
        const result = asArray(m.value['result']);
        const first = asArray(result[0]);
        if (first[0] !== 'mining.notify' || first[2] !== 'EthereumStratum/1.0.0') return Fit.None;
        // The extra nonce has at most 3 bytes; servers of other coins answer with another one.
        return isHex(result[1], 0, 6) ? Fit.Sure : Fit.Possible;
      }
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};
