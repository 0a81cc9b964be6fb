// CodeChain, a miner at a node: JSON-RPC 2.0, work is a hash and a target, a share the hash and a list of seals.
// Source: https://github.com/CodeChain-io/codechain/blob/master/spec/Stratum.md, stratum/src/lib.rs, core/src/miner/stratum.rs.
// Look-alikes: OpenEthereum's Stratum, from which it comes (work of four values), eth_getWork (three), EthereumStratum.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asText, isHex, targetToHashes } from './value.ts';

const MAX_SEALS = 16;

/** A hexadecimal number of up to `max` digits behind `0x`, exactly so many with `min`. */
function isNumber(value: unknown, min: number, max: number): boolean {
  return typeof value === 'string' && value.startsWith('0x') && isHex(value, min, max);
}

/** `[hash, target]`; the target comes without leading zeros. */
function isWork(params: readonly unknown[]): boolean {
  return params.length === 2 && isNumber(params[0], 64, 64) && isNumber(params[1], 1, 64);
}

/** `[hash, seals]`. */
function isShare(params: readonly unknown[]): boolean {
  const seals = asArray(params[1]);
  return (
    params.length === 2 &&
    isNumber(params[0], 64, 64) &&
    seals.length > 0 &&
    seals.length <= MAX_SEALS &&
    seals.every((seal) => typeof seal === 'string')
  );
}

function takeWork(s: MiningSession, work: readonly unknown[]): void {
  s.coin('CCC');
  const tries = targetToHashes(work[1]);
  if (tries > 0) s.difficulty = { last: tries, unit: 'tries per share' };
  // Chains choose between cuckoo cycles and hashes, and no message says which: a try is no unit of a rate.
  s.job(asText(work[0]), Number.NaN);
}

const variant: MiningVariant = {
  shareJob: 0,
  shareWorker: -1,
  onNotify(s, _m, params) {
    if (isWork(params)) takeWork(s, params);
  },
  onSubscribed(s, result) {
    const work = asArray(result);
    if (isWork(work)) takeWork(s, work);
  },
  // The node answers `null` to a share it takes, though its specification says `true`.
  accepts(m) {
    const error = m.value['error'];
    return (error === undefined || error === null) && m.value['result'] !== false;
  },
};

export const codechain: Dialect = {
  id: 'codechain',
  title: { en: 'CodeChain Stratum', zh: 'CodeChain Stratum' },
  group: 'mining',
  priority: 0,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isWork(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return isShare(params) ? Fit.Sure : Fit.Never;
      case 'mining.subscribe':
        return params.length === 0 ? Fit.Possible : Fit.Never;
      case 'mining.authorize':
        return params.length === 2 ? Fit.Possible : Fit.None;
      case null: {
        // Lists of two hashes are answers of any node: here the second has leading zeros, which are not written.
        const result = asArray(m.value['result']);
        return isWork(result) && !isNumber(result[1], 61, 64) ? Fit.Sure : Fit.None;
      }
      case 'mining.configure':
      case 'mining.hello':
      case 'mining.set_target':
      case 'mining.set_difficulty':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

function feedJson(s: MiningSession, m: JsonMessage): void {
  // Only this miner sends seals; a list of another form is no share.
  if (m.method === 'mining.submit' && !isShare(asArray(m.value['params']))) return;
  feedMining(s, m, variant);
}
