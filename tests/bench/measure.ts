import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIRECTORY } from './mix.ts';

/** How one run of a program went; memory is the peak resident set of the process, in bytes, null where unknown. */
export interface Sample {
  readonly seconds: number;
  /** User and system time of all its threads, null where unknown; steadier than `seconds` on a busy machine. */
  readonly cpuSeconds: number | null;
  readonly status: number | null;
  readonly memory: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Cores the process may use, null = any. */
  readonly cores: readonly number[] | null;
  /** Feeds standard input; without it the input is empty. */
  readonly feed?: (child: ChildProcess) => Promise<void>;
}

const POLL_MILLISECONDS = 20;
const OUTPUT_LIMIT = 16 << 20;

/** Whether a program can be found and started. */
export function available(program: string, ...args: readonly string[]): boolean {
  const result = spawnSync(program, [...args], { stdio: 'ignore' });
  return result.error === undefined;
}

/** Cores this process may run on (Linux), highest last; one entry per online core where that is not known. */
export function allowedCores(): number[] {
  let list: string;
  try {
    list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  } catch {
    return [0];
  }
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const TASKSET: boolean = available('taskset', '--version');
/** GNU time tells the exact peak; other programs of that name do not know -f. */
const GNU_TIME: boolean = spawnSync('/usr/bin/time', ['-f', '%M', 'true'], { stdio: 'ignore' }).status === 0;

/** Runs a program once, pinned where taskset is present, from start to exit; its output goes to files, not to a pipe. */
export async function runOnce(command: readonly string[], options: RunOptions): Promise<Sample> {
  mkdirSync(BENCH_DIRECTORY, { recursive: true });
  const stem = join(BENCH_DIRECTORY, `run-${process.pid}`);
  const files = { out: `${stem}.out`, err: `${stem}.err`, usage: `${stem}.usage` };
  const words = [
    ...(GNU_TIME ? ['/usr/bin/time', '-q', '-f', '%M %U %S', '-o', files.usage] : []),
    ...(TASKSET && options.cores !== null ? ['taskset', '-c', options.cores.join(',')] : []),
    ...command,
  ];
  const out = openSync(files.out, 'w');
  const err = openSync(files.err, 'w');
  const started = performance.now();
  const child = spawn(words[0] as string, words.slice(1), { stdio: [options.feed ? 'pipe' : 'ignore', out, err] });
  closeSync(out);
  closeSync(err);
  let peak: number | null = null;
  const poll = GNU_TIME ? null : setInterval(() => (peak = residentPeak(child.pid) ?? peak), POLL_MILLISECONDS);
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  await options.feed?.(child);
  const status = await ended;
  const seconds = (performance.now() - started) / 1000;
  if (poll !== null) clearInterval(poll);
  let cpuSeconds: number | null = null;
  if (GNU_TIME) {
    const [kibibytes = 0, user = 0, system = 0] = readFileSync(files.usage, 'utf8').trim().split(' ').map(Number);
    peak = kibibytes * 1024;
    cpuSeconds = user + system;
  }
  const sample = { seconds, cpuSeconds, status, memory: peak, stdout: tail(files.out), stderr: tail(files.err) };
  for (const file of Object.values(files)) rmSync(file, { force: true });
  return sample;
}

function residentPeak(pid: number | undefined): number | null {
  try {
    const match = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? null : Number(match[1]) * 1024;
  } catch {
    return null;
  }
}

function tail(file: string): string {
  const bytes = readFileSync(file);
  return bytes.subarray(Math.max(0, bytes.length - OUTPUT_LIMIT)).toString('utf8');
}

/** Middle value; of an even number the lower of the two in the middle, so that it is one that was measured. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Reads a whole file once, so that every program finds it in the page cache; returns its size in bytes. */
export function warm(file: string): number {
  const chunk = new Uint8Array(4 << 20);
  const fd = openSync(file, 'r');
  let size = 0;
  for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) size += n;
  closeSync(fd);
  return size;
}
