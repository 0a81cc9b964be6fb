import { close, constants, fstat, open } from 'node:fs';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { type ByteInput, FileInput, PipeInput } from './byte-input.ts';
import { type Damage, errorCode, InputError } from './capture-error.ts';
import { type Compression, compressionOf, SNIFF_BYTES } from './format.ts';
import { decompress } from './inflate.ts';

/** Where the bytes of one capture come from. One `read` at a time. */
export interface ByteSource {
  /** For messages: the path, or `standard input`. */
  readonly name: string;
  /** Size of the file as stored (compressed), in bytes; null for a pipe. With `consumed` it gives the progress. */
  readonly size: number | null;
  /** Stored bytes taken so far. */
  readonly consumed: number;
  readonly compression: Compression | null;
  /** A read never waits for anything but the disk: reading ahead gains nothing. */
  readonly immediate: boolean;
  /** Set at the end where compressed data was cut off or damaged; what was decoded before has been given. */
  readonly damage: Damage | null;
  /** Fills the beginning of `into`; gives the number of bytes, 0 = end. Rejects with InputError. */
  read(into: Uint8Array): Promise<number>;
  /** Frees file and child program. Safe to call twice and while a read is under way. */
  close(): Promise<void>;
}

const openFile = promisify(open);
const statFile = promisify(fstat);
const STANDARD_INPUT = 0;
/** A FIFO nobody writes to yet must not hold the opening thread; a regular file does not notice. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file, a FIFO or (`-`) standard input, and decompresses gzip, zstd, xz and LZ4 by their magic bytes. Throws
 * InputError where it cannot be read or where the program that decompresses it is not installed. An abort ends the wait
 * for the first bytes of a silent pipe; the source is then at its end.
 */
export async function openSource(path: string, signal?: AbortSignal): Promise<ByteSource> {
  const raw = await RawSource.open(path);
  const giveUp = (): void => void raw.close();
  signal?.addEventListener('abort', giveUp);
  try {
    if (signal?.aborted === true) await raw.close();
    const compression = compressionOf(await raw.peek(SNIFF_BYTES));
    return compression === null ? raw : await decompress(raw, compression);
  } catch (error) {
    await raw.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** The bytes as they are stored. */
export class RawSource implements ByteSource {
  readonly name: string;
  readonly size: number | null;
  readonly compression = null;
  readonly damage = null;
  consumed = 0;
  readonly immediate: boolean;
  private readonly input: ByteInput;
  private head = new Uint8Array(0);

  private constructor(name: string, input: ByteInput, size: number | null) {
    this.name = name;
    this.input = input;
    this.immediate = input.immediate;
    this.size = size;
  }

  static async open(path: string): Promise<RawSource> {
    const name = path === '-' ? 'standard input' : path;
    try {
      const descriptor = path === '-' ? STANDARD_INPUT : await openFile(path, OPEN_FLAGS);
      const stats = await statFile(descriptor);
      if (stats.isFIFO() || stats.isSocket()) return new RawSource(name, new PipeInput(descriptor), null);
      if (!stats.isDirectory() && !isatty(descriptor)) {
        return new RawSource(name, new FileInput(descriptor), stats.isFile() ? stats.size : null);
      }
      if (descriptor !== STANDARD_INPUT) close(descriptor, () => undefined);
      throw new InputError(1, `${name}: is a ${stats.isDirectory() ? 'directory' : 'terminal, not a capture'}`);
    } catch (error) {
      throw error instanceof InputError ? error : new InputError(1, `${name}: ${systemReason(error)}`);
    }
  }

  /** The first bytes, fewer only where the source is shorter; `read` gives them again. */
  async peek(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    let have = 0;
    for (let taken = -1; taken !== 0 && have < count; have += taken) taken = await this.fill(bytes.subarray(have));
    this.head = bytes.subarray(0, have);
    return this.head;
  }

  async read(into: Uint8Array): Promise<number> {
    if (this.head.length === 0 || into.length <= this.head.length) {
      const count = this.head.length === 0 ? await this.fill(into) : this.takeHead(into);
      this.consumed += count;
      return count;
    }
    const from = this.takeHead(into);
    // A pipe may stay silent after its first bytes, which must not wait for the next ones.
    const more = this.size === null ? 0 : await this.fill(into.subarray(from));
    this.consumed += from + more;
    return from + more;
  }

  async close(): Promise<void> {
    this.input.close();
  }

  private takeHead(into: Uint8Array): number {
    const count = Math.min(this.head.length, into.length);
    into.set(this.head.subarray(0, count));
    this.head = this.head.subarray(count);
    return count;
  }

  private async fill(into: Uint8Array): Promise<number> {
    try {
      return await this.input.read(into);
    } catch (error) {
      throw new InputError(1, `${this.name}: ${systemReason(error)}`);
    }
  }
}

/** Reason of a failed system call as a person reads it. */
export function systemReason(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'is a directory';
    case 'EIO':
      return 'input/output error';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
