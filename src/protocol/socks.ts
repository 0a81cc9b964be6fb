import { Anomaly } from '../common/anomaly.ts';
import { hostOf, isIpv6 } from './connect-host.ts';
import type { StreamParser } from './parser.ts';
import { MAX_SOCKS4_TEXT, type SocksSide } from './socks-probe.ts';

export { probeSocks, type SocksSide } from './socks-probe.ts';

export interface SocksTarget {
  readonly version: 4 | 5;
  /** Name as the client gave it, lower case, which may be an address as text; null where it gave an address. */
  readonly host: string | null;
  /** Signed 32-bit words in network order; an IPv4 address is the first word, the others 0. null where a name was given. */
  readonly address: { readonly version: 4 | 6; readonly words: readonly [number, number, number, number] } | null;
  readonly port: number;
}

export interface SocksHandler {
  /** The client asks to be connected. */
  onSocksTarget(target: SocksTarget): void;
  /** The proxy's last word: `code` is the reply code (0x5a or 0 where accepted), or the method or status that refuses. */
  onSocksReply(accepted: boolean, code: number): void;
  /** [off, end) of the piece being pushed is (a part of) a password, to be blanked. The user's name is not kept. */
  onSocksAuth(off: number, end: number): void;
  /** Bytes of this direction after the handshake: the tunnelled stream, from its start. */
  onSocksRest(bytes: Uint8Array, off: number, end: number): void;
  /** Index into ANOMALIES. */
  onSocksAnomaly(anomaly: number): void;
}

/** `tunnel`: everything goes to onSocksRest; `closed`: refused, damaged, or no connection for a stream. */
export type SocksState = 'handshake' | 'tunnel' | 'closed';

const Step = {
  Start: 0,
  // SOCKS5 client
  MethodCount: 1,
  Methods: 2,
  Next: 3,
  UserLength: 4,
  User: 5,
  PasswordLength: 6,
  Password: 7,
  Request: 8,
  // SOCKS5, either
  Command: 9,
  Reserved: 10,
  Type: 11,
  NameLength: 12,
  Address: 13,
  // SOCKS5 server
  Method: 14,
  StatusVersion: 15,
  Status: 16,
  Reply: 17,
  // SOCKS4
  Fixed: 18,
  UserText: 19,
  NameText: 20,
  Tunnel: 21,
  Closed: 22,
} as const;

const Kind = { Undecided: 0, Client: 1, Server: 2, Neither: 3 } as const;
const CONNECT = 1;
const USER_PASSWORD = 2;
const ACCEPTED_4 = 0x5a;
/** SOCKS4a: the fixed part and a name; of SOCKS5 a name of 255 bytes and the port fit as well. */
const MAX_STORE = 7 + MAX_SOCKS4_TEXT;
/** Most bytes it takes to tell a client from a server. */
const MAX_START = 6;

/**
 * The handshake of one direction of SOCKS4, SOCKS4a (https://www.openssh.com/txt/socks4a.protocol) or SOCKS5 (RFC 1928, user
 * and password RFC 1929), then the tunnelled stream as it is. Which direction it is, the first bytes tell; `side` says so
 * where the owner knows. Only CONNECT gives a tunnel; BIND, UDP ASSOCIATE and GSSAPI end it. Holds at most 262 bytes. A
 * client may speak before it has been accepted: what it sends after its request is passed on, and the owner, told by the
 * other direction's onSocksReply, drops it where the proxy refuses.
 */
export class SocksParser implements StreamParser {
  private readonly handler: SocksHandler;
  private readonly side: SocksSide | null;
  private step: number = Step.Start;
  private client = false;
  private version: 4 | 5 = 5;
  /** First bytes while they may be a client's or a server's; then address and port. */
  private readonly store: Uint8Array = new Uint8Array(MAX_STORE);
  private stored = 0;
  /** Bytes still to come of a field of known length, and bytes seen of a text. */
  private left = 0;
  private offersPassword = false;
  private code = 0;
  private type = 0;

  constructor(handler: SocksHandler, side?: SocksSide) {
    this.handler = handler;
    this.side = side ?? null;
  }

  get state(): SocksState {
    return this.step === Step.Tunnel ? 'tunnel' : this.step === Step.Closed ? 'closed' : 'handshake';
  }

  /** Whose direction it is; null until the bytes have told. */
  get from(): SocksSide | null {
    if (this.step === Step.Start) return this.side;
    return this.client ? 'client' : 'server';
  }

  get heldBytes(): number {
    return this.stored;
  }

  push(bytes: Uint8Array, off: number, end: number): void {
    let p = off;
    while (p < end && this.step < Step.Tunnel) {
      if (this.step === Step.Password) {
        const stop = Math.min(end, p + this.left);
        this.handler.onSocksAuth(p, stop);
        this.left -= stop - p;
        p = stop;
        if (this.left === 0) this.step = Step.Request;
      } else this.take(bytes[p++] as number);
    }
    if (p < end && this.step === Step.Tunnel) this.handler.onSocksRest(bytes, p, end);
  }

  /** Inside the tunnel losses are the business of who reads it; a handshake with a hole in it is given up. */
  gap(_lost: number): void {
    if (this.step < Step.Tunnel) this.close();
  }

  finish(): void {
    this.stored = 0;
    if (this.step < Step.Tunnel) this.step = Step.Closed;
  }

  private take(byte: number): void {
    switch (this.step) {
      case Step.Start:
        this.start(byte);
        return;
      case Step.MethodCount:
        this.left = byte;
        this.step = byte === 0 ? Step.Next : Step.Methods;
        return;
      case Step.Methods:
        if (byte === USER_PASSWORD) this.offersPassword = true;
        if (--this.left === 0) this.step = Step.Next;
        return;
      case Step.Next:
        if (byte === 5) this.step = Step.Command;
        else if (byte === 1 && this.offersPassword) this.step = Step.UserLength;
        else this.fail(byte === 1 ? Anomaly['socks.unsupported'] : Anomaly['socks.malformed']);
        return;
      case Step.UserLength:
        this.left = byte;
        this.step = byte === 0 ? Step.PasswordLength : Step.User;
        return;
      case Step.User:
        if (--this.left === 0) this.step = Step.PasswordLength;
        return;
      case Step.PasswordLength:
        this.left = byte;
        this.step = byte === 0 ? Step.Request : Step.Password;
        return;
      case Step.Method:
        if (byte === 0) this.step = Step.Reply;
        else if (byte === USER_PASSWORD) this.step = Step.StatusVersion;
        else if (byte === 0xff) this.refuse(byte);
        else this.fail(Anomaly['socks.unsupported']);
        return;
      case Step.StatusVersion:
        if (byte === 1) this.step = Step.Status;
        else this.fail(Anomaly['socks.malformed']);
        return;
      case Step.Status:
        if (byte === 0) this.step = Step.Reply;
        else this.refuse(byte);
        return;
      default:
        if (this.version === 5) this.takeBody(byte);
        else this.takeFour(byte);
    }
  }

  /** Request or reply of SOCKS5 from its version on: code, reserved, type, address, port. */
  private takeBody(byte: number): void {
    switch (this.step) {
      case Step.Request:
      case Step.Reply:
        if (byte === 5) this.step = Step.Command;
        else this.fail(Anomaly['socks.malformed']);
        return;
      case Step.Command:
        this.code = byte;
        this.step = Step.Reserved;
        if (!this.client && byte !== 0) this.refuse(byte);
        else if (this.client && byte !== CONNECT) this.fail(Anomaly['socks.unsupported']);
        return;
      case Step.Reserved:
        this.step = Step.Type;
        return;
      case Step.Type:
        this.type = byte;
        this.left = byte === 1 ? 6 : byte === 4 ? 18 : 0;
        this.step = byte === 3 ? Step.NameLength : Step.Address;
        if (byte !== 3 && this.left === 0) this.fail(Anomaly['socks.malformed']);
        return;
      case Step.NameLength:
        this.left = byte + 2;
        this.step = Step.Address;
        return;
      default:
        this.store[this.stored++] = byte;
        if (--this.left === 0) this.endBody();
    }
  }

  private takeFour(byte: number): void {
    switch (this.step) {
      case Step.Fixed:
        this.store[this.stored++] = byte;
        if (this.stored < 7) return;
        if (!this.client) {
          this.endReplyFour();
          return;
        }
        if (this.store[0] !== CONNECT) {
          this.fail(Anomaly['socks.unsupported']);
          return;
        }
        this.step = Step.UserText;
        this.left = 0;
        return;
      case Step.UserText:
        if (byte !== 0) {
          this.countText();
          return;
        }
        this.left = 0;
        // 0.0.0.x with x > 0: a name follows (SOCKS4a).
        if (this.word(3) >>> 8 !== 0 || this.store[6] === 0) {
          this.endRequestFour(null);
          return;
        }
        this.step = Step.NameText;
        return;
      default:
        if (byte === 0) {
          this.endRequestFour(this.text(7, this.stored));
          return;
        }
        this.countText();
        if (this.step === Step.NameText) this.store[this.stored++] = byte;
    }
  }

  /** Gathers first bytes until they tell whose direction it is. */
  private start(byte: number): void {
    this.store[this.stored++] = byte;
    const kind = kindOf(this.store, this.stored, this.side);
    if (kind === Kind.Undecided && this.stored < MAX_START) return;
    if (kind === Kind.Neither || kind === Kind.Undecided) {
      this.fail(Anomaly['socks.malformed']);
      return;
    }
    this.client = kind === Kind.Client;
    const first = this.store[0] as number;
    this.version = first === 5 ? 5 : 4;
    this.step = first !== 5 ? Step.Fixed : this.client ? Step.MethodCount : Step.Method;
    const held = this.store.slice(1, this.stored);
    this.stored = 0;
    for (let i = 0; i < held.length && this.step < Step.Tunnel; i++) this.take(held[i] as number);
  }

  private endBody(): void {
    if (!this.client) {
      this.accept(this.code);
      return;
    }
    const end = this.stored - 2;
    const port = ((this.store[end] as number) << 8) | (this.store[end + 1] as number);
    if (this.type === 3) {
      this.target(this.text(0, end), null, port);
      return;
    }
    if (this.type === 1) {
      this.target(null, { version: 4, words: [this.word(0), 0, 0, 0] }, port);
      return;
    }
    const words = [this.word(0), this.word(4), this.word(8), this.word(12)] as const;
    this.target(null, { version: 6, words }, port);
  }

  private endRequestFour(name: string | null): void {
    const port = ((this.store[1] as number) << 8) | (this.store[2] as number);
    const named = this.step === Step.NameText;
    this.target(name, named ? null : { version: 4, words: [this.word(3), 0, 0, 0] }, port);
  }

  private endReplyFour(): void {
    const code = this.store[0] as number;
    if (code === ACCEPTED_4) this.accept(code);
    else if (code > ACCEPTED_4 && code <= 0x5d) this.refuse(code);
    else this.fail(Anomaly['socks.malformed']);
  }

  private target(text: string | null, address: SocksTarget['address'], port: number): void {
    const host = text === null ? null : (hostOf(text) ?? (isIpv6(text) ? text.toLowerCase() : null));
    const somewhere = address?.words.some((word) => word !== 0) ?? false;
    if (port === 0 || (host === null && !somewhere)) {
      this.fail(Anomaly['socks.malformed']);
      return;
    }
    this.stored = 0;
    this.step = Step.Tunnel;
    this.handler.onSocksTarget({ version: this.version, host, address, port });
  }

  private accept(code: number): void {
    this.stored = 0;
    this.step = Step.Tunnel;
    this.handler.onSocksReply(true, code);
  }

  private refuse(code: number): void {
    this.close();
    this.handler.onSocksReply(false, code);
  }

  private fail(anomaly: number): void {
    this.close();
    this.handler.onSocksAnomaly(anomaly);
  }

  private close(): void {
    this.stored = 0;
    this.step = Step.Closed;
  }

  private countText(): void {
    if (++this.left > MAX_SOCKS4_TEXT) this.fail(Anomaly['socks.malformed']);
  }

  /** Signed 32-bit word of the store. */
  private word(at: number): number {
    const s = this.store;
    return (
      ((s[at] as number) << 24) | ((s[at + 1] as number) << 16) | ((s[at + 2] as number) << 8) | (s[at + 3] as number)
    );
  }

  private text(from: number, to: number): string {
    return Buffer.from(this.store.buffer, this.store.byteOffset + from, to - from).toString('latin1');
  }
}

/** Whose direction begins with the first `count` bytes of `s`. */
function kindOf(s: Uint8Array, count: number, side: SocksSide | null): number {
  const known = side === null ? Kind.Undecided : side === 'client' ? Kind.Client : Kind.Server;
  if (s[0] === 4) return known === Kind.Server ? Kind.Neither : Kind.Client;
  if (s[0] === 0) return known === Kind.Client ? Kind.Neither : Kind.Server;
  if (s[0] !== 5) return Kind.Neither;
  if (known !== Kind.Undecided) return known;
  if (count < 2) return Kind.Undecided;
  if (s[1] === 0 || s[1] === 0xff) return Kind.Server;
  if (s[1] !== 2) return Kind.Client;
  // 05 02: two methods are offered, or the user's name is asked for; then 01 and the outcome come from the server.
  if (count < 3) return Kind.Undecided;
  if (s[2] !== 1) return Kind.Client;
  if (count < 4) return Kind.Undecided;
  if (s[3] !== 0) return s[3] === 1 || s[3] === 0xff ? Kind.Server : Kind.Client;
  // 05 02 01 00: GSSAPI and none are offered, or the server is content; a request has a command, a reply mostly 0.
  if (count < 5) return Kind.Undecided;
  if (s[4] !== 5) return Kind.Client;
  if (count < 6) return Kind.Undecided;
  return s[5] === 0 || (s[5] as number) > 3 ? Kind.Server : Kind.Client;
}
