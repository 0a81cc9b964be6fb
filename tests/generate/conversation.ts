/**
 * Whole TCP conversations as frames: handshake, data with right sequence and acknowledgement numbers and checksums,
 * delayed acknowledgements, and the end (RFC 9293; timestamps RFC 7323; delayed acknowledgements RFC 1122 §4.2.3.2).
 */
import { createRandom } from './random.ts';
import { concat, u8, u16be, u32be, utf8 } from './wire/bytes.ts';
import { LINKTYPE_ETHERNET, type RawFrame, type Side } from './wire/frame.ts';
import {
  ACK,
  addressBytes,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethernet,
  FIN,
  ipPacket,
  PROTOCOL_TCP,
  PSH,
  RST,
  SYN,
  tcpSegment,
} from './wire/packet.ts';

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** One application message. `at` is in seconds after the start of the conversation. */
export interface TimedMessage {
  readonly from: Side;
  readonly at: number;
  readonly text?: string;
  readonly bytes?: Uint8Array;
}

export interface ConversationOptions {
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** Microseconds since the epoch. */
  readonly start: number;
  /** Round-trip time in seconds. */
  readonly rtt?: number;
  readonly messages: readonly TimedMessage[];
  /** `midstream`: the connection is older than the capture. */
  readonly open?: 'handshake' | 'midstream';
  readonly close?: 'fin' | 'rst' | 'none';
  /** Largest payload of a segment, bytes. */
  readonly segmentSize?: number;
  /** First sequence numbers of client and server, to place a wrap; drawn from the seed otherwise. */
  readonly sequences?: readonly [number, number];
  /** Seed of initial sequence numbers. */
  readonly seed?: number;
}

const CLIENT_MAC = u8(0x02, 0, 0, 0, 0, 0x0a);
const SERVER_MAC = u8(0x02, 0, 0, 0, 0, 0x01);
const DELAYED_ACK = 0.04;
/** Bytes follow each other on the access line at this distance, in seconds. */
const BACK_TO_BACK = 0.000_012;

/** Bytes of a message, whichever form it was given in. */
export function messageBytes(message: TimedMessage): Uint8Array {
  return message.bytes ?? utf8(message.text ?? '');
}

class Peer {
  readonly address: Uint8Array;
  readonly port: number;
  readonly mac: Uint8Array;
  sequence: number;
  received = 0;
  id: number;
  /** When the acknowledgement it still owes falls due, seconds; Infinity if none. */
  due = Infinity;
  unacknowledged = 0;
  constructor(endpoint: Endpoint, mac: Uint8Array, sequence: number, id: number) {
    this.address = addressBytes(endpoint.ip);
    this.port = endpoint.port;
    this.mac = mac;
    this.sequence = sequence;
    this.id = id;
  }
}

/** Builds the frames of one conversation, in order of time, on Ethernet. */
export function conversation(options: ConversationOptions): RawFrame[] {
  const rng = createRandom(options.seed ?? 1);
  const rtt = options.rtt ?? 0.03;
  const size = options.segmentSize ?? 1448;
  const peers: Record<Side, Peer> = {
    client: new Peer(options.client, CLIENT_MAC, options.sequences?.[0] ?? rng.u32(), rng.int(1, 0xffff)),
    server: new Peer(options.server, SERVER_MAC, options.sequences?.[1] ?? rng.u32(), rng.int(1, 0xffff)),
  };
  const frames: RawFrame[] = [];
  let last = -1;

  const emit = (from: Side, at: number, flags: number, payload: Uint8Array, message: number): void => {
    const me = peers[from];
    const other = peers[from === 'client' ? 'server' : 'client'];
    const micros = Math.max(Math.round(at * 1e6), last + 1);
    last = micros;
    const clock = u32be((options.start / 1000 + micros / 1000) >>> 0);
    const synOptions = concat(u8(2, 4), u16be(1460), u8(4, 2, 1, 3, 3, 7, 1, 1));
    const segment = tcpSegment(me.address, other.address, {
      sourcePort: me.port,
      destinationPort: other.port,
      sequence: me.sequence >>> 0,
      acknowledgment: flags & ACK ? me.received >>> 0 : 0,
      flags,
      window: flags & SYN ? 64240 : 501,
      options: flags & SYN ? synOptions : concat(u8(1, 1, 8, 10), clock, u32be(flags & ACK ? 1 : 0)),
      payload,
    });
    const packet = ipPacket(me.address, other.address, PROTOCOL_TCP, segment, {
      ttl: from === 'client' ? 63 : 54,
      id: me.id++ & 0xffff,
    });
    const type = me.address.length === 16 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
    const data = ethernet(other.mac, me.mac, type, packet);
    frames.push({ time: options.start + micros, nanos: 0, linkType: LINKTYPE_ETHERNET, data, from, message });
    const length = payload.length + (flags & (SYN | FIN) ? 1 : 0);
    me.sequence = (me.sequence + length) >>> 0;
    other.received = me.sequence;
    if (flags & ACK) {
      me.due = Infinity;
      me.unacknowledged = 0;
    }
    if (payload.length > 0) {
      other.unacknowledged++;
      other.due = Math.min(other.due, at + DELAYED_ACK);
      if (other.unacknowledged >= 2) other.due = Math.min(other.due, at + BACK_TO_BACK);
    }
  };
  const acknowledgeUntil = (at: number): void => {
    for (;;) {
      const side: Side = peers.client.due <= peers.server.due ? 'client' : 'server';
      if (peers[side].due > at) return;
      emit(side, peers[side].due, ACK, u8(), -1);
    }
  };

  if ((options.open ?? 'handshake') === 'handshake') {
    emit('client', 0, SYN, u8(), -1);
    emit('server', rtt, SYN | ACK, u8(), -1);
    emit('client', rtt + 0.0002, ACK, u8(), -1);
  } else {
    peers.client.received = peers.server.sequence;
    peers.server.received = peers.client.sequence;
  }
  const order = options.messages.map((message, index) => ({ message, index }));
  order.sort((a, b) => a.message.at - b.message.at || a.index - b.index);
  let at = 0;
  for (const { message, index } of order) {
    at = Math.max(message.at, at);
    acknowledgeUntil(at);
    const bytes = messageBytes(message);
    for (let offset = 0; offset < bytes.length; offset += size) {
      const end = Math.min(offset + size, bytes.length);
      emit(message.from, at, ACK | (end === bytes.length ? PSH : 0), bytes.subarray(offset, end), index);
      at += BACK_TO_BACK;
    }
  }
  acknowledgeUntil(at + 1);
  const close = options.close ?? 'fin';
  if (close === 'rst') emit('client', at + 2, RST | ACK, u8(), -1);
  if (close === 'fin') {
    emit('client', at + 2, FIN | ACK, u8(), -1);
    emit('server', at + 2 + rtt, FIN | ACK, u8(), -1);
    emit('client', at + 2 + rtt + 0.0001, ACK, u8(), -1);
  }
  return frames;
}
