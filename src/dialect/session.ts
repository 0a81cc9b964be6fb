import type { Message, Side } from '../protocol/message.ts';
import { type Account, splitLogin } from './account.ts';

/** Time without a message from either side that is sleep, not mining (microseconds). */
export const SLEEP: number = 300_000_000;

const MAX_LOGINS = 256;
const MAX_AGENTS = 16;
const MAX_JOBS = 128;
const MAX_PENDING = 1024;
const MAX_INTERVALS = 256;
const MAX_REPORTERS = 64;
/** Names longer than any real login, agent or host are cut, not kept whole. */
const MAX_NAME = 512;

export type RequestKind = 'login' | 'share' | 'work' | 'subscribe' | 'version' | 'other';

interface Pending {
  readonly kind: RequestKind;
  readonly hashes: number;
}

/**
 * What is known of one mining conversation in one dialect: facts only. Difficulty is kept as the expected number of hashes
 * (or solutions) per share, so that all dialects are counted alike.
 */
export class MiningSession {
  /** Which side of the flow mines; -1 while unknown. */
  minerSide: Side | -1 = -1;
  readonly accounts: Map<string, Account> = new Map();
  /** Worker names seen in shares beside the logins. */
  readonly workers: Set<string> = new Set();
  readonly agents: Set<string> = new Set();
  readonly coins: Set<string> = new Set();
  algorithm: string | null = null;
  poolHost: string | null = null;
  /** Pool name written into the block (coinbase text), where readable. */
  poolName: string | null = null;
  /** Set where the protocol itself tells the kind of hardware (version rolling). */
  asicHint = false;
  /** The client says itself that it works for others: the name of a proxy as agent. */
  relay = false;
  /** Something was asked for: login, subscription, work. */
  asked = false;
  /** Requests for work, for dialects that poll. */
  workRequests = 0;
  jobs = 0;
  submitted = 0;
  accepted = 0;
  rejected = 0;
  /** Last share difficulty in the dialect's own unit. */
  difficulty: { last: number; unit: string } | null = null;
  rateUnit = 'H/s';
  firstMessage = 0;
  lastMessage = 0;

  /** Share accounting: shares whose difficulty is known, their hashes, mining time, and time over hashes per share. */
  sharesUsed = 0;
  work = 0;
  activeMicroseconds = 0;
  exposure = 0;
  readonly intervals: [number, number][] = [];

  private hashesPerShare = Number.NaN;
  private nextHashes = Number.NaN;
  private readonly jobHashes: Map<string, number> = new Map();
  private readonly pending: Map<string, Pending[]> = new Map();
  private pendingCount = 0;
  private readonly reporters: Map<string, number> = new Map();

  /** Something came from the miner: then shares are counted by requests, not by answers alone. */
  minerSeen = false;
  private firstJob = 0;

  /** Microseconds since the first job. */
  get sinceFirstJob(): number {
    return this.firstJob === 0 ? 0 : this.lastMessage - this.firstJob;
  }

  /** Every message of the conversation passes here before the dialect reads it: keeps the clock of mining time. */
  tick(time: number): void {
    if (this.firstMessage === 0) this.firstMessage = time;
    const since = time - this.lastMessage;
    // Time before the first known difficulty cannot be weighed; shares of it are not used either.
    if (this.lastMessage !== 0 && this.hashesPerShare > 0 && since > 0 && since <= SLEEP) {
      this.activeMicroseconds += since;
      this.exposure += since / this.hashesPerShare;
      const last = this.intervals[this.intervals.length - 1];
      if (last && last[1] >= this.lastMessage) last[1] = Math.max(last[1], time);
      else if (this.intervals.length < MAX_INTERVALS) this.intervals.push([this.lastMessage, time]);
    }
    if (time > this.lastMessage) this.lastMessage = time;
  }

  fromMiner(m: Message): void {
    this.minerSeen = true;
    if (this.minerSide < 0) this.minerSide = m.side;
  }

  fromPool(m: Message): void {
    if (this.minerSide < 0) this.minerSide = (1 - m.side) as Side;
  }

  /** A login as sent. `worker` where the dialect sends it apart. */
  login(text: string | null, worker: string | null = null): void {
    this.asked = true;
    if (text === null || text === '' || this.accounts.size >= MAX_LOGINS) return;
    const login = text.slice(0, MAX_NAME);
    const name = worker?.slice(0, MAX_NAME) ?? null;
    const key = name ? `${login}\n${name}` : login;
    if (this.accounts.has(key)) return;
    this.accounts.set(key, splitLogin(login, name));
  }

  /** A worker named in a share or request. */
  worker(text: string | null): void {
    if (text === null || text === '' || this.workers.size >= MAX_LOGINS) return;
    this.workers.add(text.slice(0, MAX_NAME));
  }

  /** A worker named in a share by the name under which it logged in; an account where the login itself was not seen. */
  workerLogin(text: string | null): void {
    this.worker(text);
    this.workersAreLogins = true;
  }

  /** Accounts from logins, else from the workers of shares. */
  get knownAccounts(): readonly Account[] {
    if (this.accounts.size > 0 || !this.workersAreLogins) return [...this.accounts.values()];
    return [...this.workers].map((worker) => splitLogin(worker, null));
  }

  private workersAreLogins = false;

  /**
   * Several different logins or workers over one connection, or a proxy by its own word. The bare account beside one of its workers is no second miner,
   * nor is a share that names its worker in another form than the login did.
   */
  get severalMiners(): boolean {
    if (this.relay) return true;
    const accounts = this.knownAccounts;
    const known = new Set(accounts.flatMap((a) => [a.login, a.account, a.worker ?? '']));
    const others = [...this.workers].filter((name) => !known.has(name)).map((name) => splitLogin(name, null));
    const workers = new Map<string, Set<string>>();
    for (const { account, worker } of [...accounts, ...others]) {
      const names = workers.get(account) ?? new Set();
      if (worker !== null) names.add(worker);
      workers.set(account, names);
    }
    if (new Set(accounts.map((a) => a.account)).size > 1) return true;
    if ([...workers.values()].some((names) => names.size > 1)) return true;
    // Names that belong to no account that logged in: one may be its other form, two are two.
    return [...workers.keys()].filter((account) => !known.has(account)).length > 1;
  }

  agent(text: string | null): void {
    if (text !== null && text.trim() !== '' && this.agents.size < MAX_AGENTS) this.agents.add(text.slice(0, MAX_NAME));
  }

  coin(name: string | null): void {
    if (name !== null && this.coins.size < 8) this.coins.add(name);
  }

  host(name: string | null): void {
    if (this.poolHost === null && name !== null && name.length > 0 && name.length < 254) this.poolHost = name;
  }

  /** Difficulty in force for jobs sent from now on. */
  setNext(hashes: number, value: number, unit: string): void {
    if (!isPossible(hashes)) return;
    this.nextHashes = hashes;
    this.difficulty = { last: value, unit };
  }

  /** A job was delivered; with its own difficulty, or with the one announced before. */
  job(id: string | null, hashes: number = this.nextHashes): void {
    this.jobs++;
    if (this.firstJob === 0) this.firstJob = this.lastMessage;
    if (isPossible(hashes)) {
      this.hashesPerShare = hashes;
      if (id !== null) {
        if (this.jobHashes.size >= MAX_JOBS) {
          const oldest = this.jobHashes.keys().next().value;
          if (oldest !== undefined) this.jobHashes.delete(oldest);
        }
        this.jobHashes.set(id.slice(0, MAX_NAME), hashes);
      }
    }
  }

  /** The pool took its work back: until the next job no time is mining time. */
  pause(): void {
    this.hashesPerShare = Number.NaN;
  }

  /** A request whose answer matters. `side` is who asked. */
  request(m: Message & { kind: 'json' }, kind: RequestKind, hashes: number = Number.NaN): void {
    if (m.id === null) return;
    if (this.pendingCount >= MAX_PENDING) this.forgetOldest();
    const key = `${m.side}${m.id}`;
    const list = this.pending.get(key);
    if (list) list.push({ kind, hashes });
    else this.pending.set(key, [{ kind, hashes }]);
    this.pendingCount++;
  }

  /** What has waited longest for an answer will not get one. */
  private forgetOldest(): void {
    const oldest = this.pending.entries().next().value;
    if (!oldest) return;
    this.pending.delete(oldest[0]);
    this.pendingCount -= oldest[1].length;
  }

  /** A share went out, for the job with this id. */
  share(m: Message & { kind: 'json' }, jobId: string | null): void {
    this.submitted++;
    this.asked = true;
    const known = jobId === null ? undefined : this.jobHashes.get(jobId);
    this.request(m, 'share', known ?? this.hashesPerShare);
  }

  /** The request that this answer belongs to (oldest of its id), or null where none was seen. */
  answered(m: Message & { kind: 'json' }): RequestKind | null {
    if (m.id === null) return null;
    const key = `${1 - m.side}${m.id}`;
    const list = this.pending.get(key);
    const first = list?.shift();
    if (!list || !first) return null;
    this.pendingCount--;
    if (list.length === 0) this.pending.delete(key);
    this.answeredHashes = first.hashes;
    return first.kind;
  }

  /** Hashes per share of the request last answered. */
  private answeredHashes = Number.NaN;

  accept(hashes: number = this.answeredHashes): void {
    this.accepted++;
    if (hashes > 0) this.use(hashes);
  }

  /** An accepted share whose request was not seen (pool side alone). */
  acceptUnseen(): void {
    this.accept(this.hashesPerShare);
  }

  reject(): void {
    this.rejected++;
  }

  /** Shares acknowledged in bulk, with the sum of their hashes. */
  acceptMany(count: number, hashes: number): void {
    this.accepted += count;
    if (hashes > 0) {
      this.sharesUsed += count;
      this.work += hashes;
    }
  }

  get currentHashes(): number {
    return this.hashesPerShare;
  }

  private use(hashes: number): void {
    this.sharesUsed++;
    this.work += hashes;
  }

  /** Hashrate the miner itself reports, H/s; `who` tells several reporters of one connection apart. */
  report(rate: number, who: string): void {
    if (!(rate >= 0) || !Number.isFinite(rate)) return;
    const name = who.slice(0, MAX_NAME);
    if (this.reporters.size < MAX_REPORTERS || this.reporters.has(name)) this.reporters.set(name, rate);
  }

  /** Sum of the last rate of every reporter; null where none reported. */
  get reported(): number | null {
    if (this.reporters.size === 0) return null;
    let sum = 0;
    for (const rate of this.reporters.values()) sum += rate;
    return sum;
  }

  /** Requests whose answers are lost will never be answered. */
  forgetPending(): void {
    this.pending.clear();
    this.pendingCount = 0;
  }
}

/** Targets have 256 bits; numbers beyond would only overflow in the estimate. */
function isPossible(hashes: number): boolean {
  return hashes > 0 && hashes <= 2 ** 256;
}
