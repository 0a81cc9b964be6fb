/** What a PromQL expression names, without parsing all of it: promtool does that. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { METRICS } from '../../src/metrics/metrics.ts';

export const DEPLOY: string = join(import.meta.dirname, '..', '..', 'deploy');

export function installed(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args.length > 0 ? args : ['--version'], { stdio: 'ignore' }).error === undefined;
}

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** All rules of a file of deploy/prometheus. */
export function rulesOf(file: string): readonly Rule[] {
  const text = readFileSync(join(DEPLOY, 'prometheus', file), 'utf8');
  return (load(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
}

/** Labels by name of metric: ours, those of the recording rules, and what prom-client and Prometheus add. */
export function knownMetrics(): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, ReadonlySet<string>>([
    ['up', new Set()],
    ['ALERTS', new Set(['alertname', 'alertstate', 'severity'])],
  ]);
  for (const { name, type, labels } of METRICS) {
    if (type !== 'histogram') known.set(name, new Set(labels));
    else {
      known.set(`${name}_bucket`, new Set([...labels, 'le']));
      for (const part of ['sum', 'count']) known.set(`${name}_${part}`, new Set(labels));
    }
  }
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const { name } of register.getMetricsAsArray()) known.set(name, new Set());
  register.clear();
  for (const { record } of rulesOf('poolprint.rules.yml')) {
    if (record === undefined) continue;
    // The level of a rule's name is the list of its labels.
    known.set(record, new Set((record.split(':')[0] ?? '').split('_')));
  }
  return known;
}

export interface Named {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** Metrics that an expression names, each with the labels of its selector. */
export function metricsIn(expr: string): readonly Named[] {
  const names =
    /(?<![\w:])((?:[a-z_]+:)?poolprint_\w+(?::\w+)?|process_\w+|nodejs_\w+|up|ALERTS)\b(?!\s*\()(?:\{([^}]*)\})?/g;
  return [...expr.matchAll(names)].map(([, metric = '', selector = '']) => ({
    metric,
    labels: [...selector.matchAll(/(\w+)\s*[!=]~?/g)].map(([, label = '']) => label),
  }));
}

/** What is wrong with the names in an expression; [] where all exist. */
export function unknownIn(expr: string, known: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found = metricsIn(expr);
  if (found.length === 0) return [`names no metric: ${expr}`];
  return found.flatMap(({ metric, labels }) => {
    const has = known.get(metric);
    if (has === undefined) return [`no metric ${metric}`];
    return labels
      .filter((label) => !has.has(label) && label !== 'job' && label !== 'instance')
      .map((label) => `${metric} has no label ${label}`);
  });
}

/** Runs promtool; the exit code and what it printed. */
export function promtool(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8', timeout: 60_000 });
  return { status, text: stdout + stderr };
}

/** Has promtool parse every expression, as recording rules of a file of its own. */
export function checkExpressions(expressions: readonly string[]): {
  readonly status: number | null;
  readonly text: string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-promql-'));
  try {
    const file = join(folder, 'rules.json');
    const rules = expressions.map((expr, index) => ({ record: `test:expression_${index}:value`, expr }));
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'expressions', rules }] }));
    return promtool('check', 'rules', '--lint=none', file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
