import { hostOf, isIpv6 } from './connect-host.ts';
import type { HttpHead } from './message.ts';

export interface ConnectTarget {
  /** Name or address as text, lower case; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Where a CONNECT request wants to go: authority form `host:port`, IPv6 in brackets (RFC 9112 §3.2.3, RFC 3986 §3.2.2).
 * null for any other head and where host or port are no such.
 *
 * What follows the request head goes to `HttpHandler.onHttpRaw` once it is no HTTP, because the parser keeps the offer of a
 * CONNECT. The answer need not say so in words: whoever sees both directions takes an accepted one for the switch.
 */
export function connectTarget(head: HttpHead): ConnectTarget | null {
  if (head.kind !== 'request' || head.method !== 'CONNECT') return null;
  const match = /^(?:\[([^[\]]+)\]|([^:[\]/@]+)):([0-9]{1,5})$/.exec(head.target);
  if (match === null) return null;
  const port = Number(match[3]);
  if (port < 1 || port > 65535) return null;
  const literal = match[1];
  if (literal !== undefined) return isIpv6(literal) ? { host: literal.toLowerCase(), port } : null;
  const host = hostOf(match[2] as string);
  return host === null ? null : { host, port };
}

/** An answer to CONNECT that opens the tunnel: any 2xx; what follows the head is the tunnel (RFC 9110 §9.3.6). */
export function isConnectAccepted(head: HttpHead): boolean {
  return head.kind === 'response' && head.status >= 200 && head.status <= 299;
}
