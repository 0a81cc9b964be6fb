/** What happens to packets on their way must not change what is found in them. */
import { describe, expect, test } from 'vitest';
import { binaryCaptures } from '../generate/catalogue/binary.ts';
import { captures } from '../generate/catalogue/index.ts';
import { nameCaptures } from '../generate/catalogue/names.ts';
import {
  createRandom,
  cutAfter,
  cutBefore,
  duplicate,
  ENCAPSULATIONS,
  encapsulate,
  fragment,
  LINK_TYPES,
  onLink,
  onlyFrom,
  type RawFrame,
  segment,
  snap,
  tcpLayout,
} from '../generate/index.ts';
import { jitter } from './jitter.ts';
import { toIpv6 } from './rewrite.ts';
import { detectFrames, difference, type Essence, EXHAUSTIVE, essences } from './run.ts';
import { hints, messagesOf, tells } from './telling.ts';

/** Captures in which the pool is known by a name or by one binary message have tests of their own (names, binary). */
const NAMED = new Set([...nameCaptures(), ...binaryCaptures()].map((c) => c.file));
/** Conversations in plain TCP over IP: every dialect, and the same from the middle, from one side and with losses. */
const PLAIN = captures().filter((c) => !/^(tunnel|link|lookalike)-|fragments/.test(c.file) && !NAMED.has(c.file));
const DIALECTS = PLAIN.filter((c) => !/midstream|side|disorder|gaps|ipv6|mixed/.test(c.file));
const NAMES = PLAIN.map((c) => c.file);

const known = new Map<string, readonly Essence[]>();
function whole(file: string): { frames: readonly RawFrame[]; found: readonly Essence[] } {
  const { frames } = PLAIN.find((c) => c.file === file)!;
  let found = known.get(file);
  if (found === undefined) known.set(file, (found = essences(detectFrames(frames))));
  return { frames, found };
}

/** Expects the same detections; prints the first difference and how the frames were made. */
function expectSame(frames: readonly RawFrame[], found: readonly Essence[], how: string): void {
  expect.soft(difference(essences(detectFrames(frames)), found), how).toBe('');
}

const TIMEOUT = { timeout: EXHAUSTIVE ? 900_000 : 60_000 };

const SIZES = [
  { min: 1, max: 40 },
  { min: 1, max: 400 },
  { min: 40, max: 1500 },
] as const;
const SEEDS = Array.from({ length: EXHAUSTIVE ? 30 : 2 }, (_, n) => n + 1);

describe('segments', () => {
  test.each(NAMES)('cut, overtaken, repeated: %s', TIMEOUT, (file) => {
    const { frames, found } = whole(file);
    expect(found.length).toBeGreaterThan(0);
    for (const seed of SEEDS) {
      const rng = createRandom(seed);
      const cut = segment(frames, rng, SIZES[seed % SIZES.length]!);
      expectSame(cut, found, `cut, seed ${seed}`);
      expectSame(jitter(frames, rng, 6), found, `out of order, seed ${seed}`);
      expectSame(duplicate(frames, rng, 0.3), found, `repeated, seed ${seed}`);
      expectSame(duplicate(jitter(cut, rng, 6), rng, 0.1), found, `all of it, seed ${seed}`);
    }
  });

  test('the transforms do what they say', () => {
    const { frames } = whole('stratum-v1-bitcoin.pcap');
    const cut = segment(frames, createRandom(1), SIZES[0]);
    expect(cut.length).toBeGreaterThan(frames.length * 1.5);
    const mixed = jitter(cut, createRandom(1), 6);
    const places = mixed.map((frame) => cut.findIndex((other) => other.data === frame.data));
    const moved = places.map((place, n) => Math.abs(place - n));
    expect(Math.max(...moved)).toBeGreaterThan(2);
    expect(Math.max(...moved)).toBeLessThanOrEqual(6);
  });
});

const ALONE = /subscribe|authorize/;
/** Dialects to which a subscription alone may be given: that of Aeternity is Zcash's, that of Zano names NiceHash's. */
const SHARING = ['stratum-v1', 'zcash-stratum', 'ethereum-stratum-1'];

/**
 * Positions at which a capture of one conversation begins or ends. Everywhere in an exhaustive run; otherwise the
 * first frames, where the protocol shows itself, and a few drawn by the seed.
 */
function positions(count: number, seed: number): number[] {
  if (EXHAUSTIVE) return Array.from({ length: count }, (_, n) => n);
  const rng = createRandom(seed);
  const drawn = Array.from({ length: 4 }, () => rng.int(0, count - 1));
  return [...new Set([0, 3, 4, ...drawn])].filter((n) => n < count);
}

interface View {
  readonly how: string;
  readonly frames: RawFrame[];
}

/** Begun late and ended early, both directions or one. */
function views(frames: readonly RawFrame[], seed: number): View[] {
  return positions(frames.length, seed).flatMap((n) =>
    (['from', 'up to'] as const).flatMap((end) => {
      const part = end === 'from' ? cutBefore(frames, n) : cutAfter(frames, n);
      return [
        { how: `${end} frame ${n}`, frames: part },
        { how: `${end} frame ${n}, client alone`, frames: onlyFrom(part, 'client') },
        { how: `${end} frame ${n}, server alone`, frames: onlyFrom(part, 'server') },
      ];
    }),
  );
}

describe('a part of the conversation', () => {
  test.each(DIALECTS.map((c, n) => [c.file, n] as const))('%s', TIMEOUT, (file, seed) => {
    const { frames, found } = whole(file);
    const dialects = new Set(found.map((e) => e.key.split(' ')[3]));
    const pairs = new Set(found.map((e) => e.key.split(' ').slice(0, 3).join(' ')));
    const shares = (list: readonly Essence[]): number =>
      list.reduce((n, e) => n + (e.facts['shares'] as { submitted: number }).submitted, 0);
    const all = messagesOf(frames);
    const telling = new Set([...all].filter(([, m]) => tells(m.payload)).map(([key]) => key));
    expect(telling.size).toBeGreaterThan(0);
    for (const view of views(frames, seed)) {
      const left = [...messagesOf(view.frames)].filter(([key, m]) => m.frames === all.get(key)!.frames);
      const mining = left.filter(([key]) => telling.has(key));
      const got = essences(detectFrames(view.frames));
      const sure = got.filter((e) => e.facts['confidence'] !== 'suspected');
      if (mining.length > 0) expect.soft(sure.length, `${file} ${view.how}: found`).toBeGreaterThan(0);
      else if (!left.some(([, m]) => hints(m.payload)))
        expect.soft(sure.length, `${file} ${view.how}: nothing that tells is left`).toBe(0);
      // Subscription without parameters and log-in are the same in all dialects of the mining.* family.
      const shared = mining.every(([, m]) => ALONE.test(Buffer.from(m.payload).toString('latin1')));
      for (const e of got) {
        const [miner, pool, port, dialect] = e.key.split(' ');
        expect.soft(pairs, `${file} ${view.how}: roles`).toContain(`${miner} ${pool} ${port}`);
        // A refusal alone is a hint without a dialect.
        const hint = dialect === 'null' && e.facts['confidence'] === 'suspected';
        const right = dialects.has(dialect) || hint || (shared && SHARING.includes(dialect ?? ''));
        expect.soft(right, `${file} ${view.how}: ${dialect}`).toBe(true);
      }
      expect.soft(shares(got), `${file} ${view.how}: shares`).toBeLessThanOrEqual(shares(found));
    }
  });
});

describe('wrapping', () => {
  /** Addresses as they are in IPv6. */
  const translated = (found: readonly Essence[]): Essence[] =>
    found.map((e) => ({ ...e, key: e.key.replace(/\b(\d+)\.(\d+)\.(\d+)\.(\d+)\b/g, (_, ...q) => embedded(q)) }));
  const embedded = (q: readonly unknown[]): string => {
    const [a, b, c, d] = q.slice(0, 4).map(Number);
    return `2001:db8::${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
  };

  test.each(NAMES)('tunnels, tags, fragments, links: %s', TIMEOUT, (file) => {
    const { frames, found } = whole(file);
    const six = toIpv6(frames);
    // A third of the kinds for each capture, another third for the next one.
    const kinds = ENCAPSULATIONS.filter((_, n) => EXHAUSTIVE || (n + NAMES.indexOf(file)) % 3 === 0);
    for (const kind of kinds) {
      if (kind === 'ipip' && tcpLayout(frames[0]!)!.ipVersion === 6) continue;
      const inside6 = kind === '6in4' || kind === 'teredo';
      if (inside6 && six.length === 0) expectSame(encapsulate(frames, kind), found, kind);
      else expectSame(encapsulate(inside6 ? six : frames, kind), inside6 ? translated(found) : found, kind);
    }
    for (const mtu of EXHAUSTIVE ? [296, 576, 1280] : [576]) expectSame(fragment(frames, mtu), found, `MTU ${mtu}`);
    expectSame(encapsulate(fragment(frames, 576), 'qinq'), found, 'fragments behind tags');
    expectSame(jitter(fragment(frames, 576), createRandom(1), 3), found, 'fragments out of order');
    for (const kind of LINK_TYPES) expectSame(onLink(frames, kind), found, kind);
    if (six.length > 0) {
      expectSame(six, translated(found), 'IPv6');
      expectSame(fragment(six, 1280), translated(found), 'IPv6 fragments');
    }
  });

  test('tunnels in tunnels', () => {
    const { frames, found } = whole('cryptonote.pcap');
    const nested = (kinds: readonly (typeof ENCAPSULATIONS)[number][]): RawFrame[] =>
      kinds.reduce((list: RawFrame[], kind) => encapsulate(list, kind), [...frames]);
    expectSame(nested(['vxlan', 'vlan']), found, 'VXLAN behind a tag');
    expectSame(nested(['gtpu', 'gre', 'qinq']), found, 'GTP-U in GRE behind tags');
    expectSame(nested(['vlan', 'erspan', 'mpls']), found, 'a mirrored tag over MPLS');
  });

  test('a snap length cuts payloads, not the detection', () => {
    for (const file of ['stratum-v1-bitcoin.pcap', 'cryptonote.pcap', 'ethproxy.pcap']) {
      const { frames, found } = whole(file);
      const got = essences(detectFrames(snap(frames, 192)));
      expect(
        got.map((e) => e.key),
        file,
      ).toEqual(found.map((e) => e.key));
    }
  });
});
