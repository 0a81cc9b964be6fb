import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { probeZkwork, readZkworkConnect } from '../../src/protocol/zkwork.ts';
import { type ZkworkWorker, zkworkConnect, zkworkFrame } from '../generate/wire/zkwork.ts';
import { ascii, embed, hex, join } from './stream-cases.ts';

const ADDRESS = `aleo1${'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.repeat(2).slice(0, 58)}`;
const WORKER: ZkworkWorker = { workerType: 1, addressType: 0, version: [0, 2, 3], name: 'rig-7', address: ADDRESS };
const BARE = zkworkConnect(WORKER);

const probe = (bytes: Uint8Array): number => {
  const piece = embed(bytes, 0x71);
  return probeZkwork(piece.bytes, piece.off, piece.end);
};
const read = (bytes: Uint8Array): unknown => {
  const piece = embed(bytes, 0x71);
  return readZkworkConnect(piece.bytes, piece.off, piece.end);
};

describe('zkwork', () => {
  test.each<[string, Uint8Array, ZkworkWorker]>([
    ['without length', BARE, WORKER],
    ['with length', zkworkFrame(BARE), WORKER],
    ['without a name', zkworkFrame(zkworkConnect({ ...WORKER, name: '' })), { ...WORKER, name: '' }],
    [
      'a name that makes the length 128',
      zkworkFrame(zkworkConnect({ ...WORKER, name: 'n'.repeat(58) })),
      { ...WORKER, name: 'n'.repeat(58) },
    ],
    ['a name that is not ASCII', zkworkFrame(zkworkConnect({ ...WORKER, name: '矿机' })), { ...WORKER, name: '矿机' }],
  ])('%s', (_, bytes, worker) => {
    expect(probe(bytes)).toBe(1);
    expect(read(bytes)).toEqual(worker);
    for (let n = 0; n < bytes.length; n++) {
      expect(probe(bytes.subarray(0, n))).toBe(0);
      expect(read(bytes.subarray(0, n))).toBeNull();
    }
    expect(probe(join(bytes, hex('0100000083')))).toBe(1);
  });

  const changed = (at: number, value: number): Uint8Array => BARE.with(at, value);
  test.each<[string, Uint8Array]>([
    ['another message', changed(0, 129)],
    ['a large worker type', changed(1, 16)],
    ['a large address type', changed(2, 16)],
    ['a name length that does not fit', changed(6, 6)],
    ['a control character in the name', changed(7, 9)],
    ['another kind of address', changed(12, 0x62)],
    ['a character that no address has', changed(40, 0x62)],
    ['a length that does not fit', zkworkFrame(BARE).with(0, BARE.length + 1)],
    ['a large length', join(hex('00020000'), BARE)],
    ['a short length', join(hex('45000000'), BARE)],
    ['text', ascii('{"id":1}')],
    ['SSL 2 ClientHello', hex('802e0100020015000000100100800200800300800400800500800600400700c0')],
  ])('%s: no', (_, bytes) => {
    expect(probe(bytes)).toBe(-1);
    expect(read(bytes)).toBeNull();
  });

  test('any bytes: no throw, nothing read outside', () => {
    const start = fc.constantFrom(
      hex(''),
      hex('80'),
      hex('50000000 80'),
      BARE.subarray(0, 20),
      zkworkFrame(BARE).subarray(0, 30),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
        const bytes = join(head, tail);
        const other = embed(bytes, 0);
        expect(probe(bytes)).toBe(probeZkwork(other.bytes, other.off, other.end));
        expect(read(bytes) !== null).toBe(probe(bytes) === 1);
      }),
      { seed: 4 },
    );
  });
});
