// Aleo: mining.* with the protocol named in the subscription ("AleoStratum/1.0.0" to "3.0.0").
// Source: https://github.com/HarukaMa/aleo-pool-server/blob/main/stratum/spec.md (versions 1.0.0 and 2.0.0)
// Look-alikes: NiceHash's Ethereum jobs (two hashes), Warthog (seven values, three of them short), Aeternity.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asNumber, asText, isHex } from './value.ts';

/** Shortest proof as text; other dialects end their shares with at most 64 digits. */
const MIN_PROOF = 90;

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    s.coin('ALEO');
    s.job(asText(params[0]), Number.NaN);
  },
  onOther(s, m, params) {
    if (m.method !== 'mining.set_target') return;
    s.fromPool(m);
    // What a share is worth changed with every version of the puzzle: the number is shown, no rate is derived.
    const target = asNumber(params[0]);
    if (target > 0) s.difficulty = { last: target, unit: 'proof target' };
  },
};

export const aleo: Dialect = {
  id: 'aleo',
  title: { en: 'Aleo Stratum', zh: 'Aleo Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.subscribe':
        return asText(params[1])?.startsWith('AleoStratum/') === true ? Fit.Sure : Fit.None;
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return isShare(params) ? Fit.Sure : Fit.Never;
      case 'mining.set_target':
        // A whole number; all others send 64 hexadecimal digits.
        return (typeof params[0] === 'number' && params[0] >= 0) || isDigits(params[0]) ? Fit.None : Fit.Never;
      case 'mining.authorize':
        return Fit.Possible;
      case 'mining.set_difficulty':
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      case null: {
        // [session, nonce prefix, address of the pool]
        const result = asArray(m.value['result']);
        return result.length === 3 && isAddress(result[2]) ? Fit.Sure : Fit.None;
      }
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^aleo1[02-9ac-hj-np-z]{58}$/.test(value);
}

/** `[job, epoch challenge, address or null, clean]`, before that `[job, root, four leaves, clean]`. */
function isJob(params: readonly unknown[]): boolean {
  if (params.length === 4) {
    const address = params[2] === null || isAddress(params[2]);
    return isHex(params[1], 64, 128) && address && typeof params[3] === 'boolean';
  }
  return (
    params.length === 7 && params.slice(1, 6).every((value) => isHex(value, 64, 128)) && typeof params[6] === 'boolean'
  );
}

/** `[worker, job, nonce, proof]`, later `[worker, job, nonce, commitment, proof]`; an Equihash share has a time of 8 digits there. */
function isShare(params: readonly unknown[]): boolean {
  if (params.length !== 4 && params.length !== 5) return false;
  const proof = asText(params[params.length - 1]);
  const texts = params.every((value) => typeof value === 'string');
  return texts && proof !== null && proof.length >= MIN_PROOF && !isHex(params[2], 8);
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}
