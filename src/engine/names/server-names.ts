import { connectTarget, isConnectAccepted } from '../../protocol/connect.ts';
import type {
  HttpHead,
  HttpMessage,
  Message,
  NameMessage,
  NameSource,
  Place,
  Side,
  TlsMessage,
} from '../../protocol/message.ts';
import { canonicalAddress } from '../address.ts';
import type { TunnelKind } from '../conversation/message-sink.ts';
import { isSocketUpgrade } from '../conversation/patience.ts';
import type { Naming } from './naming.ts';

const MAX_NAMES = 16;
const MAX_UNLISTED = 6;

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
  names: readonly NameMessage[] = [];
  /** Ordinary name of the same address that the client looked up too. */
  ordinary: string | null = null;
  /** Name of a server that the client asked for, and that is no mining endpoint. */
  private other: string | null = null;
  private host: string | null = null;
  private manyHosts = false;
  /** A CONNECT waits for its answer. */
  private asked = false;
  private readonly naming: Naming;
  private readonly ports: readonly [number, number];
  private readonly weigh: (m: NameMessage) => void;
  private readonly unweigh: (names: readonly NameMessage[]) => void;

  /** `ports`: of side 0 and side 1. `weigh` is told every name once, `unweigh` those that turned out wrong. */
  constructor(
    naming: Naming,
    ports: readonly [number, number],
    weigh: (m: NameMessage) => void,
    unweigh: (names: readonly NameMessage[]) => void,
  ) {
    this.unweigh = unweigh;
    this.naming = naming;
    this.ports = ports;
    this.weigh = weigh;
  }

  /** Takes the names that a message gives of the server. */
  read(m: Message): void {
    if (m.kind === 'tls') this.readTls(m);
    else if (m.kind === 'http') {
      if (m.http.kind === 'request') this.readRequest(m, m.http);
      else this.redirect(m, m.http.headers.get('x-stratum')?.replace(/^[a-z0-9+]*:\/\//i, ''));
    } else if (m.kind === 'json' && (m.method === 'client.reconnect' || m.method === 'mining.reconnect')) {
      const params = m.value['params'];
      const [host, port] = Array.isArray(params) ? params : [];
      const given = Array.isArray(params) ? { host, port } : ((params ?? {}) as Record<string, unknown>);
      const text = typeof given['host'] === 'string' ? given['host'] : '';
      const number = given['port'];
      const known = typeof number === 'number' || (typeof number === 'string' && /^\d{1,5}$/.test(number));
      this.redirect(m, `${text}:${known ? Number(number) : ''}`);
    }
  }

  /** The client asked for another server in a message that was not kept: certificates say nothing then. */
  askedForOther(): void {
    this.other ??= '';
  }

  private readTls(m: TlsMessage): void {
    const { tls, side, place } = m;
    if (tls.what === 'client-hello') {
      if (tls.sni === null) return;
      this.nameServer('sni', tls.sni, side, place);
      if (this.naming.ofName(tls.sni, 0).evidence !== 'stratum') this.sayOther(tls.sni, side, place);
    } else if (tls.what === 'certificate' && this.other === null) {
      for (const name of tls.names) this.nameServer('certificate', name, side, place);
    }
  }

  /** The client itself asked for a server that is no mining endpoint: what others call the address counts less, or not. */
  sayOther(name: string, side: Side, place: Place): void {
    this.other = name;
    this.retract((n) => n.source === 'certificate' || (n.source === 'dns' && name === this.ordinary));
    if (this.named) this.nameServer('sni-other', name, side, place);
  }

  private readRequest(m: HttpMessage, head: HttpHead): void {
    if (head.method === 'CONNECT') {
      const target = connectTarget(head);
      if (target === null) return;
      const address = canonicalAddress(target.host);
      const host = address === null ? target.host : null;
      this.enterTunnel({ kind: 'connect', host, address, port: target.port, client: m.side }, m.place);
      this.asked = true;
      // A page that is only fetched is no sign of anything; what is posted or stays open may be.
    } else if (head.method === 'POST' || isSocketUpgrade(head)) {
      const host = hostOf(head.headers.get('host'));
      if (host === null || this.manyHosts) return;
      // A proxy carries requests to many servers over one connection: then no name is that of this one.
      const other = this.host !== null && this.host !== host && !(this.isListed(host) && this.isListed(this.host));
      if (other) {
        this.manyHosts = true;
        this.retract((n) => n.source === 'http-host');
      } else this.nameServer('http-host', host, m.side, m.place);
      this.host = host;
    }
  }

  private isListed(host: string): boolean {
    return this.naming.ofName(host, 0).evidence === 'stratum';
  }

  /** The proxy's answer to the CONNECT that waits for one: whether the tunnel is open now. A refusal takes it back. */
  answerConnect(side: Side, head: HttpHead): boolean {
    const { tunnel } = this;
    if (!this.asked || tunnel === null || side === tunnel.client || head.status < 200) return false;
    this.asked = false;
    if (isConnectAccepted(head)) return true;
    this.tunnel = null;
    this.retract((n) => n.source === 'tunnel');
    return false;
  }

  /** The pool sends its miners on: `host:port`. */
  private redirect(m: Message, target: string | undefined): void {
    if (target === undefined || target === '') return;
    const found = /^(.*?)(?::(\d{1,5}))?\/?$/.exec(target);
    const text = found?.[1] ?? '';
    const name = hostOf(text) ?? canonicalAddress(text);
    if (name !== null) this.nameServer('redirect', name, m.side, m.place, Number(found?.[2]) || 0);
  }

  /** A target named to a proxy: what was asked of it before no longer counts. */
  enterTunnel(tunnel: Tunnel, place: Place): void {
    const old = this.tunnel;
    if (old !== null && (old.host !== tunnel.host || old.address !== tunnel.address || old.port !== tunnel.port)) {
      this.retract((n) => n.source !== 'dns' && n.source !== 'redirect');
    }
    this.tunnel = tunnel;
    if (tunnel.host !== null) this.nameServer('tunnel', tunnel.host, tunnel.client, place, tunnel.port);
  }

  /** Takes names back, with what was weighed for them. */
  private retract(wrong: (n: NameMessage) => boolean): void {
    const gone = this.names.filter(wrong);
    if (gone.length === 0) return;
    this.names = this.names.filter((n) => !gone.includes(n));
    this.unweigh(gone);
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
  ): void {
    if (this.names.length >= MAX_NAMES || this.names.some((n) => n.source === source && n.name === name)) return;
    const endpoint = this.naming.ofName(name, port);
    // Names that tell nothing must not take the room of those that do.
    if (endpoint.evidence === 'none' && this.names.length >= MAX_UNLISTED) return;
    const text = `${NAME_TEXTS[source]} ${name}, port ${port}: ${
      endpoint.evidence === 'none' ? 'not listed' : `${endpoint.role} of ${endpoint.pool ?? 'an unnamed pool'}`
    }`;
    const m: NameMessage = { kind: 'name', side, place, transport: 'tcp', source, name, port, endpoint, text };
    this.names = [...this.names, m];
    this.weigh(m);
  }

  private portNamed(source: NameSource, side: Side): number {
    if (this.tunnel !== null && source !== 'redirect') return this.tunnel.port;
    return this.ports[source === 'certificate' || source === 'redirect' ? side : ((1 - side) as Side)];
  }

  /** Something names the server as a mining endpoint. */
  get named(): boolean {
    // A name that serves pages too names no endpoint on a port of web sites.
    return this.names.some(
      ({ endpoint: e, source }) => e.evidence === 'stratum' && source !== 'redirect' && (e.ownPort || !e.ambiguous),
    );
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
  'sni-other': 'server that the client asked for:',
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
  const order: readonly NameSource[] = ['sni-other', 'address', 'certificate', 'dns', 'http-host', 'sni', 'tunnel'];
  const listed = n.endpoint.evidence === 'stratum' ? 20 : n.endpoint.evidence === 'weak' ? 10 : 0;
  return listed + order.indexOf(n.source);
}

/** The name of an HTTP Host field or of a redirect without its port; null for an address. */
function hostOf(field: string | undefined): string | null {
  const name = field?.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase() ?? '';
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/.test(name) && name.length < 254 && canonicalAddress(name) === null
    ? name
    : null;
}
