/**
 * Compares the decoder with tshark on every capture of the given folders: addresses, ports and payload length of the
 * innermost TCP or UDP header of each packet, fragments reassembled on both sides.
 *
 *   node tests/differential/tshark.ts DIR...
 *
 * Prints how many packets agree, how many differ, the differences by kind and the first of each kind. Exits 0 where
 * tshark is absent, and 1 only where a capture could not be compared.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, FrameSink } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { ANOMALIES, createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame, decodeNetworkPayload } from '../../src/decode/decode.ts';
import { Decoded, Packet, PROTOCOL_TCP } from '../../src/decode/packet.ts';
import { FragmentStore } from '../../src/flow/fragments.ts';

const FIELDS = ['frame.protocols', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'tcp.len'];
FIELDS.push('udp.srcport', 'udp.dstport', 'udp.length');
const SHOWN_PER_KIND = 3;
const MAX_OUTPUT = 1 << 30;

/** One packet in words: `SOURCE DESTINATION PROTOCOL SOURCE_PORT DESTINATION_PORT PAYLOAD_LENGTH`, or '' without IP. */
class Described implements FrameSink {
  readonly lines: string[] = [];
  readonly counters: Float64Array = createAnomalyCounters();
  readonly packet: Packet = new Packet(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
  readonly fragments: FragmentStore = new FragmentStore();

  onFrame(frame: Frame): void {
    const p = this.packet;
    let decoded = decodeFrame(frame, p, this.counters);
    while (decoded === Decoded.Fragment && this.fragments.add(p, frame.time, this.counters)) {
      const store = this.fragments;
      decoded = decodeNetworkPayload(store.bytes, store.view, 0, store.length, store.protocol, p, this.counters);
    }
    this.lines.push(describe(p, decoded));
  }
}

function describe(p: Packet, decoded: Decoded): string {
  if (decoded === Decoded.None) return '';
  const from = [p.source0, p.source1, p.source2, p.source3];
  const to = [p.destination0, p.destination1, p.destination2, p.destination3];
  const text = p.ipVersion === 4 ? (words: number[]) => ipv4(words[0]!) : ipv6;
  const addresses = `${text(from)} ${text(to)}`;
  if (decoded !== Decoded.Transport) return addresses;
  const protocol = p.protocol === PROTOCOL_TCP ? 'tcp' : 'udp';
  return `${addresses} ${protocol} ${p.sourcePort} ${p.destinationPort} ${p.payloadLength}`;
}

function ipv4(word: number): string {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join('.');
}

/** Long form: both sides are brought to it. */
function ipv6(words: number[]): string {
  return words
    .flatMap((word) => [word >>> 16, word & 0xffff])
    .map((group) => group.toString(16))
    .join(':');
}

function longIpv6(text: string): string {
  let plain = text;
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (dotted !== null) {
    const [a, b, c, d] = dotted.slice(1).map(Number) as [number, number, number, number];
    plain = `${text.slice(0, dotted.index)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(zeros).fill('0'), ...right].map((g) => parseInt(g, 16).toString(16)).join(':');
}

/** The innermost header that is not quoted by ICMP, out of all occurrences of each field. */
function describeTshark(line: string): { text: string; protocols: string } {
  const columns = line.split('\t');
  const protocols = columns[0] ?? '';
  const at = (column: number, index: number) => (columns[column] ?? '').split(',')[index] ?? '';
  const layers = protocols.split(':');
  const quoted = layers.findIndex((layer) => layer === 'icmp' || layer === 'icmpv6');
  const own = quoted < 0 ? layers : layers.slice(0, quoted);
  let addresses = '';
  let transport = '';
  const seen = { ip: 0, ipv6: 0, tcp: 0, udp: 0 };
  for (const layer of own) {
    if (layer === 'ip') {
      addresses = `${at(1, seen.ip)} ${at(2, seen.ip)}`;
      transport = '';
      seen.ip++;
    } else if (layer === 'ipv6') {
      addresses = `${longIpv6(at(3, seen.ipv6))} ${longIpv6(at(4, seen.ipv6))}`;
      transport = '';
      seen.ipv6++;
    } else if (layer === 'tcp') {
      transport = ` tcp ${at(5, seen.tcp)} ${at(6, seen.tcp)} ${at(7, seen.tcp)}`;
      seen.tcp++;
    } else if (layer === 'udp') {
      transport = ` udp ${at(8, seen.udp)} ${at(9, seen.udp)} ${Number(at(10, seen.udp)) - 8}`;
      seen.udp++;
    }
  }
  return { text: addresses + transport, protocols };
}

/** Which kind of difference it is: what each side reached. */
function kindOf(ours: string, theirs: string): string {
  const [mine, other] = [ours.split(' '), theirs.split(' ')];
  const reach = (parts: string[]) => (parts.length < 2 ? 'no IP' : (parts[2] ?? 'IP'));
  if (reach(mine) !== reach(other)) return `${reach(mine)} here, ${reach(other)} there`;
  if (mine[0] !== other[0] || mine[1] !== other[1]) return 'other addresses';
  if (mine[3] !== other[3] || mine[4] !== other[4]) return 'other ports';
  return 'other payload length';
}

function tshark(file: string): string[] | null {
  const args = ['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=a', ...FIELDS.flatMap((field) => ['-e', field])];
  const run = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: MAX_OUTPUT });
  if (run.error !== undefined) return null;
  return run.stdout.split('\n').slice(0, -1);
}

function main(folders: string[]): number {
  if (folders.length === 0) {
    console.error('usage: node tests/differential/tshark.ts DIR...');
    return 2;
  }
  if (spawnSync('tshark', ['--version']).error !== undefined) {
    console.log('tshark is not installed: nothing compared');
    return 0;
  }
  let agree = 0;
  let differ = 0;
  let failed = 0;
  const anomalies = createAnomalyCounters();
  const kinds = new Map<string, { count: number; files: Map<string, number>; examples: string[] }>();
  for (const folder of folders) {
    for (const name of readdirSync(folder).sort()) {
      const file = join(folder, name);
      const expected = tshark(file);
      const sink = new Described();
      const reader = new CaptureReader(0);
      const bytes = new Uint8Array(readFileSync(file));
      reader.feed(bytes, new DataView(bytes.buffer), 0, bytes.length, sink);
      reader.finish();
      for (const [index, count] of sink.counters.entries()) anomalies[index]! += count;
      if (expected === null || expected.length !== sink.lines.length) {
        console.log(`${name}: ${sink.lines.length} packets here, ${expected?.length ?? 'none'} there`);
        failed++;
        continue;
      }
      for (const [index, line] of expected.entries()) {
        const { text, protocols } = describeTshark(line);
        const ours = sink.lines[index]!;
        if (text === ours) {
          agree++;
          continue;
        }
        differ++;
        const kind = kindOf(ours, text);
        const entry = kinds.get(kind) ?? { count: 0, files: new Map<string, number>(), examples: [] };
        kinds.set(kind, entry);
        entry.count++;
        const earlier = entry.files.get(name) ?? 0;
        entry.files.set(name, earlier + 1);
        if (earlier < SHOWN_PER_KIND) {
          entry.examples.push(`${name} #${index + 1}\n    here:  ${ours}\n    there: ${text}  (${protocols})`);
        }
      }
    }
  }
  console.log(`agree ${agree}, differ ${differ}`);
  for (const [kind, { count, files, examples }] of kinds) {
    console.log(`\n${kind}: ${count} packets in ${[...files].map(([name, n]) => `${name} (${n})`).join(', ')}`);
    for (const example of examples) console.log(`  ${example}`);
  }
  const counted = ANOMALIES.flatMap((name, index) => (anomalies[index]! > 0 ? [`${name} ${anomalies[index]}`] : []));
  console.log(`\nanomalies here: ${counted.join(', ')}`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
