/** Cyber-observable objects of a lead (STIX 2.1 section 6): addresses, names, networks, traffic and wallets. */
import { domainToASCII } from 'node:url';
import type { LeadDetection } from '../ledger/types.ts';
import { LEAD_EXTENSION, WALLET_EXTENSION } from './stix-extension.ts';
import { observableId } from './stix-id.ts';
import type { StixObjects } from './stix-object.ts';
import { type Address, addressOf, compactObject, instant, list, plain, type Reduced, whole } from './stix-value.ts';

/** Autonomous system of an address, where the caller has a table of them. */
export type AsnLookup = (ip: string) => { readonly number: number; readonly name?: string | null } | null;

export function addAddress(objects: StixObjects, { family, value, prefix }: Address, asn?: AsnLookup): string {
  const type = family === 4 ? 'ipv4-addr' : 'ipv6-addr';
  const id = observableId(type, { value });
  if (objects.has(id)) return id;
  const system = prefix ? null : (asn?.(value) ?? null);
  const number = whole(system?.number, 1, 4_294_967_295);
  const belongs = number === undefined ? undefined : [addAutonomousSystem(objects, number, plain(system?.name, 256))];
  return objects.observable(type, id, compactObject({ value, belongs_to_refs: belongs }));
}

function addAutonomousSystem(objects: StixObjects, number: number, name: string | undefined): string {
  const id = observableId('autonomous-system', { number });
  return objects.observable('autonomous-system', id, compactObject({ number, name }));
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A domain name in ASCII; undefined for what is none: addresses, names without a dot, names with odd characters. */
export function domainOf(text: string | null | undefined): string | undefined {
  if (typeof text !== 'string' || text.length > 253) return undefined;
  const host = domainToASCII(text.toLowerCase().replace(/\.$/, ''));
  if (host.length > 253 || !host.includes('.') || addressOf(host) !== undefined) return undefined;
  return host.split('.').every((label) => NAME.test(label)) ? host : undefined;
}

export interface Endpoint {
  readonly ref: string;
  readonly type: 'ipv4-addr' | 'ipv6-addr' | 'domain-name';
  readonly value: string;
  readonly port: number | undefined;
}

const HOST_PORT = /^(?:\[([^\]]{1,64})\]|([^:]{1,253})):(\d{1,5})$/;

/** `host:port`, `[v6]:port` or a host alone, split; the host may be empty. */
export function splitEndpoint(text: string): { readonly host: string; readonly port: number | undefined } {
  const match = HOST_PORT.exec(text);
  if (match === null) return { host: text, port: undefined };
  return { host: match[1] ?? match[2] ?? '', port: whole(Number(match[3]), 0, 65_535) };
}

/** The pool's end by name and by address, whichever are known: traffic shows the address, the name outlives it. */
export function addEndpoints(
  objects: StixObjects,
  { host, ip, port }: { readonly host: string; readonly ip: Address | undefined; readonly port: number | undefined },
  asn?: AsnLookup,
): Endpoint[] {
  const ends: Endpoint[] = [];
  const name = domainOf(host);
  if (name !== undefined) {
    const id = observableId('domain-name', { value: name });
    ends.push({ ref: objects.observable('domain-name', id, { value: name }), type: 'domain-name', value: name, port });
  }
  const address = ip ?? addressOf(host);
  if (address !== undefined) {
    const type = address.family === 4 ? 'ipv4-addr' : 'ipv6-addr';
    ends.push({ ref: addAddress(objects, address, asn), type, value: address.value, port });
  }
  return ends;
}

/** Layers from the outer to the inner one, as the property `protocols` wants them. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  tls: ['tcp', 'tls'],
  ws: ['tcp', 'http', 'websocket'],
  wss: ['tcp', 'tls', 'http', 'websocket'],
  http: ['tcp', 'http'],
  https: ['tcp', 'tls', 'http'],
  quic: ['udp', 'quic'],
  udp: ['udp'],
};

export interface Traffic {
  readonly src: string | undefined;
  readonly dst: string | undefined;
  readonly family: 4 | 6 | undefined;
  readonly dstPort: number | undefined;
}

/** The conversation of a detection; undefined where neither end is known, since the object needs one. */
export function addTraffic(objects: StixObjects, detection: Reduced<LeadDetection>, ends: Traffic): string | undefined {
  if (ends.src === undefined && ends.dst === undefined) return undefined;
  const ports = list(detection.ports);
  const start = instant(detection.first_seen, 'first');
  const end = instant(detection.last_seen, 'last');
  const dialect = plain(detection.dialect, 64);
  const properties = compactObject({
    start,
    end: start !== undefined && end !== undefined && end < start ? undefined : end,
    src_ref: ends.src,
    dst_ref: ends.dst,
    src_port: ports.length === 1 ? whole(ports[0], 0, 65_535) : undefined,
    dst_port: ends.dstPort,
    protocols: [
      ...(ends.family === undefined ? [] : [`ipv${ends.family}`]),
      ...(LAYERS[detection.transport ?? ''] ?? ['tcp']),
      ...(dialect === undefined ? [] : [dialect]),
    ],
  });
  return objects.observable('network-traffic', observableId('network-traffic', properties), properties);
}

export interface Wallet {
  readonly address: string;
  readonly coins: readonly string[];
}

/** A wallet as the extension object of stix2extensions; its coins stand in our own extension, which it has no place for. */
export function addWallet(objects: StixObjects, { address, coins }: Wallet): string {
  const own =
    coins.length === 0 ? {} : { [LEAD_EXTENSION]: { extension_type: 'property-extension', coins: [...coins].sort() } };
  return objects.observable('cryptocurrency-wallet', observableId('cryptocurrency-wallet', { value: address }), {
    value: address,
    extensions: { [WALLET_EXTENSION]: { extension_type: 'new-sco' }, ...own },
  });
}
