/** Many keys at once: looked at bit by bit, and none waits for ever behind others. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ProbeLimit } from '../../src/daemon/report/probe-limit.ts';
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
  for (let i = 0; i < 240; i++) desk.end({ miner: `10.1.${i >> 8}.${i & 255}` });
  const sizes = [0, 1, 2].map(() => [desk.due(10).length, desk.reporter.hasMore]);
  expect(sizes).toEqual([
    [200, true],
    [40, false],
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
      for (let i = 0; i < 300; i++) desk.open({ miner: minerOf(i), sign: 'weak', packets }, i);
    };
    grow(1);
    while (desk.due(60).length > 0);
    for (let i = 300; i < 700; i++) desk.end({ miner: minerOf(i) });
    const met = new Set<string>();
    for (let go = 0; go < 4; go++) {
      grow(go + 2);
      // Whoever is due longest comes first: 700 are looked at in four goes.
      for (const { row } of desk.due(3600)) met.add(row.miner.ip);
    }
    expect(met.size).toBe(700);
  });

  test('what cannot be told of keeps back only those looked at with it', () => {
    for (let i = 0; i < 500; i++) desk.end({ miner: minerOf(i) });
    expect(desk.due(0)).toHaveLength(200);
    const damaged = keyOf(madeFacts({ miner: minerOf(300) }));
    const { facts } = desk.book;
    desk.book.facts = (key) => {
      if (key === damaged) throw new Error('damaged');
      return facts.call(desk.book, key);
    };
    const met = new Set<string>();
    let failed = 0;
    for (let go = 0; go < 8; go++) {
      try {
        for (const { row } of desk.due(1)) met.add(row.miner.ip);
      } catch (error) {
        expect(error).toMatchObject({ message: 'damaged' });
        failed++;
      }
    }
    expect(failed).toBeGreaterThan(1);
    expect(met.size).toBe(200);
  });

  test('scanners have neighbours in thousands: not all of them at once', () => {
    const end = (pool: number): void => {
      for (let i = 0; i < 100; i++) {
        desk.end({ miner: minerOf(i), pool: `198.51.100.${pool}`, submitted: 0, jobs: 0, from: 100 + pool });
      }
    };
    for (let pool = 0; pool < 7; pool++) end(pool);
    let attempts = 0;
    do attempts += desk.due(0).filter(({ row }) => row.activity === 'attempt').length;
    while (desk.reporter.hasMore);
    expect(attempts).toBe(700);
    // With the eighth pool all of a hundred miners turn out to probe.
    end(7);
    const sizes: number[] = [];
    const seen = new Set<string>();
    do {
      const reports = desk.due(60);
      sizes.push(reports.length);
      for (const { row } of reports) seen.add(row.id);
      expect(reports.every(({ row }) => row.activity === 'probe')).toBe(true);
    } while (desk.reporter.hasMore && sizes.length < 9);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(400);
    expect(seen.size).toBe(800);
    expect(desk.due(3600)).toEqual([]);
  });

  test('days that are over: bit by bit, and those that wait for the ledger keep no others back', () => {
    for (let i = 0; i < 500; i++) desk.end({ miner: minerOf(i) });
    const first = [desk.due(0), desk.due(0), desk.due(0)].flat();
    expect(first).toHaveLength(500);
    // The first two hundred are never acknowledged.
    desk.written(first.slice(200));
    const close = (minutes: number): ReturnType<Reporter['close']> => {
      desk.now += minutes * MINUTE;
      return desk.reporter.close(MIDNIGHT + DAY + 3 * 3600e6, desk.now);
    };
    expect(close(1)).toMatchObject({ keys: [], hasMore: false });
    const goes = [close(11), close(1), close(1)];
    expect(goes.map(({ keys, hasMore }) => [keys.length, hasMore])).toEqual([
      [200, true],
      [100, false],
      [0, false],
    ]);
    expect(desk.book.size).toBe(200);
    desk.written(first.slice(0, 200));
    expect(close(1).keys).toHaveLength(200);
    expect(desk.book.size).toBe(0);
  });
});

test('what changed between two looks is told as it stands at the second', () => {
  const n = desk.open({ packets: 1 });
  expect(desk.due(0)).toHaveLength(1);
  desk.open({ packets: 2 }, n);
  expect(desk.due(1)).toEqual([]);
  desk.open({ packets: 3 }, n);
  expect(desk.due(3600)).toMatchObject([{ row: { packets: [3, 3] } }]);
});

test('where more changed than is taken at once the next look is soon, even if none of it is due', () => {
  const grow = (packets: number): void => {
    for (let i = 0; i < 3500; i++) desk.open({ miner: `10.2.${i >> 8}.${i & 255}`, packets }, i);
  };
  grow(1);
  do desk.due(0);
  while (desk.reporter.hasMore);
  grow(2);
  // Each counts with its open conversation.
  const goes = [0, 1, 2].map(() => [desk.due(1).length, desk.reporter.hasMore]);
  expect(goes).toEqual([
    [0, true],
    [0, true],
    [0, false],
  ]);
});

describe('who only probes', () => {
  const pool = (i: number): string => `198.51.${i >> 8}.${i & 255}`;
  const lookAll = (seconds: number): number => {
    let reports = desk.due(seconds).length;
    while (desk.reporter.hasMore) reports += desk.due(0).length;
    return reports;
  };

  test('is told once, and how much when the day is over', () => {
    for (let i = 0; i < 9; i++) desk.end({ pool: pool(i), submitted: 0, jobs: 0, from: 100 + i });
    const first = desk.due(0);
    expect(first.map(({ row }) => row.activity)).toEqual(Array(9).fill('probe'));
    desk.written(first);
    desk.end({ pool: pool(0), submitted: 0, jobs: 0, from: 200, packets: 7 });
    for (const seconds of [60, 300, 900, 3600, 7200]) expect(desk.due(seconds)).toEqual([]);
    const time = MIDNIGHT + DAY + 3 * 3600e6;
    desk.reporter.close(time, desk.now);
    desk.now += 11 * MINUTE;
    const { reports } = desk.reporter.close(time, desk.now);
    expect(reports.map(({ row }) => [row.pool.ip, row.flows])).toEqual([[pool(0), 2]]);
  });

  test('does not fill the ledger, and is told of at once where it works', () => {
    for (let i = 0; i < 1300; i++) desk.end({ pool: pool(i), submitted: 0, jobs: 0, from: 100 + i / 10 });
    expect(lookAll(0)).toBe(1000);
    expect(desk.reporter.probesLeftOut).toBe(300);
    desk.end({ pool: pool(1299), submitted: 0, jobs: 0, from: 300 });
    expect(lookAll(3600)).toBe(0);
    expect(desk.reporter.probesLeftOut).toBe(300);
    desk.end({ pool: pool(1299), submitted: 9, jobs: 1, from: 400 });
    expect(desk.due(1)).toMatchObject([{ row: { pool: { ip: pool(1299) }, activity: 'mining' }, fresh: true }]);
    // Somebody else's are not counted with them.
    for (let i = 0; i < 8; i++) desk.end({ miner: '192.0.2.77', pool: pool(i), submitted: 0, jobs: 0, from: 100 + i });
    expect(lookAll(1)).toBe(8);
  });

  test('a share accepted that nobody was seen to submit ends it at once', () => {
    for (let i = 0; i < 9; i++) desk.open({ pool: pool(i), submitted: 0, jobs: 1, from: 100 + i }, i);
    expect(desk.due(0).map(({ row }) => row.activity)).toEqual(Array(9).fill('probe'));
    desk.open({ pool: pool(4), submitted: 0, accepted: 1, jobs: 1, from: 104 }, 4);
    expect(desk.due(60)).toMatchObject([{ row: { pool: { ip: pool(4) }, activity: 'mining' }, surer: true }]);
  });

  test('what was told as mining goes on to be told', () => {
    desk.open({ pool: pool(0), submitted: 0, jobs: 1, from: 100 }, 0);
    expect(desk.due(0)).toMatchObject([{ row: { activity: 'mining' } }]);
    for (let i = 1; i < 9; i++) desk.open({ pool: pool(i), submitted: 0, jobs: 0, from: 100 + i }, i);
    expect(desk.due(0)).toHaveLength(8);
    desk.open({ pool: pool(0), submitted: 0, jobs: 2, from: 100, packets: 99 }, 0);
    expect(lookAll(3600)).toBe(1);
  });

  test('is told in full when the process ends', () => {
    for (let i = 0; i < 9; i++) desk.open({ pool: pool(i), submitted: 0, jobs: 0, from: 100 + i }, i);
    expect(desk.due(0)).toHaveLength(9);
    desk.open({ pool: pool(3), submitted: 0, jobs: 0, from: 103, packets: 50 }, 3);
    expect(desk.due(600)).toEqual([]);
    expect(desk.due(0, true)).toMatchObject([{ row: { pool: { ip: pool(3) }, packets: [50, 50] } }]);
  });

  test('a process that follows does not tell again what is told', () => {
    for (let i = 0; i < 1300; i++) desk.end({ pool: pool(i), submitted: 0, jobs: 0, from: 100 + i / 10 });
    const first = desk.due(0);
    while (desk.reporter.hasMore) first.push(...desk.due(0));
    desk.written(first);
    desk.checkpoint();
    desk.restart();
    expect(lookAll(0)).toBe(300);
    expect(desk.reporter.probesLeftOut).toBe(0);
  });
});

test('the limit of who only probes counts anew after 14 days, and where the clock is set back', () => {
  const [limit, days] = [new ProbeLimit(), (n: number) => n * 86_400e6];
  const admitted = (address: string, now: number): number => {
    let n = 0;
    while (limit.admits(address, now) && n < 5000) n++;
    return n;
  };
  expect(admitted('192.0.2.1', days(20))).toBe(1000);
  expect(admitted('192.0.2.1', days(34))).toBe(0);
  limit.dropOld(days(34));
  expect(admitted('192.0.2.1', days(34))).toBe(0);
  expect(admitted('192.0.2.2', days(34))).toBe(1000);
  expect(admitted('192.0.2.1', days(34) + 1)).toBe(1000);
  expect(admitted('192.0.2.1', days(10))).toBe(1000);
  limit.dropOld(days(60));
  expect(admitted('192.0.2.2', days(60))).toBe(1000);
});
