/** Invented records for tests of the storage. Addresses are those of documentation (RFC 5737), firms do not exist. */
import { createHash } from 'node:crypto';
import type { AddressRow, RegistryRow } from '../../src/attribution/types.ts';
import { canonicalJson } from '../../src/common/canonical-json.ts';
import type { CoverageRow, DetectionRow } from '../../src/detect/detection.ts';
import { plainDigests } from '../../src/ledger/chain.ts';
import type { EvidenceRecord, NewEntry, PartRecord, Placement } from '../../src/ledger/store.ts';
import type { Lead } from '../../src/ledger/types.ts';

/** 2026-07-01 00:00:00 UTC, microseconds. */
export const START: number = Date.UTC(2026, 6, 1) * 1000;
export const DAY: number = 86_400e6;

/** Bytes that depend on the seed alone. */
export function seededBytes(seed: string): (bytes: number) => Uint8Array {
  let count = 0;
  return (bytes) => {
    count += 1;
    const block = createHash('shake256', { outputLength: bytes });
    return block.update(`${seed} ${count}`).digest();
  };
}

/** Numbers in [0, 1) that depend on the seed alone. */
export function seededNumbers(seed: string): () => number {
  const bytes = seededBytes(seed);
  return () => Buffer.from(bytes(4)).readUInt32LE(0) / 2 ** 32;
}

export function entry(action: string, lead: string | null = null, more: Partial<NewEntry> = {}): NewEntry {
  return { time: START, actor: 'tester', action, lead, detail: { note: action }, personal: null, ...more };
}

export function detection(id: string, more: Partial<DetectionRow> = {}): DetectionRow {
  return {
    type: 'detection',
    version: 1,
    id,
    sensor: 'test',
    window: { kind: 'day', from: '2026-07-01T00:00:00.000000Z', to: '2026-07-02T00:00:00.000000Z' },
    vantage: { nat: 'none', realm: null, clock_error_s: 0 },
    first_seen: '2026-07-01T01:00:00.000000Z',
    last_seen: '2026-07-01T02:00:00.000000Z',
    activity: 'mining',
    miner: { ip: '192.0.2.7' },
    pool: { ip: '198.51.100.9', port: 3333, host: null, name: null },
    transport: 'tcp',
    via: null,
    dialect: 'stratum-v1',
    coins: ['BTC'],
    algorithm: 'sha256d',
    confidence: 'confirmed',
    score: 0.9,
    indications: [],
    accounts: [{ login: 'invented.w1', account: 'invented', worker: 'w1', wallet: null }],
    agents: ['cgminer/0.0'],
    hardware_class: 'asic',
    shares: { submitted: 3, accepted: 3, rejected: 0 },
    difficulty: { last: 65536, unit: 'pdiff' },
    hashrate: null,
    reported_hashrate: null,
    conversations: [],
    flows: 1,
    packets: [1, 1],
    bytes: [1, 1],
    picked_up: 'start',
    seen: 'both',
    ...more,
  };
}

export function part(id: string, more: Partial<DetectionRow> = {}, recordedAt: number = START): PartRecord {
  const row = detection(id, more);
  return { detection: id, digest: plainDigests(Buffer.from(canonicalJson(row))).sha256, recordedAt, row };
}

export function placement(id: string, node: string, more: Partial<Placement> = {}): Placement {
  return { detection: id, node, ports: null, shared: false, attribution: null, ...more };
}

export function evidence(id: string, capture: Uint8Array, recordedAt: number = START): EvidenceRecord {
  const digests = plainDigests(capture);
  return { detection: id, digest: digests.sha256, recordedAt, capture, ...digests, bytes: capture.length, packets: 1 };
}

export function coverage(sensor: string, more: Partial<CoverageRow> = {}): CoverageRow {
  return {
    type: 'coverage',
    version: 1,
    sensor,
    from: '2026-07-01T00:00:00.000000Z',
    to: null,
    customer_prefixes: [],
    loss: { inputs_cut_short: 0, flows_evicted: 0, stream_gaps: 0 },
    ...more,
  };
}

export function lead(id: string, more: Partial<Lead> = {}): Lead {
  return {
    type: 'lead',
    version: 1,
    id,
    number: null,
    key: { kind: 'address', ip: '192.0.2.7', realm: null, nat: 'none' },
    status: 'open',
    status_since: '2026-07-01T03:00:00.000000Z',
    category: 'unknown',
    involvement: 'unknown',
    site_type: 'unknown',
    flags: [],
    activity: 'mining',
    confidence: 'confirmed',
    first_seen: '2026-07-01T01:00:00.000000Z',
    last_seen: '2026-07-01T02:00:00.000000Z',
    region: '640502',
    subject: null,
    parties: [],
    places: [],
    missing: [],
    contradictions: [],
    addresses: [],
    pools: [],
    coins: ['BTC'],
    accounts: [],
    agents: [],
    hardware_class: 'asic',
    hashrates: [],
    energy: null,
    power_accounts: [],
    department: null,
    deadline: null,
    reports: [],
    detections: [],
    links: [],
    observed: { seconds: 0, until: null, quiet_seconds: 0 },
    aliases: [],
    ...more,
  };
}

/** A session row; `at` makes it another address, subscriber and time. */
export function sessionRow(at: number, more: Partial<AddressRow> = {}): AddressRow {
  const address = `100.${64 + ((at >> 16) & 63)}.${(at >> 8) & 255}.${at & 255}`;
  return {
    family: 'address',
    kind: 'session',
    first: address,
    last: address,
    ports: null,
    protocol: null,
    realm: 'invented-bng-1',
    valid: { from: START + at * 1e6, to: START + at * 1e6 + 3.6e9 },
    endInferred: false,
    clockError: 1,
    use: 'dynamic',
    service: null,
    account: `acct-${at % 50_000}`,
    inside: null,
    natRule: null,
    party: {
      name: `虚构公司${at}`,
      code: null,
      person: false,
      nature: null,
      category: null,
      industry: null,
      licence: null,
    },
    places: [{ kind: 'install', region: '640502', text: `虚构路${at}号`, detail: null }],
    checked: null,
    extra: { device: 'invented-bng-1' },
    sealed: null,
    ...more,
  };
}

export function numbered(values: readonly RegistryRow[], from = 2): { row: number; value: RegistryRow }[] {
  return values.map((value, at) => ({ row: from + at, value }));
}
