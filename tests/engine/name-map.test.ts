import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NameMap } from '../../src/engine/names/name-map.ts';

const SECOND = 1e6;
const HOUR = 3600 * SECOND;
const T = 1_700_000_000 * SECOND;
const word = (text: string): number => text.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
const CLIENT = word('192.0.2.7');
const OTHER = word('192.0.2.8');
const POOL = word('198.51.100.9');

function add(map: NameMap, client: number, address: number, name: string, time: number, ttl = 60): void {
  map.add(4, client, 0, 0, 0, 4, address, 0, 0, 0, name, time, ttl);
}
function find(map: NameMap, client: number, address: number, time: number): string | null {
  return map.find(4, client, 0, 0, 0, address, 0, 0, 0, time);
}

describe('NameMap', () => {
  test('knows the name for the client that asked, and for no other', () => {
    const map = new NameMap();
    expect(find(map, CLIENT, POOL, T)).toBeNull();
    add(map, CLIENT, POOL, 'pool.example.com', T);
    expect(map.size).toBe(1);
    expect(find(map, CLIENT, POOL, T)).toBe('pool.example.com');
    expect(find(map, OTHER, POOL, T)).toBeNull();
    expect(find(map, CLIENT, POOL + 1, T)).toBeNull();
    expect(find(map, POOL, CLIENT, T)).toBeNull();
  });

  test.each([
    ['a short time to live counts as 300 s', 0, 3900],
    ['a longer one as it is', 7200, 10_800],
    ['a day at most', 1e9, 86_400],
  ])('holds from the answer on: %s', (_, ttl, seconds) => {
    const map = new NameMap();
    add(map, CLIENT, POOL, 'pool.example.com', T, ttl);
    const at = (time: number): string | null => find(map, CLIENT, POOL, T + time * SECOND);
    expect(at(-1)).toBeNull();
    expect(at(0)).toBe('pool.example.com');
    expect(at(seconds)).toBe('pool.example.com');
    expect(at(seconds + 1)).toBeNull();
    // Back in time once more: nothing was thrown away.
    expect(at(seconds)).toBe('pool.example.com');
  });

  test('the newest answer wins, in whatever order they come', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 2, 0],
    ]) {
      const map = new NameMap();
      for (const i of order) add(map, CLIENT, POOL, `name-${i}.example.com`, T + i * SECOND);
      expect(find(map, CLIENT, POOL, T + 2 * SECOND)).toBe('name-2.example.com');
      expect(map.size).toBe(1);
    }
    const map = new NameMap();
    for (const [name, at] of [
      ['a', 0],
      ['a', 100],
      ['b', 50],
    ] as const)
      add(map, CLIENT, POOL, name, T + at * SECOND);
    expect(find(map, CLIENT, POOL, T + 100 * SECOND)).toBe('a');
  });

  test('asked again before the end, the name holds all the time; after a pause, from the new answer on', () => {
    const map = new NameMap();
    add(map, CLIENT, POOL, 'pool.example.com', T);
    add(map, CLIENT, POOL, 'pool.example.com', T + HOUR);
    for (const hours of [0, 0.5, 1, 2]) expect(find(map, CLIENT, POOL, T + hours * HOUR)).toBe('pool.example.com');
    add(map, CLIENT, POOL, 'pool.example.com', T + 48 * HOUR);
    expect(find(map, CLIENT, POOL, T + 40 * HOUR)).toBeNull();
    expect(find(map, CLIENT, POOL, T + 48 * HOUR)).toBe('pool.example.com');
    // A shorter time to live later does not take back what was promised.
    const long = new NameMap();
    add(long, CLIENT, POOL, 'pool.example.com', T, 7200);
    add(long, CLIENT, POOL, 'pool.example.com', T + SECOND, 1);
    expect(find(long, CLIENT, POOL, T + 3 * HOUR)).toBe('pool.example.com');
  });

  test('all four words of IPv6 addresses count, and the versions do not mix', () => {
    const map = new NameMap();
    const c = [0x20010db8, 1, 2, 3] as const;
    const a = [0x20010db8, -1, 0x7fff8000, -0x80000000] as const;
    map.add(6, ...c, 6, ...a, 'six.example.com', T, 60);
    expect(map.find(6, ...c, ...a, T)).toBe('six.example.com');
    for (let i = 0; i < 4; i++) {
      const [c0, c1, c2, c3] = c.map((w, j) => (i === j ? w ^ 0x10000 : w)) as [number, number, number, number];
      const [a0, a1, a2, a3] = a.map((w, j) => (i === j ? w ^ 1 : w)) as [number, number, number, number];
      expect(map.find(6, c0, c1, c2, c3, ...a, T)).toBeNull();
      expect(map.find(6, ...c, a0, a1, a2, a3, T)).toBeNull();
    }
    map.add(6, ...c, 4, POOL, 0, 0, 0, 'mixed.example.com', T, 60);
    map.add(4, CLIENT, 0, 0, 0, 4, POOL, 0, 0, 0, '', T, 60);
    map.add(4, CLIENT, 0, 0, 0, 4, POOL, 0, 0, 0, 'x'.repeat(254), T, 60);
    expect(map.size).toBe(1);
    expect(find(map, 0x20010db8, -1, T)).toBeNull();
  });

  test('is bounded: the least recently used gives way, and the way round the table stays right', () => {
    const map = new NameMap(100);
    for (let i = 0; i < 100; i++) add(map, CLIENT, i, `n${i}.example.com`, T);
    expect(find(map, CLIENT, 0, T)).toBe('n0.example.com');
    for (let i = 100; i < 150; i++) add(map, CLIENT, i, `n${i}.example.com`, T);
    expect(map.size).toBe(100);
    expect(map.evicted).toBe(50);
    expect(find(map, CLIENT, 0, T)).toBe('n0.example.com');
    const found = Array.from({ length: 200 }, (_, i) => find(map, CLIENT, i, T) !== null);
    expect(found).toEqual(Array.from({ length: 200 }, (_, i) => i === 0 || (i > 50 && i < 150)));
    for (let i = 1000; i < 1_100_000; i++) add(map, i, i, 'n.example.com', T);
    expect(map.size).toBe(100);
    expect(find(map, 1_099_999, 1_099_999, T)).toBe('n.example.com');
  });

  test('gives what a list of all answers gives', () => {
    const event = fc.record({
      client: fc.integer({ min: 0, max: 3 }),
      address: fc.integer({ min: -2, max: 2 }),
      name: fc.constantFrom('a.example.com', 'b.example.com'),
      step: fc.integer({ min: 0, max: 5000 }),
      ttl: fc.integer({ min: 0, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.nat(20_000), (events, later) => {
        const map = new NameMap();
        let time = T;
        const all: (readonly [number, number, string, number, number])[] = [];
        for (const { client, address, name, step, ttl } of events) {
          time += step * SECOND;
          add(map, client, address, name, time, ttl);
          all.push([client, address, name, time, time + Math.min(Math.max(ttl, 300) + 3600, 86_400) * SECOND]);
        }
        const now = time + later * SECOND;
        for (let client = 0; client < 4; client++) {
          for (let address = -2; address <= 2; address++) {
            const own = all.filter(([c, a]) => c === client && a === address);
            const newest = own.at(-1)?.[2];
            // Answers with the newest name, back to one with another name.
            let holds = false;
            for (const [, , name, , until] of own.reverse()) {
              if (name !== newest) break;
              holds ||= until >= now;
            }
            expect(find(map, client, address, now)).toBe(holds ? newest : null);
          }
        }
      }),
    );
  });
});
