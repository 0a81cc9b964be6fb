import { type Random, type RawFrame, tcpLayout } from '../generate/index.ts';

const SYN = 0x02;
/** Packets that follow each other more slowly than this (µs) do not overtake each other. */
const APART = 50_000;

/**
 * Lets packets of either direction overtake each other by at most `window` places, as parallel paths and a tap with two
 * ports do. The opening keeps its place.
 */
export function jitter(frames: readonly RawFrame[], rng: Random, window: number): RawFrame[] {
  const out: RawFrame[] = [];
  let from = 0;
  for (let i = 1; i <= frames.length; i++) {
    const frame = frames[i];
    if (frame !== undefined && frame.time - frames[i - 1]!.time <= APART && !opens(frame) && !opens(frames[i - 1]!))
      continue;
    const run = frames.slice(from, i).map((f, n) => ({ f, place: n + rng.float() * (window + 1) }));
    run.sort((a, b) => a.place - b.place);
    run.forEach(({ f }, n) => {
      const slot = frames[from + n]!;
      out.push({ ...f, time: slot.time, nanos: slot.nanos });
    });
    from = i;
  }
  return out;
}

function opens(frame: RawFrame): boolean {
  return ((tcpLayout(frame)?.flags ?? 0) & SYN) !== 0;
}
