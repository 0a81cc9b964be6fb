// hot: once per record of an exporter that tells totals; nothing is allocated but the table, with the first of them.
import { hash4, hashWords } from './conversation-key.ts';
import type { FlowRecord } from './record.ts';

/** Flows remembered (a power of two): 7 MiB. Those of one exporter that live longer than a minute are far fewer. */
const FLOWS = 65_536;
/** A flow lies in one of so many places; of these the one used longest ago gives way. */
const WAYS = 8;
/** Words of a key: addresses, ports, protocol and VLAN, VRF, exporter, domain. */
const KEY = 13;
/** Doubles of a flow: when it was used; end of what was counted (µs); of totals where the flow began (µs) and what was told. */
const USED = 0;
const END = 1;
const START = 2;
const PACKETS = 3;
const BYTES = 4;
const BACK_PACKETS = 5;
const BACK_BYTES = 6;
const DOUBLES = 7;
/** Beginnings no further apart are the same (µs): some are reckoned from an uptime and an export time in whole seconds. */
const SAME = 1_000_000;

/**
 * Flows of which a part was counted already, so that an exporter that then tells the whole does not count it twice. Bounded:
 * what gave way, or was told before a restart, counts as if nothing were known.
 */
export class CountedFlows {
  private readonly flows: number;
  private keys: Int32Array = new Int32Array(0);
  private doubles: Float64Array = new Float64Array(0);
  private readonly wanted: Int32Array = new Int32Array(KEY);
  private uses = 0;

  /** `flows`: how many are remembered, a power of two, at least 8. */
  constructor(flows: number = FLOWS) {
    this.flows = flows;
  }

  /**
   * The record tells what was added since the last one of its flow (ASA: flow update): from there on it counts. `domain`: of the
   * exporter; `since`: µs at which the flow began, -1 = not told.
   */
  onPart(r: FlowRecord, domain: number, since: number): void {
    const found = this.find(r, domain);
    const { doubles } = this;
    if (found < 0) {
      doubles[this.room() * DOUBLES + END] = r.end;
      return;
    }
    const counted = doubles[found * DOUBLES + END] as number;
    // Of another flow with the same ports, whose end was not told.
    if (counted >= since) r.start = Math.min(Math.max(r.start, counted), r.end);
    doubles[found * DOUBLES + END] = r.end;
  }

  /** The record tells the whole of its flow at its end (ASA: flow deleted): it counts nothing where parts were told. */
  onWhole(r: FlowRecord, domain: number, since: number): void {
    const found = this.find(r, domain);
    if (found < 0) return;
    this.doubles[found * DOUBLES + USED] = 0;
    // Without a beginning it cannot be told from another flow of the same ports whose end was not seen.
    if (since < 0 || (this.doubles[found * DOUBLES + END] as number) < since) return;
    r.packets = r.bytes = r.reversePackets = r.reverseBytes = 0;
  }

  /**
   * The record tells totals since its flow began (octetTotalCount): what an earlier record told is left out of its counts and
   * its time, where that flow began at the same time.
   */
  onTotal(r: FlowRecord, domain: number): void {
    const found = this.find(r, domain);
    const at = (found < 0 ? this.room() : found) * DOUBLES;
    const { doubles } = this;
    const { start, end, packets, bytes } = r;
    const back = Math.max(0, r.reversePackets);
    const backBytes = Math.max(0, r.reverseBytes);
    const counted = doubles[at + END] as number;
    const grew = this.grew(at, packets, bytes, back, backBytes);
    const moved = Math.abs(start - (doubles[at + START] as number)) > SAME;
    // Beginnings that are reckoned from an uptime move with the exporter's clock; another flow begins after this one.
    const known = found >= 0 && (!moved || (grew && start < counted));
    const late = known && end <= counted;
    // What became less is no total, or one that began anew; unless datagrams overtook each other.
    if (known && (late || grew)) {
      r.packets = Math.max(0, packets - (doubles[at + PACKETS] as number));
      r.bytes = Math.max(0, bytes - (doubles[at + BYTES] as number));
      if (r.reversePackets > 0) r.reversePackets = Math.max(0, back - (doubles[at + BACK_PACKETS] as number));
      if (r.reverseBytes > 0) r.reverseBytes = Math.max(0, backBytes - (doubles[at + BACK_BYTES] as number));
      r.start = Math.min(Math.max(start, counted), end);
    }
    if (!known || moved || !(late || grew)) doubles[at + START] = start;
    if (late && !grew) return;
    doubles[at + END] = late ? counted : end;
    doubles[at + PACKETS] = packets;
    doubles[at + BYTES] = bytes;
    doubles[at + BACK_PACKETS] = back;
    doubles[at + BACK_BYTES] = backBytes;
  }

  /** Whether no total is less than the one told before. */
  private grew(at: number, packets: number, bytes: number, back: number, backBytes: number): boolean {
    const { doubles } = this;
    return (
      packets >= (doubles[at + PACKETS] as number) &&
      bytes >= (doubles[at + BYTES] as number) &&
      back >= (doubles[at + BACK_PACKETS] as number) &&
      backBytes >= (doubles[at + BACK_BYTES] as number)
    );
  }

  /** The place of the flow of a record, -1 where it is not known; its key is `wanted` then. */
  private find(r: FlowRecord, domain: number): number {
    const { wanted } = this;
    wanted[0] = r.source0;
    wanted[1] = r.source1;
    wanted[2] = r.source2;
    wanted[3] = r.source3;
    wanted[4] = r.destination0;
    wanted[5] = r.destination1;
    wanted[6] = r.destination2;
    wanted[7] = r.destination3;
    wanted[8] = (r.sourcePort << 16) | r.destinationPort;
    wanted[9] = (r.vlan << 8) | r.protocol;
    wanted[10] = r.vrf;
    wanted[11] = r.exporter;
    wanted[12] = domain;
    if (this.keys.length === 0) {
      this.keys = new Int32Array(this.flows * KEY);
      this.doubles = new Float64Array(this.flows * DOUBLES);
    }
    const { keys, doubles } = this;
    const first = this.home();
    for (let place = first; place < first + WAYS; place++) {
      if (doubles[place * DOUBLES + USED] === 0 || !this.isWanted(keys, place * KEY)) continue;
      doubles[place * DOUBLES + USED] = ++this.uses;
      return place;
    }
    return -1;
  }

  private isWanted(keys: Int32Array, at: number): boolean {
    for (let i = 0; i < KEY; i++) if (keys[at + i] !== this.wanted[i]) return false;
    return true;
  }

  /** A place for the flow that was not found. */
  private room(): number {
    const { doubles } = this;
    const first = this.home();
    let oldest = first;
    for (let place = first + 1; place < first + WAYS; place++) {
      if ((doubles[place * DOUBLES + USED] as number) < (doubles[oldest * DOUBLES + USED] as number)) oldest = place;
    }
    this.keys.set(this.wanted, oldest * KEY);
    doubles[oldest * DOUBLES + USED] = ++this.uses;
    return oldest;
  }

  /** First of the places in which the flow of `wanted` may lie. */
  private home(): number {
    const w = this.wanted;
    let h = hash4(w[0] as number, w[4] as number, w[8] as number, w[9] as number, w[12] as number);
    h = hashWords(h, w[1] as number, w[2] as number, w[3] as number);
    h = hashWords(h, w[5] as number, w[6] as number, w[7] as number);
    h = hashWords(h, w[10] as number, w[11] as number, 0);
    return (h & (this.flows / WAYS - 1)) * WAYS;
  }
}
