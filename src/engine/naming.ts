import type { EndpointFacts } from '../protocol/message.ts';
import { WEB_PORTS } from '../signature/endpoint-entries.ts';
import type { EndpointIndex } from '../signature/endpoints.ts';
import type { Hosts } from './lookups.ts';
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
  readonly endpoints: EndpointIndex;
  /** Names by client and address, from DNS answers: those that the list knows, which others must not push out, and others. */
  private listed: NameMap | null = null;
  private others: NameMap | null = null;

  constructor(endpoints: EndpointIndex) {
    this.endpoints = endpoints;
  }

  /** No name was learnt yet. */
  get empty(): boolean {
    return this.listed === null && this.others === null;
  }

  /** Names that gave way to others. */
  get evicted(): number {
    return (this.listed?.evicted ?? 0) + (this.others?.evicted ?? 0);
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

  /** What the list says of an address in words (src/decode/packet.ts). */
  ofAddress(version: number, w0: number, w1: number, w2: number, w3: number, port: number): EndpointFacts {
    const { endpoints } = this;
    const row = version === 4 ? endpoints.findAddress4(w0) : endpoints.findAddress6(w0, w1, w2, w3);
    if (row < 0) return UNLISTED;
    const listed = endpoints.address(row);
    return {
      evidence: listed.stratum ? 'stratum' : 'weak',
      role: listed.role,
      confidence: listed.confidence,
      ownPort: endpoints.addressPort(row, port),
      ambiguous: false,
      pool: listed.pool,
      coins: listed.coins.length <= MAX_COINS ? listed.coins : [],
    };
  }
}
