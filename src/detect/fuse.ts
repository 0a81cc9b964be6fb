import type { Confidence } from './detection.ts';
import type { Indication } from './facts.ts';

/** Below this score nothing is reported: single hints such as a `client.get_version` alone. */
export const MIN_SCORE = 0.5;
/** From here on a detection is probable even where nothing proves it. */
const PROBABLE = 0.6;

/** Families that tell who the other end is, not what was done there: together they are never more than suspected. */
const NAMES: ReadonlySet<string> = new Set(['server-name', 'port', 'client']);

/** What fusion needs of an indication. */
type Weighed = Pick<Indication, 'signature' | 'weight' | 'proof' | 'family' | 'against'>;

/**
 * Weighs the indications of a detection as discounted evidence (Dempster and Shafer): an indication of weight w is a mass w
 * on "mining" and 1 - w on "unknown", so that what is missing, a name for instance, is no proof of innocence. Signatures
 * count once with their greatest weight; of one family, which tells the same thing in several ways, only the strongest
 * counts. Those that speak against mining are put together in the same way and combined by Dempster's rule:
 *
 *     support = 1 - product(1 - w), doubt likewise, score = support (1 - doubt) / (1 - support doubt)
 *
 * A name with its port is `suspected` however sure the name: only what was said or how long the conversation lasted makes
 * `probable`. A proof (stable payload signature of weight 0.9 or more) makes `confirmed`, and nothing speaks against it.
 */
export function fuse(indications: readonly Weighed[]): { score: number; confidence: Confidence } {
  const proof = indications.some((i) => i.proof);
  const support = together(indications.filter((i) => !i.against));
  const doubt = proof ? 0 : together(indications.filter((i) => i.against));
  const told = indications.some((i) => !i.against && (i.family === null || !NAMES.has(i.family)));
  const score = Math.round(((support * (1 - doubt)) / Math.max(1 - support * doubt, 1e-9)) * 1e4) / 1e4;
  return { score, confidence: proof ? 'confirmed' : score >= PROBABLE && told ? 'probable' : 'suspected' };
}

/** 1 - product(1 - w) over families. */
function together(indications: readonly Weighed[]): number {
  const weights = new Map<string, number>();
  for (const i of indications) {
    const family = i.family === null ? `id ${i.signature}` : `family ${i.family}`;
    weights.set(family, Math.max(weights.get(family) ?? 0, i.weight));
  }
  let unknown = 1;
  for (const weight of [...weights.values()].sort((a, b) => a - b)) unknown *= 1 - weight;
  return 1 - unknown;
}

export interface Attempt {
  readonly miner: string;
  readonly endpoint: string;
  readonly time: number;
  readonly submitted: boolean;
}

const PROBE_ENDPOINTS = 8;
const PROBE_WINDOW = 600_000_000;

/**
 * Addresses that probe: one that tries 8 or more endpoints within 10 minutes and never submits a share. Returns, per such
 * address, a test whether an attempt at a given time belongs to the probing.
 */
export function findProbes(attempts: readonly Attempt[]): Map<string, (time: number) => boolean> {
  const byMiner = new Map<string, Attempt[]>();
  for (const a of attempts) {
    const list = byMiner.get(a.miner);
    if (list) list.push(a);
    else byMiner.set(a.miner, [a]);
  }
  const probes = new Map<string, (time: number) => boolean>();
  for (const [miner, list] of byMiner) {
    if (list.some((a) => a.submitted)) continue;
    const windows = probeWindows(list.sort((a, b) => a.time - b.time));
    if (windows.length > 0) probes.set(miner, (time) => isInside(windows, time));
  }
  return probes;
}

function probeWindows(sorted: readonly Attempt[]): [number, number][] {
  const windows: [number, number][] = [];
  const inside = new Map<string, number>();
  let first = 0;
  for (const a of sorted) {
    inside.set(a.endpoint, (inside.get(a.endpoint) ?? 0) + 1);
    for (let old = sorted[first]; old && a.time - old.time > PROBE_WINDOW; old = sorted[++first]) {
      const left = (inside.get(old.endpoint) ?? 1) - 1;
      if (left === 0) inside.delete(old.endpoint);
      else inside.set(old.endpoint, left);
    }
    if (inside.size < PROBE_ENDPOINTS) continue;
    const from = (sorted[first] as Attempt).time;
    const last = windows[windows.length - 1];
    if (last && from <= last[1]) last[1] = a.time;
    else windows.push([from, a.time]);
  }
  return windows;
}

/** Whether one of the disjoint intervals, which stand in order, holds `time`. */
function isInside(windows: readonly (readonly [number, number])[], time: number): boolean {
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle] as readonly [number, number])[1] < time) low = middle + 1;
    else high = middle;
  }
  const found = windows[low];
  return found !== undefined && found[0] <= time;
}
