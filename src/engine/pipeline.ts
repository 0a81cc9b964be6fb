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
import {
  FlowTable,
  INSPECTED,
  NAME_ASKED,
  NAMED_OTHER,
  OPENED,
  OPENER_B,
  Phase,
  RULED_OUT_A,
  START_KNOWN_A,
} from '../flow/table.ts';
import { Look, lookAtDns, lookAtStart, lookInside } from '../protocol/first-look.ts';
import type { Place } from '../protocol/message.ts';
import type { EndpointIndex } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';
import { AddressBook, type BookEntry } from './address-book.ts';
import type { ConversationContext } from './conversation.ts';
import { Conversations, type LookedUp } from './conversations.ts';
import { datagramKey, EvidenceKeeper } from './evidence-keeper.ts';
import { HomePrefixes } from './home.ts';
import { Lookups } from './lookups.ts';
import { tlsText } from './message-text.ts';
import { Naming } from './naming.ts';
import type { EvidenceFrame } from './options.ts';
import type { PipelineCounts, PipelineOptions, PipelineState } from './pipeline-types.ts';
import { QuicFlows } from './quic-flows.ts';
import { isDns, plainShard, shardOf } from './shard-of.ts';
import { Shedding } from './shedding.ts';
import { isClientHello, tellsMore } from './tls-look.ts';
import type { FactSource, FactsTold } from './told.ts';
import { Watch } from './watch.ts';

export { DEFAULT_LIMITS, type PipelineCounts, type PipelineOptions, type PipelineState } from './pipeline-types.ts';

/** A segment this far beyond the known start of its stream is not waited for. */
const REORDER_REACH = 64 * 1024;
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
  private signatures: SignatureSet;
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
  private readonly quic: QuicFlows;
  private readonly budget: StreamBudget;
  /** Flows whose payload was looked at. */
  private inspected = 0;
  /** Under overload: which flows are put aside. */
  private readonly shedding = new Shedding();
  private readonly keeper: EvidenceKeeper | null;
  private readonly filters: (BpfProgram | null)[] = [];
  private untilSweep = SWEEP_EVERY;
  private readonly endless: boolean;
  private over = false;

  constructor(options: PipelineOptions) {
    this.signatures = options.signatures;
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
    this.endless = endless;
    this.watch = daily ? new Watch(options.home, options.capacity) : null;
    const budget: StreamBudget = { used: 0, limit: options.streamBytes };
    this.book = endless ? new AddressBook() : null;
    this.naming = new Naming(options.endpoints, this.book);
    // Every shard learns the same names: the first one counts those that gave way.
    this.keeper = options.keepEvidence ? new EvidenceKeeper(options.fileOf) : null;
    this.lookups = new Lookups(this.naming, options.signatures, options.shard === 0, daily, this.keeper, endless);
    this.quic = new QuicFlows(this.streamCounters);
    const context: ConversationContext = {
      signatures: options.signatures,
      naming: this.naming,
      budget,
      counters: this.streamCounters,
      keepEvidence: options.keepEvidence,
      ...(endless ? { proofBudget: { used: 0, limit: MAX_PROOF_BYTES } } : {}),
      fileOf: options.fileOf,
      keeper: this.keeper,
    };
    this.budget = budget;
    const { maxConversations, maxUnmatched } = options;
    const limits = { maxConversations, maxUnmatched, daily, endless };
    this.conversations = new Conversations(this.table, context, this.lookups, limits);
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
        this.onDatagram(flow, side, p, frame, shift);
      }
      return;
    }
    if (p.tcpFlags & FLAGS_OF_INTEREST) this.onFlags(flow, side, p, frame, shift);
    if (p.payloadLength === 0) return;
    const phase = table.phase(flow);
    if (phase === Phase.Ignored) return;
    if (phase === Phase.Inspect && !this.inspect(flow, side, p, frame)) return;
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

  /** UDP: DNS, and the first datagrams of QUIC connections. */
  private onDatagram(flow: number, side: 0 | 1, p: Packet, frame: Frame, shift: number): void {
    if (p.payload === p.payloadEnd) return;
    if (isDns(p)) {
      const place = this.notePlace(frame, shift, p.payload, p.payloadEnd);
      this.lookups.read(p, p.bytes, p.payload, p.payloadEnd, place, frame.originalLength, !this.isForeign, frame);
      return;
    }
    if (this.table.phase(flow) === Phase.Followed) {
      this.conversations.onDatagram(flow, side, p, frame, shift);
      return;
    }
    const number = this.table.number(flow);
    // A connection of QUIC begins with long headers (RFC 9000 §17.2); what has others began before, or is none.
    if (((p.bytes[p.payload] as number) & 0x80) === 0 && !this.quic.has(number)) {
      if (this.table.spend(flow, side) <= 0) this.table.setPhase(flow, Phase.Ignored);
      return;
    }
    const hello = this.quic.read(number, side, p);
    if (hello === 'more') {
      if (!Number.isNaN(shift)) this.keeper?.addEarly(number, frame, side, p.payload + shift);
      return;
    }
    if (hello === 'no' || hello === 'failed') {
      if (hello === 'failed' || this.table.spend(flow, side) <= 0) this.table.setPhase(flow, Phase.Ignored);
      return;
    }
    this.table.setState(flow, side === 1 ? OPENED | OPENER_B : OPENED);
    const looked = this.naming.empty ? null : this.lookedUp(flow, frame.time, p);
    if (!looked?.listed && (hello.sni === null || this.naming.ofName(hello.sni, 0).evidence !== 'stratum')) {
      this.table.setPhase(flow, Phase.Ignored);
      return;
    }
    const conversation = this.conversations.begin(flow, p, frame, looked, this.isForeign);
    const place = this.notePlace(frame, shift, p.payload, p.payloadEnd);
    conversation.seal('quic');
    this.conversations.keep(conversation, side, p, frame, shift);
    conversation.onMessage({ kind: 'tls', side, place, transport: 'quic', tls: hello, text: tlsText(hello) });
    conversation.count(side);
    this.conversations.countMatch(conversation);
    if (!conversation.matched) this.conversations.drop(flow);
  }

  /** Under which name the client of a flow looked up its server; asked once in a flow. */
  private lookedUp(flow: number, time: number, p: Packet): LookedUp | null {
    const { table, naming } = this;
    const state = table.state(flow);
    if ((state & NAME_ASKED) !== 0) return null;
    table.setState(flow, NAME_ASKED);
    const sender = naming.lookedUp(p, time, false);
    const receiver = naming.lookedUp(p, time, true);
    // Who opened the connection is its client; where that was not seen, either may be.
    const opener = (state & OPENED) === 0 ? -1 : (state & OPENER_B) === 0 ? 0 : 1;
    if (sender !== null && opener !== 1 - table.side) return { ...sender, client: table.side };
    if (receiver !== null && opener !== table.side) return { ...receiver, client: (1 - table.side) as 0 | 1 };
    return null;
  }

  private notePlace(frame: Frame, shift: number, from: number, to: number): Place {
    const whole = !Number.isNaN(shift);
    const { input, number: packet, time } = frame;
    return { input, packet, time, from: whole ? from + shift : 0, to: whole ? to + shift : 0 };
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

  /** The first look at a payload. True: the flow is to be followed from this packet on. */
  private inspect(flow: number, side: 0 | 1, p: Packet, frame: Frame): boolean {
    const table = this.table;
    const state = table.state(flow);
    if (state & (RULED_OUT_A << side)) return false;
    if ((state & INSPECTED) === 0) {
      table.setState(flow, INSPECTED);
      if (!this.isForeign) this.inspected++;
    } else if (this.shedding.active && !isDns(p) && this.shedding.givesUp(frame.time - table.firstSeen(flow))) {
      // Not before it was looked at once.
      table.setPhase(flow, Phase.Ignored);
      return false;
    }
    const looked = this.naming.empty ? null : this.lookedUp(flow, frame.time, p);
    // A server that its client knows as a mining endpoint is followed whatever it speaks.
    if (looked?.listed) {
      this.conversations.begin(flow, p, frame, looked, this.isForeign);
      return true;
    }
    let final = false;
    let look: Look;
    if (state & (START_KNOWN_A << side)) {
      const ahead = (p.sequence + (p.tcpFlags & TCP_SYN ? 1 : 0) - table.start(flow, side)) | 0;
      if (ahead < 0) return false;
      if (ahead === 0) {
        look = lookAtStart(p.bytes, p.payload, p.payloadEnd);
        if ((look === Look.No || look === Look.More) && isDns(p)) look = lookAtDns(p.bytes, p.payload, p.payloadEnd);
        if (look === Look.No && this.signatures.mayStart(p.bytes, p.payload, p.payloadEnd)) look = Look.Start;
        final = true;
      } else if (ahead < REORDER_REACH) look = Look.Text;
      else look = p.payload < p.payloadEnd ? lookInside(p.bytes, p.payload, p.payloadEnd) : Look.No;
    } else look = p.payload < p.payloadEnd ? lookInside(p.bytes, p.payload, p.payloadEnd) : Look.No;
    if (look === Look.Tls && !tellsMore(p.bytes, p.payload, p.payloadEnd, this.naming)) {
      look = Look.No;
      if (isClientHello(p.bytes, p.payload)) table.setState(flow, NAMED_OTHER);
    }
    if (look !== Look.No) {
      this.conversations.begin(flow, p, frame, looked, this.isForeign);
      return true;
    }
    if (final || table.spend(flow, side) <= 0) {
      table.setState(flow, RULED_OUT_A << side);
      if (table.state(flow) & (RULED_OUT_A << (1 - side))) table.setPhase(flow, Phase.Ignored);
    }
    return false;
  }

  /** What was found so far, key by key. */
  get finished(): KeyFacts[] {
    return [...this.conversations.keys.values()];
  }

  /** Frames that prove what was found, by key. */
  get evidence(): ReadonlyMap<string, readonly EvidenceFrame[]> {
    return this.conversations.shelf.evidence;
  }

  /** Openings, look-ups and lengths of the conversations in `evidence`, and look-ups that led to none, by key. */
  get surroundings(): ReadonlyMap<string, readonly EvidenceFrame[]> {
    return this.conversations.shelf.surroundings;
  }

  /** What is new since the last call (src/engine/told.ts). Call between pieces. */
  tell(): FactsTold {
    this.onPieceEnd();
    const { conversations, lookups } = this;
    if (!this.over) conversations.endClosed(this.lastTime);
    const lookedUp = lookups.tell(this.over ? Number.POSITIVE_INFINITY : this.lastTime);
    for (const [facts, frames] of lookedUp.ended) {
      const key = conversations.add(facts);
      if (key !== null) conversations.shelf.add(key, frames);
    }
    const ended = [...conversations.keys.values()];
    conversations.keys.clear();
    const { open, closed } = conversations.news?.tell() ?? { open: [], closed: [] };
    // One line of numbers for both: even ones are conversations, odd ones look-ups.
    return {
      ended,
      open: [
        ...open.map(([n, facts]) => [n * 2, facts] as const),
        ...lookedUp.open.map(([n, facts]) => [n * 2 + 1, facts] as const),
      ],
      closed: [...closed.map((n) => n * 2), ...lookedUp.closed.map((n) => n * 2 + 1)],
    };
  }

  /** Frames behind these keys (`keyOf`), as told of last. Call between pieces. */
  evidenceOf(keys: ReadonlySet<string>): Map<string, EvidenceFrame[]> {
    const found = this.conversations.evidenceOf(keys);
    for (const [key, frames] of this.lookups.evidenceOf(keys)) found.get(key)?.push(...frames);
    return found;
  }

  /** The evidence of what ended under these keys is no longer needed. */
  forgetEvidence(keys: Iterable<string>): void {
    for (const key of keys) this.conversations.shelf.forget(key);
  }

  /** Puts other signatures and another endpoint list in place of the present ones: from the next message on. */
  setSignatures(signatures: SignatureSet, endpoints: EndpointIndex): void {
    this.signatures = signatures;
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
      inspected: this.inspected,
      flowsActive: table.size,
      flowsCapacity: table.capacity,
      flowsExpired: table.expired,
      evictedFlows: table.evicted,
      evictedConversations: conversations.evicted,
      evictedKeys: conversations.dropped,
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
    return this.conversations.keys.size;
  }

  /** Ends everything that is open. Call once, after the last frame. */
  finish(): void {
    this.onPieceEnd();
    this.table.clear();
    // Without end, look-ups were told of one by one: `tell` ends them the same way.
    this.over = true;
    if (this.endless) return;
    for (const [facts, frames] of this.lookups.facts()) {
      const key = this.conversations.add(facts);
      if (key !== null) this.conversations.shelf.add(key, frames);
    }
  }

  counts(): PipelineCounts {
    return {
      packets: this.packets,
      bytes: this.bytes,
      flows: this.table.created - this.foreignFlows,
      evictions: this.table.evicted + this.conversations.evicted + this.conversations.dropped + this.lookups.dropped,
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
