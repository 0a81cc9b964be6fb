/** Where a flow log stands, as it is kept over restarts. */
import * as v from 'valibot';
import { HEAD_BYTES } from './spool-file.ts';

/** Files read before that are remembered; one that is written to so late was rotated long ago. */
const MAX_READ = 64;

/** The file under way: `device:inode`, its first bytes, and what was taken of it under which number. */
export interface LogPosition {
  readonly version: 1;
  readonly key: string;
  readonly head: string;
  readonly headLength: number;
  readonly input: number;
  readonly taken: number;
  /** When it was changed last, as far as it was looked at: nanoseconds since the epoch. Null: not known. */
  readonly mtime: string | null;
  /** Marks of files that were read to their end: one that is written to after that looks newer than this one. */
  readonly read: readonly string[];
}

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Mark = v.pipe(v.string(), v.regex(/^\d{1,20}:\d{1,20}:\d{1,20}$/));

export const Position: v.GenericSchema<unknown, LogPosition> = v.object({
  version: v.literal(1),
  key: v.pipe(v.string(), v.regex(/^\d{1,20}:\d{1,20}$/)),
  head: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  headLength: v.pipe(Count, v.maxValue(HEAD_BYTES)),
  input: Count,
  taken: Count,
  // Not there in positions of earlier versions.
  mtime: v.optional(v.nullable(v.pipe(v.string(), v.regex(/^\d{1,20}$/))), null),
  read: v.optional(v.pipe(v.array(Mark), v.maxLength(MAX_READ)), []),
});

/** `position` with one more file that was read to its end. */
export function withRead(position: LogPosition, mark: string): LogPosition {
  return { ...position, read: [...withoutRead(position.read, mark), mark].slice(-MAX_READ) };
}

export function withoutRead(read: readonly string[], mark: string): readonly string[] {
  return read.filter((other) => other !== mark);
}

/** Whether the file of a position was itself read to its end. */
export function isRead(position: LogPosition): boolean {
  return position.read.some((mark) => mark.startsWith(`${position.key}:`));
}

interface BigStats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly birthtimeNs: bigint;
}

/** `device:inode`. */
export function keyOf(stats: Pick<BigStats, 'dev' | 'ino'>): string {
  return `${stats.dev}:${stats.ino}`;
}

/** Key and time of birth: a number of an inode is given again. Some file systems have no such time, and 0 in its place. */
export function markOf(stats: BigStats): string {
  const { birthtimeNs } = stats;
  return `${keyOf(stats)}:${birthtimeNs > 0n ? birthtimeNs : 0n}`;
}
