import { Peer } from './domain.ts';
import { Fault } from './faults.ts';
import { IPFIX_HEADER, IPFIX_VERSION, readIpfix } from './ipfix.ts';
import { createRecordCounts, type RecordCounts, type RecordReader, type RecordSink } from './record.ts';
import { SetReader } from './set-reader.ts';
import { MAX_TEMPLATES } from './templates.ts';

/** The length of a message is told in 16 bits. */
const MAX_MESSAGE = 65535;
const NO_VIEW = new DataView(new ArrayBuffer(0));

export interface IpfixReaderOptions {
  readonly samplingRate?: number | null;
  readonly input?: number;
}

/**
 * Reads IPFIX files (RFC 5655: messages one after the other, no header of the file) and streams (RFC 7011 §10.4, over TCP).
 * A message that lies about its version or length ends the reading: nothing says where the next begins.
 */
export class IpfixReader implements RecordReader {
  readonly counts: RecordCounts = createRecordCounts();
  failure: string | null = null;
  damage: { readonly offset: number; readonly reason: string } | null = null;
  private readonly reader: SetReader;
  private readonly peer: Peer;
  /** A message that came in pieces; one allocation, grown to what the message says. */
  private message: Uint8Array = new Uint8Array(2048);
  private messageView: DataView = new DataView(this.message.buffer);
  private held = 0;
  /** Offset in the stream of the message at hand. */
  private offset = 0;

  constructor(options: IpfixReaderOptions = {}) {
    this.reader = new SetReader(this.counts, { defaultRate: options.samplingRate ?? 1, input: options.input ?? 0 });
    this.reader.exporter = 1;
    this.peer = new Peer('ipfix', { used: 0, changes: 0, limit: MAX_TEMPLATES, timeout: Number.POSITIVE_INFINITY });
  }

  get templates(): number {
    return this.peer.templates;
  }

  feed(bytes: Uint8Array, off: number, end: number, sink: RecordSink): void {
    let at = off;
    let view: DataView = NO_VIEW;
    while (at < end && this.damage === null) {
      if (this.held === 0 && end - at >= IPFIX_HEADER) {
        if (view === NO_VIEW) view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const length = this.lengthOf(view, at);
        if (length < 0) return;
        if (end - at >= length) {
          this.read(view, at, length, sink);
          at += length;
          continue;
        }
      }
      at += this.hold(bytes, at, end, sink);
    }
  }

  finish(sink: RecordSink): void {
    void sink;
    if (this.damage === null && this.held > 0) {
      this.reader.fault(Fault.truncated);
      // Fewer bytes than a header and nothing before them: no IPFIX that could be told from anything else.
      this.stop(`the last message is cut off after ${this.held} bytes`, this.held < IPFIX_HEADER);
    }
    let lost = 0;
    for (const domain of this.peer.domains.values()) lost += domain.finish(this.counts);
    this.peer.lost += lost;
  }

  /** Takes what is missing of the message that is being put together; returns how many bytes that were. */
  private hold(bytes: Uint8Array, at: number, end: number, sink: RecordSink): number {
    const wanted = this.held < IPFIX_HEADER ? IPFIX_HEADER : this.messageView.getUint16(2);
    const taken = Math.min(wanted - this.held, end - at);
    this.message.set(bytes.subarray(at, at + taken), this.held);
    this.held += taken;
    if (this.held < wanted) return taken;
    const length = this.lengthOf(this.messageView, 0);
    if (length < 0) return taken;
    if (length > this.held) {
      this.grow(length);
      return taken;
    }
    this.read(this.messageView, 0, length, sink);
    this.held = 0;
    return taken;
  }

  private grow(length: number): void {
    if (length <= this.message.length) return;
    const larger = new Uint8Array(Math.min(MAX_MESSAGE, Math.max(length, this.message.length * 4)));
    larger.set(this.message.subarray(0, this.held));
    this.message = larger;
    this.messageView = new DataView(larger.buffer);
  }

  private read(view: DataView, at: number, length: number, sink: RecordSink): void {
    this.counts.datagrams++;
    const exportTime = view.getUint32(at + 4) * 1e6;
    readIpfix(this.reader, view, at, at + length, this.peer, 0, exportTime, true, sink);
    this.offset += length;
  }

  /** Length of the message that begins at `at`, -1 where it is none. */
  private lengthOf(view: DataView, at: number): number {
    const version = view.getUint16(at);
    if (version !== IPFIX_VERSION) {
      this.reader.fault(Fault.unknown_version);
      this.stop(`a message of version ${version} where version 10 should begin`, true);
      return -1;
    }
    const length = view.getUint16(at + 2);
    if (length < IPFIX_HEADER) {
      this.reader.fault(Fault.bad_length);
      this.stop(`a message says that it has ${length} bytes, fewer than its header`, true);
      return -1;
    }
    return length;
  }

  private stop(reason: string, foreign: boolean): void {
    this.damage = { offset: this.offset, reason };
    if (foreign && this.offset === 0) this.failure = `not IPFIX: at byte 0 ${reason}`;
  }
}
