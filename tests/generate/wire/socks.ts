/** Handshakes of SOCKS4, SOCKS4a and SOCKS5 (RFC 1928, RFC 1929). */
import { concat, u8, u16be, utf8 } from './bytes.ts';

export interface SocksLogin {
  readonly user: string;
  readonly password: string;
}

/** A host name, or the 4 or 16 bytes of an address. */
export type SocksHost = string | Uint8Array;

/** What a client of SOCKS5 sends, message by message; between two of them it waits for the server. */
export function socks5Client(
  host: SocksHost,
  port: number,
  login: SocksLogin | null = null,
  command = 1,
): Uint8Array[] {
  const messages = [login === null ? u8(5, 1, 0) : u8(5, 2, 0, 2)];
  if (login !== null) {
    const { user, password } = login;
    messages.push(concat(u8(1, user.length), utf8(user), u8(password.length), utf8(password)));
  }
  messages.push(concat(u8(5, command, 0), socks5Address(host), u16be(port)));
  return messages;
}

/** The server's answers; `reply` other than 0 refuses the request. */
export function socks5Server(login: boolean, reply = 0, bound: SocksHost = u8(0, 0, 0, 0), port = 0): Uint8Array[] {
  const answer = concat(u8(5, reply, 0), socks5Address(bound), u16be(port));
  return login ? [u8(5, 2), u8(1, 0), answer] : [u8(5, 0), answer];
}

function socks5Address(host: SocksHost): Uint8Array {
  if (typeof host === 'string') return concat(u8(3, host.length), utf8(host));
  return concat(u8(host.length === 4 ? 1 : 4), host);
}

/** Request of SOCKS4; with a name that of 4a, whose address is 0.0.0.1. */
export function socks4Client(host: SocksHost, port: number, user = '', command = 1): Uint8Array {
  const named = typeof host === 'string';
  const head = concat(u8(4, command), u16be(port), named ? u8(0, 0, 0, 1) : host, utf8(user), u8(0));
  return named ? concat(head, utf8(host), u8(0)) : head;
}

/** Reply of SOCKS4: 0x5a accepts, 0x5b to 0x5d refuse. */
export function socks4Server(code = 0x5a): Uint8Array {
  return u8(0, code, 0, 0, 0, 0, 0, 0);
}
