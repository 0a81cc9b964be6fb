/** ClientHello and ServerHello messages (RFC 8446 §4.1.2 and §4.1.3, RFC 5246 §7.4.1). */
import { type HelloFields, type JaTransport, ja3Of, ja3TextOf, ja4Of } from './ja.ts';
import type { TlsClientHello, TlsServerHello } from './tls-types.ts';
import {
  CLIENT_HELLO,
  EXTENSION_ALPN,
  EXTENSION_SERVER_NAME,
  hostNameEnd,
  isGrease,
  isGreaseName,
  MESSAGE_HEADER,
  protocolNameAt,
  SERVER_HELLO,
  serverNameAt,
  u16,
  u24,
} from './tls-wire.ts';

const VERSION_AND_RANDOM = 34;
const MAX_SESSION_ID = 32;
const MAX_PROTOCOLS = 16;
const MAX_JA3_TEXT = 2048;

// https://www.iana.org/assignments/tls-extensiontype-values
const SUPPORTED_GROUPS = 10;
const EC_POINT_FORMATS = 11;
const SIGNATURE_ALGORITHMS = 13;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

/** Extensions of one message: their types in order, and where the content of the first of each type lies. */
interface Extensions {
  readonly types: number[];
  readonly places: Map<number, readonly [off: number, end: number]>;
}

/**
 * A ClientHello: [off, end) begins with the handshake header (type and 24-bit length) and holds the whole message, over
 * TCP without record headers, over QUIC as the contiguous content of CRYPTO frames. What follows the message is ignored.
 * Null where it is no ClientHello, not whole, or its lists do not fit into it; an extension with damaged content counts as
 * sent but empty. `transport` is the first character of JA4.
 */
export function parseClientHello(
  bytes: Uint8Array,
  off: number,
  end: number,
  transport: JaTransport = 't',
): TlsClientHello | null {
  const stop = messageEnd(bytes, off, end, CLIENT_HELLO);
  if (stop < 0) return null;
  const legacyVersion = u16(bytes, off + MESSAGE_HEADER);
  let p = afterSession(bytes, off, stop);
  if (p < 0 || stop - p < 2) return null;
  const cipherBytes = u16(bytes, p);
  p += 2;
  if ((cipherBytes & 1) !== 0 || cipherBytes > stop - p - 1) return null;
  const ciphers = numbers(bytes, p, p + cipherBytes);
  p += cipherBytes;
  const methods = bytes[p] as number;
  p++;
  if (methods > stop - p) return null;
  const extensions = readExtensions(bytes, p + methods, stop);
  if (extensions === null) return null;

  const { types, places } = extensions;
  const versions = listOf(bytes, places.get(SUPPORTED_VERSIONS), 1);
  const protocols = protocolsOf(bytes, places.get(EXTENSION_ALPN));
  const fields: HelloFields = {
    legacyVersion,
    ciphers,
    extensions: types.filter((type) => !isGrease(type)),
    groups: listOf(bytes, places.get(SUPPORTED_GROUPS), 2),
    pointFormats: bytesOf(bytes, places.get(EC_POINT_FORMATS)),
    signatureAlgorithms: listOf(bytes, places.get(SIGNATURE_ALGORITHMS), 2),
    versions,
    protocol: protocols[0] ?? null,
  };
  const ja3Text = ja3TextOf(fields);
  return {
    what: 'client-hello',
    legacyVersion,
    versions,
    sni: serverNameOf(bytes, places.get(EXTENSION_SERVER_NAME)),
    alpn: protocols.map(shown),
    ja3: ja3Of(ja3Text),
    ja3Text: ja3Text.slice(0, MAX_JA3_TEXT),
    ja4: ja4Of(fields, transport),
    handshakeLength: stop - off,
    ech: places.has(ENCRYPTED_CLIENT_HELLO),
  };
}

/**
 * A ServerHello, [off, end) as for `parseClientHello`; a HelloRetryRequest is one as well. Null where it is damaged or of
 * a version that does not exist.
 */
export function parseServerHello(bytes: Uint8Array, off: number, end: number): TlsServerHello | null {
  const stop = messageEnd(bytes, off, end, SERVER_HELLO);
  if (stop < 0) return null;
  const version = u16(bytes, off + MESSAGE_HEADER);
  // The drafts before 22 named themselves here, and had no session id.
  if (version >> 8 === 0x7f) return { what: 'server-hello', version, alpn: null };
  if (version < 0x0300 || version > 0x0304) return null;
  const p = afterSession(bytes, off, stop);
  if (p < 0 || stop - p < 3) return null;
  const extensions = readExtensions(bytes, p + 3, stop);
  if (extensions === null) return null;
  const chosen = extensions.places.get(SUPPORTED_VERSIONS);
  const [protocol] = protocolsOf(bytes, extensions.places.get(EXTENSION_ALPN));
  return {
    what: 'server-hello',
    version: chosen !== undefined && chosen[1] - chosen[0] === 2 ? u16(bytes, chosen[0]) : version,
    alpn: protocol === undefined ? null : shown(protocol),
  };
}

/** Is the version TLS 1.3 or a draft of it, so that all after the ServerHello is encrypted? */
export function isTls13(version: number): boolean {
  return version >= 0x0304;
}

/** End of the message that begins at `off`; -1 where it is another one, not whole, or too short for a hello. */
function messageEnd(bytes: Uint8Array, off: number, end: number, type: number): number {
  if (end - off < MESSAGE_HEADER || bytes[off] !== type) return -1;
  const length = u24(bytes, off + 1);
  return length < VERSION_AND_RANDOM + 1 || length > end - off - MESSAGE_HEADER ? -1 : off + MESSAGE_HEADER + length;
}

/** Position after the session id of the message at `off`; -1 where it does not fit. */
function afterSession(bytes: Uint8Array, off: number, stop: number): number {
  const at = off + MESSAGE_HEADER + VERSION_AND_RANDOM;
  const length = bytes[at] as number;
  return length > MAX_SESSION_ID || length > stop - at - 1 ? -1 : at + 1 + length;
}

/** The block of extensions at `off`, which need not be there; null where it does not fit. */
function readExtensions(bytes: Uint8Array, off: number, stop: number): Extensions | null {
  const found: Extensions = { types: [], places: new Map() };
  if (stop - off < 2) return found;
  const length = u16(bytes, off);
  let p = off + 2;
  if (length > stop - p) return null;
  const last = p + length;
  while (p < last) {
    if (last - p < 4) return null;
    const type = u16(bytes, p);
    const size = u16(bytes, p + 2);
    p += 4;
    if (size > last - p) return null;
    found.types.push(type);
    if (!found.places.has(type)) found.places.set(type, [p, p + size]);
    p += size;
  }
  return found;
}

type PlaceOf = readonly [off: number, end: number] | undefined;

/** 16-bit numbers of [off, end), without GREASE. */
function numbers(bytes: Uint8Array, off: number, end: number): number[] {
  const values: number[] = [];
  for (let p = off; end - p >= 2; p += 2) {
    const value = u16(bytes, p);
    if (!isGrease(value)) values.push(value);
  }
  return values;
}

/** 16-bit numbers of an extension that is one list, behind a length of one or two bytes. */
function listOf(bytes: Uint8Array, place: PlaceOf, lengthBytes: 1 | 2): number[] {
  if (place === undefined || place[1] - place[0] < lengthBytes) return [];
  const off = place[0] + lengthBytes;
  const length = lengthBytes === 1 ? (bytes[place[0]] as number) : u16(bytes, place[0]);
  return length > place[1] - off ? [] : numbers(bytes, off, off + length);
}

/** Bytes of an extension that is one list of bytes. */
function bytesOf(bytes: Uint8Array, place: PlaceOf): number[] {
  if (place === undefined || place[1] - place[0] < 1) return [];
  const off = place[0] + 1;
  const length = bytes[place[0]] as number;
  return length > place[1] - off ? [] : [...bytes.subarray(off, off + length)];
}

function serverNameOf(bytes: Uint8Array, place: PlaceOf): string | null {
  if (place === undefined) return null;
  const at = serverNameAt(bytes, place[0], place[1]);
  const end = at < 0 ? -1 : hostNameEnd(bytes, at, at + u16(bytes, at - 2));
  return end < 0 ? null : latin1(bytes, at, end).toLowerCase();
}

/** Protocol names without GREASE, one character per byte. */
function protocolsOf(bytes: Uint8Array, place: PlaceOf): string[] {
  const names: string[] = [];
  if (place === undefined) return names;
  let at = protocolNameAt(bytes, place[0], place[1], 0);
  while (at >= 0 && names.length < MAX_PROTOCOLS) {
    const end = at + (bytes[at - 1] as number);
    if (!isGreaseName(bytes, at, end)) names.push(latin1(bytes, at, end));
    at = protocolNameAt(bytes, place[0], place[1], end);
  }
  return names;
}

function latin1(bytes: Uint8Array, off: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + off, end - off).toString('latin1');
}

function shown(protocol: string): string {
  return /^[\x20-\x7e]*$/.test(protocol) ? protocol : `0x${Buffer.from(protocol, 'latin1').toString('hex')}`;
}
