import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Anomaly, createAnomalyCounters } from '../../src/common/anomaly.ts';
import { type StreamBudget, StreamPair, type StreamSink } from '../../src/flow/stream.ts';

type Side = 0 | 1;

interface Segment {
  readonly side: Side;
  /** Offset in the stream of its side, and how much of the other one it acknowledges. */
  readonly at: number;
  readonly acknowledged: number;
  readonly bytes: Uint8Array;
  /** Bytes that the capture kept. */
  readonly kept: number;
}

/** What came out: bytes by side, gaps, and for each delivery how far the other side was. */
class Sink implements StreamSink {
  readonly bytes: [number[], number[]] = [[], []];
  readonly gaps: { side: Side; lost: number }[] = [];
  readonly counts: [number, number] = [0, 0];
  /** Set before a push: told for every piece with the place it came from. */
  onPiece: (side: Side, packet: number) => void = () => undefined;

  onStreamData(side: Side, bytes: Uint8Array, off: number, end: number, place: { packet: number }): void {
    this.onPiece(side, place.packet);
    for (let i = off; i < end; i++) this.bytes[side].push(bytes[i] as number);
    this.counts[side] += end - off;
  }

  onStreamGap(side: Side, lost: number): void {
    this.gaps.push({ side, lost });
    if (lost > 0) this.counts[side] += lost;
  }
}

/** A dialogue: each turn is spoken by one side, who has heard everything before. */
function segmentsOf(turns: readonly { side: Side; size: number }[], sizes: readonly number[]): Segment[] {
  const sent: [number, number] = [0, 0];
  const segments: Segment[] = [];
  let drawn = 0;
  for (const { side, size } of turns) {
    for (let left = size; left > 0; ) {
      const length = Math.min(left, sizes[drawn++ % sizes.length] as number);
      const at = sent[side];
      const bytes = Uint8Array.from({ length }, (_, n) => ((at + n) * 7 + side * 131 + ((at + n) >> 8)) & 0xff);
      segments.push({ side, at, acknowledged: sent[side === 0 ? 1 : 0], bytes, kept: length });
      sent[side] += length;
      left -= length;
    }
  }
  return segments;
}

function streams(segments: readonly Segment[]): [number[], number[]] {
  const out: [number[], number[]] = [[], []];
  for (const s of segments) for (const byte of s.bytes.subarray(0, s.kept)) out[s.side].push(byte);
  return out;
}

interface Run {
  readonly sink: Sink;
  readonly pair: StreamPair;
  readonly counters: Float64Array;
  readonly budget: StreamBudget;
}

interface RunOptions {
  readonly starts?: readonly [number, number];
  readonly opened?: boolean;
  /** Checks at each delivery that what it acknowledges was delivered before; `arrived`: where some of that had come. */
  readonly ordered?: boolean | 'arrived';
  readonly limit?: number;
}

function run(arrivals: readonly Segment[], options: RunOptions = {}): Run {
  const [a, b] = options.starts ?? [1000, 5000];
  const starts = [a | 0, b | 0] as const;
  const sink = new Sink();
  const counters = createAnomalyCounters();
  const budget: StreamBudget = { used: 0, limit: options.limit ?? 1 << 20 };
  const pair = new StreamPair(sink, budget, counters);
  if (options.opened ?? true) for (const side of [0, 1] as const) pair.open(side, starts[side]);
  if (options.ordered) {
    sink.onPiece = (side, packet) => {
      const s = arrivals[packet] as Segment;
      const before = arrivals.slice(0, packet).some((x) => x.side !== side && x.at < s.acknowledged);
      if (options.ordered === 'arrived' && !before) return;
      expect(sink.counts[side === 0 ? 1 : 0]).toBeGreaterThanOrEqual(s.acknowledged);
    };
  }
  arrivals.forEach((s, packet) => {
    const other = s.side === 0 ? 1 : 0;
    const sequence = (starts[s.side] + s.at) | 0;
    const acknowledgment = (starts[other] + s.acknowledged) | 0;
    // The stream may lie anywhere in the buffer of a frame.
    const frame = new Uint8Array(s.kept + 9);
    frame.set(s.bytes.subarray(0, s.kept), 5);
    const place = { input: 0, packet, time: 1_000_000 + packet * 100, shift: 0 };
    pair.push(s.side, sequence, acknowledgment, true, frame, 5, 5 + s.kept, s.bytes.length, place);
    frame.fill(0xee);
  });
  pair.flush();
  expect(budget.used).toBe(0);
  return { sink, pair, counters, budget };
}

const turns = fc.array(fc.record({ side: fc.constantFrom<Side>(0, 1), size: fc.integer({ min: 1, max: 400 }) }), {
  minLength: 1,
  maxLength: 12,
  size: 'max',
});
const sizes = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 8 });
const jitters = fc.array(fc.double({ min: 0, max: 6.9, noNaN: true }), {
  minLength: 1,
  maxLength: 40,
  size: 'max',
});
const sequence = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0xfffffe00, max: 0xffffffff }));
const starts = fc.tuple(sequence, sequence);
/** Which segments come a second time, and how many packets later. */
const repeats = fc.array(fc.tuple(fc.nat(1000), fc.integer({ min: 0, max: 12 })), { maxLength: 6, size: 'max' });

/** Arrival order: nobody is overtaken by more than six. */
function shuffled(segments: readonly Segment[], jitter: readonly number[]): Segment[] {
  return segments
    .map((s, n) => ({ s, place: n + (jitter[n % jitter.length] as number) }))
    .sort((x, y) => x.place - y.place)
    .map(({ s }) => s);
}

function repeated(segments: readonly Segment[], again: readonly (readonly [number, number])[]): Segment[] {
  const out = [...segments];
  for (const [which, later] of again) {
    const at = which % out.length;
    out.splice(Math.min(out.length, at + 1 + later), 0, out[at] as Segment);
  }
  return out;
}

const RUNS = { seed: 11, numRuns: 400 } as const;

describe('StreamPair', () => {
  test('any segmentation, order and repetition gives the same bytes, questions before answers', () => {
    fc.assert(
      fc.property(turns, sizes, jitters, repeats, starts, (t, z, j, r, s) => {
        const segments = segmentsOf(t, z);
        const { sink, pair } = run(repeated(shuffled(segments, j), r), { starts: s, ordered: true });
        expect(sink.bytes).toEqual(streams(segments));
        expect(sink.gaps).toEqual([]);
        expect(pair.gaps).toBe(0);
      }),
      RUNS,
    );
  });

  test('the same where the opening was not seen', () => {
    fc.assert(
      fc.property(turns, sizes, jitters, repeats, starts, (t, z, j, r, s) => {
        const segments = segmentsOf(t, z);
        const { sink } = run(repeated(shuffled(segments, j), r), {
          starts: s,
          opened: false,
          ordered: 'arrived',
        });
        expect(sink.bytes).toEqual(streams(segments));
        expect(sink.gaps).toEqual([]);
      }),
      RUNS,
    );
  });

  test('met in the middle, a segment sent again and again does not push out the one before it', () => {
    const [first, second] = segmentsOf([{ side: 0, size: 20 }], [10]) as [Segment, Segment];
    const { sink } = run([...Array.from({ length: 12 }, () => second), first], { opened: false });
    expect(sink.bytes).toEqual(streams([first, second]));
    expect(sink.gaps).toEqual([]);
  });

  test('segments that overlap: the first bytes win and nothing comes twice', () => {
    fc.assert(
      fc.property(turns, sizes, sizes, jitters, (t, z, other, j) => {
        const segments = segmentsOf(t, z);
        // The same stream cut at other places, with other bytes: what was delivered stays.
        const again = segmentsOf(t, other).map((s) => ({ ...s, bytes: s.bytes.map((byte) => byte ^ 0xff) }));
        const { sink } = run([...shuffled(segments, j), ...again]);
        expect(sink.bytes).toEqual(streams(segments));
        expect(sink.gaps).toEqual([]);
      }),
      RUNS,
    );
  });

  test('one side alone is enough', () => {
    fc.assert(
      fc.property(turns, sizes, jitters, fc.constantFrom<Side>(0, 1), fc.boolean(), (t, z, j, side, opened) => {
        const segments = segmentsOf(t, z).filter((s) => s.side === side);
        // Acknowledgements tell of the other direction, which does not pass here.
        const { sink } = run(shuffled(segments, j), { opened });
        expect(sink.bytes[side]).toEqual(streams(segments)[side]);
        expect(sink.gaps.filter((g) => g.side === side)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('a run of lost segments is one gap of their length', () => {
    fc.assert(
      fc.property(turns, sizes, starts, fc.nat(1000), fc.integer({ min: 1, max: 4 }), (t, z, s, which, count) => {
        const segments = segmentsOf(t, z);
        const side = (segments[which % segments.length] as Segment).side;
        const own = segments.filter((x) => x.side === side);
        const from = which % own.length;
        const lost = own.slice(from, from + count);
        // What is lost at the very end leaves no hole in its own direction.
        fc.pre(from + count < own.length);
        const left = segments.filter((x) => !lost.includes(x));
        const { sink, pair, counters } = run(left, { starts: s });
        const length = lost.reduce((n, x) => n + x.bytes.length, 0);
        expect(sink.bytes).toEqual(streams(left));
        expect(sink.gaps.every((g) => g.side === side)).toBe(true);
        expect(sink.gaps.reduce((n, g) => n + g.lost, 0)).toBe(length);
        expect(pair.gaps).toBe(sink.gaps.length);
        expect(counters[Anomaly['stream.gap']]).toBe(sink.gaps.length);
        // Where the other side spoke in between, what it had heard by then is a gap of its own.
        const between = segments.slice(segments.indexOf(lost[0]!), segments.indexOf(lost.at(-1)!));
        if (between.every((x) => x.side === side)) expect(sink.gaps.length).toBe(1);
      }),
      RUNS,
    );
  });

  test('bytes that the snap length cut off are a gap after those that are there', () => {
    fc.assert(
      fc.property(turns, sizes, jitters, fc.integer({ min: 1, max: 60 }), (t, z, j, snap) => {
        const segments = segmentsOf(t, z).map((s) => ({ ...s, kept: Math.min(snap, s.bytes.length) }));
        const { sink } = run(shuffled(segments, j), { ordered: true });
        expect(sink.bytes).toEqual(streams(segments));
        const cut = segments.filter((s) => s.kept < s.bytes.length);
        expect(sink.gaps.map((g) => g.lost).sort()).toEqual(cut.map((s) => s.bytes.length - s.kept).sort());
      }),
      RUNS,
    );
  });

  test('no order of arrival, however wild, hangs, loses count or invents bytes', () => {
    const place = fc.record({
      side: fc.constantFrom<Side>(0, 1),
      at: fc.integer({ min: 0, max: 0xffffffff }),
      acknowledged: fc.integer({ min: 0, max: 0xffffffff }),
      size: fc.integer({ min: 0, max: 50 }),
      missing: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(
        fc.array(place, { maxLength: 60, size: 'max' }),
        fc.boolean(),
        fc.constantFrom(0, 100, 1 << 20),
        (list, opened, limit) => {
          const segments = list.map((p): Segment => {
            const kept = Math.max(0, p.size - p.missing);
            return { side: p.side, at: p.at, acknowledged: p.acknowledged, bytes: new Uint8Array(p.size), kept };
          });
          const { sink, budget } = run(segments, { opened, limit });
          const given = segments.reduce((n, s) => n + s.kept, 0);
          expect(sink.bytes[0].length + sink.bytes[1].length).toBeLessThanOrEqual(given);
          expect(budget.used).toBe(0);
        },
      ),
      RUNS,
    );
  });

  test('what waits is bounded in packets and bytes, and the bounds are counted', () => {
    const [first, , ...rest] = segmentsOf([{ side: 0, size: 200 * 1000 }], [1000]) as [Segment, Segment, ...Segment[]];
    const budget: StreamBudget = { used: 0, limit: 1 << 20 };
    const sink = new Sink();
    const counters = createAnomalyCounters();
    const pair = new StreamPair(sink, budget, counters);
    pair.open(0, 0);
    let most = 0;
    for (const [packet, s] of [first, ...rest].entries()) {
      pair.push(0, s.at, 0, false, s.bytes, 0, 1000, 1000, { input: 0, packet, time: packet, shift: 0 });
      most = Math.max(most, budget.used);
    }
    expect(most).toBeLessThanOrEqual(25 * 1000);
    expect(counters[Anomaly['stream.reorder_overflow']]).toBe(1);
    expect(sink.gaps).toEqual([{ side: 0, lost: 1000 }]);
    expect(sink.counts[0]).toBe(200 * 1000);
  });

  test('a jump far away is another connection over the same ports', () => {
    const old = segmentsOf([{ side: 0, size: 30 }], [30]);
    const { sink } = run([...old, ...old.map((s) => ({ ...s, at: s.at + (1 << 26) }))]);
    expect(sink.bytes[0]).toEqual([...streams(old)[0], ...streams(old)[0]]);
    expect(sink.gaps).toEqual([{ side: 0, lost: -1 }]);
  });
});
