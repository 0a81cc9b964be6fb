import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonStatus } from '../../src/daemon/status.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { ROOT } from '../bench/mix.ts';
import { RECEIVING } from './namespaces.ts';

const SENSOR = 'live-run';
const INPUT = 'tap';
/** The sensor in its detections: an observation point without an entry of its own is named like its input. */
const SENSOR_OF_POINT = `${SENSOR}/${INPUT}`;
const LAUNCHER = join(ROOT, 'src', 'cli', 'launch.ts');
/** Milliseconds between questions, and what starting and stopping may take. */
const ASK_EVERY = 100;
const START_WITHIN = 60_000;
const STOP_WITHIN = 120_000;

export interface DaemonSettings {
  /** Its folder: configuration, state, ledger, detections; made here. */
  readonly folder: string;
  readonly program: 'tcpdump' | 'dumpcap' | 'auto';
  readonly threads: number;
  /** Reports and checkpoints every second, instead of as by default. */
  readonly quick: boolean;
  /** Kernel buffer, for instance `64MiB`; null = as by default. */
  readonly buffer?: string | null;
  /** Core that it and its capture program are kept on; null = any. */
  readonly core?: number | null;
}

/** Counters of all that is captured, since the start of the daemon. */
export interface Counters {
  readonly packets: number;
  readonly kernelDrops: number;
  readonly childDrops: number;
  readonly shedPackets: number;
  readonly keptShare: number;
  readonly lag: number;
  /** Flows and conversations that gave way for want of room; octets held back to put streams in order. */
  readonly evictedFlows: number;
  readonly evictedConversations: number;
  readonly reassembly: number;
}

/** A running daemon, started as a person would start it: `poolprint run --config FILE`. */
export class DaemonProcess {
  readonly settings: DaemonSettings;
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;
  private port: number = 0;
  private log = '';

  /** Starts it and waits until it captures. Must run in the receiving namespace. Rejects with what it said. */
  static async start(settings: DaemonSettings): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(settings);
    const until = Date.now() + START_WITHIN;
    for (;;) {
      if (daemon.child.exitCode !== null) throw new Error(`the daemon ended:\n${daemon.log}`);
      const status = daemon.port === 0 ? null : await daemon.status();
      // The first checkpoint comes before the loop turns freely.
      if (status?.inputs[0]?.state === 'running' && status.checkpoint.writes > 0) return daemon;
      if (Date.now() > until) {
        daemon.child.kill('SIGKILL');
        throw new Error(`the daemon does not capture:\n${daemon.log}`);
      }
      await pause(ASK_EVERY);
    }
  }

  private constructor(settings: DaemonSettings) {
    this.settings = settings;
    const { folder, program, threads, quick, buffer = null, core = null } = settings;
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'poolprint.yaml');
    const lines = [
      `sensor: ${SENSOR}`,
      `threads: ${threads}`,
      'watch: false',
      'state_directory: state',
      'detections_file: detections.ndjson',
      'ledger: { actor: live-run }',
      'http: { address: 127.0.0.1, port: 0 }',
      'log: { level: info, format: json }',
      ...(quick ? ['checkpoint: { interval: 1s }', 'report: { interval: 1s }'] : []),
      'inputs:',
      `  - { name: ${INPUT}, kind: live, interface: ${RECEIVING}, program: ${program}${buffer === null ? '' : `, buffer: ${buffer}`} }`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const pin = core === null ? [] : ['taskset', '-c', String(core)];
    const command = [...pin, process.execPath, LAUNCHER, 'run', '--config', config];
    // Its own word about the end would otherwise come as a warning of Node about types.
    const env = { ...process.env, NODE_NO_WARNINGS: '1' };
    this.child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], env });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
      const served = /"port":(\d+)[^\n]*metrics are served/.exec(this.log);
      if (served !== null) this.port = Number(served[1]);
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', () => resolve(null));
      this.child.once('close', resolve);
    });
  }

  get words(): string {
    return this.log;
  }

  /** Null where it does not answer. */
  async status(): Promise<DaemonStatus | null> {
    try {
      return (await (await fetch(`http://127.0.0.1:${this.port}/status`)).json()) as DaemonStatus;
    } catch {
      return null;
    }
  }

  /** Text of the metrics and the milliseconds that it took; null where there was no answer. */
  async metrics(): Promise<{ readonly text: string; readonly milliseconds: number } | null> {
    const began = performance.now();
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/metrics`);
      const text = await answer.text();
      return answer.ok ? { text, milliseconds: performance.now() - began } : null;
    } catch {
      return null;
    }
  }

  async counters(): Promise<Counters> {
    const status = await this.status();
    if (status === null) throw new Error(`the daemon does not answer:\n${this.log}`);
    return countersOf(status);
  }

  /**
   * Waits until it has read `expected` packets, or until two checkpoints have passed without another one. With several threads the
   * counts are those of the last checkpoint.
   */
  async readAll(expected: number): Promise<Counters> {
    let seen = { packets: -1, writes: 0 };
    for (;;) {
      const status = await this.status();
      if (status === null) throw new Error(`the daemon does not answer:\n${this.log}`);
      const counters = countersOf(status);
      const { writes } = status.checkpoint;
      if (counters.packets >= expected) return counters;
      if (counters.packets !== seen.packets) seen = { packets: counters.packets, writes };
      else if (writes >= seen.writes + 2) return counters;
      await pause(ASK_EVERY);
    }
  }

  /** Ends the capture program, which says what the kernel dropped, and waits until the daemon has heard it and began anew. */
  async finalDrops(): Promise<Counters> {
    const before = (await this.status())?.inputs[0]?.restarts ?? 0;
    for (const pid of this.captureProcesses()) process.kill(pid, 'SIGTERM');
    for (;;) {
      const status = await this.status();
      if (status === null) throw new Error(`the daemon does not answer:\n${this.log}`);
      if ((status.inputs[0]?.restarts ?? 0) > before) return countersOf(status);
      await pause(ASK_EVERY);
    }
  }

  /** Numbers of its child processes. */
  captureProcesses(): number[] {
    const own = this.child.pid;
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      const parent = statOf(name)?.[1];
      return parent !== undefined && Number(parent) === own ? [Number(name)] : [];
    });
  }

  /** Processor seconds of the daemon and of its capture program so far, and its memory in octets, now and at its peak. */
  usage(): { readonly own: number; readonly capture: number; readonly now: number; readonly peak: number } {
    const seconds = (pid: number): number => {
      const stat = statOf(String(pid));
      return stat === null ? 0 : (Number(stat[11]) + Number(stat[12])) / TICKS;
    };
    const pid = this.child.pid ?? 0;
    const status = readText(`/proc/${pid}/status`);
    const memory = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? '0') * 1024;
    return {
      own: seconds(pid),
      capture: this.captureProcesses().reduce((n, child) => n + seconds(child), 0),
      now: memory('VmRSS'),
      peak: memory('VmHWM'),
    };
  }

  /** SIGTERM, and its exit code: 0 where it wrote down everything that was open. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    const force = setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN);
    const code = await this.ended;
    clearTimeout(force);
    writeFileSync(join(this.settings.folder, 'daemon.log'), this.log);
    return code;
  }

  /** What it wrote: of every detection the last line. */
  detections(): Map<string, DetectionRow> {
    const file = join(this.settings.folder, 'detections.ndjson');
    const rows = new Map<string, DetectionRow>();
    if (!existsSync(file)) return rows;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue;
      const row = JSON.parse(line) as DetectionRow;
      rows.set(row.id, row);
    }
    return rows;
  }
}

/** Fields of /proc/PID/stat from the state on (proc(5)); null where there is no such process. */
function statOf(pid: string): string[] | null {
  const text = readText(`/proc/${pid}/stat`);
  // The name in parentheses may hold blanks.
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

const TICKS = 100;

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function countersOf({ inputs, points }: DaemonStatus): Counters {
  const [input, point] = [inputs[0], points[0]];
  return {
    packets: input?.packets ?? 0,
    kernelDrops: input?.kernelDrops ?? 0,
    childDrops: input?.childDrops ?? 0,
    lag: input?.lag ?? 0,
    shedPackets: point?.shedPackets ?? 0,
    keptShare: point?.keptShare ?? 1,
    evictedFlows: point?.evictedFlows ?? 0,
    evictedConversations: point?.evictedConversations ?? 0,
    reassembly: point?.reassemblyBytes ?? 0,
  };
}

/** What `poolprint replay` says of captures. Throws with what it said where it failed. */
export function replay(files: readonly string[], window: 'run' | 'day'): DetectionRow[] {
  const args = [LAUNCHER, 'replay', '--json', '--quiet', '--window', window, '--sensor', SENSOR_OF_POINT, ...files];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`replay failed: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"type":"detection"'))
    .map((line) => JSON.parse(line) as DetectionRow);
}
