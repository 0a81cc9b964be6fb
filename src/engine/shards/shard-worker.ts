import { parentPort, workerData } from 'node:worker_threads';
import { CaptureReader } from '../../capture/reader.ts';
import { type EndpointOptions, loadEndpoints } from '../../signature/endpoints.ts';
import { createSignatureSet } from '../../signature/set.ts';
import type { Signature } from '../../signature/types.ts';
import { prepareFilter } from '../filter.ts';
import { DEFAULT_LIMITS, Pipeline } from '../pipeline.ts';
import { type RingMemory, RingReader, Slot } from './shard-ring.ts';

/** What a shard is told when it starts. */
export interface ShardOrder {
  readonly memory: RingMemory;
  readonly shard: number;
  readonly seed: number;
  readonly signatures: readonly Signature[];
  readonly endpoints: EndpointOptions;
  readonly names: readonly string[];
  readonly filter: string | null;
  readonly home: readonly string[];
  readonly daily: boolean;
  readonly evidence: boolean;
}

/** Reads blocks until the end of the run, then posts what it found. */
async function work(order: ShardOrder): Promise<void> {
  const ring = new RingReader(order.memory, order.shard);
  try {
    const pipeline = new Pipeline({
      ...DEFAULT_LIMITS,
      maxConversations: Math.ceil(DEFAULT_LIMITS.maxConversations / order.memory.shards),
      maxUnmatched: Math.ceil(DEFAULT_LIMITS.maxUnmatched / order.memory.shards),
      streamBytes: Math.ceil(DEFAULT_LIMITS.streamBytes / order.memory.shards),
      signatures: createSignatureSet(order.signatures),
      endpoints: loadEndpoints(undefined, order.endpoints),
      home: order.home,
      daily: order.daily,
      keepEvidence: order.evidence,
      filterFor: await prepareFilter(order.filter),
      fileOf: (input) => order.names[input] ?? '?',
      shard: order.shard,
      shards: order.memory.shards,
      seed: order.seed,
    });
    let reader: CaptureReader | null = null;
    let bytesBefore = 0;
    for (;;) {
      ring.next();
      if (ring.kind === Slot.EndOfRun) break;
      reader ??= new CaptureReader(ring.input);
      if (ring.kind === Slot.Data) {
        reader.feed(ring.bytes, ring.view, ring.off, ring.end, pipeline);
        if (order.shard === 0) ring.setStopped(reader.stopped);
      } else {
        reader.finish();
        if (order.shard === 0) {
          const { damage, failure, format, packets } = reader;
          ring.writeStatus({
            packets,
            bytes: pipeline.bytes - bytesBefore,
            format,
            damage: damage && { offset: damage.offset, anomaly: damage.anomaly, reason: damage.reason.slice(0, 1000) },
            failure: failure && { fault: failure.fault, message: failure.message.slice(0, 1000) },
          });
          ring.setStopped(false);
        }
        bytesBefore = pipeline.bytes;
        reader = null;
      }
      ring.done();
    }
    pipeline.finish();
    parentPort?.postMessage({
      finished: pipeline.finished,
      evidence: pipeline.evidence,
      surroundings: pipeline.surroundings,
      counts: pipeline.counts(),
    });
    ring.done();
  } catch (error) {
    ring.setFailed();
    throw error;
  }
}

await work(workerData as ShardOrder);
