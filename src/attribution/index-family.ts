// hot: a look-up of the registry is spent here.
/**
 * The rows of one address family: spans (distinct address ranges of a realm), in them cells (distinct port ranges), in them
 * rows by time. Each level is sorted by where its intervals start and searched backwards for those that reach far enough.
 */
import { effectiveEnds, PROTOCOL_BITS, type RowColumns } from './index-columns.ts';
import { blockMaxima, lastAtMost, lastNotAfter, previousAfter, previousReaching } from './index-order.ts';

/** A question, prepared so that many like it cost no allocation. Made by `RegistryIndex.query`. */
export interface RegistryQuery {
  /** 1 word: IPv4 in `w0`; 4 words: IPv6. Unsigned. */
  words: number;
  w0: number;
  w1: number;
  w2: number;
  w3: number;
  /** -1: any port. */
  port: number;
  /** 0: any; 1 TCP, 2 UDP, 3 ICMP. */
  protocol: number;
  /** 0: public; -1: a realm that no row has. */
  realm: number;
  /** Times of the observation, the sensor's clock error already taken off and added; microseconds, both inclusive. */
  from: number;
  to: number;
}

/** Places of a record: words of a span, words of a cell, and how far records are apart (1 << shift). */
const SPAN = { shift: 2, last: 1, reach: 2, cells: 3 } as const;
const CELL = { shift: 2, high: 1, rows: 2, protocols: 3 } as const;
const TIME = { shift: 1, end: 1 } as const;

/** Immutable after construction. */
export class FamilyIndex {
  readonly words: number;
  readonly size: number;
  /** First spans of the realms, one more at the end. */
  private readonly realms: Uint32Array;
  /**
   * Four words a span, one span more at the end: first address (its first word), last address (IPv4: itself, IPv6: its rank
   * among `lasts`), greatest last address of the realm's spans so far, first cell.
   */
  private readonly spans: Uint32Array;
  private readonly spanMaxima: readonly Uint32Array[];
  /** IPv6 only: first addresses of the spans and distinct last addresses, a column per word. */
  private readonly firsts: readonly Uint32Array[];
  private readonly lasts: readonly Uint32Array[];
  /** Four words a cell, one cell more at the end: lowest and highest port, first row, whether a row names its protocol. */
  private readonly cells: Uint32Array;
  private readonly cellMaxima: readonly Uint32Array[];
  /** Start and end of each row, clock errors taken off and added. */
  private readonly times: Float64Array;
  private readonly endMaxima: readonly Float64Array[];
  private readonly ids: Float64Array;
  private readonly marks: Uint8Array;

  constructor(rows: RowColumns, realmCount: number) {
    const order = rows.sorted();
    this.words = rows.words;
    this.size = order.length;
    this.ids = new Float64Array(order.length);
    this.marks = new Uint8Array(order.length);
    const starts = new Float64Array(order.length);
    const ends = new Float64Array(order.length);
    const spanRows: number[] = [];
    const spanCells: number[] = [];
    const cellRows: number[] = [];
    for (let i = 0; i < order.length; i++) {
      const row = order[i] as number;
      const before = i === 0 ? -1 : (order[i - 1] as number);
      const newSpan = before < 0 || rows.compareSpans(before, row) !== 0;
      if (newSpan) {
        spanRows.push(row);
        spanCells.push(cellRows.length);
      }
      if (newSpan || rows.comparePorts(before, row) !== 0) cellRows.push(i);
      starts[i] = (rows.from[row] as number) - (rows.error[row] as number);
      this.ids[i] = rows.id[row] as number;
      this.marks[i] = rows.marks[row] as number;
    }
    spanCells.push(cellRows.length);
    cellRows.push(order.length);
    for (let cell = 0; cell + 1 < cellRows.length; cell++) {
      effectiveEnds(rows, order, cellRows[cell] as number, cellRows[cell + 1] as number, ends);
    }
    this.cells = new Uint32Array(cellRows.length << CELL.shift);
    for (let cell = 0; cell < cellRows.length; cell++) {
      const at = cell << CELL.shift;
      const from = cellRows[cell] as number;
      this.cells[at + CELL.rows] = from;
      if (from === order.length) continue;
      this.cells[at] = rows.portLow[order[from] as number] as number;
      this.cells[at + CELL.high] = rows.portHigh[order[from] as number] as number;
      const to = cellRows[cell + 1] as number;
      const named = this.marks.subarray(from, to).some((mark) => mark >> PROTOCOL_BITS !== 0);
      this.cells[at + CELL.protocols] = named ? 1 : 0;
    }
    sortCells(cellRows, starts, ends, this.ids, this.marks);
    this.times = new Float64Array(order.length << TIME.shift);
    for (let i = 0; i < order.length; i++) {
      this.times[i << TIME.shift] = starts[i] as number;
      this.times[(i << TIME.shift) + TIME.end] = ends[i] as number;
    }

    const column = (from: Uint32Array): Uint32Array => Uint32Array.from(spanRows, (row) => from[row] as number);
    const lasts = rows.lasts.map(column);
    const six = rows.words > 1;
    this.firsts = six ? rows.firsts.map(column) : [];
    const [keys, distinct] = six ? ranks(lasts) : [lasts[0] as Uint32Array, []];
    this.lasts = distinct;
    this.spans = new Uint32Array(spanCells.length << SPAN.shift);
    this.realms = new Uint32Array(realmCount + 1).fill(spanRows.length);
    for (let span = 0, realm = -1, reach = 0; span < spanCells.length; span++) {
      const at = span << SPAN.shift;
      this.spans[at + SPAN.cells] = spanCells[span] as number;
      const row = spanRows[span];
      if (row === undefined) break;
      if (rows.realm[row] !== realm) {
        realm = rows.realm[row] as number;
        reach = 0;
        this.realms[realm] = span;
      }
      reach = Math.max(reach, keys[span] as number);
      this.spans[at] = (rows.firsts[0] as Uint32Array)[row] as number;
      this.spans[at + SPAN.last] = keys[span] as number;
      this.spans[at + SPAN.reach] = reach;
    }
    // A realm without spans is empty: it begins where the next one does.
    for (let realm = realmCount - 1; realm >= 0; realm--) {
      this.realms[realm] = Math.min(this.realms[realm] as number, this.realms[realm + 1] as number);
    }
    this.spanMaxima = blockMaxima(this.spans, SPAN.shift, SPAN.last, spanRows.length);
    this.cellMaxima = blockMaxima(this.cells, CELL.shift, CELL.high, cellRows.length - 1);
    this.endMaxima = blockMaxima(this.times, TIME.shift, TIME.end, order.length);
  }

  find(query: RegistryQuery, out: Int32Array, offset: number, found: number): number {
    const { spans } = this;
    const low = this.realms[query.realm] as number;
    const high = this.realms[query.realm + 1] as number;
    if (low === high) return found;
    let span: number;
    let key: number;
    if (this.words === 1) {
      span = lastAtMost(spans, SPAN.shift, low, high, query.w0);
      key = query.w0;
    } else {
      span = lastAddressAtMost(this.firsts, low, high, query);
      key = firstAddressAtLeast(this.lasts, query);
    }
    let count = found;
    while (span >= low && (spans[(span << SPAN.shift) + SPAN.reach] as number) >= key) {
      span = previousReaching(spans, SPAN.shift, SPAN.last, this.spanMaxima, low, span, key);
      if (span < 0) break;
      count = this.findPorts(query, span, out, offset, count);
      span--;
    }
    return count;
  }

  private findPorts(query: RegistryQuery, span: number, out: Int32Array, offset: number, found: number): number {
    const { cells } = this;
    const low = this.spans[(span << SPAN.shift) + SPAN.cells] as number;
    const high = this.spans[((span + 1) << SPAN.shift) + SPAN.cells] as number;
    const { port } = query;
    let count = found;
    if (port < 0) {
      for (let cell = low; cell < high; cell++) count = this.findTimes(query, cell, out, offset, count);
      return count;
    }
    let cell = lastAtMost(cells, CELL.shift, low, high, port);
    while ((cell = previousReaching(cells, CELL.shift, CELL.high, this.cellMaxima, low, cell, port)) >= 0) {
      count = this.findTimes(query, cell, out, offset, count);
      cell--;
    }
    return count;
  }

  private findTimes(query: RegistryQuery, cell: number, out: Int32Array, offset: number, found: number): number {
    const { times } = this;
    const record = cell << CELL.shift;
    const low = this.cells[record + CELL.rows] as number;
    const high = this.cells[record + CELL.rows + (1 << CELL.shift)] as number;
    const wanted = this.cells[record + CELL.protocols] === 0 ? 0 : query.protocol;
    let at = lastNotAfter(times, TIME.shift, low, high, query.to);
    let count = found;
    while ((at = previousAfter(times, TIME.shift, TIME.end, this.endMaxima, low, at, query.from)) >= 0) {
      const protocol = wanted === 0 ? 0 : (this.marks[at] as number) >> PROTOCOL_BITS;
      if (protocol === 0 || protocol === wanted) {
        if (count < out.length) out[count] = offset + at;
        count++;
      }
      at--;
    }
    return count;
  }

  idAt(position: number): number {
    return this.ids[position] as number;
  }

  endAt(position: number): number {
    return this.times[(position << TIME.shift) + TIME.end] as number;
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    const words = [this.realms, this.spans, ...this.spanMaxima, ...this.firsts, ...this.lasts, this.cells];
    const rest = [...this.cellMaxima, this.times, ...this.endMaxima, this.ids, this.marks];
    return [...words, ...rest].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}

/** Different clock errors may have moved starts past each other: rows of a cell must be sorted by what is compared. */
function sortCells(
  cells: readonly number[],
  starts: Float64Array,
  ends: Float64Array,
  ids: Float64Array,
  marks: Uint8Array,
): void {
  for (let cell = 0; cell + 1 < cells.length; cell++) {
    const low = cells[cell] as number;
    const high = cells[cell + 1] as number;
    let sorted = true;
    for (let i = low + 1; i < high && sorted; i++) sorted = (starts[i - 1] as number) <= (starts[i] as number);
    if (sorted) continue;
    const order = Array.from({ length: high - low }, (_, i) => low + i).sort(
      (a, b) => (starts[a] as number) - (starts[b] as number) || (ids[a] as number) - (ids[b] as number),
    );
    for (const column of [starts, ends, ids])
      column.set(
        order.map((i) => column[i] as number),
        low,
      );
    marks.set(
      order.map((i) => marks[i] as number),
      low,
    );
  }
}

/** Rank of each address among the distinct ones, and those, sorted. */
function ranks(columns: readonly Uint32Array[]): [Uint32Array, Uint32Array[]] {
  const length = (columns[0] as Uint32Array).length;
  const compare = (a: number, b: number): number => {
    for (const column of columns) {
      const difference = (column[a] as number) - (column[b] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const order = Uint32Array.from({ length }, (_, i) => i).sort(compare);
  const keys = new Uint32Array(length);
  const distinct: number[] = [];
  for (let i = 0; i < length; i++) {
    const at = order[i] as number;
    if (i === 0 || compare(order[i - 1] as number, at) !== 0) distinct.push(at);
    keys[at] = distinct.length - 1;
  }
  return [keys, columns.map((column) => Uint32Array.from(distinct, (i) => column[i] as number))];
}

function compareTo(columns: readonly Uint32Array[], at: number, query: RegistryQuery): number {
  return (
    ((columns[0] as Uint32Array)[at] as number) - query.w0 ||
    ((columns[1] as Uint32Array)[at] as number) - query.w1 ||
    ((columns[2] as Uint32Array)[at] as number) - query.w2 ||
    ((columns[3] as Uint32Array)[at] as number) - query.w3
  );
}

function lastAddressAtMost(columns: readonly Uint32Array[], low: number, high: number, query: RegistryQuery): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compareTo(columns, middle, query) <= 0) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

function firstAddressAtLeast(columns: readonly Uint32Array[], query: RegistryQuery): number {
  let from = 0;
  let to = (columns[0] as Uint32Array).length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compareTo(columns, middle, query) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
