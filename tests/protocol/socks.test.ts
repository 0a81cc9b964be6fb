import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANOMALIES } from '../../src/common/anomaly.ts';
import {
  probeSocks,
  type SocksHandler,
  SocksParser,
  type SocksSide,
  type SocksTarget,
} from '../../src/protocol/socks.ts';
import { socks4Client, socks4Server, socks5Client, socks5Server } from '../generate/wire/socks.ts';
import { ascii, cuttings, embed, feed, hex, join } from './stream-cases.ts';

class Recorder implements SocksHandler {
  readonly events: string[] = [];
  private rest = '';
  onSocksTarget({ version, host, address, port }: SocksTarget): void {
    const words = address === null ? '' : address.words.slice(0, address.version === 4 ? 1 : 4);
    const hexWords = words === '' ? '' : words.map((w) => (w >>> 0).toString(16).padStart(8, '0')).join('');
    this.events.push(`${version} ${host ?? `v${address?.version} ${hexWords}`} ${port}`);
  }
  onSocksReply(accepted: boolean, code: number): void {
    this.events.push(`${accepted ? 'accepted' : 'refused'} ${code}`);
  }
  onSocksAuth(_off: number, _end: number): void {}
  onSocksRest(bytes: Uint8Array, off: number, end: number): void {
    this.rest += Buffer.from(bytes.slice(off, end)).toString('latin1');
  }
  onSocksAnomaly(anomaly: number): void {
    this.events.push(`! ${ANOMALIES[anomaly]}`);
  }
  get all(): string[] {
    return this.rest === '' ? this.events : [...this.events, `> ${this.rest}`];
  }
}

function run(bytes: Uint8Array, cuts: readonly number[] = [], side?: SocksSide): string[] {
  const recorder = new Recorder();
  const parser = new SocksParser(recorder, side);
  feed(parser, bytes, cuts);
  expect(parser.heldBytes).toBeLessThanOrEqual(262);
  parser.finish();
  expect(parser.heldBytes).toBe(0);
  return recorder.all;
}

function probe(bytes: Uint8Array, side?: SocksSide): number {
  const piece = embed(bytes, 0x05);
  return probeSocks(piece.bytes, piece.off, piece.end, side);
}

const LOGIN = { user: 'rig', password: 'not-kept' };
const V4 = hex('c0000207');
const V6 = hex('20010db8000000000000000000000102');
const HELLO = ascii('{"id":1,"method":"mining.subscribe","params":[]}\n');
const NAME = 'pool.example.net';

describe('SocksParser', () => {
  test.each<[string, Uint8Array, string[], SocksSide?]>([
    [
      'RFC 1928: a name, nothing else offered',
      join(...socks5Client(NAME, 3333), HELLO),
      [`5 ${NAME} 3333`, `> ${Buffer.from(HELLO).toString()}`],
    ],
    ['bytes written by hand', hex('050100 05010003 0b 706f6f6c2e6578616d706c 0d05'), ['5 pool.exampl 3333']],
    ['IPv4 address', join(...socks5Client(V4, 80)), ['5 v4 c0000207 80']],
    ['IPv6 address', join(...socks5Client(V6, 443)), ['5 v6 20010db8000000000000000000000102 443']],
    [
      'RFC 1929: user and password',
      join(...socks5Client(NAME, 3333, LOGIN), HELLO),
      [`5 ${NAME} 3333`, `> ${Buffer.from(HELLO).toString()}`],
    ],
    ['password offered, not asked for', join(hex('05020002'), ...socks5Client(NAME, 1).slice(1)), [`5 ${NAME} 1`]],
    ['capital letters and the dot of the root', join(...socks5Client('Pool.Example.Net.', 3333)), [`5 ${NAME} 3333`]],
    ['BIND', join(...socks5Client(NAME, 3333, null, 2), HELLO), ['! socks.unsupported']],
    ['UDP ASSOCIATE', join(...socks5Client(V4, 3333, null, 3), HELLO), ['! socks.unsupported']],
    ['GSSAPI', hex('050101 010100040000'), ['! socks.unsupported']],
    ['GSSAPI or none', hex('05020100 010100040000'), ['! socks.unsupported']],
    ['unknown type of address', hex('050100 05010002'), ['! socks.malformed']],
    ['a name that is none', join(...socks5Client('po ol', 3333), HELLO), ['! socks.malformed']],
    ['port 0', join(...socks5Client(NAME, 0), HELLO), ['! socks.malformed']],
    ['address 0.0.0.0', join(...socks5Client(hex('00000000'), 80), HELLO), ['! socks.malformed']],
    ['no request after the methods', join(hex('050100'), HELLO), ['! socks.malformed']],
    ['SOCKS5 accepted', join(...socks5Server(false), HELLO), ['accepted 0', `> ${Buffer.from(HELLO).toString()}`]],
    ['accepted after login', join(...socks5Server(true), HELLO), ['accepted 0', `> ${Buffer.from(HELLO).toString()}`]],
    ['bound to a name', join(...socks5Server(false, 0, NAME, 9), ascii('x')), ['accepted 0', '> x']],
    ['bound to IPv6', join(...socks5Server(true, 0, V6, 9), ascii('x')), ['accepted 0', '> x']],
    ['connection refused', join(...socks5Server(false, 5), HELLO), ['refused 5']],
    ['no method', hex('05ff 7b7d'), ['refused 255']],
    ['wrong password', hex('0502 0101 7b7d'), ['refused 1']],
    ['two methods, GSSAPI first: a client', join(hex('05020102'), ...socks5Client(NAME, 3).slice(1)), [`5 ${NAME} 3`]],
    ['two methods, GSSAPI and none', join(hex('05020100'), ...socks5Client(NAME, 3).slice(1)), [`5 ${NAME} 3`]],
    [
      'the same bytes from a server that is known to be one',
      hex('05020100 05010001 00000000 0000'),
      ['refused 1'],
      'server',
    ],
    [
      'SOCKS4',
      join(socks4Client(V4, 3333, 'rig'), HELLO),
      ['4 v4 c0000207 3333', `> ${Buffer.from(HELLO).toString()}`],
    ],
    ['SOCKS4 without user', socks4Client(V4, 3333), ['4 v4 c0000207 3333']],
    ['SOCKS4a', join(socks4Client(NAME, 3333, 'rig'), ascii('x')), [`4 ${NAME} 3333`, '> x']],
    ['SOCKS4a, bytes by hand', hex('0401 0d05 00000001 00 7000'), ['4 p 3333']],
    ['SOCKS4 BIND', join(socks4Client(V4, 3333, '', 2), HELLO), ['! socks.unsupported']],
    ['SOCKS4 accepted', join(socks4Server(), ascii('{}')), ['accepted 90', '> {}']],
    ['SOCKS4 refused', join(socks4Server(0x5b), ascii('{}')), ['refused 91']],
    ['SOCKS4 reply that is none', hex('0001000000000000 7b7d'), ['! socks.malformed']],
    ['a user name without end', join(hex('04010d05c0000207'), ascii('a'.repeat(300))), ['! socks.malformed']],
    ['a name without end', join(hex('04010d050000000100'), ascii('a'.repeat(300))), ['! socks.malformed']],
    ['not SOCKS', ascii('GET / HTTP/1.1\r\n'), ['! socks.malformed']],
    ['a client where the server speaks', socks4Client(V4, 80), ['! socks.malformed'], 'server'],
    ['a server where the client speaks', socks4Server(), ['! socks.malformed'], 'client'],
  ])('%s', (_name, bytes, expected, side) => {
    expect(run(bytes, [], side)).toEqual(expected);
    for (const cuts of cuttings(bytes.length)) expect(run(bytes, cuts, side)).toEqual(expected);
  });

  test('a truncated stream gives a part of what the whole gives, and no anomaly', () => {
    for (const whole of [join(...socks5Client(NAME, 3333, LOGIN)), socks4Client(NAME, 3333, 'rig')]) {
      for (let n = 0; n < whole.length; n++) expect(run(whole.subarray(0, n))).toEqual([]);
    }
    for (const whole of [join(...socks5Server(true, 0, NAME)), socks4Server()]) {
      for (let n = 0; n < whole.length; n++) expect(run(whole.subarray(0, n))).toEqual([]);
    }
  });

  test('the place of the password, however it is cut; nothing else is called one', () => {
    const bytes = join(...socks5Client(NAME, 3333, LOGIN), ascii('not-kept'));
    const at = Buffer.from(bytes).indexOf('not-kept');
    const places = Array.from({ length: LOGIN.password.length }, (_, i) => at + i);
    for (const cuts of cuttings(bytes.length)) {
      const secret: number[] = [];
      let from = 0;
      const recorder = new Recorder();
      recorder.onSocksAuth = (off: number, end: number): void => {
        for (let i = off; i < end; i++) secret.push(from + i);
      };
      const parser = new SocksParser(recorder);
      for (const cut of [...cuts, bytes.length]) {
        parser.push(bytes.subarray(from, cut), 0, cut - from);
        from = cut;
      }
      expect(secret).toEqual(places);
    }
  });

  test('tells its side and its state; a gap ends a handshake and leaves a tunnel alone', () => {
    const parser = new SocksParser(new Recorder());
    const client = join(...socks5Client(NAME, 3333));
    expect([parser.from, parser.state]).toEqual([null, 'handshake']);
    parser.push(client, 0, 5);
    expect([parser.from, parser.state]).toEqual(['client', 'handshake']);
    parser.push(client, 5, client.length);
    parser.gap(100);
    expect([parser.from, parser.state]).toEqual(['client', 'tunnel']);

    const recorder = new Recorder();
    const torn = new SocksParser(recorder);
    torn.push(client, 0, 10);
    torn.gap(1);
    torn.push(client, 11, client.length);
    expect([torn.state, recorder.all]).toEqual(['closed', []]);
  });

  test('any bytes: no throw, bounded, the same whole and byte by byte', () => {
    const starts = [hex('0501'), hex('0502'), hex('0500'), hex('050201'), hex('0401'), hex('005a'), hex('')];
    const input = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 400 }));
    fc.assert(
      fc.property(input, ([start, tail]) => {
        const bytes = join(start, tail);
        const single = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, i) => i + 1);
        expect(run(bytes, single)).toEqual(run(bytes));
        for (const side of ['client', 'server', undefined] as const) expect([-1, 0, 1]).toContain(probe(bytes, side));
      }),
      { numRuns: 2000, seed: 7 },
    );
  });
});

describe('probeSocks', () => {
  const clients = [
    socks5Client(NAME, 3333)[0] as Uint8Array,
    join(...socks5Client(NAME, 3333)),
    join(...socks5Client(V6, 443, LOGIN)),
    socks4Client(V4, 80, 'rig'),
    socks4Client(NAME, 80),
  ];
  const servers = [
    ...[hex('0500'), hex('0502'), hex('05ff'), socks4Server(), hex('005a0d05c0000207')],
    join(...socks5Server(false)),
    join(...socks5Server(true)),
  ];

  test.each(clients.map((bytes, i) => [i, bytes] as const))('client %d', (_, bytes) => {
    expect([probe(bytes), probe(bytes, 'client'), probe(bytes, 'server')]).toEqual([1, 1, -1]);
    for (let n = 0; n < bytes.length; n++) expect(probe(bytes.subarray(0, n))).toBeGreaterThanOrEqual(0);
  });

  test.each(servers.map((bytes, i) => [i, bytes] as const))('server %d', (_, bytes) => {
    expect([probe(bytes), probe(bytes, 'server')]).toEqual([1, 1]);
    expect(probe(bytes, 'client')).toBeLessThan(1);
    for (let n = 0; n < bytes.length; n++) expect(probe(bytes.subarray(0, n))).toBeGreaterThanOrEqual(0);
  });

  test.each<[string, Uint8Array]>([
    ['DCE/RPC bind', hex('05000b0310000000480000000100000000')],
    ['DCE/RPC answer', hex('05000c03100000004400000001000000')],
    ['no method offered', hex('050000')],
    ['a method twice', hex('05020000')],
    ['a reserved method', hex('05010a')],
    ['something after the methods', hex('05010047')],
    ['UDP ASSOCIATE is SOCKS, another command is not', hex('0501000504000103')],
    ['SOCKS4 to port 0', hex('04010000c000020700')],
    ['SOCKS4 to a group', hex('04010050e000000100')],
    ['SOCKS4 to 0.0.0.0', hex('040100500000000000')],
    ['SOCKS4 BIND', hex('04020050c000020700')],
    ['SOCKS4 with a user that is no text', hex('04010050c000020780ff00')],
    ['SOCKS4a without a name', hex('0401005000000001 00 00')],
    ['MQTT PUBACK-like', hex('40020001')],
    ['DNS over TCP, 90 bytes', join(hex('005a1234010000010000'), new Uint8Array(82))],
    ['Stratum V2 SetupConnection', hex('0000006f0000000200')],
    ['Alephium jobs', hex('0000005a0100')],
    ['text', ascii('{"id":1}')],
    ['TLS', hex('1603010200')],
  ])('%s: no', (_, bytes) => expect(probe(bytes)).toBe(-1));

  test('random bytes are no SOCKS: at most 3 of 100,000 pieces of 8 to 71', () => {
    let state = 12345;
    let met = 0;
    for (let n = 0; n < 100_000; n++) {
      const bytes = new Uint8Array(8 + (n & 63));
      for (let i = 0; i < bytes.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        bytes[i] = state >>> 24;
      }
      if (probe(bytes) === 1) met++;
    }
    expect(met).toBeLessThanOrEqual(3);
  });
});
