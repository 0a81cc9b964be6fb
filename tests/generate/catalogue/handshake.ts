/** Handshake: a session seen whole; jobs of nine values, shares with a mask. */
import { alternativeSession, ordinaryVerdict, push, subscribed } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, START, single } from './capture.ts';

const LOGIN = 'account.hs1';
const AGENT = 'hs1-miner/1.0';
const DIFFICULTY = 8192;

export function handshakeExample(): Session {
  const rng = createRandom(408);
  const roots = [rng.hex(32), rng.hex(32), rng.hex(32), '00'.repeat(32)];
  return alternativeSession({
    dialect: 'handshake',
    rng,
    seconds: 240,
    jobEvery: 50,
    rate: 2e12,
    work: DIFFICULTY * 2 ** 32,
    rejects: new Set([2]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['HNS'],
    difficulty: DIFFICULTY,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      subscribed(1, '0000002a', '0000002a', 4),
      { id: 2, result: true, error: null },
      push('mining.set_difficulty', [DIFFICULTY]),
    ],
    jobId: (n) => `${START + n * 50}:${n}`,
    job: (job, n) => {
      const time = (START + n * 50).toString(16);
      return push('mining.notify', [job.id, `00000000${job.hash.slice(8)}`, ...roots, '00000000', '190508f1', time]);
    },
    share: (job, id) => ({
      id,
      method: 'mining.submit',
      params: [LOGIN, job.id, rng.hex(4), (START + id).toString(16), rng.hex(4), '00'.repeat(32)],
    }),
    verdict: ordinaryVerdict,
  });
}

export function handshakeCapture(): Capture {
  return single('handshake.pcap', handshakeExample(), 108, 3008);
}
