import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressWordsOf, isPrivateAddress } from '../../src/attribution/index-address.ts';
import { blockMaxima, previousAfter, previousReaching } from '../../src/attribution/index-order.ts';
import { buildRegistryIndex, type RegistryIndex } from '../../src/attribution/registry-index.ts';
import type { AddressKind, AddressRow, StoredRow } from '../../src/attribution/types.ts';

const S = 1e6;

function row(fields: Partial<AddressRow>): AddressRow {
  const blank: AddressRow = {
    ...{ family: 'address', kind: 'session', first: '192.0.2.1', last: '192.0.2.1', ports: null, protocol: null },
    ...{ realm: null, valid: { from: 0, to: 100 * S }, endInferred: false, clockError: 0, use: null, service: null },
    ...{ account: null, inside: null, natRule: null, party: null, places: [], checked: null, extra: {}, sealed: null },
  };
  return { ...blank, ...fields };
}

const stored = (value: AddressRow, id: number): StoredRow => ({
  ...{ id, digest: `d${id}`, source: 'invented', row: id, recordedAt: 10, supersededAt: null, value },
});

interface Asked {
  readonly ip: string;
  readonly port: number | null;
  readonly protocol: 'tcp' | 'udp' | null;
  readonly realm: string | null;
  readonly from: number;
  readonly to: number;
  readonly error: number;
}

function ask(index: RegistryIndex, asked: Asked): number[] {
  const { ip, port, protocol, realm, from, to, error } = asked;
  const query = index.query(ip, port, protocol, realm, from, to, error);
  if (query === null) return [];
  const out = new Int32Array(512);
  const count = index.find(query, out);
  return [...out.subarray(0, count)].map((position) => index.id(position)).sort((a, b) => a - b);
}

/** What the index must answer, by looking at every row. */
function bruteForce(rows: readonly StoredRow[], asked: Asked): number[] {
  const words = (text: string): string => {
    const list = addressWordsOf(text) as readonly number[];
    return `${list.length} ${list.map((w) => w.toString(16).padStart(8, '0')).join('')}`;
  };
  const exclusive = (kind: AddressKind): boolean => ['session', 'lease', 'nat_session', 'nat_block'].includes(kind);
  const sameCell = (a: AddressRow, b: AddressRow): boolean =>
    words(a.first) === words(b.first) &&
    words(a.last) === words(b.last) &&
    a.realm === b.realm &&
    (a.ports ?? [0, 65_535]).join() === (b.ports ?? [0, 65_535]).join();
  const at = words(asked.ip);
  const found = rows.filter(({ value }) => {
    const r = value as AddressRow;
    if (at.length !== words(r.first).length || words(r.first) > at || words(r.last) < at) return false;
    if (r.realm !== asked.realm) return false;
    if (asked.port !== null && r.ports !== null && (asked.port < r.ports[0] || asked.port > r.ports[1])) return false;
    if (asked.protocol !== null && r.protocol !== null && r.protocol !== asked.protocol) return false;
    let end = (r.valid.to ?? Infinity) + r.clockError * S;
    if ((r.valid.to === null || r.endInferred) && exclusive(r.kind)) {
      for (const { value: v } of rows) {
        const later = v as AddressRow;
        if (!exclusive(later.kind) || !sameCell(r, later)) continue;
        if (r.protocol !== null && later.protocol !== null && r.protocol !== later.protocol) continue;
        const certainlyLater = later.valid.from - later.clockError * S > r.valid.from + r.clockError * S;
        if (certainlyLater) end = Math.min(end, later.valid.from + later.clockError * S);
      }
    }
    return r.valid.from - r.clockError * S <= asked.to + asked.error * S && end > asked.from - asked.error * S;
  });
  return found.map(({ id }) => id).sort((a, b) => a - b);
}

const four = (n: number): string => `192.0.2.${n}`;
const six = (n: number): string => `2001:db8::${(n >> 4).toString(16)}:${(n & 15).toString(16)}`;
const seconds = fc.integer({ min: 0, max: 60 }).map((n) => n * S);
const address = fc.integer({ min: 0, max: 12 });
const pair = (values: fc.Arbitrary<number>): fc.Arbitrary<[number, number]> =>
  fc.tuple(values, values).map(([a, b]) => (a <= b ? [a, b] : [b, a]));

const rows = fc.record({
  range: fc.oneof(
    pair(address),
    address.map((n): [number, number] => [n, n]),
  ),
  text: fc.constantFrom(four, six),
  kind: fc.constantFrom<AddressKind>('session', 'nat_block', 'filing', 'lease'),
  ports: fc.option(
    fc.constantFrom<[number, number]>([1024, 2047], [2048, 3071], [1024, 3071], [5000, 5000], [0, 65_535]),
  ),
  protocol: fc.option(fc.constantFrom('tcp' as const, 'udp' as const)),
  realm: fc.option(fc.constantFrom('BNG-A', 'BNG-B'), { freq: 3 }),
  span: pair(seconds),
  open: fc.boolean(),
  endInferred: fc.boolean(),
  clockError: fc.constantFrom(0, 0, 1, 3),
});
const questions = fc.record({
  n: address,
  text: fc.constantFrom(four, six),
  port: fc.option(fc.constantFrom(0, 1024, 2047, 2048, 4000, 5000, 65_535), { freq: 6 }),
  protocol: fc.option(fc.constantFrom('tcp' as const, 'udp' as const)),
  realm: fc.option(fc.constantFrom('BNG-A', 'BNG-B', 'BNG-C'), { freq: 3 }),
  span: fc.oneof(
    pair(seconds),
    seconds.map((t): [number, number] => [t, t]),
  ),
  error: fc.constantFrom(0, 0, 1, 2),
});

describe('the index', () => {
  test('answers as a look at every row does', () => {
    const worlds = fc.tuple(
      fc.array(rows, { maxLength: 120, size: 'max' }),
      fc.array(questions, { minLength: 20, maxLength: 20 }),
    );
    let answered = 0;
    fc.assert(
      fc.property(worlds, ([made, asked]) => {
        const list = made.map(({ range, text, span, open, ...rest }, i) =>
          stored(
            row({
              ...rest,
              first: text(range[0]),
              last: text(range[1]),
              valid: { from: span[0], to: open ? null : span[1] },
            }),
            i + 1,
          ),
        );
        const index = buildRegistryIndex(list);
        expect(index.skipped).toBe(0);
        for (const { n, text, span, ...rest } of asked) {
          const question = { ...rest, ip: text(n), from: span[0], to: span[1] };
          const expected = bruteForce(list, question);
          answered += expected.length;
          expect(ask(index, question)).toEqual(expected);
        }
      }),
      { numRuns: 100 },
    );
    expect(answered).toBeGreaterThan(200);
  });

  test('finds among thousands of spans, ports and times what a look at every row finds', () => {
    // Long lists, so that blocks of 16, 256 and 4,096 are skipped.
    let seed = 7;
    const next = (n: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * n);
    };
    const text = (n: number): string => `198.51.${(n >> 8) & 255}.${n & 255}`;
    const list = Array.from({ length: 6000 }, (_, i) => {
      const first = i % 3 === 0 ? 77 : next(60_000);
      const last = i % 3 === 0 ? 77 : Math.min(65_535, first + (next(20) === 0 ? next(8000) : next(3)));
      const low = i % 2 === 0 ? next(60_000) : 0;
      const from = next(10_000) * S;
      const to = from + next(300) * S;
      const ports: [number, number] = [low, i % 2 === 0 ? low + next(500) : 65_535];
      return stored(row({ kind: 'filing', first: text(first), last: text(last), ports, valid: { from, to } }), i);
    });
    const index = buildRegistryIndex(list);
    let total = 0;
    for (let i = 0; i < 150; i++) {
      const time = next(10_000) * S;
      const ip = text(i % 2 === 0 ? 77 : next(60_000));
      const asked: Asked = { ip, port: next(65_536), protocol: 'tcp', realm: null, from: time, to: time, error: 0 };
      const expected = bruteForce(list, asked);
      total += expected.length;
      expect(ask(index, asked)).toEqual(expected);
    }
    expect(total).toBeGreaterThan(300);
  });

  test('ends an open row where the next holder has certainly begun', () => {
    const open = { kind: 'nat_block', ports: [1024, 2047], valid: { from: 0, to: null }, clockError: 1 } as const;
    const next = { ...open, valid: { from: 50 * S, to: 60 * S }, clockError: 2 } as const;
    const index = buildRegistryIndex([stored(row(open), 1), stored(row(next), 2)]);
    const at = (time: number): number[] =>
      ask(index, { ip: '192.0.2.1', port: 1500, protocol: 'tcp', realm: null, from: time * S, to: time * S, error: 0 });
    expect([at(47), at(49), at(51), at(52), at(61), at(62)]).toEqual([[1], [1, 2], [1, 2], [2], [2], []]);
    // Another block is another cell and ends nothing.
    const other = buildRegistryIndex([stored(row(open), 1), stored(row({ ...next, ports: [2048, 3071] }), 2)]);
    expect(
      ask(other, { ip: '192.0.2.1', port: 1500, protocol: null, realm: null, from: 1e9, to: 1e9, error: 0 }),
    ).toEqual([1]);
  });

  test('knows what was known', () => {
    const old = { ...stored(row({ account: 'a' }), 1), recordedAt: 10, supersededAt: 20 };
    const corrected = { ...stored(row({ account: 'b' }), 2), recordedAt: 20 };
    const asked: Asked = { ip: '192.0.2.1', port: null, protocol: null, realm: null, from: 5, to: 5, error: 0 };
    const at = (knownAt: number | null): number[] => ask(buildRegistryIndex([old, corrected], { knownAt }), asked);
    expect([at(5), at(10), at(19), at(20), at(null)]).toEqual([[], [1], [1], [2], [2]]);
  });

  test('leaves out rows that make no sense and counts them', () => {
    const wrong = [
      { first: 'nowhere', last: 'nowhere' },
      { first: '192.0.2.9', last: '192.0.2.1' },
      { first: '192.0.2.1', last: '2001:db8::1' },
      { ports: [5, 4] as const },
      { ports: [0, 65_536] as const },
      { valid: { from: 5, to: 4 } },
      { valid: { from: Number.NaN, to: null } },
    ];
    const index = buildRegistryIndex(wrong.map((fields, i) => stored(row(fields), i)));
    expect([index.size, index.skipped]).toEqual([0, wrong.length]);
    expect(ask(index, { ip: '192.0.2.1', port: 1, protocol: 'tcp', realm: null, from: 0, to: 9, error: 0 })).toEqual(
      [],
    );
  });

  test('a mapping with inside address and account stands in both places, and is one row', () => {
    const inside = { address: '100.64.1.9', realm: 'r' };
    const fields = { kind: 'nat_block' as const, ports: [1024, 2047] as const, protocol: 'tcp' as const, inside };
    const index = buildRegistryIndex([stored(row({ ...fields, account: 'a' }), 1), stored(row(fields), 2)]);
    expect(index.size).toBe(2);
    const at = { port: 9, protocol: 'udp' as const, from: 5, to: 5, error: 0 };
    expect(ask(index, { ...at, ip: '100.64.1.9', realm: 'r' })).toEqual([1]);
    expect(ask(index, { ...at, ip: '100.64.1.9', realm: 'other' })).toEqual([]);
    expect(ask(index, { ...at, ip: '192.0.2.1', realm: null })).toEqual([]);
  });

  test('takes kinds on request, tells how many there are beyond the room, and its memory', () => {
    const list = Array.from({ length: 40 }, (_, i) => stored(row({ kind: i % 2 === 0 ? 'filing' : 'geofeed' }), i));
    const index = buildRegistryIndex(list, { kinds: ['filing'] });
    expect(index.size).toBe(20);
    const query = index.query('192.0.2.1', null, null, null, 5, 5, 0);
    expect(query && index.find(query, new Int32Array(3))).toBe(20);
    expect(index.bytes / index.size).toBeLessThan(80);
    expect(index.query('no address', null, null, null, 0, 0, 0)).toBeNull();
  });
});

describe('parts', () => {
  test('previous interval that reaches a point, whatever the blocks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 700 }),
        fc.nat(699),
        fc.nat(699),
        fc.integer({ min: 0, max: 51 }),
        (list, a, b, least) => {
          const [low, high] = [Math.min(a, b) % list.length, Math.max(a, b) % list.length];
          if (low > high) return;
          const expected = (fits: (v: number) => boolean): number => {
            for (let i = high; i >= low; i--) if (fits(list[i] as number)) return i;
            return -1;
          };
          // Records of four words and of two, the value in their second.
          const values = Uint32Array.from(list.flatMap((v) => [99, v, 99, 99]));
          const times = Float64Array.from(list.flatMap((v) => [99, v]));
          const [four, two] = [blockMaxima(values, 2, 1, list.length), blockMaxima(times, 1, 1, list.length)];
          expect(previousReaching(values, 2, 1, four, low, high, least)).toBe(expected((v) => v >= least));
          expect(previousAfter(times, 1, 1, two, low, high, least)).toBe(expected((v) => v > least));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['192.0.2.1', [0xc0000201]],
    ['0.0.0.0', [0]],
    ['255.255.255.255', [0xffffffff]],
    ['2001:db8::1', [0x20010db8, 0, 0, 1]],
    ['::ffff:192.0.2.1', [0xc0000201]],
    ...[
      '',
      '1.2.3',
      '1.2.3.4.5',
      '01.2.3.4',
      '256.1.1.1',
      '1..2.3',
      '1.2.3.',
      'fe80::1%eth0',
      '::g',
      'x'.repeat(99),
    ].map((text) => [text, null] as const),
  ] as readonly (readonly [string, readonly number[] | null])[])('address %s', (text, words) =>
    expect(addressWordsOf(text)).toEqual(words),
  );

  test.each([
    ...[
      '10.1.2.3',
      '172.16.0.1',
      '172.31.9.9',
      '192.168.1.1',
      '100.64.0.1',
      '100.127.1.1',
      '169.254.1.1',
      'fd00::1',
      'fe80::1',
    ].map((text) => [text, true] as const),
    ...[
      '9.255.255.255',
      '11.0.0.0',
      '172.32.0.1',
      '192.169.0.1',
      '100.63.0.1',
      '100.128.0.1',
      '192.0.2.1',
      '2001:db8::1',
      'fec0::1',
    ].map((text) => [text, false] as const),
  ])('%s is private: %s', (text, expected) => expect(isPrivateAddress(addressWordsOf(text) ?? [])).toBe(expected));
});
