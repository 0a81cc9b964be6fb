/**
 * Protocol facts: what one message of a stream said, with the place it came from. The protocol stage only reports what
 * was seen; signatures and dialects decide what it means.
 */

import type { TlsCertificate, TlsClientHello, TlsServerHello } from './tls-types.ts';

/** Direction of a stream within its flow: 0 = sent by the flow's first endpoint, 1 = by the second. */
export type Side = 0 | 1;

/** Where a message ended: the packet that completed it and the bytes of that packet that belong to it. */
export interface Place {
  /** Index of the input file and packet number in it (from 1). */
  readonly input: number;
  readonly packet: number;
  /** Capture time of that packet, microseconds since the epoch. */
  readonly time: number;
  /** Byte range [from, to) in the captured frame; [0, 0] where the message does not lie in one piece in a frame. */
  readonly from: number;
  readonly to: number;
}

export type Transport = 'tcp' | 'http' | 'ws' | 'tls' | 'quic';

/** Head of an HTTP/1.x request or response (RFC 9112). Header names are lower case; values trimmed, bounded. */
export interface HttpHead {
  readonly kind: 'request' | 'response';
  /** Request method and target; '' for a response. */
  readonly method: string;
  readonly target: string;
  /** Status code; 0 for a request. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** A JSON value that came as one line, one HTTP body or one WebSocket message. */
export interface JsonMessage {
  readonly kind: 'json';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  /** The parsed object (never an array: batches are split before). */
  readonly value: Readonly<Record<string, unknown>>;
  /** `method` where it is a string, else null. */
  readonly method: string | null;
  /** Text form of `id` for pairing (`n:4`, `s:auth`, `null`), null where there is no `id`. */
  readonly id: string | null;
  /** HTTP head of the message that carried it, null on raw TCP and WebSocket. */
  readonly http: HttpHead | null;
  /** Target of the WebSocket handshake, where it was seen. */
  readonly wsPath: string | null;
  /** The message as text, at most 4096 characters. */
  readonly text: string;
}

/** An HTTP head whose body is no JSON object, or has none. */
export interface HttpMessage {
  readonly kind: 'http';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  readonly http: HttpHead;
  /** First line and header lines as text, at most 4096 characters. */
  readonly text: string;
}

/** A Stratum V2 frame in clear (https://stratumprotocol.org/specification/03-protocol-overview/). */
export interface Sv2Message {
  readonly kind: 'sv2';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  /** Extension type without the channel bit, message type, and a copy of the payload (at most 64 KiB). */
  readonly extension: number;
  readonly channel: boolean;
  readonly type: number;
  readonly payload: Uint8Array;
  readonly text: string;
}

/** What a TLS or QUIC handshake says in clear: the client's hello, the server's, its certificate. */
export interface TlsMessage {
  readonly kind: 'tls';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  readonly tls: TlsClientHello | TlsServerHello | TlsCertificate;
  readonly text: string;
}

/**
 * Where a name of the other end was met: in a ClientHello (`sni-other`: one that contradicts what else is known), a certificate, an HTTP Host field, a request to a proxy, a DNS
 * answer that the client got before it connected (`dns`), a look-up by itself (`lookup`), a redirect sent by a pool.
 */
export const NAME_SOURCES = [
  'sni',
  'sni-other',
  'certificate',
  'http-host',
  'tunnel',
  'dns',
  'lookup',
  'redirect',
  'address',
] as const;
export type NameSource = (typeof NAME_SOURCES)[number];

/** What the endpoint list says of a name or address. */
export interface EndpointFacts {
  /** `stratum`: a mining endpoint; `weak`: a pool's web site and the like; `none`: not listed. */
  readonly evidence: 'stratum' | 'weak' | 'none';
  readonly role: string | null;
  readonly confidence: string | null;
  /** The port of the conversation is one that the list names for this endpoint. */
  readonly ownPort: boolean;
  /** The name also serves web pages. */
  readonly ambiguous: boolean;
  readonly pool: string | null;
  readonly coins: readonly string[];
}

/** A name or address of the server of a conversation, with what the endpoint list says of it. */
export interface NameMessage {
  readonly kind: 'name';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  readonly source: NameSource;
  readonly name: string;
  readonly port: number;
  readonly endpoint: EndpointFacts;
  readonly text: string;
}

/** A binary protocol known by its first message: DATUM, zkwork, Stratum V2 behind Noise. */
export interface BinaryMessage {
  readonly kind: 'binary';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  readonly protocol: 'datum' | 'zkwork' | 'noise';
  readonly value: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** The first payload of a direction of a connection that speaks no protocol of ours. */
export interface StartMessage {
  readonly kind: 'start';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  /** A copy of its first bytes, at most START_BYTES, and how many there were in all. */
  readonly payload: Uint8Array;
  readonly length: number;
  readonly text: string;
}

export const START_BYTES = 128;

/** The shape of a conversation, told when it ends. */
export interface FlowMessage {
  readonly kind: 'flow';
  readonly side: Side;
  readonly place: Place;
  readonly transport: Transport;
  readonly seconds: number;
  /** Packets with payload from the client and from the server. */
  readonly sent: number;
  readonly received: number;
  /** Something named the server as a mining endpoint. */
  readonly named: boolean;
  readonly text: string;
}

export type Message =
  | JsonMessage
  | HttpMessage
  | Sv2Message
  | TlsMessage
  | NameMessage
  | BinaryMessage
  | StartMessage
  | FlowMessage;
