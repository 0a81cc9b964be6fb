// CoinHive's protocol between a browser and its proxy: typed JSON messages over WebSocket.
// Source: https://github.com/x25/coinhive-stratum-mining-proxy, https://github.com/cazala/coin-hive-stratum
// Look-alikes: chat and trading sockets with {"type": "auth"}; only a job, a share or its answer is sure.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { isCryptonoteJob, takeCryptonoteJob } from './family-cryptonote.ts';
import type { MiningSession } from './session.ts';
import { asRecord, asText, isHex } from './value.ts';

export const coinhive: Dialect = {
  id: 'coinhive',
  title: { en: 'CoinHive', zh: 'CoinHive 网页挖矿' },
  group: 'coinhive',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || typeof m.value['type'] !== 'string') return Fit.None;
    const params = asRecord(m.value['params']);
    switch (m.value['type']) {
      case 'auth':
        return typeof params?.['site_key'] === 'string' ? Fit.Possible : Fit.None;
      case 'authed':
        return typeof params?.['hashes'] === 'number' ? Fit.Possible : Fit.None;
      case 'job':
        return isCryptonoteJob(params) ? Fit.Sure : Fit.None;
      case 'submit':
        return isShare(params) ? Fit.Sure : Fit.None;
      case 'hash_accepted':
        return typeof params?.['hashes'] === 'number' ? Fit.Possible : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

function isShare(params: Readonly<Record<string, unknown>> | null): boolean {
  return params !== null && 'job_id' in params && isHex(params['nonce'], 8) && isHex(params['result'], 64);
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asRecord(m.value['params']);
  switch (m.value['type']) {
    case 'auth':
      s.fromMiner(m);
      s.login(asText(params?.['site_key']), asText(params?.['user']));
      break;
    case 'submit':
      if (!isShare(params)) return;
      s.fromMiner(m);
      s.share(m, asText(params?.['job_id']));
      break;
    case 'job':
      if (!isCryptonoteJob(params)) return;
      s.fromPool(m);
      takeCryptonoteJob(s, params);
      break;
    case 'hash_accepted':
      s.fromPool(m);
      // Answers carry no id; the hash count in them is a running total of the account.
      s.acceptUnseen();
      break;
    case 'authed':
      s.fromPool(m);
      break;
    default:
  }
}
