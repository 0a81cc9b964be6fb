// hot: one call per connection that begins like TLS; reads in place, allocates nothing unless a name may be listed.

import { Glance, glance, glanceClientHello } from '../../protocol/tls-glance.ts';
import { glanceCertificate } from '../../protocol/tls-glance-server.ts';
import type { Naming } from './naming.ts';

/**
 * Whether a connection whose first segment in one direction is [off, end) is worth reading further. A client's: the name
 * of a mining endpoint, no name at all, or too little to say. A server's: its certificate may follow in clear.
 */
export function tellsMore(bytes: Uint8Array, off: number, end: number, naming: Naming): boolean {
  if (bytes[off] === 0x15) return true;
  if (bytes[off + 5] === 2) return glanceCertificate(bytes, off, end);
  switch (glanceClientHello(bytes, off, end)) {
    case Glance.No:
      return false;
    case Glance.Named:
      return naming.isStratum(bytes, glance.nameOff, glance.nameEnd);
    default:
      return true;
  }
}

/** A first segment that `tellsMore` was asked of is the client's. */
export function isClientHello(bytes: Uint8Array, off: number): boolean {
  return bytes[off] === 0x16 && bytes[off + 5] === 1;
}
