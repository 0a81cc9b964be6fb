import { Anomaly } from '../common/anomaly.ts';
import {
  DONE_NONE,
  ETHERTYPE_ERSPAN_II,
  ETHERTYPE_ERSPAN_III,
  ETHERTYPE_PPP,
  ETHERTYPE_TEB,
  type Layer,
  NEXT_ERSPAN,
  NEXT_ETHERNET,
  NEXT_ETHERTYPE,
  NEXT_IP,
  NEXT_PPP,
  type Step,
  stop,
} from './layer.ts';
import { type Packet, TUNNEL_ERSPAN, TUNNEL_GRE } from './packet.ts';

const TRUNCATED = Anomaly['gre.truncated'];
const UNKNOWN = Anomaly['gre.unknown_payload'];
const ERSPAN_TRUNCATED = Anomaly['erspan.truncated'];

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
/** Version 1 only (RFC 2637 §4.1). */
const ACKNOWLEDGMENT = 0x0080;
const VERSION = 0x0007;

const ETHERTYPE_WCCP = 0x883e;
const MIN_ETHERTYPE = 0x0600;
/** RFC 1701 gives no bound; a strict source route of IPv4 holds 9 hops. */
const MAX_ROUTES = 16;
/** NVGRE (RFC 7637 §3.2) keeps an 8-bit flow number, unlike in both directions, below network numbers from here on. */
const NVGRE_FIRST_NETWORK = 0x1000;

const ERSPAN_II_HEADER = 8;
const ERSPAN_III_HEADER = 12;
const ERSPAN_III_SUBHEADER = 8;

/** GRE (RFC 2784, key and sequence RFC 2890, routing RFC 1701) and enhanced GRE of PPTP (RFC 2637 §4.1). */
export function decodeGre(
  view: DataView,
  off: number,
  end: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 4) return stop(p, counters, TRUNCATED);
  const flags = view.getUint16(off);
  const type = view.getUint16(off + 2);
  const version = flags & VERSION;
  if (version > 1) return stop(p, counters, UNKNOWN);
  if (version === 1) return decodeEnhancedGre(view, off, end, flags, type, p, counters, layer);
  let at = off + 4;
  if ((flags & (CHECKSUM | ROUTING)) !== 0) at += 4;
  const keyAt = at;
  if ((flags & KEY) !== 0) at += 4;
  if ((flags & SEQUENCE) !== 0) at += 4;
  if (at > end) return stop(p, counters, TRUNCATED);
  if ((flags & ROUTING) !== 0) {
    at = skipRoutes(view, at, end);
    if (at < 0) return stop(p, counters, TRUNCATED);
  }
  p.tunnels |= TUNNEL_GRE;
  if ((flags & KEY) !== 0) {
    const key = view.getInt32(keyAt);
    p.virtualNetwork = type === ETHERTYPE_TEB && key >>> 8 >= NVGRE_FIRST_NETWORK ? key >>> 8 : key;
  }
  layer.off = at;
  layer.type = type;
  if (type === ETHERTYPE_ERSPAN_II && (flags & SEQUENCE) === 0) {
    // ERSPAN type I: the mirrored frame follows at once.
    p.tunnels |= TUNNEL_ERSPAN;
    return NEXT_ETHERNET;
  }
  if (type === ETHERTYPE_ERSPAN_II || type === ETHERTYPE_ERSPAN_III) return NEXT_ERSPAN;
  if (type === ETHERTYPE_WCCP) {
    // WCCP version 2 puts four bytes before the packet, version 1 none.
    if (end - at >= 4 && view.getUint8(at) >> 4 !== 4) layer.off = at + 4;
    return NEXT_IP;
  }
  if (type >= MIN_ETHERTYPE) return NEXT_ETHERTYPE;
  // 0: keepalive; 0x00fe: OSI.
  return type === 0 || type === 0x00fe ? DONE_NONE : stop(p, counters, UNKNOWN);
}

/** Its key holds payload length and a call number that differs by direction, so it is no virtual network. */
function decodeEnhancedGre(
  view: DataView,
  off: number,
  end: number,
  flags: number,
  type: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (type !== ETHERTYPE_PPP || (flags & KEY) === 0) return stop(p, counters, UNKNOWN);
  let at = off + 8;
  if ((flags & SEQUENCE) !== 0) at += 4;
  if ((flags & ACKNOWLEDGMENT) !== 0) at += 4;
  if (at > end) return stop(p, counters, TRUNCATED);
  p.tunnels |= TUNNEL_GRE;
  const length = view.getUint16(off + 4);
  // Without a sequence number there is no payload, only an acknowledgement.
  if ((flags & SEQUENCE) === 0 || length === 0) return DONE_NONE;
  if (length < layer.wire - at) {
    layer.wire = at + length;
    if (layer.wire < end) layer.end = layer.wire;
  }
  layer.off = at;
  return NEXT_PPP;
}

/** Offset behind the source route entries (RFC 1701: family, offset, length, data; a null entry ends them), or -1. */
function skipRoutes(view: DataView, off: number, end: number): number {
  let at = off;
  for (let count = 0; count < MAX_ROUTES; count++) {
    if (end - at < 4) return -1;
    const family = view.getUint16(at);
    const length = view.getUint8(at + 3);
    at += 4;
    if (family === 0 && length === 0) return at;
    if (length > end - at) return -1;
    at += length;
  }
  return -1;
}

/** ERSPAN type II (8 bytes) or III (12, and 8 more where the O bit says so), draft-foschiano-erspan-03 §4. */
export function decodeErspan(
  view: DataView,
  off: number,
  end: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < ERSPAN_II_HEADER) return stop(p, counters, ERSPAN_TRUNCATED);
  let header = ERSPAN_II_HEADER;
  // Some switches send type III under the type II number: the version nibble (1 = II, 2 = III) decides.
  if (layer.type === ETHERTYPE_ERSPAN_III || view.getUint8(off) >> 4 === 2) {
    if (end - off < ERSPAN_III_HEADER) return stop(p, counters, ERSPAN_TRUNCATED);
    header = ERSPAN_III_HEADER;
    if ((view.getUint8(off + 11) & 1) === 1) header += ERSPAN_III_SUBHEADER;
    if (header > end - off) return stop(p, counters, ERSPAN_TRUNCATED);
  }
  p.tunnels |= TUNNEL_ERSPAN;
  layer.off = off + header;
  return NEXT_ETHERNET;
}
