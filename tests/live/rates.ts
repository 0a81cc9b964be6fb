import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { warm } from '../bench/measure.ts';
import { ensureMix, mixParameters, mixPath, parseSize } from '../bench/mix.ts';
import { table } from '../bench/table.ts';
import { DaemonProcess, type DaemonSettings } from './daemon-process.ts';
import { SENDING, within } from './namespaces.ts';
import { type Sent, send } from './sender.ts';

/** Seconds behind that still count as keeping up, and the share of the asked rate that the sender has to reach. */
const MAX_LAG = 2;
const REACHED = 0.95;
/** Rates by themselves: from here by this factor up to the first loss, then so many steps between. */
const FIRST = 40_000;
const FACTOR = 1.5;
const STEPS_BETWEEN = 3;
/** Packets a second at which a fresh daemon is warmed up: what runs for days has been compiled. */
const WARM_RATE = 60_000;
const SAMPLE_EVERY = 200;

export interface RatesOptions {
  readonly folder: string;
  readonly sender: string;
  readonly programs: readonly ('tcpdump' | 'dumpcap')[];
  readonly threads: readonly number[];
  /** Packets a second in the order in which they are tried; null = rising until something is lost. */
  readonly rates: readonly number[] | null;
  /** Seconds that each rate is kept. */
  readonly seconds: number;
  /** Size of the mixed capture, as for the benchmark. */
  readonly mix: string;
  readonly buffer: string | null;
  /** The sender on the first core, the daemon and its capture program on the others. */
  readonly pin: boolean;
  readonly print: (line: string) => void;
}

export interface Step {
  readonly asked: number;
  readonly sent: Sent;
  readonly read: number;
  readonly kernelDrops: number;
  readonly childDrops: number;
  readonly cableDrops: number;
  readonly shed: number;
  readonly lag: number;
  /** Cores that the daemon and its capture program kept busy. */
  readonly own: number;
  readonly capture: number;
  readonly peak: number;
  readonly verdict: 'loss-free' | 'lost' | 'behind' | 'sender too slow';
}

export interface Load {
  /** Warm-up and measured capture. */
  readonly warmUp: string;
  readonly file: string;
}

/** The captures that are sent; made where they are missing. */
export function loadOf(mix: string): Load {
  const [warmUp, file] = [mixPath('64m'), mixPath(mix)];
  ensureMix(mixParameters(parseSize('64m')), warmUp);
  ensureMix(mixParameters(parseSize(mix)), file);
  for (const name of [warmUp, file]) warm(name);
  return { warmUp, file };
}

/** Packets that the sending end of the cable could not hand over so far. */
export function cableDrops(sender: string): number {
  const words = [...within(sender), 'cat', `/sys/class/net/${SENDING}/statistics/tx_dropped`];
  return Number(spawnSync(words[0] as string, words.slice(1), { encoding: 'utf8' }).stdout.trim() || '0');
}

export const GIGABIT = (sent: Sent): number => (sent.bytes * 8) / Math.max(sent.seconds, 1e-9) / 1e9;
export const RATE = (sent: Sent): number => sent.packets / Math.max(sent.seconds, 1e-9);

/** What tcpreplay reaches while nobody listens. */
export async function idleRate(sender: string, load: Load, seconds: number, core: number | null): Promise<Sent> {
  return await send({ namespace: sender, file: load.file, speed: { kind: 'topspeed' }, seconds, core }).done;
}

/** One rate, with a fresh daemon. */
export async function step(
  options: RatesOptions,
  load: Load,
  program: DaemonSettings['program'],
  threads: number,
  pps: number,
): Promise<Step> {
  const { sender, folder, seconds, buffer, pin } = options;
  const settings = { program, threads, buffer, quick: false, core: pin ? 1 : null };
  const name = `${program}-${threads}-${pps}-${Math.round(performance.now())}`;
  const daemon = await DaemonProcess.start({ ...settings, folder: join(folder, name) });
  const core = pin ? 0 : null;
  try {
    const first = await send({ namespace: sender, file: load.warmUp, speed: speedOf(Math.min(pps, WARM_RATE)), core })
      .done;
    const before = await daemon.readAll(first.packets);
    const [cpu, cable, began] = [daemon.usage(), cableDrops(sender), performance.now()];
    const sending = send({ namespace: sender, file: load.file, speed: speedOf(pps), seconds, core });
    let over = false;
    let lag = 0;
    const done = sending.done.finally(() => {
      over = true;
    });
    while (!over) {
      await pause(SAMPLE_EVERY);
      const status = await daemon.status();
      if (!over) lag = Math.max(lag, status?.inputs[0]?.lag ?? Number.POSITIVE_INFINITY);
    }
    const sent = await done;
    if (sent.problem !== null) throw new Error(`tcpreplay: ${sent.problem}`);
    const elapsed = (performance.now() - began) / 1000;
    const after = daemon.usage();
    const { packets, shedPackets } = await daemon.readAll(before.packets + sent.packets);
    const { kernelDrops, childDrops } = await daemon.finalDrops();
    const found = {
      asked: pps,
      sent,
      read: packets - before.packets,
      kernelDrops: kernelDrops - before.kernelDrops,
      childDrops: childDrops - before.childDrops,
      cableDrops: cableDrops(sender) - cable,
      shed: shedPackets - before.shedPackets,
      lag,
      own: (after.own - cpu.own) / elapsed,
      capture: (after.capture - cpu.capture) / elapsed,
      peak: after.peak,
    };
    return { ...found, verdict: verdictOf(found) };
  } finally {
    await daemon.stop();
  }
}

function speedOf(pps: number): { readonly kind: 'pps'; readonly value: number } {
  return { kind: 'pps', value: pps };
}

function verdictOf(step: Omit<Step, 'verdict'>): Step['verdict'] {
  const { sent, read, kernelDrops, childDrops, cableDrops: onCable, shed, lag, asked } = step;
  if (read !== sent.packets || kernelDrops + childDrops + onCable + shed > 0) return 'lost';
  if (lag > MAX_LAG) return 'behind';
  return RATE(sent) < asked * REACHED ? 'sender too slow' : 'loss-free';
}

/** Tries rates for one program and number of threads; gives every step. */
async function climb(
  options: RatesOptions,
  load: Load,
  program: 'tcpdump' | 'dumpcap',
  threads: number,
): Promise<Step[]> {
  const steps: Step[] = [];
  const attempt = async (pps: number): Promise<Step> => {
    const tried = await step(options, load, program, threads, Math.round(pps));
    steps.push(tried);
    options.print(`${program}, ${threads} threads: ${describe(tried)}`);
    return tried;
  };
  if (options.rates !== null) {
    for (const rate of options.rates) await attempt(rate);
    return steps;
  }
  let [good, bad] = [0, Number.POSITIVE_INFINITY];
  for (let rate = FIRST; bad === Number.POSITIVE_INFINITY; rate *= FACTOR) {
    const { verdict, sent } = await attempt(rate);
    if (verdict === 'sender too slow') {
      // The sender is the limit: what it reached was loss-free.
      options.print(`the sender reaches no more than ${Math.round(RATE(sent))} packets/s`);
      return steps;
    }
    if (verdict === 'loss-free') good = rate;
    else bad = rate;
  }
  for (let i = 0; i < STEPS_BETWEEN; i++) {
    const middle = (good + bad) / 2;
    if ((await attempt(middle)).verdict === 'loss-free') good = middle;
    else bad = middle;
  }
  return steps;
}

function describe({ sent, read, kernelDrops, childDrops, lag, verdict }: Step): string {
  const drops = `${kernelDrops} dropped in the kernel, ${childDrops} in the program`;
  return `${Math.round(RATE(sent))} packets/s, ${sent.packets} sent, ${read} read, ${drops}, lag ${lag.toFixed(2)} s: ${verdict}`;
}

/** The step with the highest rate at which nothing was lost; null = none. */
export function best(steps: readonly Step[]): Step | null {
  const fine = steps.filter(({ verdict }) => verdict === 'loss-free' || verdict === 'sender too slow');
  return fine.reduce<Step | null>((top, one) => (top === null || RATE(one.sent) > RATE(top.sent) ? one : top), null);
}

/** Rising rates for every program and number of threads, as a table; gives the best rate by `program threads`. */
export async function risingRates(options: RatesOptions): Promise<Map<string, number>> {
  const { print, sender, seconds, programs, threads } = options;
  const load = loadOf(options.mix);
  const idle = await idleRate(sender, load, Math.min(seconds, 5), options.pin ? 0 : null);
  const mean = idle.bytes / Math.max(1, idle.packets);
  print(
    `into an interface nobody listens at, tcpreplay sends ${Math.round(RATE(idle))} packets/s, ${GIGABIT(idle).toFixed(2)} Gbit/s; mean frame ${mean.toFixed(0)} octets`,
  );
  const rows: string[][] = [];
  const top = new Map<string, number>();
  for (const program of programs) {
    for (const count of threads) {
      const steps = await climb(options, load, program, count);
      const highest = best(steps);
      top.set(`${program} ${count}`, highest === null ? 0 : RATE(highest.sent));
      for (const one of [...steps].sort((a, b) => a.asked - b.asked)) {
        rows.push(rowOf(program, count, one, one === highest));
      }
    }
  }
  const heading = [
    'program',
    'threads',
    'asked',
    'packets/s',
    'Gbit/s',
    'sent',
    'read',
    'kernel drops',
    'program drops',
    'cable drops',
    'shed',
    'lag s',
    'cores',
    'capture',
    'peak MiB',
    '',
  ];
  print(table(heading, rows));
  return top;
}

function rowOf(program: string, threads: number, one: Step, highest: boolean): string[] {
  return [
    program,
    String(threads),
    String(one.asked),
    String(Math.round(RATE(one.sent))),
    GIGABIT(one.sent).toFixed(3),
    String(one.sent.packets),
    String(one.read),
    String(one.kernelDrops),
    String(one.childDrops),
    String(one.cableDrops),
    String(one.shed),
    one.lag.toFixed(2),
    one.own.toFixed(2),
    one.capture.toFixed(2),
    (one.peak / 2 ** 20).toFixed(0),
    highest ? `${one.verdict}, the highest` : one.verdict,
  ];
}
