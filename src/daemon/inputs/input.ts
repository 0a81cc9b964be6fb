/** What an input of the daemon is, and what it needs from it. */
import type { LogFormat } from '../../flowrecord/record.ts';
import type { InputStatus } from '../status.ts';

/** Structured log lines: what happened, and facts about it. */
export interface Log {
  debug(facts: Readonly<Record<string, unknown>>, message: string): void;
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** What reading one capture or log came to. */
export interface FeedEnd {
  readonly packets: number;
  readonly records: number;
  readonly damage: { readonly offset: number; readonly reason: string } | null;
  /** One line where it is nothing that can be read. */
  readonly failure: string | null;
}

/** One capture or log on its way into the engine. Bytes are those of the file after decompression. */
export interface Feed {
  /** Number of the input in indications; never used twice for different files. */
  readonly input: number;
  /** Packets or records given to the engine so far, including those skipped. */
  readonly taken: number;
  /** Capture time of the newest of them, µs; 0 = none. */
  readonly lastTime: number;
  /** How late the newest of them is at `now` (wall clock), µs; where other threads tell it, when they told last. Null: not known. */
  lag(now: number): number | null;
  /** Further bytes would be ignored: the file has stopped making sense. */
  readonly stopped: boolean;
  /**
   * Takes bytes [off, end), which may be reused once it has returned (and its promise, if any, has settled). A promise says
   * that the engine is behind: wait for it before more is fed.
   */
  feed(bytes: Uint8Array, off: number, end: number): Promise<void> | undefined;
  /** Call once, at the end. */
  end(): Promise<FeedEnd>;
}

/** What the daemon gives to a driver. Nothing of it throws. */
export interface InputContext {
  readonly log: Log;
  /** Wall clock, µs. */
  readonly clock: () => number;
  /**
   * Opens a way into the engine. `name` stands as the file in evidence. `skip`: packets or records at the beginning that an
   * earlier process has worked off. `input`: number given to this file by an earlier process, with `skip`.
   */
  open(format: 'capture' | LogFormat, name: string, resume?: { readonly skip: number; readonly input: number }): Feed;
  /** Timers, so that tests need no waiting: calls back after `seconds`; the result cancels. */
  after(seconds: number, run: () => void): () => void;
}

/** One configured input. Its failures are states, never exceptions, and touch no other input. */
export interface InputDriver {
  /** Begins to take input, from where `position` says (what `position` of an earlier process gave; null = from the start). */
  start(position: unknown): void;
  status(): InputStatus;
  /** Stops taking input; settles once nothing more will be fed. What was taken has been fed. */
  stop(): Promise<void>;
  /**
   * Where it stands, as JSON, called in the same turn in which the engine's state is taken: everything fed so far is in that
   * state and nothing else. `taken`: packets or records that the engine had worked off of a file, by input number.
   */
  position(taken: (input: number) => number): unknown;
  /** The state with the last `position` is on disk: files that it counts as done may be moved or deleted now. */
  committed(): void;
}
