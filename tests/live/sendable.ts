import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Frame } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { varyAddresses } from '../bench/capture-frames.ts';
import { pcapHeader, RECORD_HEADER_LENGTH } from '../bench/mix-frame.ts';

const ETHERNET = 1;
/** The kernel refuses frames without a whole header. */
const SHORTEST = 14;

/** One frame of a capture, copied. */
export interface SendFrame {
  readonly bytes: Uint8Array;
  /** Microseconds since the epoch. */
  readonly time: number;
}

/** What of a capture can be sent, and what is left out. */
export interface Sendable {
  readonly name: string;
  readonly source: string;
  readonly frames: readonly SendFrame[];
  /** Frames longer than the cable takes, shorter than a header, and of another link type. */
  readonly long: number;
  readonly short: number;
  readonly foreign: number;
}

/** Captures of a folder, in the order of their names. */
export function captureFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(pcap|pcapng|cap)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Reads a capture whole (it is small) with the reader of the program. Never throws because of what the file holds. */
export function readSendable(file: string, longest: number): Sendable {
  const bytes = new Uint8Array(readFileSync(file));
  const reader = new CaptureReader(0);
  const frames: SendFrame[] = [];
  let [long, short, foreign] = [0, 0, 0];
  const onFrame = (frame: Frame): void => {
    const length = frame.end - frame.offset;
    if (frame.linkType !== ETHERNET) foreign++;
    else if (length > longest) long++;
    else if (length < SHORTEST) short++;
    else frames.push({ bytes: frame.bytes.slice(frame.offset, frame.end), time: frame.time });
  };
  reader.feed(bytes, new DataView(bytes.buffer), 0, bytes.length, { onFrame });
  reader.finish();
  return { name: basename(file), source: file, frames, long, short, foreign };
}

/** Writes frames as a classic pcap that tcpreplay reads; times never go back in it. Gives its size in octets. */
export function writeSendable(file: string, frames: readonly SendFrame[]): number {
  const size = frames.reduce((n, { bytes }) => n + RECORD_HEADER_LENGTH + bytes.length, 24);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out.set(pcapHeader());
  let at = 24;
  let last = 0;
  for (const { bytes, time } of frames) {
    last = Math.max(last, Math.trunc(time));
    view.setUint32(at, Math.floor(last / 1e6), true);
    view.setUint32(at + 4, last % 1e6, true);
    view.setUint32(at + 8, bytes.length, true);
    view.setUint32(at + 12, bytes.length, true);
    out.set(bytes, at + RECORD_HEADER_LENGTH);
    at += RECORD_HEADER_LENGTH + bytes.length;
  }
  writeFileSync(file, out);
  return size;
}

/** The same frames between other hosts. */
export function otherHosts(frames: readonly SendFrame[], mask: number): SendFrame[] {
  return frames.map(({ bytes, time }) => {
    const copy = bytes.slice();
    varyAddresses(new DataView(copy.buffer), 0, copy.length, mask);
    return { bytes: copy, time };
  });
}

/** Size of a file in octets. */
export function sizeOf(file: string): number {
  return statSync(file).size;
}
