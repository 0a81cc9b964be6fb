import { MAX_TEXT } from '../../protocol/json.ts';
import type { Message, Place, Side } from '../../protocol/message.ts';
import { secretsOf } from './excerpt.ts';
import type { KeptFrame } from './kept-frame.ts';
import { findMasked } from './masked-text.ts';

/** What is to be found in a frame, and how many bytes at either end stay. */
interface Wanted {
  readonly secret: string;
  readonly text: Buffer | RegExp;
  readonly margin: number;
}

/** Bytes that were overwritten: where in a frame, where in the stream, and with what. */
interface Hidden {
  readonly secret: string;
  readonly input: number;
  readonly packet: number;
  readonly from: number;
  readonly side: Side;
  readonly sequence: number;
  readonly cover: Uint8Array;
  /** A message stood for it. */
  claimed: boolean;
}

/** Bytes of a direction without a hole, and where each frame's bytes begin in them. */
interface Run {
  readonly bytes: Buffer;
  readonly parts: readonly { readonly frame: KeptFrame; readonly at: number; readonly from: number }[];
}

const STAR = 0x2a;
const BACKSLASH = 0x5c;
const MAX_SECRETS = 64;
const MAX_HIDDEN = 4096;

/**
 * Keeps passwords out of the frames of one conversation: they are overwritten with `*`, byte for byte, wherever they stand:
 * in one frame, over several, under the mask of a WebSocket (which then shows stars), and where the same bytes of the stream
 * are sent again. A password that is not found where its message stands (escaped, compressed) takes the whole payload of its
 * direction so far with it, and so does a message that never became complete.
 */
export class Redactor {
  private readonly frames: readonly KeptFrame[];
  private readonly wanted: Wanted[] = [];
  private readonly hidden: Hidden[] = [];
  /** Messages with a password in packets that were not kept, and may be yet. */
  private readonly late: { readonly place: Place; readonly secret: string }[] = [];
  /** Payloads that were overwritten as a whole, to know them again when they are sent again. */
  private readonly blanked: Set<string> = new Set();
  private readonly ended: [Place | null, Place | null] = [null, null];

  constructor(frames: readonly KeptFrame[]) {
    this.frames = frames;
  }

  /** A message was read; its frames are among those kept, or none of them is. */
  onMessage(m: Message): void {
    // An empty header or member hides nothing, and would be found everywhere.
    const secrets = secretsOf(m).filter((secret) => secret !== '');
    if (secrets.length > 0 && !this.hideMasked(m, secrets)) {
      for (const secret of secrets) this.hide(m, secret);
    }
    this.ended[m.side] = m.place;
  }

  /** Bytes of a password outside any message: overwritten where they stand, also where they are sent again. */
  onSecret(side: Side, secret: Uint8Array, place: Place): void {
    // A piece of one or two bytes would be found everywhere.
    if (secret.length >= 3 && this.wanted.length < MAX_SECRETS) {
      this.wanted.push({ secret: '', text: Buffer.from(secret), margin: 0 });
    }
    let found = false;
    for (const frame of this.frames) {
      if (place.to <= 0 || frame.packet !== place.packet || frame.input !== place.input) continue;
      const user = userBefore(frame, place.from);
      if (user >= 0) this.cover(frame, '', user, place.from - 1);
      this.cover(frame, '', place.from, place.to);
      found = true;
    }
    if (!found) this.onUnread(side);
  }

  /** What a direction sent since its last complete message will not be read. */
  onUnread(side: Side): void {
    const last = this.ended[side];
    for (const frame of this.frames) {
      if (frame.side !== side) continue;
      const order = orderOf(frame, last);
      if (order > 0) this.blank(frame, frame.payload);
      else if (order === 0 && last !== null && last.to > 0) this.blank(frame, last.to);
    }
  }

  /** Looks once more at all that was kept: what was sent twice, or came after it was read. */
  finish(): void {
    for (const frame of this.frames) {
      if (this.blanked.has(payloadOf(frame))) this.blank(frame, frame.payload);
      for (const wanted of this.wanted) {
        for (const [from, to] of placesOf(frame, wanted)) this.cover(frame, wanted.secret, from, to);
      }
    }
    for (const { place, secret } of this.late) {
      for (const frame of this.frames) {
        if (frame.packet !== place.packet || frame.input !== place.input) continue;
        this.settle(frame, place, secret);
      }
    }
    for (const { side, sequence, cover } of this.hidden) {
      for (const frame of this.frames) {
        if (frame.side !== side) continue;
        const from = (sequence - frame.sequence) | 0;
        const length = frame.payloadEnd - frame.payload;
        if (from >= length || from + cover.length <= 0) continue;
        const start = Math.max(0, from);
        const part = cover.subarray(start - from, Math.min(cover.length, length - from));
        if (part.every((byte, n) => frame.bytes[frame.payload + start + n] === byte)) continue;
        frame.bytes.set(part, frame.payload + start);
        frame.redacted = true;
      }
    }
  }

  /** Overwrites a password wherever it stands in clear. */
  private hide(m: Message, secret: string | number): void {
    const text = String(secret);
    const wanted = wantedOf(secret, m.kind === 'json');
    const known = this.hidden.some((h) => h.secret === text);
    if (this.wanted.length < MAX_SECRETS) this.wanted.push(wanted);
    for (const frame of this.frames) {
      if (frame.side !== m.side) continue;
      for (const [from, to] of placesOf(frame, wanted)) this.cover(frame, text, from, to);
    }
    const { place } = m;
    const own = this.ownFrames(m);
    if (place.to > 0) {
      if (own.length > 0) for (const frame of own) this.settle(frame, place, text);
      else if (this.late.length < MAX_HIDDEN) this.late.push({ place, secret: text });
      return;
    }
    const split = this.hideSplit(own, wanted, text);
    // What is escaped somewhere may be the password itself.
    if ((this.claim(own, text) || split) && !m.text.includes('\\')) return;
    // Said again where nothing is kept any more: there is nothing to hide.
    if (own.length === 0 && known) return;
    for (const frame of this.frames) if (frame.side === m.side) this.blank(frame, frame.payload);
  }

  /** A message that lies in one frame: all of it goes where its password was not found there, or may be escaped. */
  private settle(frame: KeptFrame, { from, to }: Place, secret: string): void {
    const inside = (h: Hidden): boolean =>
      h.packet === frame.packet && h.input === frame.input && h.from >= from && h.from + h.cover.length <= to;
    const escaped = frame.bytes.subarray(from, to).includes(BACKSLASH);
    if (!escaped && this.hidden.some((h) => h.secret === secret && inside(h))) return;
    this.cover(frame, secret, from, to);
  }

  /** Whether a password was overwritten in these frames for which no message before this one stood. */
  private claim(own: readonly KeptFrame[], secret: string): boolean {
    const places = new Set(own.map((f) => `${f.input} ${f.packet}`));
    const found = this.hidden.find((h) => !h.claimed && h.secret === secret && places.has(`${h.input} ${h.packet}`));
    if (found === undefined) return false;
    for (const h of this.hidden) if (h.side === found.side && h.sequence === found.sequence) h.claimed = true;
    return true;
  }

  /** Frames in which a message may lie: its packet, or all since the last message of its direction. */
  private ownFrames({ place, side }: Message): KeptFrame[] {
    const whole = place.to > 0;
    return this.frames.filter(
      (f) =>
        f.side === side &&
        (whole ? f.packet === place.packet && f.input === place.input : orderOf(f, this.ended[side]) >= 0),
    );
  }

  /** Overwrites a password that stands in several frames. */
  private hideSplit(own: readonly KeptFrame[], wanted: Wanted, secret: string): boolean {
    if (own.length < 2) return false;
    let found = false;
    const before = this.hidden.length;
    for (const run of runsOf(own)) {
      for (const [from, to] of foundIn(run.bytes, 0, run.bytes.length, wanted)) {
        this.coverRun(run, secret, from, to, null);
        found = true;
      }
    }
    for (const h of this.hidden.slice(before)) h.claimed = true;
    return found;
  }

  /** Overwrites the passwords of a message under the mask of a WebSocket, with what unmasks to stars. */
  private hideMasked(m: Message, secrets: readonly (string | number)[]): boolean {
    if (m.kind !== 'json' || m.transport !== 'ws' || m.place.to > 0 || m.text.length >= MAX_TEXT) return false;
    if (m.text.includes('\\')) return false;
    const text = Buffer.from(m.text, 'utf8');
    const places: [number, number][] = [];
    for (const secret of secrets) {
      const found = foundIn(text, 0, text.length, wantedOf(secret, true));
      if (found.length === 0) return false;
      places.push(...found);
    }
    for (const run of runsOf(this.ownFrames(m))) {
      const at = findMasked(run.bytes, text);
      if (at < 0) continue;
      const key = run.bytes.subarray(at - 4, at);
      for (const [from, to] of places) {
        const stars = Uint8Array.from({ length: to - from }, (_, n) => STAR ^ (key[(from + n) & 3] as number));
        this.coverRun(run, '', at + from, at + to, stars);
      }
      return true;
    }
    return false;
  }

  private coverRun(run: Run, secret: string, from: number, to: number, bytes: Uint8Array | null): void {
    for (const { frame, at, from: start } of run.parts) {
      const length = frame.payloadEnd - start;
      const [first, last] = [Math.max(from, at), Math.min(to, at + length)];
      if (first >= last) continue;
      const cover = bytes?.subarray(first - from, last - from) ?? null;
      this.cover(frame, secret, start + first - at, start + last - at, cover);
    }
  }

  /** Overwrites [from, to) of a frame, and notes where in the stream that is. */
  private cover(frame: KeptFrame, secret: string, from: number, to: number, bytes: Uint8Array | null = null): void {
    const cover = bytes ?? new Uint8Array(to - from).fill(STAR);
    frame.bytes.set(cover, from);
    frame.redacted = true;
    if (this.hidden.length >= MAX_HIDDEN) return;
    const { input, packet, side } = frame;
    const sequence = (frame.sequence + from - frame.payload) | 0;
    this.hidden.push({ secret, input, packet, from, side, sequence, cover, claimed: false });
  }

  private blank(frame: KeptFrame, from: number): void {
    if (from >= frame.bytes.length) return;
    if (this.blanked.size < 4 * MAX_SECRETS) this.blanked.add(payloadOf(frame));
    frame.bytes.fill(STAR, from);
    frame.redacted = true;
  }
}

/** Whether a frame came after the last message, in the same packet (0), or before it. */
function orderOf(frame: KeptFrame, last: Place | null): number {
  return last === null ? 1 : frame.input - last.input || (frame.of ?? frame.packet) - last.packet;
}

function payloadOf(frame: KeptFrame): string {
  return view(frame).toString('latin1', frame.payload);
}

function wantedOf(secret: string | number, json: boolean): Wanted {
  if (typeof secret === 'string')
    return { secret, text: Buffer.from(json ? `"${secret}"` : secret, 'utf8'), margin: json ? 1 : 0 };
  const digits = String(secret).replace(/[^0-9eE]/g, '.');
  return { secret: String(secret), text: new RegExp(`[,:]\\s*${digits}\\s*(?=[,\\]}])`, 'g'), margin: 1 };
}

function view(frame: KeptFrame): Buffer {
  return Buffer.from(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.length);
}

function placesOf(frame: KeptFrame, wanted: Wanted): [from: number, to: number][] {
  return foundIn(view(frame), frame.payload, frame.bytes.length, wanted);
}

/** Where a password stands in [off, end), without the margin. */
function foundIn(bytes: Buffer, off: number, end: number, { text, margin }: Wanted): [from: number, to: number][] {
  const found: [number, number][] = [];
  if (text instanceof RegExp) {
    for (const match of bytes.toString('latin1', off, end).matchAll(text)) {
      found.push([off + match.index + margin, off + match.index + match[0].length]);
    }
  } else if (text.length > 0) {
    for (let at = bytes.indexOf(text, off); at >= 0 && at < end; at = bytes.indexOf(text, at + text.length)) {
      found.push([at + margin, at + text.length - margin]);
    }
  }
  return found;
}

/** Puts the payloads of one direction in order; of bytes that came twice the first copy is taken. */
function runsOf(frames: readonly KeptFrame[]): Run[] {
  const [first] = frames;
  if (first === undefined) return [];
  const distance = (f: KeptFrame): number => (f.sequence - first.sequence) | 0;
  const sorted = frames.filter((f) => f.payloadEnd > f.payload).sort((a, b) => distance(a) - distance(b));
  const runs: Run[] = [];
  let parts: { frame: KeptFrame; at: number; from: number }[] = [];
  let pieces: Uint8Array[] = [];
  let start = 0;
  let next = Number.NaN;
  const close = (): void => {
    if (parts.length > 0) runs.push({ bytes: Buffer.concat(pieces), parts });
    parts = [];
    pieces = [];
  };
  for (const frame of sorted) {
    const begin = distance(frame);
    const end = begin + frame.payloadEnd - frame.payload;
    if (!(begin <= next)) {
      close();
      start = begin;
      next = begin;
    }
    if (end <= next) continue;
    const from = frame.payload + next - begin;
    parts.push({ frame, at: next - start, from });
    pieces.push(frame.bytes.subarray(from, frame.payloadEnd));
    next = end;
  }
  close();
  return runs;
}

/**
 * Where the user's name begins that stands before a password of SOCKS5 (RFC 1929 §2: 01, length, name, length, password), so
 * that it goes too; -1 where that cannot be told. A greeting may stand before both (RFC 1928 §3: 05, count, methods).
 */
function userBefore({ bytes, payload }: KeptFrame, password: number): number {
  const at = bytes[payload] === 5 ? payload + 2 + (bytes[payload + 1] as number) : payload;
  return bytes[at] === 1 && at + 3 + (bytes[at + 1] as number) === password ? at + 2 : -1;
}
