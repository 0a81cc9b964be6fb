import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { InputError } from '../../src/capture/capture-error.ts';
import { type ReadProgress, type ReadResult, readCapture } from '../../src/capture/read.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { openSource } from '../../src/capture/source.ts';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { concat, payload, pcap, u32 } from './builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

const capture = pcap(
  Array.from({ length: 20_000 }, (_, i) => ({ data: payload(i % 211, i), seconds: i, fraction: i })),
);
/** Bytes that do not compress, so that a cut of the compressed data is a cut of the capture. */
const dense = pcap(
  Array.from({ length: 3000 }, (_, i) => {
    const data = new Uint8Array(200);
    let state = i + 1;
    for (let at = 0; at < 200; at++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      data[at] = state >>> 24;
    }
    return { data, seconds: i, fraction: 0 };
  }),
);

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string, onProgress?: (p: ReadProgress) => void): Promise<ReadResult & { hash: number }> {
  const source = await openSource(path);
  let hash = 0;
  const sink = {
    onFrame(frame: { bytes: Uint8Array; offset: number; end: number }): void {
      for (let at = frame.offset; at < frame.end; at++) hash = (Math.imul(hash, 31) + (frame.bytes[at] as number)) | 0;
    },
  };
  try {
    const options = onProgress === undefined ? {} : { onProgress };
    return { ...(await readCapture(source, new CaptureReader(0), sink, options)), hash };
  } finally {
    await source.close();
  }
}

/** All decoded bytes, read in small pieces. */
async function decoded(path: string): Promise<{ text: string; damage: string | null }> {
  const source = await openSource(path);
  const parts: Buffer[] = [];
  const into = new Uint8Array(1000);
  for (let count = await source.read(into); count > 0; count = await source.read(into)) {
    parts.push(Buffer.from(into.subarray(0, count)));
  }
  await source.close();
  return { text: Buffer.concat(parts).toString('latin1'), damage: source.damage?.reason ?? null };
}

function installed(program: string): boolean {
  const found = spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
  if (!found) console.log(`${program} is not installed: its tests are skipped`);
  return found;
}

const skippable = concat(u32(0x184d2a53, true), u32(7, true), payload(7, 1));
const halves = [capture.subarray(0, 1_000_003), capture.subarray(1_000_003)] as const;

describe('compressed captures', () => {
  const variants: [string, Uint8Array][] = [
    ['plain', capture],
    ['gzip', gzipSync(capture)],
    ['gzip of two members', concat(gzipSync(halves[0]), gzipSync(halves[1]))],
    ['zstd', zstdCompressSync(capture)],
    ['zstd of two frames', concat(zstdCompressSync(halves[0]), zstdCompressSync(halves[1]))],
    [
      'zstd with skippable frames',
      concat(skippable, zstdCompressSync(halves[0]), skippable, skippable, zstdCompressSync(halves[1]), skippable),
    ],
    ['zstd without content size', execZstdLike(capture)],
  ];
  it.each(variants)('%s', async (name, bytes) => {
    const plain = await read(file('plain.pcap', capture));
    expect(plain.packets).toBe(20_000);
    const progress: ReadProgress[] = [];
    const result = await read(file(`${name}.bin`, bytes), (p) => progress.push({ ...p }));
    expect(result).toEqual(plain);
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toEqual({ consumed: bytes.length, size: bytes.length, packets: 20_000 });
  });

  it('reads hundreds of small frames and members, with frames of zero bytes between', async () => {
    const texts = Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? '' : `line ${i}\n`.repeat(i % 5)));
    for (const compress of [gzipSync, zstdCompressSync]) {
      const path = file('frames', concat(...texts.map((text) => compress(text))));
      expect(await decoded(path)).toEqual({ text: texts.join(''), damage: null });
    }
  });

  it.each([
    ['gzip', gzipSync(dense)],
    ['zstd', zstdCompressSync(dense)],
  ] as const)('%s cut off: what was decoded counts, the cut is damage', async (name, bytes) => {
    for (const length of [bytes.length - 1, bytes.length - 9, 300_000, 200_000]) {
      const result = await read(file(`cut.${name}`, bytes.subarray(0, length)));
      expect(result.packets).toBeGreaterThan(((length - 140_000) / bytes.length) * 3000);
      expect(result.packets).toBeLessThanOrEqual(3000);
      expect(result.damage).toMatchObject({ offset: length, reason: `the ${name} data is cut off` });
    }
  });

  it.each([
    ['gzip', gzipSync(dense)],
    ['zstd', zstdCompressSync(dense, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ] as const)('%s damaged in the middle: what was decoded before counts', async (name, bytes) => {
    const bad = bytes.slice();
    bad.fill(0xff, 400_000, 400_200);
    const result = await read(file(`bad.${name}`, bad));
    expect(result.packets).toBeGreaterThan(500);
    expect(ANOMALIES[result.damage?.anomaly ?? 0]).toBe('capture.damaged_compression');
    expect(result.damage?.offset).toBeGreaterThan(390_000);
    expect(result.damage?.reason).toMatch(`the ${name} data is damaged: `);
  });

  it('reports what follows a zstd frame and is none', async () => {
    const text = 'x'.repeat(5000);
    const { text: got, damage } = await decoded(
      file('tail.zst', concat(zstdCompressSync(text), Buffer.from('and a tail'))),
    );
    expect([got, damage]).toEqual([text, 'the zstd data is damaged: the data after a zstd frame is not zstd']);
  });

  const programs: [string, string[]][] = [
    ['xz', ['-c', '-0']],
    ['lz4', ['-c', '-q', '-B4']], // blocks of 64 KiB
  ];
  for (const [program, args] of programs) {
    const compress = (bytes: Uint8Array): Uint8Array =>
      execFileSync(program, args, { input: bytes, maxBuffer: 1 << 26 });
    it.skipIf(!installed(program))(`${program}: whole, in two parts, cut off and damaged`, async () => {
      const plain = await read(file('plain.pcap', capture));
      expect(await read(file(`one.${program}`, compress(capture)))).toEqual(plain);
      expect(await read(file(`two.${program}`, concat(compress(halves[0]), compress(halves[1]))))).toEqual(plain);
      const bytes = compress(dense);
      const cut = await read(file(`cut.${program}`, bytes.subarray(0, bytes.length - 100_000)));
      expect(cut.packets).toBeLessThan(3000);
      expect(cut.damage).toMatchObject({ offset: bytes.length - 100_000, reason: `the ${program} data is cut off` });
      const bad = bytes.slice();
      bad.fill(0xff, 300_000, 300_500);
      const damaged = await read(file(`bad.${program}`, bad));
      expect(damaged.packets).toBeLessThan(3000);
      expect(damaged.damage).not.toBeNull();
    });

    it.skipIf(!installed(program))(`${program}: closing early ends the child`, async () => {
      const source = await openSource(file(`early.${program}`, compress(capture)));
      expect(await source.read(new Uint8Array(10))).toBe(10);
      await source.close();
      await source.close();
      expect(await source.read(new Uint8Array(10))).toBe(0);
    });
  }

  it.each([
    ['xz', 'fd377a585a000004e6d6b446', 'xz-utils'],
    ['lz4', '04224d186440a7', 'lz4'],
  ])('%s not installed: one line says what to install', async (program, head, name) => {
    const path = file(`missing.${program}`, Buffer.from(head, 'hex'));
    const before = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      const error = await openSource(path).then(
        () => null,
        (e: InputError) => e,
      );
      expect(error?.message).toBe(
        `${path}: ${program} is not installed: install the package ${name}, or decompress the file first`,
      );
      expect(error?.exitCode).toBe(1);
    } finally {
      process.env['PATH'] = before;
    }
  });
});

/** A zstd frame with one stored block per 100,000 bytes, checksum off, no content size (window 1 MiB). */
function execZstdLike(bytes: Uint8Array): Uint8Array {
  const parts = [Buffer.from('28b52ffd0050', 'hex')];
  for (let at = 0; at < bytes.length; at += 100_000) {
    const part = bytes.subarray(at, at + 100_000);
    const last = at + 100_000 >= bytes.length ? 1 : 0;
    parts.push(Buffer.from(u32((part.length << 3) | last, true).subarray(0, 3)), Buffer.from(part));
  }
  return concat(...parts);
}

describe('inputs that are none', () => {
  it.each([
    ['empty', new Uint8Array(0), 'empty'],
    ['one byte', Uint8Array.of(0xd4), 'not_a_capture'],
    ['text', Buffer.from('hello, world\n'), 'not_a_capture'],
    ['gzip of nothing', gzipSync(''), 'empty'],
    ['zstd of text', zstdCompressSync('some text'), 'not_a_capture'],
  ])('%s', async (name, bytes, fault) => {
    await expect(read(file(name, bytes))).rejects.toMatchObject({ name: 'CaptureError', fault, exitCode: 1 });
  });

  it('counts compressed data without a single whole block as cut off, and rubbish as no capture', async () => {
    const cut = await read(file('none.zst', zstdCompressSync(dense).subarray(0, 5000)));
    expect(cut).toMatchObject({ packets: 0, damage: { offset: 5000, reason: 'the zstd data is cut off' } });
    const rubbish = read(file('rubbish.gz', concat(Uint8Array.of(0x1f, 0x8b), new Uint8Array(100).fill(0xff))));
    await expect(rubbish).rejects.toMatchObject({ fault: 'not_a_capture' });
  });

  it('names a missing file and a folder', async () => {
    await expect(openSource(join(folder, 'none'))).rejects.toThrow(`${join(folder, 'none')}: no such file`);
    await expect(openSource(folder)).rejects.toThrow(`${folder}: is a directory`);
  });
});

/** Reads standard input in a process of its own, as the command line does. */
const STDIN_PROGRAM = `
const { openSource } = await import(process.argv[1] + '/source.ts');
const { CaptureReader } = await import(process.argv[1] + '/reader.ts');
const { readCapture } = await import(process.argv[1] + '/read.ts');
const source = await openSource('-');
const control = new AbortController();
process.on('SIGTERM', () => control.abort());
let ticks = 0;
const timer = setInterval(() => ticks++, 1);
const onProgress = () => { if (process.argv[2] === 'wait') process.stdout.write('piece\\n'); };
const result = await readCapture(source, new CaptureReader(0), { onFrame() {} }, { signal: control.signal, onProgress });
clearInterval(timer);
process.stdout.write(JSON.stringify({ ...result, size: source.size, consumed: source.consumed }));
await source.close();
process.exit(result.aborted ? 143 : 0);
`;
const STDIN_ARGUMENTS = ['--input-type=module', '-e', STDIN_PROGRAM, join(import.meta.dirname, '../../src/capture')];

describe('standard input', () => {
  it('reads a pipe, a redirected file and a compressed pipe', () => {
    const path = file('stdin.pcap', capture);
    const packets = 20_000;
    const run = (command: string): unknown => {
      const args = ['-c', `${command}`, 'sh', process.execPath, ...STDIN_ARGUMENTS];
      return JSON.parse(execFileSync('sh', args, { encoding: 'utf8' }));
    };
    const done = { packets, damage: null, aborted: false };
    expect(run(`cat '${path}' | "$@"`)).toEqual({ ...done, size: null, consumed: capture.length });
    expect(run(`"$@" < '${path}'`)).toEqual({ ...done, size: capture.length, consumed: capture.length });
    expect(run(`gzip -c '${path}' | "$@"`)).toMatchObject({ ...done, size: null });
    expect(run(`mkfifo '${path}.fifo'; cat '${path}' > '${path}.fifo' & "$@" < '${path}.fifo'`)).toMatchObject(done);
  });

  it('an abort ends the wait for a pipe that stays open and silent', async () => {
    const child = spawn(process.execPath, [...STDIN_ARGUMENTS, 'wait'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '') child.kill('SIGTERM'); // the first piece was parsed; the next never comes
      output += text;
    });
    child.stdin.write(pcap([{ data: payload(9, 1), seconds: 1, fraction: 1 }]));
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect(status).toBe(143);
    expect(JSON.parse(output.slice(output.lastIndexOf('{')))).toMatchObject({
      packets: 1,
      aborted: true,
      damage: null,
    });
  });
});

describe('a FIFO', () => {
  it('without a writer can be given up, and with one is read', async () => {
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    const control = new AbortController();
    const opening = openSource(path, control.signal);
    setImmediate(() => control.abort());
    const source = await opening;
    const result = await readCapture(
      source,
      new CaptureReader(0),
      { onFrame: () => undefined },
      { signal: control.signal },
    );
    expect(result).toEqual({ packets: 0, damage: null, aborted: true });
    await source.close();

    const writer = spawn('sh', ['-c', `cat '${file('fifo.pcap', capture)}' > '${path}'`], { stdio: 'ignore' });
    expect(await read(path)).toMatchObject({ packets: 20_000, damage: null });
    expect(await new Promise((resolve) => writer.on('close', resolve))).toBe(0);
  });
});

describe('readCapture', () => {
  it('stops at an abort between pieces and leaves no listener behind', async () => {
    const control = new AbortController();
    const source = await openSource(file('abort.pcap', capture));
    const reader = new CaptureReader(0);
    const result = await readCapture(
      source,
      reader,
      { onFrame: () => undefined },
      {
        signal: control.signal,
        onProgress: () => control.abort(),
      },
    );
    await source.close();
    expect(result.aborted).toBe(true);
    expect(result.packets).toBeGreaterThan(0);
    expect(result.packets).toBeLessThan(20_000);
  });

  it('stops reading where the capture is damaged', async () => {
    const head = pcap([{ data: payload(9, 1), seconds: 1, fraction: 1 }]);
    const result = await read(file('lie.pcap', concat(head, new Uint8Array(16).fill(0xff), new Uint8Array(5_000_000))));
    expect(result).toMatchObject({ packets: 1, damage: { offset: head.length } });
  });

  it('passes on what a sink throws', async () => {
    const source = await openSource(file('sink.pcap', capture));
    const sink = {
      onFrame(): void {
        throw new Error('the sink failed');
      },
    };
    await expect(readCapture(source, new CaptureReader(0), sink)).rejects.toThrow('the sink failed');
    await source.close();
  });
});
