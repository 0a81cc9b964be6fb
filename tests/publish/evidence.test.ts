import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { type EvidenceSource, evidenceName, type KeptFrame, writeEvidence } from '../../src/publish/evidence.ts';
import { bareDetection, sampleDetection, sampleSummary } from '../cli/sample.ts';

const context = { program: 'poolprint', version: '1.2.3' };
const NAME = '10.0.0.5_pool.example.com-3333_stratum-v1_4f1c0de6b7a3.pcapng';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-evidence-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function kept(packet: number, size = 60, change: Partial<KeptFrame> = {}): KeptFrame {
  return {
    file: 'capture.pcap',
    packet,
    time: 1_714_557_603_123_456 + packet,
    nanos: 789,
    linkType: 1,
    originalLength: size + 40,
    bytes: new Uint8Array(size).fill(packet),
    ...change,
  };
}

function sourceOf(frames: readonly KeptFrame[], row = sampleDetection()): EvidenceSource {
  return { detections: [row], evidence: new Map([[row.id, frames]]), summary: sampleSummary([row]) };
}

/** Frames of a capture file as plain values. */
function readBack(
  path: string,
): { number: number; time: number; nanos: number; link: number; length: number; bytes: number[] }[] {
  const rows: ReturnType<typeof readBack> = [];
  const bytes = new Uint8Array(readFileSync(path));
  const reader = new CaptureReader(0);
  reader.feed(bytes, new DataView(bytes.buffer), 0, bytes.length, {
    onFrame: (frame: Frame) => {
      rows.push({
        number: frame.number,
        time: frame.time,
        nanos: frame.nanos,
        link: frame.linkType,
        length: frame.originalLength,
        bytes: [...frame.bytes.subarray(frame.offset, frame.end)],
      });
    },
  });
  reader.finish();
  expect([reader.failure, reader.damage, reader.format]).toEqual([null, null, 'pcapng']);
  return rows;
}

function manifest(): { files: Record<string, unknown>[]; [key: string]: unknown } {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
}

test('packets come back as they were, and the manifest ties them to the detection', async () => {
  const frames = [kept(4), kept(9, 77, { linkType: 101, nanos: 0 }), kept(12, 60, { file: 'other.pcap' })];
  await writeEvidence(folder, sourceOf(frames), context);
  expect(readdirSync(folder).sort()).toEqual([NAME, 'manifest.json']);
  const path = join(folder, NAME);
  expect(readBack(path)).toEqual(
    frames.map((frame, index) => ({
      number: index + 1,
      time: frame.time,
      nanos: frame.nanos,
      link: frame.linkType,
      length: frame.originalLength,
      bytes: [...frame.bytes],
    })),
  );
  const bytes = readFileSync(path);
  expect(
    bytes.includes('stratum-v1.handshake v3, weight 0.9, from the miner: {"id":1,"method":"mining.subscribe"'),
  ).toBe(true);
  expect(bytes.includes(`Evidence of detection ${sampleDetection().id}\n`)).toBe(true);
  expect(manifest()).toEqual({
    type: 'evidence_manifest',
    version: 1,
    program: 'poolprint',
    program_version: '1.2.3',
    sensor: 'replay',
    signature_set: { signatures: 57, sha256: 'a'.repeat(64) },
    files: [
      {
        file: NAME,
        detection: sampleDetection().id,
        miner: '10.0.0.5',
        pool: 'pool.example.com:3333',
        dialect: 'stratum-v1',
        confidence: 'confirmed',
        activity: 'mining',
        sha256: createHash('sha256').update(bytes).digest('hex'),
        size: bytes.length,
        packets: 3,
        packets_left_out: 0,
        first_time: '2024-05-01T10:00:03.123460Z',
        last_time: '2024-05-01T10:00:03.123468Z',
        sources: ['capture.pcap', 'other.pcap'],
        signatures: [{ id: 'stratum-v1.handshake', version: 3 }],
      },
    ],
    detections_without_packets: [],
  });
});

test('the same source gives the same bytes, and files of the same name are replaced', async () => {
  await writeEvidence(folder, sourceOf([kept(4)]), context);
  const [first, list] = [readFileSync(join(folder, NAME)), readFileSync(join(folder, 'manifest.json'))];
  writeFileSync(join(folder, NAME), 'old');
  await writeEvidence(folder, sourceOf([kept(4)]), context);
  expect(readFileSync(join(folder, NAME)).equals(first)).toBe(true);
  expect(readFileSync(join(folder, 'manifest.json')).equals(list)).toBe(true);
});

test('a link in the folder is replaced, never followed', async () => {
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(folder, NAME));
  await writeEvidence(folder, sourceOf([kept(4)]), context);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
  expect(readBack(join(folder, NAME)).length).toBe(1);
});

test.skipIf(!existsSync('/proc/self'))(
  'a folder that can never be made is an error, not a wait without end',
  async () => {
    await expect(writeEvidence('/proc/none/below', sourceOf([kept(4)]), context)).rejects.toThrow(
      /\/proc\/none\/below/,
    );
  },
);

test.skipIf(process.platform === 'win32')('other users may not read it', async () => {
  const inner = join(folder, 'made', 'deep');
  await writeEvidence(inner, sourceOf([kept(4)]), context);
  expect(statSync(inner).mode & 0o077).toBe(0);
  expect(statSync(join(inner, NAME)).mode & 0o077).toBe(0);
});

test('sizes are bounded, what is left out is counted', async () => {
  const frames = Array.from({ length: 100 }, (_, index) => kept(index + 1, 1000));
  await writeEvidence(folder, sourceOf(frames), { ...context, maxFileBytes: 20_000 });
  expect(statSync(join(folder, NAME)).size).toBeLessThanOrEqual(20_000);
  const [entry] = manifest().files;
  const packets = readBack(join(folder, NAME)).length;
  expect(packets).toBeGreaterThan(10);
  expect([entry?.['packets'], entry?.['packets_left_out']]).toEqual([packets, 100 - packets]);
});

test('all files together are bounded', async () => {
  const rows = [sampleDetection(), sampleDetection({ id: 'b'.repeat(64) })];
  const frames = Array.from({ length: 20 }, (_, index) => kept(index + 1, 1000));
  const evidence = new Map(rows.map((row) => [row.id, frames]));
  const source = { detections: rows, evidence, summary: sampleSummary(rows) };
  await writeEvidence(folder, source, { ...context, maxTotalBytes: 30_000 });
  const [first, second] = manifest().files;
  expect(first?.['packets']).toBe(20);
  expect(second?.['packets']).toBeLessThan(10);
});

test('many packets go through in pieces', async () => {
  const frames = Array.from({ length: 90 }, (_, index) => kept(index + 1, 60_000));
  await writeEvidence(folder, sourceOf(frames), context);
  expect(readBack(join(folder, NAME)).length).toBe(90);
  const bytes = readFileSync(join(folder, NAME));
  expect(manifest().files[0]?.['sha256']).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('a detection without packets is named in the manifest, a time beyond any calendar is null', async () => {
  await writeEvidence(folder, sourceOf([]), context);
  expect(manifest()['detections_without_packets']).toEqual([sampleDetection().id]);
  await writeEvidence(folder, sourceOf([kept(1, 60, { time: 9e15 * 1000 })]), context);
  expect(manifest().files[0]?.['first_time']).toBeNull();
});

describe('names', () => {
  test.each([
    ['../../etc/passwd', '10.0.0.5_etc-passwd-3333_stratum-v1_4f1c0de6b7a3.pcapng'],
    ['\x1b[31m\u0000/', '10.0.0.5_31m-3333_stratum-v1_4f1c0de6b7a3.pcapng'],
    ['..', '10.0.0.5_unknown-3333_stratum-v1_4f1c0de6b7a3.pcapng'],
    ['矿池.example', '10.0.0.5_example-3333_stratum-v1_4f1c0de6b7a3.pcapng'],
    ['C:\\con', '10.0.0.5_c-con-3333_stratum-v1_4f1c0de6b7a3.pcapng'],
  ])('pool %j', (host, expected) => {
    expect(evidenceName(sampleDetection({ pool: { ip: null, port: 3333, host, name: null } }))).toBe(expected);
  });

  test('IPv6, no dialect, endless host', () => {
    expect(evidenceName(bareDetection({ miner: { ip: '2001:db8::5' } }))).toBe(
      '2001-db8-5_2001-db8-1-443_unknown_00ff00ff00ff.pcapng',
    );
    const pool = { ip: null, port: 1, host: 'a'.repeat(5000), name: null };
    expect(evidenceName(sampleDetection({ pool }))).toBe(`10.0.0.5_${'a'.repeat(64)}-1_stratum-v1_4f1c0de6b7a3.pcapng`);
  });
});

describe('failures are one clear line and leave nothing behind', () => {
  test('the folder is a file', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'x');
    const failure = await writeEvidence(path, sourceOf([kept(1)]), context).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      exitCode: 1,
      message: `cannot write evidence to ${path}: a file of that name is in the way`,
    });
  });

  test('a folder stands where a file should go', async () => {
    mkdirSync(join(folder, NAME));
    writeFileSync(join(folder, NAME, 'x'), '');
    const failure = await writeEvidence(folder, sourceOf([kept(1)]), context).catch((error: unknown) => error);
    expect(failure).toMatchObject({ exitCode: 1 });
    expect(readdirSync(folder)).toEqual([NAME]);
  });

  test('the disk is full', (task) => {
    // A file system of 256 KiB that only this child sees.
    const module = fileURLToPath(new URL('../../src/publish/evidence.ts', import.meta.url));
    const sample = fileURLToPath(new URL('../cli/sample.ts', import.meta.url));
    const script = join(folder, 'fill.mts');
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    writeFileSync(
      script,
      `import { readdirSync, writeFileSync } from 'node:fs';
import { writeEvidence } from ${JSON.stringify(module)};
import { sampleDetection, sampleSummary } from ${JSON.stringify(sample)};
const row = sampleDetection();
const frame = { file: 'a', packet: 1, time: 1e15, nanos: 0, linkType: 1, originalLength: 60000, bytes: new Uint8Array(60000) };
const source = { detections: [row], evidence: new Map([[row.id, Array(40).fill(frame)]]), summary: sampleSummary([row]) };
writeFileSync(${JSON.stringify(join(disk, NAME))}, 'old');
try { await writeEvidence(${JSON.stringify(disk)}, source, { program: 'p', version: '1' }); } catch (error) {
  console.log(JSON.stringify({ code: error.exitCode, message: error.message, left: readdirSync(${JSON.stringify(disk)}) }));
}`,
    );
    const command = 'mount -t tmpfs -o size=256k tmpfs "$1" || exit 77; exec "$2" "$3"';
    const child = spawnSync(
      'unshare',
      ['--user', '--map-root-user', '--mount', 'sh', '-c', command, 'sh', disk, process.execPath, script],
      { encoding: 'utf8' },
    );
    if (child.error !== undefined || child.stdout === '') {
      const reason = `no small file system can be made here: ${child.error?.message ?? child.stderr.trim()}`;
      console.warn(`skipped: ${reason}`);
      task.skip(reason);
    }
    expect(JSON.parse(child.stdout)).toEqual({
      code: 1,
      message: `cannot write evidence to ${disk}: no space left on device`,
      left: [NAME],
    });
  });
});
