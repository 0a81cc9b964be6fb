import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Collector, type CollectorOptions } from '../../src/flowrecord/collector.ts';
import { RECORD_FAULTS, type RecordSink } from '../../src/flowrecord/record.ts';
import { MAX_DOMAIN_TEMPLATES } from '../../src/flowrecord/templates.ts';
import * as b from './netflow-builder.ts';

function collector(options: Partial<CollectorOptions> = {}): Collector {
  return new Collector({
    exporters: ['203.0.113.0/24', '2001:db8::7'],
    protocols: ['netflow', 'ipfix', 'sflow'],
    samplingRate: null,
    templateTimeout: 600e6,
    ...options,
  });
}
const NOBODY: RecordSink = { onRecord: () => {} };
function send(
  to: Collector,
  bytes: Uint8Array,
  sink: RecordSink = NOBODY,
  address: string = '203.0.113.1',
  time: number = b.TIME,
): void {
  to.onDatagram(bytes, 0, bytes.length, address, 4739, time, sink);
}
const TEMPLATE = b.ipfix([b.template(256, b.PLAIN)]);
const DATA = b.ipfix([b.data(256, b.plain())]);

describe('who may send', () => {
  test('only what is listed, in any spelling; the rest is a counter', () => {
    const c = collector();
    for (const address of ['203.0.113.9', '::ffff:203.0.113.9', '2001:db8::7', '2001:db8:0::7%eth0'])
      send(c, TEMPLATE, NOBODY, address);
    for (const address of ['203.0.114.1', '2001:db8::8', '::ffff:10.0.0.1', 'nonsense', '', '203.0.114.1'])
      send(c, TEMPLATE, NOBODY, address);
    expect(c.counts.datagrams).toBe(4);
    expect(b.faultsOf(c.counts)).toEqual({ not_allowed: 6 });
    expect(c.exporters().map(({ address }) => address)).toEqual(['203.0.113.9', '2001:db8::7']);
  });

  test('a list that cannot be read is told in one line', () => {
    expect(() => collector({ exporters: ['router1'] })).toThrow(/exporter "router1" is no address and no prefix/);
    expect(() => collector({ exporters: ['10.0.0.0/33'] })).toThrow(RangeError);
    const all = collector({ exporters: ['0.0.0.0/0', '::ffff:10.1.0.0/112'] });
    send(all, TEMPLATE, NOBODY, '192.0.2.200');
    expect(all.counts.datagrams).toBe(1);
  });

  test('only protocols that are asked for', () => {
    const c = collector({ protocols: ['sflow'] });
    for (const bytes of [TEMPLATE, b.v9([]), b.v5([b.v5Record(1)]), b.uint(99, 4)]) send(c, Uint8Array.from(bytes));
    expect(b.faultsOf(c.counts)).toEqual({ unknown_version: 4 });
  });

  test('no more exporters than there is room for, until one has been silent', () => {
    const c = collector({ exporters: ['10.0.0.0/8'], maxExporters: 3 });
    for (let i = 1; i <= 5; i++) send(c, TEMPLATE, NOBODY, `10.0.0.${i}`);
    expect(c.exporters()).toHaveLength(3);
    expect(b.faultsOf(c.counts)).toEqual({ exporter_limit: 2 });
    for (const i of [2, 3]) send(c, TEMPLATE, NOBODY, `10.0.0.${i}`, b.TIME + 500e6);
    send(c, TEMPLATE, NOBODY, '10.0.0.9', b.TIME + 601e6);
    expect(c.exporters().map(({ address }) => address)).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.9']);
    expect(c.templates).toBe(3);
  });

  test('ten thousand strangers leave nothing behind', () => {
    const c = collector();
    for (let i = 0; i < 10_000; i++) send(c, TEMPLATE, NOBODY, `10.${i >> 8}.${i & 255}.1`);
    expect([c.counts.datagrams, c.exporters().length, c.templates]).toEqual([0, 0, 0]);
    expect(b.faultsOf(c.counts)).toEqual({ not_allowed: 10_000 });
  });
});

describe('templates', () => {
  test('belong to their exporter and domain', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, TEMPLATE);
    send(c, DATA, sink, '203.0.113.2');
    send(c, b.ipfix([b.data(256, b.plain())], { domain: 2 }), sink);
    expect(sink.records).toHaveLength(0);
    send(c, DATA, sink);
    expect(sink.last).toMatchObject({ exporter: 1, number: 1 });
  });

  test('cannot be withdrawn over UDP', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, TEMPLATE);
    send(c, b.ipfix([b.set(2, b.uint(256 * 65536, 4)), b.set(2, b.uint(2 * 65536, 4))]));
    send(c, DATA, sink);
    expect(sink.records).toHaveLength(1);
  });

  test('a storm stays bounded and leaves those in use alone', () => {
    const c = collector({ maxTemplates: 1000 });
    const sink = new b.Kept();
    send(c, TEMPLATE);
    send(c, DATA, sink);
    for (let i = 0; i < 5000; i++) {
      const fields = b.PLAIN.slice(0, 3 + (i % 7));
      send(c, b.ipfix([b.template(257 + i, fields)]));
      send(c, b.ipfix([b.template(257, fields)], { domain: i + 5 }), NOBODY, `203.0.113.${2 + (i % 200)}`);
      expect(c.templates).toBeLessThanOrEqual(1000);
    }
    send(c, DATA, sink);
    expect(sink.records).toHaveLength(2);
    expect(c.exporters()[0]?.templates).toBeLessThanOrEqual(MAX_DOMAIN_TEMPLATES);
    expect(b.faultsOf(c.counts)['template_limit']).toBeGreaterThan(4000);
  });
});

describe('state', () => {
  test('templates and sampling survive a restart, as JSON', () => {
    const before = collector();
    send(before, TEMPLATE);
    const sampled = [b.optionsTemplate(300, [[302, 8]], [[34, 4]]), b.data(300, [...b.uint(5, 8), ...b.uint(99, 4)])];
    send(before, b.ipfix(sampled));
    send(before, b.v9([b.template(260, b.PLAIN, 0)]));
    const state: unknown = JSON.parse(JSON.stringify(before.exportState()));
    const after = collector();
    after.importState(state);
    expect(after.exportState()).toEqual(before.exportState());
    const sink = new b.Kept();
    send(after, DATA, sink);
    expect(sink.last).toMatchObject({ samplingRate: 99, sourcePort: 40_000 });
    const late = collector();
    late.importState(state);
    send(late, DATA, sink, '203.0.113.1', b.TIME + 601e6);
    expect(sink.records).toHaveLength(1);
  });

  test('of exporters no longer listed, or hostile, is left out', () => {
    const before = collector();
    send(before, TEMPLATE);
    const other = collector({ exporters: ['10.0.0.1'] });
    other.importState(JSON.parse(JSON.stringify(before.exportState())));
    expect([other.exporters(), other.templates]).toEqual([[], 0]);
    const state = JSON.parse(JSON.stringify(before.exportState()));
    const domain = state.exporters[0].peers[0].domains[0];
    domain.templates.push({ ...domain.templates[0], id: 300, fields: [0, 8, 0] }, { id: 301 }, null, 'x');
    domain.templates.push({ ...domain.templates[0], id: 302, fields: [0, 8] }, { ...domain.templates[0], id: 5 });
    const c = collector();
    c.importState(state);
    expect(c.templates).toBe(1);
    expect(() => {
      for (const bad of [null, 7, 'x', [], {}, { version: 2, exporters: [] }, { version: 1, exporters: [null, {}] }])
        c.importState(bad);
    }).not.toThrow();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => c.importState({ version: 1, exporters: [value] })),
      { numRuns: 200 },
    );
    expect(c.templates).toBe(1);
  });
});

describe('sFlow', () => {
  const header = Array<number>(60).fill(0);
  const raw = [...b.uint(1, 4), ...b.uint(1500, 4), ...b.uint(4, 4), ...b.uint(header.length, 4), ...header];
  const record = [...b.uint(1, 4), ...b.uint(raw.length, 4), ...raw];
  const sample = [
    ...[...b.uint(1, 4), ...b.uint(3, 4), ...b.uint(512, 4), ...b.uint(512, 4), ...b.uint(0, 4), ...b.uint(1, 4)],
    ...[...b.uint(2, 4), ...b.uint(1, 4), ...record],
  ];
  const datagram = (sequence: number): Uint8Array =>
    Uint8Array.from([
      ...[...b.uint(5, 4), ...b.uint(1, 4), ...b.ip4('203.0.113.1'), ...b.uint(0, 4), ...b.uint(sequence, 4)],
      ...[...b.uint(1000, 4), ...b.uint(1, 4), ...b.uint(1, 4), ...b.uint(sample.length, 4), ...sample],
    ]);

  test('sampled headers are handed on with their rate; datagrams are counted', () => {
    const seen: number[][] = [];
    const c = collector({
      onHeader: (_, off, end, linkType, originalLength, rate, time) =>
        seen.push([end - off, linkType, originalLength, rate, time]),
    });
    for (const sequence of [1, 2, 5]) send(c, datagram(sequence));
    c.finish();
    expect(seen).toEqual(Array(3).fill([60, 1, 1496, 512, b.TIME]));
    expect(c.counts).toMatchObject({ lost: 2, gaps: 1, datagrams: 3 });
    expect(c.exporters()).toMatchObject([{ protocol: 'sflow5', lost: 2 }]);
  });
});

test('is total: any datagram, any mutation', () => {
  const seeds = [
    TEMPLATE,
    DATA,
    b.v5([b.v5Record(1), b.v5Record(2)]),
    b.v9([b.template(256, b.PLAIN, 0), b.data(256, b.plain())]),
  ];
  seeds.push(
    b.v9([
      b.v9Options(
        400,
        [[1, 4]],
        [
          [48, 1],
          [50, 4],
        ],
      ),
      b.data(400, [...b.uint(0, 4), 3, ...b.uint(9, 4)]),
    ]),
  );
  const c = collector();
  const sink = new b.Kept();
  const mutated = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.nat(200),
    )
    .map(([seed, changes, cut]) => {
      const bytes = seed.slice(0, Math.max(0, seed.length - (cut > 150 ? cut - 150 : 0)));
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      return bytes;
    });
  const garbage = fc
    .tuple(fc.constantFrom(5, 9, 10, 0), fc.uint8Array({ maxLength: 120 }))
    .map(([version, rest]) => Uint8Array.from([0, version, ...rest]));
  fc.assert(
    fc.property(fc.oneof(mutated, garbage, fc.uint8Array({ maxLength: 40 })), fc.nat(9), (bytes, pad) => {
      // Inside a larger buffer, so that a read past the end would be seen in the records.
      const room = new Uint8Array(bytes.length + 2 * pad).fill(0xee);
      room.set(bytes, pad);
      sink.records.length = 0;
      c.onDatagram(room, pad, pad + bytes.length, '203.0.113.1', 1, b.TIME, sink);
      for (const r of sink.records)
        expect(Number.isFinite(r.start + r.end + r.packets + r.bytes) && r.end >= r.start && r.samplingRate >= 1).toBe(
          true,
        );
      expect(sink.records.length).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 5000 },
  );
  expect(c.templates).toBeLessThanOrEqual(8192);
});

test('every fault has its line in docs/flow-records.md, in the order of the code', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/flow-records.md'), 'utf8');
  expect([...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual([...RECORD_FAULTS]);
});
