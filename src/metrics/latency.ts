/** A histogram whose counts are kept elsewhere: prom-client's own can only be filled one observation after the other. */
import type { Histogram } from 'prom-client';
import type { LatencyHistogram } from '../daemon/status.ts';
import { Rising } from './rising.ts';

/** LATENCY_BOUNDS of src/daemon/status.ts; only types cross that border, so a test compares the two. */
export const BOUNDS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

type Exported = Awaited<ReturnType<Histogram['get']>>;

/** Stands in a registry like any histogram: the registry asks for nothing but `name` and `get`. */
export class LatencyMetric {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #rising = new Rising();
  #values: Exported['values'] = [];

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  /** Null shows the metric without a series. Counts are made to rise from bound to bound and from reading to reading. */
  set(latency: LatencyHistogram | null): void {
    this.#values = [];
    if (latency === null) return;
    const add = (suffix: string, value: number, labels: { le?: number | string } = {}): void => {
      this.#values.push({ metricName: `${this.name}_${suffix}`, value, labels });
    };
    let below = 0;
    for (const [index, le] of BOUNDS.entries()) {
      below = Math.max(below, this.#rising.next([String(le)], latency.counts[index] ?? 0));
      add('bucket', below, { le });
    }
    below = Math.max(below, this.#rising.next(['+Inf'], latency.count));
    add('bucket', below, { le: '+Inf' });
    add('sum', this.#rising.next(['sum'], latency.sum));
    add('count', below);
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#values };
  }
}
