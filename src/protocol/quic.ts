// hot: isQuicInitial, once per new UDP conversation; the reader runs for QUIC alone.
import { Anomaly } from '../common/anomaly.ts';
import { InitialOpener, QUIC_V1, QUIC_V2 } from './quic-keys.ts';
import { Added, CryptoStream, varint, varintSize } from './quic-stream.ts';

/** First byte, version, two empty connection IDs, token length, length and 20 bytes from the packet number on. */
const MIN_INITIAL = 29;
const MAX_CONNECTION_ID = 20;
/** A client's first Destination Connection ID has at least 8 bytes (RFC 9000 §7.2). */
const MIN_FIRST_CONNECTION_ID = 8;
/** The sample of header protection ends 20 bytes after the start of the packet number (RFC 9001 §5.4.2). */
const MIN_PROTECTED = 20;

/** Datagrams with an Initial packet that are opened for one conversation, and Initial packets within one of them. */
export const MAX_DATAGRAMS = 8;
const MAX_PACKETS = 4;
/** Connection IDs whose keys are remembered: the first one, and one after each Retry or new attempt. */
const MAX_KEYS = 4;

/** What `push` says: more is needed, the ClientHello is complete, or nothing in this datagram helped. */
export type QuicProgress = 'more' | 'done' | 'no';

export interface QuicHandler {
  /** Index into ANOMALIES. */
  onQuicAnomaly(anomaly: number): void;
}

/**
 * Does the datagram [off, end) begin with an Initial packet of QUIC v1 (RFC 9000 §17.2.2) or v2 (RFC 9369 §3.2), with
 * lengths that fit? Either direction: the header does not tell them apart. Allocates nothing.
 */
export function isQuicInitial(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off < MIN_INITIAL) return false;
  const form = (bytes[off] as number) & 0xf0;
  if (form !== 0xc0 && form !== 0xd0) return false;
  return isInitialType(form, versionAt(bytes, off)) && packetEnd(bytes, off, end, true) > 0;
}

/** Long header form, fixed bit and the type bits that mean Initial: 00 in v1, 01 in v2. */
function isInitialType(form: number, version: number): boolean {
  return (form === 0xc0 && version === QUIC_V1) || (form === 0xd0 && version === QUIC_V2);
}

function versionAt(bytes: Uint8Array, off: number): number {
  const high = ((bytes[off + 1] as number) << 24) | ((bytes[off + 2] as number) << 16);
  return high | ((bytes[off + 3] as number) << 8) | (bytes[off + 4] as number);
}

/** Offset of the token length (Initial) or of the length (0-RTT, Handshake) field; -1 where the IDs do not fit. */
function afterConnectionIds(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < 7) return -1;
  const destination = bytes[off + 5] as number;
  if (destination > MAX_CONNECTION_ID || destination > end - off - 7) return -1;
  const source = bytes[off + 6 + destination] as number;
  const p = off + 7 + destination + source;
  return source > MAX_CONNECTION_ID || p >= end ? -1 : p;
}

/** Offset of the length field; -1 where the packet is cut off before it. */
function lengthField(bytes: Uint8Array, off: number, end: number, initial: boolean): number {
  const p = afterConnectionIds(bytes, off, end);
  if (p < 0 || !initial) return p;
  const token = varint(bytes, p, end);
  const next = p + varintSize(bytes, p);
  return token < 0 || token >= end - next ? -1 : next + token;
}

/** Where the packet at `off` ends; -1 where it does not fit into the datagram or is too short to be protected. */
function packetEnd(bytes: Uint8Array, off: number, end: number, initial: boolean): number {
  const p = lengthField(bytes, off, end, initial);
  if (p < 0) return -1;
  const length = varint(bytes, p, end);
  const number = p + varintSize(bytes, p);
  return length < MIN_PROTECTED || length > end - number ? -1 : number + length;
}

/**
 * Reads the ClientHello out of the Initial packets of a client (RFC 9000, RFC 9001, RFC 9369): one reader per conversation,
 * fed the datagrams of the client's side in the order in which they were captured. Opens at most 8 datagrams and holds at
 * most 32 KiB; every packet is authenticated by its tag, so that what is read was meant to be a QUIC Initial packet.
 */
export class QuicInitialReader {
  /** The ClientHello, a handshake message with its 4-byte header; empty until `push` has said 'done'. */
  cryptoStream: Uint8Array = new Uint8Array(0);
  private readonly handler: QuicHandler;
  private readonly stream: CryptoStream = new CryptoStream();
  /** Only keys that have opened a packet stay here, newest last. */
  private readonly openers: InitialOpener[] = [];
  private datagrams = 0;
  private state: QuicProgress = 'more';

  constructor(handler: QuicHandler) {
    this.handler = handler;
  }

  /** True when further datagrams change nothing: the ClientHello is complete, or given up. */
  get finished(): boolean {
    return this.state !== 'more';
  }

  /** Bytes held for a ClientHello that is not complete. */
  get heldBytes(): number {
    return this.stream.heldBytes;
  }

  /**
   * One UDP payload [off, end), which stays as it is. 'no' where nothing in it could be opened: no Initial packet, the
   * server's, a cut or damaged one; the next may do. Where `finished` is true as well, the reader has given up.
   */
  push(bytes: Uint8Array, off: number, end: number): QuicProgress {
    if (this.state !== 'more') return this.state;
    let helped = false;
    let opened = 0;
    let p = off;
    // Packets that share a datagram: RFC 9000 §12.2.
    while (end - p >= 7 && ((bytes[p] as number) & 0xc0) === 0xc0) {
      const version = versionAt(bytes, p);
      if (version !== QUIC_V1 && version !== QUIC_V2) break;
      const type = (((bytes[p] as number) >> 4) & 0x03) - (version === QUIC_V2 ? 1 : 0);
      const initial = type === 0;
      if (type === 3 || type === -1) break; // Retry: has no length, and comes alone
      const next = packetEnd(bytes, p, end, initial);
      if (next < 0) {
        if (initial) this.handler.onQuicAnomaly(Anomaly['quic.malformed']);
        break;
      }
      if (initial) {
        if (++opened > MAX_PACKETS) break;
        if (opened === 1) this.datagrams++;
        if (this.openPacket(bytes, p, next, version)) helped = true;
        if (this.finished) return this.state;
      }
      p = next;
    }
    if (this.datagrams >= MAX_DATAGRAMS) this.giveUp();
    return helped ? this.state : 'no';
  }

  /** True where the packet could be opened. */
  private openPacket(bytes: Uint8Array, off: number, end: number, version: number): boolean {
    const at = lengthField(bytes, off, end, true);
    const number = at + varintSize(bytes, at);
    // Keys stay those of the first connection ID when the server has chosen another (RFC 9001 §5.2): newest keys first.
    for (let i = this.openers.length - 1; i >= 0; i--) {
      const opener = this.openers[i] as InitialOpener;
      const frames = opener.version === version ? opener.open(bytes, off, number, end) : null;
      if (frames === null) continue;
      // Late packets of an attempt that Retry or a new connection replaced: that one sends everything again.
      if (i === this.openers.length - 1) this.take(frames);
      return true;
    }
    const frames = this.openNew(bytes, off, number, end, version);
    if (frames === null) {
      this.handler.onQuicAnomaly(Anomaly['quic.undecryptable']);
      return false;
    }
    this.stream.clear();
    this.take(frames);
    return true;
  }

  /** Tries the keys of the packet's own connection ID: a first packet, one after Retry, or of a new connection. */
  private openNew(bytes: Uint8Array, off: number, number: number, end: number, version: number): Uint8Array | null {
    const length = bytes[off + 5] as number;
    if (length < MIN_FIRST_CONNECTION_ID) return null;
    const opener = new InitialOpener(version, bytes.subarray(off + 6, off + 6 + length));
    const frames = opener.open(bytes, off, number, end);
    if (frames === null) return null;
    if (this.openers.length === MAX_KEYS) this.openers.shift();
    this.openers.push(opener);
    return frames;
  }

  private take(frames: Uint8Array): void {
    const added = this.stream.addFrames(frames);
    const length = this.stream.helloLength;
    if (length > 0) {
      this.cryptoStream = this.stream.prefix(length).slice();
      this.state = 'done';
      this.drop();
    } else if (added === Added.Malformed || length < 0) {
      this.handler.onQuicAnomaly(Anomaly['quic.malformed']);
      if (length < 0) this.giveUp();
    }
  }

  private giveUp(): void {
    if (this.state === 'more') this.state = 'no';
    this.drop();
  }

  private drop(): void {
    this.stream.clear();
    this.openers.length = 0;
  }
}
