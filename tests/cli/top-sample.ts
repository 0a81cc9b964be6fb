import type { DaemonStatus, InputStatus, NewestDetection, PointStatus } from '../../src/daemon/status.ts';

/** 2026-03-01 08:00:00 UTC, µs. */
export const NOW = 1_772_352_000_000_000;
export const SECOND = 1_000_000;

export function sampleInput(change: Partial<InputStatus> = {}): InputStatus {
  return {
    name: 'span-1',
    kind: 'live',
    point: 'border-east',
    state: 'running',
    problem: null,
    packets: 36_000_000,
    bytes: 28_800_000_000,
    records: 0,
    datagrams: 0,
    files: 0,
    filesFailed: 0,
    filesCutShort: 0,
    filesWaiting: 0,
    bytesWaiting: 0,
    kernelDrops: 0,
    childDrops: 0,
    restarts: 0,
    lag: 0.02,
    lastTime: NOW,
    recordFaults: {},
    recordsLost: 0,
    sequenceGaps: 0,
    exporterRestarts: 0,
    templates: 0,
    exporters: [],
    ...change,
  };
}

export function samplePoint(change: Partial<PointStatus> = {}): PointStatus {
  return {
    name: 'border-east',
    packets: 36_000_000,
    bytes: 28_800_000_000,
    flows: 720_000,
    flowsActive: 60_000,
    flowsCapacity: 240_000,
    flowsExpired: 660_000,
    evictedFlows: 0,
    evictedConversations: 0,
    evictedKeys: 0,
    evictedLookups: 0,
    conversations: 410,
    conversationsMatched: 12,
    conversationsCapacity: 20_000,
    inspected: 500_000,
    followed: 900,
    matched: 25,
    reassemblyBytes: 1_200_000,
    reassemblyLimit: 67_108_864,
    shedPackets: 0,
    shedFlows: 0,
    keptShare: 1,
    recordConversations: 0,
    recordConversationsCapacity: 100_000,
    recordConversationsEvicted: 0,
    recordConversationsSeen: 0,
    recordConversationsMatched: 0,
    recordsImplausible: 0,
    probesLeftOut: 0,
    recordConversationsUnwatched: 0,
    records: 0,
    keys: 14,
    decodeErrors: {},
    ...change,
  };
}

export function sampleNewest(change: Partial<NewestDetection> = {}): NewestDetection {
  return {
    time: '2026-03-01T07:59:41.000000Z',
    point: 'border-east',
    miner: '10.20.1.5',
    pool: 'eu1.pool.example:3333',
    dialect: 'stratum-v1',
    confidence: 'confirmed',
    activity: 'mining',
    coins: ['BTC'],
    ...change,
  };
}

/** A daemon that has run for two hours; everything in it is invented. */
export function sampleStatus(change: Partial<DaemonStatus> = {}): DaemonStatus {
  const latency = { counts: [0, 10, 20, 20, 20, 20, 20, 20, 20], count: 20, sum: 0.08 };
  return {
    program: { name: 'poolprint', version: '1.0.0', node: '24.21.0', pid: 4242 },
    sensor: 'sensor-a',
    now: NOW,
    startedAt: NOW - 7200 * SECOND,
    ready: true,
    notReady: [],
    threads: 2,
    signatures: { count: 214, sha256: 'ab', loadedAt: NOW - 7200 * SECOND, reloads: 0, reloadFailures: 0 },
    inputs: [
      sampleInput(),
      sampleInput({
        name: 'routers',
        kind: 'collector',
        point: 'core',
        packets: 0,
        bytes: 0,
        records: 7_200_000,
        recordsLost: 31,
      }),
      sampleInput({
        name: 'rotated',
        kind: 'spool',
        point: 'border-west',
        state: 'restarting',
        problem: 'cannot read the folder (EACCES): give the service the right to read it',
        packets: 0,
        bytes: 0,
        filesWaiting: 12,
        bytesWaiting: 3_400_000_000,
        lag: 754,
      }),
    ],
    points: [
      samplePoint(),
      samplePoint({ name: 'core', packets: 0, bytes: 0, flows: 0, records: 7_200_000, recordConversations: 9000 }),
    ],
    detections: [{ dialect: 'stratum-v1', confidence: 'confirmed', activity: 'mining', count: 12 }],
    detectionsOpen: { confirmed: 12, probable: 3, suspected: 0 },
    signatureHits: { 'stratum-v1.handshake': 12 },
    leads: [{ status: 'new', region: '330000', count: 3 }],
    ledger: {
      writes: 20,
      failures: 0,
      detectionsWritten: 15,
      pending: 2,
      refused: 0,
      latency,
      lastWrite: NOW - 8 * SECOND,
      heapBytes: 30 << 20,
    },
    checkpoint: { writes: 20, failures: 1, last: NOW - 3 * SECOND, latency },
    resolver: { enabled: true, queries: 412, failures: 3, addresses: 120 },
    learntAddresses: 44,
    eventLoop: { mean: 0.001, p50: 0.001, p99: 0.012, max: 0.05 },
    newest: [
      sampleNewest(),
      sampleNewest({
        time: '2026-03-01T07:59:58.000000Z',
        miner: '2001:db8::15',
        pool: 'xmr.pool.example:443',
        dialect: null,
        confidence: 'probable',
        activity: 'attempt',
        coins: ['XMR', 'ZEPH'],
      }),
    ],
    ...change,
  };
}
