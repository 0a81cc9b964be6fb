/** Files of a spool directory: what they are, when they began, and how one is opened so that it stays the same file. */
import { createHash } from 'node:crypto';
import { constants, lstatSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { platform } from 'node:process';
import { errorCode } from '../../capture/capture-error.ts';
import { compressionOf, SNIFF_BYTES } from '../../capture/format.ts';
import { CaptureReader } from '../../capture/reader.ts';
import { type ByteSource, openSource } from '../../capture/source.ts';
import { Anomaly } from '../../common/anomaly.ts';
import { type ByteStream, streamOfSource } from './byte-stream.ts';
import type { FeedEnd } from './input.ts';
import { plain } from './tally.ts';

/** Bytes at the beginning of a file that tell it from another one with the same inode. */
export const HEAD_BYTES = 4096;
/** Enough (decoded) for a file header and the longest packet that is believed. */
const BEGIN_BYTES = 320 * 1024;
const BEGIN_PIECE = 64 * 1024;

/** A regular file as lstat sees it. */
export interface FileFacts {
  /** Name as stored: any bytes but NUL and `/`. */
  readonly name: Buffer;
  /** The same for people, patterns and order. */
  readonly text: string;
  /** `device:inode`. */
  readonly key: string;
  readonly size: number;
  /** Nanoseconds since the epoch. */
  readonly mtime: bigint;
  readonly ctime: bigint;
}

interface BigStats {
  isFile(): boolean;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export function factsOf(name: Buffer, stats: BigStats): FileFacts {
  return {
    name,
    text: plain(name.toString('utf8')),
    key: `${stats.dev}:${stats.ino}`,
    size: Number(stats.size),
    mtime: stats.mtimeNs,
    ctime: stats.ctimeNs,
  };
}

/** Path of a file in a directory; names need not be valid UTF-8. */
export function pathIn(directory: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), name]);
}

/**
 * The regular files of a directory whose names match, none from folders in it; symbolic links are not followed. The listing
 * comes before any size: a file that is in it had begun before the others were looked at. `gone` is called for each that
 * has another name or none by then. Rejects where the directory cannot be read.
 */
export async function listFiles(
  directory: string,
  matches: (text: string) => boolean,
  gone: () => void = () => undefined,
): Promise<FileFacts[]> {
  const found: FileFacts[] = [];
  for (const name of await readdir(directory, { encoding: 'buffer' })) {
    if (!matches(name.toString('utf8'))) continue;
    try {
      const stats = await lstat(pathIn(directory, name), { bigint: true });
      if (stats.isFile()) found.push(factsOf(name, stats));
    } catch {
      gone();
    }
  }
  return found;
}

/** A regular file in this very turn; null where there is none of that name. Throws where that cannot be told. */
export function factsNow(directory: string, name: Buffer): FileFacts | null {
  const stats = lstatSync(pathIn(directory, name), { bigint: true, throwIfNoEntry: false });
  return stats?.isFile() === true ? factsOf(name, stats) : null;
}

/** Opens for reading, never through a symbolic link and never waiting. Rejects as fs.open does. */
export function openPlain(directory: string, name: Buffer): Promise<FileHandle> {
  return open(pathIn(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Opens that very file; null where its name is gone or leads to another one by now. Rejects where it cannot be read. */
export async function openSame(directory: string, facts: FileFacts): Promise<FileHandle | null> {
  let handle: FileHandle;
  try {
    handle = await openPlain(directory, facts.name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const { key } = factsOf(facts.name, await handle.stat({ bigint: true }));
  if (key === facts.key) return handle;
  await handle.close();
  return null;
}

/** SHA-256 of the first bytes of a file, and of how many. */
export interface Head {
  readonly hash: string;
  readonly length: number;
}

/** The head of an open file, of at most `length` bytes. */
export async function headOf(handle: FileHandle, length: number): Promise<Head> {
  const bytes = await firstBytes(handle, length);
  return { hash: hashOf(bytes), length: bytes.length };
}

async function firstBytes(handle: FileHandle, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let have = 0;
  while (have < length) {
    const { bytesRead } = await handle.read(buffer, have, length - have, have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return buffer.subarray(0, have);
}

/** The bytes of an open file from its beginning, decompressed: that very file, whatever has its name by now. */
export function sourceOf(handle: FileHandle, directory: string, name: Buffer): Promise<ByteSource> {
  return openSource(platform === 'linux' ? `/proc/self/fd/${handle.fd}` : pathIn(directory, name).toString('utf8'));
}

/** The bytes of `source`. `tell` is called with a head that covers them (up to its full length) before more of them are given. */
export function streamOfFile(
  handle: FileHandle,
  source: ByteSource,
  head: Head,
  tell: (head: Head) => void,
): ByteStream {
  const stream = streamOfSource(source);
  let known = head;
  const next = async (): Promise<Uint8Array | null> => {
    const bytes = await stream.next();
    if (known.length < HEAD_BYTES && source.consumed > known.length) {
      known = await fullerHead(handle, known);
      tell(known);
    }
    return bytes;
  };
  return { immediate: stream.immediate, next };
}

/**
 * The head of a file that has grown since `head` was taken; `head` itself where the file does not begin so any more. Files
 * with nothing but a header all look the same: a packet must be in it to tell them apart.
 */
async function fullerHead(handle: FileHandle, head: Head): Promise<Head> {
  const bytes = await firstBytes(handle, HEAD_BYTES);
  if (hashOf(bytes.subarray(0, head.length)) !== head.hash) return head;
  return { hash: hashOf(bytes), length: bytes.length };
}

export interface Beginning {
  readonly compressed: boolean;
  /** Time of the first packet, µs; null where there is none (yet) or it cannot be told. */
  readonly time: number | null;
}

/** When a capture began; null where it is gone. Total: what cannot be read has no beginning. */
export async function beginningOf(directory: string, facts: FileFacts): Promise<Beginning | null> {
  let compressed = false;
  let handle: FileHandle | null = null;
  let source: ByteSource | null = null;
  try {
    handle = await openSame(directory, facts);
    if (handle === null) return null;
    const head = new Uint8Array(SNIFF_BYTES);
    const { bytesRead } = await handle.read(head, 0, SNIFF_BYTES, 0);
    compressed = compressionOf(head.subarray(0, bytesRead)) !== null;
    source = await sourceOf(handle, directory, facts.name);
    return { compressed, time: await firstTime(source) };
  } catch {
    return { compressed, time: null };
  } finally {
    await source?.close();
    await handle?.close();
  }
}

async function firstTime(source: ByteSource): Promise<number | null> {
  const reader = new CaptureReader(0);
  const bytes = new Uint8Array(BEGIN_PIECE);
  const view = new DataView(bytes.buffer);
  let time: number | null = null;
  const sink = {
    onFrame: (frame: { readonly time: number }): void => {
      time ??= frame.time;
    },
  };
  for (let have = 0; have < BEGIN_BYTES && time === null && !reader.stopped; ) {
    const count = await source.read(bytes);
    if (count === 0) break;
    reader.feed(bytes, view, 0, count, sink);
    have += count;
  }
  return time;
}

/** Damage of the compression is damage of the file; a download cut short of which nothing could be decoded, too. */
export function withSource(end: FeedEnd, source: ByteSource): FeedEnd {
  const { damage } = source;
  if (damage === null) return end;
  const cutOff = damage.anomaly === Anomaly['capture.truncated_file'];
  const failure = end.failure !== null && end.packets + end.records === 0 && cutOff ? null : end.failure;
  return { ...end, failure, damage: end.damage ?? damage };
}
