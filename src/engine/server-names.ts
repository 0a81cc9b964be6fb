import { isIP } from 'node:net';
import { connectTarget } from '../protocol/connect.ts';
import type { Message, NameMessage, NameSource, Place, Side, Transport } from '../protocol/message.ts';
import type { Naming } from './naming.ts';
import type { TunnelKind } from './side-reader.ts';

const MAX_NAMES = 16;

/** A target named to a proxy. */
export interface Tunnel {
  readonly kind: TunnelKind;
  readonly host: string | null;
  readonly address: string | null;
  readonly port: number;
  /** Side of the flow that asked. */
  readonly client: Side;
}

/** What the server of one conversation is called: by its client, by itself, by what was looked up before. */
export class ServerNames {
  /** The innermost proxy asked, where one was. */
  tunnel: Tunnel | null = null;
  readonly names: NameMessage[] = [];
  private readonly naming: Naming;
  private readonly ports: readonly [number, number];
  private readonly weigh: (m: NameMessage) => void;

  /** `ports`: of side 0 and side 1. `weigh` is told every name once. */
  constructor(naming: Naming, ports: readonly [number, number], weigh: (m: NameMessage) => void) {
    this.naming = naming;
    this.ports = ports;
    this.weigh = weigh;
  }

  /** Takes the names that a message gives of the server. */
  read(m: Message): void {
    if (m.kind === 'tls') {
      if (m.tls.what === 'client-hello' && m.tls.sni !== null) this.nameServer('sni', m.tls.sni, m.side, m.place);
      else if (m.tls.what === 'certificate') {
        for (const name of m.tls.names) this.nameServer('certificate', name, m.side, m.place);
      }
    } else if (m.kind === 'http' && m.http.kind === 'request') {
      if (m.http.method === 'CONNECT') {
        const target = connectTarget(m.http);
        if (target !== null) {
          const address = isIP(target.host) > 0;
          const host = address ? null : target.host;
          this.enterTunnel(
            { kind: 'connect', host, address: address ? target.host : null, port: target.port, client: m.side },
            m.place,
          );
        }
        // A page that is only fetched is no sign of anything; what is posted or stays open may be.
      } else if (m.http.method === 'POST' || m.http.headers.has('upgrade')) {
        const host = hostOf(m.http.headers.get('host'));
        if (host !== null) this.nameServer('http-host', host, m.side, m.place);
      }
    } else if (m.kind === 'json' && (m.method === 'client.reconnect' || m.method === 'mining.reconnect')) {
      const params = m.value['params'];
      const [host, port] = Array.isArray(params) ? params : [];
      const name = typeof host === 'string' ? hostOf(host) : null;
      if (name !== null) this.nameServer('redirect', name, m.side, m.place, Number(port) || 0);
    }
  }

  enterTunnel(tunnel: Tunnel, place: Place): void {
    this.tunnel = tunnel;
    if (tunnel.host !== null) this.nameServer('tunnel', tunnel.host, tunnel.client, place, tunnel.port);
  }

  /**
   * The server was named: by `side` itself in a certificate or redirect, else by its client. What the endpoint list says
   * of the name becomes an indication where a signature weighs it.
   */
  nameServer(
    source: NameSource,
    name: string,
    side: Side,
    place: Place,
    port: number = this.portNamed(source, side),
    transport: Transport = 'tcp',
  ): void {
    if (this.names.length >= MAX_NAMES || this.names.some((n) => n.source === source && n.name === name)) return;
    const endpoint = this.naming.ofName(name, port);
    const text = `${NAME_TEXTS[source]} ${name}, port ${port}: ${
      endpoint.evidence === 'none' ? 'not listed' : `${endpoint.role} of ${endpoint.pool ?? 'an unnamed pool'}`
    }`;
    const m: NameMessage = { kind: 'name', side, place, transport, source, name, port, endpoint, text };
    this.names.push(m);
    this.weigh(m);
  }

  private portNamed(source: NameSource, side: Side): number {
    if (this.tunnel !== null && source !== 'redirect') return this.tunnel.port;
    return this.ports[source === 'certificate' || source === 'redirect' ? side : ((1 - side) as Side)];
  }

  /** Something names the server as a mining endpoint. */
  get named(): boolean {
    return this.names.some((n) => n.endpoint.evidence === 'stratum' && n.source !== 'redirect');
  }

  /** The side that asked, by names and tunnels; else who was seen first. */
  get clientSide(): Side {
    if (this.tunnel) return this.tunnel.client;
    const name = this.names.find((n) => n.source !== 'redirect');
    if (!name) return 0;
    return name.source === 'certificate' ? ((1 - name.side) as Side) : name.side;
  }

  /** The name under which the server is known best. */
  get best(): NameMessage | null {
    let best: NameMessage | null = null;
    for (const n of this.names) {
      if (n.source === 'redirect') continue;
      if (best === null || rank(n) > rank(best)) best = n;
    }
    return best;
  }
}

/** How names are introduced in an excerpt. */
const NAME_TEXTS: Readonly<Record<NameSource, string>> = {
  sni: 'TLS server name',
  certificate: 'certificate for',
  'http-host': 'HTTP Host',
  tunnel: 'proxy asked for',
  dns: 'address looked up as',
  lookup: 'looked up',
  redirect: 'sent on to',
  address: 'address',
};

/** What the client itself named leads, then what it looked up, then what the server says of itself; listed names first. */
function rank(n: NameMessage): number {
  const order: readonly NameSource[] = ['address', 'certificate', 'dns', 'http-host', 'sni', 'tunnel'];
  const listed = n.endpoint.evidence === 'stratum' ? 20 : n.endpoint.evidence === 'weak' ? 10 : 0;
  return listed + order.indexOf(n.source);
}

/** The name of an HTTP Host field or of a redirect without its port; null for an address. */
function hostOf(field: string | undefined): string | null {
  const name = field?.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase() ?? '';
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/.test(name) && name.length < 254 && isIP(name) === 0 ? name : null;
}
