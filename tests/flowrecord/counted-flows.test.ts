/** Exporters that tell a flow's counts more than once: totals that grow, and totals after their parts. */
import { describe, expect, test } from 'vitest';
import { Collector } from '../../src/flowrecord/collector.ts';
import { CountedFlows } from '../../src/flowrecord/counted-flows.ts';
import { FlowRecord } from '../../src/flowrecord/record.ts';
import * as b from './netflow-builder.ts';

const MINUTE = 60_000;
const T = b.T0 * 1000;
const BASE: readonly b.FieldSpec[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
];
const ends = (port: number, protocol = 6): number[] => [
  ...[...b.ip4('10.0.0.5'), ...b.ip4('198.51.100.9'), ...b.uint(port, 2), ...b.uint(3333, 2), protocol],
];

/** A collector that knows template 263. */
function reader(fields: readonly b.FieldSpec[]): {
  readonly sink: b.Kept;
  take(record: readonly number[], domain?: number, from?: string): void;
} {
  const protocols = ['ipfix'] as const;
  const c = new Collector({ exporters: ['203.0.113.0/24'], protocols, samplingRate: null, templateTimeout: 1e15 });
  const sink = new b.Kept();
  const send = (set: number[], domain: number, from: string): void => {
    const bytes = b.ipfix([set], { domain });
    c.onDatagram(bytes, 0, bytes.length, from, 2055, b.TIME, sink);
  };
  const known = new Set<string>();
  return {
    sink,
    take(record, domain = 1, from = '203.0.113.1'): void {
      if (!known.has(`${from} ${domain}`)) send(b.template(263, fields), domain, from);
      known.add(`${from} ${domain}`);
      send(b.data(263, record), domain, from);
    },
  };
}
const counts = (sink: b.Kept): number[][] =>
  sink.records.map((r) => [r.packets, r.bytes, r.reversePackets, r.reverseBytes]);
/** Minutes behind T. */
const times = (sink: b.Kept): number[][] =>
  sink.records.map((r) => [r.start, r.end].map((t) => (t / 1000 - T) / MINUTE));

describe('Cisco ASA: updates tell what was added, the teardown the whole', () => {
  const fields: b.FieldSpec[] = [...BASE, [233, 1], [323, 8], [152, 8], [231, 4], [232, 4], [298, 4], [299, 4]];
  const event = (
    what: number,
    minute: number,
    [out, back]: readonly [number, number],
    { port = 50_000, protocol = 6, since = 0 } = {},
  ): number[] => [
    ...[...ends(port, protocol), what, ...b.uint(T + minute * MINUTE, 8), ...b.uint(T + since * MINUTE, 8)],
    ...[...b.uint(out, 4), ...b.uint(back, 4), ...b.uint(out / 10, 4), ...b.uint(back / 10, 4)],
  ];
  const [UPDATE, DELETED] = [5, 2];

  test('the whole counts nothing after its parts, and each part lies where it was told', () => {
    const { sink, take } = reader(fields);
    take(event(UPDATE, 1, [700, 2000]));
    take(event(UPDATE, 2, [0, 100]));
    take(event(UPDATE, 4, [70, 200]));
    take(event(DELETED, 5, [770, 2300]));
    expect(counts(sink)).toEqual([
      [70, 700, 200, 2000],
      [0, 0, 10, 100],
      [7, 70, 20, 200],
      [0, 0, 0, 0],
    ]);
    expect(times(sink)).toEqual([
      [0, 1],
      [1, 2],
      [2, 4],
      [0, 5],
    ]);
    expect(sink.records.every((r) => r.oriented)).toBe(true);
  });

  test('a short flow without updates counts by its teardown, also where its ports were used before', () => {
    const { sink, take } = reader(fields);
    take(event(DELETED, 1, [700, 2000]));
    take(event(UPDATE, 3, [100, 100], { since: 2 }));
    // The teardown of this one was lost; the next began later.
    take(event(DELETED, 7, [300, 400], { since: 6 }));
    expect(counts(sink)).toEqual([
      [70, 700, 200, 2000],
      [10, 100, 10, 100],
      [30, 300, 40, 400],
    ]);
  });

  test('the teardown may overtake the last update', () => {
    const { sink, take } = reader(fields);
    take(event(UPDATE, 1, [700, 2000]));
    take(event(DELETED, 2, [800, 2100]));
    take(event(UPDATE, 2, [100, 100]));
    // Another flow of the same ports.
    take(event(DELETED, 4, [300, 400], { since: 3 }));
    expect(counts(sink).map(([, out]) => out)).toEqual([700, 0, 100, 300]);
  });

  test('flows of other ports, domains and exporters are others; other protocols stay as they are', () => {
    const { sink, take } = reader(fields);
    take(event(UPDATE, 1, [700, 2000]));
    take(event(DELETED, 2, [700, 2000], { port: 50_001 }));
    take(event(DELETED, 2, [700, 2000]), 2);
    take(event(DELETED, 2, [700, 2000]), 1, '203.0.113.2');
    take(event(UPDATE, 1, [700, 2000], { protocol: 17 }));
    take(event(DELETED, 2, [700, 2000], { protocol: 17 }));
    expect(counts(sink).map(([, out]) => out)).toEqual(Array(6).fill(700));
    take(event(DELETED, 2, [700, 2000]));
    expect(sink.last.bytes).toBe(0);
  });

  test('the event alone says nothing: Palo Alto sends it on ordinary records', () => {
    const { sink, take } = reader([...BASE, [233, 1], [2, 4], [1, 4]]);
    for (const what of [UPDATE, DELETED]) take([...ends(50_000), what, ...b.uint(7, 4), ...b.uint(700, 4)]);
    expect(sink.records.map((r) => r.bytes)).toEqual([700, 700]);
  });

  test('more flows than are remembered: the oldest count as if nothing were known', () => {
    const flows = new CountedFlows(64);
    const record = (port: number, facts: Partial<FlowRecord> = {}): FlowRecord =>
      Object.assign(new FlowRecord(), { sourcePort: port, protocol: 6, bytes: 10, start: 1, end: 2 }, facts);
    const whole = (r: FlowRecord): number => {
      flows.onWhole(r, 1, 1);
      return r.bytes;
    };
    for (let port = 0; port < 1000; port++) flows.onPart(record(port), 1, 1);
    expect(whole(record(999))).toBe(0);
    expect(whole(record(999))).toBe(10);
    expect(whole(record(0))).toBe(10);
    const kept = Array.from({ length: 999 }, (_, port) => whole(record(port))).filter((bytes) => bytes === 0);
    expect(kept.length).toBeGreaterThan(32);
    expect(kept.length).toBeLessThan(64);
    // Every part of the key parts flows.
    flows.onPart(record(7), 1, 1);
    for (const other of [
      { source3: 1 },
      { destination1: 1 },
      { destinationPort: 1 },
      { vlan: 1 },
      { vrf: 1 },
      { exporter: 1 },
    ]) {
      expect(whole(record(7, other))).toBe(10);
    }
    expect(whole(record(7))).toBe(0);
  });
});

describe('totals of a flow (85, 86): what was told before is left out', () => {
  const REVERSE = 29305;
  const fields: b.FieldSpec[] = [...BASE, [86, 8], [85, 8], [152, 8], [153, 8]];
  const total = (packets: number, to: number, { since = 0, port = 50_000, protocol = 6 } = {}): number[] => [
    ...[...ends(port, protocol), ...b.uint(packets, 8), ...b.uint(packets * 80, 8)],
    ...[...b.uint(T + since * MINUTE, 8), ...b.uint(T + to * MINUTE, 8)],
  ];

  test('while the flow began at the same time', () => {
    const { sink, take } = reader(fields);
    take(total(100, 1));
    take(total(200, 2));
    take(total(300, 3, { since: 0.01 }));
    take(total(300, 3));
    expect(sink.records.map((r) => [r.packets, r.bytes])).toEqual([
      [100, 8000],
      [100, 8000],
      [100, 8000],
      [0, 0],
    ]);
    expect(times(sink)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 3],
    ]);
  });

  test('one that began later, on other ports, in another domain or of another protocol is another', () => {
    const { sink, take } = reader(fields);
    take(total(100, 1));
    take(total(100, 3, { since: 2 }));
    take(total(250, 4, { since: 2 }));
    take(total(100, 1, { port: 50_001 }));
    take(total(100, 1), 2);
    expect(sink.records.map((r) => r.packets)).toEqual([100, 100, 150, 100, 100]);
    for (let i = 0; i < 2; i++) take(total(100, 1, { protocol: 17 }));
    expect(sink.records.slice(5).map((r) => r.packets)).toEqual([100, 100]);
  });

  test('datagrams that overtook each other: none is counted twice, none below 0', () => {
    const { sink, take } = reader(fields);
    for (const minute of [1, 3, 2, 4]) take(total(minute * 100, minute));
    expect(sink.records.map((r) => r.packets)).toEqual([100, 200, 0, 100]);
    expect(times(sink)).toEqual([
      [0, 1],
      [1, 3],
      [2, 2],
      [3, 4],
    ]);
  });

  test('what became less later is no total', () => {
    const { sink, take } = reader(fields);
    [100, 70, 90].forEach((packets, i) => void take(total(packets, i + 1)));
    expect(sink.records.map((r) => r.packets)).toEqual([100, 70, 20]);
  });

  test('of both directions', () => {
    const both: b.FieldSpec[] = [...BASE, [86, 4], [85, 4], [86, 4, REVERSE], [85, 4, REVERSE], [152, 8], [153, 8]];
    const { sink, take } = reader(both);
    const tail = [...b.uint(T, 8), ...b.uint(T + MINUTE, 8)];
    take([...ends(50_000), ...[1, 60, 2, 100].flatMap((n) => b.uint(n, 4)), ...tail]);
    take([...ends(50_000), ...[4, 200, 2, 100].flatMap((n) => b.uint(n, 4)), ...tail]);
    expect(counts(sink)).toEqual([
      [1, 60, 2, 100],
      [3, 140, 0, 0],
    ]);
  });

  test("beginnings that move with the exporter's clock; another flow of the same ports", () => {
    const { sink, take } = reader(fields);
    // Five seconds an hour: reckoned from an uptime that drifts.
    for (let hour = 1; hour <= 10; hour++) take(total(100 * hour, hour * 60, { since: hour / 12 }));
    expect(sink.records.map((r) => r.packets)).toEqual(Array.from({ length: 10 }, () => 100));
    take(total(5000, 660, { since: 601 }));
    take(total(5100, 720, { since: 601.1 }));
    expect(sink.records.slice(10).map((r) => r.packets)).toEqual([5000, 100]);
  });

  test('where what was added is told too, that counts', () => {
    const { sink, take } = reader([...fields, [2, 4], [1, 4]]);
    for (const minute of [1, 2]) take([...total(minute * 100, minute), ...b.uint(100, 4), ...b.uint(8000, 4)]);
    expect(sink.records.map((r) => [r.packets, r.bytes])).toEqual([
      [100, 8000],
      [100, 8000],
    ]);
    const mixed = reader([...BASE, [2, 4], [85, 8], [152, 8], [153, 8]]);
    for (let i = 0; i < 2; i++) {
      const told = [...b.uint(7, 4), ...b.uint(560, 8), ...b.uint(T, 8), ...b.uint(T + MINUTE, 8)];
      mixed.take([...ends(50_000), ...told]);
    }
    expect(mixed.sink.records.map((r) => r.packets)).toEqual([7, 7]);
  });
});

test('the end of a flow of which no beginning is told counts: it may be another one of the same ports', () => {
  const flows = new CountedFlows(8);
  const record = Object.assign(new FlowRecord(), { packets: 7, bytes: 700, start: 1e6, end: 2e6 });
  flows.onPart(record, 1, -1);
  flows.onWhole(record, 1, -1);
  expect([record.packets, record.bytes]).toEqual([7, 700]);
  flows.onPart(record, 1, 0);
  flows.onWhole(record, 1, 1);
  expect([record.packets, record.bytes]).toEqual([0, 0]);
});
