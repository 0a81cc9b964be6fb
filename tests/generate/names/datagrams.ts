/** UDP between two hosts as Ethernet frames (RFC 768): DNS look-ups and QUIC connections. */
import type { Endpoint } from '../conversation.ts';
import type { Random } from '../random.ts';
import { concat, internetChecksum, u8, u16be, u32be } from '../wire/bytes.ts';
import { type DnsRecord, type DnsResponseOptions, dnsQuery, dnsResponse } from '../wire/dns.ts';
import { LINKTYPE_ETHERNET, type RawFrame, type Side } from '../wire/frame.ts';
import {
  addressBytes,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethernet,
  ipPacket,
  PROTOCOL_UDP,
  udpDatagram,
} from '../wire/packet.ts';
import { quicInitial } from '../wire/quic.ts';
import { clientHelloMessage } from '../wire/tls.ts';

const CLIENT_MAC = u8(0x02, 0, 0, 0, 0, 0x0a);
const SERVER_MAC = u8(0x02, 0, 0, 0, 0, 0x01);

/** A datagram of `from`; `at` is in seconds since the Unix epoch. */
export function datagram(
  client: Endpoint,
  server: Endpoint,
  from: Side,
  at: number,
  payload: Uint8Array,
  message = -1,
): RawFrame {
  const [me, other] = from === 'client' ? [client, server] : [server, client];
  const [source, destination] = [addressBytes(me.ip), addressBytes(other.ip)];
  const body = udpDatagram(me.port, other.port, payload);
  // IPv6 demands a checksum (RFC 8200 §8.1).
  if (source.length === 16) {
    const pseudo = concat(source, destination, u32be(body.length), u8(0, 0, 0, PROTOCOL_UDP));
    body.set(u16be(internetChecksum(pseudo, body) || 0xffff), 6);
  }
  const packet = ipPacket(source, destination, PROTOCOL_UDP, body, { ttl: from === 'client' ? 63 : 54 });
  const type = source.length === 16 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
  const [to, own] = from === 'client' ? [SERVER_MAC, CLIENT_MAC] : [CLIENT_MAC, SERVER_MAC];
  const data = ethernet(to, own, type, packet);
  return { time: Math.round(at * 1e6), nanos: 0, linkType: LINKTYPE_ETHERNET, data, from, message };
}

/** A question and, 20 ms later, its answer. */
export function lookUp(
  client: Endpoint,
  resolver: Endpoint,
  at: number,
  name: string,
  answers: readonly (string | DnsRecord)[],
  options: DnsResponseOptions = {},
): RawFrame[] {
  const id = client.port ^ 0x2a5a;
  return [
    datagram(client, resolver, 'client', at, dnsQuery(id, name, options.type), 0),
    datagram(client, resolver, 'server', at + 0.02, dnsResponse(id, name, answers, options), 1),
  ];
}

export interface QuicOptions {
  readonly rng: Random;
  readonly version: 1 | 2;
  readonly sni: string;
  /** `stratum` by default. */
  readonly alpn?: string;
  /** Seconds since the Unix epoch. */
  readonly start: number;
  readonly seconds: number;
  /** Seconds between two datagrams of the client, each answered. */
  readonly every: number;
}

/** A QUIC connection: the ClientHello shuffled over two datagrams, answers, then packets of which nothing can be read. */
export function quicConnection(client: Endpoint, server: Endpoint, o: QuicOptions): RawFrame[] {
  const { rng } = o;
  const [dcid, scid] = [rng.bytes(8), rng.bytes(8)];
  const clientHello = clientHelloMessage(rng, { sni: o.sni, alpn: [o.alpn ?? 'stratum'], versions: [0x0304] });
  const first = quicInitial({ version: o.version, dcid, scid, clientHello, splitInto: 2, shuffle: rng.u32() });
  const frames: RawFrame[] = [];
  const put = (from: Side, at: number, payload: Uint8Array): void => {
    frames.push(datagram(client, server, from, o.start + at, payload, frames.length));
  };
  for (const [n, payload] of first.entries()) put('client', n * 0.0005, payload);
  const version = u32be(o.version === 1 ? 1 : 0x6b3343cf);
  const type = o.version === 1 ? 0xc0 : 0xd0;
  const header = concat(u8(type), version, u8(scid.length), scid, u8(8), rng.bytes(8), u8(0), u16be(0x4000 | 600));
  put('server', 0.04, concat(header, rng.bytes(600)));
  // Short headers (RFC 9000 §17.3): fixed bit, the other's connection ID, sealed bytes.
  const short = (id: Uint8Array, length: number): Uint8Array =>
    concat(u8(0x40 | rng.int(0, 63)), id, rng.bytes(length));
  put('client', 0.08, short(dcid, 70));
  for (let at = o.every; at <= o.seconds; at += o.every) {
    put('client', at, short(dcid, 120));
    put('server', at + 0.05, short(scid, 60));
  }
  return frames;
}
