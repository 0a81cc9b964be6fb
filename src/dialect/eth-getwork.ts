// Ethereum getwork: eth_* mining methods in HTTP requests, to a node or a pool.
// Source: https://ethereum.org/en/developers/docs/apis/json-rpc/ (eth_getWork, eth_submitWork, eth_submitHashrate).
// Look-alike: the same node's other methods (eth_call, net_version…), which are no mining.
import type { HttpHead, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedEth, isEthWork } from './family-eth.ts';
import { readHttpIdentity } from './http-identity.ts';
import type { MiningSession } from './session.ts';

export const ethGetwork: Dialect = {
  id: 'eth-getwork',
  title: { en: 'Ethereum getwork over HTTP', zh: '以太坊 getwork（HTTP）' },
  group: 'eth-http',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport !== 'http') return Fit.None;
    switch (m.method) {
      case 'eth_getWork':
      case 'eth_submitWork':
      case 'eth_submitHashrate':
        return Fit.Sure;
      case null:
        return isEthWork(m.value['result']) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind !== 'json') return;
    if (m.http?.kind === 'request' && m.method?.startsWith('eth_') === true) {
      readHttpIdentity(s, m.http);
      readPath(s, m.http);
    }
    feedEth(s, m);
  },
};

/** The wallet often stands in the path: `/0xWALLET/worker`, `/?miner=30@0xWALLET@rig`. */
function readPath(s: MiningSession, head: HttpHead): void {
  const found = /(0x[0-9a-fA-F]{40})(?:([@./])([\w-]{1,64}))?/.exec(head.target);
  if (!found?.[1]) return;
  // After a slash or a point the worker is part of the login as sent; `@` parts the fields of a query.
  s.login(found[2] === '@' ? found[1] : found[0], found[3] ?? null);
}
