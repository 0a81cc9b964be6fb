/** Packets kept by key, within a bound. */
import { expect, test } from 'vitest';
import { EvidenceShelf } from '../../src/engine/evidence/shelf.ts';
import type { EvidenceFrame } from '../../src/engine/options.ts';

const MIB = 2 ** 20;
let packet = 0;

function frame(bytes: number, kind: EvidenceFrame['kind'] = 'payload'): EvidenceFrame {
  const number = ++packet;
  return {
    file: 'f',
    packet: number,
    time: number * 1e6,
    nanos: 0,
    linkType: 1,
    originalLength: bytes,
    bytes: new Uint8Array(bytes),
    redacted: false,
    kind: kind ?? 'payload',
    begun: [number * 1e6, 1, number],
  };
}

const held = (shelf: EvidenceShelf, keys: readonly string[]): string[] =>
  keys.filter((key) => shelf.of(key).length > 0);

test('what proves and what surrounds comes back together, and goes together', () => {
  const shelf = new EvidenceShelf(true);
  shelf.add('a', [frame(100, 'proof'), frame(60, 'opening')]);
  shelf.add('a', []);
  expect(shelf.of('a').map(({ kind }) => kind)).toEqual(['proof', 'opening']);
  expect([shelf.evidence.size, shelf.surroundings.size]).toEqual([1, 1]);
  shelf.forget('a');
  shelf.forget('a');
  expect([shelf.of('a'), shelf.evidence.size, shelf.surroundings.size]).toEqual([[], 0, 0]);
});

test('without end the oldest key gives way, as often as it takes', () => {
  const shelf = new EvidenceShelf(true);
  const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
  for (const key of keys) shelf.add(key, [frame(MIB, 'proof')]);
  const left = held(shelf, keys);
  expect(left).toEqual(keys.slice(-left.length));
  expect(left.length).toBeGreaterThan(8);
  expect(left.length).toBeLessThanOrEqual(64);
});

test('keys that have surroundings alone give way, too', () => {
  const shelf = new EvidenceShelf(true);
  const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
  for (const key of keys) shelf.add(key, [frame(MIB, 'look_up')]);
  expect(held(shelf, keys).length).toBeGreaterThan(8);
  expect(held(shelf, keys).length).toBeLessThanOrEqual(64);
});

test('what was forgotten is room again', () => {
  const shelf = new EvidenceShelf(true);
  for (let i = 0; i < 1000; i++) {
    shelf.add(`key ${i}`, [frame(MIB, 'proof')]);
    shelf.forget(`key ${i}`);
  }
  shelf.add('first', [frame(MIB, 'proof')]);
  for (let i = 0; i < 62; i++) shelf.add(`more ${i}`, [frame(MIB, 'proof')]);
  expect(shelf.of('first')).toHaveLength(1);
});

test('frames that a key leaves out do not take room for ever', () => {
  const shelf = new EvidenceShelf(true);
  shelf.add('other', [frame(MIB, 'proof')]);
  // Far more of one key than are kept of one.
  for (let i = 0; i < 3000; i++) shelf.add('busy', [frame(64 * 1024)]);
  expect(shelf.of('busy').length).toBeGreaterThan(0);
  expect(held(shelf, ['other'])).toEqual(['other']);
});

test('in a run that ends the first keep their place', () => {
  const shelf = new EvidenceShelf(false);
  const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
  for (const key of keys) shelf.add(key, [frame(MIB, 'proof')]);
  const left = held(shelf, keys);
  expect(left).toEqual(keys.slice(0, left.length));
  expect(left.length).toBe(65);
});
