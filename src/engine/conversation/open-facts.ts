import type { ConversationFacts } from '../../detect/facts.ts';
import { gatherKeys, type KeyFacts, keyOf } from '../../detect/key-facts.ts';

/** Of one thing that is open: its number, whether it changed since it was told of, and under which keys it was. */
export interface OpenMark {
  readonly number: number;
  changed: boolean;
  /** Keys (`keyOf`) under which it was told of last; null = never. */
  keys: readonly string[] | null;
  over: boolean;
}

/** Keeps account of what is open and has changed, so that asking for news costs what is new. */
export class OpenFacts<T extends { readonly mark?: OpenMark }> {
  private next = 0;
  private changed: T[] = [];
  private closed: number[] = [];
  private readonly factsOf: (item: T) => readonly ConversationFacts[];

  constructor(factsOf: (item: T) => readonly ConversationFacts[]) {
    this.factsOf = factsOf;
  }

  create(): OpenMark {
    return { number: this.next++, changed: false, keys: null, over: false };
  }

  /** Something about it is new. */
  touch(item: T): void {
    const { mark } = item;
    if (mark === undefined || mark.changed) return;
    mark.changed = true;
    this.changed.push(item);
  }

  /** It has ended. */
  end(item: T): void {
    const { mark } = item;
    if (mark === undefined || mark.over) return;
    mark.over = true;
    if (mark.keys !== null) this.closed.push(mark.number);
  }

  /** What is new since the last call (src/engine/told.ts). */
  tell(): { readonly open: [number, KeyFacts[]][]; readonly closed: number[] } {
    const open: [number, KeyFacts[]][] = [];
    for (const item of this.changed) {
      const mark = item.mark as OpenMark;
      mark.changed = false;
      if (mark.over) continue;
      const facts = gatherKeys(this.factsOf(item));
      if (facts.length === 0 && mark.keys === null) continue;
      mark.keys = facts.map(keyOf);
      open.push([mark.number, facts]);
    }
    this.changed = [];
    const closed = this.closed;
    this.closed = [];
    return { open, closed };
  }
}
