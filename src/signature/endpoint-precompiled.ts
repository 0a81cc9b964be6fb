/**
 * The endpoint list as a build leaves it beside the program: checked, brought together and sorted, so that a start need not
 * do it again. One line of JSON, then one line per name with its rows, which are read only where the name is met.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Entry, gatherEntries } from './endpoint-entries.ts';
import { EndpointIndex } from './endpoint-index.ts';
import type { EndpointRow, PoolInfo } from './endpoint-types.ts';

/** Files that are always loaded, of which the build makes its own. */
export const ALWAYS: readonly string[] = ['hosts.csv', 'addresses.csv', 'pools.csv'];

interface Head {
  readonly digest: string;
  readonly flags: readonly number[];
  readonly enclosing: readonly number[];
  /** Per name: its pool among `pools` where the name is one of the pool's suffix domains, else -1. */
  readonly poolOf: readonly number[];
  readonly pools: readonly PoolInfo[];
  readonly addresses: readonly EndpointRow[];
}

/** A name whose rows stay text until somebody asks for them. */
class StoredEntry implements Entry {
  readonly name: string;
  flags: number;
  enclosing: number;
  pool: PoolInfo | null;
  private readonly line: string;
  private parsed: EndpointRow[] | null = null;

  constructor(line: string, flags: number, enclosing: number, pool: PoolInfo | null) {
    const tab = line.indexOf('\t');
    this.name = line.slice(0, tab);
    this.flags = flags;
    this.enclosing = enclosing;
    this.pool = pool;
    this.line = line;
  }

  get rows(): EndpointRow[] {
    this.parsed ??= JSON.parse(this.line.slice(this.name.length + 1)) as EndpointRow[];
    return this.parsed;
  }
}

/** Where a build puts the list; there is none beside the sources. */
export function precompiledEndpointsPath(): string {
  return join(dirname(fileURLToPath(import.meta.url)), 'precompiled-endpoints.txt');
}

/** SHA-256 over the files of a directory from which the list is made. Throws what the file system says. */
export function endpointDigest(directory: string): string {
  const hash = createHash('sha256');
  for (const name of ALWAYS) {
    const bytes = readFileSync(join(directory, name));
    hash.update(`${name}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** The text that a build writes, of rows and pools that passed the loader. */
export function writePrecompiled(digest: string, rows: readonly EndpointRow[], pools: readonly PoolInfo[]): string {
  const entries = gatherEntries(rows, pools);
  const head: Head = {
    digest,
    flags: entries.map((entry) => entry.flags),
    enclosing: entries.map((entry) => entry.enclosing),
    poolOf: entries.map(({ pool }) => (pool === null ? -1 : pools.indexOf(pool))),
    pools,
    addresses: rows.filter((row) => row.kind === 'ip'),
  };
  const lines = [JSON.stringify(head), ...entries.map(({ name, rows: own }) => `${name}\t${JSON.stringify(own)}`)];
  // ASCII alone keeps the text at one byte a character in memory.
  return lines.join('\n').replace(/[^\n\t -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The list of a directory as the build left it; null where there is none, or the files are not those that were built. */
export function loadPrecompiledEndpoints(
  directory: string,
  path: string = precompiledEndpointsPath(),
): EndpointIndex | null {
  try {
    const [first = '', ...lines] = readFileSync(path, 'latin1').split('\n');
    const head = JSON.parse(first) as Head;
    if (head.digest !== endpointDigest(directory) || head.flags.length !== lines.length) return null;
    const entries = lines.map(
      (line, i) =>
        new StoredEntry(
          line,
          head.flags[i] as number,
          head.enclosing[i] as number,
          head.pools[head.poolOf[i] as number] ?? null,
        ),
    );
    return new EndpointIndex(head.addresses, head.pools, entries);
  } catch {
    return null;
  }
}
