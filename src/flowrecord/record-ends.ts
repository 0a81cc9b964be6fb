// hot: once per flow record.
import type { FlowRecord } from './record.ts';

/** Word before the IPv4 address in an IPv4-mapped one (RFC 4291 §2.5.5.2): ::ffff:a.b.c.d. */
const MAPPED = 0xffff;

/**
 * Makes a record of IPv6 one of IPv4 where both its addresses are IPv4-mapped, as lists and text logs take them: some
 * exporters write all addresses as IPv6.
 */
export function foldMapped(r: FlowRecord): void {
  if (r.source2 !== MAPPED || r.destination2 !== MAPPED) return;
  if ((r.source0 | r.source1 | r.destination0 | r.destination1) !== 0) return;
  r.ipVersion = 4;
  r.source0 = r.source3;
  r.destination0 = r.destination3;
  r.source2 = r.source3 = 0;
  r.destination2 = r.destination3 = 0;
}

/** Source and destination of a biflow change places. */
export function turnRound(r: FlowRecord): void {
  const { source0, source1, source2, source3, sourcePort, packets, bytes } = r;
  r.source0 = r.destination0;
  r.source1 = r.destination1;
  r.source2 = r.destination2;
  r.source3 = r.destination3;
  r.destination0 = source0;
  r.destination1 = source1;
  r.destination2 = source2;
  r.destination3 = source3;
  r.sourcePort = r.destinationPort;
  r.destinationPort = sourcePort;
  r.packets = r.reversePackets;
  r.bytes = r.reverseBytes;
  r.reversePackets = packets;
  r.reverseBytes = bytes;
}
