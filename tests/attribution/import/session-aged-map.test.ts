import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AgedMap } from '../../../src/attribution/import/session-aged-map.ts';

it('behaves like a Map whose set moves an entry to the end', () => {
  const step = fc.tuple(fc.constantFrom('set', 'delete', 'shift'), fc.constantFrom('a', 'b', 'c', 'd'), fc.nat());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const aged = new AgedMap<number>();
      const plain = new Map<string, number>();
      for (const [what, key, value] of steps) {
        if (what === 'set') {
          aged.set(key, value);
          plain.delete(key);
          plain.set(key, value);
        } else if (what === 'delete') {
          aged.delete(key);
          plain.delete(key);
        } else {
          const first = plain.entries().next().value;
          expect(aged.shift()).toEqual(first);
          if (first !== undefined) plain.delete(first[0]);
        }
        expect([aged.size, aged.get(key), aged.has(key)]).toEqual([plain.size, plain.get(key), plain.has(key)]);
      }
      const rest: unknown[] = [];
      for (let next = aged.shift(); next !== undefined; next = aged.shift()) rest.push(next);
      expect(rest).toEqual([...plain]);
    }),
  );
});
