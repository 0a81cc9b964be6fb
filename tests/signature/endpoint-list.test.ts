import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isGeneralDomain } from '../../src/signature/endpoint-names.ts';
import { addressWords, parseEndpoints, parsePools, SeenKeys } from '../../src/signature/endpoint-rows.ts';
import {
  defaultEndpointDirectory,
  type EndpointIndex,
  type EndpointRow,
  loadEndpoints,
  loadSources,
} from '../../src/signature/endpoints.ts';
import type { SignatureFault } from '../../src/signature/types.ts';
import { ORDINARY } from './endpoint-ordinary.ts';

const FOLDER = defaultEndpointDirectory();
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

function rowsOf(...files: readonly string[]): EndpointRow[] {
  const faults: SignatureFault[] = [];
  const keys = new SeenKeys();
  const rows = files.flatMap((file) => parseEndpoints(read(file), file, faults, keys));
  expect(faults).toEqual([]);
  return rows;
}

const HOSTS = rowsOf('hosts.csv');
const POOLS = parsePools(read('pools.csv'), 'pools.csv', []);
const INDEX = loadEndpoints();
const ALL = loadEndpoints(undefined, { low: true });

/** Class of a name, or null where it is not found. */
function classOf(index: EndpointIndex, name: string): string | null {
  const row = index.findHostText(name);
  return row < 0 ? null : index.classify(row, name);
}

describe('every mining endpoint of the list', () => {
  const mining = HOSTS.filter(
    (row) => (row.role === 'stratum' || row.role === 'proxy') && (row.kind !== 'domain' || row.ports.length > 0),
  );

  test('is found under its own name and is one', () => {
    expect(mining.length).toBeGreaterThan(2000);
    const wrong = mining.filter((row) => {
      const at = INDEX.findHostText(row.value);
      return at < 0 || INDEX.host(at).name !== row.value || INDEX.classify(at, row.value) !== 'stratum';
    });
    expect(wrong.map((row) => row.value)).toEqual([]);
  });

  test('keeps its ports: each is its own unless a web site answers there too', () => {
    const wrong = mining.filter((row) => {
      const at = INDEX.findHostText(row.value);
      const { ambiguous } = INDEX.host(at);
      return row.ports.some(
        (port) => !INDEX.ownPort(at, port, true) && !(ambiguous && [80, 443, 8080, 8443].includes(port)),
      );
    });
    expect(wrong.map((row) => row.value)).toEqual([]);
  });

  test('is nearly always told from a web site by name or by a port of its own', () => {
    const names = [...new Set(mining.map((row) => row.value))];
    const told = names.filter((name) => {
      const at = INDEX.findHostText(name);
      const { ambiguous, ports } = INDEX.host(at);
      return !ambiguous || ports.some(({ port }) => INDEX.fits(at, name, port));
    });
    expect(told.length / names.length).toBeGreaterThan(0.95);
  });

  test('says where it comes from', () => {
    const sources = loadSources();
    const rows = rowsOf('hosts.csv', 'hosts-low.csv', 'addresses.csv', 'addresses-low.csv');
    expect(rows.filter((row) => !sources.has(row.source))).toEqual([]);
    const used = new Set(rows.map((row) => row.source));
    expect([...sources.keys()].filter((id) => !used.has(id))).toEqual([]);
    for (const { title, url } of sources.values()) expect(title + url).not.toBe('');
  });
});

describe('below the domain of a pool', () => {
  const domains = POOLS.flatMap((pool) => pool.suffixDomains);

  test('an unlisted name is an endpoint, in any case', () => {
    expect(domains.length).toBeGreaterThan(50);
    expect(domains.filter((domain) => classOf(INDEX, `nine9-xyz.${domain}`) !== 'stratum')).toEqual([]);
    expect(domains.filter((domain) => classOf(INDEX, `A.B.NINE9-xyz.${domain}.`) !== 'stratum')).toEqual([]);
  });

  test.each(['www', 'api', 'api2', 'docs', 'blog', 'support', 'mail', 'ns1', 'cdn-3', 'eu.api', 'static'])(
    '%s is a web name',
    (label) => {
      const names = domains.map((domain) => `${label}.${domain}`);
      const mining = names.filter((name) => classOf(INDEX, name) === 'stratum');
      // Only a name that is itself listed as an endpoint may be one.
      expect(mining.filter((name) => !HOSTS.some((row) => row.value === name && row.role === 'stratum'))).toEqual([]);
    },
  );

  test('the bare domain is a web site unless it is listed as an endpoint', () => {
    for (const domain of domains) {
      const row = INDEX.findHostText(domain);
      const listed = INDEX.host(row);
      expect([domain, INDEX.classify(row, domain)]).toEqual([domain, listed.stratum ? 'stratum' : 'weak']);
      if (listed.stratum && domain.split('.').length === 2) expect([domain, listed.ambiguous]).toEqual([domain, true]);
    }
  });

  test('a web port counts for the listed name alone, other ports for unlisted names too', () => {
    const row = INDEX.findHostText('unlisted.stratum.braiins.com');
    expect(INDEX.host(row).name).toBe('stratum.braiins.com');
    expect([443, 3333].map((port) => INDEX.ownPort(row, port))).toEqual([false, true]);
    expect(INDEX.ownPort(row, 443, true)).toBe(true);
    expect(INDEX.fits(row, 'unlisted.stratum.braiins.com', 443)).toBe(false);
    expect(INDEX.fits(row, 'stratum.braiins.com', 443)).toBe(true);
  });

  test.each([
    ['de.f2pool.com', 'weak'],
    ['cn.viabtc.com', 'weak'],
    ['de9.f2pool.com', 'stratum'],
    ['de.zano.f2pool.com', 'stratum'],
    ['btc-de.f2pool.com', 'stratum'],
    ['solostats.ckpool.org', 'weak'],
    ['nine-stats.ckpool.org', 'weak'],
    ['statsman.ckpool.org', 'stratum'],
    ['restapi2.vipor.net', 'weak'],
    ['nine9.suprnova.cc', 'weak'],
    ['de.zephyr.herominers.com', 'stratum'],
    ['nine9.herominers.com', 'weak'],
    ['asia9.ethash-hub.miningpoolhub.com', 'stratum'],
    ['nine9.miningpoolhub.com', 'weak'],
  ])('%s is %s', (name, expected) => expect(classOf(INDEX, name)).toBe(expected));

  test('is never a public suffix or a general service', () => {
    expect(domains.filter(isGeneralDomain)).toEqual([]);
    expect(ORDINARY.filter((name) => domains.some((domain) => name === domain || name.endsWith(`.${domain}`)))).toEqual(
      [],
    );
  });

  test('a page of the pool that is known as such is weak', () => {
    const web = HOSTS.filter((row) => row.role === 'web' || row.role === 'api');
    const stratum = new Set(HOSTS.filter((row) => /stratum|proxy/.test(row.role)).map((row) => row.value));
    expect(web.length).toBeGreaterThan(100);
    for (const { value } of web) {
      const row = INDEX.findHostText(value);
      if (!stratum.has(value)) expect([value, INDEX.classify(row, value)]).toEqual([value, 'weak']);
      else if (!INDEX.host(row).kinds.includes('domain'))
        expect([value, INDEX.host(row).ambiguous]).toEqual([value, true]);
    }
  });
});

describe('ordinary names', () => {
  test('are many', () => expect(ORDINARY.length).toBeGreaterThan(300));

  test.each([
    ['the list', INDEX],
    ['the list with rows of low confidence', ALL],
  ])('are not found in %s', (_name, index) => {
    // Of what pools call themselves nothing else may be found either way than a web site.
    expect(ORDINARY.filter((name) => classOf(index, name) !== null)).toEqual([]);
  });
});

describe('pools', () => {
  test('are known behind listed and unlisted names', () => {
    const poolOf = (name: string): string | null => INDEX.poolOf(INDEX.findHostText(name))?.name ?? null;
    expect(poolOf('new-host.f2pool.com')).toBe('F2Pool');
    expect(INDEX.poolOf(INDEX.findHostText('btc.f2pool.com'))?.nameZh).toBe('鱼池');
    expect(INDEX.host(INDEX.findHostText('new-host.antpool.com')).pool).toBe('AntPool');
    expect(POOLS.filter((pool) => pool.nameZh !== null && !/\p{Script=Han}/u.test(pool.nameZh))).toEqual([]);
  });

  test('take the ports of all their hosts, without those of web sites', () => {
    const row = INDEX.findHostText('unlisted.nanopool.org');
    const xmr = INDEX.host(INDEX.findHostText('xmr-eu1.nanopool.org')).ports.map(({ port }) => port);
    expect(xmr.length).toBeGreaterThan(0);
    expect(xmr.filter((port) => !INDEX.ownPort(row, port))).toEqual([]);
    expect([80, 443].filter((port) => INDEX.ownPort(row, port))).toEqual([]);
    expect(INDEX.fits(row, 'unlisted.nanopool.org', 443)).toBe(false);
    expect(INDEX.fits(row, 'unlisted.nanopool.org', 14_444)).toBe(true);
    expect(INDEX.fits(row, 'www.nanopool.org', 14_444)).toBe(false);
  });
});

describe('addresses', () => {
  test.each([
    ['addresses.csv', INDEX],
    ['addresses-low.csv', ALL],
  ])('of %s are found, signed or not, with their ports', (file, index) => {
    const rows = rowsOf(file);
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const [w0 = 0, w1, w2 = 0, w3 = 0] = addressWords(row.value);
      const at = w1 === undefined ? index.findAddress4(w0 >>> 0) : index.findAddress6(w0, w1 >>> 0, w2, w3);
      expect(index.address(at).ip).toBe(row.value);
      expect(w1 === undefined ? index.findAddress4(w0) : index.findAddress6(w0, w1, w2, w3)).toBe(at);
      expect(row.ports.every((port) => index.addressPort(at, port))).toBe(true);
    }
  });

  test('of the documentation ranges are not', () => {
    for (const address of ['192.0.2.1', '198.51.100.7', '203.0.113.255', '127.0.0.1', '10.0.0.1', '0.0.0.0']) {
      expect(ALL.findAddress4(addressWords(address)[0] ?? 0)).toBe(-1);
    }
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = addressWords('2001:db8::1');
    expect(ALL.findAddress6(w0, w1, w2, w3)).toBe(-1);
    expect(ALL.findAddress6(0, 0, 0, 0)).toBe(-1);
  });
});

describe('the files', () => {
  test('are small, sorted by key, and say that they hold facts only', () => {
    const files = readdirSync(FOLDER).sort();
    expect(files).toEqual([
      'addresses-low.csv',
      'addresses.csv',
      'hosts-low.csv',
      'hosts.csv',
      'pools.csv',
      'sources.csv',
    ]);
    expect(files.reduce((sum, file) => sum + read(file).length, 0)).toBeLessThan(750_000);
    for (const file of files)
      expect(read(file).split('\n').slice(0, 2).join()).toMatch(/^# .*State: \d{4}-\d\d.*# Facts/);
  });

  test('give more names with those of low confidence, and no other class', () => {
    expect(ALL.names).toBeGreaterThan(INDEX.names);
    const changed = HOSTS.filter((row) => /stratum|proxy/.test(row.role) && row.kind !== 'domain').filter(
      (row) => classOf(ALL, row.value) !== classOf(INDEX, row.value),
    );
    expect(changed.map((row) => row.value)).toEqual([]);
  });
});
