// Stratum v1 of the Bitcoin family: JSON lines with mining.* methods.
// Source: https://en.bitcoin.it/wiki/Stratum_mining_protocol, BIP 310, BIP 34.
// Look-alikes: Electrum (server.*, blockchain.*), other coins' mining.notify with another number of parameters.
import type { Message } from '../protocol/message.ts';
import { readCoinbase } from './coinbase.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asText, isHex, isPort } from './value.ts';

/** Hashes per difficulty 1, by algorithm (share difficulty of pools as miningcore and cpuminer-opt count it). */
const HASHES_PER_DIFFICULTY: ReadonlyMap<string, number> = new Map([
  ['sha256d', 2 ** 32],
  ['x11', 2 ** 32],
  ['scrypt', 2 ** 16],
  ['lyra2rev', 2 ** 24],
]);

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    if (isClaimJob(params)) {
      // Ten values: another chain with another hash function, whose coinbase stands one place further on.
      const { tag } = readCoinbase(params[3], params[4], params[6], params[7], params[8]);
      if (tag !== null && s.poolName === null) s.poolName = tag;
      s.job(asText(params[0]));
      return;
    }
    const facts = readCoinbase(params[2], params[3], params[5], params[6], params[7]);
    s.coin(facts.coin);
    if (facts.algorithm !== null) s.algorithm = facts.algorithm;
    if (facts.tag !== null && s.poolName === null) s.poolName = facts.tag;
    announce(s);
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    switch (m.method) {
      case 'mining.set_difficulty':
        s.fromPool(m);
        s.difficulty = { last: asNumber(params[0]), unit: 'difficulty' };
        if (!(s.difficulty.last > 0)) s.difficulty = null;
        announce(s);
        break;
      case 'mining.set_extranonce':
      case 'mining.set_version_mask':
      case 'mining.set_target':
      case 'client.reconnect':
      case 'client.show_message':
        s.fromPool(m);
        break;
      default:
    }
  },
};

/** What a share is worth is known once both the difficulty and the algorithm are. */
function announce(s: MiningSession): void {
  // Version rolling (BIP 310) exists for SHA-256d alone.
  if (s.algorithm === null && s.asicHint) s.algorithm = 'sha256d';
  const factor = s.algorithm === null ? undefined : HASHES_PER_DIFFICULTY.get(s.algorithm);
  if (factor !== undefined && s.difficulty !== null)
    s.setNext(s.difficulty.last * factor, s.difficulty.last, 'difficulty');
}

/**
 * `[job, previous, claim trie, coinbase 1, coinbase 2, [branches], version, bits, time, clean]` of LBRY and its like
 * (https://github.com/JayDDee/cpuminer-opt).
 */
function isClaimJob(params: readonly unknown[]): boolean {
  return params.length === 10 && isHex(params[1], 64) && isHex(params[2], 64) && Array.isArray(params[5]);
}

export const stratumV1: Dialect = {
  id: 'stratum-v1',
  title: { en: 'Stratum v1 (Bitcoin family)', zh: 'Stratum v1（比特币系）' },
  group: 'mining',
  priority: 10,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        if (isClaimJob(params)) return Fit.Sure;
        // Handshake has its roots of 32 bytes where the version stands here.
        if (isHex(params[5], 64)) return Fit.Never;
        return params.length >= 9 && Array.isArray(params[4]) && isHex(params[1], 64) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        // Another dialect has a mask of 32 bytes where BIP 310 has version bits.
        if (params.length < 5 || params.length > 6 || isHex(params[5], 64)) return Fit.Never;
        return isHex(params[3], 8) && isHex(params[4], 8) ? Fit.Sure : Fit.Never;
      case 'mining.subscribe':
        // Host and port of the pool are named by clients of ZIP-301 and its relatives.
        if (params.length === 4 && isPort(params[3])) return Fit.Never;
        return typeof params[1] === 'string' && /Stratum\/\d/.test(params[1]) ? Fit.Never : Fit.Possible;
      case 'mining.configure':
      case 'mining.set_version_mask':
      case 'mining.multi_version':
      case 'mining.get_transactions':
        return Fit.Sure;
      case 'mining.set_target':
      case 'mining.hello':
        return Fit.Never;
      case 'mining.authorize':
      case 'mining.extranonce.subscribe':
      case 'mining.suggest_difficulty':
      case 'mining.suggest_target':
      case 'mining.set_difficulty':
      case 'mining.set_extranonce':
      case 'mining.capabilities':
        return Fit.Possible;
      case null: {
        // Subscription: [[["mining.set_difficulty", id], ["mining.notify", id]], extranonce1, extranonce2 size].
        const result = asArray(m.value['result']);
        if (result.length < 2 || !Array.isArray(result[0]) || !isHex(result[1], 2, 64)) return Fit.None;
        // Several dialects took over this answer; the job tells.
        return JSON.stringify(result[0]).includes('"mining.notify"') && typeof result[2] === 'number'
          ? Fit.Possible
          : Fit.None;
      }
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};
