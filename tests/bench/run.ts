/**
 * The benchmark: `npm run bench -- [--size 1g] [--from DIR] [--rounds 5] [--threads 2] [--check] [--write-baseline] [--json]
 * [--skip-peers] [--ndpi-rounds 1]`. Poolprint, tcpdump, pcap-parser and ndpiReader read the same capture in turn, each pinned
 * to a core, as whole processes with a warm page cache; medians are shown. Exit codes: 0, 1 (a run failed, or --check found a ratio
 * below 0.9 of the committed one), 2 (usage).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureFrom } from './from-captures.ts';
import { allowedCores, median, runOnce, type Sample, warm } from './measure.ts';
import { BENCH_DIRECTORY, ensureMix, mixParameters, mixPath, parseSize } from './mix.ts';
import { pcapHeader } from './mix-frame.ts';
import { type Counts, ensureBuilt, type Program, peers, poolprint, poolprintCommand } from './programs.ts';
import { table } from './table.ts';

const BASELINE = join(import.meta.dirname, 'baseline.json');
const TOLERANCE = 0.9;

/** Ratios of poolprint's packets/s to a peer's, and the gain of threads, by workload. */
type Baseline = Record<string, Record<string, number>>;

interface Workload {
  readonly name: string;
  readonly file: string;
  readonly packets: number;
  readonly miningFlows: number | null;
  readonly remark: string;
}

interface Result {
  readonly program: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly cpuSeconds: number | null;
  readonly packetsPerSecond: number;
  readonly gigabytesPerSecond: number;
  readonly memory: number | null;
  readonly counts: Counts;
  readonly failure: string | null;
}

function options(): ReturnType<typeof readOptions> {
  try {
    return readOptions();
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '1g' },
      from: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      'ndpi-rounds': { type: 'string', default: '1' },
      threads: { type: 'string', default: '1' },
      check: { type: 'boolean', default: false },
      'write-baseline': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'skip-peers': { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    bytes: parseSize(values.size),
    rounds: wholeNumber('--rounds', values.rounds, 1),
    ndpiRounds: wholeNumber('--ndpi-rounds', values['ndpi-rounds'], 0),
    threads: wholeNumber('--threads', values.threads, 1),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} must be a whole number from ${least}`);
  return value;
}

function workload(settings: ReturnType<typeof readOptions>): Workload {
  if (settings.from !== undefined) {
    const note = ensureFrom(settings.from, settings.bytes);
    const remark = `${note.used} Ethernet captures used, ${note.skipped} left out, ${note.repetitions} repetitions`;
    return { name: `from-${settings.size}`, file: note.file, packets: note.packets, miningFlows: null, remark };
  }
  const file = mixPath(settings.size);
  const note = ensureMix(mixParameters(settings.bytes), file);
  const { packets, flows, miningFlows } = note.statistics;
  const remark = `${packets} packets, ${flows} flows, ${note.flows} alive at once, ${miningFlows} of them mining`;
  return { name: `mix-${settings.size}`, file, packets, miningFlows, remark };
}

/** Runs every program once a round, in turn, so that a slow minute of the machine falls on all of them alike. */
async function measure(programs: readonly Program[], cores: readonly number[]): Promise<Map<Program, Sample[]>> {
  const samples = new Map<Program, Sample[]>(programs.map((program) => [program, []]));
  const rounds = Math.max(...programs.map((program) => program.rounds));
  for (let round = 0; round < rounds; round++) {
    for (const program of programs) {
      if (round >= program.rounds) continue;
      const sample = await runOnce(program.command, { cores: cores.slice(-program.cores) });
      samples.get(program)?.push(sample);
      process.stderr.write(`round ${round + 1}: ${program.name} ${sample.seconds.toFixed(2)} s\n`);
    }
  }
  return samples;
}

function resultOf(program: Program, samples: readonly Sample[], load: Workload, bytes: number): Result {
  const failed = samples.find((sample) => sample.status !== 0);
  const seconds = median(samples.map((sample) => sample.seconds));
  const cpu = samples.flatMap((sample) => (sample.cpuSeconds === null ? [] : [sample.cpuSeconds]));
  const memories = samples.flatMap((sample) => (sample.memory === null ? [] : [sample.memory]));
  const counts = program.read(samples[0] as Sample);
  let failure: string | null = null;
  if (failed) failure = `exit ${failed.status}: ${failed.stderr.trim().split('\n').at(-1) ?? ''}`;
  else if (counts.packets !== null && program.name !== 'ndpiReader' && counts.packets !== load.packets) {
    failure = `read ${counts.packets} of ${load.packets} packets`;
  }
  return {
    program: program.name,
    rounds: samples.length,
    seconds,
    cpuSeconds: cpu.length > 0 ? median(cpu) : null,
    packetsPerSecond: load.packets / seconds,
    gigabytesPerSecond: bytes / seconds / 1e9,
    memory: memories.length > 0 ? Math.max(...memories) : null,
    counts,
    failure,
  };
}

/** Ratios of this run under the names of the baseline. */
function ratiosOf(results: readonly Result[], threads: number): Record<string, number> {
  const ratios: Record<string, number> = {};
  const own = results.find((result) => result.program === 'poolprint' && result.failure === null);
  if (own === undefined) return ratios;
  for (const result of results) {
    if (result === own || result.failure !== null) continue;
    if (result.program.startsWith('poolprint')) ratios[`threads-${threads}`] = own.seconds / result.seconds;
    else ratios[result.program] = result.seconds / own.seconds;
  }
  return ratios;
}

function render(results: readonly Result[], load: Workload, ratios: Readonly<Record<string, number>>): string {
  const rows = results.map((result) => {
    if (result.failure !== null) return [result.program, ...Array<string>(9).fill('-'), result.failure.slice(0, 100)];
    return [
      result.program,
      result.seconds.toFixed(2),
      result.cpuSeconds === null ? '-' : result.cpuSeconds.toFixed(2),
      (result.packetsPerSecond / 1e6).toFixed(2),
      result.gigabytesPerSecond.toFixed(2),
      result.memory === null ? '-' : (result.memory / 1048576).toFixed(0),
      result.counts.flows === null ? '-' : String(result.counts.flows),
      result.counts.detections === null ? '-' : String(result.counts.detections),
      ratios[result.program] === undefined ? '-' : `${(ratios[result.program] as number).toFixed(2)}x`,
      String(result.rounds),
      '',
    ];
  });
  const heading = [
    'program',
    'seconds',
    'CPU s',
    'Mpps',
    'GB/s',
    'peak MiB',
    'flows',
    'detections',
    'ours',
    'rounds',
    '',
  ];
  return `${load.name}: ${load.remark}\n${table(heading, rows)}`;
}

function readBaseline(): Baseline {
  try {
    return JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline;
  } catch {
    return {};
  }
}

/** Compares with the committed ratios: lines to show, and whether the check fails. What was not measured cannot pass it. */
function compare(
  name: string,
  ratios: Readonly<Record<string, number>>,
): { readonly lines: string[]; readonly failed: boolean } {
  const lines: string[] = [];
  let compared = 0;
  let slower = 0;
  for (const [peer, before] of Object.entries(readBaseline()[name] ?? {})) {
    const now = ratios[peer];
    if (now === undefined) {
      lines.push(`${peer}: committed ${before.toFixed(2)}x, not measured`);
      continue;
    }
    compared++;
    if (now >= before * TOLERANCE) continue;
    slower++;
    lines.push(`${peer}: ${now.toFixed(2)}x, slower than the committed ${before.toFixed(2)}x`);
  }
  if (compared === 0) lines.push(`nothing to compare with the committed ratios of ${name}`);
  return { lines, failed: compared === 0 || slower > 0 };
}

/** Seconds the program needs for a capture without packets: start of Node, loading of signatures. */
async function startUp(cores: readonly number[]): Promise<number> {
  const empty = join(BENCH_DIRECTORY, 'empty.pcap');
  writeFileSync(empty, pcapHeader());
  const seconds: number[] = [];
  for (let i = 0; i < 3; i++) {
    seconds.push((await runOnce(poolprintCommand(empty, 1), { cores: cores.slice(-1) })).seconds);
  }
  return median(seconds);
}

async function main(): Promise<number> {
  const settings = options();
  const load = workload(settings);
  const cores = allowedCores();
  const missing: string[] = [];
  const programs: Program[] = [];
  const built = ensureBuilt();
  if (built) {
    programs.push(poolprint(load.file, 1, settings.rounds));
    if (settings.threads > 1) programs.push(poolprint(load.file, settings.threads, settings.rounds));
  } else missing.push('poolprint (dist/ could not be built)');
  if (!settings['skip-peers']) programs.push(...peers(load.file, settings.rounds, settings.ndpiRounds, missing));
  const bytes = warm(load.file);
  const samples = await measure(programs, cores);
  const results = programs.map((program) => resultOf(program, samples.get(program) ?? [], load, bytes));
  const ratios = ratiosOf(results, settings.threads);
  const startSeconds = built ? await startUp(cores) : null;
  if (settings.json) {
    const output = { workload: load.name, packets: load.packets, bytes, startSeconds, results, ratios, missing };
    process.stdout.write(`${JSON.stringify(output)}\n`);
  } else {
    process.stdout.write(`${render(results, load, ratios)}\n`);
    const own = results.find((result) => result.program === 'poolprint');
    if (own?.failure === null && startSeconds !== null) {
      const net = load.packets / (own.seconds - startSeconds) / 1e6;
      process.stdout.write(
        `start-up ${startSeconds.toFixed(2)} s; without it poolprint reads ${net.toFixed(2)} Mpps\n`,
      );
    }
    const gain = ratios[`threads-${settings.threads}`];
    if (gain !== undefined) process.stdout.write(`${settings.threads} threads: ${gain.toFixed(2)}x of one\n`);
    if (load.miningFlows !== null && own?.counts.detections != null) {
      process.stdout.write(`detections: ${own.counts.detections} for ${load.miningFlows} mining flows\n`);
    }
    for (const name of missing) process.stdout.write(`${name}: not here, left out\n`);
  }
  if (settings['write-baseline']) {
    const rounded = Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toFixed(3))]));
    writeFileSync(BASELINE, `${JSON.stringify({ ...readBaseline(), [load.name]: rounded }, null, 2)}\n`);
  }
  let failed = results.some((result) => result.failure !== null && result.program.startsWith('poolprint'));
  if (settings.check) {
    const verdict = compare(load.name, ratios);
    for (const line of verdict.lines) process.stderr.write(`bench: ${line}\n`);
    failed ||= verdict.failed;
  }
  return failed ? 1 : 0;
}

process.exitCode = await main();
