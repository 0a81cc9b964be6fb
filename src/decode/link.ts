import { Anomaly } from '../common/anomaly.ts';
import {
  DONE_NONE,
  type Layer,
  NEXT_ETHERNET,
  NEXT_ETHERTYPE,
  NEXT_HDLC,
  NEXT_IP,
  NEXT_LLC,
  NEXT_MPLS,
  NEXT_PPPOE,
  type Step,
  stop,
} from './layer.ts';
import type { Packet } from './packet.ts';
import { decodePppOrHdlc } from './ppp.ts';
import { decodeRadiotap, decodeWlan } from './wlan.ts';

const UNSUPPORTED = Anomaly['link.unsupported'];
const TRUNCATED = Anomaly['link.truncated'];

/** LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html). */
export const LINKTYPE_ETHERNET = 1;
const LINKTYPE_NULL = 0;
const LINKTYPE_PPP = 9;
const LINKTYPE_FDDI = 10;
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;
const LINKTYPE_PPP_HDLC = 50;
const LINKTYPE_PPP_ETHER = 51;
const LINKTYPE_ATM_RFC1483 = 100;
const LINKTYPE_RAW = 101;
const LINKTYPE_C_HDLC = 104;
const LINKTYPE_IEEE802_11 = 105;
const LINKTYPE_LOOP = 108;
const LINKTYPE_ENC = 109;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_PFLOG = 117;
const LINKTYPE_PRISM = 119;
const LINKTYPE_RADIOTAP = 127;
const LINKTYPE_AVS = 163;
const LINKTYPE_PPI = 192;
const LINKTYPE_PPP_WITH_DIR = 204;
const LINKTYPE_MPLS = 219;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_PKTAP = 258;
const LINKTYPE_LINUX_SLL2 = 276;

/** Frame control, two addresses; LLC follows. */
const FDDI_HEADER = 13;
const PRISM_HEADER = 144;

/** Pseudo-headers that name another link type; one inside the other is possible, more is a loop. */
const MAX_WRAPPERS = 2;

/** `protocol` of Linux cooked captures below 0x0600 (linux/if_ether.h). */
const LINUX_802_2 = 0x0004;
const ARPHRD_NETLINK = 824;

/** The link-layer header of one frame by its LINKTYPE; answers the layer that follows, at `layer.off`. */
export function decodeLink(
  linkType: number,
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  layer.end = end;
  layer.wire = wire;
  for (let wrappers = 0; ; wrappers++) {
    const wrapped = wrappers < MAX_WRAPPERS ? wrapperLength(linkType, view, off, end) : 0;
    if (wrapped === 0) break;
    if (wrapped < 0 || wrapped > end - off) return stop(p, counters, TRUNCATED);
    linkType = view.getUint32(off + (linkType === LINKTYPE_PKTAP ? 8 : 4), true);
    off += wrapped;
  }
  layer.off = off;
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return NEXT_ETHERNET;
    case LINKTYPE_LINUX_SLL:
      return decodeCooked(view, off, end, 16, 14, 2, p, counters, layer);
    case LINKTYPE_LINUX_SLL2:
      return decodeCooked(view, off, end, 20, 0, 8, p, counters, layer);
    case LINKTYPE_RAW:
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      return NEXT_IP;
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return decodeFamily(view, off, end, 4, p, counters, layer);
    case LINKTYPE_ENC:
      return decodeFamily(view, off, end, 12, p, counters, layer);
    case LINKTYPE_PFLOG:
      return decodePflog(view, off, end, p, counters, layer);
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
      return decodePppOrHdlc(view, off, end, p, counters, layer);
    case LINKTYPE_PPP_WITH_DIR:
      if (end - off < 1) return stop(p, counters, TRUNCATED);
      return decodePppOrHdlc(view, off + 1, end, p, counters, layer);
    case LINKTYPE_C_HDLC:
      return NEXT_HDLC;
    case LINKTYPE_PPP_ETHER:
      return NEXT_PPPOE;
    case LINKTYPE_MPLS:
      return NEXT_MPLS;
    case LINKTYPE_IEEE802_11:
      return decodeWlan(view, off, end, false, p, counters, layer);
    case LINKTYPE_RADIOTAP:
      return decodeRadiotap(view, off, end, p, counters, layer);
    case LINKTYPE_PRISM:
    case LINKTYPE_AVS:
      return decodeMonitor(view, off, end, p, counters, layer);
    case LINKTYPE_FDDI:
      if (end - off < FDDI_HEADER) return stop(p, counters, TRUNCATED);
      layer.off = off + FDDI_HEADER;
      return NEXT_LLC;
    case LINKTYPE_ATM_RFC1483:
      return NEXT_LLC;
  }
  return stop(p, counters, UNSUPPORTED);
}

/** Length of a pseudo-header that names the real link type (little endian); 0 = none, -1 = cut off. */
function wrapperLength(linkType: number, view: DataView, off: number, end: number): number {
  if (linkType === LINKTYPE_PPI) {
    if (end - off < 8) return -1;
    const length = view.getUint16(off + 2, true);
    return length < 8 ? -1 : length;
  }
  if (linkType === LINKTYPE_PKTAP) {
    if (end - off < 12) return -1;
    const length = view.getUint32(off, true);
    return length < 12 ? -1 : length;
  }
  return 0;
}

/**
 * Prism (144 bytes) or AVS monitor header before an IEEE 802.11 frame. AVS begins with its version 0x8021100x and its
 * length, in network order, and comes under the Prism number too.
 */
function decodeMonitor(
  view: DataView,
  off: number,
  end: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 8) return stop(p, counters, TRUNCATED);
  const header = view.getUint32(off) >>> 4 === 0x8021100 ? view.getUint32(off + 4) : PRISM_HEADER;
  if (header > end - off) return stop(p, counters, TRUNCATED);
  return decodeWlan(view, off + header, end, false, p, counters, layer);
}

/** Linux cooked capture v1 (LINKTYPE_LINUX_SLL) and v2 (LINKTYPE_LINUX_SLL2), network byte order. */
function decodeCooked(
  view: DataView,
  off: number,
  end: number,
  header: number,
  protocolAt: number,
  hardwareAt: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < header) return stop(p, counters, TRUNCATED);
  layer.off = off + header;
  if (view.getUint16(off + hardwareAt) === ARPHRD_NETLINK) return DONE_NONE;
  const type = view.getUint16(off + protocolAt);
  if (type === LINUX_802_2) return NEXT_LLC;
  if (type < 0x0600) return DONE_NONE;
  layer.type = type;
  return NEXT_ETHERTYPE;
}

/** BSD loopback: address family in the byte order of the capturing machine (NULL, ENC) or the network's (LOOP). */
function decodeFamily(
  view: DataView,
  off: number,
  end: number,
  header: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < header) return stop(p, counters, TRUNCATED);
  const big = view.getInt32(off);
  // A family is below 256, so the order that gives a small number is the right one.
  const family = big >>> 0 > 0xffff ? view.getInt32(off, true) : big;
  layer.off = off + header;
  return isIpFamily(family) ? NEXT_IP : DONE_NONE;
}

/** OpenBSD pflog: header length (padded to four bytes), address family. */
function decodePflog(view: DataView, off: number, end: number, p: Packet, counters: Float64Array, layer: Layer): Step {
  if (end - off < 2) return stop(p, counters, TRUNCATED);
  const header = (view.getUint8(off) + 3) & ~3;
  if (header > end - off) return stop(p, counters, TRUNCATED);
  layer.off = off + header;
  return isIpFamily(view.getUint8(off + 1)) ? NEXT_IP : DONE_NONE;
}

/** AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows, 24, 26, 28 or 30 on the BSDs, Solaris and Darwin. */
function isIpFamily(family: number): boolean {
  switch (family) {
    case 2:
    case 10:
    case 23:
    case 24:
    case 26:
    case 28:
    case 30:
      return true;
  }
  return false;
}
