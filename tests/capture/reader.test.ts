import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import {
  allKinds,
  block,
  concat,
  enhancedPacket,
  networkInterface,
  obsoletePacket,
  payload,
  pcap,
  section,
  simplePacket,
  u32,
} from './builder.ts';
import { pieces, readPieces } from './collect.ts';

const KINDS = allKinds();

/** Name of the anomaly and offset, or null. */
function damageOf(reader: CaptureReader): [string | undefined, number] | null {
  return reader.damage === null ? null : [ANOMALIES[reader.damage.anomaly], reader.damage.offset];
}

describe('formats', () => {
  it('reads the record of the specification byte by byte', () => {
    // 24-byte header (2.4, Ethernet), one record: 2023-11-14T22:13:20.000007Z, 4 of 60 bytes.
    const hex = 'd4c3b2a1020004000000000000000000ffff000001000000' + '00f15365070000000400000' + '03c000000deadbeef';
    const { reader, seen } = readPieces([Buffer.from(hex, 'hex')], 3);
    expect(seen).toEqual([
      {
        number: 1,
        time: 1_700_000_000_000_007,
        nanos: 0,
        linkType: 1,
        originalLength: 60,
        input: 3,
        data: 'deadbeef',
      },
    ]);
    expect([reader.format, reader.packets, reader.damage, reader.failure]).toEqual(['pcap', 1, null, null]);
  });

  it.each(KINDS.filter(([name]) => name.startsWith('pcap ')))('%s: times, lengths, link type', (name, bytes) => {
    const { reader, seen } = readPieces([bytes]);
    const nano = name.includes('nano');
    expect(reader.damage).toBeNull();
    expect(seen.map((s) => [s.number, s.time, s.nanos, s.linkType, s.originalLength, s.data.length / 2])).toEqual([
      [
        1,
        1_700_000_000_000_000 + (nano ? 123 : 123_456),
        nano ? 456 : 0,
        name.endsWith('nanoseconds') ? 101 : 1,
        60,
        5,
      ],
      [2, 1_700_000_001_000_000, 0, name.endsWith('nanoseconds') ? 101 : 1, 0, 0],
      [
        3,
        4_000_000_000_000_000 + (nano ? 999 : 999_999),
        nano ? 999 : 0,
        name.endsWith('nanoseconds') ? 101 : 1,
        33,
        33,
      ],
    ]);
  });

  it.each(KINDS.filter(([name]) => name.startsWith('pcapng')))('%s: sections, interfaces, blocks', (_, bytes) => {
    const { reader, seen } = readPieces([bytes]);
    expect([reader.format, reader.damage, reader.packets]).toEqual(['pcapng', null, 5]);
    expect(seen.map((s) => [s.time, s.nanos, s.linkType, s.originalLength, s.data.length / 2])).toEqual([
      [1_700_000_000_123_456, 0, 1, 60, 5],
      [1_700_000_000_123_456, 789, 101, 8, 8],
      [1_700_000_002_000_000, 1, 101, 3, 3],
      [1_700_000_002_000_000, 1, 113, 90, 6], // no time stamp of its own: that of the packet before
      [1_700_000_003_000_000, 0, 113, 1, 1],
    ]);
  });

  it.each([
    ['version 2.2: lengths the other way round', [2, 2], true, true],
    ['version 2.3, other way round', [2, 3], true, true],
    ['version 2.3, in order', [2, 3], false, true],
    ['DG/UX 543.0', [543, 0], true, true],
    ['version 2.5', [2, 5], false, false],
    ['version 1.4', [1, 4], false, false],
    ['version 3.4', [3, 4], false, false],
  ] as const)('%s', (_, version, swapLengths, supported) => {
    const samples = [{ data: payload(10, 1), seconds: 1, fraction: 2, original: 99 }];
    const { reader, seen } = readPieces([pcap(samples, { version, swapLengths })]);
    expect(seen.map((s) => [s.data.length / 2, s.originalLength])).toEqual(supported ? [[10, 99]] : []);
    expect(reader.failure?.fault ?? null).toBe(supported ? null : 'unsupported_version');
  });

  it('takes the low 16 bits as the link type: the FCS length above does not change the frames', () => {
    const samples = [{ data: payload(10, 1), seconds: 1, fraction: 2 }];
    const { seen } = readPieces([pcap(samples, { linkType: 0x54000001 })]);
    expect(seen.map((s) => [s.linkType, s.data.length / 2])).toEqual([[1, 10]]);
  });

  it('is content with a header alone', () => {
    for (const bytes of [
      pcap([]),
      pcap([], { little: false }),
      section(true),
      concat(section(false), networkInterface(1, false)),
    ]) {
      const { reader } = readPieces([bytes]);
      expect([reader.packets, reader.damage, reader.failure]).toEqual([0, null, null]);
    }
  });

  it('tells an empty input from one that is no capture', () => {
    expect(readPieces([]).reader.failure?.fault).toBe('empty');
    expect(readPieces([Buffer.from('\x7fELF and so on')]).reader.failure?.fault).toBe('not_a_capture');
    expect(readPieces([Buffer.from('abc')]).reader.failure?.fault).toBe('not_a_capture');
    expect(readPieces([Buffer.from('\n\r\r\n, a text of some length')]).reader.failure?.fault).toBe('not_a_capture');
    expect(readPieces([section(true, 2)]).reader.failure?.fault).toBe('unsupported_version');
    expect(readPieces([section(true)]).reader.failure).toBeNull();
  });
});

describe('time stamps of pcapng', () => {
  // [if_tsresol, if_tsoffset, stamp]: expected values are computed with BigInt below.
  const base = 1_700_000_000n;
  const rows: [number, bigint, bigint][] = [
    [0, 0n, base],
    [3, 0n, base * 1000n + 123n],
    [5, 0n, base * 100_000n + 99_999n],
    [6, 0n, base * 1_000_000n + 654_321n],
    [6, -3600n, base * 1_000_000n + 1n],
    [7, 0n, base * 10_000_000n + 1_234_567n],
    [8, 7n, base * 100_000_000n + 12_345_678n],
    [9, 0n, base * 1_000_000_000n + 999_999_999n],
    [9, 0n, 4_294_967_295n * 1_000_000_000n + 1n],
    [10, 0n, base * 10_000_000_000n + 1_234_567_891n],
    [12, 1_700_000_000n, 86_399_999_999_999_999n],
    [19, 1_700_000_000n, 18_446_744_073_709_551_615n],
    [0x80, 0n, base],
    [0x8a, 0n, (base << 10n) | 1023n],
    [0xa0, 0n, (base << 32n) | 0xdeadbeefn],
    [0x94, -1n, (base << 20n) | 0xfffffn],
    [0xbf, 1_700_000_000n, 0xffffffffffffffffn],
  ];
  it.each(rows)('resolution %i, offset %d, stamp %d', (resolution, offset, stamp) => {
    const units = resolution < 0x80 ? 10n ** BigInt(resolution) : 1n << BigInt(resolution & 0x7f);
    const nanos = ((stamp % units) * 1_000_000_000n) / units + (stamp / units + offset) * 1_000_000_000n;
    for (const little of [true, false]) {
      const bytes = concat(
        section(little),
        networkInterface(1, little, { resolution, offset }),
        enhancedPacket(0, stamp, payload(4, 0), little),
      );
      const [frame] = readPieces([bytes]).seen;
      expect([BigInt(frame?.time ?? 0), BigInt(frame?.nanos ?? 0)]).toEqual([nanos / 1000n, nanos % 1000n]);
    }
  });

  it('keeps impossible times inside what a Date can show', () => {
    for (const [resolution, offset, stamp] of [
      [6, -1_000_000_000_000n, 5n],
      [6, 0n, 0xffffffffffffffffn],
      [0, 0x7fffffffffffffffn, 0xffffffffffffffffn],
      [0x80, -0x8000000000000000n, 1n],
    ] as const) {
      const bytes = concat(
        section(true),
        networkInterface(1, true, { resolution, offset }),
        enhancedPacket(0, stamp, payload(4, 0), true),
      );
      const [frame] = readPieces([bytes]).seen;
      expect(() => new Date((frame?.time ?? Number.NaN) / 1000).toISOString()).not.toThrow();
    }
  });

  it.each([20, 127, 0xc0, 0xff])('refuses resolution %i, which does not fit', (resolution) => {
    const bytes = concat(
      section(true),
      networkInterface(1, true, { resolution }),
      enhancedPacket(0, 1n, payload(4, 0), true),
    );
    expect(damageOf(readPieces([bytes]).reader)).toEqual(['capture.damaged_block', 28]);
  });
});

describe('damage', () => {
  const good = { data: payload(9, 1), seconds: 1, fraction: 1 };
  const one = pcap([good]);
  const start = concat(
    section(true),
    networkInterface(1, true, { snap: 64 }),
    enhancedPacket(0, 1n, payload(8, 1), true),
  );
  const long = (captured: number): Uint8Array =>
    concat(u32(1, true), u32(1, true), u32(captured, true), u32(captured, true));
  const packetBlock = (captured: number, id = 0): Uint8Array =>
    block(
      6,
      concat(u32(id, true), u32(0, true), u32(0, true), u32(captured, true), u32(captured, true), payload(8, 2)),
      true,
    );
  const badTrailer = (type: number): Uint8Array => {
    const bytes = block(type, payload(64, 3), true);
    bytes[bytes.length - 1] = 1;
    return bytes;
  };
  it.each([
    ['record of 256 KiB and a byte', one, long(262_145), 'capture.record_too_long'],
    ['record of 4 GiB', one, long(0xffffffff), 'capture.record_too_long'],
    ['packet block longer than believed', start, packetBlock(262_145), 'capture.record_too_long'],
    ['packet longer than its block', start, packetBlock(9), 'capture.damaged_block'],
    ['packet of an interface that is not described', start, packetBlock(4, 1), 'capture.damaged_block'],
    ['packet of interface -1', start, packetBlock(4, -1), 'capture.damaged_block'],
    ['packet block too short', start, block(6, payload(16, 0), true), 'capture.damaged_block'],
    ['simple packet longer than its block', start, simplePacket(payload(8, 1), 64, true), 'capture.damaged_block'],
    ['simple packet block too short', start, block(3, new Uint8Array(0), true), 'capture.damaged_block'],
    ['interface block too short', start, block(1, payload(4, 0), true), 'capture.damaged_block'],
    [
      'section header too short',
      start,
      block(0x0a0d0d0a, concat(u32(0x1a2b3c4d, true), u32(1, true)), true),
      'capture.damaged_block',
    ],
    ['section header without byte order', start, block(0x0a0d0d0a, payload(16, 1), true), 'capture.damaged_block'],
    ['section of version 2', start, section(true, 2), 'capture.damaged_block'],
    ['block of 8 bytes', start, concat(u32(9, true), u32(8, true), u32(8, true)), 'capture.damaged_block'],
    ['block of 13 bytes', start, concat(u32(9, true), u32(13, true), payload(20, 1)), 'capture.damaged_block'],
    ['block of 17 MiB', start, concat(u32(9, true), u32(17 << 20, true), payload(20, 1)), 'capture.damaged_block'],
    ['block of 4 GiB', start, concat(u32(6, true), u32(0xfffffffc, true), payload(20, 1)), 'capture.damaged_block'],
    ['packet block whose lengths differ', start, badTrailer(6), 'capture.damaged_block'],
    ['unknown block whose lengths differ', start, badTrailer(77), 'capture.damaged_block'],
  ])('%s: what came before counts, the reader stops there', (_, before, bad, anomaly) => {
    const bytes = concat(before, bad, before);
    for (const size of [bytes.length, 7, 1]) {
      const { reader, seen } = readPieces(pieces(bytes, size));
      expect([seen.length, reader.packets, reader.stopped]).toEqual([1, 1, true]);
      expect(damageOf(reader)).toEqual([anomaly, before.length]);
      expect(reader.damage?.reason).toMatch(/^[ -~]{10,120}$/);
    }
  });

  it('refuses a packet before any interface', () => {
    expect(damageOf(readPieces([concat(section(true), simplePacket(payload(4, 1), 4, true))]).reader)?.[1]).toBe(28);
    expect(damageOf(readPieces([concat(section(true), enhancedPacket(0, 1n, payload(4, 1), true))]).reader)?.[1]).toBe(
      28,
    );
    // Interfaces belong to their section.
    const again = concat(start, section(true), obsoletePacket(0, 1n, payload(4, 1), true));
    expect(damageOf(readPieces([again]).reader)).toEqual(['capture.damaged_block', start.length + 28]);
  });

  it('takes a record of exactly 256 KiB over pieces, and streams a long unknown block past without keeping it', () => {
    const big = pcap([{ data: payload(262_144, 1), seconds: 1, fraction: 1 }, good]);
    expect(readPieces(pieces(big, 50_000)).seen.map((s) => s.data.length / 2)).toEqual([262_144, 9]);
    const unknown = concat(start, block(99, new Uint8Array(3_000_000), true), start.subarray(start.length - 40));
    const { reader, seen } = readPieces(pieces(unknown, 70_001));
    expect([seen.length, reader.damage]).toEqual([2, null]);
    expect(damageOf(readPieces([unknown.subarray(0, 2_000_000)]).reader)).toEqual([
      'capture.truncated_file',
      start.length,
    ]);
  });

  it.each(KINDS)('%s: cut at every byte, the packets before the cut are given and the cut is reported', (_, bytes) => {
    const whole = readPieces([bytes]).seen;
    // Where each packet is complete, found by feeding one byte at a time.
    const reader = new CaptureReader(0);
    const ends: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const had = reader.packets;
      reader.feed(bytes, new DataView(bytes.buffer), at, at + 1, { onFrame: () => undefined });
      if (reader.packets > had) ends.push(at + 1);
    }
    expect(ends.length).toBe(whole.length);
    for (let length = 0; length < bytes.length; length++) {
      const { reader: cut, seen } = readPieces([bytes.subarray(0, length)]);
      expect(seen).toEqual(whole.slice(0, ends.filter((end) => end <= length).length));
      if (length === 0) expect(cut.failure?.fault).toBe('empty');
      else if (length < 4) expect(cut.failure?.fault).toBe('not_a_capture');
      else if (cut.damage !== null) {
        expect(ANOMALIES[cut.damage.anomaly]).toBe('capture.truncated_file');
        expect(cut.damage.offset).toBeLessThan(length);
      }
    }
    // A cut inside a packet must be told; a cut behind one must not.
    for (const end of ends) {
      expect(readPieces([bytes.subarray(0, end)]).reader.damage).toBeNull();
      expect(readPieces([bytes.subarray(0, end - 1)]).reader.damage).not.toBeNull();
    }
  });
});

describe('pieces', () => {
  it.each(KINDS)('%s: the same frames however the stream is cut', (_, bytes) => {
    const whole = readPieces([bytes]).seen;
    for (let at = 0; at <= bytes.length; at++) {
      expect(readPieces([bytes.subarray(0, at), bytes.subarray(at)]).seen).toEqual(whole);
    }
    for (const size of [1, 2, 3, 5, 17]) {
      const { reader, seen } = readPieces(pieces(bytes, size));
      expect(seen).toEqual(whole);
      expect([reader.damage, reader.position]).toEqual([null, bytes.length]);
    }
  });
});

describe('any bytes', () => {
  it('never throws and never hands out a frame outside its buffer', () => {
    const start = fc.constantFrom(...KINDS.map(([, bytes]) => bytes));
    const garbage = fc.uint8Array({ maxLength: 300 });
    const headed = fc
      .tuple(start, fc.integer({ min: 4, max: 60 }), garbage)
      .map(([a, n, b]) => concat(a.subarray(0, n), b));
    fc.assert(
      fc.property(fc.oneof(garbage, headed), fc.integer({ min: 1, max: 400 }), (bytes, size) => {
        const { reader } = readPieces(pieces(bytes, size));
        expect(reader.packets).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives the same frames and the same end of mutated captures however they are cut', () => {
    const change = fc.tuple(fc.nat(), fc.constantFrom(0, 1, 4, 12, 0x7f, 0x80, 0xff), fc.boolean());
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 90 }),
        ([, original], changes, size) => {
          const bytes = original.slice();
          for (const [at, value, late] of changes) bytes[late ? at % bytes.length : at % 60] = value;
          const whole = readPieces([bytes]);
          const cut = readPieces(pieces(bytes, size));
          expect(cut.seen).toEqual(whole.seen);
          expect(cut.reader.damage).toEqual(whole.reader.damage);
          expect(cut.reader.failure?.fault).toBe(whole.reader.failure?.fault);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
