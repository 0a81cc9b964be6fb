/** Bytom: a session of an Antminer B3, seen whole; the first job is asked for. */
import { alternativeSession } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { cryptonoteTarget } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = 'account.b3';
const AGENT = 'antminer/b3';
const WORK = 12000;

export function bytomExample(): Session {
  const rng = createRandom(431);
  const jsonrpc = '2.0';
  return alternativeSession({
    dialect: 'bytom',
    rng,
    seconds: 160,
    jobEvery: 52,
    rate: 900,
    work: WORK,
    rejects: new Set([3]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['BTM'],
    difficulty: WORK,
    opening: [
      { id: 1, jsonrpc, method: 'login', params: [LOGIN, 'x', AGENT] },
      { id: 2, jsonrpc, method: 'getwork' },
    ],
    welcome: [{ id: 1, jsonrpc, result: true }],
    job: (job, n) => {
      const [merkle, status, seed] = [rng.hex(32), rng.hex(32), rng.hex(32)];
      const ends = ['8000000000000000', '20000000007fffff', seed, cryptonoteTarget(WORK)];
      const work = [job.id, '1', String(11000 + n), job.hash, '5aa39c6e', merkle, status, ...ends];
      return { ...(n === 0 ? { id: 2 } : {}), jsonrpc, result: work };
    },
    share: (job, id) => ({
      id,
      jsonrpc,
      method: 'submit',
      params: [job.id, rng.hex(8), rng.hex(8)],
      worker: 'b3',
    }),
    verdict: (id, accepted) =>
      accepted
        ? { id, jsonrpc, result: true }
        : { id, jsonrpc, result: null, error: { code: 22, message: 'Duplicate share' } },
  });
}

export function bytomCapture(): Capture {
  return single('bytom.pcap', bytomExample(), 130, 9221);
}
