/** Ergo: a session seen whole, the target in decimal digits in every job. */
import { alternativeSession, inventedAddress, ordinaryVerdict, push, subscribed } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, single } from './capture.ts';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const LOGIN = `${inventedAddress('9', 50, BASE58)}.rig1`;
const AGENT = 'lolMiner 1.88';
const WORK = 2 ** 32;
const TARGET = ((1n << 256n) / BigInt(WORK)).toString();

export function autolykosExample(): Session {
  const rng = createRandom(402);
  return alternativeSession({
    dialect: 'autolykos',
    rng,
    seconds: 300,
    jobEvery: 60,
    rate: 190e6,
    work: WORK,
    rejects: new Set([5]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['ERG'],
    difficulty: WORK,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT, null] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      subscribed(1, '0HMT6', '7a0c', 6),
      { id: 2, result: true, error: null },
      push('mining.set_difficulty', [1]),
    ],
    job: (job, n) => push('mining.notify', [job.id, 1245000 + n, job.hash, '', '', 3, TARGET, '', true]),
    share: (job, id) => {
      const extranonce2 = rng.hex(6);
      const params = [LOGIN, job.id, extranonce2, 'undefined', `7a0c${extranonce2}`];
      return { id, method: 'mining.submit', params };
    },
    verdict: ordinaryVerdict,
  });
}

export function autolykosCapture(): Capture {
  return single('autolykos.pcap', autolykosExample(), 102, 8888);
}
