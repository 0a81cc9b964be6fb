/** Seeds of the fuzz targets, all taken from the bundled captures and signatures. */
import { readdirSync, readFileSync } from 'node:fs';
import { type RawFrame, readPcap, tcpLayout, writePcap, writePcapng } from '../generate/index.ts';
import { join } from './mutate.ts';

const CAPTURES = new URL('../../captures/', import.meta.url);
const SIGNATURES = new URL('../../signatures/', import.meta.url);
/** Longest stream kept as a seed: long inputs cost time and find nothing that short ones do not. */
const MAX_STREAM = 3000;

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Makes a value when it is first asked for, and then no more. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

const names = once(() =>
  readdirSync(CAPTURES)
    .filter((name) => /\.pcap(?:ng)?$/.test(name))
    .sort(),
);

/** Frames of every bundled capture. */
export const captureFrames: () => readonly { readonly name: string; readonly frames: readonly RawFrame[] }[] = once(
  () => names().map((name) => ({ name, frames: readPcap(new Uint8Array(readFileSync(new URL(name, CAPTURES)))) })),
);

/** Small captures: the first frames of each bundled one, in every variant of the formats. */
export const smallCaptures: () => readonly NamedBytes[] = once(() =>
  captureFrames().flatMap(({ name, frames }, i) => {
    const few = frames.slice(0, 14).filter((frame) => frame.data.length < 1600);
    const one = few.filter((frame) => frame.linkType === few[0]?.linkType);
    const options = { bigEndian: (i & 1) === 1, nanoseconds: (i & 2) === 2 };
    return [
      { name, bytes: writePcap(one.slice(0, 8), options) },
      { name, bytes: writePcapng(few, options) },
    ];
  }),
);

/** Captures of up to 40 frames with payload in them, for the whole pipeline. */
export const pipelineCaptures: () => readonly NamedBytes[] = once(() =>
  captureFrames().map(({ name, frames }, i) => {
    const telling = frames.filter((frame, at) => at < 60 && frame.data.length < 1600).slice(0, 40);
    return { name, bytes: i % 3 === 2 || name.endsWith('ng') ? writePcapng(telling) : writePcap(telling) };
  }),
);

/** One frame of every length and kind that the captures hold, at most 24 of each. */
export const frames: () => readonly RawFrame[] = once(() => {
  const chosen: RawFrame[] = [];
  for (const { frames: all } of captureFrames()) {
    const seen = new Set<number>();
    for (const frame of all) {
      if (seen.has(frame.data.length) || seen.size >= 24 || frame.data.length > 1600) continue;
      seen.add(frame.data.length);
      chosen.push(frame);
    }
  }
  return chosen;
});

export interface Stream {
  readonly name: string;
  readonly from: 'client' | 'server';
  readonly bytes: Uint8Array;
}

/** Both directions of the plain TCP connections of the captures, put together in order of sequence number. */
export const streams: () => readonly Stream[] = once(() => {
  const found: Stream[] = [];
  for (const { name, frames: all } of captureFrames()) {
    const flows = new Map<string, { from: 'client' | 'server'; pieces: Map<number, Uint8Array> }>();
    for (const frame of all) {
      const layout = tcpLayout(frame);
      if (layout === null || layout.payload === layout.end) continue;
      const key = `${layout.source}-${layout.destination}`;
      const flow = flows.get(key) ?? { from: frame.from, pieces: new Map<number, Uint8Array>() };
      flows.set(key, flow);
      if (!flow.pieces.has(layout.sequence))
        flow.pieces.set(layout.sequence, frame.data.subarray(layout.payload, layout.end));
    }
    let kept = 0;
    for (const { from, pieces } of flows.values()) {
      if (kept++ === 6) break;
      const ordered = [...pieces].sort((a, b) => a[0] - b[0]).map(([, bytes]) => bytes);
      found.push({ name, from, bytes: join(...ordered).slice(0, MAX_STREAM) });
    }
  }
  return found;
});

function startsLike(bytes: Uint8Array, expression: RegExp): boolean {
  return expression.test(Buffer.from(bytes.subarray(0, 16)).toString('latin1'));
}

const HTTP_START = /^(?:GET|POST|HTTP)/;

export const jsonStreams: () => readonly Uint8Array[] = once(() =>
  streams()
    .map(({ bytes }) => bytes)
    .filter((bytes) => startsLike(bytes, /^[{[]/)),
);

export const httpStreams: () => readonly Uint8Array[] = once(() =>
  streams()
    .map(({ bytes }) => bytes)
    .filter((bytes) => startsLike(bytes, HTTP_START)),
);

/** What follows the handshake of the WebSocket captures. */
export const webSocketStreams: () => readonly Uint8Array[] = once(() =>
  streams()
    .filter(({ name, bytes }) => /websocket|coinhive/.test(name) && startsLike(bytes, HTTP_START))
    .map(({ bytes }) => bytes.slice(Buffer.from(bytes).indexOf('\r\n\r\n') + 4)),
);

export const sv2Streams: () => readonly Uint8Array[] = once(() =>
  streams()
    .filter(({ name }) => name.startsWith('stratum-v2'))
    .map(({ bytes }) => bytes),
);

/** Payloads of single frames of Stratum V2. */
export const sv2Frames: () => readonly NamedBytes[] = once(() =>
  sv2Streams().flatMap((bytes) => {
    const all: NamedBytes[] = [];
    for (let at = 0; at + 6 <= bytes.length; ) {
      const length = (bytes[at + 3] ?? 0) | ((bytes[at + 4] ?? 0) << 8) | ((bytes[at + 5] ?? 0) << 16);
      if (length > bytes.length - at - 6) break;
      all.push({ name: String(bytes[at + 2]), bytes: bytes.slice(at + 6, at + 6 + length) });
      at += 6 + length;
    }
    return all;
  }),
);

/** JSON values of every line, body and frame, the look-alikes included; each kind of message a few times. */
export const jsonValues: () => readonly Readonly<Record<string, unknown>>[] = once(() => {
  const found = new Map<string, Record<string, unknown>[]>();
  for (const { name, bytes } of streams()) {
    const text = Buffer.from(bytes).toString('latin1');
    for (const match of text.matchAll(/\{"[^\n]*\}/g)) {
      const value = parse(match[0]);
      if (value === null) continue;
      const kind = `${name} ${Object.keys(value).join()} ${String(value['method'])}`;
      const list = found.get(kind) ?? [];
      if (list.length < 3) found.set(kind, [...list, value]);
    }
  }
  return [...found.values()].flat();
});

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Single signatures as files of their own. */
export const signatureTexts: () => readonly string[] = once(() =>
  readdirSync(SIGNATURES)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => readFileSync(new URL(name, SIGNATURES), 'utf8').split(/^(?=- id:)/m))
    .filter((text) => text.startsWith('- id:')),
);

/**
 * Filters as `tcpdump -ddd` compiles them: `tcp port 3333`; `ip6 protochain 6`, the only one that jumps back; a payload
 * comparison; `len / 3 % 7 = 1 and ip[0] & 0xf << 2 > 20`; `net 10.0.0.0/8 or ip[8:4] = 5`.
 */
export const BPF_PROGRAMS: readonly string[] = [
  '20,40 0 0 12,21 0 6 34525,48 0 0 20,21 0 15 6,40 0 0 54,21 12 0 3333,40 0 0 56,21 10 11 3333,21 0 10 2048,48 0 0 23,21 0 8 6,40 0 0 20,69 6 0 8191,177 0 0 14,72 0 0 14,21 2 0 3333,72 0 0 16,21 0 1 3333,6 0 0 262144,6 0 0 0',
  '36,40 0 0 12,21 0 33 34525,48 0 0 20,1 0 0 40,21 27 0 6,21 26 0 59,21 3 0 0,21 2 0 60,21 1 0 43,21 0 9 44,80 0 0 14,2 0 0 0,80 0 0 15,4 0 0 1,36 0 0 8,12 0 0 0,7 0 0 0,96 0 0 0,5 0 0 4294967281,21 0 12 51,135 0 0 0,80 0 0 14,2 0 0 0,135 0 0 0,4 0 0 1,7 0 0 0,80 0 0 14,4 0 0 2,36 0 0 4,7 0 0 0,96 0 0 0,5 0 0 4294967268,4 0 0 0,21 0 1 6,6 0 0 262144,6 0 0 0',
  '18,40 0 0 12,21 0 15 2048,48 0 0 23,21 0 13 6,40 0 0 20,69 11 0 8191,177 0 0 14,80 0 0 26,84 0 0 240,116 0 0 2,12 0 0 0,7 0 0 0,64 0 0 14,21 0 3 2065852772,128 0 0 0,37 0 1 100,6 0 0 262144,6 0 0 0',
  '10,128 0 0 0,52 0 0 3,21 0 6 1,40 0 0 12,21 0 4 2048,48 0 0 14,84 0 0 60,37 0 1 20,6 0 0 262144,6 0 0 0',
  '20,40 0 0 12,21 0 8 2048,32 0 0 26,84 0 0 4278190080,21 13 0 167772160,32 0 0 30,84 0 0 4278190080,21 10 0 167772160,32 0 0 22,21 8 9 5,21 1 0 2054,21 0 7 32821,32 0 0 28,84 0 0 4278190080,21 3 0 167772160,32 0 0 38,84 0 0 4278190080,21 0 1 167772160,6 0 0 262144,6 0 0 0',
].map((program) => program.replaceAll(',', '\n'));
