// Alephium (Blake3): jobs and shares are objects. Derived from EIP-1571, though most miners begin with mining.authorize.
// Source: https://wiki.alephium.org/mining/alephium-stratum (log-in; array forms), miningcore's Alephium pool (objects).
// Look-alike: EthereumStratum/2.0.0, whose mining.hello has an object and whose jobs have four values.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asRecord, asText, isHex, targetToHashes } from './value.ts';

/** A hash is worth something for one of 16 pairs of groups only, whichever chain its job belongs to. */
const CHAINS = 16;
/** Difficulty 1 is the target 2^226. */
const HASHES_PER_DIFFICULTY: number = CHAINS * 2 ** 30;
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

function isGroup(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;
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
    // The array form of the document: [job, chain, header].
    if (typeof params[0] === 'string') s.job(params[0]);
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
  const share = m.value['params'];
  if (m.method !== 'mining.submit' || !isShare(share)) {
    feedMining(s, m, variant);
    return;
  }
  s.fromMiner(m);
  known(s);
  s.share(m, idOf(share['jobId']));
  s.worker(asText(share['worker']));
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
        return isJob(params[0]) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return isShare(m.value['params']) ? Fit.Sure : Fit.Never;
      case 'mining.hello':
        return namesProtocol(params[1]) ? Fit.Sure : Fit.Never;
      case 'mining.subscribe':
        return namesProtocol(params[1]) ? Fit.Sure : Fit.None;
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
