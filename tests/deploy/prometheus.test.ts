/** Rules and alerts: they parse, fire where they should, name metrics that exist, and have a place in the guide. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { DEPLOY, installed, knownMetrics, promtool, rulesOf, unknownIn } from './promql.ts';

const FOLDER = join(DEPLOY, 'prometheus');
const RULES = rulesOf('poolprint.rules.yml');
const ALERTS = rulesOf('poolprint.alerts.yml');
const hasPromtool = installed('promtool');
if (!hasPromtool) console.log('promtool is not installed: rules are neither parsed nor run');

describe.skipIf(!hasPromtool)('promtool', () => {
  test('check rules', () => {
    const { status, text } = promtool(
      'check',
      'rules',
      join(FOLDER, 'poolprint.rules.yml'),
      join(FOLDER, 'poolprint.alerts.yml'),
    );
    expect([status, text]).toEqual([0, expect.stringContaining(`SUCCESS: ${ALERTS.length} rules found`)]);
  });

  test('test rules: each alert fires and does not fire', () => {
    const { status, text } = promtool('test', 'rules', join(FOLDER, 'poolprint.test.yml'));
    expect([status, text]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  test('check config', () => {
    const { status, text } = promtool('check', 'config', join(FOLDER, 'prometheus.yml'));
    expect([status, text]).toEqual([0, expect.stringContaining('is valid')]);
  });
});

test('metrics and labels exist', () => {
  const known = knownMetrics();
  expect([...RULES, ...ALERTS].flatMap(({ expr }) => unknownIn(expr, known))).toEqual([]);
  // The check itself can fail.
  expect(unknownIn('rate(poolprint_nothing_total[5m])', known)).toEqual(['no metric poolprint_nothing_total']);
  expect(unknownIn('poolprint_ready{colour="red"}', known)).toEqual(['poolprint_ready has no label colour']);
  expect(unknownIn('1 + 1', known)).toHaveLength(1);
});

test('recording rules are named level:metric:operations', () => {
  const names = RULES.map(({ record }) => record ?? '');
  expect(names.filter((name) => !/^instance(?:_[a-z]+)*:poolprint_[a-z_]+:[a-z0-9_]+$/.test(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

test('every alert is tested by name', () => {
  const tested = readFileSync(join(FOLDER, 'poolprint.test.yml'), 'utf8');
  expect(ALERTS.filter(({ alert }) => !tested.includes(`alertname="${alert}"}'`)).map(({ alert }) => alert)).toEqual(
    [],
  );
});

describe.each(ALERTS.map((rule) => [rule.alert ?? '', rule] as const))('%s', (name, rule) => {
  test('says what is wrong in two languages and where help stands', () => {
    const {
      summary = '',
      description = '',
      summary_zh = '',
      description_zh = '',
      runbook = '',
    } = rule.annotations ?? {};
    expect(rule.labels?.['severity']).toMatch(/^(?:critical|warning|info)$/);
    for (const text of [summary, description]) expect(text).not.toMatch(/\p{Script=Han}/u);
    for (const text of [summary_zh, description_zh]) expect(text).toMatch(/\p{Script=Han}/u);
    expect(Math.min(summary.length, description.length)).toBeGreaterThan(10);
    expect(runbook).toBe(`deploy/README.md#${name.toLowerCase()}`);
    const guide = readFileSync(join(DEPLOY, 'README.md'), 'utf8');
    const part = guide.split(`\n### ${name}\n`)[1]?.split(/\n##/)[0] ?? '';
    // What it means and what to do; a heading alone is no help.
    expect(part.length, `deploy/README.md has nothing below "### ${name}"`).toBeGreaterThan(100);
  });

  test('templates use labels that its expression keeps', () => {
    const text = Object.values(rule.annotations ?? {}).join('\n');
    const used = [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    const known = knownMetrics();
    const kept = new Set(['job', 'instance']);
    for (const [metric, labels] of known) {
      if (rule.expr.includes(metric)) for (const label of labels) kept.add(label);
    }
    expect(used.filter((label) => !kept.has(label))).toEqual([]);
  });
});

test('the runbook has no alert that is gone', () => {
  const guide = readFileSync(join(DEPLOY, 'README.md'), 'utf8');
  const headings = [...guide.matchAll(/^### (Poolprint\w+)$/gm)].map(([, name = '']) => name);
  expect(headings.sort()).toEqual(ALERTS.map(({ alert }) => alert ?? '').sort());
});

test('the scrape example asks the port of the default configuration', () => {
  const { scrape_configs: jobs } = load(readFileSync(join(FOLDER, 'prometheus.yml'), 'utf8')) as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  expect(jobs.map(({ job_name, static_configs }) => [job_name, static_configs[0]?.targets])).toEqual([
    ['poolprint', ['127.0.0.1:9477']],
  ]);
});
