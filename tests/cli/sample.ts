import type { CoverageRow, DetectionRow, SummaryRow } from '../../src/detect/detection.ts';
import type { ReplayResult } from '../../src/engine/options.ts';

const ID = '4f1c0de6b7a35f0a7d0f6a2a4b2f4f7e9c3d5b1a8e6f40213c5d7e9f1a2b3c4d';

/** A detection with every field filled; a test changes what it is about. */
export function sampleDetection(change: Partial<DetectionRow> = {}): DetectionRow {
  return {
    type: 'detection',
    version: 1,
    id: ID,
    sensor: 'replay',
    window: { kind: 'run', from: '2024-05-01T10:00:03.123456Z', to: '2024-05-01T10:20:11.000001Z' },
    vantage: { nat: 'none', realm: null, clock_error_s: 0 },
    first_seen: '2024-05-01T10:00:03.123456Z',
    last_seen: '2024-05-01T10:20:11.000001Z',
    activity: 'mining',
    miner: { ip: '10.0.0.5' },
    pool: { ip: '203.0.113.5', port: 3333, host: 'pool.example.com', name: 'Example Pool' },
    transport: 'tcp',
    via: { kind: 'socks5', ip: '198.51.100.7', port: 1080 },
    dialect: 'stratum-v1',
    coins: ['BTC', 'BCH'],
    algorithm: 'sha256d',
    confidence: 'confirmed',
    score: 0.97,
    indications: [
      {
        signature: 'stratum-v1.handshake',
        version: 3,
        kind: 'payload',
        weight: 0.9,
        time: '2024-05-01T10:00:03.123456Z',
        file: 'capture.pcap',
        packet: 4,
        bytes: [54, 130],
        from: 'miner',
        excerpt: '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}',
      },
    ],
    accounts: [
      {
        login: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa.rig01',
        account: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
        worker: 'rig01',
        wallet: { coin: 'BTC', address: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', valid: true },
      },
    ],
    agents: ['cgminer/4.11.1'],
    hardware_class: 'asic',
    shares: { submitted: 42, accepted: 40, rejected: 2 },
    difficulty: { last: 65_536, unit: 'bdiff' },
    hashrate: {
      low: 83.1e12,
      mid: 95.2e12,
      high: 108e12,
      unit: 'H/s',
      basis: 'shares',
      shares_used: 40,
      observed_seconds: 1200,
    },
    reported_hashrate: { last: 94e12, unit: 'H/s' },
    conversations: [
      {
        miner_port: 46_838,
        first_seen: '2024-05-01T10:00:03.123456Z',
        last_seen: '2024-05-01T10:20:11.000001Z',
        opened_in_view: true,
      },
    ],
    flows: 1,
    packets: [120, 140],
    bytes: [9000, 24_000],
    picked_up: 'start',
    seen: 'both',
    ...change,
  };
}

/** A detection that knows next to nothing: every field that may be null or empty is. */
export function bareDetection(change: Partial<DetectionRow> = {}): DetectionRow {
  return sampleDetection({
    id: '00ff'.repeat(16),
    activity: 'attempt',
    pool: { ip: '2001:db8::1', port: 443, host: null, name: null },
    via: null,
    dialect: null,
    coins: [],
    algorithm: null,
    confidence: 'suspected',
    score: 0.2,
    indications: [],
    accounts: [],
    agents: [],
    hardware_class: 'unknown',
    shares: { submitted: 0, accepted: 0, rejected: 0 },
    difficulty: null,
    hashrate: null,
    reported_hashrate: null,
    conversations: [],
    picked_up: 'midstream',
    seen: 'pool',
    ...change,
  });
}

export function sampleCoverage(change: Partial<CoverageRow> = {}): CoverageRow {
  return {
    type: 'coverage',
    version: 1,
    sensor: 'replay',
    from: '2024-05-01T10:00:00.000000Z',
    to: '2024-05-01T11:02:11.000000Z',
    customer_prefixes: [{ prefix: '10.0.0.0/8', flows: 3 }],
    loss: { inputs_cut_short: 0, flows_evicted: 0, stream_gaps: 1 },
    ...change,
  };
}

export function sampleSummary(detections: readonly DetectionRow[], change: Partial<SummaryRow> = {}): SummaryRow {
  const count = (test: (row: DetectionRow) => boolean): number => detections.filter(test).length;
  return {
    type: 'summary',
    version: 1,
    sensor: 'replay',
    packets: 12_345,
    bytes: 9_800_000,
    flows: 812,
    seconds: 3731,
    first_seen: '2024-05-01T10:00:00.000000Z',
    last_seen: '2024-05-01T11:02:11.000000Z',
    anomalies: { 'stream.gap': 1 },
    evictions: 0,
    inputs: [{ file: 'capture.pcap', format: 'pcap', packets: 12_345, bytes: 9_800_000, cut_short: null, error: null }],
    inputs_cut_short: 0,
    detections: {
      total: detections.length,
      by_confidence: {
        confirmed: count((row) => row.confidence === 'confirmed'),
        probable: count((row) => row.confidence === 'probable'),
        suspected: count((row) => row.confidence === 'suspected'),
      },
      by_activity: {
        mining: count((row) => row.activity === 'mining'),
        attempt: count((row) => row.activity === 'attempt'),
        probe: count((row) => row.activity === 'probe'),
        proxy: count((row) => row.activity === 'proxy'),
      },
    },
    signature_set: { signatures: 57, sha256: 'a'.repeat(64) },
    interrupted: false,
    ...change,
  };
}

export function sampleResult(
  detections: readonly DetectionRow[] = [sampleDetection()],
  change: Partial<ReplayResult> = {},
): ReplayResult {
  return {
    detections,
    evidence: new Map(),
    coverage: sampleCoverage(),
    summary: sampleSummary(detections),
    problems: [],
    ...change,
  };
}
