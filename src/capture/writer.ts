import type { FileHandle } from 'node:fs/promises';
import { errorCode, OutputError } from './capture-error.ts';
import type { Frame } from './frame.ts';

// Block types and options of draft-ietf-opsawg-pcapng §4; written in little-endian order.
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_TSRESOL = 9;
const NANOSECONDS = 9;
/** One snap length for every interface: libpcap refuses captures whose interfaces differ in it. */
const SNAP_LENGTH = 262_144;
/** Option values carry a 16-bit length. */
const MAX_COMMENT = 65_532;
const WORD = 4_294_967_296;

export interface PcapngWriterOptions {
  /** Section comment (opt_comment): case, signature and version, sensor. */
  readonly comment?: string;
  /** Program that writes (shb_userappl). */
  readonly application?: string;
  /** Most bytes the capture may have; a packet that would pass it is refused. Default 64 MiB. */
  readonly maxBytes?: number;
}

/**
 * Makes an evidence capture: pcapng with nanosecond time stamps, one interface per link type met, original times and
 * lengths, a comment for the section and for packets. Blocks are kept in memory until `take` or `flush`, so that what
 * waits is bounded by `maxBytes`. The same frames and comments give the same bytes.
 */
export class PcapngWriter {
  /** Packets written, packets refused because of `maxBytes`, and bytes of the whole capture so far. */
  packets = 0;
  refused = 0;
  size = 0;
  private readonly maxBytes: number;
  private readonly interfaces = new Map<number, number>();
  private waiting: Uint8Array[] = [];

  constructor(options: PcapngWriterOptions = {}) {
    this.maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.put(sectionHeader(options.comment ?? '', options.application ?? ''));
  }

  /** Copies a frame; `false` where it would pass the limit. */
  add(frame: Frame, comment = ''): boolean {
    const known = this.interfaces.get(frame.linkType);
    const description = known === undefined ? interfaceDescription(frame.linkType) : null;
    const packet = enhancedPacket(known ?? this.interfaces.size, frame, comment);
    if (this.size + packet.length + (description?.length ?? 0) > this.maxBytes) {
      this.refused++;
      return false;
    }
    if (description !== null) {
      this.interfaces.set(frame.linkType, this.interfaces.size);
      this.put(description);
    }
    this.put(packet);
    this.packets++;
    return true;
  }

  /** The bytes written since the last `take` or `flush`. */
  take(): Uint8Array {
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    return bytes;
  }

  /** Appends what waits to an open file. Throws OutputError, for instance where the disk is full. */
  async flush(file: FileHandle, name: string): Promise<void> {
    const bytes = this.take();
    let written = 0;
    try {
      while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
    } catch (error) {
      throw new OutputError(`${name}: ${writeReason(error)}`);
    }
  }

  private put(block: Uint8Array): void {
    this.waiting.push(block);
    this.size += block.length;
  }
}

function writeReason(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOSPC':
      return 'the disk is full';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'EFBIG':
      return 'the file would be larger than allowed here';
    default:
      return `cannot be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function sectionHeader(comment: string, application: string): Uint8Array {
  const options = textOption(OPT_COMMENT, comment) + textOption(SHB_USERAPPL, application);
  const body = Buffer.alloc(16);
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(1, 4);
  body.fill(0xff, 8); // section length not stated
  return block(SECTION_HEADER, body, options);
}

function interfaceDescription(linkType: number): Uint8Array {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkType & 0xffff, 0);
  body.writeUInt32LE(SNAP_LENGTH, 4);
  return block(INTERFACE, body, option(IF_TSRESOL, Buffer.from([NANOSECONDS])));
}

function enhancedPacket(id: number, frame: Frame, comment: string): Uint8Array {
  const length = frame.end - frame.offset;
  const body = Buffer.alloc(20 + padded(length));
  // Nanoseconds since the epoch pass 2^53: multiplied in two 32-bit halves.
  const high = Math.floor(frame.time / WORD);
  const low = (frame.time - high * WORD) * 1000 + frame.nanos;
  body.writeUInt32LE(id, 0);
  body.writeUInt32LE((high * 1000 + Math.floor(low / WORD)) % WORD, 4);
  body.writeUInt32LE(low % WORD, 8);
  body.writeUInt32LE(length, 12);
  body.writeUInt32LE(frame.originalLength, 16);
  body.set(frame.bytes.subarray(frame.offset, frame.end), 20);
  return block(ENHANCED_PACKET, body, textOption(OPT_COMMENT, comment));
}

/** Type, length, body, options with their end mark, length again. `options` is latin1 text of bytes. */
function block(type: number, body: Uint8Array, options: string): Uint8Array {
  const tail = options === '' ? '' : `${options}\0\0\0\0`;
  const length = 12 + body.length + tail.length;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.set(body, 8);
  bytes.write(tail, 8 + body.length, 'latin1');
  bytes.writeUInt32LE(length, length - 4);
  return bytes;
}

function textOption(code: number, text: string): string {
  if (text === '') return '';
  let value = Buffer.from(text);
  if (value.length > MAX_COMMENT) {
    let end = MAX_COMMENT;
    while (end > 0 && ((value[end] as number) & 0xc0) === 0x80) end--; // never half a character
    value = value.subarray(0, end);
  }
  return option(code, value);
}

function option(code: number, value: Buffer): string {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(value.length, 2);
  bytes.set(value, 4);
  return bytes.toString('latin1');
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
