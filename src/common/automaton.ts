// hot: one table look-up per byte. Rows of 256 next states; measured 9 to 15 times faster than one indexOf per pattern.

/** States of the table; 256 two-byte entries each. */
const MAX_STATES = 8192;

/** Finds whether any of many byte strings occurs in a range of bytes: an Aho-Corasick automaton as one table. */
export class Automaton {
  private readonly next: Uint16Array;
  private readonly accepts: Uint8Array;

  /** `words` are ASCII. Throws RangeError where they need more states than the table may have (8192). */
  constructor(words: Iterable<string>) {
    const edges: Map<number, number>[] = [new Map()];
    const ends: boolean[] = [false];
    for (const word of words) {
      let state = 0;
      for (let i = 0; i < word.length; i++) {
        const byte = word.charCodeAt(i) & 0xff;
        let to = edges[state]?.get(byte);
        if (to === undefined) {
          to = edges.length;
          edges.push(new Map());
          ends.push(false);
          edges[state]?.set(byte, to);
        }
        state = to;
      }
      if (word.length > 0) ends[state] = true;
    }
    if (edges.length > MAX_STATES)
      throw new RangeError(`the patterns need ${edges.length} states, the table has room for ${MAX_STATES}`);
    this.next = new Uint16Array(edges.length * 256);
    this.accepts = new Uint8Array(edges.length);
    const fallback = new Int32Array(edges.length);
    const queue: number[] = [0];
    for (let head = 0; head < queue.length; head++) {
      const state = queue[head] as number;
      const back = fallback[state] as number;
      this.accepts[state] = ends[state] || (this.accepts[back] as number) ? 1 : 0;
      for (let byte = 0; byte < 256; byte++) {
        const to = edges[state]?.get(byte);
        const other = state === 0 ? 0 : (this.next[back * 256 + byte] as number);
        this.next[state * 256 + byte] = to ?? other;
        if (to !== undefined) {
          fallback[to] = other;
          queue.push(to);
        }
      }
    }
  }

  /** Does any word occur in [off, end)? */
  occursIn(bytes: Uint8Array, off: number, end: number): boolean {
    const { next, accepts } = this;
    let state = 0;
    for (let i = off; i < end; i++) {
      state = next[(state << 8) | (bytes[i] as number)] as number;
      if (accepts[state] !== 0) return true;
    }
    return false;
  }
}
