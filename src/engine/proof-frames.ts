import type { Frame } from '../capture/frame.ts';
import type { Message, Side } from '../protocol/message.ts';
import { type KeptFrame, Redactor } from './secrets.ts';

/** Evidence frames and bytes kept for one conversation, and frames beyond that which prove something. */
const MAX_FRAMES = 64;
const MAX_FRAME_BYTES = 256 * 1024;
const MAX_PROOFS = 24;
/** Days of one conversation on which frames are kept, where windows are days. */
const MAX_DAYS = 16;

/** The frames of one conversation that carried payload, copied, where evidence is wanted; without passwords. */
export class ProofFrames {
  readonly frames: KeptFrame[] = [];
  private readonly redactor: Redactor = new Redactor(this.frames);
  private bytes = 0;
  /** Frames of the days before, and how many days there were. */
  private before = 0;
  private days = 1;
  private current: { frame: Frame; file: string; side: Side; payload: number } | null = null;

  /** Notes the frame whose payload is about to be read; `payload` is its offset in the frame. */
  keep(frame: Frame, file: string, side: Side, payload: number): void {
    this.current = { frame, file, side, payload };
    const length = frame.end - frame.offset;
    if (this.frames.length - this.before >= MAX_FRAMES || this.bytes + length > MAX_FRAME_BYTES) return;
    this.keepCurrent();
  }

  /** The packet that proves something is kept even where the bound for ordinary ones is reached. */
  keepProof(m: Message): void {
    const frame = this.current?.frame;
    if (!frame || frame.number !== m.place.packet || frame.input !== m.place.input) return;
    if (
      this.frames.length - this.before >= MAX_FRAMES + MAX_PROOFS ||
      this.frames.some((f) => f.packet === frame.number && f.input === frame.input)
    )
      return;
    this.keepCurrent();
  }

  /** Another day has begun: it has frames of its own. */
  nextDay(): void {
    if (this.days >= MAX_DAYS) return;
    this.days++;
    this.before = this.frames.length;
    this.bytes = 0;
  }

  onMessage(m: Message): void {
    this.redactor.onMessage(m);
  }

  /** Bytes of a password that stand in no message. */
  onSecret(side: Side, secret: Uint8Array): void {
    this.redactor.onSecret(secret);
    this.redactor.onUnread(side);
  }

  /** What a direction sent since its last message will not be read, or must not be shown. */
  onUnread(side: Side): void {
    this.redactor.onUnread(side);
  }

  finish(): void {
    this.redactor.finish();
    this.current = null;
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
    this.bytes += frame.end - frame.offset;
  }
}
