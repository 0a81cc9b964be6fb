// hot: one turn of `scan` per packet.
import { Anomaly } from '../common/anomaly.ts';
import type { Damage } from './capture-error.ts';
import type { PcapVariant } from './format.ts';
import type { Frame, FrameSink } from './frame.ts';
import { MAX_PACKET, type RecordParser } from './record-parser.ts';

/** File header: magic, version, two unused words, snap length, link type (draft-ietf-opsawg-pcap §4). */
export const PCAP_HEADER = 24;
const VERSION_MAJOR = 4;
const VERSION_MINOR = 6;
const LINK_TYPE = 20;

// Record header: seconds, fraction, captured length, original length; 32 bits each, in the order of the file (§5).
const FRACTION = 4;
const CAPTURED = 8;
const ORIGINAL = 12;

// libpcap interchanged the two lengths at version 2.3, and some 2.3 files have them either way (sf-pcap.c).
const LENGTHS_IN_ORDER = 0;
const LENGTHS_SWAPPED = 1;
const LENGTHS_MAYBE_SWAPPED = 2;

/** What the file header says, or the version that nobody can read. */
export interface PcapHeader {
  readonly version: string;
  readonly supported: boolean;
  /** Low 16 bits of the field; the FCS length and the reserved bits above do not change the frames libpcap gives. */
  readonly linkType: number;
  readonly lengths: number;
}

/** Reads the 24-byte file header at `off`. */
export function readPcapHeader(view: DataView, off: number, variant: PcapVariant): PcapHeader {
  const major = view.getUint16(off + VERSION_MAJOR, variant.little);
  const minor = view.getUint16(off + VERSION_MINOR, variant.little);
  const digital = major === 543 && minor === 0; // DG/UX tcpdump
  const lengths = digital || minor < 3 ? LENGTHS_SWAPPED : minor === 3 ? LENGTHS_MAYBE_SWAPPED : LENGTHS_IN_ORDER;
  return {
    version: `${major}.${minor}`,
    supported: digital || (major === 2 && minor <= 4),
    linkType: view.getUint32(off + LINK_TYPE, variant.little) & 0xffff,
    lengths,
  };
}

/** Records of a classic capture, after the file header. */
export class PcapParser implements RecordParser {
  packets = 0;
  need: number;
  damage: Damage | null = null;
  unfinished = -1;
  private readonly little: boolean;
  private readonly nanoseconds: boolean;
  private readonly recordHeader: number;
  private readonly linkType: number;
  private readonly lengths: number;

  constructor(variant: PcapVariant, header: PcapHeader) {
    this.little = variant.little;
    this.nanoseconds = variant.nanoseconds;
    this.recordHeader = variant.recordHeader;
    this.need = variant.recordHeader;
    this.linkType = header.linkType;
    this.lengths = header.lengths;
  }

  scan(
    bytes: Uint8Array,
    view: DataView,
    off: number,
    end: number,
    base: number,
    frame: Frame,
    sink: FrameSink,
  ): number {
    const little = this.little;
    const recordHeader = this.recordHeader;
    frame.bytes = bytes;
    frame.view = view;
    frame.linkType = this.linkType;
    while (end - off >= recordHeader) {
      let captured = view.getInt32(off + CAPTURED, little);
      let original = view.getInt32(off + ORIGINAL, little);
      if (this.lengths !== LENGTHS_IN_ORDER) {
        if (this.lengths === LENGTHS_SWAPPED || captured >>> 0 > original >>> 0) {
          const length = captured;
          captured = original;
          original = length;
        }
      }
      if (captured < 0 || captured > MAX_PACKET) {
        const reason = `packet ${this.packets + 1} claims ${captured >>> 0} captured bytes, more than ${MAX_PACKET}`;
        this.damage = { offset: base + off, anomaly: Anomaly['capture.record_too_long'], reason };
        return off;
      }
      if (captured > end - off - recordHeader) {
        this.need = recordHeader + captured;
        return off;
      }
      const seconds = view.getUint32(off, little);
      const fraction = view.getUint32(off + FRACTION, little);
      if (this.nanoseconds) {
        const micros = Math.floor(fraction / 1000);
        frame.time = seconds * 1e6 + micros;
        frame.nanos = fraction - micros * 1000;
      } else {
        frame.time = seconds * 1e6 + fraction;
        frame.nanos = 0;
      }
      frame.offset = off + recordHeader;
      frame.end = off += recordHeader + captured;
      frame.originalLength = original >>> 0;
      frame.number = ++this.packets;
      sink.onFrame(frame);
    }
    this.need = recordHeader;
    return off;
  }
}
