import { Frame } from '../../src/capture/frame.ts';
import { ANOMALIES, createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame } from '../../src/decode/decode.ts';
import { Packet } from '../../src/decode/packet.ts';
import { fromHex } from './wire.ts';

/** Bytes before and behind every frame, so that offsets are never 0 and reads outside are seen. */
export const MARGIN = 96;

export interface Outcome {
  readonly decoded: number;
  /** Every number field of the packet; offsets relative to the frame. */
  readonly fields: Readonly<Record<string, number>>;
  readonly anomalies: readonly string[];
}

export function createPacket(): Packet {
  return new Packet(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
}

/** A frame in the middle of a buffer filled with `filler`. */
export function frameOf(bytes: Uint8Array, linkType: number, originalLength: number, filler: number): Frame {
  const buffer = new Uint8Array(MARGIN + bytes.length + MARGIN).fill(filler);
  buffer.set(bytes, MARGIN);
  const frame = new Frame(buffer, new DataView(buffer.buffer));
  frame.offset = MARGIN;
  frame.end = MARGIN + bytes.length;
  frame.originalLength = originalLength;
  frame.linkType = linkType;
  return frame;
}

/** Decodes `bytes` into `packet` (a new one by default) and tells everything that came of it. */
export function decode(
  bytes: Uint8Array | string,
  linkType = 1,
  packet: Packet = createPacket(),
  originalLength?: number,
  filler = 0xa5,
): Outcome {
  const octets = typeof bytes === 'string' ? fromHex(bytes) : bytes;
  const frame = frameOf(octets, linkType, originalLength ?? octets.length, filler);
  const counters = createAnomalyCounters();
  const decoded = decodeFrame(frame, packet, counters);
  if (packet.bytes !== frame.bytes || packet.view !== frame.view) throw new Error('packet refers to another buffer');
  return { decoded, fields: fieldsOf(packet, MARGIN), anomalies: namesOf(counters) };
}

export function fieldsOf(packet: Packet, base: number): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const [name, value] of Object.entries(packet)) if (typeof value === 'number') fields[name] = value;
  for (const name of ['payload', 'payloadEnd', 'network', 'networkEnd']) {
    if (fields[name] !== 0) fields[name] = fields[name]! - base;
  }
  return fields;
}

export function namesOf(counters: Float64Array): string[] {
  return ANOMALIES.flatMap((name, index) => Array<string>(counters[index]!).fill(name));
}
