/** Targets of the protocol stage: parsers of one direction of a stream. */
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { Look, lookAtStart, lookInside } from '../../src/protocol/first-look.ts';
import { HttpParser, MAX_BODY, probeHttp } from '../../src/protocol/http.ts';
import { LineParser, MAX_LINE } from '../../src/protocol/json-line.ts';
import type { HttpHead } from '../../src/protocol/message.ts';
import type { StreamParser } from '../../src/protocol/parser.ts';
import { probeSv2, SV2_MAX_PAYLOAD, Sv2Parser } from '../../src/protocol/sv2.ts';
import * as sv2 from '../../src/protocol/sv2-messages.ts';
import { MAX_WEBSOCKET_MESSAGE, probeWebSocketFrame, WebSocketParser } from '../../src/protocol/websocket.ts';
import type { Random } from '../generate/index.ts';
import { frames, httpStreams, jsonStreams, streams, sv2Frames, sv2Streams, webSocketStreams } from './corpus.ts';
import { join, mutate } from './mutate.ts';
import { demand, demandSame, randomFrom, type Target } from './target.ts';
import { cutsOf } from './targets-capture.ts';

const MAX = 4096;

/** A message about as long as a limit, once in a while: it costs as much as hundreds of others. */
function atLimit(
  rng: Random,
  limit: number,
  make: (length: number) => readonly (string | Uint8Array)[],
): Uint8Array | null {
  if (rng.int(0, 499) > 0) return null;
  const length = limit + rng.int(-3, 3);
  return join(
    ...make(length).map((part) => (typeof part === 'string' ? new Uint8Array(Buffer.from(part, 'latin1')) : part)),
  );
}

/** JSON of exactly so many bytes. */
const filled = (length: number): string => `{${' '.repeat(length - 2)}}`;
const u24 = (value: number): Uint8Array => Uint8Array.of(value & 255, (value >> 8) & 255, value >> 16);

/** What a parser reported, in order, and how much it may hold. */
class Record {
  readonly events: unknown[] = [];
  anomalies = 0;

  bytes(kind: string, bytes: Uint8Array, off: number, end: number, limit: number, ...more: readonly unknown[]): void {
    demand(off >= 0 && off <= end && end <= bytes.length, () => `${kind}: ${off}…${end} of ${bytes.length}`);
    demand(end - off <= limit, () => `${kind}: ${end - off} bytes, more than ${limit}`);
    this.events.push([kind, Buffer.from(bytes.subarray(off, end)).toString('latin1'), ...more]);
    demand(this.events.length <= 20_000, 'events without end');
  }

  anomaly(index: number): void {
    demand(Number.isInteger(index) && index > 0 && index < ANOMALIES.length, () => `anomaly ${index}`);
    this.anomalies++;
    demand(this.anomalies <= 20_000, 'anomalies without end');
  }
}

type Make = (record: Record) => StreamParser & { readonly heldBytes?: number };

/** Feeds the pieces, each from its own surroundings, which change after the call. */
function feed(make: Make, input: Uint8Array, cuts: readonly number[], gaps: readonly number[], held: number): Record {
  const record = new Record();
  const parser = make(record);
  let from = 0;
  for (const [index, cut] of [...cuts, input.length].entries()) {
    const bytes = new Uint8Array(cut - from + 10).fill(index & 1 ? 0x7b : 0x0a);
    bytes.set(input.subarray(from, cut), 5);
    parser.push(bytes, 5, 5 + cut - from);
    bytes.fill(0xee);
    demand((parser.heldBytes ?? 0) <= held, () => `${parser.heldBytes} bytes held`);
    const gap = gaps[index];
    if (gap !== undefined && gap !== 0) parser.gap(gap);
    from = cut;
  }
  parser.finish();
  demand((parser.heldBytes ?? 0) === 0, 'bytes held after the end');
  return record;
}

/** Whole, in pieces, and in pieces with losses; what raised no anomaly must not depend on the pieces. */
function checkStream(make: Make, input: Uint8Array, held: number): void {
  const rng = randomFrom(input);
  const whole = feed(make, input, [], [], held);
  const cuts = cutsOf(rng, input.length, rng.int(1, 2));
  const pieces = feed(make, input, cuts, [], held);
  if (whole.anomalies === 0 && pieces.anomalies === 0) demandSame(whole.events, pieces.events, 'whole and in pieces');
  const gaps = cuts.map(() => (rng.int(0, 3) > 0 ? 0 : rng.pick([-1, 1, 7, rng.int(1, 2000), 2 ** 31])));
  feed(make, input, cuts, gaps, held);
}

const lines: Target = {
  name: 'line-parser',
  holds: 'the same lines in whatever pieces; each starts like JSON and has no line end',
  input: (rng) =>
    atLimit(rng, MAX_LINE, (length) => ['{}\n', filled(length), '\n{}\n']) ??
    mutate(rng, rng.pick(jsonStreams()), { max: MAX, other: rng.pick(streams()).bytes }),
  check(input) {
    const make: Make = (record) =>
      new LineParser({
        onLine(bytes, off, end) {
          record.bytes('line', bytes, off, end, MAX_LINE);
          demand(bytes[off] === 0x7b || bytes[off] === 0x5b, 'a line that is no JSON');
          for (let i = off; i < end; i++) demand(bytes[i] !== 0x0a, 'a line end inside a line');
        },
        onOtherLine: () => void record.events.push('other'),
        onLineAnomaly: (index) => record.anomaly(index),
      });
    checkStream(make, input, MAX_LINE);
  },
};

function mutatedHttp(rng: Random): Uint8Array {
  const seed = rng.pick(httpStreams());
  const text = Buffer.from(seed).toString('latin1');
  const lengths: number[] = [];
  for (const match of text.matchAll(/content-length: ?/gi)) lengths.push(match.index + match[0].length);
  const bytes = mutate(rng, seed, { max: MAX, other: rng.pick(httpStreams()), lengths });
  const replace = rng.pick([
    '',
    '',
    '',
    'Transfer-Encoding: chunked',
    'Content-Encoding: gzip',
    'Connection: close',
    'Content-Length: 0',
  ]);
  if (replace === '') return bytes;
  return new Uint8Array(
    Buffer.from(
      Buffer.from(bytes)
        .toString('latin1')
        .replace(/content-length:[^\r]*/i, replace),
      'latin1',
    ),
  );
}

const http: Target = {
  name: 'http-parser',
  holds: 'heads and bodies in bounds; the same in whatever pieces while nothing is malformed',
  input: (rng) =>
    atLimit(rng, MAX_BODY, (length) => [
      `POST / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`,
      filled(length),
      'GET / HTTP/1.1\r\n\r\n',
    ]) ?? mutatedHttp(rng),
  check(input) {
    const make: Make = (record) =>
      new HttpParser({
        onHttpHead(head, text) {
          demand(text.length <= 4096, 'a long text');
          demand(head.kind === 'response' || /^[A-Z-]+$/.test(head.method), () => `method ${head.method}`);
          record.events.push(['head', head.method, head.target, head.status, [...head.headers], text]);
          demand(!/^authorization: (?!\*\*\*)/im.test(text), 'credentials in the text');
        },
        onHttpBody: (head: HttpHead, body, off, end, complete) => {
          demand(end > off, 'an empty body');
          record.bytes('body', body, off, end, MAX_BODY, head.kind, complete);
        },
        onHttpUpgrade: (head) => void record.events.push(['upgrade', head.target]),
        // After the switch the pieces are handed on as they come.
        onHttpRaw: (bytes, off, end) =>
          demand(off >= 0 && off <= end && end <= bytes.length, 'raw bytes out of bounds'),
        onHttpAnomaly: (index) => record.anomaly(index),
      });
    checkStream(make, input, 64 * 1024 + MAX_BODY);
  },
};

const webSocket: Target = {
  name: 'websocket-parser',
  holds: 'messages of 1 to 65,536 bytes; the same in whatever pieces while nothing is malformed',
  input: (rng) =>
    atLimit(rng, MAX_WEBSOCKET_MESSAGE, (length) => [
      length < 65_536
        ? Uint8Array.of(0x81, 126, length >> 8, length & 255)
        : Uint8Array.of(0x81, 127, 0, 0, 0, 0, 0, 1, 0, length & 255),
      filled(length),
      '\x81\x02{}',
    ]) ??
    mutate(rng, rng.pick(webSocketStreams()), { max: MAX, other: rng.pick(webSocketStreams()), lengths: [0, 1, 2] }),
  check(input) {
    const make: Make = (record) =>
      new WebSocketParser({
        onWebSocketMessage(opcode, bytes, off, end) {
          demand(opcode === 1 || opcode === 2, () => `opcode ${opcode}`);
          demand(end > off, 'an empty message');
          record.bytes('message', bytes, off, end, MAX_WEBSOCKET_MESSAGE, opcode);
        },
        onWebSocketAnomaly: (index) => record.anomaly(index),
      });
    checkStream(make, input, MAX_WEBSOCKET_MESSAGE + 14 + 32 * 1024);
  },
};

const sv2Stream: Target = {
  name: 'sv2-parser',
  holds: 'frames of at most 65,536 bytes; the same in whatever pieces while nothing is malformed',
  input: (rng) =>
    atLimit(rng, SV2_MAX_PAYLOAD, (length) => ['\0\x80\x1f', u24(length), filled(length), '\0\0\x03\x04\0\0abcd']) ??
    mutate(rng, rng.pick(sv2Streams()), { max: MAX, other: rng.pick(sv2Streams()), lengths: [0, 2, 3, 6] }),
  check(input) {
    const make: Make = (record) =>
      new Sv2Parser({
        onSv2Frame(extension, channel, type, bytes, off, end) {
          demand(extension >= 0 && extension < 0x8000 && type >= 0 && type < 256, 'header out of range');
          record.bytes('frame', bytes, off, end, SV2_MAX_PAYLOAD, extension, channel, type);
        },
        onSv2Anomaly: (index) => record.anomaly(index),
      });
    checkStream(make, input, SV2_MAX_PAYLOAD + 6);
  },
};

const READERS = Object.entries(sv2).filter(([name]) => name.startsWith('read')) as readonly (readonly [
  string,
  (bytes: Uint8Array, off: number, end: number) => unknown,
])[];

function embedded(input: Uint8Array, filler: number): Uint8Array {
  const bytes = new Uint8Array(input.length + 128).fill(filler);
  bytes.set(input, 64);
  return bytes;
}

const sv2Messages: Target = {
  name: 'sv2-messages',
  holds: 'every reader gives a message or null, whatever lies around the payload; texts bounded, numbers no NaN',
  input: (rng) =>
    mutate(rng, rng.pick(sv2Frames()).bytes, { max: 600, other: rng.pick(sv2Frames()).bytes, lengths: [0, 4, 8] }),
  check(input) {
    const low = embedded(input, 0x00);
    const high = embedded(input, 0xff);
    for (const [name, read] of READERS) {
      const message = read(low, 64, 64 + input.length);
      demandSame(message, read(high, 64, 64 + input.length), name);
      if (message === null) continue;
      for (const [key, value] of Object.entries(message as object)) {
        if (typeof value === 'string') demand(value.length <= 255, () => `${name}.${key}: ${value.length} characters`);
        if (typeof value === 'number' && !key.includes('HashRate'))
          demand(value >= 0, () => `${name}.${key} = ${value}`);
        if (value instanceof Uint8Array)
          demand(value.length <= input.length, () => `${name}.${key}: ${value.length} bytes`);
      }
    }
    const target = new Uint8Array(32);
    target.set(input.subarray(0, 32));
    demand(
      !Number.isNaN(sv2.targetToDifficulty(target)) || target.every((byte) => byte === 0),
      'difficulty of a target',
    );
  },
};

const LOOKS: ReadonlySet<number> = new Set(Object.values(Look));

const firstLook: Target = {
  name: 'first-look',
  holds: 'an answer of the list, the same whatever lies around the bytes; probes say -1, 0 or 1',
  input: (rng) => {
    const bytes = rng.int(0, 3) === 0 ? rng.pick(frames()).data : rng.pick(streams()).bytes;
    const from = rng.int(0, 2) === 0 ? rng.int(0, Math.max(0, bytes.length - 1)) : 0;
    return mutate(rng, bytes.subarray(from), { max: 700, other: rng.pick(streams()).bytes });
  },
  check(input) {
    if (input.length === 0) return;
    const low = embedded(input, 0x00);
    const high = embedded(input, 0x7b);
    const end = 64 + input.length;
    for (const look of [lookAtStart, lookInside]) {
      const answer = look(low, 64, end);
      demand(LOOKS.has(answer), () => `look ${answer}`);
      demand(answer === look(high, 64, end), 'a look outside the bytes');
    }
    for (const probe of [probeHttp, probeWebSocketFrame, probeSv2]) {
      const answer = probe(low, 64, end);
      demand(answer === -1 || answer === 0 || answer === 1, () => `${probe.name}: ${answer}`);
      demand(answer === probe(high, 64, end), () => `${probe.name} looks outside the bytes`);
      // What is ruled out by the first bytes stays ruled out by more of them.
      if (probe !== probeHttp) continue;
      for (let shorter = 1; shorter < Math.min(24, input.length); shorter++) {
        const early = probe(low, 64, 64 + shorter);
        demand(early !== -1 || answer === -1, () => `ruled out after ${shorter} bytes, not after ${input.length}`);
      }
    }
  },
};

export const PROTOCOL_TARGETS: readonly Target[] = [firstLook, lines, http, webSocket, sv2Stream, sv2Messages];
