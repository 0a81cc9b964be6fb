/** CodeChain: a miner at a node. Work is a hash, its own id, and a target without leading zeros. */
import { alternativeSession } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const WORK = 4096;
const TARGET = `0x${targetHex(WORK).replace(/^0+/, '')}`;

export function codechainExample(): Session {
  const rng = createRandom(440);
  const session = alternativeSession({
    dialect: 'codechain',
    rng,
    seconds: 110,
    jobEvery: 40,
    rate: 300,
    work: WORK,
    rejects: new Set([2]),
    logins: ['miner1'],
    agents: [],
    coins: ['CCC'],
    difficulty: WORK,
    opening: [
      { jsonrpc: '2.0', id: 1, method: 'mining.subscribe', params: [] },
      { jsonrpc: '2.0', id: 2, method: 'mining.authorize', params: ['miner1', 'x'] },
    ],
    welcome: [
      { jsonrpc: '2.0', result: [`0x${rng.hex(32)}`, TARGET], id: 1 },
      { jsonrpc: '2.0', result: true, id: 2 },
    ],
    job: (job, n) => `{ "id": ${17 + n}, "method": "mining.notify", "params": ["0x${job.hash}","${TARGET}"] }`,
    share: (job, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'mining.submit',
      params: [`0x${job.hash}`, [`0x${rng.hex(8)}`, `0x${rng.hex(40)}`]],
    }),
    verdict: (id, accepted) =>
      accepted
        ? { jsonrpc: '2.0', result: null, id }
        : { jsonrpc: '2.0', error: { code: 21, message: 'Job not found' }, id },
  });
  const { rate: _none, ...rest } = session;
  return rest;
}

export function codechainCapture(): Capture {
  const capture = single('codechain.pcap', codechainExample(), 141, 8008);
  // A draft proves nothing.
  return { ...capture, expected: capture.expected.map((item) => ({ ...item, confidence: 'probable' as const })) };
}
