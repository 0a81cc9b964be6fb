import type { SegmentPlace } from '../flow/stream.ts';
import { Look, lookAtStart, lookInside } from '../protocol/first-look.ts';
import { HttpParser } from '../protocol/http.ts';
import { jsonMessages } from '../protocol/json.ts';
import { LineParser } from '../protocol/json-line.ts';
import type { HttpHead, JsonMessage, Message, Place, Side, Transport } from '../protocol/message.ts';
import type { StreamParser } from '../protocol/parser.ts';
import { Sv2Parser } from '../protocol/sv2.ts';
import { WebSocketParser } from '../protocol/websocket.ts';

/** Receives the messages of one direction. */
export interface MessageSink {
  onMessage(m: Message): void;
  /** Whether a JSON message of these bytes may be of interest; false spares the parsing. */
  mayMatter(bytes: Uint8Array, off: number, end: number): boolean;
  /** Something that is no message of ours passed by; `weight` counts against the patience with this conversation. */
  onForeign(weight: number): void;
  onAnomaly(anomaly: number): void;
  /** This direction switched from HTTP to WebSocket; the other one follows. */
  onUpgrade(side: Side, head: HttpHead): void;
}

/** What a direction speaks. `open` = not yet known, `none` = nothing we read. */
export type Speech = 'open' | 'json' | 'http' | 'ws' | 'sv2' | 'none';

/** First bytes kept while they are too few to tell the protocol. */
const MAX_PREFIX = 256;
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
  private readonly side: Side;
  private readonly sink: MessageSink;
  private readonly found: JsonMessage[] = [];

  constructor(side: Side, atStart: boolean, sink: MessageSink) {
    this.side = side;
    this.atStart = atStart;
    this.sink = sink;
  }

  push(bytes: Uint8Array, off: number, end: number, place: SegmentPlace): void {
    if (this.speech === 'none') return;
    this.bytes = bytes;
    this.place = place;
    if (this.parser) {
      this.parser.push(bytes, off, end);
      // Searching for the next head costs a pass over every byte.
      if (this.http?.state === 'malformed' || this.http?.state === 'lost') this.sink.onForeign(64);
    } else this.decide(bytes, off, end);
    this.bytes = null;
  }

  gap(lost: number): void {
    this.prefix = null;
    this.atStart = false;
    this.parser?.gap(lost);
    // Behind a handshake the HTTP parser passes bytes on, but knows nothing of frames.
    this.socket?.gap(lost);
  }

  /** Bytes held for messages that are not complete. */
  get heldBytes(): number {
    return (this.prefix?.length ?? 0) + (this.parser?.heldBytes ?? 0) + (this.socket?.heldBytes ?? 0);
  }

  finish(): void {
    this.parser?.finish();
    this.socket?.finish();
  }

  /** The other direction switched to WebSocket. */
  becomeWebSocket(path: string | null): void {
    if (this.speech === 'ws' || this.speech === 'none') return;
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
    const look = this.atStart ? lookAtStart(from, start, stop) : lookInside(from, start, stop);
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
      case Look.More:
        if (stop - start < MAX_PREFIX) this.prefix = from.slice(start, stop);
        else this.speech = 'none';
        return;
      default:
        // At the very start the answer is final; in the middle the next segment may begin a message.
        if (this.atStart || ++this.tries >= MAX_TRIES) this.speech = 'none';
        this.sink.onForeign(look === Look.Text ? 4 : 16);
        return;
    }
    this.prefix = null;
    if (!this.atStart && this.parser instanceof LineParser) this.parser.gap();
    this.parser?.push(from, start, stop);
  }

  private begin(speech: Speech, parser: StreamParser): void {
    this.speech = speech;
    this.transport = speech === 'http' ? 'http' : speech === 'ws' ? 'ws' : 'tcp';
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
        this.toWebSocket(head.kind === 'request' ? head.target : this.wsPath);
        this.sink.onUpgrade(this.side, head);
      },
      onHttpRaw: (bytes, off, end) => {
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

  private sv2Handler(): ConstructorParameters<typeof Sv2Parser>[0] {
    return {
      onSv2Frame: (extension, channel, type, bytes, off, end) => {
        this.sink.onMessage({
          kind: 'sv2',
          side: this.side,
          place: this.placeOf(bytes, off, end),
          transport: 'tcp',
          extension,
          channel,
          type,
          payload: bytes.slice(off, end),
          text: `Stratum V2 type 0x${type.toString(16).padStart(2, '0')}, ${end - off} bytes: ${hex(bytes, off, Math.min(end, off + 96))}`,
        });
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

function hex(bytes: Uint8Array, off: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + off, end - off).toString('hex');
}
