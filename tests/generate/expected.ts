/** What a detector should say of a capture, derived from what the generator put in and never from a program's output. */
import type { Endpoint } from './conversation.ts';
import type { Session } from './session.ts';

export interface Expected {
  readonly miner: string;
  /** `address:port`, IPv6 in brackets; with the name where no address is known, without the port for a look-up. */
  readonly pool: string;
  /** Null where nothing of the protocol can be read. */
  readonly dialect: string | null;
  readonly activity: 'mining' | 'attempt' | 'probe' | 'proxy';
  readonly confidence: 'confirmed' | 'probable' | 'suspected';
  /** `accepted` and `rejected` are missing where the capture does not show them beyond doubt. */
  readonly shares: { readonly submitted: number; readonly accepted?: number; readonly rejected?: number };
  readonly logins: readonly string[];
  readonly agents?: readonly string[];
  readonly coins?: readonly string[];
  readonly difficulty?: number;
  readonly flows?: number;
  readonly transport?: 'tcp' | 'http' | 'ws' | 'tls' | 'quic' | 'dns';
  /** Name of the pool's host, and the pool by the list of endpoints; null: none may be told. */
  readonly host?: string | null;
  readonly pool_name?: string;
  readonly via?: { readonly kind: 'socks4' | 'socks5' | 'connect'; readonly ip: string; readonly port: number };
  readonly seen?: 'both' | 'miner' | 'pool';
  /** The rate the shares were drawn from, three standard errors around it for the shares accepted, and the unit. */
  readonly hashrate_true?: number;
  readonly hashrate_low_high?: readonly [number, number];
  readonly hashrate_unit?: string;
}

export function poolText(endpoint: Endpoint): string {
  return endpoint.ip.includes(':') ? `[${endpoint.ip}]:${endpoint.port}` : `${endpoint.ip}:${endpoint.port}`;
}

type Hashrate = Pick<Expected, 'hashrate_true' | 'hashrate_low_high' | 'hashrate_unit'>;

function hashrate(session: Session, accepted: number): Hashrate {
  if (session.rate === undefined || accepted < 10) return {};
  const { value, unit } = session.rate;
  const error = 3 / Math.sqrt(accepted);
  const round = (rate: number): number => Number(rate.toPrecision(4));
  const range = [round(value * Math.max(0, 1 - error)), round(value * (1 + error))] as const;
  return { hashrate_true: value, hashrate_low_high: range, hashrate_unit: unit };
}

/** Expectation for a session seen in both directions from the start. */
export function expectSession(session: Session, miner: Endpoint, pool: Endpoint): Expected {
  const accepted = session.shares.filter((share) => share.accepted).length;
  return {
    miner: miner.ip,
    pool: poolText(pool),
    dialect: session.dialect,
    activity: 'mining',
    confidence: 'confirmed',
    shares: { submitted: session.shares.length, accepted, rejected: session.shares.length - accepted },
    logins: session.logins,
    ...(session.agents === undefined ? {} : { agents: session.agents }),
    ...(session.coins === undefined ? {} : { coins: session.coins }),
    ...(session.difficulty === undefined ? {} : { difficulty: session.difficulty }),
    ...hashrate(session, accepted),
  };
}

/** One expectation for conversations of one miner with one pool: shares and names together, no claim about the rate. */
export function together(list: readonly Expected[]): Expected {
  const first = withoutRate(list[0] as Expected);
  if (list.length === 1) return first;
  const sum = (pick: (item: Expected) => number): number => list.reduce((total, item) => total + pick(item), 0);
  const union = (pick: (item: Expected) => readonly string[]): string[] => [...new Set(list.flatMap(pick))];
  const { difficulty: _difficulty, ...rest } = first;
  return {
    ...rest,
    shares: {
      submitted: sum(({ shares }) => shares.submitted),
      accepted: sum(({ shares }) => shares.accepted ?? 0),
      rejected: sum(({ shares }) => shares.rejected ?? 0),
    },
    logins: union(({ logins }) => logins),
    agents: union(({ agents }) => agents ?? []),
    coins: union(({ coins }) => coins ?? []),
    flows: list.length,
  };
}

/** The same expectation without a claim about the rate. */
export function withoutRate(expected: Expected): Expected {
  const { hashrate_true: _true, hashrate_low_high: _range, hashrate_unit: _unit, ...rest } = expected;
  return rest;
}

/** Expectation where only some messages can be seen: shares and answers among `visible` count. */
export function expectVisible(
  session: Session,
  miner: Endpoint,
  pool: Endpoint,
  visible: ReadonlySet<number>,
): Expected {
  const seen = session.shares.filter((share) => visible.has(share.submit));
  const answered = seen.filter((share) => visible.has(share.answer));
  const rest = withoutRate(expectSession(session, miner, pool));
  const accepted = answered.filter((share) => share.accepted).length;
  const shares =
    answered.length === 0
      ? { submitted: seen.length }
      : { submitted: seen.length, accepted, rejected: answered.length - accepted };
  return { ...rest, shares, ...hashrate(session, accepted) };
}
