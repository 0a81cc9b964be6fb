/** Work that grows faster than its input: counted in reads of the input, calls and bytes held, never in time. */
import { describe, expect, test } from 'vitest';
import { Frame } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame } from '../../src/decode/decode.ts';
import { Packet } from '../../src/decode/packet.ts';
import { buildDetections } from '../../src/detect/build.ts';
import { type ConversationFacts, summariseSession } from '../../src/detect/facts.ts';
import { gatherKeys } from '../../src/detect/key-facts.ts';
import { MiningSession } from '../../src/dialect/session.ts';
import { SideReader } from '../../src/engine/conversation/side-reader.ts';
import { estimateHashrate } from '../../src/estimate/hashrate.ts';
import { StreamPair } from '../../src/flow/stream.ts';
import { HttpParser, MAX_BODY } from '../../src/protocol/http.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import { LineParser, MAX_LINE } from '../../src/protocol/json-line.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import type { StreamParser } from '../../src/protocol/parser.ts';
import { SV2_MAX_PAYLOAD, Sv2Parser } from '../../src/protocol/sv2.ts';
import { MAX_WEBSOCKET_MESSAGE, WebSocketParser } from '../../src/protocol/websocket.ts';
import { writePcapng } from '../generate/index.ts';
import { type Meter, MeteredView, metered } from './meter.ts';
import { join } from './mutate.ts';

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const ignore = (): void => undefined;

const http = (): HttpParser =>
  new HttpParser({
    onHttpHead: ignore,
    onHttpBody: ignore,
    onHttpUpgrade: ignore,
    onHttpRaw: ignore,
    onHttpAnomaly: ignore,
  });
const line = (): LineParser => new LineParser({ onLine: ignore, onOtherLine: ignore, onLineAnomaly: ignore });
const webSocket = (): WebSocketParser =>
  new WebSocketParser({ onWebSocketMessage: ignore, onWebSocketAnomaly: ignore });
const sv2 = (): Sv2Parser => new Sv2Parser({ onSv2Frame: ignore, onSv2Anomaly: ignore });

/** Input of about `n` bytes, and the size of the pieces it comes in. */
type Row = readonly [name: string, make: () => StreamParser, input: (n: number) => string, piece: number];

const GROWTH: readonly Row[] = [
  ['HTTP: a header byte by byte', http, (n) => `GET / HTTP/1.1\r\nX: ${'a'.repeat(n)}`, 1],
  ['HTTP: a first line byte by byte', http, (n) => `GET /${'a'.repeat(n)}`, 1],
  ['HTTP: short header lines', http, (n) => `GET / HTTP/1.1\r\n${'a:b\r\n'.repeat(n / 5)}`, 1400],
  ['HTTP: letters that may be a method', http, (n) => 'A'.repeat(n), 1400],
  ['HTTP: what looks like a request, over and over', http, (n) => 'GET /'.repeat(n / 5), 1400],
  ['HTTP: request lines of another version', http, (n) => 'GET /x FTP\n'.repeat(n / 11), 1400],
  ['HTTP: heads that fail at their end', http, (n) => 'GET / HTTP/1.1x\r\n\r\n'.repeat(n / 19), 1400],
  [
    'HTTP: chunks of one byte',
    http,
    (n) => `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\n{\r\n'.repeat(n / 6)}`,
    1400,
  ],
  [
    'HTTP: a body that is longer than it says',
    http,
    (n) => `POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n${'{'.repeat(n)}`,
    1400,
  ],
  ['WebSocket: continuation frames', webSocket, (n) => `\x01\x01{${'\x00\x01a'.repeat(n / 3)}`, 1400],
  ['WebSocket: empty continuation frames', webSocket, (n) => `\x01\x01{${'\x00\x00'.repeat(n / 2)}`, 1],
  ['WebSocket: one message byte by byte', webSocket, (n) => `\x81\xfe\xff\xf0mask${'a'.repeat(n)}`, 1],
  ['Stratum V2: one frame byte by byte', sv2, (n) => `\0\0\x1f\xff\xff\0${'a'.repeat(n)}`, 1],
  ['Stratum V2: short frames', sv2, (n) => '\0\0\x03\x04\0\0abcd'.repeat(n / 10), 1400],
  ['lines: one line byte by byte', line, (n) => `{${'a'.repeat(n)}`, 1],
  ['lines: empty lines', line, (n) => '\n'.repeat(n), 1400],
  ['lines: blanks', line, (n) => `${' '.repeat(100)}\n`.repeat(n / 101), 1400],
];

function reads([, make, input, piece]: Row, n: number): number {
  const meter: Meter = { reads: 0 };
  const bytes = ascii(input(n));
  const parser = make();
  const counted = metered(bytes, meter);
  for (let at = 0; at < bytes.length; at += piece) parser.push(counted, at, Math.min(bytes.length, at + piece));
  parser.finish();
  return meter.reads;
}

describe('four times the input, four times the reads', () => {
  test.each(GROWTH.map((row) => [row[0], row] as const))('%s', (_, row) => {
    const small = reads(row, 5000);
    const large = reads(row, 20_000);
    expect(small).toBeGreaterThanOrEqual(1000);
    expect(large / small).toBeLessThan(4.6);
    expect(large).toBeLessThan(40 * 20_000);
  });
});

describe('what an endless message makes a parser hold', () => {
  const rows: readonly (readonly [string, () => StreamParser & { readonly heldBytes: number }, string, number])[] = [
    ['an HTTP head', http, 'GET / HTTP/1.1\r\nX: ', 64 * 1024],
    ['an HTTP body of 100 MB', http, 'POST / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n{', MAX_BODY],
    ['an HTTP body without end', http, 'HTTP/1.1 200 OK\r\n\r\n{', MAX_BODY],
    ['a WebSocket message in fragments', webSocket, '\x01\x01{', MAX_WEBSOCKET_MESSAGE],
    ['a WebSocket message of 1 GB', webSocket, '\x01\x7f\0\0\0\0\x40\0\0\0', MAX_WEBSOCKET_MESSAGE],
    ['a Stratum V2 frame of 16 MB', sv2, '\0\0\x1f\xff\xff\xff', SV2_MAX_PAYLOAD + 6],
  ];
  test.each(rows)('%s', (_, make, start, limit) => {
    const parser = make();
    const begin = ascii(start);
    parser.push(begin, 0, begin.length);
    const more = ascii('\x00\x05abcde'.repeat(10_000));
    for (let i = 0; i < 100; i++) {
      parser.push(more, 0, more.length);
      expect(parser.heldBytes).toBeLessThanOrEqual(limit);
    }
  });

  test('a line of 10 MB is dropped, counted once, and the next one is read', () => {
    const seen: unknown[] = [];
    const parser = new LineParser({
      onLine: (bytes, off, end) => void seen.push(Buffer.from(bytes.subarray(off, end)).toString()),
      onOtherLine: () => void seen.push('other'),
      onLineAnomaly: (anomaly) => void seen.push(anomaly > 0),
    });
    const piece = ascii('{'.repeat(65_536));
    for (let i = 0; i < 160; i++) parser.push(piece, 0, piece.length);
    const last = ascii('\n{"a":1}\n');
    parser.push(last, 0, last.length);
    expect(seen).toEqual([true, '{"a":1}']);
    expect(MAX_LINE).toBe(131_072);
  });
});

describe('headers inside headers', () => {
  const ip6 = (next: number, length: number): Uint8Array => {
    const header = new Uint8Array(40);
    header.set([0x60, 0, 0, 0, length >> 8, length & 255, next, 64]);
    return header;
  };
  const nested: readonly (readonly [string, (n: number) => Uint8Array])[] = [
    ['VLAN tags', (n) => join(new Uint8Array(12), ...Array<Uint8Array>(n).fill(Uint8Array.of(0x81, 0, 0, 1)))],
    [
      'MPLS labels',
      (n) =>
        join(new Uint8Array(12), Uint8Array.of(0x88, 0x47), ...Array<Uint8Array>(n).fill(Uint8Array.of(0, 1, 0, 64))),
    ],
    [
      'IPv6 extension headers',
      (n) =>
        join(
          new Uint8Array(12),
          Uint8Array.of(0x86, 0xdd),
          ip6(60, n * 8),
          ...Array<Uint8Array>(n).fill(Uint8Array.of(60, 0, 0, 0, 0, 0, 0, 0)),
        ),
    ],
    [
      'IPv6 in IPv6',
      (n) =>
        join(
          new Uint8Array(12),
          Uint8Array.of(0x86, 0xdd),
          ...Array.from({ length: n }, (_, i) => ip6(41, (n - i - 1) * 40)),
        ),
    ],
    [
      'bridged Ethernet',
      (n) => join(...Array<Uint8Array>(n).fill(join(new Uint8Array(12), Uint8Array.of(0x65, 0x58)))),
    ],
  ];
  test.each(nested)('%s: a bounded number of reads', (_, make) => {
    const reads = [50, 1500].map((n) => {
      const bytes = make(n);
      const view = new MeteredView(bytes.buffer as ArrayBuffer);
      const frame = new Frame(bytes, view);
      frame.end = frame.originalLength = bytes.length;
      frame.linkType = 1;
      decodeFrame(frame, new Packet(bytes, view), createAnomalyCounters());
      return view.reads;
    });
    expect(reads[0]).toBeGreaterThan(8);
    expect(reads[1]).toBe(reads[0]);
    expect(reads[0]).toBeLessThan(400);
  });
});

describe('captures', () => {
  test('more interfaces than are believed stop the capture, in reads that grow with its bytes', () => {
    const bytes = writePcapng([]);
    const [section, description] = [bytes.slice(0, 28), bytes.slice(28)];
    const reader = new CaptureReader(0);
    let reads = 0;
    const feed = (piece: Uint8Array): void => {
      const view = new MeteredView(piece.buffer as ArrayBuffer);
      reader.feed(piece, view, 0, piece.length, { onFrame: ignore });
      reads += view.reads;
    };
    feed(section);
    for (let i = 0; i < 100_000; i++) feed(description);
    reader.finish();
    expect(reader.damage?.reason).toBe('more than 65536 interfaces');
    expect(reads).toBeLessThan(65_537 * 20);
  });
});

describe('streams', () => {
  const rows: readonly (readonly [string, (i: number) => number])[] = [
    ['in groups of eight turned round', (i) => (i ^ 7) * 2],
    ['every second one missing', (i) => i * 4],
    ['backwards', (i) => 4_000_000 - i * 2],
    ['far apart', (i) => Math.imul(i, 0x01000193)],
  ];
  test.each(rows)('200,000 tiny segments %s: a bounded number of calls and bytes for each', (_, sequence) => {
    const budget = { used: 0, limit: 1e7 };
    let calls = 0;
    let most = 0;
    const count = (): void => void calls++;
    const pair = new StreamPair({ onStreamData: count, onStreamGap: count }, budget, createAnomalyCounters());
    pair.open(0, 0);
    const bytes = ascii('ab');
    for (let i = 0; i < 200_000; i++) {
      pair.push(0, sequence(i) | 0, 0, false, bytes, 0, 2, 2, { input: 0, packet: i, time: i, shift: 0 });
      most = Math.max(most, budget.used);
    }
    pair.flush();
    expect(most).toBeLessThanOrEqual(25 * 2);
    expect(calls).toBeLessThanOrEqual(3 * 200_000);
    expect(budget.used).toBe(0);
  });

  test('WebSocket frames behind a handshake are found again after a loss inside a frame', () => {
    const seen: string[] = [];
    const sink = {
      onMessage: (m: { readonly text: string }) => void seen.push(m.text),
      mayMatter: () => true,
      onForeign: ignore,
      onAnomaly: ignore,
      onUpgrade: ignore,
      onTunnel: ignore,
      onSecret: ignore,
      onDns: ignore,
      onNoise: () => true,
      noiseBegun: false,
      mayStart: () => false,
    };
    const reader = new SideReader(1, true, sink);
    const push = (bytes: Uint8Array): void =>
      reader.push(bytes, 0, bytes.length, { input: 0, packet: 1, time: 0, shift: 0 });
    const frame = (body: string): Uint8Array => join(Uint8Array.of(0x81, body.length), ascii(body));
    push(ascii('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'));
    push(frame('{"a":1}'));
    push(frame('{"a":"lost"}').subarray(0, 5));
    reader.gap(100);
    push(frame('{"a":2}'));
    push(frame('{"a":3}'));
    expect(seen.slice(1)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
  });
});

describe('messages', () => {
  test.each([
    ['objects', '{"a":', '1', '}'],
    ['arrays', '[', '', ']'],
    ['a batch', '[{"a":', '1', '}]'],
  ])('%s nested 60,000 deep give no message, 40 deep do', (_, open, inside, close) => {
    const messages = (depth: number): JsonMessage[] => {
      const found: JsonMessage[] = [];
      const text = `{"a":${open.repeat(depth)}${inside}${close.repeat(depth)}}`;
      jsonMessages(text, 0, { input: 0, packet: 1, time: 0, from: 0, to: 0 }, 'tcp', null, null, found);
      return found;
    };
    expect(messages(60_000)).toEqual([]);
    expect(messages(20)).toHaveLength(1);
  });

  test('brackets inside strings are no depth', () => {
    const found: JsonMessage[] = [];
    const text = JSON.stringify({ a: `${'['.repeat(500)}"\\${'{'.repeat(500)}` });
    expect(jsonMessages(text, 0, { input: 0, packet: 1, time: 0, from: 0, to: 0 }, 'tcp', null, null, found)).toBe(0);
    expect(found).toHaveLength(1);
  });
});

test('a difficulty that no target has gives no infinite hashrate', () => {
  const session = new MiningSession();
  for (const difficulty of [1e298, 1e-300, 1e77, Number.NaN, Number.POSITIVE_INFINITY]) {
    session.setNext(difficulty * 2 ** 32, difficulty, 'difficulty');
    for (let i = 0; i < 50; i++) {
      session.tick(1e15 + (session.jobs + 1) * 2e8);
      session.job(`job ${i}`);
      session.accept(session.currentHashes);
    }
    const rate = estimateHashrate([summariseSession(session).evidence]);
    expect(JSON.stringify(rate)).not.toContain('null,');
    expect(session.difficulty?.last ?? 1).toBeLessThan(2 ** 256);
  }
});

test('200,000 connections of one miner to one pool are one detection', () => {
  const one: ConversationFacts = {
    input: 0,
    packet: 1,
    miner: '10.0.0.1',
    pool: '10.0.0.2',
    minerPort: 4000,
    poolPort: 8332,
    transport: 'http',
    dialect: 'getwork',
    host: null,
    poolName: null,
    coins: [],
    via: null,
    worked: false,
    lookups: 0,
    session: null,
    firstSeen: 5e15,
    lastSeen: 6e15,
    packets: [1, 1],
    bytes: [1, 1],
    opened: true,
    seen: 'both',
    minerSide: 0,
    indications: [
      {
        signature: 'getwork.request',
        version: 1,
        kind: 'payload',
        weight: 0.9,
        family: null,
        against: false,
        proof: true,
        time: 5e15,
        input: 0,
        packet: 1,
        bytes: [0, 0],
        side: 0,
        from: 'miner',
        dialect: 'getwork',
        excerpt: '',
      },
    ],
  };
  const all = Array.from({ length: 200_000 }, (_, i) => ({ ...one, packet: i + 1, firstSeen: 5e15 - i }));
  const rows = buildDetections(gatherKeys(all), {
    sensor: 's',
    realm: null,
    nat: 'none',
    clockError: 0,
    from: 0,
    to: 0,
    fileOf: () => 'f',
  });
  expect(rows.map(({ flows, first_seen }) => [flows, first_seen])).toEqual([[200_000, '2128-06-11T08:53:19.800001Z']]);
});
