/** Invented detections, subjects and sensors for the tests of the lead logic. All names and addresses are made up. */
import type { Attribution, Candidate, Observation } from '../../src/attribution/types.ts';
import type { CoverageRow, DetectionRow, IndicationKind } from '../../src/detect/detection.ts';
import { type Casebook, createCasebook } from '../../src/ledger/casebook.ts';
import { memoryStore } from '../../src/ledger/memory-store.ts';
import type { LeadServices, LeadSettings } from '../../src/ledger/services.ts';
import type { LeadStorage } from '../../src/ledger/store.ts';
import { isoTime } from '../../src/ledger/times.ts';
import type { Lead } from '../../src/ledger/types.ts';

export const DAY: number = 86_400;
/** 2026-03-02 (a Monday), 00:00 UTC, in seconds. */
export const T0: number = Date.UTC(2026, 2, 2) / 1000;
export const iso = (seconds: number): string => isoTime(seconds * 1e6);
export const at = (seconds: number, actor = 'tester'): { time: number; actor: string } => ({
  time: seconds * 1e6,
  actor,
});

export interface Sketch {
  readonly id?: string;
  readonly ip?: string;
  readonly nat?: 'inside' | 'outside' | 'none';
  readonly realm?: string | null;
  /** Seconds after T0. */
  readonly from?: number;
  readonly to?: number;
  readonly activity?: DetectionRow['activity'];
  readonly confidence?: DetectionRow['confidence'];
  readonly kind?: IndicationKind;
  readonly account?: string | null;
  readonly worker?: string | null;
  readonly wallet?: string;
  readonly accepted?: number;
  readonly mid?: number | null;
  readonly algorithm?: string;
  readonly observed?: number;
  readonly ports?: readonly (readonly [number, number, number])[];
  readonly flows?: number;
  readonly pool?: string;
  readonly coins?: readonly string[];
  readonly sensor?: string;
}

export function detection(s: Sketch = {}): DetectionRow {
  const from = iso(T0 + (s.from ?? 0));
  const to = iso(T0 + (s.to ?? (s.from ?? 0) + 3600));
  const ip = s.ip ?? '192.0.2.10';
  const mid = s.mid === undefined ? 100 : s.mid;
  const seconds = s.observed ?? (s.to ?? (s.from ?? 0) + 3600) - (s.from ?? 0);
  const day = Math.floor((T0 + (s.from ?? 0)) / DAY) * DAY;
  const account = s.account === undefined ? 'farm-account' : s.account;
  const accepted = s.accepted ?? 10;
  const ports = s.ports ?? [[40_000, s.from ?? 0, s.to ?? (s.from ?? 0) + 3600] as const];
  return {
    type: 'detection',
    version: 1,
    id: s.id ?? `d-${ip}-${day}-${s.pool ?? 'pool'}`,
    sensor: s.sensor ?? 'sensor-1',
    window: { kind: 'day', from: iso(day), to: iso(day + DAY) },
    vantage: { nat: s.nat ?? 'none', realm: s.realm ?? null, clock_error_s: 0 },
    first_seen: from,
    last_seen: to,
    activity: s.activity ?? 'mining',
    miner: { ip },
    pool: { ip: '198.51.100.7', port: 3333, host: s.pool ?? 'pool.example', name: null },
    transport: 'tcp',
    via: null,
    dialect: 'stratum-v1',
    coins: [...(s.coins ?? ['BTC'])],
    algorithm: s.algorithm ?? 'sha256d',
    confidence: s.confidence ?? 'confirmed',
    score: 0.9,
    indications: [
      {
        signature: `sig-${s.kind ?? 'payload'}`,
        version: 1,
        kind: s.kind ?? 'payload',
        weight: 0.9,
        time: from,
        file: 'a.pcap',
        packet: 1,
        bytes: [0, 10],
        from: 'miner',
        excerpt: '',
      },
    ],
    accounts:
      account === null
        ? []
        : [
            {
              login: `${account}.${s.worker ?? 'hall3'}`,
              account,
              worker: s.worker === undefined ? 'hall3' : s.worker,
              wallet: s.wallet === undefined ? null : { coin: 'BTC', address: s.wallet, valid: true },
            },
          ],
    agents: ['cgminer/4.12'],
    hardware_class: 'asic',
    shares: { submitted: accepted + 1, accepted, rejected: 1 },
    difficulty: { last: 65_536, unit: 'btc' },
    hashrate:
      mid === null
        ? null
        : {
            low: mid * 0.8,
            mid,
            high: mid * 1.3,
            unit: 'H/s',
            basis: 'shares',
            shares_used: accepted,
            observed_seconds: seconds,
          },
    reported_hashrate: null,
    conversations: ports.map(([port, first, last]) => ({
      miner_port: port,
      first_seen: iso(T0 + first),
      last_seen: iso(T0 + last),
      opened_in_view: true,
    })),
    flows: s.flows ?? ports.length,
    packets: [100, 100],
    bytes: [10_000, 12_000],
    picked_up: 'start',
    seen: 'both',
  };
}

/** Coverage from and to, seconds after T0. */
export function coverage(from: number, to: number, prefixes: readonly string[], sensor = 'sensor-1'): CoverageRow {
  return {
    type: 'coverage',
    version: 1,
    sensor,
    from: iso(T0 + from),
    to: iso(T0 + to),
    customer_prefixes: prefixes.map((prefix) => ({ prefix, flows: 5 })),
    loss: { inputs_cut_short: 0, flows_evicted: 0, stream_gaps: 0 },
  };
}

/** An attribution that names an invented subject with a grade. */
export function attribution(observed: Observation, subject: string, grade: number, region = '640502'): Attribution {
  const grades = { subscriber: grade, enterprise: grade, address: grade };
  const candidate: Candidate = {
    role: 'line_subscriber',
    subject,
    name: `${subject} (invented)`,
    uscc: null,
    person: false,
    places: [{ kind: 'install', region, text: `${subject} road 1`, detail: null }],
    valid: { from: 0, to: null },
    proofs: [],
    grades,
    because: 'test',
    party: null,
    account: null,
  };
  return { observed, candidates: [candidate], best: candidate, overall: grade, missing: [], contradictions: [] };
}

export type Attribute = (observation: Observation) => Attribution | null;

export function services(attribute: Attribute = () => null, kw: number | null = null): LeadServices {
  return {
    attribute,
    siteKey: (place) => (place.text === null ? null : place.text.toLowerCase()),
    estimate: (input) =>
      kw === null
        ? null
        : {
            method: 'shares',
            itKw: { low: kw, mid: kw, high: kw },
            siteKw: { low: kw, mid: kw, high: kw },
            kwhPerMonth: { low: kw, mid: kw, high: kw },
            assessedKwhPerMonth: { low: kw, mid: kw, high: kw },
            pue: { low: 1, mid: 1, high: 1 },
            utilisation: { low: 1, mid: 1, high: 1 },
            meteredRatio: null,
            surcharge: null,
            parts: [{ what: input.category, kw: { low: kw, mid: kw, high: kw }, source: input.date }],
            notes: [],
            tables: [],
          },
    identify: () => ({
      flags: [],
      siteType: 'unknown',
      powerAccounts: [],
      energy: { machines: [], metered: [], site: 'unknown' },
    }),
  };
}

export function salts(): (bytes: number) => Uint8Array {
  let state = 1;
  return (bytes) => Uint8Array.from({ length: bytes }, () => (state = (state * 48_271) % 2_147_483_647) & 0xff);
}

export function book(
  attribute?: Attribute,
  settings: Partial<LeadSettings> = {},
  kw: number | null = null,
  storage: LeadStorage = memoryStore(salts()),
): { readonly storage: LeadStorage; readonly cases: Casebook } {
  return { storage, cases: createCasebook(storage, services(attribute, kw), settings) };
}

export function all(cases: Casebook): Lead[] {
  return [...cases.exportLeads({})];
}

/** The only lead there is. */
export function only(cases: Casebook): Lead {
  const leads = all(cases);
  if (leads.length !== 1) throw new Error(`${leads.length} leads instead of one`);
  return leads[0] as Lead;
}
