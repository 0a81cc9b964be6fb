/**
 * Compares what TlsParser reads in captures with what tshark reads: for every TCP connection the first ClientHello (JA3, and
 * JA4 where this tshark knows it; server name) and the first server certificate (serial number, read by node:crypto from the
 * bytes that tshark gives).
 *
 *   node tests/differential/tshark-tls.ts FILE...
 *
 * Prints how many agree, and every connection that differs with the reason where it is known. Exits 0 also where tshark is
 * absent, and 1 only where a capture could not be compared.
 */
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Frame, FrameSink } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame, decodeNetworkPayload } from '../../src/decode/decode.ts';
import { Decoded, Packet, PROTOCOL_TCP, TCP_ACK, TCP_FIN, TCP_SYN } from '../../src/decode/packet.ts';
import { FragmentStore } from '../../src/flow/fragments.ts';
import { StreamPair, type StreamSink } from '../../src/flow/stream.ts';
import { TlsParser } from '../../src/protocol/tls.ts';
import { Glance, glance, glanceClientHello } from '../../src/protocol/tls-glance.ts';
import type { TlsFact } from '../../src/protocol/tls-types.ts';

const TIMEOUT = 60_000;
const MAX_OUTPUT = 1 << 30;
const NO_BYTES = new Uint8Array(0);

/** What one side of the comparison knows of a connection; '' where it saw nothing. */
interface Told {
  hello: string;
  certificate: string;
  /** Anything that explains a difference. */
  notes: Set<string>;
}

const told = (): Told => ({ hello: '', certificate: '', notes: new Set() });
const helloText = (ja3: string, ja4: string | null, name: string): string =>
  `${ja3}${ja4 === null ? '' : ` ${ja4}`} ${name.toLowerCase()}`.trim();

/** One connection read by our own code. */
class Connection implements StreamSink {
  readonly told: Told = told();
  readonly pair: StreamPair;
  syn = -1;
  private readonly parsers: readonly [TlsParser, TlsParser];
  private readonly begun: [boolean, boolean] = [false, false];
  private glanced = '';
  private readonly withJa4: boolean;

  constructor(counters: Float64Array, withJa4: boolean) {
    this.withJa4 = withJa4;
    this.pair = new StreamPair(this, { used: 0, limit: 1 << 26 }, counters);
    const handler = {
      onTlsFact: (fact: TlsFact): void => this.learn(fact),
      onTlsAnomaly: (anomaly: number): void => void this.told.notes.add(`anomaly ${anomaly}`),
      onTlsEnd: (): void => {},
    };
    this.parsers = [new TlsParser(handler), new TlsParser(handler)];
  }

  onStreamData(side: 0 | 1, bytes: Uint8Array, off: number, end: number): void {
    if (!this.begun[side]) {
      this.begun[side] = true;
      if (bytes[off] !== 22) this.told.notes.add('does not begin with TLS');
      const code = glanceClientHello(bytes, off, end);
      if (code === Glance.Named)
        this.glanced = Buffer.from(bytes.subarray(glance.nameOff, glance.nameEnd)).toString('latin1').toLowerCase();
      else if (code === Glance.NoName) this.glanced = '-';
    }
    this.parsers[side].push(bytes, off, end);
  }

  onStreamGap(side: 0 | 1, lost: number): void {
    this.told.notes.add('bytes are missing');
    this.parsers[side].gap(lost);
  }

  finish(): void {
    this.pair.flush();
    for (const parser of this.parsers) parser.finish();
  }

  private learn(fact: TlsFact): void {
    if (fact.what === 'certificate') this.told.certificate ||= fact.serial;
    if (fact.what !== 'client-hello' || this.told.hello !== '') return;
    this.told.hello = helloText(fact.ja3, this.withJa4 ? fact.ja4 : null, fact.sni ?? '');
    if (this.glanced !== '' && this.glanced !== (fact.sni ?? '-')) this.told.notes.add(`glance says ${this.glanced}`);
  }
}

/** All TCP connections of a capture, by the two end points and the first sequence number of the opening. */
class Connections implements FrameSink {
  readonly all: [key: string, connection: Connection][] = [];
  private readonly open = new Map<string, Connection>();
  private readonly counters: Float64Array = createAnomalyCounters();
  private readonly packet: Packet = new Packet(NO_BYTES, new DataView(new ArrayBuffer(0)));
  private readonly fragments: FragmentStore = new FragmentStore();
  private readonly withJa4: boolean;
  private packets = 0;

  constructor(withJa4: boolean) {
    this.withJa4 = withJa4;
  }

  onFrame(frame: Frame): void {
    this.packets++;
    const p = this.packet;
    let decoded = decodeFrame(frame, p, this.counters);
    while (decoded === Decoded.Fragment && this.fragments.add(p, frame.time, this.counters)) {
      const store = this.fragments;
      decoded = decodeNetworkPayload(store.bytes, store.view, 0, store.length, store.protocol, p, this.counters);
    }
    if (decoded === Decoded.Transport && p.protocol === PROTOCOL_TCP) this.segment(p, frame.time);
  }

  private segment(p: Packet, time: number): void {
    const from = endPoint(p.ipVersion, [p.source0, p.source1, p.source2, p.source3], p.sourcePort);
    const to = endPoint(
      p.ipVersion,
      [p.destination0, p.destination1, p.destination2, p.destination3],
      p.destinationPort,
    );
    const key = keyOf(from, to);
    const side = from < to ? 0 : 1;
    const opens = (p.tcpFlags & TCP_SYN) !== 0;
    let connection = this.open.get(key);
    const again = opens && (p.tcpFlags & TCP_ACK) === 0 && connection !== undefined && connection.syn !== p.sequence;
    if (connection === undefined || again) {
      connection?.finish();
      connection = new Connection(this.counters, this.withJa4);
      this.open.set(key, connection);
      this.all.push([key, connection]);
    }
    if (opens && (p.tcpFlags & TCP_ACK) === 0) connection.syn = p.sequence;
    const sequence = opens ? (p.sequence + 1) | 0 : p.sequence;
    if (opens) connection.pair.open(side, sequence);
    if ((p.tcpFlags & TCP_FIN) !== 0) connection.pair.close(side, (sequence + p.payloadLength) | 0);
    if (p.payloadLength === 0) return;
    const acknowledges = (p.tcpFlags & TCP_ACK) !== 0;
    const place = { input: 0, packet: this.packets, time, shift: 0 };
    const { pair } = connection;
    pair.push(side, sequence, p.acknowledgment, acknowledges, p.bytes, p.payload, p.payloadEnd, p.payloadLength, place);
  }
}

function endPoint(version: number, words: readonly number[], port: number): string {
  const hex = words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return `${version === 4 ? hex.slice(0, 8) : hex} ${port}`;
}

function keyOf(a: string, b: string): string {
  return a < b ? `${a} - ${b}` : `${b} - ${a}`;
}

/** Bytes of an address in text form as hexadecimal digits. */
function addressHex(text: string): string {
  if (!text.includes(':')) {
    const bytes = text.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
    return bytes.join('');
  }
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const right = groups(tail ?? '');
  const left = groups(head);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(zeros).fill('0'), ...right].map((group) => group.padStart(4, '0')).join('');
}

const FIELDS = [
  'frame.protocols',
  'tcp.stream',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'tcp.srcport',
  'tcp.dstport',
];
FIELDS.push('tls.handshake.ja3', 'tls.handshake.extensions_server_name', 'tls.handshake.certificate');

/** By connection, in the order of their first packets; null where tshark failed. */
function tshark(file: string, withJa4: boolean): [key: string, told: Told][] | null {
  const fields = withJa4 ? [...FIELDS, 'tls.handshake.ja4'] : FIELDS;
  const filter = 'tcp && (tls.handshake.type == 1 || tls.handshake.type == 11)';
  const args = [
    '-n',
    '-o',
    'tcp.reassemble_out_of_order:TRUE',
    '-r',
    file,
    '-Y',
    filter,
    '-T',
    'fields',
    '-E',
    'occurrence=a',
    '-E',
    'aggregator=,',
  ];
  const options = { encoding: 'utf8', maxBuffer: MAX_OUTPUT, timeout: TIMEOUT } as const;
  const run = spawnSync('tshark', [...args, ...fields.flatMap((field) => ['-e', field])], options);
  // Captures cut off at the end make tshark fail after it has printed everything.
  if (run.error !== undefined || (run.status !== 0 && run.stdout === '' && run.stderr.includes("isn't a capture")))
    return null;
  const streams = new Map<string, [string, Told]>();
  for (const line of run.stdout.split('\n').slice(0, -1)) {
    const [
      protocols = '',
      stream = '',
      ip4 = '',
      to4 = '',
      ip6 = '',
      to6 = '',
      port = '',
      toPort = '',
      ja3 = '',
      ...rest
    ] = line.split('\t');
    const [name = '', certificates = '', ja4 = ''] = rest;
    const last = (list: string): string => list.split(',').at(-1) as string;
    const first = (list: string): string => list.split(',')[0] as string;
    const inner6 = protocols.lastIndexOf(':ipv6') > protocols.lastIndexOf(':ip:');
    const from = `${addressHex(last(inner6 ? ip6 : ip4))} ${last(port)}`;
    const to = `${addressHex(last(inner6 ? to6 : to4))} ${last(toPort)}`;
    const entry = streams.get(stream) ?? ([keyOf(from, to), told()] as [string, Told]);
    streams.set(stream, entry);
    if (ja3 !== '') entry[1].hello ||= helloText(first(ja3), withJa4 ? first(ja4) : null, first(name));
    if (certificates !== '') entry[1].certificate ||= serialOf(first(certificates), entry[1].notes);
  }
  return [...streams.values()];
}

function serialOf(hex: string, notes: Set<string>): string {
  try {
    return new X509Certificate(Buffer.from(hex.replaceAll(':', ''), 'hex')).serialNumber.toLowerCase();
  } catch {
    notes.add('node:crypto refuses the certificate');
    return '';
  }
}

/** Same number, whatever the zeros before it. */
function sameSerial(a: string, b: string): boolean {
  return a.replace(/^0+/, '') === b.replace(/^0+/, '');
}

interface Tally {
  hellos: number;
  certificates: number;
  differ: number;
}

function compare(name: string, ours: readonly [string, Told][], theirs: readonly [string, Told][], tally: Tally): void {
  const queue = new Map<string, Told[]>();
  for (const [key, entry] of ours) {
    const list = queue.get(key) ?? [];
    queue.set(key, list);
    list.push(entry);
  }
  for (const [key, there] of theirs) {
    const list = queue.get(key) ?? [];
    // Of several connections over the same ports, the next that showed anything.
    while (list.length > 1 && list[0]?.hello === '' && list[0].certificate === '') list.shift();
    const here = list.shift() ?? told();
    const notes = [...here.notes, ...there.notes].join(', ');
    if (here.hello === there.hello) tally.hellos += here.hello === '' ? 0 : 1;
    else {
      tally.differ++;
      console.log(`${name} ${key}\n  here:  ${here.hello || '-'}\n  there: ${there.hello || '-'}  ${notes}`);
    }
    if (sameSerial(here.certificate, there.certificate)) tally.certificates += here.certificate === '' ? 0 : 1;
    else {
      tally.differ++;
      console.log(
        `${name} ${key}\n  certificate ${here.certificate || '-'}, there ${there.certificate || '-'}  ${notes}`,
      );
    }
  }
  for (const [key, list] of queue) {
    for (const { hello, certificate, notes } of list) {
      if (hello === '' && certificate === '') continue;
      tally.differ++;
      console.log(`${name} ${key}\n  only here: ${hello} ${certificate}  ${[...notes].join(', ')}`);
    }
  }
}

function main(files: readonly string[]): number {
  if (files.length === 0) {
    console.error('usage: node tests/differential/tshark-tls.ts FILE...');
    return 2;
  }
  const known = spawnSync('tshark', ['-G', 'fields'], { encoding: 'utf8', maxBuffer: MAX_OUTPUT });
  if (known.error !== undefined) {
    console.log('tshark is not installed: nothing compared');
    return 0;
  }
  const withJa4 = known.stdout.includes('\ttls.handshake.ja4\t');
  const tally: Tally = { hellos: 0, certificates: 0, differ: 0 };
  let failed = 0;
  for (const file of files) {
    const theirs = tshark(file, withJa4);
    const sink = new Connections(withJa4);
    const reader = new CaptureReader(0);
    const bytes = new Uint8Array(readFileSync(file));
    reader.feed(bytes, new DataView(bytes.buffer), 0, bytes.length, sink);
    reader.finish();
    if (theirs === null) {
      console.log(`${basename(file)}: tshark gave no answer`);
      failed++;
      continue;
    }
    const ours = sink.all.map(([key, connection]): [string, Told] => {
      connection.finish();
      return [key, connection.told];
    });
    compare(basename(file), ours, theirs, tally);
  }
  console.log(`agree: ${tally.hellos} hellos, ${tally.certificates} certificates; differ: ${tally.differ}`);
  console.log(withJa4 ? 'JA4 compared' : 'this tshark has no JA4');
  return failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
