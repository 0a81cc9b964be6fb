/** Aleo: a session of version 2.0.0 of its Stratum, seen whole. */
import { alternativeSession, inventedAddress, ordinaryVerdict, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = `${inventedAddress('aleo1', 58)}.rig1`;
const AGENT = 'ExampleProver/1.0.0';
const TARGET = 256;

export function aleoExample(): Session {
  const rng = createRandom(426);
  const { rate: _rate, ...session } = alternativeSession({
    dialect: 'aleo',
    rng,
    seconds: 150,
    jobEvery: 48,
    rate: 1,
    work: 13,
    rejects: new Set([3]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['ALEO'],
    difficulty: TARGET,
    jobId: (n) => `0802000${n}`,
    opening: [
      { jsonrpc: '2.0', id: 1, method: 'mining.subscribe', params: [AGENT, 'AleoStratum/2.0.0', null] },
      { jsonrpc: '2.0', id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { jsonrpc: '2.0', id: 1, result: [null, null, inventedAddress('aleo1', 58)], error: null },
      { jsonrpc: '2.0', id: 2, result: true, error: null },
      push('mining.set_target', [TARGET]),
    ],
    job: (job) => push('mining.notify', [job.id, `${job.id}${job.hash}ff1f0000`, null, true]),
    share: (job, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'mining.submit',
      params: [LOGIN, job.id, rng.hex(8), rng.hex(48), rng.hex(49)],
    }),
    verdict: ordinaryVerdict,
  });
  return session;
}

export function aleoCapture(): Capture {
  return single('aleo.pcap', aleoExample(), 126, 4400);
}
