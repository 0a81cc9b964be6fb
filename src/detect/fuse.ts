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
  const { score, confidence } = weigh(indications);
  return { score, confidence };
}

/** A signature with the weight that it counts with. */
export interface WeighedSign {
  readonly signature: string;
  readonly weight: number;
}

/** What counts once: the strongest signature of a family, or one without a family. */
export interface CountedSign extends WeighedSign {
  readonly family: string | null;
  /** Others of the family, which tell the same and do not count; strongest first. */
  readonly superseded: readonly WeighedSign[];
}

/** How a score came about: everything between 0 and 1, only the score rounded, to 4 decimals. */
export interface Fusion {
  /** Strongest first. */
  readonly signs: readonly CountedSign[];
  readonly against: readonly CountedSign[];
  readonly support: number;
  /** 0 where something proves mining, whatever stands in `against`. */
  readonly doubt: number;
  readonly proof: boolean;
  readonly score: number;
  readonly confidence: Confidence;
}

/** What `fuse` decides, with the parts that it decides by. Does not depend on the order of indications. */
export function weigh(indications: readonly Weighed[]): Fusion {
  const proof = indications.some((i) => i.proof);
  const signs = counted(indications.filter((i) => !i.against));
  const against = counted(indications.filter((i) => i.against));
  const support = together(signs);
  const doubt = proof ? 0 : together(against);
  const told = signs.some(({ family }) => family === null || !NAMES.has(family));
  const score = Math.round(((support * (1 - doubt)) / Math.max(1 - support * doubt, 1e-9)) * 1e4) / 1e4;
  const confidence = proof ? 'confirmed' : score >= PROBABLE && told ? 'probable' : 'suspected';
  return { signs, against, support, doubt, proof, score, confidence };
}

/** The strongest of each family. A signature counts with its greatest weight. */
function counted(indications: readonly Weighed[]): CountedSign[] {
  const groups = new Map<string, { family: string | null; weights: Map<string, number> }>();
  for (const { signature, weight, family } of indications) {
    const key = family === null ? `id ${signature}` : `family ${family}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { family, weights: new Map() };
      groups.set(key, group);
    }
    group.weights.set(signature, Math.max(group.weights.get(signature) ?? 0, weight));
  }
  return [...groups.values()]
    .map(({ family, weights }) => {
      const [first, ...superseded] = [...weights]
        .map(([signature, weight]) => ({ signature, weight }))
        .sort(byWeight) as [WeighedSign, ...WeighedSign[]];
      return { ...first, family, superseded };
    })
    .sort((a, b) => byWeight(a, b) || compare(a.family ?? '', b.family ?? ''));
}

function byWeight(a: WeighedSign, b: WeighedSign): number {
  return b.weight - a.weight || compare(a.signature, b.signature);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** 1 - product(1 - w). The weakest first, so that the last digit does not depend on the order of what was seen. */
function together(signs: readonly WeighedSign[]): number {
  let unknown = 1;
  for (const { weight } of signs.toReversed()) unknown *= 1 - weight;
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
