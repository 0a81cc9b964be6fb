import type { Frame, FrameSink } from '../../capture/frame.ts';
import { CaptureReader } from '../../capture/reader.ts';
import type { BookEntry } from '../../engine/names/address-book.ts';
import type { EvidenceFrame } from '../../engine/options.ts';
import { DEFAULT_LIMITS, Pipeline, type PipelineCounts, type PipelineState } from '../../engine/pipeline.ts';
import type { FactsTold } from '../../engine/told.ts';
import type { EndpointIndex } from '../../signature/endpoints.ts';
import type { SignatureSet } from '../../signature/types.ts';

/** Bounds of one observation point, over all threads; times in microseconds. */
export interface EngineLimits {
  readonly flows: number;
  readonly conversations: number;
  readonly reassemblyBytes: number;
  readonly idleTimeout: number;
  readonly activeTimeout: number;
}

export interface EnginePoint {
  readonly name: string;
  readonly home: readonly string[];
}

export interface CoreOptions {
  readonly shard: number;
  readonly shards: number;
  readonly seed: number;
  readonly points: readonly EnginePoint[];
  readonly limits: EngineLimits;
  readonly evidence: boolean;
  readonly signatures: SignatureSet;
  readonly endpoints: EndpointIndex;
}

/** What came of reading one capture. */
export interface InputEnd {
  readonly packets: number;
  readonly damage: { readonly offset: number; readonly reason: string } | null;
  readonly failure: string | null;
}

/** News of one observation point. */
export interface PointTold {
  readonly name: string;
  readonly told: FactsTold;
  readonly counts: PipelineCounts;
  readonly state: PipelineState;
}

export interface EngineTold {
  readonly points: readonly PointTold[];
  /** Packets taken of each open input, with those skipped. */
  readonly inputs: readonly (readonly [input: number, taken: number])[];
}

/** What a core can be asked; plain data, so that it can cross threads. */
export type CoreCommand =
  | {
      readonly kind: 'open';
      readonly input: number;
      readonly point: string;
      readonly name: string;
      readonly skip: number;
    }
  | { readonly kind: 'end'; readonly input: number }
  | { readonly kind: 'point'; readonly name: string; readonly home: readonly string[] }
  | { readonly kind: 'tell' }
  | { readonly kind: 'learn'; readonly entries: readonly BookEntry[] }
  | { readonly kind: 'names' }
  | { readonly kind: 'recall'; readonly names: unknown }
  | { readonly kind: 'evidence'; readonly point: string; readonly keys: readonly string[] }
  /** These keys are forgotten, days before `day` are over, and when they were watched is written for those before `watched`. */
  | {
      readonly kind: 'forget';
      readonly point: string;
      readonly keys: readonly string[];
      readonly day: number;
      readonly watched: number;
    }
  | { readonly kind: 'shed'; readonly point: string; readonly share: number; readonly patience: number }
  | { readonly kind: 'ignore'; readonly clients: readonly string[] }
  | { readonly kind: 'finish' };

interface OpenInput {
  readonly reader: CaptureReader;
  readonly sink: FrameSink;
}

/** Names of files remembered for evidence. */
const MAX_NAMES = 10_000;

/** The pipelines of all observation points, for one thread. */
export class Core {
  private readonly pipelines: Map<string, Pipeline> = new Map();
  private readonly inputs: Map<number, OpenInput> = new Map();
  private readonly names: Map<number, string> = new Map();
  private readonly options: CoreOptions;
  private signatures: SignatureSet;
  private endpoints: EndpointIndex;
  private ignored: ReadonlySet<string> = new Set();

  constructor(options: CoreOptions) {
    this.options = options;
    this.signatures = options.signatures;
    this.endpoints = options.endpoints;
    for (const point of options.points) this.pipelines.set(point.name, this.create(point.home));
  }

  private create(home: readonly string[]): Pipeline {
    const { limits, shard, shards, seed, evidence } = this.options;
    const conversations = Math.max(64, Math.ceil(limits.conversations / shards));
    const pipeline = new Pipeline({
      ...DEFAULT_LIMITS,
      // Every shard sees the flows of DNS of all others.
      capacity: Math.max(1024, Math.ceil(limits.flows / shards)),
      maxConversations: conversations,
      maxUnmatched: Math.ceil(conversations / 8),
      streamBytes: Math.ceil(limits.reassemblyBytes / shards),
      idleTimeout: limits.idleTimeout,
      activeTimeout: limits.activeTimeout,
      signatures: this.signatures,
      endpoints: this.endpoints,
      home,
      daily: true,
      endless: true,
      keepEvidence: evidence,
      filterFor: null,
      fileOf: (input) => this.names.get(input) ?? '?',
      shard,
      shards,
      seed,
    });
    pipeline.ignoreLookups(this.ignored);
    return pipeline;
  }

  /** The pipeline of a point; made where an input is the first of it. */
  pipeline(point: string): Pipeline {
    let known = this.pipelines.get(point);
    if (known === undefined) {
      known = this.create([]);
      this.pipelines.set(point, known);
    }
    return known;
  }

  open(input: number, point: string, name: string, skip: number): void {
    const pipeline = this.pipeline(point);
    this.names.set(input, name);
    if (this.names.size > MAX_NAMES) {
      // An interface that is open for months is the oldest of all and still needs its name.
      for (const known of this.names.keys()) {
        if (this.inputs.has(known)) continue;
        this.names.delete(known);
        break;
      }
    }
    const sink = skip > 0 ? new SkippingSink(pipeline, skip) : pipeline;
    this.inputs.set(input, { reader: new CaptureReader(input), sink });
  }

  /** Takes bytes [off, end) of an input; `view` covers the same bytes. */
  feed(input: number, bytes: Uint8Array, view: DataView, off: number, end: number): void {
    const open = this.inputs.get(input);
    open?.reader.feed(bytes, view, off, end, open.sink);
  }

  taken(input: number): number {
    return this.inputs.get(input)?.reader.packets ?? 0;
  }

  stopped(input: number): boolean {
    return this.inputs.get(input)?.reader.stopped ?? true;
  }

  /** Capture time of the newest packet of a point, µs; -Infinity before the first. */
  lastTime(point: string): number {
    return this.pipelines.get(point)?.lastTime ?? Number.NEGATIVE_INFINITY;
  }

  lastTimes(): (readonly [point: string, time: number])[] {
    return [...this.pipelines].map(([name, { lastTime }]) => [name, lastTime] as const);
  }

  end(input: number): InputEnd {
    const open = this.inputs.get(input);
    if (open === undefined) return { packets: 0, damage: null, failure: null };
    this.inputs.delete(input);
    const { reader } = open;
    reader.finish();
    const { packets, damage, failure } = reader;
    return {
      packets,
      damage: damage && { offset: damage.offset, reason: damage.reason.slice(0, 500) },
      failure: failure?.message.slice(0, 500) ?? null,
    };
  }

  tell(): EngineTold {
    const points = [...this.pipelines].map(([name, pipeline]) => ({
      name,
      told: pipeline.tell(),
      counts: pipeline.counts(),
      state: pipeline.state(),
    }));
    return { points, inputs: [...this.inputs].map(([input, { reader }]) => [input, reader.packets] as const) };
  }

  setSignatures(signatures: SignatureSet, endpoints: EndpointIndex): void {
    this.signatures = signatures;
    this.endpoints = endpoints;
    for (const pipeline of this.pipelines.values()) pipeline.setSignatures(signatures, endpoints);
  }

  /** Carries out a command between pieces; the answer is plain data. */
  command(command: CoreCommand): unknown {
    switch (command.kind) {
      case 'open':
        this.open(command.input, command.point, command.name, command.skip);
        return null;
      case 'end':
        return this.end(command.input);
      case 'point':
        if (!this.pipelines.has(command.name)) this.pipelines.set(command.name, this.create(command.home));
        return null;
      case 'tell':
        return this.tell();
      case 'learn':
        for (const pipeline of this.pipelines.values()) pipeline.learnAddresses(command.entries);
        return null;
      case 'names':
        return Object.fromEntries([...this.pipelines].map(([name, pipeline]) => [name, pipeline.exportNames()]));
      case 'recall':
        if (typeof command.names !== 'object' || command.names === null) return null;
        for (const [name, state] of Object.entries(command.names)) this.pipelines.get(name)?.importNames(state);
        return null;
      case 'evidence':
        return (
          this.pipelines.get(command.point)?.evidenceOf(new Set(command.keys)) ?? new Map<string, EvidenceFrame[]>()
        );
      case 'forget': {
        const pipeline = this.pipelines.get(command.point);
        pipeline?.forgetEvidence(command.keys);
        pipeline?.settleDays(command.day);
        pipeline?.forgetWatched(command.watched);
        return null;
      }
      case 'shed':
        this.pipelines.get(command.point)?.shed(command.share, command.patience);
        return null;
      case 'ignore':
        this.ignored = new Set(command.clients);
        for (const pipeline of this.pipelines.values()) pipeline.ignoreLookups(this.ignored);
        return null;
      case 'finish':
        for (const pipeline of this.pipelines.values()) pipeline.finish();
        return this.tell();
    }
  }
}

/** Passes over the packets that an earlier process has worked off. */
class SkippingSink implements FrameSink {
  private left: number;
  private readonly pipeline: Pipeline;

  constructor(pipeline: Pipeline, skip: number) {
    this.pipeline = pipeline;
    this.left = skip;
  }

  onFrame(frame: Frame): void {
    if (this.left > 0) this.left--;
    else this.pipeline.onFrame(frame);
  }

  onPieceEnd(): void {
    this.pipeline.onPieceEnd();
  }
}
