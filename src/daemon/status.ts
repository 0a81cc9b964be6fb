/**
 * What a running daemon says of itself: the one source of `/metrics`, `/status`, `/readyz` and `poolprint top`. Plain data.
 * Counters count since the start of the process. Labels come from closed sets or from the configuration (names of inputs and
 * observation points); addresses, names of hosts, wallets and error texts stand only in `newest` and `problem`, which no
 * metric carries.
 */
import type { RecordFault } from '../flowrecord/record.ts';

/** Kinds of input of the configuration. */
export type InputKind = 'live' | 'pipe' | 'spool' | 'collector' | 'flow-log';
/** `starting`: not yet open; `running`; `waiting`: nothing to read now (an empty spool, a FIFO without writer); `restarting`:
 * waits to try again after a failure; `failed`: given up; `stopped`: told to; `done`: a file read to its end. */
export const INPUT_STATES = ['starting', 'running', 'waiting', 'restarting', 'failed', 'stopped', 'done'] as const;
/** One of INPUT_STATES. */
export type InputState = (typeof INPUT_STATES)[number];

/** One exporter of flow records. */
export interface ExporterStatus {
  /** Address; not for metrics. */
  readonly address: string;
  readonly protocol: 'netflow5' | 'netflow9' | 'ipfix' | 'sflow5' | 'unknown';
  readonly records: number;
  readonly lost: number;
  readonly templates: number;
  readonly samplingRate: number;
  /** By how much its last flow ended before (-) or after its arrival where that was too much to be believed, µs; else 0. */
  readonly clockOff: number;
  /** Wall clock of its last datagram, µs. */
  readonly lastSeen: number;
}

/** One configured input. */
export interface InputStatus {
  readonly name: string;
  readonly kind: InputKind;
  readonly point: string;
  readonly state: InputState;
  /** One line about what is wrong, null where nothing is. */
  readonly problem: string | null;
  /** Packets and captured bytes given to the engine. */
  readonly packets: number;
  readonly bytes: number;
  /** Flow records given to the engine, datagrams taken. */
  readonly records: number;
  readonly datagrams: number;
  readonly files: number;
  readonly filesFailed: number;
  readonly filesCutShort: number;
  /** Files of the spool that wait, and their bytes as stored. */
  readonly filesWaiting: number;
  readonly bytesWaiting: number;
  /** Packets lost in the kernel (capture buffer or socket buffer), and in the capture program. */
  readonly kernelDrops: number;
  readonly childDrops: number;
  readonly restarts: number;
  /** Seconds by which it is behind: wall clock less the time of the last packet (live), or age of the oldest waiting file. */
  readonly lag: number;
  /** Capture time of the last packet or record, µs; 0 = none yet. */
  readonly lastTime: number;
  readonly recordFaults: Partial<Record<RecordFault, number>>;
  readonly recordsLost: number;
  readonly sequenceGaps: number;
  readonly exporterRestarts: number;
  readonly templates: number;
  readonly exporters: readonly ExporterStatus[];
}

/** State of the tables of one observation point, over all threads. */
export interface PointStatus {
  readonly name: string;
  readonly packets: number;
  readonly bytes: number;
  readonly flows: number;
  readonly flowsActive: number;
  readonly flowsCapacity: number;
  readonly flowsExpired: number;
  /** Flows, conversations, keys and look-ups that gave way for want of room. */
  readonly evictedFlows: number;
  readonly evictedConversations: number;
  readonly evictedKeys: number;
  readonly evictedLookups: number;
  /** Conversations being read; of those, ones that speak of mining. */
  readonly conversations: number;
  readonly conversationsMatched: number;
  readonly conversationsCapacity: number;
  /** Flows in which a first payload was looked at, conversations that were read, and those that matched. */
  readonly inspected: number;
  readonly followed: number;
  readonly matched: number;
  readonly reassemblyBytes: number;
  readonly reassemblyLimit: number;
  /** Packets and flows put aside under overload. */
  readonly shedPackets: number;
  readonly shedFlows: number;
  /** Share of flows that are looked at now: 1 = all. */
  readonly keptShare: number;
  /** Conversations of flow records in the store, and its capacity. */
  readonly recordConversations: number;
  readonly recordConversationsCapacity: number;
  readonly recordConversationsEvicted: number;
  /** Conversations of flow records since the start, those that were reported, and records whose times or counts cannot be. */
  readonly recordConversationsSeen: number;
  readonly recordConversationsMatched: number;
  readonly recordsImplausible: number;
  /** Detections that were not written because their address only probes, and a thousand of it were. */
  readonly probesLeftOut: number;
  /** Conversations of flow records worth watching for which there was no room. */
  readonly recordConversationsUnwatched: number;
  readonly records: number;
  /** Keys (miner, pool, dialect, day) that are open. */
  readonly keys: number;
  readonly decodeErrors: Readonly<Record<string, number>>;
}

/** A detection as it was told last; holds addresses, not for metrics. */
export interface NewestDetection {
  readonly time: string;
  readonly point: string;
  readonly miner: string;
  readonly pool: string;
  readonly dialect: string | null;
  readonly confidence: 'confirmed' | 'probable' | 'suspected';
  readonly activity: 'mining' | 'attempt' | 'probe' | 'proxy';
  readonly coins: readonly string[];
}

/** All that the daemon says of itself. */
export interface DaemonStatus {
  readonly program: { readonly name: string; readonly version: string; readonly node: string; readonly pid: number };
  readonly sensor: string;
  /** Wall clock, µs. */
  readonly now: number;
  readonly startedAt: number;
  readonly ready: boolean;
  /** Why it is not ready, one line each. */
  readonly notReady: readonly string[];
  readonly threads: number;
  readonly signatures: {
    readonly count: number;
    readonly sha256: string;
    readonly loadedAt: number;
    readonly reloads: number;
    readonly reloadFailures: number;
  };
  readonly inputs: readonly InputStatus[];
  readonly points: readonly PointStatus[];
  /** Detections that became so sure in this process: `dialect` null becomes 'unknown'. */
  readonly detections: readonly {
    readonly dialect: string;
    readonly confidence: NewestDetection['confidence'];
    readonly activity: NewestDetection['activity'];
    readonly count: number;
  }[];
  /** Detections open now (today's windows), by confidence. */
  readonly detectionsOpen: Readonly<Record<NewestDetection['confidence'], number>>;
  /** How often each signature was among the indications of a new detection. */
  readonly signatureHits: Readonly<Record<string, number>>;
  /** Leads in the ledger by status and by division of province level ('unknown' where there is none); null without a ledger. */
  readonly leads: readonly { readonly status: string; readonly region: string; readonly count: number }[] | null;
  readonly ledger: {
    readonly writes: number;
    readonly failures: number;
    readonly detectionsWritten: number;
    /** Detections that wait to be written. */
    readonly pending: number;
    /** Detections that the ledger can never take as they are: put aside. */
    readonly refused: number;
    /** Seconds of each write: cumulative counts by upper bound, and the sum. */
    readonly latency: LatencyHistogram;
    readonly lastWrite: number;
    /** What is in use of the heap of its thread. */
    readonly heapBytes: number;
  } | null;
  readonly checkpoint: {
    readonly writes: number;
    readonly failures: number;
    /** Wall clock of the last one, µs; 0 = none yet. */
    readonly last: number;
    readonly latency: LatencyHistogram;
  };
  readonly resolver: {
    readonly enabled: boolean;
    readonly queries: number;
    readonly failures: number;
    readonly addresses: number;
  };
  /** Addresses learnt for listed endpoints from observed DNS. */
  readonly learntAddresses: number;
  readonly eventLoop: { readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number };
  readonly newest: readonly NewestDetection[];
}

/** Upper bounds in seconds of the latency histograms. */
export const LATENCY_BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] as const;

/** How long something took, as a cumulative histogram in seconds. */
export interface LatencyHistogram {
  /** Observations up to each bound of LATENCY_BOUNDS (cumulative), in order. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}
