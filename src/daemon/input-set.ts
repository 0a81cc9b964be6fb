import type { ConfigDiff } from './config/diff.ts';
import type { InputConfig } from './config/types.ts';
import type { EngineHost } from './engine/host.ts';
import type { Feeds } from './feeds.ts';
import { createCollectorInput } from './inputs/collector.ts';
import { createInput } from './inputs/create.ts';
import type { InputContext, InputDriver, Log } from './inputs/input.ts';
import type { Point } from './points.ts';
import type { InputStatus } from './status.ts';

/** What inputs are made with. */
export interface InputSetOptions {
  readonly feeds: Pick<Feeds, 'open' | 'number' | 'taken'>;
  readonly host: Pick<EngineHost, 'taken'>;
  /** Points by name; one is made where there is none. */
  readonly point: (name: string) => Point;
  /** Values that an earlier process left behind: where its inputs stood. */
  readonly saved: ReadonlyMap<string, unknown>;
  /** Writes down where all inputs stand; never rejects. */
  readonly checkpoint: () => Promise<void>;
  /** Wall clock, µs. */
  readonly clock: () => number;
  /** Calls back after `seconds`; the result cancels. */
  readonly after: (seconds: number, run: () => void) => () => void;
  readonly log: Log;
}

/** The inputs that run, by name. */
export class InputSet {
  private readonly options: InputSetOptions;
  private readonly running: Map<string, InputDriver> = new Map();
  /** Where inputs stood that were taken down in this process. */
  private readonly left: Map<string, unknown> = new Map();

  constructor(options: InputSetOptions) {
    this.options = options;
  }

  /** By name, in the order in which they were started. */
  get drivers(): ReadonlyMap<string, InputDriver> {
    return this.running;
  }

  /** In the order in which they were started. */
  status(): InputStatus[] {
    return [...this.running.values()].map((driver) => driver.status());
  }

  /** Starts an input where it stood last. What is wrong with it is its state. */
  start(input: InputConfig): void {
    const { feeds, point, saved, clock, after, log } = this.options;
    point(input.point);
    const live = input.kind === 'live' || input.kind === 'pipe';
    const samplingRate = 'samplingRate' in input ? input.samplingRate : null;
    const context: InputContext = {
      log,
      clock,
      after,
      open: (format, name, resume) => feeds.open(format, name, resume, { point: input.point, live, samplingRate }),
    };
    const driver = createInput(input, context, {
      collector: (config, own) => {
        const { records, config: at } = point(config.point);
        return createCollectorInput(config, own, { sink: records, input: feeds.number(config.name), nat: at.nat });
      },
    });
    this.running.set(input.name, driver);
    const position = `position ${input.name}`;
    driver.start((this.left.has(position) ? this.left : saved).get(position) ?? null);
  }

  /** Stops those that are gone or changed, and starts those that are new or changed; the others run on. */
  async change(
    next: readonly InputConfig[],
    { inputsAdded, inputsRemoved, inputsChanged }: Pick<ConfigDiff, 'inputsAdded' | 'inputsRemoved' | 'inputsChanged'>,
  ): Promise<void> {
    const gone = [...inputsRemoved, ...inputsChanged];
    if (gone.length > 0) {
      await Promise.all(gone.map((name) => this.running.get(name)?.stop()));
      // Where they stand is part of the state before they go.
      await this.options.checkpoint();
      for (const name of gone) this.takeDown(name);
    }
    const coming = new Set([...inputsAdded, ...inputsChanged]);
    for (const input of next) if (coming.has(input.name)) this.start(input);
  }

  /** Ends the taking of input; settles once what was taken has been fed. They stay in the set, with their positions. */
  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((driver) => driver.stop()));
  }

  private takeDown(name: string): void {
    const { feeds, host } = this.options;
    const position = this.running.get(name)?.position((input) => feeds.taken(input) ?? host.taken(input));
    this.left.set(`position ${name}`, position ?? null);
    this.running.delete(name);
  }
}
