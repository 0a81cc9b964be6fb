import { Anomaly } from '../common/anomaly.ts';
import { CaptureError, type Damage } from './capture-error.ts';
import { BYTE_ORDER_MAGIC, pcapVariant, SECTION_HEADER } from './format.ts';
import { Frame, type FrameSink } from './frame.ts';
import { PCAP_HEADER, PcapParser, readPcapHeader } from './pcap.ts';
import { PcapngParser } from './pcapng.ts';
import type { RecordParser } from './record-parser.ts';

const MAGIC = 4;
/** pcapng: block type, block length, byte-order magic, version. */
const SECTION_START = 16;
const BYTE_ORDER = 8;
const VERSION = 12;
const FIRST_CARRY = 64 * 1024;

/**
 * Reads one capture that comes in consecutive pieces of any size: pcap in both byte orders, with microseconds,
 * nanoseconds or the modified record header (draft-ietf-opsawg-pcap), and pcapng (draft-ietf-opsawg-pcapng).
 *
 * Frames that lie wholly in a piece are handed out in place. A record that spans pieces is put together in a private
 * buffer: at most 16 MiB, normally 64 KiB. Neither `feed` nor `finish` throws, whatever the bytes; what a sink throws
 * passes through.
 */
export class CaptureReader {
  /** Bytes fed so far. */
  position = 0;
  private readonly frame: Frame;
  private parser: RecordParser | null = null;
  private detected: 'pcap' | 'pcapng' | null = null;
  private fault: CaptureError | null = null;
  private ownDamage: Damage | null = null;
  private headNeed = MAGIC;
  private carry = new Uint8Array(FIRST_CARRY);
  private carryView = new DataView(this.carry.buffer);
  private carryLength = 0;
  /** Offset in the capture of the first byte of the carry buffer. */
  private carryStart = 0;

  /** `input`: index of the input, copied into every frame. */
  constructor(input: number) {
    this.frame = new Frame(this.carry, this.carryView);
    this.frame.input = input;
  }

  /** Packets handed out so far. */
  get packets(): number {
    return this.parser === null ? 0 : this.parser.packets;
  }

  /** Format of the capture; null until its first bytes came, or where it is none. */
  get format(): 'pcap' | 'pcapng' | null {
    return this.detected;
  }

  /** Where the capture stopped making sense; everything before counts. */
  get damage(): Damage | null {
    return this.ownDamage ?? this.parser?.damage ?? null;
  }

  /** Set where the input is no capture at all; `empty` and a file cut off within its header only after `finish`. */
  get failure(): CaptureError | null {
    return this.fault;
  }

  /** True when further bytes would be ignored. */
  get stopped(): boolean {
    return this.fault !== null || this.damage !== null;
  }

  /** Takes the next bytes [off, end) of the capture; `view` covers the same bytes as `bytes`. */
  feed(bytes: Uint8Array, view: DataView, off: number, end: number, sink: FrameSink): void {
    const base = this.position - off;
    this.position += end - off;
    while (off < end && !this.stopped) {
      if (this.carryLength > 0) {
        off = this.fillCarry(bytes, off, end);
        if (this.carryLength >= this.need()) this.drainCarry(sink);
      } else {
        off = this.scan(bytes, view, off, end, base, sink);
        sink.onPieceEnd?.();
        if (off < end && !this.stopped) {
          this.carryStart = base + off;
          this.append(bytes, off, end);
          return;
        }
      }
    }
  }

  /** The capture ended: a record that is still unfinished is damage, a capture of zero bytes a failure. */
  finish(): void {
    if (this.stopped) return;
    if (this.parser === null) this.finishHeader();
    else if (this.carryLength > 0 || this.parser.unfinished >= 0) {
      const start = this.parser.unfinished >= 0 ? this.parser.unfinished : this.carryStart;
      const there = this.position - start;
      this.cutOff(start, `cut off in the middle of a record: ${there} bytes of it are there`);
    }
  }

  private finishHeader(): void {
    if (this.position === 0) this.fault = new CaptureError('empty', 'the file is empty');
    else if (this.carryLength < MAGIC) {
      this.fault = new CaptureError('not_a_capture', `not a packet capture (only ${this.carryLength} bytes)`);
    } else this.cutOff(0, `cut off in the middle of the file header: ${this.carryLength} bytes of it are there`);
  }

  private cutOff(offset: number, reason: string): void {
    this.ownDamage = { offset, anomaly: Anomaly['capture.truncated_file'], reason };
  }

  private need(): number {
    return this.parser === null ? this.headNeed : this.parser.need;
  }

  private scan(bytes: Uint8Array, view: DataView, off: number, end: number, base: number, sink: FrameSink): number {
    if (this.parser === null) {
      off = this.recognise(view, off, end);
      if (this.parser === null) return off;
    }
    return this.parser.scan(bytes, view, off, end, base, this.frame, sink);
  }

  /** Finds the format; consumes the file header of a pcap. Without a parser afterwards, more bytes are needed. */
  private recognise(view: DataView, off: number, end: number): number {
    this.headNeed = MAGIC;
    if (end - off < MAGIC) return off;
    const magic = view.getUint32(off, true);
    if (magic === SECTION_HEADER) {
      this.detected = 'pcapng';
      this.headNeed = SECTION_START;
      if (end - off < SECTION_START) return off;
      const little = view.getUint32(off + BYTE_ORDER, true) === BYTE_ORDER_MAGIC;
      if (!little && view.getUint32(off + BYTE_ORDER, false) !== BYTE_ORDER_MAGIC) return this.unknown(view, off);
      const major = view.getUint16(off + VERSION, little);
      if (major === 1) this.parser = new PcapngParser();
      else this.fault = new CaptureError('unsupported_version', `pcapng version ${major} is not supported`);
      return off;
    }
    const variant = pcapVariant(magic);
    if (variant === null) return this.unknown(view, off);
    this.detected = 'pcap';
    this.headNeed = PCAP_HEADER;
    if (end - off < PCAP_HEADER) return off;
    const header = readPcapHeader(view, off, variant);
    if (!header.supported) {
      this.fault = new CaptureError('unsupported_version', `pcap version ${header.version} is not supported`);
      return off;
    }
    this.parser = new PcapParser(variant, header);
    return off + PCAP_HEADER;
  }

  private unknown(view: DataView, off: number): number {
    this.detected = null;
    const magic = view.getUint32(off, false).toString(16).padStart(8, '0');
    this.fault = new CaptureError('not_a_capture', `not a packet capture (it starts with ${magic})`);
    return off;
  }

  /** Moves bytes into the carry buffer until the record in it is whole; returns the new offset. */
  private fillCarry(bytes: Uint8Array, off: number, end: number): number {
    const take = Math.min(this.need() - this.carryLength, end - off);
    if (take <= 0) return off;
    this.append(bytes, off, off + take);
    return off + take;
  }

  private drainCarry(sink: FrameSink): void {
    const used = this.scan(this.carry, this.carryView, 0, this.carryLength, this.carryStart, sink);
    sink.onPieceEnd?.();
    if (used === 0) return;
    this.carry.copyWithin(0, used, this.carryLength);
    this.carryLength -= used;
    this.carryStart += used;
  }

  private append(bytes: Uint8Array, off: number, end: number): void {
    const length = this.carryLength + end - off;
    if (length > this.carry.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(length)));
      larger.set(this.carry.subarray(0, this.carryLength));
      this.carry = larger;
      this.carryView = new DataView(larger.buffer);
    }
    this.carry.set(bytes.subarray(off, end), this.carryLength);
    this.carryLength = length;
  }
}
