import { Anomaly } from '../common/anomaly.ts';
import { DONE_FRAGMENT, DONE_NETWORK, type Layer, note, type Step } from './layer.ts';
import type { Packet } from './packet.ts';
import { clearTransport, decodeIpPayload } from './transport.ts';

const TRUNCATED = Anomaly['ipv6.truncated_extension'];
const TOO_MANY = Anomaly['ipv6.too_many_extensions'];

/** RFC 8200 §4.1 names seven; twice that is an attack or a broken capture. */
export const MAX_EXTENSIONS = 14;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;
/** RFC 3692-style experimentation, same layout (RFC 7045). */
const EXPERIMENT_1 = 253;
const EXPERIMENT_2 = 254;

/**
 * Skips the extension headers (RFC 8200 §4; AH: RFC 4302 §2.2, the only one of them over IPv4) that start at `off`, the
 * first of which `protocol` names, then goes on with what they carry. A fragment header with offset 0 and no more
 * fragments is whole (RFC 6946) and skipped.
 */
export function decodeExtensions(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  protocol: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  const six = p.ipVersion === 6;
  for (let count = 0; isExtension(protocol, six); count++) {
    if (count === MAX_EXTENSIONS) return unfinished(off, end, wire, protocol, p, counters, TOO_MANY);
    if (end - off < 8) return unfinished(off, end, wire, protocol, p, counters, TRUNCATED);
    const next = view.getUint8(off);
    if (protocol === FRAGMENT) {
      const word = view.getUint16(off + 2);
      if ((word & 0xfff9) !== 0) {
        p.fragmentId = view.getInt32(off + 4);
        p.fragmentOffset = word & 0xfff8;
        p.fragmentMore = word & 1;
        return fragment(off + 8, end, wire, next, p);
      }
      off += 8;
    } else {
      // AH counts 32-bit words minus two, the others 64-bit words beyond the first.
      const units = view.getUint8(off + 1);
      const length = protocol === AUTHENTICATION ? (units + 2) << 2 : (units + 1) << 3;
      if (length > end - off) return unfinished(off, end, wire, protocol, p, counters, TRUNCATED);
      off += length;
    }
    protocol = next;
  }
  return decodeIpPayload(view, off, end, wire, protocol, p, counters, layer);
}

/** Ends with `Decoded.Fragment`: `protocol` and [off, end) are what reassembly needs. */
export function fragment(off: number, end: number, wire: number, protocol: number, p: Packet): Step {
  p.protocol = protocol;
  p.network = off;
  p.networkEnd = end;
  p.networkLength = wire - off;
  clearTransport(p);
  return DONE_FRAGMENT;
}

function isExtension(protocol: number, six: boolean): boolean {
  switch (protocol) {
    case AUTHENTICATION:
      return true;
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT:
    case DESTINATION_OPTIONS:
    case MOBILITY:
    case HIP:
    case SHIM6:
    case EXPERIMENT_1:
    case EXPERIMENT_2:
      return six;
  }
  return false;
}

function unfinished(
  off: number,
  end: number,
  wire: number,
  protocol: number,
  p: Packet,
  counters: Float64Array,
  anomaly: number,
): Step {
  p.protocol = protocol;
  p.network = off;
  p.networkEnd = end;
  p.networkLength = wire - off;
  clearTransport(p);
  note(p, counters, anomaly);
  return DONE_NETWORK;
}
