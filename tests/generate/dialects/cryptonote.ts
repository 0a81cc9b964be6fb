/**
 * CryptoNote pool protocol. Sources: xmrig-proxy doc/STRATUM.md and doc/STRATUM_EXT.md, xmrig Client.cpp (key order of
 * login, submit and keepalived). Difficulty is hashes per share.
 */
import { poissonTimes, type Random } from '../random.ts';
import { inForce, Script, type Session, type Share } from '../session.ts';
import { cryptonoteTarget } from '../wire/chain.ts';
import { compact } from '../wire/json.ts';

export const XMRIG_AGENT = 'XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1';

export interface CryptonoteOptions {
  readonly rng: Random;
  readonly seconds: number;
  /** One login, or several over the one connection. */
  readonly logins: readonly string[];
  /** Rig names sent as `rigid`, one for each login. */
  readonly rigs?: readonly string[];
  readonly agent?: string;
  readonly time: number;
  readonly height: number;
  /** Hashes per second of all logins together. */
  readonly rate: number;
  readonly difficulty: number;
  readonly jobEvery?: number;
  readonly keepalive?: readonly number[];
  readonly rejects?: ReadonlySet<number>;
  /** A proxy's upstream: no `algo` in login and shares, and the top byte of nonces numbers this many miners behind it. */
  readonly splitAmong?: number;
  /** The pool refuses the login; nothing follows. */
  readonly refused?: string;
}

const ALGORITHMS = ['cn/1', 'cn/2', 'cn/r', 'cn/fast', 'cn/half', 'cn/xao', 'cn/rto', 'cn/rwz', 'cn/zls', 'cn/double'];
const MORE_ALGORITHMS = [
  'cn/ccx',
  'cn-lite/1',
  'cn-heavy/0',
  'rx/0',
  'rx/wow',
  'rx/arq',
  'rx/graft',
  'rx/sfx',
  'rx/yada',
];

/** Time stamp as a CryptoNote varint, 7 bits a byte, least significant first. */
function varint(value: number): string {
  let out = '';
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    const low = rest % 128;
    const more = rest >= 128;
    out += (more ? low | 0x80 : low).toString(16).padStart(2, '0');
    if (!more) return out;
  }
}

/** Hashing blob of 76 bytes: versions, time, previous hash, nonce (0), tree root, number of transactions. */
export function hashingBlob(rng: Random, time: number, previous: string): string {
  return `1010${varint(time)}${previous}00000000${rng.hex(32)}${rng.int(1, 120).toString(16).padStart(2, '0')}`;
}

const line = (value: unknown): string => `${compact(value)}\n`;

export function cryptonoteSession(o: CryptonoteOptions): Session {
  const { rng } = o;
  const script = new Script();
  const agent = o.agent ?? XMRIG_AGENT;
  const target = cryptonoteTarget(o.difficulty);
  const seedHash = rng.hex(32);
  let previous = rng.hex(32);
  let height = o.height;
  const jobs: { at: number; id: string }[] = [];
  const makeJob = (at: number): Record<string, unknown> => {
    const job_id = rng.hex(8);
    jobs.push({ at, id: job_id });
    const blob = hashingBlob(rng, o.time + Math.floor(at), previous);
    return { blob, job_id, target, algo: 'rx/0', height, seed_hash: seedHash };
  };
  const sessions: string[] = [];
  let id = 1;
  const algo = [...ALGORITHMS, ...MORE_ALGORITHMS];
  const marks: Record<string, number> = {};
  for (const [index, login] of o.logins.entries()) {
    const at = 0.04 + index * 0.3;
    const rig = o.rigs?.[index];
    const named = o.splitAmong === undefined ? { algo } : {};
    const params = { login, pass: 'x', agent, ...(rig === undefined ? {} : { rigid: rig }), ...named };
    const request = { id, jsonrpc: '2.0', method: 'login', params };
    script.client(at, line(request));
    if (o.refused !== undefined) {
      script.server(at + 0.05, line({ id, jsonrpc: '2.0', error: { code: -1, message: o.refused } }));
      continue;
    }
    const rpcId = `${rng.hex(4)}-${rng.hex(2)}-${rng.hex(2)}-${rng.hex(2)}-${rng.hex(6)}`;
    sessions.push(rpcId);
    const extensions = ['algo', 'nicehash', 'connect', 'tls', 'keepalive'];
    const granted = { id: rpcId, job: makeJob(at + 0.05), extensions, status: 'OK' };
    script.server(at + 0.05, line({ id, jsonrpc: '2.0', error: null, result: granted }));
    id++;
  }
  const shares: Share[] = [];
  const base: Session = { dialect: 'cryptonote', messages: script.messages, shares, logins: o.logins, agents: [agent] };
  if (o.refused !== undefined) return base;

  const every = o.jobEvery ?? 45;
  for (let at = every, n = 1; at < o.seconds; at += every, n++) {
    // A job for the same height with new transactions, then one for a new block.
    if (n % 2 === 0) {
      height++;
      previous = rng.hex(32);
    }
    const message = script.server(at, line({ jsonrpc: '2.0', method: 'job', params: makeJob(at) }));
    if (n === 2) marks['second job'] = message;
  }
  const requests = [
    ...poissonTimes(rng, 1, o.seconds - 1, () => o.difficulty / o.rate).map((at, n) => ({ at, share: n })),
    ...(o.keepalive ?? []).map((at) => ({ at, share: -1 })),
  ].sort((a, b) => a.at - b.at);
  for (const { at, share } of requests) {
    const rpcId = rng.pick(sessions);
    if (share < 0) {
      script.client(at, line({ id, jsonrpc: '2.0', method: 'keepalived', params: { id: rpcId } }));
      script.server(at + 0.04, line({ id, jsonrpc: '2.0', error: null, result: { status: 'KEEPALIVED' } }));
    } else {
      const accepted = !o.rejects?.has(share);
      // 256-bit little-endian result below the target: its last four bytes are smaller than 2^32 / difficulty.
      const top = rng.int(0, Math.floor(0x1_0000_0000 / o.difficulty) - 1);
      const tail = Buffer.from([top & 0xff, (top >> 8) & 0xff, (top >> 16) & 0xff, 0]).toString('hex');
      const result = rng.hex(28) + tail;
      const job_id = inForce(jobs, at).id;
      const params =
        o.splitAmong === undefined
          ? { id: rpcId, job_id, nonce: rng.hex(4), result, algo: 'rx/0' }
          : { id: rpcId, job_id, nonce: `${rng.hex(3)}0${share % o.splitAmong}`, result };
      const submit = script.client(at, line({ id, jsonrpc: '2.0', method: 'submit', params }));
      const verdict = accepted
        ? { id, jsonrpc: '2.0', error: null, result: { status: 'OK' } }
        : { id, jsonrpc: '2.0', error: { code: -1, message: 'Low difficulty share' } };
      const answer = script.server(at + 0.04 + rng.float() * 0.02, line(verdict));
      shares.push({ submit, answer, accepted, work: o.difficulty, at });
    }
    id++;
  }
  return {
    ...base,
    // The wallet names the coin; an account does not.
    ...(o.logins[0]!.length >= 95 ? { coins: ['XMR'] } : {}),
    difficulty: o.difficulty,
    rate: { value: o.rate, unit: 'H/s' },
    marks,
  };
}
