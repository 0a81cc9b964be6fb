// eth-proxy ("stratum-proxy" of dwarfpool): eth_* methods as JSON lines.
// Source: ethminer libpoolprotocols/stratum/EthStratumClient.cpp (ETHPROXY mode).
// Look-alike: node RPC over HTTP, which is another dialect.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedEth, isEthWork, pushedWork } from './family-eth.ts';
import { asArray } from './value.ts';

export const ethproxy: Dialect = {
  id: 'ethproxy',
  title: { en: 'eth-proxy', zh: 'eth-proxy 代理协议' },
  group: 'eth',
  priority: 5,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    switch (m.method) {
      case 'eth_submitLogin':
      case 'eth_login':
        // Accounts of this length are CryptoNote-like: Zano's servers took over the methods.
        return isLongAddress(asArray(m.value['params'])[0]) ? Fit.Never : Fit.Sure;
      case 'eth_getWork':
      case 'eth_submitWork':
      case 'eth_submitHashrate':
        return Fit.Possible;
      case 'eth_subscribe':
        return asArray(m.value['params'])[0] === 'newWork' ? Fit.Possible : Fit.None;
      case 'eth_subscription':
        return isEthWork(pushedWork(m)) ? Fit.Sure : Fit.None;
      case null:
        return isEthWork(m.value['result']) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedEth(s, m);
  },
};

function isLongAddress(value: unknown): boolean {
  return typeof value === 'string' && /^[1-9A-HJ-NP-Za-km-z]{84,}/.test(value);
}
