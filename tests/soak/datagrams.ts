/** Export datagrams of invented exporters: NetFlow v5 and v9, IPFIX, sFlow v5, sound ones and such as nobody should send. */
import type { Random } from '../bench/mix-random.ts';

/** Elements of a flow (RFC 7012): addresses, ports, protocol, flags, packets, octets, and start and end in ms. */
const FLOW_FIELDS: readonly (readonly [element: number, length: number])[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 1],
  [2, 4],
  [1, 4],
  [152, 8],
  [153, 8],
];
const FLOW_LENGTH = 38;
const PER_DATAGRAM = 24;
const MAX_DATAGRAM = 1400;
const TEMPLATE = 256;
/** An address that the endpoint list of a soak names as a pool: 203.0.113.77 port 3333. */
export const LISTED_POOL = 0xcb00714d;
export const LISTED_PORT = 3333;
/** Connections to it, and others that come again and again. */
const MINERS = 20;
const REGULARS = 50_000;

interface Flow {
  readonly source: number;
  readonly sourcePort: number;
  readonly destination: number;
  readonly destinationPort: number;
  readonly packets: number;
  readonly octets: number;
  /** ms. */
  readonly start: number;
  readonly end: number;
}

/** Writes big-endian numbers one behind the other. */
class Bytes {
  readonly buffer = Buffer.alloc(2048);
  used = 0;
  u8(value: number): this {
    this.used = this.buffer.writeUInt8(value & 0xff, this.used);
    return this;
  }
  u16(value: number): this {
    this.used = this.buffer.writeUInt16BE(value & 0xffff, this.used);
    return this;
  }
  u32(value: number): this {
    this.used = this.buffer.writeUInt32BE(value >>> 0, this.used);
    return this;
  }
  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32);
  }
  zeros(count: number): this {
    this.buffer.fill(0, this.used, this.used + count);
    this.used += count;
    return this;
  }
  bytes(value: Uint8Array): this {
    this.buffer.set(value, this.used);
    this.used += value.length;
    return this;
  }
  done(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.used));
  }
}

/** Makes datagrams; sequence numbers go on from one to the next as the protocols ask. */
export class Exporters {
  private readonly random: Random;
  private readonly headers: readonly Uint8Array[];
  private readonly sequences = { v5: 0, v9: 0, ipfix: 0, sflow: 0, storm: 0 };
  private made = 0;
  private stormed = 0;

  /** `headers`: frames whose first bytes sFlow samples show. */
  constructor(random: Random, headers: readonly Uint8Array[]) {
    this.random = random;
    this.headers = headers;
  }

  /** One flow in both directions, in turn; the rest are strangers who come once. */
  private flow(now: number): Flow {
    const { random } = this;
    const n = this.made++;
    const back = (n & 1) === 1;
    const kind = n % 4096;
    const end = now - random.below(2000);
    const miner = kind < 2;
    const regular = n % 64 < 40;
    const number = miner ? (n >>> 12) % MINERS : regular ? (n >>> 1) % REGULARS : random.next() >>> 8;
    const client = miner ? 0x0a320000 + number : regular ? 0x0a400000 + number : 0x0b000000 + (number & 0x3fffff);
    const server = miner ? LISTED_POOL : regular ? 0xc6336400 + (number & 0xff) : 0xcb007100 + (number & 0xff);
    const port = miner ? 40_000 + number : 1024 + (number % 60_000);
    const serverPort = miner ? LISTED_PORT : ([443, 80, 53, 8443][number & 3] ?? 443);
    const packets = miner ? 20 + random.below(4) : 1 + random.below(50);
    const octets = packets * (miner ? (back ? 200 : 120) : 60 + random.below(1200));
    const start = end - (miner ? 55_000 : random.below(30_000));
    return back
      ? {
          source: server,
          sourcePort: serverPort,
          destination: client,
          destinationPort: port,
          packets,
          octets,
          start,
          end,
        }
      : {
          source: client,
          sourcePort: port,
          destination: server,
          destinationPort: serverPort,
          packets,
          octets,
          start,
          end,
        };
  }

  /** NetFlow v5 (Cisco's published format); `now` in ms. */
  v5(now: number): Buffer {
    const out = new Bytes();
    const uptime = 3_600_000;
    out
      .u16(5)
      .u16(PER_DATAGRAM)
      .u32(uptime)
      .u32(now / 1000)
      .u32((now % 1000) * 1e6)
      .u32(this.sequences.v5)
      .u8(0)
      .u8(1)
      .u16(0);
    this.sequences.v5 += PER_DATAGRAM;
    for (let i = 0; i < PER_DATAGRAM; i++) {
      const f = this.flow(now);
      out.u32(f.source).u32(f.destination).u32(0).u16(1).u16(2).u32(f.packets).u32(f.octets);
      out
        .u32(uptime - (now - f.start))
        .u32(uptime - (now - f.end))
        .u16(f.sourcePort)
        .u16(f.destinationPort);
      out.u8(0).u8(0x1b).u8(6).zeros(9);
    }
    return out.done();
  }

  /** NetFlow v9 (RFC 3954), with its template every 20th time. */
  v9(now: number): Buffer {
    const sequence = this.sequences.v9++;
    const withTemplate = sequence % 20 === 0;
    const out = new Bytes();
    out
      .u16(9)
      .u16(PER_DATAGRAM + (withTemplate ? 1 : 0))
      .u32(3_600_000)
      .u32(now / 1000)
      .u32(sequence)
      .u32(7);
    if (withTemplate) template(out, 0, TEMPLATE);
    this.data(out, TEMPLATE, now);
    return out.done();
  }

  /** IPFIX (RFC 7011), with its template every 20th time. */
  ipfix(now: number): Buffer {
    const out = new Bytes();
    out
      .u16(10)
      .u16(0)
      .u32(now / 1000)
      .u32(this.sequences.ipfix)
      .u32(9);
    if ((this.sequences.ipfix / PER_DATAGRAM) % 20 === 0) template(out, 2, TEMPLATE);
    this.sequences.ipfix += PER_DATAGRAM;
    this.data(out, TEMPLATE, now);
    out.buffer.writeUInt16BE(out.used, 2);
    return out.done();
  }

  private data(out: Bytes, id: number, now: number): void {
    out.u16(id).u16(4 + PER_DATAGRAM * FLOW_LENGTH);
    for (let i = 0; i < PER_DATAGRAM; i++) {
      const f = this.flow(now);
      out.u32(f.source).u32(f.destination).u16(f.sourcePort).u16(f.destinationPort).u8(6).u8(0x1b);
      out.u32(f.packets).u32(f.octets).u64(f.start).u64(f.end);
    }
  }

  /** sFlow version 5 (sflow_version_5.txt): flow samples with raw headers of Ethernet. */
  sflow(): Buffer {
    const { random, headers } = this;
    const out = new Bytes();
    const sequence = this.sequences.sflow++;
    const samples = 4;
    out
      .u32(5)
      .u32(1)
      .u32(0xc0000201)
      .u32(2)
      .u32(sequence)
      .u32(sequence * 1000)
      .u32(samples);
    for (let i = 0; i < samples; i++) {
      const frame = headers[random.below(headers.length)] ?? new Uint8Array(60);
      const shown = frame.subarray(0, 128);
      const padded = (shown.length + 3) & ~3;
      out
        .u32(1)
        .u32(56 + padded)
        .u32(sequence * samples + i)
        .u32(3)
        .u32(100)
        .u32(sequence * 400)
        .u32(0)
        .u32(1)
        .u32(2)
        .u32(1);
      out
        .u32(1)
        .u32(16 + padded)
        .u32(1)
        .u32(frame.length)
        .u32(0)
        .u32(shown.length)
        .bytes(shown)
        .zeros(padded - shown.length);
    }
    return out.done();
  }

  /** Templates nobody asked for: always new ids, in ever new domains, by IPFIX and NetFlow v9 in turn. */
  storm(now: number): Buffer {
    const n = this.stormed++;
    const out = new Bytes();
    const v9 = (n & 1) === 1;
    if (v9)
      out
        .u16(9)
        .u16(8)
        .u32(3_600_000)
        .u32(now / 1000)
        .u32(this.sequences.storm++)
        .u32(n >>> 6);
    else
      out
        .u16(10)
        .u16(0)
        .u32(now / 1000)
        .u32(this.sequences.storm++)
        .u32(n >>> 6);
    for (let i = 0; i < 8; i++) template(out, v9 ? 0 : 2, TEMPLATE + ((n * 8 + i) % (65_536 - TEMPLATE)));
    if (!v9) out.buffer.writeUInt16BE(out.used, 2);
    return out.done();
  }

  /** A sound datagram with bytes changed where lengths, counts and ids stand, or cut off. */
  lying(now: number): Buffer {
    const { random } = this;
    const kinds = [
      () => this.v5(now),
      () => this.v9(now),
      () => this.ipfix(now),
      () => this.sflow(),
      () => this.storm(now),
    ];
    const before = { ...this.sequences };
    const bytes = kinds[random.below(kinds.length)]?.() ?? Buffer.alloc(0);
    Object.assign(this.sequences, before);
    for (let i = 0; i < 6; i++) bytes[2 + random.below(Math.min(60, bytes.length - 2))] = random.next() & 0xff;
    return random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
  }

  /** Noise, every second time behind the version of a protocol. */
  garbage(): Buffer {
    const { random } = this;
    const bytes = Buffer.alloc(random.below(MAX_DATAGRAM));
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.next() & 0xff;
    const version = [5, 9, 10, 0][random.below(8)];
    if (version !== undefined && bytes.length >= 2) bytes.writeUInt16BE(version, 0);
    return bytes;
  }
}

function template(out: Bytes, set: number, id: number): void {
  out
    .u16(set)
    .u16(8 + FLOW_FIELDS.length * 4)
    .u16(id)
    .u16(FLOW_FIELDS.length);
  for (const [element, length] of FLOW_FIELDS) out.u16(element).u16(length);
}
