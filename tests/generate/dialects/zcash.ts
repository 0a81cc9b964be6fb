/** Zcash Stratum, ZIP 301 (https://zips.z.cash/zip-0301), with the client's habits of EWBF (ids, extranonce.subscribe). */
import { poissonTimes, type Random } from '../random.ts';
import { inForce, Script, type Session, type Share } from '../session.ts';
import { headerField, targetHex } from '../wire/chain.ts';
import { compact } from '../wire/json.ts';

export interface ZcashOptions {
  readonly rng: Random;
  readonly seconds: number;
  readonly login: string;
  readonly host: string;
  readonly port: number;
  readonly time: number;
  /** Solutions per second, and expected solutions behind a share. */
  readonly rate: number;
  readonly work: number;
  readonly rejects?: ReadonlySet<number>;
}

export function zcashSession(o: ZcashOptions): Session {
  const { rng } = o;
  const script = new Script();
  const line = (value: unknown): string => `${compact(value)}\n`;
  const agent = 'EWBF 0.3.4b';
  const params = [agent, null, o.host, String(o.port)];
  script.client(0.04, line({ id: 1, method: 'mining.subscribe', params }));
  const nonce1 = rng.hex(4);
  script.server(0.09, line({ id: 1, result: [null, nonce1], error: null }));
  script.client(0.1, line({ id: 2, method: 'mining.authorize', params: [o.login, 'x'] }));
  script.client(0.101, line({ id: 3, method: 'mining.extranonce.subscribe', params: [] }));
  script.server(0.15, line({ id: 2, result: true, error: null }));
  script.server(0.151, line({ id: 3, result: true, error: null }));
  script.server(0.16, line({ id: null, method: 'mining.set_target', params: [targetHex(o.work)] }));
  const jobs: { at: number; id: string; time: string }[] = [];
  let previous = `${rng.hex(28)}00000000`;
  for (let at = 0.17, n = 0; at < o.seconds; at += 50, n++) {
    const clean = n % 2 === 0;
    if (clean) previous = `${rng.hex(28)}00000000`;
    const job = { at, id: (0x1a40 + n).toString(16), time: headerField((o.time + Math.floor(at)).toString(16)) };
    const fields = ['04000000', previous, rng.hex(32), '00'.repeat(32), job.time, headerField('1c0168fd'), clean];
    script.server(at, line({ id: null, method: 'mining.notify', params: [job.id, ...fields] }));
    jobs.push(job);
  }
  const shares: Share[] = [];
  for (const [n, at] of poissonTimes(rng, 1, o.seconds - 1, () => o.work / o.rate).entries()) {
    const rejected = o.rejects?.has(n) ?? false;
    const current = inForce(jobs, at);
    const job = rejected ? (jobs[jobs.indexOf(current) - 1] ?? current) : current;
    // compactSize of 1344, then the solution of Equihash 200,9.
    const solution = `fd4005${rng.hex(1344)}`;
    const id = 100 + n;
    const share = [o.login, job.id, job.time, rng.hex(28), solution];
    const submit = script.client(at, line({ id, method: 'mining.submit', params: share }));
    const verdict = rejected
      ? { id, result: null, error: [21, 'Job not found', null] }
      : { id, result: true, error: null };
    const answer = script.server(at + 0.06 + rng.float() * 0.03, line(verdict));
    shares.push({ submit, answer, accepted: !rejected, work: o.work, at });
  }
  return {
    dialect: 'zcash-stratum',
    messages: script.messages,
    shares,
    logins: [o.login],
    agents: [agent],
    coins: ['ZEC'],
    difficulty: o.work,
    rate: { value: o.rate, unit: 'Sol/s' },
  };
}
