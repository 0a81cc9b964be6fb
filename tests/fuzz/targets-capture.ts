/** Targets of the capture stage: file formats, compression, packet filters. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { type BpfProgram, parseBpf, runFilter } from '../../src/capture/bpf.ts';
import { CaptureError, FilterError } from '../../src/capture/capture-error.ts';
import type { Frame } from '../../src/capture/frame.ts';
import { readCapture } from '../../src/capture/read.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { openSource } from '../../src/capture/source.ts';
import { ZstdFrames } from '../../src/capture/zstd-frames.ts';
import type { Random } from '../generate/index.ts';
import { BPF_PROGRAMS, frames, once, smallCaptures } from './corpus.ts';
import { MeteredView, metered } from './meter.ts';
import { join, mutate, mutateFrames, mutateHeaders, mutateText, recordsOf, shuffleRecords } from './mutate.ts';
import { demand, demandSame, randomFrom, type Target } from './target.ts';

/** Cut points of an input: none, everywhere, or a few at random. */
export function cutsOf(rng: Random, length: number, kind: number): number[] {
  if (kind === 0) return [];
  if (kind === 1 && length < 400) return Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1);
  return Array.from({ length: rng.int(1, 8) }, () => rng.int(0, length)).sort((a, b) => a - b);
}

/** A mutated capture: bytes anywhere, inside frames, in record headers, or records moved about. */
export function mutatedCapture(rng: Random, seeds: readonly { readonly bytes: Uint8Array }[], max: number): Uint8Array {
  const seed = rng.pick(seeds).bytes;
  switch (rng.int(0, 5)) {
    case 0:
      return mutateHeaders(rng, seed);
    case 1:
      return shuffleRecords(rng, mutateFrames(rng, seed));
    case 2:
    case 3:
      return mutateFrames(rng, seed);
    default: {
      const lengths = recordsOf(seed).flatMap(({ header }) => [header + 4, header + 8, header + 12, header + 20]);
      return mutate(rng, seed, { max, other: rng.pick(seeds).bytes, lengths: [...lengths, 0, 4, 8, 20, 32] });
    }
  }
}

/** Everything a reader says of an input cut at `cuts`, each piece from its own surroundings. */
function readInPieces(input: Uint8Array, cuts: readonly number[], filler: number): unknown[] {
  const reader = new CaptureReader(3);
  const seen: unknown[] = [];
  let reached = 0;
  const sink = {
    onFrame(frame: Frame): void {
      demand(frame.offset >= 0 && frame.end >= frame.offset && frame.end <= frame.bytes.length, 'frame out of bounds');
      demand(frame.view.byteLength === frame.bytes.length, 'bytes and view differ');
      // A record header lies between two frames.
      if (cuts.length === 0) demand(frame.offset >= reached + 16, 'a frame reaches into the next record');
      reached = frame.end;
      demand(Number.isSafeInteger(frame.time) && frame.time >= 0, () => `time ${frame.time}`);
      demand(Number.isInteger(frame.nanos) && frame.nanos >= 0 && frame.nanos < 1000, () => `nanos ${frame.nanos}`);
      demand(Number.isInteger(frame.originalLength) && frame.originalLength >= 0, 'original length');
      const data = Buffer.from(frame.bytes.subarray(frame.offset, frame.end)).toString('latin1');
      seen.push([frame.number, frame.time, frame.nanos, frame.linkType, frame.originalLength, frame.input, data]);
    },
  };
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    const bytes = new Uint8Array(cut - from + 10).fill(filler);
    bytes.set(input.subarray(from, cut), 5);
    const view = new MeteredView(bytes.buffer);
    view.limit = 200 + 40 * (cut - from);
    reader.feed(bytes, view, 5, 5 + cut - from, sink);
    bytes.fill(filler ^ 0xff);
    from = cut;
  }
  reader.finish();
  demand(reader.packets === seen.length, 'packets counted and handed out differ');
  demand((reader.damage?.offset ?? 0) <= input.length, 'damage beyond the end');
  return [...seen, reader.format, reader.damage, reader.failure?.fault, reader.failure?.message];
}

const captureReader: Target = {
  name: 'capture-reader',
  holds: 'frames in bounds, times whole; the same frames and the same end in whatever pieces the capture comes',
  input: (rng) => mutatedCapture(rng, smallCaptures(), 8192),
  check(input) {
    const rng = randomFrom(input);
    const whole = readInPieces(input, [], 0xee);
    demandSame(whole, readInPieces(input, cutsOf(rng, input.length, rng.int(1, 2)), 0x06), 'whole and in pieces');
  },
};

/** Compressed seeds: one frame or member, several, with checksum, with a skippable frame. */
const compressedSeeds: () => readonly Uint8Array[] = once(() => {
  const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
  return smallCaptures().flatMap(({ bytes: plain }, i) => {
    const first = plain.subarray(0, plain.length >> 1);
    const second = plain.subarray(first.length);
    switch (i % 5) {
      case 0:
        return [gzipSync(plain)];
      case 1:
        return [join(gzipSync(first), gzipSync(second))];
      case 2:
        return [zstdCompressSync(plain, checksum)];
      case 3:
        return [join(zstdCompressSync(first), zstdCompressSync(second, checksum))];
      default:
        return [join(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3), zstdCompressSync(plain))];
    }
  });
});

const soundFrames: () => ReadonlySet<string> = once(
  () =>
    new Set(
      compressedSeeds()
        .filter((bytes) => bytes[0] !== 0x1f)
        .map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
);

const zstdFrames: Target = {
  name: 'zstd-frames',
  holds: 'the same frame ends in whatever pieces the stream comes; steps forward or says foreign',
  input: (rng) => mutate(rng, rng.pick(compressedSeeds()), { max: 4096, lengths: [4, 5, 6, 8] }),
  check(input) {
    const ends = (cuts: readonly number[]): unknown[] => {
      const walker = new ZstdFrames();
      const found: unknown[] = [];
      let from = 0;
      for (const cut of [...cuts, input.length]) {
        while (from < cut && !walker.foreign) {
          const next = walker.advance(input, from, cut);
          demand(next > from && next <= cut, `from ${from} to ${next}`);
          if (walker.between) found.push(next);
          from = next;
        }
      }
      // Where foreign bytes begin is told to within the 3 bytes before.
      return [found, walker.foreign, walker.between];
    };
    const rng = randomFrom(input);
    const whole = ends([]);
    demandSame(whole, ends(cutsOf(rng, input.length, 2)), 'whole and in pieces');
    if (soundFrames().has(Buffer.from(input).toString('latin1')))
      demandSame(whole.slice(1), [false, true], 'foreign, between');
  },
};

let scratch: { readonly folder: string; readonly path: string } | null = null;

function scratchFile(): string {
  if (scratch === null) {
    const folder = mkdtempSync(joinPath(tmpdir(), 'poolprint-fuzz-'));
    scratch = { folder, path: joinPath(folder, 'input') };
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  return scratch.path;
}

async function readFile(path: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  const sink = { onFrame: (frame: Frame) => void seen.push([frame.number, frame.time, frame.end - frame.offset]) };
  const source = await openSource(path);
  try {
    const result = await readCapture(source, new CaptureReader(0), sink);
    demand(source.consumed <= (source.size ?? 0), 'more consumed than there is');
    return [seen, result, source.compression];
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return [seen, error.fault, error.message];
  } finally {
    await source.close();
  }
}

const compressedSource: Target = {
  name: 'compressed-source',
  holds: 'nothing but a CaptureError; the same packets and the same damage twice',
  input: (rng) => mutate(rng, rng.pick(compressedSeeds()), { max: 8192, lengths: [4, 5, 6, 8], changes: 3 }),
  async check(input) {
    // xz and LZ4 start a program of their own.
    if (input[0] === 0xfd || input[0] === 0x04) return;
    const path = scratchFile();
    const file = openSync(path, 'w');
    writeSync(file, input);
    closeSync(file);
    demandSame(await readFile(path), await readFile(path), 'twice');
    writeFileSync(path, '');
  },
};

function filtered(program: BpfProgram, packet: Uint8Array, filler: number): boolean {
  const bytes = new Uint8Array(packet.length + 16).fill(filler);
  bytes.set(packet, 8);
  const view = new MeteredView(bytes.buffer);
  // A step takes four reads; libpcap's bound on jumps back lets the longest program run 65 times.
  const steps = { reads: 0, limit: 4 * 65 * (program.code.length / 4) };
  return runFilter({ ...program, code: metered(program.code, steps) }, view, 8, 8 + packet.length, packet.length);
}

const bpf: Target = {
  name: 'bpf',
  holds: 'a text is refused with a FilterError or runs; loads stay inside the packet',
  input: (rng) => {
    const text =
      rng.int(0, 3) === 0 ? mutateText(rng, rng.pick(BPF_PROGRAMS)) : mutateProgram(rng, rng.pick(BPF_PROGRAMS));
    return new Uint8Array(Buffer.from(text, 'utf8'));
  },
  check(input) {
    let program: BpfProgram;
    try {
      program = parseBpf(Buffer.from(input).toString('utf8'));
    } catch (error) {
      if (error instanceof FilterError) return;
      throw error;
    }
    const rng = randomFrom(input);
    for (let i = 0; i < 3; i++) {
      const packet = mutate(rng, rng.pick(frames()).data, { max: rng.int(0, 1) === 0 ? 400 : rng.int(0, 70) });
      demand(filtered(program, packet, 0x00) === filtered(program, packet, 0xff), 'reads outside the packet');
    }
  },
};

/** Numbers exchanged for others, instructions exchanged for known ones. */
function mutateProgram(rng: Random, program: string): string {
  const lines = program.split('\n');
  for (let i = rng.int(1, 5); i > 0; i--) {
    const at = rng.int(1, lines.length - 1);
    const fields = (lines[at] ?? '').split(' ');
    const other = rng.pick(rng.pick(BPF_PROGRAMS).split('\n').slice(1));
    if (rng.int(0, 1) === 0) lines[at] = other;
    else {
      fields[rng.int(0, 3)] = String(
        rng.pick([0, 1, 2, 5, 15, 16, 64, 255, 4294967295, 4294967290, 2147483648, rng.int(0, 40), rng.u32()]),
      );
      lines[at] = fields.join(' ');
    }
  }
  return lines.join('\n');
}

export const CAPTURE_TARGETS: readonly Target[] = [captureReader, zstdFrames, compressedSource, bpf];
