/** Whether a soak was sound: bounds over its samples and over what was found. Pure. */
import type { DaemonStatus } from '../../src/daemon/status.ts';
import type { Sample } from './sample.ts';

export interface Bounds {
  /** Growth of resident memory over the last half, MiB an hour; judged where they are at least `judged` seconds. */
  readonly slope: number;
  readonly judged: number;
  /** Descriptors more in the last third than in the first. */
  readonly descriptors: number;
  /** Packets to be worked off. */
  readonly packets: number;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  readonly status: DaemonStatus;
  /** Dialects that the captures hold, and those found by the daemon with full confidence. */
  readonly expected: ReadonlySet<string>;
  readonly found: ReadonlySet<string>;
  /** Observation points for which a detection was written. */
  readonly points: ReadonlySet<string>;
  /** Datagrams sent from the address that is not listed; and what they cost, as long as nobody else sent. */
  readonly strangers: number;
  readonly alone: readonly string[];
  /** Lines of standard error that must not be there; and failures of feeders, of looks, of the end. */
  readonly wrong: readonly string[];
  readonly failures: readonly string[];
}

/** Slope of `y` over `x` by least squares, in units of y for one of x; 0 for fewer than two points. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const n = points.length;
  if (n < 2) return 0;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

/** Samples of the last half of the time. */
export function settled(samples: readonly Sample[]): Sample[] {
  const last = samples.at(-1)?.seconds ?? 0;
  return samples.filter(({ seconds }) => seconds >= last / 2);
}

/** Growth of a column over the last half, in its unit an hour. */
export function growth(samples: readonly Sample[], column: keyof Sample): number {
  return slopeOf(settled(samples).map((sample) => [sample.seconds / 3600, sample[column]]));
}

/** Seconds over which the least heap is about what is alive: garbage is collected several times in between. */
const WINDOW = 120;

/** Growth of what is alive: of the least heap of every two minutes of the last half, MiB an hour. */
export function liveGrowth(samples: readonly Sample[]): number {
  const least = new Map<number, number>();
  const late = settled(samples);
  const [start, end] = [late[0]?.seconds ?? 0, late.at(-1)?.seconds ?? 0];
  for (const { seconds, heap_mib: heap } of late) {
    const window = Math.floor((seconds - start) / WINDOW);
    // What is left over at the end may hold no collection.
    if (start + (window + 1) * WINDOW > end) break;
    least.set(window, Math.min(heap, least.get(window) ?? Number.POSITIVE_INFINITY));
  }
  return slopeOf([...least].map(([window, heap]) => [(window * WINDOW) / 3600, heap]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Descriptors in the last third less those in the middle one: in the first, inputs are still being opened. */
export function descriptorGrowth(samples: readonly Sample[]): number {
  const last = samples.at(-1)?.seconds ?? 0;
  const part = (n: number): number[] =>
    samples
      .filter(({ seconds }) => seconds >= (last * n) / 3 && seconds <= (last * (n + 1)) / 3)
      .map((s) => s.descriptors);
  return median(part(2)) - median(part(1));
}

/** What is broken, one line each; empty = sound. */
export function judge(outcome: Outcome, bounds: Bounds): string[] {
  const { samples, status, expected, found, points, strangers, alone, wrong, failures } = outcome;
  const broken = [...failures, ...alone];
  const last = samples.at(-1);
  if (last === undefined) return [...broken, 'there is no sample'];
  const slope = growth(samples, 'rss_mib');
  const watched = last.seconds - (settled(samples)[0]?.seconds ?? 0);
  if (watched >= bounds.judged && slope > bounds.slope) {
    broken.push(`resident memory grows by ${slope.toFixed(1)} MiB an hour; ${bounds.slope} are allowed`);
  }
  const more = descriptorGrowth(samples);
  if (more > bounds.descriptors) broken.push(`${more} descriptors more in the last third than in the one before`);
  const missing = [...expected].filter((dialect) => !found.has(dialect));
  if (missing.length > 0) broken.push(`not detected: ${missing.sort().join(', ')}`);
  for (const { point } of status.inputs) if (!points.has(point)) broken.push(`nothing was detected at point ${point}`);
  if (last.packets < bounds.packets)
    broken.push(`${last.packets} packets were worked off; ${bounds.packets} were asked for`);
  if (last.failures > 0) broken.push(`${last.failures} checkpoints or writes into the ledger failed`);
  for (const { name, recordFaults, kernelDrops, exporters, state } of status.inputs) {
    if (state === 'failed' || state === 'restarting') broken.push(`input ${name} is ${state}`);
    if (exporters.length === 0) continue;
    const refused = recordFaults.not_allowed ?? 0;
    if (refused > strangers || refused < strangers - kernelDrops) {
      broken.push(
        `${strangers} datagrams were sent by nobody listed, ${refused} counted, ${kernelDrops} dropped by the kernel`,
      );
    }
  }
  if (wrong.length > 0) broken.push(`${wrong.length} lines on standard error that must not be there: ${wrong[0]}`);
  return broken;
}

/** What datagrams of strangers left behind besides their own counter, one line each; `sent` of them. */
export function costOfStrangers(status: DaemonStatus, input: string, sent: number): string[] {
  const found = status.inputs.find(({ name }) => name === input);
  if (found === undefined) return [`there is no input ${input}`];
  const { recordFaults, datagrams, records, templates, exporters, sequenceGaps, kernelDrops } = found;
  const { not_allowed: refused = 0, ...others } = recordFaults;
  const left = { datagrams, records, templates, exporters: exporters.length, sequenceGaps, ...others };
  const cost = Object.entries(left).filter(([, n]) => n !== 0);
  const lines = cost.map(([name, n]) => `datagrams of nobody listed left ${name} = ${n}`);
  if (refused + kernelDrops < sent || refused > sent) {
    lines.push(
      `${sent} datagrams were sent by nobody listed alone, ${refused} counted, ${kernelDrops} dropped by the kernel`,
    );
  }
  return lines;
}
