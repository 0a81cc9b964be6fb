import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { isQuicInitial, MAX_DATAGRAMS, type QuicHandler, QuicInitialReader } from '../../src/protocol/quic.ts';
import { initialKeys, QUIC_V1, QUIC_V2 } from '../../src/protocol/quic-keys.ts';
import { CryptoStream, MAX_CRYPTO, varint } from '../../src/protocol/quic-stream.ts';
import { type QuicInitialOptions, quicInitial, quicPacket } from '../generate/wire/quic.ts';
import { embed, hex, join, randomBytes } from './stream-cases.ts';

/** Connection ID and ClientHello (for example.com) of RFC 9001 appendix A and RFC 9369 appendix A. */
const DCID = hex('8394c8f03e515708');
const HELLO = hex(`
  010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578
  616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9
  caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d000201
  01001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff`);
/** The server's answer in both appendices; opens with the server's keys alone. */
const SERVER_V1 = hex(`
  cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec249
  3a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d
  20398c276456cbc42158407dd074ee`);

class Recorder implements QuicHandler {
  readonly anomalies: (string | undefined)[] = [];
  onQuicAnomaly(anomaly: number): void {
    this.anomalies.push(ANOMALIES[anomaly]);
  }
}

function hello(length: number, seed = 1): Uint8Array {
  const bytes = randomBytes(seed, length);
  bytes.set([1, (length - 4) >> 16, ((length - 4) >> 8) & 0xff, (length - 4) & 0xff]);
  return bytes;
}

function read(...datagrams: readonly Uint8Array[]): {
  said: string[];
  stream: string;
  anomalies: (string | undefined)[];
  reader: QuicInitialReader;
} {
  const recorder = new Recorder();
  const reader = new QuicInitialReader(recorder);
  const said = datagrams.map((datagram) => {
    const piece = embed(datagram, 0xc3);
    const copy = piece.bytes.slice();
    const progress = reader.push(piece.bytes, piece.off, piece.end);
    expect(piece.bytes).toEqual(copy);
    piece.bytes.fill(0xee);
    return progress;
  });
  return { said, stream: Buffer.from(reader.cryptoStream).toString('hex'), anomalies: recorder.anomalies, reader };
}
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const isInitial = (bytes: Uint8Array, filler = 0): boolean => {
  const piece = embed(bytes, filler);
  return isQuicInitial(piece.bytes, piece.off, piece.end);
};

const BASE: QuicInitialOptions = { version: 1, dcid: DCID, clientHello: HELLO };

describe('the examples of the specifications', () => {
  test.each([
    [
      'RFC 9001 A.1',
      QUIC_V1,
      ['1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c', '9f50449e04a0e810283a1e9933adedd2'],
    ],
    [
      'RFC 9369 A.1',
      QUIC_V2,
      ['8b1a0bc121284290a29e0971b5cd045d', '91f73e2351d8fa91660e909f', '45b95e15235d6f45a6b19cbcb0294ba9'],
    ],
  ])('%s: keys of the client', (_, version, expected) => {
    const { key, iv, hp } = initialKeys(version, DCID);
    expect([key, iv, hp].map(text)).toEqual(expected);
  });

  // Beginning and tag of the published packet: a tag fits no other bytes, so the packet between them is the same too.
  test.each([
    [
      'RFC 9001 A.2',
      1,
      'c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c0bab7df5976d',
      'e221af44860018ab0856972e194cd934',
    ],
    [
      'RFC 9369 A.2',
      2,
      'd76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa162e75d6c96058bdbfb12',
      'a18b2faa745b6fe189cf772a9f84cbfc',
    ],
  ] as const)('%s: packet of the client', (_, version, head, tag) => {
    const [packet] = quicInitial({ ...BASE, version, packetNumber: 2 });
    expect(packet).toHaveLength(1200);
    expect(text(packet!).slice(0, head.length)).toBe(head);
    expect(text(packet!).slice(-32)).toBe(tag);
    expect(isInitial(packet!)).toBe(true);
    expect(read(packet!)).toMatchObject({ said: ['done'], stream: text(HELLO), anomalies: [] });
  });

  test('the packet of the server cannot be opened, and does not stand in the way of the client', () => {
    expect(isInitial(SERVER_V1)).toBe(true);
    const [packet] = quicInitial(BASE);
    const result = read(SERVER_V1, packet!);
    expect(result.said).toEqual(['no', 'done']);
    expect(result.stream).toBe(text(HELLO));
    expect(result.anomalies).toEqual(['quic.undecryptable']);
  });

  test('variable-length integers, RFC 9000 A.1', () => {
    const row = (digits: string): number => varint(hex(digits), 0, digits.length / 2);
    expect(['9d7f3e7d', '7bbd', '25', '4025'].map(row)).toEqual([494_878_333, 15_293, 37, 37]);
    // The eight-byte example is rounded to what a double holds.
    expect(Math.abs(row('c2197c5eff14e88c') / 151_288_809_941_952_640 - 1)).toBeLessThan(1e-15);
    expect([varint(hex('7b'), 0, 1), varint(hex(''), 0, 0), varint(hex('c219'), 0, 2)]).toEqual([-1, -1, -1]);
  });
});

describe('isQuicInitial', () => {
  const [packet] = quicInitial({ ...BASE, scid: hex('0102'), token: randomBytes(3, 70) });

  test('every truncation is none, whatever lies behind it', () => {
    for (let n = 0; n < packet!.length; n++) {
      expect(isInitial(packet!.subarray(0, n), 0xff)).toBe(false);
      expect(isInitial(packet!.subarray(0, n), 0x00)).toBe(false);
    }
    expect(isInitial(packet!)).toBe(true);
  });

  test.each([
    ['version 0 (negotiation)', 1, '00000000'],
    ['draft 29', 1, 'ff00001d'],
    ['version 2 with the type bits of version 1', 1, '6b3343cf'],
    ['the type bits of 0-RTT', 0, 'd0'],
    ['a short header', 0, '40'],
    ['no fixed bit', 0, '80'],
    ['a connection ID of 21 bytes', 5, '15'],
    ['a token longer than the datagram', 17, '7fff'],
  ])('%s', (_, at, bytes) => {
    const changed = packet!.slice();
    changed.set(hex(bytes), at);
    expect(isInitial(changed)).toBe(false);
  });
});

describe('QuicInitialReader', () => {
  test.each([1, 2] as const)(
    'version %i: any length of packet number and message, split, shuffled, coalesced',
    (version) => {
      for (const numberLength of [1, 2, 3, 4]) {
        for (const splitInto of [1, 2, 3]) {
          for (const coalesced of [1, 2]) {
            const clientHello = hello(300 * splitInto + 31, numberLength);
            const datagrams = quicInitial({
              ...{ version, dcid: randomBytes(9, 8 + numberLength), scid: hex('aabbcc'), token: randomBytes(5, 90) },
              ...{ clientHello, splitInto, coalesced, numberLength, shuffle: splitInto, packetNumber: 1 },
            });
            expect(datagrams).toHaveLength(splitInto);
            const result = read(...datagrams);
            expect(result.said).toEqual([...Array<string>(splitInto - 1).fill('more'), 'done']);
            expect(result.stream).toBe(text(clientHello));
            expect(result.anomalies).toEqual([]);
            expect(result.reader.heldBytes).toBe(0);
          }
        }
      }
    },
  );

  test('datagrams in any order, and twice', () => {
    const clientHello = hello(2900);
    const [a, b, c] = quicInitial({ ...BASE, clientHello, splitInto: 3 }) as [Uint8Array, Uint8Array, Uint8Array];
    for (const order of [
      [c, b, a],
      [b, c, a],
      [c, c, a, a, b],
    ] as const) {
      const result = read(...order);
      expect(result.stream).toBe(text(clientHello));
      expect(result.said.at(-1)).toBe('done');
    }
    expect(read(a, b).said).toEqual(['more', 'more']);
  });

  test('the keys stay when the server has chosen another connection ID, however short', () => {
    const clientHello = hello(2000);
    const [first] = quicInitial({ ...BASE, clientHello, splitInto: 2 });
    for (const dcid of [hex(''), hex('07'), randomBytes(4, 20)]) {
      const [, second] = quicInitial({ ...BASE, clientHello, splitInto: 2, dcid, keyId: DCID });
      expect(read(first!, second!)).toMatchObject({ said: ['more', 'done'], stream: text(clientHello), anomalies: [] });
    }
  });

  test('after Retry the message comes again under the new connection ID; late packets of the first attempt are left', () => {
    const clientHello = hello(2000);
    const other = hello(2000, 7);
    const dcid = randomBytes(8, 12);
    const [old, late] = quicInitial({ ...BASE, clientHello: other, splitInto: 2 });
    const [first, second] = quicInitial({ ...BASE, clientHello, splitInto: 2, dcid, token: randomBytes(1, 40) });
    const result = read(old!, first!, late!, second!);
    expect(result.said).toEqual(['more', 'more', 'more', 'done']);
    expect(result.stream).toBe(text(clientHello));
  });

  test('other packets that share the datagram are stepped over: 0-RTT and Handshake before, padding behind', () => {
    const [initial] = quicInitial({ ...BASE, size: 0 });
    for (const [version, types] of [
      ['00000001', ['d0', 'e0']],
      ['6b3343cf', ['e0', 'f0']],
    ] as const) {
      const bytes = version === '00000001' ? initial! : quicInitial({ ...BASE, version: 2, size: 0 })[0]!;
      for (const type of types) {
        const other = join(hex(`${type}${version}08${text(DCID)}00`), hex('401e'), randomBytes(2, 30));
        expect(read(join(other, bytes, new Uint8Array(40))).stream).toBe(text(HELLO));
      }
    }
    const retry = join(hex(`f00000000108${text(DCID)}00`), randomBytes(2, 60));
    expect(read(retry, initial!).said).toEqual(['no', 'done']);
  });

  test('one bit wrong anywhere in a packet: never a message', () => {
    const [packet] = quicInitial({ ...BASE, size: 0 });
    for (let bit = 0; bit < packet!.length * 8; bit += 3) {
      const changed = packet!.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(read(changed)).toMatchObject({ said: ['no'], stream: '' });
    }
  });

  test('every truncation: never a message, and no anomaly beside the two', () => {
    const [packet] = quicInitial(BASE);
    for (let n = 0; n < packet!.length; n += 7) {
      const result = read(packet!.subarray(0, n));
      expect(result).toMatchObject({ said: ['no'], stream: '' });
      expect(result.anomalies.filter((name) => name !== 'quic.malformed')).toEqual([]);
    }
  });

  test.each([
    ['a frame that Initial packets never carry', hex('08 01 02'), 'more'],
    ['a CRYPTO frame cut off', hex('06 00 4100 01'), 'more'],
    ['CRYPTO data beyond the limit', hex('06 8000 3fff 02 0102'), 'more'],
    ['an ACK with ranges that are not there', hex('02 00 00 bfffffff 00 01'), 'more'],
    ['a message of another type', hex('06 00 04 02000001'), 'no'],
    ['a ClientHello longer than the limit', hex('06 00 04 01004000'), 'no'],
  ])('malformed: %s', (_, frames, said) => {
    const packet = quicPacket({ ...BASE, numberLength: 1 }, frames, 0);
    const result = read(packet);
    expect(result.said).toEqual([said]);
    expect(result.anomalies).toEqual(['quic.malformed']);
    // Given up, or still open for the rest.
    expect(read(packet, ...quicInitial(BASE)).stream).toBe(said === 'no' ? '' : text(HELLO));
  });

  test('what follows CONNECTION_CLOSE is left alone; ACK with ECN counts is stepped over', () => {
    const close = quicPacket({ ...BASE, numberLength: 2 }, hex('1c 00 00 00 ff ff'), 0);
    expect(read(close, ...quicInitial(BASE))).toMatchObject({ said: ['more', 'done'], anomalies: [] });
    const crypto = join(hex('03 05 00 01 00 00 01 01 02 03'), hex('06 00 40f1'), HELLO);
    expect(read(quicPacket(BASE, crypto, 3))).toMatchObject({ said: ['done'], anomalies: [] });
  });

  test('a message as long as the limit is read, and gives up after its share of datagrams', () => {
    const clientHello = hello(MAX_CRYPTO);
    const parts = quicInitial({ ...BASE, clientHello, splitInto: MAX_DATAGRAMS, size: 2400 });
    expect(read(...parts).stream).toBe(text(clientHello));
    const noisy = Array<Uint8Array>(MAX_DATAGRAMS).fill(SERVER_V1);
    const result = read(...noisy, ...quicInitial(BASE));
    expect(result.said).toEqual(Array<string>(MAX_DATAGRAMS + 1).fill('no'));
    expect(result.reader.finished).toBe(true);
    expect(result.reader.heldBytes).toBe(0);
  });

  test('a datagram that is no QUIC costs none of them', () => {
    const other = randomBytes(4, 1200).fill(0x41, 0, 1);
    expect(read(...Array<Uint8Array>(20).fill(other), ...quicInitial(BASE)).stream).toBe(text(HELLO));
  });
});

describe('properties', () => {
  test('shuffled and overlapping frames give the same stream', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 3000 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1 as const, 2 as const),
        (length, shuffle, splitInto, version) => {
          const clientHello = hello(length, shuffle);
          const result = read(...quicInitial({ ...BASE, version, clientHello, shuffle, splitInto, size: 0 }));
          expect(result.stream).toBe(text(clientHello));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('frames of any bytes: held bytes bounded, no read beyond the end, no exception', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (payloads) => {
        const stream = new CryptoStream();
        for (const payload of payloads) {
          stream.addFrames(payload);
          expect(stream.heldBytes).toBeLessThanOrEqual(2 * MAX_CRYPTO);
          expect(stream.helloLength).toBeLessThanOrEqual(MAX_CRYPTO);
        }
      }),
    );
  });

  test('any bytes behind a header that looks right: no message, no exception', () => {
    const head = hex(`c300000001 08 ${text(DCID)} 00 00`);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(read(join(head, bytes), bytes).stream).toBe('');
        isInitial(bytes);
      }),
    );
  });
});
