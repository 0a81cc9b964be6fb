/** Bytes of captures for the tests, field by field; nothing here is shared with the code under test. */

export interface Sample {
  readonly data: Uint8Array;
  readonly seconds: number;
  /** Microseconds or nanoseconds, as the format has it. */
  readonly fraction: number;
  readonly original?: number;
}

export interface PcapOptions {
  readonly little?: boolean;
  readonly magic?: number;
  readonly version?: readonly [number, number];
  readonly linkType?: number;
  readonly recordHeader?: number;
  readonly swapLengths?: boolean;
}

export function u16(value: number, little: boolean): Uint8Array {
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setUint16(0, value, little);
  return bytes;
}

export function u32(value: number, little: boolean): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, little);
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function pcap(samples: readonly Sample[], options: PcapOptions = {}): Uint8Array {
  const little = options.little ?? true;
  const [major, minor] = options.version ?? [2, 4];
  const parts = [
    u32(options.magic ?? 0xa1b2c3d4, little),
    u16(major, little),
    u16(minor, little),
    u32(0, little),
    u32(0, little),
    u32(65_535, little),
    u32(options.linkType ?? 1, little),
  ];
  for (const sample of samples) {
    const captured = u32(sample.data.length, little);
    const original = u32(sample.original ?? sample.data.length, little);
    parts.push(u32(sample.seconds, little), u32(sample.fraction, little));
    parts.push(...(options.swapLengths === true ? [original, captured] : [captured, original]));
    parts.push(new Uint8Array((options.recordHeader ?? 16) - 16), sample.data);
  }
  return new Uint8Array(Buffer.concat(parts));
}

export function block(type: number, body: Uint8Array, little: boolean): Uint8Array {
  const padded = concat(body, new Uint8Array(-body.length & 3));
  const length = u32(padded.length + 12, little);
  return concat(u32(type, little), length, padded, length);
}

export function section(little: boolean, major = 1): Uint8Array {
  const body = concat(u32(0x1a2b3c4d, little), u16(major, little), u16(0, little), new Uint8Array(8).fill(0xff));
  return block(0x0a0d0d0a, body, little);
}

export function option(code: number, value: Uint8Array, little: boolean): Uint8Array {
  return concat(u16(code, little), u16(value.length, little), value, new Uint8Array(-value.length & 3));
}

export function networkInterface(
  linkType: number,
  little: boolean,
  settings: { snap?: number; resolution?: number; offset?: bigint } = {},
): Uint8Array {
  const options: Uint8Array[] = [];
  if (settings.resolution !== undefined) options.push(option(9, Uint8Array.of(settings.resolution), little));
  if (settings.offset !== undefined) {
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigInt64(0, settings.offset, little);
    options.push(option(14, value, little));
  }
  if (options.length > 0) options.push(option(0, new Uint8Array(0), little));
  return block(1, concat(u16(linkType, little), u16(0, little), u32(settings.snap ?? 0, little), ...options), little);
}

export function enhancedPacket(
  id: number,
  stamp: bigint,
  data: Uint8Array,
  little: boolean,
  original?: number,
): Uint8Array {
  const body = concat(
    u32(id, little),
    u32(Number(stamp >> 32n), little),
    u32(Number(stamp & 0xffffffffn), little),
    u32(data.length, little),
    u32(original ?? data.length, little),
    data,
  );
  return block(6, body, little);
}

export function obsoletePacket(id: number, stamp: bigint, data: Uint8Array, little: boolean): Uint8Array {
  const body = concat(
    u16(id, little),
    u16(0, little),
    u32(Number(stamp >> 32n), little),
    u32(Number(stamp & 0xffffffffn), little),
    u32(data.length, little),
    u32(data.length, little),
    data,
  );
  return block(2, body, little);
}

export function simplePacket(data: Uint8Array, original: number, little: boolean): Uint8Array {
  return block(3, concat(u32(original, little), data), little);
}

/** `length` bytes that differ from each other and from packet to packet. */
export function payload(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31) & 0xff);
}

/** A capture of every kind, small enough to be cut at every byte. */
export function allKinds(): [name: string, bytes: Uint8Array][] {
  const samples: Sample[] = [
    { data: payload(5, 1), seconds: 1_700_000_000, fraction: 123_456, original: 60 },
    { data: payload(0, 2), seconds: 1_700_000_001, fraction: 0 },
    { data: payload(33, 3), seconds: 4_000_000_000, fraction: 999_999 },
  ];
  const mixed = (little: boolean): Uint8Array =>
    concat(
      section(little),
      networkInterface(1, little),
      networkInterface(101, little, { resolution: 9, snap: 4 }),
      enhancedPacket(0, 1_700_000_000_123_456n, payload(5, 1), little, 60),
      block(0x0bad, payload(40, 9), little),
      enhancedPacket(1, 1_700_000_000_123_456_789n, payload(8, 2), little),
      block(5, payload(12, 1), little),
      obsoletePacket(1, 1_700_000_002_000_000_001n, payload(3, 3), little),
      section(!little),
      networkInterface(113, !little, { snap: 6 }),
      block(0x40000bad, payload(20, 4), !little),
      simplePacket(payload(6, 5), 90, !little),
      enhancedPacket(0, 1_700_000_003_000_000n, payload(1, 6), !little),
    );
  return [
    ['pcap little-endian', pcap(samples)],
    ['pcap big-endian', pcap(samples, { little: false })],
    ['pcap nanoseconds', pcap(samples, { magic: 0xa1b23c4d, linkType: 101 })],
    ['pcap nanoseconds big-endian', pcap(samples, { magic: 0xa1b23c4d, little: false })],
    ['pcap modified', pcap(samples, { magic: 0xa1b2cd34, recordHeader: 24 })],
    ['pcap modified big-endian', pcap(samples, { magic: 0xa1b2cd34, recordHeader: 24, little: false })],
    ['pcapng little-endian first', mixed(true)],
    ['pcapng big-endian first', mixed(false)],
  ];
}
