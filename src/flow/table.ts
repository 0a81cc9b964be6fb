// hot: one look-up per packet. Flow state lies in two typed arrays of 64-byte records (one cache line each): `hot` is read
// for every packet, `cold` for IPv6 keys and for the rare. Measured against one 128-byte record: see docs/decisions/0003.
import type { Packet } from '../decode/packet.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../decode/packet.ts';

const RECORD = 16;
const FIRST_SLOTS = 2 ** 12;
// Words of a hot record (Int32), and doubles of the same bytes (Float64 index = word / 2).
const HASH = 0;
const ADDRESS_A = 1;
const ADDRESS_B = 2;
const PORTS = 3;
const CONTEXT = 4;
const STATE = 5;
const LAST_SEEN = 3; // words 6, 7
const PACKETS_A = 8;
const BYTES_A = 5; // words 10, 11
const BYTES_B = 6; // words 12, 13
const START_A = 14; // first stream sequence number of each side, valid with START_KNOWN
// Words of a cold record.
const ADDRESS_A1 = 0;
const ADDRESS_B1 = 3;
const FIRST_SEEN = 3; // words 6, 7
const BUDGET_A = 8;
const CONVERSATION = 10;
const NUMBER = 6; // double: running number of the flow, words 12, 13

/** What the engine still does with the payload of a flow; the two low bits of the state word. */
export const Phase = { Inspect: 0, Ignored: 1, Followed: 2 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];
const PHASE_MASK = 3;
/** The upper half of the state word holds the minute in which the flow began, so that ageing needs no second cache line. */
const MINUTE_SHIFT = 16;
const MINUTE = 60_000_000;

/** State bits; those of side B are the bit of side A shifted left by one. */
export const START_KNOWN_A: number = 1 << 2;
export const RULED_OUT_A: number = 1 << 4;
export const FIN_A: number = 1 << 6;
const BOTH_FIN = (1 << 6) | (1 << 7);
export const RESET: number = 1 << 8;
export const OPENED: number = 1 << 9;
/** Whether the addresses were looked up under a name was asked. */
export const NAME_ASKED: number = 1 << 10;
/** Side B opened the connection (its SYN was seen, or A's answer to it). */
export const OPENER_B: number = 1 << 11;
/** The client asked for a server by a name that is no mining endpoint's. */
export const NAMED_OTHER: number = 1 << 12;
/** Its payload was looked at. */
export const INSPECTED: number = 1 << 13;

export interface FlowTableOptions {
  /** Most flows alive at once; the least recently used of a sample is evicted beyond that. */
  readonly capacity: number;
  /** A flow without packets for so long (µs of capture time) has ended; the next packet begins a new one. */
  readonly idleTimeout: number;
  /** A flow that is not being followed ends after so long (µs), so that its successor is inspected afresh. */
  readonly activeTimeout: number;
  /** Payload packets per direction that are looked at when a connection is picked up in the middle. */
  readonly inspectPackets: number;
}

/** Called when a flow leaves the table while a conversation is attached to it. */
export interface FlowEndHandler {
  onFlowEnd(flow: number, conversation: number): void;
}

/**
 * Fixed-capacity table of bidirectional flows (RFC 5103), keyed by addresses, ports, protocol and, where an address is
 * private, by VLAN and virtual network. Side A (0) is whoever was seen first. Memory: 132 bytes per flow of capacity,
 * plus 8 to 16 bytes per flow alive for the slot index.
 *
 * Eviction when full: of 16 flows in clock order a closed one goes, or the one silent for longest; flows that carry mining only where all
 * 16 do. Every eviction is counted.
 */
export class FlowTable {
  readonly capacity: number;
  /** Flows created, ended by time-out, evicted for want of room. */
  created = 0;
  expired = 0;
  evicted = 0;
  size = 0;
  /** Side of the packet last looked up: 0 = A to B. */
  side: 0 | 1 = 0;
  /** True if the last look-up created the flow. */
  isNew = false;

  private readonly hot: Int32Array;
  private readonly hotDoubles: Float64Array;
  private readonly cold: Int32Array;
  private readonly coldDoubles: Float64Array;
  /** Open addressing, linear probing, at most half full: grows with the number of flows. */
  private slots: Int32Array;
  private slotMask: number;
  private readonly tagShift: number;
  private readonly indexMask: number;
  private readonly free: Int32Array;
  private readonly entries = new Int32Array(256);
  private freeTop = 0;
  /** Records from here on were never used: their memory is not touched before it is needed. */
  private unused = 0;
  private hand = 0;
  private sweeper = 0;
  private minute = 0;
  private minuteStart = 0;
  private readonly idleTimeout: number;
  private readonly activeMinutes: number;
  private readonly inspectPackets: number;
  private readonly handler: FlowEndHandler;

  constructor(options: FlowTableOptions, handler: FlowEndHandler) {
    this.capacity = options.capacity;
    this.idleTimeout = options.idleTimeout;
    this.activeMinutes = Math.max(1, Math.round(options.activeTimeout / MINUTE));
    this.inspectPackets = options.inspectPackets;
    this.handler = handler;
    const hot = new ArrayBuffer(options.capacity * RECORD * 4);
    const cold = new ArrayBuffer(options.capacity * RECORD * 4);
    this.hot = new Int32Array(hot);
    this.hotDoubles = new Float64Array(hot);
    this.cold = new Int32Array(cold);
    this.coldDoubles = new Float64Array(cold);
    // The bits above the record number hold part of the hash, so that a miss rarely touches a record.
    const indexBits = Math.ceil(Math.log2(options.capacity + 1));
    this.tagShift = indexBits;
    this.indexMask = 2 ** indexBits - 1;
    this.slots = new Int32Array(FIRST_SLOTS);
    this.slotMask = FIRST_SLOTS - 1;
    this.free = new Int32Array(options.capacity);
  }

  /**
   * The flow of a decoded packet, created if new; counts packet and bytes. Sets `side` and `isNew`.
   * `hash` is `flowHash(p)`; `context` is `flowContext(p)`; `time` in microseconds; `length` in bytes on the wire.
   */
  touch(p: Packet, hash: number, context: number, time: number, length: number): number {
    const { hot, slots, slotMask, tagShift, indexMask } = this;
    if (time - this.minuteStart >= MINUTE || time < this.minuteStart) this.turnMinute(time);
    const tag = hash >>> tagShift;
    let slot = hash & slotMask;
    const ports = (p.sourcePort << 16) | p.destinationPort;
    const source = p.source0;
    const destination = p.destination0;
    for (;;) {
      const entry = slots[slot] as number;
      if (entry === 0) break;
      if (entry >>> tagShift === tag) {
        const flow = (entry & indexMask) - 1;
        const base = flow * RECORD;
        if (hot[base + HASH] === hash && hot[base + CONTEXT] === context) {
          const a = hot[base + ADDRESS_A] as number;
          const b = hot[base + ADDRESS_B] as number;
          const known = hot[base + PORTS] as number;
          let side = -1;
          if (a === source && b === destination && known === ports && (p.ipVersion === 4 || this.sameV6(p, flow, 0))) {
            side = 0;
          } else if (
            a === destination &&
            b === source &&
            known === ((p.destinationPort << 16) | p.sourcePort) &&
            (p.ipVersion === 4 || this.sameV6(p, flow, 1))
          ) {
            side = 1;
          }
          if (side >= 0) {
            const doubles = this.hotDoubles;
            const half = base >> 1;
            if (time - (doubles[half + LAST_SEEN] as number) > this.idleTimeout || this.hasEnded(p, base, side)) {
              this.expired++;
              this.remove(flow);
              return this.create(p, hash, context, time, length);
            }
            if (time > (doubles[half + LAST_SEEN] as number)) doubles[half + LAST_SEEN] = time;
            (hot[base + PACKETS_A + side] as number)++;
            (doubles[half + BYTES_A + side] as number) += length;
            this.side = side as 0 | 1;
            this.isNew = false;
            return flow;
          }
        }
      }
      slot = (slot + 1) & slotMask;
    }
    return this.create(p, hash, context, time, length);
  }

  /** A connection over the same ports after the old one closed, or a flow whose turn to be inspected again came. */
  private hasEnded(p: Packet, base: number, side: number): boolean {
    const state = this.hot[base + STATE] as number;
    if (p.protocol === PROTOCOL_TCP && (p.tcpFlags & (TCP_SYN | TCP_ACK)) === TCP_SYN) {
      if (state & (RESET | FIN_A | (FIN_A << 1))) return true;
      // A SYN with another initial sequence number is another connection; the same one is a retransmission.
      return (state & (START_KNOWN_A << side)) !== 0 && this.hot[base + START_A + side] !== ((p.sequence + 1) | 0);
    }
    const age = (this.minute - (state >>> MINUTE_SHIFT)) & 0xffff;
    // Half of the ring lies in the future: capture times may step back a little between inputs.
    return age > this.activeMinutes && age < 0x8000 && (state & PHASE_MASK) !== Phase.Followed;
  }

  private turnMinute(time: number): void {
    const minutes = Math.floor(time / MINUTE);
    this.minuteStart = minutes * MINUTE;
    this.minute = minutes & 0xffff;
  }

  private sameV6(p: Packet, flow: number, side: number): boolean {
    const cold = this.cold;
    const a = flow * RECORD + (side === 0 ? ADDRESS_A1 : ADDRESS_B1);
    const b = flow * RECORD + (side === 0 ? ADDRESS_B1 : ADDRESS_A1);
    return (
      cold[a] === p.source1 &&
      cold[a + 1] === p.source2 &&
      cold[a + 2] === p.source3 &&
      cold[b] === p.destination1 &&
      cold[b + 1] === p.destination2 &&
      cold[b + 2] === p.destination3
    );
  }

  private create(p: Packet, hash: number, context: number, time: number, length: number): number {
    if (this.freeTop === 0 && this.unused === this.capacity) this.evictOne();
    const flow = this.freeTop > 0 ? (this.free[--this.freeTop] as number) : this.unused++;
    const base = flow * RECORD;
    const { hot, cold, hotDoubles, coldDoubles } = this;
    hot[base + HASH] = hash;
    hot[base + ADDRESS_A] = p.source0;
    hot[base + ADDRESS_B] = p.destination0;
    hot[base + PORTS] = (p.sourcePort << 16) | p.destinationPort;
    hot[base + CONTEXT] = context;
    const inspected = p.protocol === PROTOCOL_TCP || p.protocol === PROTOCOL_UDP;
    hot[base + STATE] = (inspected ? Phase.Inspect : Phase.Ignored) | (this.minute << MINUTE_SHIFT);
    hotDoubles[(base >> 1) + LAST_SEEN] = time;
    hot[base + PACKETS_A] = 1;
    hot[base + PACKETS_A + 1] = 0;
    hotDoubles[(base >> 1) + BYTES_A] = length;
    hotDoubles[(base >> 1) + BYTES_B] = 0;
    cold[base + ADDRESS_A1] = p.source1;
    cold[base + ADDRESS_A1 + 1] = p.source2;
    cold[base + ADDRESS_A1 + 2] = p.source3;
    cold[base + ADDRESS_B1] = p.destination1;
    cold[base + ADDRESS_B1 + 1] = p.destination2;
    cold[base + ADDRESS_B1 + 2] = p.destination3;
    coldDoubles[(base >> 1) + FIRST_SEEN] = time;
    coldDoubles[(base >> 1) + NUMBER] = this.created++;
    cold[base + BUDGET_A] = this.inspectPackets;
    cold[base + BUDGET_A + 1] = this.inspectPackets;
    cold[base + CONVERSATION] = -1;
    if (++this.size * 2 > this.slots.length) this.grow();
    this.place(hash, flow);
    this.side = 0;
    this.isNew = true;
    return flow;
  }

  private place(hash: number, flow: number): void {
    let slot = hash & this.slotMask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & this.slotMask;
    this.slots[slot] = ((hash >>> this.tagShift) << this.tagShift) | (flow + 1);
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    this.slotMask = this.slots.length - 1;
    for (let i = 0; i < old.length; i++) {
      const entry = old[i] as number;
      if (entry === 0) continue;
      const flow = (entry & this.indexMask) - 1;
      this.place(this.hot[flow * RECORD + HASH] as number, flow);
    }
  }

  /**
   * Reads what `touch` will need for these hashes, in two tight loops whose cache misses overlap: most of the cost of a
   * look-up among many flows is waiting for memory. Returns a number so that the reads are not optimised away.
   */
  prefetch(hashes: Int32Array, count: number): number {
    const { slots, slotMask, hot, cold, indexMask, tagShift } = this;
    const entries = this.entries;
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= slots[(hashes[i] as number) & slotMask] as number;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i] as number;
      let slot = hash & slotMask;
      let entry = slots[slot] as number;
      while (entry !== 0 && entry >>> tagShift !== hash >>> tagShift) {
        slot = (slot + 1) & slotMask;
        entry = slots[slot] as number;
      }
      entries[i] = entry;
    }
    for (let i = 0; i < count; i++) {
      const base = (((entries[i] as number) & indexMask) - 1) * RECORD;
      if (base >= 0) sum ^= (hot[base] as number) ^ (cold[base] as number);
    }
    return sum;
  }

  private evictOne(): void {
    let victim = -1;
    let victimLast = Number.POSITIVE_INFINITY;
    let followed = -1;
    let followedLast = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 16; i++) {
      const flow = this.hand;
      this.hand = (this.hand + 1) % this.capacity;
      // A closed connection goes before any that is alive.
      const last = this.isClosed(flow) ? Number.NEGATIVE_INFINITY : this.lastSeen(flow);
      if (this.phase(flow) === Phase.Followed) {
        if (followed < 0 || last < followedLast) {
          followed = flow;
          followedLast = last;
        }
      } else if (victim < 0 || last < victimLast) {
        victim = flow;
        victimLast = last;
      }
    }
    this.evicted++;
    this.remove(victim >= 0 ? victim : followed);
  }

  /** Ends a flow: tells the handler where a conversation is attached, then frees the record. */
  private remove(flow: number): void {
    const conversation = this.cold[flow * RECORD + CONVERSATION] as number;
    if (conversation >= 0) this.handler.onFlowEnd(flow, conversation);
    const { slots, slotMask, indexMask, hot } = this;
    let hole = (hot[flow * RECORD + HASH] as number) & slotMask;
    while (((slots[hole] as number) & indexMask) !== flow + 1) hole = (hole + 1) & slotMask;
    // Linear probing without tombstones: move back every later entry of the run that may stand in the hole.
    for (let next = (hole + 1) & slotMask; slots[next] !== 0; next = (next + 1) & slotMask) {
      const home = (hot[(((slots[next] as number) & indexMask) - 1) * RECORD + HASH] as number) & slotMask;
      if (((next - home) & slotMask) >= ((next - hole) & slotMask)) {
        slots[hole] = slots[next] as number;
        hole = next;
      }
    }
    slots[hole] = 0;
    hot[flow * RECORD + PACKETS_A] = 0;
    this.free[this.freeTop++] = flow;
    this.size--;
  }

  /** Looks at the next `count` records and ends those that have been silent for the idle time-out. */
  sweep(now: number, count: number): void {
    for (let i = Math.min(count, this.unused); i > 0; i--) {
      const flow = this.sweeper;
      this.sweeper = flow + 1 >= this.unused ? 0 : flow + 1;
      // A free record has no packets.
      if (this.hot[flow * RECORD + PACKETS_A] !== 0 && now - this.lastSeen(flow) > this.idleTimeout) {
        this.expired++;
        this.remove(flow);
      }
    }
  }

  /** FIN from both sides, or RST. */
  isClosed(flow: number): boolean {
    const state = this.hot[flow * RECORD + STATE] as number;
    return (state & RESET) !== 0 || (state & BOTH_FIN) === BOTH_FIN;
  }

  phase(flow: number): Phase {
    return ((this.hot[flow * RECORD + STATE] as number) & PHASE_MASK) as Phase;
  }

  setPhase(flow: number, phase: Phase): void {
    const at = flow * RECORD + STATE;
    this.hot[at] = ((this.hot[at] as number) & ~PHASE_MASK) | phase;
  }

  state(flow: number): number {
    return this.hot[flow * RECORD + STATE] as number;
  }

  setState(flow: number, bits: number): void {
    (this.hot[flow * RECORD + STATE] as number) |= bits;
  }

  /** Notes SYN, FIN and RST of a TCP packet of `side`: where the streams start, and whether they have ended. */
  noteFlags(flow: number, side: number, p: Packet): void {
    const base = flow * RECORD;
    const hot = this.hot;
    if (p.tcpFlags & TCP_SYN) {
      hot[base + START_A + side] = (p.sequence + 1) | 0;
      let state = (hot[base + STATE] as number) | (START_KNOWN_A << side) | OPENED;
      if ((side === 1) === ((p.tcpFlags & TCP_ACK) === 0)) state |= OPENER_B;
      if (p.tcpFlags & TCP_ACK && !(state & (START_KNOWN_A << (1 - side)))) {
        hot[base + START_A + 1 - side] = p.acknowledgment;
        state |= START_KNOWN_A << (1 - side);
      }
      hot[base + STATE] = state;
    }
    if (p.tcpFlags & TCP_FIN) hot[base + STATE] = (hot[base + STATE] as number) | (FIN_A << side);
    if (p.tcpFlags & TCP_RST) hot[base + STATE] = (hot[base + STATE] as number) | RESET;
  }

  /** First stream sequence number of a side, as a signed 32-bit integer; only where START_KNOWN is set. */
  start(flow: number, side: number): number {
    return this.hot[flow * RECORD + START_A + side] as number;
  }

  /** Takes one from the packets a side may still show; the number left. */
  spend(flow: number, side: number): number {
    return --(this.cold[flow * RECORD + BUDGET_A + side] as number);
  }

  conversation(flow: number): number {
    return this.cold[flow * RECORD + CONVERSATION] as number;
  }

  setConversation(flow: number, conversation: number): void {
    this.cold[flow * RECORD + CONVERSATION] = conversation;
  }

  number(flow: number): number {
    return this.coldDoubles[(flow * RECORD) / 2 + NUMBER] as number;
  }

  firstSeen(flow: number): number {
    return this.coldDoubles[(flow * RECORD) / 2 + FIRST_SEEN] as number;
  }

  lastSeen(flow: number): number {
    return this.hotDoubles[(flow * RECORD) / 2 + LAST_SEEN] as number;
  }

  packets(flow: number, side: number): number {
    return (this.hot[flow * RECORD + PACKETS_A + side] as number) >>> 0;
  }

  bytes(flow: number, side: number): number {
    return this.hotDoubles[(flow * RECORD) / 2 + BYTES_A + side] as number;
  }

  port(flow: number, side: number): number {
    const ports = this.hot[flow * RECORD + PORTS] as number;
    return side === 0 ? ports >>> 16 : ports & 0xffff;
  }

  /** Ends every flow in the order in which they began, so that what the handler does is reproducible. */
  clear(): void {
    const flows: number[] = [];
    for (let slot = 0; slot <= this.slotMask; slot++) {
      const entry = this.slots[slot] as number;
      if (entry !== 0 && this.conversation((entry & this.indexMask) - 1) >= 0) flows.push((entry & this.indexMask) - 1);
    }
    flows.sort((x, y) => this.number(x) - this.number(y));
    for (const flow of flows) this.remove(flow);
  }
}
