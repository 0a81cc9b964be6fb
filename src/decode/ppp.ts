import { Anomaly } from '../common/anomaly.ts';
import { DONE_NONE, type Layer, NEXT_ETHERTYPE, NEXT_IP, NEXT_MPLS, NEXT_PPP, type Step, stop } from './layer.ts';
import { type Packet, TUNNEL_PPPOE } from './packet.ts';

const PPP_TRUNCATED = Anomaly['ppp.truncated'];
const PPP_UNKNOWN = Anomaly['ppp.unknown_protocol'];
const PPPOE_TRUNCATED = Anomaly['pppoe.truncated'];
const PPPOE_BAD = Anomaly['pppoe.bad_header'];
const HDLC_UNKNOWN = Anomaly['hdlc.unknown_protocol'];
const LINK_TRUNCATED = Anomaly['link.truncated'];

const PPPOE_HEADER = 6;
const PPPOE_VERSION_TYPE = 0x11;

/** Address and control of PPP in HDLC-like framing (RFC 1662 §3.1). */
const HDLC_ALL_STATIONS = 0xff03;
const CISCO_UNICAST = 0x0f;
const CISCO_BROADCAST = 0x8f;

const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
/** RFC 3032 §4.3. */
const PPP_MPLS = 0x0281;
const PPP_MPLS_MULTICAST = 0x0283;

/** PPP (RFC 1661 §2), with or without address and control bytes and with the protocol field compressed or not. */
export function decodePpp(
  view: DataView,
  off: number,
  end: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  let at = off;
  if (end - at >= 2 && view.getUint16(at) === HDLC_ALL_STATIONS) at += 2;
  if (end - at < 1) return stop(p, counters, PPP_TRUNCATED);
  let protocol = view.getUint8(at++);
  if ((protocol & 1) === 0) {
    if (end - at < 1) return stop(p, counters, PPP_TRUNCATED);
    protocol = (protocol << 8) | view.getUint8(at++);
  }
  layer.off = at;
  switch (protocol) {
    case PPP_IPV4:
    case PPP_IPV6:
      return NEXT_IP;
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
      return NEXT_MPLS;
  }
  // RFC 1661 §2: the last bit of a protocol number is 1; control and compression protocols carry nothing for us.
  return (protocol & 1) === 1 ? DONE_NONE : stop(p, counters, PPP_UNKNOWN);
}

/** LINKTYPE_PPP and LINKTYPE_PPP_HDLC: PPP, or Cisco HDLC where the address byte says so. */
export function decodePppOrHdlc(
  view: DataView,
  off: number,
  end: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off >= 1) {
    const address = view.getUint8(off);
    if (address === CISCO_UNICAST || address === CISCO_BROADCAST) {
      return decodeHdlc(view, off, end, p, counters, layer);
    }
  }
  return decodePpp(view, off, end, p, counters, layer);
}

/** Cisco HDLC: address, control 0, EtherType (https://www.tcpdump.org/linktypes/LINKTYPE_C_HDLC.html). */
export function decodeHdlc(
  view: DataView,
  off: number,
  end: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 4) return stop(p, counters, LINK_TRUNCATED);
  const type = view.getUint16(off + 2);
  // 0xfefe announces OSI; below 0x0600 there is no EtherType.
  if (type < 0x0600) return stop(p, counters, HDLC_UNKNOWN);
  layer.off = off + 4;
  layer.type = type;
  return NEXT_ETHERTYPE;
}

/** PPPoE session header (RFC 2516 §4): version and type 1, code 0, session, length; the length excludes padding. */
export function decodePppoe(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < PPPOE_HEADER) return stop(p, counters, PPPOE_TRUNCATED);
  if (view.getUint8(off) !== PPPOE_VERSION_TYPE || view.getUint8(off + 1) !== 0) return stop(p, counters, PPPOE_BAD);
  const length = view.getUint16(off + 4);
  const payload = off + PPPOE_HEADER;
  if (length < wire - payload) {
    layer.wire = payload + length;
    if (layer.wire < end) layer.end = layer.wire;
  }
  layer.off = payload;
  p.tunnels |= TUNNEL_PPPOE;
  return NEXT_PPP;
}
