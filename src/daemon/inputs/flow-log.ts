/** One flow log: a file, followed where that is wanted, or a stream. */
import { constants, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import * as v from 'valibot';
import { errorCode } from '../../capture/capture-error.ts';
import { compressionOf, SNIFF_BYTES } from '../../capture/format.ts';
import { type ByteSource, systemReason } from '../../capture/source.ts';
import type { FlowLogInputConfig } from '../config/types.ts';
import type { InputStatus } from '../status.ts';
import { type ByteStream, pump, streamOfSource } from './byte-stream.ts';
import { isRead, keyOf, type LogPosition, markOf, Position, withoutRead, withRead } from './flow-log-position.ts';
import { findAgain, laterThan, type Rotated } from './flow-log-rotation.ts';
import type { Feed, InputContext, InputDriver } from './input.ts';
import { Pause } from './pause.ts';
import { StreamInput } from './pipe.ts';
import { HEAD_BYTES, hashOf, headOf, sourceOf } from './spool-file.ts';
import { plain, Tally } from './tally.ts';

/** How often a file is looked at for more, and for a new one in its place (s). */
const LOOK = 1;
/** How long a file that lost its name has to give nothing (s): its writer may be told only then, or still write what it holds. */
const LINGER = 5;
const AGAIN = 5;
const PIECE = 256 * 1024;

/** A flow log as an input; docs/daemon-inputs.md. */
export function createFlowLogInput(config: FlowLogInputConfig, context: InputContext): InputDriver {
  if (config.path === '-' || isStream(config.path)) return new StreamInput(config, 'flow-log', config.format, context);
  return new FlowLogInput(config, context);
}

function isStream(path: string): boolean {
  try {
    const kind = statSync(path);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false; // not there yet, or not to be looked at: told when it is opened
  }
}

/** A file about to be read. */
interface Opened {
  readonly handle: FileHandle;
  readonly path: string;
  readonly key: string;
  readonly mark: string;
  readonly mtime: bigint;
  /** Where it is to be read on; null: from its beginning. */
  readonly resume: LogPosition | null;
  /** Later files of the same log wait: nobody writes to this one any more. */
  readonly more: boolean;
}

/** `done`: read and not followed; `replaced`: another file has its name; `halted`: told to stop. */
type FileEnd = 'done' | 'replaced' | 'halted';

class FlowLogInput implements InputDriver {
  private readonly config: FlowLogInputConfig;
  private readonly context: InputContext;
  private readonly tally: Tally;
  private readonly pause: Pause;
  /** The file under way, or the one that was read last. */
  private current: LogPosition | null = null;
  /** The latter: it was read to its end, or is gone. */
  private over = false;
  private feed: Feed | null = null;
  private handle: FileHandle | null = null;
  /** First bytes of the file under way, as far as they were read, and whether it was cut off under us. */
  private readonly head = new Uint8Array(HEAD_BYTES);
  private headHave = 0;
  private cut = false;
  /** Marks of rotated files that were told to be unreadable. */
  private readonly unreadable: Set<string> = new Set();
  private halted = false;
  private running: Promise<void> | null = null;

  constructor(config: FlowLogInputConfig, context: InputContext) {
    this.config = config;
    this.context = context;
    this.tally = new Tally(config, 'flow-log', config.format);
    this.pause = new Pause(context);
  }

  start(position: unknown): void {
    if (this.running !== null) return;
    const known = v.safeParse(Position, position);
    this.current = known.success ? known.output : null;
    this.running = this.run();
  }

  status(): InputStatus {
    return this.tally.status({ lag: this.config.follow ? this.tally.streamLag(this.context.clock()) : 0 });
  }

  async stop(): Promise<void> {
    this.halted = true;
    this.pause.end();
    await this.running;
    if (this.tally.state !== 'done') this.tally.state = 'stopped';
  }

  position(taken: (input: number) => number): unknown {
    const { current } = this;
    if (current === null || this.feed === null) return current;
    return this.takenOf(current, taken(current.input));
  }

  /** The position with what has become known of the file since it was opened. */
  private takenOf(current: LogPosition, taken: number): LogPosition {
    const longer = this.headHave > current.headLength;
    const head = longer ? hashOf(this.head.subarray(0, this.headHave)) : current.head;
    const headLength = longer ? this.headHave : current.headLength;
    return { ...current, head, headLength, taken: Math.max(current.taken, taken) };
  }

  committed(): void {
    // The file belongs to whoever writes it.
  }

  private async run(): Promise<void> {
    while (!this.halted) {
      try {
        if ((await this.readFile()) === 'done') {
          this.tally.state = 'done';
          return;
        }
      } catch (error) {
        await this.leave();
        if (errorCode(error) === 'ENOENT' && this.config.follow) {
          this.tally.state = 'waiting';
          this.tally.problem = null;
          await this.pauseFor(LOOK);
        } else {
          this.tally.state = 'restarting';
          this.tally.restarts++;
          const why = error instanceof Error && error.name === 'InputError' ? error.message : systemReason(error);
          this.tally.problem = `${this.config.path}: ${why}; trying again in ${AGAIN} s`;
          await this.pauseFor(AGAIN);
        }
      }
    }
  }

  private async pauseFor(seconds: number): Promise<void> {
    if (!this.halted) await this.pause.wait(seconds);
  }

  /** The feed of a file that cannot be read on. */
  private async leave(): Promise<void> {
    if (this.feed !== null) {
      await this.feed.end();
      const taken = this.tally.closed(null, false);
      if (this.current !== null) this.current = this.takenOf(this.current, taken);
    }
    this.feed = null;
    await this.handle?.close().catch(() => undefined);
    this.handle = null;
  }

  /** Opens what is to be read: the file under way, else the next one that rotation left, else the one that has the name. */
  private async next(): Promise<Opened> {
    const { config, current } = this;
    if (current === null) return this.openFile(config.path);
    // The name may lead to a file again that was read to its end without it.
    const back = this.over && !this.cut && (await this.nameLeadsTo(current.key));
    if (!this.over || back) {
      const again = await this.openAgain(current);
      if (again !== null) return again;
      if (!back) {
        if (!isRead(current)) this.warn('the file that was under way is gone; what was left of it is lost');
        this.tellCompressed((await laterThan(config.path, current, null)).compressed);
      }
      this.over = true;
      this.cut = await this.nameLeadsTo(current.key);
    }
    // Of a file that is cut in place, rotation makes copies; what they hold was read.
    if (!config.follow || this.cut) return this.openFile(config.path);
    // Opened before the folder is looked at: a file that is renamed after that is this very one.
    let missing: unknown = null;
    const own = await this.openFile(config.path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      missing = error;
      return null;
    });
    const { files } = await laterThan(config.path, current, own?.key ?? null);
    try {
      for (const [place, file] of files.entries()) {
        const opened = await this.openRotated(file);
        if (opened === null) continue;
        await own?.handle.close();
        return { ...opened, more: place + 1 < files.length };
      }
    } catch (error) {
      await own?.handle.close();
      throw error;
    }
    if (own === null) throw missing;
    this.handle = own.handle;
    return own;
  }

  private async openFile(path: string): Promise<Opened> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.handle = handle;
    const stats = await handle.stat({ bigint: true });
    return {
      handle,
      path,
      key: keyOf(stats),
      mark: markOf(stats),
      mtime: stats.mtimeNs,
      resume: null,
      more: false,
    };
  }

  /** The file of a position, whatever its name is by now; null where it is gone. */
  private async openAgain(position: LogPosition): Promise<Opened | null> {
    const { config } = this;
    const path = await findAgain(config.path, position);
    if (path === null) return null;
    const opened = await this.openFile(path);
    const same = opened.key === position.key;
    if (!same || (await headOf(opened.handle, position.headLength)).hash !== position.head) {
      await opened.handle.close();
      return null;
    }
    if (path === config.path || !config.follow) return { ...opened, resume: position };
    const later = await laterThan(config.path, { ...position, mtime: String(opened.mtime) }, position.key);
    this.tellCompressed(later.compressed);
    return { ...opened, resume: position, more: later.files.length > 0 };
  }

  /** Null where it was renamed again meanwhile, or may not be read: that shall not keep the others waiting. */
  private async openRotated(file: Rotated): Promise<Opened | null> {
    try {
      const opened = await this.openFile(file.path);
      if (opened.key === file.key) return opened;
      await opened.handle.close();
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'EPERM') throw error;
      if (code !== 'ENOENT' && !this.unreadable.has(file.mark)) {
        this.warn(`left out: ${file.name}: ${systemReason(error)}`);
        this.unreadable.add(file.mark);
      }
    }
    return null;
  }

  private tellCompressed(names: readonly string[]): void {
    if (names.length > 0 && this.config.follow)
      this.warn(`rotated and compressed before it was read, and left out: ${names.join(', ')}`);
  }

  private warn(message: string): void {
    this.context.log.warn({ input: this.config.name }, `flow log: ${plain(message)}`);
  }

  /** Reads one file to its end and beyond. Rejects where reading fails. */
  private async readFile(): Promise<FileEnd> {
    const { config, context, tally } = this;
    const opened = await this.next();
    const { handle, key, mark, resume } = opened;
    const head = resume === null ? await headOf(handle, HEAD_BYTES) : { hash: resume.head, length: resume.headLength };
    const feed = context.open(
      config.format,
      opened.path,
      resume === null ? undefined : { skip: resume.taken, input: resume.input },
    );
    tally.opened(feed, resume?.taken ?? 0);
    this.feed = feed;
    this.headHave = 0;
    this.cut = false;
    this.over = false;
    this.current = {
      version: 1,
      key,
      head: head.hash,
      headLength: head.length,
      input: feed.input,
      taken: resume?.taken ?? 0,
      mtime: String(opened.mtime),
      read: withoutRead(this.current?.read ?? [], mark),
    };
    tally.state = 'running';
    tally.problem = null;
    const source = await this.compressed(opened);
    const stream = source === null ? this.follow(opened) : streamOfSource(source);
    const how = await pump(stream, feed, tally, context.clock, () => this.halted).finally(() => source?.close());
    if (how === 'halted' || this.halted) {
      // Not its end: half a line may be the beginning of a whole one.
      await handle.close();
      this.handle = null;
      return 'halted';
    }
    const end = await feed.end();
    const taken = tally.closed(end, true);
    this.feed = null;
    this.over = true;
    this.current = this.takenOf(this.current, taken);
    if (!this.cut) this.current = withRead(this.current, mark);
    await handle.close();
    this.handle = null;
    const wrong = end.failure ?? end.damage?.reason ?? null;
    if (wrong !== null) {
      tally.problem = `${opened.path}: ${wrong}`;
      this.warn(tally.problem);
    }
    if (!config.follow) return 'done';
    // A file that makes no sense is not read again: only another one in its place is.
    while (!this.halted && !this.cut && (await this.nameLeadsTo(key))) await this.pauseFor(LOOK);
    return this.halted ? 'halted' : 'replaced';
  }

  /** Compressed logs are whole: they are read and not followed. */
  private async compressed({ handle, path }: Opened): Promise<ByteSource | null> {
    const head = new Uint8Array(SNIFF_BYTES);
    const { bytesRead } = await handle.read(head, 0, SNIFF_BYTES, 0);
    return compressionOf(head.subarray(0, bytesRead)) === null
      ? null
      : sourceOf(handle, dirname(path), Buffer.from(basename(path)));
  }

  /** The bytes of the file; at its end those that are written later, until its name has been gone for a while or it was cut. */
  private follow({ handle, key, more }: Opened): ByteStream {
    const buffer = new Uint8Array(PIECE);
    let at = 0;
    /** For how long (s) it has given nothing without its name. */
    let quiet = 0;
    const read = async (): Promise<Uint8Array | null> => {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (at < HEAD_BYTES && at === this.headHave) {
        const first = buffer.subarray(0, Math.min(bytesRead, HEAD_BYTES - at));
        this.head.set(first, at);
        this.headHave += first.length;
      }
      at += bytesRead;
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
    };
    return {
      immediate: true,
      next: async () => {
        for (;;) {
          const bytes = await read();
          if (bytes !== null || !this.config.follow || this.halted) {
            if (bytes !== null) this.tally.state = 'running';
            quiet = 0;
            return bytes;
          }
          const mine = await this.nameLeadsTo(key);
          const stats = await handle.stat({ bigint: true });
          if (this.current !== null) this.current = { ...this.current, mtime: String(stats.mtimeNs) };
          this.cut = Number(stats.size) < at;
          if (this.cut || (!mine && (more || quiet >= LINGER))) return null;
          quiet = mine ? 0 : quiet + LOOK;
          this.tally.state = 'waiting';
          await this.pauseFor(LOOK);
          if (this.halted) return null;
        }
      },
    };
  }

  /** False where another file, or none, has the name now. */
  private async nameLeadsTo(key: string): Promise<boolean> {
    try {
      return keyOf(await stat(this.config.path, { bigint: true })) === key;
    } catch {
      return false;
    }
  }
}
