/** What a network and an observation point do to frames: every function takes a list and returns a new one. */
import type { Random } from './random.ts';
import { concat, internetChecksum, u8, u16be, u32be } from './wire/bytes.ts';
import { byTime, type RawFrame, type Side, type TcpLayout, tcpLayout } from './wire/frame.ts';
import { PSH, SYN, sealTcp } from './wire/packet.ts';

/** The same frame with another TCP payload; `sequenceShift` bytes further on in the stream. */
function withPayload(
  frame: RawFrame,
  layout: TcpLayout,
  payload: Uint8Array,
  sequenceShift: number,
  last: boolean,
): RawFrame {
  const data = concat(frame.data.subarray(0, layout.payload), payload);
  const { ip, tcp } = layout;
  data.set(u32be((layout.sequence + sequenceShift) >>> 0), tcp + 4);
  if (!last) data[tcp + 13] = data[tcp + 13]! & ~PSH;
  let source: Uint8Array;
  let destination: Uint8Array;
  if (layout.ipVersion === 4) {
    data.set(u16be(data.length - ip), ip + 2);
    data.set(u16be(0), ip + 10);
    data.set(u16be(internetChecksum(data.subarray(ip, tcp))), ip + 10);
    source = data.subarray(ip + 12, ip + 16);
    destination = data.subarray(ip + 16, ip + 20);
  } else {
    data.set(u16be(data.length - tcp), ip + 4);
    source = data.subarray(ip + 8, ip + 24);
    destination = data.subarray(ip + 24, ip + 40);
  }
  sealTcp(source, destination, data.subarray(tcp));
  return { ...frame, data };
}

/** Cuts the payload of plain TCP frames into pieces of `min` to `max` bytes; other frames stay as they are. */
export function segment(
  frames: readonly RawFrame[],
  rng: Random,
  sizes: { readonly min: number; readonly max: number },
): RawFrame[] {
  const out: RawFrame[] = [];
  for (const frame of frames) {
    const layout = tcpLayout(frame);
    const length = layout === null ? 0 : layout.end - layout.payload;
    if (layout === null || length <= sizes.min) {
      out.push(frame);
      continue;
    }
    let piece = 0;
    for (let offset = 0; offset < length; piece++) {
      const end = Math.min(length, offset + rng.int(sizes.min, sizes.max));
      const payload = frame.data.subarray(layout.payload + offset, layout.payload + end);
      const cut = withPayload(frame, layout, payload, offset, end === length);
      out.push({ ...cut, time: frame.time + piece * 12 });
      offset = end;
    }
  }
  // Pieces of one frame may outlast the distance to the next: they push it back, they do not mix with it.
  let last = 0;
  return out.map((frame) => {
    last = Math.max(last, frame.time);
    return frame.time === last ? frame : { ...frame, time: last };
  });
}

/** Cuts every message once, at byte `at` of its payload (frames with shorter payloads stay whole). */
export function cutPayloads(frames: readonly RawFrame[], at: number): RawFrame[] {
  return frames.flatMap((frame) => {
    const layout = tcpLayout(frame);
    if (layout === null || at <= 0 || layout.end - layout.payload <= at) return [frame];
    const payload = frame.data.subarray(layout.payload, layout.end);
    const second = withPayload(frame, layout, payload.subarray(at), at, true);
    return [withPayload(frame, layout, payload.subarray(0, at), 0, false), { ...second, time: frame.time + 12 }];
  });
}

/**
 * Exchanges frames of one direction of one flow with a later one at most `window` frames and `maxGap` microseconds
 * away, as parallel paths do. Times stay in order; a SYN stays where it is.
 */
export function reorder(frames: readonly RawFrame[], rng: Random, window: number, maxGap = 50_000): RawFrame[] {
  const out = [...frames];
  const key = (frame: RawFrame): string | null => {
    const layout = tcpLayout(frame);
    return layout === null || layout.flags & SYN ? null : `${layout.source}>${layout.destination}`;
  };
  for (let i = 0; i + 1 < out.length; i++) {
    const j = Math.min(out.length - 1, i + rng.int(0, window));
    const a = out[i]!;
    const b = out[j]!;
    const flow = key(a);
    if (i === j || flow === null || flow !== key(b) || b.time - a.time > maxGap) continue;
    out[i] = { ...b, time: a.time, nanos: a.nanos };
    out[j] = { ...a, time: b.time, nanos: b.nanos };
  }
  return out;
}

/** Repeats a share `rate` of the frames that carry payload, 200 to 400 ms later: retransmissions. */
export function duplicate(frames: readonly RawFrame[], rng: Random, rate: number): RawFrame[] {
  const out: RawFrame[] = [];
  for (const frame of frames) {
    out.push(frame);
    const layout = tcpLayout(frame);
    if (layout === null || layout.payload === layout.end || rng.float() >= rate) continue;
    out.push({ ...frame, time: frame.time + rng.int(200_000, 400_000) });
  }
  return byTime(out);
}

/** Drops a share `rate` of all frames. */
export function lose(frames: readonly RawFrame[], rng: Random, rate: number): RawFrame[] {
  return frames.filter(() => rng.float() >= rate);
}

/** Drops the frames that carry one of these messages (indexes into the conversation's list). */
export function loseMessages(frames: readonly RawFrame[], messages: ReadonlySet<number>): RawFrame[] {
  return frames.filter((frame) => frame.message < 0 || !messages.has(frame.message));
}

export function onlyFrom(frames: readonly RawFrame[], side: Side): RawFrame[] {
  return frames.filter((frame) => frame.from === side);
}

/** The capture ends after `count` frames. */
export function cutAfter(frames: readonly RawFrame[], count: number): RawFrame[] {
  return frames.slice(0, count);
}

/** The capture begins `count` frames late. */
export function cutBefore(frames: readonly RawFrame[], count: number): RawFrame[] {
  return frames.slice(count);
}

/** The capture begins with the first frame of this message. */
export function fromMessage(frames: readonly RawFrame[], message: number): RawFrame[] {
  const first = frames.findIndex((frame) => frame.message === message);
  return first < 0 ? [] : frames.slice(first);
}

/** Every frame `micros` microseconds later. */
export function delay(frames: readonly RawFrame[], micros: number): RawFrame[] {
  return frames.map((frame) => ({ ...frame, time: frame.time + micros }));
}

/** One capture out of several conversations, in order of time. */
export function merge(...lists: readonly (readonly RawFrame[])[]): RawFrame[] {
  return byTime(lists.flat());
}

/** Keeps `length` bytes of every frame, as a snap length does; the length on the wire is kept beside them. */
export function snap(frames: readonly RawFrame[], length: number): RawFrame[] {
  return frames.map((frame) => ({ ...frame, wireLength: frame.data.length, data: frame.data.subarray(0, length) }));
}

/** Splits plain IP packets longer than `mtu` bytes into fragments (RFC 791 §3.2; RFC 8200 §4.5). */
export function fragment(frames: readonly RawFrame[], mtu: number): RawFrame[] {
  return frames.flatMap((frame, index) => {
    const layout = tcpLayout(frame);
    if (layout === null || layout.end - layout.ip <= mtu) return [frame];
    const head = frame.data.subarray(0, layout.tcp);
    const body = frame.data.subarray(layout.tcp, layout.end);
    const overhead = layout.ipVersion === 4 ? 20 : 48;
    const step = Math.floor((mtu - overhead) / 8) * 8;
    const pieces: RawFrame[] = [];
    for (let offset = 0; offset < body.length; offset += step) {
      const part = body.subarray(offset, offset + step);
      const more = offset + step < body.length;
      const header = head.slice();
      let data: Uint8Array;
      if (layout.ipVersion === 4) {
        header.set(u16be(20 + part.length), layout.ip + 2);
        header.set(u16be((more ? 0x2000 : 0) | (offset / 8)), layout.ip + 6);
        header.set(u16be(0), layout.ip + 10);
        header.set(u16be(internetChecksum(header.subarray(layout.ip))), layout.ip + 10);
        data = concat(header, part);
      } else {
        const extension = concat(u8(header[layout.ip + 6]!, 0), u16be(offset | (more ? 1 : 0)), u32be(index + 1));
        header[layout.ip + 6] = 44;
        header.set(u16be(8 + part.length), layout.ip + 4);
        data = concat(header, extension, part);
      }
      pieces.push({ ...frame, data, time: frame.time + pieces.length });
    }
    return pieces;
  });
}
