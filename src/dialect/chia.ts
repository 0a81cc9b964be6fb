// Chia's pool protocol: partial proofs of space as JSON in HTTP requests. Farmers use TLS; in clear it is seen behind a
// proxy that ends TLS, and in test set-ups.
// Source: https://github.com/Chia-Network/pool-reference/blob/main/SPECIFICATION.md
// Look-alikes: other JSON services with /login and /farmer; the members of the payload tell.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { readHttpIdentity } from './http-identity.ts';
import type { MiningSession } from './session.ts';
import { asNumber, asRecord, asText, isHex } from './value.ts';

/** HTTP answers have no id: they come in the order of the requests. */
const REQUEST = 's:http';

export const chia: Dialect = {
  id: 'chia',
  title: { en: 'Chia pool protocol', zh: 'Chia 矿池协议' },
  group: 'chia',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport !== 'http') return Fit.None;
    const payload = asRecord(m.value['payload']);
    if (isPartial(payload) || isFarmer(payload)) return Fit.Sure;
    return isFarmerInfo(m) ? Fit.Possible : Fit.None;
  },
  feed(s, m) {
    if (m.kind === 'json' && m.transport === 'http') feedJson(s, m);
  },
};

type Payload = Readonly<Record<string, unknown>> | null;

/** The body of POST /partial. */
function isPartial(payload: Payload): boolean {
  const proof = asRecord(payload?.['proof_of_space']);
  return (
    isHex(payload?.['launcher_id'], 64) &&
    isHex(payload?.['sp_hash'], 64) &&
    isHex(proof?.['challenge'], 64) &&
    isHex(proof?.['proof'], 64, 2048)
  );
}

/** The body of POST and PUT /farmer. */
function isFarmer(payload: Payload): boolean {
  return isHex(payload?.['launcher_id'], 64) && isHex(payload?.['authentication_public_key'], 96);
}

/** The answer to GET /farmer. */
function isFarmerInfo(m: JsonMessage): boolean {
  return isHex(m.value['authentication_public_key'], 96) && typeof m.value['current_points'] === 'number';
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const payload = asRecord(m.value['payload']);
  const waiting = { ...m, id: REQUEST };
  if (isPartial(payload) || isFarmer(payload)) {
    s.fromMiner(m);
    s.coin('XCH');
    s.algorithm = 'proof-of-space';
    s.login(asText(payload?.['launcher_id']));
    if (m.http) readHttpIdentity(s, m.http, true);
    if (isPartial(payload)) s.share(waiting, null);
    else {
      setDifficulty(s, payload?.['suggested_difficulty']);
      s.request(waiting, 'login');
    }
    return;
  }
  if (m.http?.kind !== 'response') return;
  if (isFarmerInfo(m)) {
    s.fromPool(m);
    setDifficulty(s, m.value['current_difficulty']);
    return;
  }
  const accepted = asNumber(m.value['new_difficulty']) > 0;
  const refused = typeof m.value['error_code'] === 'number';
  if (!accepted && !refused && asText(m.value['welcome_message']) === null) return;
  s.fromPool(m);
  const kind = s.answered(waiting);
  setDifficulty(s, m.value['new_difficulty']);
  if (kind === 'login' || (kind === null && s.minerSeen)) return;
  if (accepted) s.accept();
  else if (refused && kind === 'share') s.reject();
}

/** Points a partial is worth: they measure space, not hashes, so no rate is derived from them. */
function setDifficulty(s: MiningSession, value: unknown): void {
  const points = asNumber(value);
  if (points > 0) s.difficulty = { last: points, unit: 'points' };
}
