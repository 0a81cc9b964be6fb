import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { TLS_MAX_MESSAGE, TlsParser } from '../../src/protocol/tls.ts';
import type { TlsFact, TlsHandler } from '../../src/protocol/tls-types.ts';
import { createRandom } from '../generate/index.ts';
import {
  alert,
  applicationRecord,
  certificate,
  certificateMessage,
  changeCipherSpec,
  clientHello,
  clientHelloMessage,
  handshakeMessage,
  records,
  serverHello,
  serverHelloMessage,
} from '../generate/wire/tls.ts';
import { ascii, cuttings, feed, hex, join, randomBytes } from './stream-cases.ts';
import * as samples from './tls-samples.ts';

function shortly(fact: TlsFact): string {
  if (fact.what === 'client-hello') return `hello ${fact.sni} ${fact.alpn.join()} ${fact.ja4}`;
  if (fact.what === 'server-hello') return `server ${fact.version.toString(16)} ${fact.alpn}`;
  return `certificate ${fact.names.join()}`;
}

class Recorder implements TlsHandler {
  readonly events: string[] = [];
  readonly facts: TlsFact[] = [];
  onTlsFact(fact: TlsFact): void {
    this.facts.push(fact);
    this.events.push(shortly(fact));
  }
  onTlsRecord(type: number, length: number): void {
    this.events.push(`${type}:${length}`);
  }
  onTlsAnomaly(anomaly: number): void {
    this.events.push(`! ${ANOMALIES[anomaly]}`);
  }
  onTlsEnd(): void {
    this.events.push('end');
  }
}

function run(bytes: Uint8Array, cuts: readonly number[] = []): string[] {
  const recorder = new Recorder();
  const parser = new TlsParser(recorder);
  feed(parser, bytes, cuts);
  parser.finish();
  expect(parser.heldBytes).toBe(0);
  return recorder.events;
}

/** Facts and the end alone. */
const facts = (events: readonly string[]): string[] => events.filter((event) => !/^\d+:/.test(event));

const rng = createRandom(5);
const HELLO = clientHelloMessage(rng, { sni: 'Pool.Example.COM', alpn: ['h2', 'http/1.1'] });
const HELLO_FACT = 'hello pool.example.com h2,http/1.1 t13d3111h2_e8f1e7e78f70_1f22a2ca17c4';
const SERVER12 = serverHelloMessage(rng, { version: 0x0303, alpn: 'http/1.1' });
const CHAIN = certificateMessage(samples.SAN_CERTIFICATE, samples.POOL_CERTIFICATE);
const CERTIFICATE_FACT = 'certificate pool.example.org,*.pool.example.net,eu.example.com';
const DONE = handshakeMessage(14);
const handshake = (content: Uint8Array, size?: number): Uint8Array => records(22, content, 0x0303, size);

describe('TlsParser', () => {
  test('OpenSSL without a name: the fingerprints known for it', () => {
    const recorder = new Recorder();
    new TlsParser(recorder).push(samples.OPENSSL_HELLO, 0, samples.OPENSSL_HELLO.length);
    expect(recorder.facts).toEqual([
      {
        what: 'client-hello',
        legacyVersion: 0x0303,
        versions: [0x0304, 0x0303, 0x0302, 0x0301],
        sni: null,
        alpn: [],
        ja3: 'c216e752cae6f8755fd27f561d031636',
        ja3Text:
          '771,4866-4867-4865-49196-49200-159-52393-52392-52394-49195-49199-158-49188-49192-107-49187-49191-103-49162-' +
          '49172-57-49161-49171-51-157-156-61-60-53-47-255,11-10-35-22-23-13-43-45-51,29-23-30-25-24-256-257-258-259-260,0-1-2',
        ja4: 't13i310900_e8f1e7e78f70_1f22a2ca17c4',
        handshakeLength: 292,
        ech: false,
      },
    ]);
    expect(samples.OPENSSL_HELLO.length).toBe(297);
  });

  test('OpenSSL with a name', () => {
    const recorder = new Recorder();
    new TlsParser(recorder).push(samples.OPENSSL_NAMED_HELLO, 0, samples.OPENSSL_NAMED_HELLO.length);
    expect(recorder.facts).toMatchObject([
      { sni: 'pool.example.org', ja3: 'a3afc2c46ba4a7d7fbe1cfb7a3031c2f', ja4: 't13d311000_e8f1e7e78f70_1f22a2ca17c4' },
    ]);
  });

  test.each<[string, Uint8Array, string[]]>([
    [
      'OpenSSL, TLS 1.2',
      samples.OPENSSL_TLS12_HELLO,
      ['22:226', 'hello pool.example.org http/1.1,h2 t12d2808h1_d943125447b4_e7e480e5a997', 'end'],
    ],
    [
      'its server',
      samples.OPENSSL_TLS12_SERVER,
      ['22:74', 'server 303 h2', '22:501', CERTIFICATE_FACT, 'end', '22:115', '22:4', '22:186', '20:1', '22:40'],
    ],
    [
      'HelloRetryRequest, client: the first hello only',
      samples.OPENSSL_RETRY_CLIENT,
      ['22:301', 'hello pool.example.org  t13d311000_e8f1e7e78f70_1f22a2ca17c4', 'end', '20:1', '22:366'],
    ],
    [
      'HelloRetryRequest, server',
      samples.OPENSSL_RETRY_SERVER,
      ['22:88', 'server 304 null', 'end', '20:1', '22:187', '23:23'],
    ],
    [
      'TLS 1.3, server: its certificate is not in clear',
      join(serverHello(rng), changeCipherSpec(), applicationRecord(rng, 700)),
      ['22:122', 'server 304 null', 'end', '20:1', '23:700'],
    ],
    [
      'all messages in one record',
      handshake(join(SERVER12, CHAIN, DONE)),
      ['22:1559', 'server 303 http/1.1', CERTIFICATE_FACT, 'end'],
    ],
    [
      'messages and records that cut each other',
      handshake(join(SERVER12, CHAIN, DONE), 700),
      ['22:700', 'server 303 http/1.1', '22:700', '22:159', CERTIFICATE_FACT, 'end'],
    ],
    [
      'HelloRequest and supplemental data before the certificate',
      handshake(join(SERVER12, handshakeMessage(0), handshakeMessage(23, randomBytes(1, 300)), CHAIN)),
      ['22:1863', 'server 303 http/1.1', CERTIFICATE_FACT, 'end'],
    ],
    [
      'a server without a certificate',
      join(handshake(SERVER12), handshake(DONE)),
      ['22:96', 'server 303 http/1.1', '22:4', 'end'],
    ],
    ['an empty chain', handshake(join(SERVER12, certificateMessage())), ['22:103', 'server 303 http/1.1', 'end']],
    [
      'a session taken up again',
      join(handshake(SERVER12), changeCipherSpec(), handshake(randomBytes(2, 40))),
      ['22:96', 'server 303 http/1.1', '20:1', 'end', '22:40'],
    ],
    [
      'a warning before the hello, and between messages',
      join(alert(112, 1), handshake(SERVER12), alert(112, 1), handshake(CHAIN)),
      ['21:2', '22:96', 'server 303 http/1.1', '21:2', '22:1459', CERTIFICATE_FACT, 'end'],
    ],
    ['a warning, then something else', join(alert(112, 1), ascii('HELLO')), ['21:2', 'end']],
    ['an alert in answer', join(handshake(SERVER12), alert(40)), ['22:96', 'server 303 http/1.1', '21:2', 'end']],
    [
      'an alert inside a message',
      join(handshake(join(SERVER12, CHAIN.subarray(0, 300))), alert(80)),
      ['22:396', 'server 303 http/1.1', '21:2', 'end'],
    ],
    ['a draft of TLS 1.3', serverHello(rng, { version: 0x7f1c }), ['22:122', 'server 7f1c null', 'end']],
    ['SSL 3.0', serverHello(rng, { version: 0x0300 }), ['22:81', 'server 300 null', 'end']],
    [
      'data after the hello, then something else',
      join(clientHello(rng, { sni: 'a.example' }), applicationRecord(rng, 40), ascii('GET / HTTP/1.1\r\n')),
      ['22:310', 'hello a.example  t13d311000_e8f1e7e78f70_1f22a2ca17c4', 'end', '23:40'],
    ],
    // What is no TLS, or does not begin with a hello, ends without a word.
    ['HTTP', ascii('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'), ['end']],
    ['JSON', ascii('{"id":1,"method":"mining.subscribe","params":[]}\n'), ['end']],
    ['a hello of SSLv2', hex('802e0100020015000000100100800200803d8b4dc6f1e2a3b4c5d6e7f8091a2b3c'), ['end']],
    ['the middle of a connection', applicationRecord(rng, 40), ['end']],
    ['an alert first', alert(40), ['21:2', 'end']],
    ['a long alert first', records(21, randomBytes(1, 26)), ['end']],
    ['another version', join(hex('1604000032'), randomBytes(3, 50)), ['end']],
    ['a record too long', join(hex('1603014801'), randomBytes(3, 50)), ['end']],
    ['another message first', handshake(DONE), ['22:4', 'end']],
    ['nothing', new Uint8Array(0), ['end']],
    // Damaged.
    ['a hello too short', handshake(handshakeMessage(1, randomBytes(1, 34))), ['22:38', '! tls.malformed', 'end']],
    [
      'a server of no version',
      handshake(handshakeMessage(2, hex(`0500${'00'.repeat(36)}`))),
      ['22:42', '! tls.malformed', 'end'],
    ],
    [
      'a certificate that is none',
      join(handshake(SERVER12), certificate(ascii('no certificate'))),
      ['22:96', 'server 303 http/1.1', '22:24', '! x509.malformed', 'end'],
    ],
    [
      'a chain longer than its message',
      handshake(join(SERVER12, handshakeMessage(11, hex('000020 000001 30')))),
      ['22:107', 'server 303 http/1.1', '! tls.malformed', 'end'],
    ],
    [
      'a certificate longer than its chain',
      handshake(join(SERVER12, handshakeMessage(11, hex('000004 000002 30 00')))),
      ['22:108', 'server 303 http/1.1', '! tls.malformed', 'end'],
    ],
    [
      'no record where one should be',
      join(handshake(HELLO.subarray(0, 100)), hex('ffff030100')),
      ['22:100', '! tls.malformed', 'end'],
    ],
    ['a message too long', handshake(join(hex('01010001'), randomBytes(4, 100))), ['22:104', '! tls.too_long', 'end']],
  ])('%s', (_name, bytes, expected) => {
    expect(run(bytes)).toEqual(expected);
    for (const cuts of cuttings(bytes.length)) expect(run(bytes, cuts)).toEqual(expected);
  });

  test.each([1, 2, 3, 4, 5, 50, 200])('records of %i bytes', (size) => {
    expect(facts(run(handshake(HELLO, size)))).toEqual([HELLO_FACT, 'end']);
    const server = handshake(join(SERVER12, CHAIN, DONE), size);
    expect(facts(run(server))).toEqual(['server 303 http/1.1', CERTIFICATE_FACT, 'end']);
    for (const cuts of cuttings(server.length).slice(-3))
      expect(facts(run(server, cuts))).toEqual(['server 303 http/1.1', CERTIFICATE_FACT, 'end']);
  });

  test('empty records between do no harm', () => {
    const empty = hex('1603030000');
    const bytes = join(empty, handshake(HELLO.subarray(0, 50)), empty, empty, handshake(HELLO.subarray(50)));
    expect(facts(run(bytes))).toEqual([HELLO_FACT, 'end']);
  });

  test('a truncated stream gives the facts before the cut, the end, and no anomaly', () => {
    const whole = facts(run(samples.OPENSSL_TLS12_SERVER));
    for (let n = 0; n < samples.OPENSSL_TLS12_SERVER.length; n++) {
      const events = facts(run(samples.OPENSSL_TLS12_SERVER.subarray(0, n)));
      expect(events.at(-1)).toBe('end');
      expect(events.slice(0, -1)).toEqual(whole.slice(0, events.length - 1));
    }
  });

  test('a message of 64 KiB is put together, one byte more is not', () => {
    const filler = (size: number): Uint8Array => {
      const padding = new Map([[21, new Uint8Array(size)]]);
      return clientHelloMessage(createRandom(3), { sni: 'a.example', extensions: [21, 0], contents: padding });
    };
    const room = TLS_MAX_MESSAGE - (filler(0).length - 4);
    const fits = filler(room);
    expect(fits.length).toBe(4 + TLS_MAX_MESSAGE);
    expect(facts(run(handshake(fits)))[0]).toMatch(/^hello a\.example/);
    expect(facts(run(handshake(fits, 1000), [7, 999, 30_000]))[0]).toMatch(/^hello a\.example/);
    const over = join(hex('01010001'), fits.subarray(4), Uint8Array.of(0));
    expect(facts(run(handshake(over)))).toEqual(['! tls.too_long', 'end']);
  });

  test('holds no more than the message, and nothing after the end', () => {
    const recorder = new Recorder();
    const parser = new TlsParser(recorder);
    const start = handshake(join(hex('01010000'), randomBytes(1, 16_000)), 16_004);
    parser.push(start, 0, start.length);
    expect(parser.heldBytes).toBe(16_004);
    const more = handshake(randomBytes(2, 16_000), 16_000);
    for (let i = 0; i < 20; i++) {
      parser.push(more, 0, more.length);
      expect(parser.heldBytes).toBeLessThanOrEqual(4 + TLS_MAX_MESSAGE);
    }
    expect(parser.heldBytes).toBe(0);
    expect(facts(recorder.events)).toEqual(['! tls.malformed', 'end']);
  });

  test('without interest in records nothing is read after the end', () => {
    let ends = 0;
    const seen: TlsFact[] = [];
    const parser = new TlsParser({
      onTlsFact: (fact) => void seen.push(fact),
      onTlsAnomaly: () => expect.unreachable(),
      onTlsEnd: () => void ends++,
    });
    const bytes = join(handshake(HELLO), ascii('no record at all'));
    parser.push(bytes, 0, bytes.length);
    parser.gap(100);
    parser.push(bytes, 0, bytes.length);
    parser.finish();
    expect([seen.length, ends, parser.heldBytes, parser.isTls]).toEqual([1, 1, 0, true]);
  });

  test('says whether it is TLS', () => {
    for (const [bytes, expected] of [
      [handshake(HELLO), true],
      [handshake(SERVER12), true],
      [handshake(HELLO).subarray(0, 8), false],
      [ascii('GET / HTTP/1.1\r\n'), false],
      [handshake(DONE), false],
    ] as const) {
      const parser = new TlsParser(new Recorder());
      parser.push(bytes, 0, bytes.length);
      expect(parser.isTls).toBe(expected);
    }
  });
});

describe('TlsParser, after lost bytes', () => {
  const data = [40, 61, 700, 254].map((length) => applicationRecord(rng, length));
  const stream = join(handshake(HELLO), ...data);
  const first = handshake(HELLO).length;

  function withGap(from: number, to: number, lost: number): string[] {
    const recorder = new Recorder();
    const parser = new TlsParser(recorder);
    parser.push(stream, 0, from);
    parser.gap(lost);
    parser.push(stream, to, stream.length);
    parser.finish();
    return recorder.events;
  }

  test('before the first byte: nothing is reported', () => {
    expect(withGap(0, 0, -1)).toEqual(['end']);
    expect(withGap(0, 0, 10)).toEqual(['end']);
  });

  test('in the handshake: it is given up, records are followed again', () => {
    expect(withGap(8, first, first - 8)).toEqual([`22:${first - 5}`, 'end']); // not even its kind is known
    for (let at = 9; at < first; at += 11)
      expect(withGap(at, first, first - at)).toEqual([`22:${first - 5}`, 'end', '23:40', '23:61', '23:700', '23:254']);
  });

  test('inside a record: the next header is found by counting', () => {
    const start = first + 5;
    for (let from = start; from < start + 40; from += 3) {
      for (let to = from + 1; to <= start + 40; to += 5)
        expect(withGap(from, to, to - from)).toEqual([
          `22:${first - 5}`,
          HELLO_FACT,
          'end',
          '23:40',
          '23:61',
          '23:700',
          '23:254',
        ]);
    }
  });

  test('beyond a record: a piece that begins with records is the next', () => {
    const third = first + 45 + 66;
    for (const lost of [-1, third - first - 20])
      expect(withGap(first + 20, third, lost)).toEqual([
        `22:${first - 5}`,
        HELLO_FACT,
        'end',
        '23:40',
        '23:700',
        '23:254',
      ]);
    expect(withGap(first + 20, third + 9, -1)).toEqual([`22:${first - 5}`, HELLO_FACT, 'end', '23:40']);
  });
});

describe('hostile input', () => {
  test('arbitrary and damaged streams: no throw, one end, bounded memory', () => {
    const sources = [samples.OPENSSL_TLS12_SERVER, samples.OPENSSL_RETRY_CLIENT, handshake(join(SERVER12, CHAIN), 90)];
    const damaged = fc
      .tuple(fc.constantFrom(...sources), fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }))
      .map(([source, edits]) => {
        const copy = Uint8Array.from(source);
        for (const [at, value] of edits) copy[at % copy.length] = value;
        return copy;
      });
    const input = fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged);
    fc.assert(
      fc.property(input, fc.array(fc.nat(900), { maxLength: 5 }), fc.integer({ min: -1, max: 400 }), (b, at, lost) => {
        const recorder = new Recorder();
        const parser = new TlsParser(recorder);
        const cuts = at.filter((n) => n < b.length).sort((x, y) => x - y);
        feed(parser, b, cuts);
        parser.gap(lost);
        feed(parser, b, []);
        expect(parser.heldBytes).toBeLessThanOrEqual(5);
        parser.finish();
        expect(parser.heldBytes).toBe(0);
        expect(recorder.events.filter((event) => event === 'end')).toHaveLength(1);
        expect(facts(recorder.events).at(-1)).toBe('end');
      }),
      { numRuns: 1500 },
    );
  });

  test('whole and in pieces: the same events', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(950), { maxLength: 8 }), fc.nat(955), fc.nat(255), (at, where, value) => {
        const bytes = Uint8Array.from(samples.OPENSSL_TLS12_SERVER);
        bytes[where] = value;
        expect(
          run(
            bytes,
            [...at].sort((x, y) => x - y),
          ),
        ).toEqual(run(bytes));
      }),
      { numRuns: 1500 },
    );
  });
});
