/** What must be in the state at every checkpoint, because it cannot be had again soon. */
import { createSocket } from 'node:dgram';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CollectorInputConfig } from '../../src/daemon/config/types.ts';
import { InlineHost } from '../../src/daemon/engine/host.ts';
import { Feeds } from '../../src/daemon/feeds.ts';
import { createCollectorInput } from '../../src/daemon/inputs/collector.ts';
import { listFiles } from '../../src/daemon/inputs/spool-file.ts';
import { SpoolStore } from '../../src/daemon/inputs/spool-store.ts';
import { Point } from '../../src/daemon/points.ts';
import { Collector } from '../../src/flowrecord/collector.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';
import {
  data,
  ipfix,
  Kept,
  optionsTemplate,
  PLAIN,
  plain,
  TIME,
  template,
  uint,
} from '../flowrecord/netflow-builder.ts';
import { FakeContext } from './inputs/fake-context.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('templates of exporters', () => {
  const samplerTemplate = optionsTemplate(400, [[10, 4]], [[34, 4]]);

  test('are marked as new once, and so are sampling rates', () => {
    const options = {
      exporters: ['192.0.2.1'],
      protocols: ['ipfix'],
      samplingRate: null,
      templateTimeout: 60e6,
    } as const;
    const collector = new Collector(options);
    const sink = new Kept();
    const take = (...sets: number[][]): number => {
      const message = ipfix(sets);
      collector.onDatagram(message, 0, message.length, '192.0.2.1', 4739, TIME, sink);
      return collector.changes;
    };
    const none = collector.changes;
    const one = take(template(300, PLAIN));
    expect(one).not.toBe(none);
    expect(take(template(300, PLAIN), data(300, plain()))).toBe(one);
    const two = take(samplerTemplate);
    const rated = take(data(400, [...uint(1, 4), ...uint(100, 4)]));
    expect(rated).not.toBe(two);
    expect(take(data(400, [...uint(1, 4), ...uint(100, 4)]))).toBe(rated);
    expect(take(data(400, [...uint(1, 4), ...uint(200, 4)]))).not.toBe(rated);
    expect(sink.records).toHaveLength(1);
  });

  test('are in the very next position', async () => {
    const socket = createSocket('udp4');
    const port = await new Promise<number>((resolve) => {
      socket.bind(0, '127.0.0.1', () => resolve(socket.address().port));
    });
    await new Promise<void>((resolve) => void socket.close(() => resolve()));
    const config: CollectorInputConfig = {
      ...{ kind: 'collector', name: 'flows', point: 'edge', address: '127.0.0.1', port, protocols: ['ipfix'] },
      ...{ exporters: ['127.0.0.1'], samplingRate: null, buffer: 1, templateTimeout: 3600, clockTolerance: 0 },
    };
    const driver = createCollectorInput(config, new FakeContext(), { sink: new Kept(), input: 1, nat: 'none' });
    const sender = createSocket('udp4');
    driver.start(null);
    try {
      const before = driver.position(() => 0);
      expect(driver.position(() => 0)).toBe(before);
      await vi.waitFor(() => {
        sender.send(ipfix([template(300, PLAIN)]), port, '127.0.0.1');
        expect(driver.status().datagrams).toBeGreaterThan(0);
      });
      expect(JSON.stringify(driver.position(() => 0))).toContain('"id":300');
    } finally {
      sender.close();
      await driver.stop();
    }
  });
});

test('packets taken of a capture are known after its end', async () => {
  const limits = { flows: 1024, conversations: 64, reassemblyBytes: 1e6, idleTimeout: 900e6, activeTimeout: 3600e6 };
  const common = { seed: 1, points: [{ name: 'tap', home: [] }], limits, evidence: false };
  const host = new InlineHost({ ...common, signatures: SIGNATURES, endpoints: ENDPOINTS });
  const feeds = new Feeds(
    host,
    () => {
      throw new Error('no records here');
    },
    () => TIME,
    new Map(),
  );
  const bytes = new Uint8Array(readFileSync(join(CAPTURES, 'kaspa.pcap')));
  const whole = feeds.open('capture', 'a', undefined, { point: 'tap', live: false, samplingRate: null });
  await whole.feed(bytes, 0, bytes.length);
  const taken = whole.taken;
  expect(taken).toBeGreaterThan(10);
  await whole.end();
  expect(whole.taken).toBe(taken);
  const rest = feeds.open(
    'capture',
    'a',
    { skip: taken - 3, input: whole.input },
    {
      ...{ point: 'tap', live: false, samplingRate: null },
    },
  );
  await rest.feed(bytes, 0, bytes.length);
  await rest.end();
  expect(rest.taken).toBe(taken);
});

test('names from flow logs stay in the state until this process knows its own', () => {
  const names = { listed: [], others: [], book: null };
  const point = new Point({
    sensor: 's',
    config: Point.plain('logs'),
    limits: { flows: 1024, conversations: 64, reassembly: 1, recordConversations: 1024, keys: 1000 },
    timeouts: { flowIdle: 900, flowActive: 3600, recordConversationIdle: 3600 },
    overload: { enabled: true, lag: 5, leastShare: 0.05 },
    fileOf: () => '?',
    signatures: () => ({ set: SIGNATURES, endpoints: ENDPOINTS }),
    seed: 1,
    reported: [],
    recordNames: names,
  });
  expect(point.exportRecordNames()).toEqual(names);
});

test('a waiting file that was compressed is not lost when a new one gets its inode', async () => {
  const store = new SpoolStore(folder, true);
  const look = async (): Promise<readonly string[]> =>
    (await store.look(await listFiles(folder, () => true), TIME)).vanished;
  const [first, second] = ['trace-1.pcap', 'trace-2.pcap'].map((name) => join(folder, name)) as [string, string];
  copyFileSync(join(CAPTURES, 'kaspa.pcap'), first);
  utimesSync(first, 1_700_000_000, 1_700_000_000);
  expect(await look()).toEqual([]);
  writeFileSync(`${first}.gz`, gzipSync(readFileSync(first)));
  utimesSync(`${first}.gz`, 1_700_000_000, 1_700_000_000);
  renameSync(first, second);
  writeFileSync(second, readFileSync(join(CAPTURES, 'example-city.pcap')));
  expect(await look()).toEqual([]);
  // Without a compressed copy it is.
  mkdirSync(join(folder, 'aside'));
  renameSync(`${first}.gz`, join(folder, 'aside', 'gone'));
  writeFileSync(second, readFileSync(join(CAPTURES, 'kaspa.pcap')));
  expect(await look()).toContain('trace-2.pcap');
});
