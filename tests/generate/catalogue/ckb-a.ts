/** Nervos CKB with mining.* methods: a session seen whole, nonces of 16 bytes. */
import { alternativeSession, inventedAddress, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = `${inventedAddress('ckb1qyq', 39)}.k7`;
const AGENT = 'ckbminer-v1.0.0';
const WORK = 2 ** 48;

export function ckbAExample(): Session {
  const rng = createRandom(404);
  return alternativeSession({
    dialect: 'ckb-a',
    rng,
    seconds: 240,
    jobEvery: 25,
    rate: 15e12,
    work: WORK,
    rejects: new Set([6]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['CKB'],
    difficulty: WORK,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT, null] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { id: 1, result: [null, '3e29d5b0', 12], error: null },
      { id: 2, result: true, error: null },
      push('mining.set_target', [targetHex(WORK)]),
    ],
    job: (job, n) => push('mining.notify', [job.id, job.hash, 12600000 + n, 'ab'.repeat(32), true]),
    share: (job, id) => ({ id, method: 'mining.submit', params: [LOGIN, job.id, rng.hex(12)] }),
    verdict: (id, accepted) =>
      accepted ? { id, result: true, error: null } : { id, result: false, error: [21, 'job not found', null] },
  });
}

export function ckbACapture(): Capture {
  return single('ckb-a.pcap', ckbAExample(), 104, 3001);
}
