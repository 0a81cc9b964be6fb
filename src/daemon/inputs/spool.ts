/** A directory into which another program rotates captures or flow logs: each file once, in order. */
import type { FileHandle } from 'node:fs/promises';
import { matchesGlob, resolve } from 'node:path';
import { errorCode } from '../../capture/capture-error.ts';
import { type ByteSource, systemReason } from '../../capture/source.ts';
import type { SpoolInputConfig } from '../config/types.ts';
import type { InputStatus } from '../status.ts';
import { type PumpEnd, pump } from './byte-stream.ts';
import type { InputContext, InputDriver } from './input.ts';
import { disposeOf } from './spool-dispose.ts';
import {
  type FileFacts,
  factsOf,
  HEAD_BYTES,
  type Head,
  headOf,
  listFiles,
  openPlain,
  sourceOf,
  streamOfFile,
  withSource,
} from './spool-file.ts';
import { lastOfSeries, mayGo, readyEntries, type SpoolEntry } from './spool-order.ts';
import { type DoneRecord, newRecord, readPosition, type SpoolPosition } from './spool-position.ts';
import { hasHead, SpoolStore } from './spool-store.ts';
import { DirectoryWatch } from './spool-watch.ts';
import { plain, Tally } from './tally.ts';

/** Looks in a row at a directory that changes under each of them. */
const MAX_LOOKS = 4;

/** A spool that also says when it has nothing to do until its next timer. */
export interface SpoolDriver extends InputDriver {
  idle(): Promise<void>;
}

export interface SpoolSystem {
  /** Ask the system to tell of new files; rescanning finds them in any case. */
  readonly watch: boolean;
}

/** A spool directory as an input; docs/daemon-inputs.md. */
export function createSpoolInput(
  config: SpoolInputConfig,
  context: InputContext,
  system: SpoolSystem = { watch: true },
): SpoolDriver {
  return new SpoolInput(config, context, system);
}

class SpoolInput implements SpoolDriver {
  private readonly config: SpoolInputConfig;
  private readonly context: InputContext;
  private readonly system: SpoolSystem;
  private readonly tally: Tally;
  private readonly store: SpoolStore;
  private queue: SpoolEntry[] = [];
  /** The file under way, with what an earlier reading had taken. */
  private current: DoneRecord | null = null;
  /** It has a feed: the engine can tell how far it has come. */
  private feeding = false;
  private reading: SpoolEntry | null = null;
  /** The file that an earlier process left in the middle. */
  private resume: DoneRecord | null = null;
  private missedOnce = false;
  private looks = 0;
  /** Done by the last position given; and those of positions that are on disk. */
  private counted = new Set<string>();
  private readonly disposable = new Set<string>();
  private halted = false;
  private running: Promise<void> | null = null;
  private scanDue = true;
  private disposeDue = true;
  private wake: (() => void) | null = null;
  private idlers: (() => void)[] = [];
  private cancelScan: () => void = () => undefined;
  private readonly watch: DirectoryWatch;
  private directoryProblem: string | null = null;
  private disposeProblem: string | null = null;
  private fileProblem: string | null = null;
  private vanished = 0;

  constructor(config: SpoolInputConfig, context: InputContext, system: SpoolSystem) {
    this.config = config;
    this.context = context;
    this.system = system;
    this.tally = new Tally(config, 'spool', config.format);
    this.store = new SpoolStore(config.directory, config.format === 'capture');
    this.watch = new DirectoryWatch(config.directory, context, () => {
      this.scanDue = true;
      this.wake?.();
    });
  }

  start(position: unknown): void {
    if (this.running !== null) return;
    const { whenDone, moveTo, directory } = this.config;
    if (whenDone === 'move' && (moveTo === null || resolve(moveTo) === resolve(directory))) {
      this.tally.state = 'failed';
      this.tally.problem = '"when_done: move" needs "move_to", a folder other than the spool itself';
      return;
    }
    const known = readPosition(position);
    if (known === null && position !== null && position !== undefined) {
      this.context.log.warn(
        { input: this.config.name },
        'position of the spool cannot be read: every file is read anew',
      );
    }
    for (const record of known?.done ?? []) {
      this.store.records.set(record.key, record);
      this.disposable.add(record.key);
    }
    this.resume = this.current = known?.current ?? null;
    this.armScan();
    this.running = this.run();
  }

  status(): InputStatus {
    const now = this.context.clock();
    let filesWaiting = 0;
    let bytesWaiting = 0;
    let oldest = now;
    for (const entry of this.store.entries.values()) {
      if (entry.done || entry === this.reading || entry.facts.size === 0) continue;
      filesWaiting++;
      bytesWaiting += entry.facts.size;
    }
    const behind = this.reading === null ? this.queue : [this.reading, ...this.queue];
    for (const { facts } of behind) oldest = Math.min(oldest, Number(facts.mtime / 1000n));
    return this.tally.status({ lag: (now - oldest) / 1e6, filesWaiting, bytesWaiting });
  }

  async stop(): Promise<void> {
    this.halted = true;
    this.cancelScan();
    this.watch.close();
    this.wake?.();
    await this.running;
    if (this.tally.state !== 'failed') this.tally.state = 'stopped';
  }

  position(taken: (input: number) => number): SpoolPosition {
    const { current } = this;
    this.counted = new Set(this.store.records.keys());
    // What an earlier process had taken stands until the engine has passed over it again.
    const reached = current === null || !this.feeding ? 0 : taken(current.input);
    const now = current === null ? null : { ...current, taken: Math.max(current.taken, reached) };
    return { version: 1, done: [...this.store.records.values()], current: now };
  }

  committed(): void {
    for (const key of this.counted) this.disposable.add(key);
    this.counted.clear();
    this.disposeDue = true;
    this.wake?.();
  }

  idle(): Promise<void> {
    if (this.running === null || this.halted) return Promise.resolve();
    return new Promise((resolve) => {
      this.idlers.push(resolve);
      this.wake?.();
    });
  }

  private armScan(): void {
    this.cancelScan = this.context.after(this.config.rescan, () => {
      this.scanDue = true;
      this.wake?.();
      this.armScan();
    });
  }

  private async run(): Promise<void> {
    while (!this.halted) {
      if (this.scanDue) await this.scan();
      else if (this.disposeDue) await this.dispose();
      else if (this.queue.length > 0) await this.read(this.queue.shift() as SpoolEntry, null);
      else {
        if (this.directoryProblem === null) this.tally.state = 'waiting';
        for (const resolve of this.idlers.splice(0)) resolve();
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        this.wake = null;
      }
    }
    for (const resolve of this.idlers.splice(0)) resolve();
  }

  private async scan(): Promise<void> {
    this.scanDue = false;
    this.disposeDue = true;
    const { directory, pattern, settle, name } = this.config;
    let vanished: readonly string[];
    let whole = true;
    const again = ++this.looks < MAX_LOOKS;
    try {
      const gone = (): void => void (whole = false);
      const files = await listFiles(directory, (text) => matchesGlob(text, pattern), gone);
      ({ vanished, whole } = await this.store.look(files, this.context.clock(), whole, again));
    } catch (error) {
      if (this.directoryProblem === null) {
        this.tally.restarts++;
        this.context.log.warn({ input: name }, `spool: ${plain(directory)}: ${systemReason(error)}`);
      }
      this.directoryProblem = `${directory}: ${errorCode(error) === 'ENOENT' ? 'no such folder' : systemReason(error)}; looking again every ${this.config.rescan} s`;
      this.tally.state = 'restarting';
      this.queue = [];
      this.watch.close();
      this.tell();
      return;
    }
    this.directoryProblem = null;
    // New names bring the next look forward.
    if (this.system.watch && !this.halted) this.watch.listen();
    for (const file of vanished) this.lost(file);
    this.tell();
    // What has another name by now may be the one to be read first.
    this.scanDue ||= !whole && again;
    if (!whole && again) return;
    this.looks = 0;
    if (this.resume !== null && !(await this.goOn(this.resume))) return;
    if (this.resume === null) this.queue = readyEntries(this.store.entries.values(), this.context.clock(), settle);
  }

  /** Reads the rest of what an earlier process left in the middle; false where it is not found and looked for once more. */
  private async goOn(record: DoneRecord): Promise<boolean> {
    const entry = await this.store.find(record);
    if (entry === null && !this.missedOnce) {
      this.missedOnce = true;
      return false;
    }
    this.resume = null;
    this.missedOnce = false;
    if (entry !== null) await this.read(entry, record);
    else {
      this.current = null;
      this.lost(record.name);
    }
    return true;
  }

  /** Reads one file into a feed of its own; `before`: what was taken of it already. */
  private async read(entry: SpoolEntry, before: DoneRecord | null): Promise<void> {
    const { directory } = this.config;
    this.reading = entry;
    this.tally.state = 'running';
    let handle: FileHandle | null = null;
    let source: ByteSource | null = null;
    try {
      handle = await openPlain(directory, entry.facts.name);
      const facts = factsOf(entry.facts.name, await handle.stat({ bigint: true }));
      if (facts.key !== entry.facts.key) {
        // Another file has taken the name since the last look.
        this.scanDue = true;
        this.resume = before;
        return;
      }
      entry.facts = facts;
      const head = await headOf(handle, HEAD_BYTES);
      const grown = this.store.records.get(facts.key) ?? null;
      const known = before ?? (grown !== null && (await hasHead(handle, grown)) ? grown : null);
      source = await sourceOf(handle, directory, facts.name);
      await this.feedFile(entry, handle, source, head, known, before !== null);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') {
        // Renamed, compressed or deleted meanwhile: the next looks tell which.
        this.scanDue = true;
        this.resume = before;
      } else this.failed(entry, error, handle, before);
    } finally {
      await source?.close();
      await handle?.close();
      this.reading = null;
      this.tell();
    }
  }

  private async feedFile(
    entry: SpoolEntry,
    handle: FileHandle,
    source: ByteSource,
    head: Head,
    before: DoneRecord | null,
    continued: boolean,
  ): Promise<void> {
    const { facts } = entry;
    const { context, tally, config } = this;
    const resume = before === null ? undefined : { skip: before.taken, input: before.input };
    const feed = context.open(config.format, `${config.directory}/${facts.text}`, resume);
    const skip = resume?.skip ?? 0;
    tally.opened(feed, skip);
    this.current = newRecord(facts, head, { input: feed.input, taken: skip }, entry.begin);
    this.feeding = true;
    let how: PumpEnd = 'end';
    let fault: unknown = null;
    const stream = streamOfFile(handle, source, head, ({ hash, length }) => {
      if (this.current !== null) this.current = { ...this.current, head: hash, headLength: length };
    });
    try {
      how = await pump(stream, feed, tally, context.clock, () => this.halted);
    } catch (error) {
      fault = error;
    }
    if (how === 'halted') {
      // Not its end: the next process goes on behind what the engine has taken.
      tally.closed(null, false);
      return;
    }
    const stopped = feed.stopped;
    const end = withSource(await feed.end(), source);
    // A file that grew after all counts once.
    const taken = tally.closed(end, before === null || continued);
    const failed = end.failure !== null;
    if (fault !== null) tally.filesFailed++;
    const outcome = failed ? 'failed' : stopped || fault !== null ? 'damaged' : 'read';
    const size = Math.max(facts.size, source.consumed);
    this.store.records.set(facts.key, { ...this.current, size, taken, outcome });
    // An earlier position on disk does not know of what was read just now.
    this.disposable.delete(facts.key);
    this.counted.delete(facts.key);
    this.current = null;
    this.feeding = false;
    entry.done = true;
    const wrong = fault !== null ? systemReason(fault) : (end.failure ?? end.damage?.reason ?? null);
    if (wrong !== null) context.log.warn({ input: config.name, file: facts.text }, `spool: ${plain(wrong)}`);
    this.fileProblem = fault === null && !failed ? null : `${facts.text}: ${wrong}`;
  }

  /** It cannot be read at all: counted once, and tried again only when it changes. */
  private failed(entry: SpoolEntry, error: unknown, handle: FileHandle | null, before: DoneRecord | null): void {
    this.store.refuse(entry);
    this.current = null;
    // Of size 0: should it be readable later, it has grown, and what was not taken follows.
    if (before !== null) this.store.records.set(entry.facts.key, { ...before, key: entry.facts.key, size: 0 });
    this.tally.files++;
    this.tally.filesFailed++;
    const opened = handle === null ? '' : `/proc/self/fd/${handle.fd}: `;
    const why = systemReason(error).replace(opened, '');
    this.fileProblem = `${entry.facts.text}: ${why}`;
    this.context.log.warn({ input: this.config.name, file: entry.facts.text }, `spool: ${plain(why)}`);
  }

  private lost(file: string): void {
    this.vanished++;
    this.tally.filesFailed++;
    this.fileProblem = `${file}: gone or overwritten before it was read (${this.vanished} in all); the spool keeps too few files`;
    this.context.log.warn({ input: this.config.name, file }, 'spool: gone or overwritten before it was read');
    this.tell();
  }

  /** Moves or deletes what a saved position counts as done, once it is quiet: a file that still grows is read on first. */
  private async dispose(): Promise<void> {
    this.disposeDue = false;
    const { whenDone, moveTo, settle } = this.config;
    if (whenDone === 'keep') return this.disposable.clear();
    let problem: string | null = null;
    const last = lastOfSeries(this.disposable.size === 0 ? [] : this.store.entries.values());
    for (const key of this.disposable) {
      if (this.halted) return;
      const record = this.store.records.get(key);
      const entry = this.store.entries.get(key);
      if (record === undefined || record.outcome === 'failed') this.disposable.delete(key);
      if (record === undefined || record.outcome === 'failed' || entry === undefined || !entry.done) continue;
      const { facts } = entry;
      const unchanged = (now: FileFacts): boolean =>
        mayGo(entry, now, record.size, this.context.clock(), settle, last.has(entry));
      try {
        if (!(await disposeOf(this.config, facts.name, unchanged))) continue;
        this.disposable.delete(key);
        this.store.records.delete(key);
        this.store.entries.delete(key);
      } catch (error) {
        problem = `${facts.text}: cannot be ${whenDone === 'move' ? `moved to ${moveTo}` : 'deleted'}: ${systemReason(error)}`;
      }
    }
    if (problem !== null && this.disposeProblem === null) {
      this.context.log.warn({ input: this.config.name }, `spool: ${plain(problem)}`);
    }
    this.disposeProblem = problem;
    this.tell();
  }

  private tell(): void {
    this.tally.problem = this.directoryProblem ?? this.disposeProblem ?? this.fileProblem;
  }
}
