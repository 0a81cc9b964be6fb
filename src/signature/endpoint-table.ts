// hot: `NameTable.find` runs once per DNS name and TLS server name, `AddressTable.find` once per flow.
/**
 * Hash tables over names and addresses in typed arrays: no string and no object is made by a look-up.
 */
import { MAX_LABEL, MAX_NAME } from './endpoint-names.ts';

/** Lower-case form of the bytes that a name is made of, the dot included; 0 for every other byte. */
const LOWER: Uint8Array = lowerTable();
const DOT = 0x2e;
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

function lowerTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (const c of 'abcdefghijklmnopqrstuvwxyz0123456789-_.') {
    table[c.charCodeAt(0)] = c.charCodeAt(0);
    table[c.toUpperCase().charCodeAt(0)] = c.charCodeAt(0);
  }
  return table;
}

/** Spreads the bits of a hash, so that its low ones may choose a slot (finalizer of MurmurHash3). */
function spread(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Hash of a name read from its end, so that the hash of every suffix is met on the way. */
function hashOf(name: string): number {
  let h = FNV_OFFSET;
  for (let i = name.length - 1; i >= 0; i--) h = Math.imul(h ^ name.charCodeAt(i), FNV_PRIME);
  return spread(h);
}

/** Slots for `count` keys: a power of two of which at most three eighths are taken, so that most misses end at once. */
function slotCount(count: number): number {
  let slots = 16;
  while (slots * 3 < count * 8) slots *= 2;
  return slots;
}

/** Rows by (hash, row) pairs side by side: a probe costs one cache line. */
class Slots {
  readonly mask: number;
  /** Per slot: the hash, and the row + 1 (0 = empty). */
  readonly pairs: Int32Array;

  constructor(count: number) {
    const slots = slotCount(count);
    this.mask = slots - 1;
    this.pairs = new Int32Array(slots * 2);
  }

  put(hash: number, row: number): void {
    let slot = hash & this.mask;
    while (this.pairs[slot * 2 + 1] !== 0) slot = (slot + 1) & this.mask;
    this.pairs[slot * 2] = hash;
    this.pairs[slot * 2 + 1] = row + 1;
  }
}

/** Names to find whole, and those below which others are found too. */
export class NameTable {
  private readonly blob: Uint8Array;
  private readonly starts: Int32Array;
  private readonly exact: Slots;
  private readonly suffix: Slots;

  /** `names` in lower case without a trailing dot, each once; row i is `names[i]`. `isSuffix(i)`: names below it match. */
  constructor(names: readonly string[], isSuffix: (row: number) => boolean) {
    this.starts = new Int32Array(names.length + 1);
    let size = 0;
    let suffixes = 0;
    for (let i = 0; i < names.length; i++) {
      size += (names[i] as string).length;
      this.starts[i + 1] = size;
      if (isSuffix(i)) suffixes++;
    }
    this.blob = new Uint8Array(size);
    this.exact = new Slots(names.length);
    this.suffix = new Slots(suffixes);
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const start = this.starts[i] as number;
      for (let k = 0; k < name.length; k++) this.blob[start + k] = name.charCodeAt(k);
      const hash = hashOf(name);
      this.exact.put(hash, i);
      if (isSuffix(i)) this.suffix.put(hash, i);
    }
  }

  /**
   * Row of the name [off, end) as it stood on the wire, in any case and with or without one trailing dot; else the row of
   * the longest listed domain above it; else -1, which is also the answer for bytes that are no host name.
   */
  find(bytes: Uint8Array, off: number, end: number): number {
    let last = end;
    if (last > off && bytes[last - 1] === DOT) last--;
    if (last <= off || last - off > MAX_NAME) return -1;
    let h = FNV_OFFSET;
    let found = -1;
    let label = 0;
    for (let i = last - 1; i >= off; i--) {
      const c = LOWER[bytes[i] as number] as number;
      if (c === DOT) {
        if (label === 0) return -1;
        // The hash so far is that of the name behind this dot.
        const row = this.probe(this.suffix, spread(h), bytes, i + 1, last);
        if (row >= 0) found = row;
        label = 0;
      } else if (c === 0 || ++label > MAX_LABEL) return -1;
      h = Math.imul(h ^ c, FNV_PRIME);
    }
    if (label === 0) return -1;
    const row = this.probe(this.exact, spread(h), bytes, off, last);
    return row >= 0 ? row : found;
  }

  private probe(slots: Slots, hash: number, bytes: Uint8Array, off: number, end: number): number {
    const { pairs, mask } = slots;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = (pairs[slot * 2 + 1] as number) - 1;
      if (row < 0) return -1;
      if (pairs[slot * 2] === hash && this.same(row, bytes, off, end)) return row;
    }
  }

  private same(row: number, bytes: Uint8Array, off: number, end: number): boolean {
    let at = this.starts[row] as number;
    if ((this.starts[row + 1] as number) - at !== end - off) return false;
    for (let i = off; i < end; i++, at++) if (LOWER[bytes[i] as number] !== this.blob[at]) return false;
    return true;
  }
}

/** Addresses of one IP version, as words. */
export class AddressTable {
  private readonly keys: Int32Array;
  private readonly rows: Int32Array;
  private readonly slots: Slots;

  /** Four words per address (IPv4: the first, then zeros) and the row that each stands for; each address once. */
  constructor(addresses: readonly (readonly [row: number, words: readonly number[]])[]) {
    this.keys = new Int32Array(addresses.length * 4);
    this.rows = new Int32Array(addresses.length);
    this.slots = new Slots(addresses.length);
    for (let i = 0; i < addresses.length; i++) {
      const [row, [w0 = 0, w1 = 0, w2 = 0, w3 = 0]] = addresses[i] as (typeof addresses)[number];
      this.keys.set([w0, w1, w2, w3], i * 4);
      this.rows[i] = row;
      this.slots.put(addressHash(w0, w1, w2, w3), i);
    }
  }

  /** Row of the address, or -1. */
  find(w0: number, w1: number, w2: number, w3: number): number {
    const { keys } = this;
    const { pairs, mask } = this.slots;
    const hash = addressHash(w0, w1, w2, w3);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const i = (pairs[slot * 2 + 1] as number) - 1;
      if (i < 0) return -1;
      const k = i * 4;
      if (keys[k] === w0 && keys[k + 1] === w1 && keys[k + 2] === w2 && keys[k + 3] === w3)
        return this.rows[i] as number;
    }
  }
}

function addressHash(w0: number, w1: number, w2: number, w3: number): number {
  const low = Math.imul(w0, 0x9e3779b1) ^ Math.imul(w1, 0x85ebca77);
  return spread(low ^ Math.imul(w2 ^ 0x2545f491, 0xc2b2ae3d) ^ Math.imul(w3, 0x27d4eb2f));
}
