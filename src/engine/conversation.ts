import type { Frame } from '../capture/frame.ts';
import { Anomaly } from '../common/anomaly.ts';
import type { Indication } from '../detect/facts.ts';
import { type Dialect, Fit } from '../dialect/dialect.ts';
import { DIALECTS } from '../dialect/index.ts';
import { MiningSession } from '../dialect/session.ts';
import { unknownMining } from '../dialect/unknown-mining.ts';
import { type SegmentPlace, type StreamBudget, StreamPair, type StreamSink } from '../flow/stream.ts';
import type { HttpHead, Message, Side, Transport } from '../protocol/message.ts';
import type { Signature, SignatureSet } from '../signature/types.ts';
import { excerptOf } from './excerpt.ts';
import { type KeptFrame, Redactor } from './secrets.ts';
import { type MessageSink, SideReader } from './side-reader.ts';

/** Patience with a conversation in which nothing speaks of mining: foreign messages, each weighed, before it is let go. */
const PATIENCE = 512;
/** Messages kept from before anything spoke of mining, so that answers find their place in the session. */
const MAX_EARLY = 32;
const MAX_INDICATIONS = 24;
/** Buffers smaller than this are not given up for want of room. */
const WORTH_FREEING = 4096;
/** Messages of a kind that are looked at in full, and kinds that are told apart. */
const FAMILIAR = 8;
const MAX_KINDS = 64;
/** Evidence frames and bytes kept for one conversation. */
const MAX_FRAMES = 64;
const MAX_FRAME_BYTES = 256 * 1024;

/** What all conversations share. */
export interface ConversationContext {
  readonly signatures: SignatureSet;
  readonly budget: StreamBudget;
  readonly counters: Float64Array;
  readonly keepEvidence: boolean;
  readonly fileOf: (input: number) => string;
}

/** The last one takes what fits none of the others. */
const ALL_DIALECTS: readonly Dialect[] = [...DIALECTS, unknownMining];

interface Candidate {
  readonly dialect: Dialect;
  readonly session: MiningSession;
  fit: Fit;
}

/**
 * One connection whose payload is read: puts its streams in order, turns them into messages, matches the signatures and
 * feeds the dialects that may fit. It knows nothing of addresses.
 */
export class Conversation implements StreamSink, MessageSink {
  readonly pair: StreamPair;
  readonly indications: Indication[] = [];
  /** Frames that carried payload, copied, where evidence is wanted. */
  readonly frames: KeptFrame[] = [];
  /** Flow table record; input and packet that opened the conversation. */
  readonly flow: number;
  transport: Transport = 'tcp';
  /** Set by the owner once it has counted this conversation among those that speak of mining. */
  counted = false;
  private frameBytes = 0;
  private readonly readers: readonly [SideReader, SideReader];
  private readonly context: ConversationContext;
  private candidates: Candidate[] = [];
  /** Dialects that a message ruled out. A list, because a bit set would end at 32 dialects. */
  private readonly excluded: Dialect[] = [];
  private early: Message[] | null = [];
  private foreign = 0;
  /** Bytes of the parsers as last counted. */
  private held = 0;
  private readonly hits: Signature[] = [];
  /** Some dialect is certain; kinds of messages seen since, by direction. */
  private sure = false;
  private familiar: readonly [Map<string, number>, Map<string, number>] | null = null;
  private current: { frame: Frame; file: string; side: Side; payload: number } | null = null;
  private readonly redactor: Redactor | null;

  constructor(flow: number, startKnown: readonly [boolean, boolean], context: ConversationContext) {
    this.flow = flow;
    this.context = context;
    this.redactor = context.keepEvidence ? new Redactor(this.frames) : null;
    this.pair = new StreamPair(this, context.budget, context.counters);
    this.readers = [new SideReader(0, startKnown[0], this), new SideReader(1, startKnown[1], this)];
  }

  /** Whether something spoke of mining. */
  get matched(): boolean {
    return this.indications.length > 0;
  }

  /** Nothing here is or will be of interest. */
  get hopeless(): boolean {
    if (this.matched) return false;
    return this.foreign >= PATIENCE || (this.readers[0].speech === 'none' && this.readers[1].speech === 'none');
  }

  /** Notes the frame whose payload is about to be pushed, as evidence; `payload` is its offset in the frame. */
  keep(frame: Frame, file: string, side: Side, payload: number): void {
    this.current = { frame, file, side, payload };
    const length = frame.end - frame.offset;
    if (this.frames.length >= MAX_FRAMES || this.frameBytes + length > MAX_FRAME_BYTES) return;
    this.keepCurrent();
  }

  private keepCurrent(): void {
    if (!this.current) return;
    const { frame, file, side, payload } = this.current;
    this.frames.push({
      file,
      packet: frame.number,
      time: frame.time,
      nanos: frame.nanos,
      linkType: frame.linkType,
      originalLength: frame.originalLength,
      bytes: frame.bytes.slice(frame.offset, frame.end),
      redacted: false,
      input: frame.input,
      side,
      payload,
    });
    this.frameBytes += frame.end - frame.offset;
  }

  onStreamData(side: Side, bytes: Uint8Array, off: number, end: number, place: SegmentPlace): void {
    this.readers[side].push(bytes, off, end, place);
  }

  onStreamGap(side: Side, lost: number): void {
    if (this.readers[side].heldBytes > 0) this.redactor?.onUnread(side);
    this.readers[side].gap(lost);
    for (const candidate of this.candidates) candidate.session.forgetPending();
  }

  onForeign(weight: number): void {
    this.foreign += weight;
  }

  mayMatter(bytes: Uint8Array, off: number, end: number): boolean {
    return this.indications.length > 0 || this.context.signatures.mayMatch(bytes, off, end);
  }

  onAnomaly(anomaly: number): void {
    (this.context.counters[anomaly] as number)++;
  }

  onUpgrade(side: Side, head: HttpHead): void {
    this.readers[1 - side]?.becomeWebSocket(head.kind === 'request' ? head.target : null);
  }

  onMessage(m: Message): void {
    this.read(m);
    this.redactor?.onMessage(m);
  }

  private read(m: Message): void {
    if (m.transport !== 'tcp') this.transport = m.transport;
    if (m.kind === 'json' && isLogRecord(m.value)) {
      this.foreign += 32;
      return;
    }
    if (this.isFamiliar(m)) {
      for (const candidate of this.candidates) this.feed(candidate, m);
      return;
    }
    this.hits.length = 0;
    this.context.signatures.match(m, this.hits);
    for (const hit of this.hits) this.note(hit, m);
    if (this.hits.length === 0 && !this.matched) this.foreign += foreignWeight(m);
    this.advance(m);
  }

  /**
   * A long conversation repeats itself: a message of a kind that has been seen several times tells the dialect something,
   * but neither a new signature nor another dialect.
   */
  private isFamiliar(m: Message): boolean {
    if (m.kind !== 'json' || !this.sure) return false;
    const kind = m.method ?? answerKind(m.value);
    this.familiar ??= [new Map(), new Map()];
    const kinds = this.familiar[m.side];
    const seen = kinds.get(kind) ?? 0;
    if (seen >= FAMILIAR) return true;
    if (kinds.size < MAX_KINDS) kinds.set(kind, seen + 1);
    return false;
  }

  private note(hit: Signature, m: Message): void {
    if (this.indications.length >= MAX_INDICATIONS) return;
    for (const known of this.indications) if (known.signature === hit.id) return;
    this.indications.push({
      signature: hit.id,
      version: hit.version,
      kind: hit.kind,
      weight: hit.weight,
      proof: hit.status === 'stable' && (hit.kind === 'payload' || hit.kind === 'http') && hit.weight >= 0.9,
      time: m.place.time,
      input: m.place.input,
      packet: m.place.packet,
      bytes: [m.place.from, m.place.to],
      // Where the signature knows who sends such a message, that decides who is who.
      side: m.side,
      from: hit.from,
      dialect: hit.dialect,
      excerpt: excerptOf(m),
    });
    this.keepProof(m);
  }

  /** The packet that proves something is kept even where the bound for ordinary ones is reached. */
  private keepProof(m: Message): void {
    const frame = this.current?.frame;
    if (!frame || frame.number !== m.place.packet || frame.input !== m.place.input) return;
    if (this.frames.some((f) => f.packet === frame.number) || this.frames.length >= MAX_FRAMES + MAX_INDICATIONS)
      return;
    this.keepCurrent();
  }

  /** Lets every dialect that may fit see the message; opens those that it speaks for, drops those that it excludes. */
  private advance(m: Message): void {
    let opened = false;
    for (const dialect of ALL_DIALECTS) {
      if (this.excluded.includes(dialect)) continue;
      const fit = dialect.probe(m);
      if (fit === Fit.None) continue;
      const known = this.candidates.find((c) => c.dialect === dialect);
      if (fit === Fit.Never) {
        // A message of another dialect does not undo what was certain: it is a malformed one of this.
        if (known?.fit === Fit.Sure) continue;
        this.excluded.push(dialect);
        if (known) this.candidates.splice(this.candidates.indexOf(known), 1);
      } else if (known) {
        if (fit === Fit.Sure && known.fit !== Fit.Sure) this.settle(known);
      } else if (!this.candidates.some((c) => c.dialect.group === dialect.group && c.fit === Fit.Sure)) {
        const candidate: Candidate = { dialect, session: new MiningSession(), fit: Fit.Possible };
        for (const message of this.early ?? []) this.feed(candidate, message);
        this.candidates.push(candidate);
        opened = true;
        if (fit === Fit.Sure) this.settle(candidate);
      }
    }
    for (const candidate of this.candidates) this.feed(candidate, m);
    if (this.early) {
      if (opened || this.candidates.length > 0) {
        // A dialect that shows itself later starts from the same messages while they are few.
        if (this.early.length < MAX_EARLY) this.early.push(m);
        else this.early = null;
      } else {
        this.early.push(m);
        if (this.early.length > MAX_EARLY) this.early.shift();
      }
    }
  }

  /** This dialect it is: the others of its group go. */
  private settle(candidate: Candidate): void {
    candidate.fit = Fit.Sure;
    this.sure = true;
    this.candidates = this.candidates.filter(
      (c) => c === candidate || c.dialect.group !== candidate.dialect.group || c.fit === Fit.Sure,
    );
  }

  private feed(candidate: Candidate, m: Message): void {
    candidate.session.tick(m.place.time);
    candidate.dialect.feed(candidate.session, m);
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
    if (!this.matched) this.foreign = PATIENCE;
    for (const reader of this.readers) reader.gap(-1);
    this.countHeld();
  }

  private countHeld(): void {
    const held = this.readers[0].heldBytes + this.readers[1].heldBytes;
    this.context.budget.used += held - this.held;
    this.held = held;
  }

  /** Delivers what is held back and ends both streams. */
  finish(): void {
    this.pair.flush();
    for (const side of [0, 1] as const) {
      const unread = this.readers[side].heldBytes > 0;
      this.readers[side].finish();
      if (unread) this.redactor?.onUnread(side);
    }
    this.redactor?.finish();
    this.early = null;
    this.current = null;
  }

  /** Per group the dialect that is sure, or the likeliest; those merely possible only where none is sure. */
  results(): { dialect: Dialect; session: MiningSession }[] {
    const sure = this.candidates.filter((c) => c.fit === Fit.Sure);
    if (sure.length > 0) return sure;
    let best: Candidate | null = null;
    for (const c of this.candidates) if (!best || c.dialect.priority > best.dialect.priority) best = c;
    return best ? [best] : [];
  }

  /** Gives back shared memory. */
  release(): void {
    this.pair.discard();
    this.context.budget.used -= this.held;
    this.held = 0;
  }
}

/** How much a message that speaks of nothing we know counts against its conversation: a page or a download counts much. */
function foreignWeight(m: Message): number {
  // The answers to a large farm's shares can be hundreds between two jobs.
  if (m.kind === 'json') return m.method === null && typeof m.value['result'] !== 'object' ? 0.25 : 2;
  if (m.kind !== 'http') return 2;
  // A handshake may lead to a WebSocket; any other GET leads to a page.
  if (m.http.kind === 'request') return m.http.method === 'POST' || m.http.headers.has('upgrade') ? 16 : 200;
  return /json|text\/plain/i.test(m.http.headers.get('content-type') ?? 'json') ? 16 : 512;
}

/** Answers have no method: they are told apart by the type of what they carry. */
function answerKind(value: Readonly<Record<string, unknown>>): string {
  const result = value['result'];
  const type = typeof value['type'] === 'string' ? value['type'] : '';
  const shape = result === null ? 'null' : Array.isArray(result) ? 'array' : typeof result;
  return `\n${type}\n${shape}\n${value['error'] == null ? '' : 'error'}`;
}

/** Members that log records have and mining messages never do; `message` and `timestamp` are not among them. */
const LOG_MEMBERS = ['@timestamp', 'level', 'severity', 'logger', 'hostname'];

/** A log shipper may send what a mining program logged, member by member: that is no mining. */
function isLogRecord(value: Readonly<Record<string, unknown>>): boolean {
  for (const member of LOG_MEMBERS) if (Object.hasOwn(value, member)) return true;
  return false;
}
