/** A real Prometheus scrapes the daemon's port, and the alert rules of deploy/ fire and stay silent as they should. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpServer, startHttp } from '../../src/daemon/http.ts';
import type { DaemonStatus } from '../../src/daemon/status.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { latency, NAMES, sampleInput, samplePoint, sampleStatus } from './status-sample.ts';

const RULES = join(import.meta.dirname, '..', '..', 'deploy', 'prometheus');
const PROMETHEUS = spawnSync('prometheus', ['--version']).status === 0;
if (!PROMETHEUS) console.log('skipped: Prometheus is not installed, so no alert was fired');
/** Polls of its interface at most, and milliseconds between two: under half a minute. */
const MAX_POLLS = 100;
const BETWEEN = 200;

interface RuleFile {
  readonly groups: { interval?: string; rules: { alert?: string; for?: string; keep_firing_for?: string }[] }[];
}

/** The rules as they are delivered, but without the patience that a test cannot have. */
function impatient(text: string): string {
  const file = load(text) as RuleFile;
  for (const group of file.groups) {
    group.interval = '500ms';
    for (const rule of group.rules) if (rule.alert !== undefined) rule.for = '0s';
  }
  return dump(file);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What the daemon says: traffic goes on at each reading; `trouble` is what goes wrong in it. */
function talking(trouble: () => boolean): () => DaemonStatus {
  let reading = 0;
  return () => {
    const n = ++reading;
    const now = Date.now() * 1000;
    const bad = trouble();
    const tap = sampleInput('tap', 'live', {
      packets: 1000 * n,
      bytes: 6e5 * n,
      lastTime: now,
      kernelDrops: bad ? 500 * n : 3,
    });
    const core = { packets: 1000 * n, flows: 10 * n, inspected: 8 * n, matched: n, keptShare: bad ? 0.5 : 1 };
    return sampleStatus({
      now,
      startedAt: now - 3600e6,
      ready: !bad,
      notReady: bad ? ['the invented disk is full'] : [],
      inputs: [
        tap,
        sampleInput('pipe', 'pipe', { packets: 100 * n, lastTime: now, state: bad ? 'failed' : 'running' }),
      ],
      points: [samplePoint('core', core)],
      detections: [{ dialect: 'stratum-v1', confidence: 'confirmed', activity: 'mining', count: bad ? 4 : 0 }],
      ledger: {
        writes: n,
        failures: bad ? n : 0,
        detectionsWritten: 0,
        pending: 0,
        refused: 0,
        latency: latency([n, n, n, n, n, n, n, n, n], 0.0005 * n),
        lastWrite: now,
        heapBytes: 30 << 20,
      },
      checkpoint: { writes: n, failures: 0, last: now, latency: latency(new Array(9).fill(n), 0.0005 * n) },
    });
  };
}

describe.skipIf(!PROMETHEUS)('Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-prometheus-'));
  let server: HttpServer;
  let prometheus: ChildProcess;
  let api = '';
  let said = '';
  let trouble = false;

  beforeAll(async () => {
    const status = talking(() => trouble);
    const ignore = (): void => {};
    server = await startHttp({
      address: '127.0.0.1',
      port: 0,
      metrics: createMetrics(status, NAMES),
      status,
      statusPublic: false,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    const files = readdirSync(RULES).filter((name) => /\.(?:rules|alerts)\.yml$/.test(name));
    for (const name of files) writeFileSync(join(folder, name), impatient(readFileSync(join(RULES, name), 'utf8')));
    const configuration = {
      global: { scrape_interval: '500ms', scrape_timeout: '400ms', evaluation_interval: '500ms' },
      rule_files: files,
      scrape_configs: [{ job_name: 'poolprint', static_configs: [{ targets: [`127.0.0.1:${server.port}`] }] }],
    };
    writeFileSync(join(folder, 'prometheus.yml'), dump(configuration));
    const port = await freePort();
    api = `http://127.0.0.1:${port}/api/v1`;
    prometheus = spawn('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    prometheus.stderr?.on('data', (part: Buffer) => {
      said = `${said}${part}`.slice(-4000);
    });
  });

  afterAll(async () => {
    await server?.close();
    if (prometheus !== undefined && prometheus.exitCode === null) {
      prometheus.kill('SIGKILL');
      await once(prometheus, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Asks until the answer is as wanted; returns the last one either way. */
  async function poll<T>(path: string, wanted: (data: T) => boolean): Promise<T> {
    let last: T | undefined;
    for (let n = 0; n < MAX_POLLS; n++) {
      const answer = await fetch(`${api}${path}`).catch(() => null);
      if (answer?.ok === true) {
        last = ((await answer.json()) as { data: T }).data;
        if (wanted(last)) return last;
      }
      if (prometheus.exitCode !== null) break;
      await wait(BETWEEN);
    }
    if (last === undefined) throw new Error(`Prometheus does not answer: ${said}`);
    return last;
  }
  interface Alerts {
    readonly alerts: { readonly state: string; readonly labels: Readonly<Record<string, string>> }[];
  }
  const firing = ({ alerts }: Alerts): string[] => [
    ...new Set(alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels['alertname'] ?? '')),
  ];
  const query = (text: string): string => `/query?query=${encodeURIComponent(text)}`;
  interface Vector {
    readonly result: { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[];
  }
  const TROUBLES = [
    'PoolprintNotReady',
    'PoolprintInputDown',
    'PoolprintShedding',
    'PoolprintKernelDrops',
    'PoolprintLedgerWritesFailing',
    'PoolprintNewConfirmedDetection',
  ];

  test('takes every sample, and no alert fires while all is well', { timeout: 30_000 }, async () => {
    // The recorded ratio needs two scrapes and an evaluation: by then every rule has been looked at.
    const ratio = 'instance_point:poolprint_match:ratio_rate5m';
    const { result } = await poll<Vector>(query(ratio), (data) => data.result.length > 0);
    expect(result[0]?.metric['point']).toBe('core');
    expect(Number(result[0]?.value[1])).toBeCloseTo(1 / 8, 5);
    const up = await poll<Vector>(query('up{job="poolprint"}'), () => true);
    expect(up.result.map(({ value }) => value[1])).toEqual(['1']);
    const build = await poll<Vector>(query('poolprint_build_info'), () => true);
    expect(build.result[0]?.metric).toMatchObject({ version: '0.2.0', job: 'poolprint' });
    interface Rules {
      readonly groups: { readonly rules: { readonly name: string; readonly health: string }[] }[];
    }
    const rules = await poll<Rules>('/rules', (data) =>
      data.groups.every((group) => group.rules.every(({ health }) => health === 'ok')),
    );
    const all = rules.groups.flatMap((group) => group.rules);
    expect(all.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(TROUBLES));
    expect(firing(await poll<Alerts>('/alerts', () => true))).toEqual([]);
  });

  test('fires the alerts of what went wrong', { timeout: 30_000 }, async () => {
    trouble = true;
    const alerts = await poll<Alerts>('/alerts', (data) => TROUBLES.every((name) => firing(data).includes(name)));
    expect(firing(alerts)).toEqual(expect.arrayContaining(TROUBLES));
    const down = alerts.alerts.find(({ labels }) => labels['alertname'] === 'PoolprintInputDown');
    expect(down?.labels).toMatchObject({ input: 'pipe', severity: 'critical' });
    expect(firing(alerts)).not.toContain('PoolprintDown');
  });

  test('fires where the daemon is gone', { timeout: 30_000 }, async () => {
    await server.close();
    const alerts = await poll<Alerts>('/alerts', (data) => firing(data).includes('PoolprintDown'));
    expect(firing(alerts)).toContain('PoolprintDown');
  });
});
