/** What the book says of a key is, at any moment and over any restart, the sum of what was told. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BookChanges, KeyBook } from '../../src/daemon/report/key-book.ts';
import { addFacts, type KeyFacts, keyOf } from '../../src/detect/key-facts.ts';
import { type Made, madeFacts, throughJson, told } from './made-facts.ts';

/** The state on disk: what `changes` says, put over what was there. */
class Disk {
  readonly ended = new Map<string, string>();
  readonly open = new Map<number, string>();

  write({ ended, open }: BookChanges): void {
    for (const [key, facts] of ended) put(this.ended, key, facts);
    for (const [number, facts] of open) put(this.open, number, facts);
  }

  load(limit: number): KeyBook {
    const book = new KeyBook(limit);
    const parse = <T>(text: string): T => JSON.parse(text) as T;
    book.restore([...this.ended.values()].map(parse<KeyFacts>), [...this.open.values()].map(parse<KeyFacts[]>));
    return book;
  }
}

function put<K>(map: Map<K, string>, key: K, value: unknown): void {
  if (value === null) map.delete(key);
  else map.set(key, JSON.stringify(value));
}

/** The same kept in the simplest way: a list of everything that counts. */
class Model {
  ended: KeyFacts[] = [];
  readonly open = new Map<string, KeyFacts[]>();

  facts(): Map<string, KeyFacts> {
    const keys = new Map<string, KeyFacts>();
    for (const facts of [...this.ended, ...[...this.open.values()].flat()]) addFacts(keys, throughJson(facts));
    return keys;
  }
}

/** What does not depend on the order in which facts were added. */
function sums(f: KeyFacts | null | undefined): unknown {
  if (f === null || f === undefined) return null;
  const { first, lastSeen, submitted, packets, bytes, flows, lookups, shares, conversations } = f;
  return {
    key: keyOf(f),
    first,
    lastSeen,
    submitted,
    packets,
    bytes,
    flows,
    lookups,
    shares,
    rows: conversations.length,
  };
}

const MINERS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
const made = fc.record({
  miner: fc.constantFrom(...MINERS),
  pool: fc.constantFrom('203.0.113.5', '192.0.2.2'),
  day: fc.constantFrom(20_000, 20_001),
  packets: fc.integer({ min: 1, max: 50 }),
  submitted: fc.integer({ min: 0, max: 9 }),
  minerPort: fc.integer({ min: 1, max: 65_535 }),
  // Always seen from the beginning: connections that go on over a restart have their own test.
  opened: fc.constant(true),
  number: fc.integer({ min: 1, max: 1000 }),
});
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      n: fc.integer({ min: 0, max: 4 }),
      source: fc.constantFrom(0 as const, 1 as const),
      made: fc.array(made, { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      n: fc.integer({ min: 0, max: 4 }),
      source: fc.constantFrom(0 as const, 1 as const),
      made: fc.array(made, { maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), n: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), twice: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('save' as const) }) },
);

test('any course of news, restarts and forgetting comes to what a plain list says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const disk = new Disk();
      let book = new KeyBook(1000);
      const model = new Model();
      for (const s of steps) {
        if (s.do === 'open') {
          const facts = gather(s.made);
          book.apply(told({ open: [[s.n, throughJson(facts)]] }), s.source);
          model.open.set(`${s.source} ${s.n}`, facts);
        } else if (s.do === 'end') {
          const facts = gather(s.made);
          book.apply(told({ ended: throughJson(facts), closed: [s.n] }), s.source);
          model.open.delete(`${s.source} ${s.n}`);
          model.ended.push(...facts);
        } else if (s.do === 'forget') {
          const key = [...model.facts().keys()][s.n];
          if (key === undefined) continue;
          book.forget(key);
          model.ended = model.ended.filter((f) => keyOf(f) !== key);
          for (const [n, list] of model.open)
            model.open.set(
              n,
              list.filter((f) => keyOf(f) !== key),
            );
        } else {
          disk.write(book.changes());
          if (s.do === 'save') continue;
          book = disk.load(1000);
          // As the first checkpoint of a process does: it writes everything anew.
          book.changeAll();
          disk.ended.clear();
          disk.open.clear();
          disk.write(book.changes());
          if (s.twice) book = disk.load(1000);
          model.ended.push(...[...model.open.values()].flat());
          model.open.clear();
        }
        const wanted = model.facts();
        expect([...new Set([...book.days()].map(([key]) => key))].sort()).toEqual([...wanted.keys()].sort());
        for (const [key, facts] of wanted) expect(sums(book.facts(key))).toEqual(sums(facts));
        expect(book.size).toBe(wanted.size);
        for (const miner of MINERS) {
          const keys = [...wanted].filter(([, f]) => f.miner === miner).map(([key]) => key);
          expect([...book.keysOf(miner)].sort()).toEqual(keys.sort());
          expect(book.isMiner(miner)).toBe(keys.length > 0);
          const to = [...wanted].filter(([, f]) => f.pool === miner).map(([key]) => key);
          expect([...book.keysTo(miner)].sort()).toEqual(to.sort());
        }
      }
    }),
    { numRuns: 150 },
  );
});

function gather(list: readonly Made[]): KeyFacts[] {
  const keys = new Map<string, KeyFacts>();
  for (const one of list) addFacts(keys, madeFacts(one));
  return [...keys.values()];
}

describe('news', () => {
  test('reading facts changes nothing, however often', () => {
    const book = new KeyBook(10);
    const [a, b] = [madeFacts({ packets: 1 }), madeFacts({ packets: 2, minerPort: 2 })];
    book.apply(told({ ended: [a], open: [[1, [b]]] }), 0);
    const key = keyOf(b);
    for (let i = 0; i < 3; i++) expect(book.facts(key)?.packets).toEqual([3, 3]);
    expect(b.packets).toEqual([2, 2]);
  });

  test('the same number of another source is another thing', () => {
    const book = new KeyBook(10);
    book.apply(told({ open: [[1, [madeFacts({ packets: 1 })]]] }), 0);
    book.apply(told({ open: [[1, [madeFacts({ packets: 2 })]]] }), 1);
    expect(book.facts(keyOf(madeFacts()))?.packets).toEqual([3, 3]);
    book.apply(told({ closed: [1] }), 0);
    expect(book.facts(keyOf(madeFacts()))?.packets).toEqual([2, 2]);
  });

  test('a key that is told no more belongs to nobody', () => {
    const book = new KeyBook(10);
    book.apply(told({ open: [[1, [madeFacts({ dialect: null })]]] }), 0);
    book.takeDirty();
    book.apply(told({ open: [[1, [madeFacts({ dialect: 'stratum-v1' })]]] }), 0);
    expect(book.takeDirty().sort()).toEqual([keyOf(madeFacts({ dialect: null })), keyOf(madeFacts())].sort());
    expect(book.facts(keyOf(madeFacts({ dialect: null })))).toBeNull();
    expect(book.keysOf('192.0.2.1')).toEqual([keyOf(madeFacts())]);
    expect(book.size).toBe(1);
  });

  test('a name that stands for a pool is no address of a miner', () => {
    const book = new KeyBook(10);
    const facts = madeFacts({ pool: null, host: '192.0.2.1' });
    book.apply(told({ ended: [facts] }), 0);
    expect(book.keysTo('192.0.2.1')).toEqual([]);
    book.forget(keyOf(facts));
    expect(book.size).toBe(0);
    expect(book.isMiner('192.0.2.1')).toBe(false);
  });
});

describe('the limit', () => {
  const many = (n: number): KeyFacts[] => Array.from({ length: n }, (_, i) => madeFacts({ miner: `10.0.0.${i}` }));

  test('holds for ended and open ones together', () => {
    const book = new KeyBook(5);
    book.apply(told({ ended: many(3) }), 0);
    book.apply(told({ open: many(10).map((f, i) => [i, [f]] as const) }), 0);
    expect(book.size).toBe(5);
    expect(book.dropped).toBe(5);
    expect([...book.days()]).toHaveLength(5);
  });

  test('what is known goes on to count', () => {
    const book = new KeyBook(2);
    book.apply(told({ ended: many(4) }), 0);
    expect(book.dropped).toBe(2);
    book.apply(told({ ended: many(1), open: [[1, many(2).slice(1)]] }), 0);
    expect(book.facts(keyOf(many(1)[0] as KeyFacts))?.flows).toBe(2);
    expect(book.dropped).toBe(2);
  });

  test('room that was given back is used', () => {
    const book = new KeyBook(2);
    book.apply(told({ open: [[1, many(2)]] }), 0);
    book.apply(told({ open: [[1, many(4).slice(2)]] }), 0);
    expect([book.size, book.dropped]).toEqual([2, 0]);
    book.forget(keyOf(many(4)[3] as KeyFacts));
    book.apply(told({ ended: many(1) }), 0);
    expect([book.size, book.dropped]).toEqual([2, 0]);
  });

  test('a thing that is told of with another key keeps its place', () => {
    const book = new KeyBook(1);
    book.apply(told({ open: [[1, many(1)]] }), 0);
    book.apply(told({ open: [[1, [madeFacts()]]] }), 0);
    book.apply(told({ ended: [madeFacts()], closed: [1] }), 0);
    expect([book.size, book.dropped]).toEqual([1, 0]);
  });
});

describe('a connection that goes on over a restart', () => {
  const before: Made = { from: 100, to: 200, minerPort: 5, packets: 3 };
  const restored = (facts: readonly KeyFacts[]): KeyBook => {
    const book = new KeyBook(10);
    book.restore([], [throughJson([...facts])]);
    return book;
  };

  test('is one connection, from its first packet to its last', () => {
    const book = restored([madeFacts(before)]);
    book.apply(told({ open: [[1, [madeFacts({ ...before, from: 210, to: 300, opened: false })]]] }), 0);
    const facts = book.facts(keyOf(madeFacts()));
    expect(facts?.flows).toBe(1);
    expect(facts?.packets).toEqual([6, 6]);
    expect(facts?.conversations).toHaveLength(1);
    const [row] = facts?.conversations ?? [];
    expect(row?.value).toEqual({ port: 5, lastSeen: madeFacts({ to: 300 }).lastSeen, opened: true });
    expect(row?.order[0]).toBe(madeFacts(before).first[0]);
  });

  test('but not where it had ended before', () => {
    const book = new KeyBook(10);
    book.restore(throughJson([madeFacts(before)]), []);
    book.apply(told({ open: [[1, [madeFacts({ ...before, from: 210, to: 300, opened: false })]]] }), 0);
    expect(book.facts(keyOf(madeFacts()))?.flows).toBe(2);
  });

  test('and what follows it on the same port is another', () => {
    const book = restored([madeFacts(before)]);
    const later = [210, 410].map((from) => madeFacts({ ...before, from, to: from + 90, opened: false }));
    book.apply(told({ ended: later }), 0);
    const facts = book.facts(keyOf(madeFacts()));
    expect(facts?.flows).toBe(2);
    expect(facts?.conversations.map(({ order }) => order[0])).toEqual(
      [100, 410].map((from) => madeFacts({ from, to: from + 1 }).first[0]),
    );
  });

  test('over two restarts, too', () => {
    const parts = [100, 210, 320].map((from, i) => madeFacts({ ...before, from, to: from + 100, opened: i === 0 }));
    const book = restored(parts.slice(0, 1));
    book.apply(told({ open: [[1, parts.slice(1, 2)]] }), 0);
    const { ended, open } = book.changes();
    const next = new KeyBook(10);
    next.restore(
      throughJson(ended.flatMap(([, f]) => (f === null ? [] : [f]))),
      throughJson(open.flatMap(([, f]) => (f === null ? [] : [f]))),
    );
    next.apply(told({ open: [[1, parts.slice(2)]] }), 0);
    expect(next.facts(keyOf(madeFacts()))?.flows).toBe(1);
    expect(next.facts(keyOf(madeFacts()))?.conversations).toHaveLength(1);
  });

  test.each<[string, Made]>([
    ['one that was opened anew', { from: 210, opened: true }],
    ['one of another port', { from: 210, opened: false, minerPort: 6 }],
    ['one an hour and more later', { from: 200 + 3601, opened: false }],
  ])('%s is another', (_, later) => {
    const book = restored([madeFacts(before)]);
    const to = (later.from ?? 0) + 10;
    book.apply(told({ ended: [madeFacts({ ...before, ...later, to })] }), 0);
    expect(book.facts(keyOf(madeFacts()))?.flows).toBe(2);
  });

  test('look-ups do not become connections', () => {
    const lookup = madeFacts({ lookup: true, host: 'pool.example', sign: 'weak' });
    const book = restored([lookup]);
    expect(book.facts(keyOf(lookup))).toMatchObject({ flows: 0, lookups: 1 });
  });
});
