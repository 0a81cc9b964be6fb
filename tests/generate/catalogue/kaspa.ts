/** Kaspa: a session with a bridge that pushes an extranonce without the usual prefix, seen whole. */
import { alternativeSession, inventedAddress } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, START, single } from './capture.ts';

const LOGIN = `${inventedAddress('kaspa:q', 60)}.ks3`;
const AGENT = 'IceRiverMiner-v1.1';
const DIFFICULTY = 4096;

export function kaspaExample(): Session {
  const rng = createRandom(403);
  // Four numbers of 64 bits, beyond what a double holds.
  const numbers = (hash: string): string => [0, 16, 32, 48].map((at) => BigInt(`0x${hash.slice(at, at + 16)}`)).join();
  return alternativeSession({
    dialect: 'kaspa',
    rng,
    seconds: 240,
    jobEvery: 20,
    rate: 1e12,
    work: DIFFICULTY * 2 ** 32,
    rejects: new Set([3]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['KAS'],
    difficulty: DIFFICULTY,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { jsonrpc: '2.0', id: 1, result: [true, 'EthereumStratum/1.0.0'], error: null },
      { jsonrpc: '2.0', id: 2, result: true, error: null },
      { jsonrpc: '2.0', method: 'set_extranonce', params: ['41c2'] },
      { jsonrpc: '2.0', method: 'mining.set_difficulty', params: [DIFFICULTY] },
    ],
    jobId: (n) => String(n + 1),
    job: (job, n) => {
      const time = (START + n * 20) * 1000;
      return `{"jsonrpc":"2.0","method":"mining.notify","id":${n + 1},"params":["${job.id}",[${numbers(job.hash)}],${time}]}`;
    },
    share: (job, id) => ({ id, method: 'mining.submit', params: [LOGIN, job.id, `0x41c2${rng.hex(6)}`] }),
    verdict: (id, accepted) =>
      accepted
        ? { jsonrpc: '2.0', id, result: true }
        : { jsonrpc: '2.0', id, result: null, error: [21, 'Job not found', null] },
  });
}

export function kaspaCapture(): Capture {
  return single('kaspa.pcap', kaspaExample(), 103, 5555);
}
