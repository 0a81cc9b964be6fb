import type { Frame } from '../../capture/frame.ts';
import type { Side } from '../../protocol/message.ts';
import type { EvidenceFrame } from '../options.ts';

/** A frame kept for evidence, with where its payload starts and in which direction it went. */
export interface KeptFrame extends EvidenceFrame {
  readonly side: Side;
  readonly input: number;
  /** Where the payload lies in `bytes`, and the TCP sequence number of its first byte. */
  readonly payload: number;
  readonly payloadEnd: number;
  readonly sequence: number;
  kind: NonNullable<EvidenceFrame['kind']>;
  redacted: boolean;
}

/** What the runtime needs for one copy of a frame beside its bytes, about (measured on heap snapshots). */
export const COPY_BYTES = 400;

/** Where the payload of a packet lies in its frame. */
export interface PayloadPlace {
  readonly side: Side;
  readonly payload: number;
  readonly payloadEnd: number;
  readonly sequence: number;
}

const NO_PAYLOAD: PayloadPlace = { side: 0, payload: 0, payloadEnd: 0, sequence: 0 };

/** Copies a frame; with `length` no more than its first bytes. */
export function copyFrame(
  frame: Omit<Frame, 'view' | 'set'>,
  file: string,
  kind: KeptFrame['kind'],
  place: PayloadPlace = NO_PAYLOAD,
  length: number = frame.end - frame.offset,
): KeptFrame {
  return {
    file,
    packet: frame.number,
    time: frame.time,
    nanos: frame.nanos,
    linkType: frame.linkType,
    originalLength: frame.originalLength,
    bytes: frame.bytes.slice(frame.offset, Math.min(frame.end, frame.offset + length)),
    redacted: false,
    input: frame.input,
    side: place.side,
    payload: place.payload,
    payloadEnd: place.payloadEnd,
    sequence: place.sequence,
    kind,
  };
}
