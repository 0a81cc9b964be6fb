/** Zano: a session with jobs pushed by mining.notify, and one in which they are asked for with eth_getWork. */
import { type AlternativeOptions, alternativeSession, inventedAddress, push } from '../dialects/alternative.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { type Capture, single } from './capture.ts';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const LOGIN = `${inventedAddress('Zx', 95, BASE58)}.rig1`;
const AGENT = 'progminer/1.0.0';
const WORK = 2 ** 28;
const HEIGHT = 2600000;

function common(seed: number): Omit<AlternativeOptions, 'opening' | 'welcome' | 'job' | 'share'> {
  return {
    dialect: 'zano',
    rng: createRandom(seed),
    seconds: 160,
    jobEvery: 50,
    rate: 21e6,
    work: WORK,
    rejects: new Set([2]),
    logins: [LOGIN],
    agents: [AGENT],
    coins: ['ZANO'],
    difficulty: WORK,
    jobId: (_n, hash) => `0x${hash}`,
    verdict: (id, accepted) =>
      accepted
        ? { jsonrpc: '2.0', id, result: { status: 'OK' } }
        : { jsonrpc: '2.0', id, result: null, error: { code: -1, message: 'duplicate share' } },
  };
}

function work(id: string, seed: string, n: number): readonly string[] {
  return [id, seed, `0x${targetHex(WORK)}`, `0x${(HEIGHT + n).toString(16).padStart(16, '0')}`];
}

export function zanoExample(): Session {
  const options = common(429);
  const { rng } = options;
  const seed = `0x${rng.hex(32)}`;
  const proto = 'EthereumStratum/1.0.0';
  return alternativeSession({
    ...options,
    opening: [
      { id: 1, method: 'mining.subscribe', params: [AGENT, proto] },
      { id: 2, method: 'mining.authorize', params: [LOGIN, 'x'] },
    ],
    welcome: [
      { jsonrpc: '2.0', id: 1, result: [['mining.notify', '0HN2V6', proto], '0'.repeat(16)] },
      { jsonrpc: '2.0', id: 2, result: true },
      push('mining.set_difficulty', [WORK]),
    ],
    job: (job, n) => push('mining.notify', work(job.id, seed, n)),
    share: (job, id) => {
      const params = [LOGIN, job.id, `0x${rng.hex(8)}`, job.id, `0x${rng.hex(32)}`];
      return { id, method: 'mining.submit', params };
    },
  });
}

/** The methods of eth-proxy; later jobs are pushed as results without an id. */
export function zanoGetWorkExample(): Session {
  const options = common(430);
  const { rng } = options;
  const seed = `0x${rng.hex(32)}`;
  return alternativeSession({
    ...options,
    opening: [
      { id: 1, jsonrpc: '2.0', method: 'eth_submitLogin', params: [LOGIN, 'x', AGENT] },
      { id: 2, jsonrpc: '2.0', method: 'eth_getWork', params: [] },
    ],
    welcome: [{ jsonrpc: '2.0', id: 1, result: true }],
    job: (job, n) => ({ jsonrpc: '2.0', ...(n === 0 ? { id: 2 } : {}), result: work(job.id, seed, n) }),
    share: (job, id) => {
      const params = [`0x${rng.hex(8)}`, job.id, `0x${rng.hex(32)}`];
      return { id, jsonrpc: '2.0', method: 'eth_submitWork', params };
    },
  });
}

export function zanoCapture(): Capture {
  return single('zano.pcap', zanoExample(), 129, 11555);
}
