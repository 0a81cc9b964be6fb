/** Moves or deletes a file that was read: never one that has changed since, and never over another one. */
import { createHash } from 'node:crypto';
import { createReadStream, renameSync, unlinkSync } from 'node:fs';
import { copyFile, open, rename, stat, unlink, utimes } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '../../capture/capture-error.ts';
import type { SpoolInputConfig } from '../config/types.ts';
import { type FileFacts, factsNow, openPlain, pathIn } from './spool-file.ts';

/** More files of one name than this are refused. */
const MAX_COPIES = 10_000;

/** Asked in the same turn in which a name is taken away: may the file go that has this name now? */
export type MayGo = (facts: FileFacts) => boolean;

/** Deletes; false where it may not go, or is gone already. Rejects as fs.unlink does. */
export async function deleteFile(directory: string, name: Buffer, mayGo: MayGo): Promise<boolean> {
  // While it is open only its name goes: the blocks of a large file are freed when it is closed, off the event loop.
  const handle = await openPlain(directory, name).catch(() => null);
  try {
    const facts = factsNow(directory, name);
    if (facts === null || !mayGo(facts)) return false;
    unlinkSync(pathIn(directory, name));
    return true;
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

/** Does with a file what the configuration says; as `deleteFile` and `moveFile`. */
export function disposeOf(config: SpoolInputConfig, name: Buffer, mayGo: MayGo): Promise<boolean> {
  const { directory, whenDone, moveTo } = config;
  return whenDone === 'delete' ? deleteFile(directory, name, mayGo) : moveFile(directory, name, moveTo ?? '', mayGo);
}

/**
 * Moves into the folder `to`, as `name`, or `name.1`, `name.2` and so on where that exists. Across file systems it is
 * copied, written through and renamed before the original goes. A file of the same content that is there already (from a
 * move that was cut off) is not doubled. False where it may not go, or is gone already. Rejects as the system calls do; the
 * original then stays.
 */
export async function moveFile(
  directory: string,
  name: Buffer,
  to: string,
  mayGo: MayGo,
  rename_: typeof renameSync = renameSync,
): Promise<boolean> {
  const from = pathIn(directory, name);
  for (let copy = 0; copy < MAX_COPIES; copy++) {
    const target = pathIn(to, copy === 0 ? name : Buffer.concat([name, Buffer.from(`.${copy}`)]));
    if (!(await reserve(target))) {
      if (!(await sameContent(from, target))) continue;
      return await deleteFile(directory, name, mayGo);
    }
    let moved = false;
    try {
      const facts = factsNow(directory, name);
      if (facts === null || !mayGo(facts)) return false;
      try {
        rename_(from, target);
        moved = true;
      } catch (error) {
        if (errorCode(error) !== 'EXDEV') throw error;
        await copyThrough(from, target, to, name);
        moved = await deleteFile(directory, name, mayGo);
      }
      return moved;
    } finally {
      // The place that was kept for it, or a copy that is no longer one; nobody else's file.
      if (!moved) await unlink(target).catch(ignoreMissing);
    }
  }
  throw new Error(`${MAX_COPIES} files of this name are there already`);
}

/** Keeps a name by an empty file, which only we replace; false where something has that name. */
async function reserve(target: Buffer): Promise<boolean> {
  try {
    await (await open(target, 'wx', 0o640)).close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function copyThrough(from: Buffer, target: Buffer, to: string, name: Buffer): Promise<void> {
  const part = pathIn(to, Buffer.concat([Buffer.from('.'), name, Buffer.from('.part')]));
  await copyFile(from, part);
  const before = await stat(from);
  await utimes(part, before.atime, before.mtime);
  await syncPath(part);
  await rename(part, target);
  await syncPath(Buffer.from(to));
}

async function syncPath(path: Buffer): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sameContent(a: Buffer, b: Buffer): Promise<boolean> {
  const [left, right] = await Promise.all([stat(a), stat(b)]);
  if (!right.isFile() || left.size !== right.size || left.size === 0) return false;
  return (await digest(a)) === (await digest(b));
}

async function digest(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
