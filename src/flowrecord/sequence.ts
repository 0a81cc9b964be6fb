import type { RecordCounts } from './record.ts';

/** Gaps that may still be filled by late datagrams; each counts as lost once it is this old. */
const MAX_HOLES = 8;
const LATE_DATAGRAMS = 32;
const LATE_MICROSECONDS = 5e6;
/** Further forward than this is no loss but another count. */
const MAX_JUMP = 2 ** 30;
/** An uptime (ms) that went back by more than this is a restart; by less, a late datagram. */
const RESTART_MARGIN = 5000;
/** So many datagrams in a row that step in another way show that the exporter counts so. */
const STEPS = 4;

/** What a sequence number says. */
const Mode = {
  /** Data records sent before this datagram (IPFIX, NetFlow v5). */
  RecordsBefore: 0,
  /** Datagrams sent before it (NetFlow v9, sFlow). */
  Datagrams: 1,
  /** Data records sent up to its end: against RFC 7011 §3.1, but softflowd 1.1.0 does so. */
  RecordsUpTo: 2,
} as const;
const MODES = 3;

/**
 * Follows the sequence numbers of one stream of export datagrams: RFC 3954 §5.1 (v9: one a datagram), RFC 7011 §3.1 (IPFIX:
 * data records sent before), and the flow sequence of NetFlow v5. A gap counts as lost only after 32 datagrams or 5 s,
 * so that a datagram that overtook another costs nothing. Some exporters count otherwise than they should; four steps in
 * a row show it.
 */
export class Sequence {
  private mode: number;
  private next = -1;
  private last = -1;
  private lastRecords = -1;
  private lastUptime = -1;
  /** Where the sequence goes on if a number out of place was a restart. */
  private alternative = -1;
  /** How many steps in a row each mode would explain. */
  private readonly steps: Int32Array = new Int32Array(MODES);
  private tick = 0;
  private holes = 0;
  private readonly from: Float64Array = new Float64Array(MAX_HOLES);
  private readonly size: Float64Array = new Float64Array(MAX_HOLES);
  private readonly atTick: Float64Array = new Float64Array(MAX_HOLES);
  private readonly atTime: Float64Array = new Float64Array(MAX_HOLES);

  constructor(perDatagram: boolean) {
    this.mode = perDatagram ? Mode.Datagrams : Mode.RecordsBefore;
  }

  /**
   * One datagram. `records`: data records in it, -1 where they could not be counted; `uptime`: of the exporter in ms, -1 where
   * the format has none; `time`: of arrival, µs. Losses, gaps and restarts are counted in `counts`; returns how much was
   * lost for certain since the last call, for the exporter's own count.
   */
  observe(sequence: number, records: number, uptime: number, time: number, counts: RecordCounts): number {
    this.tick++;
    let lost = this.settle(time, counts);
    const said = sequence;
    this.learn(said, records);
    const units = this.mode === Mode.Datagrams ? 1 : records;
    if (this.mode === Mode.RecordsUpTo) sequence = (sequence - Math.max(0, records)) >>> 0;
    const difference = this.next < 0 ? 0 : (sequence - this.next) | 0;
    if (difference !== 0) {
      const back = uptime >= 0 && this.lastUptime >= 0 && uptime < this.lastUptime - RESTART_MARGIN;
      if (back || sequence === this.alternative) {
        counts.restarts++;
        while (this.holes > 0) lost += this.lose(counts);
      } else if (difference > 0 && difference <= MAX_JUMP) {
        if (this.holes === MAX_HOLES) lost += this.lose(counts);
        this.put(this.next, difference, this.tick, time);
      } else {
        if (!this.fill(sequence, units)) this.alternative = units < 0 ? -1 : (sequence + units) >>> 0;
        return lost;
      }
    }
    this.alternative = -1;
    this.next = units < 0 ? -1 : (sequence + units) >>> 0;
    this.last = said;
    this.lastRecords = records;
    this.lastUptime = uptime;
    return lost;
  }

  /** Counts all gaps as lost: nothing more will come. Returns how much that is. */
  finish(counts: RecordCounts): number {
    let lost = 0;
    while (this.holes > 0) lost += this.lose(counts);
    return lost;
  }

  private learn(sequence: number, records: number): void {
    const { steps } = this;
    if (this.last < 0 || this.lastRecords < 0 || records < 0) {
      steps.fill(0);
      return;
    }
    const step = (sequence - this.last) >>> 0;
    steps[Mode.RecordsBefore] = step === this.lastRecords ? (steps[Mode.RecordsBefore] as number) + 1 : 0;
    steps[Mode.Datagrams] = step === 1 ? (steps[Mode.Datagrams] as number) + 1 : 0;
    steps[Mode.RecordsUpTo] = step === records ? (steps[Mode.RecordsUpTo] as number) + 1 : 0;
    // Even where this datagram is out of place by the present mode, the next is measured from it.
    this.last = sequence;
    this.lastRecords = records;
    if (steps[this.mode] !== 0) return;
    for (let mode = 0; mode < MODES; mode++) {
      if ((steps[mode] as number) < STEPS) continue;
      this.mode = mode;
      this.holes = 0;
      this.next = -1;
      return;
    }
  }

  private settle(time: number, counts: RecordCounts): number {
    let lost = 0;
    while (
      this.holes > 0 &&
      (this.tick - (this.atTick[0] as number) > LATE_DATAGRAMS || time - (this.atTime[0] as number) > LATE_MICROSECONDS)
    )
      lost += this.lose(counts);
    return lost;
  }

  private lose(counts: RecordCounts): number {
    const size = this.size[0] as number;
    counts.gaps++;
    counts.lost += size;
    this.remove(0);
    return size;
  }

  private remove(index: number): void {
    for (const column of [this.from, this.size, this.atTick, this.atTime]) column.copyWithin(index, index + 1);
    this.holes--;
  }

  private put(from: number, size: number, tick: number, time: number): void {
    this.from[this.holes] = from;
    this.size[this.holes] = size;
    this.atTick[this.holes] = tick;
    this.atTime[this.holes] = time;
    this.holes++;
  }

  /** A late datagram: takes what it brings out of the gap it belongs to. False where it belongs to none. */
  private fill(sequence: number, units: number): boolean {
    for (let i = 0; i < this.holes; i++) {
      const from = this.from[i] as number;
      const size = this.size[i] as number;
      const before = (sequence - from) >>> 0;
      if (before >= size) continue;
      const after = units < 0 ? 0 : Math.max(0, size - before - units);
      const tick = this.atTick[i] as number;
      const time = this.atTime[i] as number;
      if (before > 0) this.size[i] = before;
      else this.remove(i);
      // What is left on the far side is a gap of its own, unless there is no room to remember it.
      if (after > 0 && this.holes < MAX_HOLES) this.put((from + size - after) >>> 0, after, tick, time);
      return true;
    }
    return false;
  }
}
