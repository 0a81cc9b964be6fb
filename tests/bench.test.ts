import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CapturedFrame, ethernetFrames, varyAddresses } from './bench/capture-frames.ts';
import { median } from './bench/measure.ts';
import { ensureMix, mixParameters, parseSize } from './bench/mix.ts';
import { pcapHeader } from './bench/mix-frame.ts';
import { MixGenerator, type MixStatistics } from './bench/mix-generator.ts';
import { TimeShifter } from './bench/time-shift.ts';

const SIZE = 16 << 20;

function generate(size: number, seed: number): { readonly bytes: Buffer; readonly statistics: MixStatistics } {
  const generator = new MixGenerator(mixParameters(size, seed));
  const chunks: Buffer[] = [];
  for (let chunk = generator.nextChunk(); chunk !== null; chunk = generator.nextChunk())
    chunks.push(Buffer.from(chunk));
  return { bytes: Buffer.concat(chunks), statistics: generator.statistics };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('generated mix', () => {
  const { bytes, statistics } = generate(SIZE, 7);
  const frames = ethernetFrames(bytes) as CapturedFrame[];
  const shareOf = (holds: (frame: CapturedFrame) => boolean): number => frames.filter(holds).length / frames.length;
  const typeOf = (frame: CapturedFrame): number => bytes.readUInt16BE(frame.offset + 12);
  /** Offset of the first IP header. */
  const networkOf = (frame: CapturedFrame): number => frame.offset + (typeOf(frame) === 0x8100 ? 18 : 14);

  it('is the same for the same seed and another for another', () => {
    const again = generate(1 << 20, 7);
    // Where this one changes, MIX_VERSION must change with it.
    expect(sha256(again.bytes)).toBe('4b4bf675f14c497a0244fe9e63ad84c622fef607989fb413680b979ae6432ab1');
    expect(sha256(generate(1 << 20, 7).bytes)).toBe(sha256(again.bytes));
    expect(sha256(generate(1 << 20, 8).bytes)).not.toBe(sha256(again.bytes));
  });

  it('is as large as asked and consists of whole records', () => {
    expect(bytes.length).toBe(statistics.bytes);
    expect(bytes.length).toBeGreaterThanOrEqual(SIZE);
    expect(bytes.length).toBeLessThan(SIZE + 16_384);
    expect(frames.length).toBe(statistics.packets);
    expect(frames.at(-1)?.end).toBe(bytes.length);
  });

  it('has packets of 64, 576 and 1500 bytes at 7:4:1', () => {
    const lengths = frames.map((frame) => frame.end - frame.offset);
    const medium = lengths.filter((length) => length === 576).length;
    const large = lengths.filter((length) => length === 1500).length;
    const small = lengths.filter((length) => length <= 140).length;
    expect(medium / large).toBeCloseTo(4, 0);
    expect(small / large).toBeGreaterThan(6.7);
    expect(small / large).toBeLessThan(7.3);
    expect(medium + large + small).toBeGreaterThan(frames.length * 0.99);
    expect(Math.min(...lengths)).toBe(64);
  });

  it('has the stated shares of VLAN tags, tunnels and IPv6', () => {
    expect(Math.abs(shareOf((frame) => typeOf(frame) === 0x8100) - 0.2)).toBeLessThan(0.03);
    const tunnelled = shareOf(
      (frame) => bytes.readUInt32BE(networkOf(frame) + 12) >>> 8 === 0xc00002 || isTunnelEnd(frame),
    );
    expect(Math.abs(tunnelled - 0.1)).toBeLessThan(0.02);
    expect(tunnelled).toBeCloseTo(statistics.tunnelled / statistics.packets, 10);
    const outerIpv6 = shareOf((frame) => bytes.readUInt8(networkOf(frame)) >> 4 === 6);
    expect(outerIpv6).toBeGreaterThan(0.2);
    expect(Math.abs(statistics.ipv6 / statistics.packets - 0.3)).toBeLessThan(0.03);
    expect(outerIpv6).toBeLessThan(statistics.ipv6 / statistics.packets);
  });

  function isTunnelEnd(frame: CapturedFrame): boolean {
    return bytes.readUInt32BE(networkOf(frame) + 12) >>> 8 === 0xc63364;
  }

  it('counts sequence numbers on per flow and direction', () => {
    const next = new Map<string, number>();
    let followed = 0;
    for (const frame of frames) {
      const at = networkOf(frame);
      if (bytes.readUInt8(at) !== 0x45 || bytes.readUInt8(at + 9) !== 6) continue;
      const segment = at + 20;
      const key = bytes.toString('hex', at + 12, segment + 4);
      const sequence = bytes.readUInt32BE(segment + 4);
      const flags = bytes.readUInt8(segment + 13);
      const expected = next.get(key);
      if (expected !== undefined) {
        expect(sequence).toBe(expected);
        followed++;
      }
      const length = bytes.readUInt16BE(at + 2) - 40;
      next.set(key, (sequence + length + (flags & 3 ? 1 : 0)) >>> 0);
    }
    expect(followed).toBeGreaterThan(10_000);
  });

  it('carries mining conversations with shares', () => {
    expect(statistics.miningFlows).toBeGreaterThan(0);
    const submits = bytes.toString('latin1').split(/"method": ?"(?:mining\.)?submit"/).length - 1;
    expect(submits).toBe(statistics.shares);
    expect(submits).toBeGreaterThan(0);
  });
});

describe('ensureMix', () => {
  const directory = mkdtempSync(join(tmpdir(), 'poolprint-bench-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('makes a capture once and again only for other parameters', () => {
    const file = join(directory, 'mix.pcap');
    const first = ensureMix(mixParameters(100_000, 1), file);
    expect(sha256(readFileSync(file))).toBe(first.sha256);
    const bytes = readFileSync(file);
    bytes.writeUInt8(0xff, bytes.length - 1);
    writeFileSync(file, bytes); // still there afterwards: it was not made again
    expect(ensureMix(mixParameters(100_000, 1), file)).toEqual(first);
    expect(sha256(readFileSync(file))).toBe(sha256(bytes));
    expect(ensureMix(mixParameters(100_000, 2), file).sha256).not.toBe(first.sha256);
    expect(sha256(readFileSync(file))).not.toBe(sha256(bytes));
  });
});

describe('parts of the drivers', () => {
  it.each([
    ['1000', 1000],
    ['64m', 67_108_864],
    ['1G', 1_073_741_824],
    ['1.5k', 1536],
  ])('reads the size %s', (text, size) => {
    expect(parseSize(text)).toBe(size);
  });

  it.each(['', '0', '-1', '1t', 'm'])('refuses the size "%s"', (text) => {
    expect(() => parseSize(text)).toThrow(RangeError);
  });

  it('takes a measured value as median', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2);
  });

  it('moves times in pieces of any size', () => {
    const capture = generate(20_000, 3).bytes.subarray(pcapHeader().length);
    const whole = new Uint8Array(capture);
    new TimeShifter(1000).shift(whole, whole.length);
    for (const piece of [1, 3, 17, 100]) {
      const shifter = new TimeShifter(1000);
      const out: Uint8Array[] = [];
      for (let at = 0; at < capture.length; at += piece) {
        const part = new Uint8Array(capture.subarray(at, at + piece));
        shifter.shift(part, part.length);
        out.push(part);
      }
      expect(sha256(Buffer.concat(out))).toBe(sha256(whole));
    }
    const before = ethernetFrames(Buffer.concat([pcapHeader(), capture])) as CapturedFrame[];
    const after = ethernetFrames(Buffer.concat([pcapHeader(), whole])) as CapturedFrame[];
    expect(after.map(({ time }) => time)).toEqual(before.map(({ time }) => time + 1_000_000_000));
    expect(after.map(({ end }) => end)).toEqual(before.map(({ end }) => end));
  });

  it('varies addresses of both directions alike and leaves special ones', () => {
    const mask = 0x12345678;
    const frame = (source: string, destination: string): DataView => {
      const header = '0200000000010200000000020800450000280000000040060000';
      const bytes = Buffer.from(`${header}${source}${destination}${'00'.repeat(20)}`, 'hex');
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    };
    const there = frame('0a000001', 'c0a80102');
    const back = frame('c0a80102', '0a000001');
    const special = frame('7f000001', 'e00000fb');
    for (const view of [there, back, special]) varyAddresses(view, 0, view.byteLength, mask);
    expect(there.getUint32(26)).toBe(back.getUint32(30));
    expect(there.getUint32(30)).toBe(back.getUint32(26));
    expect(there.getUint32(26)).toBe(0x0a345679);
    expect(special.getUint32(26)).toBe(0x7f000001);
    expect(special.getUint32(30)).toBe(0xe00000fb);
  });

  it('stops at damage instead of throwing, at every length of a capture', () => {
    const capture = generate(3000, 3).bytes;
    const all = ethernetFrames(capture)?.length ?? 0;
    let last = 0;
    for (let length = 0; length <= capture.length; length++) {
      const found = ethernetFrames(capture.subarray(0, length))?.length ?? 0;
      expect(found).toBeGreaterThanOrEqual(last);
      last = found;
    }
    expect(last).toBe(all);
  });
});
