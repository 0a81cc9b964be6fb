import { randomInt } from 'node:crypto';
import { CaptureError, InputError } from '../capture/capture-error.ts';
import { expandInputs, type Input } from '../capture/inputs.ts';
import { readCapture } from '../capture/read.ts';
import { CaptureReader } from '../capture/reader.ts';
import { openSource } from '../capture/source.ts';
import type { InputRow } from '../detect/detection.ts';
import { prepareFilter } from './filter.ts';
import { inOrderOfTime } from './input-order.ts';
import type { ReplayOptions, ReplayProgress, ReplayResult } from './options.ts';
import { DEFAULT_LIMITS, Pipeline } from './pipeline.ts';
import { assemble, type ShardResult } from './result.ts';
import { Shards, shardBuffers, shardedBytes } from './shards/shards.ts';

/**
 * Replays captures and says who mines. Throws InputError (exit code 2) and FilterError before anything is read; inputs
 * that cannot be read are reported in the result, and the others still count.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const problems: { line: string; fatal: boolean }[] = [];
  const named = await expandInputs(options.inputs, (error) => problems.push({ line: error.message, fatal: true }));
  const daily = options.window === 'day';
  // A day takes up what the day before told of a connection, so it has to come after it.
  const inputs = daily ? await inOrderOfTime(named) : named;
  const filterFor = await prepareFilter(options.filter);
  const seed = randomInt(2 ** 32 - 1);
  const names = inputs.map((input) => input.path);
  const fileOf = (index: number): string => names[index] ?? '?';
  const rows: InputRow[] = [];
  const progress = new Progress(inputs, options);
  let interrupted = false;
  let results: ShardResult[];

  const readAll = async (consumer: Consumer): Promise<void> => {
    for (let index = 0; index < inputs.length && !interrupted; index++) {
      const row = await readInput(inputs[index] as Input, index, consumer, progress, options);
      if (row.aborted) interrupted = true;
      rows.push(row.row);
      if (row.problem) problems.push(row.problem);
    }
  };

  if (options.threads > 1) {
    const shards = new Shards(options, names, seed);
    try {
      await readAll({ reader: (index) => shards.reader(index), sink: null });
      results = await shards.finish();
    } finally {
      await shards.close();
    }
  } else {
    const pipeline = new Pipeline({
      ...DEFAULT_LIMITS,
      signatures: options.signatures,
      endpoints: options.endpoints,
      home: options.home,
      daily,
      keepEvidence: options.evidence,
      filterFor,
      fileOf,
      shard: 0,
      shards: 1,
      seed,
    });
    progress.detections = () => pipeline.found;
    await readAll({ reader: (index) => new CaptureReader(index), sink: pipeline });
    pipeline.finish();
    const { finished, evidence, surroundings } = pipeline;
    results = [{ finished, evidence, surroundings, counts: pipeline.counts() }];
  }
  const place = new Map(named.map((input, n) => [input.path, n]));
  rows.sort((a, b) => (place.get(a.file) ?? 0) - (place.get(b.file) ?? 0));
  return assemble(results, {
    rows,
    problems,
    interrupted,
    fileOf,
    home: options.home,
    signatures: options.signatures,
    vantage: options.vantage,
    sensor: options.sensor,
  });
}

/** Where the bytes of an input go: a reader and its sink in this thread, or a stand-in that hands them to the shards. */
interface Consumer {
  readonly reader: (input: number) => CaptureReader;
  readonly sink: Pipeline | null;
}

interface ReadOutcome {
  readonly row: InputRow;
  readonly problem: { line: string; fatal: boolean } | null;
  readonly aborted: boolean;
}

async function readInput(
  input: Input,
  index: number,
  consumer: Consumer,
  progress: Progress,
  options: ReplayOptions,
): Promise<ReadOutcome> {
  const reader = consumer.reader(index);
  const bytesBefore = consumer.sink?.bytes ?? 0;
  const row = (extra: Partial<InputRow>): InputRow => ({
    file: input.path,
    format: reader.format ?? 'unknown',
    packets: reader.packets,
    bytes: shardedBytes(reader) ?? (consumer.sink?.bytes ?? 0) - bytesBefore,
    cut_short: null,
    error: null,
    ...extra,
  });
  try {
    const source = await openSource(input.path);
    try {
      const result = await readCapture(source, reader, consumer.sink as Pipeline, {
        ...(options.signal ? { signal: options.signal } : {}),
        nextBuffer: shardBuffers(reader),
        onProgress: (p) => progress.report(index, p.consumed, reader.packets),
      });
      progress.finished(index, source.consumed);
      const damage = result.damage;
      return {
        row: row(damage ? { cut_short: { offset: damage.offset, reason: damage.reason } } : {}),
        problem: damage
          ? {
              line: `${input.path}: at byte ${damage.offset}: ${damage.reason}; everything before it counts`,
              fatal: false,
            }
          : null,
        aborted: result.aborted,
      };
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof CaptureError || error instanceof InputError)) throw error;
    const name = input.path === '-' ? 'standard input' : input.path;
    const line = error.message.startsWith(name) ? error.message : `${name}: ${error.message}`;
    return { row: row({ error: error.message }), problem: { line, fatal: true }, aborted: false };
  }
}

/** Adds up progress over inputs. */
class Progress {
  detections: () => number = () => 0;
  private done = 0;
  private packetsDone = 0;
  private readonly total: number | null;
  private readonly inputs: readonly Input[];
  private readonly onProgress: ((progress: ReplayProgress) => void) | undefined;

  constructor(inputs: readonly Input[], options: ReplayOptions) {
    this.inputs = inputs;
    this.total = inputs.some((i) => i.size === null) ? null : inputs.reduce((n, i) => n + (i.size ?? 0), 0);
    this.onProgress = options.onProgress;
  }

  report(index: number, consumed: number, packets: number): void {
    this.packets = packets;
    this.onProgress?.({
      file: this.inputs[index]?.path ?? '',
      fileIndex: index,
      fileCount: this.inputs.length,
      bytesRead: this.done + consumed,
      bytesTotal: this.total,
      packets: this.packetsDone + packets,
      detections: this.detections(),
    });
  }

  private packets = 0;

  finished(_index: number, consumed: number): void {
    this.done += consumed;
    this.packetsDone += this.packets;
    this.packets = 0;
  }
}
