import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { probeDatum, readDatumHello } from '../../src/protocol/datum.ts';
import { createRandom } from '../generate/index.ts';
import { datumHello } from '../generate/wire/datum.ts';
import { ascii, embed, hex, join } from './stream-cases.ts';

const rng = createRandom(3);
const probe = (bytes: Uint8Array): number => {
  const piece = embed(bytes, 0x87);
  return probeDatum(piece.bytes, piece.off, piece.end);
};

describe('probeDatum', () => {
  test('a body of 400 bytes has the header b9 19 87 d7', () => {
    const bytes = datumHello(rng, 400);
    expect(Buffer.from(bytes.subarray(0, 4)).toString('hex')).toBe('b91987d7');
    expect(probe(bytes)).toBe(1);
    expect(readDatumHello(bytes, 0, bytes.length)).toEqual({ bodyLength: 400 });
  });

  test('more is wanted until the body is whole, and nothing may follow', () => {
    const bytes = datumHello(rng, 333);
    for (let n = 0; n < bytes.length; n++) {
      expect(probe(bytes.subarray(0, n))).toBe(0);
      expect(readDatumHello(bytes, 0, n)).toBeNull();
    }
    expect(probe(join(bytes, hex('00')))).toBe(-1);
  });

  test.each([246, 300, 500, 1024])('a body of %d bytes', (length) => expect(probe(datumHello(rng, length))).toBe(1));

  test.each<[string, Uint8Array]>([
    ['too short', datumHello(rng, 245)],
    ['too long', datumHello(rng, 1025)],
    ['another key', join(hex('b91987d6'), rng.bytes(400))],
    ['flags of a later message', join(hex('b91987d3'), rng.bytes(400))],
    ['a length of two megabytes', join(hex('b919a7d7'), rng.bytes(400))],
    ['a body of zeros', join(hex('b91987d7'), new Uint8Array(400))],
    ['a body of text', join(hex('b91987d7'), ascii('mining.subscribe '.repeat(24).slice(0, 400)))],
    ['TLS', hex('16030102000100')],
    ['JSON', ascii('{"id":1}')],
  ])('%s: no', (_, bytes) => expect(probe(bytes)).toBe(-1));

  test('any bytes: no throw, nothing read outside', () => {
    const start = fc.constantFrom(hex(''), hex('b919'), hex('b91987d7'));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 700 }), (head, tail) => {
        const bytes = join(head, tail);
        const other = embed(bytes, 0);
        expect(probe(bytes)).toBe(probeDatum(other.bytes, other.off, other.end));
      }),
      { seed: 4 },
    );
  });
});
