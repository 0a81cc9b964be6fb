import { Anomaly } from '../common/anomaly.ts';
import { CaptureError, type Damage } from './capture-error.ts';
import type { FrameSink } from './frame.ts';
import type { CaptureReader } from './reader.ts';
import type { ByteSource } from './source.ts';

/** Larger pieces leave the processor's cache: 16 MiB was half as fast. */
const PIECE = 1024 * 1024;
const SMALL_PIECE = 256 * 1024;
/** Small pieces between two turns of the event loop. */
const TURN = 32;

export interface ReadProgress {
  /** Stored (compressed) bytes taken, and how many there are; null for a pipe. */
  readonly consumed: number;
  readonly size: number | null;
  readonly packets: number;
}

export interface ReadOptions {
  /** Looked at between pieces, and while a pipe is silent. */
  readonly signal?: AbortSignal;
  /** Called after every piece (about 1 MiB of decoded data). */
  readonly onProgress?: (progress: ReadProgress) => void;
  /** Gives the buffer to read the next piece into, for readers that keep pieces; by default one buffer serves for all. */
  readonly nextBuffer?: (() => Uint8Array) | null;
}

export interface ReadResult {
  readonly packets: number;
  /** Where the capture, or its compression, stopped making sense; null where it was read to its end. */
  readonly damage: Damage | null;
  readonly aborted: boolean;
}

/**
 * Reads a whole source through `reader` into `sink`. Does not close the source. Throws InputError where reading fails and the reader's CaptureError (its message without
 * the name of the input) where the source is no capture.
 */
export async function readCapture(
  source: ByteSource,
  reader: CaptureReader,
  sink: FrameSink,
  options: ReadOptions = {},
): Promise<ReadResult> {
  const aborted = source.immediate
    ? await readImmediate(source, reader, sink, options)
    : await readAhead(source, reader, sink, options);
  if (aborted) return { packets: reader.packets, damage: reader.damage, aborted: true };
  const before = reader.damage;
  reader.finish();
  if (reader.failure !== null) {
    if (reader.failure.fault !== 'empty' || source.damage === null) throw reader.failure;
    // Nothing could be decoded: a download cut short is a damaged input, anything else is no capture.
    if (source.damage.anomaly !== Anomaly['capture.truncated_file']) {
      throw new CaptureError('not_a_capture', source.damage.reason);
    }
    return { packets: 0, damage: source.damage, aborted: false };
  }
  // Where the compressed data was cut off, the record cut with it is only the consequence.
  return { packets: reader.packets, damage: before ?? source.damage ?? reader.damage, aborted: false };
}

/** One small buffer that stays in the processor's cache; the event loop gets a turn every few megabytes. */
async function readImmediate(
  source: ByteSource,
  reader: CaptureReader,
  sink: FrameSink,
  options: ReadOptions,
): Promise<boolean> {
  const { signal, onProgress } = options;
  const own = new Uint8Array(SMALL_PIECE);
  const view = new DataView(own.buffer);
  for (let untilTurn = TURN; !reader.stopped; ) {
    if (signal?.aborted === true) return true;
    const bytes = options.nextBuffer?.() ?? own;
    const count = await source.read(bytes);
    if (count === 0) break;
    reader.feed(bytes, view, 0, count, sink);
    onProgress?.({ consumed: source.consumed, size: source.size, packets: reader.packets });
    if (--untilTurn === 0) {
      untilTurn = TURN;
      await new Promise(setImmediate);
    }
  }
  return false;
}

/** Two buffers: the next piece is under way while the present one is parsed. */
async function readAhead(
  source: ByteSource,
  reader: CaptureReader,
  sink: FrameSink,
  options: ReadOptions,
): Promise<boolean> {
  const { signal, onProgress } = options;
  let bytes = new Uint8Array(PIECE);
  let view = new DataView(bytes.buffer);
  let otherBytes = new Uint8Array(PIECE);
  let otherView = new DataView(otherBytes.buffer);
  const waiter = new AbortableWait(signal);
  try {
    let pending = source.read(bytes);
    for (;;) {
      const count = await waiter.wait(pending);
      if (count === ABORTED) return true;
      if (count === 0) return false;
      pending = source.read(otherBytes);
      // Its failure is reported at the next wait; until then it must not count as unhandled.
      pending.catch(() => undefined);
      reader.feed(bytes, view, 0, count, sink);
      [bytes, otherBytes] = [otherBytes, bytes];
      [view, otherView] = [otherView, view];
      onProgress?.({ consumed: source.consumed, size: source.size, packets: reader.packets });
      if (reader.stopped) return false;
    }
  } finally {
    waiter.release();
  }
}

const ABORTED = -1;

/** Waits for a read or for the abort, without leaving a listener behind for every piece. */
class AbortableWait {
  private readonly signal: AbortSignal | undefined;
  private onAbort: () => void = () => undefined;
  private readonly listener = (): void => this.onAbort();

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
    signal?.addEventListener('abort', this.listener);
  }

  wait(pending: Promise<number>): Promise<number> {
    return new Promise((resolve, reject) => {
      this.onAbort = () => resolve(ABORTED);
      if (this.signal?.aborted === true) resolve(ABORTED);
      pending.then(resolve, reject);
    });
  }

  release(): void {
    this.signal?.removeEventListener('abort', this.listener);
  }
}
