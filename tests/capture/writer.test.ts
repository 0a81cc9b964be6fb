import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OutputError } from '../../src/capture/capture-error.ts';
import { Frame } from '../../src/capture/frame.ts';
import { PcapngWriter } from '../../src/capture/writer.ts';
import { payload } from './builder.ts';
import { readPieces } from './collect.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));

function frame(data: Uint8Array, time: number, nanos: number, linkType: number, original = data.length): Frame {
  const bytes = new Uint8Array(data.length + 10);
  bytes.set(data, 4);
  const made = new Frame(bytes, new DataView(bytes.buffer));
  Object.assign(made, { offset: 4, end: 4 + data.length, time, nanos, linkType, originalLength: original });
  return made;
}

const FRAMES = [
  frame(payload(60, 1), 1_700_000_000_123_456, 789, 1),
  frame(payload(61, 2), 1_700_000_000_123_457, 0, 101, 1500),
  frame(payload(0, 3), 0, 0, 1, 60),
  frame(payload(3, 4), 4_294_967_295_999_999, 999, 276),
];

describe('PcapngWriter', () => {
  it('writes what the reader gives back: times, lengths, link types', () => {
    const writer = new PcapngWriter({ comment: 'case 7', application: 'poolprint' });
    for (const made of FRAMES) expect(writer.add(made, 'share 1')).toBe(true);
    const bytes = writer.take();
    expect([writer.packets, writer.refused, writer.size]).toEqual([4, 0, bytes.length]);
    const { reader, seen } = readPieces([bytes]);
    expect(reader.damage).toBeNull();
    expect(seen.map((s) => [s.time, s.nanos, s.linkType, s.originalLength, s.data])).toEqual(
      FRAMES.map((f) => [
        f.time,
        f.nanos,
        f.linkType,
        f.originalLength,
        Buffer.from(f.bytes.subarray(f.offset, f.end)).toString('hex'),
      ]),
    );
  });

  it('gives the bytes of the specification for a section without packets', () => {
    const bytes = new PcapngWriter({ comment: 'abc' }).take();
    // Block type, length 40, byte order, version 1.0, no section length, opt_comment of 3, end of options, length.
    const expected = '0a0d0d0a 28000000 4d3c2b1a 0100 0000 ffffffffffffffff 0100 0300 61626300 00000000 28000000';
    expect(Buffer.from(bytes).toString('hex')).toBe(expected.replaceAll(' ', ''));
  });

  it('refuses packets beyond its limit and counts them', () => {
    const writer = new PcapngWriter({ maxBytes: 400 });
    const results = Array.from({ length: 6 }, () => writer.add(FRAMES[0] as Frame));
    expect(results).toEqual([true, true, true, false, false, false]);
    expect([writer.packets, writer.refused, writer.size <= 400]).toEqual([3, 3, true]);
    expect(readPieces([writer.take()]).seen).toHaveLength(3);
  });

  it('cuts an over-long comment between characters', () => {
    for (const text of [`a${'矿'.repeat(30_000)}`, '矿池'.repeat(30_000), 'x'.repeat(70_000)]) {
      const writer = new PcapngWriter({ comment: text });
      writer.add(FRAMES[0] as Frame, text);
      const bytes = writer.take();
      expect(readPieces([bytes]).reader.damage).toBeNull();
      const length = Buffer.from(bytes).readUInt16LE(26);
      expect(length).toBeGreaterThan(65_520);
      expect(text.startsWith(Buffer.from(bytes.subarray(28, 28 + length)).toString())).toBe(true);
    }
  });

  it('appends to a file in several steps; the same frames give the same bytes', async () => {
    const path = join(folder, 'steps.pcapng');
    const file = await open(path, 'w');
    const [stepwise, whole] = [new PcapngWriter({ comment: 'c' }), new PcapngWriter({ comment: 'c' })];
    for (const made of FRAMES) {
      stepwise.add(made);
      whole.add(made);
      await stepwise.flush(file, path);
    }
    await file.close();
    expect(readFileSync(path).equals(whole.take())).toBe(true);
  });

  const full = existsSync('/dev/full');
  if (!full) console.log('there is no /dev/full: the full disk is not tested');
  it.skipIf(!full)('says that the disk is full', async () => {
    const file = await open('/dev/full', 'w');
    const writer = new PcapngWriter();
    const error = await writer.flush(file, '/dev/full').then(
      () => null,
      (e: Error) => e,
    );
    await file.close();
    expect(error).toBeInstanceOf(OutputError);
    expect(error?.message).toBe('/dev/full: the disk is full');
  });

  const hasTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).error === undefined;
  if (!hasTshark) console.log('tshark is not installed: evidence captures are not compared with it');
  it.skipIf(!hasTshark)('Wireshark reads times, lengths and comments', async () => {
    const path = join(folder, 'evidence.pcapng');
    const file = await open(path, 'w');
    const writer = new PcapngWriter({ comment: 'case 7: 矿池', application: 'poolprint' });
    for (const [i, made] of FRAMES.entries()) writer.add(made, `comment ${i}`);
    await writer.flush(file, path);
    await file.close();
    const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.comment'].flatMap((f) => ['-e', f]);
    const { stdout } = spawnSync('tshark', ['-r', path, '-T', 'fields', ...fields], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toEqual([
      '1700000000.123456789\t60\t60\tcomment 0',
      '1700000000.123457000\t1500\t61\tcomment 1',
      '0.000000000\t60\t0\tcomment 2',
      '4294967295.999999999\t3\t3\tcomment 3',
    ]);
  });
});
