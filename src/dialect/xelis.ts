// Xelis: mining.* with the wallet and the worker apart in the log-in and the algorithm named in the job.
// Source: https://github.com/vipor-net/xelis-stratum-protocol; the job of five values as
// https://github.com/blackmennewstyle/miningcore sends it (XelisJob).
// Look-alikes: NiceHash's Ethereum shares (three values too), Warthog and Aleo shares (four), CKB and plain Ethereum
// jobs (five). The job of four values in the first draft cannot be told from NiceHash's.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asText, isHex } from './value.ts';

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    const named = asText(params[3]);
    s.algorithm = named?.startsWith('xel/') === true ? named.slice(0, 32) : 'xelishash';
    s.coin('XEL');
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    switch (m.method) {
      case 'mining.set_difficulty': {
        s.fromPool(m);
        // The target is 2^256 / difficulty.
        const hashes = asNumber(params[0]);
        s.setNext(hashes, hashes, 'hashes per share');
        break;
      }
      case 'mining.print':
      case 'mining.ping':
        s.fromPool(m);
        break;
      case 'mining.pong':
        s.fromMiner(m);
        break;
      case 'mining.hashrate':
        s.fromMiner(m);
        s.request(m, 'other');
        break;
      default:
    }
  },
};

export const xelis: Dialect = {
  id: 'xelis',
  title: { en: 'Xelis Stratum', zh: 'Xelis Stratum' },
  group: 'mining',
  // Before NiceHash's dialect: a nonce of all 8 bytes leaves no room for an extra nonce of the pool.
  priority: 4,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.authorize':
        return isWallet(params[0]) ? Fit.Sure : Fit.None;
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return isShare(params) ? Fit.Possible : Fit.Never;
      case 'mining.print':
        return Fit.Sure;
      case 'mining.subscribe':
        return typeof params[1] === 'string' && /Stratum\/\d/.test(params[1]) ? Fit.Never : Fit.Possible;
      case 'mining.set_difficulty':
      case 'mining.ping':
      case 'mining.pong':
        return Fit.Possible;
      case 'mining.set_target':
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      case null: {
        // [session, extra nonce of 32 bytes, its length, public key of the pool]
        const result = asArray(m.value['result']);
        return typeof result[0] === 'string' && isHex(result[1], 64) && result[2] === 32 ? Fit.Sure : Fit.None;
      }
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

/** Addresses of the main and the test network, with or without a worker behind. */
function isWallet(value: unknown): boolean {
  return typeof value === 'string' && /^xe[lt]:[02-9ac-hj-np-z]{20}/.test(value);
}

/** `[job, time, work hash, algorithm, clean]`. */
function isJob(params: readonly unknown[]): boolean {
  return (
    params.length === 5 &&
    isHex(params[1], 8, 16) &&
    isHex(params[2], 64, 512) &&
    asText(params[3])?.startsWith('xel/') === true &&
    typeof params[4] === 'boolean'
  );
}

/** `[worker, job, nonce]`, in the draft `[worker, job, time, nonce]`. */
function isShare(params: readonly unknown[]): boolean {
  const login = asText(params[0]) ?? '';
  if (login.startsWith('0x') || asText(params[2])?.startsWith('0x') === true) return false;
  // A word and a colon before the address name another coin.
  if (/^[a-z]{2,16}:/.test(login) && !/^xe[lt]:/.test(login)) return false;
  if (params.length === 3) return isHex(params[2], 16);
  return params.length === 4 && isHex(params[2], 8, 16) && isHex(params[3], 8, 16);
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  if (m.method !== 'mining.authorize') {
    feedMining(s, m, variant);
    return;
  }
  // [wallet, worker, password]; two values are a log-in as others send it.
  const params = asArray(m.value['params']);
  s.fromMiner(m);
  s.login(asText(params[0]), params.length >= 3 ? asText(params[1]) : null);
  if (isWallet(params[0])) s.coin('XEL');
  s.request(m, 'login');
}
