/** Whatever the moments at which a running engine is asked for news, their sum is what replaying the same packets finds. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineTold } from '../../src/daemon/engine/core.ts';
import { Core } from '../../src/daemon/engine/core.ts';
import { InlineHost } from '../../src/daemon/engine/host.ts';
import { ShardHost } from '../../src/daemon/engine/shard-host.ts';
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import { buildDetections } from '../../src/detect/build.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { KeyFacts } from '../../src/detect/key-facts.ts';
import { DEFAULT_LIMITS } from '../../src/engine/pipeline.ts';
import { replay } from '../../src/engine/replay.ts';
import { defaultSignatureDirectory } from '../../src/signature/directory.ts';
import { loadEndpoints } from '../../src/signature/endpoints.ts';
import { loadSignatures } from '../../src/signature/load.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const signatures = loadSignatures(defaultSignatureDirectory());
const endpoints = loadEndpoints();
const FILES = readdirSync(CAPTURES)
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .sort();
const NAT = { nat: 'none', realm: null, clockError: 0 } as const;
const OPTIONS = {
  seed: 7,
  points: [{ name: 'p', home: [] }],
  limits: {
    flows: 65_536,
    conversations: DEFAULT_LIMITS.maxConversations,
    reassemblyBytes: DEFAULT_LIMITS.streamBytes,
    idleTimeout: DEFAULT_LIMITS.idleTimeout,
    activeTimeout: DEFAULT_LIMITS.activeTimeout,
  },
  evidence: false,
  signatures,
};

async function replayed(files: readonly string[]): Promise<readonly DetectionRow[]> {
  const result = await replay({
    inputs: files.map((name) => join(CAPTURES, name)),
    filter: null,
    threads: 1,
    home: [],
    evidence: false,
    window: 'day',
    sensor: 's',
    signatures,
    endpoints,
    endpointOptions: {},
  });
  return result.detections;
}

function rows(book: KeyBook, names: ReadonlyMap<number, string>): DetectionRow[] {
  const facts = [...new Set([...book.days()].map(([key]) => key))].map((key) => book.facts(key) as KeyFacts);
  const fileOf = (input: number): string => names.get(input) ?? '?';
  return buildDetections(facts, { sensor: 's', ...NAT, from: 0, to: 0, fileOf });
}

/** Feeds files in pieces and asks after each piece whose length `cuts` gives. Returns the rows, built from news alone. */
function told(files: readonly string[], cuts: () => number, restartAt: number): DetectionRow[] {
  let core = new Core({ ...OPTIONS, shard: 0, shards: 1, endpoints });
  let book = new KeyBook(100_000);
  const names = new Map<number, string>();
  let pieces = 0;
  const ask = (): void => {
    for (const point of core.tell().points) book.apply(point.told, 0);
  };
  files.forEach((name, input) => {
    const bytes = readFileSync(join(CAPTURES, name));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    names.set(input, join(CAPTURES, name));
    core.open(input, 'p', names.get(input) as string, 0);
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + cuts());
      core.feed(input, bytes, view, at, end);
      at = end;
      ask();
      if (++pieces === restartAt) {
        // As after kill -9: the books are on disk, the engine is new and passes over what was worked off.
        const saved = book.changes();
        const taken = core.taken(input);
        book = new KeyBook(100_000);
        const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
        book.restore(
          saved.ended.flatMap(([, facts]) => (facts === null ? [] : [copy(facts)])),
          saved.open.flatMap(([, facts]) => (facts === null ? [] : [copy(facts)])),
        );
        core = new Core({ ...OPTIONS, shard: 0, shards: 1, endpoints });
        core.open(input, 'p', names.get(input) as string, taken);
        core.feed(input, bytes, view, 0, at);
      }
    }
    core.end(input);
    ask();
  });
  for (const point of (core.command({ kind: 'finish' }) as EngineTold).points) book.apply(point.told, 0);
  return rows(book, names);
}

/** All but what an address learnt from observed DNS adds: the running engine knows it, a replay of one file does not ask. */
function plain(list: readonly DetectionRow[]): unknown[] {
  return list.map(({ score: _score, indications, ...row }) => ({
    ...row,
    indications: indications.filter(({ signature }) => signature !== 'endpoint.address'),
  }));
}

test.each(FILES)('%s: news at every few bytes come to what replay finds', async (name) => {
  const expected = await replayed([name]);
  let n = 1;
  const next = (): number => {
    n = (n * 7919) % 3001;
    return n;
  };
  const found = told([name], () => 200 + next(), -1);
  expect(plain(found)).toEqual(plain(expected));
});

test('several captures in a row, asked at any moment', async () => {
  const some = FILES.filter((_, i) => i % 7 === 0);
  const expected = await replayed(some);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 20 }), (lengths) => {
      let i = 0;
      const found = told(some, () => lengths[i++ % lengths.length] as number, -1);
      expect(found.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
      expect(found.map(({ shares }) => shares.submitted)).toEqual(expected.map(({ shares }) => shares.submitted));
    }),
    { numRuns: 5 },
  );
});

test('an engine that is killed at any moment counts nothing twice', async () => {
  const name = 'stratum-v1-bitcoin.pcap';
  expect(FILES).toContain(name);
  const [expected] = await replayed([name]);
  for (let restartAt = 1; restartAt < 12; restartAt++) {
    const found = told([name], () => 977, restartAt);
    const own = found.filter(({ id }) => id === expected?.id);
    expect(own.length).toBeLessThanOrEqual(1);
    expect(own[0]?.packets.reduce((a, b) => a + b, 0) ?? 0).toBeLessThanOrEqual(
      expected?.packets.reduce((a, b) => a + b, 0) ?? 0,
    );
    expect(own[0]?.shares.submitted ?? 0).toBeLessThanOrEqual(expected?.shares.submitted ?? 0);
    expect(own[0]?.flows ?? 1).toBe(1);
  }
});

test('two threads tell what one does', async () => {
  const some = FILES.filter((_, i) => i % 5 === 0);
  const expected = await replayed(some);
  const host = new ShardHost({ ...OPTIONS, threads: 2, endpointOptions: {} }, (error) => {
    throw error;
  });
  try {
    const book = new KeyBook(100_000);
    const names = new Map<number, string>();
    for (const [input, name] of some.entries()) {
      const bytes = readFileSync(join(CAPTURES, name));
      names.set(input, join(CAPTURES, name));
      host.open(input, 'p', names.get(input) as string, 0);
      for (let at = 0; at < bytes.length; at += 5000) {
        await host.feed(input, bytes, at, Math.min(bytes.length, at + 5000));
        await host.tell((news) => {
          for (const point of news.points) book.apply(point.told, 0);
        });
      }
      expect((await host.end(input)).packets).toBeGreaterThanOrEqual(0);
    }
    for (const point of (await host.finish()).points) book.apply(point.told, 0);
    expect(plain(rows(book, names))).toEqual(plain(expected));
  } finally {
    await host.close();
  }
});

test('one thread as a host', async () => {
  const host = new InlineHost({ ...OPTIONS, endpoints });
  const bytes = readFileSync(join(CAPTURES, 'stratum-v1-bitcoin.pcap'));
  host.open(1, 'p', 'f', 0);
  await host.feed(1, bytes, 0, bytes.length);
  expect(host.taken(1)).toBeGreaterThan(0);
  expect((await host.end(1)).failure).toBeNull();
});
