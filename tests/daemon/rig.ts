/** A daemon in this process: real files, a real ledger, a clock and timers that the test moves. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/daemon/config/load.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { replay } from '../../src/engine/replay.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';
import { FakeWorld } from './world.ts';

export const CAPTURES: string = join(import.meta.dirname, '..', '..', 'captures');
/** Rounds of a second each after which something that should happen will not. */
const PATIENCE = 400;
const ROUNDS = 12;

export class Rig {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'poolprint-daemon-'));
  readonly world: FakeWorld = new FakeWorld();
  readonly fatal: string[] = [];
  readonly levels: string[] = [];
  readonly file: string = join(this.folder, 'poolprint.yaml');
  daemon: Daemon | null = null;

  constructor() {
    // Files are of now; the daemon's clock stands a moment later.
    this.world.now = Date.now() * 1000 + 5e6;
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Writes the configuration: the given text with what every test needs before it. */
  configure(text: string): this {
    writeFileSync(this.file, `sensor: s\nstate_directory: state\n${text}`);
    return this;
  }

  /** Puts captures into a folder, as a program that rotates them does. */
  put(folder: string, names: readonly string[], as: (name: string) => string = (name) => name): this {
    mkdirSync(this.at(folder), { recursive: true });
    for (const name of names) copyFileSync(join(CAPTURES, name), this.at(folder, as(name)));
    return this;
  }

  async start(): Promise<Daemon> {
    const { world, file } = this;
    this.daemon = await Daemon.start(
      { file, read: () => readConfig(readFileSync(file, 'utf8'), file, {}).config },
      {
        env: {},
        program: { name: 'poolprint', version: '0', node: '24', pid: 1 },
        clock: world.clock,
        random: () => 7,
        after: world.after,
        log: world.log,
        setLogLevel: (level) => void this.levels.push(level),
        onFatal: (error) => void this.fatal.push(error.message),
      },
    );
    return this.daemon;
  }

  /** Lets time go by, second by second, until something holds. */
  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let round = 0; round < PATIENCE; round++) {
      if (await holds()) return;
      await this.pass(1);
    }
    throw new Error(`it never came: ${holds}\n${this.world.lines.slice(-20).join('\n')}`);
  }

  async pass(seconds: number): Promise<void> {
    for (let s = 0; s < seconds; s++) {
      await this.settle();
      await this.world.advance(1);
    }
  }

  /** Lets files, threads and sockets catch up: each round goes through all of them. */
  private async settle(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      await stat(this.folder);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all((this.daemon?.checks() ?? []).map((check) => check().catch(() => false)));
  }

  /** Everything that lies in spools was read, and the state says so. */
  async worked(files: number): Promise<void> {
    const done = (): boolean =>
      this.daemon?.status().inputs.reduce((n, { files: own, filesFailed }) => n + own + filesFailed, 0) === files;
    await this.until(done);
    await this.pass(6);
  }

  async stop(): Promise<void> {
    await this.daemon?.stop();
    this.daemon = null;
  }

  /** Everything as `kill -9` leaves it, as far as that can be within a process: nothing more is written. */
  async kill(): Promise<void> {
    await (this.daemon as unknown as { abandon(): Promise<void> } | null)?.abandon();
    (this.daemon as unknown as { store: { close(): void } } | null)?.store.close();
    this.daemon = null;
  }

  lines(name = 'detections.ndjson'): DetectionRow[] {
    if (!existsSync(this.at(name))) return [];
    const text = readFileSync(this.at(name), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as DetectionRow);
  }

  /** The last word on each detection, by id. */
  found(name?: string): DetectionRow[] {
    return [...new Map(this.lines(name).map((row) => [row.id, row])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async cleanUp(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** All but what an address learnt from observed DNS adds: the daemon knows it, a replay of files does not ask. */
export function withoutLearnt(rows: readonly DetectionRow[]): unknown[] {
  return rows.map(({ indications, score: _score, ...row }) => ({
    ...row,
    indications: indications.filter(({ signature }) => signature !== 'endpoint.address'),
  }));
}

/** What replay finds in the same files, by id. */
export async function replayed(files: readonly string[], sensor: string): Promise<DetectionRow[]> {
  const { detections } = await replay({
    inputs: files,
    filter: null,
    threads: 1,
    home: [],
    evidence: false,
    window: 'day',
    sensor,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    endpointOptions: {},
  });
  return [...detections].sort((a, b) => (a.id < b.id ? -1 : 1));
}
