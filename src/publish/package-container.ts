/**
 * The container of an evidence package: a ZIP file (APPNOTE 6.3.10) whose entries are stored, not compressed. Then the same
 * files give the same bytes whatever library writes them, there is nothing to blow up, and every byte has one right value.
 */
import { createHash, hash } from 'node:crypto';
import { unzipSync, zipSync } from 'fflate';
import type { Digests } from './package-types.ts';

/** Names a package may hold: folders and files of letters, digits, dots, dashes, underscores; no part begins with a dot. */
const NAME = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,159}\/){0,3}[A-Za-z0-9_][A-Za-z0-9._-]{0,159}$/;
export const MAX_ENTRIES = 4096;
export const MAX_FILE_BYTES: number = 128 * 1024 * 1024;
export const MAX_PACKAGE_BYTES: number = 1024 * 1024 * 1024;
/** Most bytes that come out of one byte, for packages that somebody packed again. */
const MAX_RATIO = 200;
const STORED = 0;
const DEFLATED = 8;

export interface ContainerFault {
  /** Name as shown, control characters escaped; null for the container. */
  readonly file: string | null;
  readonly code: string;
  readonly text: string;
}

export interface Container {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly faults: readonly ContainerFault[];
  /** Packed again by another program: the files count, the container is not the one that was written. */
  readonly repacked: boolean;
}

export function digestsOf(bytes: Uint8Array): Digests {
  return { sha256: hash('sha256', bytes), sm3: createHash('sm3').update(bytes).digest('hex') };
}

export function isPackageName(name: string): boolean {
  return NAME.test(name);
}

/** The bytes of a package: names in order, fixed times. Throws a TypeError for a name that may not stand in a package. */
export function packContainer(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const names = [...files.keys()].sort();
  const wrong = names.find((name) => !isPackageName(name));
  if (wrong !== undefined)
    throw new TypeError(`no name for a file of a package: ${JSON.stringify(wrong.slice(0, 100))}`);
  const entries = Object.fromEntries(names.map((name) => [name, files.get(name) as Uint8Array]));
  // The format keeps local time: a date made of local parts is the same everywhere.
  return zipSync(entries, { level: 0, mtime: new Date(1980, 0, 1), os: 0, attrs: 0 });
}

/**
 * The files of a container. Total: whatever the bytes, it returns what is wrong. Nothing is unpacked beyond the limits, and
 * no name that could lead outside a folder comes out.
 */
export function openContainer(bytes: Uint8Array): Container {
  const faults: ContainerFault[] = [];
  const fault = (file: string | null, code: string, text: string): false => {
    if (faults.length < 100) faults.push({ file, code, text });
    return false;
  };
  const seen = new Set<string>();
  let total = 0;
  let repacked = false;
  let unpacked: Record<string, Uint8Array>;
  try {
    unpacked = unzipSync(bytes, {
      filter: ({ name, size, originalSize, compression }) => {
        const shown = shownName(name);
        if (seen.size >= MAX_ENTRIES)
          return fault(null, 'too_many', `more than ${MAX_ENTRIES} files; the rest was not read`);
        if (seen.has(name))
          return fault(shown, 'twice', 'stands in the container twice; which one counts is not clear');
        seen.add(name);
        if (!isPackageName(name)) return fault(shown, 'name', 'a name that no package holds; it was not read');
        if (compression !== STORED && compression !== DEFLATED)
          return fault(shown, 'method', `packed by method ${compression}, which is not read`);
        if (originalSize > MAX_FILE_BYTES) return fault(shown, 'too_large', `claims ${originalSize} bytes; not read`);
        if (compression === STORED && size !== originalSize)
          return fault(shown, 'size', `stored with ${size} bytes but claims ${originalSize}`);
        if (originalSize > 65_536 && originalSize > size * MAX_RATIO)
          return fault(shown, 'ratio', `claims ${originalSize} bytes out of ${size}; not read`);
        total += originalSize;
        if (total > MAX_PACKAGE_BYTES) return fault(shown, 'too_large', 'the files together are too large; not read');
        if (compression === DEFLATED) repacked = true;
        return true;
      },
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown reason';
    fault(null, 'zip', `not a readable ZIP file (${why.slice(0, 100)})`);
    return { files: new Map(), faults, repacked: false };
  }
  const files = new Map(Object.entries(unpacked).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (!repacked && faults.length === 0) checkContainer(bytes, files, fault);
  return { files, faults, repacked };
}

/** Stored files have one container: a byte that differs is damage, in the headers if not in a file. */
function checkContainer(
  bytes: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  fault: (file: string | null, code: string, text: string) => void,
): void {
  const wanted = packContainer(files);
  const most = Math.min(wanted.length, bytes.length);
  let at = 0;
  while (at < most && wanted[at] === bytes[at]) at++;
  if (at === wanted.length && at === bytes.length) return;
  fault(
    nameAt(files, at),
    'container',
    `byte ${at} of the container is not as it was written; unpack the original again`,
  );
}

/** The file in whose part of the container an offset lies: local header and content stand one after the other. */
function nameAt(files: ReadonlyMap<string, Uint8Array>, offset: number): string | null {
  let end = 0;
  for (const [name, content] of files) {
    end += 30 + name.length + content.length;
    if (offset < end) return name;
  }
  return null;
}

function shownName(name: string): string {
  return JSON.stringify(name.slice(0, 100)).slice(1, -1);
}
