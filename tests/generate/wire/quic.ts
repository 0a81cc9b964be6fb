/** QUIC Initial packets of a client, protected as RFC 9001 §5 and RFC 9369 §3 say; random choices come from a seed. */
import { createCipheriv, createHmac } from 'node:crypto';
import { createRandom, type Random } from '../random.ts';
import { concat, fromHex, u8, u16be, u32be, utf8 } from './bytes.ts';

const VERSIONS = {
  1: { number: 1, type: 0, salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', prefix: 'quic' },
  2: { number: 0x6b3343cf, type: 1, salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', prefix: 'quicv2' },
} as const;

export interface QuicInitialOptions {
  readonly version: 1 | 2;
  /** Connection IDs, at most 20 bytes each. */
  readonly dcid: Uint8Array;
  readonly scid?: Uint8Array;
  /** From a Retry packet or NEW_TOKEN. */
  readonly token?: Uint8Array;
  /** Handshake message with its 4-byte header. */
  readonly clientHello: Uint8Array;
  /** Connection ID the keys come from, where it is not `dcid`: the client's first one. */
  readonly keyId?: Uint8Array;
  /** Over how many datagrams the message is spread; 1 by default. */
  readonly splitInto?: number;
  /** Cuts each datagram's share into many CRYPTO frames, some of them twice, in an order that this seed decides. */
  readonly shuffle?: number;
  /** Of the first packet; 0 by default. */
  readonly packetNumber?: number;
  /** Bytes of the packet number, 1 to 4; 4 by default. */
  readonly numberLength?: number;
  /** Packets per datagram that share one payload evenly; 1 by default. */
  readonly coalesced?: number;
  /** Least size of a datagram; 1200 by default (RFC 9000 §14.1). */
  readonly size?: number;
}

/** Variable-length integer, RFC 9000 §16, up to 2^30 - 1. */
export function varint(value: number): Uint8Array {
  if (value < 0x40) return u8(value);
  return value < 0x4000 ? u16be(0x4000 | value) : u32be(0x80000000 + value);
}

function expand(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = utf8(`tls13 ${label}`);
  const info = concat(u16be(length), u8(name.length), name, u8(0, 1));
  return new Uint8Array(createHmac('sha256', secret).update(info).digest()).subarray(0, length);
}

/** Frame of part of the message; the offset and the length are written in two bytes, as most programs do. */
function cryptoFrame(message: Uint8Array, from: number, to: number): Uint8Array {
  return concat(
    u8(0x06),
    from === 0 ? u8(0) : u16be(0x4000 | from),
    u16be(0x4000 | (to - from)),
    message.subarray(from, to),
  );
}

/** Overlapping frames in random order, with PING, PADDING and an ACK between them. */
function shuffledFrames(rng: Random, message: Uint8Array, from: number, to: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = from; at < to; ) {
    const next = Math.min(to, at + rng.int(1, 90));
    frames.push(cryptoFrame(message, Math.max(from, at - rng.int(0, 9)), next));
    if (rng.int(0, 5) === 0) frames.push(cryptoFrame(message, at, next));
    if (rng.int(0, 3) === 0) frames.push(rng.pick([u8(0x01), new Uint8Array(5), u8(0x02, 7, 0x40, 9, 1, 2, 0, 1)]));
    at = next;
  }
  for (let i = frames.length - 1; i > 0; i--) {
    const j = rng.int(0, i);
    [frames[i], frames[j]] = [frames[j]!, frames[i]!];
  }
  return frames;
}

/**
 * One protected Initial packet around `frames`, padded to at least `least` bytes; exact where that leaves room. Four bytes
 * of payload are the least that can be sampled whatever the packet number's length.
 */
export function quicPacket(options: QuicInitialOptions, frames: Uint8Array, number: number, least = 0): Uint8Array {
  const version = VERSIONS[options.version];
  const scid = options.scid ?? new Uint8Array(0);
  const token = options.token ?? new Uint8Array(0);
  const numberLength = options.numberLength ?? 4;
  const start = concat(
    u8(0xc0 | (version.type << 4) | (numberLength - 1)),
    u32be(version.number),
    ...[u8(options.dcid.length), options.dcid, u8(scid.length), scid, varint(token.length), token],
  );
  const padding = Math.max(0, 4 - frames.length, least - start.length - 2 - numberLength - frames.length - 16);
  const payload = concat(frames, new Uint8Array(padding));
  const numberBytes = u32be(number).subarray(4 - numberLength);
  const header = concat(start, u16be(0x4000 | (numberLength + payload.length + 16)), numberBytes);

  const initial = createHmac('sha256', fromHex(version.salt))
    .update(options.keyId ?? options.dcid)
    .digest();
  const client = expand(initial, 'client in', 32);
  const nonce = expand(client, `${version.prefix} iv`, 12);
  for (let i = 0; i < 4; i++) nonce[8 + i]! ^= u32be(number)[i]!;
  const cipher = createCipheriv('aes-128-gcm', expand(client, `${version.prefix} key`, 16), nonce);
  cipher.setAAD(header);
  const packet = concat(header, cipher.update(payload), cipher.final(), cipher.getAuthTag());

  const at = header.length - numberLength;
  const ecb = createCipheriv('aes-128-ecb', expand(client, `${version.prefix} hp`, 16), null);
  const mask = ecb.update(packet.subarray(at + 4, at + 20));
  packet[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < numberLength; i++) packet[at + i]! ^= mask[1 + i]!;
  return packet;
}

/** Datagrams (UDP payloads) that carry the ClientHello, in sending order. */
export function quicInitial(options: QuicInitialOptions): Uint8Array[] {
  const { clientHello } = options;
  const coalesced = options.coalesced ?? 1;
  const count = (options.splitInto ?? 1) * coalesced;
  const rng = options.shuffle === undefined ? null : createRandom(options.shuffle);
  const edge = (index: number): number => Math.floor((clientHello.length * index) / count);
  const datagrams: Uint8Array[] = [];
  let datagram: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < count; i++) {
    const frames = rng
      ? concat(...shuffledFrames(rng, clientHello, edge(i), edge(i + 1)))
      : cryptoFrame(clientHello, edge(i), edge(i + 1));
    const last = (i + 1) % coalesced === 0;
    const least = last ? (options.size ?? 1200) - datagram.length : 0;
    datagram = concat(datagram, quicPacket(options, frames, (options.packetNumber ?? 0) + i, least));
    if (!last) continue;
    datagrams.push(datagram);
    datagram = new Uint8Array(0);
  }
  return datagrams;
}
