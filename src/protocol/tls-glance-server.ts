// hot: one call per connection whose server answers like TLS; reads in place, allocates nothing.
import { isRecordHeader, MESSAGE_HEADER, RECORD_HANDSHAKE, RECORD_HEADER, SERVER_HELLO, u16, u24 } from './tls-wire.ts';

const CERTIFICATE = 11;
const EXTENSION_SUPPORTED_VERSIONS = 43;
const VERSION_AND_RANDOM = 34;

/**
 * Whether a certificate in clear follows, or may follow, a ServerHello at [off, end), the first segment of a server
 * (RFC 5246 §7.4.1.3): not in TLS 1.3, where it is encrypted, nor where a session is resumed. What is cut off may follow.
 */
export function glanceCertificate(bytes: Uint8Array, off: number, end: number): boolean {
  const message = off + RECORD_HEADER;
  if (end - message < MESSAGE_HEADER + VERSION_AND_RANDOM + 1) return end - off > 0 && bytes[off] === RECORD_HANDSHAKE;
  if (!isRecordHeader(bytes, off) || bytes[message] !== SERVER_HELLO) return false;
  const recordEnd = message + u16(bytes, off + 3);
  const stop = message + MESSAGE_HEADER + u24(bytes, message + 1);
  let p = message + MESSAGE_HEADER + VERSION_AND_RANDOM;
  const session = bytes[p] as number;
  if (session > 32 || stop > recordEnd) return stop > recordEnd && session <= 32;
  // Cipher suite and compression method.
  p += 1 + session + 3;
  if (p > stop) return false;
  if (p + 2 <= stop) {
    if (p + 2 > end) return true;
    p += 2;
    while (p + 4 <= stop) {
      if (p + 4 > end) return true;
      const type = u16(bytes, p);
      if (type === EXTENSION_SUPPORTED_VERSIONS) return false;
      p += 4 + u16(bytes, p + 2);
    }
    if (p !== stop) return false;
  }
  // Another message in the same record, or one in the next.
  const next = stop < recordEnd ? stop : stop + RECORD_HEADER;
  if (stop >= recordEnd && stop < end && bytes[stop] !== RECORD_HANDSHAKE) return false;
  return next >= end || bytes[next] === CERTIFICATE;
}
