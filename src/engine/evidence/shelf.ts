import type { EvidenceFrame } from '../options.ts';
import { COPY_BYTES } from './kept-frame.ts';
import { isSurrounding, withFrames } from './order.ts';

/** Bytes of evidence kept at once. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Frames by key (`keyOf`) of conversations that ended, bounded. */
export class EvidenceShelf {
  /** Frames that prove, and beside them what shows their conversations: openings, look-ups, lengths. */
  readonly evidence: Map<string, EvidenceFrame[]> = new Map();
  readonly surroundings: Map<string, EvidenceFrame[]> = new Map();
  private bytes = 0;
  private readonly endless: boolean;

  /** `endless`: the oldest keys give way where there is no room; otherwise what is found later goes without. */
  constructor(endless: boolean) {
    this.endless = endless;
  }

  add(key: string, frames: readonly EvidenceFrame[]): void {
    if (frames.length === 0 || (this.bytes > MAX_BYTES && !this.endless)) return;
    const put = (map: Map<string, EvidenceFrame[]>, more: readonly EvidenceFrame[]): void => {
      if (more.length === 0) return;
      const known = map.get(key) ?? [];
      const kept = withFrames(known, more);
      if (kept === known && this.endless) return;
      map.set(key, kept);
      // Some are left out. A count of all that is kept, each time, would make this quadratic.
      this.bytes += this.endless ? this.costOf(kept) - this.costOf(known) : this.costOf(more);
    };
    put(
      this.evidence,
      frames.filter((f) => !isSurrounding(f)),
    );
    put(this.surroundings, frames.filter(isSurrounding));
    if (!this.endless) return;
    while (this.bytes > MAX_BYTES) {
      const oldest = this.evidence.keys().next().value ?? this.surroundings.keys().next().value;
      if (oldest === undefined) break;
      this.forget(oldest);
    }
  }

  of(key: string): EvidenceFrame[] {
    return [...(this.evidence.get(key) ?? []), ...(this.surroundings.get(key) ?? [])];
  }

  forget(key: string): void {
    for (const map of [this.evidence, this.surroundings]) {
      this.bytes -= this.costOf(map.get(key) ?? []);
      map.delete(key);
    }
  }

  /** Where the process goes on for ever, what the copies cost counts too. */
  private costOf(frames: readonly EvidenceFrame[]): number {
    const each = this.endless ? COPY_BYTES : 0;
    return frames.reduce((sum, { bytes }) => sum + bytes.length + each, 0);
  }
}
