/**
 * What the sessions of many coins have in common: an opening in which the miner sends all it has to say and the pool answers
 * in one burst with the first job, then jobs in a fixed rhythm and shares from a Poisson process, each answered.
 */
import { poissonTimes, type Random } from '../random.ts';
import { inForce, Script, type Session, type Share } from '../session.ts';
import { compact } from '../wire/json.ts';

export interface Job {
  readonly at: number;
  readonly id: string;
  readonly hash: string;
}

export interface AlternativeOptions {
  readonly dialect: string;
  readonly rng: Random;
  readonly seconds: number;
  readonly jobEvery: number;
  /** Hashes per second, and hashes behind a share. */
  readonly rate: number;
  readonly work: number;
  readonly rejects: ReadonlySet<number>;
  readonly logins: readonly string[];
  readonly agents: readonly string[];
  readonly coins?: readonly string[];
  readonly difficulty: number;
  /** Lines the miner begins with, and what the pool answers before its first job. */
  readonly opening: readonly unknown[];
  readonly welcome: readonly unknown[];
  /** One job as text or as a value; `n` counts from 0. */
  job(job: Job, n: number): unknown;
  share(job: Job, id: number): unknown;
  verdict(id: number, accepted: boolean): unknown;
  /** Job ids; counted in hexadecimal digits otherwise. */
  jobId?(n: number, hash: string): string;
}

/** JSON text of a value; text is taken as it is (numbers beyond 2^53 cannot be printed otherwise). */
function line(value: unknown): string {
  return `${typeof value === 'string' ? value : compact(value)}\n`;
}

export function alternativeSession(o: AlternativeOptions): Session {
  const { rng } = o;
  const script = new Script();
  for (const [n, request] of o.opening.entries()) script.client(0.04 + n / 1000, line(request));
  const marks: Record<string, number> = {};
  const jobs: Job[] = [];
  for (let at = 0.09, n = 0; at < o.seconds; at += o.jobEvery, n++) {
    const hash = rng.hex(32);
    const job: Job = { at, hash, id: o.jobId?.(n, hash) ?? (0x2f40 + n).toString(16) };
    const before = n === 0 ? o.welcome : [];
    marks[`job ${n}`] = script.server(at, [...before, o.job(job, n)].map(line).join(''));
    jobs.push(job);
  }
  const shares = poissonTimes(rng, 1, o.seconds - 1, () => o.work / o.rate).map((at, n): Share => {
    const accepted = !o.rejects.has(n);
    const current = inForce(jobs, at);
    const job = accepted ? current : (jobs[jobs.indexOf(current) - 1] ?? current);
    const id = 10 + n;
    const submit = script.client(at, line(o.share(job, id)));
    const answer = script.server(at + 0.05 + rng.float() * 0.02, line(o.verdict(id, accepted)));
    return { submit, answer, accepted, work: o.work, at };
  });
  return {
    dialect: o.dialect,
    messages: script.messages,
    shares,
    logins: o.logins,
    agents: o.agents,
    ...(o.coins === undefined ? {} : { coins: o.coins }),
    difficulty: o.difficulty,
    rate: { value: o.rate, unit: 'H/s' },
    marks,
  };
}

/** The answer to a Bitcoin-style subscription. */
export function subscribed(id: number, session: string, extranonce: string, size: number): unknown {
  const methods = [
    ['mining.set_difficulty', session],
    ['mining.notify', session],
  ];
  return { id, result: [methods, extranonce, size], error: null };
}

/** `result: true`, or Stratum's error for a job that is no longer worked on. */
export function ordinaryVerdict(id: number, accepted: boolean): unknown {
  return accepted ? { id, result: true, error: null } : { id, result: null, error: [21, 'Job not found', null] };
}

export function push(method: string, params: unknown): unknown {
  return { id: null, method, params };
}

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** An invented address of the right alphabet and length; it has no valid checksum. */
export function inventedAddress(prefix: string, length: number, alphabet: string = BECH32): string {
  return prefix + Array.from({ length }, (_, n) => alphabet[(n * 7 + 5) % alphabet.length]).join('');
}
