/**
 * Stratum V1 as Bitcoin-family pools speak it. Sources: https://en.bitcoin.it/wiki/Stratum_mining_protocol, BIP 310,
 * cgminer util.c and cpuminer-opt (spelling of the client's lines).
 */
import { poissonTimes, type Random } from '../random.ts';
import { inForce, Script, type Session, type Share } from '../session.ts';
import { blockHash, coinbase, stratumPreviousHash } from '../wire/chain.ts';
import { compact, spaced } from '../wire/json.ts';

/** Hashes behind a share of difficulty 1: 2^32 with SHA-256d, 2^16 with scrypt and yespower servers. */
export const SHA256D_UNIT: number = 2 ** 32;
export const SCRYPT_UNIT: number = 2 ** 16;

export interface BitcoinOptions {
  readonly rng: Random;
  readonly seconds: number;
  readonly login: string;
  readonly agent: string;
  readonly coins?: readonly string[];
  /** Hashes per second drawn from, and hashes per unit of difficulty. */
  readonly rate: number;
  readonly unit: number;
  /** Difficulty from the second given on. */
  readonly difficulties: readonly { readonly at: number; readonly value: number }[];
  readonly height: number;
  readonly bits: string;
  /** Seconds since the epoch at the start of the session. */
  readonly time: number;
  readonly previousHash?: string;
  readonly tag?: string;
  /** `cgminer`: spaces, params before id, BIP 310. `cpuminer`: method, params, id. */
  readonly style: 'cgminer' | 'cpuminer';
  readonly branches?: number;
  readonly jobEvery?: number;
  /** Share number (from 0) → why it is rejected. */
  readonly rejects?: ReadonlyMap<number, 'stale' | 'duplicate' | 'low'>;
  /** No unit is claimed where coin and algorithm cannot be told from the traffic. */
  readonly hideRate?: boolean;
}

interface Job {
  readonly at: number;
  readonly id: string;
  readonly time: number;
}

const REASONS = {
  stale: [21, 'Job not found', null],
  duplicate: [22, 'Duplicate share', null],
  low: [23, 'Low difficulty share', null],
} as const;

export function bitcoinSession(o: BitcoinOptions): Session {
  const { rng } = o;
  const script = new Script();
  const bip310 = o.style === 'cgminer';
  const print = bip310 ? spaced : compact;
  const line = (value: unknown): string => `${print(value)}\n`;
  const reply = (id: number, result: unknown, error: unknown = null): string => `${compact({ id, result, error })}\n`;
  const marks: Record<string, number> = {};
  let id = bip310 ? 0 : 1;
  let at = 0.04;
  if (bip310) {
    const params = [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }];
    script.client(at, line({ id, method: 'mining.configure', params }));
    const granted = { 'version-rolling': true, 'version-rolling.mask': '1fffe000' };
    script.server(at + 0.05, `${compact({ error: null, id, result: granted })}\n`);
    id++;
    at += 0.06;
  }
  script.client(at, line({ id, method: 'mining.subscribe', params: [o.agent] }));
  const extranonce1 = rng.hex(4);
  const session = rng.hex(8);
  const subscriptions = [
    ['mining.set_difficulty', session],
    ['mining.notify', session],
  ];
  script.server(at + 0.05, reply(id++, [subscriptions, extranonce1, 8]));
  at += 0.06;
  marks['authorize'] = script.client(at, line({ id, method: 'mining.authorize', params: [o.login, 'x'] }));
  script.server(at + 0.04, reply(id++, true));
  const ready = at + 0.05;

  for (const [index, { at: when, value }] of o.difficulties.entries()) {
    const text = compact({ id: null, method: 'mining.set_difficulty', params: [value] });
    script.server(index === 0 ? ready : when, `${text}\n`);
  }
  const jobs: Job[] = [];
  let height = o.height;
  let previous = o.previousHash ?? blockHash(rng, 9);
  const every = o.jobEvery ?? 40;
  for (let when = ready + 0.01, n = 0; when < o.seconds; when += every, n++) {
    // Every fifth job follows a new block.
    const clean = n % 5 === 0;
    if (clean && n > 0) {
      height++;
      previous = blockHash(rng, 9);
    }
    const job: Job = { at: when, id: rng.hex(4), time: o.time + Math.floor(when) };
    const halves = coinbase(height, job.time, o.tag ?? '/Example Pool/', 12, rng.hex(32));
    const merkle = Array.from({ length: o.branches ?? 4 }, () => rng.hex(32));
    const ntime = job.time.toString(16);
    const prevhash = stratumPreviousHash(previous);
    const params = [job.id, prevhash, halves.first, halves.second, merkle, '20000000', o.bits, ntime, clean];
    const message = script.server(when, `${compact({ id: null, method: 'mining.notify', params })}\n`);
    if (n === 1) marks['second job'] = message;
    if (n === 3) marks['fourth job'] = message;
    jobs.push(job);
  }
  if (bip310) {
    const when = o.seconds * 0.6;
    script.server(when, `${compact({ id: 4242, method: 'client.get_version', params: [] })}\n`);
    script.client(when + 0.01, `${spaced({ id: 4242, result: o.agent, error: null })}\n`);
  }

  const shares: Share[] = [];
  const meanAt = (when: number): number => (inForce(o.difficulties, when).value * o.unit) / o.rate;
  for (const [n, when] of poissonTimes(rng, ready + 0.5, o.seconds - 1, meanAt).entries()) {
    const reason = o.rejects?.get(n);
    const current = inForce(jobs, when);
    const job = reason === 'stale' ? (jobs[jobs.indexOf(current) - 1] ?? current) : current;
    const ntime = (job.time + Math.max(0, Math.floor(when - job.at))).toString(16);
    const params = [o.login, job.id, rng.hex(8), ntime, rng.hex(4)];
    if (bip310) params.push((rng.u32() & 0x1fffe000).toString(16).padStart(8, '0'));
    const request = bip310 ? { params, id, method: 'mining.submit' } : { method: 'mining.submit', params, id };
    const submit = script.client(when, line(request));
    const verdict = reason === undefined ? reply(id, true) : reply(id, null, REASONS[reason]);
    const answer = script.server(when + 0.045 + rng.float() * 0.03, verdict);
    const work = inForce(o.difficulties, when).value * o.unit;
    shares.push({ submit, answer, accepted: reason === undefined, work, at: when });
    id++;
  }
  return {
    dialect: 'stratum-v1',
    messages: script.messages,
    shares,
    logins: [o.login],
    agents: [o.agent],
    ...(o.coins === undefined ? {} : { coins: o.coins }),
    difficulty: o.difficulties.at(-1)!.value,
    ...(o.hideRate ? {} : { rate: { value: o.rate, unit: 'H/s' } }),
    marks,
  };
}
