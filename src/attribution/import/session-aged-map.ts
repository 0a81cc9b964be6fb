interface Entry<V> {
  readonly key: string;
  value: V;
  older: Entry<V> | null;
  newer: Entry<V> | null;
}

/**
 * A map that gives up its oldest entry at once. A plain Map walks over all entries deleted before to find its first, and
 * lru-cache clears its whole capacity each time it becomes empty: both stand still on logs of millions of short entries.
 */
export class AgedMap<V> {
  private readonly entries = new Map<string, Entry<V>>();
  private oldest: Entry<V> | null = null;
  private newest: Entry<V> | null = null;

  get size(): number {
    return this.entries.size;
  }

  get(key: string): V | undefined {
    return this.entries.get(key)?.value;
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** Sets an entry and makes it the newest. */
  set(key: string, value: V): void {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { key, value, older: null, newer: null };
      this.entries.set(key, entry);
    } else {
      entry.value = value;
      if (entry === this.newest) return;
      this.unlink(entry);
    }
    entry.older = this.newest;
    entry.newer = null;
    if (this.newest === null) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.unlink(entry);
  }

  /** Takes out the oldest entry. */
  shift(): readonly [key: string, value: V] | undefined {
    const entry = this.oldest;
    if (entry === null) return undefined;
    this.delete(entry.key);
    return [entry.key, entry.value];
  }

  private unlink(entry: Entry<V>): void {
    if (entry.older === null) this.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.newest = entry.older;
    else entry.newer.older = entry.older;
  }
}
