import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from './directory.ts';
import { createSignatureSet } from './set.ts';
import type { Signature, SignatureSet } from './types.ts';

/** What a build leaves beside the program: signatures that passed the loader, and the digest of the files they came from. */
export interface Precompiled {
  readonly digest: string;
  readonly signatures: readonly Signature[];
}

/** SHA-256 over names and contents of the signature files of a directory. */
export function digestOf(directory: string): string {
  const hash = createHash('sha256');
  for (const [path, name] of filesBelow(directory)) {
    const bytes = readFileSync(path);
    hash.update(`${name}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** Where a build puts the signatures; there is none beside the sources. */
export function precompiledPath(): string {
  return join(dirname(fileURLToPath(import.meta.url)), 'precompiled.json');
}

/**
 * The signatures of a directory as the build left them, which spares reading YAML and checking it at every start. Null
 * where there are none, or where the files are not those that were built: then they are to be loaded.
 */
export function loadPrecompiled(directory: string, path: string = precompiledPath()): SignatureSet | null {
  try {
    const built = JSON.parse(readFileSync(path, 'utf8')) as Precompiled;
    return built.digest === digestOf(directory) ? createSignatureSet(built.signatures) : null;
  } catch {
    return null;
  }
}
