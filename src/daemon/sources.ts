import { statSync } from 'node:fs';
import { loadSelectedSignatures } from '../cli/signatures.ts';
import { setDigest } from '../engine/result.ts';
import { filesBelow } from '../signature/directory.ts';
import { type EndpointIndex, type EndpointOptions, loadEndpoints } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';
import type { DaemonConfig } from './config/types.ts';

/** Signatures and endpoint list as they are in use. */
export interface Sources {
  readonly set: SignatureSet;
  readonly endpoints: EndpointIndex;
  readonly endpointOptions: EndpointOptions;
  readonly sha256: string;
}

/** Configuration and sources as they are in use; a reload that takes effect replaces them. */
export interface InUse {
  config: DaemonConfig;
  sources: Sources;
  /** Wall clock when the sources were put to use, µs. */
  sourcesAt: number;
}

/** Loads what the configuration names, whole. Throws a SignatureError or UsageError with a line for every fault. */
export async function loadSources({ signatures }: Pick<DaemonConfig, 'signatures'>): Promise<Sources> {
  const { paths, endpoints, only, without } = signatures;
  const set = await loadSelectedSignatures({ directory: paths.length === 0 ? null : paths, only, without });
  const endpointOptions: EndpointOptions = endpoints.length === 0 ? {} : { extra: endpoints };
  return { set, endpoints: loadEndpoints(undefined, endpointOptions), endpointOptions, sha256: setDigest(set) };
}

/** Times and sizes of everything that a reload would read: they change when it does. What cannot be read counts as such. */
export function fingerprint(config: DaemonConfig, configFile: string): string {
  const seen: string[] = [];
  const look = (path: string): void => {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      seen.push(`${path} ${mtimeMs} ${size} ${ino}`);
    } catch (error) {
      seen.push(`${path} ${error instanceof Error && 'code' in error ? String(error.code) : 'error'}`);
    }
  };
  look(configFile);
  for (const path of [...config.signatures.paths, ...config.signatures.endpoints]) {
    look(path);
    for (const below of namesBelow(path)) look(below);
  }
  if (config.ledger?.reference) for (const below of namesBelow(config.ledger.reference)) look(below);
  for (const path of config.ledger?.mmdb ?? []) look(path);
  return seen.join('\n');
}

function namesBelow(folder: string): string[] {
  try {
    return filesBelow(folder).map(([path]) => path);
  } catch {
    return [];
  }
}
