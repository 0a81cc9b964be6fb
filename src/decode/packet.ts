/** Protocol numbers we act upon (IANA protocol-numbers). */
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;

/** TCP flag bits (RFC 9293 §3.1). */
export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_ACK = 0x10;

/** What `decodeFrame` says of a frame. */
export const Decoded = {
  /** Not IP, or stopped before a network header: nothing to do. */
  None: 0,
  /** An IP packet whose payload is neither TCP nor UDP, or whose transport header is cut off. */
  Network: 1,
  /** TCP or UDP with ports; payload range set. */
  Transport: 2,
  /** An IP fragment: hand it to fragment reassembly. */
  Fragment: 3,
} as const;
export type Decoded = (typeof Decoded)[keyof typeof Decoded];

/**
 * The decoded headers of one packet: the innermost IP and transport header, with what the layers around it say.
 * One object, refilled for every packet; every field is a number of one kind so that its shape never changes.
 */
export class Packet {
  /** Buffer the offsets refer to: the frame's, or a reassembled datagram's. */
  bytes: Uint8Array;
  view: DataView;
  /** 4 or 6; 0 where no network header was decoded. */
  ipVersion = 0;
  /** Payload protocol of the innermost IP header, extension headers skipped. */
  protocol = 0;
  /** Innermost addresses as signed 32-bit words in network order; IPv4 uses word 0 only and the rest is 0. */
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** TCP: flag byte, sequence and acknowledgement number as signed 32-bit integers. */
  tcpFlags = 0;
  sequence = 0;
  acknowledgment = 0;
  /** Transport payload that was captured: [payload, payloadEnd) in `bytes`. */
  payload = 0;
  payloadEnd = 0;
  /** Transport payload length on the wire; more than was captured where the snap length cut it. */
  payloadLength = 0;
  /** Innermost VLAN id (0 = untagged), the outermost one where there were two or more, and how many tags there were. */
  vlan = 0;
  outerVlan = 0;
  vlanTags = 0;
  /** VXLAN or GENEVE network identifier, or GRE key (signed 32-bit); 0 without. Same in both directions of a conversation. */
  virtualNetwork = 0;
  /** How many IP headers lie around the innermost one, and a bit set of the tunnels met (TUNNEL_*). */
  depth = 0;
  tunnels = 0;
  /** Network payload of the innermost IP header: [network, networkEnd) in `bytes`; set with Network and Fragment too. */
  network = 0;
  networkEnd = 0;
  /** Network payload length on the wire; more than `networkEnd - network` where the snap length cut the packet. */
  networkLength = 0;
  /** Fragment fields, set with `Decoded.Fragment`: identification, offset in bytes, 1 where more fragments follow. */
  fragmentId = 0;
  fragmentOffset = 0;
  fragmentMore = 0;
  /** First anomaly met (index into ANOMALIES), 0 = none. */
  anomaly = 0;

  constructor(bytes: Uint8Array, view: DataView) {
    this.bytes = bytes;
    this.view = view;
  }
}

export const TUNNEL_MPLS = 1;
export const TUNNEL_PPPOE = 2;
export const TUNNEL_GRE = 4;
export const TUNNEL_ERSPAN = 8;
export const TUNNEL_IPIP = 16;
export const TUNNEL_6IN4 = 32;
export const TUNNEL_VXLAN = 64;
export const TUNNEL_GENEVE = 128;
export const TUNNEL_GTPU = 256;
export const TUNNEL_TEREDO = 512;
export const TUNNEL_L2TP = 1024;
