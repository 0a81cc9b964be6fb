/** Brings the rows of one name together and settles what the name is worth. */
import { hasServiceLabel, isBareDomain } from './endpoint-names.ts';
import {
  type AddressEndpoint,
  ENDPOINT_CONFIDENCES,
  ENDPOINT_KINDS,
  ENDPOINT_ROLES,
  type EndpointConfidence,
  type EndpointPort,
  type EndpointRole,
  type EndpointRow,
  type HostEndpoint,
  type PoolInfo,
} from './endpoint-types.ts';

/** Listed under this very name as a mining endpoint. */
export const STRATUM = 1;
/** Listed under this very name as web site or interface. */
export const WEB = 2;
/** Names below it match. */
export const SUFFIX = 4;
/** Names below it are taken for mining endpoints. */
export const EVIDENT = 8;
/** Serves a web site beside its mining ports. */
export const AMBIGUOUS = 16;

/** Ports on which a web site of the same name answers: never a sign of mining by themselves. */
export const WEB_PORTS: ReadonlySet<number> = new Set([80, 443, 8080, 8443]);

/** Whether a row is evidence of mining. */
export function isMining(row: EndpointRow): boolean {
  return row.role === 'stratum' || row.role === 'proxy';
}

/** One name with its rows. */
export interface Entry {
  readonly name: string;
  readonly rows: EndpointRow[];
  flags: number;
  /** The nearest domain above it below which names are taken for endpoints: an index, or -1. */
  enclosing: number;
  /** Row of pools.csv that has this very name among its domains safe to match below, or null. */
  pool: PoolInfo | null;
}

/** Entries sorted by name, so that row numbers do not depend on the order of lines and files. */
export function gatherEntries(rows: readonly EndpointRow[], pools: readonly PoolInfo[]): Entry[] {
  const byName = new Map<string, Entry>();
  const entryOf = (name: string): Entry => {
    let entry = byName.get(name);
    if (entry === undefined) {
      entry = { name, rows: [], flags: 0, enclosing: -1, pool: null };
      byName.set(name, entry);
    }
    return entry;
  };
  for (const row of rows) {
    if (row.kind === 'ip') continue;
    const entry = entryOf(row.value);
    entry.rows.push(row);
    entry.flags |= flagsOf(row);
  }
  for (const pool of pools) {
    for (const domain of pool.suffixDomains) {
      const entry = entryOf(domain);
      entry.flags |= SUFFIX | EVIDENT;
      entry.pool ??= pool;
    }
  }
  const entries = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const indexOf = new Map(entries.map((entry, i) => [entry.name, i]));
  for (const entry of entries) {
    if (entry.rows.length > 1) entry.rows.sort(byRowOrder);
    for (let dot = entry.name.indexOf('.'); dot >= 0; dot = entry.name.indexOf('.', dot + 1)) {
      const above = indexOf.get(entry.name.slice(dot + 1));
      if (above === undefined || ((entries[above] as Entry).flags & EVIDENT) === 0) continue;
      entry.enclosing = above;
      break;
    }
    if ((entry.flags & STRATUM) !== 0 && servesWeb(entry, byName.get(`www.${entry.name}`))) entry.flags |= AMBIGUOUS;
  }
  return entries;
}

function flagsOf(row: EndpointRow): number {
  if (row.kind !== 'domain') return isMining(row) ? STRATUM : row.role === 'unknown' ? 0 : WEB;
  // A domain without ports says that mining happens below it, not that the bare domain is an endpoint.
  if (isMining(row)) return SUFFIX | EVIDENT | (row.ports.length > 0 ? STRATUM : 0);
  return SUFFIX | (row.role === 'unknown' ? 0 : WEB);
}

function servesWeb(entry: Entry, www: Entry | undefined): boolean {
  if ((entry.flags & WEB) !== 0 || (www !== undefined && (www.flags & WEB) !== 0)) return true;
  // A bare domain nearly always carries the pool's web site; a name known from a certificate alone need not exist at all.
  return isBareDomain(entry.name) && entry.rows.some((row) => row.kind !== 'tls-name');
}

/** The order in which rows of one name speak: what says most first. */
function byRowOrder(a: EndpointRow, b: EndpointRow): number {
  return (
    ENDPOINT_ROLES.indexOf(a.role) - ENDPOINT_ROLES.indexOf(b.role) ||
    ENDPOINT_CONFIDENCES.indexOf(a.confidence) - ENDPOINT_CONFIDENCES.indexOf(b.confidence) ||
    ENDPOINT_KINDS.indexOf(a.kind) - ENDPOINT_KINDS.indexOf(b.kind) ||
    compare(a.transport, b.transport)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether an unlisted name below `domain` (or one that only block lists name) is taken for a mining endpoint. */
export function evidentBelow(name: string, domain: string): boolean {
  return !hasServiceLabel(name, domain);
}

/** What the entry tells a reader. */
export function describeHost(entry: Entry, pool: PoolInfo | null): HostEndpoint {
  const { rows, flags } = entry;
  const common = describe(rows);
  return Object.freeze({
    name: entry.name,
    kinds: unique(rows.map((row) => row.kind)),
    ...common,
    // A pool that is known by its domain alone has no row of its own.
    role: rows.length === 0 ? 'unknown' : common.role,
    confidence: rows.length === 0 ? 'medium' : common.confidence,
    pool: common.pool ?? pool?.name ?? null,
    coins: common.coins.length > 0 ? common.coins : (entry.pool?.coins ?? []),
    region: rows.find((row) => row.region !== '')?.region ?? null,
    stratum: (flags & STRATUM) !== 0,
    web: (flags & WEB) !== 0,
    ambiguous: (flags & AMBIGUOUS) !== 0,
    suffix: (flags & SUFFIX) !== 0,
  });
}

/** What the rows of one address tell a reader. */
export function describeAddress(rows: EndpointRow[]): AddressEndpoint {
  rows.sort(byRowOrder);
  return Object.freeze({ ip: (rows[0] as EndpointRow).value, ...describe(rows), stratum: rows.some(isMining) });
}

interface Description {
  readonly pool: string | null;
  readonly coins: readonly string[];
  readonly role: EndpointRole;
  readonly confidence: EndpointConfidence;
  readonly ports: readonly EndpointPort[];
  readonly transports: EndpointRow['transport'][];
  readonly sources: readonly string[];
}

/** `rows` in the order in which they speak. */
function describe(rows: readonly EndpointRow[]): Description {
  const first = rows[0];
  return {
    pool: rows.find((row) => row.pool !== '')?.pool ?? null,
    coins: unique(rows.flatMap((row) => row.coins)),
    role: first?.role ?? 'unknown',
    confidence: first?.confidence ?? 'low',
    ports: rows
      .flatMap(({ ports, transport }) => ports.map((port) => ({ port, transport })))
      .filter((one, i, all) => all.findIndex((o) => o.port === one.port && o.transport === one.transport) === i)
      .sort((a, b) => a.port - b.port || compare(a.transport, b.transport)),
    transports: unique(rows.map((row) => row.transport)),
    sources: unique(rows.map((row) => row.source).filter((source) => source !== '')),
  };
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
