/** pcap magic numbers as a little-endian reader sees them (draft-ietf-opsawg-pcap-05 §4; libpcap sf-pcap.c). */
const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
/** Alexey Kuznetzov's patched libpcap: 24-byte record headers, microseconds. */
const PCAP_MODIFIED = 0xa1b2cd34;
/** pcapng Section Header Block type (draft-ietf-opsawg-pcapng §4.1): the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a;
/** Byte-order magic inside the Section Header Block. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Enough bytes for `looksLikeCapture` and `compressionOf`. */
export const SNIFF_BYTES = 12;

export interface PcapVariant {
  readonly little: boolean;
  readonly nanoseconds: boolean;
  /** Record header length in bytes: 16, or 24 in the modified format. */
  readonly recordHeader: number;
}

/** Variant of the classic pcap format by the first four bytes, read in little-endian order; null = another format. */
export function pcapVariant(magicLittle: number): PcapVariant | null {
  const little = variant(magicLittle >>> 0, true);
  return little ?? variant(swap32(magicLittle), false);
}

function variant(magic: number, little: boolean): PcapVariant | null {
  if (magic === PCAP_MICROSECONDS) return { little, nanoseconds: false, recordHeader: 16 };
  if (magic === PCAP_NANOSECONDS) return { little, nanoseconds: true, recordHeader: 16 };
  if (magic === PCAP_MODIFIED) return { little, nanoseconds: false, recordHeader: 24 };
  return null;
}

function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** Do the first bytes of a file (12 are enough) belong to a pcap or pcapng capture? */
export function looksLikeCapture(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0, true);
  if (pcapVariant(magic) !== null) return true;
  if (magic !== SECTION_HEADER || head.length < 12) return false;
  return view.getUint32(8, true) === BYTE_ORDER_MAGIC || view.getUint32(8, false) === BYTE_ORDER_MAGIC;
}

export type Compression = 'gzip' | 'zstd' | 'xz' | 'lz4';

/** Compression by magic bytes, never by suffix (RFC 1952, RFC 8878, xz and LZ4 frame formats); null = plain. */
export function compressionOf(head: Uint8Array): Compression | null {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58 && head[4] === 0x5a && head[5] === 0) return 'xz';
  if (a === 0x04 && b === 0x22 && c === 0x4d && d === 0x18) return 'lz4';
  // A skippable frame opens files of several zstd and LZ4 tools; zstd is by far the commoner one.
  if (a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) return 'zstd';
  return null;
}
