/**
 * Reads the list of known endpoints: `signatures/endpoints/` and a user's own files. Everything wrong is gathered and
 * reported at once; a list with a fault is never handed out.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSignatureDirectory } from './directory.ts';
import { EndpointIndex } from './endpoint-index.ts';
import { loadPrecompiledEndpoints } from './endpoint-precompiled.ts';
import { parseEndpoints, parsePools, parseSources, SeenKeys } from './endpoint-rows.ts';
import type { EndpointRow, EndpointSource, PoolInfo } from './endpoint-types.ts';
import { SignatureError, type SignatureFault } from './types.ts';

/** A million rows have about as much; a larger file is a mistake and would only fill the memory. */
const MAX_FILE = 128 << 20;

export { EndpointIndex } from './endpoint-index.ts';
export type * from './endpoint-types.ts';

export interface EndpointOptions {
  /** Takes the rows of low confidence too. */
  readonly low?: boolean;
  /** A user's own files in the same format. Their rows take the place of the list's for the same kind and value. */
  readonly extra?: readonly string[];
}

/** The endpoint list that ships with the program. */
export function defaultEndpointDirectory(): string {
  return join(defaultSignatureDirectory(), 'endpoints');
}

/**
 * Loads hosts.csv, addresses.csv and pools.csv of a directory, with `low` hosts-low.csv and addresses-low.csv, and the
 * files of `extra`. What a build left beside the program is taken where it fits. Throws a SignatureError that lists every
 * fault with file, line and column.
 */
export function loadEndpoints(
  directory: string = defaultEndpointDirectory(),
  options: EndpointOptions = {},
): EndpointIndex {
  const plain = options.low !== true && (options.extra ?? []).length === 0;
  const built = plain ? loadPrecompiledEndpoints(directory) : null;
  if (built !== null) return built;
  const { rows, pools } = readEndpoints(directory, options);
  return new EndpointIndex(rows, pools);
}

/** The rows and pools that `loadEndpoints` makes its index of, read from their files. Throws a SignatureError. */
export function readEndpoints(
  directory: string,
  options: EndpointOptions = {},
): { readonly rows: readonly EndpointRow[]; readonly pools: readonly PoolInfo[] } {
  const faults: SignatureFault[] = [];
  const names = ['hosts.csv', 'addresses.csv', ...(options.low === true ? ['hosts-low.csv', 'addresses-low.csv'] : [])];
  const keys = new SeenKeys();
  const listed = names.flatMap((name) => rowsOf(join(directory, name), faults, keys));
  const poolPath = join(directory, 'pools.csv');
  const poolText = textOf(poolPath, faults);
  const pools = poolText === null ? [] : parsePools(poolText, poolPath, faults);
  const extraKeys = new SeenKeys();
  const extra = [...new Set(options.extra ?? [])].flatMap((path) => rowsOf(path, faults, extraKeys));
  if (faults.length > 0) throw new SignatureError(faults);
  if (extra.length === 0) return { rows: listed, pools };
  const replaced = new Set(extra.map((row) => `${row.kind} ${row.value}`));
  const isReplaced = (domain: string): boolean => replaced.has(`domain ${domain}`);
  return {
    rows: [...listed.filter((row) => !replaced.has(`${row.kind} ${row.value}`)), ...extra],
    pools: pools.map((pool) => ({
      ...pool,
      suffixDomains: pool.suffixDomains.filter((domain) => !isReplaced(domain)),
      otherDomains: [...pool.otherDomains, ...pool.suffixDomains.filter(isReplaced)],
    })),
  };
}

/** The sources that rows name, by id. Throws a SignatureError. Not needed to match: read where a source is shown. */
export function loadSources(directory: string = defaultEndpointDirectory()): ReadonlyMap<string, EndpointSource> {
  const faults: SignatureFault[] = [];
  const path = join(directory, 'sources.csv');
  const text = textOf(path, faults);
  const sources = text === null ? [] : parseSources(text, path, faults);
  if (faults.length > 0) throw new SignatureError(faults);
  return new Map(sources.map((source) => [source.id, source]));
}

function rowsOf(path: string, faults: SignatureFault[], keys: SeenKeys): EndpointRow[] {
  const text = textOf(path, faults);
  return text === null ? [] : parseEndpoints(text, path, faults, keys);
}

function textOf(path: string, faults: SignatureFault[]): string | null {
  const fault = (message: string): null => {
    faults.push({ file: path, line: 0, column: 0, message });
    return null;
  };
  let fd: number | null = null;
  try {
    fd = openSync(path, 'r');
    const { size } = fstatSync(fd);
    if (size > MAX_FILE) return fault(`has ${size} bytes, more than the ${MAX_FILE} that are read: split or check it`);
    return readFileSync(fd, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return fault(`cannot be read (${code}): check that it is there and may be read`);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
