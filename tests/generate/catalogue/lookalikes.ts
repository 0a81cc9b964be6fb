/** Captures with several conversations of one kind in which nobody mines; the names of pools in them are those of web sites. */
import { conversation, type Endpoint, type TimedMessage } from '../conversation.ts';
import {
  encryptedBitcoinPeers,
  grpc,
  lightningPeers,
  mqtt,
  onionLink,
  secureShell,
  webVisit,
} from '../lookalikes/sealed.ts';
import { exchange, notifications, pageVisit, plainLogin, queue, relayChat, walletRpc } from '../lookalikes/spoken.ts';
import { datagram, lookUp, quicConnection } from '../names/datagrams.ts';
import { connectOpening, inside, socks4Opening, socks5Opening } from '../names/tunnels.ts';
import { createRandom } from '../random.ts';
import { Script } from '../session.ts';
import { merge } from '../transform.ts';
import { concat, u8, u16be, u32be } from '../wire/bytes.ts';
import { dnsOverTcp, dnsQuery, dnsResponse } from '../wire/dns.ts';
import type { RawFrame } from '../wire/frame.ts';
import { type Capture, START } from './capture.ts';

const TEN_MINUTES = 600;
const RESOLVER: Endpoint = { ip: '192.0.2.53', port: 53 };

const visitor = (host: number, port: number = 43_000 + host): Endpoint => ({ ip: `10.20.2.${host}`, port });
const server = (host: number, port: number): Endpoint => ({ ip: `192.0.2.${host}`, port });

/** A conversation of its own between visitor and server `host`, `offset` seconds after the common start. */
function talk(host: number, port: number, messages: readonly TimedMessage[], offset = 0): RawFrame[] {
  const client = visitor(host);
  const start = (START + offset) * 1e6;
  return conversation({ client, server: server(host, port), start, seed: client.port, messages });
}

const quiet = (file: string, ...lists: readonly RawFrame[][]): Capture => ({
  file,
  frames: merge(...lists),
  expected: [],
});

/** Web site, bare domain and interface of a pool for ten minutes each, looked up before; then a page without encryption. */
function poolWebsite(): Capture {
  const visits: readonly (readonly [string, number])[] = [
    ['www.nanopool.org', 200],
    ['nanopool.org', 30],
    ['api.nanopool.org', 30],
  ];
  return quiet(
    'lookalike-pool-website.pcap',
    ...visits.flatMap(([name, count], n) => [
      lookUp(visitor(101 + n, 53_101 + n), RESOLVER, START + n, name, [server(101 + n, 443).ip]),
      talk(101 + n, 443, webVisit(createRandom(601 + n), name, count, TEN_MINUTES), n + 0.1),
    ]),
    lookUp(visitor(104, 53_104), RESOLVER, START, 'www.f2pool.com', [server(104, 80).ip]),
    talk(104, 80, pageVisit('www.f2pool.com'), 0.1),
  );
}

/** Look-ups of web sites of pools and of names that resemble pools, over UDP and TCP; the time of pool.ntp.org. */
function lookUps(): Capture {
  const names = [
    ...['nanopool.org', 'www.nanopool.org', 'api.nanopool.org', 'www.f2pool.com', 'www.antpool.com', '2miners.com'],
    ...['mypool.example', 'bitcoin-news.example', 'stratum.example', 'nanopool.org.evil.example', 'notnanopool.org'],
    ...['xmr-eu1.nanopool.org.evil.example', 'xmr-eu1.notnanopool.org', 'time.example', 'carpool.example'],
  ];
  const udp = names.map((name, n) =>
    lookUp(visitor(110, 53_200 + n), RESOLVER, START + n, name, [server(120 + n, 443).ip], { edns: n % 2 === 0 }),
  );
  const tcp = new Script();
  for (const [n, name] of ['www.example.com', 'mail.example.org', 'pool.example'].entries()) {
    tcp.client(0.05 + n, dnsOverTcp(dnsQuery(90 + n, name)));
    tcp.server(0.1 + n, dnsOverTcp(dnsResponse(90 + n, name, [server(140 + n, 443).ip])));
  }
  const client = visitor(111);
  const overTcp = conversation({ client, server: RESOLVER, start: START * 1e6, seed: 1, messages: tcp.messages });
  // Mode 3 and 4 of NTP version 4, RFC 5905 §7.3.
  const rng = createRandom(611);
  const clock = server(150, 123);
  const ntp = (at: number): RawFrame[] => [
    datagram(visitor(112, 123), clock, 'client', START + at, concat(u8(0x23), new Uint8Array(39), rng.bytes(8))),
    datagram(visitor(112, 123), clock, 'server', START + at + 0.03, concat(u8(0x24, 2, 6, 0xe9), rng.bytes(44))),
  ];
  const times = Array.from({ length: 10 }, (_, n) => ntp(1 + n * 64));
  const pool = lookUp(visitor(112, 53_112), RESOLVER, START, '2.cn.pool.ntp.org', [clock.ip]);
  return quiet('lookalike-names.pcap', ...udp, overTcp, pool, ...times);
}

/** Ten minutes with unrelated hosts: over TLS on a port of mining too, as an onion network does it, and over QUIC. */
function sealedHosts(): Capture {
  const quic = (host: number, version: 1 | 2): RawFrame[] =>
    quicConnection(visitor(host), server(host, 443), {
      rng: createRandom(620 + version),
      version,
      sni: 'video.example.com',
      alpn: 'h3',
      start: START + version,
      seconds: TEN_MINUTES,
      every: 20,
    });
  return quiet(
    'lookalike-tls.pcap',
    talk(151, 443, webVisit(createRandom(615), 'www.example.com', 30, TEN_MINUTES)),
    talk(152, 3333, webVisit(createRandom(616), 'desk.example.net', 30, TEN_MINUTES)),
    talk(153, 9001, onionLink(createRandom(617), 'www.k3xq7ztmv5.example')),
    quic(154, 1),
    quic(155, 2),
  );
}

/** Proxies asked for unrelated hosts. */
function proxies(): Capture {
  const page = (n: number): TimedMessage[] => webVisit(createRandom(630 + n), 'shop.example.com', 24, 360);
  return quiet(
    'lookalike-proxy.pcap',
    talk(161, 1080, inside(socks5Opening('shop.example.com', 443, null), page(1))),
    talk(162, 1081, inside(socks4Opening('shop.example.com', 3333, ''), page(2))),
    talk(163, 3128, inside(connectOpening('shop.example.com:443'), page(3))),
  );
}

/** Binary protocols: keys exchanged by peers, secure shell, brokers, remote calls, and the discovery of Ethereum's nodes. */
function binary(): Capture {
  // discv4 (devp2p discv4.md): hash, signature, type, then a list of 4 or more values in RLP.
  const rng = createRandom(640);
  const ping = (type: number): Uint8Array => {
    const host = concat(u8(0xcb, 0x84), u8(192, 0, 2, 1), u8(0x82), u16be(30_303), u8(0x82), u16be(30_303));
    const list = concat(u8(4), host, host, u8(0x84), u32be(START + 20));
    return concat(rng.bytes(32), rng.bytes(65), u8(type, 0xc0 + list.length), list);
  };
  const [node, peer] = [visitor(171, 30_303), server(171, 30_303)];
  const discovery = Array.from({ length: 10 }, (_, n): RawFrame[] => [
    datagram(node, peer, 'client', START + n * 30, ping(1)),
    datagram(node, peer, 'server', START + n * 30 + 0.05, ping(2)),
  ]);
  return quiet(
    'lookalike-binary.pcap',
    ...discovery,
    talk(172, 8333, encryptedBitcoinPeers(createRandom(641))),
    talk(173, 9735, lightningPeers(createRandom(642))),
    talk(174, 3333, secureShell(createRandom(643))),
    talk(175, 1883, mqtt(4)),
    talk(176, 3333, mqtt(5)),
    talk(177, 50_051, grpc(createRandom(644))),
  );
}

/** Text and JSON: chats, queues, tills, wallets, exchanges, notifications. */
function spoken(): Capture {
  return quiet(
    'lookalike-spoken.pcap',
    talk(181, 6667, relayChat()),
    talk(182, 6379, queue()),
    talk(183, 3333, plainLogin()),
    talk(184, 18_083, walletRpc(createRandom(650))),
    talk(185, 80, exchange(createRandom(651))),
    talk(186, 8123, notifications(createRandom(652))),
  );
}

/** In the order of the collection's page. */
export function moreLookAlikes(): Capture[] {
  return [poolWebsite(), lookUps(), sealedHosts(), proxies(), binary(), spoken()];
}
