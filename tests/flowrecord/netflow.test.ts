import { describe, expect, test } from 'vitest';
import { Collector } from '../../src/flowrecord/collector.ts';
import * as b from './netflow-builder.ts';

const ADDRESS = '203.0.113.1';
function collector(samplingRate: number | null = null): Collector {
  return new Collector({ exporters: ['203.0.113.0/24'], protocols: ['netflow'], samplingRate, templateTimeout: 600e6 });
}
function send(to: Collector, bytes: Uint8Array, sink: b.Kept, time: number = b.TIME, port: number = 2055): void {
  to.onDatagram(bytes, 0, bytes.length, ADDRESS, port, time, sink);
}
const V9_PLAIN = b.PLAIN.slice(0, 8).concat([
  [22, 4],
  [21, 4],
]);
const v9Plain = (first: number, last: number): number[] => [
  ...b.plain().slice(0, -16),
  ...b.uint(first, 4),
  ...b.uint(last, 4),
];

describe('NetFlow v5', () => {
  test('a record, with times from the uptime and the residual nanoseconds', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, b.v5([b.v5Record(40_000)], { nanos: 250_000_000 }), sink);
    expect(sink.last).toMatchObject({
      ...{ ipVersion: 4, source0: 0xc000020a | 0, destination0: 0xc6336414 | 0, sourcePort: 40_000 },
      ...{ destinationPort: 3333, protocol: 6, tcpFlags: 0x1b, packets: 7, bytes: 4200, reversePackets: -1 },
      ...{ start: b.TIME + 250_000 - 10e6, end: b.TIME + 250_000 - 5e6, samplingRate: 1, exporter: 1, number: 1 },
    });
  });

  test('uptime that wrapped around between the flow and the export', () => {
    const sink = new b.Kept();
    send(collector(), b.v5([b.v5Record(1, 2 ** 32 - 1000, 1000)], { uptime: 2000 }), sink);
    expect([sink.last.start, sink.last.end]).toEqual([b.TIME - 3e6, b.TIME - 1e6]);
  });

  test('sampling: 14 bits of the header, else what is configured', () => {
    const sink = new b.Kept();
    const c = collector(100);
    send(c, b.v5([b.v5Record(1)]), sink);
    expect(sink.last.samplingRate).toBe(100);
    send(c, b.v5([b.v5Record(1)], { sampling: 0x4000 | 512, sequence: 1 }), sink);
    expect(sink.last.samplingRate).toBe(512);
  });

  test('sampling: the header of each datagram decides, not an earlier one', () => {
    for (const [configured, unsampled] of [
      [null, 1],
      [100, 100],
    ] as const) {
      const sink = new b.Kept();
      const c = collector(configured);
      // Mode and interval: systematic, random, none said, no sampling, mode without interval.
      const words = [0x4000 | 1000, 0x8000 | 1000, 1000, 0, 0xc000];
      words.forEach((sampling, sequence) => void send(c, b.v5([b.v5Record(1)], { sampling, sequence }), sink));
      expect(sink.records.map((r) => r.samplingRate)).toEqual([1000, 1000, 1000, unsampled, unsampled]);
    }
  });

  test('flags only of TCP, no ports of ICMP', () => {
    const sink = new b.Kept();
    send(collector(), b.v5([b.v5Record(9, 1, 2, 17), b.v5Record(9, 1, 2, 1)]), sink);
    expect(sink.records.map((r) => [r.tcpFlags, r.sourcePort, r.destinationPort])).toEqual([
      [-1, 9, 3333],
      [-1, 0, 0],
    ]);
  });

  test('cut off: the whole records count, the fault is told', () => {
    const sink = new b.Kept();
    const c = collector();
    send(c, b.v5([b.v5Record(1), b.v5Record(2)]).subarray(0, 24 + 48 + 40), sink);
    expect(sink.records).toHaveLength(1);
    send(c, b.v5([], { count: 0 }), sink);
    send(c, b.v5([]).subarray(0, 23), sink);
    expect(b.faultsOf(c.counts)).toEqual({ truncated: 2, bad_count: 1 });
  });

  test('an end before its start is a bad time, and still a record', () => {
    const sink = new b.Kept();
    const c = collector();
    send(c, b.v5([b.v5Record(1, 95_000, 90_000)]), sink);
    expect([sink.last.start, sink.last.end]).toEqual([b.TIME - 10e6, b.TIME - 10e6]);
    expect(b.faultsOf(c.counts)).toEqual({ bad_time: 1 });
  });

  test('a flow of more than eight days is damage: it must not count for the days before', () => {
    const sink = new b.Kept();
    const c = collector();
    // The counter of milliseconds wraps: the first began 30 days before it ended, the second a week.
    const day = 86_400_000;
    send(
      c,
      b.v5([b.v5Record(1, (95_000 - 30 * day) >>> 0, 95_000), b.v5Record(2, (95_000 - 7 * day) >>> 0, 95_000)]),
      sink,
    );
    expect(sink.records.map(({ start, end }) => (end - start) / 86_400e6)).toEqual([0, 7]);
    expect(b.faultsOf(c.counts)).toEqual({ bad_time: 1 });
  });
});

describe('NetFlow v9', () => {
  test('template, data and times relative to the uptime', () => {
    const sink = new b.Kept();
    const c = collector();
    send(c, b.v9([b.template(256, V9_PLAIN, 0), b.data(256, v9Plain(90_000, 95_000), v9Plain(1, 2))]), sink);
    expect(sink.records).toHaveLength(2);
    expect(sink.records[0]).toMatchObject({
      ...{ sourcePort: 40_000, packets: 7, bytes: 4200, start: b.TIME - 10e6, end: b.TIME - 5e6 },
    });
    expect(b.faultsOf(c.counts)).toEqual({});
  });

  test('data before its template, of another source id, and of a template that was forgotten', () => {
    const sink = new b.Kept();
    const c = collector();
    const records = b.data(256, v9Plain(1, 2));
    send(c, b.v9([records]), sink);
    send(c, b.v9([b.template(256, V9_PLAIN, 0)], { sequence: 1 }), sink);
    send(c, b.v9([records], { source: 2 }), sink);
    expect(sink.records).toHaveLength(0);
    send(c, b.v9([records], { sequence: 2 }), sink, b.TIME + 599e6);
    expect(sink.records).toHaveLength(1);
    send(c, b.v9([records], { sequence: 3 }), sink, b.TIME + 601e6);
    expect(sink.records).toHaveLength(1);
    expect(b.faultsOf(c.counts)).toEqual({ no_template: 3 });
    expect(c.templates).toBe(0);
  });

  test('a template replaced by another of the same number', () => {
    const sink = new b.Kept();
    const c = collector();
    send(c, b.v9([b.template(300, V9_PLAIN, 0)]), sink);
    const other: b.FieldSpec[] = [
      [27, 16],
      [28, 16],
      [4, 1],
      [1, 4],
      [2, 4],
    ];
    send(c, b.v9([b.template(300, other, 0)], { sequence: 1 }), sink);
    const record = [...b.ip6(5), ...b.ip6(6), 17, ...b.uint(99, 4), ...b.uint(3, 4)];
    send(c, b.v9([b.data(300, record)], { sequence: 2 }), sink);
    expect(sink.last).toMatchObject({ ipVersion: 6, source0: 0x20010db8, source3: 5, destination3: 6, bytes: 99 });
    expect([sink.last.start, sink.last.end]).toEqual([b.TIME, b.TIME]);
    expect(c.templates).toBe(1);
  });

  test('sampling: by domain, by sampler, by the only sampler', () => {
    const sink = new b.Kept();
    const c = collector(7);
    const withSampler = V9_PLAIN.concat([[48, 1]]);
    send(c, b.v9([b.template(256, withSampler, 0), b.data(256, [...v9Plain(1, 2), 3])]), sink);
    send(
      c,
      b.v9(
        [
          b.v9Options(
            400,
            [[1, 4]],
            [
              [48, 1],
              [49, 1],
              [50, 4],
            ],
          ),
        ],
        { sequence: 1 },
      ),
      sink,
    );
    send(c, b.v9([b.data(400, [...b.uint(0, 4), 3, 2, ...b.uint(1000, 4)])], { sequence: 2 }), sink);
    const both = b.data(256, [...v9Plain(1, 2), 3], [...v9Plain(1, 2), 4]);
    send(c, b.v9([both], { sequence: 3 }), sink);
    send(c, b.v9([b.data(400, [...b.uint(0, 4), 4, 2, ...b.uint(50, 4)])], { sequence: 4 }), sink);
    send(c, b.v9([both], { sequence: 5 }), sink);
    send(
      c,
      b.v9(
        [
          b.v9Options(
            401,
            [[1, 4]],
            [
              [34, 4],
              [35, 1],
            ],
          ),
        ],
        { sequence: 6 },
      ),
      sink,
    );
    send(c, b.v9([b.data(401, [...b.uint(0, 4), ...b.uint(20, 4), 1])], { sequence: 7 }), sink);
    send(c, b.v9([b.data(256, [...v9Plain(1, 2), 9])], { sequence: 8 }), sink);
    expect(sink.records.map((r) => r.samplingRate)).toEqual([7, 1000, 1000, 1000, 50, 20]);
    expect(c.exporters()).toMatchObject([{ address: ADDRESS, protocol: 'netflow9', records: 6, templates: 3 }]);
    expect(b.faultsOf(c.counts)).toEqual({});
  });

  test('templates that must be refused', () => {
    const sink = new b.Kept();
    const c = collector();
    const refused: (readonly b.FieldSpec[])[] = [[[8, 0]], Array(300).fill([8, 4])];
    for (const fields of refused) send(c, b.v9([b.template(256, fields, 0)]), sink);
    send(c, b.v9([b.template(255, V9_PLAIN, 0)]), sink);
    send(c, b.v9([b.set(0, [...b.uint(256, 2), ...b.uint(9, 2), 0, 1])]), sink);
    expect(c.templates).toBe(0);
    expect(b.faultsOf(c.counts)).toEqual({ bad_template: 4 });
  });

  test('outgoing counts where there are no incoming ones; a template without addresses tells nothing', () => {
    const sink = new b.Kept();
    const c = collector();
    const out: b.FieldSpec[] = [
      [8, 4],
      [12, 4],
      [23, 4],
      [24, 4],
      [1, 4],
      [2, 4],
      [58, 2],
    ];
    const record = (inBytes: number): number[] => [
      ...[...b.ip4('10.0.0.1'), ...b.ip4('10.0.0.2'), ...b.uint(500, 4), ...b.uint(5, 4), ...b.uint(inBytes, 4)],
      ...[...b.uint(inBytes / 100, 4), ...b.uint(0x1064, 2)],
    ];
    send(c, b.v9([b.template(256, out, 0), b.data(256, record(0), record(300))]), sink);
    expect(sink.records.map((r) => [r.bytes, r.packets, r.vlan])).toEqual([
      [500, 5, 100],
      [300, 3, 100],
    ]);
    send(
      c,
      b.v9(
        [
          b.template(
            257,
            [
              [8, 4],
              [1, 4],
            ],
            0,
          ),
          b.data(257, b.uint(0, 8)),
        ],
        { sequence: 1 },
      ),
      sink,
    );
    expect(sink.records).toHaveLength(2);
    expect(b.faultsOf(c.counts)).toEqual({ unsupported: 1 });
  });
});

describe('sequences', () => {
  const counts = (c: Collector): number[] => [c.counts.lost, c.counts.gaps, c.counts.restarts];
  const run = (c: Collector, numbers: readonly number[], uptime: number = 100_000): void => {
    for (const sequence of numbers) send(c, b.v9([], { sequence, uptime }), new b.Kept());
  };

  test('v9 counts datagrams; a gap counts once nothing fills it', () => {
    const c = collector();
    run(c, [10, 11, 15, 16]);
    expect(counts(c)).toEqual([0, 0, 0]);
    c.finish();
    expect(counts(c)).toEqual([3, 1, 0]);
    expect(c.exporters()[0]?.lost).toBe(3);
  });

  test('datagrams that overtook each other are no loss', () => {
    const c = collector();
    run(c, [1, 2, 5, 3, 4, 6, 8, 7, 9]);
    c.finish();
    expect(counts(c)).toEqual([0, 0, 0]);
  });

  test('a gap filled in part', () => {
    const c = collector();
    run(c, [1, 6, 3, 7]);
    c.finish();
    expect(counts(c)).toEqual([3, 2, 0]);
  });

  test('gaps count after 32 datagrams, or after 5 seconds', () => {
    const c = collector();
    run(c, [1, 3, ...Array.from({ length: 32 }, (_, i) => i + 4)]);
    expect(c.counts.lost).toBe(0);
    run(c, [36]);
    expect(c.counts.lost).toBe(1);
    run(c, [40]);
    send(c, b.v9([], { sequence: 41 }), new b.Kept(), b.TIME + 6e6);
    expect(c.counts.lost).toBe(4);
  });

  test('wraps around', () => {
    const c = collector();
    run(c, [2 ** 32 - 2, 2 ** 32 - 1, 0, 1, 3]);
    c.finish();
    expect(counts(c)).toEqual([1, 1, 0]);
  });

  test('a restart is told by the uptime, and is no loss', () => {
    const c = collector();
    run(c, [5000, 5001]);
    run(c, [0, 1, 2], 500);
    run(c, [9000, 9001], 600_000);
    run(c, [20_000, 20_001], 300);
    c.finish();
    expect(counts(c)).toEqual([8997, 1, 2]);
  });

  test('v5 counts flows', () => {
    const c = collector();
    const two = [b.v5Record(1), b.v5Record(2)];
    for (const sequence of [0, 2, 4, 10]) send(c, b.v5(two, { sequence }), new b.Kept());
    c.finish();
    expect(counts(c)).toEqual([4, 1, 0]);
  });

  test('an exporter that counts in the other unit is found out', () => {
    const c = collector();
    const two = [b.v5Record(1), b.v5Record(2)];
    for (let sequence = 0; sequence < 40; sequence++) send(c, b.v5(two, { sequence }), new b.Kept());
    send(c, b.v5(two, { sequence: 43 }), new b.Kept());
    c.finish();
    expect(counts(c)).toEqual([3, 1, 0]);
  });

  test('records counted up to the end of their datagram, as softflowd does', () => {
    const c = collector();
    let sequence = 0;
    for (let i = 0; i < 40; i++) {
      const records = Array.from({ length: 1 + ((i * 7) % 5) }, () => b.v5Record(1));
      sequence += records.length;
      if (i === 30) sequence += 11;
      send(c, b.v5(records, { sequence }), new b.Kept());
    }
    c.finish();
    expect(c.counts.lost).toBe(11);
  });

  test('streams from different ports have numbers of their own', () => {
    const c = collector();
    for (let i = 0; i < 50; i++) {
      send(c, b.v9([], { sequence: i }), new b.Kept(), b.TIME, 1000);
      send(c, b.v9([], { sequence: 90_000 + i }), new b.Kept(), b.TIME, 2000);
    }
    c.finish();
    expect(counts(c)).toEqual([0, 0, 0]);
  });
});

describe('an exporter that translates addresses and tells both', () => {
  const FIELDS: readonly b.FieldSpec[] = [
    ...[[8, 4] as const, [12, 4] as const, [7, 2] as const, [11, 2] as const, [4, 1] as const, [2, 4] as const],
    ...[[1, 4] as const, [225, 4] as const, [226, 4] as const, [227, 2] as const, [228, 2] as const],
  ];
  type End = readonly [address: string, port: number];
  const record = ([source, from]: End, [destination, to]: End, [as, asPort]: End, [at, atPort]: End): number[] => [
    ...[...b.ip4(source), ...b.ip4(destination), ...b.uint(from, 2), ...b.uint(to, 2), 6, ...b.uint(7, 4)],
    ...[...b.uint(4200, 4), ...b.ip4(as), ...b.ip4(at), ...b.uint(asPort, 2), ...b.uint(atPort, 2)],
  ];
  const inside: End = ['192.168.1.5', 50_000];
  const outside: End = ['203.0.113.7', 61_000];
  const pool: End = ['198.51.100.20', 3333];
  const other: End = ['198.51.100.30', 443];
  const untranslated: End = ['0.0.0.0', 0];
  const text = (address: number, port: number): string =>
    `${[24, 16, 8, 0].map((bit) => (address >>> bit) & 255).join('.')}:${port}`;
  const ends = (nat: 'inside' | 'outside' | 'none'): string[] => {
    const c = new Collector({
      exporters: [ADDRESS],
      protocols: ['netflow'],
      samplingRate: null,
      templateTimeout: 1e9,
      nat,
    });
    const sink = new b.Kept();
    const records = [
      record(inside, pool, outside, pool),
      record(pool, outside, pool, inside),
      record(inside, other, untranslated, untranslated),
    ];
    send(c, b.v9([b.template(256, FIELDS, 0), b.data(256, ...records)]), sink);
    return sink.records.map((r) => `${text(r.source0, r.sourcePort)} > ${text(r.destination0, r.destinationPort)}`);
  };

  test.each([
    ['inside', ['192.168.1.5:50000 > 198.51.100.20:3333', '198.51.100.20:3333 > 192.168.1.5:50000']],
    ['outside', ['203.0.113.7:61000 > 198.51.100.20:3333', '198.51.100.20:3333 > 203.0.113.7:61000']],
    ['none', ['192.168.1.5:50000 > 198.51.100.20:3333', '198.51.100.20:3333 > 203.0.113.7:61000']],
  ] as const)('%s: both directions are one conversation where a side is told', (nat, expected) => {
    expect(ends(nat)).toEqual([...expected, '192.168.1.5:50000 > 198.51.100.30:443']);
  });
});
