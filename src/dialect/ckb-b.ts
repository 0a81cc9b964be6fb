// Nervos CKB (Eaglesong), the dialect with ckb_* methods that SparkPool began.
// Source: https://github.com/nervosnetwork/ckb/blob/develop/docs/stratum_v1.md
// Look-alike: the node's own RPC over HTTP, whose methods are get_block_template and submit_block.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { isAccepted } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, hexNumber, isHex, targetToHashes } from './value.ts';

type Members = Readonly<Record<string, unknown>> | null;

/** `{pow_hash, target}`, each of 32 bytes: the answer to a request for work, or a push with id 0. */
function isWork(result: Members): result is NonNullable<Members> {
  return result !== null && isHex(result['pow_hash'], 64) && isHex(result['target'], 64);
}

/** `{pow_hash, nonce}`; the nonce is a number without leading zeros. */
function isShare(params: Members): boolean {
  return params !== null && isHex(params['pow_hash'], 64) && isHex(params['nonce'], 1, 32);
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asRecord(m.value['params']);
  switch (m.method) {
    case 'ckb_submitLogin':
      s.fromMiner(m);
      s.login(asText(params?.['login']), asText(params?.['worker']));
      s.agent(asText(params?.['agent']));
      s.coin('CKB');
      s.request(m, 'login');
      return;
    case 'ckb_getWork':
      s.fromMiner(m);
      s.asked = true;
      s.workRequests++;
      s.request(m, 'work');
      return;
    case 'ckb_submitWork':
      s.fromMiner(m);
      s.algorithm = 'eaglesong';
      s.coin('CKB');
      s.share(m, asText(params?.['pow_hash']));
      return;
    case 'ckb_submitHashrate': {
      s.fromMiner(m);
      s.request(m, 'other');
      const rate = m.value['params'];
      s.report(hexNumber(asText(rate) ?? asArray(rate)[0]), '');
      return;
    }
    case null:
      break;
    default:
      return;
  }
  const kind = s.answered(m);
  const result = asRecord(m.value['result']);
  if (isWork(result)) {
    s.fromPool(m);
    s.algorithm = 'eaglesong';
    s.coin('CKB');
    const hashes = targetToHashes(result['target']);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(asText(result['pow_hash']), hashes);
  } else if (kind === 'share') {
    if (isAccepted(m)) s.accept();
    else s.reject();
  }
}

export const ckbB: Dialect = {
  id: 'ckb-b',
  title: { en: 'CKB Stratum (ckb_*)', zh: 'CKB Stratum（ckb_*）' },
  group: 'ckb',
  priority: 5,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    switch (m.method) {
      case 'ckb_submitLogin':
      case 'ckb_getWork':
      case 'ckb_submitHashrate':
        return Fit.Sure;
      case 'ckb_submitWork':
        return isShare(asRecord(m.value['params'])) ? Fit.Sure : Fit.None;
      case null:
        return isWork(asRecord(m.value['result'])) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};
