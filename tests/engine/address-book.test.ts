import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Hosts } from '../../src/engine/hosts.ts';
import {
  AddressBook,
  type AddressSource,
  type BookEntry,
  isWorldwide,
  MAX_ADDRESS_NAMES,
  readBookEntries,
} from '../../src/engine/names/address-book.ts';
import { Lookups } from '../../src/engine/names/lookups.ts';
import { Naming } from '../../src/engine/names/naming.ts';
import type { EndpointFacts } from '../../src/protocol/message.ts';
import { parseEndpoints, SeenKeys } from '../../src/signature/endpoint-rows.ts';
import { EndpointIndex } from '../../src/signature/endpoints.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import { type DnsRecord, type DnsResponseOptions, dnsResponse } from '../generate/wire/dns.ts';

const SECOND = 1e6;
const HOUR = 3600 * SECOND;
const T = 1_700_000_000 * SECOND;
const word = (text: string): number => text.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
const POOL = '198.51.100.9';
const NAME = 'eu1.pool.example';
const SIX = '2001:db8::9';
const SIX_WORDS = [0x20010db8, 0, 0, 9] as const;

type Added = readonly [address: string, name: string, at?: number, ttl?: number, source?: AddressSource];

/** A book that was told these answers; times in seconds after T. */
function book(answers: readonly Added[], limit?: number): AddressBook {
  const made = new AddressBook(limit);
  for (const [address, name, at = 0, ttl = 60, source = 'observed'] of answers)
    made.add(4, word(address), 0, 0, 0, name, source, T + at * SECOND, ttl);
  return made;
}
function names(b: AddressBook, address: string, at = 0, until = at): string[] {
  return b.find(4, word(address), 0, 0, 0, T + at * SECOND, T + until * SECOND).map(({ name }) => name);
}

describe('AddressBook', () => {
  test('knows the names of an address, for everybody', () => {
    const b = book([
      [POOL, NAME],
      [POOL, 'us1.pool.example'],
    ]);
    expect(names(b, POOL)).toEqual([NAME, 'us1.pool.example']);
    expect(names(b, '198.51.100.10')).toEqual([]);
    expect(b.size).toBe(1);
    b.add(6, ...SIX_WORDS, NAME, 'observed', T, 60);
    expect(b.find(6, ...SIX_WORDS, T).map(({ name }) => name)).toEqual([NAME]);
    expect(b.find(6, SIX_WORDS[0], 0, 0, 8, T)).toEqual([]);
  });

  test.each([
    ['a short time to live counts as 300 s', 0, 3900],
    ['a longer one as it is', 7200, 10_800],
    ['a day at most', 1e9, 86_400],
  ])('a name holds from the answer on: %s', (_, ttl, seconds) => {
    const b = book([[POOL, NAME, 0, ttl]]);
    expect(names(b, POOL, -1)).toEqual([]);
    expect(names(b, POOL, seconds)).toEqual([NAME]);
    expect(names(b, POOL, seconds + 1)).toEqual([]);
    // A conversation counts with all of its time.
    expect(names(b, POOL, -500, 0)).toEqual([NAME]);
    expect(names(b, POOL, -500, -1)).toEqual([]);
  });

  test('a further answer renews it; after a gap only the newest holds', () => {
    const renewed = book([
      [POOL, NAME],
      [POOL, NAME, 3000],
    ]);
    expect(names(renewed, POOL, 0)).toEqual([NAME]);
    expect(names(renewed, POOL, 6900)).toEqual([NAME]);
    const again = book([
      [POOL, NAME],
      [POOL, NAME, 90_000],
      [POOL, NAME, 10],
    ]);
    expect(names(again, POOL, 100)).toEqual([]);
    expect(names(again, POOL, 90_000)).toEqual([NAME]);
  });

  test('where our own look-up says the same, that stands there', () => {
    const b = book([
      [POOL, NAME],
      [POOL, NAME, 5, 60, 'resolved'],
    ]);
    expect(b.find(4, word(POOL), 0, 0, 0, T + 10 * SECOND)).toEqual([
      { name: NAME, source: 'resolved', from: T + 5 * SECOND, until: T + 3905 * SECOND },
    ]);
    expect([b.sizeOf('resolved'), b.sizeOf('observed')]).toEqual([1, 1]);
  });

  test('keeps so many names of an address and no more; the first to end gives way', () => {
    const many = Array.from({ length: MAX_ADDRESS_NAMES + 2 }, (_, n): Added => [POOL, `n${n}.pool.example`, n]);
    const b = book(many);
    const held = names(b, POOL, 20);
    expect(held).toHaveLength(MAX_ADDRESS_NAMES);
    expect(held).not.toContain('n0.pool.example');
    expect(held).not.toContain('n1.pool.example');
    expect(b.evictedNames).toBe(2);
  });

  test('keeps so many addresses; the one told of longest ago gives way, whatever was asked for', () => {
    const b = book([['198.51.100.0', NAME, 0]], 8);
    for (let n = 1; n < 20; n++) {
      b.add(4, word(`198.51.100.${n}`), 0, 0, 0, NAME, 'observed', T + n, 60);
      // Asking must not change the order: threads ask for different addresses.
      names(b, '198.51.100.14', 1);
    }
    expect(b.sizeOf('observed')).toBe(6);
    expect(b.evicted).toBe(14);
    expect(names(b, '198.51.100.13', 1)).toEqual([]);
    expect(names(b, '198.51.100.14', 1)).toEqual([NAME]);
  });

  test('no flood of observed answers pushes out what was resolved', () => {
    const b = book([[POOL, NAME, 0, 60, 'resolved']], 8);
    for (let n = 0; n < 200; n++) b.add(4, word(`203.0.113.${n}`), 0, 0, 0, `x${n}.pool.example`, 'observed', T, 60);
    expect(names(b, POOL)).toEqual([NAME]);
  });

  test.each([
    ['0.0.0.0', false],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['169.254.1.1', false],
    ['192.168.1.1', false],
    ['198.18.0.4', false],
    ['198.19.255.255', false],
    ['198.20.0.1', true],
    ['224.0.0.1', false],
    ['203.0.113.1', true],
    ['::', false],
    ['::1', false],
    ['fe80::1', false],
    ['fc00::1', false],
    ['::ffff:203.0.113.1', false],
    ['2001:db8::1', true],
    ['2001:0db8::1', false],
    ['pool.example', false],
    ['', false],
  ])('%s can be a pool for everybody: %s', (address, expected) => {
    expect(isWorldwide(address)).toBe(expected);
  });

  test('does not take the address of a resolver that blocks', () => {
    expect(
      book([
        ['127.0.0.1', NAME],
        ['0.0.0.0', NAME],
        ['10.0.0.1', NAME],
      ]).size,
    ).toBe(0);
  });

  test('an address that answers for ordinary names is noted as shared, for a day, and only where it is known', () => {
    const b = book([[POOL, NAME]]);
    const shared = (at: number): boolean => b.isShared(4, word(POOL), 0, 0, 0, T + at * SECOND);
    expect(shared(0)).toBe(false);
    b.share(4, word(POOL), 0, 0, 0, T + 10 * SECOND);
    b.share(4, word('203.0.113.5'), 0, 0, 0, T);
    expect([shared(9), shared(10), shared(86_410), shared(86_411)]).toEqual([false, true, true, false]);
    expect(b.size).toBe(1);
    // It stays so where the address is resolved afterwards.
    b.merge([{ address: POOL, name: NAME, source: 'resolved', from: T, until: T + HOUR }]);
    const state = b.exportState(T);
    expect(state.shared).toHaveLength(2);
  });
});

describe('plain data', () => {
  const entry: BookEntry = { address: POOL, name: NAME, source: 'resolved', from: T, until: T + HOUR };

  test('merging gives the same book in another thread', () => {
    const [a, b] = [book([]), book([])];
    for (const one of [a, b]) one.merge(structuredClone([entry, { ...entry, address: SIX }]));
    expect(a.exportState(T)).toEqual(b.exportState(T));
    expect(a.find(6, ...SIX_WORDS, T).map(({ name }) => name)).toEqual([NAME]);
  });

  test('a state taken out and put in again is the same, without what no longer holds', () => {
    const b = book([
      [POOL, NAME],
      ['203.0.113.7', NAME, -100_000],
      ['203.0.113.8', 'us.pool.example', 0, 60, 'resolved'],
    ]);
    b.share(4, word(POOL), 0, 0, 0, T);
    const state: unknown = JSON.parse(JSON.stringify(b.exportState(T)));
    const other = new AddressBook();
    expect(other.importState(state)).toBe(2);
    expect(other.exportState(T)).toEqual(state);
    expect(names(other, '203.0.113.7', -100_000)).toEqual([]);
    expect(other.isShared(4, word(POOL), 0, 0, 0, T)).toBe(true);
    expect(other.isShared(4, word('203.0.113.8'), 0, 0, 0, T)).toBe(false);
  });

  test('takes anything and keeps only what makes sense', () => {
    const bad: readonly unknown[] = [
      null,
      5,
      {},
      { ...entry, address: 'pool.example' },
      { ...entry, address: '10.0.0.1' },
      { ...entry, name: '' },
      { ...entry, name: 'x'.repeat(254) },
      { ...entry, source: 'guessed' },
      { ...entry, from: T + 2 * HOUR },
      { ...entry, until: Number.NaN },
      { ...entry, from: null },
    ];
    expect(readBookEntries([...bad, entry])).toEqual([entry]);
    const b = new AddressBook();
    expect(b.importState({ version: 1, entries: bad, shared: bad })).toBe(0);
    expect(b.importState({ version: 2, entries: [entry], shared: [] })).toBe(0);
    expect(b.importState({ version: 1, entries: [entry], shared: 7 })).toBe(1);
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (entries, shared) => {
        new AddressBook().importState({ version: 1, entries, shared });
        new AddressBook().importState(entries);
      }),
    );
  });

  test('never holds more than it may, and never forgets an address that it counts', () => {
    const one = fc.record({
      n: fc.integer({ min: 0, max: 60 }),
      name: fc.integer({ min: 0, max: 12 }),
      source: fc.constantFrom<AddressSource>('resolved', 'observed'),
      at: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 200 }), fc.integer({ min: 2, max: 12 }), (answers, limit) => {
        const b = book(
          answers.map(({ n, name, source, at }) => [`203.0.113.${n}`, `n${name}.pool.example`, at, 60, source]),
          limit,
        );
        expect(b.size).toBeLessThanOrEqual(limit);
        const { entries } = b.exportState(T);
        for (const { address, name } of entries) expect(names(b, address, 5)).toContain(name);
        const [last] = answers.slice(-1);
        if (last) expect(names(b, `203.0.113.${last.n}`, 5)).toContain(`n${last.name}.pool.example`);
      }),
    );
  });
});

const HEADER = 'kind,value,ports,pool,coins,transport,role,region,confidence,source\n';
const LIST = `${HEADER}host,${NAME},3333;443,Example Pool,BTC,tcp,stratum,,high,t
host,us1.pool.example,3333,Example Pool,BTC,tcp,stratum,,high,t
host,ltc.pool.example,4444,Example Pool,LTC,tcp,stratum,,high,t
host,www.pool.example,443,Example Pool,,tls,web,,high,t
host,eu.other.example,3333,Other Pool,XMR,tcp,stratum,,medium,t
ip,192.0.2.10,5555,Listed Pool,XMR,tcp,stratum,,medium,t
`;
const faults: never[] = [];
const INDEX = new EndpointIndex(parseEndpoints(LIST, 'list.csv', faults, new SeenKeys()), []);

function facts(
  b: AddressBook | null,
  address: string,
  port: number,
  at: number | null = 0,
  until?: number,
): EndpointFacts {
  const naming = new Naming(INDEX, b);
  if (at === null) return naming.ofAddress(4, word(address), 0, 0, 0, port);
  const [from, to] = [T + at * SECOND, T + (until ?? at) * SECOND];
  return naming.ofAddress(4, word(address), 0, 0, 0, port, from, to);
}

describe('what an address in the book is worth', () => {
  const one = (): AddressBook => book([[POOL, NAME]]);
  const said = ({ evidence, ownPort, pool, coins }: EndpointFacts): unknown[] => [evidence, ownPort, pool, coins];

  test('its host and port fit', () => {
    expect(facts(one(), POOL, 3333)).toEqual({
      evidence: 'stratum',
      role: 'stratum',
      confidence: 'high',
      ownPort: true,
      ambiguous: false,
      pool: 'Example Pool',
      coins: ['BTC'],
    });
  });

  test.each<[string, number, number | null]>([
    ['without a book that holds: too early', 3333, -1],
    ['too late', 3333, 90_000],
    ['without a time', 3333, null],
  ])('nothing: %s', (_, port, at) => {
    expect(facts(one(), POOL, port, at).evidence).toBe('none');
  });

  test('nothing without a book, as before', () => {
    expect(facts(null, POOL, 3333).evidence).toBe('none');
    expect(said(facts(null, '192.0.2.10', 5555))).toEqual(['stratum', true, 'Listed Pool', ['XMR']]);
  });

  test('weak: another port, or a port of web sites, be it listed or not', () => {
    for (const port of [4444, 22, 443, 80])
      expect(said(facts(one(), POOL, port))).toEqual(['weak', false, 'Example Pool', ['BTC']]);
  });

  test('several names of one pool are no stranger to each other, and the port tells the coin', () => {
    const b = book([
      [POOL, NAME],
      [POOL, 'us1.pool.example'],
      [POOL, 'ltc.pool.example'],
    ]);
    expect(said(facts(b, POOL, 3333))).toEqual(['stratum', true, 'Example Pool', ['BTC']]);
    expect(said(facts(b, POOL, 4444))).toEqual(['stratum', true, 'Example Pool', ['LTC']]);
    expect(said(facts(b, POOL, 9))).toEqual(['weak', false, 'Example Pool', []]);
  });

  test('weak, and of no pool: names of unrelated pools at one address', () => {
    const b = book([
      [POOL, NAME],
      [POOL, 'eu.other.example', 100],
    ]);
    expect(said(facts(b, POOL, 3333, 100))).toEqual(['weak', false, null, []]);
    // Before the second was seen nothing was known of it.
    expect(facts(b, POOL, 3333, 50).evidence).toBe('stratum');
    expect(facts(b, POOL, 3333, 50, 100).evidence).toBe('weak');
  });

  test('weak: the address answers for ordinary names too', () => {
    const b = one();
    b.share(4, word(POOL), 0, 0, 0, T + 10 * SECOND);
    expect(said(facts(b, POOL, 3333, 10))).toEqual(['weak', false, 'Example Pool', ['BTC']]);
  });

  test('the list comes first, and the book says what the list does not', () => {
    const b = book([['192.0.2.10', NAME]]);
    expect(said(facts(b, '192.0.2.10', 5555))).toEqual(['stratum', true, 'Listed Pool', ['XMR']]);
    expect(said(facts(b, '192.0.2.10', 3333))).toEqual(['stratum', true, 'Example Pool', ['BTC']]);
    expect(said(facts(b, '192.0.2.10', 9999))).toEqual(['stratum', false, 'Listed Pool', ['XMR']]);
  });

  test('a name that is no longer listed tells nothing', () => {
    expect(facts(book([[POOL, 'gone.example.net']]), POOL, 3333).evidence).toBe('none');
  });
});

describe('observed answers', () => {
  const CLIENT: Hosts = {
    ipVersion: 4,
    source0: word('192.0.2.53'),
    source1: 0,
    source2: 0,
    source3: 0,
    destination0: word('10.0.0.5'),
    destination1: 0,
    destination2: 0,
    destination3: 0,
  };
  const set = loadSignatures();
  const told = (
    b: AddressBook,
    name: string,
    answers: readonly (string | DnsRecord)[],
    options: DnsResponseOptions = {},
  ): AddressBook => {
    const lookups = new Lookups(new Naming(INDEX, b), set, true, true, null);
    const bytes = dnsResponse(7, name, answers, options);
    const place = { input: 0, packet: 1, time: T, from: 0, to: 0 };
    lookups.read(CLIENT, bytes, 0, bytes.length, place, bytes.length, true, null);
    return b;
  };

  test('of a mining endpoint teach its addresses, through aliases', () => {
    const b = told(book([]), NAME, [POOL], { chain: ['lb.hosting.example', 'n4.hosting.example'] });
    expect(b.exportState(T).entries).toEqual([
      { address: POOL, name: NAME, source: 'observed', from: T, until: T + 3900 * SECOND },
    ]);
  });

  test('do not teach records of other owners, or those of an answer that says no', () => {
    expect(told(book([]), NAME, [{ name: 'victim.example', data: POOL }]).size).toBe(0);
    expect(told(book([]), NAME, [POOL], { rcode: 3 }).size).toBe(0);
    expect(told(book([]), NAME, ['127.0.0.1']).size).toBe(0);
  });

  test('of ordinary names teach nothing, but mark what is known as shared', () => {
    expect(told(book([]), 'shop.example.net', [POOL]).size).toBe(0);
    const b = told(book([[POOL, NAME]]), 'shop.example.net', [POOL]);
    expect(b.isShared(4, word(POOL), 0, 0, 0, T)).toBe(true);
    expect(facts(b, POOL, 3333).evidence).toBe('weak');
    // A pool's own web site is none.
    const own = told(book([[POOL, NAME]]), 'www.pool.example', [POOL]);
    expect(own.isShared(4, word(POOL), 0, 0, 0, T)).toBe(false);
  });
});
