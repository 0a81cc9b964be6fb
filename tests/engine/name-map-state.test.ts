/** Names learnt of servers survive the process, whatever stands in the state. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameMap } from '../../src/engine/names/name-map.ts';

const NOW = 1_700_000_000e6;
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
type Words = [number, number, number, number];
const words = fc.tuple(word, word, word, word) as fc.Arbitrary<Words>;

function add(map: NameMap, version: number, c: Words, a: Words, name: string, time: number): void {
  const [client, server] =
    version === 4
      ? ([
          [c[0], 0, 0, 0],
          [a[0], 0, 0, 0],
        ] as const)
      : [c, a];
  map.add(version, ...(client as Words), version, ...(server as Words), name, time, 600);
}

function find(map: NameMap, version: number, c: Words, a: Words, time: number): string | null {
  const [client, server] =
    version === 4
      ? ([
          [c[0], 0, 0, 0],
          [a[0], 0, 0, 0],
        ] as const)
      : [c, a];
  return map.find(version, ...(client as Words), ...(server as Words), time);
}

test('what was learnt is found again, of both versions', () => {
  const entry = fc.tuple(fc.constantFrom(4, 6), words, words, fc.stringMatching(/^[a-z]{1,20}\.example$/));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 50 }), (entries) => {
      const map = new NameMap();
      for (const [version, c, a, name] of entries) add(map, version, c, a, name, NOW);
      const copy = new NameMap();
      copy.importState(json(map.exportState(NOW, 1000)));
      for (const [version, c, a] of entries) {
        for (const time of [NOW, NOW + 100e6, NOW + 1e12]) {
          expect(find(copy, version, c, a, time)).toBe(find(map, version, c, a, time));
        }
      }
      // In the same order as well: which give way first does not change.
      expect(copy.exportState(NOW, 1000)).toEqual(map.exportState(NOW, 1000));
    }),
    { numRuns: 50 },
  );
});

test('the newest, and only what still holds', () => {
  const map = new NameMap();
  for (let i = 0; i < 10; i++) add(map, 4, [i, 0, 0, 0], [1, 0, 0, 0], `n${i}.example`, NOW);
  expect(map.exportState(NOW, 3).map(([, name]) => name)).toEqual(['n7.example', 'n8.example', 'n9.example']);
  expect(map.exportState(NOW + 1e12, 100)).toEqual([]);
});

test('what is known already stays', () => {
  const map = new NameMap();
  add(map, 4, [1, 0, 0, 0], [2, 0, 0, 0], 'old.example', NOW);
  const state = json(map.exportState(NOW, 10));
  const other = new NameMap();
  add(other, 4, [1, 0, 0, 0], [2, 0, 0, 0], 'new.example', NOW);
  other.importState(state);
  expect(find(other, 4, [1, 0, 0, 0], [2, 0, 0, 0], NOW)).toBe('new.example');
});

test('a state that is something else is passed over, whatever it is', () => {
  const good = [[0, 1, 0, 2], 'pool.example', NOW, NOW + 1e9, NOW];
  const bad: unknown[] = [
    null,
    5,
    'text',
    [],
    [[0, 1, 0], 'pool.example', NOW, NOW, NOW],
    [[0, 1, 0, 70_000], 'pool.example', NOW, NOW, NOW],
    [[0, 1, 0, 1.5], 'pool.example', NOW, NOW, NOW],
    [[0, 1, 0, 2], '', NOW, NOW, NOW],
    [[0, 1, 0, 2], 'x'.repeat(1000), NOW, NOW, NOW],
    [[0, 1, 0, 2], 'pool.example', null, NOW, NOW],
    [[0, 1, 0, 2], 7, NOW, NOW, NOW],
  ];
  const map = new NameMap();
  map.importState([...bad, good]);
  expect(map.exportState(NOW, 100)).toHaveLength(1);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const own = new NameMap();
      own.importState(value);
      expect(own.exportState(0, 10).length).toBeLessThanOrEqual(Array.isArray(value) ? value.length : 0);
    }),
  );
});
