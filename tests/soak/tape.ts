/** All Ethernet captures of some folders, laid out so that they can be played over and over, many times at once. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ethernetFrames } from '../bench/capture-frames.ts';
import { type FramePorts, portsOf } from './frame-ports.ts';

/** Captures are read whole; longer ones are left out. */
const MAX_FILE = 64 << 20;
const NAME = /\.p?cap(?:ng)?$/;

/** One frame of a tape: bytes [offset, end), its time since the beginning of the tape in µs, and where its client port stands. */
export interface TapeFrame {
  readonly offset: number;
  readonly end: number;
  readonly original: number;
  readonly time: number;
  /** Offset within the frame of the port that may change; -1 = none. */
  readonly port: number;
}

export interface Tape {
  readonly bytes: Buffer;
  readonly frames: readonly TapeFrame[];
  /** Time of the last frame, µs. */
  readonly length: number;
}

/** Captures of folders, by path, in the order of names. */
export function captureFiles(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => NAME.test(name))
      .sort()
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).size <= MAX_FILE),
  );
}

/**
 * Lays the captures beside each other, each beginning at 0, in the order of time. `span`: captures that take longer (µs) are
 * played so much faster that they take no longer. `pause`: the longest silence (µs) that is kept before that.
 */
export function makeTape(files: readonly string[], span: number, pause: number): Tape {
  const pieces: Buffer[] = [];
  const frames: TapeFrame[] = [];
  let at = 0;
  for (const file of files) {
    const bytes = readFileSync(file);
    const found = ethernetFrames(bytes);
    if (found === null || found.length === 0) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const ports = new Map<string, FramePorts>();
    const times = squeezed(
      found.map(({ time }) => time),
      span,
      pause,
    );
    found.forEach(({ offset, end, original }, i) => {
      const port = portsOf(view, offset, end, ports);
      frames.push({ offset: at + offset, end: at + end, original, time: times[i] as number, port });
    });
    pieces.push(bytes);
    at += bytes.length;
  }
  frames.sort((a, b) => a.time - b.time || a.offset - b.offset);
  return { bytes: Buffer.concat(pieces), frames, length: frames.at(-1)?.time ?? 0 };
}

/** Times from 0 on that never go back, without long silence, within `span`. */
function squeezed(times: readonly number[], span: number, pause: number): number[] {
  let now = 0;
  const kept = times.map((time, i) => {
    const step = i === 0 ? 0 : time - (times[i - 1] as number);
    now += Math.min(pause, Math.max(0, step));
    return now;
  });
  const factor = now > span ? span / now : 1;
  return kept.map((time) => Math.floor(time * factor));
}
