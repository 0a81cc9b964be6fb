import { readDatumHello } from '../../protocol/datum.ts';
import {
  type BinaryMessage,
  type Place,
  type Side,
  START_BYTES,
  type StartMessage,
  type Sv2Message,
  type TlsMessage,
} from '../../protocol/message.ts';
import { readZkworkConnect } from '../../protocol/zkwork.ts';

/** What a handshake tells, as a line of evidence. */
export function tlsText(tls: TlsMessage['tls']): string {
  if (tls.what === 'client-hello') {
    return `TLS ClientHello: server name ${tls.sni ?? 'none'}, ALPN ${tls.alpn.join(',') || 'none'}, JA3 ${tls.ja3}, JA4 ${tls.ja4}`;
  }
  if (tls.what === 'server-hello') return `TLS ServerHello: version 0x${tls.version.toString(16)}`;
  return `TLS certificate: subject ${tls.commonName ?? 'none'} (${tls.organisation ?? 'no organisation'}), issuer ${tls.issuerCommonName ?? 'none'}, names ${tls.names.join(', ').slice(0, 512) || 'none'}`;
}

/** The first message of a binary protocol as a message; null where it cannot be read. */
export function readBinary(
  protocol: 'datum' | 'zkwork',
  side: Side,
  place: Place,
  bytes: Uint8Array,
  off: number,
  end: number,
): BinaryMessage | null {
  const common = { kind: 'binary', side, place, transport: 'tcp', protocol } as const;
  if (protocol === 'datum') {
    const length = readDatumHello(bytes, off, end)?.bodyLength;
    return length === undefined ? null : { ...common, value: { length }, text: `DATUM hello, ${length} bytes, sealed` };
  }
  const hello = readZkworkConnect(bytes, off, end);
  if (hello === null) return null;
  const value = { worker: hello.name, address: hello.address, version: hello.version.join('.') };
  return { ...common, value, text: `zk.work connect: ${JSON.stringify(value)}` };
}

/** The first payload of a direction that a signature may know by it, [off, end). */
export function startMessage(side: Side, place: Place, bytes: Uint8Array, off: number, end: number): StartMessage {
  const payload = bytes.slice(off, Math.min(end, off + START_BYTES));
  const text = `begins with ${hex(payload, 0, Math.min(payload.length, 64))}, ${end - off} bytes`;
  return { kind: 'start', side, place, transport: 'tcp', payload, length: end - off, text };
}

/** A frame of Stratum V2 with payload [off, end). */
export function sv2Message(
  side: Side,
  place: Place,
  extension: number,
  channel: boolean,
  type: number,
  bytes: Uint8Array,
  off: number,
  end: number,
): Sv2Message {
  const start = hex(bytes, off, Math.min(end, off + 96));
  const text = `Stratum V2 type 0x${type.toString(16).padStart(2, '0')}, ${end - off} bytes: ${start}`;
  const payload = bytes.slice(off, end);
  return { kind: 'sv2', side, place, transport: 'tcp', extension, channel, type, payload, text };
}

/** Bytes [off, end) as hexadecimal digits. */
export function hex(bytes: Uint8Array, off: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + off, end - off).toString('hex');
}
