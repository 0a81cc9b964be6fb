import { createHash } from 'node:crypto';
import type { Account } from '../dialect/account.ts';
import { hardwareClass } from '../dialect/agent.ts';
import { estimateHashrate } from '../estimate/hashrate.ts';
import type { AccountRow, Activity, DetectionRow, IndicationRow } from './detection.ts';
import type { ConversationFacts, Indication } from './facts.ts';
import { activityOf, type Attempt, findProbes, fuse, MIN_SCORE } from './fuse.ts';

/** Rows of each list in a detection; totals stay exact. */
const MAX_INDICATIONS = 32;
const MAX_CONVERSATIONS = 64;
const MAX_ACCOUNTS = 256;
const MAX_AGENTS = 32;

export interface BuildContext {
  readonly sensor: string;
  readonly realm: string | null;
  readonly nat: 'inside' | 'outside' | 'none';
  readonly clockError: number;
  /** Capture times of the first and last packet of the run, microseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly fileOf: (input: number) => string;
}

/** ISO 8601 UTC with microseconds. */
export function isoTime(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const rest = Math.round(micros - millis * 1000);
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) return '1970-01-01T00:00:00.000000Z';
  return `${date.toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

/**
 * One detection per key (miner, pool address and port, dialect) of the window, from the conversations seen in it, in any
 * order. Sorted surest first, then by time, then by id.
 */
export function buildDetections(conversations: readonly ConversationFacts[], context: BuildContext): DetectionRow[] {
  const ordered = [...conversations].sort(
    (a, b) => a.firstSeen - b.firstSeen || a.input - b.input || a.packet - b.packet || compare(a.miner, b.miner) || a.minerPort - b.minerPort,
  );
  const groups = new Map<string, ConversationFacts[]>();
  for (const c of ordered) {
    const key = keyOf(c);
    const group = groups.get(key);
    if (group) group.push(c);
    else groups.set(key, [c]);
  }
  const built = [...groups.values()]
    .map(group => ({ group, row: buildRow(group, context) }))
    .filter(({ row }) => row.score >= MIN_SCORE);
  refineActivities(built);
  return built.map(({ row }) => row).sort(bySurety);
}

function keyOf(c: ConversationFacts): string {
  return JSON.stringify([c.miner, c.pool, c.poolPort, c.dialect]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const CONFIDENCE_ORDER = { confirmed: 0, probable: 1, suspected: 2 } as const;

function bySurety(a: DetectionRow, b: DetectionRow): number {
  return (
    CONFIDENCE_ORDER[a.confidence] - CONFIDENCE_ORDER[b.confidence] || compare(a.first_seen, b.first_seen) || compare(a.id, b.id)
  );
}

function buildRow(group: readonly ConversationFacts[], context: BuildContext): DetectionRow {
  const first = group[0] as ConversationFacts;
  const windowFrom = isoTime(context.from);
  const indications = group.flatMap(c => c.indications.map(i => ({ i, c })));
  const { score, confidence } = fuse(indications.map(({ i }) => i));
  const sessions = group.flatMap(c => (c.session ? [c.session] : []));
  const accounts = unique(
    sessions.flatMap(s => s.accounts),
    a => `${a.login}\n${a.worker ?? ''}`,
  );
  const agents = unique(
    sessions.flatMap(s => s.agents),
    a => a,
  );
  const last = <T>(pick: (s: (typeof sessions)[number]) => T | null): T | null => {
    for (let i = sessions.length - 1; i >= 0; i--) {
      const value = pick(sessions[i] as (typeof sessions)[number]);
      if (value !== null) return value;
    }
    return null;
  };
  const dialect = first.dialect;
  const id = createHash('sha256')
    .update(JSON.stringify([context.sensor, context.realm, first.miner, first.pool, first.poolPort, dialect, windowFrom]))
    .digest('hex');
  const hashrate = estimateHashrate(sessions.map(s => s.evidence));
  const reported = reportedOf(group);
  const seen = new Set(group.map(c => c.seen));
  return {
    type: 'detection',
    version: 1,
    id,
    sensor: context.sensor,
    window: { kind: 'run', from: windowFrom, to: isoTime(context.to) },
    vantage: { nat: context.nat, realm: context.realm, clock_error_s: context.clockError },
    first_seen: isoTime(Math.min(...group.map(c => c.firstSeen))),
    last_seen: isoTime(group.reduce((t, c) => Math.max(t, c.lastSeen), 0)),
    activity: activityOf(group),
    miner: { ip: first.miner },
    pool: { ip: first.pool, port: first.poolPort, host: last(s => s.poolHost), name: last(s => s.poolName) },
    transport: first.transport,
    via: null,
    dialect,
    coins: coinsOf(sessions.flatMap(s => s.coins), accounts, dialect),
    algorithm: last(s => s.algorithm),
    confidence,
    score,
    indications: indicationRows(indications, context),
    accounts: accounts.slice(0, MAX_ACCOUNTS).map(accountRow),
    agents: agents.slice(0, MAX_AGENTS),
    hardware_class: sessions.some(s => s.asicHint) ? 'asic' : hardwareClass(agents),
    shares: {
      submitted: sum(sessions.map(s => s.submitted)),
      accepted: sum(sessions.map(s => s.accepted)),
      rejected: sum(sessions.map(s => s.rejected)),
    },
    difficulty: last(s => s.difficulty),
    hashrate: hashrate && {
      low: significant(hashrate.low),
      mid: significant(hashrate.mid),
      high: significant(hashrate.high),
      unit: last(s => (s.evidence.shares > 0 ? s.rateUnit : null)) ?? 'H/s',
      basis: 'shares',
      shares_used: hashrate.sharesUsed,
      observed_seconds: Math.round(hashrate.observedSeconds * 1000) / 1000,
    },
    reported_hashrate: reported === null ? null : { last: reported, unit: 'H/s' },
    conversations: group.slice(-MAX_CONVERSATIONS).map(c => ({
      miner_port: c.minerPort,
      first_seen: isoTime(c.firstSeen),
      last_seen: isoTime(c.lastSeen),
      opened_in_view: c.opened,
    })),
    flows: group.length,
    packets: [sum(group.map(c => c.packets[0])), sum(group.map(c => c.packets[1]))],
    bytes: [sum(group.map(c => c.bytes[0])), sum(group.map(c => c.bytes[1]))],
    picked_up: group.some(c => c.opened) ? 'start' : 'midstream',
    seen: seen.has('both') || seen.size > 1 ? 'both' : first.seen,
  };
}

/** Reported rates of conversations at the same time add up; of those one after another the last counts. */
function reportedOf(group: readonly ConversationFacts[]): number | null {
  const reporting = group.filter(c => c.session !== null && c.session.reported !== null);
  const latest = reporting.reduce((t, c) => Math.max(t, c.lastSeen), 0);
  const current = reporting.filter(c => c.lastSeen >= latest - 60_000_000 && c.firstSeen <= latest - Math.min(60_000_000, latest - c.firstSeen));
  if (current.length === 0) return null;
  // Requests over HTTP use a connection each: they are one reporter.
  if (current[0]?.transport === 'http') return current[current.length - 1]?.session?.reported ?? null;
  return sum(current.map(c => c.session?.reported ?? 0));
}

function indicationRows(all: readonly { i: Indication; c: ConversationFacts }[], context: BuildContext): IndicationRow[] {
  // The first of every signature, then more while there is room: what proves comes before what repeats.
  const firsts = unique(all, ({ i }) => i.signature);
  const rest = all.filter(x => !firsts.includes(x)).slice(0, Math.max(0, MAX_INDICATIONS - firsts.length));
  return [...firsts.slice(0, MAX_INDICATIONS), ...rest].map(({ i, c }) => ({
    signature: i.signature,
    version: i.version,
    kind: i.kind,
    weight: i.weight,
    time: isoTime(i.time),
    file: context.fileOf(i.input),
    packet: i.packet,
    bytes: [i.bytes[0], i.bytes[1]],
    from: i.side === c.minerSide ? 'miner' : 'pool',
    excerpt: i.excerpt,
  }));
}

function accountRow(a: Account): AccountRow {
  return {
    login: a.login,
    account: a.account,
    worker: a.worker,
    wallet: a.wallet && { coin: a.wallet.coin, address: a.wallet.address, valid: null },
  };
}

/** Coins that a wallet's shape tells within a dialect in which no other coin has that shape. */
const WALLET_COINS: ReadonlyMap<string, string> = new Map([
  ['cryptonote', 'XMR'],
  ['coinhive', 'XMR'],
  ['zcash-stratum', 'ZEC'],
]);

function coinsOf(told: readonly string[], accounts: readonly Account[], dialect: string | null): string[] {
  const coins = new Set(told);
  const own = dialect === null ? undefined : WALLET_COINS.get(dialect);
  for (const a of accounts) if (a.wallet !== null && a.wallet.coin === own) coins.add(own);
  return [...coins].sort();
}

/** Probes, and addresses that are pool to some and miner to others, show only when all detections are seen together. */
function refineActivities(built: readonly { group: readonly ConversationFacts[]; row: DetectionRow }[]): void {
  const attempts: Attempt[] = built.flatMap(({ group, row }) =>
    group.map(c => ({
      miner: row.miner.ip,
      endpoint: `${row.pool.ip}\n${row.pool.port}`,
      time: c.firstSeen,
      submitted: row.shares.submitted > 0 || row.shares.accepted > 0,
    })),
  );
  const probes = findProbes(attempts);
  const pools = new Set(built.filter(({ row }) => row.confidence !== 'suspected' && row.activity !== 'attempt').map(({ row }) => row.pool.ip));
  for (const { group, row } of built) {
    const isProbe = probes.get(row.miner.ip);
    let activity: Activity = row.activity;
    if (isProbe && group.some(c => isProbe(c.firstSeen))) activity = 'probe';
    else if (activity === 'mining' && pools.has(row.miner.ip)) activity = 'proxy';
    row.activity = activity;
  }
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const item of items) if (!seen.has(key(item))) seen.set(key(item), item);
  return [...seen.values()];
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const n of numbers) total += n;
  return total;
}

/** Six significant digits: more would be noise. */
function significant(n: number): number {
  return Number(n.toPrecision(6));
}
