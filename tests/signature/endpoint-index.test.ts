import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isServiceLabel, nameFault } from '../../src/signature/endpoint-names.ts';
import { parseEndpoints, SeenKeys } from '../../src/signature/endpoint-rows.ts';
import { EndpointIndex, type EndpointRow, type PoolInfo } from '../../src/signature/endpoints.ts';
import type { SignatureFault } from '../../src/signature/types.ts';

function rows(...lines: readonly string[]): EndpointRow[] {
  const faults: SignatureFault[] = [];
  const text = `kind,value,ports,pool,coins,transport,role,region,confidence,source\n${lines.join('\n')}`;
  const found = parseEndpoints(text, 'test.csv', faults, new SeenKeys());
  expect(faults).toEqual([]);
  return found;
}

function host(value: string, more: Partial<EndpointRow> = {}): EndpointRow {
  const base = { kind: 'host', value, ports: [3333], pool: '', coins: [], transport: 'tcp' } as const;
  return { ...base, role: 'stratum', region: '', confidence: 'high', source: 'test', ...more };
}

const POOL: PoolInfo = {
  name: 'Safe Pool',
  nameZh: '安全矿池',
  status: 'active',
  suffixDomains: ['safe.example'],
  otherDomains: ['other.example'],
  coins: ['BTC'],
  accountFormat: 'wallet.worker',
};

const INDEX = new EndpointIndex(
  rows(
    'host,eu.pool.example,3333;4444,Pool,XMR,tcp,stratum,eu,high,a',
    'host,eu.pool.example,5555,Pool,XMR;ETH,tls,stratum,eu,medium,b',
    'host,both.pool.example,443;3333,Pool,,tcp,stratum,,high,a',
    'host,both.pool.example,,Pool,,http,web,,low,a',
    'host,www.page.pool.example,,Pool,,http,web,,low,a',
    'host,page.pool.example,9999,Pool,,tcp,stratum,,high,a',
    'host,blocked.safe.example,,,,unknown,unknown,,medium,a',
    'host,api.blocked.safe.example,,,,unknown,unknown,,medium,a',
    'host,site.safe.example,,,,unknown,web,,low,a',
    'host,x.y.safe.example,7777;443,,,tcp,stratum,,low,a',
    'host,www.safe.example,1111,,,tcp,stratum,,high,a',
    'domain,mine.example,,Mine,,wss,proxy,,medium,a',
    'domain,bare.example,3333;80,Bare,,tcp,stratum,,medium,a',
    'domain,web.example,,Web,,unknown,web,,high,a',
    'domain,listed.example,,,,unknown,unknown,,low,a',
    'host,apex.example,3333,Apex,,tcp,stratum,,high,a',
    'tls-name,cert.example,,,,tls,stratum,,high,a',
    'host,cc.other.example,4000,,,tcp,stratum,,high,a',
    'ip,192.0.2.7,3333;4444,Pool,BTC,tcp,stratum,eu,medium,a',
    'ip,192.0.2.7,5555,,,tls,stratum,,medium,b',
    'ip,2001:DB8::0:7,19335,,,unknown,unknown,,low,a',
  ),
  [POOL],
);

describe('a name', () => {
  const table: readonly (readonly [name: string, listed: string | null, what: string | null, ambiguous?: boolean])[] = [
    ['eu.pool.example', 'eu.pool.example', 'stratum', false],
    ['EU.Pool.EXAMPLE.', 'eu.pool.example', 'stratum', false],
    ['pool.example', null, null],
    ['us.pool.example', null, null],
    ['x.eu.pool.example', null, null],
    ['both.pool.example', 'both.pool.example', 'stratum', true],
    ['page.pool.example', 'page.pool.example', 'stratum', true],
    ['www.page.pool.example', 'www.page.pool.example', 'weak'],
    ['safe.example', 'safe.example', 'weak'],
    ['new.safe.example', 'safe.example', 'stratum'],
    ['a.b.c.new.safe.example', 'safe.example', 'stratum'],
    ['WWW2.safe.example', 'safe.example', 'weak'],
    ['www.safe.example', 'www.safe.example', 'stratum', false],
    ['eu.api.safe.example', 'safe.example', 'weak'],
    ['blocked.safe.example', 'blocked.safe.example', 'stratum'],
    ['api.blocked.safe.example', 'api.blocked.safe.example', 'weak'],
    ['site.safe.example', 'site.safe.example', 'weak'],
    ['unsafe.example', null, null],
    ['safe.example.net', null, null],
    ['mine.example', 'mine.example', 'weak'],
    ['ws001.mine.example', 'mine.example', 'stratum'],
    ['bare.example', 'bare.example', 'stratum', true],
    ['eu.bare.example', 'bare.example', 'stratum'],
    ['web.example', 'web.example', 'weak'],
    ['stratum.web.example', 'web.example', 'weak'],
    ['stratum.listed.example', 'listed.example', 'weak'],
    ['apex.example', 'apex.example', 'stratum', true],
    ['sub.apex.example', null, null],
    ['cert.example', 'cert.example', 'stratum', false],
  ];
  test.each(table.map((row) => [row[0], row] as const))('%s', (_title, [name, listed, what, ambiguous]) => {
    const bytes = Buffer.from(`xx.${name}.yy`, 'latin1');
    const row = INDEX.findHost(bytes, 3, 3 + name.length);
    expect(INDEX.findHostText(name)).toBe(row);
    expect(row < 0 ? null : INDEX.host(row).name).toBe(listed);
    if (row < 0) return;
    expect(INDEX.classify(row, name)).toBe(what);
    expect(INDEX.classify(row, bytes, 3, 3 + name.length)).toBe(what);
    const exact = name.toLowerCase().replace(/\.$/, '') === listed;
    expect(INDEX.matchOf(row, bytes, 3, 3 + name.length)).toBe(exact ? 'exact' : 'below');
    if (ambiguous !== undefined) expect(INDEX.host(row).ambiguous).toBe(ambiguous);
  });

  test.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['two dots at the end', 'eu.pool.example..'],
    ['a dot before', '.safe.example'],
    ['an empty label', 'a..safe.example'],
    ['a NUL', 'a\0.safe.example'],
    ['a space', 'a .safe.example'],
    ['a byte above ASCII', 'é.safe.example'],
    ['a character beyond a byte', 'eu.poo\u016c.example'],
    ['a long label', `${'a'.repeat(64)}.safe.example`],
    ['a long name', `${'a.'.repeat(121)}safe.example`],
    ['a very long name', `${'a.'.repeat(200_000)}safe.example`],
  ])('with %s is none', (_what, name) => {
    expect(INDEX.findHostText(name)).toBe(-1);
    const bytes = Buffer.from(name, 'utf8');
    expect(INDEX.findHost(bytes, 0, bytes.length)).toBe(-1);
  });

  test('of the greatest length is one', () => {
    const name = `${'a.'.repeat(119)}b.safe.example`;
    const longest = `${'c'.repeat(253 - name.length)}${name}`;
    expect(longest.length).toBe(253);
    expect(INDEX.findHostText(longest)).toBe(INDEX.findHostText('safe.example'));
    expect(INDEX.findHostText(`${longest}.`)).toBe(INDEX.findHostText('safe.example'));
    expect(INDEX.findHostText(`c${longest}`)).toBe(-1);
  });
});

describe('what is listed', () => {
  test('comes together from all rows of a name', () => {
    expect(INDEX.host(INDEX.findHostText('eu.pool.example'))).toEqual({
      name: 'eu.pool.example',
      kinds: ['host'],
      pool: 'Pool',
      coins: ['XMR', 'ETH'],
      role: 'stratum',
      confidence: 'high',
      ports: [
        { port: 3333, transport: 'tcp' },
        { port: 4444, transport: 'tcp' },
        { port: 5555, transport: 'tls' },
      ],
      transports: ['tcp', 'tls'],
      region: 'eu',
      sources: ['a', 'b'],
      stratum: true,
      web: false,
      ambiguous: false,
      suffix: false,
    });
    const domain = INDEX.host(INDEX.findHostText('any.safe.example'));
    expect(domain).toMatchObject({
      name: 'safe.example',
      pool: 'Safe Pool',
      coins: ['BTC'],
      suffix: true,
      stratum: false,
    });
    expect(INDEX.poolOf(INDEX.findHostText('cc.other.example'))).toBe(POOL);
    expect(INDEX.poolOf(INDEX.findHostText('eu.pool.example'))).toBeNull();
  });

  test('does not depend on the order of rows', () => {
    const list = rows('host,a.example.net,1,,,tcp,stratum,,low,a', 'host,a.example.net,2,P,,tls,proxy,,high,b');
    const [one, two] = [list, [...list].reverse()].map((some) => new EndpointIndex(some, []).host(0));
    expect(one).toEqual(two);
    expect(one).toMatchObject({ role: 'stratum', confidence: 'low', pool: 'P' });
  });

  const ports: readonly (readonly [name: string, port: number, own: boolean, fits: boolean])[] = [
    ['eu.pool.example', 3333, true, true],
    ['eu.pool.example', 5555, true, true],
    ['eu.pool.example', 1234, false, true],
    ['eu.pool.example', 443, false, false],
    ['both.pool.example', 3333, true, true],
    ['both.pool.example', 443, false, false],
    ['both.pool.example', 1234, false, false],
    ['bare.example', 80, false, false],
    ['bare.example', 3333, true, true],
    ['x.y.safe.example', 443, true, true],
    ['z.safe.example', 7777, true, true],
    ['z.safe.example', 443, false, false],
    ['z.safe.example', 1, false, true],
    ['www2.safe.example', 7777, true, false],
    ['blocked.safe.example', 7777, true, true],
    ['site.safe.example', 7777, false, false],
  ];
  test.each(ports)('%s:%d', (name, port, own, fits) => {
    const row = INDEX.findHostText(name);
    expect([INDEX.ownPort(row, port), INDEX.fits(row, name, port)]).toEqual([own, fits]);
  });

  test('under an address comes with its ports', () => {
    const row = INDEX.findAddress4(0xc0000207);
    expect(INDEX.findAddress4(0xc0000207 | 0)).toBe(row);
    expect(INDEX.address(row)).toMatchObject({
      ip: '192.0.2.7',
      pool: 'Pool',
      stratum: true,
      transports: ['tcp', 'tls'],
    });
    expect([3333, 4444, 5555, 443].map((port) => INDEX.addressPort(row, port))).toEqual([true, true, true, false]);
    expect(INDEX.findAddress4(0xc0000208)).toBe(-1);
    const six = INDEX.findAddress6(0x20010db8, 0, 0, 7);
    expect(INDEX.address(six)).toMatchObject({ ip: '2001:db8::7', stratum: false, role: 'unknown' });
    expect(INDEX.findAddress6(0x20010db8, 0, 7, 0)).toBe(-1);
    expect(INDEX.findAddress4(0x20010db8)).toBe(-1);
  });

  test.each([-1, 1e6, 0.5])('has no row %d', (row) => {
    expect(() => INDEX.host(row)).toThrow(RangeError);
    expect(() => INDEX.address(row)).toThrow(RangeError);
  });

  test('may be nothing', () => {
    const empty = new EndpointIndex([], []);
    expect([empty.findHostText('a.example'), empty.findAddress4(0), empty.findAddress6(0, 0, 0, 0)]).toEqual([
      -1, -1, -1,
    ]);
  });
});

describe('always', () => {
  const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/);
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.example`);
  const mixed = (text: string, seed: number): string =>
    [...text].map((c, i) => ((seed >> (i % 30)) & 1 ? c.toUpperCase() : c)).join('');

  test('names match whole or at the border of a label, in any case, with or without a trailing dot', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 20 }),
        name,
        label,
        fc.nat(),
        fc.boolean(),
        (listed, other, sub, seed, dot) => {
          fc.pre(listed.every((one) => nameFault(one) === null));
          const kinds = listed.map((one, i) => host(one, { kind: (seed >> (i % 30)) & 1 ? 'domain' : 'host' }));
          const index = new EndpointIndex(kinds, []);
          for (const query of [
            other,
            ...listed,
            ...listed.map((one) => `${sub}.${one}`),
            ...listed.map((o) => sub + o),
          ]) {
            // The plain rule, said once more: the name itself, else the longest domain above it.
            const above = kinds
              .filter(({ kind, value }) => kind === 'domain' && query.endsWith(`.${value}`))
              .sort((a, b) => b.value.length - a.value.length);
            const expected = listed.includes(query) ? query : (above[0]?.value ?? null);
            const row = index.findHostText(mixed(query, seed) + (dot ? '.' : ''));
            expect(row < 0 ? null : index.host(row).name).toBe(expected);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('bytes of any kind give a row or -1, wherever they lie', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, a, b) => {
        const [off, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        const row = INDEX.findHost(bytes, off, end);
        expect(row).toBe(INDEX.findHost(bytes.slice(off, end), 0, end - off));
        if (row >= 0) expect(['stratum', 'weak']).toContain(INDEX.classify(row, bytes, off, end));
      }),
      { numRuns: 500 },
    );
  });
});

test('a hundred thousand names are told apart, and others are not found', () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `h${(i * 7919) % 1_000_003}.r${i % 97}.example`);
  const index = new EndpointIndex(
    names.map((value, i) => host(value, { ports: [1 + (i % 65_535)] })),
    [],
  );
  expect(index.names).toBe(100_000);
  const wrong = names.filter((value, i) => {
    const row = index.findHostText(value);
    return row < 0 || index.host(row).name !== value || !index.ownPort(row, 1 + (i % 65_535));
  });
  expect(wrong).toEqual([]);
  expect(
    names.filter((value) => index.findHostText(`x${value}`) >= 0 || index.findHostText(`x.${value}`) >= 0),
  ).toEqual([]);
});

test.each([
  ['www', true],
  ['www2', true],
  ['api-eu', true],
  ['ns1', true],
  ['cdn01', true],
  ['stratum', false],
  ['eu1', false],
  ['us-east', false],
  ['pool', false],
  ['btc', false],
  ['ss', false],
  ['mine', false],
  ['ws001', false],
  ['apis-eu', false],
])('%s names a service: %s', (label, is) => expect(isServiceLabel(label)).toBe(is));
