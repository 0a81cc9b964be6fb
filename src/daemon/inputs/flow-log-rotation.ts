/** Files that rotation made of a flow log: which they are, and which come after one that was read. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { compareNames } from '../../common/name-order.ts';
import { keyOf, type LogPosition, markOf } from './flow-log-position.ts';

/** One that can be read. */
export interface Rotated {
  readonly path: string;
  readonly name: string;
  readonly key: string;
  readonly mark: string;
  readonly mtime: bigint;
}

/** What rotation left after some file, oldest first, and the names of what it compressed. */
export interface Later {
  readonly files: readonly Rotated[];
  readonly compressed: readonly string[];
}

const COMPRESSED = /\.(?:gz|zst|xz|lz4|bz2)$/;

/**
 * Tells the names that rotation gives to a log of the name `own`: `eve.json.1`, `eve.json-20261122`, or before the ending:
 * `conn.1.log`.
 */
export function rotationOf(own: string): (name: string) => 'plain' | 'compressed' | null {
  const ending = extname(own);
  const stem = own.slice(0, own.length - ending.length);
  const isRotated = (name: string): boolean => {
    if (name.startsWith(own)) return isNumber(name.slice(own.length));
    return ending !== '' && name.startsWith(stem) && name.endsWith(ending)
      ? isNumber(name.slice(stem.length, name.length - ending.length))
      : false;
  };
  return (name) => {
    if (isRotated(name)) return 'plain';
    return COMPRESSED.test(name) && isRotated(name.replace(COMPRESSED, '')) ? 'compressed' : null;
  };
}

/** A number or a date, set apart: `eve.10.json` is no rotated `eve.1.json`, and `wan2.json` is a log of its own. */
function isNumber(text: string): boolean {
  return /^[._-][\d._-]*\d[\d._-]*$/.test(text);
}

/**
 * Path of the file of a position: its own, or another one in the same folder, those that rotation gives first; null where it
 * has none. Of a file that was empty nothing else tells it from any other with its inode: such names alone count then.
 */
export async function findAgain(path: string, position: LogPosition): Promise<string | null> {
  const own = await stat(path, { bigint: true }).catch(() => null);
  if (own !== null && keyOf(own) === position.key) return path;
  const folder = dirname(path);
  const kindOf = rotationOf(basename(path));
  const names = await readdir(folder).catch(() => []);
  const likely = names.filter((name) => kindOf(name) === 'plain');
  const others = position.headLength === 0 ? [] : names.filter((name) => kindOf(name) === null);
  for (const name of [...likely, ...others]) {
    const stats = await lstat(join(folder, name), { bigint: true }).catch(() => null);
    if (stats?.isFile() && keyOf(stats) === position.key) return join(folder, name);
  }
  return null;
}

/**
 * What rotation left that is newer than the file of `position` (by time of change, then by name: numbers by value) and was not
 * read, but for the file with the key `except`. Nothing where it is not known when that file was changed.
 */
export async function laterThan(path: string, position: LogPosition, except: string | null): Promise<Later> {
  if (position.mtime === null) return { files: [], compressed: [] };
  const since = BigInt(position.mtime);
  const folder = dirname(path);
  const kindOf = rotationOf(basename(path));
  const names = (await readdir(folder).catch(() => [])).filter((name) => kindOf(name) !== null);
  const all: Rotated[] = [];
  for (const name of names) {
    const stats = await lstat(join(folder, name), { bigint: true }).catch(() => null);
    if (!stats?.isFile()) continue;
    all.push({ path: join(folder, name), name, key: keyOf(stats), mark: markOf(stats), mtime: stats.mtimeNs });
  }
  const last = all.find(({ key }) => key === position.key)?.name ?? null;
  const later = all
    .filter(({ name, mtime }) => mtime > since || (mtime === since && last !== null && compareNames(name, last) > 0))
    .filter(({ key, mark }) => key !== except && !position.read.includes(mark))
    .sort((a, b) => (a.mtime === b.mtime ? compareNames(a.name, b.name) : a.mtime < b.mtime ? -1 : 1));
  // While the original lies beside it, the copy is not complete or not needed.
  const originals = new Set(names);
  return {
    files: later.filter(({ name }) => kindOf(name) === 'plain'),
    compressed: later
      .map(({ name }) => name)
      .filter((name) => kindOf(name) === 'compressed' && !originals.has(name.replace(COMPRESSED, ''))),
  };
}
