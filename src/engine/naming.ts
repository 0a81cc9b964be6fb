import type { EndpointFacts } from '../protocol/message.ts';
import type { EndpointIndex } from '../signature/endpoints.ts';
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
  private map: NameMap | null = null;

  constructor(endpoints: EndpointIndex) {
    this.endpoints = endpoints;
  }

  /** Names by client and address, from DNS answers; null while there was none. */
  get seen(): NameMap | null {
    return this.map;
  }

  /** The map of names for one that is to be added. Its tables take a while to make, so that it waits for the first. */
  get learning(): NameMap {
    this.map ??= new NameMap();
    return this.map;
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
    const ownPort = this.endpoints.ownPort(row, port);
    return {
      evidence: this.endpoints.classify(row, name) === 'stratum' ? 'stratum' : 'weak',
      role: listed.role,
      confidence: listed.confidence,
      ownPort,
      ambiguous: listed.ambiguous && listed.name === name,
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
