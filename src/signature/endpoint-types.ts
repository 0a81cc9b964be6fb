/** The list of known pool endpoints once it has been read: plain data. docs/endpoints.md describes the files. */

/**
 * `domain`: a registrable domain; names below it match too. `host`: this name alone. `tls-name`: a name that the
 * certificate of a mining port carries. `ip`: one address.
 */
export const ENDPOINT_KINDS = ['domain', 'host', 'tls-name', 'ip'] as const;
export type EndpointKind = (typeof ENDPOINT_KINDS)[number];

/** From the one that says most to the one that says least; `stratum` and `proxy` alone are evidence of mining. */
export const ENDPOINT_ROLES = ['stratum', 'proxy', 'web', 'api', 'unknown'] as const;
export type EndpointRole = (typeof ENDPOINT_ROLES)[number];

/** From the surest to the least sure. */
export const ENDPOINT_CONFIDENCES = ['high', 'medium', 'low'] as const;
export type EndpointConfidence = (typeof ENDPOINT_CONFIDENCES)[number];

export const ENDPOINT_TRANSPORTS = ['tcp', 'tls', 'ws', 'wss', 'http', 'sv2', 'unknown'] as const;
export type EndpointTransport = (typeof ENDPOINT_TRANSPORTS)[number];

/** One line of an endpoint file; kind, value and transport together are its key. */
export interface EndpointRow {
  readonly kind: EndpointKind;
  /** Lower-case name without a trailing dot, or an address. */
  readonly value: string;
  readonly ports: readonly number[];
  /** '' = unknown. */
  readonly pool: string;
  readonly coins: readonly string[];
  readonly transport: EndpointTransport;
  readonly role: EndpointRole;
  /** '' = not known. */
  readonly region: string;
  readonly confidence: EndpointConfidence;
  /** Id of a source in sources.csv, or free text in a user's own file. */
  readonly source: string;
}

/** A port of an endpoint and what is spoken there. */
export interface EndpointPort {
  readonly port: number;
  readonly transport: EndpointTransport;
}

/** One line of pools.csv. */
export interface PoolInfo {
  readonly name: string;
  /** Established Chinese name, or null. */
  readonly nameZh: string | null;
  /** `active`, `closed (year)` and the like, as last known. */
  readonly status: string;
  /** Domains that serve mining alone, so that unlisted names below them are taken for endpoints. */
  readonly suffixDomains: readonly string[];
  /** Other domains of the pool: they say whose a listed name is and nothing else. */
  readonly otherDomains: readonly string[];
  readonly coins: readonly string[];
  /** How the login is built: `sub-account.worker`, `wallet.worker`, ... */
  readonly accountFormat: string;
}

/** Where rows come from: one line of sources.csv. */
export interface EndpointSource {
  readonly id: string;
  /** '' where the address says it all. */
  readonly title: string;
  /** '' where the source has no address of its own. */
  readonly url: string;
  readonly licence: string;
}

/** What the list says of one name: all rows of that name together. */
export interface HostEndpoint {
  /** The listed name, which for a match below a domain is the domain. */
  readonly name: string;
  readonly kinds: readonly EndpointKind[];
  readonly pool: string | null;
  readonly coins: readonly string[];
  /** The role among the rows that says most. */
  readonly role: EndpointRole;
  /** The best confidence among the rows of that role. */
  readonly confidence: EndpointConfidence;
  readonly ports: readonly EndpointPort[];
  readonly transports: readonly EndpointTransport[];
  readonly region: string | null;
  readonly sources: readonly string[];
  /** Listed under this very name as a mining endpoint. */
  readonly stratum: boolean;
  /** Listed under this very name as web site or interface of a pool. */
  readonly web: boolean;
  /**
   * A mining endpoint whose name serves a web site too: only with a port of its own (`ownPort`) does the name count as
   * more than weak. Speaks of the listed name itself, not of names below it.
   */
  readonly ambiguous: boolean;
  /** Names below it match. */
  readonly suffix: boolean;
}

/** What the list says of one address. Addresses change owner: never evidence without a port of theirs. */
export interface AddressEndpoint {
  readonly ip: string;
  readonly pool: string | null;
  readonly coins: readonly string[];
  readonly role: EndpointRole;
  readonly confidence: EndpointConfidence;
  readonly ports: readonly EndpointPort[];
  readonly transports: readonly EndpointTransport[];
  readonly sources: readonly string[];
  readonly stratum: boolean;
}

/**
 * What a matching name is worth. `stratum`: the name of a mining endpoint. `weak`: a pool's web site, or a name on a block
 * list; it may raise a score and never decides.
 */
export type EndpointClass = 'stratum' | 'weak';

/** How a name met a row: it is the listed one, or lies below a listed domain. */
export type EndpointMatch = 'exact' | 'below';
