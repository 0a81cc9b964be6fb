// hot: find() is asked for every conversation of every detection, and a million times a second by the benchmark.
/**
 * Which rows of the registry cover an address, a port, a protocol and a time. docs/decisions/0010-registry-index.md tells
 * why it lies in memory as it does; `node tests/bench/registry-lookup.ts` measures it.
 */
import { type AddressWords, addressWordsOf, compareWords, isPrivateAddress } from './index-address.ts';
import { EXCLUSIVE, OPEN, PROTOCOL_BITS, RowColumns } from './index-columns.ts';
import { FamilyIndex, type RegistryQuery } from './index-family.ts';
import type { AddressKind, AddressRow, RegistryKind, StoredRow } from './types.ts';

export type { RegistryQuery };

export interface IndexOptions {
  /** Only rows known at this time (microseconds): recorded by then, not superseded by then. Null: all not superseded. */
  readonly knownAt?: number | null;
  /** Only rows of these kinds; all address rows by default. */
  readonly kinds?: readonly RegistryKind[];
}

/** Kinds of which one address with its ports has one holder at a time, so that the next one's start ends an open row. */
const EXCLUSIVE_KINDS: ReadonlySet<AddressKind> = new Set(['session', 'lease', 'nat_session', 'nat_block']);
/** Kinds that may name the inside address beside the outside one. */
const MAPPED_KINDS: ReadonlySet<AddressKind> = new Set(['nat_session', 'nat_block']);
const PROTOCOLS = ['tcp', 'udp', 'icmp'] as const;
const MICROSECONDS = 1e6;

/** Immutable after construction; made by `buildRegistryIndex`. */
export class RegistryIndex {
  /** Rows that can be found. */
  readonly size: number;
  /** Rows that were left out because their addresses, ports or times make no sense. */
  readonly skipped: number;
  private readonly four: FamilyIndex;
  private readonly six: FamilyIndex;
  private readonly realms: ReadonlyMap<string | null, number>;

  constructor(
    four: RowColumns,
    six: RowColumns,
    realms: ReadonlyMap<string | null, number>,
    size: number,
    skipped: number,
  ) {
    this.four = new FamilyIndex(four, realms.size);
    this.six = new FamilyIndex(six, realms.size);
    this.realms = realms;
    this.skipped = skipped;
    this.size = size;
  }

  /** Bytes of its arrays. */
  get bytes(): number {
    return this.four.bytes + this.six.bytes;
  }

  /**
   * A question about an address at a time; null where `ip` is no address. `port` and `protocol` null: any. `from` and `to`
   * in microseconds, both inclusive, widened by `clockError` seconds of the sensor; rows are widened by their own.
   */
  query(
    ip: string | AddressWords,
    port: number | null,
    protocol: 'tcp' | 'udp' | 'icmp' | null,
    realm: string | null,
    from: number,
    to: number,
    clockError: number,
  ): RegistryQuery | null {
    const words = typeof ip === 'string' ? addressWordsOf(ip) : ip;
    if (words === null) return null;
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
    const error = Math.max(0, clockError) * MICROSECONDS || 0;
    return {
      words: words.length,
      w0,
      w1,
      w2,
      w3,
      port: port ?? -1,
      protocol: protocol === null ? 0 : PROTOCOLS.indexOf(protocol) + 1,
      realm: this.realms.get(realm) ?? -1,
      from: from - error,
      to: to + error,
    };
  }

  /**
   * Writes the positions of the rows that cover the question to `out`, as many as fit, and returns how many there are.
   * A row covers it where its interval [from, to), widened by its clock error, meets [query.from, query.to].
   */
  find(query: RegistryQuery, out: Int32Array): number {
    if (query.realm < 0) return 0;
    return query.words === 1 ? this.four.find(query, out, 0, 0) : this.six.find(query, out, this.four.size, 0);
  }

  /** Id of the row at a position that `find` gave. */
  id(position: number): number {
    const four = position < this.four.size;
    return four ? this.four.idAt(position) : this.six.idAt(position - this.four.size);
  }

  /**
   * End of the row at a position, its clock error added, microseconds: of a row without a known end the moment at which
   * the next holder had certainly begun; Infinity where it is open.
   */
  end(position: number): number {
    const four = position < this.four.size;
    return four ? this.four.endAt(position) : this.six.endAt(position - this.four.size);
  }
}

/** Whether a row was known at a time; null: whether it is the current word. */
export function isKnown(row: StoredRow, knownAt: number | null): boolean {
  if (knownAt === null) return row.supersededAt === null;
  return row.recordedAt <= knownAt && (row.supersededAt === null || row.supersededAt > knownAt);
}

/**
 * An index of the address rows among `rows`, in any order; other rows are passed over. A row whose addresses do not parse,
 * are of two families or run backwards, whose ports or times make no sense, is left out and counted. Keeps numbers alone:
 * a row is fetched by its id.
 */
export function buildRegistryIndex(rows: Iterable<StoredRow>, options: IndexOptions = {}): RegistryIndex {
  const four = new RowColumns(1);
  const six = new RowColumns(4);
  const realms = new Map<string | null, number>([[null, 0]]);
  const kinds = options.kinds === undefined ? null : new Set<RegistryKind>(options.kinds);
  let size = 0;
  let skipped = 0;
  for (const stored of rows) {
    const row = stored.value;
    if (row.family !== 'address' || (kinds !== null && !kinds.has(row.kind))) continue;
    if (!isKnown(stored, options.knownAt ?? null)) continue;
    if (addRow(row, stored.id, four, six, realms)) {
      size++;
      addInside(row, stored.id, four, six, realms);
    } else skipped++;
  }
  return new RegistryIndex(four, six, realms, size, skipped);
}

function addRow(
  row: AddressRow,
  id: number,
  four: RowColumns,
  six: RowColumns,
  realms: Map<string | null, number>,
): boolean {
  const first = addressWordsOf(row.first);
  const last = row.last === row.first ? first : addressWordsOf(row.last);
  if (first === null || last === null || first.length !== last.length || compareWords(first, last) > 0) return false;
  const { ports, valid } = row;
  if (ports !== null && !(isPort(ports[0]) && isPort(ports[1]) && ports[0] <= ports[1])) return false;
  const to = valid.to ?? Infinity;
  if (!Number.isFinite(valid.from) || Number.isNaN(to) || to < valid.from) return false;
  const realm = realmNumber(realms, row.realm);
  const open = valid.to === null || row.endInferred ? OPEN : 0;
  const exclusive = EXCLUSIVE_KINDS.has(row.kind) ? EXCLUSIVE : 0;
  const protocol = row.protocol === null ? 0 : PROTOCOLS.indexOf(row.protocol) + 1;
  const error = Math.max(0, row.clockError) * MICROSECONDS || 0;
  const columns = first.length === 1 ? four : six;
  columns.add(id, first, last, realm, ports, valid.from, to, error, open | exclusive | (protocol << PROTOCOL_BITS));
  return true;
}

/**
 * A mapping that names its inside address and the subscriber answers from the inside too. It stands there for all ports,
 * since those of the inside are not kept, and next to the subscriber's other mappings: it ends nobody's time.
 */
function addInside(
  row: AddressRow,
  id: number,
  four: RowColumns,
  six: RowColumns,
  realms: Map<string | null, number>,
): void {
  const { inside, valid, clockError, endInferred } = row;
  if (inside === null || row.account === null || !MAPPED_KINDS.has(row.kind)) return;
  const words = addressWordsOf(inside.address);
  if (words === null || (inside.realm === null && isPrivateAddress(words))) return;
  // Mapped onto itself: the outside tells the ports as well.
  if (inside.realm === row.realm && covers(row, words)) return;
  const realm = realmNumber(realms, inside.realm);
  const error = Math.max(0, clockError) * MICROSECONDS || 0;
  const open = valid.to === null || endInferred ? OPEN : 0;
  (words.length === 1 ? four : six).add(id, words, words, realm, null, valid.from, valid.to ?? Infinity, error, open);
}

/** Whether the (outside) addresses of a row hold an address. */
export function covers({ first, last }: AddressRow, address: AddressWords): boolean {
  const low = addressWordsOf(first);
  const high = first === last ? low : addressWordsOf(last);
  if (low === null || high === null || low.length !== address.length || high.length !== low.length) return false;
  return compareWords(low, address) <= 0 && compareWords(address, high) <= 0;
}

function realmNumber(realms: Map<string | null, number>, name: string | null): number {
  let realm = realms.get(name);
  if (realm === undefined) realms.set(name, (realm = realms.size));
  return realm;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}
