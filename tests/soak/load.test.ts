/** The load of a soak is what it is said to be: sound parts are read without a fault, unsound ones are not. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Collector } from '../../src/flowrecord/collector.ts';
import { Random } from '../bench/mix-random.ts';
import { faultsOf } from '../flowrecord/faults-helper.ts';
import { Exporters } from './datagrams.ts';
import { changedPort, portsOf } from './frame-ports.ts';
import { damage, Floods, IdleFlows, Transfers } from './frames.ts';
import { captureFiles, makeTape } from './tape.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const NOW = Date.UTC(2026, 10, 3);

function collector(): {
  readonly take: (bytes: Buffer) => void;
  readonly of: Collector;
  readonly records: () => number;
} {
  let records = 0;
  const of = new Collector({
    exporters: ['192.0.2.1'],
    protocols: ['netflow', 'ipfix', 'sflow'],
    samplingRate: null,
    templateTimeout: 3600e6,
    onHeader: () => undefined,
  });
  const sink = {
    onRecord: (): void => {
      records++;
    },
  };
  return {
    take: (bytes) => of.onDatagram(bytes, 0, bytes.length, '192.0.2.1', 4000, NOW * 1000, sink),
    of,
    records: () => records,
  };
}

describe('datagrams', () => {
  test.each(['v5', 'v9', 'ipfix'] as const)('%s is sound', (kind) => {
    const exporters = new Exporters(new Random(1), []);
    const { take, of, records } = collector();
    for (let i = 0; i < 50; i++) take(exporters[kind](NOW + i));
    expect(faultsOf(of.counts)).toEqual({});
    expect(records()).toBe(50 * 24);
    expect(of.counts.gaps).toBe(0);
  });

  test('sflow is sound and shows headers', () => {
    const exporters = new Exporters(new Random(1), [new Uint8Array(60), new Uint8Array(1500)]);
    const { take, of } = collector();
    for (let i = 0; i < 50; i++) take(exporters.sflow());
    expect(faultsOf(of.counts)).toEqual({});
    expect(of.counts.gaps).toBe(0);
  });

  test('a storm is of templates alone, ever new ones', () => {
    const exporters = new Exporters(new Random(1), []);
    const { take, of, records } = collector();
    for (let i = 0; i < 400; i++) take(exporters.storm(NOW));
    expect(records()).toBe(0);
    expect(of.templates).toBeGreaterThan(2000);
    expect(faultsOf(of.counts)).toEqual({});
  });

  test('what lies and what is noise is found out', () => {
    const exporters = new Exporters(new Random(1), [new Uint8Array(60)]);
    const { take, of } = collector();
    for (let i = 0; i < 300; i++) {
      take(exporters.lying(NOW));
      take(exporters.garbage());
    }
    const faults = faultsOf(of.counts);
    expect(faults['unknown_version']).toBeGreaterThan(0);
    expect(faults['bad_length'] ?? 0).toBeGreaterThan(0);
    expect(faults['truncated']).toBeGreaterThan(0);
  });

  test('the same seed gives the same bytes', () => {
    const all = (): Buffer => {
      const exporters = new Exporters(new Random(7), []);
      return Buffer.concat([exporters.v5(NOW), exporters.lying(NOW), exporters.garbage(), exporters.storm(NOW)]);
    };
    expect(all().equals(all())).toBe(true);
  });
});

describe('tapes', () => {
  const files = captureFiles([CAPTURES]);

  test('holds every frame once, in order, within its time', () => {
    const tape = makeTape(files, 20e6, 30e6);
    let before = 0;
    for (const { time } of tape.frames) {
      expect(time).toBeGreaterThanOrEqual(before);
      before = time;
    }
    expect(tape.length).toBeLessThanOrEqual(20e6);
    expect(tape.frames.length).toBeGreaterThan(10_000);
    const slow = makeTape(files, 900e6, 30e6);
    expect(slow.frames.length).toBe(tape.frames.length);
    expect(slow.length).toBeGreaterThan(300e6);
  });

  test('knows the ports of clients, and gives each repetition another one', () => {
    const { bytes, frames } = makeTape([join(CAPTURES, 'kaspa.pcap')], 20e6, 30e6);
    const ports = frames.map(({ offset, port }) => (port < 0 ? -1 : bytes.readUInt16BE(offset + port)));
    expect(new Set(ports).size).toBe(1);
    const [own = 0] = ports;
    expect(own).toBeGreaterThan(1024);
    const others = Array.from({ length: 199 }, (_, step) => changedPort(own, step));
    expect(new Set(others).size).toBe(199);
    expect(others[0]).toBe(own);
    expect(others.every((port) => port >= 1024 && port < 65_536)).toBe(true);
  });

  test('any bytes in, an offset within the frame or none out', () => {
    const random = new Random(3);
    for (let i = 0; i < 2000; i++) {
      const frame = Buffer.alloc(random.below(120));
      for (let at = 0; at < frame.length; at++) frame[at] = random.next() & 0xff;
      if (frame.length > 15) frame.writeUInt16BE([0x0800, 0x86dd, 0x8100][i % 3] ?? 0, 12);
      const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
      const port = portsOf(view, 0, frame.length, new Map());
      expect(port === -1 || (port >= 14 && port + 2 <= frame.length)).toBe(true);
    }
  });
});

describe('frames', () => {
  const block = Buffer.alloc(4096);

  test('a flood is of many flows, a transfer of long ones, idle connections come again', () => {
    const random = new Random(5);
    const [floods, transfers, idle] = [new Floods(random), new Transfers(random), new IdleFlows()];
    const flow = (length: number): string => block.toString('hex', 26, Math.min(length, 38));
    const count = (write: () => number, times: number): number =>
      new Set(Array.from({ length: times }, () => flow(write()))).size;
    expect(count(() => floods.write(block, 0), 1000)).toBeGreaterThan(990);
    // Both directions of the same 2,000.
    expect(count(() => transfers.write(block, 0), 20_000)).toBeLessThan(4100);
    idle.due(0).next();
    const first = [...idle.due(0), ...idle.due(IdleFlows.every)];
    expect(first).toHaveLength(IdleFlows.count);
    idle.write(block, 0, 3);
    const one = flow(54);
    idle.write(block, 0, 3 + IdleFlows.count);
    expect(flow(54)).toBe(one);
  });

  test('damage never makes a frame longer', () => {
    const random = new Random(9);
    for (let i = 0; i < 1000; i++) {
      const length = random.below(1500);
      const after = damage(block, 0, length, random);
      expect(after).toBeLessThanOrEqual(length);
      expect(after).toBeGreaterThanOrEqual(0);
    }
  });
});
