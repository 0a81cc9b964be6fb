import type { Frame } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';

/** What a sink saw of one frame, copied. */
export interface Seen {
  readonly number: number;
  readonly time: number;
  readonly nanos: number;
  readonly linkType: number;
  readonly originalLength: number;
  readonly input: number;
  readonly data: string;
}

export interface Outcome {
  readonly reader: CaptureReader;
  readonly seen: Seen[];
}

/** Feeds pieces in order through one scratch buffer that is overwritten after every call; checks every frame's bounds. */
export function readPieces(pieces: readonly Uint8Array[], input = 0): Outcome {
  const reader = new CaptureReader(input);
  const seen: Seen[] = [];
  const margin = 3;
  const sink = {
    onFrame(frame: Frame): void {
      const sameBytes = frame.view.buffer === frame.bytes.buffer && frame.view.byteOffset === frame.bytes.byteOffset;
      if (!sameBytes) throw new Error('bytes and view differ');
      if (frame.offset < 0 || frame.end < frame.offset || frame.end > frame.bytes.length)
        throw new Error('out of bounds');
      if (!Number.isSafeInteger(frame.time) || frame.time < 0) throw new Error(`time ${frame.time}`);
      if (!Number.isInteger(frame.nanos) || frame.nanos < 0 || frame.nanos > 999)
        throw new Error(`nanos ${frame.nanos}`);
      seen.push({
        number: frame.number,
        time: frame.time,
        nanos: frame.nanos,
        linkType: frame.linkType,
        originalLength: frame.originalLength,
        input: frame.input,
        data: Buffer.from(frame.bytes.subarray(frame.offset, frame.end)).toString('hex'),
      });
    },
  };
  for (const piece of pieces) {
    const bytes = new Uint8Array(piece.length + 2 * margin).fill(0xee);
    bytes.set(piece, margin);
    reader.feed(bytes, new DataView(bytes.buffer), margin, margin + piece.length, sink);
    bytes.fill(0xdd);
  }
  reader.finish();
  return { reader, seen };
}

/** `bytes` in pieces of `size`. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(bytes.subarray(at, at + size));
  return all;
}
