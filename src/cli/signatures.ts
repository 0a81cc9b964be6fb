import { statSync } from 'node:fs';
import { defaultSignatureDirectory, filesBelow } from '../signature/directory.ts';
import { loadPrecompiled } from '../signature/precompiled.ts';
import { resolveIds } from '../signature/search.ts';
import { SignatureError, type SignatureSet } from '../signature/types.ts';
import { UsageError } from './exit.ts';

export interface SignatureRequest {
  /** Folder or file to load instead of the signatures that ship, several of them, or null. */
  readonly directory: string | readonly string[] | null;
  /** Ids, and prefixes such as `cryptonote.*`, to use and no others; [] = all. */
  readonly only: readonly string[];
  /** Ids and prefixes to leave out. */
  readonly without: readonly string[];
}

/**
 * The signatures of a run. Throws a SignatureError for a faulty file, a UsageError for an id that does not exist (with
 * the nearest one that does) and where no signature is left.
 */
export async function loadSelectedSignatures(request: SignatureRequest): Promise<SignatureSet> {
  const all = await loadFrom(request.directory);
  return selectSignatures(all, request.only, request.without);
}

async function loadFrom(directory: SignatureRequest['directory']): Promise<SignatureSet> {
  const source = signatureSource(directory);
  const built = typeof source === 'string' ? loadPrecompiled(source) : null;
  return built ?? (await import('../signature/load.ts')).loadSignatures(source);
}

/**
 * What the loader is to read: one folder as it is, else the files of all folders and files named. Throws a
 * SignatureError where one of several folders cannot be read or has no signature files.
 */
export function signatureSource(paths: string | readonly string[] | null): string | readonly string[] {
  const list = paths === null ? [defaultSignatureDirectory()] : typeof paths === 'string' ? [paths] : paths;
  const [only] = list;
  if (list.length === 1 && only !== undefined && !isFile(only)) return only;
  return list.flatMap((path) => {
    if (!isFolder(path)) return [path];
    const files = namesBelow(path);
    if (files.length > 0) return files;
    const message = 'holds no signature files: name folders or files with signatures';
    throw new SignatureError([{ file: path, line: 0, column: 0, message }]);
  });
}

function namesBelow(folder: string): string[] {
  try {
    return filesBelow(folder).map(([path]) => path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const message = `cannot be read (${reason}): name a folder that may be read`;
    throw new SignatureError([{ file: folder, line: 0, column: 0, message }]);
  }
}

function isFile(path: string): boolean {
  return kindOf(path) === 'file';
}

function isFolder(path: string): boolean {
  return kindOf(path) === 'folder';
}

/** What the path is; null where that cannot be told, which the loader then reports. */
function kindOf(path: string): 'file' | 'folder' | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? 'file' : found?.isDirectory() ? 'folder' : null;
  } catch {
    return null;
  }
}

/** Applies `--only` and `--without`. Both are asked of the whole set, so that an id named in both is known in both. */
export function selectSignatures(all: SignatureSet, only: readonly string[], without: readonly string[]): SignatureSet {
  if (only.length === 0 && without.length === 0) return all;
  const ids = all.signatures.map(({ id }) => id);
  const named = only.length === 0 ? ids : knownIds(ids, only, '--only');
  const unwanted = new Set(knownIds(ids, without, '--without'));
  const left = named.filter((id) => !unwanted.has(id));
  if (left.every((id) => all.byId(id)?.status === 'retired')) {
    const why = left.length === 0 ? 'leave no signature' : 'leave only retired signatures, which never hold';
    throw new UsageError(`--only and --without ${why}`);
  }
  return left.length === ids.length ? all : all.only(left);
}

/** Ids that texts stand for. Throws one UsageError for all that stand for none; `where` says who gave them. */
export function knownIds(ids: readonly string[], given: readonly string[], where: string): readonly string[] {
  const { ids: known, unknown } = resolveIds(ids, given);
  if (unknown.length === 0) return known;
  const faults = unknown.map(({ text, nearest }) => {
    const meant = nearest === null ? "'poolprint signatures list' shows all ids" : `did you mean '${nearest}'?`;
    return `no signature has the id '${text}'; ${meant}`;
  });
  throw new UsageError(`${where}: ${faults.join(' ')}`);
}
