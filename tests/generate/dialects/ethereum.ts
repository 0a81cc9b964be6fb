/**
 * The four JSON-line dialects of the Ethash family. Sources: ethminer EthStratumClient.cpp (plain stratum, eth-proxy),
 * NiceHash EthereumStratum_NiceHash_v1.0.0.txt, EIP-1571. Work of a share is in hashes.
 */
import { poissonTimes, type Random } from '../random.ts';
import { inForce, Script, type Session, type Share } from '../session.ts';
import { targetHex } from '../wire/chain.ts';
import { compact, spaced } from '../wire/json.ts';

export interface EthereumOptions {
  readonly rng: Random;
  readonly seconds: number;
  readonly wallet: string;
  readonly worker: string;
  /** Hashes per second, and hashes behind a share. */
  readonly rate: number;
  readonly work: number;
  readonly jobEvery: number;
  readonly rejects?: ReadonlySet<number>;
}

interface Job {
  readonly at: number;
  readonly id: string;
  readonly header: string;
}

/** Seed hash of the example in the EthereumStratum/1.0.0 document. */
const SEED = 'abad8f99f3918bf903c6a909d9bbc0fdfa5a2f4b9cb1196175ec825c6610126c';

const line = (value: unknown): string => `${compact(value)}\n`;

function jobTimes(from: number, to: number, every: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / every) }, (_, n) => from + n * every);
}

function shareTimes(o: EthereumOptions): number[] {
  return poissonTimes(o.rng, 1, o.seconds - 1, () => o.work / o.rate);
}

function result(o: EthereumOptions, dialect: string, script: Script, shares: Share[], login: string): Session {
  return {
    dialect,
    messages: script.messages,
    shares,
    logins: [login],
    rate: { value: o.rate, unit: 'H/s' },
    marks: {},
  };
}

/** Plain stratum as ethminer's `stratum1` mode speaks it: five-parameter notify and submit. */
export function plainStratum(o: EthereumOptions): Session {
  const { rng } = o;
  const script = new Script();
  const login = `${o.wallet}.${o.worker}`;
  script.client(0.04, line({ id: 1, jsonrpc: '2.0', method: 'mining.subscribe', params: [] }));
  script.server(0.08, line({ id: 1, jsonrpc: '2.0', result: true }));
  script.client(0.09, line({ id: 3, jsonrpc: '2.0', method: 'mining.authorize', params: [login, 'x'] }));
  script.server(0.13, line({ id: 3, jsonrpc: '2.0', result: true }));
  const target = `0x${targetHex(o.work)}`;
  const jobs = jobTimes(0.14, o.seconds, o.jobEvery).map((at): Job => {
    const header = `0x${rng.hex(32)}`;
    const params = [header, header, `0x${SEED}`, target, true];
    script.server(at, line({ id: null, jsonrpc: '2.0', method: 'mining.notify', params }));
    return { at, id: header, header };
  });
  const shares = shareTimes(o).map((at, n): Share => {
    const accepted = !o.rejects?.has(n);
    const job = inForce(jobs, at);
    const params = [login, job.id, `0x${rng.hex(8)}`, job.header, `0x${rng.hex(32)}`];
    const submit = script.client(
      at,
      line({ id: 4, jsonrpc: '2.0', method: 'mining.submit', params, worker: o.worker }),
    );
    const error = { code: 23, message: 'Low difficulty share' };
    const verdict = accepted ? { id: 4, jsonrpc: '2.0', result: true } : { error, id: 4, jsonrpc: '2.0', result: null };
    return { submit, answer: script.server(at + 0.05, line(verdict)), accepted, work: o.work, at };
  });
  return result(o, 'eth-stratum', script, shares, login);
}

/** EthereumStratum/1.0.0; difficulty 1 is 2^32 hashes. */
export function niceHashStratum(o: EthereumOptions): Session {
  const { rng } = o;
  const script = new Script();
  const login = `${o.wallet}.${o.worker}`;
  const agent = 'ethminer/0.19.0';
  const subscribe = { id: 1, method: 'mining.subscribe', params: [agent, 'EthereumStratum/1.0.0'] };
  script.client(0.04, line(subscribe));
  const session = ['mining.notify', 'ae6812eb4cd7735a302a8a9dd95cf71f', 'EthereumStratum/1.0.0'];
  script.server(0.08, line({ id: 1, result: [session, 'a2eea0'], error: null }));
  script.client(0.09, line({ id: 2, method: 'mining.extranonce.subscribe', params: [] }));
  script.client(0.0901, line({ id: 3, method: 'mining.authorize', params: [login, 'x'] }));
  script.server(0.13, line({ id: 2, result: true, error: null }));
  script.server(0.131, line({ id: 3, result: true, error: null }));
  const difficulty = o.work / 2 ** 32;
  script.server(0.14, line({ id: null, method: 'mining.set_difficulty', params: [difficulty] }));
  const jobs = jobTimes(0.15, o.seconds, o.jobEvery).map((at): Job => {
    const job: Job = { at, id: rng.hex(4), header: rng.hex(32) };
    script.server(at, line({ id: null, method: 'mining.notify', params: [job.id, SEED, job.header, true] }));
    return job;
  });
  const shares = shareTimes(o).map((at, n): Share => {
    const accepted = !o.rejects?.has(n);
    const current = inForce(jobs, at);
    const job = accepted ? current : (jobs[jobs.indexOf(current) - 1] ?? current);
    const id = 4 + n;
    const submit = script.client(at, line({ id, method: 'mining.submit', params: [login, job.id, rng.hex(5)] }));
    const verdict = accepted
      ? { id, result: true, error: null }
      : { id, result: false, error: [-1, 'Job not found', null] };
    return { submit, answer: script.server(at + 0.05, line(verdict)), accepted, work: o.work, at };
  });
  return { ...result(o, 'ethereum-stratum-1', script, shares, login), agents: [agent], difficulty };
}

/** EthereumStratum/2.0.0 (EIP-1571), uncompressed; hexadecimal numbers without leading zeros. */
export function eip1571Stratum(o: EthereumOptions & { readonly host: string; readonly port: number }): Session {
  const { rng } = o;
  const script = new Script();
  const login = `${o.wallet}.${o.worker}`;
  const agent = 'ethminer-0.17';
  const proto = 'EthereumStratum/2.0.0';
  const hello = { agent, host: o.host, port: o.port.toString(16), proto };
  script.client(0.04, line({ id: 0, method: 'mining.hello', params: hello }));
  const node = 'Geth/v1.8.18-unstable-f08f596a/linux-amd64/go1.10.4';
  const welcome = { proto, encoding: 'plain', resume: '1', timeout: 'b4', maxerrors: '5', node };
  script.server(0.08, line({ id: 0, result: welcome }));
  script.client(0.09, line({ id: 1, method: 'mining.subscribe' }));
  script.server(0.13, line({ id: 1, result: 's-12345' }));
  script.client(0.14, line({ id: 2, method: 'mining.authorize', params: [login, 'x'] }));
  script.server(0.18, line({ id: 2, result: 'w-123' }));
  const target = targetHex(o.work).replace(/^0+/, '');
  const settings = { epoch: 'dc', target, algo: 'ethash', extranonce: 'af4c' };
  script.server(0.19, line({ method: 'mining.set', params: settings }));
  const jobs = jobTimes(0.2, o.seconds, o.jobEvery).map((at, n): Job => {
    const job: Job = { at, id: rng.hex(4), header: rng.hex(32) };
    const params = [job.id, (0x6526d5 + n).toString(16), job.header, '0'];
    script.server(at, line({ method: 'mining.notify', params }));
    return job;
  });
  let id = 3;
  const requests = [
    ...shareTimes(o).map((at, n) => ({ at, share: n })),
    ...jobTimes(30, o.seconds, 60).map((at) => ({ at, share: -1 })),
  ].sort((a, b) => a.at - b.at);
  const shares: Share[] = [];
  for (const { at, share } of requests) {
    if (share < 0) {
      script.client(at, line({ id, method: 'mining.hashrate', params: [Math.round(o.rate).toString(16), 'w-123'] }));
      script.server(at + 0.04, line({ id }));
    } else {
      const accepted = !o.rejects?.has(share);
      const params = [inForce(jobs, at).id, rng.hex(6), 'w-123'];
      const submit = script.client(at, line({ id, method: 'mining.submit', params }));
      const verdict = accepted ? { id } : { id, error: { code: 406, message: 'Bad nonce' } };
      shares.push({ submit, answer: script.server(at + 0.05, line(verdict)), accepted, work: o.work, at });
    }
    id++;
  }
  return { ...result(o, 'ethereum-stratum-2', script, shares, login), agents: [agent] };
}

/** eth-proxy; `ethminer` prints sorted keys without spaces, `claymore` its own order with spaces. */
export function ethProxy(o: EthereumOptions & { readonly style: 'ethminer' | 'claymore' }): Session {
  const { rng } = o;
  const script = new Script();
  const ethminer = o.style === 'ethminer';
  const login = ethminer ? `${o.wallet}.${o.worker}` : `${o.wallet}/${o.worker}/rig@example.com`;
  const ids = ethminer ? { login: 1, work: 5, submit: 40, hashrate: 9 } : { login: 2, work: 3, submit: 4, hashrate: 6 };
  const request = (id: number, method: string, params: readonly string[], worker: string | null): string => {
    if (!ethminer) return `${spaced({ worker: worker ?? '', jsonrpc: '2.0', params, id, method })}\n`;
    return line({ id, jsonrpc: '2.0', method, params, ...(worker === null ? {} : { worker }) });
  };
  const loginName = ethminer ? o.worker : 'eth1.0';
  script.client(0.04, request(ids.login, 'eth_submitLogin', ethminer ? [login] : [login, 'x'], loginName));
  script.server(0.08, line({ id: ids.login, jsonrpc: '2.0', result: true }));
  const target = `0x${targetHex(o.work)}`;
  const jobs: Job[] = [];
  const work = (job: Job): string[] => [job.header, `0x${SEED}`, target];
  const first: Job = { at: 0, id: '', header: `0x${rng.hex(32)}` };
  jobs.push(first);
  for (const at of jobTimes(o.jobEvery, o.seconds, o.jobEvery)) {
    const job: Job = { at, id: '', header: `0x${rng.hex(32)}` };
    jobs.push(job);
    script.server(at, line({ id: 0, jsonrpc: '2.0', result: work(job) }));
  }
  for (const at of jobTimes(0.09, o.seconds, 10)) {
    script.client(at, request(ids.work, 'eth_getWork', [], null));
    script.server(at + 0.04, line({ id: ids.work, jsonrpc: '2.0', result: work(inForce(jobs, at)) }));
  }
  const clientId = `0x${rng.hex(32)}`;
  for (const at of jobTimes(20, o.seconds, 30)) {
    const hex = Math.round(o.rate).toString(16);
    const params = [`0x${ethminer ? hex.padStart(64, '0') : hex}`, clientId];
    script.client(at, request(ids.hashrate, 'eth_submitHashrate', params, ethminer ? o.worker : ''));
    script.server(at + 0.04, line({ id: ids.hashrate, jsonrpc: '2.0', result: true }));
  }
  const shares = shareTimes(o).map((at, n): Share => {
    const accepted = !o.rejects?.has(n);
    const params = [`0x${rng.hex(8)}`, inForce(jobs, at).header, `0x${rng.hex(32)}`];
    const submit = script.client(at, request(ids.submit, 'eth_submitWork', params, ethminer ? o.worker : ''));
    const error = { code: 23, message: 'Low difficulty share' };
    const answered = { id: ids.submit, jsonrpc: '2.0' };
    const verdict = accepted ? { ...answered, result: true } : { ...answered, result: false, error };
    return { submit, answer: script.server(at + 0.05, line(verdict)), accepted, work: o.work, at };
  });
  return result(o, 'ethproxy', script, shares, login);
}
