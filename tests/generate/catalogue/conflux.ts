/** Conflux: a miner at its own node (development chain, low boundary), seen whole; jobs of four values. */
import { alternativeSession } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, single } from './capture.ts';

const WORKER = 'cfxmine';
const WORK = 10_000_000;
const BOUNDARY = `0x${((1n << 256n) / BigInt(WORK)).toString(16)}`;

export function confluxExample(): Session {
  const rng = createRandom(407);
  return alternativeSession({
    dialect: 'conflux',
    rng,
    seconds: 120,
    jobEvery: 12,
    rate: 1e6,
    work: WORK,
    rejects: new Set([3]),
    logins: [],
    agents: [],
    coins: ['CFX'],
    difficulty: WORK,
    opening: [{ jsonrpc: '2.0', method: 'mining.subscribe', params: [WORKER, ''], id: 1 }],
    welcome: [{ jsonrpc: '2.0', result: true, id: 1 }],
    jobId: (_n, hash) => `0x${hash}`,
    job: (job, n) => ({
      jsonrpc: '2.0',
      method: 'mining.notify',
      params: [job.id, String(95000000 + n), job.id, BOUNDARY],
      id: n + 3,
    }),
    share: (job, id) => ({
      jsonrpc: '2.0',
      method: 'mining.submit',
      params: [WORKER, job.id, `0x${rng.hex(32)}`, job.id],
      id,
    }),
    verdict: (id, accepted) => ({
      jsonrpc: '2.0',
      result: accepted ? [true] : [false, 'Solution for a stale job!'],
      id,
    }),
  });
}

export function confluxCapture(): Capture {
  return single('conflux.pcap', confluxExample(), 107, 32525);
}
