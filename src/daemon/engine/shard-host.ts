import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { EvidenceFrame } from '../../engine/options.ts';
import { BLOCK, createRing, RingWriter } from '../../engine/shards/shard-ring.ts';
import type { EndpointIndex, EndpointOptions } from '../../signature/endpoints.ts';
import type { Signature, SignatureSet } from '../../signature/types.ts';
import type { CoreCommand, CoreOptions, EngineTold, InputEnd } from './core.ts';
import type { EngineHost } from './host.ts';
import { mergeTold } from './merge-told.ts';
import { HostSlot, type ShardAnswer, type ShardHostOrder } from './shard-host-worker.ts';

export interface ShardHostOptions extends Omit<CoreOptions, 'shard' | 'shards' | 'endpoints'> {
  readonly threads: number;
  readonly endpointOptions: EndpointOptions;
}

interface Shard {
  readonly worker: Worker;
  readonly port: MessagePort;
}

interface Pending {
  readonly answers: unknown[];
  missing: number;
  readonly resolve: (answers: unknown[]) => void;
  readonly reject: (error: Error) => void;
}

export type WorkerCommand =
  | CoreCommand
  | { readonly kind: 'signatures'; readonly signatures: readonly Signature[]; readonly endpoints: EndpointOptions }
  | { readonly kind: 'times' }
  | { readonly kind: 'ping' };

/**
 * Worker threads that share the flows of every point by the hash of their hosts. Bytes go through a ring in shared memory
 * that all of them read; commands stand in the same ring, so that each takes effect at one place of the input everywhere.
 */
export class ShardHost implements EngineHost {
  readonly threads: number;
  private readonly ring: RingWriter;
  private readonly shards: Shard[] = [];
  private readonly pending: Map<number, Pending> = new Map();
  private readonly inputs: Map<number, { taken: number; stopped: boolean }> = new Map();
  private readonly lastTimes: Map<string, number> = new Map();
  private sequence = 0;
  private failure: Error | null = null;
  /** Nothing is fed while news are taken. */
  private quiet: Promise<void> | null = null;

  constructor(options: ShardHostOptions, onFailure: (error: Error) => void) {
    this.threads = options.threads;
    const memory = createRing(options.threads);
    this.ring = new RingWriter(memory);
    const entry = new URL(
      import.meta.url.endsWith('.ts') ? './shard-host-worker.ts' : './shard-host-worker.js',
      import.meta.url,
    );
    const { signatures, endpointOptions, threads, ...rest } = options;
    for (let shard = 0; shard < threads; shard++) {
      const { port1, port2 } = new MessageChannel();
      const workerData: ShardHostOrder = {
        ...rest,
        memory,
        shard,
        shards: threads,
        signatures: signatures.signatures,
        endpointOptions,
        port: port2,
      };
      const worker = new Worker(entry, { workerData, transferList: [port2] });
      worker.on('message', (answer: ShardAnswer) => this.onAnswer(shard, answer));
      worker.once('error', (error) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
        for (const { reject } of this.pending.values()) reject(this.failure);
        this.pending.clear();
        onFailure(this.failure);
      });
      this.shards.push({ worker, port: port1 });
    }
  }

  open(input: number, point: string, name: string, skip: number): void {
    this.inputs.set(input, { taken: skip, stopped: false });
    this.ask({ kind: 'open', input, point, name, skip }).catch(() => undefined);
  }

  feed(input: number, bytes: Uint8Array, off: number, end: number): Promise<void> | undefined {
    if (this.quiet !== null) return this.quiet.then(() => this.write(input, bytes, off, end));
    this.write(input, bytes, off, end);
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  private write(input: number, bytes: Uint8Array, off: number, end: number): void {
    if (this.failure !== null) return;
    for (let from = off; from < end; from += BLOCK) this.ring.write(input, bytes, from, Math.min(end, from + BLOCK));
  }

  taken(input: number): number {
    return this.inputs.get(input)?.taken ?? 0;
  }

  lastTime(point: string): number {
    return this.lastTimes.get(point) ?? Number.NEGATIVE_INFINITY;
  }

  stopped(input: number): boolean {
    return this.inputs.get(input)?.stopped ?? true;
  }

  async end(input: number): Promise<InputEnd> {
    await this.quiet;
    const [answer] = await this.ask({ kind: 'end', input });
    this.inputs.delete(input);
    return answer as InputEnd;
  }

  async tell(then: (told: EngineTold) => void): Promise<void> {
    await this.quiet;
    let release = (): void => undefined;
    this.quiet = new Promise((resolve) => {
      release = resolve;
    });
    try {
      const told = mergeTold((await this.ask({ kind: 'tell' })) as EngineTold[]);
      this.note(told);
      then(told);
    } finally {
      this.quiet = null;
      release();
    }
  }

  private note(told: EngineTold): void {
    for (const [input, taken] of told.inputs) {
      const known = this.inputs.get(input);
      if (known !== undefined) known.taken = taken;
    }
    for (const { name, counts } of told.points) this.lastTimes.set(name, counts.lastTime);
  }

  async evidence(point: string, keys: readonly string[]): Promise<Map<string, EvidenceFrame[]>> {
    const found = new Map<string, EvidenceFrame[]>();
    for (const answer of (await this.ask({ kind: 'evidence', point, keys })) as Map<string, EvidenceFrame[]>[]) {
      for (const [key, frames] of answer) found.set(key, [...(found.get(key) ?? []), ...frames]);
    }
    return found;
  }

  async send(command: CoreCommand): Promise<void> {
    await this.ask(command);
  }

  async names(): Promise<unknown> {
    // Every shard reads all of DNS and knows the same names.
    return (await this.ask({ kind: 'names' }))[0];
  }

  async setSignatures(signatures: SignatureSet, _endpoints: EndpointIndex, endpoints: EndpointOptions): Promise<void> {
    await this.ask({ kind: 'signatures', signatures: signatures.signatures, endpoints });
  }

  async finish(): Promise<EngineTold> {
    await this.quiet;
    return mergeTold((await this.ask({ kind: 'finish' })) as EngineTold[]);
  }

  async catchUp(): Promise<void> {
    // Every shard reads every packet.
    const [times] = (await this.ask({ kind: 'times' })) as (readonly (readonly [string, number])[])[];
    for (const [point, time] of times ?? []) this.lastTimes.set(point, time);
  }

  async ping(): Promise<void> {
    await this.ask({ kind: 'ping' });
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map(({ worker }) => worker.terminate()));
    for (const { port } of this.shards) port.close();
  }

  private ask(command: WorkerCommand): Promise<unknown[]> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const sequence = ++this.sequence;
    const asked = new Promise<unknown[]>((resolve, reject) => {
      this.pending.set(sequence, { answers: [], missing: this.shards.length, resolve, reject });
    });
    for (const { port } of this.shards) port.postMessage({ sequence, command });
    this.ring.mark(HostSlot.Command, 0);
    return asked;
  }

  private onAnswer(shard: number, { sequence, answer, stopped }: ShardAnswer): void {
    for (const input of stopped) {
      const known = this.inputs.get(input);
      if (known !== undefined) known.stopped = true;
    }
    const pending = this.pending.get(sequence);
    if (pending === undefined) return;
    pending.answers[shard] = answer;
    if (--pending.missing > 0) return;
    this.pending.delete(sequence);
    pending.resolve(pending.answers);
  }
}
