// hot: one turn of `scan` per packet.
import { Anomaly } from '../common/anomaly.ts';
import type { Damage } from './capture-error.ts';
import { BYTE_ORDER_MAGIC, SECTION_HEADER } from './format.ts';
import type { Frame, FrameSink } from './frame.ts';
import { CaptureInterface } from './pcapng-interface.ts';
import { MAX_BLOCK, MAX_PACKET, type RecordParser } from './record-parser.ts';

// Block types of draft-ietf-opsawg-pcapng §4; every other block is skipped by its length.
const INTERFACE = 1;
const PACKET_OBSOLETE = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

// Every block: type 0…3, total length 4…7, body, total length again in the last 4 bytes; lengths are multiples of 4.
const BLOCK_HEADER = 8;
const TRAILER = 4;
const SECTION_MIN = 28;
const SECTION_VERSION = 12;
const INTERFACE_MIN = 20;
const PACKET_MIN = 32;
const SIMPLE_MIN = 16;
// Enhanced Packet Block (and, but for the width of the interface, the obsolete Packet Block), from the block start.
const PACKET_INTERFACE = 8;
const PACKET_TIME_HIGH = 12;
const PACKET_TIME_LOW = 16;
const PACKET_CAPTURED = 20;
const PACKET_ORIGINAL = 24;
const PACKET_DATA = 28;
const SIMPLE_ORIGINAL = 8;
const SIMPLE_DATA = 12;

/** Interfaces remembered per section: about 100 bytes each, so at most some 6 MiB. */
const MAX_INTERFACES = 65_536;

/** Blocks of a pcapng capture, from its first Section Header Block on. */
export class PcapngParser implements RecordParser {
  packets = 0;
  need: number = BLOCK_HEADER;
  damage: Damage | null = null;
  unfinished = -1;
  /** Byte order of the present section. */
  private little = true;
  private interfaces: CaptureInterface[] = [];
  /** Bytes of a block that are still to be passed over, then the length its trailer must repeat (0 = no such block). */
  private skip = 0;
  private trailer = 0;

  scan(
    bytes: Uint8Array,
    view: DataView,
    off: number,
    end: number,
    base: number,
    frame: Frame,
    sink: FrameSink,
  ): number {
    frame.bytes = bytes;
    frame.view = view;
    if (this.trailer !== 0) {
      off = this.finishSkip(view, off, end, base);
      if (this.trailer !== 0) return off;
    }
    while (end - off >= BLOCK_HEADER) {
      const type = view.getInt32(off, this.little);
      if (type === SECTION_HEADER) {
        // Its byte order is known only from its third word, and its length reads in that order.
        if (end - off < BLOCK_HEADER + 4) {
          this.need = BLOCK_HEADER + 4;
          return off;
        }
        if (!this.openSection(view, off, base)) return off;
      }
      const little = this.little;
      const length = view.getInt32(off + 4, little);
      if (length < BLOCK_HEADER + TRAILER || length > MAX_BLOCK || (length & 3) !== 0) {
        const why = length < 0 || length > MAX_BLOCK ? `more than ${MAX_BLOCK}` : 'which no block can have';
        return this.stop(off, base, `block of ${length >>> 0} bytes, ${why}`);
      }
      if (length > end - off) {
        if (isUsed(type)) {
          this.need = length;
          return off;
        }
        this.unfinished = base + off;
        this.skip = length - BLOCK_HEADER - TRAILER;
        this.trailer = length;
        off = this.finishSkip(view, off + BLOCK_HEADER, end, base);
        if (this.trailer !== 0) return off;
        continue;
      }
      if (view.getInt32(off + length - TRAILER, little) !== length) {
        return this.stop(off, base, `block of ${length} bytes whose two lengths differ`);
      }
      if (type === ENHANCED_PACKET || type === PACKET_OBSOLETE) {
        if (length < PACKET_MIN) return this.stop(off, base, `packet block of only ${length} bytes`);
        const id =
          type === ENHANCED_PACKET
            ? view.getInt32(off + PACKET_INTERFACE, little)
            : view.getUint16(off + PACKET_INTERFACE, little);
        if (id < 0 || id >= this.interfaces.length) {
          return this.stop(off, base, `packet on interface ${id >>> 0}, which is not described`);
        }
        const captured = view.getInt32(off + PACKET_CAPTURED, little);
        if (captured < 0 || captured > MAX_PACKET) return this.tooLong(off, base, captured >>> 0);
        if (captured > length - PACKET_MIN)
          return this.stop(off, base, `${captured} captured bytes do not fit the block`);
        const described = this.interfaces[id] as CaptureInterface;
        const high = view.getUint32(off + PACKET_TIME_HIGH, little);
        described.setTime(frame, high, view.getUint32(off + PACKET_TIME_LOW, little));
        frame.linkType = described.linkType;
        frame.offset = off + PACKET_DATA;
        frame.end = off + PACKET_DATA + captured;
        frame.originalLength = view.getUint32(off + PACKET_ORIGINAL, little);
        frame.number = ++this.packets;
        sink.onFrame(frame);
      } else if (type === SIMPLE_PACKET) {
        if (!this.simplePacket(view, off, length, base, frame, sink)) return off;
      } else if (type === INTERFACE) {
        if (!this.describeInterface(view, off, length, base)) return off;
      } else if (type === SECTION_HEADER) {
        if (length < SECTION_MIN) return this.stop(off, base, `section header of only ${length} bytes`);
        const major = view.getUint16(off + SECTION_VERSION, little);
        if (major !== 1) return this.stop(off, base, `section of pcapng version ${major}, which is not supported`);
      }
      off += length;
    }
    this.need = BLOCK_HEADER;
    return off;
  }

  /** Passes over the rest of a block nobody needs; its pieces are never kept. */
  private finishSkip(view: DataView, off: number, end: number, base: number): number {
    const step = Math.min(this.skip, end - off);
    this.skip -= step;
    off += step;
    if (this.skip > 0) return off;
    if (end - off < TRAILER) {
      this.need = TRAILER;
      return off;
    }
    if (view.getInt32(off, this.little) !== this.trailer) {
      return this.stop(this.unfinished - base, base, `block of ${this.trailer} bytes whose two lengths differ`);
    }
    this.trailer = 0;
    this.unfinished = -1;
    return off + TRAILER;
  }

  /** Takes byte order and version of the section that starts at `off`; forgets the interfaces of the last one. */
  private openSection(view: DataView, off: number, base: number): boolean {
    const magic = view.getUint32(off + BLOCK_HEADER, true);
    this.little = magic === BYTE_ORDER_MAGIC;
    if (!this.little && view.getUint32(off + BLOCK_HEADER, false) !== BYTE_ORDER_MAGIC) {
      this.stop(off, base, 'section header without its byte-order magic');
      return false;
    }
    if (this.interfaces.length > 0) this.interfaces = [];
    return true;
  }

  private describeInterface(view: DataView, off: number, length: number, base: number): boolean {
    if (length < INTERFACE_MIN || this.interfaces.length >= MAX_INTERFACES) {
      const full = length >= INTERFACE_MIN;
      this.stop(off, base, full ? `more than ${MAX_INTERFACES} interfaces` : `interface block of only ${length} bytes`);
      return false;
    }
    const described = new CaptureInterface();
    described.read(view, off, length, this.little);
    if (!described.usable) {
      this.stop(off, base, 'interface with a time stamp resolution that does not fit 64 bits');
      return false;
    }
    this.interfaces.push(described);
    return true;
  }

  /** A packet without time stamp: it belongs to interface 0 and keeps the time of the packet before it. */
  private simplePacket(
    view: DataView,
    off: number,
    length: number,
    base: number,
    frame: Frame,
    sink: FrameSink,
  ): boolean {
    const described = this.interfaces[0];
    if (length < SIMPLE_MIN || described === undefined) {
      this.stop(off, base, described ? `packet block of only ${length} bytes` : 'packet before any interface block');
      return false;
    }
    const original = view.getUint32(off + SIMPLE_ORIGINAL, this.little);
    const limit = described.snapLength;
    const captured = limit !== 0 && limit < original ? limit : original;
    if (captured > MAX_PACKET) {
      this.tooLong(off, base, captured);
      return false;
    }
    if (captured > length - SIMPLE_MIN) {
      this.stop(off, base, `${captured} captured bytes do not fit the block`);
      return false;
    }
    frame.linkType = described.linkType;
    frame.offset = off + SIMPLE_DATA;
    frame.end = off + SIMPLE_DATA + captured;
    frame.originalLength = original;
    frame.number = ++this.packets;
    sink.onFrame(frame);
    return true;
  }

  private tooLong(off: number, base: number, captured: number): number {
    const reason = `packet ${this.packets + 1} claims ${captured} captured bytes, more than ${MAX_PACKET}`;
    this.damage = { offset: base + off, anomaly: Anomaly['capture.record_too_long'], reason };
    return off;
  }

  private stop(off: number, base: number, reason: string): number {
    this.damage = { offset: base + off, anomaly: Anomaly['capture.damaged_block'], reason };
    return off;
  }
}

/** Blocks whose content is read, and which must therefore lie in one piece. */
function isUsed(type: number): boolean {
  return (
    type === ENHANCED_PACKET ||
    type === INTERFACE ||
    type === SIMPLE_PACKET ||
    type === PACKET_OBSOLETE ||
    type === SECTION_HEADER
  );
}
