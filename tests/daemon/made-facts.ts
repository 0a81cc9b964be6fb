/** Facts of invented conversations, for tests of what the daemon keeps. */
import type { Report } from '../../src/daemon/report/reporter.ts';
import { buildDetections } from '../../src/detect/build.ts';
import { DAY } from '../../src/detect/day.ts';
import type { ConversationFacts, Indication, SessionFacts } from '../../src/detect/facts.ts';
import { factsOfOne, type KeyFacts, keyOf } from '../../src/detect/key-facts.ts';
import type { FactsTold } from '../../src/engine/told.ts';

/** 2024-10-04T00:00:00Z, a whole day since the epoch, µs. */
export const DAY_NUMBER = 20_000;
export const MIDNIGHT: number = DAY_NUMBER * DAY;

export interface Made {
  readonly miner?: string;
  readonly pool?: string | null;
  readonly host?: string | null;
  readonly port?: number | null;
  readonly dialect?: string | null;
  readonly day?: number;
  /** Seconds after midnight of the day. */
  readonly from?: number;
  readonly to?: number;
  readonly minerPort?: number;
  readonly packets?: number;
  readonly submitted?: number;
  /** As many as were submitted, unless it is said. */
  readonly accepted?: number;
  readonly jobs?: number;
  readonly opened?: boolean;
  /** `proof`: confirmed; `weak`: suspected; `none`: no indication at all. */
  readonly sign?: 'proof' | 'weak' | 'none';
  readonly input?: number;
  readonly number?: number;
  readonly lookup?: boolean;
}

function signOf(made: Made, time: number): Indication[] {
  const { sign = 'proof', dialect = 'stratum-v1', input = 1, number = 1, lookup = false } = made;
  if (sign === 'none') return [];
  const proof = sign === 'proof';
  return [
    {
      signature: proof ? 'stratum-v1.submit' : 'endpoint.name',
      version: 1,
      kind: lookup ? 'dns' : proof ? 'payload' : 'endpoint',
      weight: proof ? 0.95 : 0.6,
      family: null,
      against: false,
      proof,
      time,
      input,
      packet: number,
      bytes: [54, 99],
      side: 0,
      from: 'miner',
      dialect,
      excerpt: 'made up',
    },
  ];
}

function sessionOf(
  { submitted = 1, accepted = submitted, jobs = 1, sign = 'proof' }: Made,
  from: number,
  to: number,
): SessionFacts | null {
  if (sign !== 'proof') return null;
  const span = Math.max(1, to - from);
  return {
    accounts: [],
    severalMiners: false,
    agents: ['made-up/1.0'],
    coins: [],
    algorithm: null,
    poolHost: null,
    poolName: null,
    asicHint: false,
    asked: true,
    workRequests: 0,
    jobs,
    submitted,
    accepted,
    rejected: 0,
    difficulty: { last: 1024, unit: 'share difficulty' },
    rateUnit: 'H/s',
    reported: null,
    evidence: { shares: submitted, work: submitted * 1024, active: span, exposure: span, intervals: [[from, to]] },
  };
}

export function conversationFacts(made: Made = {}): ConversationFacts {
  const { miner = '192.0.2.1', pool = '203.0.113.5', host = null, port = 3333, dialect = 'stratum-v1' } = made;
  const { day = DAY_NUMBER, from = 100, to = 200, minerPort = 40_000, packets = 10, opened = true } = made;
  const { input = 1, number = 1, lookup = false } = made;
  const [first, last] = [day * DAY + from * 1e6, day * DAY + to * 1e6];
  return {
    input,
    packet: number,
    miner,
    pool: lookup ? null : pool,
    host,
    poolName: null,
    coins: [],
    minerPort: lookup ? 0 : minerPort,
    poolPort: lookup ? null : port,
    via: null,
    transport: lookup ? 'dns' : 'tcp',
    dialect: lookup ? null : dialect,
    session: lookup ? null : sessionOf(made, first, last),
    indications: signOf(made, first),
    firstSeen: first,
    lastSeen: last,
    packets: [packets, packets],
    bytes: [packets * 100, packets * 100],
    opened: lookup ? false : opened,
    seen: 'both',
    minerSide: 0,
    worked: false,
    lookups: lookup ? 1 : 0,
    day,
    carried: [],
  };
}

export function madeFacts(made: Made = {}): KeyFacts {
  return factsOfOne(conversationFacts(made));
}

const CONTEXT = { sensor: 's/p', nat: 'none', realm: null, clockError: 0, from: 0, to: 0, fileOf: () => 'f' } as const;

/** A new detection of one conversation, as a reporter hands it out. */
export function madeReport(made: Made = {}, evidence = true): Report {
  const facts = madeFacts(made);
  const [row] = buildDetections([facts], CONTEXT);
  if (row === undefined) throw new Error('no detection');
  return { row, fresh: true, surer: true, evidence, key: keyOf(facts) };
}

/** Detections of `n` miners, each of another one. */
export function madeReports(n: number, first = 0): Report[] {
  return Array.from({ length: n }, (_, i) => madeReport({ miner: `10.0.${(first + i) >> 8}.${(first + i) & 255}` }));
}

export function told(news: Partial<FactsTold>): FactsTold {
  return { ended: [], open: [], closed: [], ...news };
}

/** As through the state on disk. */
export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
