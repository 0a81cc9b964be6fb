import type { Log } from './inputs/input.ts';

/** Timers of the environment, and where failures are told. */
export interface TimersOptions {
  /** Calls back after `seconds`; the result cancels. */
  readonly after: (seconds: number, run: () => void) => () => void;
  readonly log: Log;
}

/** What the daemon does again and again. */
export class Timers {
  private readonly options: TimersOptions;
  private readonly cancels: Set<() => void> = new Set();
  private stopped = false;

  constructor(options: TimersOptions) {
    this.options = options;
  }

  /**
   * Repeats something, first after `seconds`; a function is asked for them anew each time. It never overlaps itself, and
   * what it throws is logged.
   */
  every(seconds: number | (() => number), run: () => void | Promise<void>): void {
    const { after, log } = this.options;
    const cancel = after(typeof seconds === 'number' ? seconds : seconds(), async () => {
      this.cancels.delete(cancel);
      try {
        await run();
      } catch (error) {
        log.error({ error: String(error) }, 'a task of the daemon failed');
      }
      if (!this.stopped) this.every(seconds, run);
    });
    this.cancels.add(cancel);
  }

  /** Nothing begins any more; what is under way ends by itself. */
  stop(): void {
    this.stopped = true;
    for (const cancel of this.cancels) cancel();
  }
}
