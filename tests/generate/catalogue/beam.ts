/** Beam: a session with a pool in clear, seen whole. */
import { alternativeSession } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = 'account.rig1';
/** Exponent 6 over the mantissa 1.25: 80 solutions a share. */
const PACKED = 0x0640_0000;
const WORK = 80;

export function beamExample(): Session {
  const rng = createRandom(422);
  const jsonrpc = '2.0';
  let solved = '';
  const session = alternativeSession({
    dialect: 'beam',
    rng,
    seconds: 170,
    jobEvery: 58,
    rate: 6,
    work: WORK,
    rejects: new Set([4]),
    logins: [LOGIN],
    agents: [],
    coins: ['BEAM'],
    difficulty: WORK,
    jobId: (n) => String(4191837460 + n),
    opening: [{ method: 'login', api_key: LOGIN, id: 'login', jsonrpc }],
    welcome: [
      { code: 0, description: 'Login successful', id: 'login', jsonrpc, method: 'result', nonceprefix: rng.hex(4) },
    ],
    job: (job, n) => ({
      jsonrpc,
      method: 'job',
      id: job.id,
      input: job.hash,
      difficulty: PACKED,
      height: 2900000 + n,
    }),
    share: (job) => {
      solved = job.id;
      return { jsonrpc, method: 'solution', id: job.id, nonce: rng.hex(8), output: rng.hex(104) };
    },
    verdict: (_id, accepted) =>
      accepted
        ? { code: 1, description: 'accepted', id: solved, jsonrpc, method: 'result' }
        : { code: -32008, description: 'Stale', id: solved, jsonrpc, method: 'result' },
  });
  return { ...session, rate: { value: 6, unit: 'Sol/s' } };
}

export function beamCapture(): Capture {
  return single('beam.pcap', beamExample(), 122, 1130);
}
