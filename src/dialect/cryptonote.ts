// CryptoNote pool protocol (XMRig and friends): login, job, submit, keepalived as JSON lines.
// Source: https://github.com/xmrig/xmrig-proxy/blob/master/doc/STRATUM.md, STRATUM_EXT.md; xmrig src/base/net/stratum/Client.cpp
// Look-alikes: services with a `login` method (no blob, no job), wallet and node RPC, Grin (jobs without blob; ids are text).
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { isCryptonoteAddress, isCryptonoteJob, takeCryptonoteJob, UNNAMED } from './family-cryptonote.ts';
import { isAccepted } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, idText, isHex } from './value.ts';

/** Programs that take in miners and log in to a pool for all of them; XMRigCC's proxy keeps the name of XMRig's. */
const PROXY_AGENT = /^(?:xmrig(?:cc)?-proxy\/|xmr-node-proxy)/i;

export const cryptonote: Dialect = {
  id: 'cryptonote',
  title: { en: 'CryptoNote pool protocol', zh: 'CryptoNote 矿池协议' },
  group: 'cryptonote',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http' || 'type' in m.value) return Fit.None;
    const params = asRecord(m.value['params']);
    switch (m.method) {
      case 'login':
        return isLogin(params) ? Fit.Possible : Fit.None;
      case 'job':
        return isCryptonoteJob(params) ? Fit.Sure : Fit.None;
      case 'submit':
        return isShare(params) ? Fit.Sure : Fit.None;
      case 'keepalived':
        return Fit.Possible;
      case null: {
        const result = asRecord(m.value['result']);
        return result !== null && isCryptonoteJob(result['job']) ? Fit.Sure : Fit.None;
      }
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

/** Logs in with a password; with a wallet of the family also without one. */
function isLogin(params: Readonly<Record<string, unknown>> | null): boolean {
  const login = params?.['login'];
  return typeof login === 'string' && (typeof params?.['pass'] === 'string' || isCryptonoteAddress(login));
}

function isShare(params: Readonly<Record<string, unknown>> | null): boolean {
  if (params === null || !('job_id' in params) || !isHex(params['nonce'], 8, 16)) return false;
  return isHex(params['result'], 64) || isCycle(params['pow']);
}

/** The proof of Cuckaroo algorithms (Tari's C29): the edges of a cycle, where others send a hash. */
function isCycle(pow: unknown): boolean {
  const edges = asArray(pow);
  return edges.length >= 8 && edges.length <= 64 && edges.every((edge) => typeof edge === 'number');
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asRecord(m.value['params']);
  switch (m.method) {
    case 'login':
      s.fromMiner(m);
      s.login(asText(params?.['login']), asText(params?.['rigid']));
      s.agent(asText(params?.['agent']));
      if (PROXY_AGENT.test(asText(params?.['agent']) ?? '')) s.relay = true;
      s.request(m, 'login');
      return;
    case 'submit':
      if (!isShare(params)) return;
      s.fromMiner(m);
      if (isCycle(params?.['pow'])) {
        // A graph is no hash, and how its difficulty counts is not known: such shares give no rate.
        s.submitted++;
        s.asked = true;
        s.request(m, 'share');
        if (s.algorithm === null || s.algorithm === UNNAMED) s.algorithm = 'cuckaroo29';
      } else s.share(m, idText(params?.['job_id']));
      return;
    case 'keepalived':
      s.fromMiner(m);
      s.request(m, 'other');
      return;
    case 'job':
      if (!isCryptonoteJob(params)) return;
      s.fromPool(m);
      takeCryptonoteJob(s, params);
      return;
    case null:
      break;
    default:
      return;
  }
  const kind = s.answered(m);
  const result = asRecord(m.value['result']);
  if (result !== null && isCryptonoteJob(result['job'])) {
    s.fromPool(m);
    takeCryptonoteJob(s, result['job']);
  } else if (kind === 'share') {
    if (isAccepted(m)) s.accept();
    else s.reject();
  } else if (kind === null && s.minerSide === 1 - m.side && s.jobs > 0 && s.submitted === 0) {
    // The pool's side alone: `{"status": "OK"}` without a job answers a share.
    if (result?.['status'] === 'OK') s.acceptUnseen();
    else if (/share/i.test(asText(asRecord(m.value['error'])?.['message']) ?? '')) s.reject();
  }
}
