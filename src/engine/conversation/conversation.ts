import { Anomaly } from '../../common/anomaly.ts';
import type { Indication } from '../../detect/facts.ts';
import type { Dialect } from '../../dialect/dialect.ts';
import type { MiningSession } from '../../dialect/session.ts';
import { type SegmentPlace, type StreamBudget, StreamPair, type StreamSink } from '../../flow/stream.ts';
import type { HttpHead, Message, NameMessage, Place, Side, Transport } from '../../protocol/message.ts';
import type { SocksTarget } from '../../protocol/socks.ts';
import type { Signature, SignatureSet } from '../../signature/types.ts';
import { addressText, canonicalAddress } from '../address.ts';
import type { EvidenceKeeper } from '../evidence/keeper.ts';
import type { KeptFrame } from '../evidence/kept-frame.ts';
import { type ProofBudget, ProofFrames } from '../evidence/proof-frames.ts';
import type { Naming } from '../names/naming.ts';
import { ServerNames } from '../names/server-names.ts';
import { Candidates } from './candidates.ts';
import { closingMessages } from './closing.ts';
import type { DayParts } from './day-parts.ts';
import { indicationOf } from './indication.ts';
import type { MessageSink, TunnelKind } from './message-sink.ts';
import { NoiseWatch } from './noise-watch.ts';
import { answerKind, foreignWeight, isLogRecord } from './patience.ts';
import { SideReader } from './side-reader.ts';

/** Patience with a conversation in which nothing speaks of mining: foreign messages, each weighed, before it is let go. */
const PATIENCE = 512;
const MAX_INDICATIONS = 24;
/** An indication of less by itself does not keep a conversation in memory. */
const MATTERS = 0.3;
const DNS_PORT = 53;
/** Buffers smaller than this are not given up for want of room. */
const WORTH_FREEING = 4096;
/** Messages of a kind that are looked at in full, and kinds that are told apart. */
const FAMILIAR = 8;
const MAX_KINDS = 64;

/** What all conversations share. */
export interface ConversationContext {
  /** May be put in place of by another set, which the next message meets. */
  signatures: SignatureSet;
  readonly naming: Naming;
  readonly budget: StreamBudget;
  readonly counters: Float64Array;
  readonly keepEvidence: boolean;
  /** Where the engine runs without end. */
  readonly proofBudget?: ProofBudget;
  readonly fileOf: (input: number) => string;
  /** Where evidence is wanted. */
  readonly keeper?: EvidenceKeeper | null;
}

/**
 * One connection whose payload is read: puts its streams in order, turns them into messages, matches the signatures and
 * feeds the dialects that may fit. It knows nothing of addresses.
 */
export class Conversation implements StreamSink, MessageSink {
  readonly pair: StreamPair;
  readonly indications: Indication[] = [];
  /** Where evidence is wanted. */
  readonly proof: ProofFrames | null;
  /** Flow table record; input and packet that opened the conversation. */
  readonly flow: number;
  transport: Transport = 'tcp';
  /** What the server is called, and the proxy in between. */
  readonly server: ServerNames;
  /** Packets with payload by side. */
  readonly payloads: [number, number] = [0, 0];
  /** Called for DNS over TCP. */
  onDnsMessage: ((side: Side, bytes: Uint8Array, off: number, end: number, place: Place) => void) | null = null;
  /** Another shard reports it. */
  foreign = false;
  /** Where windows are days: what of it happened on which. */
  days: DayParts | null = null;
  /** Set by the owner once it has counted this conversation among those that speak of mining. */
  counted = false;
  private readonly readers: readonly [SideReader, SideReader];
  private readonly context: ConversationContext;
  private readonly candidates = new Candidates();
  private strangeness = 0;
  /** Bytes of the parsers as last counted. */
  private held = 0;
  private readonly hits: Signature[] = [];
  /** Kinds of messages seen since some dialect is certain, by direction. */
  private familiar: readonly [Map<string, number>, Map<string, number>] | null = null;

  private readonly ports: readonly [number, number];
  private strong = false;
  private lastPlace: Place = NOWHERE;
  private noise: NoiseWatch | null = null;

  /** `ports`: of side 0 and side 1. `begun`: time, input and packet from which on it is read. */
  constructor(
    flow: number,
    startKnown: readonly [boolean, boolean],
    ports: readonly [number, number],
    context: ConversationContext,
    begun: readonly [number, number, number] = [0, 0, 0],
  ) {
    this.flow = flow;
    this.ports = ports;
    this.server = new ServerNames(
      context.naming,
      ports,
      (m) => this.weigh(m),
      (names) => this.unweigh(names),
    );
    this.context = context;
    this.proof = context.keepEvidence ? new ProofFrames(begun, context.proofBudget ?? null) : null;
    this.pair = new StreamPair(this, context.budget, context.counters);
    const dns = ports[0] === DNS_PORT || ports[1] === DNS_PORT;
    this.readers = [new SideReader(0, startKnown[0], this, dns), new SideReader(1, startKnown[1], this, dns)];
  }

  /** Whether something spoke of mining. */
  get matched(): boolean {
    return this.strong;
  }

  /** All that is to be learnt of the payload is known: packets only count from now on. */
  get quiet(): boolean {
    return this.strong && this.candidates.empty && this.readers[0].spent && this.readers[1].spent;
  }

  /** Nothing is read of this conversation: it counts packets and bears a name. */
  seal(transport: Transport): void {
    this.transport = transport;
    for (const reader of this.readers) reader.speech = 'sealed';
  }

  /** A packet with payload went from `side`. */
  count(side: Side): void {
    this.payloads[side]++;
  }

  /** Nothing here is or will be of interest. */
  get hopeless(): boolean {
    if (this.matched) return false;
    return this.strangeness >= PATIENCE || (this.readers[0].spent && this.readers[1].spent);
  }

  onStreamData(side: Side, bytes: Uint8Array, off: number, end: number, place: SegmentPlace): void {
    this.readers[side].push(bytes, off, end, place);
  }

  onStreamGap(side: Side, lost: number): void {
    this.noise?.gap(side);
    // Behind a gap may stand what nobody can tell from a password.
    this.proof?.onUnread(side);
    this.readers[side].gap(lost);
    this.candidates.forgetPending();
  }

  onForeign(weight: number): void {
    this.strangeness += weight;
  }

  mayMatter(bytes: Uint8Array, off: number, end: number): boolean {
    return this.strong || this.context.signatures.mayMatch(bytes, off, end);
  }

  mayStart(bytes: Uint8Array, off: number, end: number): boolean {
    return this.context.signatures.mayStart(bytes, off, end);
  }

  onAnomaly(anomaly: number): void {
    (this.context.counters[anomaly] as number)++;
  }

  onUpgrade(side: Side, head: HttpHead, tunnel: boolean): void {
    // What counts is how the pool is spoken to, even where nothing of it can be read.
    this.transport = tunnel ? 'tcp' : 'ws';
    if (tunnel) this.readers[1 - side]?.becomeTunnel();
    else this.readers[1 - side]?.becomeWebSocket(head.kind === 'request' ? head.target : null);
  }

  /** The proxy said yes to CONNECT, whatever its words: what follows in both directions is the tunnel (RFC 9110 §9.3.6). */
  private openTunnel(): void {
    this.transport = 'tcp';
    for (const reader of this.readers) reader.becomeTunnel();
  }

  onTunnel(side: Side, kind: TunnelKind, target: SocksTarget | null, place: Place): void {
    if (target === null) return;
    const { address, host, port } = target;
    const text = host === null ? address && addressText(address.version, ...address.words) : canonicalAddress(host);
    this.server.enterTunnel({ kind, host: text === null ? host : null, address: text, port, client: side }, place);
  }

  get noiseBegun(): boolean {
    return this.noise !== null && !this.noise.ruledOut;
  }

  onNoise(side: Side, bytes: Uint8Array, off: number, end: number, place: Place): boolean {
    this.days?.onMessage(place.time);
    this.noise ??= new NoiseWatch(side);
    this.noise.push(side, bytes, off, end);
    this.lastPlace = place;
    if (this.noise.ruledOut) return false;
    if (this.noise.likely && !this.strong) this.weigh(this.noise.message(place, false));
    return true;
  }

  onSecret(side: Side, secret: Uint8Array, place: Place): void {
    this.proof?.onSecret(side, secret, place);
  }

  onDns(side: Side, bytes: Uint8Array, off: number, end: number, place: Place): void {
    this.onDnsMessage?.(side, bytes, off, end, place);
  }

  /** Names that turned out to be another server's: what they weighed goes with them. */
  private unweigh(names: readonly NameMessage[]): void {
    const gone = new Set(names.map((n) => n.text));
    this.days?.retract(gone);
    for (let i = this.indications.length - 1; i >= 0; i--) {
      if (gone.has((this.indications[i] as Indication).excerpt)) this.indications.splice(i, 1);
    }
    this.strong = this.indications.some((i) => i.weight >= MATTERS && !i.against);
    // A name that stays may have been passed over for one that went.
    for (const name of this.server.names) if (!gone.has(name.text)) this.weigh(name);
  }

  private weigh(m: Message): void {
    for (const hit of this.match(m)) this.note(hit, m);
  }

  /** The signatures that a message matches; valid until the next call. */
  private match(m: Message): readonly Signature[] {
    this.hits.length = 0;
    this.context.signatures.match(m, this.hits);
    return this.hits;
  }

  /**
   * What only the whole conversation tells, once it has ended: its shape, and its server's address in the list. `seconds`
   * from first to last packet; the words of both addresses as in OpenConversation.
   */
  conclude(seconds: number, version: number, words: Int32Array): void {
    this.noise?.finish();
    if (this.noise?.likely) {
      // Lengths alone are no proof; where the server is known as a pool, they count its shares.
      const m = this.noise.message(this.lastPlace, this.server.named);
      this.weigh(m);
      if (this.server.named) this.candidates.advance(m, this.days);
    }
    if (!this.strong) return;
    for (const m of this.closing(seconds, version, words)) this.weigh(m);
  }

  /** The same at the end of a day, without keeping it: the conversation may go on. `ended`: it does not. */
  soFar(seconds: number, version: number, words: Int32Array, ended: boolean): Indication[] {
    const found: Indication[] = [];
    if (ended) this.noise?.finish();
    const weigh = (m: Message): void => {
      for (const hit of this.match(m)) found.push(indicationOf(hit, m));
    };
    if (this.noise?.likely) {
      const m = this.noise.message(this.lastPlace, this.server.named);
      weigh(m);
      if (this.server.named) this.candidates.advance(m, this.days);
    }
    if (this.strong) for (const m of this.closing(seconds, version, words)) weigh(m);
    return found;
  }

  private closing(seconds: number, version: number, words: Int32Array): Generator<Message> {
    const { server, ports, payloads, lastPlace, transport } = this;
    const { naming } = this.context;
    return closingMessages({ server, ports, payloads, lastPlace, transport, naming }, seconds, version, words);
  }

  /** Nothing about this dialect is proved. */
  isDraft(dialect: string): boolean {
    return this.context.signatures.isDraft(dialect);
  }

  /** Whether it has the shape of one in which work is done, where `known` is what held in it. */
  workedBy(known: readonly Indication[]): boolean {
    return this.server.named && known.some((i) => i.kind === 'behaviour' && !i.against && i.weight >= MATTERS);
  }

  /** The sessions of all dialects that may fit. */
  sessions(): Iterable<MiningSession> {
    return this.candidates.sessions();
  }

  onMessage(m: Message): void {
    this.read(m);
    this.proof?.onMessage(m);
  }

  private read(m: Message): void {
    this.days?.onMessage(m.place.time);
    this.lastPlace = m.place;
    if (m.transport !== 'tcp') this.transport = m.transport;
    this.server.read(m);
    if (m.kind === 'http' && m.http.kind === 'response' && this.server.answerConnect(m.side, m.http)) {
      this.openTunnel();
    }
    if (m.kind === 'json' && isLogRecord(m.value)) {
      this.strangeness += 32;
      return;
    }
    if (this.isFamiliar(m)) {
      if (this.days !== null) this.noteOfDay(m, this.days);
      this.candidates.feed(m);
      return;
    }
    this.weigh(m);
    if (m.kind === 'tls' || m.kind === 'start') return;
    if (this.hits.length === 0 && !this.matched) this.strangeness += foreignWeight(m);
    this.candidates.advance(m, this.days);
  }

  /**
   * A long conversation repeats itself: a message of a kind that has been seen several times tells the dialect something,
   * but neither a new signature nor another dialect.
   */
  private isFamiliar(m: Message): boolean {
    if (m.kind !== 'json' || !this.candidates.sure) return false;
    const kind = m.method ?? answerKind(m.value);
    this.familiar ??= [new Map(), new Map()];
    const kinds = this.familiar[m.side];
    const seen = kinds.get(kind) ?? 0;
    if (seen >= FAMILIAR) return true;
    if (kinds.size < MAX_KINDS) kinds.set(kind, seen + 1);
    return false;
  }

  /** What the conversation knows long since is a sign of its own on a new day. */
  private noteOfDay(m: Message, days: DayParts): void {
    if (m.kind !== 'json' || !days.wants(m.side, m.method ?? answerKind(m.value))) return;
    for (const hit of this.match(m)) this.addToDay(hit, m, days);
  }

  private addToDay(hit: Signature, m: Message, days: DayParts): void {
    if (days.add(hit.id, () => indicationOf(hit, m))) this.proof?.keepProof(m);
  }

  private note(hit: Signature, m: Message): void {
    if (hit.weight >= MATTERS && !hit.against) this.strong = true;
    if (this.days !== null) this.addToDay(hit, m, this.days);
    if (this.indications.length >= MAX_INDICATIONS) return;
    for (const known of this.indications) if (known.signature === hit.id) return;
    this.indications.push(indicationOf(hit, m));
    this.proof?.keepProof(m);
  }

  /**
   * Counts what the parsers hold against the bytes that all conversations may hold together. Beyond that, a conversation in
   * which nothing spoke of mining is given up, and another loses its unfinished messages.
   */
  account(): void {
    const { budget, counters } = this.context;
    this.countHeld();
    if (budget.used <= budget.limit || this.held < WORTH_FREEING) return;
    (counters[Anomaly['stream.buffer_limit']] as number)++;
    if (!this.matched) this.strangeness = PATIENCE;
    for (const reader of this.readers) reader.gap(-1);
    this.countHeld();
  }

  private countHeld(): void {
    const held = this.readers[0].heldBytes + this.readers[1].heldBytes;
    this.context.budget.used += held - this.held;
    this.held = held;
  }

  /** The frames kept so far; what was sent and not read yet is blanked, since it may hold a password. */
  showProof(): KeptFrame[] {
    if (this.proof === null) return [];
    for (const side of [0, 1] as const) {
      const { heldBytes, speech } = this.readers[side];
      if (heldBytes > 0 || speech === 'none' || this.pair.waiting) this.proof.onUnread(side);
    }
    this.proof.finish();
    return this.proof.all();
  }

  /** Delivers what is held back and ends both streams. */
  finish(): void {
    this.pair.flush();
    for (const side of [0, 1] as const) {
      const unread = this.readers[side].heldBytes > 0 || this.readers[side].speech === 'none';
      this.readers[side].finish();
      if (unread) this.proof?.onUnread(side);
    }
    this.proof?.finish();
    this.candidates.finish();
  }

  /** Per group the dialect that is sure, or the likeliest; those merely possible only where none is sure. */
  results(): { dialect: Dialect; session: MiningSession }[] {
    return this.candidates.results();
  }

  /** Gives back shared memory. */
  release(): void {
    this.pair.discard();
    this.proof?.release();
    this.context.budget.used -= this.held;
    this.held = 0;
  }
}

const NOWHERE: Place = { input: 0, packet: 0, time: 0, from: 0, to: 0 };
