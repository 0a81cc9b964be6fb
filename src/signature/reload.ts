/** Swaps the signatures of a running program: whole, or not at all. */
import { diffSignatures, type SignatureDiff } from './diff.ts';
import { loadSignatures } from './load.ts';
import { SignatureError, type SignatureFault, type SignatureSet } from './types.ts';

export type ReloadResult =
  | { readonly ok: true; readonly diff: SignatureDiff }
  | { readonly ok: false; readonly faults: readonly SignatureFault[] };

/** Result of reading signature files without throwing. */
export type LoadResult =
  | { readonly ok: true; readonly set: SignatureSet }
  | { readonly ok: false; readonly faults: readonly SignatureFault[] };

/** `loadSignatures` with faults as a value. Whatever else goes wrong is a fault of the place as a whole. */
export function tryLoadSignatures(from: string | readonly string[]): LoadResult {
  try {
    return { ok: true, set: loadSignatures(from) };
  } catch (error) {
    return { ok: false, faults: faultsOf(error, typeof from === 'string' ? from : from.join(', ')) };
  }
}

/**
 * Holds the set in use. `current` is always a whole set: readers that took it before a reload go on with the one they
 * have, and those who ask later get the new one.
 */
export class SignatureHolder {
  #current: SignatureSet;
  readonly #select: (all: SignatureSet) => SignatureSet;

  /**
   * `initial` is the set to start with, as selected. `select` is laid over each newly read set (what `--only` and
   * `--without` ask for); where it throws, the reload fails and the old set stays.
   */
  constructor(initial: SignatureSet, select: (all: SignatureSet) => SignatureSet = (all) => all) {
    this.#current = initial;
    this.#select = select;
  }

  get current(): SignatureSet {
    return this.#current;
  }

  /**
   * Reads the signatures of a directory, or of the files listed, and puts them in place of the current ones, if all of
   * them are sound. Says what changed, or what is wrong. Never throws.
   */
  reload(from: string | readonly string[]): ReloadResult {
    const loaded = tryLoadSignatures(from);
    if (!loaded.ok) return loaded;
    let next: SignatureSet;
    try {
      next = this.#select(loaded.set);
    } catch (error) {
      return { ok: false, faults: faultsOf(error, typeof from === 'string' ? from : from.join(', ')) };
    }
    const diff = diffSignatures(this.#current.signatures, next.signatures);
    this.#current = next;
    return { ok: true, diff };
  }
}

function faultsOf(error: unknown, file: string): readonly SignatureFault[] {
  if (error instanceof SignatureError) return error.faults;
  const message = `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  return [{ file, line: 0, column: 0, message }];
}
