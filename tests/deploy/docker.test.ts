/** Dockerfile and compose file, as far as they can be judged without a registry. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/daemon/config/load.ts';
import { DEPLOY } from './promql.ts';

const FOLDER = join(DEPLOY, 'docker');
const ROOT = join(DEPLOY, '..');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly string[];
  readonly privileged?: boolean;
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly networks?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const COMPOSE = load(read('compose.yaml'), { merge: true } as object) as Compose;
/** A merge key, whether the YAML library has resolved it or left it. */
const merged = (service: Service): Service => ({
  ...((service as { '<<'?: Service })['<<'] as Service),
  ...service,
});
const SERVICES = Object.entries(COMPOSE.services).map(([name, service]) => [name, merged(service)] as const);

describe.each(SERVICES)('service %s', (name, service) => {
  test('has no more rights than it needs', () => {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.cap_add ?? []).toEqual(name === 'capture' ? ['NET_RAW'] : []);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect([service.read_only, service.privileged]).toEqual([true, undefined]);
    expect(service.user).toMatch(name === 'capture' ? /^0:10001$/ : /^[1-9]\d*:\d+$/);
  });

  test('has a pinned tag', () => {
    const [, tag = ''] = /:([^/:]+)$/.exec(service.image) ?? [];
    expect(tag).toMatch(/^v?\d+\.\d+\.\d+$/);
  });

  test('names volumes, networks and files that are there', () => {
    for (const volume of service.volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect([source, existsSync(join(FOLDER, source))]).toEqual([source, true]);
      else expect(Object.keys(COMPOSE.volumes)).toContain(source);
    }
    for (const network of service.networks ?? []) expect(Object.keys(COMPOSE.networks)).toContain(network);
  });

  test('shows pages and metrics to this machine alone', () => {
    const open = (service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'));
    expect(open).toEqual(name === 'poolprint' ? ['2055:2055/udp'] : []);
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');
  const stages = text.split(/^FROM /m).slice(1);

  test('takes its base as an argument, with a whole version', () => {
    expect(/^ARG BASE=(\S+)$/m.exec(text)?.[1]).toMatch(/^docker\.io\/library\/node:24\.\d+\.\d+-bookworm-slim$/);
    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(stage).toMatch(/^\$\{BASE\}/);
    expect(load(read('compose.yaml'))).toMatchObject({
      services: { poolprint: { build: { args: { BASE: `\${BASE:-${/^ARG BASE=(\S+)$/m.exec(text)?.[1]}}` } } } },
    });
  });

  test('runs as nobody in particular, under an init, with a health check', () => {
    const last = stages[1] ?? '';
    expect(last).toMatch(/^USER 10001:10001$/m);
    expect(JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(last)?.[1] ?? '[]')[0]).toBe('/usr/bin/tini');
    const [, , script = ''] = JSON.parse(/HEALTHCHECK[^\n]*\\\n\s+CMD (\[.*\])$/m.exec(last)?.[1] ?? '[]') as string[];
    expect(script).toContain('http://127.0.0.1:9477/healthz');
    // It is JavaScript.
    expect(() => new Function(script)).not.toThrow();
  });

  test('installs without scripts of packages, and copies what the context lets through', () => {
    expect(text).toContain('npm ci --ignore-scripts');
    const sources = [...(stages[0] ?? '').matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));
    expect(sources).toContain('package-lock.json');
    const let_through = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
    expect(let_through.split('\n')[0]).toBe('*');
    expect(sources.filter((name) => !let_through.includes(`\n!${name}\n`))).toEqual([]);
    expect(sources.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });
});

test('the configuration of the compose file is sound and fits it', () => {
  const config = loadConfig(read('poolprint.yaml'), join(FOLDER, 'poolprint.yaml'), {
    STATE_DIRECTORY: '/var/lib/poolprint',
  });
  expect(config.http).toMatchObject({ address: '0.0.0.0', port: 9477 });
  expect(config.inputs.map(({ name, kind }) => [name, kind])).toEqual([
    ['routers', 'collector'],
    ['files', 'spool'],
  ]);
  // What is commented out is sound too.
  const whole = read('poolprint.yaml').replace(/^# {2}/gm, '  ');
  expect(loadConfig(whole, 'poolprint.yaml', {}).inputs.map(({ kind }) => kind)).toEqual([
    'collector',
    'spool',
    'pipe',
  ]);
  const scraped = load(read('prometheus.yml')) as { scrape_configs: { static_configs: { targets: string[] }[] }[] };
  expect(scraped.scrape_configs[0]?.static_configs[0]?.targets).toEqual(['poolprint:9477']);
});
