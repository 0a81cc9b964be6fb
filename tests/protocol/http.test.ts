import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { type HttpHandler, HttpParser, MAX_BODY, probeHttp } from '../../src/protocol/http.ts';
import type { HttpHead } from '../../src/protocol/message.ts';
import { ascii, cuttings, embed, feed, hex, join, randomBytes } from './stream-cases.ts';

class Recorder implements HttpHandler {
  readonly events: string[] = [];
  readonly heads: HttpHead[] = [];
  readonly texts: string[] = [];
  onHttpHead(head: HttpHead, text: string): void {
    this.heads.push(head);
    this.texts.push(text);
    this.events.push(head.kind === 'request' ? `${head.method} ${head.target}` : `status ${head.status}`);
  }
  onHttpBody(_head: HttpHead, body: Uint8Array, off: number, end: number, complete: boolean): void {
    this.events.push(`${complete ? 'body' : 'cut'} ${Buffer.from(body.slice(off, end)).toString('latin1')}`);
  }
  onHttpUpgrade(): void {
    this.events.push('upgrade');
  }
  onHttpRaw(bytes: Uint8Array, off: number, end: number): void {
    const raw = Buffer.from(bytes.slice(off, end)).toString('latin1');
    const last = this.events.at(-1);
    if (last?.startsWith('raw ')) this.events[this.events.length - 1] = last + raw;
    else this.events.push(`raw ${raw}`);
  }
  onHttpAnomaly(anomaly: number): void {
    this.events.push(`! ${ANOMALIES[anomaly]}`);
  }
}

function run(bytes: Uint8Array, cuts: readonly number[] = []): string[] {
  const recorder = new Recorder();
  const parser = new HttpParser(recorder);
  feed(parser, bytes, cuts);
  parser.finish();
  return recorder.events;
}
/** Pieces with gaps between: a number is passed to `gap`. */
function runPieces(...pieces: (string | number)[]): string[] {
  const recorder = new Recorder();
  const parser = new HttpParser(recorder);
  for (const piece of pieces) {
    if (typeof piece === 'number') parser.gap(piece);
    else feed(parser, ascii(piece), []);
  }
  parser.finish();
  return recorder.events;
}

const GETWORK = '{"method": "getwork", "params": [], "id":0}\n';
const REQUEST =
  'POST / HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYXNz\r\nHost: p:8332\r\nContent-Type: application/json\r\n' +
  `Content-Length: ${GETWORK.length}\r\nX-Mining-Extensions: longpoll midstate\r\n\r\n${GETWORK}`;
const WORK = '{"id":0,"error":null,"result":{"data":"00000002","target":"ffff"}}';
const answer = (headers: string, body = WORK): string => `HTTP/1.1 200 OK\r\n${headers}\r\n${body}`;
const SIZED = answer(`X-Long-Polling: /LP\r\nContent-Type: application/json\r\nContent-Length: ${WORK.length}\r\n`);
const CHUNKED = answer(
  'Transfer-Encoding: chunked\r\n',
  `10;name="v"\r\n${WORK.slice(0, 16)}\r\n1 \r\n${WORK.slice(16, 17)}\r\n${(WORK.length - 17).toString(16).toUpperCase()}\r\n${WORK.slice(17)}\r\n0\r\nTrailer: x\r\n\r\n`,
);
const UPGRADE = 'GET /proxy HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const coded = (coding: string, body: Uint8Array, type = 'Content-Type: application/json\r\n'): Uint8Array =>
  join(ascii(`HTTP/1.1 200 OK\r\n${type}Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`), body);

describe('HttpParser', () => {
  test.each<[string, string | Uint8Array, string[]]>([
    ['request with length', REQUEST, ['POST /', `body ${GETWORK}`]],
    ['request without body', 'GET /LP HTTP/1.0\r\n\r\n', ['GET /LP']],
    [
      'pipelined',
      REQUEST + REQUEST + UPGRADE,
      ['POST /', `body ${GETWORK}`, 'POST /', `body ${GETWORK}`, 'GET /proxy'],
    ],
    ['response with length', SIZED, ['status 200', `body ${WORK}`]],
    ['response in chunks', CHUNKED + SIZED, ['status 200', `body ${WORK}`, 'status 200', `body ${WORK}`]],
    [
      'chunks with LF line ends',
      answer('Transfer-Encoding: chunked\n', `42\n${WORK}\n0\n\n`),
      ['status 200', `body ${WORK}`],
    ],
    ['response until close', answer('Connection: close\r\n'), ['status 200', `body ${WORK}`]],
    ['status without reason', 'HTTP/1.1 204\r\n\r\n', ['status 204']],
    [
      '100, 204 and 304 have no body',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n${SIZED}`,
      ['status 100', 'status 304', 'status 200', `body ${WORK}`],
    ],
    [
      'answer to HEAD',
      `HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n${SIZED}`,
      ['status 200', 'status 200', `body ${WORK}`],
    ],
    [
      'answer to HEAD, chunked',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${SIZED}`,
      ['status 200', 'status 200', `body ${WORK}`],
    ],
    [
      'body that only begins like a status line',
      answer('Content-Length: 9\r\n', 'HTTP/1.1!') + SIZED,
      ['status 200', 'body HTTP/1.1!', 'status 200', `body ${WORK}`],
    ],
    ['body of one letter H', answer('Content-Length: 1\r\n', 'H'), ['status 200', 'body H']],
    ['LF line ends', 'POST /a HTTP/1.1\nContent-Length: 2\n\n{}', ['POST /a', 'body {}']],
    ['empty lines before a request', `\r\n\r\n${REQUEST}`, ['POST /', `body ${GETWORK}`]],
    ['same length twice', 'POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}', ['POST /', 'body {}']],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      ['POST /', '! http.malformed'],
    ],
    ['length cut off', REQUEST.slice(0, -5), ['POST /', `cut ${GETWORK.slice(0, -5)}`]],
    ['chunks cut off', CHUNKED.slice(0, -30), ['status 200', `cut ${WORK.slice(0, -11)}`]],
    [
      'bad chunk size',
      answer('Transfer-Encoding: chunked\r\n', '2\r\n{}\r\nzz\r\n'),
      ['status 200', '! http.malformed', 'cut {}'],
    ],
    [
      'page',
      answer('Content-Type: text/html\r\nContent-Length: 6\r\n', '<html>') + SIZED,
      ['status 200', 'status 200', `body ${WORK}`],
    ],
    [
      'JSON under a wrong type',
      answer('Content-Type: text/html\r\nContent-Length: 6\r\n', ' \n{ } '),
      ['status 200', 'body { } '],
    ],
    [
      'JSON by form',
      'POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b',
      ['POST /', 'body a=b'],
    ],
    ['gzip', coded('gzip', gzipSync(WORK)), ['status 200', `body ${WORK}`]],
    ['deflate', coded('deflate', deflateSync(WORK)), ['status 200', `body ${WORK}`]],
    ['bare deflate', coded('deflate', deflateRawSync(WORK)), ['status 200', `body ${WORK}`]],
    ['gzip without type', coded('x-gzip', gzipSync(WORK), ''), ['status 200', `body ${WORK}`]],
    ['gzip of a page', coded('gzip', gzipSync(WORK), 'Content-Type: text/html\r\n'), ['status 200']],
    ['unknown coding', coded('br', ascii('{}')), ['status 200']],
    ['no gzip at all', coded('gzip', ascii('{"a":1}')), ['status 200', 'cut {"a":1}']],
    ['websocket response', `${SWITCH}\x81\x02{}`, ['status 101', 'upgrade', 'raw \x81\x02{}']],
    [
      'websocket request',
      `${UPGRADE}\x81\x02{}GET / HTTP/1.1\r\n\r\n`,
      ['GET /proxy', 'upgrade', 'raw \x81\x02{}GET / HTTP/1.1\r\n\r\n'],
    ],
    ['upgrade refused', UPGRADE + REQUEST, ['GET /proxy', 'POST /', `body ${GETWORK}`]],
    [
      'CONNECT and Stratum',
      'CONNECT pool.example:3333 HTTP/1.1\r\n\r\n{"id":1}\n',
      ['CONNECT pool.example:3333', 'upgrade', 'raw {"id":1}\n'],
    ],
    [
      'answer to CONNECT',
      'HTTP/1.1 200 Connection established\r\n\r\n{"id":1}\n',
      ['status 200', 'upgrade', 'raw {"id":1}\n'],
    ],
    ['JSON line instead of HTTP', '{"id":1,"error":"x"}\n', ['! http.malformed']],
    ['HTTP after a JSON line', `{"id":1,"error":"x"}\n${SIZED}`, ['! http.malformed', 'status 200', `body ${WORK}`]],
    ['head right after other bytes', `xyz${SIZED}`, ['! http.malformed', 'status 200', `body ${WORK}`]],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', ['! http.malformed']],
    ['too many headers', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(201)}\r\n`, ['! http.malformed']],
  ])('%s', (_name, input, expected) => {
    const bytes = typeof input === 'string' ? ascii(input) : input;
    expect(run(bytes)).toEqual(expected);
    for (const cuts of cuttings(bytes.length)) expect(run(bytes, cuts)).toEqual(expected);
  });

  test('every truncation gives the first part of the events, a cut body at most, and no anomaly', () => {
    const bytes = ascii(REQUEST + REQUEST);
    const whole = run(bytes);
    for (let n = 0; n < bytes.length; n++) {
      const events = run(bytes.subarray(0, n));
      const cut = events.findIndex((event) => event.startsWith('cut'));
      if (cut >= 0) {
        expect(cut).toBe(events.length - 1);
        expect(whole[cut]).toContain((events.pop() as string).slice(4));
      }
      expect(events).toEqual(whole.slice(0, events.length));
    }
  });

  test('head: names in lower case, values joined and unfolded, secrets only in the headers', () => {
    const recorder = new Recorder();
    const head =
      'POST /x?miner=1 HTTP/1.1\r\nUser-Agent:  cgminer 4.11.1 \r\nAUTHORIZATION: Basic c2VjcmV0\r\n more\r\n' +
      'Cookie: a=secret\r\nAccept: a\r\nAccept: b,\r\n\tc\r\nno colon\r\nProxy-Authorization: s\r\n\r\n';
    new HttpParser(recorder).push(ascii(head), 0, head.length);
    expect(Object.fromEntries(recorder.heads[0]?.headers ?? [])).toEqual({
      ...{ 'user-agent': 'cgminer 4.11.1', authorization: 'Basic c2VjcmV0 more', cookie: 'a=secret' },
      ...{ accept: 'a, b, c', 'proxy-authorization': 's' },
    });
    expect(recorder.texts[0]).toBe(
      'POST /x?miner=1 HTTP/1.1\nUser-Agent:  cgminer 4.11.1 \nAUTHORIZATION: ***\nCookie: ***\nAccept: a\nAccept: b,\n\tc\nProxy-Authorization: ***',
    );
  });

  test('text and values are bounded', () => {
    const recorder = new Recorder();
    const head = ascii(`GET /${'t'.repeat(9000)} HTTP/1.1\r\nX: ${'v'.repeat(50_000)}\r\n\r\n`);
    new HttpParser(recorder).push(head, 0, head.length);
    expect(recorder.texts[0]?.length).toBe(4096);
    expect(recorder.heads[0]?.target.length).toBe(2048);
    expect(recorder.heads[0]?.headers.get('x')?.length).toBe(2048);
  });

  test('the owner switches protocols, also from inside onHttpHead', () => {
    const recorder = new Recorder();
    const parser: HttpParser = new HttpParser({
      onHttpHead: () => parser.upgrade(),
      onHttpBody: () => recorder.events.push('body'),
      onHttpUpgrade: () => recorder.onHttpUpgrade(),
      onHttpRaw: (bytes, off, end) => recorder.onHttpRaw(bytes, off, end),
      onHttpAnomaly: (anomaly) => recorder.onHttpAnomaly(anomaly),
    });
    const bytes = ascii('HTTP/1.1 200 OK\r\n\r\n{"id":1}\n');
    parser.push(bytes, 0, bytes.length);
    expect(recorder.events).toEqual(['raw {"id":1}\n']);
    expect(parser.state).toBe('raw');
    const second = new HttpParser(recorder);
    second.push(ascii('GET'), 0, 3);
    second.upgrade();
    second.push(ascii('TY'), 0, 2);
    expect(recorder.events).toEqual(['raw {"id":1}\nGETTY']);
  });

  test('state', () => {
    const parser = new HttpParser(new Recorder());
    const seen: string[] = [parser.state];
    const pieces = [REQUEST.slice(0, -3), REQUEST.slice(-3), '{"id":1}\n', 'PO', 'ST!', REQUEST, -1, 'GET /'];
    for (const piece of pieces) {
      if (typeof piece === 'number') parser.gap(piece);
      else feed(parser, ascii(piece), []);
      seen.push(parser.state);
    }
    expect(seen).toEqual(['head', 'body', 'head', 'malformed', 'malformed', 'malformed', 'head', 'lost', 'lost']);
  });

  const half = WORK.length >> 1;
  const cutAt = SIZED.length - half;
  test.each<[string, (string | number)[], string[]]>([
    [
      'inside a body of known length',
      [SIZED.slice(0, cutAt), 10, SIZED.slice(cutAt + 10) + SIZED],
      [`cut ${WORK.slice(0, WORK.length - half)}`, 'status 200', `body ${WORK}`],
    ],
    [
      'the rest of a body of known length',
      [SIZED.slice(0, cutAt), half, SIZED],
      [`cut ${WORK.slice(0, WORK.length - half)}`, 'status 200', `body ${WORK}`],
    ],
    [
      'beyond a body of known length',
      [SIZED.slice(0, cutAt), half + 20, `-Type: x\r\n\r\n{}${SIZED}`],
      [`cut ${WORK.slice(0, WORK.length - half)}`, 'status 200', `body ${WORK}`],
    ],
    [
      'of unknown size',
      [SIZED.slice(0, cutAt), -1, `tail"}${SIZED}`],
      [`cut ${WORK.slice(0, WORK.length - half)}`, 'status 200', `body ${WORK}`],
    ],
    [
      'inside a chunk',
      [answer('Transfer-Encoding: chunked\r\n', '6\r\n{"'), 2, `}}\r\n0\r\n\r\n${SIZED}`],
      ['cut {"', 'status 200', `body ${WORK}`],
    ],
    [
      'inside a body that is passed over',
      [answer('Content-Type: video/mp4\r\nContent-Length: 1000\r\n', ''), 999, `x${SIZED}`],
      ['status 200', `body ${WORK}`],
    ],
  ])('gap %s', (_name, pieces, expected) => {
    expect(runPieces(...pieces)).toEqual(['status 200', ...expected]);
  });

  test('gap inside a head: the next head counts, whatever pieces it comes in', () => {
    const cuts = [1, 5, 9, 12, 20, 40];
    for (const cut of cuts) {
      expect(
        runPieces('GET /lost HTTP/1.1\r\nHo', 7, `st: x\r\n\r\n${REQUEST.slice(0, cut)}`, REQUEST.slice(cut)),
      ).toEqual(['POST /', `body ${GETWORK}`]);
    }
  });

  test('gap between an Upgrade request and what follows', () => {
    expect(runPieces(UPGRADE, 10, '\x81\x02{}')).toEqual(['GET /proxy', 'upgrade', 'raw \x81\x02{}']);
  });

  test('a body of 100 MB, announced or not, is not held', () => {
    const filler = new Uint8Array(1_000_000).fill(0x20);
    const heads: [string, string[]][] = [
      ['Content-Type: application/json\r\nContent-Length: 100000000\r\n', ['status 200', '! http.body_too_long']],
      ['Content-Type: video/mp4\r\nContent-Length: 100000000\r\n', ['status 200']],
      ['Content-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n5f5e100', ['status 200']],
    ];
    for (const [headers, expected] of heads) {
      const recorder = new Recorder();
      const parser = new HttpParser(recorder);
      const head = ascii(answer(headers, ''));
      parser.push(head, 0, head.length);
      for (let i = 0; i < 100; i++) {
        parser.push(filler, 0, filler.length);
        expect(parser.heldBytes).toBe(0);
      }
      expect(recorder.events).toEqual(expected);
      if (headers.includes('chunked')) continue;
      parser.push(ascii(SIZED), 0, SIZED.length);
      expect(recorder.events.slice(-2)).toEqual(['status 200', `body ${WORK}`]);
    }
  });

  test('a body until close longer than the limit is cut there', () => {
    const recorder = new Recorder();
    const parser = new HttpParser(recorder);
    const head = ascii(answer('', '{'));
    parser.push(head, 0, head.length);
    const filler = new Uint8Array(100_000).fill(0x61);
    for (let i = 0; i < 10; i++) {
      parser.push(filler, 0, filler.length);
      expect(parser.heldBytes).toBeLessThanOrEqual(MAX_BODY);
    }
    parser.finish();
    expect(recorder.events.map((event) => event.slice(0, 20))).toEqual([
      'status 200',
      '! http.body_too_long',
      `cut {${'a'.repeat(15)}`,
    ]);
    expect(recorder.events[2]?.length).toBe(4 + MAX_BODY);
  });

  test('a gzip body that unfolds to more than the limit is given as it came', () => {
    const events = run(coded('gzip', gzipSync(new Uint8Array(5_000_000))));
    expect(events).toHaveLength(2);
    expect(events[1]?.startsWith('cut \x1f\x8b')).toBe(true);
  });

  test('an endless head is given up', () => {
    const recorder = new Recorder();
    const parser = new HttpParser(recorder);
    parser.push(ascii('GET / HTTP/1.1\r\nx: '), 0, 19);
    const filler = new Uint8Array(10_000).fill(0x61);
    for (let i = 0; i < 20; i++) {
      parser.push(filler, 0, filler.length);
      expect(parser.heldBytes).toBeLessThanOrEqual(65536);
    }
    expect(parser.heldBytes).toBe(0);
    expect(recorder.events).toEqual(['! http.malformed']);
  });

  test('arbitrary and damaged input: no throw, bounded memory', () => {
    const stream = join(
      ascii(REQUEST + SIZED + CHUNKED + UPGRADE),
      coded('gzip', gzipSync(WORK)),
      ascii(SWITCH + REQUEST),
    );
    const edit = fc.tuple(fc.nat(stream.length - 1), fc.nat(255));
    const damaged = fc.array(edit, { maxLength: 6 }).map((edits) => {
      const copy = Uint8Array.from(stream);
      for (const [at, value] of edits) copy[at] = value;
      return copy;
    });
    const words = fc.constantFrom(
      'GET / HTTP/1.1\r\n',
      'HTTP/1.1 200 OK\r\n',
      'Content-Length: 5\r\n',
      '\r\n',
      '\n',
      ' ',
      'H',
      '{}',
      '0\r\n',
      'Transfer-Encoding: chunked\r\n',
      'CONNECT a HTTP/1.1\r\n',
      '\x81',
    );
    const composed = fc.array(words, { maxLength: 30 }).map((parts) => ascii(parts.join('')));
    const input = fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged, composed);
    fc.assert(
      fc.property(input, fc.array(fc.nat(1200), { maxLength: 5 }), fc.integer({ min: -1, max: 100 }), (b, at, lost) => {
        const recorder = new Recorder();
        const parser = new HttpParser(recorder);
        const cuts = at.filter((n) => n < b.length).sort((x, y) => x - y);
        feed(parser, b, cuts);
        parser.gap(lost);
        feed(parser, b, []);
        expect(parser.heldBytes).toBeLessThanOrEqual(65536 + MAX_BODY);
        expect(recorder.events.length).toBeLessThanOrEqual(4 * b.length + 2);
        parser.finish();
        expect(parser.heldBytes).toBe(0);
        expect([-1, 0, 1]).toContain(probeHttp(b, 0, b.length));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('probeHttp', () => {
  function probe(bytes: Uint8Array): number {
    const piece = embed(bytes, 0x31);
    return probeHttp(piece.bytes, piece.off, piece.end);
  }

  test.each([
    'GET / HTTP/1.1\r\n',
    'POST /?miner=30@0x4b99 HTTP/1.0\n',
    'OPTIONS * HTTP/1.1',
    'GET http://h/p HTTP/1.1',
    'CONNECT h:1 HTTP/1.1',
    'M-SEARCH * HTTP/1.1',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.0 404',
    `GET /${'a'.repeat(510)} HTTP/1.1`,
    `GET /${'a'.repeat(509)} HTTP/1.1`,
    `GET /${'a'.repeat(20_000)} HTTP/1.1`,
  ])('yes: %.40s', (text) => {
    const bytes = ascii(text);
    expect(probe(bytes)).toBe(1);
    for (let n = 0; n < bytes.length; n++) expect(probe(bytes.subarray(0, n))).toBeGreaterThanOrEqual(0);
    expect(probe(bytes.subarray(0, 9))).toBe(0);
  });

  test.each([
    '{"id":1}',
    'GET key\r\n',
    'GET /\r\n',
    'EHLO host.example',
    'HTTP/2 200',
    'HTTP/1.1-200',
    'HTTPS',
    'get / HTTP/1.1',
    'OPTIONS rtsp://h/ RTSP/1.0',
    'INVITE sip:a@b SIP/2.0',
    'GET /a HTTP/2.0',
    'NOTAMETHODATALLXX / HTTP/1.1',
    '\x16\x03\x01',
    'RETR /file\r\n',
  ])('no: %s', (text) => {
    expect(probe(ascii(text))).toBe(-1);
  });

  test('random bytes are refused', () => {
    let maybe = 0;
    for (let seed = 1; seed <= 30_000; seed++) if (probe(randomBytes(seed, 20 + (seed % 60))) >= 0) maybe++;
    expect(maybe).toBe(0);
    expect(probe(hex(''))).toBe(0);
  });
});
