import { Anomaly } from '../common/anomaly.ts';

/** Where a piece of a stream was captured. `shift` turns an offset into the given bytes into one in the frame (NaN: none). */
export interface SegmentPlace {
  input: number;
  packet: number;
  /** Capture time, microseconds since the epoch. */
  time: number;
  shift: number;
}

/** Receives both directions of a connection in the order in which the endpoints can have sent them. */
export interface StreamSink {
  /** Contiguous bytes [off, end) of `bytes`, valid during the call only. */
  onStreamData(side: 0 | 1, bytes: Uint8Array, off: number, end: number, place: SegmentPlace): void;
  /** `lost` bytes of a direction will not come (-1: unknown how many). */
  onStreamGap(side: 0 | 1, lost: number): void;
}

/** Bytes that all connections together may hold back; shared by them. */
export interface StreamBudget {
  used: number;
  readonly limit: number;
}

interface Segment {
  readonly side: 0 | 1;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly acknowledges: boolean;
  readonly bytes: Uint8Array;
  /** Bytes on the wire beyond those captured (snap length). */
  readonly cut: number;
  readonly place: SegmentPlace;
}

/** Packets of a connection that may be held back, their bytes, and for how long (µs of capture time). */
const MAX_PENDING = 24;
const MAX_PENDING_BYTES = 128 * 1024;
const MAX_WAIT = 2_000_000;
/**
 * Packets after which a direction met in the middle starts with the lowest sequence number seen: up to six may have
 * overtaken its first.
 */
const SETTLE_PACKETS = 8;
/** A jump this far is another connection over the same ports whose opening was not seen. */
const RESTART_DISTANCE = 1 << 24;

/**
 * Puts the two directions of one TCP connection in order: segments out of order, retransmitted, overlapping (first bytes
 * win), cut by the snap length, or lost. A segment is delivered once its own direction has no hole before it and the other
 * direction has been delivered up to what the segment acknowledges, so that an answer never comes before its request even
 * where the tap swapped them. What does not come within the stated bounds is reported as a gap.
 */
export class StreamPair {
  /** Holes reported so far, and segments given up because the bounds were reached. */
  gaps = 0;
  private readonly next: [number, number] = [0, 0];
  private readonly known: [boolean, boolean] = [false, false];
  /** Whether a direction has shown any payload, and the sequence number of its FIN. */
  private readonly seen: [boolean, boolean] = [false, false];
  private readonly finKnown: [boolean, boolean] = [false, false];
  private readonly fin: [number, number] = [0, 0];
  private pending: Segment[] = [];
  private pendingBytes = 0;
  private readonly sink: StreamSink;
  private readonly budget: StreamBudget;
  private readonly counters: Float64Array;

  constructor(sink: StreamSink, budget: StreamBudget, counters: Float64Array) {
    this.sink = sink;
    this.budget = budget;
    this.counters = counters;
  }

  /** The first sequence number of a direction, from its SYN or the answer to it. */
  open(side: 0 | 1, sequence: number): void {
    if (this.known[side]) return;
    this.known[side] = true;
    this.next[side] = sequence;
  }

  /** The sequence number of a direction's FIN, which takes one number of its own. */
  close(side: 0 | 1, sequence: number): void {
    this.finKnown[side] = true;
    this.fin[side] = sequence;
  }

  /** Both directions have been delivered up to their FIN. */
  get complete(): boolean {
    return (
      this.finKnown[0] &&
      this.finKnown[1] &&
      this.pending.length === 0 &&
      this.next[0] === this.fin[0] &&
      this.next[1] === this.fin[1]
    );
  }

  /** Segments are held back. */
  get waiting(): boolean {
    return this.pending.length > 0;
  }

  /**
   * One segment: payload [off, end) of `bytes` at `sequence`; `length` bytes were on the wire. `acknowledgment` counts
   * where `acknowledges`. `place` is copied where it must be kept.
   */
  push(
    side: 0 | 1,
    sequence: number,
    acknowledgment: number,
    acknowledges: boolean,
    bytes: Uint8Array,
    off: number,
    end: number,
    length: number,
    place: SegmentPlace,
  ): void {
    this.seen[side] = true;
    if (this.known[side]) {
      const ahead = (sequence - this.next[side]) | 0;
      if (ahead > RESTART_DISTANCE || ahead < -RESTART_DISTANCE) {
        this.flush();
        this.known[side] = false;
        this.gap(side, -1);
      } else if (ahead + length <= 0) {
        return; // all of it was delivered before
      } else if (ahead <= 0 && this.pending.length === 0 && this.satisfied(side, acknowledgment, acknowledges)) {
        this.deliver(side, bytes, off - ahead, end, length + ahead, place);
        return;
      }
    }
    if (!this.isHeld(side, sequence, end - off, length)) {
      const copy = bytes.slice(off, end);
      this.pending.push({
        side,
        sequence,
        acknowledgment,
        acknowledges,
        bytes: copy,
        cut: length - (end - off),
        place: { input: place.input, packet: place.packet, time: place.time, shift: place.shift + off },
      });
      this.pendingBytes += copy.length;
      this.budget.used += copy.length;
    }
    if (!this.known[0] || !this.known[1]) this.settle(place.time, false);
    this.drain();
    while (this.overLimit(place.time)) {
      this.force();
      this.drain();
    }
  }

  /** A retransmission of what is held back already takes no room. */
  private isHeld(side: 0 | 1, sequence: number, captured: number, length: number): boolean {
    for (const s of this.pending) {
      if (s.side !== side || s.sequence !== sequence) continue;
      if (s.bytes.length >= captured && s.bytes.length + s.cut >= length) return true;
    }
    return false;
  }

  /** Delivers all that is held back, with gaps where bytes are missing. */
  flush(): void {
    this.settle(0, true);
    this.drain();
    while (this.pending.length > 0) {
      this.force();
      this.drain();
    }
  }

  /** Gives back what is held without delivering it. */
  discard(): void {
    this.budget.used -= this.pendingBytes;
    this.pendingBytes = 0;
    this.pending = [];
  }

  private satisfied(side: 0 | 1, acknowledgment: number, acknowledges: boolean): boolean {
    const other = (1 - side) as 0 | 1;
    if (!acknowledges) return true;
    if (!this.known[other]) {
      // What is held back until the start of its direction is clear may be what this one answers.
      const held = this.lowest(other);
      return held === null || ((acknowledgment - held.sequence) | 0) <= 0;
    }
    const beyond = (acknowledgment - this.next[other]) | 0;
    return beyond <= 0 || (beyond === 1 && this.finKnown[other] && this.fin[other] === this.next[other]);
  }

  private deliver(side: 0 | 1, bytes: Uint8Array, off: number, end: number, length: number, place: SegmentPlace): void {
    this.next[side] = (this.next[side] + length) | 0;
    if (off < end) this.sink.onStreamData(side, bytes, off, end, place);
    const cut = length - Math.max(0, end - off);
    if (cut > 0) this.gap(side, cut);
  }

  private gap(side: 0 | 1, lost: number): void {
    this.gaps++;
    (this.counters[Anomaly['stream.gap']] as number)++;
    this.sink.onStreamGap(side, lost);
  }

  /** Gives a direction met in the middle its start: the lowest sequence number among its packets held back. */
  private settle(now: number, force: boolean): void {
    for (const side of [0, 1] as const) {
      if (this.known[side]) continue;
      let first: Segment | null = null;
      let count = 0;
      for (const held of this.pending) {
        if (held.side !== side) continue;
        first ??= held;
        count++;
      }
      if (!first) continue;
      if (!force && count < SETTLE_PACKETS && now - first.place.time <= MAX_WAIT / 2) continue;
      this.open(side, (this.lowest(side) as Segment).sequence);
    }
  }

  private lowest(side: 0 | 1): Segment | null {
    let found: Segment | null = null;
    for (const s of this.pending) {
      if (s.side === side && (!found || ((s.sequence - found.sequence) | 0) < 0)) found = s;
    }
    return found;
  }

  private drain(): void {
    for (let i = 0; i < this.pending.length; ) {
      const s = this.pending[i] as Segment;
      if (!this.known[s.side]) {
        i++;
        continue;
      }
      const ahead = (s.sequence - this.next[s.side]) | 0;
      if (ahead > 0 || !this.satisfied(s.side, s.acknowledgment, s.acknowledges)) {
        i++;
        continue;
      }
      this.pending.splice(i, 1);
      this.pendingBytes -= s.bytes.length;
      this.budget.used -= s.bytes.length;
      const length = s.bytes.length + s.cut;
      // `0 -`, not `-`: minus zero is no small integer, and would slow down everything it is passed to.
      if (ahead + length > 0) this.deliver(s.side, s.bytes, 0 - ahead, s.bytes.length, length + ahead, s.place);
      i = 0; // what was delivered may have freed an earlier one
    }
  }

  private overLimit(now: number): boolean {
    const first = this.pending[0];
    if (!first) return false;
    if (this.pending.length > MAX_PENDING || this.pendingBytes > MAX_PENDING_BYTES) {
      (this.counters[Anomaly['stream.reorder_overflow']] as number)++;
      return true;
    }
    if (this.budget.used > this.budget.limit) {
      (this.counters[Anomaly['stream.buffer_limit']] as number)++;
      return true;
    }
    return now - first.place.time > MAX_WAIT && (this.known[0] || this.known[1]);
  }

  /** Gives up waiting for what the oldest segment waits for. */
  private force(): void {
    const first = this.pending[0];
    if (!first) return;
    if (!this.known[first.side]) {
      this.settle(0, true);
      return;
    }
    // Either bytes of its own direction are missing, or those it acknowledges of the other one.
    const ownHole = ((first.sequence - this.next[first.side]) | 0) > 0;
    const side = ownHole ? first.side : ((1 - first.side) as 0 | 1);
    if (!ownHole && !this.seen[side]) {
      // Asymmetric routing: that direction does not pass here, so nothing is to be waited for.
      this.known[side] = false;
      return;
    }
    if (!this.known[side]) {
      this.settle(0, true);
      return;
    }
    const lowest = this.lowest(side);
    let target = ownHole ? first.sequence : first.acknowledgment;
    if (lowest && ((lowest.sequence - target) | 0) < 0) target = lowest.sequence;
    const lost = (target - this.next[side]) | 0;
    if (lost <= 0) {
      // The lowest segment of that side can go, were it not for what it acknowledges: let it.
      this.known[(1 - side) as 0 | 1] ? this.release(side) : this.settle(0, true);
      return;
    }
    this.next[side] = target;
    this.gap(side, lost);
  }

  /** Delivers the lowest segment of a side without regard to what it acknowledges. */
  private release(side: 0 | 1): void {
    const s = this.lowest(side) ?? this.pending[0];
    if (!s) return;
    this.pending.splice(this.pending.indexOf(s), 1);
    this.pendingBytes -= s.bytes.length;
    this.budget.used -= s.bytes.length;
    const ahead = (s.sequence - this.next[s.side]) | 0;
    const length = s.bytes.length + s.cut;
    if (ahead + length > 0)
      this.deliver(s.side, s.bytes, Math.max(0, -ahead), s.bytes.length, length + Math.min(0, ahead), s.place);
  }
}
