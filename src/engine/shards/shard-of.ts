// hot: with several threads, one call per packet and thread.
import type { Frame } from '../../capture/frame.ts';
import { type Packet, PROTOCOL_TCP } from '../../decode/packet.ts';

const DNS_PORT = 53;

/** Two hosts as one number of 16 bits, the same for both directions; seen apart from shards. */
const BUCKETS = 2 ** 16;
const BUCKET_SEED = 0x5bd1e995;

/** Bucket of a decoded packet, by its innermost addresses. */
export function packetBucket(p: Packet, seed: number): number {
  return shardOf(p, seed ^ BUCKET_SEED, BUCKETS);
}

/** Bucket of a frame that can be told before it is decoded; else -1. */
export function plainBucket(frame: Frame, seed: number): number {
  return plainShard(frame, seed ^ BUCKET_SEED, BUCKETS);
}

/** Bucket of two addresses of four words each. */
export function hostBucket(words: Int32Array, seed: number): number {
  const fold = (at: number): number =>
    (words[at] as number) ^ (words[at + 1] as number) ^ (words[at + 2] as number) ^ (words[at + 3] as number);
  return pick(fold(0), fold(4), seed ^ BUCKET_SEED, BUCKETS);
}

/**
 * Which shard a decoded packet falls to: by its innermost addresses alone, so that the plainest packets can be told apart
 * before they are decoded. All flows between two hosts share a thread.
 */
export function shardOf(p: Packet, seed: number, shards: number): number {
  return pick(
    p.source0 ^ p.source1 ^ p.source2 ^ p.source3,
    p.destination0 ^ p.destination1 ^ p.destination2 ^ p.destination3,
    seed,
    shards,
  );
}

/**
 * The same for an Ethernet frame that is plain TCP over IPv4 without options, or over IPv6 without extension headers, with
 * up to two VLAN tags; -1 for any other, which must be decoded to be told, and for DNS, whose answers every shard needs.
 */
export function plainShard(frame: Frame, seed: number, shards: number): number {
  const { view, offset, end } = frame;
  if (frame.linkType !== 1 || end - offset < 14 + 8 + 40) return -1;
  let at = offset + 14;
  let type = view.getUint16(at - 2);
  for (let tags = 0; tags < 2 && (type === 0x8100 || type === 0x88a8); tags++) {
    at += 4;
    type = view.getUint16(at - 2);
  }
  if (type === 0x0800) {
    // Version 4, header of 20 octets; TCP; neither the more-fragments bit nor an offset.
    if (view.getUint8(at) !== 0x45 || view.getUint8(at + 9) !== PROTOCOL_TCP) return -1;
    if ((view.getUint16(at + 6) & 0x3fff) !== 0 || hasDnsPort(view, at + 20)) return -1;
    return pick(view.getInt32(at + 12), view.getInt32(at + 16), seed, shards);
  }
  if (type !== 0x86dd || view.getUint8(at) >> 4 !== 6 || view.getUint8(at + 6) !== PROTOCOL_TCP) return -1;
  if (hasDnsPort(view, at + 40)) return -1;
  return pick(
    view.getInt32(at + 8) ^ view.getInt32(at + 12) ^ view.getInt32(at + 16) ^ view.getInt32(at + 20),
    view.getInt32(at + 24) ^ view.getInt32(at + 28) ^ view.getInt32(at + 32) ^ view.getInt32(at + 36),
    seed,
    shards,
  );
}

/** A packet from or to the port of DNS. */
export function isDns(p: Packet): boolean {
  return p.sourcePort === DNS_PORT || p.destinationPort === DNS_PORT;
}

function hasDnsPort(view: DataView, ports: number): boolean {
  return view.getUint16(ports) === DNS_PORT || view.getUint16(ports + 2) === DNS_PORT;
}

function pick(source: number, destination: number, seed: number, shards: number): number {
  const s = Math.imul(source ^ seed, 0x9e3779b1);
  const d = Math.imul(destination ^ seed, 0x9e3779b1);
  return (Math.imul((s ^ (s >>> 15)) + (d ^ (d >>> 15)), 0x85ebca6b) >>> 16) % shards;
}
