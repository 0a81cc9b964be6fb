/** When detections are written down: at once, ever more rarely, for the last time; and nothing is lost on the way. */
import { beforeEach, describe, expect, test } from 'vitest';
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import { type Report, Reporter } from '../../src/daemon/report/reporter.ts';
import { DAY } from '../../src/detect/day.ts';
import { keyOf } from '../../src/detect/key-facts.ts';
import { DAY_NUMBER, type Made, MIDNIGHT, madeFacts, told } from './made-facts.ts';
import { CONTEXT, Desk, MINUTE, SECOND } from './reporter-desk.ts';

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});

const packetsOf = (reports: readonly Report[]): number[] => reports.map(({ row }) => row.packets[0]);

describe('growth', () => {
  test('new at once, then after 1, 5, 15 and 60 minutes while it grows', () => {
    const at: number[] = [];
    const began = desk.now;
    let packets = 1;
    const n = desk.open({ packets });
    for (let second = 0; second < 4 * 3600; second += 10) {
      desk.open({ packets: ++packets, to: 200 + second }, n);
      for (const report of desk.due(10)) {
        at.push(Math.round((desk.now - began) / MINUTE));
        expect(report).toMatchObject({ fresh: at.length === 1, surer: at.length === 1, evidence: at.length === 1 });
        desk.written([report]);
      }
    }
    expect(at.slice(0, 5)).toEqual([0, 1, 6, 21, 81]);
    expect(at).toHaveLength(7);
  });

  test('what does not change is not reported again', () => {
    desk.end({});
    expect(desk.due(0)).toHaveLength(1);
    for (let i = 0; i < 100; i++) expect(desk.due(600)).toEqual([]);
    expect(desk.due(0, true)).toEqual([]);
  });

  test('all: what grew is reported whatever the time, with its packets', () => {
    const n = desk.open({ packets: 1 });
    desk.due(0);
    desk.open({ packets: 2 }, n);
    expect(desk.due(1)).toEqual([]);
    expect(desk.due(1, true)).toMatchObject([{ fresh: false, surer: false, evidence: true }]);
  });

  test('a clock that was years ahead and is set right delays nothing', () => {
    desk.now += 1000 * DAY;
    const n = desk.open({ packets: 1 });
    expect(desk.due(0)).toHaveLength(1);
    desk.now -= 1000 * DAY;
    desk.open({ packets: 2 }, n);
    expect(packetsOf(desk.due(0))).toEqual([2]);
    desk.open({ packets: 3 }, n);
    expect(packetsOf(desk.due(301))).toEqual([3]);
  });
});

describe('what becomes surer', () => {
  test('is reported at the next look, with its packets', () => {
    const n = desk.open({ sign: 'weak', packets: 1 });
    expect(desk.due(0)).toMatchObject([{ row: { confidence: 'probable' }, fresh: true }]);
    desk.open({ sign: 'proof', packets: 2 }, n);
    expect(desk.due(1)).toMatchObject([
      { row: { confidence: 'confirmed' }, fresh: false, surer: true, evidence: true },
    ]);
  });

  test('too little at first, enough at once', () => {
    const n = desk.open({ sign: 'none', packets: 1 });
    expect(desk.due(0)).toEqual([]);
    desk.open({ sign: 'proof', packets: 2 }, n);
    expect(desk.due(1)).toMatchObject([{ row: { confidence: 'confirmed' }, fresh: true }]);
  });

  test('an attempt that turns into work', () => {
    const n = desk.open({ submitted: 0, jobs: 0 });
    expect(desk.due(0)).toMatchObject([{ row: { activity: 'attempt' } }]);
    desk.open({ submitted: 0, jobs: 1 }, n);
    expect(desk.due(1)).toMatchObject([{ row: { activity: 'mining' }, surer: true }]);
  });

  test('a detection that is reported under another key leaves no open count for ever', () => {
    const n = desk.open({ dialect: null, sign: 'weak' });
    desk.written(desk.due(0));
    desk.open({ dialect: 'stratum-v1' }, n);
    expect(desk.due(1)).toMatchObject([{ row: { dialect: 'stratum-v1' }, fresh: true }]);
    desk.reporter.close(MIDNIGHT, desk.now + 15 * DAY);
    expect(desk.reporter.open().suspected).toBe(0);
    desk.checkpoint();
    expect([...desk.disk.keys()]).toHaveLength(0);
  });
});

describe('what shows only between detections', () => {
  const inner = { miner: '192.0.2.9', pool: '203.0.113.5', packets: 5 };

  test('a miner through which others mine is a proxy as soon as one does', () => {
    desk.end(inner);
    expect(desk.due(0)).toMatchObject([{ row: { activity: 'mining' } }]);
    desk.end({ miner: '192.0.2.1', pool: '192.0.2.9' });
    const rows = desk.due(1).map(({ row }) => [row.miner.ip, row.activity]);
    expect(rows).toEqual([
      ['192.0.2.1', 'mining'],
      ['192.0.2.9', 'proxy'],
    ]);
    expect(desk.due(3600)).toEqual([]);
  });

  test('one of whom others only ask is none', () => {
    desk.end(inner);
    desk.end({ miner: '192.0.2.1', pool: '192.0.2.9', submitted: 0, jobs: 0 });
    expect(
      desk
        .due(0)
        .map(({ row }) => row.activity)
        .sort(),
    ).toEqual(['attempt', 'mining']);
  });

  test('who tries eight endpoints within ten minutes probes', () => {
    const pools = Array.from({ length: 8 }, (_, i) => `203.0.113.${i + 1}`);
    for (const [i, pool] of pools.entries()) {
      desk.end({ pool, submitted: 0, jobs: 0, from: 100 + i });
      const activities = desk.due(1).map(({ row }) => row.activity);
      // With the eighth the seven before it turn out to be the same.
      expect(activities).toEqual(i < 7 ? ['attempt'] : Array(8).fill('probe'));
    }
    expect(desk.due(3600)).toEqual([]);
  });

  test('a look-up is no longer told of once its connection is', () => {
    desk.open({ lookup: true, host: 'pool.example', sign: 'weak' }, 1);
    expect(desk.due(0)).toMatchObject([{ row: { transport: 'dns' } }]);
    desk.open({ host: 'pool.example' }, 2);
    desk.open({ lookup: true, host: 'pool.example', sign: 'weak', packets: 99 }, 1);
    expect(desk.due(120).map(({ row }) => row.transport)).toEqual(['tcp']);
    expect(desk.due(3600, true)).toEqual([]);
  });

  test('alike whether they are looked at one by one or together', () => {
    const together = new Desk();
    const made: Made[] = [
      inner,
      { miner: '192.0.2.1', pool: '192.0.2.9' },
      { miner: '192.0.2.1', pool: '203.0.113.7', sign: 'weak' },
      ...Array.from({ length: 9 }, (_, i) => ({
        miner: '192.0.2.4',
        pool: `203.0.113.${20 + i}`,
        submitted: 0,
        jobs: 0,
      })),
    ];
    const last = new Map<string, unknown>();
    for (const one of made) {
      desk.end(one);
      together.end(one);
      for (const { row } of desk.due(1)) last.set(row.id, row);
    }
    for (const { row } of desk.due(60)) last.set(row.id, row);
    const all = together.due(0).map(({ row }) => [row.id, row] as const);
    expect([...last].sort()).toEqual([...all].sort());
  });
});

describe('a crash', () => {
  test('before the report is written: it is reported again', () => {
    desk.end({});
    expect(desk.due(0)).toHaveLength(1);
    desk.checkpoint();
    desk.restart();
    expect(desk.due(1)).toMatchObject([{ fresh: true }]);
  });

  test('also where the state was written whole in between', () => {
    desk.end({});
    expect(desk.due(0)).toHaveLength(1);
    desk.checkpoint(true);
    desk.restart();
    expect(desk.due(1)).toMatchObject([{ fresh: true }]);
  });

  test('after it was written: not again, until it grows', () => {
    const n = desk.open({ packets: 1 });
    desk.written(desk.due(0));
    desk.checkpoint();
    desk.restart();
    expect(desk.due(1)).toEqual([]);
    expect(desk.due(1, true)).toEqual([]);
    desk.end({ packets: 2, from: 210, to: 220, opened: false });
    expect(desk.due(120)).toMatchObject([{ fresh: false, row: { packets: [3, 3] } }]);
    expect(n).toBe(0);
  });

  test('between two reports of the same: the second one is still owed', () => {
    const n = desk.open({ packets: 1 });
    const first = desk.due(0);
    desk.open({ packets: 2 }, n);
    const second = desk.due(0, true);
    expect([packetsOf(first), packetsOf(second)]).toEqual([[1], [2]]);
    desk.written(first);
    desk.checkpoint();
    desk.restart();
    expect(packetsOf(desk.due(120))).toEqual([2]);
  });

  test('an acknowledgement that comes twice, or of something unknown, changes nothing', () => {
    desk.end({});
    const reports = desk.due(0);
    desk.written(reports);
    desk.written(reports);
    desk.reporter.written(['unknown']);
    desk.checkpoint();
    expect([...desk.disk.keys()]).toEqual([reports[0]?.row.id]);
  });
});

describe('the end of a day', () => {
  const key = keyOf(madeFacts());
  /** Traffic so far beyond midnight that the day is over. */
  const LATER = MIDNIGHT + DAY + 3 * 3600e6;
  const close = (minutes: number): ReturnType<Reporter['close']> => {
    desk.now += minutes * MINUTE;
    return desk.reporter.close(LATER, desk.now);
  };

  test('waits for the grace of two hours and ten quiet minutes, then tells once more and forgets', () => {
    const n = desk.open({ packets: 1 });
    desk.written(desk.due(0));
    desk.open({ packets: 2 }, n);
    desk.due(1);
    expect(desk.reporter.close(MIDNIGHT + DAY + 3600e6, desk.now + DAY)).toMatchObject({ reports: [], keys: [] });
    expect(close(1)).toMatchObject({ reports: [], keys: [] });
    const { reports, keys, day } = close(11);
    expect(packetsOf(reports)).toEqual([2]);
    expect([keys, day]).toEqual([[], DAY_NUMBER + 1]);
    expect(close(1).keys).toEqual([]);
    desk.written(reports);
    expect(close(1)).toMatchObject({ reports: [], keys: [key] });
    expect(desk.book.size).toBe(0);
    expect(desk.reporter.open()).toEqual({ suspected: 0, probable: 0, confirmed: 0 });
    desk.checkpoint();
    expect(desk.disk.size).toBe(0);
  });

  test('comes although a conversation of that day goes on, and is told of all the time', () => {
    const n = desk.open({ packets: 1 });
    desk.written(desk.due(0));
    let closed: readonly string[] = [];
    for (let minute = 0; minute < 12; minute++) {
      const today = madeFacts({ day: DAY_NUMBER + 1, packets: 10 + minute });
      desk.book.apply(told({ open: [[n, [madeFacts({ packets: 1 }), today]]] }), 0);
      desk.written(desk.due(0));
      closed = [...closed, ...close(1).keys];
    }
    expect(closed).toEqual([key]);
  });

  test('waits while the day still grows', () => {
    const n = desk.open({ packets: 1 });
    desk.written(desk.due(0));
    for (let i = 2; i < 20; i++) {
      desk.open({ packets: i }, n);
      expect(close(6)).toMatchObject({ keys: [] });
    }
  });

  test('does not forget what only an earlier report of was written', () => {
    const n = desk.open({ packets: 1 });
    const first = desk.due(0);
    desk.open({ packets: 2 }, n);
    desk.due(0, true);
    desk.written(first);
    close(1);
    expect(close(11).keys).toEqual([]);
    expect(desk.book.facts(key)).not.toBeNull();
  });

  test('late data of a day that was closed are a detection of their own, with the same id', () => {
    desk.end({});
    const first = desk.due(0);
    desk.written(first);
    close(1);
    expect(close(11).keys).toEqual([key]);
    desk.end({ from: 500, to: 600, packets: 7 });
    const late = desk.due(1);
    expect(late).toMatchObject([{ fresh: true, row: { id: first[0]?.row.id, packets: [7, 7] } }]);
    desk.written(late);
    close(1);
    expect(close(11).keys).toEqual([key]);
    desk.checkpoint();
    expect(desk.disk.size).toBe(0);
  });

  test('a key too weak to be reported is forgotten, too', () => {
    desk.end({ sign: 'none' });
    desk.due(0);
    close(1);
    expect(close(11)).toMatchObject({ reports: [], keys: [keyOf(madeFacts({ sign: 'none' }))] });
  });
});

describe('patience', () => {
  const patient = (made: Made): { book: KeyBook; reporter: Reporter } => {
    const book = new KeyBook(100);
    book.apply(told({ ended: [madeFacts(made)] }), 0);
    return { book, reporter: new Reporter(book, () => CONTEXT, [], 10 * SECOND) };
  };
  const START = MIDNIGHT + 3600 * SECOND;

  test('what is new waits ten seconds with shares, ten minutes where work was delivered and no share came', () => {
    const shares = patient({ submitted: 3 }).reporter;
    expect(shares.due(START)).toEqual([]);
    expect(shares.due(START + 9 * SECOND)).toEqual([]);
    expect(shares.due(START + 10 * SECOND)).toHaveLength(1);
    const job = patient({ jobs: 1, submitted: 0 }).reporter;
    expect(job.due(START)).toEqual([]);
    expect(job.due(START + 9 * MINUTE)).toEqual([]);
    expect(job.due(START + 10 * MINUTE)).toHaveLength(1);
  });

  test('the end of the process waits for nothing', () => {
    const { reporter } = patient({ jobs: 1, submitted: 0 });
    expect(reporter.due(START)).toEqual([]);
    expect(reporter.due(START + SECOND, true)).toHaveLength(1);
  });

  test('another dialect within that time leaves nothing of the first behind', () => {
    const { book, reporter } = patient({ submitted: 1 });
    book.apply(told({ open: [[1, [madeFacts({ dialect: 'stratum-v1', miner: '192.0.2.99', submitted: 1 })]]] }), 0);
    expect(reporter.due(START)).toEqual([]);
    book.apply(told({ open: [[1, [madeFacts({ dialect: 'zcash-stratum', miner: '192.0.2.99', submitted: 1 })]]] }), 0);
    reporter.due(START + SECOND);
    const rows = [...reporter.due(START + 11 * SECOND), ...reporter.due(START + 12 * SECOND)].map(({ row }) => row);
    expect(rows.filter(({ miner }) => miner.ip === '192.0.2.99').map(({ dialect }) => dialect)).toEqual([
      'zcash-stratum',
    ]);
  });
});
