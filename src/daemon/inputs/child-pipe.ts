/** A pipe through which a child program hands over what it writes. */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteSource, RawSource } from '../../capture/source.ts';
import { findProgram } from './capture-program.ts';

export interface ChildPipe {
  /** What is written into the pipe; at its end once the last writer has gone. */
  readonly source: ByteSource;
  /** Descriptor of its other end, for the child. */
  readonly write: number;
  /** The child has the other end, or will never have it: it is closed here, and the pipe loses its name. */
  handedOver(): Promise<void>;
}

/**
 * Node gives a child a socket in place of a pipe. A program that writes each packet by itself then costs a message a packet in the
 * kernel, and each read a new buffer (docs/live-capture.md measures what that comes to). So the pipe is a FIFO that has a name until the
 * child runs, and one that AppArmor's profile of tcpdump lets it write to. `path`: folders as in PATH. Null where there is no
 * mkfifo or no place for it.
 */
export async function makePipe(path: string): Promise<ChildPipe | null> {
  const mkfifo = findProgram('mkfifo', path);
  if (mkfifo === null) return null;
  let folder: string | null = null;
  let guard = -1;
  let write = -1;
  try {
    folder = await mkdtemp(join(tmpdir(), 'poolprint-pipe-'));
    const name = join(folder, 'pipe.pcap');
    await new Promise<void>((resolve, reject) => {
      execFile(mkfifo, ['-m', '600', name], { env: {}, cwd: '/' }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    // With both ends open it neither keeps the next one waiting nor is at its end before anything was written.
    guard = openSync(name, constants.O_RDWR | constants.O_NONBLOCK);
    write = openSync(name, constants.O_WRONLY);
    const source = await RawSource.open(name);
    const [descriptor, place] = [write, folder];
    const handedOver = async (): Promise<void> => {
      closeSync(descriptor);
      // A name that stays does no harm.
      await rm(place, { recursive: true, force: true }).catch(() => undefined);
    };
    return { source, write, handedOver };
  } catch {
    if (write >= 0) closeSync(write);
    if (folder !== null) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return null;
  } finally {
    if (guard >= 0) closeSync(guard);
  }
}
