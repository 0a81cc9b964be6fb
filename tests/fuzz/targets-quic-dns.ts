/** Targets of QUIC Initial packets, DNS over both transports, and the names that come of it. */
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { NameMap } from '../../src/engine/names/name-map.ts';
import { DnsTcpParser, glanceDns, MAX_ANSWERS, MAX_DNS_TCP, questionName, readDns } from '../../src/protocol/dns.ts';
import { isQuicInitial, QuicInitialReader } from '../../src/protocol/quic.ts';
import { CryptoStream, MAX_CRYPTO } from '../../src/protocol/quic-stream.ts';
import type { Random } from '../generate/index.ts';
import { dnsOverTcp, dnsQuery, dnsResponse, serviceData } from '../generate/wire/dns.ts';
import { quicInitial, quicPacket } from '../generate/wire/quic.ts';
import { join, mutate } from './mutate.ts';
import { demand, demandSame, randomFrom, type Target } from './target.ts';
import { cutsOf } from './targets-capture.ts';

const DCID = Uint8Array.of(0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08);
const BASE = { version: 1, dcid: DCID, clientHello: new Uint8Array(0) } as const;

function hello(length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, i) => i & 0xff);
  bytes.set([1, 0, (length - 4) >> 8, (length - 4) & 0xff]);
  return bytes;
}

const PACKETS: readonly Uint8Array[] = [
  ...quicInitial({ ...BASE, clientHello: hello(250), size: 0 }),
  ...quicInitial({ ...BASE, version: 2, clientHello: hello(250), size: 0, scid: DCID, token: new Uint8Array(40) }),
  ...quicInitial({ ...BASE, clientHello: hello(500), size: 0, splitInto: 2, coalesced: 2, shuffle: 1 }),
];
const FRAMES: readonly Uint8Array[] = [
  Uint8Array.of(0x06, 0, 8, 1, 0, 0, 8, 1, 2, 3, 4, 0x06, 8, 4, 5, 6, 7, 8, 1, 0, 0),
  Uint8Array.of(0x06, 4, 4, 1, 2, 3, 4, 0x02, 7, 0x40, 9, 1, 2, 0, 1, 0x06, 0, 6, 1, 0, 0, 4, 1, 2),
  Uint8Array.of(0x03, 5, 0, 1, 0, 0, 1, 0x41, 1, 2, 3, 0x06, 0x80, 0, 0x3f, 0xf0, 2, 1, 2, 0x1c, 0, 0, 0),
];

function embedded(input: Uint8Array, filler: number): Uint8Array {
  const bytes = new Uint8Array(input.length + 128).fill(filler);
  bytes.set(input, 64);
  return bytes;
}

/** What a reader made of datagrams. */
function opened(datagrams: readonly Uint8Array[], filler: number): string {
  const said: string[] = [];
  const reader = new QuicInitialReader({
    onQuicAnomaly(index) {
      demand(ANOMALIES[index]?.startsWith('quic.') === true, () => `anomaly ${index}`);
      said.push(ANOMALIES[index] ?? '');
    },
  });
  for (const datagram of datagrams) {
    said.push(reader.push(embedded(datagram, filler), 64, 64 + datagram.length));
    demand(reader.heldBytes <= 2 * MAX_CRYPTO, () => `${reader.heldBytes} bytes held`);
    demand(!reader.finished || reader.heldBytes === 0, 'bytes held after the end');
  }
  demand(said.length <= 200, 'anomalies without end');
  return `${said.join(' ')} ${Buffer.from(reader.cryptoStream).toString('hex')}`;
}

const quicDatagrams: Target = {
  name: 'quic-initial',
  holds: 'a message only where a packet is authentic; nothing read outside the datagram',
  input: (rng) =>
    mutate(rng, rng.pick(PACKETS), { max: 1500, other: rng.pick(PACKETS), lengths: [0, 1, 5, 14, 15, 16], changes: 2 }),
  check(input) {
    // Now and then twice in a row, as a retransmission is: opening packets is what costs here.
    const sent = randomFrom(input).int(0, 7) === 0 ? [input, input] : [input];
    demandSame(opened(sent, 0x00), opened(sent, 0xc3), 'a read outside the bytes');
    const yes = isQuicInitial(embedded(input, 0), 64, 64 + input.length);
    demand(yes === isQuicInitial(embedded(input, 0xff), 64, 64 + input.length), 'a look outside the bytes');
  },
};

const quicFrames: Target = {
  name: 'quic-frames',
  holds: 'bounded, in whatever order frames come; a sealed packet is read like its frames',
  input: (rng) => mutate(rng, rng.pick(FRAMES), { max: 600, other: rng.pick(FRAMES), lengths: [1, 2] }),
  check(input) {
    const stream = new CryptoStream();
    stream.addFrames(input);
    const once = stream.helloLength;
    demand(once >= -1 && once <= MAX_CRYPTO && stream.heldBytes <= 2 * MAX_CRYPTO, () => `${once} bytes`);
    // The first bytes stay: the same frames again change nothing.
    const before = Buffer.from(stream.prefix(Math.max(0, once))).toString('hex');
    stream.addFrames(input);
    demand(stream.helloLength === once, 'the same frames twice');
    demandSame(before, Buffer.from(stream.prefix(Math.max(0, once))).toString('hex'), 'the same frames twice');
    if (randomFrom(input).int(0, 15) > 0) return;
    const sealed = opened([quicPacket(BASE, input, 1)], 0);
    demand(sealed.endsWith(` ${before}`), () => `${sealed} against ${before}`);
  },
};

const MESSAGES: readonly Uint8Array[] = [
  dnsQuery(1, 'Pool.Example.com'),
  dnsResponse(2, 'pool.example.com', ['192.0.2.1', '2001:db8::1', { data: '192.0.2.9', ttl: 0x80000000 }], {
    chain: ['eu.pool.example.com', 'lb.example.net'],
    edns: true,
  }),
  dnsResponse(3, 'a.b.c.d.example', ['192.0.2.7'], { chain: ['c.d.example', 'd.example', 'x.b.c.d.example'] }),
  dnsResponse(4, 'example.com', [
    { data: { type: 65, data: serviceData(1, 'lb.example.net', ['192.0.2.1', '2001:db8::1']) } },
    { data: { type: 16, data: Uint8Array.of(2, 0xc0, 12, 0xc0, 12) } },
  ]),
];

function checkMessage(input: Uint8Array): void {
  const end = 64 + input.length;
  const low = embedded(input, 0x00);
  const high = embedded(input, 0xc0);
  const message = readDns(low, 64, end);
  demandSame(message, readDns(high, 64, end), 'a read outside the bytes');
  demand(message === null || glanceDns(low, 64, end), 'read, but does not look like DNS');
  demand(glanceDns(low, 64, end) === glanceDns(high, 64, end), 'a look outside the bytes');
  const range = questionName(low, 64, end);
  const asked = range === null ? null : Buffer.from(range.bytes).toString('latin1', range.off, range.end);
  const again = questionName(high, 64, end);
  demand((range === null) === (again === null), 'a question outside the bytes');
  if (message === null) return;
  demand(message.answers.length <= MAX_ANSWERS, () => `${message.answers.length} answers`);
  if (asked !== null) demandSame(asked, message.question.name, 'the name asked for');
  const map = new NameMap(2);
  for (const { name, target, ttl, address } of message.answers) {
    demand(name.length <= 1016 && target.length <= 1016 && ttl >= 0 && ttl < 2 ** 31, 'out of range');
    demand(/^[!-~]*$/.test(name + target) && !/[A-Z]/.test(name + target), () => `name ${name} ${target}`);
    if (address === null) continue;
    const { version, w0, w1, w2, w3 } = address;
    demand(w0 === (w0 | 0) && w3 === (w3 | 0), 'words are not signed');
    map.add(version, 1, 2, 3, 4, version, w0, w1, w2, w3, name, 5, ttl);
    const found = map.find(version, 1, 2, 3, 4, w0, w1, w2, w3, 6);
    demand(name === '' || name.length > 253 || found !== null, 'an address without its name');
  }
}

const dns: Target = {
  name: 'dns-message',
  holds: 'a message or null, whatever lies around it; names bounded and printable, times and words in range',
  input: (rng) =>
    mutate(rng, rng.pick(MESSAGES), { max: 700, other: rng.pick(MESSAGES), lengths: [4, 6, 8, 12, 30, 34, 46, 50] }),
  check: checkMessage,
};

/** Messages one after the other, some changed inside their length. */
function dnsStream(rng: Random): Uint8Array {
  const messages = Array.from({ length: rng.int(1, 4) }, () => rng.pick(MESSAGES));
  return mutate(rng, dnsOverTcp(...messages), { max: 1500, other: dnsOverTcp(...MESSAGES), lengths: [0, 4, 6] });
}

interface Fed {
  readonly messages: readonly string[];
  readonly anomalies: number;
}

function fed(input: Uint8Array, cuts: readonly number[], gaps: readonly number[]): Fed {
  const messages: string[] = [];
  let anomalies = 0;
  const parser = new DnsTcpParser({
    onDnsMessage(bytes, off, end) {
      demand(off >= 0 && end - off >= 12 && end <= bytes.length, () => `${off}…${end} of ${bytes.length}`);
      messages.push(Buffer.from(bytes.subarray(off, end)).toString('hex'));
    },
    onDnsAnomaly(index) {
      demand(ANOMALIES[index] === 'dns.malformed', () => `anomaly ${index}`);
      anomalies++;
    },
  });
  let from = 0;
  for (const [index, cut] of [...cuts, input.length].entries()) {
    const piece = embedded(input.subarray(from, cut), 0x00);
    parser.push(piece, 64, 64 + cut - from);
    piece.fill(0xee);
    demand(parser.heldBytes <= MAX_DNS_TCP, () => `${parser.heldBytes} bytes held`);
    const gap = gaps[index];
    if (gap !== undefined && gap !== 0) parser.gap(gap);
    from = cut;
  }
  parser.finish();
  demand(parser.heldBytes === 0, 'bytes held after the end');
  return { messages, anomalies };
}

const dnsTcp: Target = {
  name: 'dns-tcp-parser',
  holds: 'the same messages in whatever pieces while nothing is malformed',
  input: (rng) =>
    rng.int(0, 999) === 0
      ? join(Uint8Array.of(0xff, 0xff), MESSAGES[1]!, new Uint8Array(rng.int(65_300, 65_540)))
      : dnsStream(rng),
  check(input) {
    const rng = randomFrom(input);
    const whole = fed(input, [], []);
    const cuts = cutsOf(rng, input.length, rng.int(1, 2));
    const pieces = fed(input, cuts, []);
    if (whole.anomalies === 0 || pieces.anomalies === 0) demandSame(whole, pieces, 'whole and in pieces');
    const gaps = cuts.map(() => (rng.int(0, 3) > 0 ? 0 : rng.pick([-1, 1, 7, rng.int(1, 2000), 2 ** 31])));
    fed(input, cuts, gaps);
  },
};

export const QUIC_DNS_TARGETS: readonly Target[] = [quicDatagrams, quicFrames, dns, dnsTcp];
