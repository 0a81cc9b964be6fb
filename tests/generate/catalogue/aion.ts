/** Aion: jobs of four values; solutions for Equihash 210,9 have 1408 bytes. The form of a share is guessed after ZIP-301. */
import { alternativeSession, ordinaryVerdict } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = 'demo.rig1';
const AGENT = 'aionminer/1.0';
const WORK = 2048;

/** `rate` in solutions per second; with next to none there are no shares. */
export function aionExample(rate: number = 180): Session {
  const rng = createRandom(441);
  const push = (method: string, params: unknown) => ({ id: null, jsonrpc: '2.0', method, params });
  const session = alternativeSession({
    dialect: 'aion',
    rng,
    seconds: 34,
    jobEvery: 15,
    rate,
    work: WORK,
    rejects: new Set([1]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['AION'],
    difficulty: WORK,
    opening: [
      { id: 1, jsonrpc: '2.0', method: 'mining.subscribe', params: [AGENT] },
      { id: 2, jsonrpc: '2.0', method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { id: 1, jsonrpc: '2.0', result: [null, 'a1b2c3d4'], error: null },
      { id: 2, jsonrpc: '2.0', result: true, error: null },
      push('mining.set_target', [targetHex(WORK)]),
    ],
    job: (job, n) => push('mining.notify', [job.id, n % 2 === 0, targetHex(3_300_000), job.hash]),
    share: (job, id) => ({
      id,
      jsonrpc: '2.0',
      method: 'mining.submit',
      params: [LOGIN, job.id, rng.hex(4), rng.hex(28), `fd8005${'5a'.repeat(1408)}`],
    }),
    verdict: ordinaryVerdict,
  });
  return { ...session, rate: { value: rate, unit: 'Sol/s' } };
}

/** Without shares: whoever sees only those of the guessed form cannot tell them from ZIP-301. */
export function aionCapture(): Capture {
  const capture = single('aion.pcap', aionExample(1e-6), 142, 3336);
  // A draft proves nothing.
  return { ...capture, expected: capture.expected.map((item) => ({ ...item, confidence: 'probable' as const })) };
}
