// hot: `holds` runs for every packet where windows are days.
import { DAY, dayOf } from '../../detect/day.ts';
import { HomePrefixes } from '../home.ts';
import type { Hosts } from '../hosts.ts';

/** Time without any packet that does not count as watched, microseconds. */
export const MAX_SILENCE = 600_000_000;
const MAX_STRETCHES = 8192;

/** Time within one UTC day in which packets, or flow records by their ends, came without a long silence, and the flows seen in it by customer prefix. */
export interface Stretch {
  from: number;
  to: number;
  flows: number[];
}

/** When traffic was watched: the stretches of all inputs, in whatever order they are read. */
export class Watch {
  /** Changes with the stretch: a flow is counted for the prefixes once in each. */
  private number = 0;
  /** By flow: the stretch in which it was counted last. */
  private readonly counted: Int32Array;
  private readonly home: HomePrefixes;
  /** In order, without overlap, each within a day. */
  private readonly stretches: Stretch[] = [];
  private current: Stretch = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, flows: [] };
  /** Where the present stretch ends at the latest: midnight, or where another begins. */
  private limit = 0;

  /** `home`: customer prefixes, validated; `capacity`: flows alive at once. */
  constructor(home: readonly string[], capacity: number) {
    this.home = new HomePrefixes(home);
    this.counted = new Int32Array(this.home.empty ? 0 : capacity);
  }

  /** Counts a flow for the customer prefixes, where this is its first packet or record in the present stretch. */
  count(flow: number, isNew: boolean, p: Hosts): void {
    if (!isNew && this.counted[flow] === this.number) return;
    this.counted[flow] = this.number;
    this.home.countHosts(p);
  }

  /** Whether a packet of this time belongs to the present stretch, which then reaches up to it. Else `turn` is to be called. */
  holds(time: number): boolean {
    const s = this.current;
    if (time <= s.to) return time >= s.from;
    if (time >= this.limit || time - s.to > MAX_SILENCE) return false;
    s.to = time;
    return true;
  }

  /** Goes over to the stretch of this time, a new one where none is near. */
  turn(time: number): void {
    this.take();
    this.number++;
    const at = this.after(time);
    const before = this.stretches[at - 1];
    const next = this.stretches[at];
    const day = dayOf(time);
    if (before && time - before.to <= MAX_SILENCE && dayOf(before.from) === day) {
      before.to = Math.max(before.to, time);
      this.current = before;
      this.limit = Math.min((day + 1) * DAY, next?.from ?? Number.POSITIVE_INFINITY);
    } else if (next && next.from - time <= MAX_SILENCE && dayOf(next.from) === day) {
      next.from = time;
      this.current = next;
      this.limit = Math.min((day + 1) * DAY, this.stretches[at + 1]?.from ?? Number.POSITIVE_INFINITY);
    } else {
      this.current = { from: time, to: time, flows: this.home.counts() };
      this.limit = Math.min((day + 1) * DAY, next?.from ?? Number.POSITIVE_INFINITY);
      this.stretches.splice(at, 0, this.current);
      if (this.stretches.length > MAX_STRETCHES) this.dropShortest();
    }
  }

  /** Forgets the stretches of days before `day`. */
  forget(day: number): void {
    while (this.stretches.length > 1 && dayOf((this.stretches[0] as Stretch).from) < day) {
      if (this.stretches[0] === this.current) break;
      this.stretches.shift();
    }
  }

  /** What was watched. Stretches that turned out to lie close together are one; those on both sides of a midnight meet there. */
  finish(): readonly Stretch[] {
    this.take();
    const found: Stretch[] = [];
    for (const s of this.stretches) {
      const last = found[found.length - 1];
      const near = last !== undefined && s.from - last.to <= MAX_SILENCE;
      if (near && dayOf(last.from) === dayOf(s.from)) {
        last.to = Math.max(last.to, s.to);
        last.flows = last.flows.map((n, i) => n + (s.flows[i] ?? 0));
        continue;
      }
      const midnight = dayOf(s.from) * DAY;
      if (near) last.to = midnight;
      found.push({ from: near ? midnight : s.from, to: s.to, flows: [...s.flows] });
    }
    return found;
  }

  /** Flows counted since the last turn belong to the present stretch. */
  private take(): void {
    const { flows } = this.current;
    this.home.take().forEach((n, i) => {
      flows[i] = (flows[i] ?? 0) + n;
    });
  }

  /** Index of the first stretch that begins after a time. */
  private after(time: number): number {
    let low = 0;
    let high = this.stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.stretches[middle] as Stretch).from <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Too many: rather less counts as watched than more. */
  private dropShortest(): void {
    let at = -1;
    let length = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.stretches.length; i++) {
      const s = this.stretches[i] as Stretch;
      if (s !== this.current && s.to - s.from < length) {
        at = i;
        length = s.to - s.from;
      }
    }
    this.stretches.splice(at, 1);
  }
}
