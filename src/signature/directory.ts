import { readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder below the signature directory that holds tables, not signatures. */
const REFERENCE = 'reference';

/**
 * The `signatures/` folder that ships with the program, whether it runs from the sources or built, where this module lies
 * in src/signature or dist/signature.
 */
export function defaultSignatureDirectory(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'signatures');
}

/** Signature files below a directory: path, and name relative to it with `/`; sorted. Throws what the file system says. */
export function filesBelow(directory: string): [path: string, name: string][] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((name) => name.split(sep)[0] !== REFERENCE)
    .sort()
    .map((name) => [join(directory, name), name.split(sep).join('/')]);
}
