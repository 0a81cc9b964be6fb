/** Bytes on their way into a feed: one shape for files, FIFOs, sockets and child programs. */
import type { ByteSource } from '../../capture/source.ts';
import type { Feed } from './input.ts';
import type { Tally } from './tally.ts';

/** Small enough to stay in the processor's cache, large enough that a read costs little. */
const PIECE = 256 * 1024;
/** Pieces of an input that never waits between two turns of the event loop, so that other inputs get theirs. */
const TURN = 8;

export interface ByteStream {
  /** Reads never wait: the event loop has to be given its turns. */
  readonly immediate: boolean;
  /** The next bytes, valid until the next call; null = end. Rejects where reading fails. */
  next(): Promise<Uint8Array | null>;
}

/** A file or FIFO, read into one buffer. */
export function streamOfSource(source: ByteSource): ByteStream {
  const buffer = new Uint8Array(PIECE);
  return {
    immediate: source.immediate,
    next: async () => {
      const count = await source.read(buffer);
      return count === 0 ? null : buffer.subarray(0, count);
    },
  };
}

/** Output of a child program, or a socket; not read while nobody asks, so that the other side has to wait. */
export function streamOfReadable(readable: AsyncIterable<unknown>): ByteStream {
  const iterator = readable[Symbol.asyncIterator]();
  return {
    immediate: false,
    next: async () => {
      const step = await iterator.next();
      if (step.done === true) return null;
      // No Buffer: its `slice` copies nothing, and the engine keeps copies of segments that wait for others.
      const { buffer, byteOffset, byteLength } = step.value as Uint8Array;
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}

/** A stream whose first bytes have been taken already. */
export function withFirst(first: Uint8Array, rest: ByteStream): ByteStream {
  let waiting: Uint8Array | null = first;
  return {
    immediate: rest.immediate,
    next: () => {
      if (waiting === null) return rest.next();
      const bytes = waiting;
      waiting = null;
      return Promise.resolve(bytes);
    },
  };
}

/** `end`: nothing more came; `halted`: told to stop; `stopped`: the bytes have stopped making sense. */
export type PumpEnd = 'end' | 'halted' | 'stopped';

/**
 * Feeds what a stream gives until its end, until `halted` says so, or until the feed ignores further bytes. Waits where the
 * engine is behind. Does not end the feed. Rejects where reading fails; what came before has been fed.
 */
export async function pump(
  stream: ByteStream,
  feed: Feed,
  tally: Tally,
  clock: () => number,
  halted: () => boolean,
): Promise<PumpEnd> {
  for (let turn = 1; ; turn++) {
    if (halted()) return 'halted';
    const bytes = await stream.next();
    if (bytes === null) return 'end';
    await feedPiece(bytes, feed, tally, clock);
    if (feed.stopped) return 'stopped';
    if (stream.immediate && turn % TURN === 0) await new Promise(setImmediate);
  }
}

/** Feeds one piece and waits where the engine is behind. */
export async function feedPiece(bytes: Uint8Array, feed: Feed, tally: Tally, clock: () => number): Promise<void> {
  tally.feeding(bytes.length);
  const behind = feed.feed(bytes, 0, bytes.length);
  if (behind !== undefined) await behind;
  tally.fed(clock());
}
