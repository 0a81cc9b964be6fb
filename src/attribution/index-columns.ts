/** The columns of one address family on their way into the index: growing first, then sorted and cut into spans and cells. */

/** What an open row is ended by: a later row of these kinds for the same address and ports. */
export const OPEN = 1;
export const EXCLUSIVE = 2;
export const PROTOCOL_BITS = 2;

const INFINITE_PORT = 65_535;

/** Rows as they came. `words` numbers per address; 8 + 8 · words + 29 bytes a row, doubled when full. */
export class RowColumns {
  readonly words: number;
  count = 0;
  firsts: Uint32Array[];
  lasts: Uint32Array[];
  realm: Uint32Array = new Uint32Array(1024);
  portLow: Uint16Array = new Uint16Array(1024);
  portHigh: Uint16Array = new Uint16Array(1024);
  from: Float64Array = new Float64Array(1024);
  to: Float64Array = new Float64Array(1024);
  error: Float64Array = new Float64Array(1024);
  id: Float64Array = new Float64Array(1024);
  /** Bits: OPEN, EXCLUSIVE, then the protocol. */
  marks: Uint8Array = new Uint8Array(1024);

  constructor(words: number) {
    this.words = words;
    this.firsts = Array.from({ length: words }, () => new Uint32Array(1024));
    this.lasts = Array.from({ length: words }, () => new Uint32Array(1024));
  }

  /** Times in microseconds, `to` Infinity where open; `error` of the clock in microseconds. */
  add(
    id: number,
    first: readonly number[],
    last: readonly number[],
    realm: number,
    ports: readonly [number, number] | null,
    from: number,
    to: number,
    error: number,
    marks: number,
  ): void {
    const at = this.count;
    if (at === this.id.length) this.grow();
    for (let w = 0; w < this.words; w++) {
      (this.firsts[w] as Uint32Array)[at] = first[w] as number;
      (this.lasts[w] as Uint32Array)[at] = last[w] as number;
    }
    this.realm[at] = realm;
    this.portLow[at] = ports === null ? 0 : ports[0];
    this.portHigh[at] = ports === null ? INFINITE_PORT : ports[1];
    this.from[at] = from;
    this.to[at] = to;
    this.error[at] = error;
    this.id[at] = id;
    this.marks[at] = marks;
    this.count++;
  }

  private grow(): void {
    const twice = this.id.length * 2;
    const words = (column: Uint32Array): Uint32Array => enlarged<Uint32Array>(column, new Uint32Array(twice));
    this.firsts = this.firsts.map(words);
    this.lasts = this.lasts.map(words);
    this.realm = words(this.realm);
    this.portLow = enlarged<Uint16Array>(this.portLow, new Uint16Array(twice));
    this.portHigh = enlarged<Uint16Array>(this.portHigh, new Uint16Array(twice));
    this.from = enlarged<Float64Array>(this.from, new Float64Array(twice));
    this.to = enlarged<Float64Array>(this.to, new Float64Array(twice));
    this.error = enlarged<Float64Array>(this.error, new Float64Array(twice));
    this.id = enlarged<Float64Array>(this.id, new Float64Array(twice));
    this.marks = enlarged<Uint8Array>(this.marks, new Uint8Array(twice));
  }

  /** Row numbers by realm, first, last, ports, start, id: rows of one span stand together, rows of one cell too. */
  sorted(): Uint32Array {
    const order = new Uint32Array(this.count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    const at = (column: Uint32Array | Uint16Array | Float64Array, row: number): number => column[row] as number;
    return order.sort(
      (a, b) =>
        this.compareSpans(a, b) ||
        this.comparePorts(a, b) ||
        at(this.from, a) - at(this.from, b) ||
        at(this.id, a) - at(this.id, b),
    );
  }

  compareSpans(a: number, b: number): number {
    const realms = (this.realm[a] as number) - (this.realm[b] as number);
    return realms || compareColumns(this.firsts, a, b) || compareColumns(this.lasts, a, b);
  }

  comparePorts(a: number, b: number): number {
    return (
      (this.portLow[a] as number) - (this.portLow[b] as number) ||
      (this.portHigh[a] as number) - (this.portHigh[b] as number)
    );
  }
}

function enlarged<T extends Uint32Array | Uint16Array | Float64Array | Uint8Array>(column: T, into: T): T {
  into.set(column);
  return into;
}

function compareColumns(columns: readonly Uint32Array[], a: number, b: number): number {
  for (let w = 0; w < columns.length; w++) {
    const column = columns[w] as Uint32Array;
    const difference = (column[a] as number) - (column[b] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Ends of the rows `order[low … high)`, all of one cell, clock errors added. A row whose end the source does not know ends
 * at the latest when another of an exclusive kind has certainly begun (and certainly later): an address with its ports has
 * one holder. Until then it stays open.
 */
export function effectiveEnds(
  rows: RowColumns,
  order: Uint32Array,
  low: number,
  high: number,
  ends: Float64Array,
): void {
  let unknown = 0;
  for (let i = low; i < high; i++) {
    const row = order[i] as number;
    ends[i] = (rows.to[row] as number) + (rows.error[row] as number);
    if (((rows.marks[row] as number) & (OPEN | EXCLUSIVE)) === (OPEN | EXCLUSIVE)) unknown++;
  }
  if (unknown === 0 || high - low === 1) return;
  const from = (row: number): number => rows.from[row] as number;
  const error = (row: number): number => rows.error[row] as number;
  const positions = Array.from({ length: high - low }, (_, i) => low + i);
  const row = (position: number): number => order[position] as number;
  const exclusive = positions.filter((p) => ((rows.marks[row(p)] as number) & EXCLUSIVE) !== 0);
  const later = exclusive.toSorted((a, b) => from(row(b)) - error(row(b)) - from(row(a)) + error(row(a)));
  const open = exclusive
    .filter((p) => ((rows.marks[row(p)] as number) & OPEN) !== 0)
    .sort((a, b) => from(row(b)) + error(row(b)) - from(row(a)) - error(row(a)));
  /** Earliest certain start among the rows taken so far, by protocol (0 = all of them). */
  const starts = [Infinity, Infinity, Infinity, Infinity];
  let next = 0;
  for (const position of open) {
    const mine = row(position);
    for (; next < later.length; next++) {
      const other = row(later[next] as number);
      if (from(other) - error(other) <= from(mine) + error(mine)) break;
      const protocol = (rows.marks[other] as number) >> PROTOCOL_BITS;
      starts[protocol] = Math.min(starts[protocol] as number, from(other) + error(other));
    }
    const protocol = (rows.marks[mine] as number) >> PROTOCOL_BITS;
    const end = protocol === 0 ? Math.min(...starts) : Math.min(starts[0] as number, starts[protocol] as number);
    if (end < (ends[position] as number)) ends[position] = end;
  }
}
