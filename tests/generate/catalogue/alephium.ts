/** Alephium: a session seen whole, jobs and shares as objects. */
import { alternativeSession, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = `1${'EXAMPLEexampLEexampLE'.repeat(2)}9x.rig1`;
const AGENT = 'BzMiner-v21.0';
const DIFFICULTY = 512;
/** Target 2^226 - 1 over the difficulty; one hash in sixteen is of the job's chain. */
const TARGET = (((1n << 226n) - 1n) / BigInt(DIFFICULTY)).toString(16).padStart(64, '0');

export function alephiumExample(): Session {
  const rng = createRandom(406);
  const blob = rng.hex(120);
  return alternativeSession({
    dialect: 'alephium',
    rng,
    seconds: 200,
    jobEvery: 25,
    rate: 6e11,
    work: DIFFICULTY * 2 ** 34,
    rejects: new Set([1]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['ALPH'],
    difficulty: DIFFICULTY,
    opening: [
      { id: 0, method: 'mining.hello', params: [AGENT, 'AlephiumStratum/1.0.0'] },
      { id: 1, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { id: 0, result: ['AlephiumStratum/1.0.0', false, '0x258', '0x5', 'v3.1.2'] },
      { id: 1, result: true },
      { method: 'mining.set_extranonce', params: ['5b2f'] },
      { method: 'mining.set_difficulty', params: [DIFFICULTY] },
    ],
    job: (job, n) => {
      const groups = { fromGroup: n % 4, toGroup: (n * 3) % 4 };
      const headerBlob = `00070${blob.slice(0, 175)}${job.hash}`;
      return push('mining.notify', [{ jobId: job.id, ...groups, headerBlob, txsBlob: '0100', targetBlob: TARGET }]);
    },
    share: (job, id) => ({
      id,
      method: 'mining.submit',
      params: { jobId: job.id, fromGroup: 1, toGroup: 2, nonce: `5b2f${rng.hex(22)}`, worker: LOGIN },
    }),
    verdict: (id, accepted) =>
      accepted ? { id, result: true } : { id, result: false, error: { code: 20, message: 'Job not found' } },
  });
}

export function alephiumCapture(): Capture {
  return single('alephium.pcap', alephiumExample(), 106, 3106);
}
