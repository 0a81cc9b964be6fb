import { Resolver } from 'node:dns';
import { LRUCache } from 'lru-cache';
import { canonicalAddress } from '../../engine/address.ts';
import {
  type BookEntry,
  isWorldwide,
  MAX_ADDRESSES,
  readBookEntries,
  validityOf,
} from '../../engine/names/address-book.ts';
import type { Log } from '../inputs/input.ts';
import type { DaemonStatus } from '../status.ts';
import { shuffled } from './names.ts';
import { localAddresses, OwnAddresses } from './own.ts';

/** Queries on their way at once. */
const CONCURRENCY = 8;
/** Addresses taken of one answer. */
const MAX_TAKEN = 32;
/** How often one question is put in one round. */
const TRIES = 3;
/** From so many failures in a row on, each further one doubles the pause, up to so many seconds. */
const PATIENT_FROM = 3;
const LONGEST_PAUSE = 300;
/** Seconds between looks at the addresses of this machine. */
const OWN_EVERY = 60;
/** No answer reaches further: what a state says beyond that is wrong, µs. */
const FARTHEST = validityOf(Number.MAX_SAFE_INTEGER);

/** Codes of node:dns that are answers: the name, or an address of that family, is not there. */
const NOTHING_THERE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/** A configuration with which nothing can be asked: one line. */
export class ResolverError extends Error {
  readonly exitCode: number = 2;
  override readonly name: string = 'ResolverError';
}

/** Whom to ask, for what, how fast, and who is told. */
export interface ResolverOptions {
  /** Addresses of resolvers with an optional port: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:5353`. Never empty. */
  readonly servers: readonly string[];
  /** Seconds over which one round of all names is spread. */
  readonly interval: number;
  /** Most queries a second. */
  readonly rate: number;
  /** Seconds after which a query has failed. */
  readonly timeout: number;
  /** Host names of the endpoint list (`stratumHosts`); nothing else is ever asked for. */
  readonly names: readonly string[];
  /** Decides the order in which names are asked for. */
  readonly seed: number;
  /** Wall clock, µs. */
  readonly clock: () => number;
  /** Calls back after `seconds`; the result cancels. */
  readonly after: (seconds: number, run: () => void) => () => void;
  /** What an answer gave, for the address books of all pipelines. */
  readonly onEntries: (entries: readonly BookEntry[]) => void;
  readonly log: Log;
  /** Addresses of this machine as text, asked for at the start and every minute. */
  readonly localAddresses?: () => readonly string[];
  /** Told when the addresses of this machine changed. */
  readonly onOwnAddresses?: (addresses: ReadonlySet<string>) => void;
}

/** What is kept over a restart, as JSON. */
export interface ResolverState {
  readonly version: 1;
  readonly entries: readonly BookEntry[];
}

interface Question {
  readonly name: string;
  readonly family: 4 | 6;
  tries: number;
}

/**
 * Asks configured resolvers, and nobody else, for the addresses of listed pool host names, A (RFC 1035 §3.4.1) and AAAA
 * (RFC 3596): in rounds spread evenly over an interval, never faster than the rate. Names from traffic are never asked for.
 */
export class EndpointResolver {
  private readonly options: ResolverOptions;
  private readonly resolver: Resolver;
  private readonly own: OwnAddresses;
  private readonly known: LRUCache<string, BookEntry> = new LRUCache({ max: MAX_ADDRESSES });
  private names: readonly string[] = [];
  private queue: Question[] = [];
  private round = 0;
  private pace = 0;
  private pending = 0;
  private streak = 0;
  private queries = 0;
  private failures = 0;
  private ownSeen = 0;
  private running = false;
  private cancel: (() => void) | null = null;

  /** Throws a ResolverError where the servers are none. */
  constructor(options: ResolverOptions) {
    this.options = options;
    if (options.servers.length === 0)
      throw new ResolverError('resolver: no server is named: list one, or leave it out');
    // One try each: whether and when to ask again is decided here.
    this.resolver = new Resolver({ timeout: Math.max(1, Math.round(options.timeout * 1000)), tries: 1 });
    try {
      this.resolver.setServers(options.servers);
    } catch {
      const list = options.servers.join(', ');
      throw new ResolverError(`resolver: '${list}' are not all addresses: write each as 192.0.2.53 or 192.0.2.53:53`);
    }
    this.own = new OwnAddresses(options.localAddresses ?? localAddresses);
    this.begin();
    this.setNames(options.names);
  }

  /** Begins to ask. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.ownSeen = this.options.clock();
    this.options.onOwnAddresses?.(this.own.addresses);
    this.wait();
  }

  /** Ends what is on its way and asks no more. */
  stop(): void {
    this.running = false;
    this.cancel?.();
    this.cancel = null;
    this.resolver.cancel();
  }

  /** Other names from now on, as after a change of the list; the round begins anew where they differ. */
  setNames(names: readonly string[]): void {
    const unique = [...new Set(names)];
    if (unique.length === this.names.length && unique.every((name, i) => name === this.names[i])) return;
    this.names = unique;
    this.queue = [];
    this.begin();
    if (this.pace > this.evenly()) {
      const seconds = Math.round(this.pace * this.queue.length);
      const facts = { names: unique.length, round_seconds: seconds, interval_seconds: this.options.interval };
      this.options.log.warn(facts, 'resolver: a round takes longer than the interval at this rate');
    }
  }

  /** Counters, and addresses that hold now. */
  status(): DaemonStatus['resolver'] {
    const now = this.options.clock();
    const addresses = new Set<string>();
    for (const { address, until } of this.known.values()) if (until >= now) addresses.add(address);
    return { enabled: true, queries: this.queries, failures: this.failures, addresses: addresses.size };
  }

  /** Addresses of this machine in canonical text form. */
  ownAddresses(): ReadonlySet<string> {
    return this.own.addresses;
  }

  /** Whether a look-up seen from this client (canonical text form) may be one of ours, which tells of no customer. */
  isOwnLookup(clientAddress: string): boolean {
    return this.own.has(clientAddress);
  }

  /** What was resolved and holds still. */
  exportState(): ResolverState {
    const now = this.options.clock();
    return { version: 1, entries: [...this.known.values()].reverse().filter(({ until }) => until >= now) };
  }

  /** Takes what `exportState` of an earlier process gave, as far as it holds and is listed, and tells it on. */
  importState(state: unknown): void {
    if (typeof state !== 'object' || state === null || (state as ResolverState).version !== 1) return;
    const now = this.options.clock();
    const listed = new Set(this.names);
    const entries = readBookEntries((state as ResolverState).entries).filter(
      ({ name, source, from, until }) =>
        listed.has(name) && source === 'resolved' && from <= now && until >= now && until <= now + FARTHEST,
    );
    for (const entry of entries) this.known.set(keyOf(entry), entry);
    if (entries.length > 0) this.options.onEntries(entries);
  }

  private evenly(): number {
    return this.names.length === 0 ? this.options.interval : this.options.interval / (this.names.length * 2);
  }

  private begin(): void {
    const questions = this.names.flatMap((name): Question[] => [
      { name, family: 4, tries: 0 },
      { name, family: 6, tries: 0 },
    ]);
    // Reversed, so that the next one is taken off the end.
    this.queue = shuffled(questions, this.options.seed + this.round);
    this.round++;
    this.pace = Math.max(1 / this.options.rate, this.evenly());
  }

  private wait(): void {
    const behind = Math.min(this.streak - PATIENT_FROM + 1, 30);
    const pause = behind <= 0 ? this.pace : Math.max(this.pace, Math.min(this.pace * 2 ** behind, LONGEST_PAUSE));
    this.cancel = this.options.after(pause, () => this.turn());
  }

  private turn(): void {
    if (!this.running) return;
    const now = this.options.clock();
    if (Math.abs(now - this.ownSeen) >= OWN_EVERY * 1e6) {
      this.ownSeen = now;
      if (this.own.refresh()) this.options.onOwnAddresses?.(this.own.addresses);
    }
    if (this.pending < CONCURRENCY) {
      if (this.queue.length === 0) this.begin();
      const question = this.queue.pop();
      if (question !== undefined) this.ask(question);
    }
    this.wait();
  }

  private ask(question: Question): void {
    const { name, family } = question;
    this.pending++;
    this.queries++;
    question.tries++;
    const done = (
      error: NodeJS.ErrnoException | null,
      records: readonly { readonly address: string; readonly ttl: number }[] | undefined,
    ): void => {
      this.pending--;
      if (!this.running) return;
      if (error === null || NOTHING_THERE.has(error.code ?? '')) {
        this.streak = 0;
        this.take(name, family, records ?? []);
      } else this.fail(question, error.code ?? 'unknown');
    };
    try {
      if (family === 4) this.resolver.resolve4(name, { ttl: true }, done);
      else this.resolver.resolve6(name, { ttl: true }, done);
    } catch (error) {
      done(error as NodeJS.ErrnoException, undefined);
    }
  }

  private take(name: string, family: 4 | 6, records: readonly { address: string; ttl: number }[]): void {
    const time = this.options.clock();
    const entries: BookEntry[] = [];
    for (const { address: text, ttl } of records.slice(0, MAX_TAKEN)) {
      const address = canonicalAddress(text);
      // Resolvers that block a name give addresses that are nowhere.
      if (address === null || address.includes(':') !== (family === 6) || !isWorldwide(address)) continue;
      const fresh: BookEntry = { address, name, source: 'resolved', from: time, until: time + validityOf(ttl) };
      const before = this.known.get(keyOf(fresh));
      const goesOn = before !== undefined && before.until >= time && before.from <= time;
      const entry = goesOn ? { ...fresh, from: before.from, until: Math.max(before.until, fresh.until) } : fresh;
      this.known.set(keyOf(entry), entry);
      entries.push(entry);
    }
    if (entries.length > 0) this.options.onEntries(entries);
  }

  private fail(question: Question, code: string): void {
    this.failures++;
    this.streak++;
    if (this.streak === PATIENT_FROM)
      this.options.log.warn({ code, in_a_row: this.streak }, 'resolver: no answers: asking more slowly');
    else this.options.log.debug({ code }, 'resolver: a query failed');
    // Behind all others of the round.
    if (question.tries < TRIES) this.queue.unshift(question);
  }
}

function keyOf({ name, address }: BookEntry): string {
  return `${name} ${address}`;
}
