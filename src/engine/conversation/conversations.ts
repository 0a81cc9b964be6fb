// hot: `follow` runs for every packet of a conversation that is read.
import type { Frame } from '../../capture/frame.ts';
import { createAnomalyCounters } from '../../common/anomaly.ts';
import { type Packet, TCP_ACK, TCP_FIN, TCP_SYN } from '../../decode/packet.ts';
import type { SegmentPlace } from '../../flow/stream.ts';
import { type FlowTable, NAMED_OTHER, Phase, RESET, RULED_OUT_A, START_KNOWN_A } from '../../flow/table.ts';
import type { Side } from '../../protocol/message.ts';
import type { SignatureSet } from '../../signature/types.ts';
import { addressText } from '../address.ts';
import { copyFrame } from '../evidence/kept-frame.ts';
import type { Source } from '../evidence/proof-frames.ts';
import { hostsOf } from '../hosts.ts';
import type { Lookups } from '../names/lookups.ts';
import type { EvidenceFrame } from '../options.ts';
import { isDns } from '../shards/shard-of.ts';
import { Conversation, type ConversationContext } from './conversation.ts';
import { daysOf } from './conversation-days.ts';
import { factsOf, type OpenConversation } from './conversation-facts.ts';
import type { Findings } from './findings.ts';
import { OpenFacts } from './open-facts.ts';

/** Where the engine runs without end: a closed connection is kept for packets that come late for so long, µs. */
const CLOSED_FOR = 60_000_000;

/** Candidates that are looked at for one that gives way. */
const MAX_TRIES = 32;
/** Those that wait for a sign of mining give way first where they are more than this share of their limit. */
const WAITING_SHARE = 8;

/** Name that a client looked up for a server, and the side of the flow that is the client. */
export interface LookedUp {
  readonly name: string;
  /** The list knows it as a mining endpoint. */
  readonly listed: boolean;
  /** Ordinary name of the same address that was looked up too. */
  readonly other: string | null;
  readonly client: Side;
}

export interface ConversationLimits {
  /** Conversations read at once; of those, ones in which nothing has spoken of mining yet (about 4 KiB each). */
  readonly maxConversations: number;
  readonly maxUnmatched: number;
  /** Windows are UTC days. */
  readonly daily: boolean;
  /** The engine runs without end: what is open is told of by and by (only with `daily`). */
  readonly endless?: boolean;
}

/** The conversations that are being read, and what those that ended have told. */
export class Conversations {
  evicted = 0;
  /** Conversations that were begun, and those that spoke of mining. */
  begun = 0;
  everMatched = 0;
  /** What is open, where the engine runs without end. */
  readonly news: OpenFacts<OpenConversation> | null;
  private readonly table: FlowTable;
  private readonly context: ConversationContext;
  /** For conversations that another shard reports: what is wrong with them is counted there. */
  private readonly foreignContext: ConversationContext;
  private readonly lookups: Lookups;
  private readonly findings: Findings;
  private readonly limits: ConversationLimits;
  private readonly open: (OpenConversation | null)[] = [];
  private readonly freeNumbers: number[] = [];
  /** Numbers of those in which nothing, and in which something, spoke of mining; oldest first. */
  private readonly unmatched: Set<number> = new Set();
  private readonly matched: Set<number> = new Set();
  private readonly place: SegmentPlace = { input: 0, packet: 0, time: 0, shift: 0 };

  /** What conversations that end tell goes to `findings`. */
  constructor(
    table: FlowTable,
    context: ConversationContext,
    lookups: Lookups,
    findings: Findings,
    limits: ConversationLimits,
  ) {
    this.table = table;
    this.context = context;
    this.foreignContext = { ...context, counters: createAnomalyCounters(), keepEvidence: false };
    this.lookups = lookups;
    this.findings = findings;
    this.limits = limits;
    this.news = limits.endless === true ? new OpenFacts((c) => c.conversation.days?.peek() ?? []) : null;
  }

  /** Conversations that are being read. */
  get openCount(): number {
    return this.unmatched.size + this.matched.size;
  }

  /** Puts other signatures in place of the present ones, which the next message meets. */
  setSignatures(signatures: SignatureSet): void {
    this.context.signatures = signatures;
    this.foreignContext.signatures = signatures;
  }

  /** Ends conversations whose connection was closed a while before capture time `now`, µs: nothing more will come of them. */
  endClosed(now: number): void {
    const over: number[] = [];
    for (const number of this.matched) {
      const { flow } = (this.open[number] as OpenConversation).conversation;
      if (this.table.isClosed(flow) && now - this.table.lastSeen(flow) > CLOSED_FOR) over.push(flow);
    }
    for (const flow of over) this.end(flow);
  }

  /** What open conversations did on days before `day` counts as ended: those days are not told of again and again. */
  settleDays(day: number): void {
    for (const number of this.matched) {
      const open = this.open[number] as OpenConversation;
      // It has to be told of at the same time as what ended, or those days would count twice.
      if (open.conversation.days?.settle(day) === true) this.news?.touch(open);
    }
  }

  /** Of those, ones that speak of mining. */
  get matchedCount(): number {
    return this.matched.size;
  }

  /** Words of both addresses of every conversation that speaks of mining. */
  *matchedHosts(): Generator<Int32Array> {
    for (const number of this.matched) yield (this.open[number] as OpenConversation).words;
  }

  /** The conversation of a flow that is being followed. */
  of(flow: number): Conversation {
    return (this.open[this.table.conversation(flow)] as OpenConversation).conversation;
  }

  /** Follows a flow from this packet on. `foreign`: another shard reports it. */
  begin(flow: number, p: Packet, frame: Frame, looked: LookedUp | null, foreign: boolean): Conversation {
    const { table } = this;
    if (this.openCount >= this.limits.maxConversations || this.unmatched.size >= this.limits.maxUnmatched) {
      this.evict();
    }
    const state = table.state(flow);
    // Where a side's start was read and ruled out, its stream is picked up in the middle.
    const known = ([0, 1] as const).map(
      (side) => (state & (START_KNOWN_A << side)) !== 0 && (state & (RULED_OUT_A << side)) === 0,
    ) as [boolean, boolean];
    const context = foreign ? this.foreignContext : this.context;
    const ports = [table.port(flow, 0), table.port(flow, 1)] as const;
    const begun = [frame.time, frame.input, frame.number] as const;
    const conversation = new Conversation(flow, known, ports, context, begun);
    if (state & NAMED_OTHER) conversation.server.askedForOther();
    conversation.foreign = foreign;
    if (known[0]) conversation.pair.open(0, table.start(flow, 0));
    if (known[1]) conversation.pair.open(1, table.start(flow, 1));
    const number = this.freeNumbers.pop() ?? this.open.length;
    const source = [p.source0, p.source1, p.source2, p.source3];
    const destination = [p.destination0, p.destination1, p.destination2, p.destination3];
    const words = Int32Array.from(table.side === 0 ? [...source, ...destination] : [...destination, ...source]);
    const place = { input: frame.input, packet: frame.number };
    const mark = foreign ? undefined : this.news?.create();
    const opened: OpenConversation = {
      conversation,
      version: p.ipVersion,
      words,
      ...place,
      ...(mark === undefined ? {} : { mark }),
    };
    this.begun++;
    this.open[number] = opened;
    if (this.limits.daily && !foreign) {
      conversation.days = daysOf(table, flow, opened, frame.time, this.findings);
    }
    this.unmatched.add(number);
    table.setConversation(flow, number);
    table.setPhase(flow, Phase.Followed);
    if (isDns(p)) this.readDns(conversation, p.ipVersion, words);
    this.addSetup(flow, opened, looked);
    if (looked !== null) {
      const place = { input: frame.input, packet: frame.number, time: frame.time, from: 0, to: 0 };
      conversation.server.ordinary = looked.other;
      conversation.server.nameServer('dns', looked.name, looked.client, place);
      this.countMatch(conversation);
    }
    return conversation;
  }

  /** Frames that led to a conversation: its opening, and the answer that named its server. */
  private addSetup(flow: number, { conversation, version, words }: OpenConversation, looked: LookedUp | null): void {
    const { proof } = conversation;
    const { keeper } = this.context;
    if (proof === null || !keeper) return;
    proof.addSetup(keeper.takeEarly(this.table.number(flow)));
    if (!looked?.listed) return;
    const [a = 0, b = 0, c = 0, d = 0] = words.subarray(looked.client * 4, looked.client * 4 + 4);
    proof.addSetup(keeper.answersTo(addressText(version, a, b, c, d), looked.name));
  }

  /** Keeps a packet of a conversation as evidence, or what it shows of the conversation's length. */
  keep(conversation: Conversation, side: Side, p: Packet, frame: Frame, shift: number): void {
    const { proof, quiet, matched } = conversation;
    if (proof === null) return;
    const source = this.sourceOf(side, p, frame, shift);
    if ((quiet || !proof.keep(source)) && matched) proof.sample(source, 0);
  }

  /** A datagram of a flow that is being followed: nothing in it is read. */
  onDatagram(flow: number, side: Side, p: Packet, frame: Frame, shift: number): void {
    const { proof } = this.of(flow);
    this.of(flow).count(side);
    // A datagram of which nothing was captured would count as an empty one.
    proof?.sample(this.sourceOf(side, p, frame, shift), 1);
  }

  private sourceOf(side: Side, p: Packet, frame: Frame, shift: number): Source {
    const { keeper, fileOf } = this.context;
    const whole = !Number.isNaN(shift);
    return {
      frame,
      file: fileOf(frame.input),
      side,
      payload: whole ? p.payload + shift : 0,
      payloadEnd: whole ? p.payloadEnd + shift : 0,
      sequence: (p.sequence + (p.tcpFlags & TCP_SYN ? 1 : 0)) | 0,
      header: p.payload,
      pieces: keeper?.pieces ?? [],
    };
  }

  private readDns(conversation: Conversation, version: number, words: Int32Array): void {
    const hosts = [hostsOf(version, words, 0), hostsOf(version, words, 1)] as const;
    conversation.onDnsMessage = (side, bytes, off, end, place) => {
      this.lookups.read(hosts[side], bytes, off, end, place, end - off, !conversation.foreign, null);
    };
  }

  /** Any packet of a flow that is being followed, once it is counted, where windows are days. */
  onPacket(flow: number, side: Side, time: number, length: number): void {
    const open = this.open[this.table.conversation(flow)] as OpenConversation;
    const { days, proof, matched } = open.conversation;
    if (days?.onPacket(time, side, length)) proof?.nextDay();
    if (matched) this.news?.touch(open);
  }

  /** One packet with payload of a flow that is being followed. `shift`: from packet bytes to the frame; NaN where there is no one frame. */
  follow(flow: number, side: Side, p: Packet, frame: Frame, shift: number): void {
    const number = this.table.conversation(flow);
    const { conversation } = this.open[number] as OpenConversation;
    conversation.count(side);
    if (this.context.keepEvidence) this.keep(conversation, side, p, frame, shift);
    if (conversation.quiet) return;
    const place = this.place;
    place.input = frame.input;
    place.packet = frame.number;
    place.time = frame.time;
    place.shift = shift;
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
    if (conversation.hopeless || (conversation.pair.complete && !conversation.matched)) this.drop(flow);
  }

  /** SYN and FIN of a flow that is being followed. */
  onFlags(flow: number, side: Side, p: Packet, frame: Frame, shift: number): void {
    const conversation = this.of(flow);
    if (conversation.proof !== null && p.payloadLength === 0 && !Number.isNaN(shift)) {
      const source = this.sourceOf(side, p, frame, shift);
      if (p.tcpFlags & TCP_SYN) conversation.proof.addSetup([copyFrame(frame, source.file, 'opening', source)]);
      else if (p.tcpFlags & TCP_FIN && conversation.matched) conversation.proof.sample(source, 0);
    }
    if (p.tcpFlags & TCP_SYN) conversation.pair.open(side, (p.sequence + 1) | 0);
    if (p.tcpFlags & TCP_FIN) {
      conversation.pair.close(side, (p.sequence + p.payloadLength) | 0);
      if (p.payloadLength === 0 && conversation.pair.complete && !conversation.matched) this.drop(flow);
    }
  }

  /** Stops following a flow, without a result. */
  drop(flow: number): void {
    const number = this.table.conversation(flow);
    const open = this.open[number] as OpenConversation;
    open.conversation.release();
    this.news?.end(open);
    this.open[number] = null;
    this.unmatched.delete(number);
    this.matched.delete(number);
    this.freeNumbers.push(number);
    this.table.setConversation(flow, -1);
    this.table.setPhase(flow, Phase.Ignored);
  }

  /** Room for another. Where those that wait for a sign of mining are many, the oldest of them goes. */
  private evict(): void {
    const { maxConversations, maxUnmatched } = this.limits;
    // A few that wait are left alone: the next packet may make them match.
    if (this.unmatched.size * WAITING_SHARE > Math.min(maxUnmatched, maxConversations) || this.matched.size === 0) {
      for (let tries = 0; tries < MAX_TRIES && this.unmatched.size > 0; tries++) {
        const number = this.unmatched.values().next().value as number;
        const { conversation } = this.open[number] as OpenConversation;
        // What was held back for the sake of order may be what speaks of mining.
        conversation.pair.flush();
        this.countMatch(conversation);
        if (!conversation.matched) {
          this.giveUp(number);
          return;
        }
      }
    }
    let chosen = -1;
    let seen = 0;
    // One that has ended goes before any that is alive.
    for (const number of this.matched) {
      if (chosen < 0) chosen = number;
      const { conversation } = this.open[number] as OpenConversation;
      if (conversation.pair.complete || (this.table.state(conversation.flow) & RESET) !== 0) {
        chosen = number;
        break;
      }
      if (++seen >= MAX_TRIES) break;
    }
    if (chosen < 0) chosen = this.unmatched.values().next().value ?? -1;
    if (chosen >= 0) this.giveUp(chosen);
  }

  private giveUp(number: number): void {
    this.evicted++;
    this.end((this.open[number] as OpenConversation).conversation.flow);
  }

  /** Takes a conversation out of those that wait for a first sign of mining, once there is one. */
  countMatch(conversation: Conversation): void {
    if (conversation.counted === conversation.matched) return;
    conversation.counted = conversation.matched;
    const number = this.table.conversation(conversation.flow);
    if (conversation.matched) this.everMatched++;
    this.news?.touch(this.open[number] as OpenConversation);
    // A name that turned out to be another server's may have been all there was.
    const [from, to] = conversation.matched ? [this.unmatched, this.matched] : [this.matched, this.unmatched];
    from.delete(number);
    to.add(number);
  }

  /** The conversation of a flow has ended: turns it into facts, where anything spoke of mining. */
  end(flow: number): void {
    const ended = this.open[this.table.conversation(flow)];
    if (!ended) return;
    const { conversation, version, words } = ended;
    conversation.finish();
    if (conversation.days !== null) {
      if (conversation.matched) conversation.days.finish();
    } else if (conversation.matched && !conversation.foreign) {
      conversation.conclude((this.table.lastSeen(flow) - this.table.firstSeen(flow)) / 1e6, version, words);
      for (const facts of factsOf(this.table, flow, ended)) {
        this.findings.add(facts, conversation.proof?.all() ?? []);
      }
    }
    this.drop(flow);
  }

  /** Frames of open conversations under these keys (`keyOf`), as told of last. Call between packets. */
  evidenceOf(keys: ReadonlySet<string>): [string, readonly EvidenceFrame[]][] {
    const found: [string, readonly EvidenceFrame[]][] = [];
    for (const number of this.matched) {
      const { conversation, mark } = this.open[number] as OpenConversation;
      const own = mark?.keys?.filter((key) => keys.has(key)) ?? [];
      if (own.length === 0) continue;
      const frames = conversation.showProof();
      for (const key of own) found.push([key, frames]);
    }
    return found;
  }
}
