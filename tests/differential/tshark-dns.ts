/**
 * Compares DNS answers and QUIC server names with tshark's on captures.
 *
 *   node tests/differential/tshark-dns.ts FILE...
 *
 * For every packet with DNS on port 53 (UDP; TCP where a segment begins with a message and holds it whole) the names asked
 * for and the addresses and aliases answered; for every QUIC conversation the server names of its ClientHello. Prints how
 * many agree and every difference. Exits 0 where tshark is absent, and 1 where a capture could not be compared.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Frame, FrameSink } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame, decodeNetworkPayload } from '../../src/decode/decode.ts';
import { Decoded, Packet, PROTOCOL_TCP } from '../../src/decode/packet.ts';
import { addressText } from '../../src/engine/address.ts';
import { FragmentStore } from '../../src/flow/fragments.ts';
import { type DnsMessage, DnsTcpParser, DnsType, probeDnsTcp, readDns } from '../../src/protocol/dns.ts';
import { QuicInitialReader } from '../../src/protocol/quic.ts';
import { parseClientHello } from '../../src/protocol/tls.ts';

const DNS_PORT = 53;
const SHOWN = 5;
const MAX_OUTPUT = 1 << 30;
const TIME_LIMIT = 120_000;

/** What one side says of a packet: sorted texts such as `q pool.example` and `a 192.0.2.1`. */
type Facts = Map<number, string[]>;

function note(facts: Facts, packet: number, fact: string): void {
  const list = facts.get(packet);
  if (list) list.push(fact);
  else facts.set(packet, [fact]);
}

/** Escaped bytes as tshark's output gives them: those above ASCII raw, control characters still escaped. */
function plain(name: string): string {
  const bytes = name.replace(/\\(\d{3}|.)/g, (whole, escaped: string) => {
    if (escaped.length < 3) return escaped;
    return Number(escaped) > 0x7f || escaped === '032' ? String.fromCharCode(Number(escaped)) : whole;
  });
  return Buffer.from(bytes, 'latin1').toString();
}

/** Lower case of ASCII letters alone, as DNS compares names (RFC 4343 §3). */
function lower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function describe(message: DnsMessage): string[] {
  const facts = message.question.name === '' ? [] : [`q ${plain(message.question.name)}`];
  for (const { type, target, address } of message.answers) {
    if (type === DnsType.Cname) facts.push(`cname ${plain(target)}`);
    else if (address !== null && (type === DnsType.A || type === DnsType.Aaaa)) {
      const { version, w0, w1, w2, w3 } = address;
      facts.push(`${version === 4 ? 'a' : 'aaaa'} ${addressText(version, w0, w1, w2, w3)}`);
    }
  }
  return facts;
}

class Ours implements FrameSink {
  readonly dns: Facts = new Map();
  /** By conversation: the server name, at the packet that completed the ClientHello. */
  readonly quic: Facts = new Map();
  private readonly readers = new Map<string, QuicInitialReader>();
  private readonly counters = createAnomalyCounters();
  private readonly packet = new Packet(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
  private readonly fragments = new FragmentStore();
  private number = 0;

  onFrame(frame: Frame): void {
    this.number++;
    const p = this.packet;
    let decoded = decodeFrame(frame, p, this.counters);
    while (decoded === Decoded.Fragment && this.fragments.add(p, frame.time, this.counters)) {
      const store = this.fragments;
      decoded = decodeNetworkPayload(store.bytes, store.view, 0, store.length, store.protocol, p, this.counters);
    }
    if (decoded !== Decoded.Transport || p.payloadEnd <= p.payload) return;
    const dns = p.sourcePort === DNS_PORT || p.destinationPort === DNS_PORT;
    if (p.protocol === PROTOCOL_TCP) {
      if (dns && probeDnsTcp(p.bytes, p.payload, p.payloadEnd) === 1) this.readTcp(p);
    } else if (dns) this.readMessage(p.bytes, p.payload, p.payloadEnd);
    else this.readQuic(p);
  }

  private readTcp(p: Packet): void {
    const parser = new DnsTcpParser({
      onDnsMessage: (bytes, off, end) => this.readMessage(bytes, off, end),
      onDnsAnomaly: () => undefined,
    });
    parser.push(p.bytes, p.payload, p.payloadEnd);
  }

  private readMessage(bytes: Uint8Array, off: number, end: number): void {
    const message = readDns(bytes, off, end);
    if (message !== null) for (const fact of describe(message)) note(this.dns, this.number, fact);
  }

  private readQuic(p: Packet): void {
    const from = addressText(p.ipVersion, p.source0, p.source1, p.source2, p.source3);
    const to = addressText(p.ipVersion, p.destination0, p.destination1, p.destination2, p.destination3);
    const key = `${from} ${p.sourcePort} ${to} ${p.destinationPort}`;
    let reader = this.readers.get(key);
    if (reader === undefined)
      this.readers.set(key, (reader = new QuicInitialReader({ onQuicAnomaly: () => undefined })));
    if (reader.finished || reader.push(p.bytes, p.payload, p.payloadEnd) !== 'done') return;
    const hello = parseClientHello(reader.cryptoStream, 0, reader.cryptoStream.length);
    note(this.quic, this.number, `${key} ${hello?.sni ?? ''}`);
  }
}

const QUIC_VERSIONS = ['0x00000001', '0x6b3343cf'];

/** Columns of tshark's output, in this order. */
const FIELDS = [
  ...['frame.number', 'dns.qry.name', 'dns.a', 'dns.aaaa', 'dns.cname', 'dns.resp.type'],
  ...['dns.count.answers', 'dns.count.auth_rr', 'dns.count.add_rr'],
  ...['quic.version', 'tls.handshake.extensions_server_name'],
  ...['ip.src', 'ipv6.src', 'udp.srcport', 'ip.dst', 'ipv6.dst', 'udp.dstport'],
] as const;
const FILTER = `(dns && !mdns && (udp.port == ${DNS_PORT} || tcp.port == ${DNS_PORT})) || (quic && tls.handshake.type == 1)`;
type Row = Readonly<Record<(typeof FIELDS)[number], readonly string[]>>;

function rowsOf(file: string): Row[] | null {
  const columns = FIELDS.flatMap((field) => ['-e', field]);
  // A separator no name or address holds; TCP streams are not put together, as on our side.
  const options = ['-o', 'tcp.desegment_tcp_streams:FALSE', '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=|'];
  const run = spawnSync('tshark', ['-n', '-r', file, '-Y', FILTER, ...options, ...columns], {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
    timeout: TIME_LIMIT,
  });
  if (run.error !== undefined) return null;
  return run.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const cells = line.split('\t').map((cell) => (cell === '' ? [] : cell.split('|')));
      return Object.fromEntries(FIELDS.map((field, i) => [field, cells[i] ?? []])) as unknown as Row;
    });
}

const KINDS = new Map([
  ['1', 'a'],
  ['28', 'aaaa'],
  ['5', 'cname'],
] as const);

/** Addresses and aliases of the answer sections alone: tshark lists those of all sections one after the other. */
function answersOf(row: Row): string[] {
  const next = { a: 0, aaaa: 0, cname: 0 };
  const facts: string[] = [];
  let at = 0;
  for (const [message, count] of row['dns.count.answers'].entries()) {
    const others = Number(row['dns.count.auth_rr'][message] ?? 0) + Number(row['dns.count.add_rr'][message] ?? 0);
    for (let i = 0; i < Number(count) + others; i++, at++) {
      const kind = KINDS.get(row['dns.resp.type'][at] as '1');
      if (kind === undefined) continue;
      const value = row[`dns.${kind}`][next[kind]++];
      if (i < Number(count) && value !== undefined) facts.push(`${kind} ${lower(value)}`);
    }
  }
  return facts;
}

function tshark(file: string): { readonly dns: Facts; readonly quic: Facts } | null {
  const rows = rowsOf(file);
  if (rows === null) return null;
  const dns: Facts = new Map();
  const quic: Facts = new Map();
  for (const row of rows) {
    const packet = Number(row['frame.number'][0]);
    for (const name of row['dns.qry.name']) if (name !== '<Root>') note(dns, packet, `q ${lower(name)}`);
    for (const fact of answersOf(row)) note(dns, packet, fact);
    if (!row['quic.version'].some((version) => QUIC_VERSIONS.includes(version))) continue;
    const last = (list: readonly string[]): string => list.at(-1) ?? '';
    const from = `${last(row['ip.src']) || last(row['ipv6.src'])} ${last(row['udp.srcport'])}`;
    const to = `${last(row['ip.dst']) || last(row['ipv6.dst'])} ${last(row['udp.dstport'])}`;
    note(quic, packet, `${from} ${to} ${last(row['tls.handshake.extensions_server_name']).toLowerCase()}`);
  }
  return { dns, quic };
}

/** Prints up to a few differences; says how many packets agree and differ. */
function compare(name: string, what: string, ours: Facts, theirs: Facts): [agree: number, differ: number] {
  let agree = 0;
  let differ = 0;
  for (const packet of [...new Set([...ours.keys(), ...theirs.keys()])].sort((a, b) => a - b)) {
    const mine = (ours.get(packet) ?? []).sort().join(', ');
    const other = (theirs.get(packet) ?? []).sort().join(', ');
    if (mine === other) agree++;
    else if (++differ <= SHOWN) console.log(`${name} #${packet} ${what}\n    here:  ${mine}\n    there: ${other}`);
  }
  if (differ > SHOWN) console.log(`${name}: ${differ - SHOWN} more differences of ${what}`);
  return [agree, differ];
}

/** Conversations, not packets: retransmitted and split ClientHellos are shown at other packets by each side. */
function byConversation(facts: Facts): Facts {
  const names = [...new Set([...facts.values()].flat())].sort();
  return new Map(names.length === 0 ? [] : [[0, names]]);
}

function main(files: readonly string[]): number {
  if (files.length === 0) {
    console.error('usage: node tests/differential/tshark-dns.ts FILE...');
    return 2;
  }
  if (spawnSync('tshark', ['--version']).error !== undefined) {
    console.log('tshark is not installed: nothing compared');
    return 0;
  }
  const total = { dns: [0, 0], quic: [0, 0] };
  let names = 0;
  let failed = 0;
  for (const file of files) {
    const name = basename(file);
    const theirs = tshark(file);
    if (theirs === null) {
      console.log(`${name}: not read by tshark`);
      failed++;
      continue;
    }
    const ours = new Ours();
    const bytes = new Uint8Array(readFileSync(file));
    const reader = new CaptureReader(0);
    reader.feed(bytes, new DataView(bytes.buffer), 0, bytes.length, ours);
    reader.finish();
    const dns = compare(name, 'DNS', ours.dns, theirs.dns);
    const quic = compare(name, 'QUIC', byConversation(ours.quic), byConversation(theirs.quic));
    for (const i of [0, 1] as const) {
      total.dns[i]! += dns[i];
      total.quic[i]! += quic[i];
    }
    names += [...ours.quic.values()].flat().length;
  }
  console.log(`DNS packets: agree ${total.dns[0]}, differ ${total.dns[1]}`);
  console.log(`captures with QUIC: agree ${total.quic[0]}, differ ${total.quic[1]}; ${names} ClientHellos read here`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
