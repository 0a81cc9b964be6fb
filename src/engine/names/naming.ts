import type { EndpointFacts } from '../../protocol/message.ts';
import { WEB_PORTS } from '../../signature/endpoint-entries.ts';
import type { EndpointIndex, HostEndpoint } from '../../signature/endpoints.ts';
import type { Hosts } from '../hosts.ts';
import type { AddressBook } from './address-book.ts';
import { NameMap } from './name-map.ts';

const UNLISTED: EndpointFacts = Object.freeze({
  evidence: 'none',
  role: null,
  confidence: null,
  ownPort: false,
  ambiguous: false,
  pool: null,
  coins: [],
});

/** Pools of many coins say nothing about the coin by their name. */
const MAX_COINS = 1;

/** What is known of the names of servers: the endpoint list, and the names that clients looked up. */
export class Naming {
  /** The list in use; another may take its place while the engine runs. */
  endpoints: EndpointIndex;
  /** Names by client and address, from DNS answers: those that the list knows, which others must not push out, and others. */
  private listed: NameMap | null = null;
  private others: NameMap | null = null;
  /** Addresses of listed names over time; null where there is none. */
  readonly book: AddressBook | null;

  constructor(endpoints: EndpointIndex, book: AddressBook | null = null) {
    this.endpoints = endpoints;
    this.book = book;
  }

  /** Puts another list in place of the present one. */
  setEndpoints(endpoints: EndpointIndex): void {
    this.endpoints = endpoints;
  }

  /** Addresses known to be those of listed endpoints, beside those of the list. */
  get learnt(): number {
    return this.book?.sizeOf('observed') ?? 0;
  }

  /** What was learnt of names and holds at `time` (µs), newest `limit` of each kind, as plain data. */
  exportState(time: number, limit: number): unknown {
    return {
      listed: this.listed?.exportState(time, limit) ?? [],
      others: this.others?.exportState(time, limit) ?? [],
      book: this.book?.exportState(time) ?? null,
    };
  }

  /** Takes what `exportState` gave; what does not look like it is passed over. */
  importState(state: unknown): void {
    if (typeof state !== 'object' || state === null) return;
    const { listed, others, book } = state as Record<string, unknown>;
    if (Array.isArray(listed) && listed.length > 0) this.learning(true).importState(listed);
    if (Array.isArray(others) && others.length > 0) this.learning(false).importState(others);
    this.book?.importState(book);
  }

  /** No name was learnt yet. */
  get empty(): boolean {
    return this.listed === null && this.others === null;
  }

  /** Names that gave way to others. */
  get evicted(): number {
    return (this.listed?.evicted ?? 0) + (this.others?.evicted ?? 0) + (this.book?.evicted ?? 0);
  }

  /** The map for a name of which the list says so or not. Its tables take a while to make, so that it waits for the first. */
  learning(listed: boolean): NameMap {
    if (listed) {
      this.listed ??= new NameMap();
      return this.listed;
    }
    this.others ??= new NameMap();
    return this.others;
  }

  /**
   * Tells the book of an answer in a log: the address of a mining endpoint (`listed`), or that one it has answers for an ordinary
   * name too. Time in µs, time to live in seconds.
   */
  note(
    version: 4 | 6,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    name: string,
    listed: boolean,
    time: number,
    ttl: number,
  ): void {
    const { book } = this;
    if (book === null) return;
    if (listed) book.add(version, w0, w1, w2, w3, name, 'observed', time, ttl);
    // Other names of a pool, such as that of its web site, make its address no stranger's.
    else if (book.size > 0 && this.endpoints.findHostText(name) < 0) book.share(version, w0, w1, w2, w3, time);
  }

  /**
   * Under which name the sender of a packet (with `reversed` its receiver) looked up the other end. Of several the
   * newest leads; `other` is an ordinary name of the same address beside a listed one, which the client may have meant.
   */
  lookedUp(p: Hosts, time: number, reversed: boolean): { name: string; listed: boolean; other: string | null } | null {
    const v = p.ipVersion;
    const { source0: a0, source1: a1, source2: a2, source3: a3 } = p;
    const { destination0: b0, destination1: b1, destination2: b2, destination3: b3 } = p;
    const find = (map: NameMap | null): string | null => {
      if (map === null) return null;
      return reversed
        ? map.find(v, b0, b1, b2, b3, a0, a1, a2, a3, time)
        : map.find(v, a0, a1, a2, a3, b0, b1, b2, b3, time);
    };
    const listed = find(this.listed);
    const other = find(this.others);
    if (listed === null) return other === null ? null : { name: other, listed: false, other: null };
    // Of two names of one address the newest answer is meant.
    const newer = other !== null && (this.others?.answered ?? 0) > (this.listed?.answered ?? 0);
    return newer ? { name: other, listed: false, other: null } : { name: listed, listed: true, other };
  }

  /** Whether a name as it stands on the wire is a mining endpoint by the list. Allocates only where it is listed. */
  isStratum(bytes: Uint8Array, off: number, end: number): boolean {
    const row = this.endpoints.findHost(bytes, off, end);
    return row >= 0 && this.endpoints.classify(row, bytes, off, end) === 'stratum';
  }

  /** What the list says of a name met with a port. */
  ofName(name: string, port: number): EndpointFacts {
    const row = this.endpoints.findHostText(name);
    if (row < 0) return UNLISTED;
    const listed = this.endpoints.host(row);
    const ownPort = this.endpoints.ownPort(row, port, listed.name === name);
    return {
      evidence: this.endpoints.classify(row, name) === 'stratum' ? 'stratum' : 'weak',
      role: listed.role,
      confidence: listed.confidence,
      ownPort,
      // On a port that no web site uses, the name of a site is not met by visiting it.
      ambiguous: listed.ambiguous && listed.name === name && (port === 0 || WEB_PORTS.has(port)),
      pool: listed.pool,
      coins: listed.coins.length <= MAX_COINS ? listed.coins : [],
    };
  }

  /**
   * What is known of an address in words (src/decode/packet.ts) with a port: by the list, else by the names that the address book
   * has for it at some time from `from` to `until` (µs). Without these times the list alone is asked.
   */
  ofAddress(
    version: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    port: number,
    from?: number,
    until: number | undefined = from,
  ): EndpointFacts {
    const { endpoints, book } = this;
    const row = version === 4 ? endpoints.findAddress4(w0) : endpoints.findAddress6(w0, w1, w2, w3);
    const listed = row < 0 ? UNLISTED : this.ofListed(row, port);
    if (book === null || from === undefined || until === undefined || listed.ownPort) return listed;
    const names = book.find(version, w0, w1, w2, w3, from, until);
    if (names.length === 0) return listed;
    const shared = book.isShared(version, w0, w1, w2, w3, from, until);
    const learnt = this.ofNames(names, port, shared);
    return row < 0 || learnt.evidence === 'stratum' ? learnt : listed;
  }

  private ofListed(row: number, port: number): EndpointFacts {
    const listed = this.endpoints.address(row);
    return {
      evidence: listed.stratum ? 'stratum' : 'weak',
      role: listed.role,
      confidence: listed.confidence,
      ownPort: this.endpoints.addressPort(row, port),
      ambiguous: false,
      pool: listed.pool,
      coins: listed.coins.length <= MAX_COINS ? listed.coins : [],
    };
  }

  /**
   * What names make of an address. More than weak only where the port is one of a name's own, no web site uses it, all names are of
   * one pool (several unrelated ones share a front end, or a resolver leads blocked names there) and no ordinary name is known.
   */
  private ofNames(names: readonly { readonly name: string }[], port: number, shared: boolean): EndpointFacts {
    const { endpoints } = this;
    const pools = new Map<string, string | null>();
    const coins = new Set<string>();
    let first: HostEndpoint | null = null;
    let fits = false;
    for (const { name } of names) {
      const row = endpoints.findHostText(name);
      // The list may have changed since the name was noted.
      if (row < 0 || endpoints.classify(row, name) !== 'stratum') continue;
      const host = endpoints.host(row);
      pools.set(ownerOf(name, host), host.pool);
      const own = !WEB_PORTS.has(port) && endpoints.ownPort(row, port, host.name === name);
      if (first === null || (own && !fits)) first = host;
      // Only names with that port tell what is mined there.
      if (own && !fits) coins.clear();
      fits ||= own;
      if (own === fits) for (const coin of host.coins) coins.add(coin);
    }
    if (first === null) return UNLISTED;
    const alone = pools.size === 1 && !shared;
    return {
      evidence: fits && alone ? 'stratum' : 'weak',
      role: first.role,
      confidence: first.confidence,
      ownPort: fits && alone,
      ambiguous: false,
      pool: pools.size === 1 ? first.pool : null,
      coins: pools.size === 1 && coins.size <= MAX_COINS ? [...coins] : [],
    };
  }
}

/** Whose a listed name is: the pool, or where that is not stated, the last two labels of the name. */
function ownerOf(name: string, { pool }: HostEndpoint): string {
  return pool === null ? name.split('.').slice(-2).join('.') : `${pool.toLowerCase()} `;
}
