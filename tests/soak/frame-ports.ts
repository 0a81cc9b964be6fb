/** Where the port of the client stands in a frame, so that a repetition can be a connection of its own. */

/** Which side of a conversation is the client. */
export interface FramePorts {
  readonly client: string;
}

const TCP = 6;
const UDP = 17;
const SYN = 0x02;
const ACK = 0x10;
/** Lower ones mean something. */
const FIRST_FREE = 1024;

/**
 * Offset, from the beginning of the frame, of the client's port; -1 where there is none that may change: no plain TCP or UDP
 * over IPv4 or IPv6 with at most two VLAN tags, fragments, or a port below 1024. `known` carries the roles of a capture along.
 */
export function portsOf(view: DataView, offset: number, end: number, known: Map<string, FramePorts>): number {
  let at = offset + 12;
  for (let tags = 0; tags < 2 && end - at >= 4 && isTag(view.getUint16(at)); tags++) at += 4;
  if (end - at < 2) return -1;
  const type = view.getUint16(at);
  at += 2;
  if (type === 0x0800 && end - at >= 20) {
    const length = (view.getUint8(at) & 15) << 2;
    const fragment = (view.getUint16(at + 6) & 0x3fff) !== 0;
    if (fragment || length < 20) return -1;
    return ofTransport(
      view,
      offset,
      at + length,
      end,
      view.getUint8(at + 9),
      text(view, at + 12, 4),
      text(view, at + 16, 4),
      known,
    );
  }
  if (type === 0x86dd && end - at >= 40) {
    return ofTransport(
      view,
      offset,
      at + 40,
      end,
      view.getUint8(at + 6),
      text(view, at + 8, 16),
      text(view, at + 24, 16),
      known,
    );
  }
  return -1;
}

function isTag(type: number): boolean {
  return type === 0x8100 || type === 0x88a8;
}

function text(view: DataView, at: number, length: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, length).toString('hex');
}

function ofTransport(
  view: DataView,
  offset: number,
  at: number,
  end: number,
  protocol: number,
  source: string,
  destination: string,
  known: Map<string, FramePorts>,
): number {
  if ((protocol !== TCP && protocol !== UDP) || end - at < (protocol === TCP ? 20 : 8)) return -1;
  const [sourcePort, destinationPort] = [view.getUint16(at), view.getUint16(at + 2)];
  const from = `${source}:${sourcePort}`;
  const to = `${destination}:${destinationPort}`;
  const key = `${protocol} ${from < to ? `${from} ${to}` : `${to} ${from}`}`;
  let roles = known.get(key);
  if (roles === undefined) {
    const flags = protocol === TCP ? view.getUint8(at + 13) : 0;
    const opens = (flags & SYN) !== 0 ? (flags & ACK) === 0 : sourcePort > destinationPort;
    roles = { client: opens ? from : to };
    known.set(key, roles);
  }
  const port = roles.client === from ? at : at + 2;
  return view.getUint16(port) < FIRST_FREE ? -1 : port - offset;
}

/** Another port of the same kind, for each `step` another one. */
export function changedPort(port: number, step: number): number {
  return FIRST_FREE + ((port - FIRST_FREE + step * 131) % (65536 - FIRST_FREE));
}
