// hot: with evidence, one call per SYN. Everything is allocated at the first one.
import type { Frame } from '../../capture/frame.ts';
import type { Side } from '../../protocol/message.ts';
import { copyFrame, type KeptFrame } from './kept-frame.ts';

/** Flows that were new last of which openings are kept; bytes of a SYN. */
const FLOWS = 16_384;
const SLOT = 160;
/** Whole numbers of a slot: capture, place of the payload. */
const FIELDS = 6;

/** The SYN of each side of the newest flows, found by the running number of the flow. */
export class OpeningRing {
  private bytes = new Uint8Array(0);
  /** Of each slot: flow + 1, time, packet number. */
  private numbers = new Float64Array(0);
  private fields = new Int32Array(0);

  /** The first SYN of a side stays. `payload`: its end, as an offset in the frame. */
  add(flow: number, frame: Frame, side: Side, payload: number): void {
    const length = frame.end - frame.offset;
    if (length > SLOT) return;
    if (this.bytes.length === 0) {
      this.bytes = new Uint8Array(2 * FLOWS * SLOT);
      this.numbers = new Float64Array(2 * FLOWS * 3);
      this.fields = new Int32Array(2 * FLOWS * FIELDS);
    }
    const slot = 2 * (flow % FLOWS) + side;
    if (this.numbers[slot * 3] === flow + 1) return;
    const { bytes, numbers, fields } = this;
    numbers[slot * 3] = flow + 1;
    numbers[slot * 3 + 1] = frame.time;
    numbers[slot * 3 + 2] = frame.number;
    const at = slot * FIELDS;
    fields[at] = frame.nanos;
    fields[at + 1] = frame.linkType;
    fields[at + 2] = frame.originalLength;
    fields[at + 3] = frame.input;
    fields[at + 4] = length;
    fields[at + 5] = payload;
    const to = slot * SLOT - frame.offset;
    for (let i = frame.offset; i < frame.end; i++) bytes[to + i] = frame.bytes[i] as number;
  }

  /** What opened a flow, in the order of its packets. */
  of(flow: number, fileOf: (input: number) => string): KeptFrame[] {
    const found: KeptFrame[] = [];
    for (const side of [0, 1] as const) {
      const slot = 2 * (flow % FLOWS) + side;
      if (this.numbers[slot * 3] !== flow + 1) continue;
      const field = (n: number): number => this.fields[slot * FIELDS + n] as number;
      const from = slot * SLOT;
      const frame = {
        ...{ bytes: this.bytes, offset: from, end: from + field(4), originalLength: field(2), linkType: field(1) },
        ...{ time: this.numbers[slot * 3 + 1] as number, number: this.numbers[slot * 3 + 2] as number },
        ...{ nanos: field(0), input: field(3) },
      };
      const place = { side, payload: field(5), payloadEnd: field(5), sequence: 0 };
      found.push(copyFrame(frame, fileOf(frame.input), 'opening', place));
    }
    return found.sort((a, b) => a.packet - b.packet);
  }
}
