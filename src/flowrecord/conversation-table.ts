// hot: one or two look-ups per flow record. Conversations lie in one typed array of 128-byte records (two cache lines each),
// IPv6 addresses in a second one that is touched for IPv6 alone; see docs/decisions/0015.
import { hash4, hashWords } from './conversation-key.ts';
import type { Ends } from './conversation-roles.ts';

export const WORDS = 32;
export const HALF: number = WORDS / 2;
const FIRST_SLOTS = 2 ** 12;
// Words of a record (Int32).
const HASH = 0;
const CLIENT = 1;
const SERVER = 2;
export const CONTEXT = 3;
/** Port of the server; -1 = the record is free. */
export const SERVER_PORT = 4;
/** Strength of the roles in the lowest three bits, then marks. */
export const STATE = 5;
/** Port of the newest connection. */
export const CLIENT_PORT = 6;
/** Place among the watched, from 1; 0 = it is not. */
export const WATCH = 7;
// Doubles of the same bytes (Float64 index = word / 2); pairs are client to server, then server to client.
export const LAST = 4;
export const FIRST = 5;
/** End of what counts as active, and how much of it there is. */
export const COVERED = 6;
export const ACTIVE = 7;
export const PACKETS = 8;
export const BYTES = 10;
/** Packets as exported. */
export const RAW = 24;
export const RECORDS = 26;
/** Upper half: records with ACK, or ACK and PSH, alone; lower half: records that tell their flags. */
export const ACKS_FLAGGED = 28;
/** Records with SYN; with FIN. */
export const SYN_FIN = 29;
/** Records with RST; connections. */
export const RST_CONNECTIONS = 30;
export const SAMPLING = 31;
/** Marks of the state word: several client ports; a record came since the last look; the first record had a SYN. */
export const MANY_PORTS = 8;
export const TOUCHED = 16;
export const FIRST_HAD_SYN = 32;
export const MAX_16 = 65_535;

/** Sums of one conversation; pairs are [client to server, server to client]. */
export interface ConversationSums {
  readonly clientPort: number;
  readonly serverPort: number;
  /** Seconds from the first packet to the last, and those of them in which records lie, short gaps included. */
  readonly seconds: number;
  readonly active: number;
  /** Multiplied by the sampling rate of each record, and as exported. */
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly raw: readonly [number, number];
  readonly records: readonly [number, number];
  /** Largest rate met: 1 of N. */
  readonly samplingRate: number;
  /** Records that tell TCP flags; of those, with ACK or ACK and PSH alone, SYN, FIN, RST. Counted up to 65,535. */
  readonly flagged: number;
  readonly ackPush: number;
  readonly syn: number;
  readonly fin: number;
  readonly rst: number;
  /** Where the conversation is not watched, an upper bound: connections at the same time are told apart by the watched alone. */
  readonly connections: number;
}

/** The records of conversations and their index: open addressing with linear probing, at most half full. */
export class ConversationTable {
  readonly capacity: number;
  size = 0;
  protected readonly ints: Int32Array;
  protected readonly doubles: Float64Array;
  /** Records from here on were never used: their memory is not touched before it is needed. */
  protected unused = 0;
  private readonly six: Int32Array;
  private slots: Int32Array = new Int32Array(FIRST_SLOTS);
  private slotMask: number = FIRST_SLOTS - 1;
  private readonly free: Int32Array;
  private freeTop = 0;
  private readonly seed: number;

  constructor(capacity: number, seed: number) {
    this.capacity = capacity;
    this.seed = seed | 0;
    const bytes = new ArrayBuffer(capacity * WORDS * 4);
    this.ints = new Int32Array(bytes);
    this.doubles = new Float64Array(bytes);
    this.six = new Int32Array(capacity * 6);
    this.free = new Int32Array(capacity);
  }

  /** The conversation of these ends, or -1. */
  find(e: Ends): number {
    const { ints, slots, slotMask } = this;
    const hash = this.hashOf(e);
    let slot = hash & slotMask;
    for (;;) {
      const entry = slots[slot] as number;
      if (entry === 0) return -1;
      const base = (entry - 1) * WORDS;
      if (
        ints[base + HASH] === hash &&
        ints[base + CLIENT] === e.client0 &&
        ints[base + SERVER] === e.server0 &&
        ints[base + SERVER_PORT] === e.serverPort &&
        ints[base + CONTEXT] === e.context &&
        (e.version === 4 || this.sameSix(entry - 1, e))
      ) {
        return entry - 1;
      }
      slot = (slot + 1) & slotMask;
    }
  }

  /** Both ends of a conversation, into `e`. */
  endsOf(index: number, e: Ends): void {
    const base = index * WORDS;
    const { ints, six } = this;
    e.context = ints[base + CONTEXT] as number;
    e.version = (e.context & 1) === 1 ? 6 : 4;
    e.client0 = ints[base + CLIENT] as number;
    e.server0 = ints[base + SERVER] as number;
    e.serverPort = ints[base + SERVER_PORT] as number;
    e.clientPort = ints[base + CLIENT_PORT] as number;
    e.reversed = false;
    const at = index * 6;
    const v6 = e.version === 6;
    e.client1 = v6 ? (six[at] as number) : 0;
    e.client2 = v6 ? (six[at + 1] as number) : 0;
    e.client3 = v6 ? (six[at + 2] as number) : 0;
    e.server1 = v6 ? (six[at + 3] as number) : 0;
    e.server2 = v6 ? (six[at + 4] as number) : 0;
    e.server3 = v6 ? (six[at + 5] as number) : 0;
  }

  sums(index: number): ConversationSums {
    const { ints, doubles } = this;
    const base = index * WORDS;
    const half = index * HALF;
    const int = (word: number): number => ints[base + word] as number;
    const double = (n: number): number => doubles[half + n] as number;
    return {
      clientPort: int(CLIENT_PORT),
      serverPort: int(SERVER_PORT),
      seconds: (double(LAST) - double(FIRST)) / 1e6,
      active: double(ACTIVE) / 1e6,
      packets: [double(PACKETS), double(PACKETS + 1)],
      bytes: [double(BYTES), double(BYTES + 1)],
      raw: [int(RAW), int(RAW + 1)],
      records: [int(RECORDS), int(RECORDS + 1)],
      samplingRate: Math.max(1, int(SAMPLING)),
      flagged: int(ACKS_FLAGGED) & MAX_16,
      ackPush: int(ACKS_FLAGGED) >>> 16,
      syn: int(SYN_FIN) >>> 16,
      fin: int(SYN_FIN) & MAX_16,
      rst: int(RST_CONNECTIONS) >>> 16,
      connections: int(RST_CONNECTIONS) & MAX_16,
    };
  }

  /** Takes a free record for these ends; the caller has made room. Everything else in it is 0. */
  protected insert(e: Ends): number {
    const index = this.freeTop > 0 ? (this.free[--this.freeTop] as number) : this.unused++;
    const base = index * WORDS;
    this.ints.fill(0, base, base + WORDS);
    this.write(index, e);
    this.size++;
    if (this.size * 2 > this.slots.length) this.grow();
    else this.link(index);
    return index;
  }

  protected erase(index: number): void {
    this.unlink(index);
    this.ints[index * WORDS + SERVER_PORT] = -1;
    this.free[this.freeTop++] = index;
    this.size--;
  }

  /** Gives a record other ends: its sums stay. */
  protected rekey(index: number, e: Ends): void {
    this.unlink(index);
    this.write(index, e);
    this.link(index);
  }

  private write(index: number, e: Ends): void {
    const { ints, six } = this;
    const base = index * WORDS;
    ints[base + HASH] = this.hashOf(e);
    ints[base + CLIENT] = e.client0;
    ints[base + SERVER] = e.server0;
    ints[base + CONTEXT] = e.context;
    ints[base + SERVER_PORT] = e.serverPort;
    ints[base + CLIENT_PORT] = e.clientPort;
    if (e.version === 4) return;
    const at = index * 6;
    six[at] = e.client1;
    six[at + 1] = e.client2;
    six[at + 2] = e.client3;
    six[at + 3] = e.server1;
    six[at + 4] = e.server2;
    six[at + 5] = e.server3;
  }

  private link(index: number): void {
    const { slots, slotMask } = this;
    let slot = (this.ints[index * WORDS + HASH] as number) & slotMask;
    while (slots[slot] !== 0) slot = (slot + 1) & slotMask;
    slots[slot] = index + 1;
  }

  /** Takes a record out of the index and moves up what was pushed on behind it. */
  private unlink(index: number): void {
    const { slots, slotMask, ints } = this;
    let slot = (ints[index * WORDS + HASH] as number) & slotMask;
    while (slots[slot] !== index + 1) slot = (slot + 1) & slotMask;
    let hole = slot;
    for (;;) {
      slot = (slot + 1) & slotMask;
      const entry = slots[slot] as number;
      if (entry === 0) break;
      const home = (ints[(entry - 1) * WORDS + HASH] as number) & slotMask;
      if (((slot - home) & slotMask) >= ((slot - hole) & slotMask)) {
        slots[hole] = entry;
        hole = slot;
      }
    }
    slots[hole] = 0;
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    this.slotMask = this.slots.length - 1;
    for (let i = 0; i < this.unused; i++) if (this.ints[i * WORDS + SERVER_PORT] !== -1) this.link(i);
  }

  private hashOf(e: Ends): number {
    const h = hash4(e.client0, e.server0, e.serverPort, e.context, this.seed);
    if (e.version === 4) return h;
    return hashWords(hashWords(h, e.client1, e.client2, e.client3), e.server1, e.server2, e.server3);
  }

  private sameSix(index: number, e: Ends): boolean {
    const { six } = this;
    const at = index * 6;
    return (
      six[at] === e.client1 &&
      six[at + 1] === e.client2 &&
      six[at + 2] === e.client3 &&
      six[at + 3] === e.server1 &&
      six[at + 4] === e.server2 &&
      six[at + 5] === e.server3
    );
  }
}
