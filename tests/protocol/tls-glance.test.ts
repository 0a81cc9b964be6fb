import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseClientHello } from '../../src/protocol/tls.ts';
import { Glance, glance, glanceClientHello } from '../../src/protocol/tls-glance.ts';
import { createRandom } from '../generate/index.ts';
import { clientHello, clientHelloMessage, records, serverHello } from '../generate/wire/tls.ts';
import { ascii, embed, hex, join } from './stream-cases.ts';
import { OPENSSL_HELLO, OPENSSL_NAMED_HELLO, OPENSSL_TLS12_HELLO } from './tls-samples.ts';

interface Seen {
  readonly code: Glance;
  readonly name: string | null;
  readonly protocol: string | null;
}

/** The answer must not depend on what lies around the segment. */
function look(bytes: Uint8Array): Seen {
  const answers = [0x00, 0x16, 0xff].map((filler) => {
    const piece = embed(bytes, filler);
    const code = glanceClientHello(piece.bytes, piece.off, piece.end);
    const text = (off: number, end: number): string | null => {
      if (off < 0) return null;
      expect(off).toBeGreaterThanOrEqual(piece.off);
      expect(end).toBeLessThanOrEqual(piece.end);
      return Buffer.from(piece.bytes.subarray(off, end)).toString('latin1');
    };
    return { code, name: text(glance.nameOff, glance.nameEnd), protocol: text(glance.alpnOff, glance.alpnEnd) };
  });
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  return answers[0] as Seen;
}

const rng = createRandom(9);
const GREASE_FIRST = clientHello(rng, {
  sni: 'pool.example.net.',
  extensions: [0x1a1a, 16, 0, 51],
  contents: new Map([[16, hex('0006 02 3a3a 02 6832')]]),
});

describe('glanceClientHello', () => {
  test.each<[string, Uint8Array, Seen]>([
    ['OpenSSL without a name', OPENSSL_HELLO, { code: Glance.NoName, name: null, protocol: null }],
    ['OpenSSL with a name', OPENSSL_NAMED_HELLO, { code: Glance.Named, name: 'Pool.Example.org', protocol: null }],
    ['name and protocols', OPENSSL_TLS12_HELLO, { code: Glance.Named, name: 'pool.example.org', protocol: 'http/1.1' }],
    ['GREASE, final dot', GREASE_FIRST, { code: Glance.Named, name: 'pool.example.net', protocol: 'h2' }],
    [
      'protocols without a name',
      clientHello(rng, { alpn: ['h2'] }),
      { code: Glance.NoName, name: null, protocol: 'h2' },
    ],
    [
      'a name that is none',
      clientHello(rng, { sni: 'a b', alpn: ['h2'] }),
      { code: Glance.NoName, name: null, protocol: 'h2' },
    ],
    [
      'over two records',
      clientHello(rng, { sni: 'a.example' }, 200),
      { code: Glance.Unknown, name: null, protocol: null },
    ],
    ['a server', serverHello(rng), { code: Glance.No, name: null, protocol: null }],
    ['HTTP', ascii('GET / HTTP/1.1\r\n'), { code: Glance.No, name: null, protocol: null }],
    ['nothing', new Uint8Array(0), { code: Glance.Unknown, name: null, protocol: null }],
    ['a message too short', hex('1603010026 01000022'), { code: Glance.No, name: null, protocol: null }],
  ])('%s', (_, bytes, expected) => {
    expect(look(bytes)).toEqual(expected);
  });

  test('every truncation: unknown until the name is there, then named; the protocol where it is there', () => {
    const bytes = OPENSSL_TLS12_HELLO;
    const nameEnd = Buffer.from(bytes).indexOf('pool.example.org') + 'pool.example.org'.length;
    const protocolEnd = Buffer.from(bytes).indexOf('\x02h2') + 3;
    for (let n = 0; n < bytes.length; n++) {
      const code = n < nameEnd ? Glance.Unknown : Glance.Named;
      const name = n < nameEnd ? null : 'pool.example.org';
      expect(look(bytes.subarray(0, n)), `${n}`).toEqual({ code, name, protocol: n < protocolEnd ? null : 'http/1.1' });
    }
  });

  test('every truncation without a name: unknown until the very end', () => {
    for (let n = 0; n < OPENSSL_HELLO.length; n++) expect(look(OPENSSL_HELLO.subarray(0, n)).code).toBe(Glance.Unknown);
  });

  test('bytes of the message behind its extensions must be there as well', () => {
    const longer = Uint8Array.from(OPENSSL_HELLO);
    longer[3] = 2; // the record, and the message, 256 bytes longer
    longer[7] = 2;
    expect(look(longer).code).toBe(Glance.Unknown);
    expect(look(join(longer, new Uint8Array(256))).code).toBe(Glance.NoName);
  });

  test('what follows the message does not count', () => {
    expect(look(join(OPENSSL_NAMED_HELLO, OPENSSL_HELLO)).name).toBe('Pool.Example.org');
    const message = clientHelloMessage(rng, { sni: 'a.example' });
    expect(look(records(22, join(message, message))).name).toBe('a.example');
  });

  test('says the same as the full parser', () => {
    const sources = [OPENSSL_HELLO, OPENSSL_NAMED_HELLO, OPENSSL_TLS12_HELLO, GREASE_FIRST];
    const edits = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 });
    const codes = new Set<number>();
    fc.assert(
      fc.property(fc.constantFrom(...sources), edits, (source, changes) => {
        const bytes = Uint8Array.from(source);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const { code, name, protocol } = look(bytes);
        codes.add(code);
        if (bytes[0] !== 22 || code === Glance.Unknown) return;
        const parsed = parseClientHello(bytes, 5, bytes.length);
        if (code === Glance.No) {
          // The record header is not the message's affair.
          if (bytes[1] === 3 && (bytes[2] as number) < 5 && bytes[3] === source[3]) expect(parsed).toBeNull();
        } else if (parsed !== null) {
          expect(name?.toLowerCase() ?? null).toBe(parsed.sni);
          if (protocol !== null && /^[\x20-\x7e]*$/.test(protocol)) expect(protocol).toBe(parsed.alpn[0]);
        } else expect(code).toBe(Glance.Named);
      }),
      { numRuns: 3000 },
    );
    expect([...codes].sort()).toEqual([Glance.No, Glance.Unknown, Glance.NoName, Glance.Named]);
  });
});
