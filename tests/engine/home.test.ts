import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { HomePrefixes } from '../../src/engine/home.ts';
import { addressBytes } from '../generate/wire/packet.ts';

function words(address: string): [number, number, number, number] {
  const bytes = new Uint8Array(16);
  bytes.set(addressBytes(address));
  const view = new DataView(bytes.buffer);
  return [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
}

function count(home: HomePrefixes, a: string, b: string): void {
  home.count(a.includes(':') ? 6 : 4, ...words(a), ...words(b));
}

describe('HomePrefixes', () => {
  test.each([
    ['10.20.0.0/16', '10.20.255.255', true],
    ['10.20.0.0/16', '10.21.0.0', false],
    ['10.20.3.4/16', '10.20.0.1', true], // host bits do not count
    ['0.0.0.0/0', '203.0.113.1', true],
    ['203.0.113.4/32', '203.0.113.4', true],
    ['203.0.113.4/32', '203.0.113.5', false],
    ['203.0.113.4/31', '203.0.113.5', true],
    ['128.0.0.0/1', '127.255.255.255', false],
    ['2001:db8:20::/44', '2001:db8:2f:ffff::1', true],
    ['2001:db8:20::/44', '2001:db8:30::1', false],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['2001:db8::1/128', '2001:db8::2', false],
    ['::/0', '2001:db8::1', true],
    ['0.0.0.0/0', '2001:db8::1', false], // the other version
    ['::/0', '10.0.0.1', false],
  ])('%s holds %s: %s', (prefix, address, held) => {
    const home = new HomePrefixes([prefix]);
    const other = address.includes(':') ? 'fe80::1' : '120.0.2.1';
    const both = prefix.endsWith('/0') && held;
    count(home, address, other);
    expect(home.counts()).toEqual([held ? 1 : 0]);
    // Either end will do, and both together are one flow.
    count(home, other, address);
    expect(home.counts()).toEqual([held ? 2 : 0]);
    count(home, other, other);
    expect(home.counts()).toEqual([(held ? 2 : 0) + (both ? 1 : 0)]);
  });

  test('counts each of several prefixes, in the order given', () => {
    const home = new HomePrefixes(['10.0.0.0/8', '10.20.0.0/16', '2001:db8::/32']);
    count(home, '10.20.0.1', '203.0.113.1');
    count(home, '203.0.113.1', '10.9.0.1');
    count(home, '2001:db8::5', 'fe80::1');
    expect(home.counts()).toEqual([2, 1, 1]);
    expect(home.empty).toBe(false);
    expect(new HomePrefixes([]).empty).toBe(true);
  });

  test('agrees with an independent library on random prefixes', () => {
    const bytes = (n: number): fc.Arbitrary<number[]> =>
      fc.array(fc.integer({ min: 0, max: 255 }), { minLength: n, maxLength: n });
    const sample = fc
      .constantFrom(4, 16)
      .chain((n) => fc.tuple(bytes(n), bytes(n), fc.integer({ min: 0, max: n * 8 })));
    fc.assert(
      fc.property(sample, fc.nat(), ([base, noise, bits], keep) => {
        // An address that shares a random number of leading bytes with the prefix.
        const shared = keep % (base.length + 1);
        const address = ipaddr.fromByteArray(base.map((byte, n) => (n < shared ? byte : noise[n]!)));
        const prefix = ipaddr.fromByteArray(base);
        const home = new HomePrefixes([`${prefix.toString()}/${bits}`]);
        const held = (address as ipaddr.IPv4).match(prefix as ipaddr.IPv4, bits);
        const at = new DataView(Uint8Array.from([...address.toByteArray(), ...new Array<number>(12).fill(0)]).buffer);
        const w = [0, 4, 8, 12].map((n) => at.getInt32(n)) as [number, number, number, number];
        home.count(base.length === 4 ? 4 : 6, ...w, ...w);
        expect(home.counts()).toEqual([held ? 1 : 0]);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
