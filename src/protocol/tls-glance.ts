// hot: one call per connection that begins like TLS; reads in place, allocates nothing.
import {
  CLIENT_HELLO,
  EXTENSION_ALPN,
  EXTENSION_SERVER_NAME,
  hostNameEnd,
  isGreaseName,
  isRecordHeader,
  MESSAGE_HEADER,
  protocolNameAt,
  RECORD_HANDSHAKE,
  RECORD_HEADER,
  serverNameAt,
  u16,
  u24,
} from './tls-wire.ts';

/** What a first segment tells about the server's name. */
export const Glance = {
  /** No ClientHello, or a damaged one. */
  No: 0,
  /** Too little of it is here to say, or it is spread over several records. */
  Unknown: 1,
  /** A whole ClientHello without a usable name. */
  NoName: 2,
  /** A name was found; see `glance`. */
  Named: 3,
} as const;
export type Glance = (typeof Glance)[keyof typeof Glance];

/**
 * Result of the last call: positions in its bytes of the server name (no final dot, case as sent; after `Named` only) and
 * of the first protocol of ALPN that is not GREASE (after `Named` and `NoName`). -1 where there is none.
 */
export const glance: { nameOff: number; nameEnd: number; alpnOff: number; alpnEnd: number } = {
  nameOff: -1,
  nameEnd: -1,
  alpnOff: -1,
  alpnEnd: -1,
};

const VERSION_AND_RANDOM = 34;
const MAX_SESSION_ID = 32;

/**
 * Looks for the server name in [off, end), a TCP segment that begins with a TLS record (RFC 8446 §4.1.2, §5.1). Reads
 * nothing outside; fills `glance`. Once a name is found, what follows it is read only as far as it is here.
 */
export function glanceClientHello(bytes: Uint8Array, off: number, end: number): Glance {
  glance.nameOff = -1;
  glance.nameEnd = -1;
  glance.alpnOff = -1;
  glance.alpnEnd = -1;
  if (off < end && bytes[off] !== RECORD_HANDSHAKE) return Glance.No;
  if (end - off < RECORD_HEADER) return Glance.Unknown;
  if (!isRecordHeader(bytes, off)) return Glance.No;
  const message = off + RECORD_HEADER;
  if (message < end && bytes[message] !== CLIENT_HELLO) return Glance.No;
  if (end - message < MESSAGE_HEADER) return Glance.Unknown;
  const length = u24(bytes, message + 1);
  if (length < VERSION_AND_RANDOM + 1) return Glance.No;
  if (length > u16(bytes, off + 3) - MESSAGE_HEADER) return Glance.Unknown;
  const body = message + MESSAGE_HEADER;
  const stop = body + length;
  return body + VERSION_AND_RANDOM < end
    ? afterRandom(bytes, body + VERSION_AND_RANDOM, stop, Math.min(stop, end))
    : Glance.Unknown;
}

/** Session id, ciphers and compression methods; `stop` ends the message, `here` what of it is in the segment. */
function afterRandom(bytes: Uint8Array, off: number, stop: number, here: number): Glance {
  const session = bytes[off] as number;
  let p = off + 1;
  if (session > MAX_SESSION_ID || session > stop - p) return Glance.No;
  p += session;
  if (stop - p < 2) return Glance.No;
  if (here - p < 2) return Glance.Unknown;
  const ciphers = u16(bytes, p);
  p += 2;
  if ((ciphers & 1) !== 0 || ciphers > stop - p - 1) return Glance.No;
  p += ciphers;
  if (here <= p) return Glance.Unknown;
  const methods = bytes[p] as number;
  p++;
  if (methods > stop - p) return Glance.No;
  p += methods;
  if (stop - p < 2) return here === stop ? Glance.NoName : Glance.Unknown;
  if (here - p < 2) return Glance.Unknown;
  const extensions = u16(bytes, p);
  p += 2;
  if (extensions > stop - p) return Glance.No;
  const last = p + extensions;
  const answer = walkExtensions(bytes, p, last, Math.min(here, last));
  return answer === Glance.NoName && here < stop ? Glance.Unknown : answer;
}

function walkExtensions(bytes: Uint8Array, off: number, stop: number, here: number): Glance {
  let nameSeen = false;
  let alpnSeen = false;
  let p = off;
  while (p < stop) {
    if (stop - p < 4) return broken();
    if (here - p < 4) return cutOff();
    const type = u16(bytes, p);
    const length = u16(bytes, p + 2);
    p += 4;
    if (length > stop - p) return broken();
    if (length > here - p) return cutOff();
    // Of two extensions of one kind the first counts, as in the full parser.
    if (type === EXTENSION_SERVER_NAME && !nameSeen) {
      nameSeen = true;
      const at = serverNameAt(bytes, p, p + length);
      const nameEnd = at < 0 ? -1 : hostNameEnd(bytes, at, at + u16(bytes, at - 2));
      if (nameEnd >= 0) {
        glance.nameOff = at;
        glance.nameEnd = nameEnd;
      }
    } else if (type === EXTENSION_ALPN && !alpnSeen) {
      alpnSeen = true;
      findProtocol(bytes, p, p + length);
    }
    p += length;
  }
  return glance.nameOff >= 0 ? Glance.Named : Glance.NoName;
}

function findProtocol(bytes: Uint8Array, off: number, end: number): void {
  let at = protocolNameAt(bytes, off, end, 0);
  while (at >= 0) {
    const nameEnd = at + (bytes[at - 1] as number);
    if (!isGreaseName(bytes, at, nameEnd)) {
      glance.alpnOff = at;
      glance.alpnEnd = nameEnd;
      return;
    }
    at = protocolNameAt(bytes, off, end, nameEnd);
  }
}

function cutOff(): Glance {
  return glance.nameOff >= 0 ? Glance.Named : Glance.Unknown;
}

/** A damaged hello names nobody. */
function broken(): Glance {
  glance.nameOff = -1;
  glance.nameEnd = -1;
  glance.alpnOff = -1;
  glance.alpnEnd = -1;
  return Glance.No;
}
