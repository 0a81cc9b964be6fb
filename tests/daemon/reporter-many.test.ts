/** Many keys at once: looked at bit by bit, and none waits for ever behind others. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Reporter } from '../../src/daemon/report/reporter.ts';
import { DAY } from '../../src/detect/day.ts';
import { keyOf } from '../../src/detect/key-facts.ts';
import { MIDNIGHT, madeFacts } from './made-facts.ts';
import { Desk, MINUTE } from './reporter-desk.ts';

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});

test('many at once are looked at bit by bit, what does not change not at all', () => {
  for (let i = 0; i < 1200; i++) desk.end({ miner: `10.1.${i >> 8}.${i & 255}` });
  const sizes = [0, 1, 2].map(() => [desk.due(10).length, desk.reporter.hasMore]);
  expect(sizes).toEqual([
    [1000, true],
    [200, false],
    [0, false],
  ]);
  let asked = 0;
  const { facts } = desk.book;
  desk.book.facts = (key) => {
    asked++;
    return facts.call(desk.book, key);
  };
  for (let i = 0; i < 10; i++) expect(desk.due(3600)).toEqual([]);
  expect(asked).toBe(0);
  desk.end({ miner: '10.1.0.1', packets: 3 });
  expect(desk.due(3600)).toHaveLength(1);
  expect(asked).toBeLessThan(10);
});

describe('more than can be looked at in one go', () => {
  const minerOf = (i: number): string => `10.1.${i >> 8}.${i & 255}`;

  test('those that are always due do not keep the others from theirs', () => {
    // Not certain, so due every minute; they grow all the time, and they stand before the rest.
    const grow = (packets: number): void => {
      for (let i = 0; i < 1500; i++) desk.open({ miner: minerOf(i), sign: 'weak', packets }, i);
    };
    grow(1);
    while (desk.due(60).length > 0);
    for (let i = 1500; i < 3500; i++) desk.end({ miner: minerOf(i) });
    const met = new Set<string>();
    for (let go = 0; go < 4; go++) {
      grow(go + 2);
      // Whoever is due longest comes first: 3500 are looked at in four goes.
      for (const { row } of desk.due(3600)) met.add(row.miner.ip);
    }
    expect(met.size).toBe(3500);
  });

  test('what cannot be told of keeps back only those looked at with it', () => {
    for (let i = 0; i < 2500; i++) desk.end({ miner: minerOf(i) });
    expect(desk.due(0)).toHaveLength(1000);
    const damaged = keyOf(madeFacts({ miner: minerOf(1500) }));
    const { facts } = desk.book;
    desk.book.facts = (key) => {
      if (key === damaged) throw new Error('damaged');
      return facts.call(desk.book, key);
    };
    expect(() => desk.due(1)).toThrow('damaged');
    expect(desk.due(1)).toHaveLength(1000);
    expect(() => desk.due(1)).toThrow('damaged');
  });

  test('scanners have neighbours in thousands: not all of them at once', () => {
    const end = (pool: number, from: number): void => {
      for (let i = 0; i < 10; i++) {
        desk.end({ miner: minerOf(i), pool: `198.51.${pool >> 8}.${pool & 255}`, submitted: 0, jobs: 0, from });
      }
    };
    for (let pool = 0; pool < 250; pool++) end(pool, 100 + pool);
    const sizes: number[] = [];
    const seen = new Set<string>();
    do {
      const reports = desk.due(60);
      sizes.push(reports.length);
      for (const { row } of reports) seen.add(row.id);
      expect(reports.every(({ row }) => row.activity === 'probe')).toBe(true);
    } while (desk.reporter.hasMore && sizes.length < 9);
    expect(Math.max(...sizes)).toBe(2000);
    expect(seen.size).toBe(2500);
    expect(desk.due(3600)).toEqual([]);
  });

  test('days that are over: bit by bit, and those that wait for the ledger keep no others back', () => {
    for (let i = 0; i < 2500; i++) desk.end({ miner: minerOf(i) });
    const first = [desk.due(0), desk.due(0), desk.due(0)].flat();
    expect(first).toHaveLength(2500);
    // The first thousand are never acknowledged.
    desk.written(first.slice(1000));
    const close = (minutes: number): ReturnType<Reporter['close']> => {
      desk.now += minutes * MINUTE;
      return desk.reporter.close(MIDNIGHT + DAY + 3 * 3600e6, desk.now);
    };
    expect(close(1)).toMatchObject({ keys: [], hasMore: false });
    const goes = [close(11), close(1), close(1)];
    expect(goes.map(({ keys, hasMore }) => [keys.length, hasMore])).toEqual([
      [1000, true],
      [500, false],
      [0, false],
    ]);
    expect(desk.book.size).toBe(1000);
    desk.written(first.slice(0, 1000));
    expect(close(1).keys).toHaveLength(1000);
    expect(desk.book.size).toBe(0);
  });
});
