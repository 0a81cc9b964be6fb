/**
 * Compares the sFlow reader with tshark on datagrams of a real exporter: pmacct's sfprobe reads each capture of the given
 * folders and sends samples to a socket on the loopback interface; tcpdump writes the datagrams, tshark and the reader
 * decode the same file. Compared of each datagram: sequence number and number of samples; of each sample: sampling rate,
 * header protocol, frame length, octets of header; and that each record's addresses and ports stand in what tshark found.
 *
 *   node tests/differential/sflow.ts [--sampling N] [--limit CAPTURES] DIR...
 *
 * Needs pmacctd, tcpdump (with the right to capture on lo) and tshark; says so and exits 0 where one is absent. Exits 1
 * where anything differs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Frame } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame } from '../../src/decode/decode.ts';
import { Decoded, Packet } from '../../src/decode/packet.ts';
import { addressText } from '../../src/engine/address.ts';
import { createRecordCounts, FlowRecord } from '../../src/flowrecord/record.ts';
import { readSflow, type SflowContext } from '../../src/flowrecord/sflow.ts';

const { values, positionals } = parseArgs({
  options: { sampling: { type: 'string', default: '1' }, limit: { type: 'string', default: '1000000' } },
  allowPositionals: true,
});
/** LINKTYPE_ number by tshark's header protocol. */
const LINK_TYPES: Readonly<Record<string, string>> = { 1: '1', 7: '9', 11: '101', 12: '101', 13: '219', 14: '50' };
const FIELDS = [
  ...[
    'sflow_245.sequence_number',
    'sflow_245.numsamples',
    'sflow.flow_sample.sampling_rate',
    'sflow_245.header_protocol',
  ],
  ...['sflow_245.header.frame_length', 'sflow_245.header.payload_stripped', 'sflow_245.header.sampled_header_length'],
  ...['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport'],
];

/** What one datagram says, in words. */
interface Datagram {
  readonly sequence: string;
  readonly samples: string[];
  /** Source, destination, ports of each record. */
  readonly ends: {
    readonly version: 4 | 6;
    readonly addresses: readonly string[];
    readonly protocol: number;
    readonly ports: readonly number[];
  }[];
}

function ours(file: string): Datagram[] {
  const bytes = readFileSync(file);
  const datagrams: Datagram[] = [];
  const packet = new Packet(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
  const counters = createAnomalyCounters();
  const counts = createRecordCounts();
  let told: Datagram = { sequence: '', samples: [], ends: [] };
  let sequence = '';
  const context: SflowContext = {
    counts,
    record: new FlowRecord(),
    time: 1,
    sink: {
      onRecord: (r): void => {
        const from = addressText(r.ipVersion, r.source0, r.source1, r.source2, r.source3);
        const to = addressText(r.ipVersion, r.destination0, r.destination1, r.destination2, r.destination3);
        told.ends.push({
          version: r.ipVersion,
          addresses: [from, to],
          protocol: r.protocol,
          ports: [r.sourcePort, r.destinationPort],
        });
      },
    },
    onHeader: (_bytes, off, end, linkType, length, rate): void =>
      void told.samples.push(`${linkType} ${rate} ${length} ${end - off}`),
    onSequence: (_source, number): void => {
      sequence = String(number);
    },
  };
  const reader = new CaptureReader(0);
  reader.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, {
    onFrame(frame: Frame): void {
      if (decodeFrame(frame, packet, counters) !== Decoded.Transport) return;
      told = { sequence: '', samples: [], ends: [] };
      readSflow(packet.bytes, packet.payload, packet.payloadEnd, context);
      datagrams.push({ ...told, sequence });
    },
  });
  const faults = counts.faults.reduce((a, b) => a + b);
  if (faults > 0) console.log(`  ${faults} faults counted`);
  return datagrams;
}

function theirs(file: string, port: number): { datagram: Datagram; found: string[][] }[] {
  const run = spawnSync(
    'tshark',
    [
      '-r',
      file,
      '-d',
      `udp.port==${port},sflow`,
      '-T',
      'fields',
      '-E',
      'aggregator=,',
      ...FIELDS.flatMap((f) => ['-e', f]),
    ],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    },
  );
  return run.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const columns = line.split('\t').map((column) => (column === '' ? [] : column.split(',')));
      const [sequence = [], , rates = [], protocols = [], lengths = [], removed = [], headers = []] = columns;
      const samples = protocols.map((protocol, i) => {
        const length = Number(lengths[i]) - Number(removed[i]);
        return `${LINK_TYPES[protocol] ?? '?'} ${rates[i]} ${length} ${headers[i]}`;
      });
      return { datagram: { sequence: sequence[0] ?? '', samples, ends: [] }, found: columns.slice(7) };
    });
}

/** Whether each of `wanted` stands in `found`, in that order. */
function inOrder(wanted: readonly string[], found: readonly string[]): boolean {
  let at = 0;
  for (const text of wanted) {
    at = found.indexOf(text, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function endsAgree(datagram: Datagram, found: string[][]): boolean {
  return (
    [4, 6].every((version) => {
      const of = datagram.ends.filter((end) => end.version === version);
      const [source = [], destination = []] = version === 4 ? found.slice(0, 2) : found.slice(2, 4);
      return (
        inOrder(
          of.map((end) => end.addresses[0] as string),
          source,
        ) &&
        inOrder(
          of.map((end) => end.addresses[1] as string),
          destination,
        )
      );
    }) &&
    [6, 17].every((protocol) => {
      const of = datagram.ends.filter((end) => end.protocol === protocol && end.ports[0] !== 0);
      const [source = [], destination = []] = protocol === 6 ? found.slice(4, 6) : found.slice(6, 8);
      return (
        inOrder(
          of.map((end) => String(end.ports[0])),
          source,
        ) &&
        inOrder(
          of.map((end) => String(end.ports[1])),
          destination,
        )
      );
    })
  );
}

/** Sends the samples of one capture and answers the file with the datagrams. */
async function record(capture: string, folder: string): Promise<{ file: string; port: number; received: number }> {
  const socket = createSocket('udp4');
  let received = 0;
  let newest = Date.now();
  socket.on('message', () => {
    received++;
    newest = Date.now();
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  const { port } = socket.address();
  const file = join(folder, 'datagrams.pcap');
  const configuration = join(folder, 'pmacctd.conf');
  const lines = [
    'daemonize: false',
    `pcap_savefile: ${capture}`,
    'plugins: sfprobe',
    `sfprobe_receiver: 127.0.0.1:${port}`,
  ];
  lines.push(`sampling_rate: ${values.sampling}`, 'plugin_pipe_size: 40960000', 'plugin_buffer_size: 40960');
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  const sniffer = spawn('tcpdump', ['-i', 'lo', '-U', '-B', '65536', '-w', file, 'udp', 'dst', 'port', String(port)], {
    stdio: 'ignore',
  });
  await pause(700);
  const exporter = spawn('pmacctd', ['-f', configuration], { stdio: 'ignore' });
  const begun = Date.now();
  // It waits two seconds before it reads, and does not end by itself.
  while (Date.now() - begun < 60_000 && Date.now() - Math.max(newest, begun + 3000) < 1500) await pause(100);
  exporter.kill('SIGINT');
  await pause(500);
  sniffer.kill('SIGINT');
  await pause(300);
  exporter.kill('SIGKILL');
  sniffer.kill('SIGKILL');
  socket.close();
  return { file, port, received };
}

const missing = ['pmacctd', 'tcpdump', 'tshark'].filter((name) => spawnSync('which', [name]).status !== 0);
if (missing.length > 0) {
  console.log(`skipped: ${missing.join(', ')} not installed`);
  process.exit(0);
}
const captures = positionals
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((name) => /\.p?cap(?:ng)?$/.test(name))
  .sort()
  .slice(0, Number(values.limit));
const total = { captures: 0, datagrams: 0, samples: 0, records: 0, agree: 0 };
const folder = mkdtempSync(join(tmpdir(), 'sflow-'));
try {
  for (const capture of captures) {
    const { file, port, received } = await record(capture, folder);
    if (received === 0) continue;
    const mine = ours(file);
    const other = theirs(file, port);
    if (mine.length !== other.length) console.log(`${capture}: ${mine.length} datagrams here, ${other.length} there`);
    total.captures++;
    for (const [index, datagram] of mine.entries()) {
      const match = other[index];
      total.datagrams++;
      total.samples += datagram.samples.length;
      total.records += datagram.ends.length;
      const same =
        match !== undefined &&
        match.datagram.sequence === datagram.sequence &&
        match.datagram.samples.join() === datagram.samples.join();
      if (same && endsAgree(datagram, match.found)) total.agree++;
      else
        console.log(
          `${capture}, datagram ${index + 1}:\n  here  ${JSON.stringify(datagram)}\n  there ${JSON.stringify(match)}`.slice(
            0,
            1500,
          ),
        );
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(
  `${total.captures} captures, ${total.datagrams} datagrams, ${total.samples} sampled headers, ${total.records} records; ${total.agree} datagrams agree`,
);
if (total.agree !== total.datagrams || total.datagrams === 0) process.exit(1);
