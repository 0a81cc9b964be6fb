/**
 * The daemon's status as Prometheus reads it (text exposition format 0.0.4). Names follow
 * https://prometheus.io/docs/practices/naming/; docs/metrics.md tells each of them. Nothing is counted here: every reading is
 * filled anew from one status.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { DaemonStatus } from '../daemon/status.ts';
import type { Family, Put } from './family.ts';
import { DAEMON_FAMILIES, LATENCY_FAMILIES } from './family-daemon.ts';
import { INPUT_FAMILIES } from './family-input.ts';
import { POINT_FAMILIES } from './family-point.ts';
import { Labels, type MetricNames } from './labels.ts';
import { LatencyMetric } from './latency.ts';
import { Rising } from './rising.ts';

const PREFIX = 'poolprint_';

export interface Metrics {
  readonly contentType: string;
  /** One reading; calls that come while one is under way share it. Rejects only where `status` throws. */
  text(): Promise<string>;
}

/** Every metric of ours, in the order of the page: name with prefix, type, labels, help. */
export const METRICS: readonly {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}[] = [
  ...[...DAEMON_FAMILIES, ...INPUT_FAMILIES, ...POINT_FAMILIES].map(({ name, kind, labels, help }) => ({
    name: PREFIX + name,
    type: kind,
    labels,
    help,
  })),
  ...LATENCY_FAMILIES.map(({ name, help }) => ({ name: PREFIX + name, type: 'histogram' as const, labels: [], help })),
];

/** Default metrics of prom-client that break the naming rules (a gauge must not end in `_total`) and repeat others. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * Metrics over a status, in a registry of their own, beside the usual `process_*` and `nodejs_*`. `names` are the closed lists
 * of label values; what is in none of them is counted under `other`.
 */
export function createMetrics(status: () => DaemonStatus, names: MetricNames): Metrics {
  const registry = new Registry();
  const labels = new Labels(names);
  const families = [...DAEMON_FAMILIES, ...INPUT_FAMILIES, ...POINT_FAMILIES].map((family) =>
    register(registry, family),
  );
  const latencies = LATENCY_FAMILIES.map(({ name, help, read }) => {
    const metric = new LatencyMetric(PREFIX + name, help);
    // The registry's type names its own classes only; it calls nothing but `get`.
    registry.registerMetric(metric as unknown as Gauge);
    return { metric, read };
  });
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);

  const render = async (): Promise<string> => {
    const now = status();
    labels.refresh();
    for (const fill of families) fill(now, labels);
    for (const { metric, read } of latencies) metric.set(read(now));
    return registry.metrics();
  };
  let underWay: Promise<string> | null = null;
  return {
    contentType: registry.contentType,
    text: () => {
      underWay ??= render().finally(() => {
        underWay = null;
      });
      return underWay;
    },
  };
}

type Fill = (status: DaemonStatus, labels: Labels) => void;

/** Registers a family; the result replaces what it shows by what a status says. */
function register(registry: Registry, family: Family): Fill {
  const { name, help, kind, labels: labelNames } = family;
  const configuration = { name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] };
  if (kind === 'gauge') {
    const gauge = new Gauge(configuration);
    return (status, labels) => {
      gauge.reset();
      // A gauge without labels shows 0 after a reset; what does not exist must not look like a 0.
      if (labelNames.length === 0) gauge.remove({});
      for (const [values, value] of gather(family, status, labels)) gauge.set(named(labelNames, values), value);
    };
  }
  const counter = new Counter(configuration);
  const rising = new Rising();
  return (status, labels) => {
    counter.reset();
    if (labelNames.length === 0) counter.remove({});
    const now = [...gather(family, status, labels)].map(
      ([values, value]) => [values, rising.next(values, value)] as const,
    );
    for (const [values, value] of family.stays === true ? rising.shown() : now) {
      counter.inc(named(labelNames, values), value);
    }
  };
}

/** Values of a family by their labels; equal labels are merged. A value that is no finite number is left out. */
function gather(
  family: Family,
  status: DaemonStatus,
  labels: Labels,
): Iterable<readonly [labels: readonly string[], value: number]> {
  const found = new Map<string, readonly [labels: readonly string[], value: number]>();
  const put: Put = (value, ...values) => {
    if (!Number.isFinite(value)) return;
    const key = JSON.stringify(values);
    const before = found.get(key)?.[1];
    found.set(key, [values, before === undefined ? value : merge(family.merge, before, value)]);
  };
  family.read(status, put, labels);
  return found.values();
}

function merge(how: Family['merge'], a: number, b: number): number {
  if (how === 'max') return Math.max(a, b);
  return how === 'min' ? Math.min(a, b) : a + b;
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
