import type { KeptFrame } from './evidence/kept-frame.ts';

/** Packets kept of a side: never fewer than half of these once there were as many. */
const MAX_KEPT = 48;
/** Most microseconds between two that are kept on purpose: flows that are silent for long are taken for ended. */
const MAX_SPACING = 240_000_000;

/**
 * Packets of one side that show how long a conversation goes on and how much it says: the first ones at equal distances in
 * time, and the last. Of a long conversation some hours are covered.
 */
export class FlowSample {
  private readonly kept: KeptFrame[] = [];
  private tail: KeptFrame | null = null;
  private spacing = 0;

  /** A packet; `copy` is called where it is kept, at least for now. */
  offer(time: number, copy: () => KeptFrame): void {
    const last = this.kept.at(-1);
    if (last === undefined || (time - last.time >= this.spacing && this.hasRoom())) {
      this.kept.push(copy());
      this.tail = null;
    } else this.tail = copy();
  }

  /** What is kept, in the order in which it came. */
  frames(): KeptFrame[] {
    return this.tail === null ? [...this.kept] : [...this.kept, this.tail];
  }

  /** Thins out what is kept where that makes room. */
  private hasRoom(): boolean {
    const { kept } = this;
    if (kept.length < MAX_KEPT) return true;
    const span = (kept.at(-1) as KeptFrame).time - (kept[0] as KeptFrame).time;
    const wider = Math.max(2 * this.spacing, Math.ceil((2 * span) / MAX_KEPT));
    if (wider > MAX_SPACING) return false;
    this.spacing = wider;
    for (let at = 1; at < kept.length; at++) kept.splice(at, 1);
    return true;
  }
}
