import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { available, type Sample } from './measure.ts';
import { ROOT } from './mix.ts';

/** One program of the comparison, as it reads one capture. */
export interface Program {
  readonly name: string;
  readonly command: readonly string[];
  /** Cores it is given, and how many rounds it takes part in. */
  readonly cores: number;
  readonly rounds: number;
  /** What its output says; fields it does not print are null. */
  readonly read: (sample: Sample) => Counts;
}

export interface Counts {
  readonly packets: number | null;
  readonly flows: number | null;
  readonly detections: number | null;
}

const NOTHING: Counts = { packets: null, flows: null, detections: null };
export const LAUNCHER: string = join(ROOT, 'dist', 'cli', 'launch.js');

/** Compiles the program if `dist/` is missing or older than a source; false where there is nothing to run afterwards. */
export function ensureBuilt(): boolean {
  const source = join(ROOT, 'src');
  const built = existsSync(LAUNCHER) ? statSync(LAUNCHER).mtimeMs : 0;
  const newest = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
  if (newest > built) {
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    spawnSync(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json')], { cwd: ROOT, stdio: 'ignore' });
  }
  return existsSync(LAUNCHER);
}

/** The command that replays a capture with the built program; `file` '-' reads standard input. */
export function poolprintCommand(file: string, threads: number): string[] {
  const command = [process.execPath, LAUNCHER, 'replay', '--json', file];
  return threads > 1 ? [...command, '--threads', String(threads)] : command;
}

export function poolprint(file: string, threads: number, rounds: number): Program {
  const name = threads > 1 ? `poolprint, ${threads} threads` : 'poolprint';
  return { name, command: poolprintCommand(file, threads), cores: threads, rounds, read: readSummary };
}

/** The programs to compare with that are installed; the names of those that are not go to `missing`. */
export function peers(file: string, rounds: number, slowRounds: number, missing: string[]): Program[] {
  const found: Program[] = [];
  if (available('tcpdump', '--version')) {
    const command = ['tcpdump', '-r', file, '-w', '/dev/null'];
    found.push({ name: 'tcpdump', command, cores: 1, rounds, read: () => NOTHING });
  } else missing.push('tcpdump');
  const script = join(ROOT, 'tests', 'bench', 'peer-pcap-parser.ts');
  if (existsSync(join(ROOT, 'node_modules', 'pcap-parser'))) {
    const command = [process.execPath, '--no-deprecation', script, file];
    found.push({ name: 'pcap-parser', command, cores: 1, rounds: Math.min(rounds, 2), read: readJsonCounts });
  } else missing.push('pcap-parser');
  if (available('ndpiReader', '-h')) {
    const command = ['ndpiReader', '-i', file, '-q'];
    found.push({ name: 'ndpiReader', command, cores: 1, rounds: slowRounds, read: readNdpi });
  } else missing.push('ndpiReader');
  return found.filter((program) => program.rounds > 0);
}

function lastObject(text: string): Record<string, unknown> {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function readSummary(sample: Sample): Counts {
  const summary = lastObject(sample.stdout);
  const detections = summary['detections'] as { readonly total?: unknown } | undefined;
  return {
    packets: numberOf(summary['packets']),
    flows: numberOf(summary['flows']),
    detections: numberOf(detections?.total),
  };
}

function readJsonCounts(sample: Sample): Counts {
  return { ...NOTHING, packets: numberOf(lastObject(sample.stdout)['packets']) };
}

function readNdpi(sample: Sample): Counts {
  const figure = (label: string): number | null => {
    const match = new RegExp(`${label}:\\s+(\\d+)`).exec(sample.stdout);
    return match === null ? null : Number(match[1]);
  };
  return { ...NOTHING, packets: figure('IP packets'), flows: figure('Unique flows') };
}
