/** One Ethernet frame of a small capture read whole; [offset, end) in the file's bytes, time in microseconds. */
export interface CapturedFrame {
  readonly offset: number;
  readonly end: number;
  readonly original: number;
  readonly time: number;
}

const ETHERNET = 1;
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const SIMPLE = 3;
const ENHANCED = 6;
const LITTLE_MAGICS: readonly number[] = [0xa1b2c3d4, 0xa1b23c4d];

/**
 * The frames of a classic pcap or pcapng capture (either byte order, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html)
 * of link type Ethernet; null where it is no capture or holds other link types. Stops at the first damage.
 */
export function ethernetFrames(bytes: Uint8Array): CapturedFrame[] | null {
  if (bytes.length < 24) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) === SECTION) return pcapngFrames(view);
  const little = LITTLE_MAGICS.includes(view.getUint32(0, true));
  if (!little && !LITTLE_MAGICS.includes(view.getUint32(0))) return null;
  if ((view.getUint32(20, little) & 0x0fffffff) !== ETHERNET) return null;
  return pcapFrames(view, little, view.getUint32(0, little) === 0xa1b23c4d ? 1000 : 1);
}

function pcapFrames(view: DataView, little: boolean, divisor: number): CapturedFrame[] {
  const frames: CapturedFrame[] = [];
  for (let at = 24; view.byteLength - at >= 16; ) {
    const length = view.getUint32(at + 8, little);
    if (length > view.byteLength - at - 16) break;
    const time = view.getUint32(at, little) * 1e6 + Math.floor(view.getUint32(at + 4, little) / divisor);
    frames.push({ offset: at + 16, end: at + 16 + length, original: view.getUint32(at + 12, little), time });
    at += 16 + length;
  }
  return frames;
}

function pcapngFrames(view: DataView): CapturedFrame[] | null {
  const frames: CapturedFrame[] = [];
  const unitsPerSecond: number[] = [];
  let little = true;
  for (let at = 0; view.byteLength - at >= 12; ) {
    const isSection = view.getUint32(at) === SECTION;
    if (isSection) {
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      unitsPerSecond.length = 0;
    }
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length > view.byteLength - at) break;
    if (!isSection && type === INTERFACE && length >= 20) {
      if (view.getUint16(at + 8, little) !== ETHERNET) return null;
      unitsPerSecond.push(resolution(view, at + 16, at + length - 4, little));
    } else if (type === ENHANCED && length >= 32) {
      const captured = view.getUint32(at + 20, little);
      const units = unitsPerSecond[view.getUint32(at + 8, little)];
      if (units !== undefined && captured <= length - 32) {
        const ticks = view.getUint32(at + 12, little) * 4294967296 + view.getUint32(at + 16, little);
        const time = Math.floor((ticks / units) * 1e6);
        frames.push({ offset: at + 28, end: at + 28 + captured, original: view.getUint32(at + 24, little), time });
      }
    } else if (type === SIMPLE && length >= 16) {
      const original = view.getUint32(at + 8, little);
      const captured = Math.min(original, length - 16);
      frames.push({ offset: at + 12, end: at + 12 + captured, original, time: frames.at(-1)?.time ?? 0 });
    }
    at += length;
  }
  return frames;
}

/** Units per second of an interface: option if_tsresol (9), a power of ten or, with the top bit, of two; default 10^6. */
function resolution(view: DataView, from: number, end: number, little: boolean): number {
  for (let at = from; end - at >= 4; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0 || length > end - at - 4) break;
    if (code === 9 && length >= 1) {
      const value = view.getUint8(at + 4);
      return value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value;
    }
    at += 4 + ((length + 3) & ~3);
  }
  return 1e6;
}

/**
 * Replaces the IP addresses of an Ethernet frame in place by `address XOR mask` on the low 24 (IPv4) or 64 (IPv6) bits, so that
 * the flows of one repetition stay whole and differ from those of the next. Looks through VLAN tags and IP-in-IP; special
 * addresses (0/8, 127/8, multicast and above, ff00::/8, fe80::/10 and the first /16 of zeros) stay as they are.
 */
export function varyAddresses(view: DataView, offset: number, end: number, mask: number): void {
  let at = offset + 12;
  for (let tags = 0; tags < 4 && end - at >= 6; tags++) {
    const type = view.getUint16(at);
    if (type !== 0x8100 && type !== 0x88a8) break;
    at += 4;
  }
  if (end - at < 2) return;
  const type = view.getUint16(at);
  at += 2;
  let protocol = type === 0x0800 ? 4 : type === 0x86dd ? 41 : 0;
  for (let depth = 0; depth < 3; depth++) {
    if (protocol === 4 && end - at >= 20) {
      varyIpv4(view, at + 12, mask);
      varyIpv4(view, at + 16, mask);
      protocol = view.getUint8(at + 9);
      at += (view.getUint8(at) & 15) << 2;
    } else if (protocol === 41 && end - at >= 40) {
      varyIpv6(view, at + 8, mask);
      varyIpv6(view, at + 24, mask);
      protocol = view.getUint8(at + 6);
      at += 40;
    } else return;
  }
}

function varyIpv4(view: DataView, at: number, mask: number): void {
  const first = view.getUint8(at);
  if (first === 0 || first === 127 || first >= 224) return;
  view.setUint32(at, view.getUint32(at) ^ (mask & 0xffffff));
}

function varyIpv6(view: DataView, at: number, mask: number): void {
  const prefix = view.getUint16(at);
  if (prefix >= 0xfe80 || prefix === 0) return;
  view.setUint32(at + 8, view.getUint32(at + 8) ^ mask);
}
