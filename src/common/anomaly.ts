/**
 * Names of everything that can be wrong with input. A stage counts an anomaly by its index; only output turns the index
 * into the name. Names are `layer.snake_case`, stable, and appear in the summary under `anomalies`.
 */
export const ANOMALIES = [
  'none',
  // capture
  'capture.record_too_long',
  'capture.truncated_file',
  'capture.damaged_block',
  'capture.damaged_compression',
  // link
  'link.unsupported',
  'link.truncated',
  'ethernet.unknown_type',
  'vlan.truncated',
  'vlan.too_many_tags',
  'mpls.truncated',
  'mpls.unknown_payload',
  'pppoe.truncated',
  'pppoe.bad_header',
  'ppp.truncated',
  'ppp.unknown_protocol',
  'hdlc.unknown_protocol',
  'llc.truncated',
  // network
  'ip.bad_version',
  'ip.length_exceeds_frame',
  'ipv4.truncated_header',
  'ipv4.header_too_small',
  'ipv4.total_length_too_small',
  'ipv6.truncated_header',
  'ipv6.truncated_extension',
  'ipv6.too_many_extensions',
  'fragment.bad_length',
  'fragment.overlap',
  'fragment.cut_short',
  'fragment.evicted',
  'fragment.timed_out',
  // tunnels
  'tunnel.too_deep',
  'gre.truncated',
  'gre.unknown_payload',
  'erspan.truncated',
  'vxlan.truncated',
  'geneve.truncated',
  'gtpu.truncated',
  'l2tp.truncated',
  'teredo.bad_header',
  // transport
  'tcp.truncated_header',
  'tcp.data_offset_too_small',
  'udp.truncated_header',
  'udp.length_too_small',
  // flow and stream
  'stream.gap',
  'stream.reorder_overflow',
  'stream.buffer_limit',
  // protocol
  'json.line_too_long',
  'json.malformed',
  'json.too_deep',
  'http.malformed',
  'http.body_too_long',
  'websocket.malformed',
  'websocket.message_too_long',
  'websocket.inflate_failed',
  'sv2.malformed',
  'sv2.frame_too_long',
  'tls.malformed',
  'tls.too_long',
  'x509.malformed',
  'quic.undecryptable',
  'quic.malformed',
  'dns.malformed',
  'socks.malformed',
  'socks.unsupported',
] as const;

export type AnomalyName = (typeof ANOMALIES)[number];

/** Index of each anomaly name: `Anomaly['ipv4.truncated_header']`. */
export const Anomaly: Readonly<Record<AnomalyName, number>> = Object.freeze(
  Object.fromEntries(ANOMALIES.map((name, index) => [name, index])) as Record<AnomalyName, number>,
);

/** One counter per anomaly; `counters[Anomaly['…']]++` is the whole interface. */
export function createAnomalyCounters(): Float64Array {
  return new Float64Array(ANOMALIES.length);
}
