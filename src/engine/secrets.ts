import type { Message } from '../protocol/message.ts';
import { secretsOf } from './excerpt.ts';
import type { EvidenceFrame } from './options.ts';

/** A frame kept for evidence, with where its payload starts and in which direction it went. */
export interface KeptFrame extends EvidenceFrame {
  readonly side: 0 | 1;
  readonly input: number;
  readonly payload: number;
  redacted: boolean;
}

/** A packet of an input. */
export interface Position {
  readonly input: number;
  readonly packet: number;
}

const STAR = 0x2a;

function compare(a: Position, b: Position): number {
  return a.input - b.input || a.packet - b.packet;
}

/**
 * Overwrites the passwords of a message in the frames that carried it, byte for byte with `*`. `first` is where the
 * message before it ended. Where a password cannot be found as it stands (split over frames, escaped, masked),
 * the payload of every frame that may hold a part of it is overwritten.
 */
export function redact(m: Message, first: Position, frames: readonly KeptFrame[]): void {
  const secrets = secretsOf(m);
  if (secrets.length === 0) return;
  // A message that lies in one frame as a whole is in no other.
  const from = m.place.to > 0 ? m.place : first;
  const carriers = frames.filter((f) => f.side === m.side && compare(f, from) >= 0 && compare(f, m.place) <= 0);
  for (const secret of secrets) {
    const wanted = Buffer.from(m.kind === 'json' ? `"${secret}"` : secret, 'utf8');
    let found = false;
    for (const frame of carriers) found = overwrite(frame, wanted, m.kind === 'json' ? 1 : 0) || found;
    if (found) continue;
    for (const frame of carriers) {
      frame.bytes.fill(STAR, frame.payload);
      frame.redacted = true;
    }
  }
}

function overwrite(frame: KeptFrame, wanted: Buffer, margin: number): boolean {
  const bytes = Buffer.from(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.length);
  let found = false;
  for (let at = bytes.indexOf(wanted, frame.payload); at >= 0; at = bytes.indexOf(wanted, at + wanted.length)) {
    bytes.fill(STAR, at + margin, at + wanted.length - margin);
    frame.redacted = true;
    found = true;
  }
  return found;
}
