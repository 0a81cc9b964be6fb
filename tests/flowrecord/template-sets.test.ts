/** Templates and sets that are not as they should be, in both formats. */
import { describe, expect, test } from 'vitest';
import { Collector } from '../../src/flowrecord/collector.ts';
import * as b from './netflow-builder.ts';

function told(...messages: readonly Uint8Array[]): { readonly templates: number; readonly faults: object } {
  const protocols = ['netflow', 'ipfix'] as const;
  const c = new Collector({ exporters: ['203.0.113.1'], protocols, samplingRate: null, templateTimeout: 600e6 });
  for (const bytes of messages) c.onDatagram(bytes, 0, bytes.length, '203.0.113.1', 2055, b.TIME, new b.Kept());
  return { templates: c.templates, faults: b.faultsOf(c.counts) };
}
const words = (...numbers: readonly number[]): number[] => numbers.flatMap((n) => b.uint(n, 2));
/** A template of one field, as it stands in a set of each kind. */
const FIELD = words(8, 4);
const GOOD = {
  v9: words(256, 1, 8, 4),
  'v9 options': words(256, 4, 4, 1, 4, 34, 4),
  ipfix: words(256, 1, 8, 4),
  'ipfix options': words(256, 2, 1, 149, 4, 34, 4),
} as const;
type Kind = keyof typeof GOOD;
const KINDS = Object.keys(GOOD) as Kind[];
/** A message with one set of this kind, of these bytes. */
function message(kind: Kind, ...templates: readonly (readonly number[])[]): Uint8Array {
  const id = { v9: 0, 'v9 options': 1, ipfix: 2, 'ipfix options': 3 }[kind];
  const set = b.set(id, templates.flat());
  return kind.startsWith('v9') ? b.v9([set]) : b.ipfix([set]);
}
const many = (kind: Kind): number[] => {
  const fields = Array<number[]>(257).fill(FIELD).flat();
  if (kind === 'v9 options') return [...words(300, 4, 256 * 4), ...fields];
  return [...words(300, 257, ...(kind === 'ipfix options' ? [1] : [])), ...fields];
};

describe('templates', () => {
  test.each(KINDS)(
    '%s: one; one of too many fields is passed over; cut off or of a small number, the set ends',
    (kind) => {
      const good = GOOD[kind];
      expect(told(message(kind, good))).toEqual({ templates: 1, faults: {} });
      expect(told(message(kind, many(kind), good))).toEqual({ templates: 1, faults: { bad_template: 1 } });
      expect(told(message(kind, words(255), good.slice(2), good))).toEqual({
        templates: 0,
        faults: { bad_template: 1 },
      });
      const head = kind === 'v9 options' ? 6 : 4;
      for (let cut = head; cut < good.length; cut++) {
        expect(told(message(kind, good.slice(0, cut)))).toEqual({ templates: 0, faults: { bad_template: 1 } });
      }
      for (let cut = 0; cut < head; cut++) expect(told(message(kind, good.slice(0, cut))).faults).toEqual({});
    },
  );

  test.each(KINDS)('%s: zeros behind the last one are padding', (kind) => {
    for (let zeros = 0; zeros < 8; zeros++) {
      expect(told(message(kind, GOOD[kind], Array(zeros).fill(0)))).toEqual({ templates: 1, faults: {} });
    }
  });

  test.each<[string, Kind, readonly number[], number, object]>([
    ['a v9 field without length, alone, is passed over', 'v9', words(300, 1, 8, 0), 1, { bad_template: 1 }],
    ['a v9 field without length beside another', 'v9', words(300, 2, 8, 0, 12, 4), 2, {}],
    ['an IPFIX field without length, alone, is passed over', 'ipfix', words(300, 1, 8, 0), 1, { bad_template: 1 }],
    ['an IPFIX field without length beside another', 'ipfix', words(300, 2, 8, 0, 12, 4), 2, {}],
    ['v9 options of no length at all', 'v9 options', words(300, 4, 4, 1, 0, 34, 0), 1, { bad_template: 1 }],
    ['v9 options with a scope of no length', 'v9 options', words(300, 4, 4, 1, 0, 34, 4), 2, {}],
    ['IPFIX options with a scope of no length', 'ipfix options', words(300, 2, 1, 149, 0, 34, 4), 2, {}],
    ['a v9 field of varying length', 'v9', words(300, 1, 96, 65_535), 2, {}],
    ['v9 without fields ends the set', 'v9', words(300, 0), 0, { bad_template: 1 }],
    ['v9 options without fields end the set', 'v9 options', words(300, 0, 0), 0, { bad_template: 1 }],
    ['v9 options without scope', 'v9 options', words(300, 0, 4, 34, 4), 2, {}],
    ['v9 scope of an odd size ends the set', 'v9 options', words(300, 2, 4, 1, 34, 4), 0, { bad_template: 1 }],
    ['v9 options of an odd size end the set', 'v9 options', words(300, 4, 2, 1, 4, 34), 0, { bad_template: 1 }],
    ['IPFIX options without scope end the set', 'ipfix options', words(300, 1, 0, 34, 4), 0, { bad_template: 1 }],
    ['IPFIX options with too much scope end the set', 'ipfix options', words(300, 1, 2, 34, 4), 0, { bad_template: 1 }],
    ['an IPFIX withdrawal is not heeded over UDP', 'ipfix', words(256, 0), 1, {}],
    ['nor that of options', 'ipfix options', words(256, 0), 1, {}],
    ['the number of an enterprise is cut off', 'ipfix', words(300, 2, 8, 4, 0x8001, 4), 0, { bad_template: 1 }],
  ])('%s', (_, kind, first, templates, faults) => {
    // The number of an enterprise would be read from what follows.
    const rest = templates === 0 && first.length === 12 && kind === 'ipfix' ? [] : GOOD[kind];
    expect(told(message(kind, first, rest))).toEqual({ templates, faults });
  });
});

describe('sets', () => {
  const overlong = [...words(256, 400), 1, 2, 3, 4];
  const short = [...words(256, 3), 1, 2, 3, 4];

  test('longer than what is left, or shorter than their own head', () => {
    expect(told(b.v9([overlong])).faults).toEqual({ truncated: 1 });
    expect(told(b.ipfix([overlong])).faults).toEqual({ bad_length: 1 });
    for (const of of [b.v9, b.ipfix]) expect(told(of([short])).faults).toEqual({ bad_length: 1 });
  });

  test('what came before, and was not understood, does not hide it', () => {
    expect(told(b.ipfix([b.data(300, b.plain()), overlong])).faults).toEqual({ no_template: 1, bad_length: 1 });
    expect(told(b.v9([b.data(300, b.plain()), overlong])).faults).toEqual({ no_template: 1, truncated: 1 });
  });

  test('in a message cut short the last one is none more', () => {
    const whole = b.ipfix([b.template(256, b.PLAIN), b.data(256, b.plain())]);
    expect(told(whole.subarray(0, whole.length - 1))).toEqual({ templates: 1, faults: { truncated: 1 } });
  });

  test('numbers that mean nothing are passed over', () => {
    expect(told(b.v9([b.set(2, [1, 2]), b.template(256, b.PLAIN, 0)]))).toEqual({
      ...{ templates: 1, faults: { unsupported: 1 } },
    });
    for (const id of [0, 1, 4, 255]) {
      const { templates, faults } = told(b.ipfix([b.set(id, [1, 2]), b.template(256, b.PLAIN)]));
      expect([templates, faults]).toEqual([1, { unsupported: 1 }]);
    }
  });
});

/** Two exporters behind one address, told apart by their ports alone. */
describe('several exporters behind one address', () => {
  const NARROW: readonly b.FieldSpec[] = b.PLAIN;
  // The same fields the other way round: read by the wrong template, they are invented flows.
  const OTHER: readonly b.FieldSpec[] = [...b.PLAIN].reverse();
  const narrow = (port: number): number[] => b.plain(port);
  const other = (port: number): number[] => {
    const bytes = b.plain(port);
    const parts: number[][] = [];
    let at = 0;
    for (const [, length] of b.PLAIN) {
      parts.unshift(bytes.slice(at, at + length));
      at += length;
    }
    return parts.flat();
  };
  const collector = (): Collector =>
    new Collector({ exporters: ['203.0.113.1'], protocols: ['ipfix'], samplingRate: null, templateTimeout: 600e6 });
  const send = (to: Collector, bytes: Uint8Array, sink: b.Kept, port: number, time: number = b.TIME): void =>
    to.onDatagram(bytes, 0, bytes.length, '203.0.113.1', port, time, sink);
  const ports = (sink: b.Kept): number[] => sink.records.map((r) => r.sourcePort);

  test('each reads its data by its own template of the same number', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, b.ipfix([b.template(256, NARROW), b.data(256, narrow(1))]), sink, 5000);
    send(c, b.ipfix([b.template(256, OTHER), b.data(256, other(2))]), sink, 6000);
    send(c, b.ipfix([b.data(256, narrow(3))]), sink, 5000);
    send(c, b.ipfix([b.data(256, other(4))]), sink, 6000);
    // One without templates of its own takes those that were there first.
    send(c, b.ipfix([b.data(256, narrow(5))]), sink, 7000);
    expect(ports(sink)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(sink.records.map((r) => r.source0))).toEqual(new Set([0xc000020a | 0]));
    // Over a restart too.
    const again = collector();
    again.importState(JSON.parse(JSON.stringify(c.exportState())));
    const later = new b.Kept();
    send(again, b.ipfix([b.data(256, other(6))]), later, 6000);
    send(again, b.ipfix([b.data(256, narrow(7))]), later, 5000);
    expect(ports(later)).toEqual([6, 7]);
    expect(again.templates).toBe(2);
  });

  test('one that begins again from another port with another layout, and agrees with itself later', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, b.ipfix([b.template(256, NARROW)]), sink, 5000);
    send(c, b.ipfix([b.template(256, OTHER), b.data(256, other(1))]), sink, 5001);
    send(c, b.ipfix([b.template(256, OTHER), b.data(256, other(2))]), sink, 5001);
    expect(c.templates).toBe(2);
    send(c, b.ipfix([b.template(256, NARROW), b.data(256, narrow(3))]), sink, 5001);
    expect(ports(sink)).toEqual([1, 2, 3]);
    expect(c.templates).toBe(1);
    // The same port replaces what it told before.
    send(c, b.ipfix([b.template(256, OTHER), b.data(256, other(4))]), sink, 5000);
    expect([ports(sink).at(-1), c.templates]).toEqual([4, 1]);
  });

  test('a port that sends none takes what was sent last: an exporter that began again, and one whose ports change', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, b.ipfix([b.template(256, NARROW)]), sink, 1001);
    send(c, b.ipfix([b.template(256, OTHER)]), sink, 1002, b.TIME + 1e6);
    send(c, b.ipfix([b.data(256, other(1))]), sink, 1003, b.TIME + 2e6);
    for (let port = 2000; port < 2010; port++) {
      const time = b.TIME + port * 1e5;
      send(c, b.ipfix([b.template(256, OTHER)]), sink, port, time);
      send(c, b.ipfix([b.data(256, other(port))]), sink, port + 5000, time);
    }
    expect(ports(sink)).toEqual([1, ...Array.from({ length: 10 }, (_, i) => 2000 + i)]);
  });

  test('one that changes its template once the other has gone is read by the new one', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, b.ipfix([b.template(256, NARROW)]), sink, 5000);
    send(c, b.ipfix([b.template(256, OTHER)]), sink, 6000, b.TIME + 500e6);
    send(c, b.ipfix([b.template(256, NARROW), b.data(256, narrow(1))]), sink, 6000, b.TIME + 700e6);
    expect([ports(sink), c.templates]).toEqual([[1], 1]);
  });

  test('what nobody refreshes goes, for each port', () => {
    const c = collector();
    const sink = new b.Kept();
    send(c, b.ipfix([b.template(256, NARROW)]), sink, 5000);
    send(c, b.ipfix([b.template(256, OTHER)]), sink, 6000);
    send(c, b.ipfix([b.template(256, OTHER), b.data(256, other(1))]), sink, 6000, b.TIME + 500e6);
    send(c, b.ipfix([b.data(256, other(2))]), sink, 6000, b.TIME + 700e6);
    expect(ports(sink)).toEqual([1, 2]);
    expect(c.templates).toBe(1);
    send(c, b.ipfix([b.data(256, other(3))]), sink, 6000, b.TIME + 1200e6);
    expect([ports(sink), c.templates]).toEqual([[1, 2], 0]);
  });
});
