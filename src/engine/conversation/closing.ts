import type { Message, Place, Side, Transport } from '../../protocol/message.ts';
import { addressText } from '../address.ts';
import type { Naming } from '../names/naming.ts';
import type { ServerNames } from '../names/server-names.ts';

/** What of a conversation tells its shape. */
export interface Shape {
  readonly server: ServerNames;
  /** Ports, and packets with payload, of side 0 and side 1. */
  readonly ports: readonly [number, number];
  readonly payloads: readonly [number, number];
  readonly lastPlace: Place;
  readonly transport: Transport;
  readonly naming: Naming;
}

/** What only the whole conversation tells, or all that was seen of it: its server's address in the list, and its shape. */
export function* closingMessages(
  { server, ports, payloads, lastPlace: place, transport, naming }: Shape,
  seconds: number,
  version: number,
  words: Int32Array,
): Generator<Message> {
  const client = server.clientSide;
  const other = (1 - client) as Side;
  if (server.tunnel === null) {
    const [a, b, c, d] = words.subarray(other * 4, other * 4 + 4) as unknown as [number, number, number, number];
    const began = place.time - seconds * 1e6;
    const endpoint = naming.ofAddress(version, a, b, c, d, ports[other], began, place.time);
    if (endpoint.evidence !== 'none') {
      const name = addressText(version, a, b, c, d);
      const text = `address ${name}, port ${ports[other]}: ${endpoint.role} of ${endpoint.pool ?? 'an unnamed pool'}`;
      const common = { side: client, place, transport, port: ports[other] };
      yield { kind: 'name', ...common, source: 'address', name, endpoint, text };
    }
  }
  const { named } = server;
  const [sent, received] = [payloads[client], payloads[other]];
  const text = `${Math.round(seconds)} s, ${sent} packets with payload sent, ${received} received`;
  yield { kind: 'flow', side: client, place, transport, seconds, sent, received, named, text };
}
