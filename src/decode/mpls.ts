import { Anomaly } from '../common/anomaly.ts';
import { plausibleEthernet } from './ethernet.ts';
import { plausibleIp } from './ip.ts';
import { DONE_NONE, type Layer, NEXT_ETHERNET, NEXT_IP, type Step, stop } from './layer.ts';
import { type Packet, TUNNEL_MPLS } from './packet.ts';

const TRUNCATED = Anomaly['mpls.truncated'];
const UNKNOWN = Anomaly['mpls.unknown_payload'];
const TOO_DEEP = Anomaly['tunnel.too_deep'];

/** Segment routing stacks reach about 12. */
export const MAX_LABELS = 16;

/**
 * MPLS label stack (RFC 3032 §2.1), then what lies below it. Nothing names that payload: IP by its first nibble (RFC 4928
 * §3), else an Ethernet pseudowire with (RFC 4448 §4.6: first nibble 0) or without control word.
 */
export function decodeMpls(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  let at = off;
  for (let labels = 0; ; labels++) {
    if (labels === MAX_LABELS) return stop(p, counters, TOO_DEEP);
    if (end - at < 4) return stop(p, counters, TRUNCATED);
    const bottom = view.getUint8(at + 2) & 1;
    at += 4;
    if (bottom === 1) break;
  }
  if (end - at < 1) return stop(p, counters, TRUNCATED);
  p.tunnels |= TUNNEL_MPLS;
  layer.off = at;
  const nibble = view.getUint8(at) >> 4;
  if (nibble === 4 || nibble === 6) {
    // An Ethernet address may begin with 4 or 6 too; then the bytes make no IP header but do make a frame.
    return !plausibleIp(view, at, end, wire) && plausibleEthernet(view, at, end, wire) ? NEXT_ETHERNET : NEXT_IP;
  }
  // Without control word first: a tagged frame read four bytes late looks like an untagged one behind a control word.
  if (plausibleEthernet(view, at, end, wire)) return NEXT_ETHERNET;
  if (nibble === 0 && end - at >= 4 && plausibleEthernet(view, at + 4, end, wire)) {
    layer.off = at + 4;
    return NEXT_ETHERNET;
  }
  // 0: a pseudowire that carries no IP; 1: an associated channel (RFC 4385 §5).
  return nibble <= 1 ? DONE_NONE : stop(p, counters, UNKNOWN);
}
