/** Child processes of a soak: the daemon and its feeders. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');
export const PROGRAM: string = join(ROOT, 'src', 'cli', 'launch.ts');

/** What must not stand on the daemon's standard error: a promise nobody cared for, a trace of calls, warnings of Node. */
const WRONG = /unhandled|uncaught|\(node:\d+\)|Warning:|^\s+at .+:\d+:\d+\)?$|heap out of memory|FATAL ERROR/i;
/** A line of the log at level `error`, in the form of `log.format: text` and of JSON. */
const ERROR_LINE = /^\S+ +error\b|"level":"error"/i;
const MAX_KEPT = 50;

const children: Set<ChildProcess> = new Set();
// Where the soak is broken off, nothing of it goes on.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

function remember(child: ChildProcess): ChildProcess {
  children.add(child);
  child.on('close', () => children.delete(child));
  return child;
}

/** The daemon, with an eye on what it writes to standard error. */
export class DaemonProcess {
  readonly wrong: string[] = [];
  readonly errors: string[] = [];
  /** Port of /metrics, 0 until it is known. */
  port = 0;
  code: number | null = null;
  signal: NodeJS.Signals | null = null;
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly log: WriteStream;

  constructor(config: string, log: string, flags: readonly string[]) {
    this.log = createWriteStream(log);
    this.child = remember(
      spawn(process.execPath, [...flags, PROGRAM, 'run', '--config', config], {
        stdio: ['ignore', 'ignore', 'pipe'],
        // As the unit of deploy/systemd sets it.
        env: { ...process.env, NO_COLOR: '1', MALLOC_ARENA_MAX: '2' },
      }),
    );
    const lines = createInterface({ input: this.child.stderr as NodeJS.ReadableStream });
    lines.on('line', (line) => this.line(line));
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.code = code;
        this.signal = signal;
        this.log.end();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  private line(line: string): void {
    this.log.write(`${line}\n`);
    this.port ||= Number(
      /metrics are served.*?port[=:" ]+(\d+)/.exec(line)?.[1] ??
        /"port":(\d+).*metrics are served/.exec(line)?.[1] ??
        0,
    );
    if (WRONG.test(line) && this.wrong.length < MAX_KEPT) this.wrong.push(line);
    if (ERROR_LINE.test(line) && this.errors.length < MAX_KEPT) this.errors.push(line);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** A feeder that tells, line by line, how far it is. */
export class Feeder<Progress> {
  progress: Progress | null = null;
  /** It went before it was told to. */
  failed: string | null = null;
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private stopping = false;

  constructor(script: string, order: unknown) {
    this.child = remember(
      spawn(process.execPath, [join(import.meta.dirname, script), JSON.stringify(order)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    this.child.stdin?.on('error', () => undefined);
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.progress = JSON.parse(line) as Progress;
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        if (!this.stopping) this.failed = `${script} ended with ${signal ?? code}`;
        resolve();
      });
    });
  }

  /** Lets one that waits go on. */
  goOn(): void {
    this.child.stdin?.end('\n');
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.child.kill('SIGTERM');
    await this.ended;
  }

  /** At once, without waiting: the daemon has gone and nobody reads any more. */
  kill(): void {
    this.stopping = true;
    this.child.kill('SIGKILL');
  }
}
