/** One flow log: a file, followed where that is wanted, or a stream. */
import { constants, statSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { errorCode } from '../../capture/capture-error.ts';
import { compressionOf, SNIFF_BYTES } from '../../capture/format.ts';
import { type ByteSource, systemReason } from '../../capture/source.ts';
import type { FlowLogInputConfig } from '../config/types.ts';
import type { InputStatus } from '../status.ts';
import { type ByteStream, pump, streamOfSource } from './byte-stream.ts';
import type { Feed, InputContext, InputDriver } from './input.ts';
import { Pause } from './pause.ts';
import { StreamInput } from './pipe.ts';
import { HEAD_BYTES, hashOf, headOf, sourceOf } from './spool-file.ts';
import { Tally } from './tally.ts';

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

/** The file under way: `device:inode`, its first bytes, and what was taken of it under which number. */
interface LogPosition {
  readonly version: 1;
  readonly key: string;
  readonly head: string;
  readonly headLength: number;
  readonly input: number;
  readonly taken: number;
}

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Position: v.GenericSchema<unknown, LogPosition> = v.object({
  version: v.literal(1),
  key: v.pipe(v.string(), v.regex(/^\d{1,20}:\d{1,20}$/)),
  head: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  headLength: v.pipe(Count, v.maxValue(HEAD_BYTES)),
  input: Count,
  taken: Count,
});

/** `done`: read and not followed; `replaced`: another file has its name; `halted`: told to stop. */
type FileEnd = 'done' | 'replaced' | 'halted';

class FlowLogInput implements InputDriver {
  private readonly config: FlowLogInputConfig;
  private readonly context: InputContext;
  private readonly tally: Tally;
  private readonly pause: Pause;
  private current: LogPosition | null = null;
  private feed: Feed | null = null;
  private handle: FileHandle | null = null;
  /** First bytes of the file under way, as far as they were read, and whether it was cut off under us. */
  private readonly head = new Uint8Array(HEAD_BYTES);
  private headHave = 0;
  private cut = false;
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
    const longer = this.headHave > current.headLength;
    const head = longer ? hashOf(this.head.subarray(0, this.headHave)) : current.head;
    const headLength = longer ? this.headHave : current.headLength;
    return { ...current, head, headLength, taken: Math.max(current.taken, taken(current.input)) };
  }

  committed(): void {
    // The file belongs to whoever writes it.
  }

  private async run(): Promise<void> {
    let before = this.current;
    while (!this.halted) {
      try {
        const end = await this.readFile(before);
        before = null;
        if (end === 'done') {
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
          before = this.current;
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
      if (this.current !== null) this.current = { ...this.current, taken: Math.max(this.current.taken, taken) };
    }
    this.feed = null;
    await this.handle?.close().catch(() => undefined);
    this.handle = null;
  }

  /** Reads one file to its end and beyond; `before`: where an earlier process or attempt stood. Rejects where reading fails. */
  private async readFile(before: LogPosition | null): Promise<FileEnd> {
    const { config, context, tally } = this;
    const rotated = before === null ? null : await findRotated(config.path, before);
    const handle = await open(rotated ?? config.path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.handle = handle;
    const key = keyOf(await handle.stat({ bigint: true }));
    const again = before !== null && before.key === key ? await headOf(handle, before.headLength) : null;
    const resume = again !== null && before !== null && again.hash === before.head ? before : null;
    if (before !== null && resume === null) {
      context.log.warn(
        { input: config.name },
        'flow log: the file that was under way is gone; what was left of it is lost',
      );
    }
    const head = resume === null ? await headOf(handle, HEAD_BYTES) : { hash: resume.head, length: resume.headLength };
    const feed = context.open(
      config.format,
      rotated ?? config.path,
      resume === null ? undefined : { skip: resume.taken, input: resume.input },
    );
    tally.opened(feed, resume?.taken ?? 0);
    this.feed = feed;
    this.headHave = 0;
    this.cut = false;
    const current: LogPosition = {
      version: 1,
      key,
      head: head.hash,
      headLength: head.length,
      input: feed.input,
      taken: resume?.taken ?? 0,
    };
    this.current = current;
    tally.state = 'running';
    tally.problem = null;
    const source = await this.compressed(handle);
    const stream = source === null ? this.follow(handle, key) : streamOfSource(source);
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
    this.current = { ...current, taken };
    await handle.close();
    this.handle = null;
    const wrong = end.failure ?? end.damage?.reason ?? null;
    if (wrong !== null) {
      tally.problem = `${config.path}: ${wrong}`;
      context.log.warn({ input: config.name }, `flow log: ${tally.problem}`);
    }
    if (!config.follow) return 'done';
    // A file that makes no sense is not read again: only another one in its place is.
    while (!this.halted && !this.cut && (await this.nameLeadsTo(key))) await this.pauseFor(LOOK);
    return this.halted ? 'halted' : 'replaced';
  }

  /** Compressed logs are whole: they are read and not followed. */
  private async compressed(handle: FileHandle): Promise<ByteSource | null> {
    const head = new Uint8Array(SNIFF_BYTES);
    const { bytesRead } = await handle.read(head, 0, SNIFF_BYTES, 0);
    return compressionOf(head.subarray(0, bytesRead)) === null
      ? null
      : sourceOf(handle, dirname(this.config.path), Buffer.from(basename(this.config.path)));
  }

  /** The bytes of the file; at its end those that are written later, until its name has been gone for a while or it was cut. */
  private follow(handle: FileHandle, key: string): ByteStream {
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
          this.cut = (await handle.stat()).size < at;
          if (this.cut || (!mine && quiet >= LINGER)) return null;
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

function keyOf(stats: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stats.dev}:${stats.ino}`;
}

/** The file of a position under the name that rotation gave it (`log` became `log.1`); null where it has its name or is gone. */
async function findRotated(path: string, before: LogPosition): Promise<string | null> {
  const folder = dirname(path);
  const own = basename(path);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.sort((a, b) => a.length - b.length)) {
    if (!name.startsWith(own)) continue;
    const stats = await lstat(join(folder, name), { bigint: true }).catch(() => null);
    if (stats?.isFile() && keyOf(stats) === before.key) return name === own ? null : join(folder, name);
  }
  return null;
}
