/**
 * `node tests/capture/measure.ts`: records a second of the readers and of a packet filter, on a capture made here
 * (2,000,000 records of 74 bytes) in memory and as a file; with tcpdump and pcap-parser on the same file for scale.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFilter } from '../../src/capture/bpf.ts';
import { compileFilter } from '../../src/capture/bpf-compile.ts';
import { Frame, type FrameSink } from '../../src/capture/frame.ts';
import { readCapture } from '../../src/capture/read.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { openSource } from '../../src/capture/source.ts';
import { concat, enhancedPacket, networkInterface, pcap, section } from './builder.ts';

const RECORDS = 2_000_000;
const REPEATS = 5;
const PIECE = 1024 * 1024;

class Counter implements FrameSink {
  bytes = 0;
  onFrame(frame: Frame): void {
    this.bytes += frame.end - frame.offset + (frame.time > 0 ? 0 : 1);
  }
}

/** Ethernet, IPv4, TCP to port 3333 (every fourth) or 443, 20 bytes of payload. */
function packet(index: number): Uint8Array {
  const bytes = new Uint8Array(74);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45);
  view.setUint16(16, 60);
  view.setUint8(23, 6);
  view.setUint32(26, 0x0a000001 + (index & 0xffff));
  view.setUint32(30, 0xc0a80001);
  view.setUint16(34, 40_000 + (index & 0xfff));
  view.setUint16(36, (index & 3) === 0 ? 3333 : 443);
  view.setUint8(46, 0x50);
  return bytes;
}

function repeat(head: Uint8Array, records: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(head.length + records.length * times);
  all.set(head);
  for (let i = 0; i < times; i++) all.set(records, head.length + i * records.length);
  return all;
}

function best(name: string, records: number, run: () => void): void {
  let rate = 0;
  for (let i = 0; i < REPEATS; i++) {
    const from = process.hrtime.bigint();
    run();
    rate = Math.max(rate, records / (Number(process.hrtime.bigint() - from) / 1e3));
  }
  report(name, rate);
}

async function bestAsync(name: string, records: number, run: () => Promise<void>): Promise<void> {
  let rate = 0;
  for (let i = 0; i < REPEATS; i++) {
    const from = process.hrtime.bigint();
    await run();
    rate = Math.max(rate, records / (Number(process.hrtime.bigint() - from) / 1e3));
  }
  report(name, rate);
}

function report(name: string, rate: number): void {
  process.stdout.write(`${name.padEnd(44)} ${rate.toFixed(2).padStart(8)} million records/s\n`);
}

function parseInMemory(capture: Uint8Array): void {
  // As the loop over a file does: every piece is first copied into one reused buffer.
  const bytes = new Uint8Array(PIECE);
  const view = new DataView(bytes.buffer);
  const reader = new CaptureReader(0);
  const counter = new Counter();
  for (let at = 0; at < capture.length; at += PIECE) {
    const piece = capture.subarray(at, at + PIECE);
    bytes.set(piece);
    reader.feed(bytes, view, 0, piece.length, counter);
  }
  reader.finish();
  if (reader.packets !== RECORDS) throw new Error(`${reader.packets} packets`);
}

const group = 1000;
const samples = Array.from({ length: group }, (_, i) => ({ data: packet(i), seconds: 1_700_000_000, fraction: i }));
const header = pcap([]);
const classic = repeat(header, pcap(samples).subarray(header.length), RECORDS / group);
const sectionHead = concat(section(true), networkInterface(1, true, { resolution: 9 }));
const stamp = 1_700_000_000_000_000_000n;
const blocks = concat(...samples.map((s, i) => enhancedPacket(0, stamp + BigInt(i), s.data, true)));
const next = repeat(sectionHead, blocks, RECORDS / group);

best('pcap, in memory', RECORDS, () => parseInMemory(classic));
best('pcapng with nanoseconds, in memory', RECORDS, () => parseInMemory(next));

const folder = mkdtempSync(join(tmpdir(), 'poolprint-measure-'));
try {
  const path = join(folder, 'classic.pcap');
  writeFileSync(path, classic);
  await bestAsync('pcap, from a file', RECORDS, async () => {
    const source = await openSource(path);
    await readCapture(source, new CaptureReader(0), new Counter());
    await source.close();
  });
  const parser = createRequire(import.meta.url)('pcap-parser') as {
    parse(path: string): { on(event: string, handler: () => void): void };
  };
  await bestAsync('pcap-parser 0.2.1, from the same file', RECORDS, async () => {
    let packets = 0;
    await new Promise<void>((resolve) => {
      const stream = parser.parse(path);
      stream.on('packet', () => packets++);
      stream.on('end', resolve);
    });
  });
  try {
    best('tcpdump -r FILE -w /dev/null', RECORDS, () => {
      execFileSync('tcpdump', ['-r', path, '-w', '/dev/null'], { stdio: 'ignore' });
    });
    const program = await compileFilter('tcp port 3333', 1);
    const frame = new Frame(classic, new DataView(classic.buffer));
    let matched = 0;
    best('filter "tcp port 3333", in memory', RECORDS, () => {
      for (let at = 24; at < classic.length; at += 90) {
        if (runFilter(program, frame.view, at + 16, at + 90, 74)) matched++;
      }
    });
    if (matched !== (REPEATS * RECORDS) / 4) throw new Error(`the filter matched ${matched}`);
  } catch (error) {
    process.stdout.write(`tcpdump and filter not measured: ${String(error)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
