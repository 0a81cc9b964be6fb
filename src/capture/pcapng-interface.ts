// hot: `setTime` runs once per packet.
import type { Frame } from './frame.ts';

/**
 * Interface Description Block (draft-ietf-opsawg-pcapng §4.2): link type 8…9, reserved 10…11, snap length 12…15, then
 * options (code 16 bits, length 16 bits, value padded to 4). Offsets are from the start of the block.
 */
const LINK_TYPE = 8;
const SNAP_LENGTH = 12;
const OPTIONS = 16;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;

// How the 64-bit time stamp becomes microseconds and nanoseconds.
const COARSE = 0; // 10^-n s, n < 6
const DECIMAL = 1; // 10^-6 … 10^-9 s
const FINE = 2; // 10^-10 … 10^-19 s
const BINARY = 3; // 2^-n s

const WORD = 4_294_967_296;
/** Later times (after the year 2255) are held here, so that every time stays a whole number a Date can show. */
const MAX_TIME = Number.MAX_SAFE_INTEGER;

/** One interface of a section: its link type and how to read its time stamps. */
export class CaptureInterface {
  linkType = 1;
  /** Longest captured length; 0 = no limit. */
  snapLength = 0;
  /** False where if_tsresol names a resolution that does not fit a 64-bit time stamp. */
  usable = true;
  private kind = DECIMAL;
  /** COARSE: microseconds per unit. DECIMAL: units per microsecond. FINE: units per nanosecond. BINARY: exponent. */
  private factor = 1;
  /** if_tsoffset in microseconds. */
  private offset = 0;

  /** Reads the block [off, off + length); the caller has checked that length is at least 20. */
  read(view: DataView, off: number, length: number, little: boolean): void {
    this.linkType = view.getUint16(off + LINK_TYPE, little);
    this.snapLength = view.getUint32(off + SNAP_LENGTH, little);
    const end = off + length - 4;
    let at = off + OPTIONS;
    while (end - at >= 4) {
      const code = view.getUint16(at, little);
      const size = view.getUint16(at + 2, little);
      if (code === 0 || size > end - at - 4) return;
      if (code === IF_TSRESOL && size >= 1) this.setResolution(view.getUint8(at + 4));
      if (code === IF_TSOFFSET && size >= 8) {
        const high = view.getInt32(at + (little ? 8 : 4), little);
        const low = view.getUint32(at + (little ? 4 : 8), little);
        this.offset = (high * WORD + low) * 1e6;
      }
      at += 4 + size + (-size & 3);
    }
  }

  private setResolution(value: number): void {
    const exponent = value & 0x7f;
    if (value >= 0x80) {
      this.kind = BINARY;
      this.factor = exponent;
      this.usable = exponent <= 63;
    } else {
      this.kind = exponent < 6 ? COARSE : exponent <= 9 ? DECIMAL : FINE;
      const power = exponent < 6 ? 6 - exponent : exponent <= 9 ? exponent - 6 : exponent - 9;
      this.factor = Number(`1e${power}`);
      this.usable = exponent <= 19;
    }
  }

  /** Sets `time` and `nanos` from the two halves of a time stamp, exactly and without BigInt up to the year 2255. */
  setTime(frame: Frame, high: number, low: number): void {
    if (this.kind === DECIMAL) this.setDecimal(frame, high, low, this.factor);
    else if (this.kind === COARSE) {
      frame.time = (high * WORD + low) * this.factor;
      frame.nanos = 0;
    } else if (this.kind === BINARY) this.setBinary(frame, high, low);
    else this.setFine(frame, high, low);
    frame.time += this.offset;
    if (!(frame.time >= 0)) frame.time = frame.nanos = 0;
    else if (frame.time > MAX_TIME) frame.time = MAX_TIME;
  }

  private setDecimal(frame: Frame, high: number, low: number, perMicro: number): void {
    if (perMicro === 1) {
      frame.time = high * WORD + low;
      frame.nanos = 0;
      return;
    }
    // 2^32 = quotient * perMicro + rest, so that no product passes 2^53 before the year 2255.
    const quotient = Math.floor(WORD / perMicro);
    const rest = high * (WORD - quotient * perMicro) + low;
    const micros = Math.floor(rest / perMicro);
    frame.time = high * quotient + micros;
    frame.nanos = (rest - micros * perMicro) * (1000 / perMicro);
  }

  private setFine(frame: Frame, high: number, low: number): void {
    // Long division by units per nanosecond (at most 1e10) in 16-bit digits: every step stays below 2^53.
    const divisor = this.factor;
    const digits2 = high % divisor;
    const wordHigh = Math.floor(high / divisor);
    const step1 = digits2 * 65_536 + (low >>> 16);
    const digit1 = Math.floor(step1 / divisor);
    const step0 = (step1 - digit1 * divisor) * 65_536 + (low & 0xffff);
    const digit0 = Math.floor(step0 / divisor);
    this.setDecimal(frame, wordHigh, digit1 * 65_536 + digit0, 1000);
  }

  private setBinary(frame: Frame, high: number, low: number): void {
    const exponent = this.factor;
    let seconds: number;
    let fraction: number;
    let scale: number;
    if (exponent <= 32) {
      scale = 2 ** exponent;
      seconds = high * 2 ** (32 - exponent) + Math.floor(low / scale);
      fraction = low % scale;
    } else {
      // Below 2^-32 s (0.23 ns) nothing is kept.
      const half = 2 ** (exponent - 32);
      scale = WORD;
      seconds = Math.floor(high / half);
      fraction = (high % half) * (WORD / half) + Math.floor(low / half);
    }
    const micros = Math.floor((fraction * 1e6) / scale);
    frame.time = seconds * 1e6 + micros;
    frame.nanos = Math.floor(((fraction * 1e6 - micros * scale) * 1000) / scale);
  }
}
