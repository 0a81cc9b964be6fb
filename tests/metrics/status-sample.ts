/** A status of a daemon with every kind of input; all of it invented, addresses from the documentation ranges. */
import type { DaemonStatus, InputKind, InputStatus, LatencyHistogram, PointStatus } from '../../src/daemon/status.ts';
import type { MetricNames } from '../../src/metrics/labels.ts';

export const NAMES: MetricNames = {
  dialects: ['stratum-v1', 'cryptonote'],
  signatures: () => ['stratum-v1.notify', 'cryptonote.login'],
  regions: ['浙江省'],
};

const NOW = Date.parse('2026-11-22T08:00:00Z') * 1000;

export function latency(counts: readonly number[], sum: number): LatencyHistogram {
  return { counts, count: counts.at(-1) ?? 0, sum };
}

export function sampleInput(name: string, kind: InputKind, more: Partial<InputStatus> = {}): InputStatus {
  return {
    name,
    kind,
    point: 'core',
    state: 'running',
    problem: null,
    packets: 1000,
    bytes: 600_000,
    records: 0,
    datagrams: 0,
    files: 0,
    filesFailed: 0,
    filesCutShort: 0,
    filesWaiting: 0,
    bytesWaiting: 0,
    kernelDrops: 3,
    childDrops: 1,
    restarts: 2,
    lag: 0.25,
    lastTime: NOW - 250_000,
    recordFaults: {},
    recordsLost: 0,
    sequenceGaps: 0,
    exporterRestarts: 0,
    templates: 0,
    exporters: [],
    ...more,
  };
}

export function samplePoint(name: string, more: Partial<PointStatus> = {}): PointStatus {
  return {
    name,
    packets: 5000,
    bytes: 3_000_000,
    flows: 400,
    flowsActive: 120,
    flowsCapacity: 480,
    flowsExpired: 280,
    evictedFlows: 5,
    evictedConversations: 4,
    evictedKeys: 3,
    evictedLookups: 2,
    conversations: 9,
    conversationsMatched: 6,
    conversationsCapacity: 1000,
    inspected: 200,
    followed: 40,
    matched: 10,
    reassemblyBytes: 4096,
    reassemblyLimit: 1 << 20,
    shedPackets: 7,
    shedFlows: 6,
    keptShare: 0.5,
    recordConversations: 11,
    recordConversationsCapacity: 100,
    recordConversationsEvicted: 1,
    recordConversationsSeen: 41,
    recordConversationsMatched: 4,
    recordsImplausible: 3,
    probesLeftOut: 4,
    recordConversationsUnwatched: 2,
    records: 77,
    keys: 12,
    decodeErrors: { 'stream.gap': 8, 'json.malformed': 1 },
    ...more,
  };
}

export function sampleStatus(more: Partial<DaemonStatus> = {}): DaemonStatus {
  return {
    program: { name: 'poolprint', version: '0.2.0', node: 'v24.21.0', pid: 4711 },
    sensor: 'sensor-1',
    now: NOW,
    startedAt: NOW - 3600e6,
    ready: true,
    notReady: [],
    threads: 2,
    signatures: { count: 2, sha256: '0'.repeat(64), loadedAt: NOW - 3600e6, reloads: 1, reloadFailures: 1 },
    inputs: [
      sampleInput('tap', 'live'),
      sampleInput('ring', 'spool', { state: 'waiting', files: 4, filesWaiting: 2, bytesWaiting: 2048, lag: 12 }),
      sampleInput('routers', 'collector', {
        packets: 0,
        bytes: 0,
        records: 900,
        datagrams: 30,
        recordFaults: { no_template: 4, not_allowed: 9 },
        recordsLost: 5,
        sequenceGaps: 2,
        exporterRestarts: 1,
        templates: 3,
        exporters: [
          {
            address: '192.0.2.9',
            protocol: 'ipfix',
            records: 900,
            lost: 5,
            templates: 3,
            samplingRate: 1000,
            clockOff: 0,
            lastSeen: NOW,
          },
        ],
      }),
    ],
    points: [samplePoint('core')],
    detections: [{ dialect: 'stratum-v1', confidence: 'confirmed', activity: 'mining', count: 3 }],
    detectionsOpen: { confirmed: 3, probable: 1, suspected: 2 },
    signatureHits: { 'stratum-v1.notify': 3 },
    leads: [
      { status: 'open', region: '浙江省', count: 2 },
      { status: 'waiting', region: '33', count: 1 },
      { status: 'closed', region: 'unknown', count: 4 },
    ],
    ledger: {
      writes: 6,
      failures: 1,
      detectionsWritten: 8,
      pending: 2,
      refused: 1,
      latency: latency([0, 1, 2, 5, 6, 6, 6, 6, 6], 0.21),
      lastWrite: NOW - 5e6,
      heapBytes: 30 << 20,
    },
    checkpoint: {
      writes: 60,
      failures: 0,
      last: NOW - 2e6,
      latency: latency([0, 30, 50, 60, 60, 60, 60, 60, 60], 0.5),
    },
    resolver: { enabled: true, queries: 20, failures: 2, addresses: 15 },
    learntAddresses: 6,
    eventLoop: { mean: 0.001, p50: 0.0005, p99: 0.01, max: 0.04 },
    newest: [
      {
        time: '2026-11-22T07:59:00.000000Z',
        point: 'core',
        miner: '10.1.2.3',
        pool: 'pool.example:3333',
        dialect: 'stratum-v1',
        confidence: 'confirmed',
        activity: 'mining',
        coins: ['BTC'],
      },
    ],
    ...more,
  };
}
