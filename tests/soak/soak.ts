/** Runs the daemon under steady load, takes samples and gives a verdict. */
import { execFile, execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DaemonStatus } from '../../src/daemon/status.ts';
import { DaemonProcess, Feeder, PROGRAM } from './child.ts';
import { type CollectorOrder, type CollectorProgress, EXPORTERS } from './feed-collector.ts';
import type { PipeOrder, PipeProgress } from './feed-pipe.ts';
import type { SpoolOrder, SpoolProgress } from './feed-spool.ts';
import { FoundDetections } from './found.ts';
import { COLUMNS, csvRow, openFiles, type Sample, statusAt, takeSample } from './sample.ts';
import { summaryLines } from './summary.ts';
import { type Bounds, costOfStrangers, judge, type Outcome } from './verdict.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** Packets to be worked off. */
  readonly packets: number;
  /** Folders; none = those of the project. */
  readonly captures: readonly string[];
  readonly seed: number;
  /** MiB an hour. */
  readonly slope: number;
  readonly threads: number;
  /** Seconds between samples. */
  readonly every: number;
  readonly directory: string | null;
  readonly nodeFlags: readonly string[];
  readonly print: (line: string) => void;
}

export interface SoakResult {
  readonly broken: readonly string[];
  readonly outcome: Outcome;
  readonly feeds: Feeds;
  readonly directory: string;
}

/** How far the feeders came. */
export interface Feeds {
  readonly pipe: PipeProgress | null;
  readonly spool: SpoolProgress | null;
  readonly collector: CollectorProgress | null;
}

/** Fed more than asked for by this factor, for the start takes time. */
const MORE = 1.03;
/** Seconds for the daemon to start, and to end with everything written. */
const START = 60;
const END = 90;
/** Datagrams of strangers alone at the start; datagrams a second; seconds between files; variety of addresses. */
const STRANGERS = 1000;
const DATAGRAMS = 1000;
const FILE_EVERY = 5;
/** In runs of less than this many minutes a file comes every so many seconds. */
const SHORT_RUN = 5;
const SOON = 2;
const VARIANTS = 2;
/** The slope is judged where it is taken over so many seconds. */
const JUDGED = 600;
const OWN_CAPTURES = join(import.meta.dirname, '..', '..', 'captures');

interface Files {
  readonly directory: string;
  readonly fifo: string;
  readonly spool: string;
  readonly state: string;
  readonly ledger: string;
  readonly detections: string;
  readonly config: string;
}

/** One soak. Rejects only where it cannot begin at all. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { print } = options;
  const captures = options.captures.length > 0 ? options.captures : [OWN_CAPTURES];
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'poolprint-soak-'));
  const port = await freePort();
  const files = prepare(directory, options, port);
  print(`files of this run: ${directory}`);
  const expected = await expectedDialects(captures);
  print(`${expected.size} dialects expected: ${[...expected].sort().join(' ')}`);

  const daemon = new DaemonProcess(files.config, join(directory, 'daemon.log'), options.nodeFlags);
  const rate = Math.ceil((options.packets * MORE) / (options.minutes * 60));
  const failures: string[] = [];
  const feeders: Feeder<unknown>[] = [];
  const feeder = <T>(script: string, order: unknown): Feeder<T> => {
    const made = new Feeder<T>(script, order);
    feeders.push(made);
    return made;
  };
  try {
    await ready(daemon);
    const collectorOrder: CollectorOrder = {
      port,
      captures,
      rate: DATAGRAMS,
      seed: options.seed + 2,
      strangers: STRANGERS,
    };
    const collector = feeder<CollectorProgress>('feed-collector.ts', collectorOrder);
    const alone = await strangersAlone(daemon, collector, failures);
    const pipeOrder: PipeOrder = { fifo: files.fifo, captures, rate, seed: options.seed, variants: VARIANTS };
    const every = options.minutes < SHORT_RUN ? SOON : FILE_EVERY;
    const spoolOrder: SpoolOrder = { directory: files.spool, captures, every, seed: options.seed + 1 };
    const pipe = feeder<PipeProgress>('feed-pipe.ts', pipeOrder);
    const spool = feeder<SpoolProgress>('feed-spool.ts', spoolOrder);
    const watched = await watchRun(daemon, files, options, feeders, failures);
    const before = openFiles(daemon.pid);
    await Promise.all(feeders.map((each) => (daemon.running ? each.stop() : each.kill())));
    const last = await lastLook(daemon, files, watched, failures);
    await endDaemon(daemon, failures);
    await verifyLedger(files, failures);
    watched.found.read();
    const outcome: Outcome = {
      samples: watched.samples,
      status: last,
      expected,
      found: watched.found.dialects,
      points: watched.found.points,
      strangers: collector.progress?.stranger ?? 0,
      alone,
      wrong: [...daemon.wrong, ...daemon.errors],
      failures,
    };
    const bounds: Bounds = { slope: options.slope, judged: JUDGED, descriptors: 3, packets: options.packets };
    const broken = judge(outcome, bounds);
    const feeds: Feeds = { pipe: pipe.progress, spool: spool.progress, collector: collector.progress };
    for (const line of summaryLines(outcome, feeds, bounds, broken)) print(line);
    if (broken.some((line) => line.includes('descriptors'))) for (const name of before) print(`  open: ${name}`);
    return { broken, outcome, feeds, directory };
  } finally {
    for (const each of feeders) each.kill();
    if (daemon.running) daemon.kill('SIGKILL');
    await daemon.ended;
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind({ address: '127.0.0.1', port: 0 });
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

function prepare(directory: string, { threads }: SoakOptions, port: number): Files {
  const at = (name: string): string => join(directory, name);
  const files: Files = {
    directory,
    fifo: at('tap.fifo'),
    spool: at('spool'),
    state: at('state'),
    ledger: at('ledger.sqlite'),
    detections: at('detections.ndjson'),
    config: at('poolprint.yaml'),
  };
  mkdirSync(files.spool, { recursive: true });
  execFileSync('mkfifo', [files.fifo]);
  const { stranger: _, ...listed } = EXPORTERS;
  writeFileSync(
    at('endpoints.csv'),
    'kind,value,ports,pool,coins,transport,role,region,confidence,source\nip,203.0.113.77,3333,Invented Pool,BTC,tcp,stratum,,high,\n',
  );
  writeFileSync(
    files.config,
    `# A soak. All names and addresses are invented.
sensor: soak
threads: ${threads}
state_directory: ${JSON.stringify(files.state)}
detections_file: ${JSON.stringify(files.detections)}
watch: false
signatures: { endpoints: [${JSON.stringify(at('endpoints.csv'))}] }
ledger: { path: ${JSON.stringify(files.ledger)}, actor: soak }
# Small enough to be full within minutes: memory is judged where the tables are.
limits: { flows: 131072, conversations: 8192, record_conversations: 131072 }
http: { port: 0 }
log: { format: json }
points:
  - { name: tap, home: [10.0.0.0/8] }
inputs:
  - { name: tap, kind: pipe, path: ${JSON.stringify(files.fifo)} }
  - { name: spool, kind: spool, directory: ${JSON.stringify(files.spool)}, pattern: 'soak-*', settle: 1s, rescan: 2s, when_done: delete }
  - { name: flows, kind: collector, address: 127.0.0.1, port: ${port}, exporters: [${Object.values(listed).join(', ')}] }
`,
  );
  return files;
}

/** Dialects of which a replay of the same captures is sure. */
async function expectedDialects(captures: readonly string[]): Promise<Set<string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'replay', '--json', ...captures], {
    maxBuffer: 1 << 30,
  }).catch((error: unknown) => {
    // Some captures that are no captures are no reason not to begin.
    if (typeof error === 'object' && error !== null && 'stdout' in error) return error as { stdout: string };
    throw error;
  });
  const found = new Set<string>();
  for (const line of stdout.split('\n')) {
    if (line === '') continue;
    const row = JSON.parse(line) as { type: string; dialect?: string | null; confidence?: string };
    if (row.type === 'detection' && row.confidence === 'confirmed' && row.dialect != null) found.add(row.dialect);
  }
  return found;
}

async function ready(daemon: DaemonProcess): Promise<void> {
  for (let waited = 0; waited < START * 10; waited++) {
    if (!daemon.running) break;
    if (daemon.port !== 0 && (await statusAt(daemon.port).catch(() => null)) !== null) return;
    await pause(100);
  }
  throw new Error(`the daemon did not start: ${[...daemon.wrong, ...daemon.errors].join('; ') || 'see daemon.log'}`);
}

/** Lets only strangers send, and looks what that has cost. */
async function strangersAlone(
  daemon: DaemonProcess,
  collector: Feeder<CollectorProgress>,
  failures: string[],
): Promise<string[]> {
  while (collector.progress === null && collector.failed === null) await pause(50);
  if (collector.failed !== null) {
    failures.push(collector.failed);
    return [];
  }
  const refused = (status: DaemonStatus): number =>
    status.inputs.find(({ name }) => name === 'flows')?.recordFaults.not_allowed ?? 0;
  let status = await statusAt(daemon.port);
  for (let tries = 0; tries < 50 && refused(status) < STRANGERS; tries++) {
    await pause(100);
    status = await statusAt(daemon.port);
  }
  const cost = costOfStrangers(status, 'flows', STRANGERS);
  collector.goOn();
  return cost;
}

interface Watched {
  readonly samples: Sample[];
  readonly found: FoundDetections;
  readonly started: number;
  status: DaemonStatus | null;
}

async function watchRun(
  daemon: DaemonProcess,
  files: Files,
  { minutes, every, print }: SoakOptions,
  feeders: readonly Feeder<unknown>[],
  failures: string[],
): Promise<Watched> {
  const started = Date.now();
  const watched: Watched = { samples: [], found: new FoundDetections(files.detections), started, status: null };
  const table = join(files.directory, 'samples.csv');
  writeFileSync(table, `${COLUMNS.join(',')}\n`);
  for (let due = every; due <= minutes * 60; due += every) {
    await pause(Math.max(0, started + due * 1000 - Date.now()));
    if (!daemon.running) {
      failures.push(`the daemon ended by itself: ${daemon.signal ?? daemon.code}`);
      break;
    }
    for (const { failed } of feeders) if (failed !== null && !failures.includes(failed)) failures.push(failed);
    const known = watched.samples.length;
    await look(daemon, files, watched, failures);
    const sample = watched.samples[known];
    if (sample === undefined) {
      print(failures.at(-1) ?? '');
      continue;
    }
    appendFileSync(table, csvRow(sample));
    watched.found.read();
    print(progressLine(sample, watched.samples.at(-2)));
  }
  return watched;
}

async function look(daemon: DaemonProcess, files: Files, watched: Watched, failures: string[]): Promise<void> {
  const paths = { state: join(files.state, 'daemon-state.sqlite'), ledger: files.ledger };
  try {
    const { sample, status } = await takeSample(daemon.pid, daemon.port, paths, watched.started);
    watched.samples.push(sample);
    watched.status = status;
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
  }
}

/** Once more, when everything that was sent had time to be read. */
async function lastLook(
  daemon: DaemonProcess,
  files: Files,
  watched: Watched,
  failures: string[],
): Promise<DaemonStatus> {
  // Counters of packets are told with the checkpoints.
  for (let tries = 0; tries < 12 && daemon.running; tries++) await pause(1000);
  if (daemon.running) await look(daemon, files, watched, failures);
  if (watched.status === null) throw new Error('the daemon never answered; see daemon.log');
  return watched.status;
}

async function endDaemon(daemon: DaemonProcess, failures: string[]): Promise<void> {
  if (!daemon.running) return;
  daemon.kill('SIGTERM');
  const late = pause(END * 1000, 'late' as const, { ref: false });
  if ((await Promise.race([daemon.ended, late])) === 'late') {
    failures.push(`the daemon did not end within ${END} s of SIGTERM`);
    daemon.kill('SIGKILL');
  } else if (daemon.code !== 0) failures.push(`the daemon ended with ${daemon.signal ?? daemon.code}`);
}

async function verifyLedger(files: Files, failures: string[]): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [PROGRAM, 'ledger', 'verify', '--ledger', files.ledger]);
  } catch (error) {
    failures.push(
      `the ledger does not verify: ${error instanceof Error ? error.message.slice(0, 500) : String(error)}`,
    );
  }
}

function progressLine(now: Sample, before: Sample | undefined): string {
  const seconds = now.seconds - (before?.seconds ?? 0);
  const rate = (now.packets - (before?.packets ?? 0)) / seconds;
  return [
    `${now.seconds.toFixed(0)} s`,
    `${now.rss_mib.toFixed(0)} MiB`,
    `heap ${now.heap_mib.toFixed(0)}`,
    `${now.descriptors} fd`,
    `${now.packets} packets (${(rate / 1000).toFixed(0)}k/s)`,
    `${now.flows_active} flows`,
    `${now.keys} keys`,
    `${now.records} records`,
    `shed ${now.shed_packets}`,
    `loop ${now.loop_p99_ms.toFixed(0)} ms`,
    `lag ${now.lag_s.toFixed(1)} s`,
    `${now.detections_written} written`,
  ].join(', ');
}
