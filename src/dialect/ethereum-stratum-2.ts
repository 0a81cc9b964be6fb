// EthereumStratum/2.0.0. Source: EIP-1571, https://eips.ethereum.org/EIPS/eip-1571
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asRecord, asText, hexNumber, isHex, targetToHashes } from './value.ts';

const variant: MiningVariant = {
  // Reports of the hashrate are answered as shares are.
  countsUnseen: false,
  // [job, nonce, worker id]; the worker id is a number of the session, no name
  shareJob: 0,
  shareWorker: -1,
  accepts(m) {
    // The short form `{"id": 31}` is success; errors 2xx mean accepted with a remark, such as stale.
    const error = m.value['error'];
    if (error === undefined || error === null) return true;
    const code = asRecord(error)?.['code'];
    return typeof code === 'number' && code >= 200 && code < 300;
  },
  onNotify(s, _m, params) {
    s.algorithm ??= 'ethash';
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    switch (m.method) {
      case 'mining.hello': {
        s.fromMiner(m);
        s.asked = true;
        s.request(m, 'other');
        const hello = asRecord(m.value['params']);
        s.agent(asText(hello?.['agent']));
        const host = asText(hello?.['host']);
        if (host !== null && /[A-Za-z]/.test(host)) s.host(host.toLowerCase());
        break;
      }
      case 'mining.set': {
        s.fromPool(m);
        const set = asRecord(m.value['params']);
        const algorithm = asText(set?.['algo']);
        if (algorithm !== null) s.algorithm = algorithm.slice(0, 32).toLowerCase();
        // Targets are sent without leading zeros.
        const hashes = targetToHashes(set?.['target']);
        s.setNext(hashes, hashes, 'hashes per share');
        break;
      }
      case 'mining.hashrate':
        s.fromMiner(m);
        s.request(m, 'other');
        s.report(hexNumber(params[0]), asText(params[1]) ?? '');
        break;
      case 'mining.reconnect':
        s.fromPool(m);
        break;
      default:
    }
  },
};

export const ethereumStratum2: Dialect = {
  id: 'ethereum-stratum-2',
  title: { en: 'EthereumStratum/2.0.0 (EIP-1571)', zh: 'EthereumStratum/2.0.0（EIP-1571）' },
  group: 'mining',
  priority: 2,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.hello':
        return asRecord(m.value['params'])?.['proto'] === 'EthereumStratum/2.0.0' ? Fit.Sure : Fit.Never;
      case 'mining.set':
        return asRecord(m.value['params']) !== null ? Fit.Sure : Fit.Never;
      case 'mining.hashrate':
        return isHex(params[0], 1, 32) ? Fit.Sure : Fit.None;
      case 'mining.notify':
        // [job, height, header, clean as "0" or "1"]
        if (params.length !== 4 || !isHex(params[1], 1, 12) || !isHex(params[2], 64)) return Fit.Never;
        // Conflux has height and hash at the same places and its boundary behind them.
        return isHex(params[3], 2, 64) ? Fit.Never : Fit.Sure;
      case 'mining.submit':
        return params.length === 3 && isHex(params[1], 8, 16) ? Fit.Possible : Fit.Never;
      case 'mining.subscribe':
        // It takes no parameters here: the agent was named in the greeting.
        return params.length < 2 ? Fit.Possible : Fit.Never;
      case 'mining.authorize':
      case 'mining.noop':
        return Fit.Possible;
      case 'mining.set_difficulty':
      case 'mining.set_target':
      case 'mining.configure':
        return Fit.Never;
      case null:
        return asRecord(m.value['result'])?.['proto'] === 'EthereumStratum/2.0.0' ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};
