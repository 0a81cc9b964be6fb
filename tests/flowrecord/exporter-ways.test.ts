/** What single exporters do otherwise than their format says, or as few others do. */
import { describe, expect, test } from 'vitest';
import { Collector } from '../../src/flowrecord/collector.ts';
import * as b from './netflow-builder.ts';

function collector(samplingRate: number | null = null): Collector {
  return new Collector({ exporters: ['203.0.113.0/24'], protocols: ['netflow'], samplingRate, templateTimeout: 600e6 });
}
function send(to: Collector, bytes: Uint8Array, sink: b.Kept): void {
  to.onDatagram(bytes, 0, bytes.length, '203.0.113.1', 2055, b.TIME, sink);
}

describe('templates of NetFlow v9', () => {
  test('a field of varying length, as H3C NetStream has it (RFC 7011 §7)', () => {
    const sink = new b.Kept();
    const c = collector();
    const fields: b.FieldSpec[] = [...b.PLAIN.slice(0, 5), [2, 4], [1, 4], [22, 4], [21, 4], [96, 65_535]];
    const head = (port: number): number[] => [...b.plain(port).slice(0, 13), ...b.uint(100, 4), ...b.uint(8000, 4)];
    const record = (port: number, name: readonly number[]): number[] => [
      ...[...head(port), ...b.uint(90_000, 4), ...b.uint(95_000, 4)],
      ...name,
    ];
    const long = Array<number>(300).fill(0x61);
    const records = b.data(
      3281,
      record(1, [3, 0x61, 0x62, 0x63]),
      record(2, [0]),
      record(3, [255, ...b.uint(300, 2), ...long]),
      record(4, [0]),
      // Padding.
      [0, 0, 0],
    );
    send(c, b.v9([b.template(3281, fields, 0), records]), sink);
    expect(sink.records.map((r) => [r.sourcePort, r.packets, r.bytes, r.start, r.end])).toEqual(
      [1, 2, 3, 4].map((port) => [port, 100, 8000, b.TIME - 10e6, b.TIME - 5e6]),
    );
    // One that passes the end of its set.
    send(c, b.v9([b.data(3281, record(5, [9, 0x61]))], { sequence: 1 }), sink);
    expect(sink.records).toHaveLength(4);
    expect(b.faultsOf(c.counts)).toEqual({ bad_length: 1 });
  });

  test('options with a scope of no length, as Juniper SRX sends them', () => {
    const c = collector(7);
    const sink = new b.Kept();
    // Sample of the exporter (logstash-codec-netflow): options template, its data, template of flows.
    const sets = [
      '00090003d4976276583cca24000001520000008e',
      '000100180100000400080001000000230001002200040000',
      '0100000c0200000001000000',
      '0000005c0101001500080004000c0004000500010004000100070002000b000200200002000a000400090001000d',
      '000100100004001100040012000400060001000e0004000f000400010004000200040016000400150004003c0001',
    ];
    const bytes = Uint8Array.from(Buffer.from(sets.join(''), 'hex'));
    send(c, bytes, sink);
    expect([c.templates, b.faultsOf(c.counts)]).toEqual([2, {}]);
    expect(c.exportState()).toMatchObject({ exporters: [{ peers: [{ domains: [{ rate: 1 }] }] }] });
    bytes.set([0x03, 0xe8], 20 + 24 + 4 + 3);
    send(c, bytes, sink);
    expect(c.exportState()).toMatchObject({ exporters: [{ peers: [{ domains: [{ rate: 1000 }] }] }] });
  });

  test('fields of no length are nothing; records of no length are refused, for they would never end', () => {
    const sink = new b.Kept();
    const c = collector();
    const fields: b.FieldSpec[] = [[2, 0], [48, 0], ...b.ADDRESSES, [1, 0]];
    const empty: b.FieldSpec[] = [
      [8, 0],
      [12, 0],
      [2, 0],
    ];
    send(c, b.v9([b.template(256, fields, 0), b.data(256, b.addresses(3), b.addresses(4))]), sink);
    expect(sink.records.map((r) => [r.packets, r.bytes, r.destination0])).toEqual([
      [3, 0, 0xc0000202 | 0],
      [4, 0, 0xc0000202 | 0],
    ]);
    send(c, b.v9([b.template(257, empty, 0), b.data(257, [1, 2, 3, 4])], { sequence: 1 }), sink);
    send(c, b.v9([b.v9Options(258, [[1, 0]], [[34, 0]]), b.data(258, [1, 2, 3, 4])], { sequence: 2 }), sink);
    // Hundreds of fields in a record of one byte: a datagram would be read for longer than it is worth.
    const many: b.FieldSpec[] = [...Array<b.FieldSpec>(250).fill([34, 0]), [35, 1]];
    send(c, b.v9([b.v9Options(259, [[1, 0]], many), b.data(259, [1, 2, 3, 4])], { sequence: 3 }), sink);
    expect(b.faultsOf(c.counts)).toEqual({ bad_template: 3, no_template: 3 });
  });
});

describe('fields', () => {
  test('who is the initiator opened it, where counts are told by those names and no direction says otherwise', () => {
    const counts: b.FieldSpec[] = [
      [231, 4],
      [232, 4],
    ];
    const bytes = [...b.uint(100, 4), ...b.uint(200, 4)];
    const ends = b.ADDRESSES.slice(0, 2);
    const read = (fields: readonly b.FieldSpec[], record: readonly number[]): b.Kept =>
      b.readMessages(b.ipfix([b.template(300, fields), b.data(300, record)])).sink;
    const addresses = b.addresses().slice(0, 8);
    expect(read([...ends, ...counts], [...addresses, ...bytes]).last).toMatchObject({
      ...{ source0: 0xc0000201 | 0, packets: 0, bytes: 100, reversePackets: 0, reverseBytes: 200, oriented: true },
    });
    const packets: b.FieldSpec[] = [
      [298, 4],
      [299, 4],
    ];
    expect(read([...ends, ...packets], [...addresses, ...bytes]).last).toMatchObject({
      ...{ packets: 100, reversePackets: 200, oriented: true },
    });
    expect(read([...ends, ...counts, [239, 1]], [...addresses, ...bytes, 0]).last.oriented).toBe(false);
    expect(read([...ends, ...counts.slice(0, 1)], [...addresses, ...b.uint(100, 4)]).last.oriented).toBe(false);
    expect(read([...ends, [1, 4], ...packets], [...addresses, ...bytes, ...bytes.slice(0, 4)]).last.oriented).toBe(
      false,
    );
    // Counts of the flow itself beside them, or an event of a firewall (Palo Alto), say nothing of who opened it.
    const usual: b.FieldSpec[] = [...ends, [1, 4], [2, 4], ...counts, ...packets, [233, 1]];
    expect(read(usual, [...addresses, ...bytes, ...bytes, ...bytes, 2]).last.oriented).toBe(false);
  });

  test('IPv4-mapped addresses are IPv4 where both ends are', () => {
    const fields: b.FieldSpec[] = [
      [27, 16],
      [28, 16],
      [2, 4],
    ];
    const mapped = (text: string): number[] => [...b.uint(0xffff, 12), ...b.ip4(text)];
    const [a, z] = ['10.0.0.5', '198.51.100.9'];
    const records = [
      [...mapped(a), ...mapped(z), ...b.uint(1, 4)],
      [...b.ip6(5), ...b.ip6(6), ...b.uint(2, 4)],
      [...mapped(a), ...b.ip6(6), ...b.uint(3, 4)],
      // "IPv4-compatible" addresses are none.
      [...b.uint(0, 12), ...b.ip4(a), ...b.uint(0, 12), ...b.ip4(z), ...b.uint(4, 4)],
    ];
    const { sink } = b.readMessages(b.ipfix([b.template(300, fields), b.data(300, ...records)]));
    const words = sink.records.map((r) => [
      ...[r.ipVersion, r.source0, r.source1, r.source2, r.source3],
      ...[r.destination0, r.destination1, r.destination2, r.destination3],
    ]);
    const [source, destination] = [0x0a000005, 0xc6336409 | 0];
    expect(words).toEqual([
      [4, source, 0, 0, 0, destination, 0, 0, 0],
      [6, 0x20010db8, 0, 0, 5, 0x20010db8, 0, 0, 6],
      [6, 0, 0, 0xffff, source, 0x20010db8, 0, 0, 6],
      [6, 0, 0, 0, source, 0, 0, 0, destination],
    ]);
    const both: b.FieldSpec[] = [[60, 1], [8, 4], [12, 4], ...fields];
    const record = [6, ...b.uint(0, 8), ...mapped(a), ...mapped(z), ...b.uint(1, 4)];
    const other = b.readMessages(b.ipfix([b.template(300, both), b.data(300, record)])).sink.last;
    expect([other.ipVersion, other.source0, other.destination0, other.destination3]).toEqual([
      4,
      source,
      destination,
      0,
    ]);
  });
});
