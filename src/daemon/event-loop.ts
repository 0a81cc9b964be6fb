/** How late the event loop is: what waits while JavaScript computes or the machine is short of time. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { DaemonStatus } from './status.ts';

/** Seconds that a reading looks back at least (at most twice as far). */
const WINDOW = 15;
/** Milliseconds between two samples; each sample holds this time beside the delay. */
const RESOLUTION = 20;

/** A watch that runs until it is stopped. */
export interface EventLoopWatch {
  /** Delay in seconds, over the last 15 to 30 seconds, so that several readers do not take each other's share. */
  read(): DaemonStatus['eventLoop'];
  stop(): void;
}

/**
 * Watches the event loop of this thread with `monitorEventLoopDelay` (https://nodejs.org/api/perf_hooks.html). Two histograms
 * overlap: one that is reset loses the delay in which the reset falls, the other has it. `monotonic` gives seconds.
 */
export function watchEventLoop(monotonic: () => number = () => performance.now() / 1000): EventLoopWatch {
  let older = monitorEventLoopDelay({ resolution: RESOLUTION });
  let younger = monitorEventLoopDelay({ resolution: RESOLUTION });
  older.enable();
  younger.enable();
  let youngerSince = monotonic();
  return {
    read: () => {
      const now = monotonic();
      if (now - youngerSince >= WINDOW) {
        [older, younger] = [younger, older];
        younger.reset();
        youngerSince = now;
      }
      return read(older);
    },
    stop: () => {
      older.disable();
      younger.disable();
    },
  };
}

function read(histogram: ReturnType<typeof monitorEventLoopDelay>): DaemonStatus['eventLoop'] {
  if (histogram.count === 0) return { mean: 0, p50: 0, p99: 0, max: 0 };
  const delay = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1000);
  return {
    mean: delay(histogram.mean),
    p50: delay(histogram.percentile(50)),
    p99: delay(histogram.percentile(99)),
    max: delay(histogram.max),
  };
}
