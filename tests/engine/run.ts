/** Runs frames through the engine in this thread, and reduces detections to what must not depend on how they travelled. */
import { CaptureReader } from '../../src/capture/reader.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { ReplayResult } from '../../src/engine/options.ts';
import { DEFAULT_LIMITS, Pipeline, type PipelineOptions } from '../../src/engine/pipeline.ts';
import { assemble } from '../../src/engine/result.ts';
import { type EndpointIndex, loadEndpoints } from '../../src/signature/endpoints.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import type { SignatureSet } from '../../src/signature/types.ts';
import { type RawFrame, writePcapng } from '../generate/index.ts';

export const SIGNATURES: SignatureSet = loadSignatures();
export const ENDPOINTS: EndpointIndex = loadEndpoints();

/** Everything at once is slow and proves a little more: POOLPRINT_EXHAUSTIVE=1. */
export const EXHAUSTIVE: boolean = process.env['POOLPRINT_EXHAUSTIVE'] === '1';

export function detectBytes(files: readonly Uint8Array[], limits: Partial<PipelineOptions> = {}): ReplayResult {
  const fileOf = (input: number): string => `input ${input}`;
  const pipeline = new Pipeline({
    ...DEFAULT_LIMITS,
    // The full table would be made anew for each of thousands of runs.
    capacity: 1024,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    home: [],
    keepEvidence: false,
    filterFor: null,
    fileOf,
    shard: 0,
    shards: 1,
    seed: 7,
    ...limits,
  });
  files.forEach((bytes, input) => {
    const reader = new CaptureReader(input);
    reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, pipeline);
    reader.finish();
  });
  pipeline.finish();
  const result = { finished: pipeline.finished, evidence: pipeline.evidence, counts: pipeline.counts() };
  return assemble([result], {
    rows: [],
    problems: [],
    interrupted: false,
    fileOf,
    home: [],
    signatures: SIGNATURES,
  });
}

export function detectFrames(frames: readonly RawFrame[], limits: Partial<PipelineOptions> = {}): ReplayResult {
  return detectBytes([writePcapng(frames)], limits);
}

export interface Essence {
  readonly key: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly hashrate: number | null;
}

/** What a detection says of the miner, without packet numbers, counters and times. */
export function essence(d: DetectionRow): Essence {
  return {
    key: keyOf(d),
    facts: {
      activity: d.activity,
      confidence: d.confidence,
      transport: d.transport,
      host: d.pool.host,
      name: d.pool.name,
      algorithm: d.algorithm,
      accounts: d.accounts,
      agents: d.agents,
      coins: d.coins,
      hardware: d.hardware_class,
      shares: d.shares,
      difficulty: d.difficulty,
      reported: d.reported_hashrate,
      flows: d.flows,
    },
    hashrate: d.hashrate?.mid ?? null,
  };
}

export function keyOf(d: DetectionRow): string {
  return `${d.miner.ip} ${d.pool.ip} ${d.pool.port} ${d.dialect}`;
}

export function essences(result: ReplayResult): Essence[] {
  return result.detections.map(essence).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Says how two runs differ; '' where they say the same. Rates may differ by 1 %: packets came at other times. */
export function difference(got: readonly Essence[], want: readonly Essence[]): string {
  const keys = (list: readonly Essence[]): string => list.map((e) => e.key).join(', ');
  if (keys(got) !== keys(want)) return `found [${keys(got)}] instead of [${keys(want)}]`;
  for (const [n, e] of got.entries()) {
    const w = want[n] as Essence;
    for (const [name, value] of Object.entries(e.facts)) {
      const [a, b] = [JSON.stringify(value), JSON.stringify(w.facts[name])];
      if (a !== b) return `${e.key}: ${name} ${a} instead of ${b}`;
    }
    if ((e.hashrate === null) !== (w.hashrate === null)) return `${e.key}: hashrate ${e.hashrate}, not ${w.hashrate}`;
    if (e.hashrate !== null && w.hashrate !== null && Math.abs(e.hashrate / w.hashrate - 1) > 0.01) {
      return `${e.key}: hashrate ${e.hashrate} instead of ${w.hashrate}`;
    }
  }
  return '';
}
