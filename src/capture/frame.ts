/**
 * One captured frame, in place in a reused buffer. A reader owns one `Frame` and refills it for every packet; the bytes it
 * points to stay until the sink's `onPieceEnd`.
 */
export class Frame {
  /** Buffer that holds the frame; `view` covers the same bytes with the same offsets. */
  bytes: Uint8Array;
  view: DataView;
  /** First captured byte and one past the last, as offsets into `bytes`. */
  offset = 0;
  end = 0;
  /** Length on the wire, in bytes; at least `end - offset` unless the capture lies. */
  originalLength = 0;
  /** LINKTYPE_ number (https://www.tcpdump.org/linktypes.html). */
  linkType = 0;
  /** Microseconds since the Unix epoch (whole number), and the nanoseconds beyond (0…999). */
  time = 0;
  nanos = 0;
  /** Packet number in its input, counted from 1 as Wireshark does. */
  number = 0;
  /** Index of the input the frame came from. */
  input = 0;

  constructor(bytes: Uint8Array, view: DataView) {
    this.bytes = bytes;
    this.view = view;
  }

  /** Takes over every field of another frame; the bytes are not copied. */
  set(other: Frame): void {
    // Storing a reference costs a barrier; the buffer is nearly always the same.
    if (this.bytes !== other.bytes) {
      this.bytes = other.bytes;
      this.view = other.view;
    }
    this.offset = other.offset;
    this.end = other.end;
    this.originalLength = other.originalLength;
    this.linkType = other.linkType;
    this.time = other.time;
    this.nanos = other.nanos;
    this.number = other.number;
    this.input = other.input;
  }
}

/** Receives every frame of an input in order. Must not keep the frame object; its bytes stay valid until `onPieceEnd`. */
export interface FrameSink {
  onFrame(frame: Frame): void;
  /** The buffers that held the frames so far are about to be reused. */
  onPieceEnd?(): void;
}
