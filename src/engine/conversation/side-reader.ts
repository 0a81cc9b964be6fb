import type { SegmentPlace } from '../../flow/stream.ts';
import { DnsTcpParser } from '../../protocol/dns.ts';
import { Look, lookAtDns, lookAtStart, lookInside } from '../../protocol/first-look.ts';
import { HttpParser } from '../../protocol/http.ts';
import { jsonMessages } from '../../protocol/json.ts';
import { LineParser } from '../../protocol/json-line.ts';
import type { BinaryMessage, HttpHead, JsonMessage, Place, Side, Transport } from '../../protocol/message.ts';
import type { StreamParser } from '../../protocol/parser.ts';
import { SocksParser } from '../../protocol/socks.ts';
import { Sv2Parser } from '../../protocol/sv2.ts';
import { TlsParser } from '../../protocol/tls.ts';
import { WebSocketParser } from '../../protocol/websocket.ts';
import type { MessageSink } from './message-sink.ts';
import { readBinary, startMessage, sv2Message, tlsText } from './message-text.ts';

/**
 * What a direction speaks. `open` = not yet known, `none` = nothing we read, `tunnel` = whatever the reader inside says,
 * `sealed` = TLS of which nothing more is in clear.
 */
export type Speech =
  | 'open'
  | 'json'
  | 'http'
  | 'ws'
  | 'sv2'
  | 'tls'
  | 'sealed'
  | 'dns'
  | 'noise'
  | 'socks'
  | 'tunnel'
  | 'none';

/** First bytes kept while they are too few to tell the protocol. */
const MAX_PREFIX = 256;
/** Tunnels inside tunnels that are followed. */
const MAX_DEPTH = 3;
/** Segments met in the middle of a connection before giving up on a direction. */
const MAX_TRIES = 32;

/** Turns one direction of a connection into messages: finds out the protocol, then runs its parser. */
export class SideReader {
  speech: Speech = 'open';
  transport: Transport = 'tcp';
  private parser: StreamParser | null = null;
  private http: HttpParser | null = null;
  private prefix: Uint8Array | null = null;
  private atStart: boolean;
  private tries = 0;
  private wsPath: string | null = null;
  /** The piece being read, and where it was captured. */
  private bytes: Uint8Array | null = null;
  private place: SegmentPlace | null = null;
  /** What the parser was given: the piece, or that with what was held before it. */
  private pushed: Uint8Array | null = null;
  private readonly side: Side;
  private readonly sink: MessageSink;
  private readonly found: JsonMessage[] = [];
  /** Reads what a tunnel carries. */
  private inner: SideReader | null = null;
  private readonly depth: number;
  /** One port of the connection is that of DNS. */
  private readonly dnsPort: boolean;

  constructor(side: Side, atStart: boolean, sink: MessageSink, dnsPort = false, depth = 0) {
    this.side = side;
    this.atStart = atStart;
    this.sink = sink;
    this.dnsPort = dnsPort;
    this.depth = depth;
  }

  /** Nothing that comes in this direction will be read any more. */
  get spent(): boolean {
    if (this.inner !== null) return this.inner.spent;
    return this.speech === 'none' || this.speech === 'sealed';
  }

  push(bytes: Uint8Array, off: number, end: number, place: SegmentPlace): void {
    if (this.speech === 'none' || this.speech === 'sealed') {
      this.sink.onForeign(64);
      return;
    }
    this.bytes = bytes;
    this.place = place;
    this.pushed = bytes;
    if (this.speech === 'noise') this.noise(bytes, off, end);
    else if (this.parser) {
      this.parser.push(bytes, off, end);
      // Searching for the next head costs a pass over every byte.
      if (this.http?.state === 'malformed' || this.http?.state === 'lost') this.sink.onForeign(64);
    } else this.decide(bytes, off, end);
    this.bytes = null;
    this.pushed = null;
  }

  gap(lost: number): void {
    this.prefix = null;
    this.atStart = false;
    this.parser?.gap(lost);
    // Behind a handshake the HTTP parser passes bytes on, but knows nothing of frames.
    this.socket?.gap(lost);
    this.inner?.gap(lost);
  }

  /** Bytes held for messages that are not complete. */
  get heldBytes(): number {
    return (
      (this.prefix?.length ?? 0) +
      (this.parser?.heldBytes ?? 0) +
      (this.socket?.heldBytes ?? 0) +
      (this.inner?.heldBytes ?? 0)
    );
  }

  finish(): void {
    this.parser?.finish();
    this.socket?.finish();
    this.inner?.finish();
  }

  /** The other direction told that this is a tunnel now. */
  becomeTunnel(): void {
    if (this.inner !== null) this.inner.becomeTunnel();
    else if (this.http !== null && this.speech === 'http') {
      this.enterTunnel();
      this.http.upgrade();
    }
  }

  /** Bytes of the tunnel; a parser may hand over what it held, which lies in no packet. */
  private pass(bytes: Uint8Array, off: number, end: number): void {
    const place = this.place as SegmentPlace;
    this.inner?.push(bytes, off, end, bytes === this.bytes ? place : { ...place, shift: Number.NaN });
  }

  private enterTunnel(): void {
    this.speech = this.depth < MAX_DEPTH ? 'tunnel' : 'none';
    if (this.depth < MAX_DEPTH) this.inner = new SideReader(this.side, true, this.sink, false, this.depth + 1);
  }

  /** The other direction switched to WebSocket. */
  becomeWebSocket(path: string | null): void {
    if (this.inner !== null) {
      this.inner.becomeWebSocket(path);
      return;
    }
    if (this.speech === 'ws' || this.spent) return;
    this.wsPath = path;
    if (this.http) this.http.upgrade();
    else if (this.speech === 'open') {
      this.speech = 'ws';
      this.transport = 'ws';
      this.parser = this.webSocket();
    }
  }

  private decide(bytes: Uint8Array, off: number, end: number): void {
    let from = bytes;
    let start = off;
    let stop = end;
    if (this.prefix) {
      from = new Uint8Array(this.prefix.length + end - off);
      from.set(this.prefix);
      from.set(bytes.subarray(off, end), this.prefix.length);
      start = 0;
      stop = from.length;
    }
    if (this.sink.noiseBegun) {
      this.noise(from, start, stop);
      return;
    }
    let look = this.atStart ? lookAtStart(from, start, stop) : lookInside(from, start, stop);
    if (this.dnsPort && this.atStart && (look === Look.No || look === Look.More)) look = lookAtDns(from, start, stop);
    switch (look) {
      case Look.Json:
        this.begin('json', new LineParser(this.lineHandler()));
        break;
      case Look.Http:
        this.http = new HttpParser(this.httpHandler());
        this.begin('http', this.http);
        break;
      case Look.Sv2:
        this.begin('sv2', new Sv2Parser(this.sv2Handler()));
        break;
      case Look.WebSocket:
        this.begin('ws', this.webSocket());
        break;
      case Look.Tls:
        this.begin('tls', new TlsParser(this.tlsHandler()));
        break;
      case Look.Socks:
        this.begin('socks', new SocksParser(this.socksHandler()));
        break;
      case Look.Dns:
        this.begin(
          'dns',
          new DnsTcpParser({
            onDnsMessage: (dns, at, to) => {
              this.sink.onDns(this.side, dns, at, to, this.placeOf(dns, at, to));
            },
            onDnsAnomaly: (anomaly) => this.sink.onAnomaly(anomaly),
          }),
        );
        break;
      case Look.Datum:
      case Look.Zkwork:
        this.binary(
          readBinary(
            look === Look.Datum ? 'datum' : 'zkwork',
            this.side,
            this.placeOf(from, start, stop),
            from,
            start,
            stop,
          ),
        );
        return;
      case Look.Noise:
        this.noise(from, start, stop);
        return;
      case Look.More:
        if (stop - start < MAX_PREFIX) this.prefix = from.slice(start, stop);
        else this.speech = 'none';
        return;
      default:
        if (this.atStart && this.sink.mayStart(from, start, stop)) {
          this.sink.onMessage(startMessage(this.side, this.placeOf(from, start, stop), from, start, stop));
        }
        // At the very start the answer is final; in the middle the next segment may begin a message.
        if (this.atStart || ++this.tries >= MAX_TRIES) this.speech = 'none';
        this.sink.onForeign(look === Look.Text ? 4 : 16);
        return;
    }
    this.prefix = null;
    if (!this.atStart && this.parser instanceof LineParser) this.parser.gap();
    this.pushed = from;
    this.parser?.push(from, start, stop);
  }

  private noise(bytes: Uint8Array, off: number, end: number): void {
    const goesOn = this.sink.onNoise(this.side, bytes, off, end, this.placeOf(null, 0, 0));
    this.speech = goesOn ? 'noise' : 'none';
  }

  private binary(m: BinaryMessage | null): void {
    this.speech = 'sealed';
    if (m !== null) this.sink.onMessage(m);
  }

  private begin(speech: Speech, parser: StreamParser): void {
    this.speech = speech;
    this.transport = speech === 'http' || speech === 'ws' || speech === 'tls' ? speech : 'tcp';
    this.parser = parser;
  }

  private webSocket(): WebSocketParser {
    return new WebSocketParser({
      onWebSocketMessage: (_opcode, bytes, off, end) => {
        const first = bytes[off];
        if (first === 0x7b || first === 0x5b) this.json(bytes, off, end, null);
        else this.sink.onForeign(1);
      },
      onWebSocketAnomaly: (anomaly) => this.sink.onAnomaly(anomaly),
    });
  }

  private lineHandler(): ConstructorParameters<typeof LineParser>[0] {
    return {
      onLine: (bytes, off, end) => this.json(bytes, off, end, null),
      onOtherLine: () => this.sink.onForeign(1),
      onLineAnomaly: (anomaly) => this.sink.onAnomaly(anomaly),
    };
  }

  private httpHandler(): ConstructorParameters<typeof HttpParser>[0] {
    return {
      onHttpHead: (head, text) => {
        this.sink.onMessage({
          kind: 'http',
          side: this.side,
          place: this.placeOf(null, 0, 0),
          transport: 'http',
          http: head,
          text,
        });
      },
      onHttpBody: (head, body, off, end) => this.json(body, off, end, head),
      onHttpUpgrade: (head) => {
        const tunnel = head.kind === 'request' ? head.method === 'CONNECT' : head.status !== 101;
        if (tunnel) this.enterTunnel();
        else this.toWebSocket(head.kind === 'request' ? head.target : this.wsPath);
        this.sink.onUpgrade(this.side, head, tunnel);
      },
      onHttpRaw: (bytes, off, end) => {
        if (this.inner !== null || this.speech === 'none') {
          this.pass(bytes, off, end);
          return;
        }
        if (this.speech !== 'ws') this.toWebSocket(this.wsPath);
        this.socket?.push(bytes, off, end);
      },
      onHttpAnomaly: (anomaly) => {
        this.sink.onAnomaly(anomaly);
        this.sink.onForeign(128);
      },
    };
  }

  /** Behind a handshake the HTTP parser still receives the bytes and passes them on. */
  private socket: WebSocketParser | null = null;

  private toWebSocket(path: string | null): void {
    this.speech = 'ws';
    this.transport = 'ws';
    this.wsPath = path;
    this.socket = this.webSocket();
  }

  private tlsHandler(): ConstructorParameters<typeof TlsParser>[0] {
    return {
      onTlsFact: (tls) => {
        const place = this.placeOf(null, 0, 0);
        this.sink.onMessage({ kind: 'tls', side: this.side, place, transport: 'tls', tls, text: tlsText(tls) });
      },
      onTlsAnomaly: (anomaly) => this.sink.onAnomaly(anomaly),
      onTlsEnd: () => {
        this.speech = 'sealed';
        this.parser = null;
      },
    };
  }

  private socksHandler(): ConstructorParameters<typeof SocksParser>[0] {
    return {
      onSocksTarget: (target) => {
        this.sink.onTunnel(this.side, target.version === 4 ? 'socks4' : 'socks5', target, this.placeOf(null, 0, 0));
      },
      onSocksReply: (accepted) => {
        if (!accepted) this.sink.onForeign(64);
      },
      onSocksAuth: (off, end) => {
        const bytes = this.pushed as Uint8Array;
        this.sink.onSecret(this.side, bytes.subarray(off, end), this.placeOf(bytes, off, end));
      },
      onSocksRest: (bytes, off, end) => {
        if (this.inner === null && this.speech === 'socks') this.enterTunnel();
        this.pass(bytes, off, end);
      },
      onSocksAnomaly: (anomaly) => {
        this.sink.onAnomaly(anomaly);
        this.sink.onForeign(128);
      },
    };
  }

  private sv2Handler(): ConstructorParameters<typeof Sv2Parser>[0] {
    return {
      onSv2Frame: (extension, channel, type, bytes, off, end) => {
        const place = this.placeOf(bytes, off, end);
        this.sink.onMessage(sv2Message(this.side, place, extension, channel, type, bytes, off, end));
      },
      onSv2Anomaly: (anomaly) => {
        this.sink.onAnomaly(anomaly);
        this.sink.onForeign(16);
      },
    };
  }

  private json(bytes: Uint8Array, off: number, end: number, http: HttpHead | null): void {
    if (!this.sink.mayMatter(bytes, off, end)) {
      // Short answers abound in mining too, between two jobs; long lines that name nothing we know do not.
      this.sink.onForeign(end - off < 64 ? 0.25 : 32);
      return;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + off, end - off).toString('utf8');
    const found = this.found;
    found.length = 0;
    const anomaly = jsonMessages(
      text,
      this.side,
      this.placeOf(bytes, off, end),
      this.transport,
      http,
      this.wsPath,
      found,
    );
    if (anomaly !== 0) {
      this.sink.onForeign(4);
      // A body that is no JSON is nothing wrong in HTTP.
      if (http === null) this.sink.onAnomaly(anomaly);
    }
    for (const m of found) this.sink.onMessage(m);
  }

  /** Where a message ends: the packet being read; its byte range where it lies in that packet in one piece. */
  private placeOf(bytes: Uint8Array | null, off: number, end: number): Place {
    const place = this.place as SegmentPlace;
    const whole = bytes !== null && bytes === this.bytes && Number.isFinite(place.shift);
    return {
      input: place.input,
      packet: place.packet,
      time: place.time,
      from: whole ? off + place.shift : 0,
      to: whole ? end + place.shift : 0,
    };
  }
}
