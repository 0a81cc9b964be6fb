import type { ConversationFacts } from '../../detect/facts.ts';
import { addFacts, factsOfOne, type KeyFacts, keyOf } from '../../detect/key-facts.ts';
import { EvidenceShelf } from '../evidence/shelf.ts';
import type { EvidenceFrame } from '../options.ts';

/** Miner, pool and dialect triples that are kept; what comes beyond is counted as evicted. */
const MAX_KEYS = 100_000;

/** What conversations and look-ups that ended tell, key by key, and the frames that prove it. */
export class Findings {
  readonly keys: Map<string, KeyFacts> = new Map();
  readonly shelf: EvidenceShelf;
  /** Facts for whose keys there was no room. */
  dropped = 0;

  /** `endless`: the oldest evidence gives way where there is no room; otherwise what is found later goes without. */
  constructor(endless: boolean) {
    this.shelf = new EvidenceShelf(endless);
  }

  /** Adds facts to their key, and `frames` to its evidence; where there is no room for another key, neither. */
  add(facts: ConversationFacts, frames: readonly EvidenceFrame[]): void {
    const one = factsOfOne(facts);
    const key = keyOf(one);
    if (this.keys.size >= MAX_KEYS && !this.keys.has(key)) {
      this.dropped++;
      return;
    }
    addFacts(this.keys, one);
    this.shelf.add(key, frames);
  }
}
