/** Many files, many flows, little room: what a run says of one miner does not depend on the others. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { ReplayResult } from '../../src/engine/options.ts';
import { replay } from '../../src/engine/replay.ts';
import { captures } from '../generate/catalogue/index.ts';
import { bitcoinExample, cryptonoteExample, ethProxyExample, zcashExample } from '../generate/catalogue/mining.ts';
import {
  conversation,
  createRandom,
  delay,
  type Encapsulation,
  encapsulate,
  merge,
  type RawFrame,
} from '../generate/index.ts';
import { shiftSequences } from './rewrite.ts';
import { detectBytes, detectFrames, difference, ENDPOINTS, essences, keyOf, SIGNATURES } from './run.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const FILES = readdirSync(CAPTURES).filter((name) => /\.pcap(ng)?$/.test(name));
/** One connection has the same addresses and ports in each of these; put together they would be nonsense. */
const DISTINCT = FILES.filter((name) => !/^(tunnel|link)-|midstream|side|disorder|gaps|fragments|later/.test(name));

const folder = mkdtempSync(join(tmpdir(), 'poolprint-runs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(inputs: readonly string[], threads = 1): Promise<ReplayResult> {
  return replay({
    inputs,
    filter: null,
    threads,
    home: ['10.0.0.0/8'],
    evidence: false,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    endpointOptions: {},
  });
}

/** All that a run says but the list of its inputs. */
function said(result: ReplayResult): string {
  const { inputs: _inputs, ...summary } = result.summary;
  return JSON.stringify([result.detections, result.coverage, summary, result.problems], null, 1);
}

describe('the whole collection in one run', () => {
  test('two and three threads say what one says, byte for byte', { timeout: 120_000 }, async () => {
    const all = FILES.map((name) => join(CAPTURES, name));
    const one = await run(all);
    expect(one.detections.length).toBeGreaterThan(30);
    for (const threads of [2, 3]) {
      const more = await run(all, threads);
      expect(said(more)).toBe(said(one));
      expect(more.summary.inputs).toEqual(one.summary.inputs);
    }
  });

  test('the order of files makes no difference', async () => {
    // Named in another order; the same names, so that indications name the same files.
    const paths = DISTINCT.map((name) => join(CAPTURES, name));
    const one = await run(paths);
    expect(one.detections.length).toBeGreaterThan(25);
    expect(said(await run([...paths].reverse()))).toBe(said(one));
    const rng = createRandom(5);
    const drawn = paths.map((path) => ({ path, place: rng.u32() })).sort((a, b) => a.place - b.place);
    expect(said(await run(drawn.map(({ path }) => path)))).toBe(said(one));
  });

  test('compressed files say the same', async () => {
    const [plain, packed] = [join(folder, 'plain'), join(folder, 'packed')];
    for (const path of [plain, packed]) mkdirSync(path);
    for (const name of DISTINCT) {
      symlinkSync(join(CAPTURES, name), join(plain, name));
      writeFileSync(join(packed, `${name}.gz`), gzipSync(readFileSync(join(CAPTURES, name))));
    }
    const stripped = (text: string): string => text.replaceAll(packed, plain).replaceAll(/\.gz"/g, '"');
    expect(stripped(said(await run([packed])))).toBe(said(await run([plain])));
  });

  test('together they say what each says alone', async () => {
    const together = await run(DISTINCT.map((name) => join(CAPTURES, name)));
    const alone = DISTINCT.flatMap((name) => detectBytes([readFileSync(join(CAPTURES, name))]).detections);
    const bare = (list: readonly DetectionRow[]): string[] =>
      list.map((d) => JSON.stringify([keyOf(d), d.accounts, d.shares, d.hashrate, d.packets, d.confidence])).sort();
    expect(bare(together.detections)).toEqual(bare(alone));
  });
});

const CLIENT = { ip: '10.20.0.50', port: 47110 };
const SERVER = { ip: '203.0.113.50', port: 3333 };
const START = 1_713_571_800_000_000;

type Options = Partial<Parameters<typeof conversation>[0]>;

function bitcoin(options: Options = {}): RawFrame[] {
  return conversation({
    client: CLIENT,
    server: SERVER,
    start: START,
    messages: bitcoinExample().messages,
    ...options,
  });
}

function monero(options: Options = {}): RawFrame[] {
  const { messages } = cryptonoteExample();
  return conversation({ client: CLIENT, server: SERVER, start: START, messages, seed: 9, ...options });
}

describe('private addresses that two customers share', () => {
  const apart: readonly [Encapsulation, object, object][] = [
    ['vlan', { id: 10 }, { id: 20 }],
    ['qinq', { id: 10, innerId: 30 }, { id: 10, innerId: 31 }],
    ['vxlan', { id: 7 }, { id: 8 }],
    ['geneve', { id: 7 }, { id: 8 }],
    ['gre', { id: 7 }, { id: 8 }],
  ];

  test.each(apart)('%s', (kind, first, second) => {
    const frames = merge(encapsulate(bitcoin(), kind, first), encapsulate(monero(), kind, second));
    const want = [...essences(detectFrames(bitcoin())), ...essences(detectFrames(monero()))];
    expect(want.length).toBe(2);
    const result = detectFrames(frames);
    expect(
      difference(
        essences(result),
        want.sort((a, b) => (a.key < b.key ? -1 : 1)),
      ),
    ).toBe('');
    expect(result.summary.anomalies).toEqual({});
    expect(result.summary.flows).toBe(2);
  });

  test('the same dialect twice: both connections count', () => {
    const frames = merge(encapsulate(bitcoin(), 'vlan', { id: 10 }), encapsulate(bitcoin(), 'vlan', { id: 20 }));
    const [alone] = detectFrames(bitcoin()).detections;
    const [both] = detectFrames(frames).detections;
    expect(both?.flows).toBe(2);
    expect(both?.shares.submitted).toBe(2 * alone!.shares.submitted);
    expect(both?.shares.accepted).toBe(2 * alone!.shares.accepted);
  });

  test('global addresses are the same host in every VLAN: each direction may carry its own tag', () => {
    const global = { ip: '198.51.100.50', port: 47110 };
    const frames = bitcoin({ client: global });
    const tagged = frames.flatMap((f) => encapsulate([f], 'vlan', { id: f.from === 'client' ? 10 : 20 }));
    expect(difference(essences(detectFrames(tagged)), essences(detectFrames(frames)))).toBe('');
  });
});

describe('connections over the same ports', () => {
  const [alone] = detectFrames(bitcoin()).detections;
  const length = bitcoin().at(-1)!.time - START;
  const closes = ['fin', 'rst', 'none'] as const;
  const opens = ['handshake', 'midstream'] as const;
  const cases = closes.flatMap((close) => opens.map((open) => [close, open] as const));

  test.each(cases)('one ends with %s, the next begins with %s', (close, open) => {
    // Initial numbers less than 2^24 apart, one pair in 128, would pass for the old connection: not among these seeds.
    for (const seed of [2, 3, 4, 6]) {
      const again = bitcoin({ seed, open, close });
      const frames = [...bitcoin({ close }), ...delay(again, length + 2_000_000)];
      const [found, ...others] = detectFrames(frames).detections;
      expect(others).toEqual([]);
      expect(found?.shares.submitted, `seed ${seed}`).toBe(2 * alone!.shares.submitted);
      expect(found?.shares.accepted, `seed ${seed}`).toBe(2 * alone!.shares.accepted);
    }
  });

  test('another protocol on the ports of the last one', () => {
    const frames = [...bitcoin(), ...delay(monero(), length + 2_000_000)];
    const want = [...essences(detectFrames(bitcoin())), ...essences(detectFrames(monero()))];
    expect(
      difference(
        essences(detectFrames(frames)),
        want.sort((a, b) => (a.key < b.key ? -1 : 1)),
      ),
    ).toBe('');
  });

  test('after the idle time-out, even with the old sequence numbers', () => {
    const frames = [...bitcoin({ close: 'none' }), ...delay(shiftSequences(bitcoin(), 0), length + 3_600_000_000)];
    const result = detectFrames(frames);
    expect(result.summary.flows).toBe(2);
    expect(result.detections[0]?.shares.submitted).toBe(2 * alone!.shares.submitted);
  });
});

/** Openings of web connections that never carry anything of interest. */
function noise(count: number, spread: number): RawFrame[] {
  const rng = createRandom(77);
  return Array.from({ length: count }, (_, n) =>
    conversation({
      client: { ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 20_000 + (n % 40_000) },
      server: { ip: '192.0.2.80', port: 443 },
      start: START + Math.floor((n * spread) / count),
      seed: n + 1,
      close: 'none',
      messages: [{ from: 'client', at: 0.05, bytes: Uint8Array.of(0x16, 3, 1, 2, ...rng.bytes(60)) }],
    }),
  ).flat();
}

describe('a table smaller than the traffic', () => {
  let flood: RawFrame[] = [];
  const miners = [bitcoinExample(), cryptonoteExample(), ethProxyExample(), zcashExample(203, 120)].map((s, n) =>
    conversation({ client: { ip: `10.99.0.${n}`, port: 40_000 }, server: SERVER, start: START, messages: s.messages }),
  );
  beforeAll(() => {
    flood = merge(noise(3000, 240e6), ...miners);
  });

  test.each([64, 256, 1024])('mining survives in %i records', (capacity) => {
    const want = essences(detectFrames(merge(...miners)));
    const result = detectFrames(flood, { capacity });
    expect(want.length).toBe(4);
    expect(difference(essences(result), want)).toBe('');
    expect(result.summary.evictions).toBeGreaterThan(1000);
  });

  test('too few conversations for the miners: what is dropped is counted and what was seen is told', () => {
    const result = detectFrames(flood, { capacity: 1024, maxConversations: 2 });
    expect(result.summary.evictions).toBeGreaterThan(2);
    expect(result.detections.length).toBeGreaterThan(1);
    for (const d of result.detections) expect(d.miner.ip).toMatch(/^10\.99\.0\./);
  });

  test('no room for bytes out of order costs shares, never invents them', () => {
    const want = detectFrames(merge(...miners)).detections;
    const result = detectFrames(flood, { streamBytes: 1 });
    for (const d of result.detections) {
      const whole = want.find((w) => keyOf(w) === keyOf(d));
      expect(whole, keyOf(d)).toBeDefined();
      expect(d.shares.submitted).toBeLessThanOrEqual(whole!.shares.submitted);
    }
  });
});

describe('a file cut off anywhere', () => {
  /** Where only what several dialects share is left, it is taken for the commonest of them. */
  const COMMONEST = ['stratum-v1', 'zcash-stratum'];
  const STEP = 997;

  test.each(captures().map((c) => c.file))('%s', (file) => {
    const bytes = readFileSync(join(CAPTURES, file));
    const whole = detectBytes([bytes]).detections;
    for (let length = STEP; length < bytes.length; length += STEP) {
      const part = detectBytes([bytes.subarray(0, length)], { capacity: 128 }).detections;
      for (const d of part) {
        // A name met before anything was said stands by itself until more comes.
        if (d.dialect === null) continue;
        const same = whole.find((w) => keyOf(w) === keyOf({ ...d, dialect: w.dialect }) && w.miner.ip === d.miner.ip);
        expect.soft(same, `${length} bytes: ${keyOf(d)}`).toBeDefined();
        expect.soft([same?.dialect, ...COMMONEST], `${length} bytes`).toContain(d.dialect);
        expect.soft(d.shares.submitted).toBeLessThanOrEqual(same?.shares.submitted ?? 0);
        expect.soft(d.shares.accepted).toBeLessThanOrEqual(same?.shares.accepted ?? 0);
      }
    }
  });
});
