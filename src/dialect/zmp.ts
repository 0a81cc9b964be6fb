// ZMP, the mining protocol of Zilliqa: login and submit with one object in the list of parameters, work pushed as a result
// without id.
// Source: https://github.com/flexpool/zmp/blob/main/README.md
// Look-alikes: CryptoNote log-ins (an object, no list), Bytom (a list of texts), other JSON-RPC services.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, hexNumber, isHex } from './value.ts';

/** Characters of an address in either form. */
const ADDRESS_LENGTH = 42;

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
        if (typeof first?.['userAgent'] !== 'string' || typeof first['login'] !== 'string') return Fit.None;
        return isWallet(first['login']) ? Fit.Sure : Fit.Possible;
      case 'submit':
        return isNonce(first?.['n']) ? Fit.Sure : Fit.None;
      case null:
        return workOf(m) !== null ? Fit.Sure : Fit.None;
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

/** An address of Zilliqa, in its own form or in Ethereum's, with or without a worker behind. */
function isWallet(login: string): boolean {
  return login.length >= ADDRESS_LENGTH && (login.startsWith('zil1') || login.startsWith('0x'));
}

/** A nonce of 8 bytes; leading zeros may be left out. */
function isNonce(value: unknown): boolean {
  return isHex(value, 12, 16);
}

/** The work in a result: the document speaks of a list with one object, its example shows the object alone. */
function workOf(m: JsonMessage): Readonly<Record<string, unknown>> | null {
  const { result } = m.value;
  const work = asRecord(Array.isArray(result) && result.length === 1 ? result[0] : result);
  if (work === null || !isHex(work['sealHash'], 64)) return null;
  return isHex(work['diff'], 1, 64) && isHex(work['epoch'], 1, 16) ? work : null;
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
      if (!isNonce(first?.['n'])) return;
      s.fromMiner(m);
      s.coin('ZIL');
      s.share(m, asText(first?.['sealHash']));
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
  const work = workOf(m);
  if (work !== null) {
    s.fromPool(m);
    s.algorithm = 'ethash';
    s.coin('ZIL');
    const hashes = hexNumber(work['diff']);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(asText(work['sealHash']), hashes);
  } else if (m.value['result'] === null && s.jobs > 0) s.pause();
}
