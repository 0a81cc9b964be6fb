import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutputError } from '../capture/capture-error.ts';
import { writeReason } from '../publish/write-reason.ts';

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Files that are written, but under other names. */
export interface PlacedFiles {
  /** Gives them their names. Throws OutputError. */
  commit(): Promise<void>;
  /** Takes away what has no name yet. */
  discard(): Promise<void>;
}

/** Throws an OutputError where something of that name is there already. */
export async function refuseExisting(path: string): Promise<void> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (there) throw new OutputError(`${path}: is there already; name another with --out`);
}

/**
 * Writes one file, or several into a folder, none of which may be there, beside their names: they get those with `commit`, so
 * that what is noted about them in between is never about a file that could not be written. Throws OutputError.
 */
export async function placeFiles(out: string, files: readonly NamedBytes[], several: boolean): Promise<PlacedFiles> {
  const single = !several || (files.length === 1 && /\.[a-z]+$/i.test(out));
  const targets = single ? [out] : files.map(({ name }) => join(out, name));
  const temporary = targets.map((target, at) => join(dirname(target), `.${basename(target)}.${process.pid}-${at}.tmp`));
  const discard = async (): Promise<void> => {
    for (const path of temporary) await rm(path, { force: true }).catch(() => undefined);
  };
  try {
    if (!single) await mkdir(out, { mode: 0o700 }).catch(ignoreExisting);
    for (const target of targets) await refuseExisting(target);
    for (const [at, path] of temporary.entries()) {
      await writeFile(path, files[at]?.bytes ?? new Uint8Array(), { flag: 'wx', mode: 0o600 });
    }
  } catch (error) {
    await discard();
    if (error instanceof OutputError) throw error;
    throw new OutputError(`${out}: ${writeReason(error)}; nothing was handed over or noted`);
  }
  const commit = async (): Promise<void> => {
    try {
      for (const [at, path] of temporary.entries()) await rename(path, targets[at] ?? path);
    } catch (error) {
      throw new OutputError(`${out}: ${writeReason(error)}; the ledger has an entry about this export all the same`);
    }
  };
  return { commit, discard };
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
