/** The detection of the JSON contract (docs/json.md, docs/replay.schema.json), field names as they are printed. */

export type Activity = 'mining' | 'attempt' | 'probe' | 'proxy';
export type Confidence = 'confirmed' | 'probable' | 'suspected';
export type IndicationKind = 'payload' | 'tls' | 'dns' | 'http' | 'endpoint' | 'behaviour';

/** One signature that held: where, when, and what it weighs. `packet` counts from 1 in `file`. */
export interface IndicationRow {
  signature: string;
  version: number;
  kind: IndicationKind;
  /** Negative where it speaks against mining. */
  weight: number;
  time: string;
  file: string;
  packet: number;
  /** Byte range [from, to) of the message in the captured frame; [0, 0] where it does not lie in one frame. */
  bytes: [number, number];
  from: 'miner' | 'pool';
  /** The message, passwords replaced, bounded; '' where the signature keeps none. */
  excerpt: string;
}

export interface AccountRow {
  /** The login as sent. */
  login: string;
  /** Pool account or wallet, without worker. */
  account: string;
  worker: string | null;
  wallet: { coin: string; address: string; valid: boolean | null } | null;
}

export interface HashrateRow {
  low: number;
  mid: number;
  high: number;
  unit: string;
  basis: 'shares';
  shares_used: number;
  observed_seconds: number;
}

export interface ConversationRow {
  miner_port: number;
  first_seen: string;
  last_seen: string;
  opened_in_view: boolean;
}

export interface DetectionRow {
  type: 'detection';
  version: 1;
  id: string;
  sensor: string;
  window: { kind: 'run' | 'day'; from: string; to: string };
  vantage: { nat: 'inside' | 'outside' | 'none'; realm: string | null; clock_error_s: number };
  first_seen: string;
  last_seen: string;
  activity: Activity;
  miner: { ip: string };
  /** `port` is null for a look-up alone. */
  pool: { ip: string | null; port: number | null; host: string | null; name: string | null };
  transport: string;
  via: { kind: 'socks4' | 'socks5' | 'connect'; ip: string; port: number } | null;
  dialect: string | null;
  coins: string[];
  algorithm: string | null;
  confidence: Confidence;
  score: number;
  indications: IndicationRow[];
  accounts: AccountRow[];
  agents: string[];
  hardware_class: 'asic' | 'gpu' | 'cpu' | 'unknown';
  shares: { submitted: number; accepted: number; rejected: number };
  difficulty: { last: number; unit: string } | null;
  hashrate: HashrateRow | null;
  reported_hashrate: { last: number; unit: string } | null;
  conversations: ConversationRow[];
  flows: number;
  packets: [number, number];
  bytes: [number, number];
  picked_up: 'start' | 'midstream';
  seen: 'both' | 'miner' | 'pool';
}

/** What was watched: needed so that "nothing found" is never read as "nothing there". */
export interface CoverageRow {
  type: 'coverage';
  version: 1;
  sensor: string;
  from: string | null;
  to: string | null;
  /** Customer prefixes named with --home and how many flows touched each; [] where none were named. */
  customer_prefixes: { prefix: string; flows: number }[];
  loss: { inputs_cut_short: number; flows_evicted: number; stream_gaps: number };
}

export interface InputRow {
  file: string;
  format: string;
  packets: number;
  bytes: number;
  /** Where and why reading stopped early; null when the input was read to its end. */
  cut_short: { offset: number; reason: string } | null;
  /** Why the input could not be read at all. */
  error: string | null;
}

export interface SummaryRow {
  type: 'summary';
  version: 1;
  sensor: string;
  packets: number;
  bytes: number;
  flows: number;
  /** Seconds of traffic: last minus first capture time. */
  seconds: number;
  first_seen: string | null;
  last_seen: string | null;
  anomalies: Record<string, number>;
  evictions: number;
  inputs: InputRow[];
  inputs_cut_short: number;
  detections: {
    total: number;
    by_confidence: Record<Confidence, number>;
    by_activity: Record<Activity, number>;
  };
  signature_set: { signatures: number; sha256: string };
  interrupted: boolean;
}
