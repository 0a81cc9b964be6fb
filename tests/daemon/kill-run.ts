/**
 * Kills a real daemon (SIGKILL) again and again, at seeded moments, while files of a spool and flow datagrams arrive, and
 * compares what stands in its ledger with what one run over the same files finds.
 *
 *     node tests/daemon/kill-run.ts [--kills 200] [--seed 1] [--threads 1] [--keep]
 *
 * Prints a summary; exits with 1 where anything was counted twice, was lost beyond what is stated, or was invented.
 */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRandom } from '../generate/index.ts';
import {
  compareFlows,
  compareSpool,
  detectionsOf,
  type FlowVerdict,
  type Gap,
  type SpoolVerdict,
} from './kill-check.ts';
import { Life, MOMENTS, type Moment, type Places, positionOf, remainsOf } from './kill-daemon.ts';
import { endpointsCsv, FlowSender } from './kill-flows.ts';
import { rotatedFiles, type Span, type SpoolFile, SpoolWriter } from './kill-spool.ts';

const LAUNCH = fileURLToPath(new URL('../../src/cli/launch.ts', import.meta.url));
const SENSOR = 'killed';
const SPOOL_EVERY = 25;
const FLOWS_EVERY = 200;
/** Files that wait: no more are written until the next process has worked off some. */
const MOST_UNREAD = 80;
/** Templates come once a minute; the first process has one before anything happens to it, ms. */
const TEMPLATE_EVERY = 60_000;
const FIRST_LIFE = 2000;
/** A datagram waits in the socket while a piece of a file is worked off: long where the machine is busy, ms. */
const SLACK = 3000;
/** Without kills: how long the one process runs, ms. */
const CONTROL = 20_000;
/** The last start works off what is left. */
const LAST_START = 300_000;

/** Where a process ended and the next one began: a file by its place among those written, and its first packet not worked off. */
interface Cut {
  readonly file: number;
  readonly packet: number;
}

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  readonly threads: number;
  readonly keep: boolean;
  readonly tell: (line: string) => void;
}

export interface KillReport {
  readonly kills: Readonly<Record<Moment, number>>;
  /** Kills with files that are not worked off, with one in the middle, with an open transaction, with any of these. */
  readonly unread: number;
  readonly middle: number;
  readonly open: number;
  readonly any: number;
  readonly spool: SpoolVerdict;
  readonly flows: FlowVerdict;
  /** From a checkpoint to the kill, ms: median and longest. */
  readonly window: readonly [number, number];
  readonly violations: readonly string[];
}

/** A UDP port of the loopback that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function configOf(places: Places, threads: number, port: number | null, endpoints: string): string {
  const collector = {
    name: 'flows',
    kind: 'collector',
    address: '127.0.0.1',
    port,
    exporters: ['127.0.0.1'],
    buffer: '1MiB',
  };
  return JSON.stringify({
    sensor: SENSOR,
    threads,
    state_directory: places.state,
    watch: false,
    signatures: { endpoints: [endpoints] },
    ledger: { path: places.ledger, actor: 'test' },
    limits: { flows: 16_384, conversations: 4096 },
    checkpoint: { interval: '1s' },
    report: { interval: '1s' },
    http: { port: 0 },
    inputs: [
      { name: 'spool', kind: 'spool', point: 'tap', directory: places.spool, settle: '1s', rescan: '1s' },
      ...(port === null ? [] : [collector]),
    ],
  });
}

function cli(...args: string[]): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCH, ...args], { encoding: 'utf8' });
  return { code: status, text: `${stdout}${stderr}` };
}

export async function killRun(options: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-kill-'));
  try {
    return await runIn(folder, options);
  } finally {
    if (!options.keep) rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(folder: string, { kills, seed, threads, tell }: KillOptions): Promise<KillReport> {
  const rng = createRandom(seed);
  const places: Places = {
    config: join(folder, 'poolprint.yaml'),
    spool: join(folder, 'spool'),
    state: join(folder, 'state'),
    ledger: join(folder, 'ledger', 'leads.ledger'),
    log: join(folder, 'daemon.log'),
  };
  for (const path of [places.spool, places.state, join(folder, 'ledger')]) mkdirSync(path);
  const endpoints = join(folder, 'endpoints.csv');
  writeFileSync(endpoints, endpointsCsv());
  const port = await freePort();
  writeFileSync(places.config, configOf(places, threads, port, endpoints));

  const spans: Span[] = [];
  const writer = new SpoolWriter(places.spool, rng, rotatedFiles(createRandom(seed + 1), 1_000, spans));
  const sender = new FlowSender(port, TEMPLATE_EVERY);
  let ahead = 0;
  const step = (): void => {
    if (writer.written.length - ahead < MOST_UNREAD) writer.step();
  };
  const timers = [setInterval(step, SPOOL_EVERY), setInterval(() => sender.tick(), FLOWS_EVERY)];

  const counts = { start: 0, any: 0, reading: 0, state: 0, ledger: 0 };
  const seen = { unread: 0, middle: 0, open: 0, any: 0 };
  const cuts: Cut[] = [];
  const gaps: Gap[] = [];
  const windows: number[] = [];
  const complaints = new Map<string, number>();
  const violations: string[] = [];
  let gapFrom = Date.now();
  const began = Date.now();
  for (let kill = 0; kill < kills; kill++) {
    const moment = rng.pick(MOMENTS);
    counts[moment]++;
    const life = new Life(places);
    if (kill === 0) await warmUp(life, sender);
    await life.kill(moment, rng);
    const killed = Date.now();
    if (life.child.signalCode !== 'SIGKILL') violations.push(`ended by itself: code ${life.child.exitCode}`);
    const remains = remainsOf(places, 'spool');
    if (life.listeningAt !== null) {
      gaps.push({ from: gapFrom, to: life.listeningAt });
      gapFrom = remains.checkpointAt;
      windows.push(killed - remains.checkpointAt);
    }
    ahead = writer.written.length - remains.unread.length;
    cuts.push(...cutsOf(remains.position, writer.written));
    const isOpen = remains.openState || remains.openLedger;
    if (remains.unread.length > 0) seen.unread++;
    if (remains.middle !== null) seen.middle++;
    if (isOpen) seen.open++;
    if (isOpen || remains.unread.length > 0) seen.any++;
    for (const line of life.complaints) note(complaints, line);
    if ((kill + 1) % 10 === 0) {
      const seconds = Math.round((Date.now() - began) / 1000);
      tell(
        `${kill + 1} kills in ${seconds} s, ${writer.written.length} files, ${remains.unread.length} of them unread`,
      );
    }
    await pause(rng.int(0, 200));
  }
  if (kills === 0) {
    // For comparison: one process that is asked to stop.
    const life = new Life(places);
    await warmUp(life, sender);
    await pause(CONTROL);
    life.child.kill('SIGTERM');
    await life.ended;
    gaps.push({ from: gapFrom, to: life.listeningAt ?? Date.now() });
    gapFrom = Date.now();
    cuts.push(...cutsOf(positionOf(places.state, 'spool'), writer.written));
  }
  for (const timer of timers) clearInterval(timer);
  writer.finish();
  sender.close();
  gaps.push({ from: gapFrom, to: Date.now() });
  tell(`${writer.written.length} files and ${sender.sent.size} conversations of flow records were sent`);

  // The last start reads the spool alone: a collector is never done.
  writeFileSync(places.config, configOf(places, threads, null, endpoints));
  const last = new Life(places, ['--drain']);
  const timer = setTimeout(() => last.child.kill('SIGKILL'), LAST_START);
  const code = await last.ended;
  clearTimeout(timer);
  for (const line of last.complaints) note(complaints, line);
  if (code !== 0) violations.push(`the last start ended with ${code ?? 'a timeout'}`);
  const verified = cli('ledger', 'verify', '--ledger', places.ledger);
  if (verified.code !== 0) violations.push(`ledger verify: ${verified.text}`);

  const once = join(folder, 'once.ledger');
  const replayed = cli(
    ...['replay', places.spool, '--window', 'day', '--sensor', `${SENSOR}/tap`, '--ledger', once],
    ...['--as', 'test', '--endpoints', endpoints, '--quiet', '--strict'],
  );
  if (replayed.code !== 0) violations.push(`replay: ${replayed.text.slice(-300)}`);
  violations.push(...takenOnce(places, writer.written));
  const expected = detectionsOf(once, `${SENSOR}/tap`);
  const spool = compareSpool(
    expected,
    detectionsOf(places.ledger, `${SENSOR}/tap`),
    spans,
    cuts.map((cut) => timeOf(cut, writer.written)),
  );
  const flows = compareFlows(sender.sent, detectionsOf(places.ledger, `${SENSOR}/flows`), gaps, SLACK);
  windows.sort((a, b) => a - b);
  for (const [line, n] of complaints) tell(`log, ${n} times: ${line}`);
  return {
    kills: counts,
    ...seen,
    spool,
    flows,
    window: [windows[windows.length >> 1] ?? 0, windows.at(-1) ?? 0],
    violations: [...violations, ...spool.violations, ...flows.violations],
  };
}

/** Without a template the records of an exporter cannot be read: it sends one anew once somebody listens. */
async function warmUp(life: Life, sender: FlowSender): Promise<void> {
  while (life.listeningAt === null && !life.over) await pause(20);
  sender.sendTemplate();
  life.listeningAt = Date.now();
  await pause(FIRST_LIFE);
}

function note(complaints: Map<string, number>, line: string): void {
  const plain = line.replace(/"time":"[^"]*",?/, '').replace(/trace-\d+/, 'trace-N');
  complaints.set(plain, (complaints.get(plain) ?? 0) + 1);
}

/**
 * The first packets that are not in the state: of the first file of which nothing was taken, and of those of which a part was, because
 * they were being read or had been taken for complete before their writer went on. The first of all where there is no state.
 */
function cutsOf(position: ReturnType<typeof positionOf>, written: readonly SpoolFile[]): Cut[] {
  const taken = new Map<string, number>();
  for (const record of [...(position?.done ?? []), ...(position?.current ? [position.current] : [])]) {
    const name = record.name.replace(/\.gz$/, '');
    taken.set(name, Math.max(record.taken, taken.get(name) ?? 0));
  }
  const cuts: Cut[] = [];
  for (const [file, { name, packets }] of written.entries()) {
    const packet = taken.get(name) ?? 0;
    if (packet < packets) cuts.push({ file, packet });
    if (packet === 0) return cuts;
  }
  // All that is written is worked off: the next process begins with the next file, which may go on with the same capture.
  return [...cuts, { file: written.length, packet: 0 }];
}

/** Capture time of a cut, µs; infinite where nothing came after it. */
function timeOf({ file, packet }: Cut, written: readonly SpoolFile[]): number {
  const times = written[file]?.times;
  return times?.[packet] ?? times?.at(-1) ?? Number.POSITIVE_INFINITY;
}

/** Every file is read once and all of its packets are counted, by the position. */
function takenOnce({ state }: Places, written: readonly SpoolFile[]): string[] {
  const taken = new Map<string, number>();
  for (const { name, taken: n } of positionOf(state, 'spool')?.done ?? []) {
    const plain = name.replace(/\.gz$/, '');
    taken.set(plain, (taken.get(plain) ?? 0) + n);
  }
  return written.flatMap(({ name, packets }) =>
    taken.get(name) === packets ? [] : [`${name}: ${taken.get(name) ?? 'none'} of ${packets} packets are worked off`],
  );
}

/** The summary, for people. */
export function summaryOf(report: KillReport): string[] {
  const { kills, spool, flows, window } = report;
  const total = Object.values(kills).reduce((n, one) => n + one, 0);
  const share = (n: number): string => `${n} (${Math.round((100 * n) / Math.max(1, total))} %)`;
  return [
    `kills: ${total}: ${Object.entries(kills)
      .map(([moment, n]) => `${moment} ${n}`)
      .join(', ')}`,
    `  with unread input ${share(report.unread)}, of these in the middle of a file ${report.middle}; in an open transaction ${report.open}; either ${share(report.any)}`,
    `  from the last checkpoint to the kill: median ${Math.round(window[0])} ms, longest ${Math.round(window[1])} ms`,
    `spool: ${spool.expected} detections in one run, ${spool.found} in the ledger; ${spool.whole} of captures that no kill cut in two, all equal unless named below`,
    `  of ${spool.cut} that a kill cut: ${spool.cutEqual} equal, ${spool.cutShort} count less, ${spool.changed.length} under another name, ${spool.missing.length} not found`,
    `  shares ${spool.shares[1]} of ${spool.shares[0]}, packets ${spool.packets[1]} of ${spool.packets[0]}`,
    `flow records: ${flows.counted} of ${flows.sent} counted, ${flows.lost} lost between a checkpoint and the next start; the earliest was sent ${Math.round(flows.earliest)} ms before the checkpoint, and waited in the socket`,
    ...spool.changed.map((line) => `  changed: ${line}`),
    ...spool.missing.map((line) => `  missing: ${line}`),
    ...report.violations.map((line) => `VIOLATION: ${line}`),
    report.violations.length === 0 ? 'sound' : `${report.violations.length} violations`,
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      threads: { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
    },
  });
  const report = await killRun({
    kills: Number(values.kills),
    seed: Number(values.seed),
    threads: Number(values.threads),
    keep: values.keep,
    tell: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${summaryOf(report).join('\n')}\n`);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}
