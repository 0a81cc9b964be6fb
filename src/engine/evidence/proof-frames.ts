import type { Frame } from '../../capture/frame.ts';
import type { Message, Place, Side } from '../../protocol/message.ts';
import { FlowSample } from '../flow-sample.ts';
import type { Piece } from './keeper.ts';
import { COPY_BYTES, copyFrame, type KeptFrame } from './kept-frame.ts';
import { Redactor } from './secrets.ts';

/** Evidence frames and bytes kept for one conversation, and frames beyond that which prove something. */
const MAX_FRAMES = 64;
const MAX_FRAME_BYTES = 256 * 1024;
const MAX_PROOFS = 24;
/** Frames from before the conversation was read: its opening, and the look-ups that led to it. */
const MAX_SETUP = 16;
/** Days of one conversation on which frames are kept, where windows are days. */
const MAX_DAYS = 16;

/** Bytes of frames, with what their copies cost, that all open conversations may keep together. */
export interface ProofBudget {
  used: number;
  readonly limit: number;
}

/** Where the payload of a packet lies. */
export interface Source {
  readonly frame: Frame;
  readonly file: string;
  readonly side: Side;
  /** Where it lies in the frame, and the TCP sequence number of its first byte. */
  readonly payload: number;
  readonly payloadEnd: number;
  readonly sequence: number;
  /** Length of the headers before the payload in a datagram that was put together from `pieces`. */
  readonly header: number;
  readonly pieces: readonly Piece[];
}

/** The frames of one conversation that carried payload, copied, where evidence is wanted; without passwords. */
export class ProofFrames {
  private readonly frames: KeptFrame[] = [];
  private readonly setup: KeptFrame[] = [];
  private samples: readonly [FlowSample, FlowSample] = [new FlowSample(), new FlowSample()];
  private readonly sampled: KeptFrame[] = [];
  private readonly redactor: Redactor = new Redactor(this.frames);
  private readonly begun: readonly [number, number, number];
  private bytes = 0;
  /** Frames of the days before, and how many days there were. */
  private before = 0;
  private days = 1;
  private current: Source | null = null;
  private readonly budget: ProofBudget | null;
  /** Bytes taken of the budget. */
  private taken = 0;

  /** `begun`: time, input and packet from which on the conversation is read. `budget`: null = no bound but its own. */
  constructor(begun: readonly [number, number, number], budget: ProofBudget | null = null) {
    this.begun = begun;
    this.budget = budget;
  }

  /** Gives back what was taken of the budget. */
  release(): void {
    if (this.budget !== null) this.budget.used -= this.taken;
    this.taken = 0;
  }

  /** All frames, with the conversation they are of. Call `finish` first. */
  all(): KeptFrame[] {
    const whole = new Set(this.frames.map(nameOf));
    const samples = [...this.sampled, ...this.sampleFrames()].filter((f) => !whole.has(nameOf(f)));
    return [...this.setup, ...this.frames, ...samples].map((f) => ({ ...f, begun: this.begun }));
  }

  /** Frames that led to this conversation. */
  addSetup(frames: readonly KeptFrame[]): void {
    for (const frame of frames) if (this.setup.length < MAX_SETUP) this.setup.push(frame);
  }

  /** Notes the packet whose payload is about to be read. False: it is not kept as a whole. */
  keep(source: Source): boolean {
    this.current = source;
    const length = lengthOf(source);
    if (this.frames.length - this.before >= MAX_FRAMES || this.bytes + length > MAX_FRAME_BYTES) return false;
    this.keepCurrent('payload');
    return true;
  }

  /** Notes a packet of which the headers may do: it shows that the conversation goes on. `extra`: bytes beyond them. */
  sample({ frame, file, side, payload, payloadEnd, sequence, pieces }: Source, extra: number): void {
    if (pieces.length > 0) return;
    this.samples[side].offer(frame.time, () =>
      copyFrame(frame, file, 'sample', { side, payload, payloadEnd, sequence }, payload + extra),
    );
  }

  /** The packet that proves something is kept even where the bound for ordinary ones is reached. */
  keepProof(m: Message): void {
    const frame = this.current?.frame;
    if (!frame || frame.number !== m.place.packet || frame.input !== m.place.input) {
      this.mark(m.place);
      return;
    }
    if (this.mark(m.place) || this.frames.length - this.before >= MAX_FRAMES + MAX_PROOFS) return;
    this.keepCurrent('proof');
  }

  /** Another day has begun: it has frames of its own. */
  nextDay(): void {
    if (this.days >= MAX_DAYS) return;
    this.days++;
    this.before = this.frames.length;
    this.bytes = 0;
    this.sampled.push(...this.sampleFrames());
    this.samples = [new FlowSample(), new FlowSample()];
  }

  onMessage(m: Message): void {
    this.redactor.onMessage(m);
  }

  /** Bytes of a password that stand in no message, at their place in the packet where they stand in one. */
  onSecret(side: Side, secret: Uint8Array, place: Place): void {
    this.redactor.onSecret(side, secret, place);
  }

  /** What a direction sent since its last message will not be read, or must not be shown. */
  onUnread(side: Side): void {
    this.redactor.onUnread(side);
  }

  finish(): void {
    this.redactor.finish();
    this.current = null;
  }

  /** Marks the frames of a packet as those that prove something; false where it is not kept. */
  private mark(place: Place): boolean {
    let found = false;
    for (const f of this.frames) {
      if ((f.of ?? f.packet) !== place.packet || f.input !== place.input) continue;
      f.kind = 'proof';
      found = true;
    }
    return found;
  }

  private keepCurrent(kind: 'payload' | 'proof'): void {
    if (!this.current || !this.fits(lengthOf(this.current) + COPY_BYTES, kind)) return;
    const { frame, file, side, payload, payloadEnd, sequence, header, pieces } = this.current;
    if (pieces.length === 0) this.frames.push(copyFrame(frame, file, kind, { side, payload, payloadEnd, sequence }));
    for (const piece of pieces) {
      // The first fragments hold the headers too.
      const first = Math.max(0, header - piece.offset);
      this.frames.push({
        ...piece.frame,
        bytes: piece.frame.bytes.slice(),
        of: frame.number,
        side,
        payload: Math.min(piece.payloadEnd, piece.payload + first),
        payloadEnd: piece.payloadEnd,
        sequence: (sequence + piece.offset + first - header) | 0,
        kind,
      });
    }
    this.bytes += lengthOf(this.current);
  }

  /** What proves something may take a little more than the rest. */
  private fits(length: number, kind: 'payload' | 'proof'): boolean {
    const { budget } = this;
    if (budget === null) return true;
    if (budget.used + length > budget.limit * (kind === 'proof' ? 1 : 0.75)) return false;
    budget.used += length;
    this.taken += length;
    return true;
  }

  private sampleFrames(): KeptFrame[] {
    return [...this.samples[0].frames(), ...this.samples[1].frames()];
  }
}

function lengthOf({ frame, pieces }: Source): number {
  return pieces.length === 0
    ? frame.end - frame.offset
    : pieces.reduce((sum, piece) => sum + piece.frame.bytes.length, 0);
}

function nameOf(f: KeptFrame): string {
  return `${f.input} ${f.packet}`;
}
