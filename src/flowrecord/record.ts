// hot: one object serves for all records of a decoder.

/**
 * One flow record (RFC 7011 §2) as every exporter's format is read into it; reused, so that a sink copies what it keeps.
 * Addresses are signed 32-bit words in network order, IPv4 in the first alone, as in a decoded packet (src/decode/packet.ts).
 * Counts are as exported: whoever weighs them multiplies by `samplingRate`.
 */
export class FlowRecord {
  ipVersion: 4 | 6 = 4;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** IP protocol number. */
  protocol = 0;
  /** OR of the TCP flags of all packets; -1 where the format does not tell. Of both directions in a biflow. */
  tcpFlags = -1;
  /** First and last packet, microseconds since the epoch. */
  start = 0;
  end = 0;
  /** Source to destination. */
  packets = 0;
  bytes = 0;
  /** Destination to source (biflow, RFC 5103); -1 where the record tells one direction only. */
  reversePackets = -1;
  reverseBytes = -1;
  /** 1 = every packet was looked at; N = one of N. */
  samplingRate = 1;
  /** VLAN id or 0; VRF id or 0. */
  vlan = 0;
  vrf = 0;
  /** Who opened the connection is known to be the source (Zeek, Suricata, biflow direction); else unknown. */
  oriented = false;
  /** The exporter said the flow goes on (flowEndReason 2: active timeout, RFC 5102). */
  goesOn = false;
  /** Number of the exporter within its collector, and of the record within its input, from 1. */
  exporter = 0;
  number = 0;
  /** Input from which it came (as in a frame). */
  input = 0;

  /** Everything as in a new record. */
  clear(): void {
    this.ipVersion = 4;
    this.source0 = this.source1 = this.source2 = this.source3 = 0;
    this.destination0 = this.destination1 = this.destination2 = this.destination3 = 0;
    this.sourcePort = this.destinationPort = this.protocol = 0;
    this.tcpFlags = -1;
    this.start = this.end = 0;
    this.packets = this.bytes = 0;
    this.reversePackets = this.reverseBytes = -1;
    this.samplingRate = 1;
    this.vlan = this.vrf = 0;
    this.oriented = this.goesOn = false;
    this.exporter = this.number = this.input = 0;
  }
}

/** How a name became known in a flow log. */
export type RecordNameSource = 'sni' | 'certificate' | 'dns' | 'http-host';

/** A name that a log tells beside its flows: what a client called a server, or looked up. */
export interface RecordName {
  readonly source: RecordNameSource;
  /** Lower case, without a final dot. */
  readonly name: string;
  /** Addresses in canonical text form. `server` is null for a look-up without an answer; for `dns` it is the answered address. */
  readonly client: string;
  readonly server: string | null;
  /** Ports of the conversation; null for a look-up. */
  readonly clientPort: number | null;
  readonly serverPort: number | null;
  /** Microseconds since the epoch; time to live in seconds for `dns`, else 0. */
  readonly time: number;
  readonly ttl: number;
  readonly input: number;
  readonly number: number;
}

/** Takes what a decoder of flow records reads. */
export interface RecordSink {
  /** The record is valid during the call only. */
  onRecord(record: FlowRecord): void;
  onName?(name: RecordName): void;
}

/** Why a datagram, a record or a line was not taken: a closed list, counted by reason. */
export const RECORD_FAULTS = [
  'not_allowed', // datagram from an exporter that the configuration does not list
  'unknown_version',
  'truncated',
  'bad_length', // a set or record that lies about its length
  'bad_count',
  'bad_template',
  'template_limit', // more templates than are kept
  'no_template', // a data set whose template is not known (yet)
  'bad_field',
  'bad_time',
  'bad_line', // a line of a text log that cannot be read
  'line_too_long',
  'unsupported', // a record of a kind that tells nothing about flows
  'exporter_limit',
] as const;
export type RecordFault = (typeof RECORD_FAULTS)[number];

/** Counters of one decoder or collector. */
export interface RecordCounts {
  datagrams: number;
  records: number;
  names: number;
  /** By index in RECORD_FAULTS. */
  readonly faults: Float64Array;
  /** Sequence numbers missed: records (v5, IPFIX), datagrams (v9, sFlow); and how often a sequence jumped. */
  lost: number;
  gaps: number;
  /** Exporter restarts seen (uptime or sequence went back). */
  restarts: number;
}

export function createRecordCounts(): RecordCounts {
  return {
    datagrams: 0,
    records: 0,
    names: 0,
    faults: new Float64Array(RECORD_FAULTS.length),
    lost: 0,
    gaps: 0,
    restarts: 0,
  };
}

/** Formats that are read as files or streams; captures are none of them. */
export const LOG_FORMATS = ['ipfix', 'nfdump-csv', 'nfdump-json', 'zeek', 'eve', 'goflow2'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Reads one file or stream of flow records that comes in pieces of any size. Never throws, whatever the bytes. */
export interface RecordReader {
  readonly counts: RecordCounts;
  /** Takes bytes [off, end). They may be reused afterwards. */
  feed(bytes: Uint8Array, off: number, end: number, sink: RecordSink): void;
  /** The stream ended: a last line without line feed counts, half a message is damage. */
  finish(sink: RecordSink): void;
  /** Set where the input is not of this format at all: one line for people. */
  readonly failure: string | null;
  /** Where and why the stream stopped making sense; null while it does. */
  readonly damage: { readonly offset: number; readonly reason: string } | null;
}
