import { describe, expect, test } from 'vitest';
import * as b from './netflow-builder.ts';

const REVERSE = 29305;
/** One record of both addresses, a packet count and the given fields. */
function one(fields: readonly b.FieldSpec[], bytes: readonly number[], before: readonly Uint8Array[] = []): b.Kept {
  const specs = [...b.ADDRESSES, ...fields];
  const { sink } = b.readMessages(
    ...before,
    b.ipfix([b.template(256, specs), b.data(256, [...b.addresses(), ...bytes])]),
  );
  expect(sink.records).toHaveLength(1);
  return sink;
}
/** NTP time stamp of a moment in µs. */
const ntp = (time: number): number[] => {
  const seconds = Math.floor(time / 1e6);
  return [...b.uint((seconds + 2_208_988_800) % 2 ** 32, 4), ...b.uint(Math.round(((time % 1e6) * 2 ** 32) / 1e6), 4)];
};

describe('fields', () => {
  test('a plain record', () => {
    const { sink, reader } = b.readMessages(b.ipfix([b.template(256, b.PLAIN), b.data(256, b.plain())]));
    expect(sink.last).toMatchObject({
      ...{ source0: 0xc000020a | 0, destination0: 0xc6336414 | 0, sourcePort: 40_000, destinationPort: 3333 },
      ...{ protocol: 6, tcpFlags: 0x1b, packets: 7, bytes: 4200, start: b.TIME - 9e6, end: b.TIME - 1.5e6 },
      ...{ reversePackets: -1, oriented: false, goesOn: false, exporter: 1, number: 1 },
    });
    expect([reader.damage, reader.failure, b.faultsOf(reader.counts)]).toEqual([null, null, {}]);
  });

  test('64-bit counts, reduced-size counts, flags of two bytes', () => {
    const { sink } = b.readMessages(
      b.ipfix([b.template(256, b.PLAIN), b.data(256, b.plain(1, 2n ** 40n + 3n, 2n ** 53n))]),
    );
    expect([sink.last.packets, sink.last.bytes]).toEqual([2 ** 40 + 3, 2 ** 53]);
    const odd = one(
      [
        [1, 3],
        [6, 2],
        [4, 1],
      ],
      [...b.uint(0x010203, 3), ...b.uint(0xf112, 2), 6],
    );
    expect([odd.last.bytes, odd.last.tcpFlags]).toEqual([0x010203, 0x112]);
  });

  const from = b.TIME - 7_654_321;
  const to = b.TIME - 1_234_567;
  test.each<[string, b.FieldSpec[], number[], number, number]>([
    [
      'seconds',
      [
        [150, 4],
        [151, 4],
      ],
      [...b.uint(b.T0 - 9, 4), ...b.uint(b.T0 - 2, 4)],
      b.TIME - 9e6,
      b.TIME - 2e6,
    ],
    [
      'microseconds',
      [
        [154, 8],
        [155, 8],
      ],
      [...ntp(from), ...ntp(to)],
      from,
      to,
    ],
    [
      'nanoseconds',
      [
        [156, 8],
        [157, 8],
      ],
      [...ntp(from), ...ntp(to)],
      from,
      to,
    ],
    [
      'deltas',
      [
        [158, 4],
        [159, 4],
      ],
      [...b.uint(7_654_321, 4), ...b.uint(1_234_567, 4)],
      from,
      to,
    ],
    [
      'duration',
      [
        [152, 8],
        [161, 4],
      ],
      [...b.uint((b.T0 - 9) * 1000, 8), ...b.uint(2500, 4)],
      b.TIME - 9e6,
      b.TIME - 6.5e6,
    ],
    ['none', [[150, 3]], [1, 2, 3], b.TIME, b.TIME],
    [
      'a creation and the time of the event (Cisco ASA)',
      [
        [152, 8],
        [323, 8],
      ],
      [...b.uint((b.T0 - 18_000) * 1000, 8), ...b.uint(b.T0 * 1000 - 500, 8)],
      b.TIME - 18_000e6,
      b.TIME - 0.5e6,
    ],
    [
      'the time of the event after any other end',
      [
        [323, 8],
        [150, 4],
        [151, 4],
      ],
      [...b.uint(b.T0 * 1000, 8), ...b.uint(b.T0 - 9, 4), ...b.uint(b.T0 - 2, 4)],
      b.TIME - 9e6,
      b.TIME - 2e6,
    ],
    [
      'the time of the event after a duration',
      [
        [323, 8],
        [152, 8],
        [161, 4],
      ],
      [...b.uint(b.T0 * 1000, 8), ...b.uint((b.T0 - 9) * 1000, 8), ...b.uint(2500, 4)],
      b.TIME - 9e6,
      b.TIME - 6.5e6,
    ],
    [
      'the time of the event after uptime',
      [
        [323, 8],
        [22, 4],
        [21, 4],
      ],
      [...b.uint((b.T0 - 1) * 1000, 8), ...b.uint(500, 4), ...b.uint(2000, 4)],
      b.TIME - 1.5e6,
      b.TIME,
    ],
    ['the time of an event alone', [[323, 8]], b.uint((b.T0 - 3) * 1000, 8), b.TIME - 3e6, b.TIME - 3e6],
    ['no time of an event', [[323, 8]], b.uint(0, 8), b.TIME, b.TIME],
    [
      'uptime without its start',
      [
        [22, 4],
        [21, 4],
      ],
      [...b.uint(500, 4), ...b.uint(2000, 4)],
      b.TIME - 1.5e6,
      b.TIME,
    ],
    [
      'uptime with its start in the record',
      [
        [22, 4],
        [21, 4],
        [160, 8],
      ],
      [...b.uint(500, 4), ...b.uint(2000, 4), ...b.uint((b.T0 - 10) * 1000, 8)],
      b.TIME - 9.5e6,
      b.TIME - 8e6,
    ],
    [
      'the better of two',
      [
        [150, 4],
        [152, 8],
      ],
      [...b.uint(1, 4), ...b.uint(b.T0 * 1000 - 5, 8)],
      b.TIME - 5000,
      b.TIME - 5000,
    ],
    [
      'era 1 of NTP',
      [[154, 8]],
      [...b.uint(5, 4), ...b.uint(0, 4)],
      (5 + 2 ** 32 - 2_208_988_800) * 1e6,
      (5 + 2 ** 32 - 2_208_988_800) * 1e6,
    ],
  ])('times: %s', (_, fields, bytes, start, end) => {
    const { last } = one(fields, bytes);
    expect([last.start, last.end]).toEqual([start, end]);
  });

  test('uptime with its start in options data, after the counter wrapped', () => {
    const init = (b.T0 - 2 ** 32 / 1000 - 10) * 1000;
    const told = [
      b.optionsTemplate(300, [[149, 4]], [[160, 8]]),
      b.data(300, [...b.uint(1, 4), ...b.uint(Math.round(init), 8)]),
    ];
    const { last } = one(
      [
        [22, 4],
        [21, 4],
      ],
      [...b.uint(1000, 4), ...b.uint(3000, 4)],
      [b.ipfix(told)],
    );
    expect([last.start, last.end].map((t) => Math.round((t - b.TIME) / 1e5))).toEqual([-90, -70]);
  });

  test('times that cannot be are counted and replaced', () => {
    const zero = b.data(256, [...b.addresses(), ...b.uint(0, 8)], [...b.addresses(), ...b.uint(2n ** 60n, 8)]);
    const { sink, reader } = b.readMessages(b.ipfix([b.template(256, [...b.ADDRESSES, [152, 8]]), zero]));
    expect(sink.records.map((r) => r.start)).toEqual([b.TIME, b.TIME]);
    expect(b.faultsOf(reader.counts)).toEqual({ bad_time: 2 });
  });

  test('biflow: reverse counts, flags of both, direction', () => {
    const fields: b.FieldSpec[] = [
      [1, 4],
      [2, 4, REVERSE],
      [1, 4, REVERSE],
      [4, 1],
      [6, 1],
      [6, 1, REVERSE],
      [239, 1],
      [7, 2],
    ];
    const bytes = (direction: number): number[] => [
      ...[...b.uint(100, 4), ...b.uint(9, 4), ...b.uint(900, 4), 6, 0x02, 0x10, direction, ...b.uint(5555, 2)],
    ];
    expect(one(fields, bytes(1)).last).toMatchObject({
      ...{ packets: 1, bytes: 100, reversePackets: 9, reverseBytes: 900, tcpFlags: 0x12, oriented: true },
    });
    expect(one(fields, bytes(2)).last).toMatchObject({
      ...{ packets: 9, bytes: 900, reversePackets: 1, reverseBytes: 100, oriented: true, destinationPort: 5555 },
      ...{ source0: 0xc0000202 | 0, destination0: 0xc0000201 | 0 },
    });
    expect(one(fields, bytes(0)).last.oriented).toBe(false);
    expect(one([[239, 1]], [2]).last).toMatchObject({ oriented: false, source0: 0xc0000201 | 0 });
  });

  test('initiator and responder counts; flags of CERT', () => {
    const { last } = one(
      [
        [231, 8],
        [232, 8],
        [299, 8],
        [4, 1],
        [14, 1, 6871],
        [15, 1, 6871],
      ],
      [...[...b.uint(100, 8), ...b.uint(200, 8), ...b.uint(4, 8), 6, 0x02, 0x18]],
    );
    expect(last).toMatchObject({ bytes: 100, reverseBytes: 200, reversePackets: 4, tcpFlags: 0x1a });
  });

  test('an unknown enterprise is no element of ours', () => {
    expect(one([[1, 4, 9]], b.uint(77, 4)).last.bytes).toBe(0);
    expect(one([[1, 4, 0]], b.uint(77, 4)).last.bytes).toBe(0);
    expect(one([[1, 4, 0xffffffff]], b.uint(77, 4)).last.bytes).toBe(0);
  });

  test('VLAN, VRF, end reason, ICMP', () => {
    const { last } = one(
      [
        [59, 2],
        [243, 2],
        [234, 4],
        [136, 1],
        [4, 1],
        [11, 2],
      ],
      [...[...b.uint(7, 2), ...b.uint(0xe00a, 2), ...b.uint(88, 4), 2, 1, ...b.uint(2048, 2)]],
    );
    expect(last).toMatchObject({ vlan: 10, vrf: 88, goesOn: true, protocol: 1, destinationPort: 0 });
    expect(one([[136, 1]], [1]).last.goesOn).toBe(false);
  });

  test('fields of both families: the version tells, else the address', () => {
    const specs: b.FieldSpec[] = [
      [60, 1],
      [8, 4],
      [12, 4],
      [27, 16],
      [28, 16],
      [1, 4],
    ];
    const record = (version: number, four: string): number[] => [
      ...[version, ...b.ip4(four), ...b.ip4(four), ...b.ip6(1), ...b.ip6(2), ...b.uint(1, 4)],
    ];
    const records = b.data(
      256,
      record(4, '10.0.0.9'),
      record(6, '10.0.0.9'),
      record(0, '0.0.0.0'),
      record(0, '10.0.0.9'),
    );
    const { sink } = b.readMessages(b.ipfix([b.template(256, specs), records]));
    expect(sink.records.map((r) => [r.ipVersion, r.source0, r.source3])).toEqual([
      [4, 0x0a000009, 0],
      [6, 0x20010db8, 1],
      [6, 0x20010db8, 1],
      [4, 0x0a000009, 0],
    ]);
  });

  test('variable lengths of one and three bytes, empty ones included', () => {
    const specs: b.FieldSpec[] = [[82, 65535], ...b.ADDRESSES, [371, 65535], [1, 4]];
    const record = (name: number[], user: number[], bytes: number): number[] => [
      ...[...name, ...b.addresses(), ...user, ...b.uint(bytes, 4)],
    ];
    const long = [255, ...b.uint(300, 2), ...Array<number>(300).fill(0x61)];
    const records = b.data(
      256,
      record([3, 1, 2, 3], [0], 10),
      record([0], long, 20),
      record([255, 0, 1, 9], [1, 1], 30),
    );
    const { sink, reader } = b.readMessages(b.ipfix([b.template(256, specs), records]));
    expect(sink.records.map((r) => [r.bytes, r.source0])).toEqual([10, 20, 30].map((n) => [n, 0xc0000201 | 0]));
    expect(b.faultsOf(reader.counts)).toEqual({});
  });

  test('a variable length that passes the end', () => {
    const specs: b.FieldSpec[] = [...b.ADDRESSES, [82, 65535]];
    const { sink, reader } = b.readMessages(
      b.ipfix([b.template(256, specs), b.data(256, [...b.addresses(), 200, 1, 2])]),
    );
    expect([sink.records.length, b.faultsOf(reader.counts)]).toEqual([0, { bad_length: 1 }]);
  });
});

describe('sampling', () => {
  const told = (fields: readonly b.FieldSpec[], bytes: readonly number[]): Uint8Array =>
    b.ipfix([b.optionsTemplate(300, [[302, 8]], fields), b.data(300, [...b.uint(5, 8), ...bytes])]);
  const half = new Uint8Array(8);
  new DataView(half.buffer).setFloat64(0, 0.005);
  test.each<[string, b.FieldSpec[], number[], number]>([
    [
      '305 and 306',
      [
        [305, 4],
        [306, 4],
      ],
      [...b.uint(1, 4), ...b.uint(999, 4)],
      1000,
    ],
    [
      'two of 100',
      [
        [305, 4],
        [306, 4],
      ],
      [...b.uint(2, 4), ...b.uint(98, 4)],
      50,
    ],
    ['305 alone', [[305, 4]], b.uint(64, 4), 64],
    ['probability', [[311, 8]], [...half], 200],
    [
      'n of N',
      [
        [309, 4],
        [310, 4],
      ],
      [...b.uint(2, 4), ...b.uint(20, 4)],
      10,
    ],
    ['34', [[34, 4]], b.uint(32, 4), 32],
    [
      'nonsense',
      [
        [305, 4],
        [306, 4],
      ],
      [...b.uint(0, 4), ...b.uint(9, 4)],
      1,
    ],
  ])('%s', (_, fields, bytes, rate) => {
    expect(one([[302, 8]], b.uint(5, 8), [told(fields, bytes)]).last.samplingRate).toBe(rate);
  });

  test('in the record', () => {
    expect(one([[34, 4]], b.uint(12, 4)).last.samplingRate).toBe(12);
    expect(
      one(
        [
          [305, 4],
          [306, 4],
        ],
        [...b.uint(1, 4), ...b.uint(3, 4)],
      ).last.samplingRate,
    ).toBe(4);
  });
});
