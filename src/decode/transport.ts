// hot: runs for every IP packet.
import { Anomaly } from '../common/anomaly.ts';
import {
  DONE_NETWORK,
  DONE_TRANSPORT,
  type Layer,
  NEXT_GENEVE,
  NEXT_GRE,
  NEXT_GTPU,
  NEXT_IP,
  NEXT_L2TP,
  NEXT_L2TP3,
  NEXT_MPLS,
  NEXT_TEREDO,
  NEXT_VXLAN,
  note,
  type Step,
} from './layer.ts';
import { type Packet, PROTOCOL_TCP, PROTOCOL_UDP, TUNNEL_6IN4, TUNNEL_IPIP } from './packet.ts';

const TCP_TRUNCATED = Anomaly['tcp.truncated_header'];
const TCP_BAD_OFFSET = Anomaly['tcp.data_offset_too_small'];
const UDP_TRUNCATED = Anomaly['udp.truncated_header'];
const UDP_BAD_LENGTH = Anomaly['udp.length_too_small'];

const TCP_HEADER = 20;
const UDP_HEADER = 8;

const PROTOCOL_IPV4 = 4;
const PROTOCOL_IPV6 = 41;
const PROTOCOL_GRE = 47;
const PROTOCOL_L2TP = 115;
const PROTOCOL_MPLS = 137;

const PORT_L2TP = 1701;
const PORT_GTPU = 2152;
const PORT_TEREDO = 3544;
const PORT_VXLAN = 4789;
const PORT_GENEVE = 6081;
/** Linux used 8472 before IANA assigned 4789, and still does by default. */
const PORT_VXLAN_LINUX = 8472;

/** Forgets ports, flags, numbers and payload of an earlier packet or an outer header. */
export function clearTransport(p: Packet): void {
  p.sourcePort = 0;
  p.destinationPort = 0;
  p.tcpFlags = 0;
  p.sequence = 0;
  p.acknowledgment = 0;
  p.payload = 0;
  p.payloadEnd = 0;
  p.payloadLength = 0;
}

/**
 * The payload [off, end) of an IP header, `wire` being one past its last byte on the wire. Fills network and transport
 * fields; answers `Decoded` or the tunnel that starts there, for which `p` then stands as decoded so far.
 */
export function decodeIpPayload(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  protocol: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  p.protocol = protocol;
  p.network = off;
  p.networkEnd = end;
  p.networkLength = wire - off;
  if (protocol === PROTOCOL_TCP) return decodeTcp(view, off, end, wire, p, counters);
  if (protocol === PROTOCOL_UDP) return decodeUdp(view, off, end, wire, p, counters, layer);
  layer.off = off;
  layer.end = end;
  layer.wire = wire;
  return tunnelOfProtocol(protocol, p);
}

// Apart, so that the path to TCP stays within V8's inlining budget (920 bytecodes).
function tunnelOfProtocol(protocol: number, p: Packet): Step {
  clearTransport(p);
  switch (protocol) {
    case PROTOCOL_IPV4:
      p.tunnels |= TUNNEL_IPIP;
      return NEXT_IP;
    case PROTOCOL_IPV6:
      p.tunnels |= p.ipVersion === 4 ? TUNNEL_6IN4 : TUNNEL_IPIP;
      return NEXT_IP;
    case PROTOCOL_GRE:
      return NEXT_GRE;
    case PROTOCOL_L2TP:
      return NEXT_L2TP3;
    case PROTOCOL_MPLS:
      return NEXT_MPLS;
  }
  return DONE_NETWORK;
}

/** TCP header (RFC 9293 §3.1). Options cut off by the snap length leave an empty captured payload. */
function decodeTcp(view: DataView, off: number, end: number, wire: number, p: Packet, counters: Float64Array): Step {
  if (end - off < TCP_HEADER) return cut(p, counters, TCP_TRUNCATED);
  const header = (view.getUint8(off + 12) & 0xf0) >> 2;
  if (header < TCP_HEADER) return cut(p, counters, TCP_BAD_OFFSET);
  if (header > wire - off) return cut(p, counters, TCP_TRUNCATED);
  p.sourcePort = view.getUint16(off);
  p.destinationPort = view.getUint16(off + 2);
  p.sequence = view.getInt32(off + 4);
  p.acknowledgment = view.getInt32(off + 8);
  p.tcpFlags = view.getUint8(off + 13);
  const payload = off + header;
  p.payload = Math.min(payload, end);
  p.payloadEnd = end;
  p.payloadLength = wire - payload;
  return DONE_TRANSPORT;
}

/** UDP header (RFC 768). Length 0 is a jumbogram (RFC 2675 §4) or segmentation offload: the IP length decides. */
function decodeUdp(
  view: DataView,
  off: number,
  end: number,
  wire: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < UDP_HEADER) return cut(p, counters, UDP_TRUNCATED);
  const length = view.getUint16(off + 4);
  let payloadEnd = end;
  let payloadWire = wire;
  if (length !== 0) {
    if (length < UDP_HEADER) return cut(p, counters, UDP_BAD_LENGTH);
    if (length < wire - off) {
      payloadWire = off + length;
      if (payloadWire < end) payloadEnd = payloadWire;
    }
  }
  const source = view.getUint16(off);
  const destination = view.getUint16(off + 2);
  const payload = off + UDP_HEADER;
  p.sourcePort = source;
  p.destinationPort = destination;
  p.tcpFlags = 0;
  p.sequence = 0;
  p.acknowledgment = 0;
  p.payload = payload;
  p.payloadEnd = payloadEnd;
  p.payloadLength = payloadWire - payload;
  const tunnel = tunnelOfPorts(source, destination);
  if (tunnel === 0) return DONE_TRANSPORT;
  layer.off = payload;
  layer.end = payloadEnd;
  layer.wire = payloadWire;
  return tunnel;
}

/** Source ports count only where the protocol answers from its own port; VXLAN, GENEVE and GTP-U use any source port. */
function tunnelOfPorts(source: number, destination: number): Step {
  switch (destination) {
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
      return NEXT_VXLAN;
    case PORT_GENEVE:
      return NEXT_GENEVE;
    case PORT_GTPU:
      return NEXT_GTPU;
    case PORT_TEREDO:
      return NEXT_TEREDO;
    case PORT_L2TP:
      return NEXT_L2TP;
  }
  if (source === PORT_TEREDO) return NEXT_TEREDO;
  if (source === PORT_L2TP) return NEXT_L2TP;
  return 0;
}

/** The transport header is not whole: the network layer stands. */
function cut(p: Packet, counters: Float64Array, anomaly: number): Step {
  clearTransport(p);
  note(p, counters, anomaly);
  return DONE_NETWORK;
}
