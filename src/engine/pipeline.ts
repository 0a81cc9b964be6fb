// hot: one call per packet. No allocation until the first bytes of a payload have passed the first look.
import { type BpfProgram, runFilter } from '../capture/bpf.ts';
import { Frame, type FrameSink } from '../capture/frame.ts';
import { createAnomalyCounters } from '../common/anomaly.ts';
import { decodeFrame, decodeNetworkPayload } from '../decode/decode.ts';
import { Decoded, Packet, PROTOCOL_TCP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../decode/packet.ts';
import { addFacts, factsOfOne, type KeyFacts, keyOf } from '../detect/key-facts.ts';
import { flowContext, flowHash } from '../flow/flow-key.ts';
import { FragmentStore } from '../flow/fragments.ts';
import type { SegmentPlace, StreamBudget } from '../flow/stream.ts';
import { FlowTable, Phase, RULED_OUT_A, START_KNOWN_A } from '../flow/table.ts';
import { Look, lookAtStart, lookInside } from '../protocol/first-look.ts';
import type { SignatureSet } from '../signature/types.ts';
import { Conversation, type ConversationContext } from './conversation.ts';
import { factsOf, type OpenConversation } from './conversation-facts.ts';
import { byTime } from './evidence-order.ts';
import { HomePrefixes } from './home.ts';
import type { EvidenceFrame } from './options.ts';
import { plainShard, shardOf } from './shard-of.ts';

/** A segment this far beyond the known start of its stream is not waited for. */
const REORDER_REACH = 64 * 1024;
/** Miner, pool and dialect triples that are kept; what comes beyond is counted as evicted. */
const MAX_KEYS = 100_000;
/** Evidence frames kept for a key. */
const MAX_EVIDENCE = 512;
/** Bytes of evidence of a run; what is found later goes without. */
const MAX_EVIDENCE_BYTES = 64 * 1024 * 1024;
const SWEEP_EVERY = 4096;
const SWEEP_RECORDS = 1024;
/** Frames decoded ahead of the flow table, so that its memory can be fetched for all of them at once. */
const BATCH = 32;
const FLAGS_OF_INTEREST = TCP_SYN | TCP_FIN | TCP_RST;

export interface PipelineOptions {
  readonly signatures: SignatureSet;
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
  /** By anomaly index: those of decoding, and those of streams and protocols. Every shard counts its own. */
  decodeAnomalies: Float64Array;
  streamAnomalies: Float64Array;
}

/** The stages from frame to conversation facts, for one thread. */
export class Pipeline implements FrameSink {
  /** What the conversations that ended tell of each key, and the frames that prove it. */
  readonly keys: Map<string, KeyFacts> = new Map();
  readonly evidence: Map<string, EvidenceFrame[]> = new Map();
  packets = 0;
  bytes = 0;
  conversationsEvicted = 0;
  keysDropped = 0;
  private evidenceBytes = 0;
  firstTime: number = Number.POSITIVE_INFINITY;
  lastTime: number = Number.NEGATIVE_INFINITY;
  private readonly options: PipelineOptions;
  private readonly decodeCounters = createAnomalyCounters();
  private readonly streamCounters = createAnomalyCounters();
  /** Takes what another shard counts. */
  private readonly unused = createAnomalyCounters();
  /** The batch: frames (their bytes in place), their headers, what decoding said, flow hash and context. */
  private readonly frames: Frame[] = [];
  private readonly headers: Packet[] = [];
  private readonly decoded = new Int32Array(BATCH);
  private readonly hashes = new Int32Array(BATCH);
  private readonly contexts = new Int32Array(BATCH);
  private filled = 0;
  private readonly seed: number;
  private readonly shard: number;
  private readonly shards: number;
  private readonly filtered: boolean;
  private fetched = 0;
  private readonly table: FlowTable;
  private readonly fragments = new FragmentStore();
  private readonly home: HomePrefixes;
  private readonly context: ConversationContext;
  private readonly open: (OpenConversation | null)[] = [];
  private readonly freeNumbers: number[] = [];
  private openCount = 0;
  private unmatchedCount = 0;
  private oldest = 0;
  private readonly filters: (BpfProgram | null)[] = [];
  private untilSweep = SWEEP_EVERY;
  private readonly place: SegmentPlace = { input: 0, packet: 0, time: 0, shift: 0 };

  constructor(options: PipelineOptions) {
    this.options = options;
    this.seed = options.seed | 0;
    this.shard = options.shard;
    this.shards = options.shards;
    this.filtered = options.filterFor !== null;
    const empty = new Uint8Array(0);
    const view = new DataView(empty.buffer);
    for (let i = 0; i < BATCH; i++) {
      this.frames.push(new Frame(empty, view));
      this.headers.push(new Packet(empty, view));
    }
    this.table = new FlowTable(options, this);
    this.home = new HomePrefixes(options.home);
    const budget: StreamBudget = { used: 0, limit: options.streamBytes };
    this.context = {
      signatures: options.signatures,
      budget,
      counters: this.streamCounters,
      keepEvidence: options.keepEvidence,
      fileOf: options.fileOf,
    };
  }

  onFrame(frame: Frame): void {
    if (this.filtered && !this.passesFilter(frame)) return;
    this.packets++;
    this.bytes += frame.originalLength;
    if (frame.time < this.firstTime) this.firstTime = frame.time;
    if (frame.time > this.lastTime) this.lastTime = frame.time;
    const at = this.filled;
    const p = this.headers[at] as Packet;
    let counters = this.decodeCounters;
    if (this.shards > 1) {
      const owner = plainShard(frame, this.seed, this.shards);
      if (owner >= 0 && owner !== this.shard) return;
      // What every shard decodes, the first one counts.
      if (owner < 0 && this.shard !== 0) counters = this.unused;
    }
    const decoded = decodeFrame(frame, p, counters);
    if (decoded !== Decoded.Transport && decoded !== Decoded.Fragment) return;
    (this.frames[at] as Frame).set(frame);
    this.decoded[at] = decoded;
    if (decoded === Decoded.Transport) {
      if (this.shards > 1 && shardOf(p, this.seed, this.shards) !== this.shard) return;
      const context = flowContext(p);
      this.contexts[at] = context;
      this.hashes[at] = flowHash(p, context, this.seed);
    }
    this.filled = at + 1;
    if (this.filled === BATCH) this.onPieceEnd();
  }

  /** Works off the batch, in order. */
  onPieceEnd(): void {
    const count = this.filled;
    if (count === 0) return;
    this.filled = 0;
    this.fetched ^= this.table.prefetch(this.hashes, count);
    for (let i = 0; i < count; i++) {
      const frame = this.frames[i] as Frame;
      const p = this.headers[i] as Packet;
      if (this.decoded[i] === Decoded.Transport) {
        this.onTransport(frame, p, 0 - frame.offset, this.hashes[i] as number, this.contexts[i] as number);
      } else this.onFragment(frame, p);
    }
  }

  private onFragment(frame: Frame, p: Packet): void {
    const store = this.fragments;
    // Datagrams inside datagrams end: each round takes one header less.
    for (let depth = 0; depth < 4; depth++) {
      // Every shard puts every datagram together; the first one counts what is wrong with them.
      const counters = this.shard === 0 ? this.decodeCounters : this.unused;
      if (!store.add(p, frame.time, counters)) return;
      const decoded = decodeNetworkPayload(store.bytes, store.view, 0, store.length, store.protocol, p, counters);
      if (decoded === Decoded.Transport) {
        if (this.shards > 1 && shardOf(p, this.seed, this.shards) !== this.shard) return;
        const context = flowContext(p);
        this.onTransport(frame, p, Number.NaN, flowHash(p, context, this.seed), context);
      }
      if (decoded !== Decoded.Fragment) return;
    }
  }

  private onTransport(frame: Frame, p: Packet, shift: number, hash: number, context: number): void {
    const table = this.table;
    const flow = table.touch(p, hash, context, frame.time, frame.originalLength);
    if (--this.untilSweep === 0) {
      this.untilSweep = SWEEP_EVERY;
      table.sweep(frame.time, SWEEP_RECORDS);
    }
    if (table.isNew && !this.home.empty) {
      this.home.count(
        p.ipVersion,
        p.source0,
        p.source1,
        p.source2,
        p.source3,
        p.destination0,
        p.destination1,
        p.destination2,
        p.destination3,
      );
    }
    if (p.protocol !== PROTOCOL_TCP) return;
    const side = table.side;
    if (p.tcpFlags & FLAGS_OF_INTEREST) this.onFlags(flow, side, p);
    if (p.payloadLength === 0) return;
    const phase = table.phase(flow);
    if (phase === Phase.Ignored) return;
    if (phase === Phase.Inspect && !this.inspect(flow, side, p, frame)) return;
    this.follow(flow, side, p, frame, shift);
  }

  private onFlags(flow: number, side: 0 | 1, p: Packet): void {
    this.table.noteFlags(flow, side, p);
    if (this.table.phase(flow) !== Phase.Followed) return;
    const number = this.table.conversation(flow);
    const { conversation } = this.open[number] as OpenConversation;
    if (p.tcpFlags & TCP_SYN) conversation.pair.open(side, (p.sequence + 1) | 0);
    if (p.tcpFlags & TCP_FIN) {
      conversation.pair.close(side, (p.sequence + p.payloadLength) | 0);
      if (p.payloadLength === 0 && conversation.pair.complete && !conversation.matched) {
        this.drop(flow, number, Phase.Ignored);
      }
    }
  }

  /** The first look at a payload. True: the flow is to be followed from this packet on. */
  private inspect(flow: number, side: 0 | 1, p: Packet, frame: Frame): boolean {
    const table = this.table;
    const state = table.state(flow);
    if (state & (RULED_OUT_A << side)) return false;
    let final = false;
    let look: Look;
    if (state & (START_KNOWN_A << side)) {
      const ahead = (p.sequence + (p.tcpFlags & TCP_SYN ? 1 : 0) - table.start(flow, side)) | 0;
      if (ahead < 0) return false;
      if (ahead === 0) {
        look = lookAtStart(p.bytes, p.payload, p.payloadEnd);
        final = true;
      } else if (ahead < REORDER_REACH) look = Look.Text;
      else look = p.payload < p.payloadEnd ? lookInside(p.bytes, p.payload, p.payloadEnd) : Look.No;
    } else look = p.payload < p.payloadEnd ? lookInside(p.bytes, p.payload, p.payloadEnd) : Look.No;
    if (look !== Look.No) {
      this.begin(flow, p, frame);
      return true;
    }
    if (final || table.spend(flow, side) <= 0) {
      table.setState(flow, RULED_OUT_A << side);
      if (table.state(flow) & (RULED_OUT_A << (1 - side))) table.setPhase(flow, Phase.Ignored);
    }
    return false;
  }

  private begin(flow: number, p: Packet, frame: Frame): void {
    const table = this.table;
    if (this.openCount >= this.options.maxConversations || this.unmatchedCount >= this.options.maxUnmatched) {
      this.evictConversation();
    }
    const state = table.state(flow);
    const known: [boolean, boolean] = [(state & START_KNOWN_A) !== 0, (state & (START_KNOWN_A << 1)) !== 0];
    const conversation = new Conversation(flow, known, this.context);
    if (known[0]) conversation.pair.open(0, table.start(flow, 0));
    if (known[1]) conversation.pair.open(1, table.start(flow, 1));
    const number = this.freeNumbers.pop() ?? this.open.length;
    const words = Int32Array.of(
      p.source0,
      p.source1,
      p.source2,
      p.source3,
      p.destination0,
      p.destination1,
      p.destination2,
      p.destination3,
    );
    if (table.side === 1) {
      words.copyWithin(0, 4);
      words.set([p.source0, p.source1, p.source2, p.source3], 4);
    }
    this.open[number] = { conversation, version: p.ipVersion, words, input: frame.input, packet: frame.number };
    this.openCount++;
    this.unmatchedCount++;
    table.setConversation(flow, number);
    table.setPhase(flow, Phase.Followed);
  }

  private follow(flow: number, side: 0 | 1, p: Packet, frame: Frame, shift: number): void {
    const number = this.table.conversation(flow);
    const { conversation } = this.open[number] as OpenConversation;
    const place = this.place;
    place.input = frame.input;
    place.packet = frame.number;
    place.time = frame.time;
    place.shift = shift;
    if (this.options.keepEvidence) {
      const payload = Number.isNaN(shift) ? 0 : p.payload + shift;
      conversation.keep(frame, this.options.fileOf(frame.input), side, payload);
    }
    conversation.pair.push(
      side,
      (p.sequence + (p.tcpFlags & TCP_SYN ? 1 : 0)) | 0,
      p.acknowledgment,
      (p.tcpFlags & TCP_ACK) !== 0,
      p.bytes,
      p.payload,
      p.payloadEnd,
      p.payloadLength,
      place,
    );
    this.countMatch(conversation);
    conversation.account();
    // A connection that has ended without a word of mining has nothing more to tell.
    if (conversation.hopeless || (conversation.pair.complete && !conversation.matched))
      this.drop(flow, number, Phase.Ignored);
  }

  private drop(flow: number, number: number, phase: Phase): void {
    const { conversation } = this.open[number] as OpenConversation;
    conversation.release();
    this.open[number] = null;
    this.openCount--;
    if (!conversation.counted) this.unmatchedCount--;
    this.freeNumbers.push(number);
    this.table.setConversation(flow, -1);
    this.table.setPhase(flow, phase);
  }

  /** Room for another: the next in turn in which nothing spoke of mining goes; one that did only where all do. */
  private evictConversation(): void {
    let number = -1;
    for (let i = 0; i < this.open.length; i++) {
      const at = (this.oldest + i) % this.open.length;
      const candidate = this.open[at]?.conversation;
      if (!candidate) continue;
      if (number < 0) number = at;
      if (candidate.matched) continue;
      // What was held back for the sake of order may be what speaks of mining.
      candidate.pair.flush();
      this.countMatch(candidate);
      if (!candidate.matched) {
        number = at;
        break;
      }
    }
    this.oldest = (number + 1) % this.open.length;
    const victim = this.open[number] as OpenConversation;
    this.conversationsEvicted++;
    this.close(victim.conversation.flow, victim);
    this.drop(victim.conversation.flow, number, Phase.Ignored);
  }

  /** Takes a conversation out of those that wait for a first sign of mining, once there is one. */
  private countMatch(conversation: Conversation): void {
    if (conversation.counted || !conversation.matched) return;
    conversation.counted = true;
    this.unmatchedCount--;
  }

  /** The flow table ends a flow that has a conversation. */
  onFlowEnd(flow: number, number: number): void {
    const ended = this.open[number];
    if (!ended) return;
    this.close(flow, ended);
    this.drop(flow, number, Phase.Ignored);
  }

  /** Turns a conversation into facts, where anything spoke of mining. */
  private close(flow: number, ended: OpenConversation): void {
    const { conversation } = ended;
    conversation.finish();
    if (!conversation.matched) return;
    for (const facts of factsOf(this.table, flow, ended)) {
      if (this.keys.size >= MAX_KEYS && !this.keys.has(keyOf(facts))) {
        this.keysDropped++;
        continue;
      }
      addFacts(this.keys, factsOfOne(facts));
      if (this.options.keepEvidence) this.addEvidence(keyOf(facts), conversation.frames);
    }
  }

  private addEvidence(key: string, frames: readonly EvidenceFrame[]): void {
    if (this.evidenceBytes > MAX_EVIDENCE_BYTES) return;
    for (const frame of frames) this.evidenceBytes += frame.bytes.length;
    const known = this.evidence.get(key) ?? [];
    // The earliest stay, whatever order conversations end in.
    this.evidence.set(key, [...known, ...frames].sort(byTime).slice(0, MAX_EVIDENCE));
  }

  /** What was found so far, key by key. */
  get finished(): KeyFacts[] {
    return [...this.keys.values()];
  }

  /** Ends everything that is open. Call once, after the last frame. */
  finish(): void {
    this.onPieceEnd();
    this.table.clear();
  }

  counts(): PipelineCounts {
    return {
      packets: this.packets,
      bytes: this.bytes,
      flows: this.table.created,
      evictions: this.table.evicted + this.conversationsEvicted + this.keysDropped,
      firstTime: this.firstTime,
      lastTime: this.lastTime,
      homeFlows: this.home.counts(),
      decodeAnomalies: this.decodeCounters,
      streamAnomalies: this.streamCounters,
    };
  }

  private passesFilter(frame: Frame): boolean {
    let program = this.filters[frame.linkType];
    if (!program) {
      program = this.options.filterFor?.(frame.linkType) ?? null;
      if (!program) return true;
      this.filters[frame.linkType] = program;
    }
    return runFilter(program, frame.view, frame.offset, frame.end, frame.originalLength);
  }
}
