/** What an invented access network consists of: people, lines of sources, conversations. Times in seconds since the epoch. */

export interface Subscriber {
  readonly account: string;
  readonly name: string;
  /** Credit code; null for a person. */
  readonly code: string | null;
}

/** A line of a log, list or filing, in the plainest shape. */
export interface SourceLine {
  readonly kind: 'session' | 'nat_block' | 'nat_session' | 'nat_rule' | 'filing' | 'resource' | 'customer';
  readonly first: string;
  readonly last: string;
  readonly ports: readonly [number, number] | null;
  readonly realm: string | null;
  readonly from: number;
  readonly to: number | null;
  readonly endInferred: boolean;
  readonly clockError: number;
  readonly account: string | null;
  readonly inside: string | null;
  readonly who: Subscriber | null;
  readonly use: 'static' | 'dynamic' | null;
  readonly checked: number | null;
  readonly rule: Rule | null;
}

/** RFC 7422, blocks one after the other. */
export interface Rule {
  readonly insideFirst: string;
  readonly insideLast: string;
  readonly firstPort: number;
  readonly portsPerUser: number;
  readonly ratio: number;
}

export type Access = 'static' | 'dynamic' | 'block' | 'mapping' | 'deterministic';

/** A conversation as the sensor reports it, and who really had it. */
export interface Seen {
  readonly access: Access;
  readonly ip: string;
  readonly port: number | null;
  readonly from: number;
  readonly to: number;
  readonly nat: 'inside' | 'outside' | 'none';
  readonly realm: string | null;
  readonly clockError: number;
  readonly opened: boolean;
  readonly truth: Subscriber;
}

export interface Network {
  readonly lines: readonly SourceLine[];
  readonly seen: readonly Seen[];
}
