/** Streams into which another program writes: FIFOs, Unix stream sockets, standard input. */
import { stat } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { compressionOf, SNIFF_BYTES } from '../../capture/format.ts';
import { decompress } from '../../capture/inflate.ts';
import { type ByteSource, RawSource, systemReason } from '../../capture/source.ts';
import type { LogFormat } from '../../flowrecord/record.ts';
import type { PipeInputConfig } from '../config/types.ts';
import type { InputStatus } from '../status.ts';
import { BackOff } from './back-off.ts';
import { type ByteStream, pump, streamOfReadable, streamOfSource, withFirst } from './byte-stream.ts';
import type { InputContext, InputDriver } from './input.ts';
import { Pause } from './pause.ts';
import { Tally } from './tally.ts';

/** A FIFO (`-`: standard input; also the path of a Unix stream socket) with captures; docs/daemon-inputs.md. */
export function createPipeInput(config: PipeInputConfig, context: InputContext): InputDriver {
  return new StreamInput(config, 'pipe', 'capture', context);
}

/** Seconds between looks for a FIFO that is not there: its writer makes it and waits for the reader, and packets pass by. */
const LOOK_EVERY = 1;

interface StreamConfig {
  readonly name: string;
  readonly point: string;
  readonly path: string;
}

/**
 * Reads what each writer sends as a capture or log of its own, for every writer begins with a new file header. Nothing
 * survives the process: what was not read then waits in the FIFO or is the writer's to send again.
 */
export class StreamInput implements InputDriver {
  private readonly config: StreamConfig;
  private readonly format: 'capture' | LogFormat;
  private readonly context: InputContext;
  private readonly tally: Tally;
  private readonly pause: Pause;
  private readonly backOff = new BackOff();
  private halted = false;
  /** There is nothing at the path: what makes it has not started yet. */
  private missing = false;
  private running: Promise<void> | null = null;
  private close: () => void = () => undefined;

  constructor(config: StreamConfig, kind: 'pipe' | 'flow-log', format: 'capture' | LogFormat, context: InputContext) {
    this.config = config;
    this.format = format;
    this.context = context;
    this.tally = new Tally(config, kind, format);
    this.pause = new Pause(context);
  }

  start(): void {
    this.running ??= this.run();
  }

  status(): InputStatus {
    return this.tally.status({ lag: this.tally.streamLag(this.context.clock()) });
  }

  async stop(): Promise<void> {
    this.halted = true;
    this.pause.end();
    this.close();
    await this.running;
    if (this.tally.state !== 'done') this.tally.state = 'stopped';
  }

  position(): unknown {
    return null;
  }

  committed(): void {
    // Nothing of a stream is kept.
  }

  private async run(): Promise<void> {
    while (!this.halted) {
      const began = this.context.clock();
      const problem = await this.session();
      if (this.halted || this.tally.state === 'done') break;
      const seconds = this.missing ? LOOK_EVERY : this.backOff.next((this.context.clock() - began) / 1e6);
      const told = `${problem}; trying again in ${seconds} s`;
      this.tally.state = 'restarting';
      if (!this.missing || this.tally.problem !== told) {
        this.tally.restarts++;
        this.context.log.warn({ input: this.config.name, seconds }, `${this.config.name}: ${told}`);
      }
      this.tally.problem = told;
      await this.pause.wait(seconds);
    }
  }

  /** Opens the stream and reads writer after writer; gives why that has ended. */
  private async session(): Promise<string> {
    const { path } = this.config;
    this.missing = false;
    try {
      if (path !== '-') {
        const kind = await stat(path);
        if (kind.isSocket()) return await this.readSocket();
        if (!kind.isFIFO()) return `${path}: is no FIFO and no socket; make one with \`mkfifo\`, or use a spool input`;
      }
      return await this.readWriters();
    } catch (error) {
      this.missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      return error instanceof Error && error.name === 'InputError' ? error.message : `${path}: ${systemReason(error)}`;
    }
  }

  /** A FIFO, or standard input, which has one writer only. */
  private async readWriters(): Promise<string> {
    const { path } = this.config;
    let source: ByteSource = await RawSource.open(path);
    try {
      for (;;) {
        const raw = source as RawSource;
        this.close = () => void raw.close();
        if (this.halted) return '';
        this.tally.state = 'waiting';
        const head = await raw.peek(SNIFF_BYTES);
        if (this.halted) return '';
        if (head.length > 0) {
          const compression = compressionOf(head);
          if (compression !== null) source = await decompress(raw, compression);
          const reading = source;
          this.close = () => void reading.close();
          const failure = await this.readOne(streamOfSource(source), source);
          if (failure !== null) return failure;
        }
        if (path === '-') {
          this.tally.state = 'done';
          return '';
        }
        // Opened before the old descriptor goes: a writer that has come meanwhile must not find nobody reading.
        const next = await RawSource.open(path);
        await source.close();
        source = next;
      }
    } finally {
      await source.close();
    }
  }

  /** A program that listens on a Unix stream socket and sends a capture to whoever connects. */
  private async readSocket(): Promise<string> {
    const socket: Socket = createConnection({ path: this.config.path });
    this.close = () => socket.destroy();
    socket.on('error', () => undefined);
    try {
      const failure = await this.readOne(streamOfReadable(socket), null);
      return failure ?? `${this.config.path}: the other side has closed the connection`;
    } finally {
      socket.destroy();
    }
  }

  /** Reads one writer to its end; gives why nothing more of it can be read, null where it simply went. */
  private async readOne(stream: ByteStream, source: ByteSource | null): Promise<string | null> {
    const name = this.config.path === '-' ? 'standard input' : this.config.path;
    let problem: string | null = null;
    let first: Uint8Array | null = null;
    try {
      first = await stream.next();
    } catch (error) {
      problem = `${name}: ${systemReason(error)}`;
    }
    if (first === null) return problem;
    const feed = this.context.open(this.format, name);
    this.tally.opened(feed, 0);
    this.tally.state = 'running';
    this.tally.problem = null;
    try {
      const how = await pump(withFirst(first, stream), feed, this.tally, this.context.clock, () => this.halted);
      if (how === 'stopped') problem = `${name}: what came stopped making sense`;
    } catch (error) {
      problem = `${name}: ${systemReason(error)}`;
    }
    const end = await feed.end();
    this.tally.closed(end, true);
    if (this.halted) return null;
    if (end.failure !== null) return `${name}: ${end.failure}`;
    const damage = source?.damage ?? null;
    return problem ?? (damage === null ? null : `${name}: ${damage.reason}`);
  }
}
