import type { HttpHead, Message, Place, Side } from '../../protocol/message.ts';
import type { SocksTarget } from '../../protocol/socks.ts';

/** Receives the messages of one direction. */
export interface MessageSink {
  onMessage(m: Message): void;
  /** Whether a JSON message of these bytes may be of interest; false spares the parsing. */
  mayMatter(bytes: Uint8Array, off: number, end: number): boolean;
  /** Whether a signature may know a direction by its first payload [off, end). */
  mayStart(bytes: Uint8Array, off: number, end: number): boolean;
  /** Something that is no message of ours passed by; `weight` counts against the patience with this conversation. */
  onForeign(weight: number): void;
  onAnomaly(anomaly: number): void;
  /** This direction switched from HTTP to WebSocket or, behind CONNECT, to anything; the other one follows. */
  onUpgrade(side: Side, head: HttpHead, tunnel: boolean): void;
  /** A proxy was asked for this target, or (null) answered; what follows is spoken with the target. */
  onTunnel(side: Side, kind: TunnelKind, target: SocksTarget | null, place: Place): void;
  /** The piece being read holds these bytes of a password outside any message. */
  onSecret(side: Side, secret: Uint8Array, place: Place): void;
  onDns(side: Side, bytes: Uint8Array, off: number, end: number, place: Place): void;
  /** Bytes of a direction that began with what may be the key of a Noise handshake. False: it is none. */
  onNoise(side: Side, bytes: Uint8Array, off: number, end: number, place: Place): boolean;
  /** The other direction began so. */
  readonly noiseBegun: boolean;
}

export type TunnelKind = 'socks4' | 'socks5' | 'connect';
