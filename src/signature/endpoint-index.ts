/** Known endpoints by name and by address. docs/endpoints.md gives the rule of evidence. */
import {
  AMBIGUOUS,
  describeAddress,
  describeHost,
  type Entry,
  EVIDENT,
  evidentBelow,
  gatherEntries,
  isMining,
  STRATUM,
  SUFFIX,
  WEB,
  WEB_PORTS,
} from './endpoint-entries.ts';
import { addressWords } from './endpoint-rows.ts';
import { AddressTable, NameTable } from './endpoint-table.ts';
import type {
  AddressEndpoint,
  EndpointClass,
  EndpointMatch,
  EndpointRow,
  HostEndpoint,
  PoolInfo,
} from './endpoint-types.ts';

const LONGEST_TEXT = 254;

/** Immutable after construction. Rows of names and rows of addresses are numbered apart, each from 0. */
export class EndpointIndex {
  /** How many names and how many addresses are listed. */
  readonly names: number;
  readonly addresses: number;
  private readonly entries: readonly Entry[];
  private readonly table: NameTable;
  private readonly four: AddressTable;
  private readonly six: AddressTable;
  private readonly addressRows: readonly EndpointRow[][];
  private readonly poolByName = new Map<string, PoolInfo>();
  private readonly poolByDomain = new Map<string, PoolInfo>();
  /** Described on demand and kept. */
  private readonly hosts: (HostEndpoint | undefined)[] = [];
  private readonly addressHosts: (AddressEndpoint | undefined)[] = [];
  private readonly ports = new Map<number, ReadonlySet<number>>();
  /** Per domain below which names count as endpoints: the listed names below it. */
  private readonly below = new Map<number, Entry[]>();

  /** Of rows in any order. `prepared` are names brought together before: then `rows` need hold the addresses alone. */
  constructor(rows: readonly EndpointRow[], pools: readonly PoolInfo[], prepared?: readonly Entry[]) {
    const entries = prepared ?? gatherEntries(rows, pools);
    this.entries = entries;
    this.names = entries.length;
    this.table = new NameTable(
      entries.map((entry) => entry.name),
      (row) => ((entries[row] as Entry).flags & SUFFIX) !== 0,
    );
    for (const entry of entries) {
      if (entry.enclosing < 0) continue;
      const list = this.below.get(entry.enclosing);
      if (list === undefined) this.below.set(entry.enclosing, [entry]);
      else list.push(entry);
    }
    for (const pool of pools) {
      this.poolByName.set(pool.name, pool);
      for (const domain of pool.otherDomains) this.poolByDomain.set(domain, pool);
    }
    for (const pool of pools) for (const domain of pool.suffixDomains) this.poolByDomain.set(domain, pool);
    const byAddress = new Map<string, EndpointRow[]>();
    for (const row of rows) {
      if (row.kind !== 'ip') continue;
      const list = byAddress.get(row.value);
      if (list === undefined) byAddress.set(row.value, [row]);
      else list.push(row);
    }
    this.addressRows = [...byAddress].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, list]) => list);
    this.addresses = this.addressRows.length;
    const words = this.addressRows.map((list, row) => [row, addressWords((list[0] as EndpointRow).value)] as const);
    this.four = new AddressTable(words.filter(([, { length }]) => length === 1));
    this.six = new AddressTable(words.filter(([, { length }]) => length === 4));
  }

  /**
   * Row of the name [off, end), bytes as on the wire (any case, one trailing dot allowed): the listed name, else the
   * longest listed domain above it, else -1. Names of more than 253 octets, empty labels and bytes that are no part of host
   * names give -1. Allocates nothing, never throws.
   */
  findHost(bytes: Uint8Array, off: number, end: number): number {
    return this.table.find(bytes, off, end);
  }

  /** `findHost` for a text. */
  findHostText(name: string): number {
    if (name.length > LONGEST_TEXT) return -1;
    const bytes = new Uint8Array(name.length);
    // Code units beyond a byte must not turn into letters.
    for (let i = 0; i < name.length; i++) bytes[i] = Math.min(name.charCodeAt(i), 0xff);
    return this.table.find(bytes, 0, bytes.length);
  }

  /** What is listed under the row that `findHost` gave. Throws a RangeError for a number it never gives. */
  host(row: number): HostEndpoint {
    const known = this.hosts[row];
    if (known !== undefined) return known;
    const host = describeHost(this.entry(row), this.poolOf(row));
    this.hosts[row] = host;
    return host;
  }

  /** Whether a name that gave `row` is the listed one or lies below it. */
  matchOf(row: number, bytes: Uint8Array, off: number, end: number): EndpointMatch {
    const last = end > off && bytes[end - 1] === 0x2e ? end - 1 : end;
    return last - off === this.entry(row).name.length ? 'exact' : 'below';
  }

  /** What a name that gave `row` is worth: a text, or bytes [off, end) as on the wire. */
  classify(row: number, name: string): EndpointClass;
  classify(row: number, name: Uint8Array, off: number, end: number): EndpointClass;
  classify(row: number, given: string | Uint8Array, off = 0, end = given.length): EndpointClass {
    const text = typeof given === 'string' ? given : textOf(given, off, end);
    const name = text.toLowerCase().replace(/\.$/, '');
    const entry = this.entry(row);
    if (name !== entry.name) {
      return (entry.flags & EVIDENT) !== 0 && evidentBelow(name, entry.name) ? 'stratum' : 'weak';
    }
    if ((entry.flags & STRATUM) !== 0) return 'stratum';
    // Only block lists name it, which tells no more than nothing: then its domain decides, as for an unlisted name.
    if ((entry.flags & (WEB | SUFFIX)) !== 0 || entry.enclosing < 0) return 'weak';
    return evidentBelow(name, this.entry(entry.enclosing).name) ? 'stratum' : 'weak';
  }

  /**
   * Whether `port` is one of the mining ports listed for the row; for a domain, of the names below it too. Ports that web
   * sites use count only where the row lists them and is not ambiguous, and where names below the row match too, only for
   * the listed name itself (`exact`): an unlisted name below may be that of a web site.
   */
  ownPort(row: number, port: number, exact = false): boolean {
    let ports = this.ports.get(row);
    if (ports === undefined) {
      ports = this.portsOf(row);
      this.ports.set(row, ports);
    }
    return ports.has(port) && (exact || !WEB_PORTS.has(port) || (this.entry(row).flags & SUFFIX) === 0);
  }

  /**
   * Whether a connection to `port` under a name that gave `row` is, by name and port together, one to a mining endpoint:
   * the name is a `stratum` one, and the port its own, or at least none that web sites use where the name is not ambiguous.
   */
  fits(row: number, name: string, port: number): boolean {
    if (this.classify(row, name) !== 'stratum') return false;
    const exact = name.toLowerCase().replace(/\.$/, '') === this.entry(row).name;
    if (this.ownPort(row, port, exact)) return true;
    return !(exact && this.host(row).ambiguous) && !WEB_PORTS.has(port);
  }

  /** The pool behind a name, with its Chinese name and account format, where it is one of the pools described. */
  poolOf(row: number): PoolInfo | null {
    const { name, rows, pool } = this.entry(row);
    if (pool !== null) return pool;
    for (const { pool: named } of rows) {
      const info = this.poolByName.get(named);
      if (info !== undefined) return info;
    }
    for (let at = 0; at >= 0; ) {
      const info = this.poolByDomain.get(name.slice(at));
      if (info !== undefined) return info;
      const dot = name.indexOf('.', at);
      at = dot < 0 ? -1 : dot + 1;
    }
    return null;
  }

  /** Row of an IPv4 address given as one 32-bit word in network order, signed or not, or -1. */
  findAddress4(word: number): number {
    return this.four.find(word | 0, 0, 0, 0);
  }

  /** Row of an IPv6 address given as four 32-bit words in network order, signed or not, or -1. */
  findAddress6(w0: number, w1: number, w2: number, w3: number): number {
    return this.six.find(w0 | 0, w1 | 0, w2 | 0, w3 | 0);
  }

  /** What is listed under the row that `findAddress4` or `findAddress6` gave. Throws a RangeError for any other number. */
  address(row: number): AddressEndpoint {
    const known = this.addressHosts[row];
    if (known !== undefined) return known;
    const rows = this.addressRows[row];
    if (rows === undefined) throw new RangeError(`no address has row ${row}`);
    const address = describeAddress(rows);
    this.addressHosts[row] = address;
    return address;
  }

  /** Whether `port` is listed with the address of that row. */
  addressPort(row: number, port: number): boolean {
    return this.address(row).ports.some((one) => one.port === port);
  }

  private entry(row: number): Entry {
    const entry = this.entries[row];
    if (entry === undefined) throw new RangeError(`no name has row ${row}`);
    return entry;
  }

  private portsOf(row: number): ReadonlySet<number> {
    const entry = this.entry(row);
    const ports = new Set<number>();
    const add = (rows: readonly EndpointRow[], web: boolean): void => {
      for (const one of rows) {
        if (!isMining(one)) continue;
        for (const port of one.ports) if (web || !WEB_PORTS.has(port)) ports.add(port);
      }
    };
    add(entry.rows, (entry.flags & AMBIGUOUS) === 0);
    // What only block lists name stands on its domain, with the ports known there.
    const domain = (entry.flags & (STRATUM | WEB | SUFFIX)) === 0 ? entry.enclosing : row;
    if (domain >= 0 && domain !== row) add(this.entry(domain).rows, false);
    for (const { rows } of this.below.get(domain) ?? []) add(rows, false);
    return ports;
  }
}

/** A name as text, one character a byte, no longer than a name can be. */
function textOf(bytes: Uint8Array, off: number, end: number): string {
  let text = '';
  for (let i = off; i < end && text.length < LONGEST_TEXT; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
