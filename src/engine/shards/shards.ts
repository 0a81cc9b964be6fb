import { Worker } from 'node:worker_threads';
import { CaptureError, type Damage } from '../../capture/capture-error.ts';
import { CaptureReader } from '../../capture/reader.ts';
import type { ReplayOptions } from '../options.ts';
import type { ShardResult } from '../result.ts';
import { createRing, type RingStatus, RingWriter, Slot } from './shard-ring.ts';
import type { ShardOrder } from './shard-worker.ts';

/** Worker threads that share the flows of a run by hash. The result equals that of one thread. */
export class Shards {
  private readonly workers: Worker[] = [];
  private readonly results: Promise<ShardResult>[] = [];
  private readonly ring: RingWriter;
  private ended = false;

  constructor(options: ReplayOptions, names: readonly string[], seed: number) {
    const memory = createRing(options.threads);
    this.ring = new RingWriter(memory);
    // Node runs .ts in a checkout and .js where it was built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './shard-worker.ts' : './shard-worker.js', import.meta.url);
    for (let shard = 0; shard < options.threads; shard++) {
      const workerData: ShardOrder = {
        memory,
        shard,
        seed,
        signatures: options.signatures.signatures,
        endpoints: options.endpointOptions,
        names,
        filter: options.filter,
        home: options.home,
        daily: options.window === 'day',
        evidence: options.evidence,
      };
      const worker = new Worker(entry, { workerData });
      this.workers.push(worker);
      const result = new Promise<ShardResult>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      result.catch(() => undefined);
      this.results.push(result);
    }
  }

  /** A reader that hands every byte to the shards and answers with what shard 0 says of the input. */
  reader(input: number): CaptureReader {
    return new ShardedReader(input, this.ring);
  }

  async finish(): Promise<ShardResult[]> {
    if (this.ring.failed) await Promise.all(this.results);
    this.ring.mark(Slot.EndOfRun, 0);
    this.ended = true;
    return await Promise.all(this.results);
  }

  async close(): Promise<void> {
    // What a failed shard had to say is worth more than that it failed.
    if (!this.ended && this.ring.failed) await Promise.all(this.results);
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

class ShardedReader extends CaptureReader {
  private readonly ring: RingWriter;
  private readonly number: number;
  private state: RingStatus | null = null;

  constructor(input: number, ring: RingWriter) {
    super(input);
    this.number = input;
    this.ring = ring;
  }

  override feed(bytes: Uint8Array, _view: DataView, off: number, end: number): void {
    this.position += end - off;
    this.ring.write(this.number, bytes, off, end);
  }

  /** A block of the ring, which spares copying what is read. */
  nextBuffer(): Uint8Array {
    return this.ring.nextBlock();
  }

  override finish(): void {
    if (this.state) return;
    this.ring.mark(Slot.EndOfInput, this.number);
    this.ring.drain();
    this.state = this.ring.readStatus();
  }

  override get packets(): number {
    return this.state?.packets ?? 0;
  }

  /** Bytes on the wire of the packets that passed the filter. */
  get wireBytes(): number {
    return this.state?.bytes ?? 0;
  }

  override get format(): 'pcap' | 'pcapng' | null {
    return this.state?.format ?? null;
  }

  override get damage(): Damage | null {
    return this.state?.damage ?? null;
  }

  override get failure(): CaptureError | null {
    return this.state?.failure ? new CaptureError(this.state.failure.fault, this.state.failure.message) : null;
  }

  override get stopped(): boolean {
    return this.state === null && this.ring.stopped;
  }
}

/** Where an input that goes to shards is best read into; null for a reader of this thread. */
export function shardBuffers(reader: CaptureReader): (() => Uint8Array) | null {
  return reader instanceof ShardedReader ? () => reader.nextBuffer() : null;
}

/** Wire bytes of an input read through shards; null for a reader of this thread. */
export function shardedBytes(reader: CaptureReader): number | null {
  return reader instanceof ShardedReader ? reader.wireBytes : null;
}
