import type { Account } from '../dialect/account.ts';
import type { MiningSession } from '../dialect/session.ts';
import type { ShareEvidence } from '../estimate/hashrate.ts';
import type { IndicationKind } from './detection.ts';

/** A signature that held, as the engine notes it. */
export interface Indication {
  readonly signature: string;
  readonly version: number;
  readonly kind: IndicationKind;
  readonly weight: number;
  /** Of the indications of one family only the strongest counts. */
  readonly family: string | null;
  /** Speaks against mining. */
  readonly against: boolean;
  /** May prove mining by itself: stable, read from the payload, of weight 0.9 or more. */
  readonly proof: boolean;
  readonly time: number;
  readonly input: number;
  readonly packet: number;
  readonly bytes: readonly [number, number];
  /** Direction of the flow in which it was seen, and who sends such a message (null: either). */
  readonly side: 0 | 1;
  readonly from: 'miner' | 'pool' | null;
  readonly dialect: string | null;
  readonly excerpt: string;
}

/** Plain copy of a session, which can cross threads. */
export interface SessionFacts {
  readonly accounts: readonly Account[];
  /** Several different logins or workers used the connection. */
  readonly severalMiners: boolean;
  readonly agents: readonly string[];
  readonly coins: readonly string[];
  readonly algorithm: string | null;
  readonly poolHost: string | null;
  readonly poolName: string | null;
  readonly asicHint: boolean;
  readonly asked: boolean;
  readonly workRequests: number;
  readonly jobs: number;
  readonly submitted: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly difficulty: { readonly last: number; readonly unit: string } | null;
  readonly rateUnit: string;
  readonly reported: number | null;
  readonly evidence: ShareEvidence;
}

/** One connection (or what was seen of it) in one dialect. */
export interface ConversationFacts {
  /** Running number by which results are put in order: input and packet that began the flow. */
  readonly input: number;
  readonly packet: number;
  readonly miner: string;
  /** Address of the pool; null behind a proxy that was given a name, and for a look-up alone. */
  readonly pool: string | null;
  /** Best name of the pool's host, pool by the endpoint list, and coins that the list names for it. */
  readonly host: string | null;
  readonly poolName: string | null;
  readonly coins: readonly string[];
  readonly minerPort: number;
  /** Null for a look-up alone. */
  readonly poolPort: number | null;
  /** The proxy through which the pool was reached. */
  readonly via: Via | null;
  readonly transport: DetectionTransport;
  readonly dialect: string | null;
  readonly session: SessionFacts | null;
  readonly indications: readonly Indication[];
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** [miner to pool, pool to miner] */
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly opened: boolean;
  readonly seen: 'both' | 'miner' | 'pool';
  /** Side of the flow that mines, to orient indications. */
  readonly minerSide: 0 | 1;
  /** The conversation has the length and the traffic of one in which work is done, with a named pool. */
  readonly worked: boolean;
  /** Look-ups that this stands for; 0 for a connection. */
  readonly lookups: number;
  /** UTC day (days since the epoch) of which these are the facts; absent where they are those of the whole run. */
  readonly day?: number;
  /** With `day`: what held on the days before and did not show again. */
  readonly carried?: readonly Indication[];
}

export type DetectionTransport = 'tcp' | 'http' | 'ws' | 'tls' | 'quic' | 'dns';

export interface Via {
  readonly kind: 'socks4' | 'socks5' | 'connect';
  readonly ip: string;
  readonly port: number;
}

/** Copies what a session knows. */
export function summariseSession(s: MiningSession): SessionFacts {
  return {
    accounts: s.knownAccounts,
    severalMiners: s.severalMiners,
    agents: [...s.agents],
    coins: [...s.coins],
    algorithm: s.algorithm,
    poolHost: s.poolHost,
    poolName: s.poolName,
    asicHint: s.asicHint,
    asked: s.asked,
    workRequests: s.workRequests,
    jobs: s.jobs,
    submitted: s.submitted,
    accepted: s.accepted,
    rejected: s.rejected,
    difficulty: s.difficulty,
    rateUnit: s.rateUnit,
    reported: s.reported,
    evidence: {
      shares: s.sharesUsed,
      work: s.work,
      active: s.activeMicroseconds,
      exposure: s.exposure,
      intervals: s.intervals,
    },
  };
}
