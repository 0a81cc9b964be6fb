/** Xelis: a session with miningcore's job of five values, seen whole. */
import { alternativeSession, inventedAddress, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, START, single } from './capture.ts';

const LOGIN = inventedAddress('xel:', 58);
const AGENT = 'ExampleMiner/1.0.0';
const WORK = 60000;

export function xelisExample(): Session {
  const rng = createRandom(427);
  const time = (at: number): string =>
    Math.floor((START + at) * 1000)
      .toString(16)
      .padStart(16, '0');
  return alternativeSession({
    dialect: 'xelis',
    rng,
    seconds: 160,
    jobEvery: 45,
    rate: 5000,
    work: WORK,
    rejects: new Set([4]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['XEL'],
    difficulty: WORK,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'rig1', 'x'] },
    ],
    welcome: [
      { id: 1, result: ['0HN2V5', rng.hex(32), 32, rng.hex(32)] },
      { id: 2, result: true },
      push('mining.set_difficulty', [WORK]),
    ],
    job: (job, n) => push('mining.notify', [job.id, time(job.at), job.hash, 'xel/v2', n % 2 === 0]),
    share: (job, id) => ({ id, method: 'mining.submit', params: ['rig1', job.id, rng.hex(8)] }),
    verdict: (id, accepted) =>
      accepted ? { id, result: true } : { id, result: false, error: [21, 'Job not found', null] },
  });
}

export function xelisCapture(): Capture {
  return single('xelis.pcap', xelisExample(), 127, 5210);
}
