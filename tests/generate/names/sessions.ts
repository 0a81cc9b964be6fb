/** Short sessions in clear that stand behind a proxy or a WebSocket. */
import { bitcoinSession, SHA256D_UNIT } from '../dialects/bitcoin.ts';
import { cryptonoteSession } from '../dialects/cryptonote.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { BITCOIN_ADDRESS, MONERO_ADDRESS } from '../wire/chain.ts';

/** 20 April 2024, 00:10:00 UTC, seconds. */
const TIME = 1713571800;

/** Stratum V1 in clear for two minutes; `tag` is what the pool writes into its blocks. */
export function bitcoin(seed: number, worker: string, tag: string): Session {
  return bitcoinSession({
    rng: createRandom(seed),
    seconds: 120,
    login: `${BITCOIN_ADDRESS}.${worker}`,
    agent: 'cgminer/4.11.1',
    coins: ['BTC'],
    rate: 13e12,
    unit: SHA256D_UNIT,
    difficulties: [{ at: 0, value: 65536 }],
    height: 840001,
    bits: '17034219',
    time: TIME,
    style: 'cgminer',
    branches: 1,
    jobEvery: 60,
    tag,
  });
}

/** CryptoNote in clear for two and a half minutes. */
export function monero(seed: number, rig: string): Session {
  return cryptonoteSession({
    rng: createRandom(seed),
    seconds: 150,
    logins: [`${MONERO_ADDRESS}.${rig}`],
    rigs: [rig],
    time: TIME,
    height: 3131050,
    rate: 1000,
    difficulty: 20000,
    jobEvery: 60,
  });
}
