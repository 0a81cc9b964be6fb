// Alephium (Blake3): jobs and shares are objects. Derived from EIP-1571, though most miners begin with mining.authorize.
// Source: https://wiki.alephium.org/mining/alephium-stratum (log-in; array forms), miningcore's Alephium pool (objects).
// The document's own forms are lists, and for some pushes and the log-in a bare text instead of a list.
// Look-alikes: EthereumStratum/2.0.0, whose mining.hello has an object and whose jobs have four values; other shares of
// three values, which begin with the worker.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asRecord, asText, isHex, targetToHashes } from './value.ts';

/** A hash is worth something for one of 16 pairs of groups only, whichever chain its job belongs to. */
const CHAINS = 16;
/** Difficulty 1 is the target 2^226. */
const HASHES_PER_DIFFICULTY: number = CHAINS * 2 ** 30;
/** Hexadecimal digits of a nonce. */
const NONCE_DIGITS = 48;
/** Jobs that one push may carry: one for each chain, and room for more groups. */
const MAX_JOBS = 64;
const PROTOCOL = /^AlephiumStratum\/1\./;

type Members = Readonly<Record<string, unknown>>;

/** `{jobId, fromGroup, toGroup, headerBlob, txsBlob, targetBlob}`. */
function isJob(value: unknown): value is Members {
  const job = asRecord(value);
  return job !== null && 'jobId' in job && isGroup(job['fromGroup']) && isGroup(job['toGroup']) && 'headerBlob' in job;
}

/** `{jobId, fromGroup, toGroup, nonce, worker}`, the nonce of 24 bytes. */
function isShare(value: unknown): value is Members {
  const share = asRecord(value);
  return share !== null && isGroup(share['fromGroup']) && isGroup(share['toGroup']) && isHex(share['nonce'], 16, 48);
}

/** `[job, chain, header]`, the document's form; one push for each chain. */
function isListedJob(params: readonly unknown[]): boolean {
  const [id, chain, header] = params;
  return params.length === 3 && typeof id === 'string' && isGroup(chain) && isHex(header, 100, 4096);
}

/** `[job, nonce, worker]`, the document's form; the nonce of 24 bytes stands where others have the job. */
function isListedShare(params: readonly unknown[]): boolean {
  const [id, nonce, worker] = params;
  if (params.length !== 3 || typeof id !== 'string' || typeof worker !== 'string') return false;
  return isHex(nonce, NONCE_DIGITS) && !isHex(worker, 16, 64);
}

function isGroup(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;
}

/** A log-in without a list around it: an address, with or without a worker behind. */
function isBareAddress(value: unknown): boolean {
  return typeof value === 'string' && /^1[1-9A-HJ-NP-Za-km-z]{40,}/.test(value) && value.length <= 300;
}

/** Ids are text, in some programs numbers. */
function idOf(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : asText(value);
}

/** Names the protocol, as the second parameter of mining.hello or mining.subscribe or the first of the answer. */
function namesProtocol(value: unknown): boolean {
  return typeof value === 'string' && PROTOCOL.test(value);
}

function known(s: MiningSession): void {
  s.algorithm = 'blake3';
  s.coin('ALPH');
}

const variant: MiningVariant = {
  // The array form of the document: [job, nonce, worker].
  shareJob: 0,
  shareWorker: -1,
  onNotify(s, _m, params) {
    if (isListedJob(params)) {
      known(s);
      s.job(asText(params[0]));
      return;
    }
    for (const job of params.slice(0, MAX_JOBS)) {
      if (!isJob(job)) continue;
      known(s);
      const hashes = targetToHashes(job['targetBlob']) * CHAINS;
      if (hashes > 0) s.job(idOf(job['jobId']), hashes);
      else s.job(idOf(job['jobId']));
    }
  },
  onOther(s, m, params) {
    switch (m.method) {
      case 'mining.hello':
        s.fromMiner(m);
        s.asked = true;
        s.agent(asText(params[0]));
        s.request(m, 'other');
        break;
      case 'connection.set_gzip':
      case 'alph_submitHashrate':
        s.fromMiner(m);
        s.request(m, 'other');
        break;
      case 'mining.set_difficulty': {
        s.fromPool(m);
        const difficulty = asNumber(params[0]);
        s.setNext(difficulty * HASHES_PER_DIFFICULTY, difficulty, 'difficulty');
        break;
      }
      case 'mining.set_target': {
        // The document sends the bare text, no list.
        s.fromPool(m);
        const hashes = targetToHashes(m.value['params'] ?? params[0]) * CHAINS;
        s.setNext(hashes, hashes / HASHES_PER_DIFFICULTY, 'difficulty');
        break;
      }
      case 'mining.set_extranonce':
      case 'mining.set_cleanjobs':
        s.fromPool(m);
        break;
      default:
    }
  },
};

function feedJson(s: MiningSession, m: JsonMessage): void {
  const { params } = m.value;
  if (m.method === 'mining.authorize' && typeof params === 'string') {
    s.fromMiner(m);
    s.login(params);
    s.request(m, 'login');
    return;
  }
  if (m.method !== 'mining.submit' || !isShare(params)) {
    feedMining(s, m, variant);
    if (m.method !== 'mining.submit' || !isListedShare(asArray(params))) return;
    known(s);
    s.workerLogin(asText(asArray(params)[2]));
    return;
  }
  s.fromMiner(m);
  known(s);
  s.share(m, idOf(params['jobId']));
  s.worker(asText(params['worker']));
}

export const alephium: Dialect = {
  id: 'alephium',
  title: { en: 'Alephium Stratum', zh: 'Alephium Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params[0]) || isListedJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return isShare(m.value['params']) || isListedShare(params) ? Fit.Sure : Fit.Never;
      case 'mining.hello':
        return namesProtocol(params[1]) ? Fit.Sure : Fit.Never;
      case 'mining.subscribe':
        return namesProtocol(params[1]) ? Fit.Sure : Fit.None;
      case 'mining.set_target':
        // Others put it into a list.
        return isHex(m.value['params'], 48, 64) ? Fit.Sure : Fit.None;
      case 'mining.set_extranonce':
        return isHex(m.value['params'], 2, 46) ? Fit.Sure : Fit.None;
      case 'mining.authorize':
        return isBareAddress(m.value['params']) ? Fit.Sure : Fit.None;
      case 'alph_submitHashrate':
      case 'mining.set_cleanjobs':
        return Fit.Sure;
      case 'mining.configure':
        return Fit.Never;
      case null:
        return namesProtocol(asArray(m.value['result'])[0]) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};
