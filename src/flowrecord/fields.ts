/**
 * Information elements that a flow record is made of (RFC 7012, IANA's IPFIX registry; the first 127 are those of NetFlow v9,
 * RFC 3954 §8), the slot each is read into, and those of options data that tell of sampling (RFC 5477).
 */

/** Private enterprise numbers: reverse elements of RFC 5103 §6.1; CERT/NetSA (yaf), which exports TCP flags of its own. */
export const PEN_REVERSE = 29305;
export const PEN_CERT = 6871;
/** Stands as the enterprise of scope fields of NetFlow v9, whose numbers are no information elements (RFC 3954 §6.1). */
export const V9_SCOPE = -1;
/** Field length that says "variable" (RFC 7011 §7). */
export const VARIABLE = 65535;

/** Where the numbers of one record are kept while it is read. Absent ones are -1. */
export const Slot = {
  SourcePort: 0,
  DestinationPort: 1,
  Protocol: 2,
  Flags: 3,
  MoreFlags: 4,
  ReverseFlags: 5,
  MoreReverseFlags: 6,
  Packets: 7,
  Bytes: 8,
  PostPackets: 9,
  PostBytes: 10,
  ReversePackets: 11,
  ReverseBytes: 12,
  Vlan: 13,
  Vrf: 14,
  /** Sampling as the record itself tells it. */
  Interval: 15,
  Sampler: 16,
  TakenPackets: 17,
  SkippedPackets: 18,
  Start: 19,
  End: 20,
  /** Milliseconds of the exporter's uptime. */
  StartUptime: 21,
  EndUptime: 22,
  InitTime: 23,
  Duration: 24,
  EndReason: 25,
  Direction: 26,
  Version: 27,
  /** IPv4 addresses of records that carry fields of both families. */
  Source4: 28,
  Destination4: 29,
  SourceAddress: 30,
  DestinationAddress: 31,
  /** When the event happened of which the record tells. */
  EventTime: 32,
  /** What happened to the flow: firewallEvent. */
  Event: 33,
  /** Addresses (IPv4) and ports behind the translation that the exporter did. */
  TranslatedSource: 34,
  TranslatedDestination: 35,
  TranslatedSourcePort: 36,
  TranslatedDestinationPort: 37,
} as const;
export const SLOTS = 38;

/** How the bytes of a field become a number. */
export const Kind = {
  Unsigned: 0,
  U8: 1,
  U16: 2,
  U32: 3,
  U64: 4,
  Seconds: 5,
  Milliseconds: 6,
  /** NTP time stamp, 64 bit (RFC 5905 §6); of micro- and nanoseconds alike (RFC 7011 §6.1.9, 6.1.10). */
  Ntp: 7,
  /** Microseconds before the export time. */
  DeltaMicroseconds: 8,
  /** Durations, in milli- and microseconds. */
  DurationMilliseconds: 9,
  Source4: 10,
  Destination4: 11,
  Source6: 12,
  Destination6: 13,
  Int32: 14,
} as const;

/** Elements of one slot stand in the order in which they are preferred. */
type Row = readonly [enterprise: number, element: number, slot: number, kind: number];

const { Unsigned } = Kind;
const ROWS: readonly Row[] = [
  [0, 7, Slot.SourcePort, Unsigned],
  [0, 182, Slot.SourcePort, Unsigned],
  [0, 180, Slot.SourcePort, Unsigned],
  [0, 11, Slot.DestinationPort, Unsigned],
  [0, 183, Slot.DestinationPort, Unsigned],
  [0, 181, Slot.DestinationPort, Unsigned],
  [0, 4, Slot.Protocol, Unsigned],
  [0, 6, Slot.Flags, Unsigned],
  [PEN_CERT, 14, Slot.Flags, Unsigned], // initialTCPFlags
  [PEN_CERT, 15, Slot.MoreFlags, Unsigned], // unionTCPFlags
  [PEN_REVERSE, 6, Slot.ReverseFlags, Unsigned],
  [PEN_CERT, 16398, Slot.ReverseFlags, Unsigned],
  [PEN_CERT, 16399, Slot.MoreReverseFlags, Unsigned],
  [0, 2, Slot.Packets, Unsigned],
  [0, 86, Slot.Packets, Unsigned],
  [0, 298, Slot.Packets, Unsigned], // initiatorPackets, with responderPackets as the other direction
  [0, 1, Slot.Bytes, Unsigned],
  [0, 85, Slot.Bytes, Unsigned],
  [0, 231, Slot.Bytes, Unsigned], // initiatorOctets
  [0, 24, Slot.PostPackets, Unsigned],
  [0, 172, Slot.PostPackets, Unsigned],
  [0, 23, Slot.PostBytes, Unsigned],
  [0, 171, Slot.PostBytes, Unsigned],
  [PEN_REVERSE, 2, Slot.ReversePackets, Unsigned],
  [PEN_REVERSE, 86, Slot.ReversePackets, Unsigned],
  [0, 299, Slot.ReversePackets, Unsigned],
  [PEN_REVERSE, 1, Slot.ReverseBytes, Unsigned],
  [PEN_REVERSE, 85, Slot.ReverseBytes, Unsigned],
  [0, 232, Slot.ReverseBytes, Unsigned],
  [0, 58, Slot.Vlan, Unsigned],
  [0, 243, Slot.Vlan, Unsigned],
  [0, 59, Slot.Vlan, Unsigned],
  [0, 234, Slot.Vrf, Unsigned],
  [0, 235, Slot.Vrf, Unsigned],
  [0, 34, Slot.Interval, Unsigned],
  [0, 50, Slot.Interval, Unsigned],
  [0, 48, Slot.Sampler, Unsigned],
  [0, 302, Slot.Sampler, Unsigned],
  [0, 305, Slot.TakenPackets, Unsigned],
  [0, 306, Slot.SkippedPackets, Unsigned],
  [0, 156, Slot.Start, Kind.Ntp],
  [0, 154, Slot.Start, Kind.Ntp],
  [0, 152, Slot.Start, Kind.Milliseconds],
  [0, 158, Slot.Start, Kind.DeltaMicroseconds],
  [0, 150, Slot.Start, Kind.Seconds],
  [0, 157, Slot.End, Kind.Ntp],
  [0, 155, Slot.End, Kind.Ntp],
  [0, 153, Slot.End, Kind.Milliseconds],
  [0, 159, Slot.End, Kind.DeltaMicroseconds],
  [0, 151, Slot.End, Kind.Seconds],
  [0, 22, Slot.StartUptime, Unsigned],
  [0, 21, Slot.EndUptime, Unsigned],
  [0, 160, Slot.InitTime, Kind.Milliseconds],
  [0, 162, Slot.Duration, Unsigned],
  [0, 161, Slot.Duration, Kind.DurationMilliseconds],
  [0, 323, Slot.EventTime, Kind.Milliseconds], // of an ASA the only end there is; 152 is the flow's creation
  [0, 225, Slot.TranslatedSource, Kind.Int32],
  [0, 226, Slot.TranslatedDestination, Kind.Int32],
  [0, 227, Slot.TranslatedSourcePort, Unsigned],
  [0, 228, Slot.TranslatedDestinationPort, Unsigned],
  [0, 136, Slot.EndReason, Unsigned],
  [0, 239, Slot.Direction, Unsigned],
  [0, 233, Slot.Event, Unsigned],
  [0, 60, Slot.Version, Unsigned],
  [0, 8, Slot.SourceAddress, Kind.Source4],
  [0, 27, Slot.SourceAddress, Kind.Source6],
  [0, 12, Slot.DestinationAddress, Kind.Destination4],
  [0, 28, Slot.DestinationAddress, Kind.Destination6],
];

/** What is known of an element: its slot, how it is read, and its rank among those of the slot (lower is better). */
export interface Field {
  readonly slot: number;
  readonly kind: number;
  readonly rank: number;
}

const key = (enterprise: number, element: number): number => enterprise * 65536 + element;
const FIELDS = new Map<number, Field>(
  ROWS.map(([enterprise, element, slot, kind], rank) => [key(enterprise, element), { slot, kind, rank }]),
);

/** The field of a flow record that an element is read into; undefined where it tells nothing that is kept. */
export function fieldOf(enterprise: number, element: number): Field | undefined {
  return FIELDS.get(key(enterprise, element));
}

/** Elements of options data that tell of sampling or of the exporter's start. */
export const Told = {
  SamplingInterval: 34,
  SamplerId: 48,
  SamplerInterval: 50,
  SystemInitTime: 160,
  SelectorId: 302,
  PacketInterval: 305,
  PacketSpace: 306,
  Size: 309,
  Population: 310,
  Probability: 311,
} as const;
