/** What a fuzz target is, how it is run, and how a failing input is made small. */
import { createRandom, type Random } from '../generate/index.ts';
import { join } from './mutate.ts';

export interface Target {
  readonly name: string;
  /** What the target checks beside "no exception, no endless loop". */
  readonly holds: string;
  /** One input, a function of the generator alone. */
  readonly input: (rng: Random) => Uint8Array;
  /** Throws where an invariant is broken. Depends on the input alone, so that its bytes reproduce a failure. */
  readonly check: (input: Uint8Array) => void | Promise<void>;
}

export interface Failure {
  readonly target: string;
  readonly seed: number;
  readonly index: number;
  readonly error: string;
  readonly input: Uint8Array;
}

export interface RunResult {
  readonly inputs: number;
  readonly bytes: number;
  readonly failures: readonly Failure[];
}

/** The generator of input `index` of a run: any input can be made again without those before it. */
export function randomOf(seed: number, index: number): Random {
  return createRandom((Math.imul(seed, 0x85ebca6b) ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0);
}

/** A generator that depends on the bytes alone (FNV-1a), for choices within a check. */
export function randomFrom(input: Uint8Array): Random {
  let hash = 0x811c9dc5;
  for (let i = 0; i < input.length; i++) hash = Math.imul(hash ^ (input[i] as number), 0x01000193);
  return createRandom(hash >>> 0);
}

/** Runs inputs [from, from + iterations) of a seed; stops after `maxFailures` different errors. */
export async function runTarget(
  target: Target,
  seed: number,
  iterations: number,
  options: {
    readonly from?: number;
    readonly maxFailures?: number;
    readonly onProgress?: (index: number) => void;
  } = {},
): Promise<RunResult> {
  const failures = new Map<string, Failure>();
  const from = options.from ?? 0;
  let bytes = 0;
  let inputs = 0;
  for (let index = from; index < from + iterations; index++) {
    if (options.onProgress && (index & 255) === 0) options.onProgress(index);
    const input = target.input(randomOf(seed, index));
    bytes += input.length;
    inputs++;
    const error = await errorOf(target, input);
    if (error === null) continue;
    const kind = error.replace(/\d+/g, '#').slice(0, 120);
    if (failures.has(kind)) continue;
    failures.set(kind, { target: target.name, seed, index, error, input: await minimise(target, input) });
    if (failures.size >= (options.maxFailures ?? 5)) break;
  }
  return { inputs, bytes, failures: [...failures.values()] };
}

/** What a check says of an input: null where it holds. */
export async function errorOf(target: Target, input: Uint8Array): Promise<string | null> {
  try {
    // A promise is awaited only where there is one: it costs more than most checks.
    const pending = target.check(input);
    if (pending !== undefined) await pending;
    return null;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    const place = /\/((?:src|tests)\/[^\s):]+:\d+)/.exec(error.stack ?? '')?.[1] ?? '';
    return `${error.name}: ${error.message.slice(0, 400)} (${place})`;
  }
}

/** Leaves out pieces of the input, large ones first, as long as the check still fails. */
async function minimise(target: Target, input: Uint8Array): Promise<Uint8Array> {
  let best = input;
  let left = 3000;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length && left > 0; left--) {
      const shorter = join(best.subarray(0, at), best.subarray(at + size));
      if ((await errorOf(target, shorter)) !== null) best = shorter;
      else at += size;
    }
  }
  return best;
}

/** Fails the check. */
export function demand(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Error(typeof what === 'string' ? what : what());
}

/** Both must print alike; the message shows where they part. */
export function demandSame(a: unknown, b: unknown, what: string): void {
  const left = typeof a === 'string' ? a : JSON.stringify(a);
  const right = typeof b === 'string' ? b : JSON.stringify(b);
  if (left === right) return;
  let at = 0;
  while (left[at] === right[at]) at++;
  const show = (text: string): string => text.slice(Math.max(0, at - 60), at + 60);
  throw new Error(`${what}: …${show(left)}… against …${show(right)}…`);
}
