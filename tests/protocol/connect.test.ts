import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectTarget, isConnectAccepted } from '../../src/protocol/connect.ts';
import { hostOf, isIpv6 } from '../../src/protocol/connect-host.ts';
import { type HttpHandler, HttpParser } from '../../src/protocol/http.ts';
import { parseHead } from '../../src/protocol/http-head.ts';
import type { HttpHead } from '../../src/protocol/message.ts';
import { ascii } from './stream-cases.ts';

function head(text: string): HttpHead {
  const bytes = ascii(text);
  const parsed = parseHead(bytes, 0, bytes.length);
  if (parsed === null) throw new Error(`no head: ${text}`);
  return parsed.head;
}

describe('connectTarget', () => {
  test.each<[string, { host: string; port: number } | null]>([
    ['CONNECT server.example.com:80 HTTP/1.1', { host: 'server.example.com', port: 80 }], // RFC 9110 §9.3.6
    ['CONNECT Pool.Example.Net.:3333 HTTP/1.0', { host: 'pool.example.net', port: 3333 }],
    ['CONNECT 192.0.2.7:3333 HTTP/1.1', { host: '192.0.2.7', port: 3333 }],
    ['CONNECT [2001:db8::7]:3333 HTTP/1.1', { host: '2001:db8::7', port: 3333 }],
    ['CONNECT [2001:DB8::192.0.2.7]:3333 HTTP/1.1', { host: '2001:db8::192.0.2.7', port: 3333 }],
    ['CONNECT pool.example.net:65535 HTTP/1.1', { host: 'pool.example.net', port: 65535 }],
    ['CONNECT pool.example.net:65536 HTTP/1.1', null],
    ['CONNECT pool.example.net:0 HTTP/1.1', null],
    ['CONNECT pool.example.net HTTP/1.1', null],
    ['CONNECT pool.example.net:33x3 HTTP/1.1', null],
    ['CONNECT :3333 HTTP/1.1', null],
    ['CONNECT 2001:db8::7:3333 HTTP/1.1', null],
    ['CONNECT [2001:db8::7 HTTP/1.1', null],
    ['CONNECT [2001:db8::7%eth0]:80 HTTP/1.1', null],
    ['CONNECT [1:2:3:4:5:6:7:8::]:80 HTTP/1.1', null],
    ['CONNECT [1:2:3:4:5:6:7:8:9]:80 HTTP/1.1', null],
    ['CONNECT [1::2::3]:80 HTTP/1.1', null],
    ['CONNECT [192.0.2.7]:80 HTTP/1.1', null],
    ['CONNECT 192.0.2.700:80 HTTP/1.1', null],
    ['CONNECT user@pool.example.net:80 HTTP/1.1', null],
    ['CONNECT pool..example.net:80 HTTP/1.1', null],
    ['CONNECT /path:80 HTTP/1.1', null],
    ['GET http://pool.example.net:80/ HTTP/1.1', null],
    ['HTTP/1.1 200 OK', null],
  ])('%s', (text, expected) => expect(connectTarget(head(text))).toEqual(expected));

  test.each([
    ['HTTP/1.1 200 Connection established', true],
    ['HTTP/1.0 204 ', true],
    ['HTTP/1.1 101 Switching Protocols', false],
    ['HTTP/1.1 407 Proxy Authentication Required', false],
    ['CONNECT pool.example.net:80 HTTP/1.1', false],
  ])('%s opens the tunnel: %s', (text, expected) => expect(isConnectAccepted(head(text))).toBe(expected));

  test('any target: no throw, a host and a port, or null', () => {
    const target = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'[]:.0aF9-') }));
    fc.assert(
      fc.property(target, (text) => {
        const found = connectTarget({
          kind: 'request',
          method: 'CONNECT',
          target: text,
          status: 0,
          headers: new Map(),
        });
        if (found === null) return;
        expect(found.port).toBeGreaterThan(0);
        expect(found.port).toBeLessThan(65_536);
        expect(hostOf(found.host) !== null || isIpv6(found.host)).toBe(true);
      }),
      { numRuns: 2000, seed: 3 },
    );
  });
});

describe('handing the tunnel over', () => {
  /** Both directions through HttpParser, as their owner has to do it. */
  function tunnel(request: string, response: string): { client: string; server: string; heads: number } {
    let pending = false;
    const seen = { client: '', server: '', heads: 0 };
    const handler = (raw: 'client' | 'server', onHead: (head: HttpHead) => void): HttpHandler => ({
      onHttpHead(found) {
        seen.heads++;
        onHead(found);
      },
      onHttpBody: () => {},
      onHttpUpgrade: () => {},
      onHttpRaw: (bytes, off, end) => void (seen[raw] += Buffer.from(bytes.slice(off, end)).toString('latin1')),
      onHttpAnomaly: () => {},
    });
    const client = new HttpParser(handler('client', (found) => void (pending = connectTarget(found) !== null)));
    const server: HttpParser = new HttpParser(
      handler('server', (found) => {
        if (!pending || !isConnectAccepted(found)) return;
        server.upgrade();
        client.upgrade();
      }),
    );
    const [ask = '', inside = ''] = request.split('|');
    client.push(ascii(ask), 0, ask.length);
    server.push(ascii(response), 0, response.length);
    client.push(ascii(inside), 0, inside.length);
    return seen;
  }
  const ASK = 'CONNECT pool.example.net:3333 HTTP/1.1\r\nHost: pool.example.net:3333\r\n\r\n|';

  test.each([
    ['{"id":1,"method":"mining.subscribe"}\n', '{"id":1,"result":true}\n'],
    ['POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
  ])('what follows the heads is the tunnel: %j', (inside, answer) => {
    for (const words of ['200 OK', '200 Connection established']) {
      const seen = tunnel(ASK + inside, `HTTP/1.1 ${words}\r\n\r\n${answer}`);
      expect(seen).toEqual({ client: inside, server: answer, heads: 2 });
    }
  });

  test('a proxy that refuses opens none', () => {
    const seen = tunnel(`${ASK}GET / HTTP/1.1\r\n\r\n`, 'HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n');
    expect(seen).toEqual({ client: '', server: '', heads: 3 });
  });
});
