import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANOMALIES, createAnomalyCounters } from '../../src/common/anomaly.ts';
import { Packet } from '../../src/decode/packet.ts';
import { FragmentStore } from '../../src/flow/fragments.ts';

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly more: boolean;
}

interface Header {
  readonly version?: 4 | 6;
  readonly source?: number;
  readonly id?: number;
  readonly protocol?: number;
  readonly vlan?: number;
  readonly virtualNetwork?: number;
  /** Length on the wire; what was captured by default. */
  readonly wire?: number;
}

/** A packet as the decoder leaves it, the fragment in the middle of a buffer of other bytes. */
function packetOf(piece: Piece, header: Header = {}): Packet {
  const bytes = new Uint8Array(piece.bytes.length + 64).fill(0xee);
  bytes.set(piece.bytes, 32);
  const p = new Packet(bytes, new DataView(bytes.buffer));
  p.ipVersion = header.version ?? 4;
  p.source0 = header.source ?? 0x0a000001;
  p.destination0 = 0x0a000002;
  p.protocol = header.protocol ?? 17;
  p.vlan = header.vlan ?? 0;
  p.virtualNetwork = header.virtualNetwork ?? 0;
  p.fragmentId = header.id ?? 7;
  p.fragmentOffset = piece.offset;
  p.fragmentMore = piece.more ? 1 : 0;
  p.network = 32;
  p.networkEnd = 32 + piece.bytes.length;
  p.networkLength = header.wire ?? piece.bytes.length;
  return p;
}

function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7 + seed * 101) & 0xff);
}

function pieceOf(datagram: Uint8Array, from: number, to: number): Piece {
  return { offset: from, bytes: datagram.subarray(from, to), more: to < datagram.length };
}

function result(store: FragmentStore): Uint8Array {
  return store.bytes.slice(0, store.length);
}

function names(counters: Float64Array): Record<string, number> {
  const entries = ANOMALIES.map((name, index) => [name, counters[index]!] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

/** Feeds pieces one after the other, a microsecond apart; which of them completed a datagram. */
function feed(store: FragmentStore, counters: Float64Array, packets: readonly Packet[]): boolean[] {
  return packets.map((packet, index) => store.add(packet, index, counters));
}

describe('reassembly', () => {
  it('joins two pieces', () => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    const datagram = pattern(2000);
    const pieces = [pieceOf(datagram, 0, 1480), pieceOf(datagram, 1480, 2000)];
    expect(
      feed(
        store,
        counters,
        pieces.map((piece) => packetOf(piece)),
      ),
    ).toEqual([false, true]);
    expect(result(store)).toEqual(datagram);
    expect(store.protocol).toBe(17);
    expect(store.view.getUint8(1999)).toBe(datagram[1999]);
    expect([store.size, store.bytesHeld]).toEqual([0, 0]);
    expect(names(counters)).toEqual({});
  });

  it('gives the whole datagram for pieces of any size, in any order, repeated and overlapping', () => {
    const datagrams = fc.integer({ min: 9, max: 6000 }).map((length) => pattern(length, length));
    const plan = datagrams.chain((datagram) =>
      fc.record({
        datagram: fc.constant(datagram),
        cuts: fc.uniqueArray(fc.integer({ min: 1, max: Math.ceil(datagram.length / 8) - 1 }), { maxLength: 12 }),
        extra: fc.array(fc.tuple(fc.nat(Math.ceil(datagram.length / 8) - 1), fc.integer({ min: 1, max: 300 })), {
          maxLength: 6,
        }),
        order: fc.array(fc.nat(1000), { minLength: 40, maxLength: 40 }),
      }),
    );
    fc.assert(
      fc.property(plan, ({ datagram, cuts, extra, order }) => {
        const bounds = [0, ...cuts.sort((a, b) => a - b).map((cut) => cut * 8), datagram.length];
        const pieces = bounds.slice(1).map((to, index) => pieceOf(datagram, bounds[index]!, to));
        for (const [unit, units] of extra) {
          pieces.push(pieceOf(datagram, unit * 8, Math.min((unit + units) * 8, datagram.length)));
        }
        const shuffled = pieces
          .map((piece, index) => [order[index]!, piece] as const)
          .sort(([a], [b]) => a - b)
          .map(([, piece]) => piece)
          // One piece that is the whole datagram is no fragment.
          .filter((piece) => piece.more || piece.offset > 0 || pieces.length === 1);
        const store = new FragmentStore();
        const counters = createAnomalyCounters();
        const done = feed(
          store,
          counters,
          shuffled.map((piece) => packetOf(piece)),
        );
        const first = done.indexOf(true);
        const complete = new Set<number>();
        for (const piece of shuffled) {
          for (let at = piece.offset; at < piece.offset + piece.bytes.length; at++) complete.add(at);
        }
        expect(first >= 0).toBe(complete.size === datagram.length);
        if (first >= 0) expect(result(store)).toEqual(datagram);
        expect(Object.keys(names(counters)).filter((name) => name !== 'fragment.overlap')).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('takes the longest datagram', () => {
    const datagram = pattern(65_535);
    const store = new FragmentStore({ maxBytes: 65_536 });
    const counters = createAnomalyCounters();
    const packets: Packet[] = [];
    for (let at = 0; at < datagram.length; at += 1480) {
      packets.push(packetOf(pieceOf(datagram, at, Math.min(at + 1480, datagram.length))));
    }
    expect(feed(store, counters, packets.reverse()).lastIndexOf(true)).toBe(packets.length - 1);
    expect(result(store)).toEqual(datagram);
    expect(names(counters)).toEqual({});
  });

  it('waits for a hole', () => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    const datagram = pattern(40);
    const pieces = [pieceOf(datagram, 0, 16), pieceOf(datagram, 24, 40)].map((piece) => packetOf(piece));
    expect(feed(store, counters, pieces)).toEqual([false, false]);
    expect([store.size, store.bytesHeld]).toEqual([1, 2048]);
    expect(store.add(packetOf(pieceOf(datagram, 16, 24)), 3, counters)).toBe(true);
    expect(result(store)).toEqual(datagram);
  });

  it('starts anew after a datagram is complete', () => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    for (const seed of [1, 2]) {
      const datagram = pattern(32, seed);
      const pieces = [pieceOf(datagram, 16, 32), pieceOf(datagram, 0, 16)].map((piece) => packetOf(piece));
      expect(feed(store, counters, pieces)).toEqual([false, true]);
      expect(result(store)).toEqual(datagram);
    }
    expect(names(counters)).toEqual({});
  });

  it('reads pieces out of its own buffer', () => {
    const inner = pattern(48, 9);
    const outer = new Uint8Array(64).fill(1);
    outer.set(inner.subarray(0, 32), 8);
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    const pieces = [pieceOf(outer, 0, 32), pieceOf(outer, 32, 64)].map((piece) => packetOf(piece, { id: 1 }));
    feed(store, counters, pieces);
    const inside = packetOf(pieceOf(inner, 0, 32), { id: 2 });
    inside.bytes = store.bytes;
    inside.view = store.view;
    inside.network = 8;
    inside.networkEnd = 40;
    expect(store.add(inside, 5, counters)).toBe(false);
    expect(store.add(packetOf(pieceOf(inner, 32, 48), { id: 2 }), 6, counters)).toBe(true);
    expect(result(store)).toEqual(inner);
  });
});

describe('which datagram a piece belongs to', () => {
  const datagram = pattern(32);
  const first = pieceOf(datagram, 0, 16);
  const last = pieceOf(datagram, 16, 32);

  it.each<[string, Header]>([
    ['source', { source: 5 }],
    ['identification', { id: 8 }],
    ['protocol', { protocol: 6 }],
    ['VLAN', { vlan: 3 }],
    ['virtual network', { virtualNetwork: 3 }],
    ['IP version', { version: 6 }],
  ])('another %s is another datagram', (_name, header) => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    expect(feed(store, counters, [packetOf(first), packetOf(last, header)])).toEqual([false, false]);
    expect(store.size).toBe(2);
    expect(store.add(packetOf(last), 3, counters)).toBe(true);
    expect(store.size).toBe(1);
  });

  it('IPv6: the first piece names the protocol, the others may name another', () => {
    const store = new FragmentStore();
    const pieces = [packetOf(last, { version: 6, protocol: 59 }), packetOf(first, { version: 6, protocol: 60 })];
    expect(feed(store, createAnomalyCounters(), pieces)).toEqual([false, true]);
    expect(store.protocol).toBe(60);
  });
});

describe('pieces that lie', () => {
  const datagram = pattern(64);

  it('overlap: the first copy of a byte wins, and it is counted', () => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    const other = pattern(64, 77);
    const packets = [
      packetOf(pieceOf(datagram, 0, 24)),
      packetOf(pieceOf(other, 16, 40)),
      packetOf(pieceOf(datagram, 40, 64)),
    ];
    expect(feed(store, counters, packets)).toEqual([false, false, true]);
    const expected = Uint8Array.from(datagram);
    expected.set(other.subarray(24, 40), 24);
    expect(result(store)).toEqual(expected);
    expect(names(counters)).toEqual({ 'fragment.overlap': 1 });
  });

  it('the same piece again is no anomaly, another content for it is', () => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    const packets = [datagram, datagram, pattern(64, 3)].map((bytes) => packetOf(pieceOf(bytes, 0, 16)));
    feed(store, counters, packets);
    expect(names(counters)).toEqual({ 'fragment.overlap': 1 });
  });

  it.each<[string, Piece]>([
    ['not a multiple of 8 and more to come', { offset: 0, bytes: pattern(20), more: true }],
    ['empty', { offset: 64, bytes: pattern(0), more: true }],
    ['empty and last', { offset: 64, bytes: pattern(0), more: false }],
    ['beyond 65535 bytes', { offset: 65_528, bytes: pattern(8), more: false }],
  ])('%s', (_name, piece) => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    expect(store.add(packetOf(piece), 0, counters)).toBe(false);
    expect(names(counters)).toEqual({ 'fragment.bad_length': 1 });
    expect(store.size).toBe(0);
  });

  it.each<[string, Piece[]]>([
    ['two ends', [pieceOf(datagram, 48, 64), { offset: 48, bytes: pattern(8), more: false }]],
    ['more to come where the end is', [pieceOf(datagram, 48, 64), { offset: 56, bytes: pattern(8), more: true }]],
    ['end before a piece', [pieceOf(datagram, 32, 48), { offset: 40, bytes: pattern(8), more: false }]],
  ])('%s', (_name, pieces) => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    expect(
      feed(
        store,
        counters,
        pieces.map((piece) => packetOf(piece)),
      ),
    ).toEqual([false, false]);
    expect(names(counters)).toEqual({ 'fragment.bad_length': 1 });
    const rest = [pieceOf(datagram, 0, 48), pieceOf(datagram, 48, 64)].map((piece) => packetOf(piece));
    expect(feed(store, counters, rest)).toContain(true);
    expect(result(store)).toEqual(datagram);
  });

  it('cut by the snap length', () => {
    const store = new FragmentStore();
    const counters = createAnomalyCounters();
    expect(store.add(packetOf(pieceOf(datagram, 0, 16), { wire: 24 }), 0, counters)).toBe(false);
    expect(names(counters)).toEqual({ 'fragment.cut_short': 1 });
    expect(store.size).toBe(0);
  });
});

describe('bounds', () => {
  const datagram = pattern(4096);

  it('the oldest datagram goes when records run out', () => {
    const store = new FragmentStore({ maxDatagrams: 3 });
    const counters = createAnomalyCounters();
    feed(
      store,
      counters,
      [1, 2, 3, 4].map((id) => packetOf(pieceOf(datagram, 0, 2048), { id })),
    );
    expect(store.size).toBe(3);
    expect(names(counters)).toEqual({ 'fragment.evicted': 1 });
    const last = (id: number) => store.add(packetOf(pieceOf(datagram, 2048, 4096), { id }), 9, counters);
    expect([4, 3, 2].map(last)).toEqual([true, true, true]);
    expect(last(1)).toBe(false);
  });

  it('the oldest other datagram goes when memory runs out', () => {
    const store = new FragmentStore({ maxBytes: 65_536 });
    const counters = createAnomalyCounters();
    const big = pattern(65_528);
    store.add(packetOf(pieceOf(big, 0, 8), { id: 1 }), 0, counters);
    for (let id = 2; id <= 20; id++) store.add(packetOf(pieceOf(datagram, 0, 8), { id }), id, counters);
    const done: boolean[] = [];
    for (let at = 0; at < big.length; at += 4096) {
      done.push(store.add(packetOf(pieceOf(big, at, Math.min(at + 4096, big.length)), { id: 1 }), 30, counters));
    }
    expect(done.lastIndexOf(true)).toBe(done.length - 1);
    expect(result(store)).toEqual(big);
    expect(names(counters)).toEqual({ 'fragment.evicted': 19, 'fragment.overlap': 1 });
    expect([store.size, store.bytesHeld]).toEqual([0, 0]);
  });

  it('gives a datagram up after the timeout, counted from its first piece', () => {
    const store = new FragmentStore({ timeout: 1000 });
    const counters = createAnomalyCounters();
    store.add(packetOf(pieceOf(datagram, 0, 8)), 5000, counters);
    store.add(packetOf(pieceOf(datagram, 8, 16)), 6000, counters);
    expect([store.size, names(counters)]).toEqual([1, {}]);
    expect(store.add(packetOf(pieceOf(datagram, 16, 4096)), 6001, counters)).toBe(false);
    expect([store.size, names(counters)]).toEqual([1, { 'fragment.timed_out': 1 }]);
  });

  it('holds its bounds and loses nothing of its memory whatever comes', () => {
    const piece = fc.record({
      id: fc.nat(12),
      unit: fc.nat(8191),
      length: fc.nat(3000),
      more: fc.boolean(),
      now: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const store = new FragmentStore({ maxBytes: 80_000, maxDatagrams: 5, timeout: 1000 });
        const counters = createAnomalyCounters();
        for (const { id, unit, length, more, now } of pieces) {
          store.add(packetOf({ offset: unit * 8, bytes: pattern(length), more }, { id }), now, counters);
          expect(store.size).toBeLessThanOrEqual(5);
          expect(store.bytesHeld).toBeLessThanOrEqual(80_000);
        }
        // The timeout empties it but for the piece that comes then.
        store.add(packetOf(pieceOf(datagram, 0, 8), { id: 99 }), 1_000_000, counters);
        expect([store.size, store.bytesHeld]).toEqual([1, 2048]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([{ maxBytes: 65_535 }, { maxDatagrams: 0 }, { maxDatagrams: 1.5 }, { timeout: 0 }, { maxBytes: Number.NaN }])(
    'refuses %j',
    (options) => {
      expect(() => new FragmentStore(options)).toThrow(RangeError);
    },
  );
});
