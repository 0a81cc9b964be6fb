/** Packets and flow records of one observation point show the same traffic: nothing of it counts twice. */
import { expect, test } from 'vitest';
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import { Reporter } from '../../src/daemon/report/reporter.ts';
import { type KeyFacts, keyOf } from '../../src/detect/key-facts.ts';
import { FlowRecord } from '../../src/flowrecord/record.ts';
import { type Made, MIDNIGHT, madeFacts, throughJson, told } from './made-facts.ts';
import { FakeWorld } from './world.ts';

const UNREAD: Made = { dialect: null, sign: 'weak', from: 100, to: 4000, minerPort: 40_000, packets: 300 };

function recorded(made: Made): KeyFacts {
  return { ...madeFacts(made), records: true };
}

function dialectsOf(book: KeyBook): (string | null)[] {
  const context = { sensor: 's', nat: 'none', realm: null, clockError: 0, from: 0, to: 0, fileOf: () => 'f' } as const;
  return new Reporter(book, () => context).due(1e15).map(({ row }) => row.dialect);
}

test('of a key that both tell of, the greater counts, and a connection is one', () => {
  const book = new KeyBook(10);
  book.apply(told({ ended: [madeFacts(UNREAD)] }), 0);
  book.apply(told({ open: [[1, [recorded({ ...UNREAD, from: 90, to: 4100, packets: 320 })]]] }), 1);
  book.apply(told({ ended: [recorded({ ...UNREAD, from: 5000, to: 6000, minerPort: 40_001, packets: 10 })] }), 1);
  const both = book.facts(keyOf(madeFacts(UNREAD)));
  const records = recorded({ ...UNREAD, packets: 330 });
  expect(both?.packets).toEqual(records.packets);
  expect(both?.flows).toBe(2);
  expect(both?.conversations.map(({ value }) => value.port)).toEqual([40_000, 40_001]);
  expect(book.size).toBe(1);
});

test('so it is after a restart, and nothing of it stays once it is forgotten', () => {
  const key = keyOf(madeFacts(UNREAD));
  const book = new KeyBook(10);
  book.apply(told({ ended: [madeFacts(UNREAD)] }), 0);
  book.apply(told({ ended: [recorded(UNREAD)] }), 1);
  const again = new KeyBook(10);
  again.restore(
    book.changes().ended.flatMap(([, facts]) => (facts === null ? [] : [throughJson(facts)])),
    [],
  );
  expect(again.facts(key)).toEqual(book.facts(key));
  expect(again.facts(key)?.flows).toBe(1);
  again.changes();
  again.forget(key);
  expect(again.facts(key)).toBeNull();
  expect(again.size).toBe(0);
  expect(new Map(again.changes().ended)).toEqual(
    new Map([
      [key, null],
      [`${key} records`, null],
    ]),
  );
});

test.each([
  [40_000, ['stratum-v1']],
  [40_009, ['stratum-v1', null]],
])('flow records from port %i beside a connection from 40000 whose dialect was read', (minerPort, dialects) => {
  const book = new KeyBook(10);
  book.apply(told({ ended: [madeFacts({ ...UNREAD, dialect: 'stratum-v1', sign: 'proof' })] }), 0);
  book.apply(told({ ended: [recorded({ ...UNREAD, minerPort })] }), 1);
  expect(dialectsOf(book)).toEqual(dialects);
});

function record(start: number, end: number, client: number): FlowRecord {
  const r = new FlowRecord();
  Object.assign(r, { ipVersion: 4, protocol: 6, sourcePort: 40_000, destinationPort: 3333, packets: 9, bytes: 900 });
  // 192.0.2.client to 203.0.113.5.
  Object.assign(r, { source0: (0xc0000200 + client) | 0, destination0: 0xcb007105 | 0 });
  r.start = MIDNIGHT + start * 1e6;
  r.end = MIDNIGHT + end * 1e6;
  return r;
}

test('flow records: watched is when they end, without silences, day by day', () => {
  const world = new FakeWorld();
  const home = ['192.0.2.0/24', '198.51.100.0/24'];
  const point = world.point('p', { config: { name: 'p', nat: 'none', realm: null, clockError: 0, home } });
  const feed = (start: number, end: number, client = 1): void => point.records.onRecord(record(start, end, client));
  // One that began hours before anything was received says nothing of those hours.
  feed(-20_000, 60);
  for (let t = 300; t <= 900; t += 300) feed(t - 60, t);
  feed(900, 960, 2);
  // Two hours of silence.
  feed(8000, 8160);
  const spans = (): unknown[] =>
    point
      .coverage()
      .map(({ from, to, customer_prefixes: [own, other] }) => [
        (Date.parse(from ?? '') * 1000 - MIDNIGHT) / 1e6,
        (Date.parse(to ?? '') * 1000 - MIDNIGHT) / 1e6,
        own?.flows,
        other?.flows,
      ]);
  expect(spans()).toEqual([
    [60, 960, 2, 0],
    [8160, 8160, 1, 0],
  ]);
  for (let t = 86_100; t <= 86_700; t += 300) feed(t - 60, t);
  expect(spans().slice(2)).toEqual([
    [86_100, 86_400, 1, 0],
    [86_400, 86_700, 1, 0],
  ]);
  expect(point.endsDays(MIDNIGHT / 86_400e6 + 1, world.now)).toBe(true);
  point.records.forgetWatched(MIDNIGHT / 86_400e6 + 1);
  expect(spans()).toEqual([[86_400, 86_700, 1, 0]]);
});
