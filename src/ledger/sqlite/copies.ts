/** Copies of a ledger: made complete beside the target, then put in place in one step. */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { LedgerError } from '../ledger-error.ts';

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } catch {
    // Some file systems do not sync folders.
  } finally {
    closeSync(file);
  }
}

/** One line for a failure of the file system. */
export function fileError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `the folder ${dirname(path)} does not exist; create it`,
    EACCES: 'may not be used (permissions); change them or choose another place',
    EPERM: 'may not be used (permissions); change them or choose another place',
    EROFS: 'lies on a medium that cannot be written; choose another place',
    ENOSPC: 'the disk is full; free space and try again, nothing was changed',
    EEXIST: 'is there already; choose another name',
    ENOTDIR: 'lies below something that is no folder; choose another place',
    ELOOP: 'is a link that leads nowhere; name the file itself',
    ENAMETOOLONG: 'the name is too long; choose another',
    EISDIR: 'is a folder; name a file',
  };
  const reason = reasons[code];
  return reason === undefined ? error : new LedgerError(`${path}: ${reason}`, 1, { cause: error });
}

/**
 * Gives a finished file its name, never over another; the unfinished one is removed whatever happens. `clear` makes room
 * for the name once the file is complete.
 */
export function putInPlace(
  path: string,
  mark: string,
  make: (unfinished: string) => void,
  clear: (() => void) | null = null,
): void {
  const unfinished = `${path}.unfinished-${mark}`;
  try {
    if (clear === null && existsSync(path)) throw new LedgerError(`${path}: is there already; choose another name`);
    make(unfinished);
    sync(unfinished);
    clear?.();
    // A link fails where the name is taken meanwhile; renaming would overwrite.
    linkSync(unfinished, path);
    sync(dirname(path));
  } catch (error) {
    throw fileError(error, path);
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${unfinished}${suffix}`, { force: true });
  }
}

/** Sets a ledger and its log aside under another name; gives that name. */
export function setAside(path: string, mark: string): string {
  const aside = `${path}.replaced-${mark}`;
  try {
    for (const suffix of ['-wal', ''])
      if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`);
    rmSync(`${path}-shm`, { force: true });
  } catch (error) {
    throw fileError(error, path);
  }
  return aside;
}
