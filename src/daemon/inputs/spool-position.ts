/** What a spool input remembers from one process to the next. */
import * as v from 'valibot';
import { type FileFacts, HEAD_BYTES, type Head } from './spool-file.ts';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Nanoseconds = v.pipe(v.string(), v.regex(/^-?\d{1,20}$/));

/**
 * One file that was read, by device, inode, size when complete and SHA-256 of its first `headLength` bytes (at most 4 KiB).
 * `taken` and `input`: what the engine got of it, under which number; should it grow after all, the rest follows.
 */
export interface DoneRecord {
  /** `device:inode`. */
  readonly key: string;
  readonly name: string;
  readonly size: number;
  /** Nanoseconds since the epoch. */
  readonly mtime: string;
  readonly head: string;
  readonly headLength: number;
  readonly input: number;
  readonly taken: number;
  /** µs, for the order; null = not known. */
  readonly begin: number | null;
  /** Read to its end; `failed`: nothing that can be read; `damaged`: bytes after the damage are not looked at. */
  readonly outcome: 'read' | 'damaged' | 'failed';
}

export interface SpoolPosition {
  readonly version: 1;
  readonly done: readonly DoneRecord[];
  /** The file under way; its `size` is that when it was opened. */
  readonly current: DoneRecord | null;
}

/** The record of a file that is about to be read. */
export function newRecord(
  facts: FileFacts,
  head: Head,
  feed: Pick<DoneRecord, 'input' | 'taken'>,
  begin: number | null,
): DoneRecord {
  const { key, text: name, size, mtime } = facts;
  const { input, taken } = feed;
  const fixed = { key, name, size, mtime: String(mtime), input, taken, begin, outcome: 'read' } as const;
  return { ...fixed, head: head.hash, headLength: head.length };
}

const Done: v.GenericSchema<unknown, DoneRecord> = v.object({
  key: v.pipe(v.string(), v.regex(/^\d{1,20}:\d{1,20}$/)),
  name: v.string(),
  size: Count,
  mtime: Nanoseconds,
  head: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  headLength: v.pipe(Count, v.maxValue(HEAD_BYTES)),
  input: Count,
  taken: Count,
  begin: v.nullable(v.number()),
  outcome: v.picklist(['read', 'damaged', 'failed']),
});

const Position: v.GenericSchema<unknown, SpoolPosition> = v.object({
  version: v.literal(1),
  done: v.array(Done),
  current: v.nullable(Done),
});

/** A position as an earlier process wrote it; null where it is none. */
export function readPosition(value: unknown): SpoolPosition | null {
  const parsed = v.safeParse(Position, value);
  return parsed.success ? parsed.output : null;
}
