import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { addressText } from '../../src/engine/address.ts';

function v6(...groups: readonly number[]): string {
  const word = (n: number): number => (groups[n * 2]! << 16) | groups[n * 2 + 1]! | 0;
  return addressText(6, word(0), word(1), word(2), word(3));
}

describe('addressText', () => {
  test.each([
    ['0.0.0.0', 0],
    ['255.255.255.255', -1],
    ['127.0.0.1', 0x7f000001],
    ['203.0.113.9', 0xcb007109 | 0],
  ])('IPv4 %s', (text, word) => {
    expect(addressText(4, word, 0, 0, 0)).toBe(text);
  });

  // RFC 5952 §2 and §4.
  test.each([
    ['2001:db8::1', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]],
    ['2001:db8::aaaa:0:0:1', [0x2001, 0xdb8, 0, 0, 0xaaaa, 0, 0, 1]],
    ['2001:db8::1:0:0:1', [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]], // both runs as long: the first (§4.2.3)
    ['2001:0:0:1::1', [0x2001, 0, 0, 1, 0, 0, 0, 1]], // the longer run
    ['2001:db8:0:1:1:1:1:1', [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1]], // one group is not shortened (§4.2.2)
    ['2001:db8::2:1', [0x2001, 0xdb8, 0, 0, 0, 0, 2, 1]],
    ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:1', [0x2001, 0xdb8, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0xeeee, 1]],
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['1::', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['fe80::', [0xfe80, 0, 0, 0, 0, 0, 0, 0]],
    ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]], // §5
    ['::1:1:1:1:1:1', [0, 0, 1, 1, 1, 1, 1, 1]],
  ])('IPv6 %s', (text, groups) => {
    expect(v6(...groups)).toBe(text);
  });

  test('agrees with an independent library, and reads back as the same address', () => {
    const word = fc.oneof(
      fc.constantFrom(0, 1, -1, 0xffff, 1 << 16),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    );
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const bytes = new Uint8Array(16);
        for (const [n, w] of [a, b, c, d].entries()) new DataView(bytes.buffer).setInt32(n * 4, w);
        const text = addressText(6, a, b, c, d);
        expect(ipaddr.parse(text).toByteArray()).toEqual([...bytes]);
        if (!text.startsWith('::ffff:') || text.indexOf('.') < 0) {
          expect(text).toBe((ipaddr.fromByteArray([...bytes]) as ipaddr.IPv6).toRFC5952String());
        }
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});
