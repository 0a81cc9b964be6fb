import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { type DnsTcpHandler, DnsTcpParser, MAX_DNS_TCP, probeDnsTcp } from '../../src/protocol/dns.ts';
import { dnsOverTcp, dnsQuery, dnsResponse } from '../generate/wire/dns.ts';
import { ascii, cuttings, embed, feed, hex, join, randomBytes } from './stream-cases.ts';

const QUERY = dnsQuery(0x1234, 'Pool.Example.COM');
const RESPONSE = dnsResponse(0x1234, 'pool.example.com', ['192.0.2.1', { data: '192.0.2.2', ttl: 7200 }], {
  chain: ['eu.pool.example.com', 'lb.example.net'],
  edns: true,
});

class Recorder implements DnsTcpHandler {
  readonly events: string[] = [];
  onDnsMessage(bytes: Uint8Array, off: number, end: number): void {
    this.events.push(Buffer.from(bytes.slice(off, end)).toString('hex'));
  }
  onDnsAnomaly(anomaly: number): void {
    this.events.push(`! ${ANOMALIES[anomaly]}`);
  }
}
const event = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function run(bytes: Uint8Array, cuts: readonly number[] = []): string[] {
  const recorder = new Recorder();
  const parser = new DnsTcpParser(recorder);
  feed(parser, bytes, cuts);
  parser.finish();
  return recorder.events;
}

describe('DnsTcpParser', () => {
  const STREAM = dnsOverTcp(QUERY, RESPONSE, dnsQuery(2, ''), dnsQuery(3, 'b.example'));

  test('the same messages however the stream is cut', () => {
    const whole = [QUERY, RESPONSE, dnsQuery(2, ''), dnsQuery(3, 'b.example')].map(event);
    const longest = join(hex('ffff'), RESPONSE, new Uint8Array(0xffff - RESPONSE.length));
    for (const [stream, expected] of [
      [STREAM, whole],
      [join(longest, STREAM), [event(longest.subarray(2)), ...whole]],
    ] as const) {
      for (const cuts of cuttings(stream.length)) expect(run(stream, cuts)).toEqual(expected);
    }
  });

  test('a truncated stream gives the messages before the cut and holds no more than one', () => {
    const whole = run(STREAM);
    for (let n = 0; n < STREAM.length; n++) {
      const recorder = new Recorder();
      const parser = new DnsTcpParser(recorder);
      parser.push(STREAM, 0, n);
      expect(recorder.events).toEqual(whole.slice(0, recorder.events.length));
      expect(parser.heldBytes).toBeLessThan(MAX_DNS_TCP);
      parser.finish();
      expect(parser.heldBytes).toBe(0);
    }
  });

  test.each([
    ['a length too small for a header', hex('000b 0001 0100 0001 0000 0000 0000')],
    ['an unknown operation', hex('0020 0001 7800 0001 0000 0000 0000')],
    ['several questions', hex('0020 0001 0000 0002 0000 0000 0000')],
    ['text', ascii('{"id":1,"method":"mining.subscribe"}\n')],
  ])('%s: one anomaly, then back in step at the next piece that begins with a message', (_, bad) => {
    for (const size of [1, 5, 100]) {
      const recorder = new Recorder();
      const parser = new DnsTcpParser(recorder);
      const first = dnsOverTcp(QUERY);
      parser.push(first, 0, first.length);
      for (let at = 0; at < bad.length && parser.inStep; at += size)
        parser.push(bad, at, Math.min(at + size, bad.length));
      expect(parser.inStep).toBe(false);
      expect(parser.heldBytes).toBe(0);
      parser.push(randomBytes(1, 99), 0, 99);
      const next = dnsOverTcp(RESPONSE, QUERY);
      parser.push(next, 0, next.length);
      expect(recorder.events).toEqual([event(QUERY), '! dns.malformed', event(RESPONSE), event(QUERY)]);
    }
  });

  test('a gap inside a message costs that message only; one beyond it, what comes until a message begins a piece', () => {
    const stream = dnsOverTcp(QUERY, RESPONSE, QUERY);
    const start = 2 + QUERY.length;
    for (let from = start + 14; from < start + 2 + RESPONSE.length; from += 3) {
      for (let to = from + 1; to <= start + 2 + RESPONSE.length; to += 5) {
        const recorder = new Recorder();
        const parser = new DnsTcpParser(recorder);
        parser.push(stream, 0, from);
        parser.gap(to - from);
        parser.push(stream, to, stream.length);
        expect(recorder.events).toEqual([event(QUERY), event(QUERY)]);
      }
    }
    for (const lost of [-1, 100_000]) {
      const recorder = new Recorder();
      const parser = new DnsTcpParser(recorder);
      parser.push(stream, 0, start + 30);
      parser.gap(lost);
      expect(parser.inStep).toBe(false);
      parser.push(stream, start + 40, start + 60);
      parser.push(stream, start, stream.length);
      expect(recorder.events).toEqual([event(QUERY), event(RESPONSE), event(QUERY)]);
    }
  });

  test('probeDnsTcp: yes, not yet, no', () => {
    const stream = dnsOverTcp(QUERY);
    const probe = (bytes: Uint8Array, filler = 0xff): number => {
      const piece = embed(bytes, filler);
      return probeDnsTcp(piece.bytes, piece.off, piece.end);
    };
    for (let n = 0; n <= stream.length; n++) expect(probe(stream.subarray(0, n))).toBe(n < 19 ? 0 : 1);
    expect(probe(ascii('{"id":1,"method":"mining.subscribe"}\n'))).toBe(-1);
    expect(probe(ascii('GET / HTTP/1.1\r\n'))).toBe(-1);
    expect(probe(join(hex('1603010200010001fc0303'), randomBytes(1, 32)))).toBe(-1);
    expect(probe(join(hex('000b'), QUERY))).toBe(-1);
  });
});

test('any bytes in any pieces: no exception, never more than one message held', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), (pieces) => {
      const parser = new DnsTcpParser(new Recorder());
      for (const piece of pieces) {
        parser.push(piece, 0, piece.length);
        expect(parser.heldBytes).toBeLessThanOrEqual(MAX_DNS_TCP);
      }
      parser.finish();
      expect(parser.heldBytes).toBe(0);
    }),
  );
});
