import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import {
  MAX_WEBSOCKET_MESSAGE,
  probeWebSocketFrame,
  type WebSocketHandler,
  WebSocketParser,
} from '../../src/protocol/websocket.ts';
import { ascii, cuttings, embed, feed, hex, join, randomBytes } from './stream-cases.ts';

class Recorder implements WebSocketHandler {
  readonly events: string[] = [];
  onWebSocketMessage(opcode: number, bytes: Uint8Array, off: number, end: number): void {
    this.events.push(`${opcode} ${Buffer.from(bytes.slice(off, end)).toString('latin1')}`);
  }
  onWebSocketAnomaly(anomaly: number): void {
    this.events.push(`! ${ANOMALIES[anomaly]}`);
  }
}

/** A frame; `first` is its whole first byte, `key` masks it. */
function frame(first: number, payload: Uint8Array, key?: string): Uint8Array {
  const n = payload.length;
  const mask = key === undefined ? 0 : 0x80;
  let head = Uint8Array.of(first, mask | n);
  if (n > 125) head = Uint8Array.of(first, mask | 126, n >> 8, n & 255);
  if (n > 65535)
    head = Uint8Array.of(first, mask | 127, 0, 0, 0, 0, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255);
  if (key === undefined) return join(head, payload);
  const keys = hex(key);
  return join(
    head,
    keys,
    payload.map((b, i) => b ^ (keys[i % 4] as number)),
  );
}
const text = (s: string, key?: string): Uint8Array => frame(0x81, ascii(s), key);

/** Compresses messages the way a sender does: one stream, each message flushed and its tail removed (RFC 7692 §7.2.1). */
function deflateAll(messages: readonly string[], takeover: boolean): Uint8Array[] {
  let history = Buffer.alloc(0);
  return messages.map((message) => {
    const dictionary = takeover && history.length > 0 ? { dictionary: history.subarray(-32768) } : {};
    const packed = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary });
    history = Buffer.concat([history, Buffer.from(message)]);
    return Uint8Array.from(packed.subarray(0, -4));
  });
}

function run(bytes: Uint8Array, cuts: readonly number[] = []): string[] {
  const recorder = new Recorder();
  const parser = new WebSocketParser(recorder);
  feed(parser, bytes, cuts);
  parser.finish();
  return recorder.events;
}
function probe(bytes: Uint8Array): number {
  const piece = embed(bytes, 0x7d);
  return probeWebSocketFrame(piece.bytes, piece.off, piece.end);
}

const AUTH = '{"type":"auth","params":{"site_key":"abc","type":"anonymous","user":null}}';
const JOB = `{"type":"job","params":{"job_id":"1","blob":"${'07'.repeat(76)}","target":"ffffff00"}}`;
const KEY = '37fa213d';
const PING = frame(0x89, ascii('hello'));
const FRAGMENTS = join(
  frame(0x01, ascii(JOB.slice(0, 50))),
  PING,
  frame(0x00, ascii(JOB.slice(50, 90))),
  frame(0x80, ascii(JOB.slice(90))),
);

describe('WebSocketParser', () => {
  test.each<[string, Uint8Array, string[]]>([
    ['RFC 6455 §5.7: unmasked text', hex('810548656c6c6f'), ['1 Hello']],
    ['RFC 6455 §5.7: masked text', hex('818537fa213d7f9f4d5158'), ['1 Hello']],
    ['RFC 6455 §5.7: fragmented text', hex('010348656c 80026c6f'), ['1 Hello']],
    ['RFC 6455 §5.7: ping and masked pong', hex('890548656c6c6f 8a8537fa213d7f9f4d5158'), []],
    ['RFC 7692 §7.2.3.1: compressed', hex('c107f248cdc9c90700'), ['1 Hello']],
    ['RFC 7692 §7.2.3.1: compressed and fragmented', hex('4103f248cd 8004c9c90700'), ['1 Hello']],
    ['RFC 7692 §7.2.3.2: with context takeover', hex('c107f248cdc9c90700 c105f200110000'), ['1 Hello', '1 Hello']],
    ['RFC 7692 §7.2.3.3: stored block', hex('c10b000500faff48656c6c6f00'), ['1 Hello']],
    ['RFC 7692 §7.2.3.4: final block', hex('c108f348cdc9c9070000'), ['1 Hello']],
    ['16-bit length, binary', frame(0x82, ascii(JOB), KEY), [`2 ${JOB}`]],
    ['64-bit length', frame(0x81, new Uint8Array(65536).fill(0x61)), [`1 ${'a'.repeat(65536)}`]],
    ['control frame between fragments', FRAGMENTS, [`1 ${JOB}`]],
    ['empty messages are not reported', join(text(''), text('', KEY), text('{}')), ['1 {}']],
    ['middle of a message first', join(frame(0x00, ascii('x')), frame(0x80, ascii('y')), text('{}')), ['1 {}']],
    ['message inside a message', join(frame(0x01, ascii('x')), text('{}')), ['! websocket.malformed', '1 {}']],
    ['reserved opcode', join(text('{}'), hex('8300')), ['1 {}', '! websocket.malformed']],
    ['reserved bit', hex('9100'), ['! websocket.malformed']],
    ['fragmented ping', hex('0900'), ['! websocket.malformed']],
    ['long ping', hex('897e007e'), ['! websocket.malformed']],
    ['length not in its shortest form', hex('817e007d'), ['! websocket.malformed']],
    ['not compressed at all', join(frame(0xc1, hex('ffffff')), text('{}')), ['! websocket.inflate_failed', '1 {}']],
  ])('%s', (_name, bytes, expected) => {
    expect(run(bytes)).toEqual(expected);
    for (const cuts of cuttings(bytes.length)) expect(run(bytes, cuts)).toEqual(expected);
  });

  const packed = deflateAll([AUTH, JOB, JOB, AUTH], true);
  const stream = join(
    ...[
      text(AUTH, KEY),
      FRAGMENTS,
      frame(0xc1, packed[0] as Uint8Array),
      PING,
      frame(0xc1, packed[1] as Uint8Array, KEY),
    ],
    ...[frame(0xc2, packed[2] as Uint8Array), frame(0x88, hex('03e8'))],
  );

  test('a truncated stream gives the messages before the cut and no anomaly', () => {
    const whole = run(stream);
    expect(whole).toEqual([`1 ${AUTH}`, `1 ${JOB}`, `1 ${AUTH}`, `1 ${JOB}`, `2 ${JOB}`]);
    for (const cuts of cuttings(stream.length)) expect(run(stream, cuts)).toEqual(whole);
    for (let n = 0; n < stream.length; n++) {
      const events = run(stream.subarray(0, n));
      expect(events).toEqual(whole.slice(0, events.length));
    }
  });

  test.each([true, false])('20 compressed messages, context takeover %s', (takeover) => {
    const messages = Array.from({ length: 20 }, (_, i) => `{"n":${i},"pad":"${'0123456789'.repeat(i * 50)}"}`);
    const bytes = join(...deflateAll(messages, takeover).map((payload) => frame(0xc1, payload, KEY)));
    expect(run(bytes)).toEqual(messages.map((message) => `1 ${message}`));
  });

  test('after a lost compressed message, what refers to it fails and is never decoded wrongly', () => {
    const messages = ['{"a":"first message"}', '{"b":"other words"}', '{"a":"first message"}', '{"b":"other words"}'];
    const frames = deflateAll(messages, true).map((payload) => frame(0xc1, payload));
    const recorder = new Recorder();
    const parser = new WebSocketParser(recorder);
    const [first, second, third, fourth] = frames as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    parser.push(first, 0, first.length);
    parser.gap(second.length);
    parser.push(third, 0, third.length);
    parser.push(fourth, 0, fourth.length);
    expect(recorder.events[0]).toBe(`1 ${messages[0]}`);
    for (const event of recorder.events.slice(1)) expect(event).toBe('! websocket.inflate_failed');
  });

  test('a compressed message that unfolds to more than the limit is cut off', () => {
    const bomb = deflateAll(['a'.repeat(3_000_000)], false)[0] as Uint8Array;
    expect(run(join(frame(0xc1, bomb), text('{}')))).toEqual(['! websocket.message_too_long', '1 {}']);
  });

  test('a frame of 100 MB and an endless fragmented message are passed over without being held', () => {
    const recorder = new Recorder();
    const parser = new WebSocketParser(recorder);
    const size = 100_000_000;
    parser.push(
      Uint8Array.of(0x82, 127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255),
      0,
      10,
    );
    const filler = new Uint8Array(1_000_000);
    for (let i = 0; i < 100; i++) {
      parser.push(filler, 0, filler.length);
      expect(parser.heldBytes).toBe(0);
    }
    const piece = frame(0x00, new Uint8Array(60_000));
    parser.push(frame(0x01, filler.subarray(0, 60_000)), 0, 60_004);
    for (let i = 0; i < 50; i++) {
      parser.push(piece, 0, piece.length);
      expect(parser.heldBytes).toBeLessThanOrEqual(MAX_WEBSOCKET_MESSAGE);
    }
    const rest = join(frame(0x80, ascii('end')), text('{}'));
    parser.push(rest, 0, rest.length);
    expect(recorder.events).toEqual(['! websocket.message_too_long', '! websocket.message_too_long', '1 {}']);
  });

  test('a gap inside a frame costs that message only', () => {
    const bytes = join(text(AUTH), text(JOB, KEY), text('{"n":1}'), text('[2]', KEY));
    const first = text(AUTH).length;
    const last = first + text(JOB, KEY).length;
    for (let from = first + 8; from < last; from += 3) {
      for (let to = from + 1; to <= last; to += 7) {
        const recorder = new Recorder();
        const parser = new WebSocketParser(recorder);
        parser.push(bytes, 0, from);
        parser.gap(to - from);
        parser.push(bytes, to, bytes.length);
        expect(recorder.events).toEqual([`1 ${AUTH}`, '1 {"n":1}', '1 [2]']);
      }
    }
  });

  test('a gap in the middle of a fragmented message drops its remaining fragments', () => {
    const bytes = join(frame(0x01, ascii('{"a"')), frame(0x00, ascii(':1')), frame(0x80, ascii('}')), text('{}'));
    const recorder = new Recorder();
    const parser = new WebSocketParser(recorder);
    parser.push(bytes, 0, 8);
    parser.gap(2);
    parser.push(bytes, 10, bytes.length);
    expect(recorder.events).toEqual(['1 {}']);
  });

  test.each([-1, 5000])('a gap of %i bytes: in step again where a piece begins with a frame', (lost) => {
    const recorder = new Recorder();
    const parser = new WebSocketParser(recorder);
    const job = text(JOB, KEY);
    parser.push(job, 0, 40);
    parser.gap(lost);
    parser.push(job, 60, job.length);
    expect(parser.inStep).toBe(false);
    const next = join(frame(0x80, ascii('rest of a message')), text('{}'));
    parser.push(next, 0, next.length);
    expect(parser.inStep).toBe(true);
    parser.push(job, 0, 100);
    parser.push(job, 100, job.length);
    expect(recorder.events).toEqual(['1 {}', `1 ${JOB}`]);
  });

  test('arbitrary and damaged input: no throw, bounded memory', () => {
    const edit = fc.tuple(fc.nat(stream.length - 1), fc.nat(255));
    const damaged = fc.array(edit, { maxLength: 6 }).map((edits) => {
      const copy = Uint8Array.from(stream);
      for (const [at, value] of edits) copy[at] = value;
      return copy;
    });
    const input = fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged);
    fc.assert(
      fc.property(input, fc.array(fc.nat(900), { maxLength: 5 }), fc.integer({ min: -1, max: 400 }), (b, at, lost) => {
        const recorder = new Recorder();
        const parser = new WebSocketParser(recorder);
        const cuts = at.filter((n) => n < b.length).sort((x, y) => x - y);
        feed(parser, b, cuts);
        parser.gap(lost);
        feed(parser, b, []);
        expect(parser.heldBytes).toBeLessThanOrEqual(MAX_WEBSOCKET_MESSAGE + 14 + 32768);
        expect(recorder.events.length).toBeLessThanOrEqual(2 * b.length);
        parser.finish();
        expect(parser.heldBytes).toBe(0);
        expect([-1, 0, 1]).toContain(probe(b));
      }),
      { numRuns: 1500 },
    );
  });
});

describe('probeWebSocketFrame', () => {
  test.each([
    ['unmasked', text(AUTH)],
    ['masked', text(AUTH, KEY)],
    ['16-bit length, binary, masked', frame(0x82, ascii(JOB), KEY)],
    ['array with line end', text('[1,2]\r\n')],
    ['two frames', join(text(JOB), text('{}'))],
    ['with a ping after it', join(text('{}', KEY), PING)],
  ])('%s: yes; every truncation: not yet', (_name, bytes) => {
    expect(probe(bytes)).toBe(1);
    const second = (bytes[1] as number) & 0x7f;
    for (let n = 0; n < 2 + second - 1 && n < bytes.length; n++) expect(probe(bytes.subarray(0, n))).toBe(0);
  });

  test.each([
    ['no JSON', text('hello')],
    ['JSON not closed', text('{"a":1')],
    ['a ping', PING],
    ['a fragment', frame(0x01, ascii('{}'))],
    ['a frame and stray bytes', join(text('{}'), hex('0304'))],
    ['JSON line', ascii('{"id":1}\n')],
    ['TLS record', hex('170303001a')],
    ['long form of a short length', join(hex('817e0002'), ascii('{}'))],
    ['4 GB', join(hex('817f0000000100000000'), ascii('{'))],
  ])('%s: no', (_name, bytes) => {
    expect(probe(bytes)).toBe(-1);
  });

  test('random bytes, also after a plausible first byte, are refused', () => {
    let yes = 0;
    for (let seed = 1; seed <= 60_000; seed++) {
      const bytes = randomBytes(seed, 4 + (seed % 120));
      if (probe(bytes) === 1) yes++;
      bytes[0] = 0x81;
      if (probe(bytes) === 1) yes++;
    }
    expect(yes).toBe(0);
  });
});
