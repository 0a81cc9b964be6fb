/** Nervos CKB with ckb_* methods: a session seen whole; work asked for once and pushed with id 0 from then on. */
import { alternativeSession, inventedAddress } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = inventedAddress('ckb1qyq', 39);
const AGENT = 'NBMiner/42.3';
const WORK = 2 ** 33;

export function ckbBExample(): Session {
  const rng = createRandom(405);
  return alternativeSession({
    dialect: 'ckb-b',
    rng,
    seconds: 240,
    jobEvery: 25,
    rate: 520e6,
    work: WORK,
    rejects: new Set([2]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['CKB'],
    difficulty: WORK,
    opening: [
      { id: 1, method: 'ckb_submitLogin', params: { login: LOGIN, agent: AGENT, worker: 'rig1' } },
      { id: 2, method: 'ckb_getWork', params: null },
      { id: 4, method: 'ckb_submitHashrate', params: '0x1efe9200' },
    ],
    welcome: [
      { id: 1, result: true },
      { id: 4, result: true },
    ],
    jobId: (_n, hash) => `0x${hash}`,
    job: (job, n) => ({ id: n === 0 ? 2 : 0, result: { pow_hash: job.id, target: `0x${targetHex(WORK)}` } }),
    share: (job, id) => ({
      id,
      method: 'ckb_submitWork',
      params: { pow_hash: job.id, nonce: `0x${BigInt(`0x${rng.hex(8)}`).toString(16)}` },
    }),
    verdict: (id, accepted) =>
      accepted ? { id, result: true } : { id, error: { code: '101', message: 'work is out of date' } },
  });
}

export function ckbBCapture(): Capture {
  return single('ckb-b.pcap', ckbBExample(), 105, 8887);
}
