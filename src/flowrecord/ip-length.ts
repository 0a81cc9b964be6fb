// hot: once per sampled packet header.
import type { Packet } from '../decode/packet.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;

/**
 * Octets of the innermost IP packet in `p`, its header included, as flow records count them (octetDeltaCount, RFC 7012):
 * what the header says (total length, RFC 791 §3.1; payload length, RFC 8200 §3, both big endian), and where it says 0
 * (segmentation offload, jumbogram) the octets from that header to the end of the frame as it was decoded, or of its
 * sample where nobody knows the frame's length (`unknown`). `off`: where the frame begins in the bytes of `p`. An IP header was
 * decoded.
 */
export function ipLength(p: Packet, off: number, unknown: boolean): number {
  const at = headerOffset(p, off);
  const { view } = p;
  if (p.ipVersion === 4) {
    const total = view.getUint16(at + 2);
    if (total !== 0) return total;
  } else {
    const payload = view.getUint16(at + 4);
    if (payload !== 0) return IPV6_HEADER + payload;
  }
  return unknown ? p.networkEnd - at : p.network - at + p.networkLength;
}

/**
 * Where the innermost IP header begins. The decoder tells where its payload does (behind extension headers too); all
 * headers are multiples of four, so that the first place backwards with the version and the addresses is it.
 */
function headerOffset(p: Packet, off: number): number {
  const { view } = p;
  const six = p.ipVersion === 6;
  const nearest = p.network - (six ? IPV6_HEADER : IPV4_HEADER);
  for (let at = nearest; at >= off; at -= 4) {
    if (view.getUint8(at) >> 4 !== p.ipVersion) continue;
    if (!six) {
      if (view.getInt32(at + 12) === p.source0 && view.getInt32(at + 16) === p.destination0) return at;
    } else if (
      view.getInt32(at + 8) === p.source0 &&
      view.getInt32(at + 20) === p.source3 &&
      view.getInt32(at + 24) === p.destination0 &&
      view.getInt32(at + 36) === p.destination3
    ) {
      return at;
    }
  }
  return nearest;
}
