import type { Confidence } from './detection.ts';
import type { Indication } from './facts.ts';

/** Below this score nothing is reported: single hints such as a `client.get_version` alone. */
export const MIN_SCORE = 0.5;
/** From here on a detection is probable even where nothing proves it. */
const PROBABLE = 0.6;

/**
 * Weighs indications: each signature counts once with its greatest weight, as independent evidence:
 * score = 1 - product(1 - weight). A proof (stable payload signature of weight 0.9 or more) makes `confirmed`.
 */
export function fuse(indications: readonly Indication[]): { score: number; confidence: Confidence } {
  const weights = new Map<string, number>();
  let proof = false;
  for (const i of indications) {
    weights.set(i.signature, Math.max(weights.get(i.signature) ?? 0, i.weight));
    proof ||= i.proof;
  }
  let doubt = 1;
  for (const weight of [...weights.values()].sort((a, b) => a - b)) doubt *= 1 - weight;
  const score = Math.round((1 - doubt) * 1e4) / 1e4;
  return { score, confidence: proof ? 'confirmed' : score >= PROBABLE ? 'probable' : 'suspected' };
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
