/** The dashboard: its structure, and that every query parses and names metrics that exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { checkExpressions, DEPLOY, installed, knownMetrics, unknownIn } from './promql.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}
interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
}

const FOLDER = join(DEPLOY, 'grafana');
const BOARD = JSON.parse(readFileSync(join(FOLDER, 'poolprint.json'), 'utf8')) as Dashboard;
const SHOWN = BOARD.panels.filter(({ type }) => type !== 'row');
/** What Grafana puts in for its own variables. */
const filled = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:job|instance|point|input)\b/g, '.*');
const EXPRESSIONS = [
  ...SHOWN.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...BOARD.annotations.list.flatMap(({ expr }) => expr ?? []),
].map(filled);
const hasPromtool = installed('promtool');
if (!hasPromtool) console.log('promtool is not installed: queries of the dashboard are not parsed');

test.skipIf(!hasPromtool)('promtool parses every query', () => {
  const { status, text } = checkExpressions(EXPRESSIONS);
  expect([status, text]).toEqual([0, expect.stringContaining(`SUCCESS: ${EXPRESSIONS.length} rules found`)]);
  expect(checkExpressions(['sum(rate(poolprint_packets_total[5m])']).status).not.toBe(0);
});

test('queries name metrics and labels that exist, and no variable that does not', () => {
  const known = knownMetrics();
  expect(EXPRESSIONS.length).toBeGreaterThan(60);
  expect(EXPRESSIONS.flatMap((expr) => unknownIn(expr, known))).toEqual([]);
  expect(EXPRESSIONS.filter((expr) => expr.includes('$'))).toEqual([]);
  const asked = BOARD.templating.list.flatMap(({ definition }) => definition ?? []).map(filled);
  expect(asked).toHaveLength(4);
  expect(asked.flatMap((expr) => unknownIn(expr, known))).toEqual([]);
});

describe('structure', () => {
  test('is one that any Grafana from 10 on takes', () => {
    expect([BOARD.id, BOARD.uid]).toEqual([null, 'poolprint']);
    expect(BOARD.schemaVersion).toBe(39);
    expect(BOARD.templating.list[0]).toMatchObject({ name: 'DS_PROMETHEUS', type: 'datasource', query: 'prometheus' });
  });

  test('ids are unique, titles too', () => {
    const ids = BOARD.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const titles = BOARD.panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test.each(SHOWN.map((panel) => [panel.title, panel] as const))('%s', (_, panel) => {
    expect(panel.type).toMatch(/^(?:stat|timeseries|table)$/);
    expect(panel.description?.length ?? 0).toBeGreaterThan(15);
    expect(panel.fieldConfig?.defaults.unit).toMatch(/^(?:none|pps|bps|cps|ops|s|bytes|percentunit)$/);
    expect(panel.datasource).toEqual({ type: 'prometheus', uid: `\${DS_PROMETHEUS}` });
    const { targets = [] } = panel;
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (const { datasource } of targets) expect(datasource.uid).toBe(`\${DS_PROMETHEUS}`);
  });

  test('panels lie on the grid and never on each other', () => {
    const cells = new Set<string>();
    let taken = 0;
    for (const { gridPos } of BOARD.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      taken += gridPos.w * gridPos.h;
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) cells.add(`${x},${y}`);
      }
    }
    expect(cells.size).toBe(taken);
  });
});

test('provisioning finds the dashboard and the data source', () => {
  const read = (name: string): unknown => load(readFileSync(join(FOLDER, 'provisioning', name), 'utf8'));
  expect(read('dashboards/poolprint.yaml')).toMatchObject({
    apiVersion: 1,
    providers: [{ type: 'file', options: { path: '/var/lib/dashboards' } }],
  });
  expect(read('datasources/prometheus.yaml')).toMatchObject({ apiVersion: 1, datasources: [{ type: 'prometheus' }] });
});
