import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IpfixReader } from '../../src/flowrecord/ipfix-file.ts';
import * as b from './netflow-builder.ts';

const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('files', () => {
  const FILE = join(
    b.ipfix([b.template(256, b.PLAIN), b.data(256, b.plain(1), b.plain(2))]),
    b.ipfix([b.data(256, b.plain(3))], { sequence: 2 }),
    b.ipfix([b.template(256, b.PLAIN), b.data(256, b.plain(4))], { domain: 9 }),
  );
  test('in pieces of any size', () => {
    for (let size = 1; size <= FILE.length; size += size < 40 ? 1 : 37) {
      const reader = new IpfixReader();
      const sink = new b.Kept();
      for (let at = 0; at < FILE.length; at += size) reader.feed(FILE, at, Math.min(FILE.length, at + size), sink);
      reader.finish(sink);
      expect(sink.records.map((r) => r.sourcePort)).toEqual([1, 2, 3, 4]);
      expect([reader.damage, b.faultsOf(reader.counts)]).toEqual([null, {}]);
    }
  });

  test('cut off anywhere: what came before stands, the place is told', () => {
    for (let cut = 0; cut < FILE.length; cut++) {
      const { sink, reader } = b.readMessages(FILE.subarray(0, cut));
      const starts = [0];
      for (let at = 0; at < FILE.length; at += (FILE[at + 2]! << 8) | FILE[at + 3]!) starts.push(at);
      const whole = starts.includes(cut);
      expect(reader.damage?.offset ?? null).toBe(whole ? null : Math.max(...starts.filter((s) => s < cut)));
      expect(sink.records.length).toBe(cut < starts[2]! ? 0 : cut < starts[3]! ? 2 : 3);
    }
  });

  test('what is no IPFIX fails at once; later it is damage', () => {
    const text = new TextEncoder().encode('{"type":"FLOW","sampled":1}');
    expect(b.readMessages(text).reader.failure).toMatch(/^not IPFIX: at byte 0 a message of version 31522 /);
    const { reader, sink } = b.readMessages(join(FILE, text));
    expect([reader.failure, reader.damage?.offset, sink.records.length]).toEqual([null, FILE.length, 4]);
    expect(b.readMessages(Uint8Array.from([0, 10, 0, 15, ...Array<number>(20).fill(0)])).reader.failure).toMatch(
      /15 bytes/,
    );
  });

  test('withdrawals: one, all of flows, all of options', () => {
    const known = b.ipfix([
      b.template(256, b.PLAIN),
      b.template(257, b.PLAIN),
      b.optionsTemplate(300, [[149, 4]], [[34, 4]]),
    ]);
    const withdraw = (id: number, set: number = 2): Uint8Array => b.ipfix([b.set(set, b.uint(id * 65536, 4))]);
    expect(b.readMessages(known).reader.templates).toBe(3);
    expect(b.readMessages(known, withdraw(256)).reader.templates).toBe(2);
    expect(b.readMessages(known, withdraw(2)).reader.templates).toBe(1);
    expect(b.readMessages(known, withdraw(3, 3)).reader.templates).toBe(2);
    expect(b.faultsOf(b.readMessages(known, withdraw(999)).reader.counts)).toEqual({});
  });

  test('sequence counts data records, and restarts are none lost', () => {
    const at = (sequence: number): Uint8Array => b.ipfix([b.data(256, b.plain(), b.plain())], { sequence });
    const first = b.ipfix([b.template(256, b.PLAIN)], { sequence: 100 });
    expect(b.readMessages(first, at(100), at(102), at(110)).reader.counts).toMatchObject({
      lost: 6,
      gaps: 1,
      restarts: 0,
    });
    expect(b.readMessages(first, at(100), at(102), at(0), at(2), at(4)).reader.counts).toMatchObject({
      lost: 0,
      restarts: 1,
    });
  });

  test('is total: any bytes, any mutation, cut into any pieces', () => {
    const seeds = [
      FILE,
      b.ipfix([b.template(256, [...b.ADDRESSES, [82, 65535]]), b.data(256, [...b.addresses(), 3, 1, 2, 3])]),
      b.ipfix([b.optionsTemplate(300, [[302, 65535]], [[34, 4]]), b.data(300, [2, 1, 1, ...b.uint(9, 4)])]),
    ];
    const mutated = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      )
      .map(([seed, changes]) => {
        const bytes = seed.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated),
        fc.integer({ min: 1, max: 99 }),
        (bytes, size) => {
          const whole = b.readMessages(bytes);
          const reader = new IpfixReader();
          const sink = new b.Kept();
          for (let at = 0; at < bytes.length; at += size)
            reader.feed(bytes, at, Math.min(at + size, bytes.length), sink);
          reader.finish(sink);
          expect(sink.records).toEqual(whole.sink.records);
          expect([reader.damage, reader.counts]).toEqual([whole.reader.damage, whole.reader.counts]);
          for (const r of sink.records) {
            expect(Number.isFinite(r.start + r.end + r.packets + r.bytes + r.samplingRate)).toBe(true);
            expect(r.end >= r.start && r.samplingRate >= 1 && r.packets >= 0 && r.bytes >= 0).toBe(true);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
