/** One observation point: its vantage, when it was watched, and when a day is over. */
import { describe, expect, test } from 'vitest';
import { InlineHost } from '../../src/daemon/engine/host.ts';
import { Point, type PointOptions } from '../../src/daemon/points.ts';
import type { KeyBook } from '../../src/daemon/report/key-book.ts';
import { DAY } from '../../src/detect/day.ts';
import type { EndpointRow } from '../../src/signature/endpoint-types.ts';
import { EndpointIndex, loadEndpoints } from '../../src/signature/endpoints.ts';
import { DAY_START, MINUTE, name, talk } from '../engine/record-pipeline-records.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';
import { conversation, type RawFrame, writePcap } from '../generate/index.ts';
import { DAY_NUMBER, MIDNIGHT, madeFacts, told } from './made-facts.ts';
import { miningMessages } from './mining.ts';
import { FakeWorld } from './world.ts';

const LIMITS = { flows: 4096, conversations: 4096, reassemblyBytes: 2 ** 24, idleTimeout: 9e8, activeTimeout: 36e8 };
const HOME = ['192.0.2.0/24'];

function frames(start: number, seconds = 20): RawFrame[] {
  return conversation({
    client: { ip: '192.0.2.7', port: 40_000 },
    server: { ip: '203.0.113.5', port: 3333 },
    start,
    messages: miningMessages(seconds),
  });
}

/** A point that has seen these frames. */
async function seen(point: Point, all: readonly RawFrame[]): Promise<InlineHost> {
  const points = [{ name: 'p', home: HOME }];
  const host = new InlineHost({
    seed: 7,
    points,
    limits: LIMITS,
    evidence: false,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
  });
  const bytes = writePcap(all);
  host.open(1, 'p', 'f', 0);
  await host.feed(1, bytes, 0, bytes.length);
  await tell(host, point);
  return host;
}

async function tell(host: InlineHost, point: Point): Promise<void> {
  await host.tell(({ points: [news] }) => {
    point.last = news ?? null;
    if (news !== undefined) point.book.apply(news.told, 0);
  });
}

test('each point is a sensor of its own, with its own vantage', () => {
  const world = new FakeWorld();
  const inside = world.point('in', { config: { name: 'in', nat: 'inside', realm: 'cgn-1', clockError: 2, home: [] } });
  const plain = world.point('out');
  const rows = [inside, plain].map((point) => {
    point.book.apply(told({ ended: [madeFacts()] }), 0);
    // What is new waits a moment: the next messages may make it another dialect.
    expect(point.reporter.due(world.now)).toEqual([]);
    return point.reporter.due(world.now + 10e6)[0]?.row;
  });
  expect(rows.map((row) => row?.sensor)).toEqual(['s/in', 's/out']);
  expect(rows.map((row) => row?.vantage)).toEqual([
    { nat: 'inside', realm: 'cgn-1', clock_error_s: 2 },
    { nat: 'none', realm: null, clock_error_s: 0 },
  ]);
  expect(rows[0]?.id).not.toBe(rows[1]?.id);
});

test('coverage: a row for each stretch, with the flows of the customers', async () => {
  const world = new FakeWorld();
  const point = world.point('p', { config: { ...Point.plain('p'), home: HOME } });
  expect(point.coverage()).toEqual([]);
  await seen(point, [...frames(MIDNIGHT + 3600e6), ...frames(MIDNIGHT + 9 * 3600e6)]);
  expect(point.coverage()).toMatchObject([
    { sensor: 's/p', from: '2024-10-04T01:00:00.000000Z', customer_prefixes: [{ prefix: '192.0.2.0/24', flows: 1 }] },
    { from: '2024-10-04T09:00:00.000000Z', loss: { inputs_cut_short: 0, flows_evicted: 0 } },
  ]);
  expect(point.lastTime).toBeGreaterThan(MIDNIGHT + 9 * 3600e6);
});

test('a day that is over is written before the engine lets go of it, once; what comes late every ten minutes', async () => {
  const world = new FakeWorld();
  const point = world.point('p');
  const host = await seen(point, [...frames(MIDNIGHT + 3600e6), ...frames(MIDNIGHT + DAY + 3 * 3600e6)]);
  const over = DAY_NUMBER + 1;
  expect(point.endsDays(DAY_NUMBER, world.now)).toBe(false);
  expect(point.endsDays(over, world.now)).toBe(true);
  expect(point.coverage()).toHaveLength(2);
  expect(point.endsDays(over, world.now)).toBe(false);
  world.now += 601e6;
  // Nothing was forgotten yet: it is due again.
  expect(point.endsDays(over, world.now)).toBe(true);
  await host.send({ kind: 'forget', point: 'p', keys: [], day: over, watched: over });
  await tell(host, point);
  expect(point.coverage()).toHaveLength(1);
  world.now += 601e6;
  expect(point.endsDays(over, world.now)).toBe(false);
});

describe('flow records', () => {
  const listed: EndpointRow = {
    ...{ kind: 'ip', value: '198.51.100.9', ports: [3333], pool: 'Invented Pool', coins: ['XMR'], transport: 'tcp' },
    ...{ role: 'stratum', region: '', confidence: 'high', source: 'invented' },
  };
  const signatures = (): ReturnType<PointOptions['signatures']> => ({
    set: SIGNATURES,
    endpoints: new EndpointIndex([listed], []),
  });
  /** One connection from six hours before midnight until six hours after it. */
  const records = [...talk({ from: DAY_START - 360 * MINUTE, minutes: 720, cut: 5 * MINUTE, opens: true })];

  function run(settleAt: readonly number[]): KeyBook {
    const { records: pipeline, book } = new FakeWorld().point('p', { signatures });
    for (const [i, record] of records.entries()) {
      pipeline.onRecord(record);
      if (settleAt.includes(i)) pipeline.settleDays(Math.floor(DAY_START / DAY));
      if (i % 10 === 0) book.apply(pipeline.tell(), 1);
    }
    pipeline.finish();
    book.apply(pipeline.tell(), 1);
    return book;
  }

  const figures = (book: KeyBook): unknown =>
    [...book.days()].map(([key, day]) => [day, book.facts(key)?.packets, book.facts(key)?.bytes]);

  test('days that are over are told as ended while the conversation goes on: nothing counts twice or is lost', () => {
    const whole = figures(run([]));
    expect(whole).toHaveLength(2);
    for (const at of [[160], [200, 205, 250], [10, 150, 280]]) expect(figures(run(at))).toEqual(whole);
  });

  test('afterwards they are told of no more', () => {
    const { records: pipeline } = new FakeWorld().point('p', { signatures });
    const days = (): (number | null)[] => pipeline.tell().open.flatMap(([, facts]) => facts.map(({ day }) => day));
    const today = Math.floor(DAY_START / DAY);
    for (const record of records.slice(0, 200)) pipeline.onRecord(record);
    expect(days()).toEqual([today - 1, today]);
    pipeline.settleDays(today);
    expect(days()).toEqual([today]);
    for (const record of records.slice(200)) pipeline.onRecord(record);
    expect(days()).toEqual([today]);
  });

  test('other signatures leave the names that were learnt', () => {
    const { records: pipeline } = new FakeWorld().point('p');
    pipeline.onName(name({ name: 'xmr-eu1.nanopool.org', time: DAY_START, ttl: 86_400 }));
    pipeline.setSignatures(SIGNATURES, loadEndpoints(undefined, {}));
    for (const record of talk({ from: DAY_START + MINUTE, minutes: 60, serverPort: 14_433 })) pipeline.onRecord(record);
    const signs = pipeline.tell().open.flatMap(([, facts]) => facts.flatMap(({ indications }) => indications));
    expect(signs.map(({ value }) => value.indication.excerpt).join()).toContain('nanopool.org');
  });
});

test('what flow records came to stands in the status', () => {
  const point = new FakeWorld().point('p');
  expect(point.status()).toMatchObject({ recordsImplausible: 0, recordConversationsUnwatched: 0 });
  const counts = point.records.counts();
  point.records.counts = () => ({ ...counts, implausible: 7, unwatched: 5 });
  expect(point.status()).toMatchObject({ recordsImplausible: 7, recordConversationsUnwatched: 5 });
});
