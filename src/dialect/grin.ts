// Grin and MWC: login, getjobtemplate, job, submit as JSON lines; ids are text, answers repeat the method.
// Source: https://github.com/mimblewimble/grin/blob/master/doc/stratum.md
// Look-alikes: CryptoNote pools (jobs with a blob, shares with a result), Beam (fields outside params), other services
// with a `login` method.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { isCryptonoteAddress } from './family-cryptonote.ts';
import { isAccepted } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asRecord, asText, idText, isHex } from './value.ts';

/** Edges of a proof: cycles of 42, with room for smaller test networks. */
const MIN_EDGES = 8;
const MAX_EDGES = 64;

export const grin: Dialect = {
  id: 'grin',
  title: { en: 'Grin and MWC pool protocol', zh: 'Grin / MWC 矿池协议' },
  group: 'cryptonote',
  priority: 2,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asRecord(m.value['params']);
    switch (m.method) {
      case 'login':
        return isLogin(m, params) ? Fit.Possible : Fit.None;
      case 'getjobtemplate':
        return isJob(m.value['result']) ? Fit.Sure : Fit.Possible;
      case 'job':
        return isJob(params) ? Fit.Sure : Fit.None;
      case 'submit':
        return isShare(params) ? Fit.Sure : Fit.None;
      case null:
        return isJob(m.value['result']) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

type Params = Readonly<Record<string, unknown>> | null;

/** All three parameters are required; numbers as ids, algorithms, rigs and addresses of Monero's form are CryptoNote's. */
function isLogin(m: JsonMessage, params: Params): boolean {
  return (
    m.id?.startsWith('s:') === true &&
    typeof params?.['login'] === 'string' &&
    typeof params['pass'] === 'string' &&
    typeof params['agent'] === 'string' &&
    !('algo' in params) &&
    !('rigid' in params) &&
    !isCryptonoteAddress(params['login']) &&
    !/^xmr/i.test(params['agent'])
  );
}

function isJob(value: unknown): boolean {
  const job = asRecord(value);
  return job !== null && isHex(job['pre_pow'], 100, 4096) && idText(job['job_id']) !== null;
}

function isShare(params: Params): boolean {
  const pow = asArray(params?.['pow']);
  return (
    params !== null &&
    typeof params['height'] === 'number' &&
    typeof params['nonce'] === 'number' &&
    idText(params['job_id']) !== null &&
    pow.length >= MIN_EDGES &&
    pow.length <= MAX_EDGES &&
    pow.every((edge) => typeof edge === 'number')
  );
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  if ('result' in m.value || 'error' in m.value) {
    feedAnswer(s, m);
    return;
  }
  const params = asRecord(m.value['params']);
  switch (m.method) {
    case 'login':
      s.fromMiner(m);
      s.login(asText(params?.['login']));
      s.agent(asText(params?.['agent']));
      s.request(m, 'login');
      return;
    case 'getjobtemplate':
      s.fromMiner(m);
      s.asked = true;
      s.workRequests++;
      s.request(m, 'work');
      return;
    case 'submit':
      if (!isShare(params)) return;
      s.fromMiner(m);
      s.algorithm = algorithmOf(params?.['edge_bits']) ?? s.algorithm;
      s.share(m, idText(params?.['job_id']));
      return;
    case 'keepalive':
    case 'status':
      s.fromMiner(m);
      s.request(m, 'other');
      return;
    case 'job':
      if (!isJob(params)) return;
      s.fromPool(m);
      takeJob(s, params);
      return;
    default:
  }
}

function feedAnswer(s: MiningSession, m: JsonMessage): void {
  const kind = s.answered(m);
  const result = m.value['result'];
  if (m.method !== null) s.fromPool(m);
  if (isJob(result)) {
    s.fromPool(m);
    takeJob(s, result);
  } else if (kind === 'share' || (kind === null && m.method === 'submit' && !s.minerSeen)) {
    // From the pool's side alone the repeated method tells what was answered.
    if (isAccepted(m)) s.accept();
    else s.reject();
  }
}

/** The scale of a graph's difficulty is not that of hashes: it is shown, and no rate is derived from it. */
function takeJob(s: MiningSession, value: unknown): void {
  const job = asRecord(value);
  const difficulty = asNumber(job?.['difficulty']);
  if (difficulty > 0) s.difficulty = { last: difficulty, unit: 'graph difficulty' };
  s.algorithm ??= 'cuckoo-cycle';
  s.job(idText(job?.['job_id']));
}

/** Size of the graph → proof of work: Cuckatoo with 31 or 32 bits, Cuckaroo with 29. */
function algorithmOf(bits: unknown): string | null {
  if (bits === 29) return 'cuckaroo29';
  return bits === 31 || bits === 32 ? `cuckatoo${bits}` : null;
}
