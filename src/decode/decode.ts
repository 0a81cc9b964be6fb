// hot: runs for every packet. Ethernet with at most one VLAN tag goes straight to IP; all else through `walk`.
import type { Frame } from '../capture/frame.ts';
import { ANOMALIES, Anomaly } from '../common/anomaly.ts';
import { decodeEthernet, decodeEtherType, decodeLlc, ETHERNET_HEADER } from './ethernet.ts';
import { decodeExtensions } from './extension.ts';
import { decodeErspan, decodeGre } from './gre.ts';
import { decodeIp, decodeIpv4, decodeIpv6, plausibleIp } from './ip.ts';
import {
  DONE_FRAGMENT,
  DONE_NETWORK,
  DONE_NONE,
  DONE_TRANSPORT,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_VLAN,
  FIRST_UDP_TUNNEL,
  Layer,
  NEXT_ERSPAN,
  NEXT_ETHERNET,
  NEXT_ETHERTYPE,
  NEXT_GENEVE,
  NEXT_GRE,
  NEXT_GTPU,
  NEXT_HDLC,
  NEXT_IP,
  NEXT_L2TP,
  NEXT_L2TP3,
  NEXT_LLC,
  NEXT_MPLS,
  NEXT_PPP,
  NEXT_PPPOE,
  NEXT_TEREDO,
  NEXT_VXLAN,
  note,
  type Step,
} from './layer.ts';
import { decodeLink, LINKTYPE_ETHERNET } from './link.ts';
import { decodeMpls } from './mpls.ts';
import { Decoded, type Packet } from './packet.ts';
import { decodeHdlc, decodePpp, decodePppoe } from './ppp.ts';
import { clearTransport } from './transport.ts';
import { decodeGeneve, decodeGtpu, decodeL2tp, decodeL2tp3, decodeTeredo, decodeVxlan } from './udp-tunnel.ts';

const TOO_DEEP = Anomaly['tunnel.too_deep'];

/** IP headers in one packet. */
export const MAX_DEPTH = 8;
/** Layers of any kind in one packet: pseudowires and provider tags nest without IP between them. */
export const MAX_LAYERS = 40;

/** A frame said to reach beyond is a lie; within, every length stays a small integer. */
const MAX_WIRE = 0x3fff_ffff;

// One record each for the whole program: decoding is synchronous, and nothing here outlives a call.
const LAYER = new Layer();
/** Takes the anomalies of a tunnel that only a port announced, until its IP header proves it. */
const DISCARDED = new Float64Array(ANOMALIES.length);

/**
 * Decodes one frame into `p`, the same object every call: every field is set anew, none survives from the packet before.
 * Reads [frame.offset, frame.end) only; never throws, never allocates. Counts every anomaly in `counters` by its index,
 * keeps the first in `p.anomaly`, and keeps the layers that were good.
 */
export function decodeFrame(frame: Frame, p: Packet, counters: Float64Array): Decoded {
  const view = frame.view;
  const off = frame.offset;
  const end = frame.end;
  let wire = off + frame.originalLength;
  if (wire < end || wire > MAX_WIRE) wire = end;
  if (p.view !== view) {
    p.view = view;
    p.bytes = frame.bytes;
  }
  p.vlan = 0;
  p.outerVlan = 0;
  p.vlanTags = 0;
  p.virtualNetwork = 0;
  p.depth = 0;
  p.tunnels = 0;
  p.fragmentId = 0;
  p.fragmentOffset = 0;
  p.fragmentMore = 0;
  p.anomaly = 0;
  let step: Step;
  // Room for one tag and the version nibble behind it.
  if (frame.linkType === LINKTYPE_ETHERNET && end - off > ETHERNET_HEADER + 4) {
    let at = off + ETHERNET_HEADER;
    let type = view.getUint16(off + 12);
    if (type === ETHERTYPE_VLAN) {
      p.vlan = view.getUint16(at) & 0x0fff;
      p.vlanTags = 1;
      type = view.getUint16(at + 2);
      at += 4;
    }
    const version = view.getUint8(at) >> 4;
    if (type === ETHERTYPE_IPV4 && version === 4) step = decodeIpv4(view, at, end, wire, p, counters, LAYER);
    else if (type === ETHERTYPE_IPV6 && version === 6) step = decodeIpv6(view, at, end, wire, p, counters, LAYER);
    else return walk(decodeEtherType(view, at, end, wire, type, p, counters, LAYER), 0, 0, view, p, counters);
    if (step >= DONE_NETWORK && step <= DONE_FRAGMENT) return step as Decoded;
    return walk(step, step === DONE_NONE ? 0 : 1, 0, view, p, counters);
  }
  step = decodeLink(frame.linkType, view, off, end, wire, p, counters, LAYER);
  return walk(step, 0, 0, view, p, counters);
}

/**
 * Goes on at the payload [off, end) of an IP header that `p` already describes: a reassembled datagram, whose bytes become
 * `p.bytes` and `p.view`. `protocol` is the IP protocol or the IPv6 extension header that starts at `off`. Tunnels inside
 * are followed, and answers may again be `Decoded.Fragment` (of a datagram deeper in).
 */
export function decodeNetworkPayload(
  bytes: Uint8Array,
  view: DataView,
  off: number,
  end: number,
  protocol: number,
  p: Packet,
  counters: Float64Array,
): Decoded {
  p.bytes = bytes;
  p.view = view;
  p.fragmentId = 0;
  p.fragmentOffset = 0;
  p.fragmentMore = 0;
  const tunnels = p.tunnels;
  const step = decodeExtensions(view, off, end, end, protocol, p, counters, LAYER);
  return walk(step, p.depth + 1, tunnels, view, p, counters);
}

/**
 * Follows the layers from `step` on. `headers` IP headers were decoded so far; with at least one, `p` describes the last
 * of them, with the tunnel bits `tunnels` around it, and stands again when nothing with an IP header follows.
 */
function walk(
  step: Step,
  headers: number,
  tunnels: number,
  view: DataView,
  p: Packet,
  counters: Float64Array,
): Decoded {
  let result = headers === 0 ? DONE_NONE : resultOf(step);
  let vlan = p.vlan;
  let outerVlan = p.outerVlan;
  let vlanTags = p.vlanTags;
  let virtualNetwork = p.virtualNetwork;
  let anomaly = 0;
  let guessed = false;
  for (let layers = 0; step > DONE_FRAGMENT; layers++) {
    if (layers === MAX_LAYERS) {
      if (!guessed) note(p, counters, TOO_DEEP);
      step = DONE_NONE;
      break;
    }
    const off = LAYER.off;
    const end = LAYER.end;
    const wire = LAYER.wire;
    if (step === NEXT_IP) {
      if (guessed) {
        if (!plausibleIp(view, off, end, wire)) {
          step = DONE_NONE;
          break;
        }
        guessed = false;
        p.anomaly = anomaly;
      }
      if (headers === MAX_DEPTH) {
        note(p, counters, TOO_DEEP);
        step = DONE_NONE;
        break;
      }
      const around = p.tunnels;
      step = decodeIp(view, off, end, wire, p, counters, LAYER);
      if (step !== DONE_NONE) {
        p.depth = headers++;
        result = resultOf(step);
        vlan = p.vlan;
        outerVlan = p.outerVlan;
        vlanTags = p.vlanTags;
        virtualNetwork = p.virtualNetwork;
        tunnels = around;
      }
      continue;
    }
    if (step >= FIRST_UDP_TUNNEL) {
      step = openUdpTunnel(step, view, off, end, wire, p, counters);
      guessed = true;
      anomaly = p.anomaly;
      continue;
    }
    step = decodeLayer(step, view, off, end, wire, p, guessed ? DISCARDED : counters);
  }
  if (step !== DONE_NONE) return step as Decoded;
  if (guessed) p.anomaly = anomaly;
  if (headers === 0) {
    clearNetwork(p);
    return Decoded.None;
  }
  p.vlan = vlan;
  p.outerVlan = outerVlan;
  p.vlanTags = vlanTags;
  p.virtualNetwork = virtualNetwork;
  p.tunnels = tunnels;
  return result as Decoded;
}

/** What stands when the layer that `step` names comes to nothing: an IP header, with UDP where a UDP tunnel starts. */
function resultOf(step: Step): Step {
  if (step <= DONE_FRAGMENT) return step;
  return step >= FIRST_UDP_TUNNEL ? DONE_TRANSPORT : DONE_NETWORK;
}

function decodeLayer(
  step: Step,
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
): Step {
  switch (step) {
    case NEXT_ETHERNET:
      return decodeEthernet(view, off, end, wire, p, counters, LAYER);
    case NEXT_ETHERTYPE:
      return decodeEtherType(view, off, end, wire, LAYER.type, p, counters, LAYER);
    case NEXT_LLC:
      return decodeLlc(view, off, end, wire, p, counters, LAYER);
    case NEXT_PPP:
      return decodePpp(view, off, end, p, counters, LAYER);
    case NEXT_PPPOE:
      return decodePppoe(view, off, end, wire, p, counters, LAYER);
    case NEXT_MPLS:
      return decodeMpls(view, off, end, wire, p, counters, LAYER);
    case NEXT_HDLC:
      return decodeHdlc(view, off, end, p, counters, LAYER);
    case NEXT_GRE:
      return decodeGre(view, off, end, p, counters, LAYER);
    case NEXT_ERSPAN:
      return decodeErspan(view, off, end, p, counters, LAYER);
    case NEXT_L2TP3:
      return decodeL2tp3(view, off, end, wire, p, LAYER);
  }
  return DONE_NONE;
}

function openUdpTunnel(
  step: Step,
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
): Step {
  switch (step) {
    case NEXT_VXLAN:
      return decodeVxlan(view, off, end, wire, p, counters, LAYER);
    case NEXT_GENEVE:
      return decodeGeneve(view, off, end, wire, p, counters, LAYER);
    case NEXT_GTPU:
      return decodeGtpu(view, off, end, wire, p, counters, LAYER);
    case NEXT_TEREDO:
      return decodeTeredo(view, off, end, wire, p, counters, LAYER);
    case NEXT_L2TP:
      return decodeL2tp(view, off, end, wire, p, counters, LAYER);
  }
  return DONE_NONE;
}

/** No network header was reached: nothing of an earlier packet may show. VLAN tags and tunnel bits met stay. */
function clearNetwork(p: Packet): void {
  p.ipVersion = 0;
  p.protocol = 0;
  p.source0 = 0;
  p.source1 = 0;
  p.source2 = 0;
  p.source3 = 0;
  p.destination0 = 0;
  p.destination1 = 0;
  p.destination2 = 0;
  p.destination3 = 0;
  p.network = 0;
  p.networkEnd = 0;
  p.networkLength = 0;
  clearTransport(p);
}
