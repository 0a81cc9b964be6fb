/** Names that mean somebody else: what an innocent connection must not be taken for, and what must be found all the same. */
import { describe, expect, test } from 'vitest';
import { conversation, createRandom, merge, onlyFrom, type RawFrame, type TimedMessage } from '../generate/index.ts';
import { selfSigned } from '../generate/names/certificate.ts';
import { datagram, quicConnection } from '../generate/names/datagrams.ts';
import { bitcoin } from '../generate/names/sessions.ts';
import { connectOpening, inside, socks5Opening } from '../generate/names/tunnels.ts';
import { dnsOverTcp, dnsQuery, dnsResponse } from '../generate/wire/dns.ts';
import { ask, CLIENT, FIRST_NAME, flow, met, RESOLVER, SERVER, START, sealed } from './named.ts';
import { detectFrames } from './run.ts';

const PROXY = { ip: '192.0.2.80', port: 1080 };
const SESSION = bitcoin(5, 'rig', 'tag').messages;
const certificate = (...names: string[]): Uint8Array =>
  selfSigned(createRandom(1), { name: [['CN', names[0] as string]], names });

/** Requests and answers, nine seconds apart, long enough for a conversation that works. */
function requests(hosts: readonly string[], head: (host: string) => string): TimedMessage[] {
  return hosts.flatMap((host, n): TimedMessage[] => [
    { from: 'client', at: 1 + n * 9, text: head(host) },
    { from: 'server', at: 1.2 + n * 9, text: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  ]);
}
const post = (host: string): string => `POST /a HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\nxy`;
const h2c = (host: string): string =>
  `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n`;

describe('nobody mines where', () => {
  test.each([
    [
      'another server was asked for, and its certificate lists a pool too',
      flow(sealed({ hello: { sni: 'shop.example.com' }, certificate: certificate('shop.example.com', FIRST_NAME) })),
    ],
    [
      'the pool’s web site was asked for',
      flow(sealed({ hello: { sni: 'www.nanopool.org' }, certificate: certificate('nanopool.org', FIRST_NAME) })),
    ],
    [
      'both names were looked up for one address, and the other server is asked for',
      merge(
        ask('shop.example.com', 3600),
        ask(FIRST_NAME, 60, 5),
        flow(sealed({ hello: { sni: 'shop.example.com' } }), 9),
      ),
    ],
    [
      'the pool’s host opened the connection',
      merge(
        ask(FIRST_NAME),
        flow(
          requests(Array(40).fill('x'), () => 'blob\r\n'),
          3,
          { ip: SERVER.ip, port: 55_555 },
          { ip: CLIENT.ip, port: 25 },
        ),
      ),
    ],
    [
      'the pool’s host opened the connection, and was greeted',
      merge(ask(FIRST_NAME), flow(greeted(), 3, { ip: SERVER.ip, port: 55_555 }, { ip: CLIENT.ip, port: 25 })),
    ],
    ['pages are fetched, with an offer of HTTP/2', flow(requests(Array(40).fill(FIRST_NAME), h2c))],
    [
      'a proxy carries one request to a pool among others',
      flow(requests([FIRST_NAME, ...Array.from({ length: 40 }, (_, n) => `www${n}.example.com`)], post), 0, CLIENT, {
        ip: PROXY.ip,
        port: 3128,
      }),
    ],
    ['the proxy refused the pool and then led to a mail server', flow(refusedThenMail(), 0, CLIENT, PROXY)],
  ])('%s', (_, frames: RawFrame[]) => {
    expect(met(frames)).toEqual([]);
  });

  function greeted(): TimedMessage[] {
    const hello: TimedMessage = { from: 'server', at: 0.5, text: 'greetings\r\n' };
    return [hello, ...requests(Array(40).fill('x') as string[], () => 'blob\r\n')];
  }

  function refusedThenMail(): TimedMessage[] {
    const refused: TimedMessage[] = [
      { from: 'client', at: 0.04, text: 'CONNECT stratum.braiins.com:3333 HTTP/1.1\r\nHost: x\r\n\r\n' },
      { from: 'server', at: 0.1, text: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n' },
    ];
    const mail = inside(connectOpening('mail.example.com:993'), sealed({ hello: { sni: 'mail.example.com' } }));
    return [...refused, ...mail.map((m) => ({ ...m, at: m.at + 1 }))];
  }

  test('the same names without the doubt are found', () => {
    expect(met(flow(sealed({ certificate: certificate('shop.example.com', FIRST_NAME) })))).toHaveLength(1);
    expect(met(merge(ask(FIRST_NAME, 60), flow(sealed(), 9)))).toHaveLength(1);
    expect(met(flow(requests(Array(40).fill(FIRST_NAME), post)))).toHaveLength(1);
  });

  test('a certificate with many names is read to its end', () => {
    const names = Array.from({ length: 30 }, (_, n) => `a${n}.example.com`);
    expect(met(flow(sealed({ certificate: certificate(...names, FIRST_NAME) })))).toHaveLength(1);
  });
});

describe('targets named to a proxy', () => {
  test.each([
    ['203.0.113.112', '203.0.113.112'],
    ['2001:db8::112', '2001:db8::112'],
  ])('an address as text is an address: %s', (host, ip) => {
    const { detections } = detectFrames(flow(inside(socks5Opening(host, 3333, null), SESSION), 0, CLIENT, PROXY));
    expect(detections.map((d) => [d.pool.ip, d.pool.host])).toEqual([[ip, null]]);
  });

  test('addresses are written in one way', () => {
    const through = (target: string, n: number): RawFrame[] =>
      flow(inside(connectOpening(target), SESSION), n * 500, { ...CLIENT, port: CLIENT.port + n }, PROXY);
    const all = merge(through('[2001:DB8:0:0::112]:3333', 0), through('[2001:db8::112]:3333', 1));
    expect(detectFrames(all).detections.map((d) => d.pool.ip)).toEqual(['2001:db8::112']);
  });

  test('any 2xx opens the tunnel of a CONNECT', () => {
    for (const answer of ['200 OK\r\n', '200 OK\r\nContent-Length: 0\r\n', '204 No Content\r\n']) {
      const opening: TimedMessage[] = [
        { from: 'client', at: 0.04, text: 'CONNECT stratum.braiins.com:3333 HTTP/1.1\r\nHost: x\r\n\r\n' },
        { from: 'server', at: 0.2, text: `HTTP/1.1 ${answer}\r\n` },
      ];
      const [d] = detectFrames(flow(inside(opening, SESSION), 0, CLIENT, PROXY)).detections;
      expect(d?.pool.host).toBe('stratum.braiins.com');
      expect(d?.shares.submitted).toBeGreaterThan(0);
    }
  });

  test('one that tries many pools through a proxy probes', () => {
    const hosts = [
      'xmr-eu1',
      'xmr-eu2',
      'xmr-us-east1',
      'xmr-us-west1',
      'xmr-asia1',
      'etc-eu1',
      'etc-eu2',
      'etc-asia1',
    ];
    const subscribe: TimedMessage[] = [
      { from: 'client', at: 0.1, text: '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n' },
    ];
    const tried = hosts.map((host, n) =>
      flow(
        inside(connectOpening(`${host}.nanopool.org:3333`), subscribe),
        n * 5,
        { ...CLIENT, port: 43_000 + n },
        PROXY,
      ),
    );
    expect(detectFrames(merge(...tried)).detections.map((d) => d.activity)).toEqual(hosts.map(() => 'probe'));
  });
});

describe('found all the same', () => {
  const quic = quicConnection(CLIENT, SERVER, {
    rng: createRandom(3),
    version: 1,
    sni: FIRST_NAME,
    start: START + 1,
    seconds: 330,
    every: 10,
  });

  test('QUIC whose server was captured first', () => {
    const at = quic.findIndex((f) => f.from === 'server');
    const first = quic[0] as RawFrame;
    const swapped = [quic[at] as RawFrame, ...quic.filter((_, n) => n !== at)].map((f, n) =>
      n < 4 ? { ...f, time: first.time + n * 10 } : f,
    );
    expect(met(swapped)).toEqual(met(quic));
    expect(met(onlyFrom(quic, 'client'))).toHaveLength(1);
  });

  test('QUIC behind another datagram of the same ports, whatever others send', () => {
    const other = datagram(CLIENT, SERVER, 'client', START + 0.5, new Uint8Array(40).fill(1), 1);
    const stranger = quicConnection(
      { ip: '10.20.1.99', port: 40_000 },
      { ip: '198.51.100.200', port: 443 },
      { rng: createRandom(4), version: 1, sni: 'x.example.com', start: START, seconds: 1, every: 10 },
    )[0] as RawFrame;
    expect(met([other, ...quic])).toEqual(met(quic));
    expect(met([stranger, other, ...quic])).toEqual(met(quic));
  });

  test('a flood of what only looks like QUIC is given up after two datagrams', () => {
    const fake = new Uint8Array((quic[0] as RawFrame).data.subarray(42));
    fake[fake.length - 1] = (fake[fake.length - 1] as number) ^ 1;
    const flood = Array.from({ length: 12 }, (_, n) => datagram(CLIENT, SERVER, 'client', START + n, fake, n));
    expect(detectFrames(flood).summary.anomalies).toEqual({ 'quic.undecryptable': 2 });
  });

  test('a name looked up over TCP after many others', () => {
    const asked = (n: number, name: string, ip: string): TimedMessage[] => [
      { from: 'client', at: 0.1 + n, bytes: dnsOverTcp(dnsQuery(n, name)) },
      { from: 'server', at: 0.2 + n, bytes: dnsOverTcp(dnsResponse(n, name, [ip])) },
    ];
    const many = Array.from({ length: 40 }, (_, n) => asked(n, `a${n}.example.com`, '192.0.2.7')).flat();
    const lookUps = flow([...many, ...asked(41, FIRST_NAME, SERVER.ip)], 0, CLIENT, RESOLVER);
    expect(met(merge(lookUps, flow(sealed(), 100)))).toHaveLength(1);
  });

  test('no gap is counted where nothing was lost', () => {
    const visit = sealed({ hello: { sni: 'shop.example.com' }, certificate: certificate('shop.example.com') });
    expect(detectFrames(flow(visit)).summary.anomalies).toEqual({});
  });
});

describe('passwords on the way through a proxy', () => {
  const PASSWORD = 'S3cr3tPass';
  const kept = (frames: readonly RawFrame[]): string => {
    const { evidence, detections } = detectFrames(frames, { keepEvidence: true });
    expect(detections.length).toBeGreaterThan(0);
    const bytes = [...evidence.values()].flat().map((f) => Buffer.from(f.bytes).toString('latin1'));
    return [...bytes, JSON.stringify(detections)].join('\n');
  };

  test('of SOCKS5, also where its greeting is lost', () => {
    const opening = socks5Opening('stratum.braiins.com', 3333, { user: 'joe', password: PASSWORD });
    const frames = flow(inside(opening, SESSION), 0, CLIENT, PROXY);
    expect(kept(frames)).not.toContain(PASSWORD);
    const first = frames.findIndex((f) => f.from === 'client' && f.data.length > 66);
    expect(kept(frames.filter((_, n) => n !== first))).not.toContain(PASSWORD);
  });

  test('of SOCKS5, sent again together with what came after it', () => {
    const opening = socks5Opening('stratum.braiins.com', 3333, { user: 'joe', password: PASSWORD });
    const frames = flow(inside(opening, SESSION), 0, CLIENT, PROXY);
    const sent = frames.filter((f) => f.from === 'client' && f.data.length > 66);
    const [, auth, request, , later] = sent as [RawFrame, RawFrame, RawFrame, RawFrame, RawFrame];
    const payload = request.data.subarray(66);
    const data = new Uint8Array(auth.data.length + payload.length);
    data.set(auth.data);
    data.set(payload, auth.data.length);
    new DataView(data.buffer).setUint16(16, data.length - 14);
    const again = { ...auth, data, time: later.time + 100 };
    expect(Buffer.from(again.data).includes(PASSWORD)).toBe(true);
    expect(kept(merge(frames, [again]))).not.toContain(PASSWORD);
  });

  test('in the target of CONNECT', () => {
    const opening: TimedMessage[] = [
      {
        from: 'client',
        at: 0.04,
        text: `CONNECT joe:${PASSWORD}@stratum.braiins.com:3333 HTTP/1.1\r\nHost: x\r\n\r\n`,
      },
      { from: 'server', at: 0.2, text: 'HTTP/1.1 200 Connection established\r\n\r\n' },
    ];
    const whole = flow(inside(opening, SESSION), 0, CLIENT, PROXY);
    expect(kept(whole)).not.toContain(PASSWORD);
    const cut = conversation({
      client: CLIENT,
      server: PROXY,
      start: START * 1e6,
      seed: 9,
      messages: inside(opening, SESSION),
      segmentSize: 50,
    });
    expect(kept(cut)).not.toContain(PASSWORD);
  });
});

describe('odd input from the network', () => {
  const told = (text: string): RawFrame[] =>
    flow([
      { from: 'client', at: 0.1, text: '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n' },
      { from: 'server', at: 0.2, text: `${text}\n` },
    ]);

  test.each([
    '{"method":"client.reconnect","params":["fe80::1%a-b",3333]}',
    '{"method":"client.reconnect","params":["h.example",{"toString":1,"valueOf":1}]}',
    '{"method":"mining.reconnect","params":{"host":"fe80::1%25eth0","port":"x"}}',
    '{"method":"client.reconnect","params":null}',
  ])('%s', (text) => {
    expect(detectFrames(told(text)).detections).toHaveLength(1);
  });

  test('an empty credential hides nothing and ends', () => {
    const body = '{"method": "getwork", "params": [], "id":0}';
    const asks = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: \r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const frames = flow([{ from: 'client', at: 0.1, text: asks }]);
    expect(detectFrames(frames, { keepEvidence: true }).detections).toHaveLength(1);
  });
});

describe('requests over HTTP through proxies', () => {
  const work = (n: number, host: string): TimedMessage[] => {
    const body = `{"id":${n},"jsonrpc":"2.0","method":"eth_submitWork","params":["0x${'1'.repeat(16)}","0x${String(n % 10).repeat(64)}","0x${'2'.repeat(64)}"]}`;
    const answer = `{"id":${n},"jsonrpc":"2.0","result":true}`;
    return [
      {
        from: 'client',
        at: 2 + n * 9,
        text: `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      },
      {
        from: 'server',
        at: 2.2 + n * 9,
        text: `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`,
      },
    ];
  };
  const ten = Array.from({ length: 10 }, (_, n) => work(n + 1, 'etc-eu1.nanopool.org')).flat();
  const connect = (status: string): TimedMessage[] => [
    { from: 'client', at: 0.04, text: 'CONNECT etc-eu1.nanopool.org:8888 HTTP/1.1\r\nHost: x\r\n\r\n' },
    { from: 'server', at: 0.2, text: `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n` },
  ];

  test('mining inside a CONNECT tunnel is counted to the end', () => {
    const [d] = detectFrames(flow([...connect('200 OK'), ...ten], 0, CLIENT, PROXY)).detections;
    expect([d?.shares.submitted, d?.shares.accepted, d?.pool.host, d?.via?.kind]).toEqual([
      ...[10, 10, 'etc-eu1.nanopool.org', 'connect'],
    ]);
  });

  test('requests after a refused CONNECT are not the tunnel’s', () => {
    const [d] = detectFrames(flow([...connect('403 Forbidden'), ...ten], 0, CLIENT, PROXY)).detections;
    expect([d?.shares.submitted, d?.shares.accepted, d?.via]).toEqual([10, 10, null]);
  });

  test('two hosts of pools over one connection are both pools', () => {
    const hosts = [...Array(20).fill('xmr-eu1.nanopool.org'), ...Array(20).fill('xmr-eu2.nanopool.org')] as string[];
    expect(met(flow(requests(hosts, post), 0, CLIENT, { ip: PROXY.ip, port: 3128 }))).toHaveLength(1);
  });
});

describe('an answer that nobody asked for', () => {
  const others = (from: number): RawFrame[] =>
    Array.from({ length: 20 }, (_, n) => ask(`www${n}.example.com`, 60, n, CLIENT, '198.51.100.77').slice(from)).flat();
  const forged = ask(FIRST_NAME, 600, 30).slice(1);

  test('makes no miner of its receiver where questions are seen', () => {
    const frames = merge(others(0), forged, flow(sealed(), 31));
    expect(detectFrames(frames).detections).toEqual([]);
    // The same with the question is one.
    expect(met(merge(others(0), ask(FIRST_NAME, 600, 30), flow(sealed(), 31)))).toHaveLength(1);
  });

  test('counts where only answers are seen', () => {
    expect(met(merge(others(1), forged, flow(sealed(), 31)))).toHaveLength(1);
  });
});
