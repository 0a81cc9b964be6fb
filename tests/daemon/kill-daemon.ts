/** A real daemon that is killed without warning, and what it left on disk. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  type FSWatcher,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  type WriteStream,
  watch,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readPosition, type SpoolPosition } from '../../src/daemon/inputs/spool-position.ts';
import type { Random } from '../generate/index.ts';

const LAUNCH = fileURLToPath(new URL('../../src/cli/launch.ts', import.meta.url));
const STATE = 'daemon-state.sqlite';
/** A moment that does not come is not waited for any longer, ms. */
const PATIENCE = 5000;
/** Of an open transaction in a write-ahead log (https://www.sqlite.org/fileformat2.html#walformat). */
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** When a daemon is killed: soon after its start, at any time, while it reads a file, or in a write of state or ledger. */
export const MOMENTS = ['start', 'any', 'reading', 'state', 'ledger'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface Places {
  readonly config: string;
  readonly spool: string;
  readonly state: string;
  readonly ledger: string;
  readonly log: string;
}

/** One life of the daemon. Times are of the wall clock, ms. */
export class Life {
  readonly startedAt: number = Date.now();
  runningAt: number | null = null;
  listeningAt: number | null = null;
  readonly child: ChildProcess;
  /** Lines of the log at level warn and error. */
  readonly complaints: string[] = [];
  readonly ended: Promise<number | null>;
  private readonly places: Places;
  private readonly log: WriteStream;

  constructor(places: Places, args: readonly string[] = []) {
    this.places = places;
    this.log = createWriteStream(places.log, { flags: 'a' });
    const command = [LAUNCH, 'run', '--config', places.config, ...args];
    this.child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
    let rest = '';
    this.child.stderr?.on('data', (piece: Buffer) => {
      this.log.write(piece);
      const lines = `${rest}${piece.toString('utf8')}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.onLine(line);
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => {
        this.log.end();
        resolve(code);
      });
    });
  }

  private onLine(line: string): void {
    let told: Record<string, unknown>;
    try {
      told = JSON.parse(line) as Record<string, unknown>;
    } catch {
      this.complaints.push(line);
      return;
    }
    if (told['msg'] === 'running') this.runningAt ??= Date.now();
    if (told['msg'] === 'collector listens') this.listeningAt ??= Date.now();
    if (['warn', 'error'].includes(String(told['level']))) this.complaints.push(line);
  }

  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits for a moment of this kind, and kills. */
  async kill(moment: Moment, rng: Random): Promise<void> {
    const latest = Date.now() + PATIENCE;
    const late = (): boolean => this.over || Date.now() > latest;
    if (moment === 'start') await pause(rng.int(0, 900));
    else {
      while (this.runningAt === null && !late()) await pause(2);
      if (moment === 'any') await pause(rng.int(0, 4000));
      else if (moment === 'reading') {
        // Another file each time, and not only the first.
        await pause(rng.int(0, 1200));
        while (!this.reads() && !late()) await pause(1);
        await pause(rng.int(0, 30));
      } else {
        await pause(rng.int(0, 1500));
        await written(moment === 'state' ? join(this.places.state, `${STATE}-wal`) : `${this.places.ledger}-wal`, late);
        if (rng.float() < 0.5) await pause(rng.int(0, 3));
      }
    }
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Has it a file of the spool open? */
  private reads(): boolean {
    const folder = `/proc/${this.child.pid}/fd`;
    try {
      return readdirSync(folder).some((fd) => {
        try {
          return readlinkSync(join(folder, fd)).startsWith(`${this.places.spool}/`);
        } catch {
          return false;
        }
      });
    } catch {
      return false;
    }
  }
}

/** The next write to a file, as the system tells of it. */
function written(path: string, late: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    let watcher: FSWatcher | null = null;
    const look = setInterval(() => late() && done(), 50);
    const done = (): void => {
      clearInterval(look);
      watcher?.close();
      resolve();
    };
    try {
      watcher = watch(dirname(path), (_event, name) => {
        if (name !== null && path.endsWith(`/${name}`)) done();
      });
    } catch {
      // The folder is not there yet.
    }
  });
}

/** What a killed daemon left. */
export interface Remains {
  readonly position: SpoolPosition | null;
  /** Files of the spool that are not worked off, by that position, and one of which a part is. */
  readonly unread: readonly string[];
  readonly middle: string | null;
  /** A transaction was being written. */
  readonly openState: boolean;
  readonly openLedger: boolean;
  /** Wall clock of the last checkpoint, ms. */
  readonly checkpointAt: number;
}

/** Looks without touching: the state is read from a copy. */
export function remainsOf({ spool, state, ledger }: Places, input: string): Remains {
  const position = positionOf(state, input);
  const done = new Set(position?.done.map(({ key }) => key));
  const unread = readdirSync(spool).filter((name) => {
    const { dev, ino, size } = statSync(join(spool, name), { bigint: true });
    return size > 0n && !done.has(`${dev}:${ino}`);
  });
  const wal = join(state, `${STATE}-wal`);
  return {
    position,
    unread,
    middle: position?.current != null && position.current.taken > 0 ? position.current.name : null,
    openState: isOpen(wal),
    openLedger: isOpen(`${ledger}-wal`),
    checkpointAt: existsSync(wal) ? statSync(wal).mtimeMs : 0,
  };
}

export function positionOf(state: string, input: string): SpoolPosition | null {
  if (!existsSync(join(state, STATE))) return null;
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-remains-'));
  try {
    for (const name of readdirSync(state)) copyFileSync(join(state, name), join(folder, name));
    const database = new DatabaseSync(join(folder, STATE));
    try {
      const row = database.prepare('SELECT data FROM value WHERE name = ?').get(`position ${input}`);
      return row === undefined ? null : readPosition(JSON.parse(String(row['data'])));
    } catch (error) {
      // Killed before the tables were made.
      if (/no such table/.test(String(error))) return null;
      throw error;
    } finally {
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Does a write-ahead log end in frames of its latest generation behind which no commit stands? */
export function isOpen(path: string): boolean {
  if (!existsSync(path)) return false;
  const bytes = readFileSync(path);
  if (bytes.length < WAL_HEADER) return bytes.length > 0;
  const page = bytes.readUInt32BE(8);
  const salts = bytes.subarray(16, 24);
  let open = false;
  for (let at = WAL_HEADER; at < bytes.length; at += FRAME_HEADER + page) {
    if (at + FRAME_HEADER + page > bytes.length) return true;
    if (!bytes.subarray(at + 8, at + 16).equals(salts)) break;
    open = bytes.readUInt32BE(at + 4) === 0;
  }
  return open;
}
