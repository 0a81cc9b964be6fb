import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HelloFields, ja3Of, ja3TextOf, ja4Of } from '../../src/protocol/ja.ts';
import { md5Hex, sha256Hex } from '../../src/protocol/ja-hash.ts';
import { parseClientHello } from '../../src/protocol/tls.ts';
import type { TlsClientHello } from '../../src/protocol/tls-types.ts';
import { createRandom } from '../generate/index.ts';
import { type ClientHello, clientHelloMessage } from '../generate/wire/tls.ts';

const numbers = (list: string): number[] => list.split(',').map((value) => Number.parseInt(value, 16));

/** The worked example of technical_details/JA4.md in https://github.com/FoxIO-LLC/ja4. */
const JA4_EXAMPLE: ClientHello = {
  sni: 'www.example.com',
  alpn: ['h2', 'http/1.1'],
  versions: [0x4a4a, 0x0304, 0x0303],
  ciphers: numbers('0a0a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035'),
  extensions: numbers('1a1a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,fafa,0015'),
  signatureAlgorithms: numbers('0403,0804,0401,0503,0805,0501,0806,0601'),
  groups: [0xdada, 29, 23, 24],
  pointFormats: [0],
};

function parse(hello: ClientHello, transport?: 't' | 'q'): TlsClientHello {
  const message = clientHelloMessage(createRandom(7), hello);
  return parseClientHello(message, 0, message.length, transport) as TlsClientHello;
}

const NOTHING: HelloFields = {
  legacyVersion: 0x0303,
  ciphers: [],
  extensions: [],
  groups: [],
  pointFormats: [],
  signatureAlgorithms: [],
  versions: [],
  protocol: null,
};

describe('JA4', () => {
  test('worked example of the specification, GREASE between', () => {
    expect(parse(JA4_EXAMPLE).ja4).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(parse(JA4_EXAMPLE, 'q').ja4).toBe('q13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  test('without signature algorithms the list of extensions is hashed alone', () => {
    expect(parse({ ...JA4_EXAMPLE, signatureAlgorithms: [] }).ja4).toBe('t13d1516h2_8daaf6152771_6d807ffa2a79');
    expect(parse({ ...JA4_EXAMPLE, signatureAlgorithms: [0x2a2a] }).ja4).toBe('t13d1516h2_8daaf6152771_6d807ffa2a79');
  });

  test('order of ciphers and extensions does not count, that of signature algorithms does', () => {
    const turned = (list: readonly number[] = []): number[] => [...list].reverse();
    const { ciphers, extensions, signatureAlgorithms } = JA4_EXAMPLE;
    const other = { ...JA4_EXAMPLE, ciphers: turned(ciphers), extensions: turned(extensions) };
    expect(parse(other).ja4).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
    const swapped = { ...JA4_EXAMPLE, signatureAlgorithms: turned(signatureAlgorithms) };
    expect(parse(swapped).ja4).not.toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  test('neither name nor protocol change the last part', () => {
    const { sni: _, alpn: __, ...plain } = JA4_EXAMPLE;
    expect(parse(plain).ja4).toBe('t13i151400_8daaf6152771_e5627efa2ab1');
  });

  test('nothing at all', () => {
    expect(ja4Of(NOTHING, 't')).toBe('t12i000000_000000000000_000000000000');
    expect(ja4Of({ ...NOTHING, extensions: [0, 16] }, 't')).toBe('t12d000200_000000000000_000000000000');
  });

  test.each([
    [0x0304, '13'],
    [0x0303, '12'],
    [0x0302, '11'],
    [0x0301, '10'],
    [0x0300, 's3'],
    [0x0002, 's2'],
    [0x7f1c, '00'],
  ])('version %i is %s', (version, name) => {
    expect(ja4Of({ ...NOTHING, legacyVersion: version }, 't').slice(1, 3)).toBe(name);
    expect(ja4Of({ ...NOTHING, versions: [0x0002, version] }, 't').slice(1, 3)).toBe(name);
  });

  test.each([
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['x', 'xx'],
    ['', '00'],
    ['\xab', 'ab'],
    ['\xab\xcd', 'ad'],
    ['0\xab', '3b'],
    ['01\xab\xcd', '3d'],
    ['0\xab\xcd1', '01'],
  ])('protocol %j is %s', (protocol, name) => {
    expect(ja4Of({ ...NOTHING, protocol }, 't').slice(8, 10)).toBe(name);
  });

  test('a GREASE protocol is passed over', () => {
    const contents = new Map([[16, Uint8Array.of(0, 6, 2, 0x1a, 0x1a, 2, 0x68, 0x32)]]);
    const hello = parse({ ...JA4_EXAMPLE, contents });
    expect(hello.alpn).toEqual(['h2']);
    expect(hello.ja4).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  test('counts stop at 99', () => {
    const many = Array.from({ length: 150 }, (_, i) => 0x1000 + i);
    expect(ja4Of({ ...NOTHING, ciphers: many, extensions: many }, 't').slice(0, 10)).toBe('t12i999900');
  });
});

describe('JA3', () => {
  // The two examples of https://github.com/salesforce/ja3.
  test.each([
    [
      '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0',
      'ada70206e40642a3e4461f35503241d5',
      { ciphers: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4], extensions: [0, 10, 11] },
      { groups: [23, 24, 25], pointFormats: [0] },
    ],
    [
      '769,4-5-10-9-100-98-3-6-19-18-99,,,',
      'de350869b8c85de67a350c8d186f11e6',
      { ciphers: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99] },
      {},
    ],
  ])('%s', (text, hash, lists, more) => {
    const made = ja3TextOf({ ...NOTHING, legacyVersion: 769, ...lists, ...more });
    expect(made).toBe(text);
    expect(ja3Of(made)).toBe(hash);
  });

  test('GREASE is left out of every list', () => {
    expect(parse(JA4_EXAMPLE).ja3Text).toBe(
      '771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,' +
        '27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0',
    );
  });

  test('the hash is that of the whole text, of which 2,048 characters are kept', () => {
    const many = Array.from({ length: 2000 }, (_, i) => 0x1001 + 2 * i);
    const hello = parse({ ...JA4_EXAMPLE, ciphers: many });
    const whole = ja3TextOf({
      ...NOTHING,
      ciphers: many.filter((value) => (value & 0x0f0f) !== 0x0a0a),
      extensions: numbers('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015'),
      groups: [29, 23, 24],
      pointFormats: [0],
    });
    expect(hello.ja3Text).toBe(whole.slice(0, 2048));
    expect(hello.ja3).toBe(createHash('md5').update(whole).digest('hex'));
  });
});

describe('hashes', () => {
  test.each([
    ['md5', md5Hex],
    ['sha256', sha256Hex],
  ] as const)('%s is that of OpenSSL', (name, ours) => {
    const theirs = (text: string): string => createHash(name).update(text, 'latin1').digest('hex');
    for (let length = 0; length < 200; length++)
      expect(ours('a1-'.repeat(70).slice(0, length))).toBe(theirs('a1-'.repeat(70).slice(0, length)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        expect(ours(text)).toBe(theirs(text));
      }),
    );
  });
});
