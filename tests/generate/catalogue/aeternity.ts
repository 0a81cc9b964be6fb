/** Aeternity: a session with a pool that the miner names, seen whole. */
import { alternativeSession, inventedAddress, ordinaryVerdict, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const LOGIN = `${inventedAddress('ak_', 50, BASE58)}.rig1`;
const AGENT = 'MyMiner/1.0.0';
const WORK = 40;

export function aeternityExample(): Session {
  const rng = createRandom(423);
  const session = alternativeSession({
    dialect: 'aeternity',
    rng,
    seconds: 160,
    jobEvery: 55,
    rate: 3,
    work: WORK,
    rejects: new Set([3]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['AE'],
    difficulty: WORK,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT, null, 'ae.pool.example.net', 20000] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { id: 1, result: ['ed70df83', '080000'], error: null },
      { id: 2, result: true, error: null },
      push('mining.set_target', [targetHex(WORK)]),
    ],
    job: (job, n) => push('mining.notify', [job.id, job.hash, n % 2 === 0]),
    share: (job, id) => {
      const edges = Array.from({ length: 42 }, () => rng.int(0, 0x1fff_ffff)).sort((a, b) => a - b);
      const words = edges.map((edge) => edge.toString(16).padStart(8, '0'));
      return { id, method: 'mining.submit', params: [LOGIN, job.id, rng.hex(5), words] };
    },
    verdict: ordinaryVerdict,
  });
  return { ...session, rate: { value: 3, unit: 'Sol/s' } };
}

export function aeternityCapture(): Capture {
  return single('aeternity.pcap', aeternityExample(), 123, 20000);
}
