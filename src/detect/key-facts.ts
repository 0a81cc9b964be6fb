import type { Account } from '../dialect/account.ts';
import { mergeIntervals } from '../estimate/hashrate.ts';
import type { ConversationFacts, Indication, Via } from './facts.ts';

/** Rows of each list that are kept for a key; totals stay exact. */
export const MAX_CONVERSATIONS = 64;
const MAX_ACCOUNTS = 256;
const MAX_AGENTS = 32;
const MAX_COINS = 16;
const MAX_REPORTS = 64;
const MAX_ATTEMPTS = 64;
const MAX_INTERVALS = 1024;

/** Position of a conversation among all: begin, input, packet, miner port. Results must not depend on who came first. */
export type Order = readonly [time: number, input: number, packet: number, port: number];

interface Ordered<T> {
  readonly order: Order;
  readonly value: T;
}

export type OrientedIndication = Ordered<{ readonly indication: Indication; readonly minerSide: 0 | 1 }>;

/** What all conversations of one key (miner, pool address and port, dialect) tell together; bounded. */
export interface KeyFacts {
  readonly miner: string;
  readonly pool: string | null;
  /** Name that stands for the pool where there is no address. */
  readonly keyHost: string | null;
  readonly poolPort: number | null;
  readonly dialect: string | null;
  /** UTC day (days since the epoch); null where the window is the run. */
  readonly day: number | null;
  /** Told by flow records alone: where packets tell of the same key, both are views of one traffic. */
  readonly records?: true;
  first: Order;
  lastSeen: number;
  transport: Ordered<ConversationFacts['transport']>;
  /** Latest value of each, by the order of conversations. */
  poolHost: Ordered<string> | null;
  poolName: Ordered<string> | null;
  algorithm: Ordered<string> | null;
  difficulty: Ordered<{ readonly last: number; readonly unit: string }> | null;
  rateUnit: Ordered<string> | null;
  accounts: Ordered<Account>[];
  agents: Ordered<string>[];
  coins: string[];
  via: Ordered<Via> | null;
  asicHint: boolean;
  /** Work was delivered or shares went out; several logins or workers used one connection. */
  worked: boolean;
  severalMiners: boolean;
  /** Work is told by the shape of a conversation that nobody can read. */
  workedUnread: boolean;
  submitted: number;
  accepted: number;
  rejected: number;
  /** Shares of known difficulty, the hashes they stand for at each conversation's own rate, and mining time. */
  shares: number;
  hashes: number;
  intervals: (readonly [number, number])[];
  /** Hashrate that miners report of themselves, latest conversations. */
  reports: Ordered<{ readonly rate: number; readonly lastSeen: number; readonly http: boolean }>[];
  /** The earliest indication of every signature; `minerSide` orients it. */
  indications: OrientedIndication[];
  /** The same of earlier days, for conversations that go on. */
  carried: OrientedIndication[];
  /** Newest conversations, and how many there were. `cut`: open when the process ended, so that it may go on as another. */
  conversations: Ordered<{
    readonly port: number;
    readonly lastSeen: number;
    readonly opened: boolean;
    readonly cut?: true;
  }>[];
  flows: number;
  lookups: number;
  packets: [number, number];
  bytes: [number, number];
  opened: boolean;
  seenMiner: boolean;
  seenPool: boolean;
  /** When attempts began: the earliest ones. */
  attempts: number[];
}

/** The pool is known by its address, else by its name. The day is part of it where windows are days. */
export function keyOf(c: {
  miner: string;
  pool: string | null;
  keyHost: string | null;
  poolPort: number | null;
  dialect: string | null;
  day?: number | null;
}): string {
  const key = [c.miner, c.pool ?? c.keyHost, c.poolPort, c.dialect];
  return JSON.stringify(typeof c.day === 'number' ? [...key, c.day] : key);
}

/** The facts of a key of which one conversation is known. */
export function factsOfOne(c: ConversationFacts): KeyFacts {
  const order: Order = [c.firstSeen, c.input, c.packet, c.minerPort];
  const s = c.session;
  const at = <T>(value: T | null | undefined): Ordered<T> | null =>
    value === null || value === undefined ? null : { order, value };
  const worked = s !== null && s.jobs + s.submitted + s.accepted > 0;
  const name = c.pool === null ? c.host : (s?.poolHost ?? c.host);
  const rate = s !== null && s.evidence.exposure > 0 ? s.evidence.shares / s.evidence.exposure : 0;
  const counts = s !== null && s.evidence.exposure > 0;
  return {
    miner: c.miner,
    pool: c.pool,
    keyHost: c.pool === null ? c.host : null,
    poolPort: c.poolPort,
    dialect: c.dialect,
    day: c.day ?? null,
    first: order,
    lastSeen: c.lastSeen,
    transport: { order, value: c.transport },
    poolHost: at(name),
    poolName: at(c.poolName ?? s?.poolName),
    algorithm: at(s?.algorithm),
    difficulty: at(s?.difficulty),
    rateUnit: s !== null && s.evidence.shares > 0 ? at(s.rateUnit) : null,
    accounts: (s?.accounts ?? []).slice(0, MAX_ACCOUNTS).map((value) => ({ order, value })),
    agents: (s?.agents ?? []).slice(0, MAX_AGENTS).map((value) => ({ order, value })),
    via: at(c.via),
    coins: [...new Set([...(s?.coins ?? []), ...c.coins])].sort().slice(0, MAX_COINS),
    asicHint: s?.asicHint ?? false,
    worked: worked || c.worked,
    workedUnread: c.worked,
    severalMiners: worked && (s?.severalMiners ?? false),
    submitted: s?.submitted ?? 0,
    accepted: s?.accepted ?? 0,
    rejected: s?.rejected ?? 0,
    shares: counts ? (s?.evidence.shares ?? 0) : 0,
    hashes: counts ? rate * (s?.evidence.active ?? 0) : 0,
    intervals: counts ? mergeIntervals(s?.evidence.intervals ?? [], MAX_INTERVALS) : [],
    reports:
      s === null || s.reported === null
        ? []
        : [{ order, value: { rate: s.reported, lastSeen: c.lastSeen, http: c.transport === 'http' } }],
    indications: oriented(c.indications, c),
    carried: oriented(c.carried ?? [], c),
    conversations:
      c.lookups > 0 ? [] : [{ order, value: { port: c.minerPort, lastSeen: c.lastSeen, opened: c.opened } }],
    flows: c.lookups > 0 ? 0 : 1,
    lookups: c.lookups,
    packets: [c.packets[0], c.packets[1]],
    bytes: [c.bytes[0], c.bytes[1]],
    opened: c.opened,
    seenMiner: c.seen !== 'pool',
    seenPool: c.seen !== 'miner',
    // Where the opening was not seen, nothing is known of trying.
    attempts: c.opened ? [c.firstSeen] : [],
  };
}

/** Adds what `other` knows of the same key to `into`. The outcome does not depend on which was first. */
export function mergeFacts(into: KeyFacts, other: KeyFacts): void {
  into.transport = earlier(into.transport, other.transport);
  if (compareOrder(other.first, into.first) < 0) into.first = other.first;
  into.lastSeen = Math.max(into.lastSeen, other.lastSeen);
  into.poolHost = later(into.poolHost, other.poolHost);
  into.poolName = later(into.poolName, other.poolName);
  into.algorithm = later(into.algorithm, other.algorithm);
  into.difficulty = later(into.difficulty, other.difficulty);
  into.rateUnit = later(into.rateUnit, other.rateUnit);
  into.via = later(into.via, other.via);
  into.accounts = mergeUnique(into.accounts, other.accounts, (a) => `${a.login}\n${a.worker ?? ''}`, MAX_ACCOUNTS);
  into.agents = mergeUnique(into.agents, other.agents, (a) => a, MAX_AGENTS);
  into.coins = [...new Set([...into.coins, ...other.coins])].sort().slice(0, MAX_COINS);
  into.asicHint ||= other.asicHint;
  into.worked ||= other.worked;
  into.workedUnread ||= other.workedUnread;
  into.severalMiners ||= other.severalMiners;
  into.submitted += other.submitted;
  into.accepted += other.accepted;
  into.rejected += other.rejected;
  into.shares += other.shares;
  into.hashes += other.hashes;
  if (other.intervals.length > 0) {
    into.intervals = mergeIntervals([...into.intervals, ...other.intervals], MAX_INTERVALS);
  }
  into.reports = newest(into.reports, other.reports, MAX_REPORTS);
  into.indications = mergeIndications(into.indications, other.indications);
  into.carried = mergeIndications(into.carried, other.carried);
  into.conversations = newest(into.conversations, other.conversations, MAX_CONVERSATIONS);
  into.flows += other.flows;
  into.lookups += other.lookups;
  into.packets = [into.packets[0] + other.packets[0], into.packets[1] + other.packets[1]];
  into.bytes = [into.bytes[0] + other.bytes[0], into.bytes[1] + other.bytes[1]];
  into.opened ||= other.opened;
  into.seenMiner ||= other.seenMiner;
  into.seenPool ||= other.seenPool;
  if (into.attempts.length < MAX_ATTEMPTS || (other.attempts[0] ?? 0) < (into.attempts[MAX_ATTEMPTS - 1] ?? 0)) {
    into.attempts = [...into.attempts, ...other.attempts].sort((a, b) => a - b).slice(0, MAX_ATTEMPTS);
  }
}

/**
 * One traffic as its packets and its flow records tell it: signs add up, what both counted counts once (the greater). What
 * only packets show, such as the transport, is theirs.
 */
export function uniteViews(packets: KeyFacts, records: KeyFacts): KeyFacts {
  const all: KeyFacts = { ...packets };
  mergeFacts(all, records);
  const greater = (of: 'packets' | 'bytes'): [number, number] => [
    Math.max(packets[of][0], records[of][0]),
    Math.max(packets[of][1], records[of][1]),
  ];
  const more = records.conversations.filter((r) => !packets.conversations.some((p) => meet(p, r)));
  return {
    ...all,
    transport: packets.transport,
    conversations: newest(packets.conversations, more, MAX_CONVERSATIONS),
    flows: Math.max(packets.flows, records.flows),
    lookups: Math.max(packets.lookups, records.lookups),
    packets: greater('packets'),
    bytes: greater('bytes'),
  };
}

/** Whether two conversations of one key may be the same connection: the port is, and their times meet. */
export function meet(a: KeyFacts['conversations'][number], b: KeyFacts['conversations'][number]): boolean {
  return a.value.port === b.value.port && a.order[0] <= b.value.lastSeen && b.order[0] <= a.value.lastSeen;
}

function oriented(indications: readonly Indication[], c: ConversationFacts): OrientedIndication[] {
  return indications.map((indication) => ({
    order: [indication.time, indication.input, indication.packet, c.minerPort] as const,
    value: { indication, minerSide: c.minerSide },
  }));
}

function mergeIndications(a: OrientedIndication[], b: OrientedIndication[]): OrientedIndication[] {
  return mergeUnique(a, b, ({ indication }) => indication.signature, Number.POSITIVE_INFINITY);
}

/** The facts of every key among these conversations. */
export function gatherKeys(conversations: Iterable<ConversationFacts>): KeyFacts[] {
  const keys = new Map<string, KeyFacts>();
  for (const c of conversations) addFacts(keys, factsOfOne(c));
  return [...keys.values()];
}

/** Merges facts into a map by key. */
export function addFacts(keys: Map<string, KeyFacts>, facts: KeyFacts): void {
  const key = keyOf(facts);
  const known = keys.get(key);
  if (known) mergeFacts(known, facts);
  else keys.set(key, facts);
}

export function compareOrder(a: Order, b: Order): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

function earlier<T>(a: Ordered<T>, b: Ordered<T>): Ordered<T> {
  return compareOrder(b.order, a.order) < 0 ? b : a;
}

function later<T>(a: Ordered<T> | null, b: Ordered<T> | null): Ordered<T> | null {
  if (a === null || b === null) return a ?? b;
  return compareOrder(b.order, a.order) > 0 ? b : a;
}

/** Of equal values the earliest stays; the earliest `limit` in order. */
function mergeUnique<T>(a: Ordered<T>[], b: Ordered<T>[], key: (value: T) => string, limit: number): Ordered<T>[] {
  // Most conversations of a key repeat what is known: that must cost no sorting.
  const known = new Map(a.map((item) => [key(item.value), item]));
  let changed = false;
  for (const item of b) {
    const k = key(item.value);
    const old = known.get(k);
    if (old && compareOrder(old.order, item.order) <= 0) continue;
    known.set(k, item);
    changed = true;
  }
  return changed ? [...known.values()].sort((x, y) => compareOrder(x.order, y.order)).slice(0, limit) : a;
}

function newest<T>(a: Ordered<T>[], b: Ordered<T>[], limit: number): Ordered<T>[] {
  const [first, last] = [b[0], b.at(-1)];
  if (first === undefined || last === undefined) return a;
  // Lists are in order, and mostly one is behind the other.
  const [oldest, youngest] = [a[0], a.at(-1)];
  if (a.length >= limit && oldest !== undefined && compareOrder(last.order, oldest.order) < 0) return a;
  if (youngest === undefined || compareOrder(youngest.order, first.order) <= 0) return [...a, ...b].slice(-limit);
  return [...a, ...b].sort((x, y) => compareOrder(x.order, y.order)).slice(-limit);
}
