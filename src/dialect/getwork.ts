// Bitcoin getwork over HTTP. Source: https://en.bitcoin.it/wiki/Getwork
// Look-alike: other methods of a node's JSON-RPC, which are no mining.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { readHttpIdentity } from './http-identity.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, isHex, targetToHashes } from './value.ts';

/** The target of difficulty 1 is 2^224 (more exactly 2^224 - 1). */
const HASHES_PER_DIFFICULTY = 2 ** 32;

export const getwork: Dialect = {
  id: 'getwork',
  title: { en: 'getwork', zh: 'getwork' },
  group: 'getwork',
  priority: 1,
  probe(m: Message) {
    if (m.kind === 'http') return hasMiningHeader(m) ? Fit.Possible : Fit.None;
    if (m.kind !== 'json' || m.transport !== 'http') return Fit.None;
    if (m.method === 'getwork') return Fit.Sure;
    return m.method === null && isWork(m.value['result']) ? Fit.Sure : Fit.None;
  },
  feed(s, m) {
    if (m.kind === 'http') {
      if (!hasMiningHeader(m)) return;
      if (m.http.kind === 'request') {
        s.fromMiner(m);
        s.asked = true;
        readHttpIdentity(s, m.http);
      } else s.fromPool(m);
    } else if (m.kind === 'json' && m.transport === 'http') feedJson(s, m);
  },
};

/** X-Mining-Extensions and its like are sent by mining software alone. */
function hasMiningHeader(m: Message & { kind: 'http' }): boolean {
  const headers = m.http.headers;
  return (
    headers.has('x-mining-extensions') ||
    headers.has('x-mining-hashrate') ||
    headers.has('x-stratum') ||
    headers.has('x-roll-ntime')
  );
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asArray(m.value['params']);
  if (m.method === 'getwork') {
    s.fromMiner(m);
    if (m.http) readHttpIdentity(s, m.http);
    if (params.length > 0 && isHex(params[0], 160, 1024)) s.share(m, null);
    else {
      s.asked = true;
      s.workRequests++;
      s.request(m, 'work');
    }
    return;
  }
  if (m.method !== null) return;
  const kind = s.answered(m);
  const result = m.value['result'];
  if (isWork(result)) {
    s.fromPool(m);
    const work = asRecord(result);
    const target = asText(work?.['target']) ?? '';
    // The target is little-endian.
    const hashes = targetToHashes((target.match(/../g) ?? []).reverse().join(''));
    s.setNext(hashes, hashes / HASHES_PER_DIFFICULTY, 'difficulty');
    s.job(null, hashes);
  } else if (kind === 'share') {
    if (result === true) s.accept();
    else s.reject();
  }
}

function isWork(result: unknown): boolean {
  const work = asRecord(result);
  return work !== null && isHex(work['data'], 160, 1024) && isHex(work['target'], 64);
}
