/** The resolver against a real DNS server on the loopback; its timers are turned by hand. */
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { shuffled, stratumHosts } from '../../src/daemon/resolver/names.ts';
import { localAddresses, OwnAddresses } from '../../src/daemon/resolver/own.ts';
import { EndpointResolver, ResolverError, type ResolverOptions } from '../../src/daemon/resolver/resolver.ts';
import type { BookEntry } from '../../src/engine/names/address-book.ts';
import { readDns } from '../../src/protocol/dns.ts';
import { parseEndpoints, SeenKeys } from '../../src/signature/endpoint-rows.ts';
import { EndpointIndex, loadEndpoints } from '../../src/signature/endpoints.ts';
import { DNS_AAAA, type DnsRecord, dnsResponse } from '../generate/wire/dns.ts';

const T = 1_700_000_000e6;
const SECOND = 1e6;

type Reply = readonly (string | DnsRecord)[] | 'nxdomain' | 'servfail' | 'garbage' | 'silence';
/** What the server says to a question: by name and family. */
type Zone = (name: string, family: 4 | 6) => Reply;

interface Server {
  readonly address: string;
  readonly asked: string[];
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function serve(zone: Zone): Promise<Server> {
  const socket: Socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (bytes, from) => {
    const query = readDns(bytes, 0, bytes.length);
    if (query === null) return;
    const { name, type } = query.question;
    const family = type === DNS_AAAA ? 6 : 4;
    asked.push(`${name} ${family}`);
    const reply = zone(name, family);
    if (reply === 'silence') return;
    const rcode = reply === 'nxdomain' ? 3 : reply === 'servfail' ? 2 : 0;
    const answers = typeof reply === 'string' ? [] : reply;
    const answer = dnsResponse(query.id, name, answers, { type, rcode });
    // The right number, then bytes that are no message.
    socket.send(
      reply === 'garbage' ? Uint8Array.of(...answer.subarray(0, 3), 255, 255, 255, 9) : answer,
      from.port,
      from.address,
    );
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  open.push(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}

interface Bench {
  readonly resolver: EndpointResolver;
  readonly entries: BookEntry[];
  readonly pauses: number[];
  readonly warnings: string[];
  /** Lets `n` timers run out. */
  turn(n?: number): void;
  now: number;
}

function bench(servers: readonly string[], change: Partial<ResolverOptions> = {}): Bench {
  let next: (() => void) | null = null;
  const none = (): void => undefined;
  const made: Omit<Bench, 'resolver'> & { resolver?: EndpointResolver } = {
    entries: [],
    pauses: [],
    warnings: [],
    now: T,
    turn(n = 1) {
      for (let i = 0; i < n; i++) next?.();
    },
  };
  made.resolver = new EndpointResolver({
    servers,
    interval: 3600,
    rate: 10,
    timeout: 0.2,
    names: ['eu1.pool.example'],
    seed: 1,
    clock: () => made.now,
    after(seconds, run) {
      made.pauses.push(seconds);
      next = run;
      return () => {
        next = null;
      };
    },
    onEntries: (entries) => void made.entries.push(...entries),
    log: { debug: none, info: none, warn: (_, message) => void made.warnings.push(message), error: none },
    localAddresses: () => ['192.0.2.9', '2001:db8::9'],
    ...change,
  });
  open.push(() => made.resolver?.stop());
  return made as Bench;
}

describe('asks', () => {
  test('for both families, and tells what holds how long', async () => {
    const server = await serve((_, family) =>
      family === 4 ? [{ data: '198.51.100.7', ttl: 7200 }, '198.51.100.8'] : ['2001:db8::7'],
    );
    const b = bench([server.address]);
    b.resolver.start();
    b.turn(2);
    await vi.waitFor(() => expect(b.entries).toHaveLength(3));
    const entry = (address: string, seconds: number): BookEntry => ({
      address,
      name: 'eu1.pool.example',
      source: 'resolved',
      from: T,
      until: T + seconds * SECOND,
    });
    expect(b.entries.toSorted((x, y) => (x.address < y.address ? -1 : 1))).toEqual([
      entry('198.51.100.7', 10_800),
      entry('198.51.100.8', 3900),
      entry('2001:db8::7', 3900),
    ]);
    expect(b.resolver.status()).toEqual({ enabled: true, queries: 2, failures: 0, addresses: 3 });
    b.now = T + 4000 * SECOND;
    expect(b.resolver.status().addresses).toBe(1);
    expect(b.resolver.exportState().entries).toEqual([entry('198.51.100.7', 10_800)]);
  });

  test('again in the next round, and what is renewed goes on', async () => {
    const server = await serve((_, family) => (family === 4 ? ['198.51.100.7'] : []));
    const b = bench([server.address]);
    b.resolver.start();
    b.turn(2);
    await vi.waitFor(() => expect(server.asked).toHaveLength(2));
    await vi.waitFor(() => expect(b.entries).toHaveLength(1));
    b.now = T + 3600 * SECOND;
    b.turn(2);
    await vi.waitFor(() => expect(b.entries).toHaveLength(2));
    expect(server.asked.toSorted()).toEqual(['4', '4', '6', '6'].map((family) => `eu1.pool.example ${family}`));
    expect(b.entries[1]).toMatchObject({ from: T, until: T + 7500 * SECOND });
    // After a gap it begins anew: what was meanwhile is not known.
    b.now = T + 20_000 * SECOND;
    b.turn(2);
    await vi.waitFor(() => expect(b.entries).toHaveLength(3));
    expect(b.entries[2]).toMatchObject({ from: b.now });
  });

  test('for the names it was given and no others, each once in a round', async () => {
    const server = await serve(() => []);
    const names = ['a.pool.example', 'b.pool.example', 'c.pool.example'];
    const b = bench([server.address], { names: [...names, 'a.pool.example'] });
    b.resolver.start();
    b.turn(6);
    await vi.waitFor(() => expect(server.asked).toHaveLength(6));
    expect(server.asked.toSorted()).toEqual(names.flatMap((name) => [`${name} 4`, `${name} 6`]));
    expect(b.resolver.status()).toMatchObject({ failures: 0, addresses: 0 });
    b.resolver.setNames(['d.pool.example']);
    b.turn(2);
    await vi.waitFor(() => expect(server.asked).toHaveLength(8));
    expect(server.asked.slice(6).toSorted()).toEqual(['d.pool.example 4', 'd.pool.example 6']);
  });

  test('nothing before it is started or after it was stopped', async () => {
    const server = await serve(() => 'silence');
    const b = bench([server.address]);
    b.turn(3);
    expect(b.resolver.status().queries).toBe(0);
    b.resolver.start();
    b.resolver.stop();
    b.turn(3);
    expect(b.resolver.status().queries).toBe(0);
    expect(b.pauses).toHaveLength(1);
  });

  test('with no names it only waits', async () => {
    const b = bench(['127.0.0.1:9'], { names: [] });
    b.resolver.start();
    b.turn(5);
    expect(b.resolver.status().queries).toBe(0);
    expect(b.pauses).toEqual(Array.from({ length: 6 }, () => 3600));
  });
});

describe('never too fast', () => {
  test('a round is spread over the interval, or slower where the rate demands it', () => {
    const names = Array.from({ length: 100 }, (_, n) => `n${n}.pool.example`);
    const slow = bench(['127.0.0.1:9'], { names });
    slow.resolver.start();
    expect(slow.pauses).toEqual([18]);
    expect(slow.warnings).toEqual([]);
    const fast = bench(['127.0.0.1:9'], { names, interval: 60, rate: 2 });
    fast.resolver.start();
    expect(fast.pauses).toEqual([0.5]);
    expect(fast.warnings).toEqual(['resolver: a round takes longer than the interval at this rate']);
  });

  test('no more than eight queries are on their way', async () => {
    const server = await serve(() => 'silence');
    const names = Array.from({ length: 30 }, (_, n) => `n${n}.pool.example`);
    const b = bench([server.address], { names, timeout: 30 });
    b.resolver.start();
    b.turn(40);
    expect(b.resolver.status().queries).toBe(8);
    await vi.waitFor(() => expect(server.asked).toHaveLength(8));
  });

  test('where nobody answers the pauses grow, to five minutes at most, and shrink with the first answer', async () => {
    let reply: Reply = 'servfail';
    const server = await serve((_, family) =>
      reply === 'servfail' ? reply : family === 4 ? ['198.51.100.7'] : ['2001:db8::7'],
    );
    const b = bench([server.address], { interval: 20 });
    b.resolver.start();
    for (let failed = 1; failed <= 9; failed++) {
      b.turn();
      await vi.waitFor(() => expect(b.resolver.status().failures).toBe(failed));
    }
    // The pause after a query is chosen when it leaves, before its answer is known.
    expect(b.pauses).toEqual([10, 10, 10, 10, 20, 40, 80, 160, 300, 300]);
    expect(b.warnings).toEqual(['resolver: no answers: asking more slowly']);
    reply = [];
    b.turn();
    await vi.waitFor(() => expect(b.entries).toHaveLength(1));
    b.turn();
    expect(b.pauses.at(-1)).toBe(10);
  });
});

describe('bad answers', () => {
  test('"no such name" is an answer', async () => {
    const server = await serve(() => 'nxdomain');
    const b = bench([server.address]);
    b.resolver.start();
    b.turn(2);
    await vi.waitFor(() => expect(server.asked).toHaveLength(2));
    b.turn(2);
    await vi.waitFor(() => expect(server.asked).toHaveLength(4));
    expect(b.resolver.status()).toMatchObject({ failures: 0, addresses: 0 });
  });

  test.each<Reply>(['silence', 'garbage', 'servfail'])(
    '%s: asked three times in a round, behind the others',
    async (bad) => {
      const server = await serve((name, family) =>
        name.startsWith('bad') ? bad : family === 4 ? ['198.51.100.7'] : [],
      );
      const b = bench([server.address], { names: ['bad.pool.example', 'good.pool.example'] });
      b.resolver.start();
      for (let n = 1; n <= 8; n++) {
        b.turn();
        await vi.waitFor(() => expect(server.asked.length).toBe(n));
        // Settled before the next one is sent.
        const failed = server.asked.filter((one) => one.startsWith('bad')).length;
        await vi.waitFor(() => expect(b.resolver.status().failures).toBe(failed), 5000);
      }
      const of = (question: string): number => server.asked.filter((one) => one === question).length;
      expect(
        ['bad.pool.example 4', 'bad.pool.example 6', 'good.pool.example 4', 'good.pool.example 6'].map(of),
      ).toEqual([3, 3, 1, 1]);
      expect(server.asked.slice(0, 4).toSorted()).toHaveLength(new Set(server.asked.slice(0, 4)).size);
      expect(b.entries.map(({ name }) => name)).toEqual(['good.pool.example']);
    },
  );

  test('addresses that are nowhere, or many, are not taken', async () => {
    const many = Array.from({ length: 50 }, (_, n) => `203.0.113.${n}`);
    const server = await serve((name, family) =>
      family === 6 ? [] : name.startsWith('many') ? many : ['127.0.0.1', '0.0.0.0', '10.0.0.1', '198.51.100.7'],
    );
    const b = bench([server.address], { names: ['few.pool.example', 'many.pool.example'] });
    b.resolver.start();
    b.turn(4);
    await vi.waitFor(() => expect(b.entries).toHaveLength(33));
    expect(b.entries.filter(({ name }) => name.startsWith('few')).map(({ address }) => address)).toEqual([
      '198.51.100.7',
    ]);
  });

  test('a server that is not there is a failure and nothing else', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
    const { port } = socket.address();
    await new Promise<void>((done) => socket.close(done));
    const b = bench([`127.0.0.1:${port}`]);
    b.resolver.start();
    b.turn(2);
    await vi.waitFor(() => expect(b.resolver.status().failures).toBe(2));
  });

  test.each([[[]], [['pool.example']], [['127.0.0.1', 'x y']]])('servers %j are refused in one line', (servers) => {
    expect(() => bench(servers)).toThrow(ResolverError);
    expect(() => bench(servers)).toThrow(/^resolver: [^\n]+$/);
  });
});

describe('a restart', () => {
  const entry = (change: Partial<BookEntry> = {}): BookEntry => ({
    address: '198.51.100.7',
    name: 'eu1.pool.example',
    source: 'resolved',
    from: T - 10 * SECOND,
    until: T + 3000 * SECOND,
    ...change,
  });

  test('takes what holds still and tells it on', () => {
    const b = bench(['127.0.0.1:9']);
    b.resolver.importState(JSON.parse(JSON.stringify({ version: 1, entries: [entry()] })));
    expect(b.entries).toEqual([entry()]);
    expect(b.resolver.exportState()).toEqual({ version: 1, entries: [entry()] });
    expect(b.resolver.status().addresses).toBe(1);
  });

  test.each<[string, unknown]>([
    ['nothing', null],
    ['another version', { version: 2, entries: [entry()] }],
    ['no list', { version: 1, entries: 'x' }],
    ['what no longer holds', { version: 1, entries: [entry({ until: T - 1 })] }],
    ['what comes from the future', { version: 1, entries: [entry({ from: T + 1 })] }],
    ['what holds too long', { version: 1, entries: [entry({ until: T + 86_401 * SECOND })] }],
    ['what is no longer listed', { version: 1, entries: [entry({ name: 'gone.pool.example' })] }],
    ['what was observed', { version: 1, entries: [entry({ source: 'observed' })] }],
  ])('does not take %s', (_, state) => {
    const b = bench(['127.0.0.1:9']);
    b.resolver.importState(state);
    expect(b.entries).toEqual([]);
  });
});

describe('own look-ups', () => {
  test('are those of the addresses of this machine, looked at again every minute', () => {
    let now = ['192.0.2.9', '2001:0DB8::9', '::ffff:192.0.2.10', 'nonsense'];
    const told: ReadonlySet<string>[] = [];
    const b = bench(['127.0.0.1:9'], {
      names: [],
      localAddresses: () => now,
      onOwnAddresses: (addresses) => void told.push(addresses),
    });
    expect([...b.resolver.ownAddresses()]).toEqual(['192.0.2.9', '2001:db8::9', '192.0.2.10']);
    expect(b.resolver.isOwnLookup('192.0.2.9')).toBe(true);
    expect(b.resolver.isOwnLookup('192.0.2.11')).toBe(false);
    b.resolver.start();
    now = ['192.0.2.11'];
    b.turn();
    expect(b.resolver.isOwnLookup('192.0.2.11')).toBe(false);
    b.now += 60 * SECOND;
    b.turn();
    expect(b.resolver.isOwnLookup('192.0.2.11')).toBe(true);
    expect(told).toHaveLength(2);
  });

  test('of a system that tells nothing leave what was known', () => {
    let now: string[] = ['192.0.2.9'];
    const own = new OwnAddresses(() => now);
    now = [];
    expect(own.refresh()).toBe(false);
    expect(own.has('192.0.2.9')).toBe(true);
  });

  test('this machine has a loopback', () => {
    expect(localAddresses()).toContain('127.0.0.1');
  });
});

describe('what is asked for', () => {
  test('of the shipped list: mining hosts, no web sites, and no domain that merely has some', () => {
    const names = stratumHosts(loadEndpoints());
    expect(names.length).toBeGreaterThan(3000);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('xmr-eu1.nanopool.org');
    for (const page of ['www.2miners.com', '2miners.com']) expect(names).not.toContain(page);
  });

  test('no name that stands in certificates alone', () => {
    const header = 'kind,value,ports,pool,coins,transport,role,region,confidence,source\n';
    const text = `${header}tls-name,cert.pool.example,,P,,tls,stratum,,high,t
host,a.pool.example,3333,P,,tcp,stratum,,high,t
host,w.pool.example,443,P,,tls,web,,high,t
`;
    const index = new EndpointIndex(parseEndpoints(text, 'x.csv', [], new SeenKeys()), []);
    expect(stratumHosts(index)).toEqual(['a.pool.example']);
  });

  test('in an order that the seed decides', () => {
    const items = Array.from({ length: 50 }, (_, n) => n);
    expect(shuffled(items, 1)).toEqual(shuffled(items, 1));
    expect(shuffled(items, 1)).not.toEqual(shuffled(items, 2));
    expect(shuffled(items, 1)).not.toEqual(items);
    expect(shuffled(items, 1).toSorted((a, b) => a - b)).toEqual(items);
  });
});
