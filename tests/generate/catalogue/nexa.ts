/** Nexa: a session seen whole; jobs of commitment, height and bits. */
import { alternativeSession, inventedAddress, ordinaryVerdict, push, subscribed } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = `${inventedAddress('nexa:nqtsq5g5', 46)}.rig1`;
const AGENT = 'wildrig-multi/0.42.2';
const DIFFICULTY = 0.25;

export function nexaExample(): Session {
  const rng = createRandom(409);
  const extranonce = '9c00a1f4';
  return alternativeSession({
    dialect: 'nexa',
    rng,
    seconds: 240,
    jobEvery: 60,
    rate: 60e6,
    work: DIFFICULTY * 2 ** 32,
    rejects: new Set([4]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['NEXA'],
    difficulty: DIFFICULTY,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      subscribed(1, '0HN2P', extranonce, 8),
      { id: 2, result: true, error: null },
      push('mining.set_difficulty', [DIFFICULTY]),
    ],
    job: (job, n) => push('mining.notify', [job.id, job.hash, 540000 + n, '1a02b3c4']),
    share: (job, id) => ({
      id,
      method: 'mining.submit',
      params: [LOGIN, job.id, extranonce, (0x66230880 + id).toString(16), rng.hex(8)],
    }),
    verdict: ordinaryVerdict,
  });
}

export function nexaCapture(): Capture {
  return single('nexa.pcap', nexaExample(), 109, 3124);
}
