// hot: once per flow record.
import {
  ACKS_FLAGGED,
  ACTIVE,
  BYTES,
  CLIENT_PORT,
  COVERED,
  ConversationTable,
  FIRST,
  HALF,
  LAST,
  MANY_PORTS,
  MAX_16,
  PACKETS,
  RAW,
  RECORDS,
  RST_CONNECTIONS,
  SAMPLING,
  STATE,
  SYN_FIN,
  TOUCHED,
  WORDS,
} from './conversation-table.ts';
import type { FlowRecord } from './record.ts';

const TCP_FIN = 1;
const TCP_SYN = 2;
const TCP_RST = 4;
const TCP_PSH = 8;
const TCP_ACK = 16;
const SIX_FLAGS = 63;
const MAX_31 = 0x7fff_ffff;

/** Shape that makes a conversation worth watching though nobody knows its server: µs, packets as exported, packets/s, bytes. */
const CHEAP_DURATION = 900_000_000;
const CHEAP_PACKETS = 20;
const CHEAP_RATE = 50;
const CHEAP_OUT = 200;
const CHEAP_IN = 700;

/** Adds up what records tell of a conversation. */
export class ConversationCounts extends ConversationTable {
  /** `out`: 0 where the source is the client; `gap`: silence (µs) that does not part what belongs together. */
  protected countSums(index: number, r: FlowRecord, out: 0 | 1, port: number, rate: number, gap: number): void {
    const { ints, doubles } = this;
    const base = index * WORDS;
    const half = index * HALF;
    const { start, end, tcpFlags: flags } = r;
    const seen = ints[base + RECORDS] === 0 && ints[base + RECORDS + 1] === 0;
    // Firewalls tell the octets of both directions and the packets of none.
    const both = r.reversePackets > 0 || r.reverseBytes > 0;
    if (r.packets > 0 || r.bytes > 0 || !both) (ints[base + RECORDS + out] as number)++;
    this.add(base + RAW + out, r.packets);
    (doubles[half + PACKETS + out] as number) += r.packets * rate;
    (doubles[half + BYTES + out] as number) += r.bytes * rate;
    if (both) {
      const back = 1 - out;
      const packets = Math.max(0, r.reversePackets);
      (ints[base + RECORDS + back] as number)++;
      this.add(base + RAW + back, packets);
      (doubles[half + PACKETS + back] as number) += packets * rate;
      (doubles[half + BYTES + back] as number) += Math.max(0, r.reverseBytes) * rate;
    }
    if (rate > (ints[base + SAMPLING] as number)) ints[base + SAMPLING] = Math.min(rate, MAX_31);
    if (flags >= 0) this.countFlags(base, flags);
    let state = (ints[base + STATE] as number) | TOUCHED;
    if (port !== ints[base + CLIENT_PORT]) state |= MANY_PORTS;
    ints[base + STATE] = state;
    if (seen || port !== ints[base + CLIENT_PORT] || start - (doubles[half + LAST] as number) > gap) {
      const known = ints[base + RST_CONNECTIONS] as number;
      if ((known & MAX_16) < MAX_16) ints[base + RST_CONNECTIONS] = known + 1;
      ints[base + CLIENT_PORT] = port;
    }
    if (seen) {
      doubles[half + FIRST] = doubles[half + LAST] = doubles[half + COVERED] = start;
    }
    this.extend(half, start, end, gap);
  }

  protected swap(index: number): void {
    const { ints, doubles } = this;
    const base = index * WORDS;
    const half = index * HALF;
    for (const at of [half + PACKETS, half + BYTES]) {
      const out = doubles[at] as number;
      doubles[at] = doubles[at + 1] as number;
      doubles[at + 1] = out;
    }
    for (const at of [base + RAW, base + RECORDS]) {
      const out = ints[at] as number;
      ints[at] = ints[at + 1] as number;
      ints[at + 1] = out;
    }
  }

  private add(at: number, packets: number): void {
    this.ints[at] = Math.min((this.ints[at] as number) + packets, MAX_31);
  }

  private countFlags(base: number, flags: number): void {
    const { ints } = this;
    if (((ints[base + ACKS_FLAGGED] as number) & MAX_16) === MAX_16) return;
    const only = (flags & SIX_FLAGS & ~(TCP_ACK | TCP_PSH)) === 0 && (flags & TCP_ACK) !== 0;
    (ints[base + ACKS_FLAGGED] as number) += only ? 0x10001 : 1;
    if ((flags & TCP_SYN) !== 0) (ints[base + SYN_FIN] as number) += 0x10000;
    if ((flags & TCP_FIN) !== 0) (ints[base + SYN_FIN] as number)++;
    if ((flags & TCP_RST) !== 0) (ints[base + RST_CONNECTIONS] as number) += 0x10000;
  }

  /** First, last and active time; what both directions or two exporters tell of the same time counts once. */
  private extend(half: number, start: number, end: number, gap: number): void {
    const { doubles } = this;
    const covered = doubles[half + COVERED] as number;
    const first = doubles[half + FIRST] as number;
    if (start > covered) {
      const silence = start - covered;
      (doubles[half + ACTIVE] as number) += end - start + (silence <= gap ? silence : 0);
    } else if (end > covered) (doubles[half + ACTIVE] as number) += end - covered;
    if (end > covered) doubles[half + COVERED] = end;
    if (start < first) {
      const silence = Math.max(0, first - end);
      (doubles[half + ACTIVE] as number) += Math.min(end, first) - start + (silence <= gap ? silence : 0);
      doubles[half + FIRST] = start;
    }
    if (end > (doubles[half + LAST] as number)) doubles[half + LAST] = end;
  }

  /** Whether an unlisted conversation begins to look like one in which work is done; asked now and then. */
  protected isCheap(index: number, r: FlowRecord): boolean {
    const { ints, doubles } = this;
    const base = index * WORDS;
    const half = index * HALF;
    const records = (ints[base + RECORDS] as number) + (ints[base + RECORDS + 1] as number);
    if ((records & 7) !== 0 && r.end - r.start < CHEAP_DURATION) return false;
    const span = (doubles[half + LAST] as number) - (doubles[half + FIRST] as number);
    if (span < CHEAP_DURATION) return false;
    if ((ints[base + RAW] as number) < CHEAP_PACKETS || (ints[base + RAW + 1] as number) < CHEAP_PACKETS) return false;
    const sent = doubles[half + PACKETS] as number;
    const received = doubles[half + PACKETS + 1] as number;
    if (sent + received > (CHEAP_RATE * span) / 1e6 || sent > 2 * received || received > 2 * sent) return false;
    return (
      (doubles[half + BYTES] as number) <= CHEAP_OUT * sent &&
      (doubles[half + BYTES + 1] as number) <= CHEAP_IN * received
    );
  }
}
