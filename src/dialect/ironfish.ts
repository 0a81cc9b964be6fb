// Iron Fish: mining.* methods with an object `body` in place of the list `params`.
// Source: TeamRedMiner, "Ironfish stratum changes" (stratum version 2); iron-fish/ironfish, mining/stratum.
// Look-alikes: no other mining.* dialect has a body.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import type { MiningSession } from './session.ts';
import { asNumber, asRecord, asText, idText, targetToHashes } from './value.ts';

/** From this version of the protocol on the proof of work is FishHash. */
const FISHHASH_VERSION = 3;

export const ironfish: Dialect = {
  id: 'ironfish',
  title: { en: 'Iron Fish Stratum', zh: 'Iron Fish Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http' || m.method?.startsWith('mining.') !== true) return Fit.None;
    if (asRecord(m.value['body']) !== null) return Fit.Sure;
    return 'params' in m.value ? Fit.Never : Fit.None;
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

function feedJson(s: MiningSession, m: JsonMessage): void {
  const body = asRecord(m.value['body']);
  switch (m.method) {
    case 'mining.subscribe':
      if (body === null) return;
      s.fromMiner(m);
      s.login(asText(body['publicAddress']), asText(body['name']));
      s.agent(asText(body['agent']));
      if (asNumber(body['version']) >= FISHHASH_VERSION) s.algorithm = 'fishhash';
      return;
    case 'mining.subscribed':
      s.fromPool(m);
      return;
    case 'mining.set_target': {
      s.fromPool(m);
      const hashes = targetToHashes(body?.['target']);
      s.setNext(hashes, hashes, 'hashes per share');
      return;
    }
    case 'mining.notify':
      if (body === null) return;
      s.fromPool(m);
      s.coin('IRON');
      s.job(idText(body['miningRequestId']));
      return;
    case 'mining.submit':
      if (body === null) return;
      s.fromMiner(m);
      s.coin('IRON');
      s.share(m, idText(body['miningRequestId']));
      return;
    case 'mining.submitted':
      s.fromPool(m);
      answer(s, m, body?.['id'], body?.['result'] === true);
      return;
    case null: {
      // Refusals in the older form: {"id": 23433, "error": {"id": 63, "message": "Duplicate share"}}.
      const error = asRecord(m.value['error']);
      if (error !== null) answer(s, m, error['id'], false);
      return;
    }
    default:
  }
}

/** The answer names the request inside; its own id counts the pool's messages. */
function answer(s: MiningSession, m: JsonMessage, request: unknown, accepted: boolean): void {
  if (typeof request !== 'number' && typeof request !== 'string') return;
  const kind = s.answered({ ...m, id: typeof request === 'number' ? `n:${request}` : `s:${request}` });
  if (kind !== 'share' && (kind !== null || s.minerSeen)) return;
  if (!accepted) s.reject();
  else if (kind === null) s.acceptUnseen();
  else s.accept();
}
