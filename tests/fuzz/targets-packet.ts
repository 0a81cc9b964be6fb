/** Targets between frame and stream: headers, fragments, TCP order. */
import { Frame } from '../../src/capture/frame.ts';
import { createAnomalyCounters } from '../../src/common/anomaly.ts';
import { decodeFrame } from '../../src/decode/decode.ts';
import { Decoded, Packet } from '../../src/decode/packet.ts';
import { FragmentStore } from '../../src/flow/fragments.ts';
import { type SegmentPlace, type StreamBudget, StreamPair } from '../../src/flow/stream.ts';
import { ENCAPSULATIONS, encapsulate, LINK_TYPES, onLink, type Random, type RawFrame } from '../generate/index.ts';
import { frames } from './corpus.ts';
import { MeteredView } from './meter.ts';
import { join, mutate } from './mutate.ts';
import { demand, demandSame, type Target } from './target.ts';

/** Every link type the decoder knows, those that wrap another, and some that it does not know. */
const LINKS = [
  1, 0, 9, 10, 12, 14, 50, 51, 100, 101, 104, 105, 108, 109, 113, 117, 119, 127, 163, 192, 204, 219, 228, 229, 258, 276,
  2, 147, 65535,
];
const MARGIN = 64;

interface DecodeResult {
  readonly decoded: number;
  readonly fields: Record<string, number>;
  readonly anomalies: string;
}

function decode(input: Uint8Array, filler: number, packet: Packet): DecodeResult {
  const data = input.subarray(2);
  const bytes = new Uint8Array(data.length + 2 * MARGIN).fill(filler);
  bytes.set(data, MARGIN);
  const view = new MeteredView(bytes.buffer);
  // Forty layers of at most some dozen reads each, and the walk over options.
  view.limit = 4000 + 4 * data.length;
  const frame = new Frame(bytes, view);
  frame.offset = MARGIN;
  frame.end = MARGIN + data.length;
  frame.linkType = LINKS[(input[0] ?? 0) % LINKS.length] as number;
  frame.originalLength = Math.max(0, data.length + ((input[1] ?? 128) - 128) * 3);
  const counters = createAnomalyCounters();
  const decoded = decodeFrame(frame, packet, counters);
  demand(packet.bytes === bytes && packet.view === view, 'the packet refers to another buffer');
  const p = packet;
  const inside = (from: number, to: number): boolean => from >= MARGIN && from <= to && to <= frame.end;
  if (decoded === Decoded.Transport) {
    demand(inside(p.payload, p.payloadEnd), () => `payload ${p.payload - MARGIN}…${p.payloadEnd - MARGIN}`);
    demand(p.payloadLength >= p.payloadEnd - p.payload, () => `payload length ${p.payloadLength}`);
  }
  if (decoded !== Decoded.None) {
    demand(inside(p.network, p.networkEnd), () => `network ${p.network - MARGIN}…${p.networkEnd - MARGIN}`);
    demand(p.networkLength >= p.networkEnd - p.network, () => `network length ${p.networkLength}`);
    demand(p.ipVersion === 4 || p.ipVersion === 6, 'no IP version');
  }
  demand(p.depth < 9, 'too deep');
  const fields: Record<string, number> = {};
  for (const [name, value] of Object.entries(p)) {
    if (typeof value !== 'number') continue;
    demand(Number.isInteger(value), () => `${name} = ${value}`);
    fields[name] = value;
  }
  return { decoded, fields, anomalies: counters.join() };
}

/** A packet in which every field was set by something else before. */
const DIRTY = new Packet(new Uint8Array(0), new DataView(new ArrayBuffer(0)));

const decodeFrames: Target = {
  name: 'decode-frame',
  holds: 'offsets inside the frame; the same result whatever lies around it and whatever the packet held before',
  input: (rng) => {
    const frame = rng.int(0, 2) === 0 ? wrapped(rng, rng.pick(frames())) : rng.pick(frames());
    const known = LINKS.indexOf(frame.linkType);
    const link = rng.int(0, 3) > 0 && known >= 0 ? known : rng.int(0, LINKS.length - 1);
    const reach = { max: 1600, other: rng.pick(frames()).data };
    // Headers lie in front: most changes go there.
    const split = rng.int(0, 2) === 0 ? frame.data.length : Math.min(frame.data.length, rng.int(16, 120));
    const data = join(mutate(rng, frame.data.slice(0, split), reach), frame.data.subarray(split));
    // Cut within the headers, where a missing length test reads what lies behind the frame.
    const captured = rng.int(0, 3) === 0 ? data.subarray(0, rng.int(0, 140)) : data;
    return join(Uint8Array.of(link, rng.int(0, 3) > 0 ? 128 : rng.int(0, 255)), captured);
  },
  check(input) {
    const fresh = new Packet(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
    const one = decode(input, 0x00, fresh);
    demandSame(one, decode(input, 0xff, DIRTY), 'surroundings 00 and ff');
    demandSame(one, decode(input, 0x45, DIRTY), 'surroundings 00 and 45');
  },
};

/** A frame inside one or several tunnels, or on another link type. */
function wrapped(rng: Random, frame: RawFrame): RawFrame {
  let result = frame;
  for (let i = rng.int(1, 3); i > 0; i--) {
    try {
      result =
        rng.int(0, 2) === 0
          ? (onLink([result], rng.pick(LINK_TYPES))[0] as RawFrame)
          : (encapsulate([result], rng.pick(ENCAPSULATIONS))[0] as RawFrame);
    } catch {
      // Not every frame fits into every tunnel.
      return result;
    }
  }
  return result.data.length > 1600 ? frame : result;
}

/** Bytes of a datagram at an offset; two variants, so that overlaps can differ. */
const fragmentByte = (id: number, offset: number, variant: number): number =>
  (id * 31 + offset * 7 + (offset >> 8) + variant * 101) & 0xff;

const FRAGMENT_BUFFER: Uint8Array = new Uint8Array(16_384);

const fragments: Target = {
  name: 'fragments',
  holds: 'records and pages within their limits; a datagram holds, at every place, a byte that was sent there',
  input: (rng) => {
    // One operation is 6 bytes: datagram, offset in units, length, flags, time step, protocol.
    const ops: number[] = [];
    for (let i = rng.int(1, 40); i > 0; i--) {
      const whole = rng.int(0, 2) > 0;
      const offset = whole ? rng.int(0, 3) * 4 : rng.int(0, 255);
      ops.push(
        rng.int(0, 3),
        offset,
        whole ? 32 : rng.int(0, 255),
        rng.int(0, 255),
        rng.int(0, 9) === 0 ? rng.int(0, 255) : 0,
        rng.int(0, 255),
      );
    }
    return mutate(rng, Uint8Array.from(ops), { max: 600 });
  },
  check(input) {
    const store = new FragmentStore({ maxBytes: 65_536, maxDatagrams: 3, timeout: 30_000_000 });
    const counters = createAnomalyCounters();
    const buffer = FRAGMENT_BUFFER;
    const packet = new Packet(buffer, new DataView(buffer.buffer));
    let now = 1e15;
    for (let at = 0; at + 6 <= input.length; at += 6) {
      const [id = 0, units = 0, size = 0, flags = 0, step = 0, protocol = 0] = input.subarray(at, at + 6);
      now += step * 1e6;
      packet.ipVersion = flags & 1 ? 6 : 4;
      packet.fragmentId = id;
      packet.protocol = flags & 2 ? 6 : protocol;
      packet.fragmentMore = (flags >> 2) & 1;
      packet.fragmentOffset = (flags & 8 ? units * 32 : units) * 8;
      packet.network = (flags >> 4) & 1;
      const length = flags & 32 ? size * 40 : size;
      packet.networkEnd = packet.network + length;
      packet.networkLength = flags & 64 && size === 7 ? length + 1 : length;
      for (let i = 0; i < length; i++)
        buffer[packet.network + i] = fragmentByte(id, packet.fragmentOffset + i, flags >> 7);
      const whole = store.add(packet, now, counters);
      demand(store.size <= 3, () => `${store.size} datagrams`);
      demand(store.bytesHeld <= 65_536 && store.bytesHeld >= 0, () => `${store.bytesHeld} bytes held`);
      if (!whole) continue;
      demand(store.length > 0 && store.length <= 65_535, () => `a datagram of ${store.length} bytes`);
      for (let i = 0; i < store.length; i++) {
        const byte = store.bytes[i];
        demand(byte === fragmentByte(id, i, 0) || byte === fragmentByte(id, i, 1), () => `byte ${i} was never sent`);
      }
    }
  },
};

const STREAM_LENGTH = 4096;
const STREAM_BUDGET = 400;
/** What each side sends: every window of bytes tells its place. */
const SENT: readonly [Uint8Array, Uint8Array] = [0, 1].map((side) =>
  Uint8Array.from({ length: STREAM_LENGTH * 2 }, (_, i) => (i * 13 + (i >> 7) * 57 + side * 99) & 0xff),
) as [Uint8Array, Uint8Array];
const START: readonly [number, number] = [0x7ffffc00 | 0, 0xfffffe00 | 0];

/** Checks one run of a stream pair; the input is a list of segments, 10 bytes each. */
class StreamCheck {
  private readonly budget: StreamBudget = { used: 0, limit: STREAM_BUDGET };
  private readonly counters = createAnomalyCounters();
  private readonly pair: StreamPair = new StreamPair(this, this.budget, this.counters);
  /** Relative number of the next byte of each side, null where it is not known. */
  private readonly next: [number | null, number | null] = [null, null];
  private readonly ends: number[] = [];
  private calls = 0;
  private readonly input: Uint8Array;

  constructor(input: Uint8Array) {
    this.input = input;
  }

  run(): void {
    const view = new DataView(this.input.buffer, this.input.byteOffset, this.input.byteLength);
    const place: SegmentPlace = { input: 0, packet: 0, time: 1e15, shift: 5 };
    for (let at = 0; at + 10 <= this.input.length; at += 10) {
      const flags = view.getUint8(at);
      const side = (flags & 1) as 0 | 1;
      const other = (1 - side) as 0 | 1;
      const relative = view.getUint16(at + 1) % STREAM_LENGTH;
      // Some segments and acknowledgements lie far away.
      const far = flags & 2 ? view.getInt32(at + 1) : 0;
      const length = view.getUint8(at + 3) & 0x7f;
      const captured = flags & 4 ? length >> 1 : length;
      const acknowledged = flags & 8 ? view.getInt32(at + 5) : view.getUint16(at + 5) % STREAM_LENGTH;
      if (flags & 16) this.pair.open(side, START[side]);
      if (flags & 32) this.pair.close(side, (START[side] + relative + length) | 0);
      place.packet = this.ends.length;
      place.time += (view.getInt8(at + 9) * 20_000) | 0;
      this.ends.push(far === 0 ? relative + captured : Number.NaN);
      const bytes = new Uint8Array(captured + 14).fill(0xee);
      bytes.set(SENT[side].subarray(relative, relative + captured), 7);
      const sequence = (START[side] + relative + far) | 0;
      this.calls = 0;
      this.pair.push(
        side,
        sequence,
        (START[other] + acknowledged) | 0,
        (flags & 64) !== 0,
        bytes,
        7,
        7 + captured,
        length,
        place,
      );
      bytes.fill(0xdd);
      demand(this.budget.used >= 0 && this.budget.used <= STREAM_BUDGET, () => `${this.budget.used} bytes held`);
      demand(this.calls <= 200, () => `${this.calls} calls for one segment`);
      if (flags === 0xff) this.pair.discard();
    }
    this.pair.flush();
    demand(this.budget.used === 0, () => `${this.budget.used} bytes still held after the end`);
  }

  onStreamData(side: 0 | 1, bytes: Uint8Array, off: number, end: number, place: SegmentPlace): void {
    this.calls++;
    demand(off >= 0 && off < end && end <= bytes.length, () => `data ${off}…${end} of ${bytes.length}`);
    const segmentEnd = this.ends[place.packet] as number;
    if (Number.isNaN(segmentEnd)) {
      this.next[side] = null;
      return;
    }
    const from = segmentEnd - (end - off);
    const expected = this.next[side];
    // Sequence numbers go round: acknowledgements far away can lead once around.
    demand(expected === null || ((expected - from) | 0) === 0, () => `side ${side}: ${from} after ${expected}`);
    for (let i = 0; i < end - off; i++)
      demand(bytes[off + i] === SENT[side][from + i], () => `side ${side}: wrong byte ${from + i}`);
    this.next[side] = segmentEnd;
  }

  onStreamGap(side: 0 | 1, lost: number): void {
    this.calls++;
    demand(lost === -1 || lost > 0, () => `a gap of ${lost}`);
    const next = this.next[side];
    this.next[side] = lost < 0 || next === null ? null : next + lost;
  }
}

const streamPair: Target = {
  name: 'stream-pair',
  holds: 'bytes in order, each once, as sent; gaps as long as said; bounded memory, all given back',
  input: (rng) => {
    const count = rng.int(1, 60);
    const bytes = new Uint8Array(count * 10);
    const view = new DataView(bytes.buffer);
    const sent: [number, number] = [0, 0];
    const opened = rng.int(0, 2) > 0;
    for (let i = 0; i < count; i++) {
      const side = rng.int(0, 1) as 0 | 1;
      const length = rng.int(0, 5) === 0 ? rng.int(0, 127) : 20;
      const wild = rng.int(0, 19) === 0;
      const flags =
        side | (opened && i < 2 ? 16 : 0) | 64 | (rng.int(0, 14) === 0 ? 4 : 0) | (wild ? rng.int(0, 255) & 0x2e : 0);
      const lost = rng.int(0, 15) === 0 ? rng.int(1, 200) : 0;
      const back = rng.int(0, 9) === 0 ? rng.int(0, 60) : 0;
      const at = i * 10;
      view.setUint8(at, flags);
      view.setUint16(at + 1, Math.max(0, sent[side] + lost - back));
      view.setUint8(at + 3, length);
      view.setUint16(at + 5, wild ? rng.int(0, 65_535) : sent[(1 - side) as 0 | 1]);
      view.setInt8(at + 9, rng.int(-3, 20));
      sent[side] += lost + length;
    }
    // Segments out of order.
    for (let i = rng.int(0, 6); i > 0 && count > 1; i--) {
      const a = rng.int(0, count - 1) * 10;
      const b = Math.min(count - 1, a / 10 + rng.int(1, 5)) * 10;
      const held = bytes.slice(a, a + 10);
      bytes.copyWithin(a, b, b + 10);
      bytes.set(held, b);
    }
    return rng.int(0, 2) === 0 ? mutate(rng, bytes, { max: 800 }) : bytes;
  },
  check(input) {
    new StreamCheck(input).run();
  },
};

export const PACKET_TARGETS: readonly Target[] = [decodeFrames, fragments, streamPair];
