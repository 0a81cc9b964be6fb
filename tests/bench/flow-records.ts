/**
 * How fast IPFIX is read: `node tests/bench/flow-records.ts [--seconds 5] [--datagrams 120000]`. Datagrams of up to 1400 bytes are
 * invented: a template of 20 fields as routers send it, 19 records each, 4096 datagrams over 50,000 hosts. First in this
 * process, with a sink that does nothing and with the conversation pipeline behind it; then over the loopback interface
 * into a process of its own, and the same datagrams into nfcapd where it is installed (which writes its files besides).
 * There, records by second of processor time of the receiver are compared: what is lost on the way is lost by both.
 * Exits 1 where the collector alone reads fewer than 500,000 records a second.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RecordPipeline } from '../../src/engine/records/record-pipeline.ts';
import { Collector } from '../../src/flowrecord/collector.ts';
import type { RecordSink } from '../../src/flowrecord/record.ts';
import { loadEndpoints } from '../../src/signature/endpoints.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import { available } from './measure.ts';
import { Random } from './mix-random.ts';
import { table } from './table.ts';

const HOST = '127.0.0.1';
const FLOOR = 500_000;
const DATAGRAMS = 4096;
const MAX_DATAGRAM = 1400;
/** 2026-11-03T00:00:00Z. */
const SECONDS = Date.UTC(2026, 10, 3) / 1000;
/** Linux counts processor time in hundredths of a second. */
const TICKS = 100;
/** Element and length: addresses, ports, counts, times, interfaces, next hop, AS numbers, masks, flags, VLAN, sampling. */
const FIELDS: readonly (readonly [number, number])[] = [
  ...([
    [8, 4],
    [12, 4],
    [15, 4],
    [7, 2],
    [11, 2],
    [4, 1],
    [5, 1],
    [6, 1],
    [136, 1],
    [10, 4],
    [14, 4],
  ] as const),
  ...([
    [2, 8],
    [1, 8],
    [152, 8],
    [153, 8],
    [16, 4],
    [17, 4],
    [9, 1],
    [13, 1],
    [58, 2],
  ] as const),
];
const RECORD = FIELDS.reduce((sum, [, length]) => sum + length, 0);
const PER_DATAGRAM = Math.floor((MAX_DATAGRAM - 20) / RECORD);

function header(length: number, sequence: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt16BE(10, 0);
  bytes.writeUInt16BE(length, 2);
  bytes.writeUInt32BE(SECONDS, 4);
  bytes.writeUInt32BE(sequence, 8);
  bytes.writeUInt32BE(1, 12);
  return bytes;
}

function templateDatagram(): Buffer {
  const bytes = header(24 + FIELDS.length * 4, 0);
  bytes.writeUInt16BE(2, 16);
  bytes.writeUInt16BE(bytes.length - 16, 18);
  bytes.writeUInt16BE(256, 20);
  bytes.writeUInt16BE(FIELDS.length, 22);
  FIELDS.forEach(([element, length], i) => {
    bytes.writeUInt16BE(element, 24 + i * 4);
    bytes.writeUInt16BE(length, 26 + i * 4);
  });
  return bytes;
}

function dataDatagram(random: Random, index: number): Buffer {
  const bytes = header(20 + PER_DATAGRAM * RECORD, index * PER_DATAGRAM);
  bytes.writeUInt16BE(256, 16);
  bytes.writeUInt16BE(bytes.length - 16, 18);
  const up = random.below(8000);
  for (let i = 0, at = 20; i < PER_DATAGRAM; i++) {
    const client = 0x0a000000 + random.below(50_000);
    const server = 0xc6336400 + random.below(256);
    const inbound = random.below(2) === 0;
    const packets = 1 + random.below(100) ** 2;
    const end = SECONDS * 1000 - up + i;
    const values = [
      ...[inbound ? server : client, inbound ? client : server, 0xc0000201],
      ...[inbound ? 443 : 32_768 + (client % 28_000), inbound ? 32_768 + (client % 28_000) : 443, 6, 0, 0x18, 2, 3, 4],
      ...[packets, packets * 700, end - 60_000, end, 64_500, 64_501, 24, 24, 100],
    ];
    FIELDS.forEach(([, length], field) => {
      const value = values[field] as number;
      if (length === 8) bytes.writeBigUInt64BE(BigInt(value), at);
      else bytes.writeUIntBE(value, at, length);
      at += length;
    });
  }
  return bytes;
}

const newCollector = (): Collector =>
  new Collector({ exporters: [HOST], protocols: ['ipfix'], samplingRate: 1000, templateTimeout: 3600e6 });
/** The datagrams go round and round, as if time stood still; their numbers go on. */
function renumber(datagram: Buffer, sent: number): Buffer {
  datagram.writeUInt32BE((sent * PER_DATAGRAM) >>> 0, 8);
  return datagram;
}

interface Result {
  readonly name: string;
  readonly records: number;
  readonly seconds: number;
  readonly note: string;
}

function inProcess(name: string, datagrams: readonly Buffer[], seconds: number, sink: RecordSink): Result {
  const collector = newCollector();
  const time = SECONDS * 1e6;
  const first = templateDatagram();
  collector.onDatagram(first, 0, first.length, HOST, 4739, time, sink);
  const run = (until: number): number => {
    const started = performance.now();
    do
      for (let i = 0; i < 512; i++) {
        const bytes = renumber(
          datagrams[(collector.counts.datagrams - 1) % datagrams.length] as Buffer,
          collector.counts.datagrams - 1,
        );
        collector.onDatagram(bytes, 0, bytes.length, HOST, 4739, time, sink);
      }
    while (performance.now() - started < until * 1000);
    return (performance.now() - started) / 1000;
  };
  run(1);
  const before = collector.counts.records;
  const took = run(seconds);
  collector.finish();
  return { name, records: collector.counts.records - before, seconds: took, note: `lost ${collector.counts.lost}` };
}

/** Sends `count` datagrams in small groups. */
async function sendAll(datagrams: readonly Buffer[], count: number, port: number): Promise<void> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4 << 20 });
  await new Promise<void>((done) => socket.send(templateDatagram(), port, HOST, () => done()));
  await pause(50);
  for (let sent = 0; sent < count; ) {
    await new Promise<void>((done) => {
      for (let i = 0; i < 31 && sent < count - 1; i++, sent++)
        socket.send(renumber(datagrams[sent % datagrams.length] as Buffer, sent), port, HOST);
      socket.send(renumber(datagrams[sent % datagrams.length] as Buffer, sent), port, HOST, () => done());
      sent++;
    });
    // The kernel's usual limit holds some 180 datagrams: about 600,000 records a second are sent.
    await pause(1);
  }
  await pause(1500);
  socket.close();
}

/** User and system time of a process so far, s; null where there is no /proc. */
function cpuSeconds(child: ChildProcess): number | null {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return null;
  }
}

/** Runs a receiver, sends it everything, and takes its number of records from what it printed. */
async function overLoopback(
  name: string,
  child: ChildProcess,
  port: number,
  datagrams: readonly Buffer[],
  count: number,
): Promise<Result> {
  let output = '';
  child.stdout?.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  child.stderr?.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  await pause(1000);
  const before = cpuSeconds(child) ?? Number.NaN;
  await sendAll(datagrams, count, port);
  const seconds = (cpuSeconds(child) ?? Number.NaN) - before;
  const over = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  await over;
  const records = Number(/Flows: (\d+)/.exec(output)?.[1] ?? 0);
  const share = ((records / (count * PER_DATAGRAM)) * 100).toFixed(1);
  return { name, records, seconds, note: `${share} % of what was sent arrived` };
}

/** The receiving side of the loopback run: prints what arrived when it is interrupted. */
function receive(port: number): void {
  const collector = newCollector();
  const sink: RecordSink = { onRecord: () => {} };
  const socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 });
  socket.on('message', (bytes, from) =>
    collector.onDatagram(bytes, 0, bytes.length, from.address, from.port, Date.now() * 1000, sink),
  );
  socket.bind(port, HOST);
  process.once('SIGINT', () => {
    console.log(`Flows: ${collector.counts.records}`);
    process.exit();
  });
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, HOST, done));
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return port;
}

async function main(seconds: number, count: number): Promise<void> {
  const random = new Random(1);
  const datagrams = Array.from({ length: DATAGRAMS }, (_, i) => dataDatagram(random, i));
  console.log(`${FIELDS.length} fields, ${RECORD} bytes a record, ${PER_DATAGRAM} records a datagram`);
  const results = [inProcess('collector, sink that does nothing', datagrams, seconds, { onRecord: () => {} })];
  const pipeline = new RecordPipeline({
    signatures: loadSignatures(),
    endpoints: loadEndpoints(),
    capacity: 262_144,
    idleTimeout: 900e6,
  });
  results.push(inProcess('collector and conversations', datagrams, seconds, pipeline));
  const own = await freePort();
  const options = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
  const child = spawn(process.execPath, [import.meta.filename, '--receive', `${own}`], options);
  results.push(await overLoopback('over loopback, by processor time', child, own, datagrams, count));
  if (available('nfcapd', '-V')) {
    const directory = mkdtempSync(join(tmpdir(), 'poolprint-bench-'));
    const port = await freePort();
    const peer = spawn(
      'nfcapd',
      ['-w', directory, '-p', `${port}`, '-b', HOST, '-t', '3600', '-B', `${8 << 20}`],
      options,
    );
    results.push(await overLoopback('nfcapd, by processor time', peer, port, datagrams, count));
    rmSync(directory, { recursive: true });
  }
  const rate = (r: Result): number => r.records / r.seconds;
  console.log(
    table(
      ['', 'records', 'seconds', 'records/s', ''],
      results.map((r) => [r.name, `${r.records}`, r.seconds.toFixed(2), Math.round(rate(r)).toString(), r.note]),
    ),
  );
  const [bare, , loopback, peer] = results;
  if (loopback !== undefined && peer !== undefined)
    console.log(`ratio to nfcapd by processor time: ${(rate(loopback) / rate(peer)).toFixed(2)}`);
  if (bare !== undefined && rate(bare) < FLOOR) process.exitCode = 1;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    datagrams: { type: 'string', default: '120000' },
    receive: { type: 'string' },
  },
});
if (values.receive !== undefined) receive(Number(values.receive));
else await main(Number(values.seconds), Number(values.datagrams));
