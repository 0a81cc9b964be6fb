// Aeternity: mining.* after ZIP-301, proofs are cycles of 42 edges.
// Source: https://github.com/aeternity/protocol/blob/master/STRATUM.md
// Look-alikes: ZIP-301 (the same subscription, jobs of eight values), NiceHash's Ethereum jobs (two hashes), Conflux.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asText, isHex, targetToHashes } from './value.ts';

/** Edges of a proof. */
const EDGES = 42;

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    s.rateUnit = 'Sol/s';
    s.algorithm = 'cuckoo-cycle';
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    if (m.method === 'mining.set_target') {
      s.fromPool(m);
      const solutions = targetToHashes(params[0]);
      s.setNext(solutions, solutions, 'solutions per share');
    } else if (m.method === 'mining.subscribe') readHost(s, params);
    else if (m.method === 'client.reconnect') s.fromPool(m);
  },
};

/** `[agent, session, host, port]`. */
function readHost(s: MiningSession, params: readonly unknown[]): void {
  const host = asText(params[2]);
  if (host !== null && /^[\w.-]+\.[A-Za-z]{2,}$/.test(host)) s.host(host.toLowerCase());
}

export const aeternity: Dialect = {
  id: 'aeternity',
  title: { en: 'Aeternity Stratum', zh: 'Aeternity Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return params.length === 4 && asArray(params[3]).length === EDGES ? Fit.Sure : Fit.Never;
      case 'mining.subscribe':
        return params.length === 4 ? Fit.Possible : Fit.None;
      case 'mining.configure':
      case 'mining.authorize':
      case 'mining.set_target':
        return Fit.Possible;
      case 'mining.hello':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

/** `[job, header hash, clean]`, in the list of types also with a block version before the hash. */
function isJob(params: readonly unknown[]): boolean {
  if (params.length === 3) return isHex(params[1], 64) && typeof params[2] === 'boolean';
  return params.length === 4 && typeof params[1] === 'number' && isHex(params[2], 64) && typeof params[3] === 'boolean';
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  // Addresses of accounts begin so; other coins use the same text (TON).
  const login = m.method === 'mining.authorize' ? asText(asArray(m.value['params'])[0]) : null;
  if (login?.startsWith('ak_') === true) s.coin('AE');
  feedMining(s, m, variant);
}
