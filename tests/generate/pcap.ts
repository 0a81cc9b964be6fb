/**
 * Capture files: classic pcap (draft-ietf-opsawg-pcap) in both byte orders with microseconds or nanoseconds, and pcapng
 * (draft-ietf-opsawg-pcapng) with one section and one interface for each link type.
 */
import { concat } from './wire/bytes.ts';
import { LINKTYPE_ETHERNET, type RawFrame, type Side, tcpLayout } from './wire/frame.ts';
import { ACK, SYN } from './wire/packet.ts';

export interface CaptureOptions {
  readonly format?: 'pcap' | 'pcapng';
  readonly nanoseconds?: boolean;
  readonly bigEndian?: boolean;
}

class Writer {
  private readonly pieces: Uint8Array[] = [];
  private readonly little: boolean;
  constructor(little: boolean) {
    this.little = little;
  }
  u16(value: number): this {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, this.little);
    return this.raw(bytes);
  }
  u32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value >>> 0, this.little);
    return this.raw(bytes);
  }
  raw(bytes: Uint8Array): this {
    this.pieces.push(bytes);
    return this;
  }
  pad(length: number): this {
    return this.raw(new Uint8Array((4 - (length & 3)) & 3));
  }
  done(): Uint8Array {
    return concat(...this.pieces);
  }
}

const SNAP_LENGTH = 262144;

/** Writes a classic pcap file; all frames must have one link type. */
export function writePcap(frames: readonly RawFrame[], options: CaptureOptions = {}): Uint8Array {
  if (options.format === 'pcapng') return writePcapng(frames, options);
  const nanoseconds = options.nanoseconds ?? false;
  const linkType = frames[0]?.linkType ?? LINKTYPE_ETHERNET;
  const out = new Writer(!options.bigEndian);
  out
    .u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4)
    .u16(2)
    .u16(4)
    .u32(0)
    .u32(0)
    .u32(SNAP_LENGTH)
    .u32(linkType);
  for (const frame of frames) {
    const micros = frame.time % 1e6;
    out.u32(Math.floor(frame.time / 1e6)).u32(nanoseconds ? micros * 1000 + frame.nanos : micros);
    out
      .u32(frame.data.length)
      .u32(frame.wireLength ?? frame.data.length)
      .raw(frame.data);
  }
  return out.done();
}

function block(type: number, body: Uint8Array, little: boolean): Uint8Array {
  const length = 12 + body.length + ((4 - (body.length & 3)) & 3);
  return new Writer(little).u32(type).u32(length).raw(body).pad(body.length).u32(length).done();
}

/** Writes a pcapng file: section header, one interface description for each link type, enhanced packet blocks. */
export function writePcapng(frames: readonly RawFrame[], options: CaptureOptions = {}): Uint8Array {
  const little = !options.bigEndian;
  const nanoseconds = options.nanoseconds ?? false;
  const links = [...new Set(frames.map((frame) => frame.linkType))];
  if (links.length === 0) links.push(LINKTYPE_ETHERNET);
  const unknownLength = new Uint8Array(8).fill(0xff);
  const section = new Writer(little).u32(0x1a2b3c4d).u16(1).u16(0).raw(unknownLength).done();
  const blocks = [block(0x0a0d0d0a, section, little)];
  for (const link of links) {
    const body = new Writer(little).u16(link).u16(0).u32(SNAP_LENGTH);
    // if_tsresol (9) is needed for nanoseconds only: the default is microseconds.
    if (nanoseconds)
      body
        .u16(9)
        .u16(1)
        .raw(Uint8Array.of(9, 0, 0, 0))
        .u32(0);
    blocks.push(block(1, body.done(), little));
  }
  for (const frame of frames) {
    const stamp = nanoseconds ? BigInt(frame.time) * 1000n + BigInt(frame.nanos) : BigInt(frame.time);
    const body = new Writer(little)
      .u32(links.indexOf(frame.linkType))
      .u32(Number(stamp >> 32n))
      .u32(Number(stamp & 0xffffffffn))
      .u32(frame.data.length)
      .u32(frame.wireLength ?? frame.data.length)
      .raw(frame.data)
      .pad(frame.data.length);
    blocks.push(block(6, body.done(), little));
  }
  return concat(...blocks);
}

function frameOf(linkType: number, nanosTotal: bigint, data: Uint8Array, wire: number): RawFrame {
  const time = Number(nanosTotal / 1000n);
  const nanos = Number(nanosTotal % 1000n);
  const base: RawFrame = { time, nanos, linkType, data, from: 'client', message: -1 };
  return wire === data.length ? base : { ...base, wireLength: wire };
}

/** Frames of a capture file of either kind, sides told from the TCP opening, else from the lower port. */
export function readPcap(bytes: Uint8Array): RawFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: RawFrame[] = [];
  if (view.getUint32(0) === 0x0a0d0d0a) {
    const little = view.getUint32(8, true) === 0x1a2b3c4d;
    const links: { type: number; nanoseconds: boolean }[] = [];
    for (let at = 0; at + 12 <= bytes.length; at += view.getUint32(at + 4, little)) {
      const type = view.getUint32(at, little);
      if (type === 1) {
        const tsresol = view.getUint32(at + 4, little) > 20 && view.getUint16(at + 16, little) === 9;
        links.push({ type: view.getUint16(at + 8, little), nanoseconds: tsresol && bytes[at + 20] === 9 });
      }
      if (type !== 6) continue;
      const link = links[view.getUint32(at + 8, little)]!;
      const stamp = (BigInt(view.getUint32(at + 12, little)) << 32n) | BigInt(view.getUint32(at + 16, little));
      const length = view.getUint32(at + 20, little);
      const data = bytes.subarray(at + 28, at + 28 + length);
      frames.push(frameOf(link.type, link.nanoseconds ? stamp : stamp * 1000n, data, view.getUint32(at + 24, little)));
    }
    return withSides(frames);
  }
  const magic = view.getUint32(0, true);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  const nanoseconds = view.getUint32(0, little) === 0xa1b23c4d;
  const linkType = view.getUint32(20, little);
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at + 8, little);
    const fraction = BigInt(view.getUint32(at + 4, little)) * (nanoseconds ? 1n : 1000n);
    const stamp = BigInt(view.getUint32(at, little)) * 1_000_000_000n + fraction;
    const data = bytes.subarray(at + 16, at + 16 + length);
    frames.push(frameOf(linkType, stamp, data, view.getUint32(at + 12, little)));
    at += 16 + length;
  }
  return withSides(frames);
}

function withSides(frames: readonly RawFrame[]): RawFrame[] {
  const clients = new Map<string, string>();
  const port = (endpoint: string): number => parseInt(endpoint.slice(endpoint.indexOf(':') + 1), 16);
  return frames.map((frame) => {
    const layout = tcpLayout(frame);
    if (layout === null) return frame;
    const flow = [layout.source, layout.destination].sort().join('-');
    let client = clients.get(flow);
    if (client === undefined || layout.flags & SYN) {
      const opening = layout.flags & SYN;
      const fromClient = opening ? !(layout.flags & ACK) : port(layout.source) > port(layout.destination);
      client = fromClient ? layout.source : layout.destination;
      clients.set(flow, client);
    }
    const from: Side = client === layout.source ? 'client' : 'server';
    return { ...frame, from };
  });
}
