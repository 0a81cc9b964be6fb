/** A live interface through tcpdump or dumpcap as a child program. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { LiveInputConfig } from '../config/types.ts';
import type { InputStatus } from '../status.ts';
import { BackOff } from './back-off.ts';
import { type ByteStream, pump, streamOfReadable, streamOfSource, withFirst } from './byte-stream.ts';
import {
  captureArguments,
  type FailureKind,
  failureKind,
  findProgram,
  type ProgramName,
  ProgramOutput,
  tcpdumpVersion,
} from './capture-program.ts';
import { makePipe } from './child-pipe.ts';
import type { Feed, InputContext, InputDriver } from './input.ts';
import { Pause } from './pause.ts';
import { plain, Tally } from './tally.ts';

/** Of `auto`, in this order. dumpcap tells what the kernel dropped only when it ends, tcpdump whenever it is asked. */
const AUTO: readonly ProgramName[] = ['tcpdump', 'dumpcap'];
/** How often tcpdump is asked for its counts, and how long a child may take to end, s. */
const ASK = 2;
const GRACE = 2;
/** Milliseconds in which a program has to say its version. */
const VERSION_WITHIN = 5000;

/** What the driver takes from the machine. */
export interface LiveSystem {
  /** Folders as in PATH. */
  readonly path: string;
  /** Holds one entry per network interface. */
  readonly interfaces: string;
}

/** A live interface as an input; docs/daemon-inputs.md. Its position is empty: what was not captured is gone. */
export function createLiveInput(config: LiveInputConfig, context: InputContext, system?: LiveSystem): InputDriver {
  return new LiveInput(config, context, system ?? { path: process.env['PATH'] ?? '', interfaces: '/sys/class/net' });
}

/** Why there is no capture now: one line for people, and whether trying again soon can help. */
interface Failure {
  readonly problem: string;
  readonly permanent: boolean;
}

class LiveInput implements InputDriver {
  private readonly config: LiveInputConfig;
  private readonly context: InputContext;
  private readonly system: LiveSystem;
  private readonly tally: Tally;
  private readonly pause: Pause;
  private readonly backOff = new BackOff();
  /** Drops of children that ended. */
  private kernelBefore = 0;
  private childBefore = 0;
  private output: ProgramOutput | null = null;
  private child: ChildProcess | null = null;
  private halted = false;
  private running: Promise<void> | null = null;
  /** Which of `auto` is tried; the next one where the present one may not capture. */
  private choice = 0;
  /** tcpdump stays the user that it was started as, where it could not change to its own. */
  private keepUser = false;

  constructor(config: LiveInputConfig, context: InputContext, system: LiveSystem) {
    this.config = config;
    this.context = context;
    this.system = system;
    this.tally = new Tally(config, 'live', 'capture');
    this.pause = new Pause(context);
  }

  start(): void {
    this.running ??= this.run();
  }

  status(): InputStatus {
    const drops = this.output?.drops ?? { kernel: 0, child: 0 };
    this.tally.kernelDrops = this.kernelBefore + drops.kernel;
    this.tally.childDrops = this.childBefore + drops.child;
    return this.tally.status({ lag: this.tally.streamLag(this.context.clock()) });
  }

  async stop(): Promise<void> {
    this.halted = true;
    this.pause.end();
    const kill = this.endChild();
    await this.running;
    kill();
    this.tally.state = 'stopped';
  }

  position(): unknown {
    return null;
  }

  committed(): void {
    // Nothing of a live interface is kept.
  }

  private async run(): Promise<void> {
    while (!this.halted) {
      const began = this.context.clock();
      const failure = await this.capture();
      if (this.halted) break;
      const seconds = this.backOff.next((this.context.clock() - began) / 1e6, failure.permanent);
      this.tally.state = 'restarting';
      this.tally.restarts++;
      this.tally.problem = `${failure.problem}; trying again in ${seconds} s`;
      this.context.log.warn({ input: this.config.name, seconds }, `live input: ${plain(failure.problem)}`);
      await this.pause.wait(seconds);
    }
  }

  /** One run of a capture program, from its start to its end. */
  private async capture(): Promise<Failure> {
    const device = this.config.interface;
    if (!/^[^\s/-][^\s/]*$/.test(device)) {
      return { problem: `${device}: not the name of a network interface; mend "interface"`, permanent: true };
    }
    if (device !== 'any' && !existsSync(join(this.system.interfaces, device))) {
      const problem = `interface ${device} does not exist on this machine; see \`ip link\` and mend "interface"`;
      return { problem, permanent: false };
    }
    const wanted: readonly ProgramName[] = this.config.program === 'auto' ? AUTO : [this.config.program];
    const found = wanted.flatMap((name) => {
      const path = findProgram(name, this.system.path);
      return path === null ? [] : [{ name, path }];
    });
    const program = found[this.choice % Math.max(1, found.length)];
    if (program === undefined) {
      const names = wanted.join(' or ');
      return { problem: `${names} is not installed: install the package tcpdump or wireshark-common`, permanent: true };
    }
    return this.runProgram(program.name, program.path, found.length);
  }

  private async runProgram(name: ProgramName, path: string, choices: number): Promise<Failure> {
    const askable = name === 'tcpdump' && (await this.isAskable(path));
    if (this.halted) return { problem: 'told to stop', permanent: false };
    const args = captureArguments(name, this.config, this.keepUser && name === 'tcpdump' ? 'root' : null);
    const pipe = await makePipe(this.system.path);
    if (this.halted) {
      await pipe?.source.close();
      await pipe?.handedOver();
      return { problem: 'told to stop', permanent: false };
    }
    let child: ReturnType<typeof startProgram>;
    try {
      child = startProgram(path, args, this.system.path, pipe?.write ?? 'pipe');
    } catch (error) {
      await pipe?.source.close();
      await pipe?.handedOver();
      return { problem: `${name} could not be started: ${reason(error)}`, permanent: true };
    }
    const handedOver = pipe?.handedOver();
    const { stdout } = child;
    const stream = pipe === null ? streamOfReadable(stdout as Readable) : streamOfSource(pipe.source);
    const output = new ProgramOutput();
    this.output = output;
    this.child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.take(text);
      // A link may stay silent for long: the program's own word says that it captures.
      if (output.listening && this.tally.state !== 'running' && !this.halted) this.capturing(name, askable);
    });
    child.stderr.on('error', () => undefined);
    stdout?.on('error', () => undefined);
    let startError: unknown = null;
    const over = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        startError = error;
        // Without a process there is no `close`.
        if (child.pid === undefined) resolve();
      });
      child.once('close', () => resolve());
    });
    const stopAsking = askable ? this.ask(child, output) : () => undefined;
    const stopped = await this.read(name, stream, askable);
    const kill = this.endChild();
    // Whatever it still says is not read: a full pipe must not hold it.
    stdout?.destroy();
    await pipe?.source.close();
    await handedOver;
    await over;
    kill();
    stopAsking();
    output.finish();
    this.child = null;
    this.kernelBefore += output.drops.kernel;
    this.childBefore += output.drops.child;
    this.output = null;
    if (startError !== null && child.pid === undefined) {
      return { problem: `${name} could not be started: ${reason(startError)}`, permanent: true };
    }
    if (stopped !== null) return { problem: `${name}: ${stopped}`, permanent: false };
    return this.explain(name, output.message, child.exitCode ?? child.signalCode ?? 'unknown', choices);
  }

  private capturing(name: ProgramName, askable: boolean): void {
    this.tally.state = 'running';
    this.tally.problem = null;
    const drops = askable ? `asked for every ${ASK} s` : 'told when it ends';
    this.context.log.info(
      { input: this.config.name, interface: this.config.interface, program: name, drops },
      'capturing',
    );
  }

  /** Feeds what the program writes; gives why it was given up, null where the program itself ended. */
  private async read(name: ProgramName, stream: ByteStream, askable: boolean): Promise<string | null> {
    let feed: Feed | null = null;
    let why: string | null = null;
    try {
      // A feed is opened with the first bytes: a program that fails at once takes no number.
      const first = await stream.next();
      if (first !== null) {
        feed = this.context.open('capture', `live:${this.config.interface}`);
        this.tally.opened(feed, 0);
        if (this.tally.state !== 'running' && !this.halted) this.capturing(name, askable);
        const pieces = withFirst(first, stream);
        // To its end also when told to stop: what it had captured by then is still to be read.
        if ((await pump(pieces, feed, this.tally, this.context.clock, () => false)) === 'stopped') {
          why = 'what it wrote stopped making sense';
        }
      }
    } catch (error) {
      why = `its output could not be read: ${reason(error)}`;
    }
    if (feed === null) return why;
    const end = await feed.end();
    this.tally.closed(end, false);
    if (this.halted) return null;
    return end.failure === null ? why : `what it wrote is no capture: ${end.failure}`;
  }

  /** Whether this tcpdump bears being asked for its counts; says so where it does not. */
  private async isAskable(path: string): Promise<boolean> {
    const options = {
      env: environment(this.system.path),
      cwd: '/',
      timeout: VERSION_WITHIN,
      killSignal: 'SIGKILL',
    } as const;
    const printed = await new Promise<string>((resolve) => {
      // What is wrong with the program shows when it is started. Old ones print their version among errors.
      execFile(path, ['--version'], options, (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`));
    });
    const { version, askable } = tcpdumpVersion(printed);
    if (!askable && version !== null) {
      this.context.log.warn(
        { input: this.config.name, version },
        'what the kernel drops is told only when tcpdump ends: before 4.99.2, asking could spoil what it writes',
      );
    }
    return askable;
  }

  /** tcpdump prints its counts on SIGUSR1; dumpcap would end at it. */
  private ask(child: ChildProcess, output: ProgramOutput): () => void {
    let cancel = (): void => undefined;
    const again = (): void => {
      cancel = this.context.after(ASK, () => {
        if (output.listening && this.child === child) child.kill('SIGUSR1');
        again();
      });
    };
    again();
    return () => cancel();
  }

  /** SIGTERM now and SIGKILL if that does not help; the result cancels the latter. */
  private endChild(): () => void {
    const child = this.child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return () => undefined;
    child.kill('SIGTERM');
    return this.context.after(GRACE, () => child.kill('SIGKILL'));
  }

  private explain(name: ProgramName, message: string, status: number | string, choices: number): Failure {
    const said = message === '' ? `it ended with status ${status}` : plain(message);
    const kind: FailureKind = message === '' ? 'other' : failureKind(message);
    switch (kind) {
      case 'permission':
        this.choice++;
        return {
          problem:
            `${name} may not capture on ${this.config.interface} (${said}): give it CAP_NET_RAW ` +
            `(setcap cap_net_raw+eip on ${name}, or AmbientCapabilities in the unit), or let the separate capture service feed a pipe input`,
          permanent: choices === 1,
        };
      case 'filter':
        return { problem: `${name} refuses the filter (${said}): mend "filter"`, permanent: true };
      case 'interface':
        return { problem: `${name} cannot use interface ${this.config.interface} (${said})`, permanent: false };
      case 'user':
        if (name === 'tcpdump' && !this.keepUser) {
          this.keepUser = true;
          return {
            problem: `tcpdump cannot change to its own user (${said}): it will keep the present one`,
            permanent: false,
          };
        }
        return { problem: `${name}: ${said}`, permanent: true };
      default:
        return { problem: `${name} on ${this.config.interface}: ${said}`, permanent: false };
    }
  }
}

function startProgram(path: string, args: readonly string[], search: string, output: number | 'pipe') {
  const child = spawn(path, [...args], { stdio: ['ignore', output, 'pipe'], env: environment(search), cwd: '/' });
  return child as typeof child & { readonly stderr: Readable };
}

/** Nothing of the daemon's environment: it may hold secrets. */
function environment(search: string): NodeJS.ProcessEnv {
  return { PATH: search, LC_ALL: 'C' };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
