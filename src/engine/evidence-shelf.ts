import { isSurrounding, ofKey } from './evidence-order.ts';
import type { EvidenceFrame } from './options.ts';

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
    for (const frame of frames) this.bytes += frame.bytes.length;
    const put = (map: Map<string, EvidenceFrame[]>, more: readonly EvidenceFrame[]): void => {
      if (more.length > 0) map.set(key, ofKey([...(map.get(key) ?? []), ...more]));
    };
    put(
      this.evidence,
      frames.filter((f) => !isSurrounding(f)),
    );
    put(this.surroundings, frames.filter(isSurrounding));
    if (!this.endless) return;
    // `ofKey` may have left some out: what is kept is counted anew before anything goes.
    if (this.bytes > MAX_BYTES) this.recount();
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
      for (const frame of map.get(key) ?? []) this.bytes -= frame.bytes.length;
      map.delete(key);
    }
  }

  private recount(): void {
    this.bytes = 0;
    for (const map of [this.evidence, this.surroundings]) {
      for (const frames of map.values()) for (const frame of frames) this.bytes += frame.bytes.length;
    }
  }
}
