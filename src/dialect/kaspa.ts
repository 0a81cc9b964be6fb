// Kaspa and its forks: a job of four 64-bit numbers and a time, or of 80 hexadecimal digits.
// Source: https://github.com/onemorebsmith/kaspa-stratum-bridge (src/gostratum, src/kaspastratum); miningcore's Kaspa pool.
// Look-alike: EthereumStratum/1.0.0, which Kaspa miners name in their subscription; its shares have a shorter nonce
// without 0x, its jobs four values.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asNumber, asText, isHex } from './value.ts';

/** Coins by the name before the colon of their addresses. Spectre counts difficulty in 2^8 hashes, the others in 2^32. */
const COINS: ReadonlyMap<string, { coin: string; algorithm: string; factor: number }> = new Map([
  ['kaspa', { coin: 'KAS', algorithm: 'kheavyhash', factor: 2 ** 32 }],
  ['karlsen', { coin: 'KLS', algorithm: 'karlsenhash', factor: 2 ** 32 }],
  ['pyrin', { coin: 'PYI', algorithm: 'pyrinhash', factor: 2 ** 32 }],
  ['nexellia', { coin: 'NXL', algorithm: 'kheavyhash', factor: 2 ** 32 }],
  ['spectre', { coin: 'SPR', algorithm: 'spectrex', factor: 2 ** 8 }],
]);

const ADDRESS = /^([a-z]{3,16}):[qp][02-9ac-hj-np-z]{60,62}(?![02-9a-z])/;

function coinOf(login: unknown): string | null {
  return (typeof login === 'string' && login.length < 512 && ADDRESS.exec(login)?.[1]) || null;
}

/** `[job, [four numbers], time]` or `[job, 80 digits]`. */
function isJob(params: readonly unknown[]): boolean {
  const work = params[1];
  if (params.length === 2) return isHex(work, 80);
  if (params.length !== 3 || typeof params[2] !== 'number') return false;
  return Array.isArray(work) ? work.length === 4 && work.every((n) => typeof n === 'number') : isHex(work, 80);
}

/** `[address.worker, job, nonce of 8 bytes]`; some programs leave out the nonce's 0x, then the address must tell. */
function shareFit(params: readonly unknown[]): Fit {
  const [login, , nonce] = params;
  if (params.length !== 3 || !isHex(nonce, 16)) return Fit.Never;
  if (coinOf(login) !== null) return Fit.Sure;
  if (!nonce.startsWith('0x')) return Fit.Never;
  return typeof login === 'string' && !login.startsWith('0x') ? Fit.Possible : Fit.Never;
}

function announce(s: MiningSession): void {
  const factor = s.coins.has('SPR') ? 2 ** 8 : 2 ** 32;
  if (s.difficulty !== null) s.setNext(s.difficulty.last * factor, s.difficulty.last, 'difficulty');
}

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    if (!isJob(params)) return;
    s.algorithm ??= 'kheavyhash';
    announce(s);
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    switch (m.method) {
      case 'mining.set_difficulty': {
        s.fromPool(m);
        const last = asNumber(params[0]);
        if (last > 0) s.difficulty = { last, unit: 'difficulty' };
        announce(s);
        break;
      }
      case 'mining.set_extranonce':
      case 'set_extranonce':
        s.fromPool(m);
        break;
      default:
    }
  },
};

function readLogin(s: MiningSession, m: JsonMessage): void {
  const known = COINS.get(coinOf(asArray(m.value['params'])[0]) ?? '');
  if (known === undefined) return;
  s.coin(known.coin);
  s.algorithm = known.algorithm;
}

export const kaspa: Dialect = {
  id: 'kaspa',
  title: { en: 'Kaspa Stratum', zh: 'Kaspa Stratum' },
  group: 'mining',
  priority: 2,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.authorize':
        return coinOf(params[0]) !== null ? Fit.Sure : Fit.None;
      case 'mining.submit':
        return shareFit(params);
      case 'set_extranonce':
        return isHex(params[0], 2, 16) ? Fit.Sure : Fit.None;
      case 'mining.configure':
      case 'mining.hello':
      case 'mining.set_target':
        return Fit.Never;
      case null: {
        const result = asArray(m.value['result']);
        return result[0] === true && /^(?:Ethereum|Kaspa)Stratum\/1\.0\.0$/.test(asText(result[1]) ?? '')
          ? Fit.Sure
          : Fit.None;
      }
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind !== 'json') return;
    if (m.method === 'mining.authorize' || m.method === 'mining.submit') readLogin(s, m);
    feedMining(s, m, variant);
  },
};
