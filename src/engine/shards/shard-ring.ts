/**
 * Blocks of a capture on their way from the reading thread to every shard: a ring in shared memory. All shards see all
 * blocks and take the flows that fall to them, so that records, tunnels and fragments need no second reading of their
 * meaning; a block is free again when the last shard has passed it.
 */
export const BLOCK: number = 256 * 1024;
export const BLOCKS = 32;
const STATUS_BYTES = 8192;

/** What a slot holds. */
export const Slot = { Data: 1, EndOfInput: 2, EndOfRun: 3 } as const;

// Control words.
const HEAD = 0;
const FAILED = 1;
const STOPPED = 2;
const STATUS_LENGTH = 3;
const TAILS = 8;
const SLOTS = TAILS + 64;
const SLOT_WORDS = 4;

export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly blocks: SharedArrayBuffer;
  readonly status: SharedArrayBuffer;
  readonly shards: number;
}

export function createRing(shards: number): RingMemory {
  return {
    control: new SharedArrayBuffer((SLOTS + BLOCKS * SLOT_WORDS) * 4),
    blocks: new SharedArrayBuffer(BLOCK * BLOCKS),
    status: new SharedArrayBuffer(STATUS_BYTES),
    shards,
  };
}

/** State of the reader of shard 0 at the end of an input. */
export interface RingStatus {
  readonly packets: number;
  readonly bytes: number;
  readonly format: 'pcap' | 'pcapng' | null;
  readonly damage: { readonly offset: number; readonly anomaly: number; readonly reason: string } | null;
  readonly failure: {
    readonly fault: 'empty' | 'not_a_capture' | 'unsupported_version';
    readonly message: string;
  } | null;
}

/** How long one side waits for the other before it gives up: only a dead thread takes so long. */
const DEADLINE = 120_000;

/** The writing end. */
export class RingWriter {
  private readonly control: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly views: readonly Uint8Array[];
  private readonly status: Uint8Array;
  private readonly shards: number;
  private head = 0;

  constructor(memory: RingMemory) {
    this.control = new Int32Array(memory.control);
    this.bytes = new Uint8Array(memory.blocks);
    this.views = Array.from({ length: BLOCKS }, (_, i) => new Uint8Array(memory.blocks, i * BLOCK, BLOCK));
    this.status = new Uint8Array(memory.status);
    this.shards = memory.shards;
  }

  /** The next block to fill, in place; waits until it is free. */
  nextBlock(): Uint8Array {
    this.waitFor(this.head - BLOCKS + 1);
    return this.views[this.head % BLOCKS] as Uint8Array;
  }

  /** Hands on [off, end): as it lies where `bytes` is the next block, else copied into the ring. Waits for room. */
  write(input: number, bytes: Uint8Array, off: number, end: number): void {
    if (bytes === this.views[this.head % BLOCKS] && off === 0) {
      this.publish(Slot.Data, input, end);
      return;
    }
    for (let from = off; from < end; from += BLOCK) {
      const to = Math.min(end, from + BLOCK);
      this.waitFor(this.head - BLOCKS + 1);
      const slot = this.head % BLOCKS;
      this.bytes.set(bytes.subarray(from, to), slot * BLOCK);
      this.publish(Slot.Data, input, to - from);
    }
  }

  mark(kind: number, input: number): void {
    this.waitFor(this.head - BLOCKS + 1);
    this.publish(kind, input, 0);
  }

  /** Waits until every shard has passed everything written. */
  drain(): void {
    this.waitFor(this.head);
  }

  get failed(): boolean {
    return Atomics.load(this.control, FAILED) !== 0;
  }

  /** The reader of the current input has stopped: further bytes would be ignored. */
  get stopped(): boolean {
    return Atomics.load(this.control, STOPPED) !== 0;
  }

  readStatus(): RingStatus {
    const length = Atomics.load(this.control, STATUS_LENGTH);
    return JSON.parse(Buffer.from(this.status.slice(0, length)).toString('utf8')) as RingStatus;
  }

  private publish(kind: number, input: number, length: number): void {
    const at = SLOTS + (this.head % BLOCKS) * SLOT_WORDS;
    this.control[at] = kind;
    this.control[at + 1] = input;
    this.control[at + 2] = length;
    this.head++;
    Atomics.store(this.control, HEAD, this.head);
    Atomics.notify(this.control, HEAD);
  }

  private waitFor(count: number): void {
    for (let shard = 0; shard < this.shards; shard++) {
      for (let waited = 0; ; waited += 1000) {
        const tail = Atomics.load(this.control, TAILS + shard);
        if (tail >= count) break;
        if (this.failed || waited > DEADLINE) throw new Error('a worker thread has stopped');
        Atomics.wait(this.control, TAILS + shard, tail, 1000);
      }
    }
  }
}

/** The reading end of one shard. */
export class RingReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  kind = 0;
  input = 0;
  /** Range of the block in `bytes`. */
  off = 0;
  end = 0;
  private readonly control: Int32Array;
  private readonly status: Uint8Array;
  private readonly shard: number;
  private tail = 0;

  constructor(memory: RingMemory, shard: number) {
    this.control = new Int32Array(memory.control);
    this.bytes = new Uint8Array(memory.blocks);
    this.view = new DataView(memory.blocks);
    this.status = new Uint8Array(memory.status);
    this.shard = shard;
  }

  /** Waits for the next slot and describes it in the fields above. */
  next(): void {
    for (let head = Atomics.load(this.control, HEAD); head <= this.tail; head = Atomics.load(this.control, HEAD)) {
      Atomics.wait(this.control, HEAD, head, 1000);
    }
    const slot = this.tail % BLOCKS;
    const at = SLOTS + slot * SLOT_WORDS;
    this.kind = this.control[at] as number;
    this.input = this.control[at + 1] as number;
    this.off = slot * BLOCK;
    this.end = this.off + (this.control[at + 2] as number);
  }

  /** Gives the slot back. */
  done(): void {
    this.tail++;
    Atomics.store(this.control, TAILS + this.shard, this.tail);
    Atomics.notify(this.control, TAILS + this.shard);
  }

  setStopped(stopped: boolean): void {
    Atomics.store(this.control, STOPPED, stopped ? 1 : 0);
  }

  setFailed(): void {
    Atomics.store(this.control, FAILED, 1);
    Atomics.store(this.control, TAILS + this.shard, this.tail + 1);
    Atomics.notify(this.control, TAILS + this.shard);
  }

  writeStatus(status: RingStatus): void {
    const text = Buffer.from(JSON.stringify(status), 'utf8').subarray(0, this.status.length);
    this.status.set(text);
    Atomics.store(this.control, STATUS_LENGTH, text.length);
  }
}
