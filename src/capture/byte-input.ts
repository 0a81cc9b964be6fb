import { close, readSync } from 'node:fs';
import { Socket } from 'node:net';

/** Plain bytes of an open descriptor, before anything is decoded. One `read` at a time; 0 = end. */
export interface ByteInput {
  /** A read never waits for anything but the disk: reading ahead gains nothing. */
  readonly immediate: boolean;
  read(into: Uint8Array): Promise<number>;
  close(): void;
}

/**
 * A regular file or a device that answers at once. Reads are synchronous: the thread pool costs two changes of thread a
 * read, and the kernel reads ahead by itself.
 */
export class FileInput implements ByteInput {
  readonly immediate = true;
  private readonly descriptor: number;
  private closed = false;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  async read(into: Uint8Array): Promise<number> {
    return this.closed ? 0 : readSync(this.descriptor, into, 0, into.length, null);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.descriptor > 2) close(this.descriptor, () => undefined);
  }
}

const PIPE_PIECE = 64 * 1024;
const WAITING = 1024 * 1024;

/**
 * A pipe, FIFO or socket. It is read through the event loop: a read in libuv's thread pool that waits for a silent pipe
 * could not be given up, and would hold even `process.exit` until the next byte comes.
 */
export class PipeInput implements ByteInput {
  readonly immediate = false;
  private readonly socket: Socket;
  /** Bytes that came and were not asked for yet; reading pauses while it is nearly full. */
  private readonly waiting = new Uint8Array(WAITING);
  private length = 0;
  private ended = false;
  private failure: Error | null = null;
  private wake: () => void = () => undefined;

  constructor(descriptor: number) {
    const onread = {
      buffer: new Uint8Array(PIPE_PIECE),
      callback: (count: number, bytes: Uint8Array): boolean => this.take(bytes, count),
    };
    this.socket = new Socket({ fd: descriptor, readable: true, writable: false, onread });
    this.socket.on('end', () => this.end(null));
    this.socket.on('close', () => this.end(null));
    this.socket.on('error', (error) => this.end(error));
    this.socket.resume();
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.length === 0) {
      if (this.failure !== null) throw this.failure;
      return 0;
    }
    const count = Math.min(this.length, into.length);
    into.set(this.waiting.subarray(0, count));
    this.waiting.copyWithin(0, count, this.length);
    this.length -= count;
    this.socket.resume();
    return count;
  }

  close(): void {
    this.length = 0;
    this.end(null);
    this.socket.destroy();
  }

  /** False pauses the socket until `resume`. */
  private take(bytes: Uint8Array, count: number): boolean {
    if (this.ended) return false;
    this.waiting.set(bytes.subarray(0, count), this.length);
    this.length += count;
    this.wake();
    return this.length <= WAITING - PIPE_PIECE;
  }

  private end(failure: Error | null): void {
    if (!this.ended) this.failure = failure;
    this.ended = true;
    this.wake();
  }
}
