/**
 * Captures in which the pool is told by its name: in TLS, in QUIC, by a proxy's request, in HTTP or by a DNS look-up. The
 * names stand in the list of endpoints (signatures/endpoints/hosts.csv); all addresses are made up.
 */
import { conversation, type Endpoint, type TimedMessage } from '../conversation.ts';
import { overWebSocket } from '../dialects/websocket.ts';
import { type Expected, expectSession, poolText, withoutRate } from '../expected.ts';
import { selfSigned } from '../names/certificate.ts';
import { lookUp, quicConnection } from '../names/datagrams.ts';
import { ETHPROXY, type SealedOptions, sealedSession } from '../names/sealed.ts';
import { bitcoin, monero } from '../names/sessions.ts';
import { connectOpening, inside, socks4Opening, socks5Opening } from '../names/tunnels.ts';
import { createRandom } from '../random.ts';
import { Script, type Session } from '../session.ts';
import { merge, onlyFrom } from '../transform.ts';
import { DNS_AAAA, dnsOverTcp, dnsQuery, dnsResponse } from '../wire/dns.ts';
import type { RawFrame } from '../wire/frame.ts';
import { addressBytes } from '../wire/packet.ts';
import { UPGRADE_RESPONSE, upgradeRequest, webSocketFrame } from '../wire/websocket.ts';
import { type Capture, START } from './capture.ts';

const SIX_MINUTES = 360;
const NO_SHARES = { submitted: 0, accepted: 0, rejected: 0 } as const;
/** What a proxy is told; it must show up nowhere. */
export const SOCKS_PASSWORD = 'no-password-of-anybody';

const miner = (host: number, port: number = 42_000 + host): Endpoint => ({ ip: `10.20.1.${host}`, port });
const server = (host: number, port: number): Endpoint => ({ ip: `198.51.100.${host}`, port });
const resolver = (port = 53): Endpoint => ({ ip: '192.0.2.53', port });
const PROXY = '192.0.2.80';

/** A quiet conversation: polls for work as in eth-proxy. */
const POLLS: Partial<SealedOptions> = { lengths: ETHPROXY, requestEvery: 16, jobEvery: 120 };

/** Expectation where nothing but the name and the shape can be seen. */
function named(client: Endpoint, pool: Endpoint, host: string, rest: Partial<Expected> = {}): Expected {
  return {
    miner: client.ip,
    pool: poolText(pool),
    dialect: null,
    activity: 'mining',
    confidence: 'probable',
    shares: NO_SHARES,
    logins: [],
    agents: [],
    transport: 'tls',
    host,
    ...rest,
  };
}

function frames(client: Endpoint, pool: Endpoint, messages: readonly TimedMessage[], offset = 0): RawFrame[] {
  return conversation({ client, server: pool, start: (START + offset) * 1e6, seed: client.port, messages });
}

function sealed(seed: number, options: Partial<SealedOptions> = {}): TimedMessage[] {
  return sealedSession({ rng: createRandom(seed), seconds: SIX_MINUTES, ...options });
}

/** TLS 1.3 with the server name of a pool, on a port that the list does not know. */
function tlsServerName(): Capture {
  const [client, pool] = [miner(1), server(101, 8443)];
  const host = 'xmr-eu1.nanopool.org';
  return {
    file: 'tls-server-name.pcap',
    frames: frames(client, pool, sealed(501, { hello: { sni: host } })),
    expected: [named(client, pool, host, { pool_name: 'Nanopool', coins: ['XMR'] })],
  };
}

/** The ClientHello in two records and three segments, its server name in the last extension. */
function tlsSplitHello(): Capture {
  const [client, pool] = [miner(2), server(102, 8443)];
  const host = 'xmr-asia1.nanopool.org';
  const hello = { sni: host, extensions: [11, 10, 35, 22, 23, 13, 43, 45, 51, 0] };
  const messages = sealed(502, { hello, helloRecord: 200, helloSegments: 3, ...POLLS });
  return {
    file: 'tls-split-hello.pcap',
    frames: frames(client, pool, messages),
    expected: [named(client, pool, host, { pool_name: 'Nanopool', coins: ['XMR'] })],
  };
}

/** TLS 1.2 without a server name: a certificate as an installation script makes it, and one with a pool's host name. */
function tlsCertificate(): Capture {
  const rng = createRandom(503);
  const own = selfSigned(rng, {
    name: [
      ['C', 'IT'],
      ['ST', 'Pool'],
      ['L', 'Daemon'],
      ['O', 'Mining Pool'],
      ['CN', 'mining.pool'],
    ],
    to: '491231235959Z',
  });
  const host = 'us-west.stratum.braiins.example';
  const listed = 'de.monero.herominers.com';
  const other = selfSigned(rng, { name: [['CN', host]], names: [host, listed] });
  const old = { versions: [] };
  const clients = [miner(3), miner(4)] as const;
  const pools = [server(103, 9000), server(104, 1111)] as const;
  return {
    file: 'tls-certificate.pcap',
    frames: merge(
      frames(clients[0], pools[0], sealed(504, { ...POLLS, hello: old, certificate: own })),
      frames(clients[1], pools[1], sealed(505, { ...POLLS, hello: old, certificate: other }), 3),
    ),
    expected: [
      named(clients[0], pools[0], 'mining.pool', { pool_name: 'nodejs-pool installations' }),
      named(clients[1], pools[1], listed, { pool_name: 'HeroMiners', coins: ['XMR'] }),
    ],
  };
}

/** What the miner sent, with the server name; the other direction took another way. */
function tlsMinerSide(): Capture {
  const [client, pool] = [miner(5), server(105, 5555)];
  const host = 'eu1.ethermine.org';
  return {
    file: 'tls-miner-side.pcap',
    frames: onlyFrom(frames(client, pool, sealed(506, { ...POLLS, hello: { sni: host } })), 'client'),
    expected: [
      named(client, pool, host, {
        confidence: 'suspected',
        activity: 'attempt',
        pool_name: 'Ethermine',
        seen: 'miner',
      }),
    ],
  };
}

/** What the pool sent, with its certificate, on the port that the list knows it for. */
function tlsPoolSide(): Capture {
  const [client, pool] = [miner(6), server(106, 5555)];
  const host = 'us.flexpool.io';
  const certificate = selfSigned(createRandom(507), { name: [['CN', host]], names: [host] });
  return {
    file: 'tls-pool-side.pcap',
    frames: onlyFrom(frames(client, pool, sealed(508, { ...POLLS, hello: { versions: [] }, certificate })), 'server'),
    expected: [
      named(client, pool, host, { confidence: 'suspected', activity: 'attempt', pool_name: 'Flexpool', seen: 'pool' }),
    ],
  };
}

function quicServerName(): Capture {
  const clients = [miner(7), miner(8)] as const;
  const pools = [server(107, 443), server(108, 5555)] as const;
  const hosts = ['rvn-us.kryptex.network', 'asia1.ethermine.org'] as const;
  const quic = (n: 0 | 1): RawFrame[] =>
    quicConnection(clients[n], pools[n], {
      rng: createRandom(510 + n),
      version: n === 0 ? 1 : 2,
      sni: hosts[n],
      start: START + n * 2,
      seconds: SIX_MINUTES,
      every: 16,
    });
  const rest = { transport: 'quic' } as const;
  return {
    file: 'quic-server-name.pcap',
    frames: merge(quic(0), quic(1)),
    expected: [
      named(clients[0], pools[0], hosts[0], { ...rest, pool_name: 'Kryptex Pool' }),
      named(clients[1], pools[1], hosts[1], { ...rest, pool_name: 'Ethermine' }),
    ],
  };
}

/** An expectation of a session that reached its pool through a proxy. */
function tunnelled(session: Session, client: Endpoint, target: string, via: Expected['via']): Expected {
  return {
    ...withoutRate(expectSession(session, client, client)),
    pool: target,
    transport: 'tcp',
    ...(via === undefined ? {} : { via }),
  };
}

function connectTunnel(): Capture {
  const [client, proxy] = [miner(9), { ip: PROXY, port: 3128 }];
  const host = 'xmr-us-west1.nanopool.org';
  const session = monero(512, 'desk9');
  const via = { kind: 'connect', ip: proxy.ip, port: proxy.port } as const;
  return {
    file: 'connect-tunnel.pcap',
    frames: frames(client, proxy, inside(connectOpening(`${host}:10343`), session.messages)),
    expected: [{ ...tunnelled(session, client, `${host}:10343`, via), host, pool_name: 'Nanopool' }],
  };
}

function connectTls(): Capture {
  const [client, proxy] = [miner(10), { ip: PROXY, port: 3129 }];
  const host = 'xmr-eu2.nanopool.org';
  const messages = inside(connectOpening(`${host}:10343`), sealed(513, { ...POLLS, hello: { sni: host } }));
  const via = { kind: 'connect', ip: proxy.ip, port: proxy.port } as const;
  return {
    file: 'connect-tls.pcap',
    frames: frames(client, proxy, messages),
    expected: [named(client, proxy, host, { pool: `${host}:10343`, pool_name: 'Nanopool', via })],
  };
}

/** SOCKS5 with a password, SOCKS4 with an address and SOCKS4a with a name. */
function socksTunnel(): Capture {
  const clients = [miner(11), miner(12), miner(13)] as const;
  const proxies = [1080, 1081, 1082].map((port) => ({ ip: PROXY, port }));
  const [five, four] = ['stratum.braiins.com', 'btc.f2pool.com'] as const;
  const openings = [
    socks5Opening(five, 3333, { user: 'office', password: SOCKS_PASSWORD }),
    socks4Opening(addressBytes('203.0.113.112'), 3333, 'office'),
    socks4Opening(four, 1314, ''),
  ];
  const sessions = ['/slush/', '/Example Pool/', '/F2Pool/'].map((tag, n) => bitcoin(514 + n, `rig${11 + n}`, tag));
  const targets = [`${five}:3333`, '203.0.113.112:3333', `${four}:1314`];
  const names: Partial<Expected>[] = [
    { host: five, pool_name: 'Braiins Pool' },
    { host: null, pool_name: '/Example Pool/' },
    { host: four, pool_name: 'F2Pool' },
  ];
  return {
    file: 'socks-tunnel.pcap',
    frames: merge(
      ...clients.map((client, n) => frames(client, proxies[n]!, inside(openings[n]!, sessions[n]!.messages), n)),
    ),
    expected: clients.map((client, n) => {
      const via = { kind: n === 0 ? 'socks5' : 'socks4', ip: PROXY, port: 1080 + n } as const;
      return { ...tunnelled(sessions[n]!, client, targets[n]!, via), ...names[n] };
    }),
  };
}

/** Look-ups over UDP, through a chain of aliases, and over TCP. */
function dnsThenFlow(): Capture {
  const clients = [miner(14), miner(15)] as const;
  const pools = [server(114, 14433), server(115, 14433)] as const;
  const hosts = ['xmr-eu1.nanopool.org', 'xmr-us-east1.nanopool.org'] as const;
  const chain = ['xmr-eu1.geo.example.net', 'edge7.example.net'];
  const overTcp = new Script();
  overTcp.client(0.04, dnsOverTcp(dnsQuery(77, hosts[1])));
  overTcp.server(0.08, dnsOverTcp(dnsResponse(77, hosts[1], [pools[1].ip])));
  return {
    file: 'dns-then-flow.pcap',
    frames: merge(
      lookUp(miner(14, 53_014), resolver(), START, hosts[0], [pools[0].ip], { chain }),
      frames(miner(15, 53_015), resolver(), overTcp.messages),
      ...clients.map((client, n) => frames(client, pools[n]!, sealed(520 + n, POLLS), 2 + n)),
    ),
    expected: clients.map((client, n) =>
      named(client, pools[n]!, hosts[n]!, { pool_name: 'Nanopool', coins: ['XMR'] }),
    ),
  };
}

function dnsIpv6(): Capture {
  const client = { ip: '2001:db8:20:1::16', port: 42_016 };
  const pool = { ip: '2001:db8:ffff::116', port: 14433 };
  const nameServer = { ip: '2001:db8:53::53', port: 53 };
  const host = 'xmr-asia1.nanopool.org';
  return {
    file: 'dns-ipv6.pcap',
    frames: merge(
      lookUp({ ...client, port: 53_016 }, nameServer, START, host, [pool.ip], { type: DNS_AAAA }),
      frames(client, pool, sealed(522, POLLS), 2),
    ),
    expected: [named(client, pool, host, { pool_name: 'Nanopool', coins: ['XMR'] })],
  };
}

/** Nobody connects: two hosts of pools are asked for, a pool's web site and an ordinary name too. */
function dnsLookup(): Capture {
  const client = miner(17, 53_017);
  const hosts = ['us2.ironfish.herominers.com', 'ltcssl-cn.kupool.com'] as const;
  const ask = (n: number, name: string, answers: readonly string[], rcode = 0): RawFrame[] =>
    lookUp({ ...client, port: client.port + n }, resolver(), START + n * 7, name, answers, { rcode });
  const six: RawFrame[] = lookUp({ ...client, port: 53_030 }, resolver(), START + 1, hosts[0], [], { type: DNS_AAAA });
  const expect = (host: string, pool_name: string): Expected =>
    named(client, client, host, {
      pool: host,
      pool_name,
      transport: 'dns',
      confidence: 'suspected',
      activity: 'attempt',
    });
  return {
    file: 'dns-lookup.pcap',
    frames: merge(
      ask(0, hosts[0], ['198.51.100.117']),
      six,
      ask(1, hosts[1], [], 3),
      ask(2, 'www.f2pool.com', ['198.51.100.118']),
      ask(3, 'www.example.com', ['192.0.2.44']),
    ),
    expected: [expect(hosts[0], 'HeroMiners'), expect(hosts[1], 'KuCoin Pool')],
  };
}

/** The pool sends its miner to another host in the end. */
function redirect(): Capture {
  const [client, pool] = [miner(18), server(119, 3333)];
  const session = bitcoin(530, 'rig18', '/AntPool/');
  const text = '{"id":null,"method":"client.reconnect","params":["ss.antpool.com",3333,0]}\n';
  const messages: TimedMessage[] = [...session.messages, { from: 'server', at: 119.5, text }];
  return {
    file: 'redirect.pcap',
    frames: frames(client, pool, messages),
    expected: [{ ...withoutRate(expectSession(session, client, pool)), transport: 'tcp', host: null }],
  };
}

/** The server name is an ordinary one, but the address was looked up as that of a pool. */
function tlsDecoy(): Capture {
  const [client, pool] = [miner(19), server(120, 443)];
  const host = 'eu1-etc.ethermine.org';
  return {
    file: 'tls-decoy.pcap',
    frames: merge(
      lookUp({ ...client, port: 53_019 }, resolver(), START, host, [pool.ip]),
      frames(client, pool, sealed(531, { ...POLLS, hello: { sni: 'www.example.com' } }), 1),
    ),
    expected: [named(client, pool, host, { pool_name: 'Ethermine', coins: ['ETC'], confidence: 'suspected' })],
  };
}

/** Host of a WebSocket handshake: Stratum lines behind one, six minutes of unreadable messages behind the other. */
function webSocketHost(): Capture {
  const clients = [miner(20), miner(21)] as const;
  const pools = [server(121, 80), server(122, 8080)] as const;
  const hosts = ['btc.viabtc.io', 'gulf.moneroocean.stream'] as const;
  const rng = createRandom(532);
  const clear = overWebSocket(bitcoin(533, 'rig20', '/ViaBTC/'), rng, hosts[0], '/');
  const script = new Script();
  script.client(0.04, upgradeRequest(`${hosts[1]}:8080`, '/', 'https://www.example.com'));
  script.server(0.08, UPGRADE_RESPONSE);
  const binary = 2;
  for (let at = 0.2; at <= SIX_MINUTES; at += 16) {
    script.client(at, webSocketFrame(rng.bytes(120), { rng, opcode: binary }));
    script.server(at + 0.05, webSocketFrame(rng.bytes(60), { opcode: binary }));
  }
  return {
    file: 'websocket-host.pcap',
    frames: merge(frames(clients[0], pools[0], clear.messages), frames(clients[1], pools[1], script.messages)),
    expected: [
      {
        ...withoutRate(expectSession(clear, clients[0], pools[0])),
        transport: 'ws',
        host: hosts[0],
        pool_name: 'ViaBTC',
      },
      named(clients[1], pools[1], hosts[1], { transport: 'ws', pool_name: 'MoneroOcean' }),
    ],
  };
}

/** One capture for each place where a name stands. */
export function nameCaptures(): Capture[] {
  return [
    tlsServerName(),
    tlsSplitHello(),
    tlsCertificate(),
    tlsMinerSide(),
    tlsPoolSide(),
    quicServerName(),
    connectTunnel(),
    connectTls(),
    socksTunnel(),
    dnsThenFlow(),
    dnsIpv6(),
    dnsLookup(),
    redirect(),
    tlsDecoy(),
    webSocketHost(),
  ];
}
