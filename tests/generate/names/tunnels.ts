/** Proxies that open a tunnel: HTTP CONNECT (RFC 9110 §9.3.6), SOCKS5 (RFC 1928, 1929), SOCKS4 and 4a. */
import type { TimedMessage } from '../conversation.ts';
import { Script } from '../session.ts';
import {
  type SocksHost,
  type SocksLogin,
  socks4Client,
  socks4Server,
  socks5Client,
  socks5Server,
} from '../wire/socks.ts';

/** The tunnel is open this many seconds after the begin; what it carries may follow. */
export const OPEN = 0.4;

/** `messages` as they run once the tunnel is open: everything later by `OPEN`. */
export function inside(opening: readonly TimedMessage[], messages: readonly TimedMessage[]): TimedMessage[] {
  return [...opening, ...messages.map((message) => ({ ...message, at: message.at + OPEN }))];
}

/** `target` is host:port. */
export function connectOpening(target: string): TimedMessage[] {
  const script = new Script();
  script.client(0.04, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: gateway-check/1.0\r\n\r\n`);
  script.server(0.2, 'HTTP/1.1 200 Connection established\r\n\r\n');
  return script.messages;
}

export function socks5Opening(host: SocksHost, port: number, login: SocksLogin | null): TimedMessage[] {
  const script = new Script();
  const answers = socks5Server(login !== null);
  for (const [n, message] of socks5Client(host, port, login).entries()) {
    script.client(0.04 + n * 0.1, message);
    script.server(0.08 + n * 0.1, answers[n]!);
  }
  return script.messages;
}

export function socks4Opening(host: SocksHost, port: number, user: string): TimedMessage[] {
  const script = new Script();
  script.client(0.04, socks4Client(host, port, user));
  script.server(0.2, socks4Server());
  return script.messages;
}
