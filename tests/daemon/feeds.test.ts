/** Ways into the engine: numbers and names of inputs, what an earlier process has worked off, how far live input is behind. */
import { expect, test } from 'vitest';
import type { EngineHost } from '../../src/daemon/engine/host.ts';
import { InlineHost } from '../../src/daemon/engine/host.ts';
import { ShardHost } from '../../src/daemon/engine/shard-host.ts';
import { Feeds } from '../../src/daemon/feeds.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';
import { conversation, writePcap } from '../generate/index.ts';
import { miningMessages } from './mining.ts';
import { FakeWorld } from './world.ts';

const START = 1_714_557_603_000_000;
const CAPTURE = writePcap(
  conversation({
    client: { ip: '192.0.2.7', port: 40_000 },
    server: { ip: '203.0.113.5', port: 3333 },
    start: START,
    messages: miningMessages(10),
  }),
);
const OPTIONS = {
  seed: 7,
  points: [{ name: 'p', home: [] }],
  limits: { flows: 4096, conversations: 4096, reassemblyBytes: 2 ** 24, idleTimeout: 9e8, activeTimeout: 36e8 },
  evidence: false,
  signatures: SIGNATURES,
};
const FILE = { point: 'p', live: false, samplingRate: null } as const;
const LIVE = { ...FILE, live: true };
const HEADER =
  'ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_bytes\tresp_bytes\tconn_state\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes';

function zeek(n: number): string {
  const rows = Array.from({ length: n }, (_, i) =>
    [
      1_700_000_000 + i,
      `C${i}`,
      '192.0.2.1',
      1000 + i,
      '203.0.113.5',
      443,
      'tcp',
      1,
      10,
      10,
      'SF',
      5,
      300,
      5,
      300,
    ].join('\t'),
  );
  return `#separator \\x09\n#fields\t${HEADER}\n${rows.join('\n')}\n`;
}

function feedsOn(host: EngineHost, world: FakeWorld, names: ReadonlyMap<number, string> = new Map()): Feeds {
  const point = world.point('p');
  return new Feeds(host, () => point.records, world.clock, names);
}

function inline(world: FakeWorld, names?: ReadonlyMap<number, string>): { feeds: Feeds; host: InlineHost } {
  const host = new InlineHost({ ...OPTIONS, endpoints: ENDPOINTS });
  return { host, feeds: feedsOn(host, world, names) };
}

test('numbers are never given twice, also not those of an earlier process', async () => {
  const world = new FakeWorld();
  const { feeds } = inline(
    world,
    new Map([
      [3, 'old.pcap'],
      [9, 'older.pcap'],
    ]),
  );
  const a = feeds.open('capture', 'a.pcap', undefined, FILE);
  const resumed = feeds.open('capture', 'old.pcap', { skip: 2, input: 3 }, FILE);
  const far = feeds.open('capture', 'far.pcap', { skip: 0, input: 50 }, FILE);
  expect([a.input, resumed.input, far.input, feeds.number('collector')]).toEqual([10, 3, 50, 51]);
  expect([3, 9, 10, 50, 51, 99].map((n) => feeds.nameOf(n))).toEqual([
    ...['old.pcap', 'older.pcap', 'a.pcap', 'far.pcap', 'collector', '?'],
  ]);
  const { inputs } = feeds.takeFresh();
  expect(inputs.map(([n]) => n)).toEqual([10, 3, 50, 51]);
  expect(feeds.takeFresh().inputs).toEqual([]);
  feeds.number('next');
  feeds.giveBack(inputs);
  expect(feeds.takeFresh().inputs.map(([n]) => n)).toEqual([10, 3, 50, 51, 52]);
});

test('a capture goes on where an earlier process left it', async () => {
  const world = new FakeWorld();
  const whole = inline(world);
  const first = whole.feeds.open('capture', 'a', undefined, FILE);
  await first.feed(CAPTURE, 0, CAPTURE.length);
  const all = first.taken;
  expect(all).toBeGreaterThan(20);
  expect(first.lastTime).toBeGreaterThan(START);
  const rest = inline(world);
  const second = rest.feeds.open('capture', 'a', { skip: all - 5, input: 1 }, FILE);
  await second.feed(CAPTURE, 0, CAPTURE.length);
  expect(second.taken).toBe(all);
  let packets = 0;
  await rest.host.tell(({ points }) => {
    packets = points[0]?.counts.packets ?? 0;
  });
  expect(packets).toBe(5);
  expect((await second.end()).packets).toBe(all);
});

test('a log does, too; names of servers count with records', async () => {
  const world = new FakeWorld();
  const bytes = Buffer.from(zeek(10));
  const point = world.point('p');
  const { host } = inline(world);
  const feeds = new Feeds(host, () => point.records, world.clock, new Map());
  const feed = feeds.open('zeek', 'conn.log', { skip: 4, input: 7 }, FILE);
  await feed.feed(bytes, 0, bytes.length);
  expect(feed.taken).toBe(10);
  expect(feeds.taken(7)).toBe(10);
  expect(point.records.counts().records).toBe(6);
  expect(await feed.end()).toMatchObject({ records: 10, packets: 0, failure: null });
  expect(feeds.taken(7)).toBeNull();
});

test('what is no capture says so once and is stopped', async () => {
  const { feeds } = inline(new FakeWorld());
  const feed = feeds.open('capture', 'x', undefined, FILE);
  const bytes = Buffer.from('this is not a capture at all, but plain text');
  await feed.feed(bytes, 0, bytes.length);
  expect(feed.stopped).toBe(true);
  expect((await feed.end()).failure).toMatch(/\S/);
});

test('how far live input is behind: by the packets that were read last, and only while some come', async () => {
  const world = new FakeWorld();
  const { feeds } = inline(world);
  expect(await feeds.takeLags()).toEqual(new Map());
  const feed = feeds.open('capture', 'eth0', undefined, LIVE);
  await feed.feed(CAPTURE, 0, 24);
  // No packet yet.
  expect(await feeds.takeLags()).toEqual(new Map());
  await feed.feed(CAPTURE, 24, CAPTURE.length);
  // An hour late from the beginning on: a recording, or another clock. What is added to it counts.
  world.now = feed.lastTime + 3600e6;
  await feed.feed(CAPTURE, CAPTURE.length, CAPTURE.length);
  expect(await feeds.takeLags()).toEqual(new Map([['p', 0]]));
  world.now += 3e6;
  await feed.feed(CAPTURE, CAPTURE.length, CAPTURE.length);
  world.now += 50e6;
  expect(await feeds.takeLags()).toEqual(new Map([['p', 3]]));
  expect(await feeds.takeLags()).toEqual(new Map());
  const file = feeds.open('capture', 'file', undefined, FILE);
  await file.feed(CAPTURE, 0, CAPTURE.length);
  expect(await feeds.takeLags()).toEqual(new Map());
});

test('with threads as well, between two checkpoints', async () => {
  const world = new FakeWorld();
  const host = new ShardHost({ ...OPTIONS, threads: 2, endpointOptions: {} }, (error) => {
    throw error;
  });
  try {
    const feeds = feedsOn(host, world);
    const feed = feeds.open('capture', 'eth0', undefined, LIVE);
    await feed.feed(CAPTURE, 0, CAPTURE.length);
    expect(feed.lag(world.now)).toBeNull();
    // Nobody has asked for news since: the times of the packets are known all the same.
    await host.catchUp();
    world.now = host.lastTime('p');
    await feed.feed(CAPTURE, CAPTURE.length - 1, CAPTURE.length - 1);
    expect(await feeds.takeLags()).toEqual(new Map([['p', 0]]));
    world.now += 2e6;
    await feed.feed(CAPTURE, CAPTURE.length - 1, CAPTURE.length - 1);
    expect(await feeds.takeLags()).toEqual(new Map([['p', 2]]));
    // Long after: it was two seconds late when it was worked off, and has not got later since.
    expect(feed.lag(world.now + 60e6)).toBe(2e6);
  } finally {
    await host.close();
  }
});
