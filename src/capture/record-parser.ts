import type { Damage } from './capture-error.ts';
import type { Frame, FrameSink } from './frame.ts';

/** Longest captured packet that is believed, in bytes: libpcap's and Wireshark's own limit. */
export const MAX_PACKET = 262_144;
/** Longest pcapng block that is believed, in bytes; also the bound of the carry buffer. */
export const MAX_BLOCK: number = 16 * 1024 * 1024;

/** Walks the records of one capture format. Driven by `CaptureReader`, which puts split records together. */
export interface RecordParser {
  /** Packets handed to the sink so far. */
  packets: number;
  /** Bytes the unfinished record at the returned offset needs before `scan` can go on (1 … MAX_BLOCK). */
  need: number;
  /** Set once; nothing is read after it. */
  damage: Damage | null;
  /** File offset of a block whose rest is being skipped, -1 without one. */
  unfinished: number;
  /**
   * Hands every record that lies wholly in [off, end) to the sink and returns the offset of the first byte not used.
   * `base` + offset = offset in the capture. Never throws of itself, never reads outside [off, end).
   */
  scan(
    bytes: Uint8Array,
    view: DataView,
    off: number,
    end: number,
    base: number,
    frame: Frame,
    sink: FrameSink,
  ): number;
}
