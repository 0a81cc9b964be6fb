import { RECORD_HEADER_LENGTH } from './mix-frame.ts';

/**
 * Adds whole seconds to the times of the records of a little-endian pcap that comes in pieces of any size, without its file
 * header. Only 32 bits per record change, so a header cut by a piece is dealt with byte by byte.
 */
export class TimeShifter {
  private readonly seconds: number;
  private readonly header = new Uint8Array(RECORD_HEADER_LENGTH);
  private readonly view = new DataView(this.header.buffer);
  /** Bytes of the current record header seen, and bytes of its packet still to come. */
  private seen = 0;
  private left = 0;
  private carry = 0;

  constructor(seconds: number) {
    this.seconds = seconds;
  }

  /** Changes [0, end) of `bytes` in place. */
  shift(bytes: Uint8Array, end: number): void {
    let at = 0;
    while (at < end) {
      if (this.left > 0) {
        const step = Math.min(this.left, end - at);
        this.left -= step;
        at += step;
        continue;
      }
      let value = bytes[at] as number;
      this.header[this.seen] = value;
      if (this.seen < 4) {
        // Addition digit by digit in base 256, lowest byte first.
        value += ((this.seconds >>> (8 * this.seen)) & 0xff) + (this.seen === 0 ? 0 : this.carry);
        bytes[at] = value & 0xff;
        this.carry = value >> 8;
      }
      at++;
      if (++this.seen === RECORD_HEADER_LENGTH) {
        this.left = this.view.getUint32(8, true);
        this.seen = 0;
      }
    }
  }
}
