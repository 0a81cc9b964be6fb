import { CaptureError, InputError } from '../capture/capture-error.ts';
import type { Input } from '../capture/inputs.ts';
import { readCapture } from '../capture/read.ts';
import { CaptureReader } from '../capture/reader.ts';
import { openSource } from '../capture/source.ts';

/**
 * Inputs by the capture time of their first packet, then by name. What can be read only once (standard input, pipes) and
 * what shows no packet comes last, as named.
 */
export async function inOrderOfTime(inputs: readonly Input[]): Promise<Input[]> {
  if (inputs.length < 2) return [...inputs];
  const timed: { readonly input: Input; readonly time: number }[] = [];
  for (const input of inputs) timed.push({ input, time: await firstTime(input) });
  return timed.sort(byTime).map(({ input }) => input);
}

interface Timed {
  readonly input: Input;
  readonly time: number;
}

function byTime(a: Timed, b: Timed): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  if (a.time === Number.POSITIVE_INFINITY || a.input.path === b.input.path) return 0;
  return a.input.path < b.input.path ? -1 : 1;
}

async function firstTime(input: Input): Promise<number> {
  let first = Number.POSITIVE_INFINITY;
  if (input.size === null) return first;
  const stop = new AbortController();
  const sink = {
    onFrame(frame: { readonly time: number }): void {
      if (first === Number.POSITIVE_INFINITY) first = frame.time;
      stop.abort();
    },
  };
  try {
    const source = await openSource(input.path);
    try {
      await readCapture(source, new CaptureReader(0), sink, { signal: stop.signal });
    } finally {
      await source.close();
    }
  } catch (error) {
    // Whatever is wrong with it is said when it is read.
    if (!(error instanceof CaptureError || error instanceof InputError)) throw error;
  }
  return first;
}
