/** Rows now in force by the hash of their natural key: open addressing in typed arrays, 12 bytes a slot. */
const EMPTY = 0;
const GONE = 0xffff_ffff;

export class KeyIndex {
  #high: Uint32Array = new Uint32Array(0);
  #low: Uint32Array = new Uint32Array(0);
  #row: Uint32Array = new Uint32Array(0);
  #mask = 0;
  #used = 0;
  #shift = 32;
  /** Odd and unknown outside: whoever writes the rows cannot aim them at one slot. */
  readonly #a: number;
  readonly #b: number;

  constructor(random: (bytes: number) => Uint8Array, expected: number) {
    const bytes = Buffer.from(random(8));
    this.#a = bytes.readUInt32LE(0) | 1;
    this.#b = bytes.readUInt32LE(4) | 1;
    this.#resize(Math.max(1024, 2 ** Math.ceil(Math.log2(expected * 1.5 + 1))));
  }

  #resize(slots: number): void {
    const [high, low, row] = [this.#high, this.#low, this.#row];
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
    this.#row = new Uint32Array(slots);
    this.#mask = slots - 1;
    this.#shift = 32 - Math.log2(slots);
    this.#used = 0;
    for (let slot = 0; slot < row.length; slot++) {
      const id = row[slot] as number;
      if (id !== EMPTY && id !== GONE) this.#insert(high[slot] as number, low[slot] as number, id);
    }
  }

  #slot(high: number, low: number): number {
    // Multiply-shift: the upper bits are the well mixed ones.
    return ((Math.imul(high, this.#a) + Math.imul(low, this.#b)) >>> 0) >>> this.#shift;
  }

  #insert(high: number, low: number, row: number): void {
    let slot = this.#slot(high, low);
    while (this.#row[slot] !== EMPTY) slot = (slot + 1) & this.#mask;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#row[slot] = row;
    this.#used += 1;
  }

  add(key: Buffer, offset: number, row: number): void {
    if (this.#used * 4 > (this.#mask + 1) * 3) this.#resize((this.#mask + 1) * 2);
    this.#insert(key.readUInt32LE(offset), key.readUInt32LE(offset + 4), row);
  }

  /** Rows with this hash, in no order. */
  find(key: Buffer): number[] {
    const high = key.readUInt32LE(0);
    const low = key.readUInt32LE(4);
    const found: number[] = [];
    for (let slot = this.#slot(high, low); this.#row[slot] !== EMPTY; slot = (slot + 1) & this.#mask) {
      if (this.#high[slot] !== high || this.#low[slot] !== low || this.#row[slot] === GONE) continue;
      found.push(this.#row[slot] as number);
    }
    return found;
  }

  remove(key: Buffer, row: number): void {
    const high = key.readUInt32LE(0);
    const low = key.readUInt32LE(4);
    for (let slot = this.#slot(high, low); this.#row[slot] !== EMPTY; slot = (slot + 1) & this.#mask) {
      if (this.#row[slot] === row) this.#row[slot] = GONE;
    }
  }
}
