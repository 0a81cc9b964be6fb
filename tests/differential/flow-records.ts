/**
 * Compares the collector with nfcapd and nfdump on what softflowd exports of captures: NetFlow v5 and v9, IPFIX, and IPFIX
 * with both directions in one record. Every datagram goes to the collector and, the same bytes, to nfcapd.
 *
 *   node tests/differential/flow-records.ts [--absolute] CAPTURE|DIR...
 *
 * `--absolute`: IPFIX with times in milliseconds and in microseconds besides. Compared are addresses, ports, protocol, packets and
 * bytes of both directions, TCP flags, and both times to the millisecond, as multisets; times told as uptime modulo 2^32 ms,
 * because how often the counter wrapped is a guess on either side. Of a biflow the flags are not compared: nfdump 1.7.1 shows
 * those of the reverse direction alone. Prints for each format how many
 * records agree, and the first that differ. Sends to the loopback interface alone. Exits 0 where the programs are
 * absent; 1 where records differ.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addressText } from '../../src/engine/address.ts';
import { Collector } from '../../src/flowrecord/collector.ts';
import { type FlowRecord, RECORD_FAULTS } from '../../src/flowrecord/record.ts';

const HOST = '127.0.0.1';
const SHOWN = 4;
const MAX_OUTPUT = 1 << 30;
const FORMATS: readonly (readonly [name: string, options: readonly string[]])[] = [
  ['netflow v5', ['-v', '5']],
  ['netflow v9', ['-v', '9']],
  ['ipfix', ['-v', '10']],
  ['ipfix biflow', ['-v', '10', '-b']],
];
const ABSOLUTE: typeof FORMATS = [
  ['ipfix milliseconds', ['-v', '10', '-A', 'milli']],
  ['ipfix microseconds', ['-v', '10', '-A', 'micro']],
];

const FLAGS = [...'FSRPAUEC'];

/** A record in words; what nfdump leaves out of its output is 0. */
function describe(parts: {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly counts: readonly number[];
  readonly flags: number;
  readonly times: readonly number[];
}): string {
  const { from, to, protocol, counts, flags, times } = parts;
  return `${from} > ${to} proto ${protocol} counts ${counts.join(' ')} flags ${flags} times ${times.join(' ')}`;
}

/** What is compared: flags or not, times modulo this (ms). */
interface Terms {
  readonly flags: boolean;
  readonly modulo: number;
}

function ours(r: FlowRecord, { flags, modulo }: Terms): string {
  const from = addressText(r.ipVersion, r.source0, r.source1, r.source2, r.source3);
  const to = addressText(r.ipVersion, r.destination0, r.destination1, r.destination2, r.destination3);
  return describe({
    from: `${from} ${r.sourcePort}`,
    to: `${to} ${r.destinationPort}`,
    protocol: r.protocol,
    counts: [r.packets, r.bytes, Math.max(0, r.reversePackets), Math.max(0, r.reverseBytes)],
    flags: flags ? Math.max(0, r.tcpFlags) : 0,
    times: [r.start, r.end].map((time) => Math.floor(time / 1000) % modulo),
  });
}

type Row = Readonly<Record<string, string | number | undefined>>;

function theirs(row: Row, { flags: compared, modulo }: Terms): string {
  const number = (name: string): number => Number(row[name] ?? 0);
  const protocol = number('proto');
  // The letters stand for bits, least significant last: "..UAPRSF" in its newer, "...AP.SF" in its older way.
  const letters = String(row['tcp_flags'] ?? '');
  const flags = FLAGS.reduce((sum, letter, bit) => sum | (letters.includes(letter) ? 1 << bit : 0), 0);
  // nfdump 1.7.1 shows first and last the other way round where IPFIX tells them as uptime.
  const times = ['first', 'last'].map((name) => Date.parse(`${row[name]}Z`)).sort((a, b) => a - b);
  return describe({
    from: `${row['src4_addr'] ?? row['src6_addr']} ${number('src_port')}`,
    to: `${row['dst4_addr'] ?? row['dst6_addr']} ${number('dst_port')}`,
    protocol,
    counts: ['in_packets', 'in_bytes', 'out_packets', 'out_bytes'].map(number),
    flags: compared && protocol === 6 ? flags : 0,
    times: times.map((time) => time % modulo),
  });
}

function capturesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:pcap|pcapng|cap)$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 });
  await new Promise<void>((done) => socket.bind(0, HOST, done));
  return socket;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
}

/** Exports all captures in one format; returns the records of both sides and what the collector counted. */
async function run(captures: readonly string[], options: readonly string[]): Promise<Outcome> {
  const terms = { flags: !options.includes('-b'), modulo: options.includes('-A') ? Number.MAX_SAFE_INTEGER : 2 ** 32 };
  const directory = mkdtempSync(join(tmpdir(), 'poolprint-flow-records-'));
  const relay = await bound();
  // A port that is free: bound, and let go for nfcapd.
  const probe = await bound();
  const port = probe.address().port;
  await new Promise<void>((done) => probe.close(done));
  const nfcapd = spawn('nfcapd', ['-w', directory, '-p', `${port}`, '-b', HOST, '-t', '3600', '-B', `${8 << 20}`], {
    stdio: 'ignore',
  });
  await pause(700);
  const collector = new Collector({
    exporters: [HOST],
    protocols: ['netflow', 'ipfix'],
    samplingRate: null,
    templateTimeout: 3600e6,
  });
  const own: string[] = [];
  const sink = { onRecord: (record: FlowRecord) => void own.push(ours(record, terms)) };
  relay.on('message', (bytes, from) => {
    collector.onDatagram(bytes, 0, bytes.length, from.address, from.port, Date.now() * 1000, sink);
    relay.send(bytes, port, HOST);
  });
  let failed = 0;
  for (const capture of captures) {
    const target = `${HOST}:${relay.address().port}`;
    // Its control socket would make it wait for somebody to connect.
    const child = spawn(
      'softflowd',
      ['-r', capture, '-n', target, ...options, '-a', '-d', '-c', 'none', '-p', join(directory, 'pid')],
      {
        stdio: 'ignore',
      },
    );
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended(child);
    clearTimeout(timer);
    if (child.exitCode !== 0) failed++;
    await pause(5);
  }
  await pause(500);
  nfcapd.kill('SIGINT');
  await ended(nfcapd);
  relay.close();
  collector.finish();
  const file = readdirSync(directory).find((name) => name.startsWith('nfcapd.'));
  const text =
    file === undefined
      ? ''
      : spawnSync('nfdump', ['-r', join(directory, file), '-o', 'json'], {
          encoding: 'utf8',
          maxBuffer: MAX_OUTPUT,
          env: { ...process.env, TZ: 'UTC' },
        }).stdout;
  rmSync(directory, { recursive: true });
  // A summary in words may follow the array.
  const rows: Row[] = text.trim() === '' ? [] : JSON.parse(text.slice(0, text.lastIndexOf(']') + 1));
  return { own, other: rows.map((row) => theirs(row, terms)), collector, failed };
}

interface Outcome {
  readonly own: readonly string[];
  readonly other: readonly string[];
  readonly collector: Collector;
  readonly failed: number;
}

/** What is in `a` and not in `b`, counted. */
function missing(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const one of b) left.set(one, (left.get(one) ?? 0) + 1);
  return a.filter((one) => {
    const n = left.get(one) ?? 0;
    if (n > 0) left.set(one, n - 1);
    return n === 0;
  });
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { absolute: { type: 'boolean' } } });
const absent = ['softflowd', 'nfcapd', 'nfdump'].filter((name) => spawnSync(name, ['-V']).error !== undefined);
if (absent.length > 0) {
  console.log(`not compared: ${absent.join(', ')} cannot be found`);
} else if (positionals.length === 0) {
  console.error('usage: node tests/differential/flow-records.ts [--absolute] CAPTURE|DIR...');
  process.exitCode = 2;
} else {
  const captures = positionals.flatMap(capturesIn);
  for (const [name, options] of [...FORMATS, ...(values.absolute ? ABSOLUTE : [])]) {
    const { own, other, collector, failed } = await run(captures, options);
    const onlyOwn = missing(own, other);
    const onlyOther = missing(other, own);
    const untimed = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/ times .*/, ''));
    const beyondTimes = missing(untimed(onlyOwn), untimed(onlyOther)).length;
    const { counts } = collector;
    const faults = RECORD_FAULTS.flatMap((fault, i) => (counts.faults[i] ? [`${fault} ${counts.faults[i]}`] : []));
    console.log(
      `${name}: ${captures.length} captures (${failed} refused by softflowd), ${counts.datagrams} datagrams; ours ${own.length},` +
        ` nfdump ${other.length} records; ${own.length - onlyOwn.length} agree, ${onlyOwn.length} only ours,` +
        ` ${onlyOther.length} only nfdump (${beyondTimes} differ in more than times); lost ${counts.lost}, restarts ${counts.restarts}; faults: ${faults.join(', ') || 'none'}`,
    );
    for (const line of onlyOwn.slice(0, SHOWN)) console.log(`  ours    ${line}`);
    for (const line of onlyOther.slice(0, SHOWN)) console.log(`  nfdump  ${line}`);
    if (onlyOwn.length > 0 || onlyOther.length > 0) process.exitCode = 1;
  }
}
