/** Every fuzz target, one per parser. */
import type { Target } from './target.ts';
import { CAPTURE_TARGETS } from './targets-capture.ts';
import { ENGINE_TARGETS } from './targets-engine.ts';
import { MESSAGE_TARGETS } from './targets-message.ts';
import { PACKET_TARGETS } from './targets-packet.ts';
import { PROTOCOL_TARGETS } from './targets-protocol.ts';
import { QUIC_DNS_TARGETS } from './targets-quic-dns.ts';
import { TLS_TARGETS } from './targets-tls.ts';
import { TUNNEL_TARGETS } from './targets-tunnel.ts';

export const TARGETS: readonly Target[] = [
  ...CAPTURE_TARGETS,
  ...PACKET_TARGETS,
  ...PROTOCOL_TARGETS,
  ...TUNNEL_TARGETS,
  ...QUIC_DNS_TARGETS,
  ...TLS_TARGETS,
  ...MESSAGE_TARGETS,
  ...ENGINE_TARGETS,
];

export function targetOf(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no target ${name}: ${TARGETS.map((target) => target.name).join(', ')}`);
  return found;
}
