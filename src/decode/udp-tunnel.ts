import { Anomaly } from '../common/anomaly.ts';
import { plausibleEthernet } from './ethernet.ts';
import { DONE_NONE, type Layer, NEXT_ETHERNET, NEXT_ETHERTYPE, NEXT_IP, NEXT_PPP, note, type Step } from './layer.ts';
import { type Packet, TUNNEL_GENEVE, TUNNEL_GTPU, TUNNEL_L2TP, TUNNEL_TEREDO, TUNNEL_VXLAN } from './packet.ts';

// Only a port announces these tunnels, so whatever does not fit is plain UDP and no anomaly. The `truncated` ones are
// counted where the header was longer on the wire than in the capture: the snap length hides a tunnel.
const VXLAN_TRUNCATED = Anomaly['vxlan.truncated'];
const GENEVE_TRUNCATED = Anomaly['geneve.truncated'];
const GTPU_TRUNCATED = Anomaly['gtpu.truncated'];
const L2TP_TRUNCATED = Anomaly['l2tp.truncated'];
const TEREDO_BAD = Anomaly['teredo.bad_header'];

const MIN_ETHERTYPE = 0x0600;
const GTPU_T_PDU = 255;
const MAX_GTPU_EXTENSIONS = 8;

/** VXLAN (RFC 7348 §5): flags with the I bit, reserved, 24-bit network identifier, reserved. Group policy bit allowed. */
export function decodeVxlan(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 8) return tooShort(end, wire, p, counters, VXLAN_TRUNCATED);
  if ((view.getUint8(off) & 0x7f) !== 0x08) return DONE_NONE;
  p.virtualNetwork = view.getUint32(off + 4) >>> 8;
  p.tunnels |= TUNNEL_VXLAN;
  layer.off = off + 8;
  return NEXT_ETHERNET;
}

/** GENEVE (RFC 8926 §3.4): version 0, option length in words, EtherType, 24-bit network identifier, options. */
export function decodeGeneve(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 8) return tooShort(end, wire, p, counters, GENEVE_TRUNCATED);
  const first = view.getUint8(off);
  const type = view.getUint16(off + 2);
  if (first >> 6 !== 0 || type < MIN_ETHERTYPE) return DONE_NONE;
  const header = 8 + ((first & 0x3f) << 2);
  if (header > wire - off) return DONE_NONE;
  if (header > end - off) return tooShort(end, wire, p, counters, GENEVE_TRUNCATED);
  p.virtualNetwork = view.getUint32(off + 4) >>> 8;
  p.tunnels |= TUNNEL_GENEVE;
  layer.off = off + header;
  layer.type = type;
  return NEXT_ETHERTYPE;
}

/**
 * GTP-U (3GPP TS 29.281 §5): version 1, message type 255 (T-PDU). The optional word and the extension headers count into
 * the length. Tunnel endpoint identifiers differ by direction and are not kept.
 */
export function decodeGtpu(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 8) return tooShort(end, wire, p, counters, GTPU_TRUNCATED);
  const flags = view.getUint8(off);
  if (flags >> 4 !== 3 || view.getUint8(off + 1) !== GTPU_T_PDU) return DONE_NONE;
  const length = view.getUint16(off + 2);
  if (length > wire - off - 8) return DONE_NONE;
  const innerWire = off + 8 + length;
  const innerEnd = Math.min(innerWire, end);
  let at = off + 8;
  if ((flags & 0x07) !== 0) {
    if (innerEnd - at < 4) return tooShort(innerEnd, innerWire, p, counters, GTPU_TRUNCATED);
    let extension = (flags & 0x04) !== 0 ? view.getUint8(at + 3) : 0;
    at += 4;
    for (let count = 0; extension !== 0; count++) {
      if (count === MAX_GTPU_EXTENSIONS) return DONE_NONE;
      if (innerEnd - at < 4) return tooShort(innerEnd, innerWire, p, counters, GTPU_TRUNCATED);
      const size = view.getUint8(at) << 2;
      if (size === 0 || size > innerWire - at) return DONE_NONE;
      if (size > innerEnd - at) return tooShort(innerEnd, innerWire, p, counters, GTPU_TRUNCATED);
      at += size;
      extension = view.getUint8(at - 1);
    }
  }
  p.tunnels |= TUNNEL_GTPU;
  layer.off = at;
  layer.end = innerEnd;
  layer.wire = innerWire;
  return NEXT_IP;
}

/**
 * Teredo (RFC 4380 §5.1.1): optional authentication (0x0001: two lengths, identifier, value, nonce 8, confirmation 1),
 * optional origin indication (0x0000: port, address), then IPv6. The IPv6 length must fill the datagram.
 */
export function decodeTeredo(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  let at = off;
  if (end - at >= 4 && view.getUint16(at) === 0x0001) {
    at += 4 + view.getUint8(at + 2) + view.getUint8(at + 3) + 9;
    if (at > end) return tooShort(end, wire, p, counters, TEREDO_BAD);
  }
  if (end - at >= 8 && view.getUint16(at) === 0x0000) at += 8;
  if (end - at < 40 || view.getUint8(at) >> 4 !== 6) return DONE_NONE;
  // RFC 6081 §4.5 lets trailers follow the packet, so it may end before the datagram, not after it.
  if (view.getUint16(at + 4) > wire - at - 40) return DONE_NONE;
  p.tunnels |= TUNNEL_TEREDO;
  layer.off = at;
  return NEXT_IP;
}

/** L2TP data messages over UDP: version 2 (RFC 2661 §3.1) carries PPP, version 3 (RFC 3931 §4.1.2.1) a pseudowire. */
export function decodeL2tp(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 6) return tooShort(end, wire, p, counters, L2TP_TRUNCATED);
  const flags = view.getUint16(off);
  if ((flags & 0x8000) !== 0) return DONE_NONE;
  if ((flags & 0x000f) === 3) return decodeL2tp3(view, off + 4, end, wire, p, layer);
  // Version 2, reserved bits 0.
  if ((flags & 0x34ff) !== 0x0002) return DONE_NONE;
  let at = off + 2;
  if ((flags & 0x4000) !== 0) {
    const length = view.getUint16(at);
    if (length > wire - off) return DONE_NONE;
    if (length < wire - off) {
      layer.wire = off + length;
      if (layer.wire < end) layer.end = layer.wire;
    }
    at += 2;
  }
  at += 4;
  if ((flags & 0x0800) !== 0) at += 4;
  if ((flags & 0x0200) !== 0) {
    if (at + 2 > layer.end) return tooShort(layer.end, layer.wire, p, counters, L2TP_TRUNCATED);
    at += 2 + view.getUint16(at);
  }
  if (at > layer.end) return tooShort(layer.end, layer.wire, p, counters, L2TP_TRUNCATED);
  p.tunnels |= TUNNEL_L2TP;
  layer.off = at;
  return NEXT_PPP;
}

/**
 * L2TPv3 data (RFC 3931 §4.1.1.1): session number (0 = control), then a cookie of 0, 4 or 8 bytes and an optional 4-byte
 * sublayer, whose lengths only the endpoints know: the first place where an Ethernet frame with IP begins is taken.
 */
export function decodeL2tp3(view: DataView, off: number, end: number, wire: number, p: Packet, layer: Layer): Step {
  if (end - off < 4 || view.getInt32(off) === 0) return DONE_NONE;
  for (let at = off + 4; at <= off + 16 && at <= end; at += 4) {
    if (plausibleEthernet(view, at, end, wire)) {
      p.tunnels |= TUNNEL_L2TP;
      layer.off = at;
      return NEXT_ETHERNET;
    }
  }
  return DONE_NONE;
}

function tooShort(end: number, wire: number, p: Packet, counters: Float64Array, anomaly: number): Step {
  if (wire > end) note(p, counters, anomaly);
  return DONE_NONE;
}
