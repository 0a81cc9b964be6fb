/** What the names of servers make of a conversation: which are found, how far they are believed, and for whom they hold. */
import { describe, expect, test } from 'vitest';
import { merge, onlyFrom, type RawFrame, type TimedMessage, tcpLayout } from '../generate/index.ts';
import { lookUp, quicConnection } from '../generate/names/datagrams.ts';
import { connectOpening, inside } from '../generate/names/tunnels.ts';
import { createRandom } from '../generate/random.ts';
import { httpRequest } from '../generate/wire/http.ts';
import {
  ask,
  CAPTURES,
  CLIENT,
  FILES,
  FIRST_NAME,
  flow,
  framesOf,
  line,
  lines,
  met,
  RESOLVER,
  SERVER,
  START,
  sealed,
} from './named.ts';
import { detectFrames } from './run.ts';

describe('where a name stands', () => {
  const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'tls-server-name.pcap',
      ['10.20.1.1 probable mining tls null 198.51.100.101 8443 xmr-eu1.nanopool.org'],
      ['behaviour.named-conversation', 'endpoint.server-name'],
    ],
    [
      'tls-split-hello.pcap',
      ['10.20.1.2 probable mining tls null 198.51.100.102 8443 xmr-asia1.nanopool.org'],
      ['behaviour.named-conversation', 'endpoint.server-name'],
    ],
    [
      'tls-certificate.pcap',
      [
        '10.20.1.3 probable mining tls null 198.51.100.103 9000 mining.pool',
        '10.20.1.4 probable mining tls null 198.51.100.104 1111 de.monero.herominers.com',
      ],
      ['behaviour.named-conversation', 'endpoint.certificate-name'],
    ],
    [
      'tls-miner-side.pcap',
      ['10.20.1.5 suspected attempt tls null 198.51.100.105 5555 eu1.ethermine.org'],
      ['endpoint.server-name'],
    ],
    [
      'tls-pool-side.pcap',
      ['10.20.1.6 suspected attempt tls null 198.51.100.106 5555 us.flexpool.io'],
      ['endpoint.certificate-name'],
    ],
    [
      'quic-server-name.pcap',
      [
        '10.20.1.7 probable mining quic null 198.51.100.107 443 rvn-us.kryptex.network',
        '10.20.1.8 probable mining quic null 198.51.100.108 5555 asia1.ethermine.org',
      ],
      ['behaviour.named-conversation', 'endpoint.server-name'],
    ],
    [
      'connect-tunnel.pcap',
      ['10.20.1.9 confirmed mining tcp cryptonote null 10343 xmr-us-west1.nanopool.org via connect 192.0.2.80:3128'],
      ['cryptonote.login', 'endpoint.proxy-target'],
    ],
    [
      'connect-tls.pcap',
      ['10.20.1.10 probable mining tls null null 10343 xmr-eu2.nanopool.org via connect 192.0.2.80:3129'],
      ['behaviour.named-conversation', 'endpoint.proxy-target', 'endpoint.server-name'],
    ],
    [
      'socks-tunnel.pcap',
      [
        '10.20.1.11 confirmed mining tcp stratum-v1 null 3333 stratum.braiins.com via socks5 192.0.2.80:1080',
        '10.20.1.12 confirmed mining tcp stratum-v1 203.0.113.112 3333 null via socks4 192.0.2.80:1081',
        '10.20.1.13 confirmed mining tcp stratum-v1 null 1314 btc.f2pool.com via socks4 192.0.2.80:1082',
      ],
      ['stratum-v1.notify', 'stratum-v1.submit'],
    ],
    [
      'dns-then-flow.pcap',
      [
        '10.20.1.14 probable mining tls null 198.51.100.114 14433 xmr-eu1.nanopool.org',
        '10.20.1.15 probable mining tls null 198.51.100.115 14433 xmr-us-east1.nanopool.org',
      ],
      ['behaviour.named-conversation', 'endpoint.looked-up', 'endpoint.own-port'],
    ],
    [
      'dns-ipv6.pcap',
      ['2001:db8:20:1::16 probable mining tls null 2001:db8:ffff::116 14433 xmr-asia1.nanopool.org'],
      ['behaviour.named-conversation', 'endpoint.looked-up', 'endpoint.own-port'],
    ],
    [
      'dns-lookup.pcap',
      [
        '10.20.1.17 suspected attempt dns null null null ltcssl-cn.kupool.com',
        '10.20.1.17 suspected attempt dns null null null us2.ironfish.herominers.com',
      ],
      ['endpoint.lookup'],
    ],
    [
      'redirect.pcap',
      ['10.20.1.18 confirmed mining tcp stratum-v1 198.51.100.119 3333 null'],
      ['endpoint.redirect', 'stratum-v1.notify'],
    ],
    [
      'tls-decoy.pcap',
      ['10.20.1.19 suspected mining tls null 198.51.100.120 443 eu1-etc.ethermine.org'],
      ['behaviour.named-conversation', 'endpoint.looked-up', 'endpoint.other-server-name'],
    ],
    [
      'websocket-host.pcap',
      [
        '10.20.1.20 confirmed mining ws stratum-v1 198.51.100.121 80 btc.viabtc.io',
        '10.20.1.21 probable mining ws null 198.51.100.122 8080 gulf.moneroocean.stream',
      ],
      ['endpoint.http-host'],
    ],
  ];

  test('the table speaks of every capture', () => {
    expect(table.map(([file]) => file).sort()).toEqual([...FILES].sort());
  });

  test.each(table)('%s', (file, want, signatures) => {
    const { detections, summary } = detectFrames(framesOf(file));
    expect(detections.map(line).sort()).toEqual([...want].sort());
    for (const d of detections) {
      expect(d.indications.map((i) => i.signature)).toEqual(expect.arrayContaining([...signatures]));
    }
    expect(summary.anomalies).toEqual({});
  });

  test('shares and coins behind every kind of proxy are those of the session', () => {
    for (const file of ['connect-tunnel.pcap', 'socks-tunnel.pcap']) {
      const { expected } = CAPTURES.find((c) => c.file === file)!;
      const got = new Map(detectFrames(framesOf(file)).detections.map((d) => [d.miner.ip, d.shares]));
      for (const want of expected) expect(got.get(want.miner), want.pool).toEqual(want.shares);
    }
  });
});

/** Looked up first and then, and what the conversation is called. */
const DIFFERENT_NAMES: readonly (readonly [string, string, string | null])[] = [
  [FIRST_NAME, 'xmr-asia1.nanopool.org', 'xmr-asia1.nanopool.org'],
  [FIRST_NAME, 'cdn.example.net', null],
  ['cdn.example.net', FIRST_NAME, FIRST_NAME],
];

describe('how long and how much', () => {
  const hello = { sni: FIRST_NAME };
  const named = ` attempt tls null 198.51.100.150 14433 ${FIRST_NAME}`;

  test.each([
    // Seconds from first to last packet, which is 2 s after the last message.
    ['five minutes', 300, 10, 'probable mining'],
    ['less than five minutes', 290, 10, 'suspected attempt'],
    ['too few packets', 330, 40, 'suspected attempt'],
  ] as const)('%s', (_, seconds, requestEvery, want) => {
    const rest = named.replace(' attempt', '');
    const messages = sealed({ hello, seconds, requestEvery, jobEvery: 1000 });
    expect(lines(flow(messages))).toEqual([`10.20.1.50 ${want}${rest}`]);
  });

  test('many packets of one side alone', () => {
    const frames = flow(sealed({ hello, requestEvery: 5 }));
    expect(frames.filter((f) => f.from === 'client').length).toBeGreaterThan(60);
    expect(lines(onlyFrom(frames, 'client'))).toEqual([`10.20.1.50 suspected${named}`]);
    // TLS 1.3 shows no certificate: the other side says nothing.
    expect(lines(onlyFrom(frames, 'server'))).toEqual([]);
  });

  test.each(['connect-tunnel.pcap', 'socks-tunnel.pcap'])('%s: the side that asks is enough', (file) => {
    const whole = lines(framesOf(file));
    expect(lines(onlyFrom(framesOf(file), 'client'))).toEqual(whole);
  });

  test.each(['connect-tls.pcap', 'websocket-host.pcap'])(
    '%s: from the miner alone nothing opaque is probable',
    (file) => {
      const found = detectFrames(onlyFrom(framesOf(file), 'client')).detections;
      for (const d of found) expect([d.confidence, d.dialect]).not.toEqual(['probable', null]);
    },
  );
});

describe('names that say nothing', () => {
  const web = 'www.f2pool.com';
  const get = (host: string): TimedMessage[] =>
    Array.from({ length: 40 }, (_, n): TimedMessage[] => [
      { from: 'client', at: 1 + n * 9, text: httpRequest('GET /stats HTTP/1.1', [['Host', host]], '') },
      { from: 'server', at: 1.05 + n * 9, text: httpRequest('HTTP/1.1 200 OK', [], 'all is well') },
    ]).flat();

  test.each([
    ['the web site of a pool by server name', flow(sealed({ hello: { sni: web } }))],
    ['the web site of a pool looked up and visited', merge(ask(web), flow(sealed(), 1))],
    ['pages fetched from a listed host', flow(get(FIRST_NAME))],
    ['an ordinary name', flow(sealed({ hello: { sni: 'www.example.com' } }))],
    ['a proxy asked for a web site', flow(inside(connectOpening(`${web}:443`), sealed({ hello: { sni: web } })))],
    ['no name at all', flow(sealed())],
  ])('%s', (_, frames) => {
    expect(lines(frames)).toEqual([]);
  });

  test('a browser that offers HTTP/2 to a listed host is doubted', () => {
    const alpn = ['h2', 'http/1.1'];
    const [found] = detectFrames(flow(sealed({ hello: { sni: FIRST_NAME, alpn } }))).detections;
    expect(found?.confidence).toBe('suspected');
  });

  test('a web conversation over QUIC with a listed name is doubted', () => {
    const options = {
      rng: createRandom(3),
      version: 1,
      sni: FIRST_NAME,
      start: START,
      seconds: 330,
      every: 10,
    } as const;
    expect(lines(quicConnection(CLIENT, SERVER, options))[0]).toContain('probable mining quic');
    expect(lines(quicConnection(CLIENT, SERVER, { ...options, alpn: 'h3' }))[0]).toContain('suspected');
  });

  test('the decoy without the look-up', () => {
    const alone = framesOf('tls-decoy.pcap').filter((frame) => tcpLayout(frame) !== null);
    expect(lines(alone)).toEqual([]);
  });

  test('a redirect to a host that is not listed', () => {
    const message = '{"id":null,"method":"client.reconnect","params":["pool.example.net",3333,0]}\n';
    const login = '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n';
    const [found] = detectFrames(
      flow([
        { from: 'client', at: 0.1, text: login },
        { from: 'server', at: 0.2, text: message },
      ]),
    ).detections;
    expect(found?.dialect).toBe('stratum-v1');
    expect(found?.indications.map((i) => i.signature)).not.toContain('endpoint.redirect');
  });
});

describe('for whom and how long a look-up holds', () => {
  const probable = `10.20.1.50 probable mining tls null 198.51.100.150 14433 ${FIRST_NAME}`;
  const hour = 3600;

  test.each([
    // Time to live, begin of the conversation after the answer; 300 s at least, an hour of grace, a day at most.
    [60, 1, true],
    [60, 300 + hour - 1, true],
    [60, 300 + hour + 1, false],
    [7200, 7200 + hour - 1, true],
    [7200, 7200 + hour + 1, false],
    [2 ** 31 - 1, 24 * hour - 1, true],
    [2 ** 31 - 1, 24 * hour + 1, false],
  ] as const)('time to live %d s, conversation after %d s: %s', (ttl, after, holds) => {
    expect(met(merge(ask(FIRST_NAME, ttl), flow(sealed(), after)))).toEqual(holds ? [probable] : []);
  });

  test('a conversation before the look-up has no name', () => {
    expect(met(merge(flow(sealed()), ask(FIRST_NAME, 60, 2)))).toEqual([]);
  });

  test('another client has none', () => {
    const other = { ip: '10.20.1.51', port: 42_051 };
    expect(met(merge(ask(FIRST_NAME), flow(sealed(), 1, other)))).toEqual([]);
  });

  test('another address has none', () => {
    const other = { ip: '198.51.100.151', port: 14_433 };
    expect(met(merge(ask(FIRST_NAME), flow(sealed(), 1, CLIENT, other)))).toEqual([]);
  });

  test.each(DIFFERENT_NAMES)('the newest look-up wins: %s, then %s', (first, second, want) => {
    const frames = merge(ask(first), ask(second, 60, 5), flow(sealed(), 9));
    expect(met(frames)).toEqual(want === null ? [] : [probable.replace(FIRST_NAME, want)]);
  });

  test('the name of a look-up gives way to what the client says itself', () => {
    const said = 'xmr-asia1.nanopool.org';
    const frames = merge(ask(FIRST_NAME), flow(sealed({ hello: { sni: said } }), 1));
    expect(met(frames)).toEqual([probable.replace(FIRST_NAME, said)]);
  });

  test.each(['tls-decoy.pcap', 'dns-ipv6.pcap'])('%s: the answers without the questions are enough', (file) => {
    const frames = framesOf(file);
    const isQuestion = (f: RawFrame): boolean => f.from === 'client' && tcpLayout(f) === null;
    expect(met(frames.filter((f) => !isQuestion(f)))).toEqual(met(frames));
    // And the questions without the answers name no address.
    const isAnswer = (f: RawFrame): boolean => f.from === 'server' && tcpLayout(f) === null;
    expect(met(frames.filter((f) => !isAnswer(f)))).toEqual([]);
  });

  test('an answer that comes from elsewhere than the port of DNS is none', () => {
    const elsewhere = lookUp({ ...CLIENT, port: 53_050 }, { ...RESOLVER, port: 5300 }, START, FIRST_NAME, [SERVER.ip]);
    expect(lines(merge(elsewhere, flow(sealed(), 1)))).toEqual([]);
  });
});
