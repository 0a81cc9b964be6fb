/** Names of servers however the packets travelled, over threads and files; and what must not be kept of a proxy. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import type { ReplayResult } from '../../src/engine/options.ts';
import { DEFAULT_LIMITS, Pipeline } from '../../src/engine/pipeline.ts';
import { replay } from '../../src/engine/replay.ts';
import { jsonLines } from '../../src/publish/json.ts';
import { SOCKS_PASSWORD } from '../generate/catalogue/names.ts';
import {
  createRandom,
  delay,
  duplicate,
  ENCAPSULATIONS,
  encapsulate,
  merge,
  type RawFrame,
  segment,
  writePcapng,
} from '../generate/index.ts';
import { jitter } from './jitter.ts';
import { CAPTURES, FILES, framesOf, line, lines, START } from './named.ts';
import { detectBytes, detectFrames, difference, ENDPOINTS, EXHAUSTIVE, essences, SIGNATURES } from './run.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SEEDS = Array.from({ length: EXHAUSTIVE ? 30 : 3 }, (_, n) => n + 1);

describe('however it travelled', () => {
  // Times of single packets shift by some milliseconds; the shape of a conversation does not depend on that.
  test.each(FILES)('cut, overtaken, repeated: %s', { timeout: 60_000 }, (file) => {
    const frames = framesOf(file);
    const found = essences(detectFrames(frames));
    for (const seed of SEEDS) {
      const rng = createRandom(seed);
      const cut = segment(
        frames,
        rng,
        [
          { min: 1, max: 40 },
          { min: 20, max: 300 },
          { min: 100, max: 700 },
        ][seed % 3]!,
      );
      // No answer overtakes the whole question; the datagrams of QUIC have a test of their own.
      const mix = (list: readonly RawFrame[]): RawFrame[] =>
        file.startsWith('quic') ? [...list] : jitter(list, rng, 6);
      const same = (changed: readonly RawFrame[], how: string): void => {
        expect.soft(difference(essences(detectFrames(changed)), found), `${how}, seed ${seed}`).toBe('');
      };
      same(cut, 'cut');
      same(duplicate(frames, rng, 0.5), 'repeated');
      same(mix(frames), 'out of order');
      same(mix(cut), 'cut and out of order');
      same(duplicate(mix(cut), rng, 0.2), 'all of it');
    }
  });

  test('the datagrams of a QUIC ClientHello in the other order, and twice', () => {
    const frames = framesOf('quic-server-name.pcap');
    const found = essences(detectFrames(frames));
    const [a, b, ...rest] = frames.filter((f) => f.from === 'client') as [RawFrame, RawFrame, ...RawFrame[]];
    const others = [...rest, ...frames.filter((f) => f.from === 'server')];
    const swapped = [
      { ...b, time: a.time },
      { ...a, time: b.time },
    ];
    expect(difference(essences(detectFrames(merge(swapped, others))), found)).toBe('');
    expect(difference(essences(detectFrames(merge([a, a, b, b], others))), found)).toBe('');
    // Half of it names nobody.
    expect(detectFrames(merge([a], others)).detections.map((d) => d.miner.ip)).toEqual(['10.20.1.8']);
  });

  test.each(ENCAPSULATIONS)('inside %s', (kind) => {
    for (const { file, frames } of CAPTURES) {
      // These two carry IPv6 and nothing else.
      const six = file === 'dns-ipv6.pcap';
      if (kind === '6in4' || kind === 'teredo' ? !six : six && kind !== 'vlan' && kind !== 'vxlan') continue;
      const found = essences(detectFrames(frames));
      expect.soft(difference(essences(detectFrames(encapsulate(frames, kind))), found), file).toBe('');
    }
  });
});

function run(threads: number): Promise<ReplayResult> {
  return replay({
    inputs: FILES.map((file) => join(ROOT, 'captures', file)),
    filter: null,
    threads,
    home: [],
    evidence: true,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    endpointOptions: {},
  });
}

describe('several at once', () => {
  test('two and three threads say what one says', { timeout: 60_000 }, async () => {
    const said = (result: ReplayResult): string[] => [...jsonLines(result)];
    const one = await run(1);
    expect(one.detections.length).toBe(CAPTURES.reduce((sum, c) => sum + c.expected.length, 0));
    for (const threads of [2, 3]) {
      const more = await run(threads);
      expect(said(more)).toEqual(said(one));
      const proof = (r: ReplayResult): unknown =>
        [...r.evidence].map(([id, f]) => [id, f.map((e) => [e.file, e.packet])]);
      expect(proof(more)).toEqual(proof(one));
    }
  });

  test('the look-up in one file, the conversation in the next', () => {
    const frames = framesOf('dns-then-flow.pcap');
    const isLookUp = (f: RawFrame): boolean => f.time < (START + 2) * 1e6;
    const files = [frames.filter(isLookUp), frames.filter((f) => !isLookUp(f))].map((part) => writePcapng(part));
    expect(detectBytes(files).detections.map(line).sort()).toEqual(lines(frames));
  });

  test('the same names again an hour later: one detection with two connections', () => {
    const frames = framesOf('tls-server-name.pcap');
    const [found, ...others] = detectFrames(merge(frames, delay(frames, 3600e6))).detections;
    expect(others).toEqual([]);
    expect(found?.flows).toBe(2);
  });
});

describe('the password of a proxy', () => {
  function evidenceOf(frames: readonly RawFrame[]): { text: string; count: number } {
    const pipeline = new Pipeline({
      ...DEFAULT_LIMITS,
      capacity: 64,
      signatures: SIGNATURES,
      endpoints: ENDPOINTS,
      home: [],
      keepEvidence: true,
      filterFor: null,
      fileOf: () => 'f',
      shard: 0,
      shards: 1,
      seed: 7,
    });
    const bytes = writePcapng(frames);
    const reader = new CaptureReader(0);
    reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, pipeline);
    reader.finish();
    pipeline.finish();
    const kept = [...pipeline.evidence.values()].flat();
    return { text: kept.map((f) => Buffer.from(f.bytes).toString('latin1')).join(''), count: kept.length };
  }

  const frames = framesOf('socks-tunnel.pcap');
  const five = frames.filter((f) => Buffer.from(f.data).includes(Buffer.from([0x04, 0x38])));

  test('is in the capture, and neither in evidence nor in the output', () => {
    expect(Buffer.concat(frames.map((f) => f.data)).includes(SOCKS_PASSWORD)).toBe(true);
    const { text, count } = evidenceOf(frames);
    expect(count).toBeGreaterThan(20);
    expect(text).toContain('mining.subscribe');
    expect(text).not.toContain(SOCKS_PASSWORD);
    expect([...jsonLines(detectFrames(frames))].join('')).not.toContain(SOCKS_PASSWORD);
  });

  test.each(SEEDS)('nor a piece of it where it was cut, overtaken and repeated (seed %i)', (seed) => {
    const rng = createRandom(seed);
    const cut = segment(five, rng, { min: 2, max: 9 + seed * 5 });
    const { text, count } = evidenceOf(duplicate(jitter(cut, rng, 6), rng, 0.3));
    expect(count).toBeGreaterThan(5);
    for (let at = 0; at + 6 <= SOCKS_PASSWORD.length; at++) {
      expect(text).not.toContain(SOCKS_PASSWORD.slice(at, at + 6));
    }
  });
});
