/** KawPow: a session of an XMRig-like miner for Ravencoin, seen whole. */
import { alternativeSession, ordinaryVerdict, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { base58Address, targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = `${base58Address([60], 0x33)}.rig1`;
const AGENT = 'XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.0';
const WORK = 2 ** 31;
const HEIGHT = 3300000;

export function kawpowExample(): Session {
  const rng = createRandom(401);
  const seed = rng.hex(32);
  return alternativeSession({
    dialect: 'kawpow',
    rng,
    seconds: 300,
    jobEvery: 55,
    rate: 110e6,
    work: WORK,
    rejects: new Set([4]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['RVN'],
    difficulty: WORK,
    opening: [
      { id: 1, jsonrpc: '2.0', method: 'mining.subscribe', params: [AGENT] },
      { id: 2, jsonrpc: '2.0', method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { id: 1, result: [null, '0a31'], error: null },
      { id: 2, result: true, error: null },
      push('mining.set_target', [targetHex(WORK)]),
    ],
    job: (job, n) =>
      push('mining.notify', [job.id, job.hash, seed, targetHex(WORK), n % 2 === 0, HEIGHT + (n >> 1), '1b00ce41']),
    share: (job, id) => ({
      id,
      jsonrpc: '2.0',
      method: 'mining.submit',
      params: [LOGIN, job.id, `0x0a31${rng.hex(6)}`, `0x${job.hash}`, `0x${rng.hex(32)}`],
    }),
    verdict: ordinaryVerdict,
  });
}

export function kawpowCapture(): Capture {
  return single('kawpow.pcap', kawpowExample(), 101, 3838);
}
