/** What is put aside under overload: whole conversations, never recognised ones or DNS, counted exactly, and for no longer than it lasts. */
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import { ShardHost } from '../../src/daemon/engine/shard-host.ts';
import { DEFAULT_LIMITS, Pipeline, type PipelineState } from '../../src/engine/pipeline.ts';
import { miningMessages } from '../daemon/mining.ts';
import { conversation, merge, onlyFrom, type RawFrame, type TimedMessage, writePcap } from '../generate/index.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const START = 1_714_557_603_000_000;
const BOTH: readonly TimedMessage[] = [
  { from: 'client', at: 0.1, text: 'GET / HTTP/1.1\r\nHost: page.example\r\n\r\n' },
  { from: 'server', at: 0.2, text: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
];

interface Ends {
  readonly miner: string;
  readonly pool?: string;
  readonly port?: number;
}

function talk(
  { miner, pool = '203.0.113.5', port = 3333 }: Ends,
  messages: readonly TimedMessage[],
  start = START,
): RawFrame[] {
  return conversation({
    client: { ip: miner, port: 40_000 },
    server: { ip: pool, port },
    start,
    messages,
    seed: Number(miner.split(/[.:]/).at(-1)),
  });
}

class Run {
  readonly pipeline: Pipeline;

  constructor(seed = 7) {
    this.pipeline = new Pipeline({
      ...DEFAULT_LIMITS,
      capacity: 4096,
      signatures: SIGNATURES,
      endpoints: ENDPOINTS,
      home: [],
      keepEvidence: false,
      filterFor: null,
      fileOf: () => 'f',
      daily: true,
      endless: true,
      shard: 0,
      shards: 1,
      seed,
    });
  }

  feed(frames: readonly RawFrame[]): this {
    const bytes = writePcap(frames);
    const reader = new CaptureReader(0);
    reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, this.pipeline);
    reader.finish();
    return this;
  }

  get state(): PipelineState {
    this.pipeline.onPieceEnd();
    return this.pipeline.state();
  }

  /** Packets that were worked off, by miner, of conversations that speak of mining. */
  packets(): Map<string, number> {
    this.pipeline.finish();
    const { ended } = this.pipeline.tell();
    return new Map(ended.map((f) => [f.miner, f.packets[0] + f.packets[1]]));
  }
}

const miners = (n: number): string[] => Array.from({ length: n }, (_, i) => `10.0.${i >> 8}.${i & 255}`);

describe('by the hash of two hosts', () => {
  const all = miners(200);
  const one = talk({ miner: '10.0.0.1' }, miningMessages(2)).length;

  test.each([0.5, 0.25, 0.05])('a share of %d stays, each conversation whole or not at all', (share) => {
    const run = new Run();
    run.pipeline.shed(share, Number.POSITIVE_INFINITY);
    for (const miner of all) run.feed(talk({ miner }, miningMessages(2)));
    const { shedPackets, keptShare } = run.state;
    const kept = run.packets();
    expect([...new Set(kept.values())]).toEqual([one]);
    // Six standard deviations of a fair draw.
    expect(Math.abs(kept.size / all.length - share)).toBeLessThan(6 * Math.sqrt((share * (1 - share)) / all.length));
    expect(shedPackets).toBe((all.length - kept.size) * one);
    expect(keptShare).toBe(share);
  });

  test('both directions fall together, whichever is seen, over IPv6 and with tags as well', () => {
    for (const [miner, pool] of [
      ['10.0.0.9', '203.0.113.5'],
      ['2001:db8::9', '2001:db8::5'],
    ] as const) {
      const frames = talk({ miner, pool }, miningMessages(3));
      for (let seed = 0; seed < 12; seed++) {
        const counts = [onlyFrom(frames, 'client'), onlyFrom(frames, 'server')].map((side) => {
          const run = new Run(seed);
          run.pipeline.shed(0.5, Number.POSITIVE_INFINITY);
          return run.feed(side).state.shedPackets / side.length;
        });
        expect(counts[0]).toBe(counts[1]);
        expect([0, 1]).toContain(counts[0]);
      }
    }
  });

  test('what speaks of mining already stays, whatever the share', () => {
    const early = all.slice(0, 40);
    const run = new Run();
    for (const miner of early) run.feed(talk({ miner }, miningMessages(1).slice(0, 6)).slice(0, -4));
    run.pipeline.onPieceEnd();
    expect(run.state.conversationsMatched).toBe(40);
    run.pipeline.shed(0.001, Number.POSITIVE_INFINITY);
    const rest = early.flatMap((miner) => talk({ miner }, miningMessages(5)));
    run.feed(rest);
    expect(run.state.shedPackets).toBe(0);
    run.feed(talk({ miner: '10.9.9.9' }, miningMessages(1)));
    expect(run.state.shedPackets).toBeGreaterThan(0);
  });

  test('DNS stays: names are learnt under any overload', () => {
    const run = new Run();
    run.pipeline.shed(0, Number.POSITIVE_INFINITY);
    const frames = miners(50).flatMap((miner) => talk({ miner, port: 53 }, BOTH));
    run.feed(frames);
    expect(run.state.shedPackets).toBe(0);
    expect(run.state.flowsActive).toBe(50);
  });

  test('over as soon as it is over', () => {
    const run = new Run();
    run.pipeline.shed(0, Number.POSITIVE_INFINITY);
    run.feed(talk({ miner: '10.0.0.1' }, miningMessages(1)));
    const { shedPackets } = run.state;
    expect(shedPackets).toBeGreaterThan(0);
    run.pipeline.shed(1, Number.POSITIVE_INFINITY);
    run.feed(talk({ miner: '10.0.0.2' }, miningMessages(1)));
    expect(run.state).toMatchObject({ shedPackets, keptShare: 1 });
    expect([...run.packets().keys()]).toEqual(['10.0.0.2']);
  });

  test('counted once with threads, as without', async () => {
    const frames = merge(...miners(60).map((miner) => talk({ miner }, miningMessages(1))));
    const bytes = writePcap(frames);
    const alone = new Run();
    alone.pipeline.shed(0.5, Number.POSITIVE_INFINITY);
    const { shedPackets } = alone.feed(frames).state;
    const limits = {
      flows: 4096,
      conversations: 4096,
      reassemblyBytes: 2 ** 24,
      idleTimeout: 9e8,
      activeTimeout: 36e8,
    };
    const points = [{ name: 'p', home: [] }];
    const host = new ShardHost(
      { threads: 2, seed: 7, points, limits, evidence: false, signatures: SIGNATURES, endpointOptions: {} },
      (error) => {
        throw error;
      },
    );
    try {
      await host.send({ kind: 'shed', point: 'p', share: 0.5, patience: Number.POSITIVE_INFINITY });
      host.open(1, 'p', 'f', 0);
      await host.feed(1, bytes, 0, bytes.length);
      let state: PipelineState | undefined;
      await host.tell((told) => {
        state = told.points[0]?.state;
      });
      expect(state).toMatchObject({ shedPackets, keptShare: 0.5 });
    } finally {
      await host.close();
    }
  });
});

describe('by patience', () => {
  /** A line that may yet turn into anything, again and again. */
  const slow = (seconds: readonly number[]): TimedMessage[] =>
    seconds.map((at) => ({ from: 'client', at, text: '{"note":"nothing of interest"}\n' }));

  test('what was not recognised in time is given up, once', () => {
    const run = new Run();
    run.pipeline.shed(1, 5e6);
    const binary = (at: number): TimedMessage => ({ from: 'client', at, bytes: new Uint8Array(40).fill(0x80) });
    run.feed(
      conversation({
        client: { ip: '10.0.0.1', port: 40_000 },
        server: { ip: '203.0.113.5', port: 9999 },
        start: START,
        open: 'midstream',
        messages: [0, 1, 2, 6, 7, 8].map(binary),
      }),
    );
    expect(run.state).toMatchObject({ shedFlows: 1, shedPackets: 0 });
  });

  test('but not before it was looked at once', () => {
    const run = new Run();
    run.pipeline.shed(1, 5e6);
    const late = miningMessages(1).map((message) => ({ ...message, at: message.at + 30 }));
    run.feed(talk({ miner: '10.0.0.1' }, late));
    expect([...run.packets().keys()]).toEqual(['10.0.0.1']);
  });

  test('conversations that are followed, and DNS, are not', () => {
    const run = new Run();
    run.pipeline.shed(1, 1e6);
    run.feed(talk({ miner: '10.0.0.1' }, miningMessages(10, 60)));
    run.feed(talk({ miner: '10.0.0.2', port: 53 }, slow([0, 10, 20, 30])));
    expect(run.state.shedFlows).toBe(0);
    expect([...run.packets().keys()]).toEqual(['10.0.0.1']);
  });
});

test('without overload nothing at all is different', () => {
  const frames = merge(...miners(30).map((miner) => talk({ miner }, miningMessages(2))));
  const [plain, calm] = [new Run(), new Run()];
  calm.pipeline.shed(0.1, 5e6);
  calm.pipeline.shed(1, Number.POSITIVE_INFINITY);
  expect(calm.feed(frames).state).toEqual(plain.feed(frames).state);
  expect(calm.packets()).toEqual(plain.packets());
});
