/** What a pipeline is made with, and what it counts. */
import type { BpfProgram } from '../capture/bpf.ts';
import type { EndpointIndex } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';
import type { Stretch } from './records/watch.ts';

export interface PipelineOptions {
  readonly signatures: SignatureSet;
  readonly endpoints: EndpointIndex;
  /** Flows alive at once, conversations read at once, bytes that streams may hold back together. */
  readonly capacity: number;
  readonly maxConversations: number;
  /** Of those, conversations in which nothing has spoken of mining yet (about 4 KiB each). */
  readonly maxUnmatched: number;
  readonly streamBytes: number;
  /** Microseconds of capture time. */
  readonly idleTimeout: number;
  readonly activeTimeout: number;
  readonly inspectPackets: number;
  readonly home: readonly string[];
  readonly keepEvidence: boolean;
  /** Compiles the filter for a link type; null = no filter. */
  readonly filterFor: ((linkType: number) => BpfProgram) | null;
  readonly fileOf: (input: number) => string;
  /** Windows are UTC days instead of the run. */
  readonly daily?: boolean;
  /** There is no end: `tell` is asked for news (only with `daily`). */
  readonly endless?: boolean;
  /** This pipeline takes the flows whose hash falls to `shard` of `shards`. */
  readonly shard: number;
  readonly shards: number;
  /** Secret of the flow hash, the same in all shards; any 32-bit number. */
  readonly seed: number;
}

export const DEFAULT_LIMITS: Pick<
  PipelineOptions,
  'capacity' | 'maxConversations' | 'maxUnmatched' | 'streamBytes' | 'idleTimeout' | 'activeTimeout' | 'inspectPackets'
> = {
  capacity: 393_216,
  maxConversations: 2 ** 15,
  maxUnmatched: 2 ** 12,
  streamBytes: 32 * 1024 * 1024,
  idleTimeout: 900_000_000,
  activeTimeout: 3_600_000_000,
  inspectPackets: 6,
};

/** Counters of a pipeline that a summary needs. */
export interface PipelineCounts {
  packets: number;
  bytes: number;
  flows: number;
  evictions: number;
  firstTime: number;
  lastTime: number;
  homeFlows: number[];
  /** When packets came; empty where the window is the run. */
  watched: readonly Stretch[];
  /** By anomaly index: those of decoding, and those of streams and protocols. Every shard counts its own. */
  decodeAnomalies: Float64Array;
  streamAnomalies: Float64Array;
}

/** Occupancy of the tables of a pipeline, and what gave way or was put aside since it began. */
export interface PipelineState {
  /** Flows whose payload was looked at, conversations that were read, and those that spoke of mining. */
  readonly inspected: number;
  readonly followed: number;
  readonly matched: number;
  readonly flowsActive: number;
  readonly flowsCapacity: number;
  readonly flowsExpired: number;
  readonly evictedFlows: number;
  readonly evictedConversations: number;
  readonly evictedKeys: number;
  readonly evictedLookups: number;
  readonly conversations: number;
  readonly conversationsMatched: number;
  /** Bytes that streams and parsers hold back, and their bound. */
  readonly reassemblyBytes: number;
  readonly reassemblyLimit: number;
  readonly shedPackets: number;
  readonly shedFlows: number;
  readonly keptShare: number;
  readonly learntAddresses: number;
}
