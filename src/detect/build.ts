import { createHash } from 'node:crypto';
import type { Account } from '../dialect/account.ts';
import { hardwareClass } from '../dialect/agent.ts';
import { estimateFromTotals } from '../estimate/hashrate.ts';
import { DAY } from './day.ts';
import type { AccountRow, Confidence, DetectionRow, IndicationRow } from './detection.ts';
import type { Indication } from './facts.ts';
import { type Attempt, findProbes, fuse, MIN_SCORE } from './fuse.ts';
import { compareOrder, type KeyFacts, keyOf, meet, type OrientedIndication } from './key-facts.ts';

/** Indications shown of a detection: the earliest of each signature. */
const MAX_INDICATIONS = 32;

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
 * One detection per key (miner, pool address and port, dialect) and window: the run, or the UTC day of the facts. What
 * shows only when detections are seen together is looked for within a window. Sorted surest first, then by time, then by id.
 */
export function buildDetections(keys: readonly KeyFacts[], context: BuildContext): DetectionRow[] {
  const windows = new Map<number | null, KeyFacts[]>();
  for (const facts of keys) {
    const known = windows.get(facts.day);
    if (known) known.push(facts);
    else windows.set(facts.day, [facts]);
  }
  return [...windows].flatMap(([day, facts]) => buildWindow(facts, inWindow(context, day))).sort(bySurety);
}

/** What a detection is built with: the run's context and the bounds of its window. */
interface WindowContext extends BuildContext {
  readonly kind: DetectionRow['window']['kind'];
}

function inWindow(context: BuildContext, day: number | null): WindowContext {
  if (day === null) return { ...context, kind: 'run' };
  return { ...context, kind: 'day', from: day * DAY, to: (day + 1) * DAY };
}

function buildWindow(keys: readonly KeyFacts[], context: WindowContext): DetectionRow[] {
  const built = [...keys]
    .sort((a, b) => compareOrder(a.first, b.first) || compare(keyOf(a), keyOf(b)))
    .map((facts) => ({ facts, row: buildRow(facts, context) }))
    .filter(({ row }) => row.score >= MIN_SCORE);
  refineActivities(built);
  return absorbLookups(absorbViews(built).map(({ row }) => row));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const CONFIDENCE_ORDER = { confirmed: 0, probable: 1, suspected: 2 } as const;

function bySurety(a: DetectionRow, b: DetectionRow): number {
  return (
    CONFIDENCE_ORDER[a.confidence] - CONFIDENCE_ORDER[b.confidence] ||
    compare(a.first_seen, b.first_seen) ||
    compare(a.id, b.id)
  );
}

/** How sure: the less, the surer; 3 is not reported. */
function rankOf({ score, confidence }: { readonly score: number; readonly confidence: Confidence }): number {
  return score < MIN_SCORE ? 3 : CONFIDENCE_ORDER[confidence];
}

/**
 * The indications of the window. What a conversation showed on an earlier day stands among them where it speaks against
 * mining, and where without it the detection would be less sure merely because its conversation began the day before.
 */
function signsOf(facts: KeyFacts): readonly OrientedIndication[] {
  const own = new Set(facts.indications.map(({ value }) => value.indication.signature));
  const earlier = facts.carried.filter(({ value }) => !own.has(value.indication.signature));
  if (earlier.length === 0) return facts.indications;
  const weighed = (signs: readonly OrientedIndication[]): number =>
    rankOf(fuse(signs.map(({ value }) => value.indication)));
  const least = [...facts.indications, ...earlier.filter(({ value }) => value.indication.against)];
  const all = [...facts.indications, ...earlier];
  // Where there are too many to show, those of the window stay.
  const chosen = (weighed(all) < weighed(least) ? all : least).slice(0, MAX_INDICATIONS);
  return chosen.sort((a, b) => compareOrder(a.order, b.order));
}

function buildRow(facts: KeyFacts, context: WindowContext): DetectionRow {
  const windowFrom = isoTime(context.from);
  const signs = signsOf(facts);
  const { score, confidence } = fuse(signs.map(({ value }) => value.indication));
  const accounts = facts.accounts.map(({ value }) => value);
  const agents = facts.agents.map(({ value }) => value);
  const coins = coinsOf(facts.coins, accounts, facts.dialect);
  const { miner, pool, keyHost, poolPort, dialect } = facts;
  const id = createHash('sha256')
    .update(JSON.stringify([context.sensor, context.realm, miner, pool ?? keyHost, poolPort, dialect, windowFrom]))
    .digest('hex');
  const hashrate = estimateFromTotals(facts.shares, facts.hashes, facts.intervals);
  const reported = reportedOf(facts);
  return {
    type: 'detection',
    version: 1,
    id,
    sensor: context.sensor,
    window: { kind: context.kind, from: windowFrom, to: isoTime(context.to) },
    vantage: { nat: context.nat, realm: context.realm, clock_error_s: context.clockError },
    first_seen: isoTime(facts.first[0]),
    last_seen: isoTime(facts.lastSeen),
    activity: facts.severalMiners ? 'proxy' : facts.worked ? 'mining' : 'attempt',
    miner: { ip: miner },
    pool: { ip: pool, port: poolPort, host: facts.poolHost?.value ?? null, name: facts.poolName?.value ?? null },
    transport: facts.transport.value,
    via: facts.via?.value ?? null,
    dialect,
    coins,
    algorithm: facts.algorithm?.value ?? null,
    confidence,
    score,
    indications: signs.slice(0, MAX_INDICATIONS).map(({ value }) => indicationRow(value, context)),
    accounts: accounts.map((a) => accountRow(a, coins)),
    agents,
    hardware_class: facts.asicHint ? 'asic' : hardwareClass(agents),
    shares: { submitted: facts.submitted, accepted: facts.accepted, rejected: facts.rejected },
    difficulty: facts.difficulty?.value ?? null,
    hashrate: hashrate && {
      low: significant(hashrate.low),
      mid: significant(hashrate.mid),
      high: significant(hashrate.high),
      unit: facts.rateUnit?.value ?? 'H/s',
      basis: 'shares',
      shares_used: hashrate.sharesUsed,
      observed_seconds: Math.round(hashrate.observedSeconds * 1000) / 1000,
    },
    reported_hashrate: reported === null ? null : { last: reported, unit: 'H/s' },
    conversations: facts.conversations.map(({ order, value }) => ({
      miner_port: value.port,
      first_seen: isoTime(order[0]),
      last_seen: isoTime(value.lastSeen),
      opened_in_view: value.opened,
    })),
    flows: facts.flows,
    packets: facts.packets,
    bytes: facts.bytes,
    picked_up: facts.opened ? 'start' : 'midstream',
    seen: facts.seenMiner && facts.seenPool ? 'both' : facts.seenMiner ? 'miner' : 'pool',
  };
}

/** Conversations that reported at the same time add up; of those one after another the latest counts. */
function reportedOf(facts: KeyFacts): number | null {
  const newest = facts.reports[facts.reports.length - 1];
  if (!newest) return null;
  // Requests over HTTP use a connection each: they are one reporter.
  if (newest.value.http) return newest.value.rate;
  const latest = facts.reports.reduce((t, { value }) => Math.max(t, value.lastSeen), 0);
  let sum = 0;
  for (const { order, value } of facts.reports) {
    if (value.lastSeen >= latest - REPORT_FRESH && order[0] <= latest) sum += value.rate;
  }
  return sum;
}

/** A report counts as present while its connection was alive in the last minute. */
const REPORT_FRESH = 60_000_000;

function indicationRow(
  { indication: i, minerSide }: { readonly indication: Indication; readonly minerSide: 0 | 1 },
  context: BuildContext,
): IndicationRow {
  return {
    signature: i.signature,
    version: i.version,
    kind: i.kind,
    weight: i.against ? -i.weight : i.weight,
    time: isoTime(i.time),
    file: context.fileOf(i.input),
    packet: i.packet,
    bytes: [i.bytes[0], i.bytes[1]],
    from: i.side === minerSide ? 'miner' : 'pool',
    excerpt: i.excerpt,
  };
}

/** The account with its wallet's coin as far as the coins mined tell it; a form that says too little needs such a coin. */
function accountRow(a: Account, mined: readonly string[]): AccountRow {
  const w = a.wallet;
  const coin = w === null ? undefined : (mined.find((c) => w.coins.includes(c)) ?? (w.sure ? w.coin : undefined));
  return {
    login: a.login,
    account: a.account,
    worker: a.worker,
    wallet: w === null || coin === undefined ? null : { coin, address: w.address, valid: w.valid },
  };
}

/**
 * Coins that are mined in a dialect and tell themselves by the wallet's form: within the dialect no other coin has that form,
 * or the first does almost all of it. Elsewhere a wallet says where the money goes, not what is mined.
 */
const WALLET_COINS: ReadonlyMap<string, readonly string[]> = new Map([
  ['aeternity', ['AE']],
  ['aleo', ['ALEO']],
  ['alephium', ['ALPH']],
  ['autolykos', ['ERG']],
  ['bytom', ['BTM']],
  ['chia', ['XCH']],
  ['ckb-a', ['CKB']],
  ['ckb-b', ['CKB']],
  ['coinhive', ['XMR']],
  ['conflux', ['CFX']],
  ['cryptonote', ['XMR', 'ZEPH', 'SAL', 'WOW', 'ZANO', 'XTM']],
  ['grin', ['GRIN']],
  ['handshake', ['HNS']],
  ['ironfish', ['IRON']],
  ['kaspa', ['KAS', 'KLS', 'PYI', 'SPR', 'NXL', 'HTN', 'SDR']],
  ['kawpow', ['RVN', 'FIRO', 'CLORE', 'XNA', 'MEWC', 'EVR']],
  ['nexa', ['NEXA']],
  ['nimiq', ['NIM']],
  ['xelis', ['XEL']],
  ['zano', ['ZANO']],
  ['zcash-stratum', ['ZEC', 'ZEN', 'VRSC', 'BTG']],
]);

function coinsOf(told: readonly string[], accounts: readonly Account[], dialect: string | null): string[] {
  const coins = new Set(told);
  const own = [...told, ...(dialect === null ? [] : (WALLET_COINS.get(dialect) ?? []))];
  for (const { wallet } of accounts) {
    const coin = wallet === null ? undefined : own.find((c) => wallet.coins.includes(c));
    if (coin !== undefined) coins.add(coin);
  }
  return [...coins].sort();
}

interface Built {
  readonly facts: KeyFacts;
  readonly row: DetectionRow;
}

/** Flow records of connections whose packets told the dialect say nothing more. */
function absorbViews(built: readonly Built[]): readonly Built[] {
  if (!built.some(({ facts }) => facts.records === true)) return built;
  const read = new Map<string, KeyFacts['conversations']>();
  for (const { facts } of built) {
    if (facts.dialect === null) continue;
    const known = read.get(endsOf(facts)) ?? [];
    read.set(endsOf(facts), [...known, ...facts.conversations]);
  }
  return built.filter(({ facts }) => {
    if (facts.records !== true || facts.conversations.length === 0) return true;
    const others = read.get(endsOf(facts)) ?? [];
    return !facts.conversations.every((own) => others.some((other) => meet(own, other)));
  });
}

function endsOf({ miner, pool, poolPort }: KeyFacts): string {
  return JSON.stringify([miner, pool, poolPort]);
}

/** A look-up that led to a connection which is reported itself says nothing more. */
function absorbLookups(rows: readonly DetectionRow[]): DetectionRow[] {
  const reached = new Set(rows.filter((r) => r.transport !== 'dns').map((r) => `${r.miner.ip}\n${r.pool.host}`));
  return rows.filter((r) => r.transport !== 'dns' || !reached.has(`${r.miner.ip}\n${r.pool.host}`));
}

/** Probes, and addresses that are pool to some and miner to others, show only when all detections are seen together. */
function refineActivities(built: readonly Built[]): void {
  const attempts: Attempt[] = built.flatMap(({ facts, row }) =>
    facts.attempts.map((time) => ({
      miner: row.miner.ip,
      endpoint: `${row.pool.ip ?? row.pool.host}\n${row.pool.port}`,
      time,
      submitted: row.shares.submitted > 0 || row.shares.accepted > 0 || facts.workedUnread,
    })),
  );
  const probes = findProbes(attempts);
  const pools = new Set(
    built
      .filter(({ row }) => row.confidence !== 'suspected' && row.activity !== 'attempt')
      .map(({ row }) => row.pool.ip),
  );
  for (const { facts, row } of built) {
    const isProbe = probes.get(row.miner.ip);
    if (isProbe && facts.attempts.some((time) => isProbe(time))) row.activity = 'probe';
    else if (row.activity === 'mining' && row.miner.ip !== row.pool.ip && pools.has(row.miner.ip)) {
      row.activity = 'proxy';
    }
  }
}

/** Six significant digits: more would be noise. */
function significant(n: number): number {
  return Number(n.toPrecision(6));
}
