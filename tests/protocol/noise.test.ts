import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NoiseShape, type NoiseState, probeNoise, probeStr3 } from '../../src/protocol/noise.ts';
import { looksRandom } from '../../src/protocol/noise-entropy.ts';
import { createRandom } from '../generate/index.ts';
import { noiseProposal, noiseSealed } from '../generate/wire/noise.ts';
import * as sv2 from '../generate/wire/sv2.ts';
import { LOOK_ALIKES, noiseSession, type Spoken } from './noise-flows.ts';
import { ascii, embed, hex, join, randomBytes } from './stream-cases.ts';

/** Feeds a conversation, each message cut into pieces of `size`. */
function shapeOf(spoken: readonly Spoken[], size = 1_000_000, finish = true): NoiseShape {
  const shape = new NoiseShape();
  for (const [fromClient, bytes] of spoken) {
    if (bytes.length <= size) shape.push(fromClient, bytes, 0, bytes.length);
    else
      for (let at = 0; at < bytes.length; at += size) {
        const piece = embed(bytes.subarray(at, Math.min(bytes.length, at + size)), 0);
        shape.push(fromClient, piece.bytes, piece.off, piece.end);
      }
  }
  if (finish) shape.finish();
  return shape;
}
const summary = (shape: NoiseShape): unknown => [shape.state, shape.shares, shape.acknowledgements, shape.version];

describe('sizes of the specification', () => {
  const rng = createRandom(1);
  const share = { channel: 1, sequence: 1, job: 1, nonce: 1, time: 1, version: 1 };
  const target = 1n << 200n;
  test.each<[string, Uint8Array, number]>([
    ['SubmitSharesStandard', sv2.submitSharesStandard(share), 62],
    ['SubmitSharesExtended, no extranonce', sv2.submitSharesExtended(share, hex('')), 63],
    ['SubmitSharesExtended, 8 bytes', sv2.submitSharesExtended(share, rng.bytes(8)), 71],
    ['SubmitShares.Success', sv2.submitSharesSuccess(1, 1, 1, 1), 58],
    ['SetupConnection.Success', sv2.setupConnectionSuccess(0), 44],
    ['OpenStandardMiningChannel without user', sv2.openStandard(1, '', 1, target), 79],
    ['OpenExtendedMiningChannel without user', sv2.openExtended(1, '', 1, target, 8), 81],
    ['SetTarget', sv2.setTarget(1, target), 74],
    ['SetNewPrevHash', sv2.setNewPrevHash(1, 1, rng.bytes(32), 1, 1), 86],
    ['NewMiningJob of a later block', sv2.newMiningJob(1, 1, null, 1, rng.bytes(32)), 83],
    ['NewMiningJob of this block', sv2.newMiningJob(1, 1, 1, 1, rng.bytes(32)), 87],
  ])('%s', (_, frame, size) => expect(noiseSealed(rng, frame).length).toBe(size));
});

describe('NoiseShape', () => {
  test.each([
    ['standard shares', { shares: 20 }, { standard: 20, extended: 0 }, 'current'],
    ['extended shares, 8 bytes', { shares: 20, extranonce: 8 }, { standard: 0, extended: 20 }, 'current'],
    ['extended shares without extranonce', { shares: 20, extranonce: 0 }, { standard: 0, extended: 20 }, 'current'],
    [
      'extended shares of the size of UpdateChannel',
      { shares: 20, extranonce: 15 },
      { standard: 0, extended: 20 },
      'current',
    ],
    ['extended shares, 32 bytes', { shares: 20, extranonce: 32 }, { standard: 0, extended: 20 }, 'current'],
    ['keys of 32 bytes', { shares: 20, old: true }, { standard: 20, extended: 0 }, 'old'],
  ] as const)('%s', (_, options, shares, version) => {
    const spoken = noiseSession(createRandom(5), options);
    const shape = shapeOf(spoken);
    expect([shape.state, shape.shares, shape.version]).toEqual(['likely', shares, version]);
    expect(shape.acknowledgements).toBeGreaterThan(10);
    // What one side sends until the other speaks counts as a whole: segments do not matter.
    for (const size of [1, 7, 40, 63]) expect(summary(shapeOf(spoken, size))).toEqual(summary(shape));
  });

  test('the state only ever rises, message by message', () => {
    const spoken = noiseSession(createRandom(6), { shares: 12 });
    const order: NoiseState[] = ['candidate', 'handshake', 'likely'];
    let last = 0;
    const reached: string[] = [];
    for (let n = 1; n <= spoken.length; n++) {
      const state = shapeOf(spoken.slice(0, n), undefined, false).state;
      expect(order.indexOf(state)).toBeGreaterThanOrEqual(last);
      if (reached.at(-1) !== state) reached.push(state);
      last = order.indexOf(state);
    }
    expect(reached).toEqual(order);
    expect(shapeOf(spoken.slice(0, 2), undefined, false).state).toBe('handshake');
  });

  test('one direction alone: the server after twelve answers, the client never, but its shares are counted', () => {
    const spoken = noiseSession(createRandom(7), { shares: 30, extranonce: 4 });
    const client = spoken.filter(([fromClient]) => fromClient);
    const server = spoken.filter(([fromClient]) => !fromClient);
    expect(summary(shapeOf(client))).toEqual(['candidate', { standard: 0, extended: 30 }, 0, 'current']);
    expect(summary(shapeOf(server))).toEqual(['likely', { standard: 0, extended: 0 }, 24, 'current']);
    expect(shapeOf(server.slice(0, 15)).state).toBe('candidate');
  });

  test('job declaration and templates stop at the handshake', () => {
    const spoken: Spoken[] = noiseSession(createRandom(8), { shares: 0 }).slice(0, 4);
    const rng = createRandom(9);
    // CoinbaseOutputConstraints is 44 bytes, AllocateMiningJobToken 43 and a name.
    for (const first of [44, 60]) {
      const more: Spoken[] = [
        [true, rng.bytes(first)],
        ...Array.from({ length: 40 }, (_, i) => [i % 2 === 0, rng.bytes(62)] as const),
      ];
      expect(shapeOf([...spoken, ...more]).state).toBe('handshake');
    }
  });

  test('extensions are asked for before the channel is opened', () => {
    const spoken = noiseSession(createRandom(10), { shares: 6 });
    const rng = createRandom(11);
    const asked: Spoken[] = [
      [true, rng.bytes(44)],
      [false, rng.bytes(46)],
    ];
    expect(shapeOf([...spoken.slice(0, 4), ...asked, ...spoken.slice(4)]).state).toBe('likely');
  });

  test.each<[string, readonly (readonly [boolean, number])[]]>([
    [
      '63 bytes',
      [
        [true, 63],
        [false, 234],
      ],
    ],
    ['65 bytes', [[true, 65]]],
    [
      '233 bytes in answer',
      [
        [true, 64],
        [false, 233],
        [true, 100],
      ],
    ],
    [
      '235 bytes in answer',
      [
        [true, 64],
        [false, 235],
      ],
    ],
    [
      '170 bytes to a key of 64',
      [
        [true, 64],
        [false, 170],
        [true, 100],
      ],
    ],
    [
      'SetupConnection too short',
      [
        [true, 64],
        [false, 234],
        [true, 53],
        [false, 44],
      ],
    ],
    [
      'SetupConnection too long',
      [
        [true, 64],
        [false, 234],
        [true, 455],
        [false, 44],
      ],
    ],
    [
      'no SetupConnection.Success',
      [
        [true, 64],
        [false, 234],
        [true, 100],
        [false, 43],
        [true, 100],
      ],
    ],
    [
      'a server that says what a client would',
      [
        [false, 64],
        [true, 234],
        [false, 100],
      ],
    ],
    [
      'the server first, then the client',
      [
        [false, 234],
        [true, 64],
      ],
    ],
    [
      'the client twice, then the server',
      [
        [true, 64],
        [true, 100],
        [false, 234],
      ],
    ],
  ])('%s: no', (_, lengths) => {
    const rng = createRandom(3);
    expect(shapeOf(lengths.map(([fromClient, length]) => [fromClient, rng.bytes(length)] as const)).state).toBe('no');
  });

  test.each<[string, Uint8Array]>([
    ['Base64', ascii(Buffer.from(randomBytes(3, 48)).toString('base64'))],
    ['64 different printable characters', Uint8Array.from({ length: 64 }, (_, i) => 0x30 + i)],
    ['hexadecimal', ascii(Buffer.from(randomBytes(3, 32)).toString('hex'))],
    ['zeros', new Uint8Array(64)],
    ['half zeros', join(randomBytes(4, 32), new Uint8Array(32))],
    ['counting numbers', Uint8Array.from({ length: 64 }, (_, i) => i >> 2)],
    ['TLS', join(hex('16030100'), randomBytes(5, 60))],
    ['SSH', join(ascii('SSH-'), randomBytes(5, 60))],
    ['Bitcoin', join(hex('f9beb4d9'), randomBytes(5, 60))],
  ])('64 bytes of %s are no key', (_, bytes) => {
    expect(bytes.length).toBe(64);
    expect(probeNoise(bytes, 0, 64)).toBe(-1);
    expect(
      shapeOf([
        [true, bytes],
        [false, randomBytes(9, 234)],
        [true, randomBytes(8, 100)],
      ]).state,
    ).toBe('no');
  });

  test('a gap before the work ends it, a gap within costs one burst', () => {
    const spoken = noiseSession(createRandom(12), { shares: 20 });
    for (let n = 0; n < 6; n++) {
      const shape = shapeOf(spoken.slice(0, n), undefined, false);
      shape.gap(true);
      expect(shape.state).toBe('no');
    }
    const shape = shapeOf(spoken.slice(0, 20), undefined, false);
    const before = shape.shares.standard;
    shape.gap(true);
    for (const [fromClient, bytes] of spoken.slice(20)) shape.push(fromClient, bytes, 0, bytes.length);
    shape.finish();
    expect(shape.state).toBe('likely');
    expect(shape.shares.standard).toBeGreaterThan(before);
    expect(shape.shares.standard).toBeLessThan(20);
  });

  test('any lengths and bytes: no throw, a state of the list, counters within bounds', () => {
    const piece = fc.tuple(
      fc.boolean(),
      fc.constantFrom(0, 1, 32, 44, 58, 62, 64, 71, 80, 100, 170, 234, 700),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(), (pieces, seed) => {
        const shape = new NoiseShape();
        let sent = 0;
        for (const [fromClient, length, gap] of pieces) {
          if (gap && length > 600) shape.gap(fromClient);
          const bytes = randomBytes(seed + sent, length);
          shape.push(fromClient, bytes, 0, length);
          sent += length;
          expect(['candidate', 'handshake', 'likely', 'no']).toContain(shape.state);
        }
        shape.finish();
        const { standard, extended } = shape.shares;
        expect(standard * 62 + extended * 63 + shape.acknowledgements * 58).toBeLessThanOrEqual(sent);
      }),
      { numRuns: 500, seed: 11 },
    );
  });
});

describe('false alarms', () => {
  const FLOWS = 100_000;
  // Measured with this seed: no `likely` in any row. A `handshake` is met only where the keys of our sizes are given, then
  // in up to 2 % of the flows; never in the other rows.
  const families = Object.entries(LOOK_ALIKES);
  test.each(families)('%s', (name, make) => {
    const rng = createRandom(20_261_121);
    const met = { candidate: 0, handshake: 0, likely: 0, no: 0 };
    const flows = Math.ceil(FLOWS / families.length);
    for (let n = 0; n < flows; n++) met[shapeOf(make(rng)).state]++;
    expect(met.likely).toBe(0);
    if (name.startsWith('our keys')) expect(met.handshake / flows).toBeLessThan(0.02);
    else if (!name.startsWith('our key')) expect(met).toEqual({ candidate: 0, handshake: 0, likely: 0, no: flows });
  });
});

describe('probes', () => {
  test('random keys of 64 and 32 bytes are taken for such: 20,000 of 20,000', () => {
    const rng = createRandom(99);
    let wrong = 0;
    for (let n = 0; n < 10_000; n++) {
      if (!looksRandom(rng.bytes(64), 0, 64)) wrong++;
      if (!looksRandom(rng.bytes(32), 0, 32)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test('probeNoise', () => {
    const key = randomBytes(21, 80);
    for (let n = 0; n < 64; n++) expect(probeNoise(key, 0, n)).toBe(n === 32 ? 1 : 0);
    expect(probeNoise(key, 0, 64)).toBe(1);
    expect(probeNoise(key, 0, 65)).toBe(-1);
    expect(probeNoise(hex('160301'), 0, 3)).toBe(0);
    expect(probeNoise(hex('16030100'), 0, 4)).toBe(-1);
  });

  test.each([false, true])('probeStr3, length in front: %s', (prefixed) => {
    const bytes = noiseProposal(['SCHS', 'SAGS'], prefixed);
    for (let n = 0; n < bytes.length; n++) expect(probeStr3(bytes, 0, n)).toBe(0);
    expect(probeStr3(bytes, 0, bytes.length)).toBe(1);
    expect(probeStr3(join(bytes, hex('00')), 0, bytes.length + 1)).toBe(-1);
    for (let at = 0; at < bytes.length; at++) {
      const wrong = bytes.slice();
      wrong[at] = (wrong[at] as number) ^ 0x80;
      expect(probeStr3(wrong, 0, wrong.length)).toBe(-1);
    }
  });

  test('probes of any bytes say -1, 0 or 1 and look at nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
        const low = embed(bytes, 0x00);
        const high = embed(bytes, 0x53);
        for (const probe of [probeNoise, probeStr3]) {
          expect([-1, 0, 1]).toContain(probe(low.bytes, low.off, low.end));
          expect(probe(low.bytes, low.off, low.end)).toBe(probe(high.bytes, high.off, high.end));
        }
      }),
      { seed: 5 },
    );
  });
});
