/** Captures over midnight: what runs by UTC day say, without where in which file it stood. */
import { CaptureReader } from '../../src/capture/reader.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { ReplayResult } from '../../src/engine/options.ts';
import { DEFAULT_LIMITS, Pipeline, type PipelineOptions } from '../../src/engine/pipeline.ts';
import { assemble } from '../../src/engine/result.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

export const DAY = 86_400_000_000;
/** 2024-10-04T00:00:00Z. */
export const MIDNIGHT: number = 20_000 * DAY;
export const FIRST_DAY = '2024-10-03';
export const SECOND_DAY = '2024-10-04';

/** Capture times of all packets. */
export function timesOf(bytes: Uint8Array): number[] {
  const times: number[] = [];
  feed(bytes, 0, { onFrame: (frame) => times.push(frame.time) });
  return times;
}

function feed(bytes: Uint8Array, input: number, sink: Parameters<CaptureReader['feed']>[4]): void {
  const reader = new CaptureReader(input);
  reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, sink);
  reader.finish();
}

/** A run over captures whose times are moved by `shift` microseconds. */
export function detectAt(
  files: readonly Uint8Array[],
  shift: number,
  options: Partial<PipelineOptions> = { daily: true },
): ReplayResult {
  const fileOf = (input: number): string => `input ${input}`;
  const home = options.home ?? [];
  const pipeline = new Pipeline({
    ...DEFAULT_LIMITS,
    capacity: 1024,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    home,
    keepEvidence: false,
    filterFor: null,
    fileOf,
    shard: 0,
    shards: 1,
    seed: 7,
    ...options,
  });
  files.forEach((bytes, input) => {
    feed(bytes, input, {
      onFrame: (frame) => {
        frame.time += shift;
        pipeline.onFrame(frame);
      },
      onPieceEnd: () => pipeline.onPieceEnd(),
    });
    pipeline.onPieceEnd();
  });
  pipeline.finish();
  const found = { finished: pipeline.finished, evidence: pipeline.evidence, counts: pipeline.counts() };
  return assemble([found], { rows: [], problems: [], interrupted: false, fileOf, home, signatures: SIGNATURES });
}

/** Detections by day, without file names and packet numbers. */
export function bare(detections: readonly DetectionRow[]): unknown[] {
  return detections.map((d) => ({
    ...d,
    indications: d.indications.map(({ file: _file, packet: _packet, ...rest }) => rest),
  }));
}

/** The detections of a UTC day, `YYYY-MM-DD`. */
export function onDay(detections: readonly DetectionRow[], day: string): DetectionRow[] {
  return detections.filter((d) => d.window.from.startsWith(day));
}

/** Shares by miner over all detections. */
export function sharesOf(detections: readonly DetectionRow[]): Record<string, readonly [number, number, number]> {
  const sums: Record<string, readonly [number, number, number]> = {};
  for (const { miner, shares } of detections) {
    const [submitted, accepted, rejected] = sums[miner.ip] ?? [0, 0, 0];
    sums[miner.ip] = [submitted + shares.submitted, accepted + shares.accepted, rejected + shares.rejected];
  }
  return sums;
}
