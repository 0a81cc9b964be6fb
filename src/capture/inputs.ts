import { constants } from 'node:fs';
import { access, glob, open, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { compareNames } from '../common/name-order.ts';
import { errorCode, InputError } from './capture-error.ts';
import { looksLikeCapture, SNIFF_BYTES } from './format.ts';
import { systemReason } from './source.ts';

export interface Input {
  /** Path as given or found; `-` is standard input. */
  readonly path: string;
  /** Size as stored, in bytes; null for standard input, FIFOs and devices. */
  readonly size: number | null;
}

const CAPTURE_SUFFIX = /\.(pcap|pcapng|cap|dmp|ntar)(\.(gz|zst|xz|lz4))?$/i;
const GLOB_CHARACTERS = /[*?[\]{}]/;

/**
 * Expands the arguments of a command into inputs: files, folders (all captures below, by suffix or by magic bytes), glob
 * patterns and `-`. Folders and patterns give the order of names, numbers in them by value; an input named twice is read once.
 *
 * Throws InputError: no such file or unreadable (exit code 1), pattern without match (1), folder without captures (2).
 * With `onError`, errors of exit code 1 go there instead and the other inputs are still given.
 */
export async function expandInputs(args: readonly string[], onError?: (error: InputError) => void): Promise<Input[]> {
  const inputs = new Map<string, Input>();
  for (const arg of args) {
    try {
      for (const input of await expandOne(arg)) {
        const key = input.path === '-' ? '-' : resolve(input.path);
        if (!inputs.has(key)) inputs.set(key, input);
      }
    } catch (error) {
      if (onError === undefined || !(error instanceof InputError) || error.exitCode !== 1) throw error;
      onError(error);
    }
  }
  return [...inputs.values()];
}

async function expandOne(arg: string): Promise<Input[]> {
  if (arg === '-') return [{ path: '-', size: null }];
  const kind = await kindOf(arg);
  if (kind === 'missing') {
    // A file may carry the characters of a pattern in its name, so the name itself came first.
    if (GLOB_CHARACTERS.test(arg)) return expandGlob(arg);
    throw new InputError(1, `${arg}: no such file`);
  }
  if (kind === 'folder') {
    const found = await capturesBelow(arg);
    if (found.length === 0) throw new InputError(2, `${arg}: the folder holds no captures`);
    return found;
  }
  return [await fileInput(arg)];
}

async function expandGlob(pattern: string): Promise<Input[]> {
  const matches: string[] = [];
  for await (const match of glob(pattern)) matches.push(match);
  matches.sort(compareNames);
  const inputs: Input[] = [];
  for (const match of matches) {
    const kind = await kindOf(match);
    if (kind === 'folder') inputs.push(...(await capturesBelow(match)));
    else if (kind === 'file') inputs.push(await fileInput(match));
  }
  if (inputs.length === 0) throw new InputError(1, `${pattern}: no file matches`);
  return inputs;
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ERR_INVALID_ARG_VALUE') return 'missing';
    throw new InputError(1, `${path}: ${systemReason(error)}`);
  }
}

async function fileInput(path: string): Promise<Input> {
  try {
    await access(path, constants.R_OK);
    const stats = await stat(path);
    return { path, size: stats.isFile() ? stats.size : null };
  } catch (error) {
    throw new InputError(1, `${path}: ${systemReason(error)}`);
  }
}

/** Every capture in a folder and the folders in it. Links to files are followed, links to folders are not: no cycles. */
async function capturesBelow(folder: string): Promise<Input[]> {
  const paths: string[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    let entries: Awaited<ReturnType<typeof readFolder>>;
    try {
      entries = await readFolder(next);
    } catch (error) {
      throw new InputError(1, `${next}: the folder cannot be read (${systemReason(error)})`);
    }
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) {
        if (CAPTURE_SUFFIX.test(entry.name) || (await startsLikeCapture(path))) paths.push(path);
      }
    }
  }
  paths.sort(compareNames);
  return Promise.all(paths.map(fileInput));
}

function readFolder(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // a link to nowhere
  }
}

async function startsLikeCapture(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
      return looksLikeCapture(buffer.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch {
    return false; // not named like a capture and not readable: no business of ours
  }
}
