/** Grin: a session with a pool, seen whole; the answers repeat the method, as the node's do. */
import { alternativeSession } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = 'account.rig1';
const AGENT = 'grin-miner';
const DIFFICULTY = 16;
const HEIGHT = 2790000;

export function grinExample(): Session {
  const rng = createRandom(421);
  const jsonrpc = '2.0';
  const template = (id: string): Record<string, unknown> => ({
    difficulty: DIFFICULTY,
    height: HEIGHT + Number(id),
    job_id: Number(id),
    // Version, height and previous hash of the header, then made-up commitments up to the nonce.
    pre_pow: `0005${(HEIGHT + Number(id)).toString(16).padStart(16, '0')}${rng.hex(228)}`,
  });
  const { rate: _rate, ...session } = alternativeSession({
    dialect: 'grin',
    rng,
    seconds: 150,
    jobEvery: 62,
    rate: 1,
    work: 14,
    rejects: new Set([5]),
    logins: [LOGIN],
    agents: [AGENT],
    difficulty: DIFFICULTY,
    jobId: (n) => String(n),
    opening: [
      { id: '0', jsonrpc, method: 'login', params: { login: LOGIN, pass: 'x', agent: AGENT } },
      { id: '0', jsonrpc, method: 'getjobtemplate', params: null },
    ],
    welcome: [{ id: '0', jsonrpc, method: 'login', result: 'ok', error: null }],
    job: (job, n) =>
      n === 0
        ? { id: '0', jsonrpc, method: 'getjobtemplate', result: template(job.id), error: null }
        : { id: 'Stratum', jsonrpc, method: 'job', params: template(job.id) },
    share: (job) => {
      const pow = Array.from({ length: 42 }, () => rng.u32()).sort((a, b) => a - b);
      // 19 digits, more than a double holds: written as text.
      const nonce = `4${String(rng.u32()).padStart(10, '0')}${String(rng.int(0, 99999999)).padStart(8, '0')}`;
      const params = `{"edge_bits":32,"height":${HEIGHT + Number(job.id)},"job_id":${job.id},"nonce":${nonce},"pow":[${pow.join(',')}]}`;
      return `{"id":"0","jsonrpc":"2.0","method":"submit","params":${params}}`;
    },
    verdict: (_id, accepted) =>
      accepted
        ? { id: '0', jsonrpc, method: 'submit', result: 'ok', error: null }
        : { id: '0', jsonrpc, method: 'submit', error: { code: -32503, message: 'Solution submitted too late' } },
  });
  return session;
}

export function grinCapture(): Capture {
  return single('grin.pcap', grinExample(), 121, 3416);
}
