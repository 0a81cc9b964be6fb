import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import zlib from 'node:zlib';
import { Anomaly } from '../common/anomaly.ts';
import { type Damage, errorCode, InputError, oneLine } from './capture-error.ts';
import type { Compression } from './format.ts';
import type { ByteSource, RawSource } from './source.ts';
import { ZstdFrames } from './zstd-frames.ts';

const INPUT_PIECE = 256 * 1024;
/** Twice as fast as the default of 16 KiB, measured on gzip and zstd. */
const OUTPUT_PIECE = 1024 * 1024;
const MAX_MESSAGE = 4096;

/** Child programs for what Node cannot decode. xz is held to 512 MiB: `xz -9` needs 65. */
const PROGRAMS = {
  xz: { command: 'xz', args: ['-dc', '--memlimit-decompress=512MiB'], install: 'xz-utils' },
  lz4: { command: 'lz4', args: ['-dc'], install: 'lz4' },
} as const;

/** Decodes `raw`, which is read from its beginning. Throws InputError where a needed program is not installed. */
export async function decompress(raw: RawSource, compression: Compression): Promise<ByteSource> {
  if (compression === 'gzip') {
    const stream = zlib.createGunzip({ chunkSize: OUTPUT_PIECE });
    return new DecodedSource(raw, compression, stream, stream, null);
  }
  if (compression === 'zstd') {
    if (typeof zlib.createZstdDecompress !== 'function') {
      throw new InputError(1, `${raw.name}: zstd needs Node 22.15 or later; decompress it first`);
    }
    const stream = zlib.createZstdDecompress({ chunkSize: OUTPUT_PIECE });
    return new DecodedSource(raw, compression, stream, stream, null);
  }
  const program = PROGRAMS[compression];
  const child = spawn(program.command, program.args, { stdio: ['pipe', 'pipe', 'pipe'] });
  try {
    await once(child, 'spawn');
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT';
    const why = missing
      ? `${program.command} is not installed: install the package ${program.install}, or decompress the file first`
      : `${program.command} could not be started: ${String(error)}`;
    throw new InputError(1, `${raw.name}: ${why}`);
  }
  return new DecodedSource(raw, compression, child.stdin, child.stdout, child);
}

/**
 * Pulls stored bytes through a decoder: one input piece under way at a time and no more decoded bytes waiting than one
 * output piece, so memory does not depend on the size of the input or on how far it expands.
 */
class DecodedSource implements ByteSource {
  readonly immediate = false;
  readonly name: string;
  readonly compression: Compression;
  damage: Damage | null = null;
  private readonly raw: RawSource;
  private readonly input: Writable;
  private readonly output: Readable;
  private readonly child: ChildProcess | null;
  private readonly frames: ZstdFrames | null;
  private readonly piece = new Uint8Array(INPUT_PIECE);
  private pieceAt = 0;
  private pieceEnd = 0;
  private chunk: Uint8Array = new Uint8Array(0);
  private feeding = false;
  private inputEnded = false;
  private outputEnded = false;
  private closed = false;
  private failure: unknown = null;
  private rawError: unknown = null;
  private message = '';
  private exit: Promise<unknown> | null = null;
  private signalled = false;
  private wake: () => void = () => undefined;

  constructor(raw: RawSource, compression: Compression, input: Writable, output: Readable, child: ChildProcess | null) {
    this.name = raw.name;
    this.raw = raw;
    this.compression = compression;
    this.input = input;
    this.output = output;
    this.child = child;
    this.frames = compression === 'zstd' ? new ZstdFrames() : null;
    output.on('readable', () => this.changed());
    output.on('end', () => {
      this.outputEnded = true;
      this.changed();
    });
    output.on('error', (error) => {
      this.failure = error;
      this.changed();
    });
    if (child !== null) {
      // A child that gave up closes its input; its exit status says more than the broken pipe.
      input.on('error', () => {
        this.inputEnded = true;
      });
      this.exit = once(child, 'close').catch(() => undefined);
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        if (this.message.length < MAX_MESSAGE) this.message += text;
      });
    }
  }

  get size(): number | null {
    return this.raw.size;
  }

  get consumed(): number {
    return this.raw.consumed;
  }

  async read(into: Uint8Array): Promise<number> {
    while (!this.closed) {
      if (this.chunk.length > 0) {
        const count = Math.min(this.chunk.length, into.length);
        into.set(this.chunk.subarray(0, count));
        this.chunk = this.chunk.subarray(count);
        return count;
      }
      // What was decoded before an error can still be read after it.
      const next = this.output.read() as Uint8Array | null;
      if (next !== null) this.chunk = next;
      else if (this.outputEnded || this.failure !== null) {
        await this.conclude();
        return 0;
      } else if (this.rawError !== null) throw this.rawError;
      else {
        if (!this.feeding && !this.inputEnded) void this.feed();
        await this.change();
      }
    }
    return 0;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.child?.kill('SIGKILL');
    this.input.destroy();
    this.output.destroy();
    await this.raw.close();
    this.changed();
  }

  /** Writes the next piece to the decoder; zstd gets one frame at a time. */
  private async feed(): Promise<void> {
    this.feeding = true;
    try {
      if (this.pieceAt === this.pieceEnd) {
        this.pieceAt = 0;
        this.pieceEnd = await this.raw.read(this.piece);
      }
    } catch (error) {
      this.rawError = error;
    }
    if (this.rawError !== null || this.closed || this.inputEnded) {
      this.changed();
      return;
    }
    const from = this.pieceAt;
    const to = this.frames === null ? this.pieceEnd : this.frames.advance(this.piece, from, this.pieceEnd);
    if (to === from || this.frames?.foreign === true) {
      if (this.frames?.foreign === true) this.damage = this.damaged('the data after a zstd frame is not zstd');
      this.inputEnded = true;
      this.input.end();
      return;
    }
    this.pieceAt = to;
    this.input.write(this.piece.subarray(from, to), () => {
      this.feeding = false;
      this.changed();
    });
  }

  /** Finds out whether the data ended well. */
  private async conclude(): Promise<void> {
    if (this.damage !== null) return;
    if (this.exit === null) {
      if (this.failure === null) return;
      const cut = errorCode(this.failure) === 'Z_BUF_ERROR';
      this.damage = cut ? this.cutOff() : this.damaged(this.failure instanceof Error ? this.failure.message : '');
      return;
    }
    await this.exit;
    if (this.closed || this.child?.exitCode === 0) return;
    const said = oneLine(this.message) || `${this.compression} ended with status ${this.child?.exitCode}`;
    this.damage = /unexpected end|unfinished/i.test(said) ? this.cutOff() : this.damaged(said);
  }

  private cutOff(): Damage {
    const reason = `the ${this.compression} data is cut off`;
    return { offset: this.raw.consumed, anomaly: Anomaly['capture.truncated_file'], reason };
  }

  /** `offset`: as far as stored bytes had been taken, at most 256 KiB behind the fault. */
  private damaged(said: string): Damage {
    const reason = `the ${this.compression} data is damaged: ${oneLine(said)}`;
    return { offset: this.raw.consumed, anomaly: Anomaly['capture.damaged_compression'], reason };
  }

  private changed(): void {
    this.signalled = true;
    this.wake();
  }

  private async change(): Promise<void> {
    if (!this.signalled) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.signalled = false;
  }
}
