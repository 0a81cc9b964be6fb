/** Iron Fish: a session of version 3 of the protocol, seen whole. */
import { alternativeSession } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = `${'c0ffee'.repeat(10)}c0de`;
const AGENT = 'exampleminer/1.0.0';
const WORK = 2 ** 30;

export function ironfishExample(): Session {
  const rng = createRandom(424);
  let count = 23300;
  return alternativeSession({
    dialect: 'ironfish',
    rng,
    seconds: 160,
    jobEvery: 60,
    rate: 90e6,
    work: WORK,
    rejects: new Set([2]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['IRON'],
    difficulty: WORK,
    jobId: (n) => String(21713 + n),
    opening: [
      { id: 1, method: 'mining.subscribe', body: { version: 3, agent: AGENT, publicAddress: LOGIN, name: 'rig1' } },
    ],
    welcome: [
      { id: count++, method: 'mining.subscribed', body: { clientId: 5, xn: '0005' } },
      { id: count++, method: 'mining.set_target', body: { target: targetHex(WORK) } },
    ],
    job: (job) => ({
      id: count++,
      method: 'mining.notify',
      body: { miningRequestId: Number(job.id), header: `${'00'.repeat(8)}${rng.hex(140)}${'00'.repeat(32)}` },
    }),
    share: (job, id) => {
      const randomness = `0005${rng.hex(6)}`;
      const body = { miningRequestId: Number(job.id), randomness, graffiti: rng.hex(32) };
      return { id, method: 'mining.submit', body };
    },
    verdict: (id, accepted) => ({
      id: count++,
      method: 'mining.submitted',
      body: accepted ? { id, result: true } : { id, result: false, message: 'Stale mining request' },
    }),
  });
}

export function ironfishCapture(): Capture {
  return single('ironfish.pcap', ironfishExample(), 124, 9034);
}
