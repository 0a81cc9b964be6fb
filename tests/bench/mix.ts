/**
 * Makes the capture that the benchmarks read: `node tests/bench/mix.ts [--size 1g] [--seed N] [--flows N] [--train N]
 * [--out FILE|-]`.
 * It lies in `.bench/` with a note of its parameters beside it and is made anew only when they differ.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { MIX_VERSION, MixGenerator, type MixParameters, type MixStatistics } from './mix-generator.ts';

export const ROOT: string = join(import.meta.dirname, '..', '..');
export const BENCH_DIRECTORY: string = join(ROOT, '.bench');
export const DEFAULT_SEED = 20260101;
const MAX_FLOWS = 250_000;
/** Packets of a train, on average. */
const TRAIN = 8;
/** Packets each flow of the 1 GiB mix sees on average; smaller mixes get fewer flows, not shorter ones. */
const BYTES_PER_FLOW = 4200;

/** What lies beside a generated capture as `<name>.json`. */
export interface MixNote extends MixParameters {
  readonly version: number;
  readonly sha256: string;
  readonly statistics: MixStatistics;
}

/** `64m`, `1g`, `1000000` → bytes (binary multiples); throws a RangeError on anything else. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text);
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match?.[2] ?? '').toLowerCase()] ?? 1;
  const size = match === null ? 0 : Math.floor(Number(match[1]) * factor);
  if (size < 1) throw new RangeError(`not a size: ${text}`);
  return size;
}

/** Parameters for a mix of `size` bytes: 250,000 flows from 1 GiB upwards, in proportion below. */
export function mixParameters(
  size: number,
  seed: number = DEFAULT_SEED,
  flows?: number,
  train: number = TRAIN,
): MixParameters {
  return { size, seed, flows: flows ?? Math.max(100, Math.min(MAX_FLOWS, Math.floor(size / BYTES_PER_FLOW))), train };
}

/** Writes every chunk of a generated capture to `fd`; memory stays at a few MB however large the capture is. */
export function writeMix(fd: number, parameters: MixParameters): MixNote {
  const generator = new MixGenerator(parameters);
  const hash = createHash('sha256');
  for (let chunk = generator.nextChunk(); chunk !== null; chunk = generator.nextChunk()) {
    hash.update(chunk);
    for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
  }
  return { ...parameters, version: MIX_VERSION, sha256: hash.digest('hex'), statistics: generator.statistics };
}

/** The capture for these parameters, made when it is missing or of other parameters. */
export function ensureMix(parameters: MixParameters, file: string): MixNote {
  const existing = readNote(file);
  if (existing !== null && matches(existing, parameters, file)) return existing;
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.part`;
  const fd = openSync(partial, 'w');
  let note: MixNote;
  try {
    note = writeMix(fd, parameters);
  } finally {
    closeSync(fd);
  }
  renameSync(partial, file);
  writeFileSync(`${file}.json`, `${JSON.stringify(note, null, 2)}\n`);
  return note;
}

/** Where the mix of a size (as the user wrote it) lies; one without trains lies apart. */
export function mixPath(sizeText: string, train: number = TRAIN): string {
  return join(BENCH_DIRECTORY, `mix-${sizeText.toLowerCase()}${train === TRAIN ? '' : `-train${train}`}.pcap`);
}

/** The note beside a generated mix, or null where there is none that can be read. */
export function readNote(file: string): MixNote | null {
  try {
    return JSON.parse(readFileSync(`${file}.json`, 'utf8')) as MixNote;
  } catch {
    return null;
  }
}

function matches(note: MixNote, parameters: MixParameters, file: string): boolean {
  return (
    note.version === MIX_VERSION &&
    note.size === parameters.size &&
    note.seed === parameters.seed &&
    note.flows === parameters.flows &&
    note.train === parameters.train &&
    existsSync(file) &&
    statSync(file).size === note.statistics.bytes
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '1g' },
      seed: { type: 'string' },
      flows: { type: 'string' },
      train: { type: 'string', default: String(TRAIN) },
      out: { type: 'string' },
    },
  });
  const seed = values.seed === undefined ? DEFAULT_SEED : Number(values.seed);
  const flows = values.flows === undefined ? undefined : Number(values.flows);
  const parameters = mixParameters(parseSize(values.size), seed, flows, Number(values.train));
  const file = values.out ?? mixPath(values.size, parameters.train);
  const started = performance.now();
  const note = file === '-' ? writeMix(1, parameters) : ensureMix(parameters, file);
  const seconds = (performance.now() - started) / 1000;
  process.stderr.write(
    `${file}: ${JSON.stringify(note.statistics)} sha256 ${note.sha256} in ${seconds.toFixed(1)} s\n`,
  );
}
