// hot: one call per packet. No allocation until the first bytes of a payload have passed the first look.
import { type BpfProgram, runFilter } from '../capture/bpf.ts';
import { Frame, type FrameSink } from '../capture/frame.ts';
import { createAnomalyCounters } from '../common/anomaly.ts';
import { decodeFrame, decodeNetworkPayload } from '../decode/decode.ts';
import { Decoded, Packet, PROTOCOL_TCP, PROTOCOL_UDP, TCP_FIN, TCP_RST, TCP_SYN } from '../decode/packet.ts';
import type { KeyFacts } from '../detect/key-facts.ts';
import { flowContext, flowHash } from '../flow/flow-key.ts';
import { FragmentStore } from '../flow/fragments.ts';
import type { StreamBudget } from '../flow/stream.ts';
import { FlowTable, Phase } from '../flow/table.ts';
import type { EndpointIndex } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';
import type { ConversationContext } from './conversation/conversation.ts';
import { Conversations } from './conversation/conversations.ts';
import { Findings } from './conversation/findings.ts';
import { Datagrams } from './datagrams.ts';
import { datagramKey, EvidenceKeeper } from './evidence/keeper.ts';
import { HomePrefixes } from './home.ts';
import { Inspection } from './inspection.ts';
import { AddressBook, type BookEntry } from './names/address-book.ts';
import { Lookups } from './names/lookups.ts';
import { Naming } from './names/naming.ts';
import { News } from './news.ts';
import type { EvidenceFrame } from './options.ts';
import type { PipelineCounts, PipelineOptions, PipelineState } from './pipeline-types.ts';
import { Watch } from './records/watch.ts';
import { isDns, plainShard, shardOf } from './shards/shard-of.ts';
import { Shedding } from './shedding.ts';
import type { FactSource, FactsTold } from './told.ts';

export { DEFAULT_LIMITS, type PipelineCounts, type PipelineOptions, type PipelineState } from './pipeline-types.ts';

const SWEEP_EVERY = 4096;
const SWEEP_RECORDS = 1024;
/** Bytes of evidence that open conversations keep, where the engine runs without end. */
const MAX_PROOF_BYTES = 64 * 1024 * 1024;
/** Names of each kind that survive the process. */
const MAX_EXPORTED = 20_000;
/** Frames decoded ahead of the flow table, so that its memory can be fetched for all of them at once. */
const BATCH = 32;
const FLAGS_OF_INTEREST = TCP_SYN | TCP_FIN | TCP_RST;

/** The stages from frame to conversation facts, for one thread. */
export class Pipeline implements FrameSink, FactSource {
  packets = 0;
  bytes = 0;
  firstTime: number = Number.POSITIVE_INFINITY;
  lastTime: number = Number.NEGATIVE_INFINITY;
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
  /** The packet belongs to another shard: only the names in it are of interest. */
  private readonly foreign = new Uint8Array(BATCH);
  private isForeign = false;
  private foreignFlows = 0;
  private filled = 0;
  private readonly seed: number;
  private readonly shard: number;
  private readonly shards: number;
  private readonly filtered: boolean;
  private readonly filterFor: PipelineOptions['filterFor'];
  private fetched = 0;
  private readonly table: FlowTable;
  private readonly fragments = new FragmentStore();
  private readonly home: HomePrefixes;
  /** Where windows are days: when packets came. */
  private readonly watch: Watch | null;
  private readonly conversations: Conversations;
  private readonly naming: Naming;
  /** Addresses of listed names, where the engine runs without end. */
  private readonly book: AddressBook | null;
  private readonly lookups: Lookups;
  private readonly inspection: Inspection;
  private readonly datagrams: Datagrams;
  private readonly findings: Findings;
  private readonly news: News;
  private readonly budget: StreamBudget;
  /** Under overload: which flows are put aside. */
  private readonly shedding = new Shedding();
  private readonly keeper: EvidenceKeeper | null;
  private readonly filters: (BpfProgram | null)[] = [];
  private untilSweep = SWEEP_EVERY;

  constructor(options: PipelineOptions) {
    this.filterFor = options.filterFor;
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
    this.table = new FlowTable(options, { onFlowEnd: (flow) => this.conversations.end(flow) });
    this.home = new HomePrefixes(options.home);
    const daily = options.daily === true;
    const endless = options.endless === true;
    this.watch = daily ? new Watch(options.home, options.capacity) : null;
    this.budget = { used: 0, limit: options.streamBytes };
    this.book = endless ? new AddressBook() : null;
    this.naming = new Naming(options.endpoints, this.book);
    this.keeper = options.keepEvidence ? new EvidenceKeeper(options.fileOf) : null;
    // Every shard learns the same names: the first one counts those that gave way.
    this.lookups = new Lookups(this.naming, options.signatures, options.shard === 0, daily, this.keeper, endless);
    const context: ConversationContext = {
      signatures: options.signatures,
      naming: this.naming,
      budget: this.budget,
      counters: this.streamCounters,
      keepEvidence: options.keepEvidence,
      ...(endless ? { proofBudget: { used: 0, limit: MAX_PROOF_BYTES } } : {}),
      fileOf: options.fileOf,
      keeper: this.keeper,
    };
    const { maxConversations, maxUnmatched } = options;
    const limits = { maxConversations, maxUnmatched, daily, endless };
    this.findings = new Findings(endless);
    const { table, naming, lookups, findings, keeper, shedding, streamCounters: counters } = this;
    const conversations = new Conversations(table, context, lookups, findings, limits);
    const inspection = new Inspection(options.signatures, table, naming, conversations, shedding);
    this.conversations = conversations;
    this.inspection = inspection;
    this.datagrams = new Datagrams({ table, naming, lookups, conversations, inspection, keeper, counters });
    this.news = new News(conversations, lookups, findings, endless);
  }

  onFrame(frame: Frame): void {
    if (this.filtered && !this.passesFilter(frame)) return;
    this.packets++;
    this.bytes += frame.originalLength;
    if (frame.time < this.firstTime) this.firstTime = frame.time;
    if (frame.time > this.lastTime) this.lastTime = frame.time;
    if (this.watch !== null && !this.watch.holds(frame.time)) this.onStretch(frame.time, this.watch);
    const at = this.filled;
    const p = this.headers[at] as Packet;
    let counters = this.decodeCounters;
    if (this.shards > 1) {
      const owner = plainShard(frame, this.seed, this.shards);
      if (owner >= 0 && owner !== this.shard) return;
      // What every shard decodes, the first one counts.
      if (owner < 0 && this.shard !== 0) counters = this.unused;
    }
    if (this.shedding.active && this.shedding.dropsFrame(frame, this.seed)) return;
    const decoded = decodeFrame(frame, p, counters);
    if (decoded !== Decoded.Transport && decoded !== Decoded.Fragment) return;
    if (decoded === Decoded.Transport) {
      if (this.shards > 1) {
        const foreign = shardOf(p, this.seed, this.shards) !== this.shard;
        if (foreign && !isDns(p)) return;
        this.foreign[at] = foreign ? 1 : 0;
      }
      if (this.shedding.active && this.shedding.dropsPacket(p, this.seed)) return;
      const context = flowContext(p);
      this.contexts[at] = context;
      this.hashes[at] = flowHash(p, context, this.seed);
    }
    (this.frames[at] as Frame).set(frame);
    this.decoded[at] = decoded;
    this.filled = at + 1;
    if (this.filled === BATCH) this.onPieceEnd();
  }

  /** Packets of another day, or after a silence: those before them are worked off first. */
  private onStretch(time: number, watch: Watch): void {
    this.onPieceEnd();
    watch.turn(time);
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
        if (this.shards > 1) this.isForeign = this.foreign[i] === 1;
        this.onTransport(frame, p, 0 - frame.offset, this.hashes[i] as number, this.contexts[i] as number);
      } else this.onFragment(frame, p);
    }
  }

  private onFragment(frame: Frame, p: Packet): void {
    const store = this.fragments;
    const { keeper } = this;
    let pieces = keeper?.asPiece(frame, p) ?? [];
    // Datagrams inside datagrams end: each round takes one header less.
    for (let depth = 0; depth < 4; depth++) {
      // Every shard puts every datagram together; the first one counts what is wrong with them.
      const counters = this.shard === 0 ? this.decodeCounters : this.unused;
      const key = keeper === null ? '' : datagramKey(p);
      keeper?.addPieces(key, pieces);
      if (!store.add(p, frame.time, counters)) return;
      pieces = keeper?.takePieces(key) ?? [];
      const decoded = decodeNetworkPayload(store.bytes, store.view, 0, store.length, store.protocol, p, counters);
      if (decoded === Decoded.Transport) {
        this.isForeign = this.shards > 1 && shardOf(p, this.seed, this.shards) !== this.shard;
        if (this.isForeign && !isDns(p)) return;
        const context = flowContext(p);
        if (keeper !== null) keeper.pieces = pieces;
        this.onTransport(frame, p, Number.NaN, flowHash(p, context, this.seed), context);
        if (keeper !== null) keeper.pieces = [];
      }
      if (decoded !== Decoded.Fragment) return;
    }
  }

  private onTransport(frame: Frame, p: Packet, shift: number, hash: number, context: number): void {
    const table = this.table;
    const flow = table.touch(p, hash, context, frame.time, frame.originalLength);
    if (this.watch !== null) this.onDaily(flow, p, frame, this.watch);
    if (--this.untilSweep === 0) {
      this.untilSweep = SWEEP_EVERY;
      table.sweep(frame.time, SWEEP_RECORDS);
    }
    if (this.isForeign && table.isNew) this.foreignFlows++;
    if (table.isNew && !this.home.empty && !this.isForeign) this.home.countHosts(p);
    const side = table.side;
    if (p.protocol !== PROTOCOL_TCP) {
      if (p.protocol === PROTOCOL_UDP && table.phase(flow) !== Phase.Ignored) {
        this.datagrams.read(flow, side, p, frame, shift, this.isForeign);
      }
      return;
    }
    if (p.tcpFlags & FLAGS_OF_INTEREST) this.onFlags(flow, side, p, frame, shift);
    if (p.payloadLength === 0) return;
    const phase = table.phase(flow);
    if (phase === Phase.Ignored) return;
    if (phase === Phase.Inspect && !this.inspection.inspect(flow, side, p, frame, this.isForeign)) return;
    this.conversations.follow(flow, side, p, frame, shift);
  }

  /** Windows are days: the day of a packet for its conversation, and the flow for the prefixes of the stretch. */
  private onDaily(flow: number, p: Packet, frame: Frame, watch: Watch): void {
    const { table } = this;
    if (table.phase(flow) === Phase.Followed) {
      this.conversations.onPacket(flow, table.side, frame.time, frame.originalLength);
    }
    if (!this.home.empty && !this.isForeign) watch.count(flow, table.isNew, p);
  }

  private onFlags(flow: number, side: 0 | 1, p: Packet, frame: Frame, shift: number): void {
    const { table, keeper } = this;
    table.noteFlags(flow, side, p);
    const phase = table.phase(flow);
    if (phase === Phase.Followed) this.conversations.onFlags(flow, side, p, frame, shift);
    // What opens a connection belongs to its evidence, if there will be any.
    else if (keeper !== null && phase === Phase.Inspect && p.tcpFlags & TCP_SYN && p.payloadLength === 0) {
      if (!Number.isNaN(shift)) keeper.addOpening(table.number(flow), frame, side, p.payload + shift);
    }
  }

  /** What was found so far, key by key. */
  get finished(): KeyFacts[] {
    return this.news.finished;
  }

  /** Frames that prove what was found, by key. */
  get evidence(): ReadonlyMap<string, readonly EvidenceFrame[]> {
    return this.findings.shelf.evidence;
  }

  /** Openings, look-ups and lengths of the conversations in `evidence`, and look-ups that led to none, by key. */
  get surroundings(): ReadonlyMap<string, readonly EvidenceFrame[]> {
    return this.findings.shelf.surroundings;
  }

  /** What is new since the last call (src/engine/told.ts). Call between pieces. */
  tell(): FactsTold {
    this.onPieceEnd();
    return this.news.tell(this.lastTime);
  }

  /** Frames behind these keys (`keyOf`), as told of last. Call between pieces. */
  evidenceOf(keys: ReadonlySet<string>): Map<string, EvidenceFrame[]> {
    return this.news.evidenceOf(keys);
  }

  /** The evidence of what ended under these keys is no longer needed. */
  forgetEvidence(keys: Iterable<string>): void {
    this.news.forgetEvidence(keys);
  }

  /** Puts other signatures and another endpoint list in place of the present ones: from the next message on. */
  setSignatures(signatures: SignatureSet, endpoints: EndpointIndex): void {
    this.inspection.setSignatures(signatures);
    this.conversations.setSignatures(signatures);
    this.lookups.setSignatures(signatures);
    this.naming.setEndpoints(endpoints);
  }

  /** Addresses of the sensor itself, whose look-ups are not noted. */
  ignoreLookups(clients: ReadonlySet<string>): void {
    this.lookups.ignore(clients);
  }

  /** Takes addresses of listed names that were learnt elsewhere. */
  learnAddresses(entries: readonly BookEntry[]): void {
    this.book?.merge(entries);
  }

  /** What was learnt of names, as plain data. */
  exportNames(): unknown {
    return this.naming.exportState(this.lastTime, MAX_EXPORTED);
  }

  importNames(state: unknown): void {
    this.naming.importState(state);
  }

  /** Days before `day` are over: conversations that go on tell them as ended. */
  settleDays(day: number): void {
    this.conversations.settleDays(day);
  }

  /** When traffic was watched on days before `day` was told: `counts().watched` names later ones alone. */
  forgetWatched(day: number): void {
    this.watch?.forget(day);
  }

  /**
   * Looks at this share (0 to 1) of flows alone, whole conversations by the hash of their hosts, those that speak of mining
   * always; and gives up on flows that were not recognised within `patience` µs. 1 and Infinity: no overload.
   */
  shed(share: number, patience: number): void {
    this.shedding.set(share, patience, this.conversations.matchedHosts(), this.seed);
  }

  /** Occupancy of all tables, and what gave way. */
  state(): PipelineState {
    const { table, conversations, lookups, budget, shedding } = this;
    return {
      inspected: this.inspection.inspected,
      flowsActive: table.size,
      flowsCapacity: table.capacity,
      flowsExpired: table.expired,
      evictedFlows: table.evicted,
      evictedConversations: conversations.evicted,
      evictedKeys: this.findings.dropped,
      evictedLookups: lookups.dropped,
      conversations: conversations.openCount,
      conversationsMatched: conversations.matchedCount,
      followed: conversations.begun,
      matched: conversations.everMatched,
      reassemblyBytes: budget.used,
      reassemblyLimit: budget.limit,
      shedPackets: shedding.packets,
      shedFlows: shedding.flows,
      keptShare: shedding.share,
      learntAddresses: this.naming.learnt,
    };
  }

  /** How many keys conversations that ended have told of. */
  get found(): number {
    return this.findings.keys.size;
  }

  /** Ends everything that is open. Call once, after the last frame. */
  finish(): void {
    this.onPieceEnd();
    this.table.clear();
    this.news.finish();
  }

  counts(): PipelineCounts {
    return {
      packets: this.packets,
      bytes: this.bytes,
      flows: this.table.created - this.foreignFlows,
      evictions: this.table.evicted + this.conversations.evicted + this.findings.dropped + this.lookups.dropped,
      firstTime: this.firstTime,
      lastTime: this.lastTime,
      homeFlows: this.home.counts(),
      watched: this.watch?.finish() ?? [],
      decodeAnomalies: this.decodeCounters,
      streamAnomalies: this.streamCounters,
    };
  }

  private passesFilter(frame: Frame): boolean {
    let program = this.filters[frame.linkType];
    if (!program) {
      program = this.filterFor?.(frame.linkType) ?? null;
      if (!program) return true;
      this.filters[frame.linkType] = program;
    }
    return runFilter(program, frame.view, frame.offset, frame.end, frame.originalLength);
  }
}
