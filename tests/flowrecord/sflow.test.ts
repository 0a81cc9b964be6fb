/** sFlow version 5 datagrams put together here from the specification (sflow_version_5.txt); addresses of documentation. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRecordCounts, FlowRecord } from '../../src/flowrecord/record.ts';
import { readSflow } from '../../src/flowrecord/sflow.ts';
import { faultsOf } from './faults-helper.ts';
import { word } from './text-logs-helper.ts';

type Bytes = readonly number[];
const u32 = (...values: number[]): Bytes =>
  values.flatMap((v) => [v >>> 24, (v >>> 16) & 0xff, (v >>> 8) & 0xff, v & 0xff]);
const u16 = (value: number): Bytes => [value >> 8, value & 0xff];
const ipv4 = (text: string): Bytes => text.split('.').map(Number);
const pad = (bytes: Bytes): Bytes => [...bytes, ...Array<number>(-bytes.length & 3).fill(0)];
const opaque = (format: number, body: Bytes): Bytes => [...u32(format, body.length), ...pad(body)];

const TCP: Bytes = [
  ...u16(53605),
  ...u16(3333),
  ...u32(1, 2),
  0x50,
  0x18,
  ...u16(1000),
  ...u32(0),
  0x7b,
  0x22,
  0x69,
  0x64,
];
const IPV4: Bytes = [0x45, 0, ...u16(140), ...u32(0), 64, 6, 0, 0, ...ipv4('10.0.0.5'), ...ipv4('203.0.113.9'), ...TCP];
const MACS: Bytes = Array<number>(12).fill(2);
const ETHERNET: Bytes = [...MACS, ...u16(0x0800), ...IPV4];
const TAGGED: Bytes = [...MACS, ...u16(0x8100), ...u16(7), ...u16(0x0800), ...IPV4];
const ARP: Bytes = [...MACS, ...u16(0x0806), ...Array<number>(28).fill(1)];

const header = (protocol: number, frame: number, stripped: number, bytes: Bytes): Bytes =>
  opaque(1, [...u32(protocol, frame, stripped, bytes.length), ...pad(bytes)]);
const sample = (rate: number, ...records: Bytes[]): Bytes =>
  opaque(1, [...u32(9, 3, rate, 5000, 0, 1, 2, records.length), ...records.flat()]);
const expanded = (rate: number, ...records: Bytes[]): Bytes =>
  opaque(3, [...u32(9, 0, 3, rate, 5000, 0, 0, 1, 0, 2, records.length), ...records.flat()]);
const datagram = (sequence: number, ...samples: Bytes[]): Bytes => [
  ...u32(5, 1),
  ...ipv4('192.0.2.1'),
  ...u32(2, sequence, 60_000, samples.length),
  ...samples.flat(),
];

interface Told {
  readonly records: FlowRecord[];
  readonly headers: string[];
  readonly sequences: string[];
  readonly faults: Record<string, number>;
}

/** Reads a datagram that lies in the middle of a larger buffer. */
function read(bytes: Bytes | Uint8Array): Told {
  const buffer = new Uint8Array(bytes.length + 8).fill(0xff);
  buffer.set(bytes, 4);
  const told: Omit<Told, 'faults'> = { records: [], headers: [], sequences: [] };
  const counts = createRecordCounts();
  const record = new FlowRecord();
  record.exporter = 4;
  record.input = 6;
  readSflow(buffer, 4, 4 + bytes.length, {
    counts,
    record,
    time: 1_795_312_289_305_988,
    sink: { onRecord: (r) => void told.records.push(Object.assign(new FlowRecord(), r)) },
    onHeader(all, off, end, linkType, length, rate) {
      expect(off).toBeGreaterThanOrEqual(4);
      expect(end).toBeLessThanOrEqual(4 + bytes.length);
      expect(all).toBe(buffer);
      told.headers.push(`${linkType} ${end - off} ${length} ${rate}`);
    },
    onSequence: (source, sequence) => void told.sequences.push(`${source} ${sequence}`),
  });
  expect(counts.records).toBe(told.records.length);
  return { ...told, faults: faultsOf(counts) };
}

const MINER = {
  ipVersion: 4,
  source0: word('10.0.0.5'),
  destination0: word('203.0.113.9'),
  sourcePort: 53605,
  destinationPort: 3333,
  protocol: 6,
  tcpFlags: 0x18,
};

describe('sampled headers', () => {
  test('a header is a packet, and a record of one packet', () => {
    const { records, headers, sequences, faults } = read(datagram(77, sample(512, header(1, 158, 4, ETHERNET))));
    expect(faults).toEqual({});
    expect(sequences).toEqual(['c0000201/2 77']);
    expect(headers).toEqual([`1 ${ETHERNET.length} 154 512`]);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      ...MINER,
      packets: 1,
      bytes: 140,
      reversePackets: -1,
      samplingRate: 512,
      start: 1_795_312_289_305_988,
      end: 1_795_312_289_305_988,
      exporter: 4,
      input: 6,
      number: 1,
      oriented: false,
    });
  });

  test('expanded samples, several in one datagram, VLANs out of the frame or the switch', () => {
    const vlan = opaque(1001, u32(9, 0, 9, 0));
    const { records, faults } = read(
      datagram(
        1,
        expanded(1, vlan, header(1, 158, 4, ETHERNET)),
        sample(2, header(1, 162, 4, TAGGED), vlan),
        expanded(0, header(11, 140, 0, IPV4)),
      ),
    );
    expect(faults).toEqual({});
    expect(records.map((r) => [r.vlan, r.samplingRate, r.number, r.bytes])).toEqual([
      [9, 1, 1, 140],
      [7, 2, 2, 140],
      [0, 1, 3, 140],
    ]);
    for (const record of records) expect(record).toMatchObject(MINER);
  });

  test.each([
    ['IPv4', 11, 101, IPV4],
    ['PPP', 7, 9, [0xff, 3, 0, 0x21, ...IPV4]],
    ['MPLS', 13, 219, [...u32(0x0001_0140), ...IPV4]],
    ['POS', 14, 50, [0xff, 3, 0, 0x21, ...IPV4]],
  ] as const)('of %s', (_name, protocol, linkType, bytes) => {
    const { records, headers, faults } = read(datagram(1, sample(1, header(protocol, 200, 0, bytes))));
    expect(faults).toEqual({});
    expect(headers).toEqual([`${linkType} ${bytes.length} 200 1`]);
    expect(records[0]).toMatchObject(MINER);
  });

  test('frames without IP are told as packets alone', () => {
    const { records, headers, faults } = read(datagram(1, sample(1, header(1, 64, 4, ARP))));
    expect([records.length, headers.length, faults]).toEqual([0, 1, {}]);
  });

  test('link types that are not read fall back on the sampled addresses', () => {
    const addresses = opaque(3, [
      ...u32(140, 6),
      ...ipv4('10.0.0.5'),
      ...ipv4('203.0.113.9'),
      ...u32(53605, 3333, 0x18, 0),
    ]);
    const { records, faults } = read(datagram(1, sample(4, header(5, 100, 0, ETHERNET), addresses)));
    expect(faults).toEqual({ unsupported: 1 });
    expect(records).toMatchObject([{ ...MINER, bytes: 140, samplingRate: 4 }]);
  });
});

describe('bytes are those of the IP packet, as all other formats count them', () => {
  const ends = [...ipv4('10.0.0.5'), ...ipv4('203.0.113.9')];
  const MACS_AND = (type: number): Bytes => [...MACS, ...u16(type)];
  /** IPv4 with `options` words of options, of this total length. */
  const four = (total: number, options: number, payload: Bytes, protocol = 6): Bytes => [
    ...[0x45 + options, 0, ...u16(total), ...u32(0), 64, protocol, 0, 0, ...ends],
    ...Array<number>(options * 4).fill(1),
    ...payload,
  ];
  /** IPv6 of this payload length. */
  const six = (length: number, next: number, payload: Bytes): Bytes => [
    ...[0x60, 0, 0, 0, ...u16(length), next, 64, ...u32(0x2001_0db8, 0, 0, 5, 0x2001_0db8, 0, 0, 9)],
    ...payload,
  ];
  const SYN: Bytes = [
    ...u16(50_000),
    ...u16(3333),
    ...u32(1, 0),
    0xa0,
    2,
    ...u16(1000),
    ...u32(0),
    ...Array(20).fill(1),
  ];
  const BARE: Bytes = [...SYN.slice(0, 12), 0x50, 16, ...SYN.slice(14, 20)];
  const extension: Bytes = [6, 0, ...Array(6).fill(0)];
  const ah: Bytes = [6, 4, 0, 0, ...u32(1, 2, 3, 4, 5)];

  test.each([
    ['a SYN with all its options', [...MACS_AND(0x0800), ...four(60, 0, SYN)], 78, 4, 60],
    ['padded to the least frame', [...MACS_AND(0x0800), ...four(40, 0, BARE), 0, 0, 0, 0, 0, 0], 64, 4, 40],
    ['IPv4 with options', [...MACS_AND(0x0800), ...four(68, 2, SYN)], 86, 4, 68],
    ['IPv4 with an authentication header', [...MACS_AND(0x0800), ...four(84, 0, [...ah, ...SYN], 51)], 102, 4, 84],
    ['IPv6', [...MACS_AND(0x86dd), ...six(40, 6, SYN)], 98, 4, 80],
    ['IPv6 with an extension header', [...MACS_AND(0x86dd), ...six(48, 60, [...extension, ...SYN])], 106, 4, 88],
    ['the inner packet of a tunnel', [...MACS_AND(0x0800), ...four(80, 0, four(60, 0, SYN), 4)], 98, 4, 60],
    ['no length (offload): what is behind the link layer', [...MACS_AND(0x0800), ...four(0, 0, SYN)], 3000, 4, 2982],
    ['the same of IPv6', [...MACS_AND(0x86dd), ...six(0, 6, SYN)], 3000, 4, 2982],
    ['the same behind a tag', [...MACS_AND(0x8100), ...u16(7), ...u16(0x0800), ...four(0, 0, SYN)], 3000, 4, 2978],
  ])('%s', (_name, bytes, frame, stripped, expected) => {
    const { records, faults } = read(datagram(1, sample(1, header(1, frame, stripped, bytes))));
    expect(faults).toEqual({});
    expect(records).toMatchObject([{ protocol: 6, destinationPort: 3333, bytes: expected }]);
  });
});

describe('a frame length that cannot be', () => {
  test.each([300_000, 0xffff_0000, 0xffff_ffff])('%i: the header is kept, its own lengths hold', (frame) => {
    const { records, headers, faults } = read(datagram(1, sample(512, header(1, frame, 4, ETHERNET))));
    expect(faults).toEqual({ bad_length: 1 });
    // Long enough for any length that the IP header may tell.
    expect(headers).toEqual([`1 ${ETHERNET.length} ${ETHERNET.length + 65_535} 512`]);
    expect(records).toMatchObject([{ ...MINER, bytes: 140, samplingRate: 512 }]);
  });

  test('nor an IP length: what was sampled counts', () => {
    const offload = ETHERNET.map((byte, i) => (i === 16 || i === 17 ? 0 : byte));
    const { records, headers } = read(datagram(1, sample(1, header(1, 300_000, 4, offload))));
    expect(headers).toHaveLength(1);
    expect(records).toMatchObject([{ ...MINER, bytes: IPV4.length }]);
  });
});

describe('sampled addresses', () => {
  test('IPv4 and IPv6', () => {
    const v4 = opaque(3, [...u32(140, 6), ...ipv4('10.0.0.5'), ...ipv4('203.0.113.9'), ...u32(53605, 3333, 0x18, 0)]);
    const v6 = opaque(4, [
      ...u32(200, 17),
      ...u32(0x2001_0db8, 0, 0, 5),
      ...u32(0x2001_0db8, 0, 0, 9),
      ...u32(1, 2, 0, 0),
    ]);
    const { records, headers, faults } = read(datagram(1, sample(4, v4), expanded(8, v6)));
    expect([headers, faults]).toEqual([[], {}]);
    expect(records[0]).toMatchObject({ ...MINER, bytes: 140, samplingRate: 4, packets: 1 });
    expect(records[1]).toMatchObject({
      ipVersion: 6,
      source0: 0x2001_0db8,
      source3: 5,
      destination3: 9,
      sourcePort: 1,
      protocol: 17,
    });
    expect(records[1]).toMatchObject({ tcpFlags: -1, bytes: 200, samplingRate: 8 });
  });

  test('what can be no rate: the packet stands for itself', () => {
    const v4 = opaque(3, [...u32(140, 6), ...ipv4('10.0.0.5'), ...ipv4('203.0.113.9'), ...u32(53605, 3333, 0x18, 0)]);
    const { records } = read(datagram(1, sample(0, v4), sample(0xffff_ffff, v4), sample(1 << 24, v4)));
    expect(records.map(({ samplingRate }) => samplingRate)).toEqual([1, 1, 1 << 24]);
  });

  test('a packet described twice is one record', () => {
    const v4 = opaque(3, [...u32(140, 6), ...ipv4('10.0.0.6'), ...ipv4('203.0.113.9'), ...u32(1, 2, 0, 0)]);
    expect(read(datagram(1, sample(4, v4, header(1, 158, 4, ETHERNET)))).records).toMatchObject([MINER]);
  });
});

describe('what is not read', () => {
  const good = sample(1, header(1, 158, 4, ETHERNET));

  test('counter samples silently, other samples counted, both without harm to the rest', () => {
    const { records, faults } = read(
      datagram(1, opaque(2, u32(1, 2, 0)), opaque(4, u32(1, 0, 2, 0)), opaque((9 << 12) | 1, u32(1)), good),
    );
    expect(records).toHaveLength(1);
    expect(faults).toEqual({ unsupported: 1 });
  });

  test.each([
    ['another version', [...u32(4), ...datagram(1, good).slice(4)], { unknown_version: 1 }],
    ['an agent without address', [...u32(5, 3), ...datagram(1, good).slice(8)], { unsupported: 1 }],
    ['fewer samples than said', [...datagram(1, good).slice(0, 24), ...u32(2), ...good], { bad_count: 1 }],
    ['a sample too short', datagram(1, opaque(1, u32(1, 2, 3)), good), { bad_length: 1 }],
    ['a record longer than its sample', datagram(1, sample(1, u32(1, 4000))), { bad_length: 1 }],
    ['a header longer than its record', datagram(1, sample(1, opaque(1, u32(1, 100, 0, 5000)))), { bad_length: 1 }],
    ['a frame of gigabytes', datagram(1, sample(1, header(1, 0xffff_ffff, 4, ETHERNET))), { bad_length: 1 }],
    ['fewer records than said', datagram(1, opaque(1, u32(1, 2, 3, 4, 0, 0, 0, 5))), { bad_count: 1 }],
  ])('%s', (_name, bytes, faults) => {
    expect(read(bytes).faults).toEqual(faults);
  });

  test('every truncation is counted, none throws', () => {
    const bytes = datagram(1, good, expanded(2, header(1, 158, 4, TAGGED)));
    for (let length = 0; length < bytes.length; length++) {
      const { records, faults } = read(bytes.slice(0, length));
      expect(records.length).toBeLessThanOrEqual(1);
      expect(Object.values(faults)).toEqual([1]);
    }
  });

  test('any bytes, and any byte of a good datagram changed', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void read(bytes)));
    const bytes = datagram(1, good, expanded(2, header(1, 158, 4, TAGGED), opaque(1001, u32(9, 0, 9, 0))));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const changed = Uint8Array.from(bytes);
          for (const [index, value] of changes) changed[index] = value;
          for (const record of read(changed).records) expect(record.bytes).toBeLessThanOrEqual(1 << 18);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
