import type { Message, Place, Side } from '../protocol/message.ts';
import { secretsOf } from './excerpt.ts';
import type { EvidenceFrame } from './options.ts';

/** A frame kept for evidence, with where its payload starts and in which direction it went. */
export interface KeptFrame extends EvidenceFrame {
  readonly side: Side;
  readonly input: number;
  readonly payload: number;
  redacted: boolean;
}

/** What is to be found in a frame, and how many bytes at either end stay. */
interface Wanted {
  readonly text: Buffer | RegExp;
  readonly margin: number;
}

const STAR = 0x2a;
const MAX_SECRETS = 64;

/**
 * Keeps passwords out of the frames of one conversation: they are overwritten with `*`, byte for byte. A password that is
 * not found as it stands (split over frames, escaped, masked) takes the whole payload of its direction so far with it, and
 * so does a message that never became complete.
 */
export class Redactor {
  private readonly frames: readonly KeptFrame[];
  private readonly wanted: Wanted[] = [];
  /** Payloads that were overwritten as a whole, to know them again when they are sent again. */
  private readonly blanked: Set<string> = new Set();
  private readonly ended: [Place | null, Place | null] = [null, null];

  constructor(frames: readonly KeptFrame[]) {
    this.frames = frames;
  }

  /** A message was read; its frames are among those kept. */
  onMessage(m: Message): void {
    for (const secret of secretsOf(m)) {
      // An empty header or member hides nothing, and would be found everywhere.
      if (secret === '') continue;
      const wanted = wantedOf(secret, m.kind === 'json');
      if (this.wanted.length < MAX_SECRETS) this.wanted.push(wanted);
      let found = false;
      for (const frame of this.frames) if (frame.side === m.side) found = overwrite(frame, wanted) || found;
      if (!found) for (const frame of this.frames) if (frame.side === m.side) this.blank(frame, frame.payload);
    }
    this.ended[m.side] = m.place;
  }

  /** Bytes of a password: overwritten wherever they stand, also where they are sent again. */
  onSecret(secret: Uint8Array): void {
    // A piece of one or two bytes would be found everywhere.
    if (secret.length < 3 || this.wanted.length >= MAX_SECRETS) return;
    this.wanted.push({ text: Buffer.from(secret), margin: 0 });
  }

  /** What a direction sent since its last complete message will not be read. */
  onUnread(side: Side): void {
    const last = this.ended[side];
    for (const frame of this.frames) {
      if (frame.side !== side) continue;
      const order = last === null ? 1 : frame.input - last.input || frame.packet - last.packet;
      if (order > 0) this.blank(frame, frame.payload);
      else if (order === 0 && last !== null && last.to > 0) this.blank(frame, last.to);
    }
  }

  /** Looks once more at all that was kept: what was sent twice, or came after it was read. */
  finish(): void {
    for (const frame of this.frames) {
      if (this.blanked.has(payloadOf(frame))) this.blank(frame, frame.payload);
      for (const wanted of this.wanted) overwrite(frame, wanted);
    }
  }

  private blank(frame: KeptFrame, from: number): void {
    if (from >= frame.bytes.length) return;
    if (this.blanked.size < 4 * MAX_SECRETS) this.blanked.add(payloadOf(frame));
    frame.bytes.fill(STAR, from);
    frame.redacted = true;
  }
}

function payloadOf(frame: KeptFrame): string {
  return view(frame).toString('latin1', frame.payload);
}

function wantedOf(secret: string | number, json: boolean): Wanted {
  if (typeof secret === 'string')
    return { text: Buffer.from(json ? `"${secret}"` : secret, 'utf8'), margin: json ? 1 : 0 };
  const digits = String(secret).replace(/[^0-9eE]/g, '.');
  return { text: new RegExp(`[,:]\\s*${digits}\\s*(?=[,\\]}])`, 'g'), margin: 1 };
}

function view(frame: KeptFrame): Buffer {
  return Buffer.from(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.length);
}

function overwrite(frame: KeptFrame, { text, margin }: Wanted): boolean {
  const bytes = view(frame);
  let found = false;
  if (text instanceof RegExp) {
    for (const match of bytes.toString('latin1', frame.payload).matchAll(text)) {
      bytes.fill(STAR, frame.payload + match.index + margin, frame.payload + match.index + match[0].length);
      found = true;
    }
  } else if (text.length > 0) {
    for (let at = bytes.indexOf(text, frame.payload); at >= 0; at = bytes.indexOf(text, at + text.length)) {
      bytes.fill(STAR, at + margin, at + text.length - margin);
      found = true;
    }
  }
  if (found) frame.redacted = true;
  return found;
}
