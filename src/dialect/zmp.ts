// ZMP, the mining protocol of Zilliqa: login and submit with one object in the list of parameters, work pushed as a result
// without id.
// Source: https://github.com/flexpool/zmp/blob/main/README.md
// Look-alikes: CryptoNote log-ins (an object, no list), Bytom (a list of texts), other JSON-RPC services.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, hexNumber, isHex } from './value.ts';

export const zmp: Dialect = {
  id: 'zmp',
  title: { en: 'Zilliqa Mining Protocol (ZMP)', zh: 'Zilliqa 挖矿协议（ZMP）' },
  group: 'zmp',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const first = firstParam(m);
    switch (m.method) {
      case 'login':
        return typeof first?.['userAgent'] === 'string' && typeof first['login'] === 'string' ? Fit.Sure : Fit.None;
      case 'submit':
        return isHex(first?.['n'], 1, 16) ? Fit.Sure : Fit.None;
      case null:
        return isWork(m.value['result']) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

function firstParam(m: JsonMessage): Readonly<Record<string, unknown>> | null {
  const params = asArray(m.value['params']);
  return params.length === 1 ? asRecord(params[0]) : null;
}

function isWork(value: unknown): boolean {
  const work = asRecord(value);
  return work !== null && isHex(work['sealHash'], 64) && isHex(work['diff'], 1, 64) && isHex(work['epoch'], 1, 16);
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const first = firstParam(m);
  switch (m.method) {
    case 'login':
      if (first === null) return;
      s.fromMiner(m);
      s.login(asText(first['login']));
      s.agent(asText(first['userAgent']));
      s.request(m, 'login');
      return;
    case 'submit':
      if (first === null) return;
      s.fromMiner(m);
      s.coin('ZIL');
      s.share(m, asText(first['sealHash']));
      return;
    case null:
      break;
    default:
      return;
  }
  if (m.id === null) {
    takeNotification(s, m);
    return;
  }
  const kind = s.answered(m);
  const error = m.value['error'];
  if (kind === 'share' || (kind === null && s.jobs > 0 && !s.minerSeen)) {
    // Success is an answer without a result: {"id": 1}.
    if (error !== undefined && error !== null) s.reject();
    else if (kind === 'share') s.accept();
    else if (!('result' in m.value)) s.acceptUnseen();
  }
}

/** Work comes in rounds of a minute every few hours; a result of null ends one. */
function takeNotification(s: MiningSession, m: JsonMessage): void {
  const result = m.value['result'];
  // The document speaks of a list with one object, its example shows the object alone.
  const work = asRecord(Array.isArray(result) ? result[0] : result);
  if (isWork(work)) {
    s.fromPool(m);
    s.algorithm = 'ethash';
    s.coin('ZIL');
    const hashes = hexNumber(work?.['diff']);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(asText(work?.['sealHash']), hashes);
  } else if (result === null && s.jobs > 0) s.pause();
}
