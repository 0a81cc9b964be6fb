import { describe, expect, test } from 'vitest';
import { parseClientHello } from '../../src/protocol/tls.ts';
import type { TlsClientHello } from '../../src/protocol/tls-types.ts';
import { createRandom } from '../generate/index.ts';
import { clientHello, clientHelloMessage, handshakeMessage, serverHelloMessage } from '../generate/wire/tls.ts';
import { embed, hex, join, randomBytes } from './stream-cases.ts';
import * as samples from './tls-samples.ts';

const rng = createRandom(6);
const HELLO = clientHelloMessage(rng, { sni: 'Pool.Example.COM', alpn: ['h2', 'http/1.1'] });

describe('parseClientHello', () => {
  function parse(bytes: Uint8Array): TlsClientHello | null {
    const low = embed(bytes, 0x00);
    const high = embed(bytes, 0xff);
    const found = parseClientHello(low.bytes, low.off, low.end);
    expect(parseClientHello(high.bytes, high.off, high.end)).toEqual(found);
    return found;
  }
  /** With one extension of this content alone. */
  const withExtension = (type: number, content: string): TlsClientHello | null =>
    parse(clientHelloMessage(rng, { extensions: [type], contents: new Map([[type, hex(content)]]) }));
  const nameOf = (text: string): string => {
    const bytes = Buffer.from(text, 'latin1');
    const u16 = (value: number): string => value.toString(16).padStart(4, '0');
    return `${u16(bytes.length + 3)}00${u16(bytes.length)}${bytes.toString('hex')}`;
  };

  test('the generator says what OpenSSL says', () => {
    const made = clientHello(createRandom(1));
    expect(made.length).toBe(samples.OPENSSL_HELLO.length);
    const read = (bytes: Uint8Array): TlsClientHello | null => parseClientHello(bytes, 5, bytes.length);
    expect(read(made)).toEqual(read(samples.OPENSSL_HELLO));
    expect(clientHello(createRandom(1))).toEqual(made);
    expect(clientHello(createRandom(2))).not.toEqual(made);
  });

  test('every truncation: null; bytes after the message do not count', () => {
    for (let n = 0; n < HELLO.length; n++) expect(parse(HELLO.subarray(0, n))).toBeNull();
    expect(parse(join(HELLO, randomBytes(1, 20)))).toEqual(parse(HELLO));
    expect(parse(HELLO)?.handshakeLength).toBe(HELLO.length);
  });

  test.each<[string, string, string | null]>([
    ['a name', nameOf('Eu1.Pool-x.example'), 'eu1.pool-x.example'],
    ['a final dot', nameOf('pool.example.'), 'pool.example'],
    ['an underscore', nameOf('_tcp.example'), '_tcp.example'],
    [
      '253 characters',
      nameOf(`${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(61)),
      `${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(61),
    ],
    ['254 characters', nameOf(`${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(62)), null],
    ['a label of 64', nameOf(`${'a'.repeat(64)}.example`), null],
    ['empty', nameOf(''), null],
    ['a dot', nameOf('.'), null],
    ['two dots', nameOf('a..example'), null],
    ['a blank', nameOf('a b.example'), null],
    ['a line end', nameOf('a.example\n'), null],
    ['bytes above ASCII', nameOf('ä.example'), null],
    ['another type first', `000f 01 0002 6162 00 0007 612e622e632e64`, 'a.b.c.d'],
    ['no list', '', null],
    ['an empty list', '0000', null],
    ['a list longer than the extension', '0020 00 0001 61', null],
    ['a name longer than its list', '0004 00 0002 61', null],
  ])('server name: %s', (_, content, expected) => {
    expect(withExtension(0, content)?.sni).toBe(expected);
  });

  test.each<[string, string, string[]]>([
    ['one', '0003 02 6832', ['h2']],
    ['not printable', '0005 03 000102 00', ['0x000102', '']],
    ['16 at most', `0028 ${'0161'.repeat(20)}`, Array<string>(16).fill('a')],
    ['a name longer than its list', '0005 02 6832 05 61', ['h2']],
    ['a list longer than the extension', '0030 02 6832', []],
  ])('protocols: %s', (_, content, expected) => {
    expect(withExtension(16, content)?.alpn).toEqual(expected);
  });

  test('versions, without GREASE', () => {
    expect(withExtension(43, '06 0a0a 0304 0303')?.versions).toEqual([0x0304, 0x0303]);
    expect(withExtension(43, '08 0304')?.versions).toEqual([]);
    expect(withExtension(43, '03 0304 03')?.versions).toEqual([0x0304]);
  });

  test('the encrypted ClientHello', () => {
    expect(withExtension(0xfe0d, '00')?.ech).toBe(true);
    expect(withExtension(0xfe0c, '00')?.ech).toBe(false);
  });

  test('a second extension of a kind counts for nothing but its number', () => {
    const content = new Map([[0, hex(nameOf('a.example'))]]);
    const twice = parse(clientHelloMessage(rng, { extensions: [0, 0], contents: content }));
    expect([twice?.sni, twice?.ja4.slice(0, 10)]).toEqual(['a.example', 't12d310200']);
  });

  test('without extensions', () => {
    const body = `0301${'aa'.repeat(32)}00 0004 002f 00ff 0100`;
    const hello = parse(handshakeMessage(1, hex(body)));
    expect([hello?.ja3Text, hello?.ja4, hello?.legacyVersion]).toEqual([
      '769,47-255,,,',
      `t10i020000_${hello?.ja4.slice(11, 23)}_000000000000`,
      0x0301,
    ]);
    expect(parse(handshakeMessage(1, hex(`${body}0000`)))?.ja3Text).toBe('769,47-255,,,');
  });

  test.each([
    ['a session id of 33 bytes', `0303${'aa'.repeat(32)}21${'bb'.repeat(33)}0002002f0100`],
    ['a session id beyond the end', `0303${'aa'.repeat(32)}20${'bb'.repeat(20)}`],
    ['no ciphers', `0303${'aa'.repeat(32)}00`],
    ['an odd number of bytes of ciphers', `0303${'aa'.repeat(32)}000003002f000100`],
    ['ciphers beyond the end', `0303${'aa'.repeat(32)}000006002f0100`],
    ['no compression methods', `0303${'aa'.repeat(32)}000002002f`],
    ['compression methods beyond the end', `0303${'aa'.repeat(32)}000002002f0300`],
    ['extensions beyond the end', `0303${'aa'.repeat(32)}000002002f01000005000a0000`],
    ['an extension beyond the block', `0303${'aa'.repeat(32)}000002002f01000005000a000200`],
    ['half an extension header', `0303${'aa'.repeat(32)}000002002f01000003000a00`],
  ])('%s: null', (_, body) => {
    expect(parse(handshakeMessage(1, hex(body)))).toBeNull();
  });

  test('another message: null', () => {
    expect(parse(serverHelloMessage(rng))).toBeNull();
  });
});
