import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DnsAnswer,
  type DnsMessage,
  glanceDns,
  MAX_ANSWERS,
  questionName,
  readDns,
} from '../../src/protocol/dns.ts';
import {
  DNS_AAAA,
  DNS_HTTPS,
  type DnsRecord,
  dnsQuery,
  dnsResponse,
  plainName,
  serviceData,
} from '../generate/wire/dns.ts';
import { ascii, embed, hex, join } from './stream-cases.ts';

function read(bytes: Uint8Array, filler = 0): DnsMessage | null {
  const piece = embed(bytes, filler);
  return readDns(piece.bytes, piece.off, piece.end);
}
function glance(bytes: Uint8Array, filler = 0): boolean {
  const piece = embed(bytes, filler);
  return glanceDns(piece.bytes, piece.off, piece.end);
}
function asked(bytes: Uint8Array): string | null {
  const piece = embed(bytes, 0x03);
  const range = questionName(piece.bytes, piece.off, piece.end);
  return range === null ? null : Buffer.from(range.bytes).toString('latin1', range.off, range.end);
}
/** `owner type ttl address target` of an answer. */
function row({ name, type, ttl, address, target }: DnsAnswer): string {
  const words = address === null ? [] : [address.w0, address.w1, address.w2, address.w3];
  const shown = words.map((w) => (w >>> 0).toString(16).padStart(8, '0')).slice(0, address?.version === 4 ? 1 : 4);
  return `${name} ${type} ${ttl} ${shown.join('')} ${target}`;
}
const rows = (bytes: Uint8Array): string[] | undefined => read(bytes)?.answers.map(row);

/** Header, question for a.example, then whatever records. */
const raw = (count: number, ...records: readonly Uint8Array[]): Uint8Array =>
  join(
    hex('0001 8180 0001'),
    Uint8Array.of(count >> 8, count & 255),
    hex('0000 0000'),
    plainName('a.example'),
    hex('0001 0001'),
    ...records,
  );
const A_RECORD = hex('c00c 0001 0001 0000003c 0004 c0000201');

const QUERY = dnsQuery(0x1234, 'Pool.Example.COM');
const RESPONSE = dnsResponse(0x1234, 'pool.example.com', ['192.0.2.1', { data: '192.0.2.2', ttl: 7200 }], {
  chain: ['eu.pool.example.com', 'lb.example.net'],
  edns: true,
});

describe('readDns', () => {
  test('a query', () => {
    expect(read(QUERY)).toEqual({
      ...{ id: 0x1234, response: false, rcode: 0, truncated: false, damaged: false },
      ...{ question: { name: 'pool.example.com', type: 1 }, answers: [] },
    });
  });

  test('the example of RFC 1035 §4.1.4: names that share their ends', () => {
    // F.ISI.ARPA asked for; FOO.F.ISI.ARPA, ARPA and the root as targets of aliases.
    const message = join(
      hex('0001 8180 0001 0003 0000 0000'),
      hex('0146 03495349 0441525041 00 0005 0001'),
      hex('c00c 0005 0001 00000001 0006 03464f4f c00c'),
      hex('c00c 0005 0001 00000002 0002 c012'),
      hex('c00c 0005 0001 00000003 0001 00'),
    );
    expect(rows(message)).toEqual(['f.isi.arpa 5 1  foo.f.isi.arpa', 'f.isi.arpa 5 2  arpa', 'f.isi.arpa 5 3  ']);
  });

  test.each([false, true])('addresses behind aliases, names in full: %s', (uncompressed) => {
    const options = { chain: ['eu.pool.example.com', 'lb.example.net'], uncompressed };
    const expected = [
      'pool.example.com 5 300  eu.pool.example.com',
      'eu.pool.example.com 5 300  lb.example.net',
      'lb.example.net 1 60 c0000201 ',
      'lb.example.net 28 60 20010db8000000000000000000000001 ',
    ];
    expect(rows(dnsResponse(1, 'pool.example.com', ['192.0.2.1', '2001:db8::1'], options))).toEqual(expected);
  });

  test('the hints of HTTPS records; without any, the target alone', () => {
    const record = (data: Uint8Array): DnsRecord => ({ data: { type: DNS_HTTPS, data } });
    const service = record(serviceData(1, 'lb.example.net', ['192.0.2.1', '192.0.2.2', '2001:db8::1']));
    expect(
      rows(dnsResponse(1, 'example.com', [service, record(serviceData(0, 'other.example', []))], { type: DNS_HTTPS })),
    ).toEqual([
      'example.com 65 60 c0000201 lb.example.net',
      'example.com 65 60 c0000202 lb.example.net',
      'example.com 65 60 20010db8000000000000000000000001 lb.example.net',
      'example.com 65 60  other.example',
    ]);
  });

  test('response code, TC bit, type asked for', () => {
    const message = dnsResponse(7, 'none.example', [], { rcode: 3, type: DNS_AAAA });
    message[2]! |= 0x02;
    expect(read(message)).toMatchObject({ rcode: 3, truncated: true, question: { type: DNS_AAAA }, answers: [] });
  });

  test('other types and classes are stepped over; a time to live with its top bit counts as zero', () => {
    const message = dnsResponse(1, 'a.example', [
      { data: { type: 16, data: hex('03616263') } },
      { data: { type: 1, class: 3, data: hex('c0000201') } },
      { data: '192.0.2.5', ttl: 0x80000000 },
      { data: '192.0.2.6', ttl: 0x7fffffff },
    ]);
    expect(rows(message)).toEqual(['a.example 1 0 c0000205 ', 'a.example 1 2147483647 c0000206 ']);
    expect(read(message)?.damaged).toBe(false);
  });

  test('bytes that are no host name are escaped, so that no label can pass for two', () => {
    const name = join(Uint8Array.of(7), ascii('a.B\\\x00\xff '), Uint8Array.of(2), ascii('Ex'), Uint8Array.of(0));
    const message = join(hex('0001 0100 0001 0000 0000 0000'), name, hex('0001 0001'));
    expect(read(message)?.question.name).toBe('a\\.b\\\\\\000\\255\\032.ex');
    expect(asked(message)).toBeNull();
    for (const byte of '.\\ \x7f\xff') {
      const odd = dnsQuery(1, 'pool.example');
      odd[14] = byte.charCodeAt(0);
      expect(asked(odd)).toBeNull();
      expect(read(odd)?.question.name).toMatch(/^p\\/);
    }
  });

  test.each([
    ['a pointer to itself', hex('c02b 0001 0001 00000000 0004 c0000201')],
    ['a pointer back into the same name', hex('0161 c02b 0001 0001 00000000 0004 c0000201')],
    ['a pointer forwards', hex('c035 0001 0001 00000000 0004 c0000201')],
    ['a pointer cut off', hex('c0')],
    ['a label of an unknown kind', hex('41 61 00 0001 0001 00000000 0004 c0000201')],
    ['a label beyond the end', hex('3f 61 62')],
    ['a header cut off', hex('c00c 0001 0001 0000')],
    ['data beyond the end', hex('c00c 0001 0001 00000000 0005 c0000201')],
    ['an address of three bytes', hex('c00c 0001 0001 00000000 0003 c00002')],
    ['an IPv6 address of four bytes', hex('c00c 001c 0001 00000000 0004 c0000201')],
    ['an alias shorter than its data', hex('c00c 0005 0001 00000000 0003 c00c 00')],
    ['a hint of five bytes', join(hex('c00c 0041 0001 00000000 000c 0001 00 0004 0005'), new Uint8Array(5))],
    ['a hint beyond the data', hex('c00c 0041 0001 00000000 0007 0001 00 0004 0004')],
    ['no record where one was announced', hex('')],
  ])('damaged: %s; what was good before it stays', (_, record) => {
    const message = read(raw(2, A_RECORD, record));
    expect(message?.answers.map(row)).toEqual(['a.example 1 60 c0000201 ']);
    expect(message?.damaged).toBe(true);
  });

  test('pointers are followed 64 times and no more, and names end at 255 octets', () => {
    // A chain of pointers in the data of a TXT record, each to the one before; the first to the question.
    const links = (count: number): Uint8Array => {
      const start = 12 + 11 + 4 + 12;
      const chain = join(
        hex('c00c'),
        ...Array.from({ length: count - 1 }, (_, i) => {
          const to = start + 2 * i;
          return Uint8Array.of(0xc0 | (to >> 8), to & 255);
        }),
      );
      const last = start + 2 * (count - 1);
      const text = join(hex('c00c 0010 0001 00000000'), Uint8Array.of((count * 2) >> 8, (count * 2) & 255), chain);
      return raw(2, text, Uint8Array.of(0xc0 | (last >> 8), last & 255), A_RECORD.subarray(2));
    };
    expect(rows(links(63))).toEqual(['a.example 1 60 c0000201 ']);
    expect(rows(links(64))).toEqual([]);
    const label = join(Uint8Array.of(63), ascii('a'.repeat(63)));
    const named = (last: number): Uint8Array =>
      join(
        hex('0001 0100 0001 0000 0000 0000'),
        label,
        label,
        label,
        Uint8Array.of(last),
        ascii('b'.repeat(last)),
        hex('00 0001 0001'),
      );
    expect(read(named(61))?.question.name).toHaveLength(253);
    expect(asked(named(61))).toHaveLength(253);
    expect(read(named(62))).toBeNull();
    expect(asked(named(62))).toBeNull();
  });

  test('at most 64 answers, and a bounded number of other records', () => {
    const many = read(raw(100, ...Array<Uint8Array>(100).fill(A_RECORD)));
    expect(many?.answers).toHaveLength(MAX_ANSWERS);
    expect(many?.damaged).toBe(true);
    const texts = Array<Uint8Array>(300).fill(hex('c00c 0010 0001 00000000 0000'));
    expect(read(raw(301, ...texts, A_RECORD))).toMatchObject({ answers: [], damaged: true });
    expect(read(raw(201, ...texts.slice(0, 200), A_RECORD))).toMatchObject({ answers: [{}], damaged: false });
    const hints = { data: { type: DNS_HTTPS, data: serviceData(1, '', Array<string>(90).fill('192.0.2.1')) } };
    expect(read(dnsResponse(1, 'a.example', [hints]))?.answers).toHaveLength(MAX_ANSWERS);
  });

  test('every truncation: nothing, or the answers that were whole', () => {
    const all = rows(RESPONSE) as string[];
    expect(all).toHaveLength(4);
    for (const filler of [0x00, 0xc0, 0xff]) {
      for (let n = 0; n < RESPONSE.length; n++) {
        const message = read(RESPONSE.subarray(0, n), filler);
        if (n < 12 + 18 + 4) expect(message).toBeNull();
        else {
          expect(message?.answers.map(row)).toEqual(all.slice(0, message?.answers.length));
          expect(message?.damaged).toBe(message?.answers.length !== all.length);
        }
      }
    }
  });
});

describe('glanceDns', () => {
  test('queries and answers, of the root too', () => {
    for (const message of [QUERY, RESPONSE, dnsQuery(1, '')]) expect(glance(message)).toBe(true);
    expect(read(dnsQuery(1, ''))?.question).toEqual({ name: '', type: 1 });
    expect(asked(dnsQuery(1, ''))).toBeNull();
  });

  test.each([
    ['another operation', 2, '28'],
    ['no question', 4, '0000'],
    ['two questions', 4, '0002'],
    ['a query with an answer', 6, '0001'],
    ['too many authorities', 8, '1001'],
    ['too many additional records', 10, 'ffff'],
    ['the reserved bit', 3, '40'],
    ['a first label of 64', 12, '40'],
    ['a pointer as the first label', 12, 'c0'],
  ])('no: %s', (_, at, bytes) => {
    const changed = QUERY.slice();
    changed.set(hex(bytes), at);
    expect(glance(changed)).toBe(false);
    expect(read(changed)).toBeNull();
  });

  test('no: texts and short datagrams', () => {
    const line = ascii('{"id":1,"method":"mining.subscribe","params":[]}\n');
    expect(glance(line)).toBe(false);
    for (let n = 0; n < 17; n++) expect(glance(dnsQuery(1, '').subarray(0, n), 0)).toBe(false);
  });
});

test('questionName: lower case with dots, in place', () => {
  expect(asked(QUERY)).toBe('pool.example.com');
  expect(asked(RESPONSE)).toBe('pool.example.com');
  for (let n = 0; n < 12 + 18; n++) expect(asked(QUERY.subarray(0, n))).toBeNull();
  const pointer = QUERY.slice();
  pointer[12] = 0xc0;
  expect(asked(pointer)).toBeNull();
  expect(questionName(QUERY, 0, QUERY.length)).toBe(questionName(RESPONSE, 0, RESPONSE.length));
});

describe('properties', () => {
  const label = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 1, maxLength: 20 });
  const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
  const ipv4 = fc.ipV4();

  test('what the generator writes is read as it was meant', () => {
    fc.assert(
      fc.property(
        fc.record({
          id: fc.nat(65_535),
          name,
          chain: fc.array(name, { maxLength: 6 }),
          uncompressed: fc.boolean(),
          edns: fc.boolean(),
        }),
        fc.array(ipv4, { maxLength: 20 }),
        fc.nat(65_535),
        ({ id, name: question, chain, uncompressed, edns }, addresses, type) => {
          const message = dnsResponse(id, question, addresses, { chain, uncompressed, edns, type });
          const lower = [question, ...chain].map((text) => text.toLowerCase());
          const word = (text: string): string =>
            text
              .split('.')
              .map((part) => Number(part).toString(16).padStart(2, '0'))
              .join('');
          expect(rows(message)).toEqual([
            ...chain.map((target, i) => `${lower[i]} 5 300  ${target.toLowerCase()}`),
            ...addresses.map((address) => `${lower.at(-1)} 1 60 ${word(address)} `),
          ]);
          expect(read(message)).toMatchObject({
            id,
            response: true,
            damaged: false,
            question: { name: lower[0], type },
          });
          expect(asked(message)).toBe(lower[0]);
        },
      ),
    );
  });

  test('any bytes: no exception, nothing outside the range, names bounded', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }).map((tail) => raw(tail.length, tail)),
    );
    fc.assert(
      fc.property(bytes, (message) => {
        const result = read(message, 0);
        expect(read(message, 0xc0)).toEqual(result);
        expect(glance(message, 0)).toBe(glance(message, 0xff));
        for (const answer of result?.answers ?? [])
          expect(answer.name.length + answer.target.length).toBeLessThan(2040);
        asked(message);
      }),
      { numRuns: 2000 },
    );
  });
});
