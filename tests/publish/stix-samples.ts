/** Invented leads for what is handed over, and weakened copies of them. */
import type { Lead, LeadDetection } from '../../src/ledger/types.ts';
import type { ReducedLead } from '../../src/publish/stix-value.ts';
import { all, attribution, book, detection } from '../ledger/lead-helpers.ts';

const DETECTION: LeadDetection = {
  id: 'd'.repeat(64),
  sensor: 'sensor-1',
  day: '2026-11-03',
  first_seen: '2026-11-03T02:14:07.000000Z',
  last_seen: '2026-11-03T11:40:55.000000Z',
  activity: 'mining',
  confidence: 'confirmed',
  ip: '192.0.2.10',
  realm: null,
  nat: 'none',
  ports: [40_001],
  pool: 'pool.example:3333',
  pool_ip: '198.51.100.7',
  pool_port: 3333,
  transport: 'tcp',
  dialect: 'stratum-v1',
  coins: ['BTC'],
  algorithm: 'sha256d',
  hashrate: { low: 8e13, mid: 1e14, high: 1.3e14, unit: 'H/s' },
  shares: { submitted: 11, accepted: 10, rejected: 1 },
  flows: 3,
  signatures: [
    { id: 'stratum-v1-handshake', version: 3 },
    { id: 'stratum-v1-submit', version: 2 },
  ],
  shared: false,
};

/** A lead with everything in it. */
export function sampleLead(): Lead {
  const subject = {
    key: 'uscc:91350100M000100Y43',
    role: 'line_subscriber',
    name: '某某科技有限公司（虚构）',
    uscc: '91350100M000100Y43',
    person: false,
    grades: { subscriber: 92, enterprise: 88, address: 75.4 },
    because: 'test',
  };
  const band = { low: 2, mid: 3, high: 4 };
  return {
    type: 'lead',
    version: 1,
    id: 'L0123456789abcdef01234567',
    number: 'L-640502-2026-000123',
    key: { kind: 'subject_site', subject: subject.key, site: 'x' },
    status: 'true',
    status_since: '2026-11-12T01:00:00.000000Z',
    category: 'new',
    involvement: 'active',
    site_type: 'industrial',
    flags: [
      { flag: 'state_owned', rule: 'r' },
      { flag: 'bitcoin', rule: 'r' },
    ],
    activity: 'mining',
    confidence: 'confirmed',
    first_seen: '2026-11-03T02:14:07.000000Z',
    last_seen: '2026-11-09T11:40:55.000000Z',
    region: '640502',
    subject,
    parties: [subject, { ...subject, role: 'power_account_holder' }],
    places: [{ kind: 'install', region: '640502', text: '虚构路1号', detail: 'A座' }],
    missing: [],
    contradictions: [],
    addresses: [
      {
        ip: '192.0.2.10',
        realm: null,
        nat: 'none',
        first_seen: '2026-11-03T02:14:07.000000Z',
        last_seen: '2026-11-09T11:40:55.000000Z',
        ports: [40_001],
      },
      {
        ip: '2001:db8::10',
        realm: null,
        nat: 'none',
        first_seen: '2026-11-09T02:14:07.000000Z',
        last_seen: '2026-11-09T11:40:55.000000Z',
        ports: [50_001, 50_002],
      },
    ],
    pools: [{ endpoint: 'pool.example:3333', name: 'Example pool', ip: '198.51.100.7' }],
    coins: ['BTC'],
    accounts: [
      {
        login: 'farm-account.hall3',
        account: 'farm-account',
        workers: ['hall3'],
        wallet: { coin: 'BTC', address: 'bc1qexamplewallet0000000000000000000000000', valid: true },
      },
      { login: 'x', account: 'x', workers: [], wallet: { coin: 'XMR', address: '4bad', valid: false } },
    ],
    agents: ['cgminer/4.12'],
    hardware_class: 'asic',
    hashrates: [{ algorithm: 'sha256d', unit: 'H/s', low: 8e13, mid: 1e14, high: 1.3e14 }],
    energy: {
      method: 'shares',
      itKw: band,
      siteKw: band,
      kwhPerMonth: band,
      assessedKwhPerMonth: band,
      pue: band,
      utilisation: band,
      meteredRatio: null,
      surcharge: null,
      parts: [],
      notes: [],
      tables: [],
    },
    power_accounts: ['0640502123456'],
    department: 'ndrc',
    deadline: '2026-11-17',
    reports: [{ source: 's', reference: 'r', received: '2026-11-04T00:00:00.000000Z' }],
    detections: [
      DETECTION,
      {
        ...DETECTION,
        id: 'e'.repeat(64),
        ip: '2001:db8::10',
        first_seen: '2026-11-09T02:14:07.000000Z',
        last_seen: '2026-11-09T11:40:55.000000Z',
        ports: [50_001, 50_002],
        pool_ip: '2001:db8:1::7',
        transport: 'wss',
        flows: 4,
      },
    ],
    links: [],
    observed: { seconds: 600_000, until: '2026-11-12T00:00:00.000000Z', quiet_seconds: 0 },
    aliases: [],
  } as Lead;
}

/** Leads as the ledger makes them: attributed, unattributed, shared, several pools. */
export function sampleLeads(): Lead[] {
  const { cases } = book((seen) => (seen.ip === '192.0.2.10' ? attribution(seen, 'acme', 92) : null), {}, 4);
  const rows = [
    detection({ wallet: 'bc1qexamplewallet0000000000000000000000000' }),
    detection({ ip: '192.0.2.11', pool: 'other.example', account: null }),
    detection({ ip: '2001:db8::5', activity: 'attempt', account: null }),
  ];
  cases.record(rows, [], { time: 1e15, actor: 'tester' });
  return [...all(cases), sampleLead()];
}

type Path = readonly (string | number)[];

function paths(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, item]) => paths(item, [...at, Array.isArray(value) ? Number(key) : key])),
  ];
}

/** Copies with one field missing, null, empty or odd each, and one with all fields null. */
export function* weakened(lead: Lead): Generator<ReducedLead> {
  for (const path of paths(lead)) {
    const last = path.at(-1);
    if (last === undefined) continue;
    for (const change of ['delete', 'null', 'empty', 'odd'] as const) {
      const copy = structuredClone(lead) as unknown as Record<string | number, unknown>;
      let owner = copy;
      for (const key of path.slice(0, -1)) owner = owner[key] as Record<string | number, unknown>;
      const old = owner[last];
      if (change === 'delete') delete owner[last];
      else if (change === 'null') owner[last] = null;
      else if (change === 'empty')
        owner[last] = Array.isArray(old) ? [] : typeof old === 'string' ? '' : typeof old === 'object' ? {} : 0;
      else if (typeof old === 'string') owner[last] = `\ud800'\\]\u0000\n${old}`;
      else if (typeof old === 'number') owner[last] = Number.NaN;
      else continue;
      yield copy as unknown as ReducedLead;
    }
  }
  yield Object.fromEntries(Object.keys(lead).map((key) => [key, null])) as ReducedLead;
}
