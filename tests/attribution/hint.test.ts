import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HintError, hintRegion, openMmdb } from '../../src/attribution/hint.ts';
import type { GeoHint } from '../../src/attribution/types.ts';

/** A value in MaxMind's data format (https://maxmind.github.io/MaxMind-DB/): maps, texts, whole numbers, lists. */
function encode(value: unknown): number[] {
  const head = (type: number, size: number): number[] => {
    const long = size >= 29;
    const low = long ? 29 : size;
    const first = type < 8 ? [(type << 5) | low] : [low, type - 7];
    return long ? [...first, size - 29] : first;
  };
  if (typeof value === 'string') {
    const bytes = [...Buffer.from(value)];
    return [...head(2, bytes.length), ...bytes];
  }
  if (typeof value === 'number') return [...head(6, 4), ...[24, 16, 8, 0].map((shift) => (value >>> shift) & 255)];
  if (Array.isArray(value)) return [...head(11, value.length), ...value.flatMap(encode)];
  const entries = Object.entries(value as Record<string, unknown>);
  return [...head(7, entries.length), ...entries.flatMap(([key, item]) => [...encode(key), ...encode(item)])];
}

/** An IPv4 database with one prefix of 24 bits and its record. */
function database(prefix: readonly [number, number, number], record: unknown): Uint8Array {
  const nodes = 24;
  const bits = prefix.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => (byte >> shift) & 1));
  const tree = bits.flatMap((bit, node) => {
    const next = node === nodes - 1 ? nodes + 16 : node + 1;
    const pair = bit === 1 ? [nodes, next] : [next, nodes];
    return pair.flatMap((value) => [value >> 16, (value >> 8) & 255, value & 255]);
  });
  const metadata = encode({
    ...{ binary_format_major_version: 2, binary_format_minor_version: 0, build_epoch: 1_790_000_000 },
    ...{ database_type: 'Invented-City', description: { en: 'invented' }, ip_version: 4, languages: ['en'] },
    ...{ node_count: nodes, record_size: 24 },
  });
  const marker = [0xab, 0xcd, 0xef, ...Buffer.from('MaxMind.com')];
  return Uint8Array.from([...tree, ...new Array<number>(16).fill(0), ...encode(record), ...marker, ...metadata]);
}

const CITY = {
  country: { iso_code: 'CN' },
  subdivisions: [{ iso_code: 'NX' }],
  city: { names: { en: 'Zhongwei', 'zh-CN': '中卫市' } },
  location: { latitude: 37, longitude: 105 },
};

describe('a MaxMind database', () => {
  test('gives region and city, and no coordinates', () => {
    const source = openMmdb(database([203, 0, 113], CITY), 'city.mmdb');
    const hint = source('203.0.113.9');
    expect(hint).toEqual({
      ...{ source: 'mmdb Invented-City 2026-09-21', country: 'CN', region: 'CN-NX', city: '中卫市' },
      ...{ asn: null, organisation: null },
    });
    expect(JSON.stringify(hint)).not.toMatch(/37|105/);
    expect(source('192.0.2.1')).toBeNull();
    expect(source('2001:db8::1')).toBeNull();
    expect(source('no address')).toBeNull();
  });

  test('gives system number and holder', () => {
    const record = { autonomous_system_number: 64_500, autonomous_system_organization: 'Example Net (invented)' };
    expect(openMmdb(database([192, 0, 2], record), 'asn.mmdb')('192.0.2.200')).toMatchObject({
      ...{ asn: 64_500, organisation: 'Example Net (invented)', country: null },
    });
  });

  test('that is none or damaged is refused in one line with its name, or gives no hint; never hangs or throws else', () => {
    const whole = database([203, 0, 113], CITY);
    for (const bytes of [new Uint8Array(), whole.subarray(0, 100), Buffer.from('<html>not found</html>')]) {
      expect(() => openMmdb(bytes, 'city.mmdb')).toThrow(HintError);
      expect(() => openMmdb(bytes, 'city.mmdb')).toThrow(/^city\.mmdb: [^\n]+$/);
    }
    let refused = 0;
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        for (const some of [bytes, bytes.subarray(0, length)]) {
          try {
            openMmdb(some, 'x')('203.0.113.9');
          } catch (error) {
            refused++;
            expect(error).toBeInstanceOf(HintError);
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(20);
  });
});

test.each([
  ['CN-NX', '64'],
  ['CN-64', '64'],
  ['CN-SX', '14'],
  ['CN-SN', '61'],
  ['640500', '6405'],
  ['640000', '64'],
  ['US-CA', null],
  ['CN-ZZ', null],
  [null, null],
])('region %s means codes that begin with %s', (region, expected) => {
  const hint: GeoHint = { source: 'x', country: null, region, city: null, asn: null, organisation: null };
  expect(hintRegion(hint)).toBe(expected);
});
