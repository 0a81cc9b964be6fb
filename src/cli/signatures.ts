import { defaultSignatureDirectory } from '../signature/directory.ts';
import { loadPrecompiled } from '../signature/precompiled.ts';
import type { SignatureSet } from '../signature/types.ts';
import { UsageError } from './exit.ts';

export interface SignatureRequest {
  /** Folder to load instead of the one that ships, or null. */
  readonly directory: string | null;
  /** Ids to use and no others; [] = all. */
  readonly only: readonly string[];
  /** Ids to leave out. */
  readonly without: readonly string[];
}

/** The signatures of a run. Throws a SignatureError for a faulty file or an unknown id, a UsageError where none is left. */
export async function loadSelectedSignatures(request: SignatureRequest): Promise<SignatureSet> {
  const directory = request.directory ?? defaultSignatureDirectory();
  const all = loadPrecompiled(directory) ?? (await import('../signature/load.ts')).loadSignatures(directory);
  // Asked of the whole set, so that an id named in both options is known in both.
  const rest = request.without.length === 0 ? all : all.without(request.without);
  const named = request.only.length === 0 ? all : all.only(request.only);
  const left = named.signatures.filter(({ id }) => rest.byId(id) !== undefined).map(({ id }) => id);
  if (left.length === 0) throw new UsageError('--only and --without leave no signature');
  return left.length === all.signatures.length ? all : all.only(left);
}
