/** Warthog: a session seen whole. */
import { alternativeSession, ordinaryVerdict, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, START, single } from './capture.ts';

/** An invented address: 24 bytes in hexadecimal digits. */
const LOGIN = `${'0ddba11c'.repeat(6)}.rig1`;
const AGENT = 'janusminer/1.0.0';
const WORK = 2 ** 33;

export function warthogExample(): Session {
  const rng = createRandom(428);
  const time = (at: number): string => Math.floor(START + at).toString(16);
  return alternativeSession({
    dialect: 'warthog',
    rng,
    seconds: 160,
    jobEvery: 50,
    rate: 700e6,
    work: WORK,
    rejects: new Set([5]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['WART'],
    difficulty: WORK,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { id: 1, result: [[['mining.notify', '5a01']], '5a01', 2], error: null },
      { id: 2, result: true, error: null },
      push('mining.set_difficulty', [WORK]),
    ],
    job: (job, n) => {
      const prefix = n === 0 ? rng.hex(32) : rng.hex(64);
      return push('mining.notify', [job.id, job.hash, prefix, '00000002', '2a1fffff', time(job.at), n % 2 === 0]);
    },
    share: (job, id) => ({
      id,
      method: 'mining.submit',
      params: [job.id, rng.hex(2), time(job.at), rng.hex(4)],
    }),
    verdict: ordinaryVerdict,
  });
}

export function warthogCapture(): Capture {
  return single('warthog.pcap', warthogExample(), 128, 3456);
}
