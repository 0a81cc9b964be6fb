/** What strangers can send so that the daemon loses a detection, counts one twice, stands still or says what is not so. */
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { Feeds } from '../../src/daemon/feeds.ts';
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import { Reporter } from '../../src/daemon/report/reporter.ts';
import { isFacts, isPoint, isReported } from '../../src/daemon/state/facts-shape.ts';
import { DAY } from '../../src/detect/day.ts';
import { keyOf } from '../../src/detect/key-facts.ts';
import type { RecordPipeline } from '../../src/engine/records/record-pipeline.ts';
import { conversation, writePcap } from '../generate/index.ts';
import { type Made, madeFacts, throughJson, told } from './made-facts.ts';
import { miningMessages } from './mining.ts';
import { Rig, replayed } from './rig.ts';

const CONTEXT = { sensor: 's/p', nat: 'none', realm: null, clockError: 0, from: 0, to: 0, fileOf: () => 'f' } as const;

function take(book: KeyBook, ...made: Made[]): void {
  book.apply(told({ ended: made.map(madeFacts) }), 0);
}

const many = (n: number, make: (i: number) => Made): Made[] => Array.from({ length: n }, (_, i) => make(i));
const hostOf = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

describe('a flood of keys', () => {
  const LOOKUP = { sign: 'weak', lookup: true, host: 'pool.example' } as const;

  test('look-ups of a million addresses leave room for those who mine', () => {
    const book = new KeyBook(100);
    take(book, ...many(500, (i) => ({ ...LOOKUP, miner: hostOf(i) })));
    expect([book.size, book.dropped]).toEqual([50, 450]);
    take(book, ...many(100, (i) => ({ miner: hostOf(1000 + i), dialect: null, sign: 'weak' })));
    expect(book.size).toBe(75);
    take(book, ...many(100, (i) => ({ miner: hostOf(2000 + i) })));
    expect(book.size).toBe(100);
    expect(book.facts(keyOf(madeFacts({ miner: hostOf(2000) })))).not.toBeNull();
  });

  test('what was forgotten makes room again, by its kind', () => {
    const book = new KeyBook(10);
    const lookups = many(5, (i) => ({ ...LOOKUP, miner: hostOf(i) }));
    take(book, ...lookups);
    for (const made of lookups) book.forget(keyOf(madeFacts(made)));
    take(book, ...many(9, (i) => ({ ...LOOKUP, miner: hostOf(100 + i) })));
    expect([book.size, book.dropped]).toEqual([5, 4]);
  });
});

describe('a scanner with very many endpoints', () => {
  test('one more is judged by some of them, not by all', () => {
    let asked = 0;
    class Counting extends KeyBook {
      override facts(key: string): ReturnType<KeyBook['facts']> {
        asked++;
        return super.facts(key);
      }
    }
    const book = new Counting(10_000);
    const reporter = new Reporter(book, () => CONTEXT);
    const now = 20_001 * DAY;
    const made = many(3000, (i) => ({ miner: '10.0.0.1', pool: `203.0.${i >> 8}.${i & 255}`, from: i, to: i + 1 }));
    take(book, ...made);
    let told = 0;
    do told += reporter.due(now).length;
    while (reporter.hasMore);
    expect(told).toBe(3000);
    take(book, { miner: '10.0.0.1', pool: '198.51.100.1', from: 4000, to: 4001 });
    asked = 0;
    expect(reporter.due(now + 60e6).some(({ row }) => row.pool.ip === '198.51.100.1')).toBe(true);
    expect(asked).toBeLessThan(1500);
  });
});

describe('times that have not come', () => {
  let rig: Rig;
  afterEach(async () => {
    await rig.cleanUp();
  });

  test('one packet of the year 2096 closes no day, and nobody is told that it was watched', async () => {
    rig = new Rig();
    const spool = '{name: tap, kind: spool, directory: in, settle: 1s, rescan: 1s}';
    rig.configure(`http: off\ndetections_file: detections.ndjson\ninputs: [${spool}]\n`).put('in', []);
    const at = (ip: string, start: number): ReturnType<typeof conversation> =>
      conversation({
        client: { ip, port: 40_000 },
        server: { ip: '203.0.113.9', port: 3333 },
        start,
        messages: miningMessages(20),
      });
    // The day before the clock's, so that it is whole however late it is.
    const start = Math.floor(rig.world.now / DAY) * DAY + 60e6;
    rig.world.now = start + DAY - 600e6;
    const file = (name: string): string => rig.at('in', name);
    const frames = at('10.0.0.7', start);
    const late = at('10.9.9.9', 4e15).slice(0, 1);
    writeFileSync(file('a-1.pcap'), writePcap([...frames.slice(0, 30), ...late]));
    const daemon = await rig.start();
    await rig.worked(1);
    await rig.pass(800);
    expect(daemon.status().points[0]?.keys).toBe(1);
    writeFileSync(file('b-2.pcap'), writePcap(frames.slice(30)));
    await rig.worked(2);
    await rig.pass(30);
    const point = (daemon as unknown as { points: Map<string, { coverage(): { from: string }[] }> }).points.get('tap');
    expect(point?.coverage().every(({ from }) => !from.startsWith('2096'))).toBe(true);
    expect(daemon.status().detections.reduce((n, { count }) => n + count, 0)).toBe(1);
    await rig.stop();
    const counts = rig.found().map(({ id, packets, shares }) => ({ id, packets, shares }));
    const expected = await replayed([file('a-1.pcap'), file('b-2.pcap')], 's/tap');
    expect(counts).toEqual(expected.map(({ id, packets, shares }) => ({ id, packets, shares })));
  });

  test('keys of days that never come do not stay', () => {
    rig = new Rig();
    const book = new KeyBook(100);
    const reporter = new Reporter(book, () => CONTEXT);
    const today = 20_800;
    take(book, { day: today + 9000 }, { day: today, miner: '10.0.0.2' });
    let now = today * DAY + DAY / 2;
    reporter.written(reporter.due(now).map(({ row }) => row.id));
    for (let i = 0; i < 4; i++) {
      now += 700e6;
      reporter.written(reporter.due(now).map(({ row }) => row.id));
      reporter.close(now, now);
    }
    expect([...book.days()].map(([, day]) => day)).toEqual([today]);
  });
});

test('a point that cannot tell keeps no other from telling, and not the daemon from stopping', async () => {
  const rig = new Rig();
  const spool = (name: string): string => `{name: ${name}, kind: spool, directory: ${name}, settle: 1s, rescan: 1s}`;
  rig.configure(`http: off\ndetections_file: detections.ndjson\ninputs: [${spool('a')}, ${spool('b')}]\n`);
  rig.put('a', ['cryptonote.pcap']).put('b', ['ethproxy.pcap']);
  const daemon = await rig.start();
  const { points } = daemon as unknown as { points: Map<string, { reporter: Pick<Reporter, 'due'> }> };
  const broken = points.get('a');
  if (broken !== undefined) {
    broken.reporter.due = () => {
      throw new Error('out of order');
    };
  }
  await rig.worked(2);
  await rig.stop();
  expect(rig.found().map(({ sensor }) => sensor)).toEqual(['s/b']);
  expect(rig.world.lines.some((line) => line.startsWith('info stopped'))).toBe(true);
  await rig.cleanUp();
});

describe('a saved state that somebody touched', () => {
  test('more names of inputs than a stack holds', () => {
    const names = new Map(many(300_000, () => ({})).map((_, i) => [i + 1, 'x']));
    const unused = {} as ConstructorParameters<typeof Feeds>[0];
    const feeds = new Feeds(
      unused,
      () => ({}) as RecordPipeline,
      () => 0,
      names,
    );
    expect(feeds.number('next')).toBe(300_001);
  });

  const sound = throughJson(madeFacts());

  test('what was saved is taken', () => {
    expect(isFacts(sound)).toBe(true);
    expect(isFacts(throughJson(madeFacts({ lookup: true, host: 'pool.example', sign: 'weak' })))).toBe(true);
  });

  test.each([
    ['an indication that is none', { indications: [{ order: [1, 1, 1, 1] }] }],
    ['an indication without a signature', { indications: [{ order: [1, 1, 1, 1], value: { indication: {} } }] }],
    ['an entry of a list that is nothing', { accounts: [null] }],
    ['a transport that is a number', { transport: { order: [1], value: 7 } }],
    ['text for a count', { flows: '1' }],
    ['half a pair', { packets: [1] }],
  ])('%s', (_, change) => {
    expect(isFacts({ ...sound, ...change })).toBe(false);
  });

  test('reports and points of other shapes', () => {
    const reported = { confidence: 'confirmed', activity: 'mining', at: 1, times: 1, packets: 1, shares: 1, last: 'x' };
    expect(isReported({ ...reported, evidence: true })).toBe(true);
    expect([null, 7, [], { ...reported, confidence: '__proto__' }].some(isReported)).toBe(false);
    const point = { name: 'p', nat: 'none', realm: null, clockError: 0, home: [] };
    expect(isPoint(point, 'p')).toBe(true);
    expect([null, [], { ...point, name: [] }, { ...point, home: null }].some((value) => isPoint(value, 'p'))).toBe(
      false,
    );
  });
});
