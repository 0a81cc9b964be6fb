// hot: one datagram holds up to a hundred samples; nothing is allocated per sample but by the sink.
import { createAnomalyCounters } from '../common/anomaly.ts';
import { decodeFrame } from '../decode/decode.ts';
import { Decoded, Packet, PROTOCOL_TCP, PROTOCOL_UDP } from '../decode/packet.ts';
import { Fault } from './faults.ts';
import { ipLength } from './ip-length.ts';
import type { FlowRecord, RecordCounts, RecordSink } from './record.ts';
import { soundRate } from './sampling.ts';

/**
 * sFlow version 5 (https://sflow.org/sflow_version_5.txt): flow samples and expanded flow samples, with sampled headers and
 * sampled IPv4 and IPv6 records. All numbers are XDR: big endian, four bytes, opaque data padded to four.
 */

/** What a datagram needs from whoever received it, and what it tells. */
export interface SflowContext {
  /** `records` and `faults` are counted here; `datagrams`, gaps and restarts are the receiver's. */
  readonly counts: RecordCounts;
  /** Reused. `exporter` and `input` are as the receiver set them; `number` goes up by one with every record. */
  readonly record: FlowRecord;
  readonly sink: RecordSink;
  /** When the datagram was received, µs since the epoch: sFlow samples carry no time. */
  readonly time: number;
  /**
   * A sampled header, bytes [off, end): `originalLength` as on the wire without what was stripped, `linkType` a LINKTYPE_
   * number. One of `samplingRate` packets. Called before the record of the same sample.
   */
  onHeader(
    bytes: Uint8Array,
    off: number,
    end: number,
    linkType: number,
    originalLength: number,
    samplingRate: number,
  ): void;
  /** Number of the datagram within its source (agent address and sub-agent). Called once per datagram, before its samples. */
  onSequence(source: string, sequence: number): void;
}

type SampledFrame = Parameters<typeof decodeFrame>[0];

const VERSION = 5;
const AGENT_IPV4 = 1;
const AGENT_IPV6 = 2;

/** Sample formats of enterprise 0 (the number's upper 20 bits). */
const FLOW_SAMPLE = 1;
const COUNTER_SAMPLE = 2;
const EXPANDED_FLOW_SAMPLE = 3;
const EXPANDED_COUNTER_SAMPLE = 4;
const FLOW_HEADER = 32;
const EXPANDED_FLOW_HEADER = 44;

/** Record formats of enterprise 0. All others tell of the same packet what is not needed here. */
const RAW_HEADER = 1;
const SAMPLED_IPV4 = 3;
const SAMPLED_IPV6 = 4;
const EXTENDED_SWITCH = 1001;

/** No packet is longer, segmentation offload and jumbograms included; a longer one would outweigh all others. */
const MAX_FRAME = 1 << 18;
const MAX_IP = 65_535;

/** LINKTYPE_ number by header protocol (enum header_protocol); -1 = none we decode. */
const LINK_TYPES = [-1, 1, -1, -1, 10, -1, -1, 9, -1, -1, 101, 101, 101, 219, 50];

const EMPTY = new Uint8Array(0);
const EMPTY_VIEW = new DataView(EMPTY.buffer);
// One of each for the whole program: reading is synchronous and nothing here outlives a call.
const PACKET = new Packet(EMPTY, EMPTY_VIEW);
/** Every sampled header is cut off, so that anomalies say nothing about the network. */
const DISCARDED = createAnomalyCounters();
const FRAME: SampledFrame = {
  bytes: EMPTY,
  view: EMPTY_VIEW,
  offset: 0,
  end: 0,
  originalLength: 0,
  linkType: 0,
  time: 0,
  nanos: 0,
  number: 0,
  input: 0,
  set(): void {},
};

/**
 * Reads one sFlow datagram, bytes [off, end). Total: whatever the bytes, it returns, and what cannot be read is counted in
 * `context.counts.faults`. What stood before the fault has been given on.
 */
export function readSflow(bytes: Uint8Array, off: number, end: number, context: SflowContext): void {
  const { faults } = context.counts;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end - off < 8) {
    count(faults, Fault.truncated);
    return;
  }
  if (view.getUint32(off) !== VERSION) {
    count(faults, Fault.unknown_version);
    return;
  }
  const kind = view.getUint32(off + 4);
  const agentLength = kind === AGENT_IPV4 ? 4 : kind === AGENT_IPV6 ? 16 : -1;
  if (agentLength < 0) {
    count(faults, Fault.unsupported);
    return;
  }
  const head = off + 8 + agentLength;
  if (head > end - 16) {
    count(faults, Fault.truncated);
    return;
  }
  context.onSequence(sourceText(view, off + 8, agentLength, view.getUint32(head)), view.getUint32(head + 4));
  const samples = view.getUint32(head + 12);
  let at = head + 16;
  for (let i = 0; i < samples; i++) {
    if (at === end) {
      count(faults, Fault.bad_count);
      return;
    }
    if (end - at < 8) {
      count(faults, Fault.truncated);
      return;
    }
    const format = view.getUint32(at);
    const length = view.getUint32(at + 4);
    at += 8;
    if (length > end - at) {
      count(faults, Fault.truncated);
      return;
    }
    if (format === FLOW_SAMPLE) readSample(bytes, view, at, at + length, false, context);
    else if (format === EXPANDED_FLOW_SAMPLE) readSample(bytes, view, at, at + length, true, context);
    else if (format !== COUNTER_SAMPLE && format !== EXPANDED_COUNTER_SAMPLE) count(faults, Fault.unsupported);
    at += length;
  }
}

function count(faults: Float64Array, index: number): void {
  faults[index] = (faults[index] as number) + 1;
}

/** Agent address in hexadecimal and the sub-agent: the space in which datagrams are numbered. */
function sourceText(view: DataView, at: number, length: number, part: number): string {
  let text = '';
  for (let i = 0; i < length; i += 4)
    text += view
      .getUint32(at + i)
      .toString(16)
      .padStart(8, '0');
  return `${text}/${part}`;
}

/** One flow sample: one packet, described by one or more records. */
function readSample(
  bytes: Uint8Array,
  view: DataView,
  off: number,
  end: number,
  expanded: boolean,
  context: SflowContext,
): void {
  const { faults } = context.counts;
  const header = expanded ? EXPANDED_FLOW_HEADER : FLOW_HEADER;
  if (end - off < header) {
    count(faults, Fault.bad_length);
    return;
  }
  // What can be no rate: the packet stands for itself at least.
  const samplingRate = soundRate(view.getUint32(off + (expanded ? 12 : 8))) || 1;
  const records = view.getUint32(off + header - 4);
  let at = off + header;
  let headerAt = -1;
  let sampledAt = -1;
  let sampledWords = 0;
  let vlan = 0;
  for (let i = 0; i < records; i++) {
    if (at === end) {
      count(faults, Fault.bad_count);
      break;
    }
    const length = end - at < 8 ? -1 : view.getUint32(at + 4);
    if (length < 0 || length > end - at - 8) {
      count(faults, Fault.bad_length);
      break;
    }
    const format = view.getUint32(at);
    at += 8;
    if (format === RAW_HEADER) {
      if (headerAt < 0 && fits(faults, length, 16)) headerAt = at;
    } else if (format === SAMPLED_IPV4) {
      if (sampledAt < 0 && fits(faults, length, 32)) {
        sampledAt = at;
        sampledWords = 1;
      }
    } else if (format === SAMPLED_IPV6) {
      if (sampledAt < 0 && fits(faults, length, 56)) {
        sampledAt = at;
        sampledWords = 4;
      }
    } else if (format === EXTENDED_SWITCH && length >= 16) {
      const id = view.getUint32(at);
      if (id < 4095) vlan = id;
    }
    at += length;
    // A last record without its padding ends the sample.
    const padding = -length & 3;
    if (padding <= end - at) at += padding;
  }
  // An exporter that sends both describes one packet twice: the header says more.
  if (headerAt >= 0 && readHeader(bytes, view, headerAt, end, vlan, samplingRate, context)) return;
  if (sampledAt >= 0) readSampledIp(view, sampledAt, sampledWords, vlan, samplingRate, context);
}

function fits(faults: Float64Array, length: number, needed: number): boolean {
  if (length >= needed) return true;
  count(faults, Fault.bad_length);
  return false;
}

/** Record "sampled_header": protocol, frame length, octets stripped, header. Answers whether the packet was told of. */
function readHeader(
  bytes: Uint8Array,
  view: DataView,
  off: number,
  end: number,
  vlan: number,
  samplingRate: number,
  context: SflowContext,
): boolean {
  const { faults } = context.counts;
  const linkType = LINK_TYPES[view.getUint32(off)] ?? -1;
  if (linkType < 0) {
    count(faults, Fault.unsupported);
    return false;
  }
  const stripped = view.getUint32(off + 8);
  const captured = view.getUint32(off + 12);
  // The record's own length counts: view.getUint32(off - 4) is what stands before it.
  if (captured > view.getUint32(off - 4) - 16 || captured > end - off - 16) {
    count(faults, Fault.bad_length);
    return false;
  }
  // The frame check sequence and stripped tags are in the frame's length, not in the header.
  let frameLength = Math.max(captured, view.getUint32(off + 4) - stripped);
  const lies = frameLength > MAX_FRAME;
  if (lies) {
    // Some exporters send nonsense here beside a good header: room for whatever length the IP header itself tells.
    count(faults, Fault.bad_length);
    frameLength = captured + MAX_IP;
  }
  const start = off + 16;
  context.onHeader(bytes, start, start + captured, linkType, frameLength, samplingRate);
  FRAME.bytes = bytes;
  FRAME.view = view;
  FRAME.offset = start;
  FRAME.end = start + captured;
  FRAME.originalLength = frameLength;
  FRAME.linkType = linkType;
  const decoded = decodeFrame(FRAME, PACKET, DISCARDED);
  FRAME.bytes = EMPTY;
  FRAME.view = EMPTY_VIEW;
  // Not IP (ARP, spanning tree): nothing is wrong, and nothing is told about flows.
  if (decoded === Decoded.None) return true;
  const r = begin(context, samplingRate);
  const p = PACKET;
  r.ipVersion = p.ipVersion === 6 ? 6 : 4;
  r.source0 = p.source0;
  r.source1 = p.source1;
  r.source2 = p.source2;
  r.source3 = p.source3;
  r.destination0 = p.destination0;
  r.destination1 = p.destination1;
  r.destination2 = p.destination2;
  r.destination3 = p.destination3;
  r.protocol = p.protocol;
  if (decoded === Decoded.Transport) {
    r.sourcePort = p.sourcePort;
    r.destinationPort = p.destinationPort;
    if (p.protocol === PROTOCOL_TCP) r.tcpFlags = p.tcpFlags;
  }
  r.vlan = p.vlan === 0 ? vlan : p.vlan;
  // Not the frame's length: all formats, and what is judged by them, count from the IP header on.
  r.bytes = ipLength(p, start, lies);
  give(context);
  return true;
}

/** Record "sampled_ipv4" (one word an address) or "sampled_ipv6" (four). */
function readSampledIp(
  view: DataView,
  off: number,
  words: number,
  vlan: number,
  samplingRate: number,
  context: SflowContext,
): void {
  const length = view.getUint32(off);
  if (length > MAX_FRAME) {
    count(context.counts.faults, Fault.bad_length);
    return;
  }
  const r = begin(context, samplingRate);
  // Of the IP packet already, "excluding lower layer encapsulations".
  r.bytes = length;
  r.protocol = view.getUint32(off + 4) & 0xff;
  const source = off + 8;
  const destination = source + words * 4;
  r.source0 = view.getInt32(source);
  r.destination0 = view.getInt32(destination);
  if (words === 4) {
    r.ipVersion = 6;
    r.source1 = view.getInt32(source + 4);
    r.source2 = view.getInt32(source + 8);
    r.source3 = view.getInt32(source + 12);
    r.destination1 = view.getInt32(destination + 4);
    r.destination2 = view.getInt32(destination + 8);
    r.destination3 = view.getInt32(destination + 12);
  }
  const ports = destination + words * 4;
  if (r.protocol === PROTOCOL_TCP || r.protocol === PROTOCOL_UDP) {
    r.sourcePort = view.getUint32(ports) & 0xffff;
    r.destinationPort = view.getUint32(ports + 4) & 0xffff;
  }
  if (r.protocol === PROTOCOL_TCP) r.tcpFlags = view.getUint32(ports + 8) & 0xff;
  r.vlan = vlan;
  give(context);
}

/** The reused record as new, with what the receiver set. */
function begin(context: SflowContext, samplingRate: number): FlowRecord {
  const r = context.record;
  const { exporter, input, number } = r;
  r.clear();
  r.exporter = exporter;
  r.input = input;
  r.number = number + 1;
  r.start = context.time;
  r.end = context.time;
  r.packets = 1;
  r.samplingRate = samplingRate;
  return r;
}

function give(context: SflowContext): void {
  context.counts.records++;
  context.sink.onRecord(context.record);
}
