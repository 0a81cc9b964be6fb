/** A clock that stands still, timers that only the test fires, and a log that is kept. */
import type { Log } from '../../src/daemon/inputs/input.ts';
import { Point, type PointOptions } from '../../src/daemon/points.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';

interface Timer {
  due: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

export class FakeWorld {
  /** µs. */
  now: number = Date.UTC(2024, 9, 5) * 1000;
  readonly lines: string[] = [];
  readonly facts: Readonly<Record<string, unknown>>[] = [];
  private timers: Timer[] = [];
  private order = 0;
  readonly clock = (): number => this.now;
  readonly log: Log = {
    debug: (facts, message) => this.note('debug', facts, message),
    info: (facts, message) => this.note('info', facts, message),
    warn: (facts, message) => this.note('warn', facts, message),
    error: (facts, message) => this.note('error', facts, message),
  };

  private note(level: string, facts: Readonly<Record<string, unknown>>, message: string): void {
    this.facts.push(facts);
    this.lines.push(`${level} ${message} ${JSON.stringify(facts)}`);
  }

  readonly after = (seconds: number, run: () => void | Promise<void>): (() => void) => {
    const timer: Timer = { due: this.now + seconds * 1e6, order: this.order++, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  get waiting(): number {
    return this.timers.length;
  }

  /** Moves the clock and fires what comes due, in order; waits for each. */
  async advance(seconds: number): Promise<void> {
    const until = this.now + seconds * 1e6;
    for (;;) {
      const next = this.timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.now = Math.max(this.now, next.due);
      await next.run();
    }
    this.now = until;
  }

  point(name: string, options: Partial<PointOptions> = {}): Point {
    return new Point({
      sensor: 's',
      config: Point.plain(name),
      limits: { flows: 4096, conversations: 4096, reassembly: 16, recordConversations: 4096, keys: 1000 },
      timeouts: { flowIdle: 900, flowActive: 3600, recordConversationIdle: 3600 },
      overload: { enabled: true, lag: 5, leastShare: 0.05 },
      fileOf: (input) => `input ${input}`,
      signatures: () => ({ set: SIGNATURES, endpoints: ENDPOINTS }),
      seed: 7,
      reported: [],
      recordNames: null,
      ...options,
    });
  }
}
