// Bytom (BTM): login with a list, getwork over raw TCP, jobs of eleven values or the same under names.
// Source: https://github.com/btccom/btcpool-ABANDONED/blob/master/docs/bytom/STRATUM-BTM.md
// Look-alikes: CryptoNote (an object as log-in, jobs with a blob; its shares have the same names), Bitcoin getwork (over
// HTTP, with an empty list), other services with a `login` or `submit` method.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { cryptonoteDifficulty } from './family-cryptonote.ts';
import { isAccepted } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, idText, isHex } from './value.ts';

/** Places in the list of eleven. */
const JOB_ID = 0;
const PREVIOUS = 3;
const MERKLE_ROOT = 5;
const STATUS_HASH = 6;
const SEED = 9;
const TARGET = 10;

export const bytom: Dialect = {
  id: 'bytom',
  title: { en: 'Bytom Stratum', zh: '比原链（Bytom）Stratum' },
  group: 'cryptonote',
  priority: 0,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const { method } = m;
    const params = asArray(m.value['params']);
    if (method === 'login') {
      const texts = params.length >= 2 && params.length <= 3 && params.every((value) => typeof value === 'string');
      return texts ? Fit.Possible : Fit.None;
    }
    // Bytom's has no parameters at all; with an empty list it is Bitcoin's.
    if (method === 'getwork') return 'params' in m.value ? Fit.None : Fit.Possible;
    if (method === 'submit') return shareOf(m) === null ? Fit.None : Fit.Possible;
    return jobOf(m) === null ? Fit.None : Fit.Sure;
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

interface Job {
  readonly id: string | null;
  readonly target: unknown;
}

/** The job in a push, in the answer to getwork or in that to the log-in; null where there is none. */
function jobOf(m: JsonMessage): Job | null {
  if (m.method !== null && m.method !== 'job') return null;
  const { params, result } = m.value;
  return readJob(params) ?? readJob(result) ?? readJob(asRecord(result)?.['job']);
}

function readJob(value: unknown): Job | null {
  const list = asArray(value);
  if (list.length === 11) {
    const hashes = [list[PREVIOUS], list[MERKLE_ROOT], list[STATUS_HASH], list[SEED]];
    const fits = hashes.every((hash) => isHex(hash, 64)) && isHex(list[TARGET], 4, 16);
    return fits ? { id: idText(list[JOB_ID]), target: list[TARGET] } : null;
  }
  const named = asRecord(value);
  if (named === null || !isHex(named['transactions_merkle_root'], 64)) return null;
  if (!isHex(named['transaction_status_hash'], 64) || !isHex(named['target'], 4, 16)) return null;
  return { id: idText(named['job_id']), target: named['target'] };
}

/** The job that a share names: `[job, nonce, result]`, or the same under names. */
function shareOf(m: JsonMessage): string | null {
  const named = asRecord(m.value['params']);
  const list = asArray(m.value['params']);
  const [id, nonce, result] = named ? [named['job_id'], named['nonce'], named['result']] : list;
  if (named === null && list.length !== 3) return null;
  // Nonces have 8 bytes; in the list the result is cut to 8 or 16 bytes, under names it may be whole.
  return isHex(nonce, 16) && isHex(result, 16, named === null ? 32 : 64) ? idText(id) : null;
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asArray(m.value['params']);
  switch (m.method) {
    case 'login':
      if (params.length === 0) return;
      s.fromMiner(m);
      s.login(asText(params[0]));
      s.agent(asText(params[2]));
      s.request(m, 'login');
      return;
    case 'getwork':
      s.fromMiner(m);
      s.asked = true;
      s.workRequests++;
      s.request(m, 'work');
      return;
    case 'submit': {
      const id = shareOf(m);
      if (id === null) return;
      s.fromMiner(m);
      s.share(m, id);
      s.worker(asText(m.value['worker']));
      return;
    }
    case 'job':
    case null:
      break;
    default:
      return;
  }
  const kind = m.method === null ? s.answered(m) : null;
  const job = jobOf(m);
  if (job !== null) {
    s.fromPool(m);
    s.algorithm = 'tensority';
    s.coin('BTM');
    const hashes = cryptonoteDifficulty(job.target);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(job.id, hashes);
  } else if (kind === 'share') {
    if (isAccepted(m)) s.accept();
    else s.reject();
  }
}
