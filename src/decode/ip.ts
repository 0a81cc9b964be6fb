// hot: runs for every IP packet.
import { Anomaly } from '../common/anomaly.ts';
import { decodeExtensions, fragment } from './extension.ts';
import { type Layer, note, type Step, stop } from './layer.ts';
import { type Packet, PROTOCOL_TCP, PROTOCOL_UDP } from './packet.ts';
import { decodeIpPayload } from './transport.ts';

const BAD_VERSION = Anomaly['ip.bad_version'];
const LENGTH_EXCEEDS_FRAME = Anomaly['ip.length_exceeds_frame'];
const IPV4_TRUNCATED = Anomaly['ipv4.truncated_header'];
const IPV4_HEADER_TOO_SMALL = Anomaly['ipv4.header_too_small'];
const IPV4_TOTAL_TOO_SMALL = Anomaly['ipv4.total_length_too_small'];
const IPV6_TRUNCATED = Anomaly['ipv6.truncated_header'];

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const PROTOCOL_AH = 51;

/** IPv4 or IPv6 by the version nibble, which is right more often than the EtherType before it. */
export function decodeIp(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 1) return stop(p, counters, IPV4_TRUNCATED);
  const version = view.getUint8(off) >> 4;
  if (version === 4) return decodeIpv4(view, off, end, wire, p, counters, layer);
  if (version === 6) return decodeIpv6(view, off, end, wire, p, counters, layer);
  return stop(p, counters, BAD_VERSION);
}

/**
 * IPv4 header (RFC 791 §3.1) whose version nibble is 4. Writes nothing but the anomaly unless the header is sound, so
 * that an outer header in `p` survives. Total length 0 is segmentation offload: the capture decides.
 */
export function decodeIpv4(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < IPV4_HEADER) return stop(p, counters, IPV4_TRUNCATED);
  const header = (view.getUint8(off) & 0x0f) << 2;
  if (header < IPV4_HEADER) return stop(p, counters, IPV4_HEADER_TOO_SMALL);
  if (header > end - off) return stop(p, counters, IPV4_TRUNCATED);
  const total = view.getUint16(off + 2);
  if (total !== 0) {
    if (total < header) return stop(p, counters, IPV4_TOTAL_TOO_SMALL);
    if (total <= wire - off) {
      wire = off + total;
      if (wire < end) end = wire;
    } else {
      note(p, counters, LENGTH_EXCEEDS_FRAME);
    }
  }
  p.ipVersion = 4;
  p.source0 = view.getInt32(off + 12);
  p.source1 = 0;
  p.source2 = 0;
  p.source3 = 0;
  p.destination0 = view.getInt32(off + 16);
  p.destination1 = 0;
  p.destination2 = 0;
  p.destination3 = 0;
  const protocol = view.getUint8(off + 9);
  const piece = view.getUint16(off + 6);
  if ((piece & 0x3fff) !== 0) return fragmentIpv4(view, off, end, wire, p);
  if (protocol === PROTOCOL_AH) {
    return decodeExtensions(view, off + header, end, wire, protocol, p, counters, layer);
  }
  return decodeIpPayload(view, off + header, end, wire, protocol, p, counters, layer);
}

// Apart, so that decodeIpv4 stays small enough for V8 to inline (460 bytecodes).
function fragmentIpv4(view: DataView, off: number, end: number, wire: number, p: Packet): Step {
  const piece = view.getUint16(off + 6);
  p.fragmentId = view.getUint16(off + 4);
  p.fragmentOffset = (piece & 0x1fff) << 3;
  p.fragmentMore = (piece >> 13) & 1;
  return fragment(off + ((view.getUint8(off) & 0x0f) << 2), end, wire, view.getUint8(off + 9), p);
}

/**
 * IPv6 header (RFC 8200 §3) whose version nibble is 6. Writes nothing but the anomaly unless the header is sound.
 * Payload length 0 is a jumbogram (RFC 2675) or segmentation offload: the capture decides.
 */
export function decodeIpv6(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < IPV6_HEADER) return stop(p, counters, IPV6_TRUNCATED);
  const length = view.getUint16(off + 4);
  const payload = off + IPV6_HEADER;
  const protocol = view.getUint8(off + 6);
  if (length !== 0) {
    if (length <= wire - payload) {
      wire = payload + length;
      if (wire < end) end = wire;
    } else {
      note(p, counters, LENGTH_EXCEEDS_FRAME);
    }
  }
  p.ipVersion = 6;
  p.source0 = view.getInt32(off + 8);
  p.source1 = view.getInt32(off + 12);
  p.source2 = view.getInt32(off + 16);
  p.source3 = view.getInt32(off + 20);
  p.destination0 = view.getInt32(off + 24);
  p.destination1 = view.getInt32(off + 28);
  p.destination2 = view.getInt32(off + 32);
  p.destination3 = view.getInt32(off + 36);
  if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) {
    return decodeIpPayload(view, payload, end, wire, protocol, p, counters, layer);
  }
  return decodeExtensions(view, payload, end, wire, protocol, p, counters, layer);
}

/** True where [off, end) starts with an IP header whose lengths fit into what was on the wire. Reads only, counts nothing. */
export function plausibleIp(view: DataView, off: number, end: number, wire: number): boolean {
  if (end - off < IPV4_HEADER) return false;
  const head = view.getUint8(off);
  if (head >> 4 === 4) {
    const header = (head & 0x0f) << 2;
    if (header < IPV4_HEADER || header > end - off) return false;
    const total = view.getUint16(off + 2);
    return total === 0 || (total >= header && total <= wire - off);
  }
  return head >> 4 === 6 && end - off >= IPV6_HEADER && view.getUint16(off + 4) <= wire - off - IPV6_HEADER;
}
