// hot: tagged frames pass here.
import { Anomaly } from '../common/anomaly.ts';
import { plausibleIp } from './ip.ts';
import {
  DONE_NONE,
  ETHERTYPE_FABRICPATH,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_PPP,
  ETHERTYPE_PPPOE_SESSION,
  ETHERTYPE_QINQ,
  ETHERTYPE_QINQ_OLD,
  ETHERTYPE_TEB,
  ETHERTYPE_VLAN,
  type Layer,
  NEXT_ETHERNET,
  NEXT_ETHERTYPE,
  NEXT_IP,
  NEXT_LLC,
  NEXT_MPLS,
  NEXT_PPP,
  NEXT_PPPOE,
  note,
  type Step,
  stop,
} from './layer.ts';
import type { Packet } from './packet.ts';

const LINK_TRUNCATED = Anomaly['link.truncated'];
const UNKNOWN_TYPE = Anomaly['ethernet.unknown_type'];
const VLAN_TRUNCATED = Anomaly['vlan.truncated'];
const VLAN_TOO_MANY = Anomaly['vlan.too_many_tags'];
const LLC_TRUNCATED = Anomaly['llc.truncated'];

export const ETHERNET_HEADER = 14;
/** QinQ needs two, provider networks stack three; beyond that it is a loop or an attack. */
export const MAX_VLAN_TAGS = 8;
/** IEEE 802.3 §3.2.6: up to here a length, from 0x0600 on a type. */
const MAX_LENGTH = 1500;
const MIN_TYPE = 0x0600;

const SAP_SNAP = 0xaa;
const SAP_IP = 0x06;
const UNNUMBERED_INFORMATION = 0x03;
/** SNAP organisation codes whose protocol id is an EtherType: RFC 1042, and IEEE 802.1H bridge tunnelling. */
const OUI_ETHERTYPE = 0x000000;
const OUI_BRIDGE_TUNNEL = 0x0000f8;

/** Ethernet II or IEEE 802.3 header: two addresses, then a type or a length. */
export function decodeEthernet(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < ETHERNET_HEADER) return stop(p, counters, LINK_TRUNCATED);
  return decodeEtherType(view, off + ETHERNET_HEADER, end, wire, view.getUint16(off + 12), p, counters, layer);
}

/** What an EtherType announces at `off`, VLAN tags (IEEE 802.1Q, TPID 0x8100, 0x88a8, 0x9100) read on the way. */
export function decodeEtherType(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  type: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  let tags = 0;
  while (type === ETHERTYPE_VLAN || type === ETHERTYPE_QINQ || type === ETHERTYPE_QINQ_OLD) {
    if (tags++ === MAX_VLAN_TAGS) return stop(p, counters, VLAN_TOO_MANY);
    if (end - off < 4) return stop(p, counters, VLAN_TRUNCATED);
    if (p.vlanTags === 1) p.outerVlan = p.vlan;
    p.vlan = view.getUint16(off) & 0x0fff;
    p.vlanTags++;
    type = view.getUint16(off + 2);
    off += 4;
  }
  layer.off = off;
  layer.end = end;
  layer.wire = wire;
  switch (type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
      return NEXT_IP;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return NEXT_MPLS;
    case ETHERTYPE_PPPOE_SESSION:
      return NEXT_PPPOE;
    case ETHERTYPE_TEB:
      return NEXT_ETHERNET;
    case ETHERTYPE_PPP:
      return NEXT_PPP;
    case ETHERTYPE_FABRICPATH:
      // Cisco FabricPath: outer addresses, 0x8903, two bytes of tree and TTL, then the whole inner frame.
      layer.off = off + 2;
      return end - off < 2 ? stop(p, counters, LINK_TRUNCATED) : NEXT_ETHERNET;
  }
  if (type >= MIN_TYPE) return DONE_NONE;
  if (type > MAX_LENGTH) return stop(p, counters, UNKNOWN_TYPE);
  if (type < wire - off) {
    layer.wire = off + type;
    if (layer.wire < end) layer.end = layer.wire;
  }
  return NEXT_LLC;
}

/** IEEE 802.2 LLC, with SNAP (RFC 1042). Anything but IP inside is normal and of no interest. */
export function decodeLlc(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 3) {
    // An empty 802.3 frame carries padding only.
    if (wire - off >= 3) note(p, counters, LLC_TRUNCATED);
    return DONE_NONE;
  }
  const sap = view.getUint8(off);
  if (view.getUint8(off + 1) !== sap || view.getUint8(off + 2) !== UNNUMBERED_INFORMATION) return DONE_NONE;
  if (sap === SAP_IP) {
    layer.off = off + 3;
    return NEXT_IP;
  }
  if (sap !== SAP_SNAP) return DONE_NONE;
  if (end - off < 8) return stop(p, counters, LLC_TRUNCATED);
  const organisation = (view.getUint16(off + 3) << 8) | view.getUint8(off + 5);
  const type = view.getUint16(off + 6);
  if (type < MIN_TYPE || (organisation !== OUI_ETHERTYPE && organisation !== OUI_BRIDGE_TUNNEL)) return DONE_NONE;
  layer.off = off + 8;
  layer.type = type;
  return NEXT_ETHERTYPE;
}

/**
 * True where [off, end) starts with an Ethernet header, tagged or not, that carries a sound IP header. For payloads that
 * nothing announces (pseudowires). Reads only, counts nothing.
 */
export function plausibleEthernet(view: DataView, off: number, end: number, wire: number): boolean {
  if (end - off < ETHERNET_HEADER) return false;
  let type = view.getUint16(off + 12);
  let at = off + ETHERNET_HEADER;
  for (let tags = 0; type === ETHERTYPE_VLAN || type === ETHERTYPE_QINQ || type === ETHERTYPE_QINQ_OLD; tags++) {
    if (tags === MAX_VLAN_TAGS || end - at < 4) return false;
    type = view.getUint16(at + 2);
    at += 4;
  }
  return (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) && plausibleIp(view, at, end, wire);
}
