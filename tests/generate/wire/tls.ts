/**
 * TLS in clear: records (RFC 8446 §5.1), ClientHello, ServerHello and Certificate messages (RFC 8446 §4.1, RFC 5246 §7.4.2).
 * What is random in them comes from the generator of the capture.
 */
import type { Random } from '../random.ts';
import { concat, u8, u16be, utf8 } from './bytes.ts';

export const TLS12 = 0x0303;
export const TLS13 = 0x0304;

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;

const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;

// https://www.iana.org/assignments/tls-extensiontype-values
const SERVER_NAME = 0;
const SUPPORTED_GROUPS = 10;
const EC_POINT_FORMATS = 11;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const PSK_KEY_EXCHANGE_MODES = 45;
const KEY_SHARE = 51;

const X25519 = 29;

/** SHA-256 of "HelloRetryRequest", the random of a ServerHello that asks again (RFC 8446 §4.1.3). */
const RETRY_RANDOM: Uint8Array = new Uint8Array(
  Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'),
);

export interface ClientHello {
  /** Default: no server_name. */
  readonly sni?: string;
  /** Default: no ALPN. */
  readonly alpn?: readonly string[];
  /** supported_versions; default TLS 1.3 to 1.0, empty = no such extension and a hello of TLS 1.2. */
  readonly versions?: readonly number[];
  readonly legacyVersion?: number;
  readonly ciphers?: readonly number[];
  readonly groups?: readonly number[];
  readonly pointFormats?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  /** Extension types in their order; server_name and ALPN are left out where there is no value for them. */
  readonly extensions?: readonly number[];
  /** Content of extensions, in place of what is made by default (nothing, for types unknown here). */
  readonly contents?: ReadonlyMap<number, Uint8Array>;
}

/** What OpenSSL 3.0 offers without any setting, and with it every program that changes nothing (XMRig among them). */
export const OPENSSL_3: Required<
  Pick<ClientHello, 'ciphers' | 'groups' | 'pointFormats' | 'signatureAlgorithms' | 'extensions' | 'versions'>
> = {
  versions: [0x0304, 0x0303, 0x0302, 0x0301],
  ciphers: [
    ...[4866, 4867, 4865, 49196, 49200, 159, 52393, 52392, 52394, 49195, 49199, 158, 49188, 49192, 107, 49187],
    ...[49191, 103, 49162, 49172, 57, 49161, 49171, 51, 157, 156, 61, 60, 53, 47, 255],
  ],
  extensions: [0, 11, 10, 35, 16, 22, 23, 13, 43, 45, 51],
  groups: [29, 23, 30, 25, 24, 256, 257, 258, 259, 260],
  pointFormats: [0, 1, 2],
  signatureAlgorithms: [
    ...[0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501],
    ...[0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602],
  ],
};

/** Behind a length of two bytes. */
function long(...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(u16be(content.length), content);
}

/** Behind a length of one byte. */
function short(...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(u8(content.length), content);
}

/** Behind a length of three bytes. */
function wide(...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(u8(content.length >> 16), u16be(content.length), content);
}

/** A handshake message with its header of four bytes. */
export function handshakeMessage(type: number, ...body: readonly Uint8Array[]): Uint8Array {
  return concat(u8(type), wide(...body));
}

/** Records of one content type, none longer than `size` bytes. */
export function records(type: number, content: Uint8Array, version: number = TLS12, size = 16_384): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += size)
    parts.push(u8(type), u16be(version), long(content.subarray(at, at + size)));
  return concat(...parts);
}

/** The message alone, as QUIC carries it. */
export function clientHelloMessage(rng: Random, hello: ClientHello = {}): Uint8Array {
  const h = { ...OPENSSL_3, ...hello };
  const content = (type: number): Uint8Array | null => {
    const given = hello.contents?.get(type);
    if (given !== undefined) return given;
    switch (type) {
      case SERVER_NAME:
        return h.sni === undefined ? null : long(u8(0), long(utf8(h.sni)));
      case ALPN:
        return h.alpn === undefined ? null : long(...h.alpn.map((name) => short(utf8(name))));
      case SUPPORTED_VERSIONS:
        return h.versions.length === 0 ? null : short(...h.versions.map(u16be));
      case SUPPORTED_GROUPS:
        return long(...h.groups.map(u16be));
      case EC_POINT_FORMATS:
        return short(u8(...h.pointFormats));
      case SIGNATURE_ALGORITHMS:
        return long(...h.signatureAlgorithms.map(u16be));
      case PSK_KEY_EXCHANGE_MODES:
        return h.versions.includes(TLS13) ? short(u8(1)) : null;
      case KEY_SHARE:
        return h.versions.includes(TLS13) ? long(u16be(X25519), long(rng.bytes(32))) : null;
      default:
        return u8();
    }
  };
  const random = rng.bytes(32);
  const session = rng.bytes(32);
  const extensions = h.extensions.flatMap((type) => {
    const bytes = content(type);
    return bytes === null ? [] : [u16be(type), long(bytes)];
  });
  return handshakeMessage(
    CLIENT_HELLO,
    u16be(h.legacyVersion ?? TLS12),
    random,
    short(session),
    long(...h.ciphers.map(u16be)),
    short(u8(0)),
    long(...extensions),
  );
}

/** In records of at most `size` bytes. */
export function clientHello(rng: Random, hello: ClientHello = {}, size?: number): Uint8Array {
  return records(HANDSHAKE, clientHelloMessage(rng, hello), 0x0301, size);
}

/** The answer; `retry` makes it a HelloRetryRequest, `alpn` counts for TLS 1.2 and below (in 1.3 it is encrypted). */
export function serverHelloMessage(
  rng: Random,
  options: {
    readonly version?: number;
    readonly alpn?: string;
    readonly cipher?: number;
    readonly retry?: boolean;
  } = {},
): Uint8Array {
  const version = options.version ?? TLS13;
  const modern = version >= TLS13;
  const random = options.retry === true ? RETRY_RANDOM : rng.bytes(32);
  const extensions: Uint8Array[] = [];
  if (modern) {
    const share = options.retry === true ? u16be(X25519) : concat(u16be(X25519), long(rng.bytes(32)));
    extensions.push(u16be(SUPPORTED_VERSIONS), long(u16be(version)), u16be(KEY_SHARE), long(share));
  } else {
    extensions.push(u16be(0xff01), long(u8(0)));
    if (options.alpn !== undefined) extensions.push(u16be(ALPN), long(long(short(utf8(options.alpn)))));
  }
  return handshakeMessage(
    SERVER_HELLO,
    u16be(modern ? TLS12 : version),
    random,
    short(rng.bytes(32)),
    u16be(options.cipher ?? (modern ? 0x1302 : 0xc02f)),
    u8(0),
    long(...extensions),
  );
}

export function serverHello(rng: Random, options?: Parameters<typeof serverHelloMessage>[1]): Uint8Array {
  return records(HANDSHAKE, serverHelloMessage(rng, options));
}

/** Certificate message of TLS 1.2 and below: certificates in DER, the server's own first. */
export function certificateMessage(...chain: readonly Uint8Array[]): Uint8Array {
  return handshakeMessage(CERTIFICATE, wide(...chain.map((der) => wide(der))));
}

export function certificate(...chain: readonly Uint8Array[]): Uint8Array {
  return records(HANDSHAKE, certificateMessage(...chain));
}

export function changeCipherSpec(): Uint8Array {
  return records(CHANGE_CIPHER_SPEC, u8(1));
}

/** Fatal (2) unless it is to be a warning (1). */
export function alert(description: number, level: 1 | 2 = 2): Uint8Array {
  return records(ALERT, u8(level, description));
}

/** One record of application data whose length field is `length` (1 … 16,640). */
export function applicationRecord(rng: Random, length: number): Uint8Array {
  return records(APPLICATION_DATA, rng.bytes(length), TLS12, length);
}

/** Bytes that encryption adds to a message of one record, its header included: 22 in TLS 1.3, 29 in TLS 1.2 with AES-GCM. */
export function recordOverhead(version: number): number {
  return version >= TLS13 ? 22 : 29;
}
